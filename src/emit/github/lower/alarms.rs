//! Alarms are quiet before anything begins: where a trigger would act at once, nobody is asked and nothing is changed.
//!
//! A trigger watches while its stages run. What sounds before has another cause than the release, which would be taken back for it. A run
//! that goes on with another does not look again: its owner has decided. Called by `lower`.

use crate::emit::environments::Purpose;
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::job::{JobBuilder, success_and};
use crate::emit::github::lower::{order, trigger};
use crate::emit::github::model::{Expr, Job};
use crate::model::{MetricExpr, TriggerId, TriggerTest};

/// The id of the job that looks.
pub const JOB: &str = "alarms";

/// What a trigger that acts measures, where nothing of it is a multiple of what is only measured at the start.
fn measured<'a>(ctx: &Ctx<'a>, id: TriggerId) -> Option<&'a MetricExpr> {
    let TriggerTest::Metrics(test) = &ctx.release.triggers[id.index()].test else {
        return None;
    };
    (!trigger::calls(ctx, id) && !test.needs_baseline()).then_some(test)
}

/// The job that looks whether they are quiet; none where no trigger acts by metrics.
pub fn quiet(ctx: &Ctx<'_>) -> Option<Job> {
    let looked = ctx.watched().into_iter();
    let looked: Vec<_> = looked.filter_map(|id| Some((id, measured(ctx, id)?))).collect();
    if looked.is_empty() {
        return None;
    }
    let mut b = JobBuilder::new(ctx, JOB, "Alarms are quiet");
    let cond = order::begun(&mut b.needs);
    for (id, test) in looked {
        let over = ctx.release.triggers[id.index()].over;
        let first = ctx.resumable().then(|| Expr::Input("resume".into()).is(""));
        b.quiet((id, test), over, first.and_then(|f| success_and([f])));
    }
    let place = ctx.release.environment;
    let environment = ctx.environment(&Purpose::Deploy(place));
    Some(b.finish(Expr::all(cond), Some(environment), Some(place), "watch"))
}

/// What waits for the preflight waits for that look as well.
pub fn after(mut jobs: Vec<Job>) -> Vec<Job> {
    if !jobs.iter().any(|j| j.id == JOB) {
        return jobs;
    }
    let let_begin = Expr::succeeded("preflight");
    for job in jobs.iter_mut().filter(|j| j.id != JOB) {
        let Expr::And(list) = &mut job.cond else { continue };
        if let Some(at) = list.iter().position(|e| *e == let_begin) {
            list.insert(at + 1, Expr::succeeded(JOB));
            job.needs.push(JOB.to_string());
            job.needs.sort_unstable();
            job.needs.dedup();
        }
    }
    jobs
}
