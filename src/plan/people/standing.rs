//! Which approvals stand before the stages that change production.
//!
//! Broader than guarding: an approval that stands before a stage in some runs only counts too, because whoever may sit in it
//! then approves that stage. Called by `ship` and the checks of separation of duties.

use crate::model::{ApprovalId, StageId};
use crate::plan::{Node, Plan};
use crate::source::hash::Map;

/// A set of approvals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals(Vec<u64>);

impl Approvals {
    fn none(count: usize) -> Self {
        Approvals(vec![0; count.div_ceil(64)])
    }

    fn insert(&mut self, a: ApprovalId) {
        self.0[a.index() / 64] |= 1 << (a.index() % 64);
    }

    fn add(&mut self, other: &Approvals) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|w| *w == 0)
    }

    /// The approvals, in order.
    pub fn iter(&self) -> impl Iterator<Item = ApprovalId> + '_ {
        self.0.iter().enumerate().flat_map(|(i, word)| {
            (0..64)
                .filter(move |b| word & (1 << b) != 0)
                .map(move |b| ApprovalId::at(i * 64 + b))
        })
    }
}

/// For every stage in production, in order, the approvals that stand before it: those that it or a stage in production
/// before it names; when there is none, those of any stage before it.
pub fn before_production(plan: &Plan) -> Vec<(StageId, Approvals)> {
    let release = plan.release();
    let none = Approvals::none(release.approvals.len());
    let mut sets: Map<Node, (Approvals, Approvals)> = Map::default();
    let mut list = Vec::new();
    for node in plan.order() {
        let here = match node {
            Node::Stage(s) if release.is_production(release.stage(s).environment) => Some(s),
            _ => None,
        };
        let (mut production, mut any) = (none.clone(), none.clone());
        for (before, _) in plan.waits_for(node) {
            if let Some((p, a)) = sets.get(&before) {
                production.add(p);
                any.add(a);
            }
            if let Node::Approval(approval) = before {
                any.insert(approval);
                if here.is_some() {
                    production.insert(approval);
                }
            }
        }
        if let Some(stage) = here {
            let standing = if production.is_empty() { &any } else { &production };
            list.push((stage, standing.clone()));
        }
        sets.insert(node, (production, any));
    }
    list
}
