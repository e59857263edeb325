//! Triggers as jobs that watch metrics beside the stages, each for less than six hours, then handing over to the next.
//!
//! Called by `lower`.

use crate::emit::environments::Purpose;
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::job::{JobBuilder, job_name, json_list};
use crate::emit::github::lower::segments::{SegmentKind, What};
use crate::emit::github::lower::{call, names, order};
use crate::emit::github::model::{Expr, Job};
use crate::model::{FailureOutcome, StageId, TriggerId, TriggerTest};
use crate::plan::Node;
use std::collections::BTreeSet;

/// How long one watcher lives, in seconds.
const CHUNK: i64 = 5 * 3600 + 1800;
/// Most watchers of one trigger: a run lives 35 days.
const MOST: i64 = 150;

/// How many watchers a trigger needs, one after the other, for as long as its stages may take.
pub fn parts(ctx: &Ctx<'_>, id: TriggerId) -> usize {
    let trigger = &ctx.release.triggers[id.index()];
    let day = 86_400;
    let mut seconds = 3600;
    for s in &trigger.during {
        for segment in ctx.segments(*s) {
            seconds += match &segment.kind {
                SegmentKind::Work(items) => items
                    .iter()
                    .map(|i| match &i.what {
                        What::Wait(_) | What::Gate(_) | What::Step(_) | What::May(_) => i.seconds,
                    })
                    .sum::<i64>(),
                SegmentKind::Person(ask) => ask.within.map_or(day, |w| w.as_seconds()),
                SegmentKind::Sleep(..) => CHUNK,
                SegmentKind::Timer(minutes, ..) => minutes * 60,
            };
            for a in &segment.approvals {
                seconds += ctx.release.approval(*a).within.map_or(day, |w| w.as_seconds());
            }
        }
    }
    // An approval between two of its stages is waited for while it watches.
    let first = first(ctx, &trigger.during);
    for (i, approval) in ctx.release.approvals.iter().enumerate() {
        let node = Node::Approval(crate::model::ApprovalId::at(i));
        let before = ctx.plan.ancestors(node);
        let after = ctx.plan.descendants(node);
        let between = first.iter().any(|s| ctx.plan.contains(&before, Node::Stage(*s)))
            && trigger
                .during
                .iter()
                .any(|s| ctx.plan.contains(&after, Node::Stage(*s)));
        if between {
            seconds += approval.within.map_or(day, |w| w.as_seconds());
        }
    }
    usize::try_from(((seconds + CHUNK - 1) / CHUNK).clamp(1, MOST)).unwrap_or(1)
}

/// Whether a trigger only calls somebody: the run goes on.
pub fn calls(ctx: &Ctx<'_>, id: TriggerId) -> bool {
    matches!(ctx.release.triggers[id.index()].then, FailureOutcome::Escalate(_))
}

/// The stages of a list that none of the others comes before.
fn first(ctx: &Ctx<'_>, during: &[StageId]) -> Vec<StageId> {
    during
        .iter()
        .copied()
        .filter(|s| {
            let before = ctx.plan.ancestors(Node::Stage(*s));
            !during.iter().any(|o| ctx.plan.contains(&before, Node::Stage(*o)))
        })
        .collect()
}

/// The jobs of a trigger over metrics.
pub fn jobs(ctx: &Ctx<'_>, id: TriggerId) -> Vec<Job> {
    let trigger = &ctx.release.triggers[id.index()];
    let TriggerTest::Metrics(e) = &trigger.test else {
        return Vec::new();
    };
    let count = parts(ctx, id);
    let names_of = |s: &StageId| {
        ctx.segments(*s)
            .iter()
            .map(|s| s.name.clone())
            .collect::<Vec<_>>()
    };
    let watched: Vec<String> = trigger.during.iter().flat_map(names_of).collect();
    let last: Vec<String> = trigger
        .during
        .iter()
        .filter_map(|s| ctx.segments(*s).last().map(|s| s.name.clone()))
        .collect();
    (1..=count)
        .map(|part| {
            let suffix = if part == 1 {
                String::new()
            } else {
                format!(" (part {part})")
            };
            let name = format!("{}{suffix}", job_name("Trigger", &trigger.name));
            let mut b = JobBuilder::new(ctx, names::watch(ctx.release, id, part), name);
            b.from(&trigger.origin);
            let mut cond = order::begun(&mut b.needs);
            // Before any of its stages there is nothing to watch: it waits for what all of them wait for.
            let open: Vec<BTreeSet<Node>> = first(ctx, &trigger.during)
                .into_iter()
                .map(|s| {
                    ctx.plan
                        .waits_for(Node::Stage(s))
                        .into_iter()
                        .map(|(n, _)| n)
                        .collect()
                })
                .collect();
            let common = open
                .iter()
                .skip(1)
                .fold(open.first().cloned().unwrap_or_default(), |all, one| {
                    all.intersection(one).copied().collect()
                });
            for node in common {
                cond.extend(order::ended(ctx, node, &mut b.needs));
            }
            if !ctx.baselines.is_empty() {
                cond.push(order::simply(ctx, "baseline", &mut b.needs));
            }
            if part > 1 {
                let before = names::watch(ctx.release, id, part - 1);
                cond.push(Expr::succeeded(&before));
                cond.push(Expr::Output(before.clone(), "again".into()).is("true"));
                b.need(before);
            }
            let mut vars = b.vars("V");
            vars.text("RELEASEC_WATCHED", json_list(watched.iter().cloned()));
            vars.text("RELEASEC_FINAL", json_list(last.iter().cloned()));
            let cause = format!("trigger:{}", trigger.name);
            b.watch((id, e), trigger.over, &cause, CHUNK, vars);
            if let FailureOutcome::Escalate(channel) = trigger.then {
                call::of_trigger(&mut b, id, channel);
            }
            let place = ctx.release.environment;
            let environment = ctx.environment(&Purpose::Deploy(place));
            b.finish(Expr::all(cond), Some(environment), Some(place), "watch")
        })
        .collect()
}
