//! `gate/nothing_to_verify`: in some variant a gate is judged, and what it judges did not happen.

use crate::checks::gate::made::Made;
use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::GateId;
use crate::plan::{Node, Pred, Truth};

/// The diagnostic.
pub const CODE: Code = Code("gate/nothing_to_verify");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release, variants) = (subject.plan, subject.plan.release(), subject.plan.variants());
    let made = Made::new(plan);
    let mut seen = std::collections::HashSet::new();
    for (i, gate) in release.gates.iter().enumerate() {
        let id = GateId::at(i);
        let makers = made.by(gate);
        if makers.is_empty() || plan.judges(id).is_empty() {
            continue;
        }
        let happens = makers.iter().fold(Pred::FALSE, |any, s| {
            variants.or(any, variants.applies(Node::Stage(*s)))
        });
        let idle = variants.without(variants.gate_applies(id), happens);
        if let Truth::In(variant) = variants.find(plan, idle) {
            // A `for` makes many of one.
            if !seen.insert(gate.origin.clone()) {
                continue;
            }
            let clause = variant.clause().map_or(String::new(), |c| format!(" {c}"));
            let mut d = Diagnostic::warning(
                CODE,
                gate.origin.span,
                format!("`{}` has nothing to judge{clause}", gate.name),
            )
            .here("judged all the same");
            for maker in makers.iter().take(3) {
                let stage = release.stage(*maker);
                let at = stage.when_origin.as_ref().unwrap_or(&stage.origin);
                d = d.fact(
                    at.span,
                    format!("`{}` does what it judges, and does not apply then", stage.name),
                );
            }
            bag.push(d.help("judge it under the same condition: `when`"));
        }
    }
}
