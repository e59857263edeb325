//! What the plan means by a run: the calls, questions and answers of the reference trace, and whether an engine shows the same in an order
//! that the reference allows.
//!
//! Must not know an engine. A label stands for one thing that is done: `stage api: s1`, `gate smoke`, `undo api: u1`, `ask board`.

use std::collections::BTreeMap;

use releasec::model::{Release, Step, StepKind};
use releasec::plan::{Node, Plan};
use releasec::run::{Subject, Trace, Verb};

use super::cases::{Case, Kind, failing};

/// What an engine shows of a run.
pub struct Seen {
    /// In the order in which it happened.
    pub labels: Vec<String>,
    /// `succeeded`, `rolled_back`, `stopped`, `needs_help`.
    pub end: String,
}

/// The label of a step of a stage, if it does anything outside the engine. Gates have labels of their own.
pub fn step(release: &Release, stage: releasec::model::StageId, slug: &str) -> Option<String> {
    let steps = release.stage(stage).forward_steps();
    let step: &Step = steps.into_iter().find(|s| s.slug == slug)?;
    let works = match &step.kind {
        StepKind::Act(act) => act.task.is_some() || act.run.is_some() || act.manual.is_some(),
        StepKind::WaitFor(_) => true,
        _ => false,
    };
    works.then(|| format!("stage {}: {slug}", release.stage(stage).name))
}

/// The labels of a reference trace, each with its event.
fn labels(plan: &Plan, trace: &Trace) -> Vec<(String, usize)> {
    let r = plan.release();
    let mut list: Vec<(String, usize)> = Vec::new();
    for (at, event) in trace.events.iter().enumerate() {
        let name = || event.subject.name(r);
        let slug = || event.step.clone().unwrap_or_default();
        let label = match (event.subject, event.verb) {
            (Subject::Stage(s), Verb::StepStart) => step(r, s, &slug()),
            (Subject::Stage(_), Verb::UndoStep) => Some(format!("undo {}: {}", name(), slug())),
            (Subject::Gate(_), Verb::Pass | Verb::Fail) => Some(format!("gate {}", name())),
            (Subject::Hold(h), Verb::Enter) if !r.hold(h).enter.is_empty() => {
                Some(format!("enter {}", name()))
            }
            (Subject::Hold(h), Verb::Exit) if !r.hold(h).exit.is_empty() => Some(format!("exit {}", name())),
            (Subject::Approval(_) | Subject::Decision(_), Verb::Ask) => Some(format!("ask {}", name())),
            (Subject::Approval(_), Verb::Grant) => Some(format!("grant {}", name())),
            (Subject::Approval(_), Verb::Reject) => Some(format!("reject {}", name())),
            (_, Verb::Aside) => Some(format!("aside: {}", slug())),
            (_, Verb::Answer) => Some(format!("answer {}", event.detail)),
            _ => None,
        };
        list.extend(label.map(|l| (l, at)));
    }
    list
}

/// What is looked at again, tried again or read in parts is one thing.
fn once<T>(list: Vec<(String, T)>) -> Vec<(String, T)> {
    let mut kept: Vec<(String, T)> = Vec::new();
    for (label, at) in list {
        if kept.last().is_none_or(|(last, _)| *last != label) {
            kept.push((label, at));
        }
    }
    kept
}

/// The stage in which a run is broken off, by a person or by a trigger: how far it has come then is a matter of the moment.
fn broken_off(plan: &Plan, case: &Case) -> Option<String> {
    let node = match case.kind {
        Kind::Cancel => case.outcomes.cancel,
        Kind::Trigger => case.outcomes.triggers.values().next().copied().flatten(),
        _ => None,
    };
    match node? {
        Node::Stage(s) => Some(plan.release().stage(s).name.to_string()),
        Node::Approval(_) | Node::Decision(_) => None,
    }
}

/// Where a run is given up, when a single part of it decides that.
fn given_up(case: &Case) -> Option<Node> {
    let o = &case.outcomes;
    match case.kind {
        Kind::Cancel => o.cancel,
        Kind::Trigger => o.triggers.values().next().copied().flatten(),
        Kind::Rejected | Kind::Expired => o.approvals.keys().next().copied().map(Node::Approval),
        _ => failing(case).map(|(stage, ..)| Node::Stage(stage)),
    }
}

/// The labels of who is asked beside the part at which a run is given up: whether they have been asked by then, and have answered, is a
/// matter of the moment.
fn asked_beside(plan: &Plan, case: &Case) -> Vec<String> {
    let beside = given_up(case).map(|at| plan.apart(at)).unwrap_or_default();
    let own = given_up(case).filter(|_| case.kind == Kind::Cancel);
    let names = beside.into_iter().chain(own).filter_map(|node| match node {
        Node::Approval(a) => Some(&plan.release().approval(a).name),
        _ => None,
    });
    names
        .flat_map(|name| [format!("ask {name}"), format!("grant {name}")])
        .collect()
}

/// Whether a person breaks a run off while a stage may be under way beside it: then it may stand half done, or be done already.
fn perhaps_half_done(plan: &Plan, case: &Case) -> bool {
    let beside = case.outcomes.cancel.map(|at| plan.apart(at)).unwrap_or_default();
    beside.iter().any(|n| matches!(n, Node::Stage(_)))
}

/// Holds what an engine shows against the reference.
pub fn compare(plan: &Plan, case: &Case, trace: &Trace, seen: &Seen) -> Result<(), String> {
    let mut theirs = once(labels(plan, trace));
    let mut ours = once(
        seen.labels
            .iter()
            .cloned()
            .enumerate()
            .map(|(i, l)| (l, i))
            .collect(),
    );
    if let Some(stage) = broken_off(plan, case) {
        let own = ["stage ", &stage, ": "].concat();
        let elsewhere = |l: &str| !l.starts_with("gate ") && !l.starts_with(&own);
        // A stage that had not begun by then is not undone.
        let undo = ["undo ", &stage, ": "].concat();
        let begun = ours.iter().any(|(l, _)| l.starts_with(&own));
        theirs.retain(|(l, _)| elsewhere(l) && (begun || !l.starts_with(&undo)));
        ours.retain(|(l, _)| elsewhere(l));
    }
    let beside = asked_beside(plan, case);
    theirs.retain(|(l, _)| !beside.contains(l));
    ours.retain(|(l, _)| !beside.contains(l));
    let shown = |list: &[(String, usize)]| -> String {
        let labels: Vec<&str> = list.iter().map(|(l, _)| l.as_str()).collect();
        labels.join(" | ")
    };
    let both = || {
        format!(
            "\n      engine:    {}\n      reference: {}",
            shown(&ours),
            shown(&theirs)
        )
    };
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    theirs
        .iter()
        .for_each(|(l, _)| *counts.entry(l).or_default() += 1);
    ours.iter().for_each(|(l, _)| *counts.entry(l).or_default() -= 1);
    let different: Vec<String> = counts
        .iter()
        .filter(|(_, n)| **n != 0)
        .map(|(l, n)| {
            if *n > 0 {
                format!("`{l}` is missing")
            } else {
                format!("`{l}` is too much")
            }
        })
        .collect();
    if !different.is_empty() {
        return Err(different.join(", ") + &both());
    }
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    ours.iter()
        .for_each(|(l, at)| places.entry(l).or_default().push(*at));
    let mut used: BTreeMap<&str, usize> = BTreeMap::new();
    let at: Vec<usize> = theirs
        .iter()
        .map(|(l, _)| {
            let n = used.entry(l).or_default();
            *n += 1;
            places[l.as_str()][*n - 1]
        })
        .collect();
    for (i, (first, before)) in theirs.iter().enumerate() {
        for (j, (second, after)) in theirs.iter().enumerate().skip(i + 1) {
            if at[i] > at[j] && trace.precedes(*before, *after) {
                return Err(format!("`{second}` comes before `{first}`") + &both());
            }
        }
    }
    let end = trace.state.word();
    let either = perhaps_half_done(plan, case) && ["stopped", "needs_help"].contains(&seen.end.as_str());
    if seen.end != end && !either {
        return Err(format!("it ends as {}, not as {end}", seen.end) + &both());
    }
    Ok(())
}
