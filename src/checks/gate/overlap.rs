//! `gate/overlap`: a value that passes a gate and at once sets off a trigger that rolls back.

use crate::checks::gate::values::{self, Found};
use crate::checks::gate::watch;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{FailureOutcome, GateId};

/// The diagnostic.
pub const CODE: Code = Code("gate/overlap");
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
        let judges = plan.judges(GateId::at(i));
        for (trigger, fires) in watch::triggers(release, judges) {
            let undoes = matches!(
                trigger.then,
                FailureOutcome::Rollback | FailureOutcome::RollbackStage(_)
            );
            // Another span measures something else; a trigger that names none takes the gate's.
            let same_span = trigger.over.is_none() || trigger.over == gate.over;
            if !undoes || !same_span {
                continue;
            }
            for side in watch::alternatives(fires) {
                if !watch::within(side, &metrics) || values::mixed(&[condition, side]) {
                    continue;
                }
                let found = values::find(release, &[condition, side], |p| {
                    p.satisfies(condition) && p.satisfies(side)
                });
                if let Found::Some(point) = found {
                    let mut d = Diagnostic::error(
                        CODE,
                        trigger.origin.span,
                        format!(
                            "{} passes `{}` and sets off `{}`",
                            point.words(release, &metrics),
                            gate.name,
                            trigger.name
                        ),
                    )
                    .here("rolls back");
                    d = place::fact(d, &gate.origin, "passes at that value");
                    for stage in judges.iter().filter(|s| trigger.during.contains(s)).take(1) {
                        let data = release.stage(*stage);
                        d = d.fact(
                            data.origin.span,
                            format!("`{}` is judged here while the trigger watches", gate.name),
                        );
                    }
                    bag.push(
                        d.help("let the gate fail wherever the trigger acts")
                            .help("or let the trigger act only where the gate has failed"),
                    );
                    break;
                }
            }
        }
    }
}
