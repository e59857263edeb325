//! From a plan to its two workflows: the release and its rollback.
//!
//! Must not know YAML nor bash. Called by `emit::github`.

mod alarms;
mod approval;
mod around;
mod call;
mod chain;
mod conds;
mod consent;
mod context;
mod demote;
mod extra;
mod follow;
mod gate;
mod inputs;
mod job;
mod jq;
mod late;
mod limits;
mod messages;
pub(in crate::emit::github) mod names;
mod once;
mod order;
mod outcomes;
mod person;
mod reach;
mod reviewers;
mod rollback;
mod seats;
mod segments;
mod settle;
mod stage;
mod summary;
mod trigger;
mod values;
mod window;
mod work;

use crate::diagnostic::Bag;
use crate::emit::Context;
use crate::emit::github::lower::context::{Ctx, Side};
use crate::emit::github::model::{Expr, Field, Input, InputKind, Job, Part, Triggers, Workflow};
use crate::model::{ChecklistId, HoldId, MomentKind, Release, StartedBy};
use crate::plan::{Node, Plan};
use std::cell::RefCell;

/// The file of a workflow: `release-bioage.yml`.
pub fn file(release: &Release, kind: &str) -> String {
    format!("{kind}-{}.yml", release.name)
}

/// The release, its rollback, and what GitHub cannot hold.
pub fn lower(plan: &Plan, context: &Context<'_>) -> (Workflow, Workflow, Bag) {
    let bag = RefCell::new(Bag::new());
    // The side of the release alone reports.
    let ctx = Ctx::new(plan, context, Side::Release, &bag);
    let release = release(&ctx);
    let other = Ctx::new(plan, context, Side::Rollback, &bag);
    let endless = rollback::endless(&other);
    // What GitHub would not read is not worked out.
    let instead = "start this workflow anew with the same inputs; `from_step` names the undo to begin with";
    let jobs = match &endless {
        Some(_) => Vec::new(),
        None => once::once(&other, rollback::jobs(&other, &release.jobs), instead),
    };
    let rollback = rollback_workflow(&other, jobs);
    limits::report(&ctx, &release);
    extra::report(&ctx);
    match &endless {
        Some(job) => limits::too_long_a_condition(&ctx, job, "the rollback"),
        None => limits::expressions(&ctx, &rollback, "the rollback"),
    }
    drop((ctx, other));
    (release, rollback, bag.into_inner())
}

fn release(ctx: &Ctx<'_>) -> Workflow {
    let r = ctx.release;
    let mut jobs = vec![around::preflight(ctx)];
    let mut workers: Vec<String> = Vec::new();
    let mut add = |jobs: &mut Vec<Job>, more: Vec<Job>| {
        workers.extend(more.iter().map(|j| j.id.clone()));
        jobs.extend(more);
    };
    add(&mut jobs, alarms::quiet(ctx).into_iter().collect());
    jobs.push(around::preview(ctx));
    add(&mut jobs, around::baseline(ctx).into_iter().collect());
    for i in 0..r.overrides.len() {
        add(&mut jobs, approval::way_around(ctx, i));
        jobs.extend(told_around(ctx, i));
    }
    let wanted = |id: &ChecklistId| r.stages.iter().any(|s| s.wants(*id));
    let lists = (0..r.checklists.len()).map(ChecklistId::at).filter(wanted);
    let (later, first): (Vec<_>, Vec<_>) = lists.partition(|id| consent::later(ctx, *id).is_some());
    for id in first {
        add(&mut jobs, consent::checklist(ctx, id));
    }
    for node in ctx.plan.order() {
        match node {
            Node::Approval(a) if ctx.rollback_only(a) => {}
            Node::Approval(a) => {
                add(&mut jobs, approval::approval(ctx, a));
                jobs.extend(told(ctx, a));
            }
            Node::Decision(d) if ctx.on_demand(d) => {}
            Node::Decision(d) => {
                add(&mut jobs, consent::decision(ctx, d));
            }
            Node::Stage(s) => {
                for id in later.iter().filter(|id| consent::later(ctx, **id) == Some(s)) {
                    add(&mut jobs, consent::checklist(ctx, *id));
                }
                let mut own = stage::jobs(ctx, s);
                let asks = ctx.segments(s).iter().take_while(|g| g.before_holds).count();
                let inside = own.split_off(asks);
                add(&mut jobs, own);
                for hold in (0..r.holds.len()).map(HoldId::at) {
                    if r.hold(hold).from == s {
                        add(&mut jobs, around::enter(ctx, hold));
                    }
                }
                add(&mut jobs, inside);
                jobs.extend(demote::jobs(ctx, s));
            }
        }
    }
    for t in ctx.watched() {
        add(&mut jobs, trigger::jobs(ctx, t));
    }
    let settlers = settle::jobs(ctx);
    let settled: Vec<String> = settlers
        .iter()
        .map(|j| j.id.clone())
        .filter(|id| id.starts_with("failed-"))
        .collect();
    jobs.extend(settlers);
    for hold in (0..r.holds.len()).rev().map(HoldId::at) {
        jobs.extend(around::exits(ctx, hold, &settled, &workers));
    }
    let all: Vec<String> = jobs.iter().map(|j| j.id.clone()).collect();
    jobs.extend(around::finally(ctx, &settled, &all));
    let report = around::report(ctx, &jobs, &settled, &workers);
    jobs.push(report);
    let instead = "start a new run of this workflow; what failed was handed over to the rollback";
    let jobs = once::once(ctx, alarms::after(jobs), instead);
    Workflow {
        head: head(ctx, "The release"),
        name: format!("Release {}", r.name),
        run_name: around::run_name(ctx, Field::text(format!("{} ", r.name))),
        on: triggers(ctx),
        group: group(ctx),
        jobs,
    }
}

fn rollback_workflow(ctx: &Ctx<'_>, jobs: Vec<Job>) -> Workflow {
    Workflow {
        head: head(ctx, "The rollback"),
        name: format!("Rollback {}", ctx.release.name),
        run_name: around::run_name(
            ctx,
            Field::text(format!("Rollback {} of run ", ctx.release.name))
                .then(Part::Expr(Expr::Input("run".into())))
                .then(Part::Text(" ".to_string())),
        ),
        on: Triggers {
            inputs: rollback::inputs(ctx),
            schedule: None,
            completed: None,
        },
        group: Field::text(format!("rollback-{}", ctx.release.name)),
        jobs,
    }
}

/// Tells that a declared way around was granted.
fn told_around(ctx: &Ctx<'_>, index: usize) -> Option<Job> {
    let o = &ctx.release.overrides[index];
    if o.notify.is_empty() {
        return None;
    }
    let job = names::overridden(ctx.release, index);
    let mut b = job::JobBuilder::new(
        ctx,
        names::with(&job, "told"),
        format!("Tell that {} is used", names::line(&o.name)),
    );
    b.need(job.clone());
    messages::way_around(&mut b, index);
    Some(b.speaking(Expr::all([Expr::not_cancelled(), Expr::succeeded(&job)])))
}

/// Tells of a granted approval.
fn told(ctx: &Ctx<'_>, a: crate::model::ApprovalId) -> Option<Job> {
    if !messages::any(ctx, MomentKind::Approved, None) {
        return None;
    }
    let job = names::approval(ctx.release, a);
    let approval = ctx.release.approval(a);
    let mut b = job::JobBuilder::new(
        ctx,
        names::with(&job, "told"),
        format!("Tell that {} was granted", names::line(&approval.name)),
    );
    b.need(job.clone());
    b.before = messages::before(ctx, Some(Node::Approval(a)), [job.clone()]);
    messages::at(&mut b, MomentKind::Approved, None, None);
    Some(b.speaking(Expr::all([Expr::not_cancelled(), Expr::succeeded(&job)])))
}

/// Runs that change one production environment wait for each other; a run that goes on with a paused one does not queue behind others.
fn group(ctx: &Ctx<'_>) -> Field {
    let r = ctx.release;
    let environment = std::iter::once(r.environment)
        .chain(r.stages.iter().map(|s| s.environment))
        .find(|e| r.is_production(*e))
        .unwrap_or(r.environment);
    let field = Field::text(format!("release-{}", r.env(environment).name));
    if r.locks.iter().any(|l| l.drop) {
        // In GitHub's queue a run waits whatever the plan says. Its preflight sees every other run, and waits or ends it by the plan.
        let own = Part::Expr(Expr::Context("github.run_id"));
        return field.then(Part::Text("-".into())).then(own);
    }
    if !ctx.resumable() {
        return field;
    }
    field.then(Part::Expr(Expr::Or(vec![
        Expr::And(vec![Expr::Input("resume".into()), Expr::str("-goes-on")]),
        Expr::str(""),
    ])))
}

fn triggers(ctx: &Ctx<'_>) -> Triggers {
    let r = ctx.release;
    let mut list = inputs::params(r);
    list.push(inputs::plan());
    if !r.overrides.is_empty() {
        let mut words = vec!["none".to_string()];
        words.extend(r.overrides.iter().map(|o| o.name.to_string()));
        list.push(Input {
            name: "override".to_string(),
            description: "The declared way around that is used".to_string(),
            required: false,
            kind: InputKind::Choice(words),
            default: Some("none".to_string()),
        });
        list.push(inputs::text(
            "override_reason",
            "Why the way around is used",
            false,
            Some(""),
        ));
    }
    if ctx.resumable() {
        list.push(inputs::text(
            "resume",
            "The state of the run this one goes on with; written by that run",
            false,
            Some(""),
        ));
    }
    let (schedule, completed) = match &r.started_by {
        Some((StartedBy::Schedule { cron, zone }, _)) => (
            Some((cron.to_string(), zone.as_ref().map(ToString::to_string))),
            None,
        ),
        Some((StartedBy::Completed(name), _)) => (None, Some(name.to_string())),
        _ => (None, None),
    };
    Triggers {
        inputs: list,
        schedule,
        completed,
    }
}

fn head(ctx: &Ctx<'_>, what: &str) -> Vec<String> {
    vec![
        format!(
            "{what} of {}, made by releasec {} from {}.",
            ctx.release.name, ctx.context.version, ctx.context.source
        ),
        format!("Plan: sha256:{}", ctx.context.digest),
        "Do not change this file: change the plan and build it again.".to_string(),
    ]
}
