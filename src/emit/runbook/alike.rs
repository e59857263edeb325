//! Acts that are called alike though they do different things, as a change and its undo by the same action: what they are given
//! tells them apart.
//!
//! Must not decide what an act is called: its author does. Called by `work` and `ways_back`.

use crate::emit::runbook::say;
use crate::emit::runbook::words::{Told, words};
use crate::model::{Act, ActSource, Stage, StageId, Text, Value};
use crate::plan::{Plan, StageUndo, UndoStep, show};

/// The acts with which a stage is undone.
pub(super) fn undos(plan: &Plan, id: StageId) -> Vec<&Act> {
    match plan.undo(id) {
        StageUndo::Derived(steps) => steps.iter().flat_map(UndoStep::acts).collect(),
        StageUndo::Written(w) => w.steps.iter().filter_map(|s| s.act()).collect(),
        StageUndo::Nothing | StageUndo::Irreversible(..) | StageUndo::Harmless(..) => Vec::new(),
    }
}

/// The acts of a stage on its way forward.
pub(super) fn forward(stage: &Stage) -> Vec<&Act> {
    stage
        .forward_steps()
        .into_iter()
        .filter_map(|s| s.act())
        .collect()
}

/// What an act is called, with what it is given where one of the others is called alike and given something else.
pub(super) fn told_apart(r: Told<'_>, called: String, act: &Act, others: &[&Act]) -> String {
    let ActSource::Action { name, args, .. } = &act.source else {
        return called;
    };
    let title = say::text(r, &act.title);
    let other = others.iter().find_map(|o| match &o.source {
        ActSource::Action { name: n, args: a, .. } => {
            (n == name && a != args && say::text(r, &o.title) == title).then_some(a)
        }
        ActSource::Run | ActSource::Manual => None,
    });
    let Some(other) = other else { return called };
    let given: Vec<String> = args
        .iter()
        .filter(|arg| !other.contains(arg))
        .map(|(name, value)| {
            let value = match value {
                Value::Text(t) => say::text(r, t),
                Value::Sym(s) => say::text(r, &Text::sym(s.clone())),
                value => show::value(&r, value),
            };
            words!(r, "step.given", name = name.replace('_', " "), value = value)
        })
        .collect();
    if given.is_empty() {
        return called;
    }
    words!(r, "step.with", step = called, given = say::list(r, &given))
}

/// To which steps a rollout came last where each act of an undo is the one that is done, in the order of [`UndoStep::acts`]; nothing where it is
/// the same everywhere.
pub(super) fn came_to(r: Told<'_>, s: &Stage, u: &UndoStep<'_>) -> Vec<String> {
    let rungs = || s.rollout.iter().flat_map(|r| r.steps.iter().enumerate());
    let named = |list: Vec<String>| {
        let rungs = match list.as_slice() {
            _ if u.earlier.is_empty() => return String::new(),
            [] => return String::new(),
            [one] => one.clone(),
            [init @ .., last] => words!(r, "list.or", list = init.join(", "), last = last),
        };
        words!(r, "undo.came_to", rungs = rungs)
    };
    let other = |i: usize| u.earlier.iter().any(|e| e.rung == i);
    let last = rungs()
        .filter(|(i, _)| !other(*i))
        .map(|(_, step)| step.name.to_string());
    let last = named(last.collect());
    let mut list = Vec::new();
    for earlier in &u.earlier {
        let here = rungs().filter(|(i, _)| *i == earlier.rung);
        list.push(named(here.map(|(_, step)| step.name.to_string()).collect()));
    }
    list.push(last);
    list
}
