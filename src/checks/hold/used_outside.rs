//! `hold/used_outside`: what a hold captured when it was entered is used by a stage that it does not span.
//!
//! Outside the hold nothing says that it was entered, so the value may not be there.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{CaptureSource, HoldId, StageId, Used};
use crate::plan::{Plan, doing};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("hold/used_outside");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    if r.holds.is_empty() {
        return;
    }
    let spans: Vec<BTreeSet<StageId>> = (0..r.holds.len())
        .map(|h| plan.hold_stages(HoldId::at(h)).into_iter().collect())
        .collect();
    for (i, stage) in r.stages.iter().enumerate() {
        let id = StageId::at(i);
        for step in stage.forward_steps() {
            let mut used = doing(step).map(Used::of_act).unwrap_or_default();
            let when = Used::of_cond(&step.when);
            used.captures.extend(when.captures);
            used.priors.extend(when.priors);
            let Some((hold, name)) = outside(plan, id, &used, &spans) else {
                continue;
            };
            let held = r.hold(hold);
            bag.push(
                Diagnostic::warning(
                    CODE,
                    step.origin.span,
                    format!(
                        "`{}` uses `{}.{name}` outside of `{}`",
                        stage.name, held.name, held.name
                    ),
                )
                .here("may not be set here")
                .fact(
                    held.during_origin.span,
                    format!("`{}` spans these stages", held.name),
                )
                .help(format!(
                    "let `{}` span `{}`, or capture the value in a stage",
                    held.name, stage.name
                )),
            );
            break;
        }
    }
}

/// The first value of a hold that is used by a stage it does not span.
fn outside(plan: &Plan, id: StageId, used: &Used, spans: &[BTreeSet<StageId>]) -> Option<(HoldId, String)> {
    let r = plan.release();
    let captured = used
        .captures
        .iter()
        .filter(|c| c.index() < r.captures.len())
        .filter_map(|c| match r.capture(*c).source {
            CaptureSource::Hold(h) => Some((h, r.capture(*c).name.to_string())),
            _ => None,
        });
    let recorded = used
        .priors
        .iter()
        .filter_map(|p| Some((r.prior(*p).hold?, r.prior(*p).name.to_string())));
    captured
        .chain(recorded)
        .find(|(h, _)| !spans[h.index()].contains(&id))
}
