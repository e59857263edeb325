//! `record/before_approval`: a stage began before, or without, an approval it waits for.

use super::{Run, moment};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{ApprovalId, Cond};
use crate::plan::Plan;

/// The diagnostic.
pub const CODE: Code = Code("record/before_approval");

/// Compares the beginning of each stage with the grants it waits for.
pub(super) fn check(plan: &Plan, run: &Run, bag: &mut Bag) {
    let r = plan.release();
    for (id, stage) in &run.stages {
        let Some(began) = stage.began else { continue };
        let written = r.stage(*id);
        for (approval, origin) in &written.approved {
            let granted = run.approvals.get(approval).filter(|a| a.granted);
            let a = r.approval(*approval);
            let what = match granted.map(|g| g.at) {
                // Whether it was asked at all depends on the run.
                None if a.when != Cond::True || bypassed(plan, *approval) => continue,
                None => "it was never granted".to_string(),
                Some(Some(at)) if at > began => format!("it was granted at {}", moment(at)),
                Some(_) => continue,
            };
            let message = match granted {
                None => format!("`{}` began without the approval `{}`", written.name, a.name),
                Some(_) => format!("`{}` began before `{}` was granted", written.name, a.name),
            };
            bag.push(
                Diagnostic::error(CODE, origin.span, message)
                    .here(format!("must be granted before `{}` begins", written.name))
                    .fact(a.origin.span, what)
                    .note(format!("`{}` began at {}", written.name, moment(began)))
                    .help("take the change back, or have it approved now, and find out how it could begin"),
            );
        }
    }
}

/// Whether a declared way around may stand in for an approval.
fn bypassed(plan: &Plan, approval: ApprovalId) -> bool {
    let mut skipped = plan.release().overrides.iter().flat_map(|o| &o.approvals);
    skipped.any(|(a, _)| *a == approval)
}
