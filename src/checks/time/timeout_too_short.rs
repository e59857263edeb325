//! `time/timeout_too_short`: the time a stage, or its rollback, may take is over before its own steps can be.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Cond, GateTest, Rollback, Stage, Step, StepKind};
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
        if let Some(d) = way_back(plan, stage) {
            bag.push(d);
        }
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
        let d = Diagnostic::error(
            CODE,
            stage.origin.span,
            format!(
                "`{}` never ends in time: its steps take at least {}, and it may take {timeout}",
                stage.name,
                place::span(sum)
            ),
        )
        .here(format!("given up after {timeout}"));
        bag.push(
            to_blame(d, &mut steps, "takes at least")
                .help(format!("give it a `timeout` well beyond {}", place::span(sum)))
                .help("or let what takes so long be a stage of its own"),
        );
    }
}

/// The steps as facts; where several are to blame, the longest say most.
fn to_blame(mut d: Diagnostic, steps: &mut [(&Step, i64)], takes: &str) -> Diagnostic {
    steps.sort_by_key(|(_, ms)| std::cmp::Reverse(*ms));
    for (step, ms) in steps.iter().take(SHOWN) {
        d = d.fact(step.origin.span, format!("{takes} {}", place::span(*ms)));
    }
    d
}

/// A written rollback of which the steps take longer than its `within`: each time, or when they take their longest.
fn way_back(plan: &Plan, stage: &Stage) -> Option<Diagnostic> {
    let Rollback::Written(written) = &stage.rollback else {
        return None;
    };
    let within = written.within?;
    let timed = |time: fn(&Plan, &Step) -> i64| {
        let gate = |s: &Step| match s.kind {
            StepKind::VerifyGate(g) => plan.release().gate(g).when == Cond::True,
            _ => true,
        };
        let sure = written.steps.iter().filter(|s| s.when == Cond::True && gate(s));
        let steps: Vec<(&Step, i64)> = sure
            .map(|s| (s, time(plan, s)))
            .filter(|(_, ms)| *ms > 0)
            .collect();
        let sum = steps.iter().fold(0_i64, |sum, (_, ms)| sum.saturating_add(*ms));
        (sum > within.as_ms()).then_some((steps, sum))
    };
    let span = written.origin.span;
    let name = &stage.name;
    let (d, sum) = if let Some((mut steps, sum)) = timed(least) {
        let message = format!(
            "the rollback of `{name}` never ends in time: its steps take at least {}, and it may take {within}",
            place::span(sum)
        );
        (
            to_blame(
                Diagnostic::error(CODE, span, message),
                &mut steps,
                "takes at least",
            ),
            sum,
        )
    } else {
        let (mut steps, sum) = timed(most)?;
        let message = format!(
            "the rollback of `{name}` may not end in time: its steps take up to {}, and it may take {within}",
            place::span(sum)
        );
        (
            to_blame(
                Diagnostic::warning(CODE, span, message),
                &mut steps,
                "takes up to",
            ),
            sum,
        )
    };
    let d = d.here(format!("given up after {within}"));
    Some(
        d.help(format!("give it at least `within {}`", place::span(sum)))
            .help("or let its steps take less"),
    )
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

/// The longest time that is written of a step itself, in milliseconds. How long a person or what is waited for may take is a bound on
/// patience, and counts as little as it can.
fn most(plan: &Plan, step: &Step) -> i64 {
    let patient = match &step.kind {
        StepKind::WaitFor(_) => true,
        StepKind::Act(act) => act.manual.is_some(),
        StepKind::VerifyGate(g) => matches!(plan.release().gate(*g).test, GateTest::Ask(_)),
        _ => false,
    };
    let pace = if patient && step.takes.is_none() {
        Pace::Shortest
    } else {
        Pace::Longest
    };
    plan.step_time(step, pace).as_ms()
}

/// The shortest time a step takes, in milliseconds.
fn least(plan: &Plan, step: &Step) -> i64 {
    plan.step_time(step, Pace::Shortest).as_ms()
}
