//! What goes wrong on the way back: an undo that fails, a hold that cannot be entered again, and one that cannot be left.
//!
//! What a run does then is in `run`. Must not know how a row is laid out. Called by `ways_back`.

use crate::emit::runbook::from_here::{KEPT, ORDINARY, Stays, Way};
use crate::emit::runbook::say;
use crate::emit::runbook::ways_back::{FromHere, stays};
use crate::emit::runbook::words::{Spoken, words};
use crate::model::{HoldId, StageId};
use crate::plan::{Node, StageUndo};

/// A row for an undo that fails, one for each hold that some way back enters again, then one for each that is left by doing something.
pub(super) fn rows(plan: Spoken<'_>, ways: &[Way]) -> Vec<FromHere> {
    let r = plan.release();
    let holds = || (0..r.holds.len()).map(HoldId::at);
    let again = |h: &HoldId| {
        let mut entered = ways.iter().flat_map(|w| &w.entered_again);
        !r.hold(*h).enter.is_empty() && entered.any(|(e, _)| e == h)
    };
    let not_again = holds().filter(again).map(|h| not_entered_again(plan, h));
    let not_left = holds().filter(|h| !r.hold(*h).exit.is_empty());
    let undo = ways.iter().any(Way::undoes).then(|| undo_fails(plan));
    undo.into_iter()
        .chain(not_again)
        .chain(not_left.map(|h| not_left_at_all(plan, h)))
        .collect()
}

/// An undo that fails: what it depends on stays, and a hold around it is not left.
fn undo_fails(plan: Spoken<'_>) -> FromHere {
    let r = plan.release();
    let mut inside = (0..r.holds.len()).flat_map(|h| plan.hold_stages(HoldId::at(h)));
    let then = if inside.any(|s| undone(plan, s)) {
        words!(r, "then.undo_failed_in_hold")
    } else {
        words!(r, "then.undo_failed")
    };
    FromHere {
        fails: words!(r, "fails.undo"),
        then,
        order: vec![words!(r, "list.all_else_back")],
        safe_in: words!(r, "safe.seen_to"),
        ends: words!(r, "ends.needs_help"),
        ..FromHere::default()
    }
}

fn undone(plan: Spoken<'_>, s: StageId) -> bool {
    matches!(plan.undo(s), StageUndo::Derived(_) | StageUndo::Written(_))
}

/// A hold that was left, and that cannot be entered again before what is inside is undone: that stays, and so does what it needs.
fn not_entered_again(plan: Spoken<'_>, h: HoldId) -> FromHere {
    let r = plan.release();
    let title = say::text(r, &r.hold(h).title);
    let undone = |s: &StageId| undone(plan, *s);
    // In a plan of many stages what follows says it: nobody reads so many names in a cell.
    let named = r.stages.len() <= ORDINARY;
    let inside = plan.hold_stages(h).into_iter();
    let inside: Vec<StageId> = inside.filter(|s| named && undone(s)).collect();
    let ancestors: Vec<_> = inside
        .iter()
        .map(|s| (*s, plan.ancestors(Node::Stage(*s))))
        .collect();
    let needs = |s: StageId| {
        let mut later = ancestors.iter().rev();
        later
            .find(|(_, before)| plan.contains(before, Node::Stage(s)))
            .map(|(i, _)| *i)
    };
    let before = plan.stage_order().into_iter().rev().filter(undone);
    let before = before.filter(|s| !inside.contains(s));
    let before = before.filter_map(|s| Some(stays(r, s, Stays::Needed(needs(s)?))));
    let own = inside.iter().rev().map(|s| stays(r, *s, Stays::Untouched));
    let mut kept: Vec<String> = own.chain(before).collect();
    let more = kept.len().saturating_sub(KEPT);
    if more > 0 {
        kept.truncate(KEPT);
        kept.push(words!(r, "list.more", n = more));
    }
    FromHere {
        fails: words!(r, "fails.hold_entered_again", hold = title),
        then: words!(r, "then.hold_not_entered_again"),
        order: vec![words!(r, "list.all_else_back")],
        kept,
        holds: words!(r, "decide.option", option = title),
        sentences: true,
        safe_in: words!(r, "safe.seen_to"),
        ends: words!(r, "ends.needs_help"),
        ..FromHere::default()
    }
}

/// A hold that cannot be left: whatever else happens goes on, and a person has to see to it.
fn not_left_at_all(plan: Spoken<'_>, h: HoldId) -> FromHere {
    let r = plan.release();
    let hold = r.hold(h);
    FromHere {
        fails: words!(r, "fails.hold_left", hold = say::text(r, &hold.title)),
        then: words!(
            r,
            "then.hold_stays",
            owner = say::role(r, hold.owner.unwrap_or(r.owner))
        ),
        safe_in: words!(r, "safe.left_by_hand"),
        ends: words!(r, "ends.needs_help"),
        ..FromHere::default()
    }
}
