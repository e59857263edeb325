//! What follows a failure: in the release a job for each stage, approval, decision and trigger that hands over to the rollback workflow;
//! there a table of what the plan says.
//!
//! It is a job and not a step because the deploying job must not hold the right to dispatch, and because a job that timed out or lost
//! its runner could not speak for itself. It is another workflow because undos that need a job which waits for a person would wait
//! with it. Called by `lower`.

use crate::emit::environments::{Purpose, may_pause, tickers};
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::job::{JobBuilder, begun, json_list, token};
use crate::emit::github::lower::outcomes::{
    decided, gate_done, outcome, paused, proceed, rejected, rollback, stepped_back,
};
use crate::emit::github::lower::segments::SegmentKind;
use crate::emit::github::lower::work::How;
use crate::emit::github::lower::{approval, around, call, messages, names, order, person, stage, trigger};
use crate::emit::github::model::{Expr, Job};
use crate::emit::github::script::{Failing, Fixed};
use crate::emit::parts::{At, Deed, Purpose as Meant};
use crate::model::{
    ApprovalId, DecisionId, Failure, FailureOutcome, GateOutcome, HoldId, MomentKind, OptionOutcome, StageId,
    Step, Strength, TriggerId,
};
use crate::plan::Node;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Who failed, and what is known about it.
struct Failed<'a> {
    /// The job it is named after.
    base: String,
    /// What people call it.
    title: String,
    /// The jobs of which one went wrong.
    jobs: Vec<String>,
    /// The node; none for a trigger.
    node: Option<Node>,
    /// The jobs of all that stands before, however far back.
    before: BTreeSet<String>,
    stage: Option<StageId>,
    outcomes: Map<String, Value>,
    cause: Expr,
    rung: Expr,
    /// Why jobs fail that keep no record.
    causes: BTreeMap<String, String>,
    /// What counts as begun when a person was asked in a job.
    asked: BTreeMap<String, Vec<String>>,
    /// What is gone past when the run proceeds although a job failed.
    past: BTreeMap<String, Vec<String>>,
    steps: Vec<&'a Step>,
    /// What else must hold for people to be told that the run failed: an option that is chosen is no failure where the run only pauses.
    fails: Option<Expr>,
}

/// The failures of a stage: what stands behind an approval of its own is handed over by itself, since nobody should have to answer before
/// what failed in front of that is followed.
fn of_stage<'a>(ctx: &Ctx<'a>, id: StageId) -> Vec<Failed<'a>> {
    let portions = portions(ctx, id).into_iter();
    portions.map(|p| of_portion(ctx, id, p)).collect()
}

/// The jobs of a stage up to the next that waits for an approval of its own, by their places.
pub fn portions(ctx: &Ctx<'_>, id: StageId) -> Vec<Range<usize>> {
    let segments = ctx.segments(id);
    let apart = (1..segments.len()).filter(|i| !segments[*i].approvals.is_empty());
    let mut bounds: Vec<usize> = std::iter::once(0).chain(apart).collect();
    bounds.push(segments.len());
    bounds.windows(2).map(|w| w[0]..w[1]).collect()
}

fn of_portion<'a>(ctx: &Ctx<'a>, id: StageId, portion: Range<usize>) -> Failed<'a> {
    let s = ctx.release.stage(id);
    let all = ctx.segments(id);
    let segments = &all[portion.clone()];
    let last = &all[portion.end - 1];
    let (base, first) = (last.job.clone(), portion.start == 0);
    let mut jobs: Vec<String> = segments.iter().map(|s| s.job.clone()).collect();
    let (mut asked, mut past, mut causes) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for segment in segments {
        if let SegmentKind::Person(ask) = &segment.kind {
            if let Some(gate) = ask.gate {
                let cause = crate::emit::github::lower::gate::cause(ctx, gate);
                causes.insert(segment.job.clone(), cause);
            }
            let units: Vec<String> = ask.units.iter().map(|u| format!("{}.{u}", s.slug)).collect();
            past.insert(segment.job.clone(), vec![person::unit_of(ctx, s, ask)]);
            if !units.is_empty() {
                let mut all = vec![s.slug.to_string()];
                all.extend(units);
                asked.insert(segment.job.clone(), all);
            }
        }
    }
    let mut entering = BTreeSet::new();
    // What stands before the stage and can fail without being a node itself is settled with it.
    for hold in ctx.holds_of(id).into_iter().filter(|_| first) {
        if ctx.release.hold(hold).from == id {
            for job in around::enter(ctx, hold) {
                let units = job.steps.iter().filter(|s| s.id.as_deref() == Some("person"));
                let units = units.flat_map(|s| &s.env).filter(|(name, _)| name == "UNITS");
                for (_, field) in units {
                    let list = serde_json::from_str(field.known().unwrap_or("[]")).unwrap_or_default();
                    past.insert(job.id.clone(), list);
                }
                entering.insert(job.id.clone());
                jobs.push(job.id);
            }
            asked.extend(around::asked_to_enter(ctx, hold));
        }
    }
    let mut preparations = Vec::new();
    for (checklist, _) in s.ready.iter().filter(|_| first) {
        let mut stages = ctx.plan.stage_order().into_iter();
        if stages.find(|s| ctx.release.stage(*s).wants(*checklist)) == Some(id) {
            let items = &ctx.release.checklist(*checklist).items;
            if items.iter().any(|i| i.check.is_some()) {
                preparations.push(names::check(ctx.release, *checklist));
            }
            for role in tickers(ctx.release, ctx.release.checklist(*checklist)) {
                preparations.push(names::ready(ctx.release, *checklist, role));
            }
        }
    }
    for job in preparations {
        past.insert(job.clone(), vec![job.clone()]);
        jobs.push(job);
    }
    let mut outcomes = Map::new();
    let done = proceed(ctx, id);
    let pause = Purpose::Pause(id);
    let owner = may_pause(ctx.release, id);
    let default = match s.on_failure.as_ref().map(|f| &f.then) {
        Some(Failure::Then(o)) => {
            let mut value = outcome(ctx, o, &pause, &done);
            if matches!(o, FailureOutcome::Continue { .. }) {
                value["values"] = json!({ names::went_on(ctx.release, id): "true" });
            }
            value
        }
        Some(Failure::Decision(d)) => decided(ctx, *d, &pause, &done, Some(id)),
        None => rollback(),
    };
    let stepping_back = s.rollout.as_ref().filter(|r| r.demote.is_some());
    if let Some(rollout) = stepping_back {
        for (i, step) in rollout.steps.iter().enumerate() {
            let back = match i {
                0 => rollback(),
                _ => stepped_back(ctx, &pause, (id, step)),
            };
            outcomes.insert(format!("rung:{}", step.slug), back);
        }
    }
    outcomes.insert("default".to_string(), default);
    // Where the stage goes on after its own failures, what a hold protects does not.
    let mut cause = vec![stage::cause_of(ctx, segments)];
    if s.on_failure.is_some() && s.when_hold_fails().is_none() {
        let enter = jobs.iter().filter(|j| entering.contains(*j));
        let wrong: Vec<Expr> = enter.map(|j| Expr::went_wrong(j)).collect();
        if !wrong.is_empty() {
            cause.insert(0, Expr::And(vec![Expr::any(wrong), Expr::str("hold")]));
            causes.extend(entering.iter().map(|j| (j.clone(), "hold".to_string())));
            outcomes.insert("hold".to_string(), rollback());
        }
    }
    if owner {
        for cause in ["window", "no_data"] {
            outcomes.insert(cause.to_string(), paused(ctx, &pause));
        }
    }
    for (approval, _) in &s.approved {
        let name = &ctx.release.approval(*approval).name;
        outcomes.insert(format!("lapsed:{name}"), rejected(ctx, *approval));
    }
    for gate in crate::emit::environments::gates_of(s) {
        let cause = crate::emit::github::lower::gate::cause(ctx, gate);
        let accepted = gate_done(ctx, id, gate);
        match &ctx.release.gate(gate).otherwise {
            Some((GateOutcome::Then(o), _)) => {
                let done = if matches!(o, FailureOutcome::Continue { .. }) {
                    &accepted
                } else {
                    &done
                };
                let mut value = outcome(ctx, o, &pause, done);
                if matches!(o, FailureOutcome::Continue { .. }) {
                    value["values"] = json!({ names::verdict(ctx.release, gate): "failed" });
                }
                outcomes.insert(cause, value);
            }
            Some((GateOutcome::Decision(d), _)) => {
                outcomes.insert(cause, decided(ctx, *d, &pause, &accepted, None));
            }
            None => {}
        }
    }
    let rung = all[..portion.end]
        .iter()
        .rev()
        .filter(|seg| matches!(seg.kind, SegmentKind::Work(_)))
        .map(|seg| Expr::Output(seg.job.clone(), "rung".into()))
        .collect();
    let steps = if stage::goes_on(s) {
        Vec::new()
    } else {
        s.on_failure.iter().flat_map(|f| &f.steps).collect()
    };
    let title = if portion == (0..all.len()) {
        names::line(&s.name)
    } else {
        last.name.trim_start_matches("Stage ").to_string()
    };
    Failed {
        title,
        base,
        before: order::until(ctx, id, &all[..portion.end]),
        jobs,
        node: Some(Node::Stage(id)),
        stage: Some(id),
        outcomes,
        cause: Expr::first(cause),
        rung: Expr::first(rung),
        causes,
        asked,
        past,
        steps,
        fails: None,
    }
}

/// The rejection of an approval.
fn of_approval<'a>(ctx: &Ctx<'a>, id: ApprovalId) -> Failed<'a> {
    let approval = ctx.release.approval(id);
    let base = names::approval(ctx.release, id);
    let count = approval::quorum(ctx, approval);
    let mut jobs: Vec<String> = (1..count).map(|n| names::numbered(&base, n as usize)).collect();
    jobs.push(base.clone());
    simple(
        base,
        names::line(&approval.name),
        jobs,
        Some(Node::Approval(id)),
        rejected(ctx, id),
    )
}

/// A declared way around that was not granted.
fn of_way_around<'a>(ctx: &Ctx<'a>, index: usize) -> Failed<'a> {
    let o = &ctx.release.overrides[index];
    let base = names::overridden(ctx.release, index);
    let count = o.quorum.max(1);
    let mut jobs: Vec<String> = (1..count).map(|n| names::numbered(&base, n as usize)).collect();
    jobs.push(base.clone());
    simple(base, names::line(&o.name), jobs, None, rollback())
}

/// A decision with which the run does not go on.
fn of_decision<'a>(ctx: &Ctx<'a>, id: DecisionId) -> Failed<'a> {
    let decision = ctx.release.decision(id);
    let base = names::decision(ctx.release, id);
    let mut jobs = vec![
        names::with(&base, "ask"),
        names::with(&base, "again"),
        base.clone(),
    ];
    if decision.options.iter().any(|o| o.test.is_some()) {
        jobs.insert(0, names::with(&base, "if"));
    }
    let mut failed = simple(
        base.clone(),
        names::line(&decision.name),
        jobs,
        Some(Node::Decision(id)),
        rollback(),
    );
    for option in &decision.options {
        if let OptionOutcome::Then(o) = &option.then {
            let mut value = outcome(ctx, o, &Purpose::PauseRun, std::slice::from_ref(&base));
            // Where the run goes on after all, the decision stands; asked again, it does not.
            let values = json!({ names::option(ctx.release, id): option.name.as_str() });
            let pauses = *o == FailureOutcome::Pause;
            let onward = if pauses {
                value.pointer_mut("/options/proceed")
            } else {
                Some(&mut value)
            };
            if let Some(map) = onward.and_then(Value::as_object_mut) {
                map.insert("values".to_string(), values);
                if pauses {
                    map.insert("done".to_string(), json!([base]));
                }
            }
            failed.outcomes.insert(option.name.to_string(), value);
        }
    }
    let said = || Expr::Output(base.clone(), "option".into());
    failed.cause = Expr::first(vec![said(), Expr::str("")]);
    let pauses = decision.options.iter().filter(|o| goes_on(&o.then));
    failed.fails = Some(Expr::all(pauses.map(|o| said().differs(o.name.as_str()))));
    failed
}

/// Whether a run with this option is not given up, or not yet.
fn goes_on(option: &OptionOutcome) -> bool {
    matches!(option, OptionOutcome::Then(o) if o.strength() <= Strength::Asks)
}

/// What a trigger says.
fn of_trigger<'a>(ctx: &Ctx<'a>, id: TriggerId, parts: usize) -> Failed<'a> {
    let trigger = &ctx.release.triggers[id.index()];
    let base = names::watch(ctx.release, id, 1);
    let jobs = (1..=parts).map(|p| names::watch(ctx.release, id, p)).collect();
    let default = outcome(ctx, &trigger.then, &Purpose::PauseRun, &[]);
    let mut failed = simple(base, names::line(&trigger.name), jobs, None, default);
    failed.steps = trigger.steps.iter().collect();
    failed
}

fn simple<'a>(
    base: String,
    title: String,
    jobs: Vec<String>,
    node: Option<Node>,
    default: Value,
) -> Failed<'a> {
    let mut outcomes = Map::new();
    outcomes.insert("default".to_string(), default);
    Failed {
        base,
        title,
        jobs,
        before: BTreeSet::new(),
        node,
        stage: None,
        outcomes,
        cause: Expr::str(""),
        rung: Expr::str(""),
        causes: BTreeMap::new(),
        asked: BTreeMap::new(),
        past: BTreeMap::new(),
        steps: Vec::new(),
        fails: None,
    }
}

/// Everything that can fail, in the order of the plan.
fn failures<'a>(ctx: &Ctx<'a>) -> Vec<Failed<'a>> {
    let mut list: Vec<Failed<'a>> = (0..ctx.release.overrides.len())
        .map(|i| of_way_around(ctx, i))
        .collect();
    for node in ctx.plan.order() {
        match node {
            Node::Approval(a) if ctx.rollback_only(a) => {}
            Node::Approval(a) => list.push(of_approval(ctx, a)),
            Node::Decision(d) if ctx.on_demand(d) => {}
            Node::Decision(d) => list.push(of_decision(ctx, d)),
            Node::Stage(s) => list.extend(of_stage(ctx, s)),
        }
    }
    for failed in &mut list {
        if let Some(node @ (Node::Approval(_) | Node::Decision(_))) = failed.node {
            failed.before = order::ancestors(ctx, node);
        }
    }
    let watched = ctx.watched().into_iter().filter(|t| !trigger::calls(ctx, *t));
    list.extend(watched.map(|t| of_trigger(ctx, t, trigger::parts(ctx, t))));
    list
}

/// What follows each failure, as data: by job, then by cause.
pub fn table(ctx: &Ctx<'_>) -> String {
    let table: Map<String, Value> = failures(ctx)
        .into_iter()
        .map(|f| (f.base, Value::Object(f.outcomes)))
        .collect();
    Value::Object(table).to_string()
}

/// Which failure each job that went wrong stands for, by the name of the job: whose it is, what it is gone past with, and why it failed, where
/// its own record does not say. A decision says by its answer alone what follows, and hands over by itself.
pub fn fallen(ctx: &Ctx<'_>, released: &[Job]) -> String {
    let mut map = Map::new();
    for f in failures(ctx) {
        if matches!(f.node, Some(Node::Decision(_))) {
            continue;
        }
        // What only waits for a time does not fail: it stops when something else has.
        let rests = |id: &String| {
            let own = f.stage.map_or(&[][..], |s| ctx.segments(s));
            own.iter()
                .any(|s| s.job == *id && matches!(s.kind, SegmentKind::Sleep(..) | SegmentKind::Timer(..)))
        };
        let mine = |j: &&Job| f.jobs.contains(&j.id) && !rests(&j.id);
        for job in released.iter().filter(mine) {
            let mut entry = json!({ "job": f.base });
            if let Some(cause) = f.causes.get(&job.id) {
                entry["cause"] = json!(cause);
            }
            if let Some(past) = f.past.get(&job.id) {
                entry["past"] = json!(past);
            }
            map.insert(job.name.clone(), entry);
        }
    }
    Value::Object(map).to_string()
}

/// What counts as begun when a person is asked, by the name of the job.
pub fn asked(ctx: &Ctx<'_>) -> String {
    let mut map = Map::new();
    for id in ctx.plan.stage_order() {
        let slug = &ctx.release.stage(id).slug;
        for segment in ctx.segments(id) {
            if let SegmentKind::Person(ask) = &segment.kind
                && !ask.units.is_empty()
            {
                let units = ask.units.iter().map(|u| format!("{slug}.{u}"));
                let all: Vec<String> = std::iter::once(slug.to_string()).chain(units).collect();
                map.insert(segment.name.clone(), json!(all));
            }
        }
    }
    for hold in (0..ctx.release.holds.len()).map(HoldId::at) {
        let jobs = around::enter(ctx, hold);
        for (id, begun) in around::asked_to_enter(ctx, hold) {
            if let Some(job) = jobs.iter().find(|j| j.id == id) {
                map.insert(job.name.clone(), json!(begun));
            }
        }
    }
    Value::Object(map).to_string()
}

/// The environments on which a person may be asked what follows.
pub fn asks(ctx: &Ctx<'_>) -> bool {
    failures(ctx)
        .iter()
        .any(|f| f.outcomes.values().any(|o| o.get("asks").is_some()))
}

/// The jobs of the release that hand a failure over.
pub fn jobs(ctx: &Ctx<'_>) -> Vec<Job> {
    failures(ctx).iter().flat_map(|f| hand_over(ctx, f)).collect()
}

fn hand_over(ctx: &Ctx<'_>, failed: &Failed<'_>) -> Vec<Job> {
    let mut jobs = Vec::new();
    let wrong = wrong(ctx, failed);
    let mut b = JobBuilder::new(
        ctx,
        names::settle(&failed.base),
        format!("After {}", failed.title),
    );
    if let Some(manual) = manual_first(ctx, failed, &wrong) {
        b.need(manual.id.clone());
        jobs.push(manual);
    }
    b.needs.extend(failed.jobs.iter().cloned());
    b.needs.extend(failed.before.iter().cloned());
    if let Some(s) = failed.stage {
        let holds = ctx.holds_of(s).into_iter();
        b.needs.extend(holds.flat_map(|h| order::entered(ctx, h)));
        let rollout = ctx.release.stage(s).rollout.as_ref();
        if rollout.is_some_and(|r| r.demote.is_some()) {
            b.need(names::with(&failed.base, "demote"));
        }
    }
    b.at = At::Aside;
    for step in &failed.steps {
        if crate::emit::environments::asked(step).is_none() {
            let how = How {
                id: format!("f_{}", step.slug),
                failing: Failing::Nothing,
                ..How::of(step)
            };
            b.do_step(step, how);
        }
    }
    b.speaks |= !b.steps.is_empty();
    b.permit("actions", true, "to start the rollback workflow");
    let mut vars = b.vars("V");
    token(&mut vars);
    begun(&mut vars);
    vars.expr("ATTEMPT", Expr::Output("preflight".into(), "attempt".into()));
    vars.expr("NEEDS", Expr::ToJson("needs"));
    vars.expr("INPUTS", Expr::ToJson("inputs"));
    vars.expr("RESUME", resume(ctx));
    vars.text(
        "ASKED_JOBS",
        serde_json::to_string(&failed.asked).unwrap_or_default(),
    );
    vars.text("FAILING", serde_json::to_string(&failed.past).unwrap_or_default());
    vars.text("FAILED", failed.base.clone());
    vars.expr("CAUSE", failed.cause.clone());
    vars.expr("RUNG", failed.rung.clone());
    files(ctx, &mut vars);
    b.fixed(
        Some("hand_over"),
        "Hand over to the rollback",
        None,
        vars,
        Fixed::HandOver,
    );
    let before = failed.before.iter().chain(&failed.jobs);
    b.before = messages::before(ctx, None, before.cloned());
    // Also when handing over fails: then people are the only ones left who can undo it.
    let told = Expr::all([Expr::not_cancelled()].into_iter().chain(failed.fails.clone()));
    messages::at(&mut b, MomentKind::Failed, failed.stage, Some(told));
    if let Some(stage) = failed.stage {
        call::of_failure(&mut b, stage, &failed.cause, failed.outcomes.keys());
    }
    if matches!(failed.node, Some(Node::Approval(_))) {
        messages::at(&mut b, MomentKind::Rejected, None, Some(Expr::not_cancelled()));
    }
    b.seconds += 120;
    jobs.push(b.speaking(Expr::all([Expr::not_cancelled(), wrong])));
    jobs
}

/// One of the jobs went wrong, and not because it saw that something else had.
fn wrong(ctx: &Ctx<'_>, failed: &Failed<'_>) -> Expr {
    let any = Expr::any(
        failed
            .jobs
            .iter()
            .map(|j| Expr::went_wrong(j))
            .collect::<Vec<_>>(),
    );
    let mut list = vec![any];
    if let Some(s) = failed.stage
        && ctx.guarded(s)
    {
        let work = ctx
            .segments(s)
            .iter()
            .filter(|s| matches!(s.kind, SegmentKind::Work(_) | SegmentKind::Sleep(..)))
            .filter(|s| failed.jobs.contains(&s.job));
        list.extend(work.map(|s| Expr::Output(s.job.clone(), "stopped".into()).differs("true")));
    }
    Expr::all(list)
}

/// The state of an earlier run.
pub fn resume(ctx: &Ctx<'_>) -> Expr {
    if ctx.resumable() {
        Expr::Or(vec![Expr::Input("resume".into()), Expr::str("")])
    } else {
        Expr::str("")
    }
}

/// The names of the workflows and of the plan's inputs, for scripts that start them.
pub fn files(ctx: &Ctx<'_>, vars: &mut crate::emit::github::lower::values::Vars<'_, '_>) {
    let mut params: Vec<String> = crate::emit::github::lower::inputs::names(ctx.release);
    params.push("plan".to_string());
    vars.text("PARAMS", json_list(params));
    vars.text(
        "RELEASE",
        crate::emit::github::lower::file(ctx.release, "release"),
    );
    vars.text(
        "ROLLBACK",
        crate::emit::github::lower::file(ctx.release, "rollback"),
    );
}

/// What a person does before anything follows: the manual steps of `on_failure`, one job, all confirmed at once.
fn manual_first(ctx: &Ctx<'_>, failed: &Failed<'_>, wrong: &Expr) -> Option<Job> {
    let stage = failed.stage?;
    let step = failed
        .steps
        .iter()
        .find(|s| crate::emit::environments::asked(s).is_some())?;
    let what: Vec<String> = failed
        .steps
        .iter()
        .filter_map(|s| s.act().and_then(|a| a.manual.as_ref()))
        .map(|m| names::title(ctx.release, &m.what))
        .collect();
    let id = names::with(&failed.base, "by-hand");
    let mut b = JobBuilder::new(
        ctx,
        id,
        format!(
            "By hand after {}: {}",
            failed.title,
            names::line(&what.join("; "))
        ),
    );
    b.needs.extend(failed.jobs.iter().cloned());
    let purpose = Purpose::Step(stage, step.slug.clone());
    let part = Meant::new(At::Aside, &step.slug, Deed::Act);
    let within = person::Within::ALWAYS;
    person::confirmed(&mut b, (&purpose, part), (&[], &[]), Vec::new(), within, None);
    let cond = Expr::all([Expr::not_cancelled(), wrong.clone()]);
    Some(b.finish(cond, Some(ctx.environment(&purpose)), None, ""))
}
