//! What follows a failure: a job of its own for each stage, approval, decision and trigger.
//!
//! It is a job and not a step because the deploying job must not hold the right to dispatch and cancel, and because a job that timed
//! out or lost its runner could not speak for itself. Called by `lower`.

use crate::emit::environments::{Purpose, may_pause};
use crate::emit::github::lower::context::{Ctx, Kept};
use crate::emit::github::lower::job::{JobBuilder, begun, job_name, json_list, success_and, token};
use crate::emit::github::lower::segments::SegmentKind;
use crate::emit::github::lower::work::How;
use crate::emit::github::lower::{consent, messages, names, order, stage};
use crate::emit::github::model::{Expr, Job};
use crate::emit::github::script::{Failing, Fixed};
use crate::model::{
    ApprovalId, ApprovalOutcome, CaptureSource, DecisionId, Failure, FailureOutcome, GateOutcome, MomentKind,
    OptionOutcome, StageId, Step, TriggerId,
};
use crate::plan::Node;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Who failed, and what is known about it.
struct Failed<'a> {
    /// The job it is named after.
    base: String,
    /// What people call it.
    title: String,
    /// The jobs of which one went wrong.
    jobs: Vec<String>,
    /// The node, for what stands before and beside it; none for a trigger.
    node: Option<Node>,
    stage: Option<StageId>,
    outcomes: Map<String, Value>,
    cause: Expr,
    rung: Expr,
    /// What counts as begun when a person was asked in a job.
    asked: BTreeMap<String, Vec<String>>,
    steps: Vec<&'a Step>,
    /// Where the owner is asked when the run pauses.
    pause: Purpose,
    /// Decisions that may be asked.
    decisions: Vec<DecisionId>,
    /// What counts as done when a person says to proceed.
    proceed: Vec<String>,
}

/// The jobs that settle the failure of a stage.
pub fn of_stage(ctx: &Ctx<'_>, id: StageId) -> Vec<Job> {
    let s = ctx.release.stage(id);
    let base = names::stage(ctx.release, id);
    let mut jobs: Vec<String> = ctx.stage_jobs(id);
    let mut asked = BTreeMap::new();
    for segment in ctx.segments(id) {
        if let SegmentKind::Person(ask) = &segment.kind {
            let units: Vec<String> = ask.units.iter().map(|u| format!("{}.{u}", s.slug)).collect();
            if !units.is_empty() {
                let mut all = vec![s.slug.to_string()];
                all.extend(units);
                asked.insert(segment.job.clone(), all);
            }
        }
    }
    // What stands before the stage and can fail without being a node itself is settled with it.
    for hold in ctx.holds_of(id) {
        if ctx.release.hold(hold).from == id {
            jobs.push(names::enter(ctx.release, hold));
        }
    }
    for (checklist, _) in &s.ready {
        let first = ctx
            .plan
            .stage_order()
            .into_iter()
            .find(|s| ctx.release.stage(*s).ready.iter().any(|(c, _)| c == checklist));
        if first == Some(id) {
            let items = &ctx.release.checklist(*checklist).items;
            if items.iter().any(|i| i.check.is_some()) {
                jobs.push(names::check(ctx.release, *checklist));
            }
            if items.iter().any(|i| i.check.is_none()) {
                jobs.push(names::ready(ctx.release, *checklist));
            }
        }
    }
    let mut outcomes = Map::new();
    let mut decisions = Vec::new();
    let done = proceed(ctx, id);
    let default = match s.on_failure.as_ref().map(|f| &f.then) {
        Some(Failure::Then(o)) => outcome(ctx, o, &done),
        Some(Failure::Decision(d)) => {
            decisions.push(*d);
            json!({"then": "decision", "decision": names::decision(ctx.release, *d)})
        }
        None => rollback(),
    };
    let stepping_back = s.rollout.as_ref().filter(|r| r.demote.is_some());
    if let Some(rollout) = stepping_back {
        if let Some(first) = rollout.steps.first() {
            outcomes.insert(format!("rung:{}", first.slug), rollback());
        }
        outcomes.insert("rung:".to_string(), rollback());
        outcomes.insert("default".to_string(), json!({"then": "pause"}));
    } else {
        outcomes.insert("default".to_string(), default);
    }
    for cause in ["window", "no_data"] {
        outcomes.insert(cause.to_string(), json!({"then": "pause"}));
    }
    outcomes.insert("lapsed".to_string(), rollback());
    for gate in crate::emit::environments::gates_of(s) {
        let cause = crate::emit::github::lower::gate::cause(ctx, gate);
        match &ctx.release.gate(gate).otherwise {
            Some((GateOutcome::Then(o), _)) => {
                let mut value = outcome(ctx, o, &gate_done(ctx, id, gate));
                if let (FailureOutcome::Continue { .. }, Some(map)) = (o, value.as_object_mut()) {
                    let name = names::verdict(ctx.release, gate);
                    map.insert("values".to_string(), json!({ name: "failed" }));
                }
                outcomes.insert(cause, value);
            }
            Some((GateOutcome::Decision(d), _)) => {
                decisions.push(*d);
                let value = json!({"then": "decision", "decision": names::decision(ctx.release, *d)});
                outcomes.insert(cause, value);
            }
            None => {}
        }
    }
    decisions.dedup();
    let rung = ctx
        .segments(id)
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
    let pause = if may_pause(ctx.release, id) {
        Purpose::Pause(id)
    } else {
        Purpose::PauseRun
    };
    let failed = Failed {
        title: names::line(&s.name),
        base,
        jobs,
        node: Some(Node::Stage(id)),
        stage: Some(id),
        outcomes,
        cause: stage::cause_of(ctx, id),
        rung: Expr::first(rung),
        asked,
        steps,
        pause,
        decisions,
        proceed: done,
    };
    settle(ctx, failed)
}

/// The jobs that settle the rejection of an approval.
pub fn of_approval(ctx: &Ctx<'_>, id: ApprovalId) -> Vec<Job> {
    let approval = ctx.release.approval(id);
    let base = names::approval(ctx.release, id);
    let count = consent::seats(ctx, approval);
    let mut jobs: Vec<String> = (1..count).map(|n| names::numbered(&base, n as usize)).collect();
    jobs.push(base.clone());
    let default = match &approval.otherwise {
        ApprovalOutcome::Rollback => rollback(),
        ApprovalOutcome::Stop => outcome(ctx, &FailureOutcome::Stop, &[]),
        ApprovalOutcome::Restart(s, n) => outcome(ctx, &FailureOutcome::Restart(*s, *n), &[]),
    };
    settle(
        ctx,
        simple(
            base,
            names::line(&approval.name),
            jobs,
            Some(Node::Approval(id)),
            default,
        ),
    )
}

/// The jobs that settle a declared way around that was not granted.
pub fn of_way_around(ctx: &Ctx<'_>, index: usize) -> Vec<Job> {
    let o = &ctx.release.overrides[index];
    let base = names::overridden(ctx.release, index);
    let count = o.quorum.max(1);
    let mut jobs: Vec<String> = (1..count).map(|n| names::numbered(&base, n as usize)).collect();
    jobs.push(base.clone());
    settle(ctx, simple(base, names::line(&o.name), jobs, None, rollback()))
}

/// The jobs that follow a decision with which the run does not go on.
pub fn of_decision(ctx: &Ctx<'_>, id: DecisionId) -> Vec<Job> {
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
            let value = outcome(ctx, o, std::slice::from_ref(&base));
            failed.outcomes.insert(option.name.to_string(), value);
        }
    }
    failed.cause = Expr::first(vec![Expr::Output(base.clone(), "option".into()), Expr::str("")]);
    failed.proceed = vec![base];
    settle(ctx, failed)
}

/// The jobs that do what a trigger says.
pub fn of_trigger(ctx: &Ctx<'_>, id: TriggerId, parts: usize) -> Vec<Job> {
    let trigger = &ctx.release.triggers[id.index()];
    let base = names::watch(ctx.release, id, 1);
    let jobs = (1..=parts).map(|p| names::watch(ctx.release, id, p)).collect();
    let default = outcome(ctx, &trigger.then, &[]);
    let mut failed = simple(base, names::line(&trigger.name), jobs, None, default);
    failed.steps = trigger.steps.iter().collect();
    settle(ctx, failed)
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
        node,
        stage: None,
        outcomes,
        cause: Expr::str(""),
        rung: Expr::str(""),
        asked: BTreeMap::new(),
        steps: Vec::new(),
        pause: Purpose::PauseRun,
        decisions: Vec::new(),
        proceed: Vec::new(),
    }
}

/// What a stage is done as: itself and every step of it.
fn proceed(ctx: &Ctx<'_>, id: StageId) -> Vec<String> {
    let slug = &ctx.release.stage(id).slug;
    let mut list = vec![slug.to_string()];
    for segment in ctx.segments(id) {
        match &segment.kind {
            SegmentKind::Work(items) => {
                list.extend(items.iter().flat_map(|i| &i.units).map(|u| format!("{slug}.{u}")));
            }
            SegmentKind::Person(ask) => list.extend(ask.units.iter().map(|u| format!("{slug}.{u}"))),
            SegmentKind::Sleep(..) => {}
        }
    }
    list.dedup();
    list
}

/// What is done when a gate's failure is accepted.
fn gate_done(ctx: &Ctx<'_>, id: StageId, gate: crate::model::GateId) -> Vec<String> {
    use crate::emit::github::lower::segments::What;
    let slug = &ctx.release.stage(id).slug;
    let mut list = Vec::new();
    for segment in ctx.segments(id) {
        match &segment.kind {
            SegmentKind::Work(items) => {
                let mine = items
                    .iter()
                    .filter(|i| matches!(i.what, What::Gate(g) if g == gate));
                list.extend(mine.flat_map(|i| &i.units).map(|u| format!("{slug}.{u}")));
            }
            SegmentKind::Person(ask) if ask.gate == Some(gate) => {
                list.extend(ask.units.iter().map(|u| format!("{slug}.{u}")));
            }
            _ => {}
        }
    }
    list
}

fn rollback() -> Value {
    json!({"then": "rollback", "ends": "rolled_back"})
}

/// What follows, as data for the script that does it; `done` is what counts as done when the run goes on.
fn outcome(ctx: &Ctx<'_>, o: &FailureOutcome, done: &[String]) -> Value {
    match o {
        FailureOutcome::Rollback => rollback(),
        FailureOutcome::RollbackStage(s) => {
            json!({"then": "rollback", "ends": "stopped", "scope": with_dependents(ctx, *s)})
        }
        FailureOutcome::Pause => json!({"then": "pause"}),
        FailureOutcome::Stop => json!({"then": "rollback", "ends": "stopped_as_it_is"}),
        FailureOutcome::Continue { .. } => json!({"then": "continue", "done": done}),
        FailureOutcome::Restart(s, n) => {
            let (redo, forget) = again(ctx, *s);
            json!({"then": "restart", "attempts": n, "redo": redo, "forget": forget, "ends": "rolled_back"})
        }
        FailureOutcome::Escalate(_) => json!({"then": "nothing"}),
    }
}

/// A stage and every stage that depends on it.
fn with_dependents(ctx: &Ctx<'_>, s: StageId) -> Vec<String> {
    let after = ctx.plan.descendants(Node::Stage(s));
    ctx.plan
        .stage_order()
        .into_iter()
        .filter(|o| *o == s || ctx.plan.contains(&after, Node::Stage(*o)))
        .map(|o| ctx.release.stage(o).slug.to_string())
        .collect()
}

/// What is asked and done again after a restart, and the values that are forgotten: prior states are kept.
fn again(ctx: &Ctx<'_>, s: StageId) -> (Vec<String>, Vec<String>) {
    let r = ctx.release;
    let after = ctx.plan.descendants(Node::Stage(s));
    let mut redo = with_dependents(ctx, s);
    let mut forget = Vec::new();
    let slugs: BTreeSet<String> = redo.iter().cloned().collect();
    for node in ctx.plan.order().filter(|n| ctx.plan.contains(&after, *n)) {
        match node {
            Node::Approval(a) => redo.push(names::approval(r, a)),
            Node::Decision(d) => {
                redo.push(names::decision(r, d));
                forget.push(names::option(r, d));
            }
            Node::Stage(_) => {}
        }
    }
    for (i, stage) in r.stages.iter().enumerate() {
        if !slugs.contains(stage.slug.as_str()) {
            continue;
        }
        for (c, _) in &stage.ready {
            redo.push(names::ready(r, *c));
            redo.push(names::check(r, *c));
        }
        for gate in crate::emit::environments::gates_of(stage) {
            forget.push(names::verdict(r, gate));
        }
        let mine = |c: &crate::model::Capture| c.source == CaptureSource::Stage(StageId::at(i));
        let captures = r.captures.iter().enumerate().filter(|(_, c)| mine(c));
        forget.extend(captures.map(|(i, _)| ctx.kept_name(Kept::Capture(crate::model::CaptureId::at(i)))));
    }
    redo.dedup();
    forget.dedup();
    (redo, forget)
}

/// The names of the jobs of a node, as the API gives them.
fn job_names(ctx: &Ctx<'_>, node: Node) -> Vec<String> {
    match node {
        Node::Stage(s) => ctx.segments(s).iter().map(|s| s.name.clone()).collect(),
        Node::Approval(a) => {
            let approval = ctx.release.approval(a);
            let count = consent::seats(ctx, approval);
            let base = job_name("Approval", &approval.name);
            if count == 1 {
                vec![base]
            } else {
                (1..=count).map(|n| format!("{base} ({n} of {count})")).collect()
            }
        }
        Node::Decision(d) => vec![job_name("Decision", &ctx.release.decision(d).name)],
    }
}

fn settle(ctx: &Ctx<'_>, failed: Failed<'_>) -> Vec<Job> {
    let mut jobs = Vec::new();
    let wrong = wrong(ctx, &failed);
    let manual = manual_first(ctx, &failed, &wrong);
    let before = manual.as_ref().map(|j| j.id.clone());
    jobs.extend(manual);

    let id = names::settle(&failed.base);
    let mut b = JobBuilder::new(ctx, id.clone(), format!("After {}", failed.title));
    b.needs.extend(failed.jobs.iter().cloned());
    b.need("preflight");
    if let Some(node) = failed.node {
        b.needs.extend(order::ancestors(ctx, node));
        if let Node::Stage(s) = node {
            b.needs
                .extend(ctx.holds_of(s).into_iter().map(|h| names::enter(ctx.release, h)));
        }
    }
    let cond = vec![Expr::not_cancelled(), wrong];
    if let Some(before) = before {
        b.need(before);
    }
    for step in &failed.steps {
        let how = How {
            id: format!("f_{}", step.slug),
            failing: Failing::Nothing,
            ..How::of(step)
        };
        if crate::emit::environments::asked(step).is_none() {
            b.do_step(step, how);
        }
    }
    b.speaks |= !b.steps.is_empty();
    variables(&mut b, &failed);
    messages::at(&mut b, MomentKind::Failed, failed.stage, None);
    if matches!(failed.node, Some(Node::Approval(_))) {
        messages::at(&mut b, MomentKind::Rejected, None, None);
    }
    let paused = success_and([Expr::StepOutput("settle".into(), "next".into()).is("pause")]);
    messages::at(&mut b, MomentKind::Paused, failed.stage, paused);
    b.seconds += 5 * 3600;
    let settled = b.speaking(Expr::all(cond));
    jobs.push(settled);
    if failed.outcomes.values().any(|o| o["then"] == "pause") && is_reachable(ctx, &failed) {
        jobs.push(pause(ctx, &failed, &id));
    }
    for d in &failed.decisions {
        jobs.push(decide(ctx, &failed, &id, *d));
    }
    jobs
}

/// Whether a pause can come up at all: the table of every stage names the window, but not every stage stands in one.
fn is_reachable(ctx: &Ctx<'_>, failed: &Failed<'_>) -> bool {
    match failed.stage {
        Some(s) => may_pause(ctx.release, s),
        None => true,
    }
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
            .filter(|s| !matches!(s.kind, SegmentKind::Person(_)));
        list.extend(work.map(|s| Expr::Output(s.job.clone(), "stopped".into()).is_not("true")));
    }
    Expr::all(list)
}

/// The variables of `settle.sh`, and its step.
fn variables(b: &mut JobBuilder<'_, '_>, failed: &Failed<'_>) {
    let ctx = b.ctx;
    b.permit(
        "actions",
        true,
        "to start the rollback, and to withdraw what still waits for a person",
    );
    let mut vars = b.vars("V");
    token(&mut vars);
    begun(&mut vars);
    vars.expr("NEEDS", Expr::ToJson("needs"));
    vars.expr("INPUTS", Expr::ToJson("inputs"));
    vars.expr("RESUME", resume(ctx));
    vars.expr(
        "ATTEMPT",
        Expr::Or(vec![Expr::Input("attempt".into()), Expr::str("1")]),
    );
    vars.text(
        "ASKED_JOBS",
        serde_json::to_string(&failed.asked).unwrap_or_default(),
    );
    let (siblings, earlier) = beside(ctx, failed);
    vars.text("SIBLINGS", json_list(siblings));
    vars.text("EARLIER", json_list(earlier));
    vars.text("WAIT", "17100");
    vars.expr("CAUSE", failed.cause.clone());
    vars.expr("RUNG", failed.rung.clone());
    vars.text("OUTCOMES", Value::Object(failed.outcomes.clone()).to_string());
    files(ctx, &mut vars);
    for output in ["next", "state", "ends"] {
        b.leave(output, Expr::StepOutput("settle".into(), output.into()));
    }
    b.fixed(Some("settle"), "What follows", None, vars, Fixed::Settle);
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
fn files(ctx: &Ctx<'_>, vars: &mut crate::emit::github::lower::values::Vars<'_, '_>) {
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

/// The names of the jobs that may be under way, and of those among them that settle first.
fn beside(ctx: &Ctx<'_>, failed: &Failed<'_>) -> (Vec<String>, Vec<String>) {
    let order: Vec<Node> = ctx.plan.order().collect();
    let Some(node) = failed.node else {
        // A trigger acts while any stage may be under way, and settles after all of them.
        let stages = ctx.plan.stage_order().into_iter().map(Node::Stage);
        let siblings = stages.flat_map(|n| job_names(ctx, n)).collect();
        let earlier = order.iter().flat_map(|n| job_names(ctx, *n)).collect();
        return (siblings, earlier);
    };
    let apart = ctx.apart(node);
    let siblings = apart
        .iter()
        .filter(|n| matches!(n, Node::Stage(_)))
        .flat_map(|n| job_names(ctx, *n))
        .collect();
    let rank = |n: &Node| order.iter().position(|o| o == n);
    let earlier = apart
        .iter()
        .filter(|n| rank(n) < rank(&node))
        .flat_map(|n| job_names(ctx, *n))
        .collect();
    (siblings, earlier)
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
    stage::confirmed(&mut b, &purpose, &[], Vec::new(), None, None, None);
    let cond = Expr::all([Expr::not_cancelled(), wrong.clone()]);
    Some(b.finish(cond, Some(ctx.environment(&purpose)), None, ""))
}

/// The job in which the owner says how a paused run goes on.
fn pause(ctx: &Ctx<'_>, failed: &Failed<'_>, settled: &str) -> Job {
    let id = names::with(settled, "paused");
    let mut b = JobBuilder::new(
        ctx,
        id,
        format!("Paused at {}: retry, proceed, rollback or stop?", failed.title),
    );
    let outcomes = json!({
        "retry": {"then": "retry"},
        "proceed": {"then": "proceed", "done": failed.proceed},
        "rollback": rollback(),
        "stop": {"then": "rollback", "ends": "stopped_as_it_is"},
    });
    let mut vars = b.vars("V");
    token(&mut vars);
    vars.text("ENVIRONMENT", ctx.environment(&failed.pause));
    vars.text("OPTIONS", json_list(["retry", "proceed", "rollback", "stop"]));
    vars.text("ASKED", "");
    vars.text("WITHIN", "");
    b.fixed(Some("answer"), "What the owner says", None, vars, Fixed::Answer);
    resolve(&mut b, settled, &outcomes, "");
    let cond = Expr::all([
        Expr::not_cancelled(),
        Expr::succeeded(settled),
        Expr::Output(settled.to_string(), "next".into()).is("pause"),
    ]);
    b.need(settled);
    b.finish(cond, Some(ctx.environment(&failed.pause)), None, "")
}

/// The job in which a decision is made that is asked on failure.
fn decide(ctx: &Ctx<'_>, failed: &Failed<'_>, settled: &str, id: DecisionId) -> Job {
    let decision = ctx.release.decision(id);
    let name = names::decision(ctx.release, id);
    let mut b = JobBuilder::new(
        ctx,
        names::with(settled, &name),
        format!(
            "Decide after {}: {}",
            failed.title,
            names::title(ctx.release, &decision.question.ask)
        ),
    );
    let mut outcomes = Map::new();
    let option_name = names::option(ctx.release, id);
    for option in &decision.options {
        let mut done = failed.proceed.clone();
        done.push(name.clone());
        let mut value = match &option.then {
            OptionOutcome::Proceed => json!({"then": "proceed", "done": done}),
            OptionOutcome::Then(o) => outcome(ctx, o, &done),
        };
        if let Some(map) = value.as_object_mut() {
            map.insert(
                "values".to_string(),
                json!({ option_name.clone(): option.name.as_str() }),
            );
        }
        outcomes.insert(option.name.to_string(), value);
    }
    consent::question(&mut b, id);
    let default = decision.default.map(|i| decision.options[i].name.to_string());
    resolve(
        &mut b,
        settled,
        &Value::Object(outcomes),
        &default.unwrap_or_default(),
    );
    let cond = Expr::all([
        Expr::not_cancelled(),
        Expr::succeeded(settled),
        Expr::Output(settled.to_string(), "next".into()).is(&name),
    ]);
    b.need(settled);
    b.finish(cond, Some(ctx.environment(&Purpose::Decide(id))), None, "")
}

fn resolve(b: &mut JobBuilder<'_, '_>, settled: &str, outcomes: &Value, default: &str) {
    let ctx = b.ctx;
    b.permit("actions", true, "to start what was answered");
    let mut vars = b.vars("V");
    token(&mut vars);
    vars.expr("ANSWER", Expr::StepOutput("answer".into(), "answer".into()));
    vars.text("DEFAULT", default);
    vars.text("OUTCOMES", outcomes.to_string());
    vars.expr("STATE", Expr::Output(settled.to_string(), "state".into()));
    vars.expr("INPUTS", Expr::ToJson("inputs"));
    vars.expr(
        "ATTEMPT",
        Expr::Or(vec![Expr::Input("attempt".into()), Expr::str("1")]),
    );
    files(ctx, &mut vars);
    b.leave("next", Expr::StepOutput("resolve".into(), "next".into()));
    b.fixed(
        Some("resolve"),
        "What follows from it",
        None,
        vars,
        Fixed::Resolve,
    );
}
