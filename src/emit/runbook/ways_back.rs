//! Ways back: how each stage is undone, the order of undos from each failure point, and the point of no return.

use crate::emit::runbook::acts::{act_words, action, beside};
use crate::emit::runbook::alike::{came_to, forward, told_apart};
use crate::emit::runbook::fails::{alike, fails, numbers, together};
use crate::emit::runbook::follows;
use crate::emit::runbook::from_here::{Beside, KEPT, ORDINARY, Stays, Then, Way};
use crate::emit::runbook::rows::Action;
use crate::emit::runbook::words::{Spoken, Told, words};
use crate::emit::runbook::{say, stuck};
use crate::model::{Cond, Dur, FailureOutcome, HoldId, Stage, StageId, Step, Undo};
use crate::plan::{Node, Pace, StageUndo};
use indexmap::IndexMap;
use serde::Serialize;
use std::collections::BTreeSet;

/// How a stage is undone.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Card {
    /// Whether there is anything to do.
    pub steps: Vec<UndoRow>,
    /// What is said instead of, or besides, the steps.
    pub note: String,
    /// In a few words, for a table.
    pub short: String,
    pub owner: String,
    pub approvals: String,
    pub within: String,
    pub takes: String,
    pub after: String,
    pub rehearsal: String,
    /// The holds around it that may have been left by then.
    pub entered_again: String,
    /// How each of them is entered again and left, in the order in which they are entered; where there are too many stages to say it
    /// with each, none.
    pub again: Vec<Again>,
    /// The same in the order in which they are left.
    pub left: Vec<Again>,
}

/// How a hold is entered again before an undo, and left afterwards.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Again {
    pub title: String,
    pub enter: Vec<Action>,
    pub exit: Vec<Action>,
}

/// A step of an undo.
#[derive(Debug, Clone, Serialize)]
pub(super) struct UndoRow {
    pub action: String,
    pub when: String,
    pub command: String,
    pub call: String,
    pub console: String,
    pub expect: String,
    pub lasts: String,
    pub owner: String,
}

/// What is undone, and in which order, when something fails.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub(super) struct FromHere {
    pub fails: String,
    pub then: String,
    pub order: Vec<String>,
    pub beside: String,
    pub kept: Vec<String>,
    pub kept_beside: String,
    pub holds: String,
    pub entered_again: String,
    /// Whether what is undone is told in several sentences.
    pub sentences: bool,
    pub safe_in: String,
    pub ends: String,
}

/// The stages that cannot be undone.
pub(super) fn pivots(plan: Spoken<'_>) -> Vec<StageId> {
    let all = plan.stage_order().into_iter();
    all.filter(|s| matches!(plan.undo(*s), StageUndo::Irreversible(..)))
        .collect()
}

/// What is known of the ways back as a whole when the card of a stage is written.
pub(super) struct Known<'a> {
    /// The stages that cannot be undone.
    pub pivots: Vec<StageId>,
    /// Those of which nobody has said how they are.
    pub open: &'a [StageId],
    /// For each hold: the stages inside, where it may have been left when one of them is undone.
    pub again: Vec<(HoldId, BTreeSet<StageId>)>,
}

impl<'a> Known<'a> {
    pub(super) fn of(plan: Spoken<'_>, open: &'a [StageId], ways: &[Way]) -> Self {
        let mut again: Vec<HoldId> = Vec::new();
        for (h, _) in ways.iter().flat_map(|w| &w.entered_again) {
            if !again.contains(h) {
                again.push(*h);
            }
        }
        let mut place = vec![0; plan.plan.release().stages.len()];
        for (i, s) in plan.stage_order().into_iter().enumerate() {
            place[s.index()] = i;
        }
        again.sort_by_key(|h| (place[plan.plan.release().hold(*h).from.index()], *h));
        Known {
            pivots: pivots(plan),
            open,
            again: again
                .into_iter()
                .map(|h| (h, plan.hold_stages(h).into_iter().collect()))
                .collect(),
        }
    }
}

/// How a stage is undone.
pub(super) fn card(plan: Spoken<'_>, id: StageId, known: &Known<'_>) -> Card {
    let Known { pivots, open, again } = known;
    let around = again.iter().filter(|(_, inside)| inside.contains(&id));
    let r = plan.release();
    let s = r.stage(id);
    let before: Vec<String> = plan
        .undone_before(id)
        .into_iter()
        .filter(|b| matches!(plan.undo(*b), StageUndo::Derived(_) | StageUndo::Written(_)))
        .map(|b| r.stage(b).name.to_string())
        .collect();
    let mut card = Card {
        steps: Vec::new(),
        note: String::new(),
        short: String::new(),
        owner: say::role(r, s.owner),
        approvals: String::new(),
        within: String::new(),
        takes: say::takes(
            r,
            plan.undo_time(id, Pace::Shortest),
            plan.undo_time(id, Pace::Longest),
        ),
        after: say::list(r, &before),
        rehearsal: String::new(),
        entered_again: around
            .map(|(h, _)| words!(r, "undo.enter_again", hold = say::text(r, &r.hold(*h).title)))
            .collect::<Vec<_>>()
            .join(". "),
        again: Vec::new(),
        left: Vec::new(),
    };
    match plan.undo(id) {
        StageUndo::Nothing if open.contains(&id) => {
            card.short = words!(r, "undo.open_short");
            card.note = words!(r, "undo.open");
        }
        StageUndo::Nothing => match harmless(r, s).as_slice() {
            [] => {
                card.short = words!(r, "undo.nothing_short");
                card.note = words!(r, "undo.nothing");
            }
            whys => {
                card.short = words!(r, "undo.harmless_short");
                card.note = say::ended(words!(r, "undo.harmless", why = whys.join("; ")));
            }
        },
        StageUndo::Harmless(why, _) => {
            card.short = words!(r, "undo.harmless_short");
            card.note = say::ended(words!(r, "undo.harmless", why = say::text(r, why)));
        }
        StageUndo::Irreversible(why, _) => {
            card.short = words!(r, "undo.irreversible_short");
            card.note = words!(
                r,
                "undo.irreversible",
                why = say::text(r, why),
                owner = say::role(r, s.owner)
            );
        }
        StageUndo::Derived(steps) => {
            for u in &steps {
                let came_to = came_to(r, s, u);
                for (act, came_to) in u.acts().zip(came_to) {
                    let (called, command, call, console) = act_words(r, s.environment, act);
                    let action = told_apart(r, called, act, &forward(s));
                    let when = [say::when(r, u.when), came_to];
                    let when: Vec<String> = when.into_iter().filter(|w| !w.is_empty()).collect();
                    card.steps.push(UndoRow {
                        action,
                        when: say::list(r, &when),
                        command,
                        call,
                        console,
                        expect: say::maybe(r, act.expect.as_ref()),
                        lasts: u.lasts.map(|d| say::dur(r, d)).unwrap_or_default(),
                        owner: say::role(r, u.owner),
                    });
                }
            }
        }
        StageUndo::Written(w) => {
            let owner = w.owner.unwrap_or(s.owner);
            card.owner = say::role(r, owner);
            // What it takes at most says it already, where it is that.
            let longest = plan.undo_time(id, Pace::Longest);
            let within = w
                .within
                .filter(|d| card.takes.is_empty() || d.as_ms() != longest.as_ms());
            card.within = within.map(|d| say::dur(r, d)).unwrap_or_default();
            let asked: Vec<String> = w.approved.iter().map(|(a, _)| say::approval(r, *a)).collect();
            card.approvals = say::list(r, &asked);
            if let Some(t) = &w.tested {
                card.rehearsal = tested(r, t);
            }
            for step in &w.steps {
                let (called, command, call, console) = action(r, s.environment, step);
                let what = match step.act() {
                    Some(act) => told_apart(r, called, act, &forward(s)),
                    None => called,
                };
                card.steps.push(UndoRow {
                    action: what,
                    when: say::when(r, &step.when),
                    command,
                    call,
                    console,
                    expect: say::maybe(r, step.expect.as_ref()),
                    lasts: String::new(),
                    owner: say::role(r, step.owner.unwrap_or(owner)),
                });
            }
        }
    }
    let later = if pivots.is_empty() {
        Vec::new()
    } else {
        let after = plan.descendants(Node::Stage(id));
        let kept_by = pivots.iter().filter(|p| plan.contains(&after, Node::Stage(**p)));
        kept_by.map(|p| r.stage(*p).name.to_string()).collect()
    };
    if let (false, false) = (card.steps.is_empty(), later.is_empty()) {
        card.note = words!(r, "undo.until", stages = say::list(r, &later));
    }
    if !card.steps.is_empty() && r.stages.len() <= ORDINARY {
        let around = again.iter().filter(|(_, inside)| inside.contains(&id));
        card.again = around.map(|(h, _)| entering(r, *h)).collect();
        card.left = card.again.iter().rev().cloned().collect();
    }
    if !card.steps.is_empty() {
        card.short = match card.takes.as_str() {
            "" => words!(r, "undo.by", owner = card.owner),
            takes => words!(r, "undo.takes_by", takes = takes, owner = card.owner),
        };
    }
    card
}

/// How a hold is entered and left.
fn entering(r: Told<'_>, id: HoldId) -> Again {
    let hold = r.hold(id);
    let place = r.stage(hold.from).environment;
    let owner = hold.owner.unwrap_or(r.owner);
    let actions = |steps: &[Step]| steps.iter().map(|s| beside(r, place, s, owner)).collect();
    Again {
        title: say::text(r, &hold.title),
        enter: actions(&hold.enter),
        exit: actions(&hold.exit),
    }
}

fn tested(r: Told<'_>, t: &crate::model::Tested) -> String {
    let mut parts = Vec::new();
    if let Some(e) = t.environment {
        parts.push(words!(r, "rehearsal.in", environment = r.env(e).name));
    }
    if let Some(on) = t.on {
        parts.push(words!(r, "rehearsal.on", date = say::date(r.words, on)));
    }
    parts.join(" ")
}

/// For each point of failure: what follows, what is undone in which order, what stays, how long it takes, how it ends.
pub(super) fn from_here(plan: Spoken<'_>, ways: &[Way]) -> Vec<FromHere> {
    let r = plan.release();
    let numbers = numbers(plan);
    let row = |w: &Way| FromHere {
        sentences: !(w.beside.is_empty() && w.holds.is_empty() && w.entered_again.is_empty()),
        fails: fails(plan, &w.cause),
        then: then(plan, w),
        order: order(r, w, &numbers),
        beside: begun_beside(plan, w),
        kept: kept(r, w),
        kept_beside: kept_beside(r, w),
        holds: hold_list(r, &w.holds, |hold| words!(r, "hold.if_entered", hold = hold)),
        entered_again: hold_list(r, &w.entered_again, |hold| words!(r, "hold.if_left", hold = hold)),
        safe_in: safe(r, w),
        ends: ends(r, w),
    };
    let stuck = stuck::rows(plan, ways);
    // In a plan of few stages each has its row, in one of many those of which the same is told have one.
    if r.stages.len() <= ORDINARY {
        return ways.iter().map(row).chain(stuck).collect();
    }
    let mut same: IndexMap<FromHere, Vec<&Way>> = IndexMap::new();
    for w in ways {
        let mut row = row(w);
        if let Some(alike) = alike(plan, &w.cause) {
            row.fails = alike;
        }
        if row.order.len() == 1 && w.many + w.many_beside > 1 && part(w).is_none() {
            row.order = vec![words!(r, "list.back")];
        }
        same.entry(row).or_default().push(w);
    }
    let told = same.into_iter().map(|(row, ways)| FromHere {
        fails: together(plan, &numbers, &ways),
        // How far what is undone can reach, where it is the same for all.
        order: match ways.as_slice() {
            [first, others @ ..] if others.iter().all(|w| w.last == first.last) => order(r, first, &numbers),
            _ => row.order,
        },
        ..row
    });
    told.chain(stuck).collect()
}

fn hold_list(r: Told<'_>, holds: &[(HoldId, bool)], perhaps: impl Fn(String) -> String) -> String {
    let titles: Vec<String> = holds
        .iter()
        .map(|(h, surely)| {
            let title = words!(r, "decide.option", option = say::text(r, &r.hold(*h).title));
            if *surely { title } else { perhaps(title) }
        })
        .collect();
    say::list(r, &titles)
}

fn stage_list(r: Told<'_>, stages: &[StageId]) -> String {
    let names: Vec<String> = stages.iter().map(|s| r.stage(*s).name.to_string()).collect();
    say::list(r, &names)
}

/// What follows, in words.
fn then(plan: Spoken<'_>, w: &Way) -> String {
    let r = plan.release();
    let owner = w.stage.map_or(r.owner, |s| r.stage(s).owner);
    match &w.then {
        Then::Demote => words!(r, "then.demote", owner = say::role(r, owner)),
        Then::Outcome(o) => follows::outcome(r, o, owner),
        Then::Decision(d) => {
            let d = r.decision(*d);
            let by = say::answerers(r, &d.question, Some(r.owner));
            words!(r, "then.ask", who = by, ask = say::text(r, &d.question.ask))
        }
    }
}

/// What may have begun besides, the last first, each with the first of what is undone that must wait for its undo.
fn begun_beside(plan: Spoken<'_>, w: &Way) -> String {
    let r = plan.release();
    let said = w.beside.iter().map(|s| {
        let name = r.stage(*s).name.to_string();
        let before = plan.ancestors(Node::Stage(*s));
        let waits = |other: &&StageId| plan.contains(&before, Node::Stage(**other));
        match w.undone.iter().flatten().find(waits) {
            Some(other) => words!(r, "list.before", stage = name, other = r.stage(*other).name),
            None => name,
        }
    });
    say::list(r, &said.collect::<Vec<_>>())
}

/// The stage from which on a part is rolled back, where no more is.
fn part(w: &Way) -> Option<StageId> {
    match w.then {
        Then::Outcome(FailureOutcome::RollbackStage(from)) => Some(from),
        _ => None,
    }
}

/// What is undone, in order: by name, or in a plan of many stages by their numbers. The order of a plan turned around is an order
/// of undoing, and what has not begun or has nothing to undo is passed over in it.
fn order(r: Told<'_>, w: &Way, numbers: &[usize]) -> Vec<String> {
    let name = |s: &StageId| r.stage(*s).name.to_string();
    if r.stages.len() > ORDINARY {
        return match (part(w), w.last) {
            (_, None) => Vec::new(),
            (_, Some(last)) if w.many + w.many_beside == 1 => vec![name(&last)],
            (Some(from), Some(_)) => vec![words!(r, "list.part_back", stage = name(&from))],
            (None, Some(last)) => {
                let n = numbers[last.index()];
                vec![words!(r, "list.back_from", n = n, stage = name(&last))]
            }
        };
    }
    w.undone
        .iter()
        .map(|group| match group.as_slice() {
            [one] => name(one),
            many => {
                let names: Vec<String> = many.iter().map(name).collect();
                words!(r, "list.together", list = say::list(r, &names))
            }
        })
        .collect()
}

/// Why what the steps of a stage change need not be undone, as they say themselves.
fn harmless(r: Told<'_>, s: &Stage) -> Vec<String> {
    let mut whys: Vec<String> = Vec::new();
    for act in s.forward_steps().into_iter().filter_map(Step::act) {
        if let Undo::Harmless { why, .. } = &act.undo {
            let why = say::text(r, why).trim_end_matches('.').to_string();
            if !whys.contains(&why) {
                whys.push(why);
            }
        }
    }
    whys
}

/// A stage that stays, with the reason. Of what is merely left when nothing is undone, the reason stands in what follows.
pub(super) fn stays(r: Told<'_>, s: StageId, why: Stays) -> String {
    let name = &r.stage(s).name;
    match why {
        Stays::Irreversible => words!(r, "stays.irreversible", stage = name),
        Stays::Needed(p) => words!(r, "stays.needed", stage = name, by = r.stage(p).name),
        Stays::Harmless => words!(r, "stays.harmless", stage = name),
        Stays::Open => words!(r, "stays.open", stage = name),
        Stays::Untouched => name.to_string(),
    }
}

/// What stays, with the reasons.
fn kept(r: Told<'_>, w: &Way) -> Vec<String> {
    let mut list: Vec<String> = w.kept.iter().map(|(s, why)| stays(r, *s, *why)).collect();
    if w.many_kept > list.len() {
        list.push(words!(r, "list.more", n = w.many_kept - list.len()));
    }
    list
}

/// What runs beside and stays where it has begun, with the reasons and what stays with it.
fn kept_beside(r: Told<'_>, w: &Way) -> String {
    let said = |b: &Beside| {
        if b.with.is_empty() {
            return stays(r, b.stage, b.why);
        }
        let (stage, stages) = (&r.stage(b.stage).name, stage_list(r, &b.with));
        words!(r, "stays.irreversible_with", stage = stage, stages = stages)
    };
    let mut list: Vec<String> = w.kept_beside.iter().map(said).collect();
    if w.many_kept_beside > list.len() {
        list.push(words!(r, "list.more", n = w.many_kept_beside - list.len()));
    }
    list.join(", ")
}

/// Whether a person decides before anything is undone.
pub(super) fn asks(then: &Then) -> bool {
    matches!(
        then,
        Then::Demote | Then::Decision(_) | Then::Outcome(FailureOutcome::Pause | FailureOutcome::Escalate(_))
    )
}

fn safe(r: Told<'_>, w: &Way) -> String {
    let time = match (w.untimed, w.safe.as_ms()) {
        (false, _) => say::dur(r, w.safe),
        (true, 0) => words!(r, "safe.untimed"),
        (true, _) => words!(r, "safe.over", time = say::dur(r, w.safe)),
    };
    match &w.then {
        Then::Outcome(FailureOutcome::Continue { .. }) => words!(r, "safe.goes_on"),
        _ if w.half_done && !w.undoes() => words!(r, "safe.no_way_back"),
        Then::Outcome(FailureOutcome::Stop) => words!(r, "safe.nothing_taken_back"),
        Then::Outcome(FailureOutcome::Restart(..)) if !w.undoes() && w.safe.as_ms() == 0 => {
            words!(r, "safe.at_once_after_restarts")
        }
        Then::Outcome(FailureOutcome::Restart(..)) if w.untimed && w.safe.as_ms() == 0 => {
            words!(r, "safe.untimed_after_restarts")
        }
        Then::Outcome(FailureOutcome::Restart(..)) => words!(r, "safe.after_restarts", time = time),
        then if !w.undoes() && w.safe.as_ms() == 0 => {
            if asks(then) {
                words!(r, "safe.once_decided")
            } else {
                words!(r, "safe.at_once")
            }
        }
        then if asks(then) => decided(r, w, &time),
        _ => time,
    }
}

/// The time until safe where a person decides on the way: what passes before the question counts, the answer cannot.
fn decided(r: Told<'_>, w: &Way, time: &str) -> String {
    if w.untimed && w.safe.as_ms() == 0 {
        return words!(r, "safe.untimed_once_decided");
    }
    let over = w.untimed && w.safe.as_ms() > 0;
    let whole = say::dur(r, w.safe);
    let rest = Dur {
        ms: w.safe.as_ms().saturating_sub(w.first.as_ms()),
        working_days: 0,
    };
    if w.first.as_ms() == 0 {
        return if over {
            words!(r, "safe.over_once_decided", time = whole)
        } else {
            words!(r, "safe.time_once_decided", time = time)
        };
    }
    if over {
        return words!(r, "safe.over_plus_decision", time = whole);
    }
    if rest.as_ms() == 0 {
        return words!(r, "safe.time_plus_decision", time = whole);
    }
    words!(
        r,
        "safe.rest_once_decided",
        first = say::dur(r, w.first),
        rest = say::dur(r, rest)
    )
}

fn ends(r: Told<'_>, w: &Way) -> String {
    let stands = || say::stages(r, &w.may_stand);
    let end = match &w.then {
        Then::Outcome(FailureOutcome::Continue { .. }) => return words!(r, "ends.goes_on"),
        Then::Outcome(FailureOutcome::Restart(..)) if w.half_done => {
            return words!(r, "ends.goes_on_or_needs_help");
        }
        then if asks(then) => {
            return match (w.half_done, w.may_stand.is_empty()) {
                (true, _) => words!(r, "ends.decided_needs_help"),
                (false, false) => words!(r, "ends.decided_may_need_help", stages = stands()),
                (false, true) => words!(r, "ends.as_decided"),
            };
        }
        Then::Outcome(FailureOutcome::Restart(..)) => words!(r, "ends.goes_on_or_rolled_back"),
        _ if w.half_done => return words!(r, "ends.needs_help"),
        Then::Outcome(FailureOutcome::Rollback) => words!(r, "ends.rolled_back"),
        _ => words!(r, "ends.stopped"),
    };
    if w.may_stand.is_empty() {
        end
    } else {
        words!(r, "ends.or_needs_help", end = end, stages = stands())
    }
}

/// The first stages after which there is no way back. One that comes only after another is named where that other may not apply.
pub(super) fn point_of_no_return(plan: Spoken<'_>) -> Option<String> {
    let r = plan.release();
    let all = pivots(plan);
    let why = |s: StageId| match plan.undo(s) {
        StageUndo::Irreversible(why, _) => say::text(r, why),
        _ => String::new(),
    };
    let mut first: Vec<StageId> = Vec::new();
    let mut later = Vec::new();
    for s in &all {
        let when = &r.stage(*s).when;
        let hides = |(p, set): &(StageId, _)| {
            let before = &r.stage(*p).when;
            (matches!(before, Cond::True) || before == when) && plan.contains(set, Node::Stage(*s))
        };
        if !later.iter().any(hides) {
            first.push(*s);
            if later.len() < KEPT {
                later.push((*s, plan.descendants(Node::Stage(*s))));
            }
        }
    }
    if let [one] = first.as_slice() {
        let stage = &r.stage(*one).name;
        return Some(words!(
            r,
            "undo.point_of_no_return",
            stage = stage,
            why = why(*one)
        ));
    }
    let named = |s: StageId| words!(r, "undo.cannot_be_undone", stage = r.stage(s).name, why = why(s));
    let mut list: Vec<String> = first.iter().take(KEPT).map(|s| named(*s)).collect();
    if first.len() > list.len() {
        list.push(words!(r, "list.more", n = first.len() - list.len()));
    }
    let list = list
        .into_iter()
        .reduce(|a, b| words!(r, "list.either", a = a, b = b))?;
    Some(words!(r, "undo.points_of_no_return", list = list))
}
