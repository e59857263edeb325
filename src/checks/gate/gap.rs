//! `gate/gap`: a value that fails a gate without stopping the plan, and that no trigger acts upon: nobody decides.

use crate::checks::gate::values::{self, Found};
use crate::checks::gate::watch;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{GateId, MetricExpr};

/// The diagnostic.
pub const CODE: Code = Code("gate/gap");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release) = (subject.plan, subject.plan.release());
    for (i, gate) in release.gates.iter().enumerate() {
        let id = GateId::at(i);
        let judges = plan.judges(id);
        let Some(condition) = watch::condition(gate) else {
            continue;
        };
        if !watch::goes_on(gate) || judges.is_empty() {
            continue;
        }
        let metrics = condition.metrics();
        // A trigger over other metrics does not answer for these.
        let triggers: Vec<_> = watch::triggers(release, judges)
            .into_iter()
            .filter(|(_, c)| c.metrics().iter().any(|m| metrics.contains(m)))
            .collect();
        let beside: Vec<_> = watch::beside(plan, id, judges)
            .into_iter()
            .filter(|(_, c)| c.metrics().iter().any(|m| metrics.contains(m)))
            .collect();
        let mut all: Vec<&MetricExpr> = vec![condition];
        all.extend(triggers.iter().map(|(_, c)| *c));
        all.extend(beside.iter().map(|(_, c)| *c));
        if values::mixed(&all) {
            continue;
        }
        let found = values::find(release, &all, |p| {
            !p.satisfies(condition)
                && !triggers.iter().any(|(_, c)| p.satisfies(c))
                && beside.iter().all(|(_, c)| p.satisfies(c))
        });
        match found {
            Found::None => {}
            Found::TooMany => bag.push(
                Diagnostic::info(
                    CODE,
                    gate.origin.span,
                    format!(
                        "undecided: whether a value falls between `{}` and the triggers",
                        gate.name
                    ),
                )
                .here("too many metrics and values")
                .help("split it into several gates"),
            ),
            Found::Some(point) => {
                let mut d = Diagnostic::warning(
                    CODE,
                    gate.origin.span,
                    format!(
                        "{} fails `{}`, and then nothing happens",
                        point.words(release, &metrics),
                        gate.name
                    ),
                )
                .here("fails, and the plan goes on");
                if let Some((_, origin)) = &gate.otherwise {
                    d = place::fact(d, origin, "says that the plan goes on");
                }
                for (trigger, _) in &triggers {
                    d = place::fact(
                        d,
                        &trigger.origin,
                        format!("`{}` does not act at that value", trigger.name),
                    );
                }
                for (other, _) in &beside {
                    d = place::fact(d, &other.origin, format!("`{}` passes at that value", other.name));
                }
                d = match triggers.as_slice() {
                    [] => d.help("add a trigger that acts when the gate fails"),
                    [(one, _)] => d.help(format!("let `{}` act wherever the gate fails", one.name)),
                    _ => d.help("let one of the triggers act wherever the gate fails"),
                };
                bag.push(d.help("or let a person decide: `otherwise pause`"));
            }
        }
    }
}
