//! The timeline: every step by the minute, with what is asked, entered, left and told on the way.
//!
//! Must not decide what a step says: `work` does. Called by `mod`.

use crate::emit::runbook::acts::{action, beside};
use crate::emit::runbook::around::moment_at;
use crate::emit::runbook::consent::{may_say_yes, quorum, refused, unanswered};
use crate::emit::runbook::follows;
use crate::emit::runbook::say;
use crate::emit::runbook::times::{Times, asked_ahead, span};
use crate::emit::runbook::words::{Spoken, Told, words};
use crate::emit::runbook::work::StageCard;
use crate::model::{
    ApprovalId, Cond, DecisionId, Dur, Failure, FailureOutcome, HoldId, Moment, MomentKind, NotifyTarget,
    StageId, Text,
};
use crate::plan::{Node, Pace};
use serde::Serialize;

/// The longest command that stands in the timeline itself.
const SHORT: usize = 90;

/// A row of the timeline.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    pub offset: String,
    pub utc: String,
    pub local: String,
    pub takes: String,
    pub what: String,
    pub owner: String,
    /// The command, when it is short; else the step's own section has it.
    pub command: String,
    /// Whether the step's own section has the command.
    pub long: bool,
    /// What is seen when it worked, and how that is verified.
    pub expect: String,
    pub if_not: String,
    /// The number and the name of the step, or what the row is about.
    pub reference: String,
    /// When it really happened; empty before the run.
    pub actual: String,
    /// Who did it.
    pub done_by: String,
    /// How it went.
    pub result: String,
    #[serde(skip)]
    pub about: About,
    /// What the histories of runs call it.
    #[serde(skip)]
    pub called: Vec<String>,
}

/// What a row tells of, to find it again when a run is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    Stage(StageId),
    Approval(ApprovalId),
    Enter(HoldId),
    Leave(HoldId),
    Other,
}

/// Where a row stands: its moment, the place of its stage, and before, among or after the steps of that stage.
type Key = (i64, usize, Rank);

/// What comes first of what comes at one moment to one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Opened,
    Asked,
    Begun,
    Step,
    Ended,
    Left,
    Finally,
    Over,
}

struct Rows<'a> {
    plan: Spoken<'a>,
    /// The place of each stage.
    place: Vec<usize>,
    /// By how much what comes with each place, and after all of them, comes earlier at the latest than where cases are added up that
    /// exclude each other: by that a row is later in the order than on the clock.
    apart: Vec<i64>,
    times: &'a Times<'a>,
    rows: Vec<(Key, Row)>,
}

/// Every row, in order.
pub(super) fn timeline(plan: Spoken<'_>, times: &Times, cards: &[StageCard]) -> Vec<Row> {
    let mut place = vec![0; cards.len()];
    for (i, card) in cards.iter().enumerate() {
        if let Some(p) = place.get_mut(card.id) {
            *p = i;
        }
    }
    let together = plan.schedule(Pace::Longest);
    let (mut apart, mut last) = (Vec::new(), (0i64, 0i64));
    for card in cards {
        let id = StageId::at(card.id);
        let (one, (start, finish)) = (together.stage(&plan, id), span(plan, id));
        apart.push(one.start.saturating_sub(start));
        last = (last.0.max(one.finish), last.1.max(finish));
    }
    apart.push(last.0.saturating_sub(last.1));
    let mut rows = Rows {
        plan,
        place,
        apart,
        times,
        rows: Vec::new(),
    };
    rows.messages(cards.len());
    rows.asked(cards);
    rows.holds();
    rows.steps(cards);
    rows.finally(cards.len());
    rows.rows.sort_by_key(|(key, _)| *key);
    rows.rows.into_iter().map(|(_, row)| row).collect()
}

impl Rows<'_> {
    fn place(&self, stage: StageId) -> usize {
        self.place.get(stage.index()).copied().unwrap_or(0)
    }

    fn row(&mut self, key: Key, reference: String, what: String, owner: String) -> &mut Row {
        let (utc, local) = self.times.at(key.0);
        let row = Row {
            offset: say::offset(key.0),
            utc,
            local,
            takes: String::new(),
            what,
            owner,
            command: String::new(),
            long: false,
            expect: String::new(),
            if_not: String::new(),
            reference,
            actual: String::new(),
            done_by: String::new(),
            result: String::new(),
            about: About::Other,
            called: Vec::new(),
        };
        let apart = self.apart.get(key.1).copied().unwrap_or(0);
        self.rows.push(((key.0.saturating_add(apart), key.1, key.2), row));
        let last = self.rows.len() - 1;
        &mut self.rows[last].1
    }

    /// Messages whose moment is known beforehand.
    fn messages(&mut self, end: usize) {
        let r = self.plan.release();
        for n in &r.notifies {
            // Of each stage the table of messages tells: a row for every one would hide the work.
            for m in n.on.iter().filter(|m| !m.each) {
                let lead = n.lead.as_ref().map(|(d, _)| *d);
                // So many working days before a day that is not known: its place is known, its date is not.
                let ahead = lead.filter(|l| m.kind == MomentKind::Scheduled && l.working_days > 0);
                let counted = moment_at(self.plan, self.times, m, lead);
                let Some(at) = counted.or(ahead.map(|l| -l.as_ms())) else {
                    continue;
                };
                let owner = say::role(r, n.owner.unwrap_or(r.owner));
                let key = match (m.kind, m.stage) {
                    (MomentKind::Finished, None) => (at, end, Rank::Over),
                    (MomentKind::Finished, Some(s)) => (at, self.place(s), Rank::Ended),
                    (_, Some(s)) => (at, self.place(s), Rank::Begun),
                    (_, None) => (at, 0, Rank::Opened),
                };
                let to = match n.to {
                    NotifyTarget::Channel(c) => say::text(r, &r.channel(c).title),
                    NotifyTarget::Role(role) => say::role(r, role),
                };
                let mut what = told(self.plan, m, n.message.as_ref(), &to);
                if m.kind == MomentKind::Started && m.stage.is_none() && at < 0 {
                    what = words!(r, "row.when_opened", what = what);
                }
                if !matches!(n.when, Cond::True) {
                    what = words!(r, "row.only_when", what = what, when = say::when(r, &n.when));
                }
                let row = self.row(key, words!(r, "row.message", to = to), what, owner);
                if let (None, Some(lead)) = (counted, ahead) {
                    row.offset = match lead.working_days {
                        1 => words!(r, "time.working_day_before"),
                        n => words!(r, "time.working_days_before", n = n),
                    };
                    (row.utc, row.local) = (String::new(), String::new());
                }
            }
        }
    }

    /// Approvals, decisions and checklists.
    fn asked(&mut self, cards: &[StageCard]) {
        let r = self.plan.release();
        for (i, a) in r.approvals.iter().enumerate() {
            let node = Node::Approval(ApprovalId::at(i));
            let start = || self.plan.latest(node).0;
            let ahead = asked_ahead(self.plan, &self.times.clock, ApprovalId::at(i));
            let at = ahead.unwrap_or_else(start);
            let place = self.guarded(cards, ApprovalId::at(i));
            let title = say::text(r, &a.title);
            let who = quorum(r, a.quorum, &may_say_yes(r, a));
            let what = words!(r, "row.ask_for_approval", approval = title, who = who);
            let owner = say::role(r, r.owner);
            let if_not = refused(self.plan, ApprovalId::at(i));
            let row = self.row(
                (at, place, Rank::Asked),
                words!(r, "point.approval", approval = title),
                what,
                owner,
            );
            row.takes = a
                .within
                .map(|d| words!(r, "time.up_to", time = say::dur(r, d)))
                .unwrap_or_default();
            row.about = About::Approval(ApprovalId::at(i));
            row.if_not = if_not;
        }
        for (i, d) in r.decisions.iter().enumerate() {
            // What is only asked when something failed has no moment of its own: it stands beside what fails.
            if r.asked_on_failure_only(DecisionId::at(i)) {
                continue;
            }
            let node = Node::Decision(DecisionId::at(i));
            let start = self.plan.latest(node).0;
            let next = d.after.iter().map(|(s, _)| self.place(*s) + 1).max();
            let what = words!(r, "row.decide", ask = say::text(r, &d.question.ask));
            let owner = say::answerers(r, &d.question, Some(r.owner));
            let row = self.row(
                (start, next.unwrap_or(0), Rank::Asked),
                words!(r, "row.decision", decision = d.name),
                what,
                owner,
            );
            row.expect = say::maybe(r, d.question.expect.as_ref());
            row.takes = d
                .question
                .within
                .map(|d| words!(r, "time.up_to", time = say::dur(r, d)))
                .unwrap_or_default();
            row.if_not = match unanswered(r, d).as_str() {
                "" => String::new(),
                default => words!(r, "text.without_an_answer", default = default),
            };
        }
        for (i, c) in r.checklists.iter().enumerate() {
            let id = crate::model::ChecklistId::at(i);
            let guards = |card: &&StageCard| r.stage(StageId::at(card.id)).wants(id);
            let guarded: Vec<StageId> = cards.iter().filter(guards).map(|c| StageId::at(c.id)).collect();
            let Some(first) = guarded.first().map(|s| self.place(*s)) else {
                continue;
            };
            let if_not = match guarded.as_slice() {
                [one] => words!(r, "row.does_not_start", stage = r.stage(*one).name),
                many => words!(r, "row.do_not_start", stages = say::stages(r, many)),
            };
            let at = span(self.plan, StageId::at(cards[first].id)).0;
            let title = say::text(r, &c.title);
            let what = words!(r, "row.checklist_ticked", checklist = title);
            let what = match super::around::when_all(r, &guarded).as_str() {
                "" => what,
                when => words!(r, "row.only_when", what = what, when = when),
            };
            let owner = say::role(r, r.owner);
            self.row(
                (at, first, Rank::Asked),
                words!(r, "row.checklist", checklist = title),
                what,
                owner,
            )
            .if_not = if_not;
        }
    }

    /// The place of the first stage that an approval guards.
    fn guarded(&self, cards: &[StageCard], id: ApprovalId) -> usize {
        let r = self.plan.release();
        cards
            .iter()
            .position(|c| r.stage(StageId::at(c.id)).approved.iter().any(|(a, _)| *a == id))
            .unwrap_or(0)
    }

    fn holds(&mut self) {
        let r = self.plan.release();
        for (i, hold) in r.holds.iter().enumerate() {
            let stages = self.plan.hold_stages(HoldId::at(i));
            let starts = self.plan.passage(hold.from).holds;
            let from = starts.into_iter().find(|(h, _)| *h == HoldId::at(i));
            let from = from.map(|(_, at)| (at, self.place(hold.from)));
            let to = stages.iter().map(|s| self.place(*s)).max();
            let to = to
                .zip(self.times.ending.holds.get(i))
                .map(|(p, (at, _))| (*at, p));
            for (at, rank, steps, enters) in [
                (from, Rank::Asked, &hold.enter, true),
                (to, Rank::Left, &hold.exit, false),
            ] {
                let Some((at, place)) = at else { continue };
                let time = |pace| {
                    let times = steps.iter().map(|s| self.plan.step_time(s, pace));
                    times.fold(Dur::ZERO, Dur::plus)
                };
                let takes = say::takes(r, time(Pace::Shortest), time(Pace::Longest));
                let what: Vec<String> = steps.iter().map(|s| action(r, r.environment, s).0).collect();
                let owner = say::role(r, hold.owner.unwrap_or(r.owner));
                let expect: Vec<String> = steps
                    .iter()
                    .filter_map(|s| s.expect.as_ref())
                    .map(|t| say::text(r, t))
                    .collect();
                let title = say::text(r, &hold.title);
                let row = self.row(
                    (at, place, rank),
                    if enters {
                        words!(r, "row.enter", hold = title)
                    } else {
                        words!(r, "row.leave", hold = title)
                    },
                    say::list(r, &what),
                    owner,
                );
                row.about = if enters {
                    About::Enter(HoldId::at(i))
                } else {
                    About::Leave(HoldId::at(i))
                };
                row.takes = takes;
                row.expect = say::list(r, &expect);
                row.long = steps.iter().any(|s| s.act().is_some_and(|a| a.run.is_some()));
                row.if_not = if enters {
                    not_entered(r, hold.from)
                } else {
                    words!(r, "row.tried_again_then_asked")
                };
            }
        }
    }

    /// What is done at the end of every run, after the last hold has been left.
    fn finally(&mut self, end: usize) {
        let r = self.plan.release();
        for (step, at) in r.finally.iter().zip(&self.times.ending.finally) {
            let done = beside(r, r.environment, step, r.owner);
            let what = if done.when.is_empty() {
                done.action
            } else {
                words!(r, "row.only_when", what = done.action, when = done.when)
            };
            let short = is_short(&done.command);
            let time = |pace| self.plan.step_time(step, pace);
            let takes = say::takes(r, time(Pace::Shortest), time(Pace::Longest));
            let row = self.row(
                (*at, end, Rank::Finally),
                words!(r, "row.finally"),
                what,
                done.owner,
            );
            row.takes = takes;
            if short {
                row.command = done.command;
            }
            row.long = !short;
            row.expect = done.expect;
            row.if_not = words!(r, "row.the_end_stays");
        }
    }

    fn steps(&mut self, cards: &[StageCard]) {
        for (place, card) in cards.iter().enumerate() {
            for step in &card.steps {
                let what = if step.exposure.is_empty() {
                    step.action.clone()
                } else {
                    format!("{}: {}", step.exposure, step.action)
                };
                let what = if step.applies.is_empty() {
                    what
                } else {
                    words!(self.plan, "row.only_when", what = what, when = step.applies)
                };
                let reference = format!("{} {}", step.number, card.name);
                let short = is_short(&step.command);
                let row = self.row((step.at, place, Rank::Step), reference, what, step.owner.clone());
                row.about = About::Stage(StageId::at(card.id));
                row.called.clone_from(&step.called);
                row.takes.clone_from(&step.takes);
                if short {
                    row.command.clone_from(&step.command);
                }
                row.long = !short;
                row.expect = if step.verify.is_empty() {
                    step.expect.clone()
                } else {
                    step.verify.clone()
                };
                row.if_not.clone_from(&step.if_not);
            }
        }
    }
}

/// Whether a command stands in the timeline itself.
fn is_short(command: &str) -> bool {
    !command.contains('\n') && command.chars().count() <= SHORT
}

/// What follows when a hold cannot be entered: what its first stage says of a failure.
fn not_entered(r: Told<'_>, first: StageId) -> String {
    let stage = r.stage(first);
    let owner = stage.owner;
    match stage.when_hold_fails().map(|f| &f.then) {
        None => follows::outcome(r, &FailureOutcome::Rollback, owner),
        Some(Failure::Then(o)) => follows::outcome(r, o, owner),
        Some(Failure::Decision(d)) => {
            let d = r.decision(*d);
            let who = say::answerers(r, &d.question, Some(owner));
            words!(r, "then.ask", who = who, ask = say::text(r, &d.question.ask))
        }
    }
}

/// To whom a message goes, and what it says.
fn told(plan: Spoken<'_>, m: &Moment, message: Option<&Text>, to: &str) -> String {
    let r = plan.release();
    let says = |message: String| words!(r, "step.tell", channel = to, message = message);
    match (message, m.stage) {
        (Some(t), _) => says(say::text(r, t)),
        (None, Some(s)) => {
            let stage = r.stage(s).name.to_string();
            let key = format!("notice.{}", m.kind.word());
            says(r.words.fill(&key, &[("what", stage)]))
        }
        (None, None) => r
            .words
            .fill(&format!("tell.{}", m.kind.word()), &[("to", to.to_string())]),
    }
}
