//! What follows a failure: in the release a job for each stage, approval, decision and trigger that hands over to the rollback workflow;
//! there a table of what the plan says.
//!
//! It is a job and not a step because the deploying job must not hold the right to dispatch, and because a job that timed out or lost
//! its runner could not speak for itself. It is another workflow because undos that need a job which waits for a person would wait
//! with it. Called by `lower`.

use crate::emit::environments::{Purpose, may_pause, tickers};
use crate::emit::github::lower::context::{Ctx, Kept};
use crate::emit::github::lower::job::{JobBuilder, begun, json_list, token};
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
}

/// The failure of a stage.
fn of_stage<'a>(ctx: &Ctx<'a>, id: StageId) -> Failed<'a> {
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
            for role in tickers(ctx.release, ctx.release.checklist(*checklist)) {
                jobs.push(names::ready(ctx.release, *checklist, role));
            }
        }
    }
    let mut outcomes = Map::new();
    let done = proceed(ctx, id);
    let pause = Purpose::Pause(id);
    let owner = may_pause(ctx.release, id);
    let default = match s.on_failure.as_ref().map(|f| &f.then) {
        Some(Failure::Then(o)) => outcome(ctx, o, &pause, &done),
        Some(Failure::Decision(d)) => decided(ctx, *d, &pause, &done),
        None => rollback(),
    };
    let stepping_back = s.rollout.as_ref().filter(|r| r.demote.is_some());
    if let Some(rollout) = stepping_back {
        if let Some(first) = rollout.steps.first() {
            outcomes.insert(format!("rung:{}", first.slug), rollback());
        }
        outcomes.insert("rung:".to_string(), rollback());
        outcomes.insert("default".to_string(), paused(ctx, &pause, &done));
    } else {
        outcomes.insert("default".to_string(), default);
    }
    if owner {
        for cause in ["window", "no_data"] {
            outcomes.insert(cause.to_string(), paused(ctx, &pause, &done));
        }
    }
    outcomes.insert("lapsed".to_string(), rollback());
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
                if let (FailureOutcome::Continue { .. }, Some(map)) = (o, value.as_object_mut()) {
                    let name = names::verdict(ctx.release, gate);
                    map.insert("values".to_string(), json!({ name: "failed" }));
                }
                outcomes.insert(cause, value);
            }
            Some((GateOutcome::Decision(d), _)) => {
                outcomes.insert(cause, decided(ctx, *d, &pause, &accepted));
            }
            None => {}
        }
    }
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
    Failed {
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
    }
}

/// The rejection of an approval.
fn of_approval<'a>(ctx: &Ctx<'a>, id: ApprovalId) -> Failed<'a> {
    let approval = ctx.release.approval(id);
    let base = names::approval(ctx.release, id);
    let count = consent::seats(ctx, approval);
    let mut jobs: Vec<String> = (1..count).map(|n| names::numbered(&base, n as usize)).collect();
    jobs.push(base.clone());
    let default = match &approval.otherwise {
        ApprovalOutcome::Rollback => rollback(),
        ApprovalOutcome::Stop => outcome(ctx, &FailureOutcome::Stop, &Purpose::PauseRun, &[]),
        ApprovalOutcome::Restart(s, n) => {
            outcome(ctx, &FailureOutcome::Restart(*s, *n), &Purpose::PauseRun, &[])
        }
    };
    simple(
        base,
        names::line(&approval.name),
        jobs,
        Some(Node::Approval(id)),
        default,
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
            let value = outcome(ctx, o, &Purpose::PauseRun, std::slice::from_ref(&base));
            failed.outcomes.insert(option.name.to_string(), value);
        }
    }
    failed.cause = Expr::first(vec![Expr::Output(base.clone(), "option".into()), Expr::str("")]);
    failed
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
        node,
        stage: None,
        outcomes,
        cause: Expr::str(""),
        rung: Expr::str(""),
        asked: BTreeMap::new(),
        steps: Vec::new(),
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
            SegmentKind::Timer(_, units, _) => list.extend(units.iter().map(|u| format!("{slug}.{u}"))),
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

/// What follows, as data for the script that does it: where the owner is asked, and what is done when the run goes on.
fn outcome(ctx: &Ctx<'_>, o: &FailureOutcome, pause: &Purpose, done: &[String]) -> Value {
    match o {
        FailureOutcome::Rollback => rollback(),
        FailureOutcome::RollbackStage(s) => {
            json!({"then": "rollback", "ends": "stopped", "scope": with_dependents(ctx, *s)})
        }
        FailureOutcome::Pause => paused(ctx, pause, done),
        FailureOutcome::Stop => json!({"then": "rollback", "ends": "stopped_as_it_is"}),
        FailureOutcome::Continue { .. } => json!({"then": "continue", "done": done}),
        FailureOutcome::Restart(s, n) => {
            let (redo, forget) = again(ctx, *s);
            json!({"then": "restart", "attempts": n, "redo": redo, "forget": forget, "ends": "rolled_back"})
        }
        FailureOutcome::Escalate(_) => json!({"then": "nothing"}),
    }
}

/// The owner is asked how the run goes on.
fn paused(ctx: &Ctx<'_>, pause: &Purpose, done: &[String]) -> Value {
    json!({
        "then": "ask",
        "asks": ctx.environment(pause),
        "options": {
            "retry": {"then": "retry"},
            "proceed": {"then": "continue", "done": done},
            "rollback": rollback(),
            "stop": {"then": "rollback", "ends": "stopped_as_it_is"},
        },
        "otherwise": {"then": "ask"},
    })
}

/// A decision is asked.
fn decided(ctx: &Ctx<'_>, id: DecisionId, pause: &Purpose, done: &[String]) -> Value {
    let decision = ctx.release.decision(id);
    let mut options = Map::new();
    let kept = names::option(ctx.release, id);
    let mut all = done.to_vec();
    all.push(names::decision(ctx.release, id));
    for option in &decision.options {
        let mut value = match &option.then {
            OptionOutcome::Proceed => json!({"then": "continue", "done": all}),
            // The owner was just asked: a second question has no clear answer either.
            OptionOutcome::Then(FailureOutcome::Pause) => json!({"then": "ask"}),
            OptionOutcome::Then(o) => outcome(ctx, o, pause, &all),
        };
        if let Some(map) = value.as_object_mut() {
            map.insert(
                "values".to_string(),
                json!({ kept.clone(): option.name.as_str() }),
            );
        }
        options.insert(option.name.to_string(), value);
    }
    let default = decision
        .default
        .and_then(|i| options.get(decision.options[i].name.as_str()).cloned());
    let mut value = json!({
        "then": "ask",
        "asks": ctx.environment(&Purpose::Decide(id)),
        "options": options,
        "otherwise": default.unwrap_or_else(rollback),
    });
    if let (Some(within), Some(map)) = (decision.question.within, value.as_object_mut()) {
        map.insert("within".to_string(), json!(within.as_seconds()));
    }
    value
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
            let roles = tickers(r, r.checklist(*c)).into_iter();
            redo.extend(roles.map(|role| names::ready(r, *c, role)));
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
            Node::Stage(s) => list.push(of_stage(ctx, s)),
        }
    }
    let watched = ctx.watched().into_iter();
    list.extend(watched.map(|t| of_trigger(ctx, t, crate::emit::github::lower::trigger::parts(ctx, t))));
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
    if let Some(node) = failed.node {
        b.needs.extend(order::ancestors(ctx, node));
        if let Node::Stage(s) = node {
            b.needs
                .extend(ctx.holds_of(s).into_iter().map(|h| names::enter(ctx.release, h)));
            if ctx
                .release
                .stage(s)
                .rollout
                .as_ref()
                .is_some_and(|r| r.demote.is_some())
            {
                b.need(names::with(&failed.base, "demote"));
            }
        }
    }
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
    messages::at(&mut b, MomentKind::Failed, failed.stage, None);
    if matches!(failed.node, Some(Node::Approval(_))) {
        messages::at(&mut b, MomentKind::Rejected, None, None);
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
            .filter(|s| matches!(s.kind, SegmentKind::Work(_) | SegmentKind::Sleep(..)));
        list.extend(work.map(|s| Expr::Output(s.job.clone(), "stopped".into()).is_not("true")));
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
    stage::confirmed(&mut b, &purpose, &[], Vec::new(), None, None, None);
    let cond = Expr::all([Expr::not_cancelled(), wrong.clone()]);
    Some(b.finish(cond, Some(ctx.environment(&purpose)), None, ""))
}
