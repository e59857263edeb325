//! Every single thing that can go wrong in a plan, each as the outcomes of one run.
//!
//! Used by the table of `simulate --all` and by tests. Must not run anything.

use super::outcomes::{Fault, How, Outcomes, Place, Verdict};
use super::stage::steps;
use super::step::can_fail;
use crate::model::{
    ApprovalId, DecisionId, GateId, HoldId, OptionOutcome, OptionTestExpr, StageId, StepKind, TriggerId,
};
use crate::plan::{Node, Plan, show};

/// One thing that goes wrong.
#[derive(Debug, Clone)]
pub struct Point {
    /// In words.
    pub what: String,
    /// The node at which it does; none for holds and triggers.
    pub node: Option<Node>,
    /// The run in which nothing else does.
    pub outcomes: Outcomes,
}

struct List<'a> {
    base: &'a Outcomes,
    points: Vec<Point>,
}

impl List<'_> {
    fn add(&mut self, node: Option<Node>, what: String, change: impl FnOnce(&mut Outcomes)) {
        let mut outcomes = self.base.clone();
        change(&mut outcomes);
        self.points.push(Point { what, node, outcomes });
    }
}

/// Every single failure point, in the order of the plan: approvals and decisions, entry gates, each step that can fail; then
/// holds and triggers. `base` is what holds in all of them.
pub fn points(plan: &Plan, base: &Outcomes) -> Vec<Point> {
    let r = plan.release();
    let mut list = List {
        base,
        points: Vec::new(),
    };
    for node in plan.order() {
        match node {
            Node::Approval(id) => approval(plan, id, &mut list),
            Node::Stage(id) => stage(plan, id, &mut list),
            Node::Decision(id) => decision(plan, id, &mut list),
        }
    }
    for (i, hold) in r.holds.iter().enumerate() {
        let id = HoldId::at(i);
        if !hold.enter.is_empty() {
            list.add(None, format!("{} cannot be entered", hold.name), |o| {
                o.enters.insert(id, None);
            });
        }
        if !hold.exit.is_empty() {
            list.add(None, format!("{} cannot be left", hold.name), |o| {
                o.exits.insert(id);
            });
        }
    }
    for (i, trigger) in r.triggers.iter().enumerate() {
        for s in &trigger.during {
            list.add(
                None,
                format!("{} acts in {}", trigger.name, r.stage(*s).name),
                |o| {
                    o.triggers.insert(TriggerId::at(i), Some(Node::Stage(*s)));
                },
            );
        }
    }
    list.points
}

fn approval(plan: &Plan, id: ApprovalId, list: &mut List<'_>) {
    let approval = plan.release().approval(id);
    let node = Some(Node::Approval(id));
    list.add(node, format!("{} is rejected", approval.name), |o| {
        o.approvals.insert(id, Verdict::Rejected);
    });
    if approval.within.is_some() {
        list.add(node, format!("{} is not answered", approval.name), |o| {
            o.approvals.insert(id, Verdict::Expired);
        });
    }
}

fn decision(plan: &Plan, id: DecisionId, list: &mut List<'_>) {
    let decision = plan.release().decision(id);
    let node = Some(Node::Decision(id));
    for (i, option) in decision.options.iter().enumerate() {
        let by_itself = matches!(option.test, Some(OptionTestExpr::Cond(_)));
        if option.then != OptionOutcome::Proceed && !by_itself {
            list.add(
                node,
                format!("{} comes out as {}", decision.name, option.name),
                |o| {
                    o.decisions.insert(id, Some(i));
                },
            );
        }
    }
    if decision.question.within.is_some() {
        list.add(node, format!("{} is not answered", decision.name), |o| {
            o.decisions.insert(id, None);
        });
    }
}

fn stage(plan: &Plan, id: StageId, list: &mut List<'_>) {
    let r = plan.release();
    let stage = r.stage(id);
    let node = Some(Node::Stage(id));
    let gates: Vec<GateId> = stage.require.iter().map(|(g, _)| *g).collect();
    for g in gates {
        list.add(
            node,
            format!(
                "{}, before it starts: {} does not pass",
                stage.name,
                r.gate(g).name
            ),
            |o| {
                o.gates.insert(g, None);
            },
        );
    }
    for doing in steps(stage).into_iter().filter(|d| can_fail(d.step)) {
        let what = match &doing.step.kind {
            StepKind::Act(act) => show::prose(r, &act.title),
            StepKind::WaitFor(w) => show::prose(r, &w.what),
            StepKind::VerifyGate(g) => format!("{} does not pass", r.gate(*g).name),
            StepKind::VerifyArtifact(a) => format!("{} does not verify", r.artifact(*a).name),
            StepKind::Wait(_) | StepKind::Bake(_) | StepKind::Tell(..) => continue,
        };
        let at = stage
            .rollout
            .as_ref()
            .and_then(|ladder| ladder.steps.get(doing.rollout?));
        let at = at.map_or_else(String::new, |step| format!(" at {}", step.name));
        let fault = Fault {
            place: Place::Step(doing.step.slug.clone()),
            how: How::Fails,
            times: None,
        };
        list.add(node, format!("{}{at}: {what}", stage.name), |o| {
            o.stages.insert(id, fault);
        });
    }
}
