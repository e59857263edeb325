//! How far a stage came inside its own jobs: what stands before one of them, and where it begins.
//!
//! Called by `stage`, and by `around` for the holds that begin with a stage. Must not know what a job does.

use crate::emit::github::lower::conds::{expr, is_static};
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::segments::{Segment, SegmentKind};
use crate::emit::github::lower::stage::goes_on;
use crate::emit::github::lower::{order, person};
use crate::emit::github::model::Expr;
use crate::model::{Cond, StageId};
use std::collections::BTreeSet;

/// A stage came to one of its jobs: what stands before it in the stage was done, or did not apply.
pub fn came_to(ctx: &Ctx<'_>, id: StageId, index: usize, needs: &mut BTreeSet<String>) -> Vec<Expr> {
    let stage = ctx.release.stage(id);
    let mut list = Vec::new();
    // A question or a wait that does not apply is skipped, and the job before it counts.
    for segment in ctx.segments(id)[..index].iter().rev() {
        let job = segment.job.clone();
        needs.insert(job.clone());
        let skippable = skippable(ctx, id, segment, needs);
        let mut ways = vec![Expr::succeeded(&job)];
        ways.extend(
            skippable
                .clone()
                .map(|s| Expr::all([Expr::Result(job.clone()).is("skipped"), s])),
        );
        list.push(Expr::any(ways));
        if skippable.is_none() {
            break;
        }
    }
    if !is_static(ctx.release, &stage.when) {
        let first = ctx.first_work(id).to_string();
        list.push(Expr::Output(first, "applicable".into()).differs("false"));
    }
    if goes_on(stage) {
        let before = &ctx.segments(id)[..index];
        for segment in before.iter().filter(|s| matches!(s.kind, SegmentKind::Work(_))) {
            needs.insert(segment.job.clone());
            list.push(Expr::Output(segment.job.clone(), "failed".into()).differs("true"));
        }
    }
    list
}

/// What is asked and waited for before a stage begins is over, or the stage does not begin and what it enters is for others.
pub fn ready(ctx: &Ctx<'_>, id: StageId, needs: &mut BTreeSet<String>) -> Option<Expr> {
    let stage = ctx.release.stage(id);
    let count = ctx.segments(id).iter().take_while(|s| s.before_holds).count();
    if count == 0 {
        return None;
    }
    let mut ways = vec![Expr::all(came_to(ctx, id, count, needs))];
    if is_static(ctx.release, &stage.when) {
        ways.push(expr(ctx, &stage.when, needs).negate());
    } else {
        let first = ctx.first_work(id).to_string();
        needs.insert(first.clone());
        ways.push(Expr::Output(first, "applicable".into()).is("false"));
    }
    if goes_on(stage) {
        let work = |s: &&Segment<'_>| matches!(s.kind, SegmentKind::Work(_));
        for segment in ctx.segments(id)[..count].iter().filter(work) {
            needs.insert(segment.job.clone());
            ways.push(Expr::all([
                Expr::succeeded(&segment.job),
                Expr::Output(segment.job.clone(), "failed".into()).is("true"),
            ]));
        }
    }
    if ctx.resumable() {
        ways.push(ctx.done(&stage.slug));
    }
    Some(Expr::any(ways))
}

/// When a job of a stage is skipped although the stage goes on.
fn skippable(
    ctx: &Ctx<'_>,
    id: StageId,
    segment: &Segment<'_>,
    needs: &mut BTreeSet<String>,
) -> Option<Expr> {
    let stage = ctx.release.stage(id);
    let (when, unit) = match &segment.kind {
        SegmentKind::Work(_) => return None,
        SegmentKind::Person(ask) => (&ask.when, Some(person::unit_of(ctx, stage, ask))),
        SegmentKind::Sleep(_, when) => (when, None),
        SegmentKind::Timer(_, units, when) => {
            (when, units.first().map(|unit| format!("{}.{unit}", stage.slug)))
        }
    };
    let mut ways = Vec::new();
    if let SegmentKind::Person(ask) = &segment.kind {
        ways.extend(
            ask.gate
                .iter()
                .flat_map(|g| order::not_overridden(ctx, *g))
                .map(Expr::negate),
        );
    }
    if *when != Cond::True && is_static(ctx.release, when) {
        ways.push(expr(ctx, when, needs).negate());
    }
    if let Some(unit) = unit.filter(|_| ctx.resumable()) {
        ways.push(ctx.done(&unit));
    }
    match Expr::any(ways) {
        Expr::Bool(false) => None,
        e => Some(e),
    }
}

/// The job in which the stage begins: its time starts then, and it is told.
pub fn begins_in(ctx: &Ctx<'_>, id: StageId) -> usize {
    let segments = ctx.segments(id);
    let begins = segments.iter().position(Segment::begins).unwrap_or(0);
    segments[..=begins].iter().rposition(works).unwrap_or(0)
}

/// The job that looks whether the stage may begin: the one in which it begins, or where a person or a wait comes first, the last one
/// before that works; the window may have closed meanwhile, and its approvals may have lapsed. Holds are entered after that.
pub fn looks_in(ctx: &Ctx<'_>, id: StageId) -> usize {
    let before = |s: &Segment<'_>| s.before_holds && works(s);
    let free = ctx.segments(id).iter().rposition(before);
    free.unwrap_or_else(|| begins_in(ctx, id))
}

fn works(segment: &Segment<'_>) -> bool {
    matches!(segment.kind, SegmentKind::Work(_))
}
