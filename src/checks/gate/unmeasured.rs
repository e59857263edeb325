//! `gate/unmeasured`: a person answers a gate in production, and nothing says by what.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{GateId, GateTest};

/// The diagnostic.
pub const CODE: Code = Code("gate/unmeasured");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release) = (subject.plan, subject.plan.release());
    for (i, gate) in release.gates.iter().enumerate() {
        let GateTest::Ask(question) = &gate.test else {
            continue;
        };
        if question.expect.is_some() || question.console.is_some() || question.evidence.is_some() {
            continue;
        }
        let judged = plan.judges(GateId::at(i)).iter().map(|s| release.stage(*s));
        let Some(stage) = judged.into_iter().find(|s| release.is_production(s.environment)) else {
            continue;
        };
        bag.push(
            Diagnostic::warning(
                CODE,
                gate.origin.span,
                format!("nothing says by what `{}` is answered", gate.name),
            )
            .here("a question without a criterion")
            .fact(stage.origin.span, "judged here, in production")
            .help("say what must be seen: `expect \"p95 below 300 ms on the dashboard\"`")
            .help("or where: `console \"https://…\"`, or what is left behind: `evidence \"…\"`"),
        );
    }
}
