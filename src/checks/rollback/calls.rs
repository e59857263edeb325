//! Whose failure can call for the undo of a stage, and what that undo needs.
//!
//! Called by the checks that ask until when an undo has to be possible.

use crate::model::{Failure, FailureOutcome, GateOutcome, Key, KeyUse, OptionOutcome, StageId, StepKind};
use crate::plan::{Node, Plan, StageUndo, UndoStep, doing};

/// Whether something that goes wrong in `failing` can lead to the undo of `undone`.
pub(super) fn for_undo(plan: &Plan, failing: StageId, undone: StageId) -> bool {
    let r = plan.release();
    let stage = r.stage(failing);
    let by_stage = match stage.on_failure.as_ref().map(|f| &f.then) {
        None => true,
        Some(Failure::Then(o)) => undoes(plan, o, undone),
        Some(Failure::Decision(d)) => decides(plan, *d, undone),
    };
    let by_gate = |gate| match &r.gate(gate).otherwise {
        None => by_stage,
        Some((GateOutcome::Then(o), _)) => undoes(plan, o, undone),
        Some((GateOutcome::Decision(d), _)) => decides(plan, *d, undone),
    };
    let watched = r
        .triggers
        .iter()
        .any(|t| t.during.contains(&failing) && undoes(plan, &t.then, undone));
    watched
        || stage.require.iter().any(|(g, _)| by_gate(*g))
        || stage.forward_steps().into_iter().any(|s| match &s.kind {
            StepKind::VerifyGate(g) => by_gate(*g),
            StepKind::Tell(..) | StepKind::Wait(_) | StepKind::Bake(_) => false,
            StepKind::Act(_) | StepKind::WaitFor(_) | StepKind::VerifyArtifact(_) => by_stage,
        })
}

/// Whether an outcome can undo a stage. Who is asked in a pause may say so; a restart that is exhausted rolls back.
fn undoes(plan: &Plan, outcome: &FailureOutcome, undone: StageId) -> bool {
    match outcome {
        FailureOutcome::Rollback | FailureOutcome::Pause | FailureOutcome::Restart(..) => true,
        FailureOutcome::RollbackStage(s) => {
            *s == undone || plan.precedes(Node::Stage(*s), Node::Stage(undone))
        }
        FailureOutcome::Stop | FailureOutcome::Continue { .. } | FailureOutcome::Escalate(_) => false,
    }
}

fn decides(plan: &Plan, decision: crate::model::DecisionId, undone: StageId) -> bool {
    plan.release()
        .decision(decision)
        .options
        .iter()
        .any(|o| match &o.then {
            OptionOutcome::Proceed => false,
            OptionOutcome::Then(o) => undoes(plan, o, undone),
        })
}

/// What the undo of a stage reads and does not write itself.
pub(super) fn needs(plan: &Plan, id: StageId) -> Vec<&KeyUse> {
    let acts: Vec<_> = match plan.undo(id) {
        StageUndo::Derived(steps) => steps.iter().flat_map(UndoStep::acts).collect(),
        StageUndo::Written(w) => w.steps.iter().filter_map(doing).collect(),
        StageUndo::Nothing | StageUndo::Irreversible(..) | StageUndo::Harmless(..) => Vec::new(),
    };
    let own = plan.changes(id);
    let changed: Vec<&Key> = own.iter().map(|t| &t.key.key).collect();
    acts.into_iter()
        .flat_map(|a| &a.effects.reads)
        .filter(|k| !changed.iter().any(|c| surely_same(c, &k.key)))
        .collect()
}

/// Whether two keys surely name the same thing, or one a part of the other.
pub(super) fn surely_same(a: &Key, b: &Key) -> bool {
    a.covers(b) || b.covers(a)
}
