//! `time/timeout_too_short`: the time a stage may take is over before its own steps can be.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Stage, Step};
use crate::plan::{Pace, Plan};

/// The diagnostic.
pub const CODE: Code = Code("time/timeout_too_short");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// How many steps are shown.
const SHOWN: usize = 3;

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    for stage in &plan.release().stages {
        let Some(timeout) = stage.timeout else { continue };
        let mut steps: Vec<(&Step, i64)> = plan
            .release()
            .sure_steps(stage)
            .into_iter()
            .map(|s| (s, least(plan, s)))
            .filter(|(_, ms)| *ms > 0)
            .collect();
        let sum = steps.iter().fold(0_i64, |sum, (_, ms)| sum.saturating_add(*ms));
        if sum <= timeout.as_ms() {
            if let Some(d) = said(stage) {
                bag.push(d);
            }
            continue;
        }
        // Where several are to blame, the longest say most.
        steps.sort_by_key(|(_, ms)| std::cmp::Reverse(*ms));
        let mut d = Diagnostic::error(
            CODE,
            stage.origin.span,
            format!(
                "`{}` never ends in time: its steps take at least {}, and it may take {timeout}",
                stage.name,
                place::span(sum)
            ),
        )
        .here(format!("given up after {timeout}"));
        for (step, ms) in steps.iter().take(SHOWN) {
            d = d.fact(step.origin.span, format!("takes at least {}", place::span(*ms)));
        }
        bag.push(
            d.help(format!("give it a `timeout` well beyond {}", place::span(sum)))
                .help("or let what takes so long be a stage of its own"),
        );
    }
}

/// What a stage says itself of how long it takes, where that is longer.
fn said(stage: &Stage) -> Option<Diagnostic> {
    let (timeout, (least, _, origin)) = (stage.timeout?, stage.takes.as_ref()?);
    if *least <= timeout {
        return None;
    }
    let name = &stage.name;
    let message =
        format!("`{name}` never ends in time: it takes at least {least}, and it may take {timeout}");
    Some(
        Diagnostic::error(CODE, stage.origin.span, message)
            .here(format!("given up after {timeout}"))
            .fact(origin.span, format!("takes at least {least}"))
            .help(format!("give it a `timeout` well beyond {least}")),
    )
}

/// The shortest time a step takes, in milliseconds.
fn least(plan: &Plan, step: &Step) -> i64 {
    plan.step_time(step, Pace::Shortest).as_ms()
}
