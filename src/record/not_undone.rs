//! `record/not_undone`: the run was rolled back, and something that had begun was not undone.

use super::{End, Run};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::plan::{Plan, StageUndo};

/// The diagnostic.
pub const CODE: Code = Code("record/not_undone");

/// Looks for the undo of every stage that began.
pub(super) fn check(plan: &Plan, run: &Run, bag: &mut Bag) {
    if run.end != End::RolledBack || !run.undos_known {
        return;
    }
    let r = plan.release();
    for (id, stage) in &run.stages {
        let undo = plan.undo(*id);
        let has_undo = matches!(undo, StageUndo::Derived(_) | StageUndo::Written(_));
        if stage.began.is_none() || stage.undone.is_some() || stage.stuck || !has_undo {
            continue;
        }
        let written = r.stage(*id);
        bag.push(
            Diagnostic::error(
                CODE,
                written.origin.span,
                format!("the run was rolled back, and `{}` was not undone", written.name),
            )
            .here("began, and is still in place")
            .help(format!(
                "undo it now: the runbook says how under \"Way back from {}\"",
                written.name
            )),
        );
    }
}
