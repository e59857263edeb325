//! Every single thing that can go wrong in a plan, each as the outcomes of one run.
//!
//! Used by the table of `simulate --all`. Must not run anything.

use super::outcomes::{Fault, Outcomes, Place, Verdict};
use super::stage::{can_fail, steps};
use crate::model::{ApprovalId, GateId, HoldId, StageId, StepKind, TriggerId};
use crate::plan::{Node, Plan, show};

/// One thing that goes wrong.
#[derive(Debug, Clone)]
pub struct Point {
    /// In words.
    pub what: String,
    /// The run in which nothing else does.
    pub outcomes: Outcomes,
}

/// Every single failure point, in the order of the plan: each step that can fail, entry gates, approvals, holds, triggers.
pub fn points(plan: &Plan, base: &Outcomes) -> Vec<Point> {
    let r = plan.release();
    let mut list = Vec::new();
    let mut add = |what: String, change: &dyn Fn(&mut Outcomes)| {
        let mut outcomes = base.clone();
        change(&mut outcomes);
        list.push(Point { what, outcomes });
    };
    for node in plan.order() {
        match node {
            Node::Approval(id) => approval(plan, id, &mut add),
            Node::Stage(id) => stage(plan, id, &mut add),
            Node::Decision(_) => {}
        }
    }
    for (i, hold) in r.holds.iter().enumerate() {
        let id = HoldId::at(i);
        if !hold.enter.is_empty() {
            add(format!("{}: cannot be entered", hold.name), &|o| {
                o.enters.insert(id);
            });
        }
        if !hold.exit.is_empty() {
            add(format!("{}: cannot be left", hold.name), &|o| {
                o.exits.insert(id);
            });
        }
    }
    for (i, trigger) in r.triggers.iter().enumerate() {
        for s in &trigger.during {
            add(format!("{} acts during {}", trigger.name, r.stage(*s).name), &|o| {
                o.triggers.insert(TriggerId::at(i), Some(*s));
            });
        }
    }
    list
}

type Add<'f> = dyn FnMut(String, &dyn Fn(&mut Outcomes)) + 'f;

fn approval(plan: &Plan, id: ApprovalId, add: &mut Add<'_>) {
    let approval = plan.release().approval(id);
    add(format!("{}: rejected", approval.name), &|o| {
        o.approvals.insert(id, Verdict::Rejected);
    });
    if approval.within.is_some() {
        add(format!("{}: not answered in time", approval.name), &|o| {
            o.approvals.insert(id, Verdict::Expired);
        });
    }
}

fn stage(plan: &Plan, id: StageId, add: &mut Add<'_>) {
    let r = plan.release();
    let stage = r.stage(id);
    let gates: Vec<GateId> = stage.require.iter().map(|(g, _)| *g).collect();
    for g in gates {
        add(format!("{}: gate {} before it fails", stage.name, r.gate(g).name), &|o| {
            o.gates.insert(g);
        });
    }
    for doing in steps(stage).into_iter().filter(|d| can_fail(d.step)) {
        let what = match &doing.step.kind {
            StepKind::Act(act) => show::prose(r, &act.title),
            StepKind::WaitFor(w) => show::prose(r, &w.what),
            StepKind::VerifyGate(g) => r.gate(*g).name.to_string(),
            StepKind::VerifyArtifact(a) => r.artifact(*a).name.to_string(),
            StepKind::Wait(_) | StepKind::Bake(_) | StepKind::Tell(..) => continue,
        };
        let at = stage.rollout.as_ref().and_then(|ladder| ladder.steps.get(doing.rollout?));
        let at = at.map_or_else(String::new, |step| format!(" at {}", step.name));
        let slug = doing.step.slug.clone();
        add(format!("{}{at}: {what} fails", stage.name), &|o| {
            let fault = Fault {
                place: Place::Step(slug.clone()),
                times: None,
            };
            o.stages.insert(id, fault);
        });
    }
}
