//! `gate/incomparable`: a gate and a trigger speak of the same metric over different spans, so that nobody can tell whether
//! a value passes the one and sets off the other, as their bounds suggest.

use crate::checks::gate::overlap::both;
use crate::checks::gate::values::name;
use crate::checks::gate::watch;
use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::GateId;

/// The diagnostic.
pub const CODE: Code = Code("gate/incomparable");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release) = (subject.plan, subject.plan.release());
    for (i, gate) in release.gates.iter().enumerate() {
        let Some(condition) = watch::condition(gate) else {
            continue;
        };
        let metrics = condition.metrics();
        for (trigger, fires) in watch::triggers(release, plan.judges(GateId::at(i))) {
            let (Some(mine), Some(theirs)) = (gate.over, trigger.over) else {
                continue;
            };
            // Where their bounds keep apart, the spans do not matter.
            if mine == theirs || !watch::undoes(trigger) || both(release, condition, fires).is_none() {
                continue;
            }
            let Some(shared) = fires.metrics().into_iter().find(|m| metrics.contains(m)) else {
                continue;
            };
            bag.push(
                Diagnostic::info(
                    CODE,
                    trigger.origin.span,
                    format!(
                        "`{}` and `{}` judge `{}` over different spans, so that their bounds cannot be compared",
                        gate.name,
                        trigger.name,
                        name(release.metric(shared))
                    ),
                )
                .here(format!("over {theirs}"))
                .fact(gate.origin.span, format!("over {mine}"))
                .help("use the same span, or leave out the trigger's: it takes the gate's"),
            );
        }
    }
}
