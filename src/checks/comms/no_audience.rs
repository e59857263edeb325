//! `comms/no_audience`: a plan changes production and tells nobody, or begins by itself and tells nobody that it has.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Moment, MomentKind, StageId, StartedBy, StepKind};
use crate::plan::{Node, Plan};

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
        begins_by_itself(subject.plan, stage, bag);
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

/// A run that no person starts should at least be noticed when it begins.
fn begins_by_itself(plan: &Plan, change: StageId, bag: &mut Bag) {
    let release = plan.release();
    let Some((StartedBy::Schedule { .. } | StartedBy::Completed(_), origin)) = &release.started_by else {
        return;
    };
    let early = |m: &Moment| {
        use MomentKind::{Approved, Rejected, Scheduled, Started};
        matches!(m.kind, Scheduled | Started | Approved | Rejected)
    };
    let notified = release.notifies.iter().any(|n| n.on.iter().any(early));
    let before = plan.stages_leading_to(Node::Stage(change));
    let told = before.iter().chain([&change]).any(|s| {
        let steps = release.stage(*s).forward_steps();
        steps.iter().any(|s| matches!(s.kind, StepKind::Tell(..)))
    });
    if notified || told {
        return;
    }
    bag.push(
        Diagnostic::warning(
            CODE,
            release.origin.span,
            format!(
                "`{}` begins by itself, and tells nobody that it has",
                release.name
            ),
        )
        .here("no `notify` when it starts")
        .fact(origin.span, "no person starts it")
        .fact(release.stage(change).origin.span, "changes production")
        .help("say so when it begins: `notify ROLE { on started, finished, failed, rolled_back }`"),
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
