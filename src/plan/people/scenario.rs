//! The cases in which a plan must find its people: which approvals, stages and decisions apply together, and who the
//! author is when a parameter says so.
//!
//! Called by `seats` and the checks of separation of duties.

use crate::model::{ApprovalId, DecisionId, PersonId, PersonRef, StageId};
use crate::plan::people::pool::Directory;
use crate::plan::{Node, Plan, Pred, Truth};
use std::collections::{BTreeMap, BTreeSet};

/// The most cases looked at.
const CASES: usize = 4096;

/// One case.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The approvals that apply.
    pub approvals: Vec<ApprovalId>,
    /// The stages that apply.
    pub stages: Vec<StageId>,
    /// The decisions that are asked.
    pub decisions: Vec<DecisionId>,
    /// The author, when a parameter names them.
    pub author: Option<PersonId>,
    /// The override through which the run goes, by place in the list.
    pub through: Option<usize>,
    /// The case in words, to follow a comma: "when `kind` is `patch`"; `None` when it is the only one.
    pub clause: Option<String>,
}

/// Every case, or `None` when there are too many.
pub fn scenarios(plan: &Plan, directory: &Directory<'_>) -> Option<Vec<Scenario>> {
    let r = plan.release();
    let variants = plan.variants();
    let mut nodes: Vec<Node> = (0..r.approvals.len())
        .map(|i| Node::Approval(ApprovalId::at(i)))
        .collect();
    nodes.extend((0..r.decisions.len()).map(|i| Node::Decision(DecisionId::at(i))));
    nodes.extend((0..r.stages.len()).map(|i| Node::Stage(StageId::at(i))));
    let conditions: BTreeSet<Pred> = nodes.iter().map(|n| variants.applies(*n)).collect();
    let mut leaves = vec![Pred::TRUE];
    for p in conditions
        .into_iter()
        .filter(|p| *p != Pred::TRUE && *p != Pred::FALSE)
    {
        let mut split = Vec::new();
        for leaf in leaves {
            for side in [variants.and(leaf, p), variants.without(leaf, p)] {
                if variants.possible(side) {
                    split.push(side);
                }
            }
        }
        leaves = split;
        if leaves.len() > CASES {
            return None;
        }
    }
    let mut cases: BTreeMap<Vec<Node>, Option<String>> = BTreeMap::new();
    for leaf in leaves {
        let inside: Vec<Node> = nodes
            .iter()
            .copied()
            .filter(|n| variants.implies(leaf, variants.applies(*n)))
            .collect();
        cases
            .entry(inside)
            .or_insert_with(|| match variants.find(plan, leaf) {
                Truth::In(v) => v.clause(),
                _ => None,
            });
    }
    let authors = authors(plan, directory);
    let mut list = Vec::new();
    for (inside, clause) in cases {
        for author in &authors {
            let words = [
                clause.clone(),
                author
                    .and_then(|(p, name)| name.then(|| format!("when the author is `{}`", r.person(p).name))),
            ];
            let words: Vec<String> = words.into_iter().flatten().collect();
            list.push(Scenario {
                approvals: inside
                    .iter()
                    .filter_map(|n| if let Node::Approval(a) = n { Some(*a) } else { None })
                    .collect(),
                stages: inside
                    .iter()
                    .filter_map(|n| if let Node::Stage(s) = n { Some(*s) } else { None })
                    .collect(),
                decisions: inside
                    .iter()
                    .filter_map(|n| if let Node::Decision(d) = n { Some(*d) } else { None })
                    .collect(),
                author: author.map(|(p, _)| p),
                through: None,
                clause: (!words.is_empty()).then(|| words.join(" and ")),
            });
            if list.len() > CASES {
                return None;
            }
        }
    }
    Some(list)
}

/// Who the author may be, when a parameter says so: of people who are in the same roles, one.
fn authors(plan: &Plan, directory: &Directory<'_>) -> Vec<Option<(PersonId, bool)>> {
    let r = plan.release();
    if !r.authors.iter().any(|(a, _)| matches!(a, PersonRef::Param(_))) {
        return vec![None];
    }
    let mut seen = BTreeSet::new();
    let mut list = Vec::new();
    for p in (0..r.people.len())
        .map(PersonId::at)
        .filter(|p| !r.person(*p).bot)
    {
        let roles: Vec<usize> = (0..r.roles.len())
            .filter(|i| directory.role(crate::model::RoleId::at(*i)).people.contains(&p))
            .collect();
        let named = r.approvals.iter().any(|a| {
            a.from
                .iter()
                .any(|(w, _)| *w == crate::model::RoleOrPerson::Person(p))
        });
        if seen.insert((roles, named.then_some(p))) {
            list.push(Some((p, true)));
        }
    }
    if list.is_empty() { vec![None] } else { list }
}
