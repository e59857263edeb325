//! `record/out_of_order`: a stage began before another that it comes after had ended.

use super::{Run, moment};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Failure, FailureOutcome, GateOutcome, Release, StageId, StepKind};
use crate::plan::Plan;

/// The diagnostic.
pub const CODE: Code = Code("record/out_of_order");

/// Compares the beginning of each stage with the ends of those it comes after.
pub(super) fn check(plan: &Plan, run: &Run, bag: &mut Bag) {
    let r = plan.release();
    for (id, stage) in &run.stages {
        let Some(began) = stage.began else { continue };
        let written = r.stage(*id);
        for after in &written.after {
            // A stage that did not apply is waited for by nobody.
            let Some(before) = run.stages.get(&after.stage).filter(|s| s.began.is_some()) else {
                continue;
            };
            let name = &r.stage(after.stage).name;
            if before.failed && before.ended.is_some_and(|ended| ended <= began) && ends_with(r, after.stage)
            {
                bag.push(
                    Diagnostic::error(
                        CODE,
                        after.origin.span,
                        format!("`{}` began although `{name}` had failed", written.name),
                    )
                    .here(format!("comes after `{name}`"))
                    .fact(
                        r.stage(after.stage).origin.span,
                        "it failed, and the plan does not go on then",
                    )
                    .note(format!("`{}` began at {}", written.name, moment(began)))
                    .help("take back what came after the failure, or find out who let the run go on"),
                );
            }
            let what = match before.ended {
                Some(ended) if ended <= began => continue,
                Some(ended) => format!("it ended at {}", moment(ended)),
                None => "it had not ended".to_string(),
            };
            bag.push(
                Diagnostic::error(
                    CODE,
                    after.origin.span,
                    format!("`{}` began before `{name}` had ended", written.name),
                )
                .here(format!("comes after `{name}`"))
                .fact(r.stage(after.stage).origin.span, what)
                .note(format!("`{}` began at {}", written.name, moment(began)))
                .help(
                    "build the artifacts again from the plan and compare: what ran is not what was compiled",
                ),
            );
        }
    }
}

/// Whether nothing comes after a stage that has failed, whatever of it failed and whatever anybody says.
fn ends_with(r: &Release, id: StageId) -> bool {
    let stage = r.stage(id);
    let over = |o: &FailureOutcome| {
        matches!(
            o,
            FailureOutcome::Rollback | FailureOutcome::RollbackStage(_) | FailureOutcome::Stop
        )
    };
    let own = stage.on_failure.as_ref().map(|f| &f.then);
    let own = own.is_none_or(|f| matches!(f, Failure::Then(o) if over(o)));
    let steps = stage.forward_steps();
    let judged = steps.iter().filter_map(|s| match s.kind {
        StepKind::VerifyGate(g) => Some(g),
        _ => None,
    });
    let mut gates = judged.chain(stage.require.iter().map(|(g, _)| *g));
    let gates = gates.all(|g| match &r.gate(g).otherwise {
        None => true,
        Some((o, _)) => matches!(o, GateOutcome::Then(o) if over(o)),
    });
    let triggers = r.triggers.iter().all(|t| over(&t.then));
    own && gates && triggers && stage.rollout.as_ref().is_none_or(|l| l.demote.is_none())
}
