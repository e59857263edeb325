//! What follows a failure, in words: of a stage, of a step of its rollout, of a gate, and when a trigger acts.
//!
//! Must not know what is undone then: `from_here` does. Called by the parts of the view.

use crate::emit::runbook::say::{maybe, role, stages, text};
use crate::emit::runbook::words::{Spoken, Told, words};
use crate::model::{
    Cond, Failure, FailureOutcome, GateId, GateOutcome, RoleId, Rollout, Stage, StageId, Step, StepKind,
};

/// What follows, to stand after "then": `roll back everything that began`. The owner is asked when the run pauses.
pub(super) fn outcome(r: Told<'_>, o: &FailureOutcome, owner: RoleId) -> String {
    match o {
        FailureOutcome::Rollback => words!(r, "then.rollback"),
        FailureOutcome::RollbackStage(s) => words!(r, "then.rollback_stage", stage = r.stage(*s).name),
        FailureOutcome::Pause => words!(r, "then.pause", owner = role(r, owner)),
        FailureOutcome::Stop => words!(r, "then.stop"),
        FailureOutcome::Continue { because } => {
            let why = maybe(r, because.as_ref());
            if why.is_empty() {
                words!(r, "then.go_on")
            } else {
                words!(r, "then.go_on_because", why = why)
            }
        }
        FailureOutcome::Restart(s, n) => {
            let stage = &r.stage(*s).name;
            let restart = match n {
                1 => words!(r, "then.restart_once", stage = stage),
                2 => words!(r, "then.restart_twice", stage = stage),
                n => words!(r, "then.restart", stage = stage, n = n),
            };
            words!(r, "then.restart_then_rollback", restart = restart)
        }
        FailureOutcome::Escalate(c) => {
            let channel = text(r, &r.channel(*c).title);
            words!(
                r,
                "then.call_and_pause",
                channel = channel,
                owner = role(r, owner)
            )
        }
    }
}

/// What a trigger does when it acts. One that only calls somebody lets the run go on.
pub(super) fn trigger(r: Told<'_>, o: &FailureOutcome) -> String {
    match o {
        FailureOutcome::Escalate(c) => words!(r, "then.call", channel = text(r, &r.channel(*c).title)),
        o => outcome(r, o, r.owner),
    }
}

/// What follows a failing gate that says so itself.
pub(super) fn gate_outcome(r: Told<'_>, o: &GateOutcome, owner: RoleId) -> String {
    match o {
        GateOutcome::Then(o) => outcome(r, o, owner),
        GateOutcome::Decision(d) => words!(r, "then.decide", ask = text(r, &r.decision(*d).question.ask)),
    }
}

/// A rollout that goes back to its step before.
fn steps_back(stage: &Stage) -> Option<&Rollout> {
    stage.rollout.as_ref().filter(|r| r.demote.is_some())
}

/// What follows the failure of a stage, wherever in it that is.
pub(super) fn on_failure(plan: Spoken<'_>, id: StageId) -> String {
    let r = plan.release();
    match steps_back(r.stage(id)) {
        None => before_it_begins(plan, id),
        Some(rollout) if rollout.steps.len() < 2 => words!(r, "then.rollback"),
        Some(rollout) => {
            let first = rollout.steps.first().map_or("", |s| s.name.as_str());
            let then = words!(r, "then.rollback");
            let later = words!(r, "then.demote", owner = role(r, r.stage(id).owner));
            words!(r, "then.demotes", step = first, then = then, later = later)
        }
    }
}

/// What follows when a stage fails at a step of its rollout, counted from 0.
pub(super) fn at_step(plan: Spoken<'_>, id: StageId, rung: Option<usize>) -> String {
    let r = plan.release();
    let (Some(rollout), Some(rung)) = (steps_back(r.stage(id)), rung) else {
        return before_it_begins(plan, id);
    };
    let before = rollout.steps.get(..rung).unwrap_or_default();
    let then = words!(r, "then.rollback");
    if before.is_empty() {
        return then;
    }
    let demote = words!(r, "then.demote", owner = role(r, r.stage(id).owner));
    if before.iter().any(|b| matches!(b.when, Cond::True)) {
        return demote;
    }
    words!(r, "then.demote_or", demote = demote, then = then)
}

/// What follows when a stage fails outside a rollout that steps back.
fn before_it_begins(plan: Spoken<'_>, id: StageId) -> String {
    let r = plan.release();
    let s = r.stage(id);
    match s.on_failure.as_ref().map(|f| &f.then) {
        None => words!(r, "then.rollback"),
        Some(Failure::Then(o)) => outcome(r, o, s.owner),
        Some(Failure::Decision(d)) => words!(r, "then.decide", ask = text(r, &r.decision(*d).question.ask)),
    }
}

/// What follows when a gate that says nothing itself does not pass, as the stages say that judge it.
pub(super) fn not_passed(plan: Spoken<'_>, gate: GateId) -> String {
    let r = plan.release();
    let judges = |step: &Step| matches!(&step.kind, StepKind::VerifyGate(g) if *g == gate);
    let mut said = ByStage::default();
    for id in plan.judges(gate) {
        let mut add = |then: String| said.add(then, *id);
        let stage = r.stage(*id);
        let Some(rollout) = steps_back(stage) else {
            add(before_it_begins(plan, *id));
            continue;
        };
        if stage.require.iter().any(|(g, _)| *g == gate) {
            add(before_it_begins(plan, *id));
        }
        let at: Vec<usize> = (0..rollout.steps.len())
            .filter(|i| {
                let step = &rollout.steps[*i];
                step.work.iter().chain(&step.checks).any(judges)
            })
            .collect();
        match at.as_slice() {
            [] => {}
            [0, _, ..] => add(on_failure(plan, *id)),
            [one, ..] => add(at_step(plan, *id, Some(*one))),
        }
    }
    said.told(r)
}

/// What follows in some stages: told once where it is the same in all of them, else with the stages.
#[derive(Default)]
pub(super) struct ByStage(Vec<(String, Vec<StageId>)>);

impl ByStage {
    pub(super) fn add(&mut self, then: String, stage: StageId) {
        match self.0.iter_mut().find(|(t, _)| *t == then) {
            Some((_, stages)) => stages.push(stage),
            None => self.0.push((then, vec![stage])),
        }
    }

    pub(super) fn told(self, r: Told<'_>) -> String {
        if let [(then, _)] = self.0.as_slice() {
            return then.clone();
        }
        let one = |(then, list): (String, Vec<StageId>)| {
            words!(r, "then.in_stages", stages = stages(r, &list), then = then)
        };
        self.0.into_iter().map(one).collect::<Vec<_>>().join("; ")
    }
}
