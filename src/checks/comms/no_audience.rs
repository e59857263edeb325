//! `comms/no_audience`: a plan changes production and tells nobody.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{StageId, StepKind};
use crate::plan::Plan;

/// The diagnostic.
pub const CODE: Code = Code("comms/no_audience");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let Some(stage) = first_change(subject.plan) else {
        return;
    };
    let tells = release.stages.iter().any(|s| {
        s.forward_steps()
            .iter()
            .any(|s| matches!(s.kind, StepKind::Tell(..)))
    });
    if !release.notifies.is_empty() || tells {
        return;
    }
    bag.push(
        Diagnostic::warning(
            CODE,
            release.origin.span,
            format!("`{}` changes production and tells nobody", release.name),
        )
        .here("no `notify`")
        .fact(release.stage(stage).origin.span, "changes production")
        .help("tell those who work with it: `notify ROLE { on started, finished, failed, rolled_back }`"),
    );
}

/// The first stage, in order, that changes production.
pub(super) fn first_change(plan: &Plan) -> Option<StageId> {
    let release = plan.release();
    let production = |s: &StageId| release.is_production(release.stage(*s).environment);
    plan.stage_order()
        .into_iter()
        .filter(production)
        .find(|s| plan.changes_something(*s))
}
