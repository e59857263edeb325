//! `gate/cannot_pass`: a condition that holds of no value, so that the plan always stops there.

use crate::checks::gate::cannot_fail::parts;
use crate::checks::gate::values::{self, Found};
use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{GateTest, TriggerTest};

/// The diagnostic.
pub const CODE: Code = Code("gate/cannot_pass");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    for gate in &release.gates {
        let GateTest::Metrics(condition) = &gate.test else {
            continue;
        };
        if let Found::None = values::find(release, &[condition], |p| p.satisfies(condition)) {
            let d = Diagnostic::error(
                CODE,
                gate.origin.span,
                format!("the gate `{}` cannot pass", gate.name),
            )
            .here("fails whatever is measured");
            bag.push(
                parts(d, release, condition, false).help("let some value be good: check signs and units"),
            );
        }
    }
    for trigger in &release.triggers {
        let TriggerTest::Metrics(condition) = &trigger.test else {
            continue;
        };
        if let Found::None = values::find(release, &[condition], |p| !p.satisfies(condition)) {
            let d = Diagnostic::error(
                CODE,
                trigger.origin.span,
                format!("every value sets off the trigger `{}`", trigger.name),
            )
            .here("holds whatever is measured");
            bag.push(parts(d, release, condition, true).help("compare with a value that would be bad"));
        }
    }
}
