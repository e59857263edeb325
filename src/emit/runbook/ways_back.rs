//! Ways back: how each stage is undone, the order of undos from each failure point, and the point of no return.

use crate::emit::runbook::say;
use crate::emit::runbook::work::{act_words, action};
use crate::model::{Release, Rollback, StageId};
use crate::plan::{Node, Pace, Plan, StageUndo};
use serde::Serialize;

/// How a stage is undone.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Card {
    /// Whether there is anything to do.
    pub steps: Vec<UndoRow>,
    /// What is said instead of, or besides, the steps.
    pub note: String,
    pub owner: String,
    pub approvals: String,
    pub within: String,
    pub takes: String,
    pub after: String,
    pub rehearsal: String,
}

/// A step of an undo.
#[derive(Debug, Clone, Serialize)]
pub(super) struct UndoRow {
    pub action: String,
    pub command: String,
    pub call: String,
    pub console: String,
    pub expect: String,
    pub lasts: String,
    pub owner: String,
}

/// What is undone, and in which order, when a stage fails.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FromHere {
    pub stage: String,
    pub order: Vec<String>,
    pub kept: Vec<String>,
    pub safe_in: String,
    pub ends: String,
    pub note: String,
}

pub(super) fn card(plan: &Plan, id: StageId) -> Card {
    let r = plan.release();
    let s = r.stage(id);
    let before: Vec<String> = plan
        .undone_before(id)
        .into_iter()
        .filter(|b| !matches!(plan.undo(*b), StageUndo::Nothing | StageUndo::Harmless(..)))
        .map(|b| r.stage(b).name.to_string())
        .collect();
    let mut card = Card {
        steps: Vec::new(),
        note: String::new(),
        owner: say::role(r, s.owner),
        approvals: String::new(),
        within: String::new(),
        takes: say::range(
            plan.undo_time(id, Pace::Shortest),
            plan.undo_time(id, Pace::Longest),
        ),
        after: say::list(&before),
        rehearsal: String::new(),
    };
    match plan.undo(id) {
        StageUndo::Nothing => card.note = "Nothing to undo: the stage changes nothing.".into(),
        StageUndo::Harmless(why, _) => card.note = format!("Nothing has to be undone: {}", say::text(r, why)),
        StageUndo::Irreversible(why, _) => {
            card.note = format!(
                "This cannot be undone: {}. The owner decides how to go on.",
                say::text(r, why)
            );
        }
        StageUndo::Derived(steps) => {
            for u in steps {
                let (action, command, call, console) = act_words(r, u.act);
                card.steps.push(UndoRow {
                    action,
                    command,
                    call,
                    console,
                    expect: say::maybe(r, u.act.expect.as_ref()),
                    lasts: u.lasts.map(say::dur).unwrap_or_default(),
                    owner: say::role(r, u.owner),
                });
            }
        }
        StageUndo::Written(w) => {
            let owner = w.owner.unwrap_or(s.owner);
            card.owner = say::role(r, owner);
            card.within = w.within.map(say::dur).unwrap_or_default();
            let asked: Vec<String> = w
                .approved
                .iter()
                .map(|(a, _)| say::text(r, &r.approval(*a).title))
                .collect();
            card.approvals = say::list(&asked);
            if let Some(t) = &w.tested {
                card.rehearsal = tested(r, t);
            }
            for step in &w.steps {
                let (what, command, call, console) = action(r, step);
                card.steps.push(UndoRow {
                    action: what,
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
    card
}

fn tested(r: &Release, t: &crate::model::Tested) -> String {
    let mut parts = Vec::new();
    if let Some(e) = t.environment {
        parts.push(format!("in {}", r.env(e).name));
    }
    if let Some(on) = t.on {
        parts.push(format!("on {}", on.strftime("%-d %B %Y")));
    }
    parts.join(" ")
}

/// For each stage that can fail: what is undone when it does, last begun first. What runs beside it is undone too when it has
/// begun; the order here is for everything that surely began.
pub(super) fn from_here(plan: &Plan) -> Vec<FromHere> {
    let r = plan.release();
    let chain = plan.undo_chain(Pace::Longest);
    let order = plan.stage_order();
    let mut list = Vec::new();
    for stage in &order {
        let before = plan.ancestors(Node::Stage(*stage));
        let began: Vec<StageId> = order
            .iter()
            .copied()
            .filter(|s| s == stage || plan.contains(&before, Node::Stage(*s)))
            .collect();
        // An irreversible stage that began stays, and so does all it depends on.
        let pivots: Vec<StageId> = began
            .iter()
            .copied()
            .filter(|s| matches!(plan.undo(*s), StageUndo::Irreversible(..)))
            .collect();
        let stays = |s: StageId| {
            pivots
                .iter()
                .any(|p| *p == s || plan.precedes(Node::Stage(s), Node::Stage(*p)))
        };
        let (mut undone, mut kept) = (Vec::new(), Vec::new());
        for s in began.iter().rev() {
            let name = r.stage(*s).name.to_string();
            match plan.undo(*s) {
                StageUndo::Derived(_) | StageUndo::Written(_) if !stays(*s) => undone.push(name),
                StageUndo::Nothing | StageUndo::Harmless(..) => {}
                _ => kept.push(name),
            }
        }
        let holds: Vec<String> = (0..r.holds.len())
            .filter(|h| {
                plan.hold_stages(crate::model::HoldId::at(*h))
                    .iter()
                    .any(|s| began.contains(s))
            })
            .map(|h| say::text(r, &r.holds[h].title))
            .collect();
        let note = if holds.is_empty() {
            String::new()
        } else {
            format!("Then leave: {}.", say::list(&holds))
        };
        list.push(FromHere {
            stage: r.stage(*stage).name.to_string(),
            ends: if pivots.is_empty() {
                "rolled back"
            } else {
                "needs help"
            }
            .to_string(),
            safe_in: say::dur(chain[stage.index()]),
            order: undone,
            kept,
            note,
        });
    }
    list
}

/// The first stage after which there is no way back.
pub(super) fn point_of_no_return(plan: &Plan) -> Option<String> {
    let r = plan.release();
    let stage = plan.stage_order().into_iter().find(|s| {
        matches!(r.stage(*s).rollback, Rollback::Irreversible { .. })
            || matches!(plan.undo(*s), StageUndo::Irreversible(..))
    })?;
    let why = match plan.undo(stage) {
        StageUndo::Irreversible(why, _) => say::text(r, why),
        _ => String::new(),
    };
    Some(format!("{}: {why}", r.stage(stage).name))
}
