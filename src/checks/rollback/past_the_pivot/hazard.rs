//! What can fail so that the plan turns back: steps, gates, approvals, decisions, triggers.

use crate::model::{
    ApprovalId, ApprovalOutcome, Decision, DecisionId, Failure, FailureOutcome, GateId, GateOutcome,
    OptionOutcome, Origin, Stage, StageId, Step, StepKind, Undo,
};
use crate::plan::{Node, Plan, Truth, Variant, doing};

/// What kind of thing can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    Stage,
    Approval,
    Decision,
    Trigger,
    /// A gate of the irreversible stage itself.
    Gate,
}

/// Something that can fail so that the plan turns back.
#[derive(Debug, Clone)]
pub(super) struct Hazard {
    pub(super) at: Where,
    /// What people call it.
    pub(super) name: String,
    /// Where it is written.
    pub(super) origin: Origin,
    /// What can go wrong there.
    pub(super) text: String,
    /// What happens, as a line of a run.
    pub(super) happens: String,
    /// Where it is written what that leads to.
    pub(super) then: Option<Origin>,
    /// The run stops there, and nothing is undone.
    pub(super) stops: bool,
}

/// The first thing in a stage that can fail and is not gone on from.
pub(super) fn of_stage(plan: &Plan, id: StageId, pivot: StageId) -> Option<Hazard> {
    let stage = plan.release().stage(id);
    let goes_on = stage_goes_on(plan, stage, pivot);
    let by_stage = || stage.on_failure.as_ref().map(|f| f.origin.clone());
    let stage_stops = matches!(&stage.on_failure, Some(f) if f.then == Failure::Then(FailureOutcome::Stop));
    let hazard = |origin: &Origin, text: &str, (then, stops): (Option<Origin>, bool)| Hazard {
        at: Where::Stage,
        name: stage.name.to_string(),
        origin: origin.clone(),
        text: text.to_string(),
        happens: format!("`{}` fails", stage.name),
        then,
        stops,
    };
    let gate = |gate: GateId, origin: &Origin| {
        let (safe, then) = match &plan.release().gate(gate).otherwise {
            Some((outcome, at)) => (
                gate_goes_on(plan, outcome, pivot),
                (Some(at.clone()), stops(outcome)),
            ),
            None => (goes_on, (by_stage(), stage_stops)),
        };
        let text = format!("`{}` can fail", plan.release().gate(gate).name);
        (!safe).then(|| hazard(origin, &text, then))
    };
    if let Some(found) = stage.require.iter().find_map(|(g, o)| gate(*g, o)) {
        return Some(found);
    }
    stage
        .forward_steps()
        .into_iter()
        .find_map(|step| match &step.kind {
            StepKind::VerifyGate(g) => gate(*g, &step.origin),
            StepKind::Tell(..) | StepKind::Wait(_) | StepKind::Bake(_) => None,
            _ if goes_on || tried_to_the_end(step) => None,
            _ => Some(hazard(
                &step.origin,
                "can fail, and is not tried to the end",
                (by_stage(), stage_stops),
            )),
        })
}

/// A gate of an irreversible stage that is judged after what cannot be undone, and is said to turn the plan back. Where nothing is
/// said, that is the finding.
pub(super) fn of_itself(plan: &Plan, id: StageId) -> Option<Hazard> {
    let r = plan.release();
    let stage = r.stage(id);
    let steps = stage.forward_steps();
    let irreversible = |s: &&Step| doing(s).is_some_and(|a| matches!(a.undo, Undo::Irreversible { .. }));
    let changes =
        |s: &&Step| doing(s).is_some_and(|a| !(a.effects.changes.is_empty() && a.effects.removes.is_empty()));
    let gone = steps
        .iter()
        .position(irreversible)
        .or_else(|| steps.iter().position(changes))?;
    let goes_on = stage_goes_on(plan, stage, id);
    steps[gone..].iter().find_map(|step| {
        let StepKind::VerifyGate(gate) = &step.kind else {
            return None;
        };
        let by_stage = stage.on_failure.as_ref();
        let (safe, then, stops) = match &r.gate(*gate).otherwise {
            Some((outcome, at)) => (gate_goes_on(plan, outcome, id), Some(at.clone()), stops(outcome)),
            None => (
                goes_on,
                by_stage.map(|f| f.origin.clone()),
                by_stage.is_some_and(|f| f.then == Failure::Then(FailureOutcome::Stop)),
            ),
        };
        let name = &r.gate(*gate).name;
        let hazard = Hazard {
            at: Where::Gate,
            name: name.to_string(),
            origin: step.origin.clone(),
            text: format!("`{name}` can fail, when it is too late"),
            happens: format!("`{name}` fails"),
            then,
            stops,
        };
        (!safe && hazard.then.is_some()).then_some(hazard)
    })
}

/// Approvals, decisions and triggers that can turn the plan back once a pivot has begun.
pub(super) fn of_the_rest(plan: &Plan, pivots: &[StageId]) -> Vec<(Hazard, StageId, Variant)> {
    let r = plan.release();
    let mut found = Vec::new();
    for (i, approval) in r.approvals.iter().enumerate() {
        let node = Node::Approval(ApprovalId::at(i));
        let asked_late = !approval.after.is_empty() || !approval.after_decisions.is_empty();
        if !asked_late || approval.otherwise == ApprovalOutcome::Stop || plan.waited_by(node).is_empty() {
            continue;
        }
        if let Some((pivot, variant)) = not_before(plan, node, pivots) {
            let hazard = Hazard {
                at: Where::Approval,
                name: approval.name.to_string(),
                origin: approval.origin.clone(),
                text: "a no turns the plan back".to_string(),
                happens: format!("`{}` is refused", approval.name),
                then: approval.otherwise_origin.clone(),
                stops: false,
            };
            found.push((hazard, pivot, variant));
        }
    }
    for (i, decision) in r.decisions.iter().enumerate() {
        let node = Node::Decision(DecisionId::at(i));
        if decision.default.is_some() || decision.question.within.is_none() || decision.after.is_empty() {
            continue;
        }
        if let Some((pivot, variant)) = not_before(plan, node, pivots) {
            let hazard = Hazard {
                at: Where::Decision,
                name: decision.name.to_string(),
                origin: decision.origin.clone(),
                text: "no answer in time turns the plan back".to_string(),
                happens: format!("nobody answers `{}` in time", decision.name),
                then: None,
                stops: false,
            };
            found.push((hazard, pivot, variant));
        }
    }
    for trigger in &r.triggers {
        let turns_back = |pivot: StageId| !goes_on(plan, &trigger.then, pivot, true);
        let watched = trigger.during.iter().find_map(|s| {
            let own = pivots.iter().find(|p| *p == s && turns_back(**p)).copied();
            let met = own.or_else(|| {
                let beside = |p: &&StageId| {
                    **p != *s && turns_back(**p) && !plan.precedes(Node::Stage(*s), Node::Stage(**p))
                };
                pivots.iter().find(beside).copied()
            })?;
            together(plan, Node::Stage(*s), met).map(|v| (met, v))
        });
        if let Some((pivot, variant)) = watched {
            let hazard = Hazard {
                at: Where::Trigger,
                name: trigger.name.to_string(),
                origin: trigger.origin.clone(),
                text: "turns the plan back when it fires".to_string(),
                happens: format!("`{}` fires", trigger.name),
                then: Some(trigger.then_origin.clone()),
                stops: false,
            };
            found.push((hazard, pivot, variant));
        }
    }
    found
}

/// The first pivot that does not wait for a node and can run together with it.
fn not_before(plan: &Plan, node: Node, pivots: &[StageId]) -> Option<(StageId, Variant)> {
    pivots
        .iter()
        .filter(|p| !plan.precedes(node, Node::Stage(**p)))
        .find_map(|p| together(plan, node, *p).map(|v| (*p, v)))
}

fn together(plan: &Plan, node: Node, pivot: StageId) -> Option<Variant> {
    let v = plan.variants();
    match v.find(plan, v.and(v.applies(node), plan.starts(pivot))) {
        Truth::In(variant) => Some(variant),
        Truth::Never | Truth::Undecided => None,
    }
}

/// Whether a step is tried again and again, and may be.
fn tried_to_the_end(step: &Step) -> bool {
    let act = doing(step).or(step.act());
    let retried = step.retry.is_some() || act.is_some_and(|a| a.retry.is_some());
    let repeatable = step.idempotent || act.is_some_and(|a| a.idempotent);
    retried && repeatable
}

fn stage_goes_on(plan: &Plan, stage: &Stage, pivot: StageId) -> bool {
    match stage.on_failure.as_ref().map(|f| &f.then) {
        None => false,
        Some(Failure::Then(o)) => goes_on(plan, o, pivot, false),
        Some(Failure::Decision(d)) => decision_goes_on(plan, plan.release().decision(*d), pivot),
    }
}

fn stops(outcome: &GateOutcome) -> bool {
    *outcome == GateOutcome::Then(FailureOutcome::Stop)
}

fn gate_goes_on(plan: &Plan, outcome: &GateOutcome, pivot: StageId) -> bool {
    match outcome {
        GateOutcome::Then(o) => goes_on(plan, o, pivot, false),
        GateOutcome::Decision(d) => decision_goes_on(plan, plan.release().decision(*d), pivot),
    }
}

/// Whether the people asked have a way on.
fn decision_goes_on(plan: &Plan, decision: &Decision, pivot: StageId) -> bool {
    decision.options.iter().any(|o| match &o.then {
        OptionOutcome::Proceed => true,
        OptionOutcome::Then(o) => goes_on(plan, o, pivot, false),
    })
}

/// Whether an outcome leaves the pivot done and the rest recoverable. A trigger that stops the run undoes nothing.
fn goes_on(plan: &Plan, outcome: &FailureOutcome, pivot: StageId, trigger: bool) -> bool {
    match outcome {
        FailureOutcome::Pause | FailureOutcome::Continue { .. } | FailureOutcome::Escalate(_) => true,
        FailureOutcome::Stop => trigger,
        // A restart that is exhausted rolls back.
        FailureOutcome::Rollback | FailureOutcome::Restart(..) => false,
        FailureOutcome::RollbackStage(s) => {
            *s != pivot && !plan.precedes(Node::Stage(*s), Node::Stage(pivot))
        }
    }
}
