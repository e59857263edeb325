//! A rollout that gives way: after a failure its steps run again at the value of the step before.
//!
//! Called by `lower`. Must not know what the owner is asked afterwards.

use crate::emit::github::lower::conds::expr;
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::job::{JobBuilder, job_name, success_and};
use crate::emit::github::lower::{names, segments, settle, work};
use crate::emit::github::model::{Expr, Job};
use crate::emit::parts::At;
use crate::model::{Cond, Rollout, RolloutStep, Stage, StageId};
use std::collections::BTreeSet;
use std::ops::Range;

/// The jobs that take a rollout one step back when a step of it failed; on the first step the run is rolled back instead.
pub fn jobs(ctx: &Ctx<'_>, id: StageId) -> Vec<Job> {
    let s = ctx.release.stage(id);
    let Some(rollout) = s.rollout.as_ref().filter(|r| r.demote.is_some()) else {
        return Vec::new();
    };
    let portions = settle::portions(ctx, id).into_iter();
    portions.map(|p| demoted(ctx, id, rollout, p)).collect()
}

fn demoted(ctx: &Ctx<'_>, id: StageId, rollout: &Rollout, portion: Range<usize>) -> Job {
    let s = ctx.release.stage(id);
    let all = &ctx.segments(id)[..portion.end];
    let base = &all[portion.end - 1].job;
    let name = all[portion.end - 1].name.trim_start_matches("Stage ");
    let whole = portion == (0..ctx.segments(id).len());
    let name = if whole { s.name.as_str() } else { name };
    let mut b = JobBuilder::new(ctx, names::with(base, "demote"), job_name("Demote", name));
    b.from(&rollout.origin);
    b.at = At::Aside;
    let segments = &all[portion.clone()];
    let jobs: Vec<String> = segments.iter().map(|s| s.job.clone()).collect();
    let wrong = Expr::any(jobs.iter().map(|j| Expr::went_wrong(j)).collect::<Vec<_>>());
    // Where a person is only asked, no job says how far the rollout came, or that it gave way.
    let works = |s: &&segments::Segment<'_>| matches!(s.kind, segments::SegmentKind::Work(_));
    let rests = |s: &&segments::Segment<'_>| matches!(s.kind, segments::SegmentKind::Sleep(..));
    let work = all.iter().rev().filter(works);
    let rung = Expr::first(work.map(|s| Expr::Output(s.job.clone(), "rung".into())).collect());
    let mut cond = vec![Expr::not_cancelled(), wrong];
    let waits = segments.iter().filter(|s| works(s) || rests(s));
    cond.extend(waits.map(|s| Expr::Output(s.job.clone(), "stopped".into()).differs("true")));
    b.needs.extend(jobs.iter().cloned());
    let mut needs = BTreeSet::new();
    for (i, before) in rollout.steps.iter().enumerate() {
        let above = rollout.steps.get(i + 1..).unwrap_or_default();
        if above.is_empty() || before.work.is_empty() {
            continue;
        }
        let reached = from_above(ctx, above, &rung, &mut needs);
        needs.extend(all.iter().filter(works).map(|s| s.job.clone()));
        for step in &before.work {
            let how = work::How {
                id: format!("back_{}", step.slug),
                cond: success_and([expr(ctx, &before.when, &mut needs), reached.clone()]),
                captures: Vec::new(),
                ..work::How::of(step)
            };
            b.do_step(step, how);
        }
    }
    b.needs.extend(needs);
    let environment = ctx.environment(&crate::emit::environments::Purpose::Deploy(s.environment));
    b.finish(Expr::all(cond), Some(environment), Some(s.environment), &s.slug)
}

/// The rollout came to one of these steps, and none between applies.
fn from_above(ctx: &Ctx<'_>, above: &[RolloutStep], rung: &Expr, needs: &mut BTreeSet<String>) -> Expr {
    let mut ways = Vec::new();
    let mut between = Vec::new();
    for step in above {
        let mut way = vec![rung.clone().is(&step.slug)];
        way.extend(between.iter().cloned());
        ways.push(Expr::all(way));
        if step.when == Cond::True {
            break;
        }
        between.push(expr(ctx, &step.when, needs).negate());
    }
    Expr::any(ways)
}

/// The first step of a rollout that applies, where that is not always the first one: there is nothing before it to go back to.
pub fn lowest(ctx: &Ctx<'_>, stage: &Stage, needs: &mut BTreeSet<String>) -> Option<Expr> {
    let rollout = stage.rollout.as_ref().filter(|r| r.demote.is_some())?;
    if rollout.steps.first().is_none_or(|s| s.when == Cond::True) {
        return None;
    }
    let mut list = Vec::new();
    for step in &rollout.steps {
        let name = Expr::str(&*step.slug);
        if step.when == Cond::True {
            list.push(name);
            break;
        }
        list.push(Expr::And(vec![expr(ctx, &step.when, needs), name]));
    }
    Some(Expr::first(list))
}
