//! What people confirm: the step that reads who let a job pass, and what that counts as.
//!
//! Must not know when the job starts. Called by `stage`, `chain`, `consent`, `settle` and `rollback`.

use crate::emit::environments::Purpose;
use crate::emit::github::lower::context::{Ctx, Kept};
use crate::emit::github::lower::job::{JobBuilder, json_list, moments, token};
use crate::emit::github::lower::seats;
use crate::emit::github::lower::segments::Ask;
use crate::emit::github::model::Expr;
use crate::emit::github::script::Fixed;
use crate::emit::parts::{At, Deed, Purpose as Meant};
use crate::model::{Dur, Seat, Stage, StageId, StepKind};

/// The part of the plan that a question of a stage is.
pub fn asks_for(ctx: &Ctx<'_>, id: StageId, ask: &Ask<'_>) -> Meant {
    let at = At::Stage(id);
    match (&ask.purpose, ask.gate) {
        (_, Some(gate)) => Meant::new(at, &ctx.release.gate(gate).name, Deed::Judge(gate)),
        (Purpose::Step(_, slug), _) => {
            let steps = ctx.release.stage(id).forward_steps();
            let waits = steps
                .iter()
                .any(|s| s.slug == *slug && matches!(s.kind, StepKind::WaitFor(_)));
            Meant::new(at, slug, if waits { Deed::Await } else { Deed::Act })
        }
        _ => Meant::new(at, "start", Deed::Begin),
    }
}

/// What the script is told where a late answer counts as a yes.
pub const LATE_AGREES: &str = "agrees";

/// How long an answer counts.
#[derive(Debug, Clone, Copy)]
pub struct Within<'e> {
    /// For ever when not said.
    pub time: Option<Dur>,
    /// The moments, of which it was asked at the last.
    pub asked: &'e [Expr],
    /// Whether one that comes later is a yes, whatever it says.
    pub silence_agrees: bool,
}

impl Within<'_> {
    /// An answer that never comes too late.
    pub const ALWAYS: Within<'static> = Within {
        time: None,
        asked: &[],
        silence_agrees: false,
    };
}

/// The step of a job that a person has to let pass, with what it leaves.
pub fn confirmed(
    b: &mut JobBuilder<'_, '_>,
    (purpose, part): (&Purpose, Meant),
    (units, besides): (&[String], &[String]),
    kept: Vec<Kept>,
    within: Within<'_>,
    verdict: Option<String>,
) {
    let ctx = b.ctx;
    let mut vars = b.vars("V");
    vars.parts = vec![part.clone()];
    token(&mut vars);
    b.permit("actions", false, "to read who confirmed it");
    vars.text("ENVIRONMENT", ctx.environment(purpose));
    vars.text("UNITS", json_list(units.iter().cloned()));
    vars.text("BESIDES", json_list(besides.iter().cloned()));
    vars.text("KEEP", json_list(kept.iter().map(|k| ctx.kept_name(*k))));
    vars.text("VERDICT", verdict.clone().unwrap_or_default());
    vars.text(
        "WITHIN",
        within.time.map_or(String::new(), |w| w.as_seconds().to_string()),
    );
    vars.text("LATE", if within.silence_agrees { LATE_AGREES } else { "" });
    vars.set("ASKED", moments(within.asked));
    // Whoever carries out the release is not one of those who approved it, where the plan says so.
    match (part.at, part.deed) {
        (At::Stage(id), Deed::Act) => {
            vars.text("APART", json_list(seats::apart_of_hands(ctx.release)));
            seats::rules(ctx, &mut vars, &|s| {
                *s == Seat::Executor(id) || *s == Seat::Executors
            });
        }
        _ => {
            vars.text("APART", "[]");
            seats::rules(ctx, &mut vars, &|_| false);
        }
    }
    for k in kept {
        b.leave_kept(k, "person");
    }
    for output in ["by", "at", "state"] {
        b.leave(output, Expr::StepOutput("person".into(), output.into()));
    }
    if let Some(verdict) = verdict {
        b.leave(&verdict.clone(), Expr::StepOutput("person".into(), verdict));
    }
    b.fixed(Some("person"), "Who confirmed it", None, vars, Fixed::Person);
}

/// What a question of a stage counts as once it is answered, or gone past.
pub fn unit_of(ctx: &Ctx<'_>, stage: &Stage, ask: &Ask<'_>) -> String {
    let own = match (ask.units.first(), ask.gate) {
        (Some(unit), _) => unit.clone(),
        (None, Some(gate)) => format!("g_{}", crate::emit::environments::gate_slug(ctx.release, gate)),
        (None, None) => "start".to_string(),
    };
    format!("{}.{own}", stage.slug)
}
