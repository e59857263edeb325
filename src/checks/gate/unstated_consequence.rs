//! `gate/unstated_consequence`: nothing says what follows when a gate fails, so that the default does: everything is undone.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::GateId;

/// The diagnostic.
pub const CODE: Code = Code("gate/unstated_consequence");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    for (i, gate) in release.gates.iter().enumerate() {
        if gate.otherwise.is_some() {
            continue;
        }
        let judges = subject.plan.judges(GateId::at(i));
        let Some(stage) = judges
            .iter()
            .map(|s| release.stage(*s))
            .find(|s| s.on_failure.is_none())
        else {
            continue;
        };
        bag.push(
            Diagnostic::info(
                CODE,
                gate.origin.span,
                format!("nothing says what follows when `{}` fails", gate.name),
            )
            .here("the default is to undo everything")
            .fact(stage.origin.span, "judged here, with no `on_failure` around")
            .help("write it: `otherwise rollback`, `pause`, `stop` or `continue { because \"…\" }`"),
        );
    }
}
