//! `rollback/not_rehearsed`: the way back was never tried, or was tried too long ago, elsewhere, or with something else.
//!
//! An error where a rehearsal is written that proves nothing; one warning for the release where none is.

use crate::checks::{Check, Subject, limit, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Dur, EnvId, Release, Rollback, StageId, Tested};
use crate::plan::{Plan, StageUndo};

/// The diagnostic.
pub const CODE: Code = Code("rollback/not_rehearsed");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// How old a rehearsal may be when no policy says otherwise.
const OLDEST: Dur = Dur {
    ms: 7 * 86_400_000,
    working_days: 0,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    if let Some(tested) = &r.tested {
        let shipped: Vec<StageId> = (0..r.stages.len()).map(StageId::at).collect();
        judge(plan, tested, "the release", r.environment, &shipped, bag);
    }
    let mut untried: Vec<StageId> = Vec::new();
    for (i, stage) in r.stages.iter().enumerate() {
        let id = StageId::at(i);
        if let Rollback::Written(w) = &stage.rollback
            && let Some(tested) = &w.tested
        {
            let what = format!("the rollback of `{}`", stage.name);
            judge(plan, tested, &what, stage.environment, &[id], bag);
            continue;
        }
        let undone = matches!(plan.undo(id), StageUndo::Written(_) | StageUndo::Derived(_));
        if undone && r.is_production(stage.environment) {
            untried.push(id);
        }
    }
    if r.tested.is_some() || untried.is_empty() {
        return;
    }
    let names = place::names(untried.iter().map(|s| r.stage(*s).name.as_str()), 3);
    let mut d = Diagnostic::warning(
        CODE,
        r.origin.span,
        format!("the way back of {names} was never rehearsed"),
    )
    .here("no `tested` here or in the rollbacks");
    for stage in untried.iter().take(3) {
        let stage = r.stage(*stage);
        let origin = match &stage.rollback {
            Rollback::Written(w) => &w.origin,
            _ => &stage.origin,
        };
        d = d.fact(origin.span, format!("`{}` is undone in production", stage.name));
    }
    bag.push(d.help(how(r, r.stage(untried[0]).environment)));
}

/// How a way back is rehearsed that is meant for an environment: where the plan knows a place that mirrors it, there.
fn how(release: &Release, meant_for: EnvId) -> String {
    let mirror = release.environments.iter().find(|e| e.mirrors == Some(meant_for));
    let (which, place) = match mirror {
        Some(mirror) => (String::new(), mirror.name.as_str()),
        None => {
            let name = &release.env(meant_for).name;
            (format!(" in an environment that `mirrors {name}`"), "ENVIRONMENT")
        }
    };
    format!(
        "rehearse the plan and its undos{which}, and write `tested {{ in {place}; on DATE; evidence \"…\" }}`"
    )
}

/// What is wrong with a rehearsal of something that is meant for an environment.
fn judge(plan: &Plan, tested: &Tested, what: &str, meant_for: EnvId, stages: &[StageId], bag: &mut Bag) {
    let r = plan.release();
    let here = tested.origin.span;
    if let Some(env) = tested.environment
        && r.is_production(env)
        && r.is_production(meant_for)
        && (env == meant_for || r.env(env).mirrors != Some(meant_for))
    {
        let name = &r.env(env).name;
        bag.push(
            Diagnostic::error(
                CODE,
                here,
                format!("{what} was rehearsed in `{name}`, which is production itself"),
            )
            .here("that was no rehearsal")
            .fact(
                r.env(env).origin.span,
                format!("`{name}` is of `kind production`"),
            )
            .help("rehearse it where nobody is hurt, in an environment that mirrors production"),
        );
    } else if let Some(env) = tested.environment
        && r.is_production(meant_for)
        && env != meant_for
        && r.env(env).mirrors != Some(meant_for)
    {
        let (there, target) = (&r.env(env).name, &r.env(meant_for).name);
        let mut d = Diagnostic::error(
            CODE,
            here,
            format!("{what} was rehearsed in `{there}`, which does not mirror `{target}`"),
        )
        .here("shows nothing about production");
        d = match r.env(env).mirrors {
            Some(other) => d.fact(
                r.env(env).origin.span,
                format!("`{there}` mirrors `{}`", r.env(other).name),
            ),
            None => d.fact(r.env(env).origin.span, format!("`{there}` mirrors nothing")),
        };
        bag.push(
            d.fact(r.env(meant_for).origin.span, "where it will run")
                .help(format!(
                    "rehearse it where it counts, or write `mirrors {target}` in `{there}` if it does"
                )),
        );
    }
    judge_digest(plan, tested, what, stages, bag);
    let Some(on) = tested.on else { return };
    let Some((start, written)) = plan.start_day() else {
        bag.push(
            Diagnostic::info(
                CODE,
                here,
                format!("undecided: whether the rehearsal of {what} is recent enough"),
            )
            .here(format!("on {on}"))
            .fact(r.origin.span, "the release says neither `start` nor `window`")
            .help("write when the release takes place: `start 2026-06-01T02:30`"),
        );
        return;
    };
    let (oldest, limit) = match limit::duration(plan, CODE.0) {
        Some((d, limit)) => (d, Some(limit)),
        None => (OLDEST, None),
    };
    let days = (start - on).get_days();
    let age = i64::from(days).saturating_mul(86_400_000);
    let problem = if days < 0 {
        format!("{what} is said to be rehearsed on {on}, after the start on {start}")
    } else if age > oldest.as_ms() {
        format!("{what} was rehearsed {days} days before the start, and {oldest} is the limit")
    } else {
        return;
    };
    let mut d = Diagnostic::error(CODE, here, problem)
        .here(format!("on {on}"))
        .fact(written, format!("the plan starts on {start}"));
    if let Some(limit) = limit {
        d = place::fact(d, &limit.origin, "the policy's limit");
    }
    bag.push(d.help("rehearse it again before the start, and write the new date"));
}

/// A rehearsal of something else: none of the artifacts that are shipped has the digest that was rehearsed.
fn judge_digest(plan: &Plan, tested: &Tested, what: &str, stages: &[StageId], bag: &mut Bag) {
    let r = plan.release();
    let Some(digest) = &tested.digest else { return };
    let mut others = Vec::new();
    for (artifact, origin) in stages.iter().flat_map(|s| &r.stage(*s).ships) {
        match &r.artifact(*artifact).digest {
            Some(shipped) if shipped == digest => return,
            Some(shipped) if shipped.known().is_some() && digest.known().is_some() => {
                others.push((*artifact, origin));
            }
            // What is known at run time only may turn out to be the same.
            _ => return,
        }
    }
    let Some((artifact, origin)) = others.first() else {
        return;
    };
    let name = &r.artifact(*artifact).name;
    let d = Diagnostic::error(
        CODE,
        tested.origin.span,
        format!("{what} was rehearsed with another digest"),
    )
    .here("rehearsed with this")
    .fact(
        r.artifact(*artifact).origin.span,
        format!("the digest of `{name}` is another"),
    );
    bag.push(
        place::fact(d, origin, format!("`{name}` is shipped here"))
            .help("rehearse what is shipped, and write its digest"),
    );
}
