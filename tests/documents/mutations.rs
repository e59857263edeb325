//! Every document is read back and held to the plan; and whatever is taken out of a plan is missed in them.

use crate::compare;
use crate::read_back::{self, Facts};
use crate::support::{Compiled, emit, example, examples};
use releasec::model::{
    Approval, ApprovalOutcome, Failure, FailureOutcome, GateOutcome, GateTest, MetricExpr, Moment, OnFailure,
    OptionOutcome, Quorum, Release, RoleId, Rollback, Seat, StageId, StepKind, Undo,
};
use releasec::plan::Plan;
use std::collections::BTreeMap;

/// Each document, with what it says and what the plan says of the same.
fn sides(plan: &Plan, documents: &BTreeMap<String, String>) -> Vec<(&'static str, Facts, Facts)> {
    let union = |sets: Vec<Facts>| sets.into_iter().flatten().collect::<Facts>();
    let (stages, work, undos) = (compare::stages(plan), compare::work(plan), compare::undos(plan));
    let around = compare::around(plan);
    let runbook = &documents["runbook.md"];
    let said = read_back::runbook(runbook);
    let page = read_back::review(&documents["review.html"]);
    let change = &documents["change-request.md"];
    let release = &documents["release-plan.md"];
    vec![
        (
            "runbook.md",
            union(vec![
                said.stages,
                said.work,
                said.undos,
                read_back::around(runbook, "Who approves", "Triggers"),
            ]),
            union(vec![stages.clone(), work.clone(), undos.clone(), around]),
        ),
        (
            "review.html",
            union(vec![page.stages, page.work, page.undos]),
            union(vec![stages.clone(), work, undos.clone()]),
        ),
        (
            "change-request.md",
            read_back::columns(change, "Scope", &[("Owner", "owner"), ("Where", "environment")]),
            stages.clone(),
        ),
        (
            "release-plan.md",
            union(vec![
                read_back::columns(
                    release,
                    "Staged rollout",
                    &[("Owner", "owner"), ("Criteria", "threshold")],
                ),
                read_back::rollbacks(release),
            ]),
            union(vec![
                stages.into_iter().filter(|f| f.1 == "owner").collect(),
                compare::criteria(plan),
                undos,
            ]),
        ),
    ]
}

fn differences(said: &Facts, meant: &Facts) -> Vec<String> {
    let missing = meant.difference(said).map(|f| format!("missing: {f:?}"));
    let invented = said.difference(meant).map(|f| format!("not in the plan: {f:?}"));
    missing.chain(invented).collect()
}

#[test]
fn every_document_says_what_its_plan_says() {
    for path in examples() {
        let Some(c) = example(&path) else { continue };
        for (document, said, meant) in sides(&c.plan, &c.documents) {
            assert!(meant.len() > 1, "{} says something", path.display());
            let differences = differences(&said, &meant);
            assert!(
                differences.is_empty(),
                "{} of {}:\n{}",
                document,
                path.display(),
                differences.join("\n")
            );
        }
    }
}

#[test]
fn whatever_is_taken_out_of_a_plan_is_missed() {
    let mut tried = BTreeMap::new();
    // Two of the examples have one of everything; the others would only take their time.
    let plenty = |path: &std::path::PathBuf| {
        ["bioage.release", "migration.release"]
            .iter()
            .any(|p| path.ends_with(p))
    };
    for path in examples().into_iter().filter(plenty) {
        let Some(c) = example(&path) else { continue };
        let before: Vec<Facts> = sides(&c.plan, &c.documents)
            .into_iter()
            .map(|(_, _, meant)| meant)
            .collect();
        for (what, expected, release) in mutations(c.plan.release()) {
            let Ok(plan) = Plan::new(release) else { continue };
            let documents = emit(&plan, &c.sources, &[]);
            for ((document, said, meant), before) in sides(&plan, &documents).into_iter().zip(&before) {
                let follows = differences(&said, &meant);
                assert!(
                    follows.is_empty(),
                    "{document} after {what}:\n{}",
                    follows.join("\n")
                );
                if expected.contains(&document) {
                    assert_ne!(
                        &said,
                        before,
                        "{document} of {} does not miss {what}",
                        path.display()
                    );
                    *tried
                        .entry((document, what.split(' ').next().unwrap_or("").to_string()))
                        .or_insert(0) += 1;
                }
            }
        }
    }
    for kind in ["stage", "owner", "command", "threshold", "undo"] {
        let count = tried.get(&("runbook.md", kind.to_string())).copied().unwrap_or(0);
        assert!(count > 3, "{kind}: {count} tried of {tried:?}");
    }
}

const ALL: &[&str] = &[
    "runbook.md",
    "review.html",
    "change-request.md",
    "release-plan.md",
];
const WORK: &[&str] = &["runbook.md", "review.html"];
const MEASURED: &[&str] = &["runbook.md", "review.html", "release-plan.md"];

/// A release without one thing each, what is gone, and which documents must miss it.
fn mutations(r: &Release) -> Vec<(String, &'static [&'static str], Release)> {
    let mut list: Vec<(String, &[&str], Release)> = Vec::new();
    for i in 0..r.stages.len() {
        let name = r.stages[i].name.clone();
        if let Some(m) = without_stage(r, i) {
            list.push((format!("stage {name}"), ALL, m));
        }
        if let Some(other) = (0..r.roles.len())
            .map(RoleId::at)
            .find(|o| r.role(*o).title != r.role(r.stages[i].owner).title)
        {
            let mut m = r.clone();
            m.stages[i].owner = other;
            list.push((format!("owner of {name}"), ALL, m));
        }
        for k in 0..r.stages[i].steps.len() {
            if r.stages[i].rollout.is_some() {
                continue;
            }
            let mut m = r.clone();
            if let StepKind::Act(act) = &mut m.stages[i].steps[k].kind
                && act.run.take().is_some()
            {
                list.push((format!("command {k} of {name}"), WORK, m));
            }
            let mut m = r.clone();
            if let StepKind::Act(act) = &mut m.stages[i].steps[k].kind
                && matches!(
                    (&act.undo, &r.stages[i].rollback),
                    (Undo::By { .. }, Rollback::Derived)
                )
            {
                act.undo = Undo::None;
                list.push((format!("undo of step {k} of {name}"), MEASURED, m));
            }
        }
        if let Rollback::Written(w) = &r.stages[i].rollback {
            for k in 0..w.steps.len() {
                let mut m = r.clone();
                if let Rollback::Written(w) = &mut m.stages[i].rollback {
                    w.steps.remove(k);
                }
                list.push((format!("undo step {k} of {name}"), MEASURED, m));
            }
        }
        if let Some(rollout) = &r.stages[i].rollout {
            for k in 0..rollout.steps.len() {
                let mut m = r.clone();
                let step = m.stages[i]
                    .rollout
                    .as_mut()
                    .and_then(|x| x.steps.get_mut(k)?.work.first_mut());
                if let Some(StepKind::Act(act)) = step.map(|s| &mut s.kind)
                    && act.run.take().is_some()
                {
                    list.push((format!("command of step {k} of the rollout of {name}"), WORK, m));
                }
            }
        }
    }
    for (i, gate) in r.gates.iter().enumerate() {
        let verified = r
            .stages
            .iter()
            .flat_map(|s| s.forward_steps())
            .any(|s| matches!(&s.kind, StepKind::VerifyGate(g) if g.index() == i));
        if let (GateTest::Metrics(_), true) = (&gate.test, verified) {
            let mut m = r.clone();
            m.gates[i].test = GateTest::Metrics(MetricExpr::Const(true));
            list.push((format!("threshold of {}", gate.name), MEASURED, m));
        }
    }
    for i in 0..r.approvals.len() {
        let mut m = r.clone();
        m.approvals[i].quorum = Quorum::Count(9);
        list.push((format!("quorum of {}", r.approvals[i].name), &["runbook.md"], m));
    }
    for i in 0..r.triggers.len() {
        let mut m = r.clone();
        m.triggers.remove(i);
        list.push((format!("trigger {}", r.triggers[i].name), &["runbook.md"], m));
    }
    list
}

/// A release without a stage; `None` when something cannot be said without it.
fn without_stage(r: &Release, gone: usize) -> Option<Release> {
    let id = StageId::at(gone);
    if r.holds.iter().any(|h| h.from == id || h.to == id) {
        return None;
    }
    let before: Vec<_> = r.stages[gone].after.clone();
    let mut m = r.clone();
    m.stages.remove(gone);
    let keep = |s: &StageId| *s != id;
    let to = |s: StageId| {
        if s.index() > gone {
            StageId::at(s.index() - 1)
        } else {
            s
        }
    };
    let outcome = |o: &mut FailureOutcome| match o {
        FailureOutcome::RollbackStage(s) | FailureOutcome::Restart(s, _) if *s == id => {
            *o = FailureOutcome::Rollback
        }
        FailureOutcome::RollbackStage(s) | FailureOutcome::Restart(s, _) => *s = to(*s),
        _ => {}
    };
    let failing = |f: &mut OnFailure| {
        if let Failure::Then(o) = &mut f.then {
            outcome(o);
        }
    };
    for s in &mut m.stages {
        // What waited for it waits for what it waited for.
        if s.after.iter().any(|a| a.stage == id) {
            s.after.extend(before.clone());
        }
        s.after.retain(|a| keep(&a.stage));
        s.after.iter_mut().for_each(|a| a.stage = to(a.stage));
        s.on_failure.iter_mut().for_each(failing);
    }
    m.on_failure.iter_mut().for_each(failing);
    for Approval { after, otherwise, .. } in &mut m.approvals {
        after.retain(|(s, _)| keep(s));
        after.iter_mut().for_each(|(s, _)| *s = to(*s));
        match otherwise {
            ApprovalOutcome::Restart(s, _) if *s == id => *otherwise = ApprovalOutcome::Rollback,
            ApprovalOutcome::Restart(s, _) => *s = to(*s),
            _ => {}
        }
    }
    for d in &mut m.decisions {
        d.after.retain(|(s, _)| keep(s));
        d.after.iter_mut().for_each(|(s, _)| *s = to(*s));
        for o in &mut d.options {
            if let OptionOutcome::Then(o) = &mut o.then {
                outcome(o);
            }
        }
    }
    for g in &mut m.gates {
        if let Some((GateOutcome::Then(o), _)) = &mut g.otherwise {
            outcome(o);
        }
    }
    let ids = |list: &mut Vec<StageId>| {
        list.retain(keep);
        list.iter_mut().for_each(|s| *s = to(*s));
    };
    for t in &mut m.triggers {
        ids(&mut t.during);
        outcome(&mut t.then);
    }
    m.impacts.iter_mut().for_each(|i| ids(&mut i.during));
    m.phases.iter_mut().for_each(|p| ids(&mut p.stages));
    m.window.iter_mut().for_each(|w| ids(&mut w.covers));
    for h in &mut m.holds {
        (h.from, h.to) = (to(h.from), to(h.to));
    }
    let moments = |list: &mut Vec<Moment>| {
        list.retain(|m| m.stage != Some(id));
        list.iter_mut().for_each(|m| m.stage = m.stage.map(to));
    };
    m.notifies.iter_mut().for_each(|n| moments(&mut n.on));
    m.escalates.iter_mut().for_each(|e| moments(&mut e.on));
    m.obligations.iter_mut().for_each(|o| moments(&mut o.on));
    m.duties.retain(|d| !d.seats().contains(&Seat::Executor(id)));
    for c in &mut m.captures {
        if let releasec::model::CaptureSource::Stage(s) = &mut c.source {
            *s = if *s == id { StageId::at(0) } else { to(*s) };
        }
    }
    for p in &mut m.priors {
        p.stage = p.stage.filter(keep).map(to);
    }
    Some(m)
}

/// What a document says of a plan that nobody has changed is what another build of it says.
#[test]
fn reading_back_sees_every_stage() {
    for path in examples() {
        let Some(Compiled { plan, documents, .. }) = example(&path) else {
            continue;
        };
        let names: std::collections::BTreeSet<String> =
            plan.release().stages.iter().map(|s| s.name.to_string()).collect();
        let said = read_back::runbook(&documents["runbook.md"]);
        let seen: std::collections::BTreeSet<String> = said.stages.into_iter().map(|f| f.0).collect();
        assert_eq!(seen, names, "{}", path.display());
    }
}
