//! What answers come to that are given later than the plan says.
//!
//! Must not know how the workflow reads them. Called by `limits`.

use super::context::Ctx;
use super::limits::{Rules, detected};
use super::segments::Ask;
use crate::emit::enforce::rules;
use crate::emit::environments::Purpose;
use crate::model::{Dur, StepKind};

/// What a decision comes to that is answered later than the plan says.
pub fn decisions(ctx: &Ctx<'_>) {
    for decision in &ctx.release.decisions {
        let Some(within) = decision.question.within else {
            continue;
        };
        let comes = match decision.default.and_then(|i| decision.options.get(i)) {
            Some(option) => format!("comes out as `{}`", option.name),
            None => "rolls back".to_string(),
        };
        detected(
            ctx,
            &[rules::DECISION],
            &decision.origin,
            format!(
                "decision `{}`, answered later than {within}, {comes} when it is answered",
                decision.name
            ),
            "until then the run waits: GitHub ends a wait for a review after 30 days only",
        );
    }
}

/// What an answer counts as that comes later than the plan says.
pub fn answer(ctx: &Ctx<'_>, ask: &Ask<'_>, within: Dur) {
    let (rule, what): (Rules, _) = match (&ask.purpose, ask.gate) {
        (_, Some(gate)) => (&[rules::WITHIN], format!("`{}`", ctx.release.gate(gate).name)),
        (Purpose::Step(stage, slug), None) => {
            let steps = ctx.release.stage(*stage).forward_steps();
            let step = steps.into_iter().find(|s| s.slug == *slug);
            match step.map(|s| &s.kind) {
                Some(StepKind::WaitFor(_)) => (&[rules::WITHIN], "what is waited for".to_string()),
                _ => (&[rules::TIMEOUT], "work by hand".to_string()),
            }
        }
        _ => return,
    };
    let message = if ask.silence_agrees {
        format!("{what} is a yes after {within} only when somebody answers all the same")
    } else {
        format!("{what}, confirmed later than {within}, is refused when it is confirmed")
    };
    let note = if ask.silence_agrees {
        "until somebody approves or rejects, the run waits: at GitHub nobody's silence lets a job pass, and a wait for a review ends after 30 days, as a no"
    } else {
        "until then the run waits: GitHub ends a wait for a review after 30 days only"
    };
    detected(ctx, rule, ask.origin, message, note);
}
