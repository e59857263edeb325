//! When a job may start: everything it waits for has ended well, was not applicable, or was done by the run it goes on with.
//!
//! No condition relies on what GitHub adds by itself: its `success()` looks at all ancestors, and a skip two hops up would skip
//! the job. Called by `stage`, `consent`, `around` and `trigger`.

use crate::emit::environments::tickers;
use crate::emit::github::lower::conds::{expr, is_static};
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::segments::{Segment, SegmentKind};
use crate::emit::github::lower::{around, names};
use crate::emit::github::model::Expr;
use crate::model::{ApprovalId, Atom, Cond, DecisionId, GateId, HoldId, StageId};
use crate::plan::{EdgeKind, Node};
use std::collections::BTreeSet;

/// What every job of the release waits for.
pub fn begun(needs: &mut BTreeSet<String>) -> Vec<Expr> {
    needs.insert("preflight".to_string());
    vec![Expr::not_cancelled(), Expr::succeeded("preflight")]
}

/// Everything a stage waits for before it starts, its own condition not included.
pub fn before_stage(ctx: &Ctx<'_>, stage: StageId, needs: &mut BTreeSet<String>) -> Vec<Expr> {
    let mut list = begun(needs);
    list.extend(waited(ctx, Node::Stage(stage), needs));
    // A stage whose `after` may all be not applicable inherits theirs.
    let mut open: Vec<StageId> = follows(ctx, stage);
    let mut seen: BTreeSet<StageId> = open.iter().copied().collect();
    while !open.is_empty() && open.iter().all(|s| ctx.release.stage(*s).when != Cond::True) {
        let further: Vec<StageId> = open
            .iter()
            .flat_map(|s| follows(ctx, *s))
            .filter(|s| seen.insert(*s))
            .collect();
        for s in &further {
            list.push(stage_ended(ctx, *s, needs));
        }
        open = further;
    }
    list.extend(provided(ctx, stage, needs));
    list
}

/// Something inside a hold applies, as far as that is known before it is entered; else it may.
pub fn wanted(ctx: &Ctx<'_>, id: HoldId, needs: &mut BTreeSet<String>) -> Expr {
    let from = Node::Stage(ctx.release.hold(id).from);
    let given = |a: &Atom| match a {
        Atom::Param { .. } => true,
        Atom::Decision { decision, .. } => {
            !ctx.on_demand(*decision) && ctx.plan.precedes(Node::Decision(*decision), from)
        }
        _ => false,
    };
    let early = |when: &Cond| is_static(ctx.release, when) && when.atoms().into_iter().all(given);
    let held = ctx.held(id).into_iter().map(|s| &ctx.release.stage(s).when);
    let mut asked = BTreeSet::new();
    let ways: Vec<Expr> = held
        .map(|when| {
            if early(when) {
                expr(ctx, when, &mut asked)
            } else {
                Expr::Bool(true)
            }
        })
        .collect();
    let wanted = Expr::any(ways);
    // Where one of them applies anyway, nothing about the others is waited for.
    if wanted != Expr::Bool(true) {
        needs.extend(asked);
    }
    wanted
}

/// What a stage needs besides what stands before it: its checklists, and the declared ways around its gates and approvals.
fn provided(ctx: &Ctx<'_>, stage: StageId, needs: &mut BTreeSet<String>) -> Vec<Expr> {
    let s = ctx.release.stage(stage);
    let mut list = Vec::new();
    for (checklist, _) in &s.ready {
        let items = &ctx.release.checklist(*checklist).items;
        if items.iter().any(|i| i.check.is_some()) {
            list.push(simply(ctx, &names::check(ctx.release, *checklist), needs));
        }
        for role in tickers(ctx.release, ctx.release.checklist(*checklist)) {
            list.push(simply(ctx, &names::ready(ctx.release, *checklist, role), needs));
        }
    }
    for (i, o) in ctx.release.overrides.iter().enumerate() {
        let gates = crate::emit::environments::gates_of(s);
        let mine = o.gates.iter().any(|(g, _)| gates.contains(g))
            || o.approvals
                .iter()
                .any(|(a, _)| s.approved.iter().any(|(b, _)| a == b));
        if mine {
            let job = names::overridden(ctx.release, i);
            needs.insert(job.clone());
            list.push(Expr::any([
                Expr::Input("override".into()).differs(&o.name),
                Expr::succeeded(&job),
            ]));
        }
    }
    list
}

/// Everything that something waits for has ended. What can be seen not to apply is passed over without a job that runs, so what
/// stands before it is looked at here: when that failed, nothing new starts.
pub fn waited(ctx: &Ctx<'_>, node: Node, needs: &mut BTreeSet<String>) -> Vec<Expr> {
    let mut list = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![node];
    while let Some(at) = open.pop() {
        for (before, edge) in ctx.plan.waits_for(at) {
            let own_step = at == node && edge.kind == EdgeKind::ApprovedStep;
            if own_step || !seen.insert(before) {
                continue;
            }
            list.extend(ended(ctx, before, needs));
            if !passed_over(ctx, before) {
                continue;
            }
            open.push(before);
            if let Node::Stage(s) = before {
                // Where it does not apply, or was done by the run that this one goes on with, nobody goes through its checklists.
                let stage = ctx.release.stage(s);
                let mut apart = vec![expr(ctx, &stage.when, needs).negate()];
                if ctx.resumable() {
                    apart.push(ctx.done(&stage.slug));
                }
                let provided = provided(ctx, s, needs).into_iter();
                list.extend(provided.map(|p| Expr::any(apart.iter().cloned().chain([p]))));
                list.extend(held(ctx, s, true, needs));
            }
        }
    }
    list
}

/// When everything that something waits for was done, in this run: the last of these moments, of which those are empty that are not known here.
/// What may not apply leaves none, so what stands before it is looked at as well.
pub fn since(ctx: &Ctx<'_>, node: Node, needs: &mut BTreeSet<String>) -> Vec<Expr> {
    needs.insert("preflight".to_string());
    let mut list = vec![Expr::Output("preflight".into(), "now".into())];
    let mut seen = BTreeSet::new();
    let mut open = vec![node];
    while let Some(at) = open.pop() {
        for (before, _) in ctx.plan.waits_for(at) {
            if !seen.insert(before) {
                continue;
            }
            let (job, output, when) = match before {
                Node::Stage(s) => (names::stage(ctx.release, s), "at", &ctx.release.stage(s).when),
                Node::Approval(a) => {
                    let when = &ctx.release.approval(a).when;
                    (names::approval(ctx.release, a), "granted", when)
                }
                Node::Decision(d) if ctx.on_demand(d) => continue,
                Node::Decision(d) => (
                    names::decision(ctx.release, d),
                    "at",
                    &ctx.release.decision(d).when,
                ),
            };
            if *when != Cond::True {
                open.push(before);
            }
            needs.insert(job.clone());
            list.push(Expr::Output(job, output.into()));
        }
    }
    list
}

/// Whether something may be skipped because its condition says so before any job of it runs.
pub fn passed_over(ctx: &Ctx<'_>, node: Node) -> bool {
    let when = match node {
        Node::Stage(s) => &ctx.release.stage(s).when,
        Node::Approval(a) => &ctx.release.approval(a).when,
        Node::Decision(d) if ctx.on_demand(d) => return false,
        Node::Decision(d) => &ctx.release.decision(d).when,
    };
    *when != Cond::True && is_static(ctx.release, when)
}

/// The stages that a stage comes after: because it says so, or because they are done one at a time.
fn follows(ctx: &Ctx<'_>, stage: StageId) -> Vec<StageId> {
    let waits = ctx.plan.waits_for(Node::Stage(stage)).into_iter();
    waits
        .filter(|(_, edge)| matches!(edge.kind, EdgeKind::After | EdgeKind::Serial))
        .filter_map(|(node, _)| if let Node::Stage(s) = node { Some(s) } else { None })
        .collect()
}

/// The holds a stage stands in have been entered, where something inside applies; `begins`: those that begin with it as well.
pub fn held(ctx: &Ctx<'_>, stage: StageId, begins: bool, needs: &mut BTreeSet<String>) -> Vec<Expr> {
    ctx.holds_of(stage)
        .into_iter()
        .filter(|h| begins || ctx.release.hold(*h).from != stage)
        .map(|h| {
            let job = names::enter(ctx.release, h);
            let entered = simply(ctx, &job, needs);
            match wanted(ctx, h, needs) {
                Expr::Bool(true) => entered,
                wanted => {
                    let idle = Expr::all([Expr::Result(job).is("skipped"), wanted.negate()]);
                    Expr::any([entered, idle])
                }
            }
        })
        .collect()
}

/// A job ended well, or its work was done before.
pub fn simply(ctx: &Ctx<'_>, job: &str, needs: &mut BTreeSet<String>) -> Expr {
    needs.insert(job.to_string());
    let well = Expr::succeeded(job);
    if ctx.resumable() {
        Expr::any([well, ctx.done(job)])
    } else {
        well
    }
}

/// A node ended well, was not applicable, or was done before; nothing for a decision that is asked on failure only.
pub fn ended(ctx: &Ctx<'_>, node: Node, needs: &mut BTreeSet<String>) -> Option<Expr> {
    match node {
        Node::Stage(s) => Some(stage_ended(ctx, s, needs)),
        Node::Approval(a) => Some(approval_granted(ctx, a, needs)),
        Node::Decision(d) => decision_made(ctx, d, needs),
    }
}

/// A stage ended well, or was not applicable.
pub fn stage_ended(ctx: &Ctx<'_>, s: StageId, needs: &mut BTreeSet<String>) -> Expr {
    let job = names::stage(ctx.release, s);
    needs.insert(job.clone());
    let stage = ctx.release.stage(s);
    let mut ways = vec![Expr::succeeded(&job)];
    if stage.when != Cond::True {
        let not = if is_static(ctx.release, &stage.when) {
            expr(ctx, &stage.when, needs).negate()
        } else {
            let first = ctx.first_work(s).to_string();
            needs.insert(first.clone());
            Expr::Output(first, "applicable".into()).is("false")
        };
        ways.push(Expr::all([Expr::Result(job.clone()).is("skipped"), not]));
    }
    // What the plan goes on from may have failed before its last job, which is skipped then.
    if crate::emit::github::lower::stage::goes_on(stage) {
        let segments = ctx.segments(s).iter();
        let works = segments.filter(|g| matches!(g.kind, SegmentKind::Work(_)) && g.job != job);
        for segment in works {
            needs.insert(segment.job.clone());
            let failed = Expr::Output(segment.job.clone(), "failed".into()).is("true");
            ways.push(Expr::all([Expr::succeeded(&segment.job), failed]));
        }
    }
    if ctx.resumable() {
        ways.push(ctx.done(&stage.slug));
    }
    Expr::any(ways)
}

/// An approval is granted, not applicable, or removed by a declared way around.
pub fn approval_granted(ctx: &Ctx<'_>, a: ApprovalId, needs: &mut BTreeSet<String>) -> Expr {
    let job = names::approval(ctx.release, a);
    needs.insert(job.clone());
    let approval = ctx.release.approval(a);
    let mut ways = vec![Expr::succeeded(&job)];
    if approval.when != Cond::True {
        let not = if is_static(ctx.release, &approval.when) {
            expr(ctx, &approval.when, needs).negate()
        } else {
            let asks = names::with(&job, "when");
            needs.insert(asks.clone());
            Expr::Output(asks, "applicable".into()).is("false")
        };
        ways.push(Expr::all([Expr::Result(job.clone()).is("skipped"), not]));
    }
    for (i, o) in ctx.release.overrides.iter().enumerate() {
        if o.approvals.iter().any(|(x, _)| *x == a) {
            let other = names::overridden(ctx.release, i);
            needs.insert(other.clone());
            ways.push(Expr::all([
                Expr::Input("override".into()).is(&o.name),
                Expr::succeeded(&other),
            ]));
        }
    }
    if ctx.resumable() {
        ways.push(ctx.done(&job));
    }
    Expr::any(ways)
}

fn decision_made(ctx: &Ctx<'_>, d: DecisionId, needs: &mut BTreeSet<String>) -> Option<Expr> {
    if ctx.on_demand(d) {
        return None;
    }
    let job = names::decision(ctx.release, d);
    needs.insert(job.clone());
    let decision = ctx.release.decision(d);
    let mut ways = vec![Expr::succeeded(&job)];
    if decision.when != Cond::True {
        let not = if is_static(ctx.release, &decision.when) {
            expr(ctx, &decision.when, needs).negate()
        } else {
            let asks = names::with(&job, "when");
            needs.insert(asks.clone());
            Expr::Output(asks, "applicable".into()).is("false")
        };
        ways.push(Expr::all([Expr::Result(job.clone()).is("skipped"), not]));
    }
    if ctx.resumable() {
        ways.push(ctx.done(&job));
    }
    Some(Expr::any(ways))
}

/// The jobs of the checklists of a stage.
fn prepared(ctx: &Ctx<'_>, stage: StageId) -> Vec<String> {
    let mut jobs = Vec::new();
    for (list, _) in &ctx.release.stage(stage).ready {
        let checklist = ctx.release.checklist(*list);
        if checklist.items.iter().any(|i| i.check.is_some()) {
            jobs.push(names::check(ctx.release, *list));
        }
        let roles = tickers(ctx.release, checklist);
        jobs.extend(
            roles
                .into_iter()
                .map(|role| names::ready(ctx.release, *list, role)),
        );
    }
    jobs
}

/// The jobs of everything a node waits for, however far back: ended whenever the node has.
pub fn ancestors(ctx: &Ctx<'_>, node: Node) -> BTreeSet<String> {
    let before = ctx.plan.ancestors(node);
    jobs_of(ctx, node, ctx.plan.members(&before))
}

/// The jobs of everything that the first jobs of a stage wait for, and those themselves: ended whenever they have.
pub fn until(ctx: &Ctx<'_>, stage: StageId, segments: &[Segment<'_>]) -> BTreeSet<String> {
    let node = Node::Stage(stage);
    let asked = |n: Node| {
        segments
            .iter()
            .any(|s| s.approvals.iter().any(|a| n == Node::Approval(*a)))
    };
    let mut before = BTreeSet::new();
    for (n, edge) in ctx.plan.waits_for(node) {
        if edge.kind != EdgeKind::ApprovedStep || asked(n) {
            before.insert(n);
            before.extend(ctx.plan.members(&ctx.plan.ancestors(n)));
        }
    }
    let mut jobs = jobs_of(ctx, node, before.into_iter());
    jobs.extend(segments.iter().map(|s| s.job.clone()));
    jobs
}

/// The jobs that enter a hold, and those of everything that comes before it is entered.
pub fn entered(ctx: &Ctx<'_>, hold: HoldId) -> BTreeSet<String> {
    let from = ctx.release.hold(hold).from;
    let segments = ctx.segments(from);
    let first = segments.iter().take_while(|s| s.before_holds).count();
    let mut jobs = until(ctx, from, segments.get(..first).unwrap_or_default());
    jobs.extend(around::entering(ctx, hold));
    jobs
}

fn jobs_of(ctx: &Ctx<'_>, node: Node, before: impl Iterator<Item = Node>) -> BTreeSet<String> {
    let mut jobs = BTreeSet::from(["preflight".to_string()]);
    if let Node::Stage(s) = node {
        jobs.extend(prepared(ctx, s));
    }
    for other in before {
        match other {
            Node::Stage(s) => {
                jobs.extend(ctx.stage_jobs(s));
                jobs.extend(prepared(ctx, s));
                jobs.extend(ctx.holds_of(s).into_iter().flat_map(|h| around::entering(ctx, h)));
            }
            Node::Approval(a) => {
                jobs.insert(names::approval(ctx.release, a));
            }
            Node::Decision(d) if !ctx.on_demand(d) => {
                jobs.insert(names::decision(ctx.release, d));
            }
            Node::Decision(_) => {}
        }
    }
    jobs
}

/// The gate has not been removed by a declared way around.
pub fn not_overridden(ctx: &Ctx<'_>, gate: GateId) -> Vec<Expr> {
    let r = ctx.release;
    r.overrides
        .iter()
        .filter(|o| o.gates.iter().any(|(g, _)| *g == gate))
        .map(|o| Expr::Input("override".into()).differs(&o.name))
        .collect()
}
