//! `gate/overlap`: a value that passes a gate and at once sets off a trigger that rolls back.

use crate::checks::gate::values::{self, Found, Point};
use crate::checks::gate::watch;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{GateId, MetricExpr, Release};

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
        let judges = plan.judges(GateId::at(i));
        for (trigger, fires) in watch::triggers(release, judges) {
            // Another span measures something else; a trigger that names none takes the gate's.
            let same_span = trigger.over.is_none() || trigger.over == gate.over;
            if !same_span || !watch::undoes(trigger) {
                continue;
            }
            let Some(point) = both(release, condition, fires) else {
                continue;
            };
            let mut d = Diagnostic::error(
                CODE,
                trigger.origin.span,
                format!(
                    "{} passes `{}` and sets off `{}`",
                    point.words(release, &fires.metrics()),
                    gate.name,
                    trigger.name
                ),
            )
            .here("rolls back");
            d = place::fact(d, &gate.origin, "passes at that value");
            if let Some(stage) = judges.iter().find(|s| trigger.during.contains(s)) {
                d = d.fact(
                    release.stage(*stage).origin.span,
                    format!("`{}` is judged here while the trigger watches", gate.name),
                );
            }
            bag.push(
                d.help("let the gate fail wherever the trigger acts")
                    .help("or let the trigger act only where the gate has failed"),
            );
        }
    }
}

/// Values that pass a gate and set off a trigger over the gate's metrics.
pub(super) fn both(release: &Release, condition: &MetricExpr, fires: &MetricExpr) -> Option<Point> {
    let metrics = condition.metrics();
    watch::alternatives(fires).into_iter().find_map(|side| {
        if !watch::within(side, &metrics) || values::foreign(&[condition, side]) {
            return None;
        }
        match values::find(release, &[condition, side], |p| {
            p.satisfies(condition) && p.satisfies(side) && p.fits_together(release)
        }) {
            Found::Some(point) => Some(point),
            Found::None | Found::TooMany => None,
        }
    })
}
