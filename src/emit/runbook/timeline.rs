//! The timeline: every step by the minute, with what is asked, entered, left and told on the way.
//!
//! Must not decide what a step says: `work` does. Called by `mod`.

use crate::emit::runbook::around::moment_at;
use crate::emit::runbook::consent::{pools, quorum, refused, unanswered};
use crate::emit::runbook::follows;
use crate::emit::runbook::say;
use crate::emit::runbook::times::{Times, span};
use crate::emit::runbook::words::{Spoken, Told, words};
use crate::emit::runbook::work::{StageCard, action};
use crate::model::{
    ApprovalId, DecisionId, Failure, FailureOutcome, HoldId, Moment, MomentKind, NotifyTarget, RoleOrPerson,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Stage(StageId),
    Approval(ApprovalId),
    Enter(HoldId),
    Leave(HoldId),
    Other,
}

/// Where a row stands: its moment, the place of its stage, and before, among or after the steps of that stage.
type Key = (i64, usize, u8);

struct Rows<'a> {
    plan: Spoken<'a>,
    times: &'a Times<'a>,
    rows: Vec<(Key, Row)>,
}

/// Every row, in order.
pub(super) fn timeline(plan: Spoken<'_>, times: &Times, cards: &[StageCard]) -> Vec<Row> {
    let mut rows = Rows {
        plan,
        times,
        rows: Vec::new(),
    };
    rows.messages(cards.len());
    rows.asked(cards);
    rows.holds(cards);
    rows.steps(cards);
    rows.rows.sort_by_key(|(key, _)| *key);
    rows.rows.into_iter().map(|(_, row)| row).collect()
}

fn place(cards: &[StageCard], stage: StageId) -> usize {
    cards.iter().position(|c| c.id == stage.index()).unwrap_or(0)
}

impl Rows<'_> {
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
        self.rows.push((key, row));
        let last = self.rows.len() - 1;
        &mut self.rows[last].1
    }

    /// Messages whose moment is known beforehand.
    fn messages(&mut self, end: usize) {
        let r = self.plan.release();
        for n in &r.notifies {
            for m in &n.on {
                let lead = n.lead.as_ref().map(|(d, _)| *d);
                // So many working days before a day that is not known: its place is known, its date is not.
                let ahead = lead.filter(|l| m.kind == MomentKind::Scheduled && l.working_days > 0);
                let counted = moment_at(self.plan, m, lead);
                let Some(at) = counted.or(ahead.map(|l| -l.as_ms())) else {
                    continue;
                };
                let owner = say::role(r, n.owner.unwrap_or(r.owner));
                let key = if m.kind == MomentKind::Finished {
                    (at, end, 3)
                } else {
                    (at, 0, 0)
                };
                let to = match n.to {
                    NotifyTarget::Channel(c) => say::text(r, &r.channel(c).title),
                    NotifyTarget::Role(role) => say::role(r, role),
                };
                let what = told(self.plan, m, n.message.as_ref(), &to);
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
            let start = self.plan.schedule(Pace::Longest).of(&self.plan, node).start;
            let first = self.plan.waits_for(node).is_empty();
            let within = a.within.unwrap_or_default();
            // What is asked when the run opens is answered by T.
            let asked = || self.plan.earlier(&self.plan.clock(), 0, within);
            let at = if first {
                asked().unwrap_or(-within.as_ms())
            } else {
                start
            };
            let from: Vec<RoleOrPerson> = a.from.iter().map(|(w, _)| *w).collect();
            let place = self.guarded(cards, ApprovalId::at(i));
            let title = say::text(r, &a.title);
            let who = quorum(r, a.quorum, &pools(r, &from));
            let what = words!(r, "row.ask_for_approval", approval = title, who = who);
            let owner = say::role(r, r.owner);
            let if_not = refused(self.plan, ApprovalId::at(i));
            let row = self.row(
                (at, place, 0),
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
            let node = Node::Decision(DecisionId::at(i));
            let start = self.plan.schedule(Pace::Longest).of(&self.plan, node).start;
            let next = d.after.iter().map(|(s, _)| place(cards, *s) + 1).max();
            let what = words!(r, "row.decide", ask = say::text(r, &d.question.ask));
            let owner = say::answerers(r, &d.question, Some(r.owner));
            let row = self.row(
                (start, next.unwrap_or(0), 0),
                words!(r, "row.decision", decision = d.name),
                what,
                owner,
            );
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
            let first = cards
                .iter()
                .position(|card| r.stage(StageId::at(card.id)).ready.iter().any(|(c, _)| *c == id));
            let Some(first) = first else { continue };
            let at = span(self.plan, StageId::at(cards[first].id)).0;
            let title = say::text(r, &c.title);
            let what = words!(r, "row.checklist_ticked", checklist = title);
            let owner = say::role(r, r.owner);
            self.row(
                (at, first, 0),
                words!(r, "row.checklist", checklist = title),
                what,
                owner,
            )
            .if_not = words!(r, "row.does_not_start", stage = cards[first].name);
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

    fn holds(&mut self, cards: &[StageCard]) {
        let r = self.plan.release();
        for (i, hold) in r.holds.iter().enumerate() {
            let stages = self.plan.hold_stages(HoldId::at(i));
            let from = stages
                .iter()
                .map(|s| (span(self.plan, *s).0, place(cards, *s)))
                .min();
            let to = stages
                .iter()
                .map(|s| (span(self.plan, *s).1, place(cards, *s)))
                .max();
            for (at, rank, steps, enters) in [(from, 0, &hold.enter, true), (to, 2, &hold.exit, false)] {
                let Some((at, place)) = at else { continue };
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
                row.expect = say::list(r, &expect);
                row.long = steps.iter().any(|s| s.act().is_some_and(|a| a.run.is_some()));
                row.if_not = if enters {
                    not_entered(r)
                } else {
                    words!(r, "row.tried_again_then_asked")
                };
            }
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
                let what = if step.when.is_empty() {
                    what
                } else {
                    words!(self.plan, "row.only_when", what = what, when = step.when)
                };
                let reference = format!("{} {}", step.number, card.name);
                let short = !step.command.contains('\n') && step.command.chars().count() <= SHORT;
                let row = self.row((step.at, place, 1), reference, what, step.owner.clone());
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

/// What follows when a hold cannot be entered: what the release says of a failure.
fn not_entered(r: Told<'_>) -> String {
    match r.on_failure.as_ref().map(|f| &f.then) {
        None => follows::outcome(r, &FailureOutcome::Rollback, r.owner),
        Some(Failure::Then(o)) => follows::outcome(r, o, r.owner),
        Some(Failure::Decision(d)) => {
            let d = r.decision(*d);
            let who = say::answerers(r, &d.question, Some(r.owner));
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
