//! What has surely happened before a node starts: one pass over the plan, in order.
//!
//! A node waits for *all* that it names, so facts join at a node. What waits for something not applicable does not wait
//! for it; a node whose `after`s are all not applicable waits for what *they* wait for. Used by guards and order.

use crate::model::StageId;
use crate::plan::engine::Engine;
use crate::plan::predicate::{Diagram, Pred};
use crate::plan::{EdgeKind, Node, Plan};
use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

/// Something that may be known at a node.
pub(super) trait Fact: Clone {
    /// Nothing is known.
    fn none() -> Self;
    /// What is known when both are.
    fn join(diagram: &mut Diagram, a: &Self, b: &Self) -> Self;
    /// What is known when it is known under a condition only.
    fn only_if(diagram: &mut Diagram, when: Pred, a: &Self) -> Self;
}

impl Fact for Pred {
    fn none() -> Self {
        Pred::FALSE
    }

    fn join(diagram: &mut Diagram, a: &Self, b: &Self) -> Self {
        diagram.or(*a, *b)
    }

    fn only_if(diagram: &mut Diagram, when: Pred, a: &Self) -> Self {
        diagram.and(when, *a)
    }
}

/// What is known before and after each node of a window of the order.
pub(super) struct Flow<F> {
    first: u32,
    start: Vec<F>,
    end: Vec<F>,
}

impl<F: Fact> Flow<F> {
    /// What is known when a node starts, given that it applies.
    pub(super) fn start(&self, plan: &Plan, node: Node) -> F {
        self.at(&self.start, plan.position[plan.index(node).index()])
    }

    fn at(&self, list: &[F], position: u32) -> F {
        position
            .checked_sub(self.first)
            .and_then(|i| list.get(i as usize))
            .cloned()
            .unwrap_or_else(F::none)
    }
}

/// The waits of a node, by how they are handed on.
#[derive(Default)]
pub(super) struct Waits {
    /// `after`: handed on when none applies.
    pub(super) after: Vec<NodeIndex>,
    /// One at a time: handed on when none applies.
    pub(super) serial: Vec<NodeIndex>,
    /// Approvals, conditions: waited for when they apply.
    pub(super) other: Vec<NodeIndex>,
    /// Approvals of a step of the rollout: granted before the end.
    steps: Vec<NodeIndex>,
}

/// What a node hands on when it does not apply.
type Further<'a> = dyn Fn(NodeIndex) -> Vec<NodeIndex> + 'a;

/// Runs over the nodes at the places `first..=last` of the order; `event` says what a node itself makes known by its end.
pub(super) fn surely<F: Fact>(
    plan: &Plan,
    first: u32,
    last: u32,
    mut event: impl FnMut(&mut Engine, Node) -> F,
) -> Flow<F> {
    let variants = plan.variants();
    let mut engine = variants.lock();
    let window = &plan.order[first as usize..=(last as usize).min(plan.order.len().saturating_sub(1))];
    let mut flow = Flow {
        first,
        start: Vec::with_capacity(window.len()),
        end: Vec::with_capacity(window.len()),
    };
    let mut after: Vec<F> = Vec::with_capacity(window.len());
    let mut serial: Vec<F> = Vec::with_capacity(window.len());
    for index in window {
        let node = plan.graph[*index];
        let waits = waits(plan, *index);
        let applies = |i: NodeIndex| variants.applies(plan.graph[i]);
        let e = &mut engine;
        // What a list of waits makes known, term by term.
        let handed =
            |e: &mut Engine, list: &[NodeIndex], kept: &[F], flow: &Flow<F>, further: &Further<'_>| {
                let mut known = F::none();
                for term in terms(plan, e, list, further) {
                    let list = if term.kept { kept } else { &flow.end };
                    let there = flow.at(list, plan.position[term.from.index()]);
                    let there = F::only_if(&mut e.diagram, term.when, &there);
                    known = F::join(&mut e.diagram, &known, &there);
                }
                known
            };
        let by_after = handed(e, &waits.after, &after, &flow, &|i| self::waits(plan, i).after);
        let by_serial = handed(e, &waits.serial, &serial, &flow, &|i| self::waits(plan, i).serial);
        let mut start = F::join(&mut e.diagram, &by_after, &by_serial);
        for i in &waits.other {
            let end = flow.at(&flow.end, plan.position[i.index()]);
            let there = F::only_if(&mut e.diagram, applies(*i), &end);
            start = F::join(&mut e.diagram, &start, &there);
        }
        let own = event(e, node);
        let mut end = F::join(&mut e.diagram, &start, &own);
        for i in &waits.steps {
            let when = step_approval(plan, e, node, plan.graph[*i]);
            let granted = e.diagram.and(when, applies(*i));
            let there = flow.at(&flow.end, plan.position[i.index()]);
            let there = F::only_if(&mut e.diagram, granted, &there);
            end = F::join(&mut e.diagram, &end, &there);
        }
        after.push(by_after);
        serial.push(by_serial);
        flow.start.push(start);
        flow.end.push(end);
    }
    flow
}

/// A part of what a list of waits makes known.
struct Term {
    /// Whose.
    from: NodeIndex,
    /// What was handed to it in turn, and not what is known by its end.
    kept: bool,
    /// When.
    when: Pred,
}

/// What a list of waits makes known: those of it that apply, else what they all together wait for in turn.
fn terms(plan: &Plan, e: &mut Engine, list: &[NodeIndex], further: &Further<'_>) -> Vec<Term> {
    let variants = plan.variants();
    let mut terms = Vec::with_capacity(list.len());
    let mut given = Pred::TRUE;
    let mut list = list.to_vec();
    while !list.is_empty() {
        let mut any = Pred::FALSE;
        for from in &list {
            let when = variants.applies(plan.graph[*from]);
            any = e.diagram.or(any, when);
            terms.push(Term {
                from: *from,
                kept: false,
                when: e.diagram.and(given, when),
            });
        }
        let none = e.diagram.not(any);
        given = e.diagram.and(given, none);
        if given == Pred::FALSE {
            break;
        }
        if let [only] = list[..] {
            terms.push(Term {
                from: only,
                kept: true,
                when: given,
            });
            break;
        }
        let mut next: Vec<NodeIndex> = list.iter().flat_map(|i| further(*i)).collect();
        next.sort();
        next.dedup();
        list = next;
    }
    terms
}

/// What one place asks of the places before it: the conditions under which each of these, once known, is known there.
#[derive(Clone, Copy)]
struct Asked {
    start: Pred,
    end: Pred,
    after: Pred,
    serial: Pred,
}

/// For each place of the order, in which variants its node has surely ended before a node starts: [`surely`] for every source at
/// once, from the end to the beginning.
pub(super) fn surely_leading(plan: &Plan, to: Node) -> Vec<Pred> {
    let variants = plan.variants();
    let mut engine = variants.lock();
    let e = &mut engine;
    let last = plan.position[plan.index(to).index()] as usize;
    let nothing = Asked {
        start: Pred::FALSE,
        end: Pred::FALSE,
        after: Pred::FALSE,
        serial: Pred::FALSE,
    };
    let mut asked = vec![nothing; last + 1];
    asked[last].start = Pred::TRUE;
    for place in (0..=last).rev() {
        let index = plan.order[place];
        let here = asked[place];
        let start = e.diagram.or(here.start, here.end);
        let by_after = e.diagram.or(start, here.after);
        let by_serial = e.diagram.or(start, here.serial);
        if by_after == Pred::FALSE && by_serial == Pred::FALSE {
            continue;
        }
        let waits = waits(plan, index);
        let at = |i: &NodeIndex| plan.position[i.index()] as usize;
        let after: &Further<'_> = &|i| self::waits(plan, i).after;
        let serial: &Further<'_> = &|i| self::waits(plan, i).serial;
        for (list, want, further, is_after) in [
            (&waits.after, by_after, after, true),
            (&waits.serial, by_serial, serial, false),
        ] {
            if want == Pred::FALSE {
                continue;
            }
            for term in terms(plan, e, list, further) {
                let when = e.diagram.and(want, term.when);
                let there = &mut asked[at(&term.from)];
                let part = match (term.kept, is_after) {
                    (false, _) => &mut there.end,
                    (true, true) => &mut there.after,
                    (true, false) => &mut there.serial,
                };
                *part = e.diagram.or(*part, when);
            }
        }
        for i in &waits.other {
            let when = e.diagram.and(start, variants.applies(plan.graph[*i]));
            asked[at(i)].end = e.diagram.or(asked[at(i)].end, when);
        }
        for i in &waits.steps {
            let when = step_approval(plan, e, plan.graph[index], plan.graph[*i]);
            let when = e.diagram.and(when, variants.applies(plan.graph[*i]));
            let when = e.diagram.and(here.end, when);
            asked[at(i)].end = e.diagram.or(asked[at(i)].end, when);
        }
    }
    asked.into_iter().map(|a| a.end).collect()
}

/// What a node waits for, by how it is handed on.
pub(super) fn waits(plan: &Plan, index: NodeIndex) -> Waits {
    let mut waits = Waits::default();
    let decided = |n: NodeIndex| match (plan.graph[index], plan.graph[n]) {
        (Node::Stage(s), Node::Decision(d)) => plan.release().stage(s).awaits.iter().any(|(a, _)| *a == d),
        (Node::Approval(a), Node::Decision(d)) => plan
            .release()
            .approval(a)
            .after_decisions
            .iter()
            .any(|(x, _)| *x == d),
        _ => false,
    };
    for edge in plan.graph.edges_directed(index, Direction::Incoming) {
        let from = edge.source();
        let list = match edge.weight().kind {
            EdgeKind::After => &mut waits.after,
            EdgeKind::Decision if decided(from) => &mut waits.after,
            EdgeKind::Serial => &mut waits.serial,
            EdgeKind::ApprovedStep => &mut waits.steps,
            EdgeKind::Approved | EdgeKind::Decision | EdgeKind::Outcome => &mut waits.other,
        };
        list.push(from);
    }
    for list in [
        &mut waits.after,
        &mut waits.serial,
        &mut waits.other,
        &mut waits.steps,
    ] {
        list.sort();
        list.dedup();
    }
    waits
}

/// When the rollout of a stage asks for an approval.
fn step_approval(plan: &Plan, engine: &mut Engine, stage: Node, approval: Node) -> Pred {
    let (Node::Stage(stage), Node::Approval(approval)) = (stage, approval) else {
        return Pred::FALSE;
    };
    let mut any = Pred::FALSE;
    for step in rollout_steps(plan, stage) {
        if step.approved.iter().any(|(a, _)| *a == approval) {
            let when = engine.compile(plan, &step.when);
            any = engine.diagram.or(any, when);
        }
    }
    any
}

fn rollout_steps(plan: &Plan, stage: StageId) -> &[crate::model::RolloutStep] {
    plan.release()
        .stage(stage)
        .rollout
        .as_ref()
        .map_or(&[], |r| &r.steps)
}
