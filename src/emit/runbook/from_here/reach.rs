//! Which stages come before and after a node, for every node at once.
//!
//! Must not know what fails. Called by `ways`.

use super::bits::Bits;
use crate::model::ApprovalId;
use crate::plan::{EdgeKind, Node, Plan};
use std::borrow::Cow;

/// Beyond so many nodes the sets are worked out one by one: all together would fill the memory.
const ALL: usize = 16_384;

/// What comes before and after each node. What only a later step of a rollout waits for orders neither.
pub(super) struct Reach {
    edges: [Vec<Vec<usize>>; 2],
    /// The place in the order of each node that is a stage.
    places: Vec<Option<usize>>,
    stages: usize,
    sets: Option<[Vec<Bits>; 2]>,
}

impl Reach {
    /// `place`: where each stage stands in the order.
    pub(super) fn new(plan: &Plan, place: &[usize]) -> Self {
        let r = plan.release();
        let count = r.stages.len() + r.approvals.len() + r.decisions.len();
        let mut edges = [vec![Vec::new(); count], vec![Vec::new(); count]];
        let order: Vec<usize> = plan.order().map(|n| index(plan, n)).collect();
        for node in plan.order() {
            let here = index(plan, node);
            for (before, edge) in plan.waits_for(node) {
                if edge.kind != EdgeKind::ApprovedStep {
                    let before = index(plan, before);
                    edges[0][here].push(before);
                    edges[1][before].push(here);
                }
            }
        }
        let mut reach = Reach {
            edges,
            places: (0..count).map(|i| place.get(i).copied()).collect(),
            stages: place.len(),
            sets: None,
        };
        if count <= ALL {
            let back: Vec<usize> = order.iter().rev().copied().collect();
            reach.sets = Some([reach.all(0, &order), reach.all(1, &back)]);
        }
        reach
    }

    /// The set of every node, in an order in which each comes after all that its set is made of.
    fn all(&self, way: usize, order: &[usize]) -> Vec<Bits> {
        let mut sets = vec![Bits::none(self.stages); self.places.len()];
        for node in order {
            let mut set = Bits::none(self.stages);
            for next in &self.edges[way][*node] {
                set.unite(&sets[*next]);
                if let Some(place) = self.places[*next] {
                    set.insert(place);
                }
            }
            sets[*node] = set;
        }
        sets
    }

    /// The stages that have ended when a node starts.
    pub(super) fn before(&self, plan: &Plan, node: Node) -> Cow<'_, Bits> {
        self.of(0, index(plan, node))
    }

    /// The stages that have not begun when a node ends.
    pub(super) fn after(&self, plan: &Plan, node: Node) -> Cow<'_, Bits> {
        self.of(1, index(plan, node))
    }

    fn of(&self, way: usize, node: usize) -> Cow<'_, Bits> {
        if let Some(sets) = &self.sets {
            return Cow::Borrowed(&sets[way][node]);
        }
        let mut found = vec![false; self.places.len()];
        let mut set = Bits::none(self.stages);
        let mut stack = vec![node];
        while let Some(node) = stack.pop() {
            for next in &self.edges[way][node] {
                if !std::mem::replace(&mut found[*next], true) {
                    stack.push(*next);
                    if let Some(place) = self.places[*next] {
                        set.insert(place);
                    }
                }
            }
        }
        Cow::Owned(set)
    }
}

/// Whether nothing can have begun while an approval is asked for: every stage waits for it.
pub(in crate::emit::runbook) fn opens(plan: &Plan, approval: ApprovalId) -> bool {
    let r = plan.release();
    let count = r.stages.len() + r.approvals.len() + r.decisions.len();
    let mut waits = vec![false; count];
    for node in plan.order() {
        let mut edges = plan.waits_for(node).into_iter();
        let after = edges.any(|(b, edge)| edge.kind != EdgeKind::ApprovedStep && waits[index(plan, b)]);
        waits[index(plan, node)] = after || node == Node::Approval(approval);
    }
    waits.iter().take(r.stages.len()).all(|w| *w)
}

/// The number of a node: stages, approvals, decisions.
fn index(plan: &Plan, node: Node) -> usize {
    let r = plan.release();
    match node {
        Node::Stage(s) => s.index(),
        Node::Approval(a) => r.stages.len() + a.index(),
        Node::Decision(d) => r.stages.len() + r.approvals.len() + d.index(),
    }
}
