//! What waits for what: only what follows in the one plan and not in the other, so that two ways to write one order compare equal.
//!
//! That approvals stand before stages is the business of `guards`. Called by `mod`.

use super::canon::Side;
use super::out::{Change, Class, Direction, Out, Spot};
use super::pair::{Paired, Two};
use crate::model::{ApprovalId, DecisionId, StageId};
use crate::plan::{Node, Plan};
use std::collections::{BTreeSet, HashSet};

/// The most edges that are looked for on other ways.
const EDGES: usize = 2_000;

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    one_way(two, out, Direction::Loosened);
    one_way(two, out, Direction::Tightened);
    within(two, out);
}

/// Edges of one plan that the other has lost. Tightened: the same with the plans exchanged.
fn one_way(two: &Two<'_>, out: &mut Out, direction: Direction) {
    let loosened = direction == Direction::Loosened;
    let (from, to) = if loosened {
        (&two.old, &two.new)
    } else {
        (&two.new, &two.old)
    };
    let across = |node: Node| {
        let other = |p: &Paired, i: usize| {
            if loosened {
                p.new_of(i)
            } else {
                p.old_of.get(i).copied().flatten()
            }
        };
        Some(match node {
            Node::Stage(s) => Node::Stage(StageId::at(other(&two.stages, s.index())?)),
            Node::Approval(a) => Node::Approval(ApprovalId::at(other(&two.approvals, a.index())?)),
            Node::Decision(d) => Node::Decision(DecisionId::at(other(&two.decisions, d.index())?)),
        })
    };
    let mut lost: Vec<(Node, Node)> = Vec::new();
    for node in from.plan.order() {
        if across(node).is_none() {
            continue;
        }
        for before in nearest(from.plan, node, &across) {
            let (Some(a), Some(b)) = (across(before), across(node)) else {
                continue;
            };
            let direct = to.plan.waits_for(b).iter().any(|(n, _)| *n == a);
            if !direct && lost.len() < EDGES && !to.plan.precedes(a, b) {
                lost.push((before, node));
            }
        }
    }
    for (before, after) in lost {
        // Another way from the one to the other holds an edge that is lost too, and says it.
        if other_way(from.plan, before, after) {
            continue;
        }
        say_it(two, out, from, to, direction, (before, after), across(after));
    }
}

/// What a node waits for among the things that both plans have: through what only this plan has, and through approvals and decisions to
/// stages. Approvals are left to `guards`.
fn nearest(plan: &Plan, node: Node, across: &dyn Fn(Node) -> Option<Node>) -> BTreeSet<Node> {
    let mut found = BTreeSet::new();
    let mut seen = HashSet::new();
    let mut open = vec![node];
    while let Some(at) = open.pop() {
        for (before, _) in plan.waits_for(at) {
            if !seen.insert(before) {
                continue;
            }
            match before {
                Node::Approval(_) => open.push(before),
                _ if across(before).is_some() => {
                    found.insert(before);
                }
                _ => open.push(before),
            }
        }
    }
    found
}

/// Whether there is a way of more than one step between two nodes that are next to each other.
fn other_way(plan: &Plan, before: Node, after: Node) -> bool {
    plan.waits_for(after)
        .iter()
        .any(|(mid, _)| *mid != before && !matches!(mid, Node::Approval(_)) && plan.precedes(before, *mid))
}

fn say_it(
    two: &Two<'_>,
    out: &mut Out,
    from: &Side<'_>,
    to: &Side<'_>,
    direction: Direction,
    (before, after): (Node, Node),
    there: Option<Node>,
) {
    let loosened = direction == Direction::Loosened;
    let first = from.plan.node_name(before).to_string();
    let then = there.map_or_else(
        || from.plan.node_name(after).to_string(),
        |n| to.plan.node_name(n).to_string(),
    );
    let verb = match after {
        Node::Stage(_) => "starts",
        _ => "is asked",
    };
    let message = if loosened {
        format!("`{then}` no longer waits for `{first}`")
    } else {
        format!("`{then}` now waits for `{first}`")
    };
    let run = match (before, after) {
        (Node::Decision(_), _) => {
            format!("`{then}` {verb} before `{first}` has been decided: before, it waited for the answer")
        }
        (_, Node::Approval(_)) => format!(
            "`{then}` is granted before `{first}` has ended, by people who cannot have seen its result: before, they were asked after it"
        ),
        _ => format!(
            "`{then}` {verb} while `{first}` is still at work, or before it has begun: before, it waited"
        ),
    };
    let spot = |n: Node| match n {
        Node::Stage(s) if loosened => vec![two.old_spot(s)],
        Node::Stage(s) => vec![two.new_spot(s)],
        Node::Approval(a) if loosened => super::duties::behind(two, Some(a.index()), None),
        Node::Approval(a) => super::duties::behind(two, None, Some(a.index())),
        Node::Decision(d) => {
            let waiting = from.plan.waited_by(Node::Decision(d));
            let stages = waiting.into_iter().filter_map(|(n, _)| match n {
                Node::Stage(s) => Some(s),
                _ => None,
            });
            let spot = |s| {
                if loosened {
                    two.old_spot(s)
                } else {
                    two.new_spot(s)
                }
            };
            stages.map(spot).collect::<Vec<Spot>>()
        }
    };
    let kind = match after {
        Node::Stage(_) => "stage",
        Node::Approval(_) => "approval",
        Node::Decision(_) => "decision",
    };
    let here = from.plan.node_origin(after);
    let other = there.map(|n| to.plan.node_origin(n));
    let change = Change::new(direction, Class::Order, kind, &then, message)
        .run(run)
        .at(spot(after));
    out.add(if loosened {
        change.placed(Some(here), other)
    } else {
        change.placed(other, Some(here))
    });
}

/// The same steps of a stage in another order.
fn within(two: &Two<'_>, out: &mut Out) {
    for (at, old, new) in two.both_stages() {
        let steps = |side: &Side<'_>, s: &crate::model::Stage| {
            let list = s.rollout.is_none().then_some(&s.steps);
            list.into_iter()
                .flatten()
                .map(|s| side.step(s))
                .collect::<Vec<String>>()
        };
        let (mut a, mut b) = (steps(&two.old, old), steps(&two.new, new));
        if a == b {
            continue;
        }
        a.sort();
        b.sort();
        if a == b {
            let message = format!("the steps of `{}` come in another order", new.name);
            out.add(
                Change::new(Direction::Changed, Class::Order, "stage", &new.name, message)
                    .at([at])
                    .placed(Some(&old.origin), Some(&new.origin)),
            );
        }
    }
    let serial = |side: &Side<'_>| {
        let phases = side.r.phases.iter().filter(|p| p.serial);
        phases.map(|p| p.name.to_string()).collect::<BTreeSet<_>>()
    };
    let (was, is) = (serial(&two.old), serial(&two.new));
    for name in was.symmetric_difference(&is) {
        // That stages wait for each other is told stage by stage; here is only that they must.
        let same = |r: &crate::model::Release| r.phases.iter().any(|p| p.name == *name && p.stages.len() > 1);
        if !(same(two.old.r) && same(two.new.r)) {
            continue;
        }
        let origin = |r: &'_ crate::model::Release| {
            r.phases
                .iter()
                .find(|p| p.name == *name)
                .map(|p| p.origin.clone())
        };
        let message = if is.contains(name) {
            format!("the stages of `{name}` now run one at a time, in the order found")
        } else {
            format!("the stages of `{name}` no longer run one at a time as a rule")
        };
        out.add(
            Change::new(Direction::Changed, Class::Order, "phase", name, message)
                .placed(origin(two.old.r).as_ref(), origin(two.new.r).as_ref()),
        );
    }
}
