//! What waits for what: the edges of a plan, as they are written.
//!
//! Knows the model only. Called while a plan is built.

use crate::model::{ApprovalId, Atom, Cond, DecisionId, GateId, Origin, Release, StageId, StepKind, Subject};
use crate::plan::{Edge, EdgeKind, Node};

/// An edge between two nodes: the second waits for the first.
pub(super) type Wait = (Node, Node, Edge);

struct List<'a> {
    judges: &'a [Vec<StageId>],
    edges: Vec<Wait>,
}

/// Every edge that is written.
pub(super) fn written(r: &Release, judges: &[Vec<StageId>]) -> Vec<Wait> {
    let mut edges = List {
        judges,
        edges: Vec::new(),
    };
    for (i, stage) in r.stages.iter().enumerate() {
        let me = Node::Stage(StageId::at(i));
        for a in &stage.after {
            edges.add(Node::Stage(a.stage), me, EdgeKind::After, a.origin.clone());
        }
        for (a, o) in &stage.approved {
            edges.add(Node::Approval(*a), me, EdgeKind::Approved, o.clone());
        }
        for (d, o) in &stage.awaits {
            edges.add(Node::Decision(*d), me, EdgeKind::Decision, o.clone());
        }
        let here = stage.when_origin.as_ref().unwrap_or(&stage.origin);
        edges.condition(&stage.when, me, here);
        for step in stage.forward_steps() {
            edges.condition(&step.when, me, &step.origin);
        }
        for step in stage.rollout.iter().flat_map(|r| &r.steps) {
            for (a, o) in &step.approved {
                edges.add(Node::Approval(*a), me, EdgeKind::ApprovedStep, o.clone());
            }
            edges.condition(&step.when, me, &step.origin);
        }
    }
    for (i, approval) in r.approvals.iter().enumerate() {
        let me = Node::Approval(ApprovalId::at(i));
        for (s, o) in &approval.after {
            edges.add(Node::Stage(*s), me, EdgeKind::After, o.clone());
        }
        for (d, o) in &approval.after_decisions {
            edges.add(Node::Decision(*d), me, EdgeKind::Decision, o.clone());
        }
        edges.condition(&approval.when, me, &approval.origin);
    }
    for (i, decision) in r.decisions.iter().enumerate() {
        let me = Node::Decision(DecisionId::at(i));
        for (s, o) in &decision.after {
            edges.add(Node::Stage(*s), me, EdgeKind::After, o.clone());
        }
        edges.condition(&decision.when, me, &decision.origin);
    }
    edges.edges
}

/// The stages of a `serial` phase wait for each other in the order found so far.
pub(super) fn serial(r: &Release, order: &[StageId]) -> Vec<Wait> {
    let mut position = vec![0usize; r.stages.len()];
    for (i, s) in order.iter().enumerate() {
        position[s.index()] = i;
    }
    let mut chains = Vec::new();
    for phase in r.phases.iter().filter(|p| p.serial) {
        let mut stages = phase.stages.clone();
        stages.sort_by_key(|s| position[s.index()]);
        chains.extend(stages.windows(2).map(|w| {
            let edge = Edge {
                kind: EdgeKind::Serial,
                origin: phase.origin.clone(),
            };
            (Node::Stage(w[0]), Node::Stage(w[1]), edge)
        }));
    }
    chains
}

/// For each gate, the stages that judge it: as a step, in their rollout or before they start.
pub(super) fn judges(r: &Release) -> Vec<Vec<StageId>> {
    let mut judges = vec![Vec::new(); r.gates.len()];
    let mut judged = |gate: GateId, stage: StageId| {
        let list: &mut Vec<StageId> = &mut judges[gate.index()];
        if list.last() != Some(&stage) {
            list.push(stage);
        }
    };
    for (i, stage) in r.stages.iter().enumerate() {
        for (gate, _) in &stage.require {
            judged(*gate, StageId::at(i));
        }
        for step in stage.forward_steps() {
            if let StepKind::VerifyGate(gate) = &step.kind {
                judged(*gate, StageId::at(i));
            }
        }
    }
    judges
}

impl List<'_> {
    fn add(&mut self, from: Node, to: Node, kind: EdgeKind, origin: Origin) {
        self.edges.push((from, to, Edge { kind, origin }));
    }

    fn condition(&mut self, cond: &Cond, me: Node, origin: &Origin) {
        for atom in cond.atoms() {
            match atom {
                Atom::Decision { decision, .. } => {
                    self.add(Node::Decision(*decision), me, EdgeKind::Decision, origin.clone());
                }
                Atom::Outcome {
                    subject: Subject::Stage(s),
                    ..
                } if Node::Stage(*s) != me => {
                    self.add(Node::Stage(*s), me, EdgeKind::Outcome, origin.clone());
                }
                Atom::Outcome {
                    subject: Subject::Gate(g),
                    ..
                } => {
                    for s in &self.judges[g.index()] {
                        if Node::Stage(*s) != me {
                            self.edges.push((
                                Node::Stage(*s),
                                me,
                                Edge {
                                    kind: EdgeKind::Outcome,
                                    origin: origin.clone(),
                                },
                            ));
                        }
                    }
                }
                _ => {}
            }
        }
    }
}
