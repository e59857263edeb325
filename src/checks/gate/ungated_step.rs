//! `gate/ungated_step`: a step of a rollout that widens exposure and judges nothing, or widens it too far at once.

use crate::checks::gate::too_late::late_rollout;
use crate::checks::limit::limit;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Cond, Rollout, RolloutStep, Stage, StepKind, Value};
use crate::source::{Rational, Span};

/// The diagnostic.
pub const CODE: Code = Code("gate/ungated_step");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// The most steps shown one by one.
const SHOWN: usize = 7;

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let widest = limit(subject.plan, CODE.0).and_then(|l| match l.value {
        Value::Percent(p) => Some((p, l.origin.span)),
        _ => None,
    });
    for stage in &release.stages {
        let Some(rollout) = &stage.rollout else { continue };
        // Judged only at the end is a finding of its own.
        if late_rollout(stage).is_none() {
            ungated(stage, rollout, bag);
        }
        if let Some((most, policy)) = widest {
            jumps(stage, rollout, most, policy, bag);
        }
    }
}

fn judges(step: &RolloutStep) -> bool {
    let mut steps = step.work.iter().chain(&step.checks);
    steps.any(|s| matches!(s.kind, StepKind::VerifyGate(_)) && s.when != Cond::False)
}

fn ungated(stage: &Stage, rollout: &Rollout, bag: &mut Bag) {
    let bare: Vec<&RolloutStep> = rollout
        .steps
        .iter()
        .filter(|s| s.when != Cond::False && !judges(s))
        .collect();
    let Some(first) = bare.first() else { return };
    let names: Vec<&str> = bare.iter().map(|s| s.name.as_str()).collect();
    let (noun, verb) = if bare.len() == 1 {
        ("step", "has")
    } else {
        ("steps", "have")
    };
    let mut d = Diagnostic::error(
        CODE,
        first.origin.span,
        format!(
            "the {noun} {} of `{}` {verb} no gate",
            place::names(names.iter().copied(), SHOWN),
            stage.name
        ),
    )
    .here("nothing is judged before the next step");
    d = place::through(d, &first.origin);
    for step in bare.iter().skip(1).take(SHOWN - 1) {
        if step.origin.span != first.origin.span {
            d = d.fact(step.origin.span, "nor here");
        }
    }
    bag.push(d.help("let the step wait and judge: `bake 15m; verify GATE`"));
}

fn jumps(stage: &Stage, rollout: &Rollout, most: Rational, policy: Span, bag: &mut Bag) {
    let mut before = Rational::ZERO;
    for step in rollout.steps.iter().filter(|s| s.when != Cond::False) {
        let Some(weight) = step.weight else { continue };
        let jump = weight.checked_sub(before);
        if jump.is_some_and(|j| j > most) {
            bag.push(
                Diagnostic::error(
                    CODE,
                    step.origin.span,
                    format!(
                        "`{}` goes from {} to {} at once, and the policy allows {}",
                        stage.name,
                        share(before),
                        share(weight),
                        share(most)
                    ),
                )
                .here("too far for one step")
                .fact(policy, "the limit is set here")
                .help("put steps in between"),
            );
        }
        before = weight;
    }
}

/// A share as it is written.
pub(super) fn share(value: Rational) -> String {
    value
        .checked_mul(Rational::int(100))
        .map_or_else(|| value.decimal(), |v| format!("{v}%"))
}
