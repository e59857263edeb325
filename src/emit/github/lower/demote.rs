//! A rollout that gives way: after a failure its steps run again at the value of the step before.
//!
//! Called by `lower`. Must not know what the owner is asked afterwards.

use crate::emit::enforce::rules;
use crate::emit::environments;
use crate::emit::github::lower::conds::{expr, is_static};
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::job::{JobBuilder, job_name, success_and};
use crate::emit::github::lower::limits::limit;
use crate::emit::github::lower::{names, segments, settle, stage, work};
use crate::emit::github::model::{Expr, Job};
use crate::emit::parts::At;
use crate::emit::people::stage_duty;
use crate::model::{Cond, GateTest, Rollout, RolloutStep, Stage, StageId, Step, StepKind};
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
    b.finish(
        Expr::all(cond),
        Some(environment),
        Some(s.environment),
        &stage_duty(ctx.release, id),
    )
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

/// What is not known of a rollout when it is to go back to the step before.
pub fn limits(ctx: &Ctx<'_>) {
    for stage in &ctx.release.stages {
        let Some(rollout) = stage.rollout.as_ref().filter(|r| r.demote.is_some()) else {
            continue;
        };
        // Which step that is, is a matter of expressions, and those do not compare values as the plan does.
        let dynamic = |s: &&RolloutStep| !is_static(ctx.release, &s.when);
        if let Some(step) = rollout.steps.iter().find(dynamic) {
            limit(
                ctx,
                &[rules::ROLLOUT],
                &step.origin,
                format!(
                    "where `{}` steps back to depends on a comparison of values at `{}`",
                    stage.name, step.name
                ),
                "go by a parameter of type `bool` or `one_of(…)`, or by a decision",
            );
        }
        if stage::goes_on(stage) {
            limit(
                ctx,
                &[rules::ROLLOUT],
                &rollout.origin,
                format!(
                    "`{}` steps back when a step of its rollout fails, and goes on when anything else does",
                    stage.name
                ),
                "leave out `demote`, or say `on_failure { then pause }` for the stage",
            );
        }
        let lower = rollout.steps.split_last().map_or(&[][..], |(_, lower)| lower);
        let mut again = lower.iter().flat_map(|s| &s.work);
        if let Some(step) = rollout.steps.iter().find_map(|s| begins_with_a_person(ctx, s)) {
            let help = match step.kind {
                StepKind::VerifyGate(_) => {
                    "say in the gate what follows when it does not pass: `otherwise pause`"
                }
                _ => "let a command do it, or leave out `demote` and say in `on_failure` what follows",
            };
            limit(
                ctx,
                &[rules::ROLLOUT],
                &step.origin,
                format!(
                    "`{}` steps back when a step fails in which a person is asked",
                    stage.name
                ),
                help,
            );
        } else if let Some(step) = again.find(|s| environments::asked(s).is_some()) {
            limit(
                ctx,
                &[rules::ROLLOUT],
                &step.origin,
                format!("`{}` steps back by doing again what a person does", stage.name),
                "let a command do it, or leave out `demote` and say in `on_failure` what follows",
            );
        }
    }
}

/// The question a step of a rollout begins with: where a person is asked, no job keeps at which step that was; a command before it does.
fn begins_with_a_person<'a>(ctx: &Ctx<'_>, at: &'a RolloutStep) -> Option<&'a Step> {
    let asks = |step: &Step| match &step.kind {
        StepKind::VerifyGate(g) => {
            let gate = ctx.release.gate(*g);
            matches!(gate.test, GateTest::Ask(_)) && gate.otherwise.is_none()
        }
        _ => environments::asked(step).is_some(),
    };
    let mut steps = at.work.iter().chain(&at.checks);
    steps.find(|s| asks(s) || s.act().is_some()).filter(|s| asks(s))
}
