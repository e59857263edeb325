//! Whose failure can call for the undo of a stage.
//!
//! Called by the checks that ask until when an undo has to be possible.

use crate::model::{Failure, FailureOutcome, GateOutcome, OptionOutcome, StageId, StepKind};
use crate::plan::{Node, Plan};

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
