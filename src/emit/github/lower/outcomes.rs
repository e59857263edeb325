//! What follows a failure, as data for the scripts that do it: roll back, ask, go on, start over.
//!
//! Called by `settle`.

use crate::emit::environments::{Purpose, tickers};
use crate::emit::github::lower::context::{Ctx, Kept};
use crate::emit::github::lower::names;
use crate::emit::github::lower::segments::SegmentKind;
use crate::model::{
    ApprovalId, ApprovalOutcome, CaptureSource, DecisionId, FailureOutcome, OptionOutcome, RolloutStep,
    StageId, Step, Strength,
};
use crate::plan::{Node, StageUndo};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What a stage is done as: itself and every step of it.
pub fn proceed(ctx: &Ctx<'_>, id: StageId) -> Vec<String> {
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
pub fn gate_done(ctx: &Ctx<'_>, id: StageId, gate: crate::model::GateId) -> Vec<String> {
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

fn rolled_back() -> Value {
    json!({"then": "rollback", "ends": "rolled_back"})
}

/// The same, with how much it asks for, where it is held against what else failed.
fn of_strength(mut what: Value, strength: Strength) -> Value {
    if let Some(map) = what.as_object_mut() {
        map.insert("strength".to_string(), json!(strength as u8));
    }
    what
}

pub fn rollback() -> Value {
    of_strength(rolled_back(), Strength::UndoesAll)
}

/// What follows, as data for the script that does it: where the owner is asked, and what is done when the run goes on.
pub fn outcome(ctx: &Ctx<'_>, o: &FailureOutcome, pause: &Purpose, done: &[String]) -> Value {
    of_strength(follows(ctx, o, pause, done), o.strength())
}

fn follows(ctx: &Ctx<'_>, o: &FailureOutcome, pause: &Purpose, done: &[String]) -> Value {
    match o {
        FailureOutcome::Rollback => rolled_back(),
        FailureOutcome::RollbackStage(s) => {
            json!({"then": "rollback", "ends": "stopped", "scope": with_dependents(ctx, *s)})
        }
        // Who is called is called by the job that hands over.
        FailureOutcome::Pause | FailureOutcome::Escalate(_) => asks_owner(ctx, pause),
        FailureOutcome::Stop => json!({"then": "rollback", "ends": "stopped_as_it_is"}),
        FailureOutcome::Continue { .. } => json!({"then": "continue", "done": done}),
        FailureOutcome::Restart(s, n) => {
            let (redo, forget) = again(ctx, *s);
            json!({"then": "restart", "attempts": n, "redo": redo, "forget": forget, "ends": "rolled_back"})
        }
    }
}

/// The owner is asked how the run goes on.
pub fn paused(ctx: &Ctx<'_>, pause: &Purpose) -> Value {
    of_strength(asks_owner(ctx, pause), Strength::Asks)
}

/// What follows when an approval is not granted, or has lapsed.
pub fn rejected(ctx: &Ctx<'_>, id: ApprovalId) -> Value {
    let pause = Purpose::PauseRun;
    match &ctx.release.approval(id).otherwise {
        ApprovalOutcome::Rollback => rollback(),
        ApprovalOutcome::Stop => outcome(ctx, &FailureOutcome::Stop, &pause, &[]),
        ApprovalOutcome::Restart(s, n) => outcome(ctx, &FailureOutcome::Restart(*s, *n), &pause, &[]),
    }
}

/// The owner is asked after a rollout has stepped back: to go on, what begins like `units` is done again, since nothing runs at its value.
/// What of the step is undone otherwise there than at the step before has begun last at the step before.
pub fn stepped_back(ctx: &Ctx<'_>, pause: &Purpose, (id, step): (StageId, &RolloutStep)) -> Value {
    let stage = ctx.release.stage(id);
    let units = format!("{}.{}_", stage.slug, step.slug);
    let mut value = paused(ctx, pause);
    if let StageUndo::Derived(list) = ctx.plan.undo(id) {
        let varies = |own: &Step| {
            list.iter()
                .any(|u| u.undoes.slug == own.slug && !u.earlier.is_empty())
        };
        let pairs = stage.steps.iter().zip(&step.work).filter(|(own, _)| varies(own));
        let back: Vec<String> = pairs.map(|(_, w)| format!("{}.{}", stage.slug, w.slug)).collect();
        if !back.is_empty() {
            value["back"] = json!(back);
        }
    }
    for option in ["retry", "proceed"] {
        value["options"][option] = json!({"then": "retry", "again": units});
    }
    value
}

fn asks_owner(ctx: &Ctx<'_>, pause: &Purpose) -> Value {
    json!({
        "then": "ask",
        "asks": ctx.environment(pause),
        "options": {
            "retry": {"then": "retry"},
            "proceed": {"then": "proceed"},
            "rollback": rolled_back(),
            "stop": {"then": "rollback", "ends": "stopped_as_it_is"},
        },
        "otherwise": {"then": "ask"},
    })
}

/// A decision is asked.
pub fn decided(
    ctx: &Ctx<'_>,
    id: DecisionId,
    pause: &Purpose,
    done: &[String],
    failed: Option<StageId>,
) -> Value {
    let decision = ctx.release.decision(id);
    let mut options = Map::new();
    let kept = names::option(ctx.release, id);
    let own = names::decision(ctx.release, id);
    let mut all = done.to_vec();
    all.push(own.clone());
    for option in &decision.options {
        let mut value = match &option.then {
            OptionOutcome::Proceed => json!({"then": "proceed", "done": [own]}),
            // The owner was just asked: a second question has no clear answer either.
            OptionOutcome::Then(FailureOutcome::Pause) => json!({"then": "ask"}),
            OptionOutcome::Then(o) => follows(ctx, o, pause, &all),
        };
        if let Some(map) = value.as_object_mut() {
            let mut values = Map::new();
            values.insert(kept.clone(), option.name.as_str().into());
            if let (Some(stage), OptionOutcome::Then(FailureOutcome::Continue { .. })) =
                (failed, &option.then)
            {
                values.insert(names::went_on(ctx.release, stage), "true".into());
            }
            map.insert("values".to_string(), values.into());
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
        "otherwise": default.unwrap_or_else(rolled_back),
        "strength": Strength::Asks as u8,
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
        // Whoever approved it approved what was there then.
        let of_steps = stage
            .rollout
            .iter()
            .flat_map(|r| &r.steps)
            .flat_map(|r| &r.approved);
        let approved = stage.approved.iter().chain(of_steps);
        redo.extend(approved.map(|(a, _)| names::approval(r, *a)));
        for (c, _) in &stage.ready {
            let roles = tickers(r, r.checklist(*c)).into_iter();
            redo.extend(roles.map(|role| names::ready(r, *c, role)));
            redo.push(names::check(r, *c));
        }
        forget.push(names::went_on(r, StageId::at(i)));
        for gate in crate::emit::environments::gates_of(stage) {
            forget.push(names::verdict(r, gate));
        }
        let mine = |c: &crate::model::Capture| c.source == CaptureSource::Stage(StageId::at(i));
        let captures = r.captures.iter().enumerate().filter(|(_, c)| mine(c));
        forget.extend(captures.map(|(i, _)| ctx.kept_name(Kept::Capture(crate::model::CaptureId::at(i)))));
    }
    let mut seen = BTreeSet::new();
    redo.retain(|name| seen.insert(name.clone()));
    forget.dedup();
    (redo, forget)
}
