//! `record/same_person`: one person granted two approvals that different people must grant.

use super::Run;
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::Seat;
use crate::plan::Plan;
use crate::plan::people as duty;

/// The diagnostic.
pub const CODE: Code = Code("record/same_person");

/// Compares every two approvals that the plan keeps apart.
pub(super) fn check(plan: &Plan, run: &Run, bag: &mut Bag) {
    let r = plan.release();
    let granted: Vec<_> = run.approvals.iter().filter(|(_, a)| a.granted).collect();
    for (i, (a, first)) in granted.iter().enumerate() {
        for (b, second) in &granted[i + 1..] {
            let Some(apart) = duty::keeps_apart(r, Seat::Approval(**a), Seat::Approval(**b)) else {
                continue;
            };
            for who in first.by.iter().filter(|w| second.by.iter().any(|o| o.same(w))) {
                let (x, y) = (&r.approval(**a), &r.approval(**b));
                bag.push(
                    Diagnostic::error(
                        CODE,
                        apart.span,
                        format!("{} granted both `{}` and `{}`", who.shown(r), x.name, y.name),
                    )
                    .here("different people must grant them")
                    .fact(x.origin.span, "granted by the same person")
                    .fact(y.origin.span, "granted by the same person")
                    .help("have somebody else look at one of the two now, or take the change back"),
                );
            }
        }
    }
}
