//! `record/hold_left_open`: the run is over, and a hold that it entered was not left.

use super::{Run, moment};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::plan::Plan;

/// The diagnostic.
pub const CODE: Code = Code("record/hold_left_open");

/// Looks for the exit of every hold that was entered.
pub(super) fn check(plan: &Plan, run: &Run, bag: &mut Bag) {
    // On GitHub what follows a failure is another run, which may be missing here.
    if !run.is_over() || !run.undos_known {
        return;
    }
    let r = plan.release();
    for (id, (entered, left)) in &run.holds {
        let (Some(entered), None) = (entered, left) else {
            continue;
        };
        let hold = r.hold(*id);
        bag.push(
            Diagnostic::error(
                CODE,
                hold.origin.span,
                format!("the run is over, and the hold `{}` was not left", hold.name),
            )
            .here(format!("entered at {}", moment(*entered)))
            .help("leave it now: the runbook has the commands of its exit"),
        );
    }
}
