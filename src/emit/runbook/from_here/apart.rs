//! What cannot have begun when something fails, because both never apply in one run; and the cases in which times are added up.
//!
//! Nothing is known of a plan that may start again: it is decided anew then, and what was done before may stand. Must not know what
//! is undone. Called by `ways`.

use super::bits::Bits;
use crate::model::{ApprovalOutcome, Failure, FailureOutcome, GateOutcome, OptionOutcome, Release, StageId};
use crate::plan::{Node, Plan, Pred};
use std::collections::BTreeMap;

/// So many conditions of stages are told apart.
const MOST: usize = 64;

/// The conditions of the stages of a plan.
pub(super) struct Apart {
    /// For each condition that stages have: the places of these.
    conditions: Vec<(Pred, Bits)>,
    /// For each condition of a node: the places of the stages that never apply with it.
    excluded: BTreeMap<Pred, Bits>,
    /// The cases, one of all variants where nothing is known.
    pub(super) cases: Vec<Pred>,
}

impl Apart {
    /// `order`: the stages in their places.
    pub(super) fn new(plan: &Plan, order: &[StageId]) -> Self {
        let v = plan.variants();
        let known = !starts_again(plan.release());
        let mut conditions: Vec<(Pred, Bits)> = Vec::new();
        let mut by: BTreeMap<Pred, usize> = BTreeMap::new();
        for (place, s) in order.iter().enumerate().filter(|_| known) {
            let p = v.applies(Node::Stage(*s));
            if p == Pred::TRUE || (by.len() == MOST && !by.contains_key(&p)) {
                continue;
            }
            let i = *by.entry(p).or_insert_with(|| {
                conditions.push((p, Bits::none(order.len())));
                conditions.len() - 1
            });
            conditions[i].1.insert(place);
        }
        let mut excluded: BTreeMap<Pred, Bits> = BTreeMap::new();
        for node in plan.order().filter(|_| !conditions.is_empty()) {
            let own = v.applies(node);
            excluded.entry(own).or_insert_with(|| {
                let mut set = Bits::none(order.len());
                for (p, places) in &conditions {
                    if *p != own && v.and(v.and(own, *p), v.valid()) == Pred::FALSE {
                        set.unite(places);
                    }
                }
                set
            });
        }
        let cases = match known {
            true => plan.cases().iter().map(|c| c.given).collect(),
            false => vec![Pred::TRUE],
        };
        Apart {
            conditions,
            excluded,
            cases,
        }
    }

    /// The stages that never apply in a run in which a node does.
    pub(super) fn excluded(&self, plan: &Plan, node: Node) -> Option<&Bits> {
        self.excluded.get(&plan.variants().applies(node))
    }

    /// The stages that may apply in a case.
    pub(super) fn within(&self, plan: &Plan, case: Pred, all: &Bits) -> Bits {
        let mut set = all.clone();
        for (p, places) in &self.conditions {
            if plan.variants().and(case, *p) == Pred::FALSE {
                set.drop(places);
            }
        }
        set
    }
}

/// Whether a run of a plan may start again from a stage.
fn starts_again(r: &Release) -> bool {
    let again = |o: &FailureOutcome| matches!(o, FailureOutcome::Restart(..));
    let failure = |f: &Failure| matches!(f, Failure::Then(o) if again(o));
    r.stages
        .iter()
        .flat_map(|s| s.on_failure.as_ref().into_iter().chain(s.when_hold_fails()))
        .any(|f| failure(&f.then))
        || r.gates
            .iter()
            .filter_map(|g| g.otherwise.as_ref())
            .any(|(o, _)| matches!(o, GateOutcome::Then(o) if again(o)))
        || r.approvals
            .iter()
            .any(|a| matches!(a.otherwise, ApprovalOutcome::Restart(..)))
        || r.decisions
            .iter()
            .flat_map(|d| &d.options)
            .any(|o| matches!(&o.then, OptionOutcome::Then(o) if again(o)))
        || r.triggers.iter().any(|t| again(&t.then))
}
