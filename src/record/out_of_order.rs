//! `record/out_of_order`: a stage began before another that it comes after had ended.

use super::{Run, moment};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::emit::environments::gates_of;
use crate::model::{Failure, FailureOutcome, GateOutcome, Release, StageId, Strength};
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
            let waited = r.stage(after.stage);
            let name = &waited.name;
            let mut tell = |what: &str, why: String, help: &str| {
                bag.push(
                    Diagnostic::error(
                        CODE,
                        after.origin.span,
                        format!("`{}` began {what}", written.name),
                    )
                    .here(format!("comes after `{name}`"))
                    .fact(waited.origin.span, why)
                    .note(format!("`{}` began at {}", written.name, moment(began)))
                    .help(help),
                );
            };
            let over = before.ended.is_some_and(|ended| ended <= began);
            if over && before.failed && ends_with(r, after.stage) {
                tell(
                    &format!("although `{name}` had failed"),
                    "it failed, and the plan does not go on then".to_string(),
                    "take back what came after the failure, or find out who let the run go on",
                );
            }
            if !over {
                let ended = before.ended.map(|ended| format!("it ended at {}", moment(ended)));
                tell(
                    &format!("before `{name}` had ended"),
                    ended.unwrap_or_else(|| "it had not ended".to_string()),
                    "build the artifacts again from the plan and compare: what ran is not what was compiled",
                );
            }
        }
    }
}

/// Whether nothing comes after a stage that has failed, whatever of it failed and whatever anybody says.
fn ends_with(r: &Release, id: StageId) -> bool {
    let stage = r.stage(id);
    let over = |o: &FailureOutcome| o.strength() > Strength::Restarts;
    let own = stage.on_failure.as_ref().map(|f| &f.then);
    let own = own.is_none_or(|f| matches!(f, Failure::Then(o) if over(o)));
    let gates = gates_of(stage).into_iter().all(|g| match &r.gate(g).otherwise {
        None => true,
        Some((o, _)) => matches!(o, GateOutcome::Then(o) if over(o)),
    });
    let triggers = r.triggers.iter().all(|t| over(&t.then));
    own && gates && triggers && stage.rollout.as_ref().is_none_or(|l| l.demote.is_none())
}
