//! What a stage touches going forward and when it is undone.
//!
//! Reads the model only. Used by the checks of races and rollbacks. Must not report findings.

use crate::model::{Act, GateTest, KeyUse, Release, Rollback, Stage, StageId, Step, StepKind, WaitTest};
use crate::plan::{Plan, StageUndo};
use crate::source::hash::Set;

/// How a key is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Touching {
    /// Read or copied.
    Reads,
    /// Written.
    Changes,
    /// Destroyed.
    Removes,
    /// A capacity, limit or flag that is raised.
    Raises,
}

/// A key that a stage touches.
#[derive(Debug, Clone, Copy)]
pub struct Touch<'a> {
    /// The key, with its place.
    pub key: &'a KeyUse,
    /// How.
    pub how: Touching,
    /// The step that does it; `None` when a gate does.
    pub step: Option<&'a Step>,
    /// What does it.
    pub act: Option<&'a Act>,
    /// It is done when the stage is undone.
    pub undoing: bool,
    /// Nothing was said, so the act is taken to change its environment.
    pub assumed: bool,
}

impl Touch<'_> {
    /// Whether the key is written.
    pub fn writes(&self) -> bool {
        self.how != Touching::Reads
    }
}

impl Plan {
    /// What a stage changes, removes or raises going forward, each key of each act once.
    pub fn changes(&self, stage: StageId) -> Vec<Touch<'_>> {
        let stage = self.release().stage(stage);
        let mut list = Vec::new();
        for step in stage.forward_steps() {
            if let Some(act) = doing(step) {
                written(act, Some(step), false, &mut list);
            }
        }
        dedup(list)
    }

    /// Whether a stage changes anything going forward.
    pub fn changes_something(&self, stage: StageId) -> bool {
        let stage = self.release().stage(stage);
        stage.forward_steps().iter().filter_map(|s| doing(s)).any(|a| {
            let e = &a.effects;
            !(e.changes.is_empty() && e.removes.is_empty() && e.raises.is_empty())
        })
    }

    /// Everything a stage touches: going forward, in its gates and when it is undone.
    pub fn touches(&self, id: StageId) -> Vec<Touch<'_>> {
        let r = self.release();
        let stage = r.stage(id);
        let mut list = Vec::new();
        for step in stage.forward_steps() {
            step_touches(r, step, &mut list);
        }
        for (gate, _) in &stage.require {
            gate_touches(r, *gate, &mut list);
        }
        match self.undo(id) {
            StageUndo::Derived(steps) => {
                for step in steps {
                    for act in step.acts() {
                        both(act, Some(step.undoes), true, &mut list);
                    }
                }
            }
            StageUndo::Written(w) => {
                for step in &w.steps {
                    if let Some(act) = step.act() {
                        both(act, Some(step), true, &mut list);
                    }
                }
            }
            StageUndo::Nothing | StageUndo::Irreversible(..) | StageUndo::Harmless(..) => {}
        }
        dedup(list)
    }

    /// The keys that the written rollback of a stage restores: what its steps change, and what it says it undoes.
    pub fn restored<'a>(&self, stage: &'a Stage) -> Vec<&'a KeyUse> {
        let Rollback::Written(w) = &stage.rollback else {
            return Vec::new();
        };
        let acts = w.steps.iter().filter_map(Step::act);
        acts.flat_map(|a| a.effects.changes.iter().chain(&a.effects.removes))
            .chain(&w.undoes)
            .collect()
    }
}

/// What a step does to the world: its act, or the outside job it waits for when that says what it changes.
pub fn doing(step: &Step) -> Option<&Act> {
    match &step.kind {
        StepKind::Act(act) => Some(act),
        StepKind::WaitFor(w) => match &w.test {
            WaitTest::Job(act) if !act.effects.assumed => Some(act),
            _ => None,
        },
        _ => None,
    }
}

fn step_touches<'a>(r: &'a Release, step: &'a Step, list: &mut Vec<Touch<'a>>) {
    match &step.kind {
        StepKind::Act(act) => both(act, Some(step), false, list),
        StepKind::WaitFor(w) => {
            if let WaitTest::Run(act) | WaitTest::Job(act) = &w.test {
                both(act, Some(step), false, list);
            }
        }
        StepKind::VerifyGate(gate) => gate_touches(r, *gate, list),
        StepKind::Wait(_) | StepKind::Bake(_) | StepKind::VerifyArtifact(_) | StepKind::Tell(..) => {}
    }
}

fn gate_touches<'a>(r: &'a Release, gate: crate::model::GateId, list: &mut Vec<Touch<'a>>) {
    let gate = r.gate(gate);
    list.extend(gate.reads.iter().map(|key| Touch {
        key,
        how: Touching::Reads,
        step: None,
        act: None,
        undoing: false,
        assumed: false,
    }));
    if let GateTest::Run(act) | GateTest::Job(act) = &gate.test {
        both(act, None, false, list);
    }
}

fn both<'a>(act: &'a Act, step: Option<&'a Step>, undoing: bool, list: &mut Vec<Touch<'a>>) {
    written(act, step, undoing, list);
    let read = act.effects.reads.iter().chain(&act.effects.backs_up);
    list.extend(read.map(|key| Touch {
        key,
        how: Touching::Reads,
        step,
        act: Some(act),
        undoing,
        assumed: false,
    }));
}

fn written<'a>(act: &'a Act, step: Option<&'a Step>, undoing: bool, list: &mut Vec<Touch<'a>>) {
    let e = &act.effects;
    for (keys, how) in [
        (&e.changes, Touching::Changes),
        (&e.removes, Touching::Removes),
        (&e.raises, Touching::Raises),
    ] {
        list.extend(keys.iter().map(|key| Touch {
            key,
            how,
            step,
            act: Some(act),
            undoing,
            assumed: e.assumed,
        }));
    }
}

/// Up to so many, comparing each with each is faster than hashing.
const FEW: usize = 8;

/// Drops what a rollout repeats at each of its steps.
fn dedup(list: Vec<Touch<'_>>) -> Vec<Touch<'_>> {
    let same = |t: &Touch<'_>| (t.how, t.undoing);
    if list.len() <= FEW {
        let new = |i: usize, t: &Touch<'_>| {
            let earlier = &list[..i];
            !earlier
                .iter()
                .any(|e| same(e) == same(t) && e.key.key == t.key.key && e.key.origin == t.key.origin)
        };
        let kept = list.iter().enumerate().filter(|(i, t)| new(*i, t));
        return kept.map(|(_, t)| *t).collect();
    }
    let mut seen = Set::default();
    list.into_iter()
        .filter(|t| seen.insert((&t.key.key, &t.key.origin, t.how, t.undoing)))
        .collect()
}
