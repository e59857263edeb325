//! `gate/no_data`: nobody says what it means when a metric has no data.

use crate::checks::gate::values::name;
use crate::checks::gate::watch;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{GateId, MetricId, Origin, TriggerTest};
use std::collections::BTreeMap;

/// The diagnostic.
pub const CODE: Code = Code("gate/no_data");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    // Each metric once, where it is used first.
    let mut used: BTreeMap<MetricId, (&Origin, String)> = BTreeMap::new();
    for (i, gate) in release.gates.iter().enumerate() {
        if let (Some(c), false) = (
            watch::condition(gate),
            subject.plan.judges(GateId::at(i)).is_empty(),
        ) {
            for m in c.metrics() {
                used.entry(m)
                    .or_insert_with(|| (&gate.origin, format!("`{}` judges it", gate.name)));
            }
        }
    }
    for trigger in &release.triggers {
        if let TriggerTest::Metrics(c) = &trigger.test {
            for m in c.metrics() {
                used.entry(m)
                    .or_insert_with(|| (&trigger.origin, format!("`{}` watches it", trigger.name)));
            }
        }
    }
    for (id, (origin, text)) in used {
        let metric = release.metric(id);
        if metric.no_data.is_some() {
            continue;
        }
        let d = Diagnostic::warning(
            CODE,
            metric.origin.span,
            format!("nothing says what it means when `{}` has no data", name(metric)),
        )
        .here("no data is neither good nor bad");
        let d = place::through(d, &metric.origin);
        bag.push(
            place::fact(d, origin, text).help("write it in the metric: `no_data fail`, `pass` or `pause`"),
        );
    }
}
