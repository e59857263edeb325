//! What stands around the stages: preflight, preview, baseline, holds, `finally`, the report.
//!
//! Called by `lower`.

use crate::emit::environments::{self, Purpose};
use crate::emit::github::lower::chain::{self, Chain};
use crate::emit::github::lower::context::{Ctx, Side};
use crate::emit::github::lower::job::{
    JobBuilder, always, job_name, json_list, success_and, temporary, token, upload,
};
use crate::emit::github::lower::segments::SegmentKind;
use crate::emit::github::lower::values::Vars;
use crate::emit::github::lower::{alarms, follow, inputs, messages, names, order, reach, settle, window};
use crate::emit::github::model::{Expr, Field, Job, Part};
use crate::emit::github::script::{Fixed, Program, Script};
use crate::emit::parts::{At, Deed, Purpose as Meant};
use crate::emit::people::Reviewers;
use crate::model::{Cond, HoldId, MomentKind, RoleOrPerson, StartedBy, Text};
use serde_json::json;
use std::collections::BTreeSet;

/// The job that sees whether the run may begin at all.
pub fn preflight(ctx: &Ctx<'_>) -> Job {
    let r = ctx.release;
    let mut b = JobBuilder::new(ctx, "preflight", "Preflight");
    b.permit("actions", false, "to read the environments' rules and other runs");
    let mut vars = b.vars("V");
    vars.text("PLAN", ctx.context.digest);
    vars.expr(
        "GIVEN",
        Expr::Or(vec![Expr::Input("plan".into()), Expr::Var(approved_variable(r))]),
    );
    b.fixed(None, "The plan is the approved one", None, vars, Fixed::Digest);
    if let Some((StartedBy::Role(role), _)) = &r.started_by {
        let pool = Reviewers::of(r, &[RoleOrPerson::Role(*role)]);
        if !pool.open {
            let mut vars = b.vars("V");
            vars.text("PERMITTED", json_list(pool.permitted));
            vars.expr("STARTER", Expr::Context("github.triggering_actor"));
            if ctx.resumable() {
                // Started again by the run that paused: whoever started that run was checked there.
                let cond = success_and([Expr::Input("resume".into()).is("")]);
                b.fixed(None, "Whoever started the run may", cond, vars, Fixed::StartedBy);
            } else {
                b.fixed(None, "Whoever started the run may", None, vars, Fixed::StartedBy);
            }
        }
    }
    inputs::check(&mut b);
    let mut vars = b.vars("V");
    token(&mut vars);
    vars.text("EXPECTED", expected(ctx));
    b.fixed(
        None,
        "The environments are there, with their rules",
        None,
        vars,
        Fixed::Environments,
    );
    let mut vars = b.vars("V");
    token(&mut vars);
    vars.text("MARKS", json_list(marks(ctx)));
    let drops = r.locks.iter().filter(|l| l.drop);
    vars.text("DROPS", json_list(drops.map(|l| lock_mark(ctx, &l.name))));
    vars.text("MOST", "18000");
    vars.expr("RESUME", settle::resume(ctx));
    b.fixed(
        None,
        "No other run changes the same places",
        None,
        vars,
        Fixed::Turn,
    );
    let mut vars = b.vars("V");
    window::variables(ctx, &mut vars, None, true, 0);
    b.fixed(None, "The window is not over", None, vars, Fixed::Window);
    if let Some((author, logins)) = inputs::author(ctx) {
        let mut vars = b.vars("V");
        vars.expr("AUTHOR", author);
        vars.text("LOGINS", logins);
        let program = Program {
            text: "($LOGINS | fromjson)[$AUTHOR] // \"\"".to_string(),
            args: vec!["AUTHOR".to_string(), "LOGINS".to_string()],
            decides: None,
            word: None,
        };
        b.leave("author", Expr::StepOutput("author".into(), "author".into()));
        let script = Script::Conditions(vec![("author".to_string(), program)]);
        b.step(Some("author"), "Who wrote the change", None, vars, script);
    }
    let mut vars = b.vars("V");
    vars.expr("RESUME", settle::resume(ctx));
    vars.expr("STARTER", Expr::Context("github.actor"));
    let start = ctx.plan.start_moment().map(|t| t.as_second().to_string());
    vars.text("START", start.unwrap_or_default());
    for output in ["done", "starter", "start", "attempt", "now"] {
        b.leave(output, Expr::StepOutput("begin".into(), output.into()));
    }
    b.fixed(
        Some("begin"),
        "What the run begins with",
        None,
        vars,
        Fixed::Begin,
    );
    b.seconds = 18_000;
    let cond = match &r.started_by {
        Some((StartedBy::Completed(_), _)) => Expr::any([
            Expr::Context("github.event_name").differs("workflow_run"),
            Expr::all([
                Expr::Context("github.event.workflow_run.conclusion").is("success"),
                Expr::Eq(
                    Box::new(Expr::Context(
                        "github.event.workflow_run.head_repository.full_name",
                    )),
                    Box::new(Expr::Context("github.repository")),
                ),
            ]),
        ]),
        _ => Expr::Bool(true),
    };
    b.finish(Expr::all([Expr::not_cancelled(), cond]), None, None, "")
}

/// The repository variable that holds the digest of the approved plan where nobody types it.
pub fn approved_variable(r: &crate::model::Release) -> String {
    format!("RELEASEC_APPROVED_{}", r.name.to_uppercase())
}

/// What a run has for itself, as it stands in the names of runs.
pub fn marks(ctx: &Ctx<'_>) -> Vec<String> {
    let r = ctx.release;
    let mut list: Vec<String> = Vec::new();
    let used = std::iter::once(r.environment).chain(r.stages.iter().map(|s| s.environment));
    for env in used.filter(|e| r.is_production(*e)) {
        let mark = format!("[{}]", r.env(env).name);
        if !list.contains(&mark) {
            list.push(mark);
        }
    }
    for lock in &r.locks {
        list.push(lock_mark(ctx, &lock.name));
    }
    list
}

fn lock_mark(ctx: &Ctx<'_>, name: &Text) -> String {
    format!("[lock {}]", names::title(ctx.release, name))
}

/// The environments as they must be, as data.
fn expected(ctx: &Ctx<'_>) -> String {
    let list: Vec<serde_json::Value> = environments::environments(ctx.plan)
        .into_iter()
        .map(|e| {
            let people = e.reviewers.clone().unwrap_or_default();
            let teams: Vec<&str> = people
                .teams
                .iter()
                .map(|t| t.rsplit('/').next().unwrap_or(t))
                .collect();
            json!({
                "name": e.name,
                "reviewed": e.reviewers.is_some(),
                "users": people.users,
                "teams": teams,
                "no_self_review": e.no_self_review,
                "wait": if let Purpose::Wait(minutes) = e.purpose { minutes } else { 0 },
            })
        })
        .collect();
    serde_json::Value::Array(list).to_string()
}

/// The job that shows people what they are about to approve, and tells those who wait for the start.
pub fn preview(ctx: &Ctx<'_>) -> Job {
    let mut b = JobBuilder::new(ctx, "preview", "Preview");
    let cond = order::begun(&mut b.needs);
    let mut vars = b.vars("V");
    vars.text("SUMMARY", crate::emit::github::lower::summary::preview(ctx));
    vars.expr("INPUTS", Expr::ToJson("inputs"));
    b.fixed(None, "What ships, and who is asked", None, vars, Fixed::Summary);
    b.before = messages::before(ctx, None, b.needs.clone());
    let first = ctx.resumable().then(|| Expr::Input("resume".into()).is(""));
    let first = success_and(first);
    messages::at(&mut b, MomentKind::Scheduled, None, first.clone());
    messages::at(&mut b, MomentKind::Started, None, first);
    b.speaking(Expr::all(cond))
}

/// The job that measures what bounds are multiples of, before anything starts.
pub fn baseline(ctx: &Ctx<'_>) -> Option<Job> {
    if ctx.baselines.is_empty() {
        return None;
    }
    let mut b = JobBuilder::new(ctx, "baseline", "Baseline");
    let cond = order::begun(&mut b.needs);
    b.baselines();
    let place = ctx.release.environment;
    Some(b.finish(
        Expr::all(cond),
        Some(ctx.environment(&Purpose::Deploy(place))),
        Some(place),
        "baseline",
    ))
}

/// The jobs that enter a hold: when its first stage may start.
pub fn enter(ctx: &Ctx<'_>, id: HoldId) -> Vec<Job> {
    let hold = ctx.release.hold(id);
    let mut needs = BTreeSet::new();
    let mut cond = order::before_stage(ctx, hold.from, &mut needs);
    cond.remove(0);
    cond.push(order::wanted(ctx, id, &mut needs));
    cond.extend(reach::ready(ctx, hold.from, &mut needs));
    let job = names::enter(ctx.release, id);
    if ctx.resumable() {
        cond.push(ctx.done(&job).negate());
    }
    let unit = enter_unit(ctx, id);
    chain::jobs(
        ctx,
        Chain {
            name: job_name("Hold", &hold.name),
            origin: &hold.origin,
            place: ctx.release.stage(hold.from).environment,
            duty: format!("hold_{}", hold.name),
            links: enter_links(ctx, id),
            status: Expr::not_cancelled(),
            cond,
            needs,
            stubborn: false,
            owner: unit,
            ends: vec![job.clone()],
            within: None,
            keeps: true,
            at: At::Enter(id),
            each: false,
            id: job,
        },
    )
}

/// What entering a hold counts as.
fn enter_unit(ctx: &Ctx<'_>, id: HoldId) -> String {
    format!("hold.{}", ctx.release.hold(id).name)
}

fn enter_links<'a>(ctx: &Ctx<'a>, id: HoldId) -> Vec<chain::Link<'a>> {
    let steps = &ctx.release.hold(id).enter;
    chain::links(steps, &enter_unit(ctx, id), |s| {
        Purpose::HoldStep(id, s.slug.clone())
    })
}

/// The jobs in which a person enters a hold, each with what counts as begun once they have been asked.
pub fn asked_to_enter(ctx: &Ctx<'_>, id: HoldId) -> Vec<(String, Vec<String>)> {
    let people = chain::people(ctx, &names::enter(ctx.release, id), &enter_links(ctx, id));
    let begun = |unit| vec![enter_unit(ctx, id), unit];
    people.into_iter().map(|(job, unit)| (job, begun(unit))).collect()
}

/// The jobs that enter a hold and leave word of it.
pub fn entering(ctx: &Ctx<'_>, id: HoldId) -> Vec<String> {
    chain::ids(ctx, &names::enter(ctx.release, id), &enter_links(ctx, id))
}

/// A chain that leaves a hold.
pub fn exit_chain<'a>(
    ctx: &Ctx<'a>,
    id: HoldId,
    job: String,
    status: Expr,
    cond: Vec<Expr>,
    needs: BTreeSet<String>,
) -> Chain<'a> {
    let hold = ctx.release.hold(id);
    Chain {
        name: format!("Exit of hold {}", names::line(&hold.name)),
        origin: &hold.origin,
        place: ctx.release.stage(hold.from).environment,
        duty: format!("hold_{}", hold.name),
        links: chain::links(&hold.exit, &format!("exit.{}", hold.name), |s| {
            Purpose::HoldStep(id, s.slug.clone())
        }),
        status,
        cond,
        needs,
        stubborn: true,
        owner: format!("exit.{}", hold.name),
        ends: vec![names::exit(ctx.release, id)],
        within: None,
        keeps: false,
        at: At::Exit(id),
        each: false,
        id: job,
    }
}

/// Whether entering a hold began in this run, or had in the run this one goes on with.
fn entered(ctx: &Ctx<'_>, id: HoldId, needs: &mut BTreeSet<String>) -> Expr {
    let job = names::enter(ctx.release, id);
    let people: Vec<String> = asked_to_enter(ctx, id).into_iter().map(|(p, _)| p).collect();
    let mut ways = Vec::new();
    for part in entering(ctx, id) {
        needs.insert(part.clone());
        let mut way = vec![Expr::Result(part.clone()).differs("skipped")];
        // Whoever was asked to enter it may have done so.
        if !people.contains(&part) {
            way.push(Expr::Output(part, "state".into()).differs(""));
        }
        ways.push(Expr::all(way));
    }
    if ctx.resumable() {
        ways.push(ctx.done(&job));
    }
    Expr::any(ways)
}

/// The jobs that leave a hold when all inside has ended well, and those that leave it on every other way out.
pub fn exits(ctx: &Ctx<'_>, id: HoldId, settlers: &[String], workers: &[String]) -> Vec<Job> {
    let job = names::exit(ctx.release, id);
    let mut needs = BTreeSet::from(["preflight".to_string()]);
    let mut cond = vec![Expr::succeeded("preflight"), entered(ctx, id, &mut needs)];
    for s in ctx.held(id) {
        cond.push(order::stage_ended(ctx, s, &mut needs));
    }
    if ctx.resumable() {
        cond.push(ctx.done(&job).negate());
    }
    let mut jobs = chain::jobs(
        ctx,
        exit_chain(ctx, id, job.clone(), Expr::not_cancelled(), cond, needs),
    );
    // Not every stage inside ended well, and nothing was handed to the rollback: the run was cancelled, or nothing could be settled.
    let late = names::with(&job, "late");
    let mut needs: BTreeSet<String> = settlers.iter().chain(workers).cloned().collect();
    needs.insert(job.clone());
    needs.insert("preflight".to_string());
    // Cancelled, it was not left, or only in part. What failed was tried again, and its owner has been called.
    let never = ["skipped", "cancelled"].map(|word| Expr::Result(job.clone()).is(word));
    let mut cond = vec![entered(ctx, id, &mut needs), Expr::any(never)];
    for part in jobs.iter().filter(|j| j.id != job) {
        needs.insert(part.id.clone());
        cond.push(Expr::Result(part.id.clone()).differs("failure"));
    }
    cond.extend(nothing_handed_over(settlers));
    if ctx.resumable() {
        cond.push(ctx.done(&names::exit(ctx.release, id)).negate());
    }
    let mut chain = exit_chain(ctx, id, late, always(), cond, needs);
    chain.name = format!("{}, on another way out", chain.name);
    jobs.extend(chain::jobs(ctx, chain));
    jobs
}

/// No failure was handed over.
fn nothing_handed_over(settlers: &[String]) -> Vec<Expr> {
    settlers
        .iter()
        .map(|s| Expr::Result(s.clone()).differs("success"))
        .collect()
}

/// The jobs of `finally`: at the end of every run that is not handed to the rollback, which has its own.
pub fn finally(ctx: &Ctx<'_>, settlers: &[String], all: &[String]) -> Vec<Job> {
    if ctx.release.finally.is_empty() {
        return Vec::new();
    }
    let mut cond = vec![Expr::succeeded("preflight")];
    cond.extend(nothing_handed_over(settlers));
    let needs = settlers.iter().chain(all).cloned().collect();
    chain::jobs(ctx, finally_chain(ctx, always(), cond, needs))
}

/// The chain of `finally`.
pub fn finally_chain<'a>(ctx: &Ctx<'a>, status: Expr, cond: Vec<Expr>, needs: BTreeSet<String>) -> Chain<'a> {
    Chain {
        id: "finally".to_string(),
        name: "Finally".to_string(),
        origin: &ctx.release.origin,
        place: ctx.release.environment,
        duty: "finally".to_string(),
        links: chain::links(&ctx.release.finally, "finally", |s| {
            Purpose::Finally(s.slug.clone())
        }),
        status,
        cond,
        needs,
        stubborn: true,
        owner: "finally".to_string(),
        ends: Vec::new(),
        within: None,
        keeps: false,
        at: At::Finally,
        each: true,
    }
}

/// The job that says how the run ended, keeps the evidence, and writes down what is owed.
pub fn report(ctx: &Ctx<'_>, jobs: &[Job], settlers: &[String], workers: &[String]) -> Job {
    let mut b = JobBuilder::new(ctx, "report", "Report");
    b.needs.extend(jobs.iter().map(|j| j.id.clone()));
    let mut vars = b.vars("V");
    vars.expr("NEEDS", Expr::ToJson("needs"));
    vars.expr("RESUME", settle::resume(ctx));
    vars.expr("STARTER", Expr::Output("preflight".into(), "starter".into()));
    vars.expr("START", Expr::Output("preflight".into(), "start".into()));
    vars.text("SETTLERS", json_list(settlers.iter().cloned()));
    vars.text("WORKERS", json_list(workers.iter().cloned()));
    let working: BTreeSet<&String> = workers.iter().collect();
    // Nothing is half done where somebody was only asked, or a time waited for.
    let reviewed: BTreeSet<String> = environments::environments(ctx.plan)
        .into_iter()
        .filter(|e| e.reviewers.is_some())
        .map(|e| e.name)
        .collect();
    let stages = ctx.plan.stage_order();
    let segments = stages.iter().flat_map(|s| ctx.segments(*s).to_vec());
    let waits: BTreeSet<String> = segments
        .filter(|s| matches!(s.kind, SegmentKind::Sleep(..) | SegmentKind::Timer(..)))
        .map(|s| s.job)
        .collect();
    // What only looks whether all is prepared leaves nothing half done.
    let checks = (0..ctx.release.checklists.len()).map(crate::model::ChecklistId::at);
    let checks: BTreeSet<String> = checks.map(|c| names::check(ctx.release, c)).collect();
    let asks = |j: &&Job| {
        let place = j
            .environment
            .as_ref()
            .map(crate::emit::github::model::Field::known);
        waits.contains(&j.id)
            || checks.contains(&j.id)
            || j.id == alarms::JOB
            || working.contains(&j.id) && place.flatten().is_some_and(|p| reviewed.contains(p))
    };
    vars.text(
        "ASKERS",
        json_list(jobs.iter().filter(asks).map(|j| j.id.clone())),
    );
    let exits: Vec<String> = jobs
        .iter()
        .map(|j| j.id.clone())
        .filter(|j| j.starts_with("exit-"))
        .collect();
    vars.text("EXITS", json_list(exits));
    vars.text("HALF", json_list(follow::stuck(ctx).keys().cloned()));
    let nodes: serde_json::Map<String, serde_json::Value> = jobs
        .iter()
        .filter(|j| working.contains(&j.id) || j.id.starts_with("exit-") || j.id == "preflight")
        .map(|j| (j.id.clone(), serde_json::Value::String(names::markdown(&j.name))))
        .collect();
    vars.text("NODES", serde_json::Value::Object(nodes).to_string());
    b.leave("state", Expr::StepOutput("report".into(), "state".into()));
    b.fixed(Some("report"), "How the run ended", None, vars, Fixed::Report);
    b.steps.push(upload(
        Some(always()),
        Field::text("state-run"),
        temporary("evidence.json"),
    ));
    let state = |word: &str| success_and([Expr::StepOutput("report".into(), "state".into()).is(word)]);
    for (kind, word) in [
        (MomentKind::Finished, "succeeded"),
        (MomentKind::Stopped, "stopped"),
        (MomentKind::NeedsHelp, "needs_help"),
    ] {
        messages::at(&mut b, kind, None, state(word));
    }
    owed(
        &mut b,
        &[
            ("finished", "succeeded"),
            ("stopped", "stopped"),
            ("needs_help", "needs_help"),
        ],
        "report",
    );
    b.seconds += 300;
    b.speaking(always())
}

/// The step that writes down what is owed, at the ends it is owed after.
pub fn owed(b: &mut JobBuilder<'_, '_>, ends: &[(&str, &str)], from: &str) {
    let ctx = b.ctx;
    let r = ctx.release;
    for (i, obligation) in r.obligations.iter().enumerate() {
        let words: Vec<&str> = if obligation.on.is_empty() {
            ends.iter().map(|(_, state)| *state).collect()
        } else {
            obligation
                .on
                .iter()
                .filter_map(|m| {
                    ends.iter()
                        .find(|(word, _)| *word == m.kind.word())
                        .map(|(_, s)| *s)
                })
                .collect()
        };
        if words.is_empty() {
            continue;
        }
        let state = || Expr::StepOutput(from.to_string(), "state".into());
        let mut conds = vec![Expr::any(
            words.into_iter().map(|w| state().is(w)).collect::<Vec<_>>(),
        )];
        let id = format!("owed_{}", i + 1);
        if obligation.when != Cond::True {
            let ended = success_and(conds.clone());
            conds.push(messages::applies(b, &obligation.when, &id, ended));
        }
        let pool = Reviewers::of(
            r,
            &std::iter::once(obligation.owner)
                .chain(obligation.attendees.iter().copied())
                .map(RoleOrPerson::Role)
                .collect::<Vec<_>>(),
        );
        let people: Vec<String> = pool
            .teams
            .iter()
            .chain(&pool.users)
            .map(|p| format!("@{p}"))
            .collect();
        let mut vars = b.vars("V");
        vars.parts = vec![Meant::new(At::Run, format!("o{i}"), Deed::Owe(i))];
        token(&mut vars);
        b.permit("issues", true, "to write down what is owed");
        let what = names::title(r, &obligation.what);
        let mut title = r.title.clone();
        title.push_lit(": ");
        title.push(obligation.what.clone());
        shown(&mut vars, "TITLE", &title);
        let mut body = obligation.what.clone();
        body.push_lit(format!(
            "\n\nOwner: {}\n{}",
            names::title(r, &r.role(obligation.owner).title),
            people.join(" ")
        ));
        shown(&mut vars, "BODY", &body);
        vars.text("SECONDS_LEFT", obligation.due.as_seconds().to_string());
        b.fixed(
            Some(&id),
            &format!("Owed: {what}"),
            success_and(conds),
            vars,
            Fixed::Obligation,
        );
    }
}

/// A text for people as a variable: what would have to be computed stands in it by its name.
pub fn shown(vars: &mut Vars<'_, '_>, name: &str, text: &Text) {
    vars.bind_text(name, text);
    if !vars.compute.is_empty() {
        vars.compute.clear();
        vars.text(name, names::shown(vars.release(), text));
    }
}

/// The name of a run: what is released, its version, and what it has for itself.
pub fn run_name(ctx: &Ctx<'_>, start: Field) -> Field {
    use crate::model::{Sym, TextPart};
    let mut field = start;
    for part in &ctx.release.version.parts {
        match part {
            TextPart::Lit(t) => field = field.then(Part::Text(t.clone())),
            TextPart::Sym(Sym::Param(p)) => {
                let input = crate::emit::github::lower::values::param(ctx.release, *p);
                field = field.then(Part::Expr(input));
            }
            TextPart::Sym(_) => {}
        }
    }
    for mark in marks(ctx) {
        field = field.then(Part::Text(format!(" {mark}")));
    }
    if ctx.resumable() && ctx.side == Side::Release {
        let again = Expr::Or(vec![
            Expr::And(vec![Expr::Input("resume".into()), Expr::str(" [goes on]")]),
            Expr::str(""),
        ]);
        field = field.then(Part::Expr(again));
    }
    field
}
