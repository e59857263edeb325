//! `gate/advisory`: a gate whose failure changes nothing.

use crate::checks::gate::watch::goes_on;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::GateId;

/// The diagnostic.
pub const CODE: Code = Code("gate/advisory");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    for (i, gate) in release.gates.iter().enumerate() {
        if !goes_on(gate) || subject.plan.judges(GateId::at(i)).is_empty() {
            continue;
        }
        let mut d = Diagnostic::info(
            CODE,
            gate.origin.span,
            format!("the plan goes on when `{}` fails", gate.name),
        )
        .here("advice only");
        if let Some((_, origin)) = &gate.otherwise {
            d = place::fact(d, origin, "says so");
        }
        bag.push(d.help("let it stop the plan, `otherwise rollback`, or leave it out of the gates"));
    }
}
