//! `gate/cannot_fail`: a condition that holds of every value, so that the gate, or a part of it, tests nothing.

use crate::checks::gate::values::{self, Found};
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Gate, GateTest, Metric, MetricExpr, Origin, Release, TriggerTest};

/// The diagnostic.
pub const CODE: Code = Code("gate/cannot_fail");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    for gate in &release.gates {
        if let GateTest::Metrics(condition) = &gate.test {
            look(release, gate, condition, bag);
        }
    }
    for trigger in &release.triggers {
        let TriggerTest::Metrics(condition) = &trigger.test else {
            continue;
        };
        if let Found::None = values::find(release, &[condition], |p| p.satisfies(condition)) {
            let d = Diagnostic::error(
                CODE,
                trigger.origin.span,
                format!("nothing can set off the trigger `{}`", trigger.name),
            )
            .here("holds of no value");
            bag.push(parts(d, release, condition, false).help("compare with a value the metric can reach"));
        }
    }
}

fn look(release: &Release, gate: &Gate, condition: &MetricExpr, bag: &mut Bag) {
    match values::find(release, &[condition], |p| !p.satisfies(condition)) {
        Found::None => {
            let d = Diagnostic::error(
                CODE,
                gate.origin.span,
                format!("the gate `{}` cannot fail", gate.name),
            )
            .here("passes whatever is measured");
            bag.push(parts(d, release, condition, true).help("compare with a value that would be bad"));
        }
        Found::Some(_) => {
            for (part, metric, origin) in comparisons(release, condition) {
                if let Found::None = values::find(release, &[part], |p| !p.satisfies(part)) {
                    let name = values::name(metric);
                    let d = Diagnostic::error(
                        CODE,
                        origin.span,
                        format!("the part of the gate `{}` about `{name}` cannot fail", gate.name),
                    )
                    .here(format!("holds of every value: {}", values::range(metric)));
                    bag.push(
                        place::through(d, origin)
                            .fact(gate.origin.span, "in this gate")
                            .help("compare with a value that would be bad, or remove the part"),
                    );
                }
            }
        }
        Found::TooMany => bag.push(
            Diagnostic::info(
                CODE,
                gate.origin.span,
                format!("undecided: whether the gate `{}` can fail", gate.name),
            )
            .here("compares too many metrics with too many values")
            .help("split it into several gates"),
        ),
    }
}

/// Each comparison with the values its metric can have.
pub(super) fn parts(
    mut d: Diagnostic,
    release: &Release,
    condition: &MetricExpr,
    always: bool,
) -> Diagnostic {
    for (part, metric, origin) in comparisons(release, condition) {
        let constant = values::find(release, &[part], |p| p.satisfies(part) != always);
        let text = match (constant, always) {
            (Found::None, true) => format!("holds of every value: {}", values::range(metric)),
            (Found::None, false) => format!("holds of no value: {}", values::range(metric)),
            _ => format!("one side of it, about `{}`", values::name(metric)),
        };
        d = place::fact(d, origin, text);
    }
    d
}

/// The comparisons of a condition, in order.
fn comparisons<'a>(
    release: &'a Release,
    condition: &'a MetricExpr,
) -> Vec<(&'a MetricExpr, &'a Metric, &'a Origin)> {
    match condition {
        MetricExpr::Const(_) => Vec::new(),
        MetricExpr::And(list) | MetricExpr::Or(list) => {
            list.iter().flat_map(|c| comparisons(release, c)).collect()
        }
        MetricExpr::Not(c) => comparisons(release, c),
        MetricExpr::Compare { metric, origin, .. } => vec![(condition, release.metric(*metric), origin)],
    }
}
