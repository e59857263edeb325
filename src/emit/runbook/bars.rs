//! What takes time, one bar each: the stages, and the answers that are waited for between them.
//!
//! Must not know how a bar is drawn. Called by `strip` and `mod`.

use crate::emit::runbook::say;
use crate::emit::runbook::times::span;
use crate::emit::runbook::words::{Spoken, words};
use crate::emit::runbook::work::StageCard;
use crate::model::{ApprovalId, DecisionId, StageId};
use crate::plan::{Cause, Node, Pace};
use std::collections::BTreeSet;

/// So many of what decides the end are named.
const NAMED: usize = 12;

/// Something that takes time.
pub(super) struct Bar {
    pub name: String,
    /// When it starts and ends at the latest, in milliseconds from T.
    pub from: i64,
    pub to: i64,
    /// Whether it decides when the release ends.
    pub critical: bool,
    /// Whether people are waited for.
    pub asked: bool,
}

/// What decides when the release ends, first to last.
fn critical(plan: Spoken<'_>) -> Vec<Node> {
    let end = plan
        .stage_order()
        .into_iter()
        .max_by_key(|s| (span(plan, *s).1, std::cmp::Reverse(s.index())));
    let path = end.map(|s| plan.path(plan.schedule(Pace::Longest), Node::Stage(s)));
    path.unwrap_or_default()
}

/// All that decides it: that, and what takes as long beside it.
fn as_late(plan: Spoken<'_>) -> BTreeSet<Node> {
    let schedule = plan.schedule(Pace::Longest);
    let of = |n: Node| schedule.of(&plan, n);
    let stages = || plan.stage_order().into_iter().map(Node::Stage);
    let end = stages().map(|n| of(n).finish).max().filter(|end| *end > 0);
    let mut open: Vec<Node> = stages().filter(|n| Some(of(*n).finish) == end).collect();
    open.extend(critical(plan));
    let mut all = BTreeSet::new();
    while let Some(n) = open.pop() {
        if !all.insert(n) || !matches!(of(n).cause, Cause::Node(_)) {
            continue;
        }
        let late = |(before, _): &(Node, _)| {
            of(*before).finish == of(n).ready && of(*before).start < of(*before).finish
        };
        open.extend(
            plan.waits_for(n)
                .into_iter()
                .filter(late)
                .map(|(before, _)| before),
        );
    }
    all
}

/// Whether more than one way decides when the release ends.
pub(super) fn ties(plan: Spoken<'_>) -> bool {
    as_late(plan).len() > critical(plan).len()
}

/// The first such way in words; of very many those in the middle are counted.
pub(super) fn deciding(plan: Spoken<'_>) -> Vec<String> {
    let r = plan.release();
    let path = critical(plan);
    let named = |n: &Node| match n {
        Node::Stage(s) => r.stage(*s).name.to_string(),
        Node::Approval(a) => words!(
            r,
            "point.approval",
            approval = say::text(r, &r.approval(*a).title)
        ),
        Node::Decision(d) => words!(r, "row.decision", decision = r.decision(*d).name),
    };
    if path.len() <= NAMED {
        return path.iter().map(named).collect();
    }
    let (first, last) = (&path[..NAMED / 2], &path[path.len() - 1]);
    let mut list: Vec<String> = first.iter().map(named).collect();
    list.push(words!(r, "list.more", n = path.len() - first.len() - 1));
    list.push(named(last));
    list
}

/// A bar for each stage, and before or after the stages it belongs to one for each answer that is waited for on the way.
pub(super) fn bars(plan: Spoken<'_>, cards: &[StageCard]) -> Vec<Bar> {
    let r = plan.release();
    let decides = as_late(plan);
    let mut place = vec![0; cards.len()];
    for (i, card) in cards.iter().enumerate() {
        place[card.id] = i;
    }
    // The place of a stage; then before it, itself, on its way, after it.
    let mut list: Vec<((usize, u8), Bar)> = Vec::new();
    for (i, card) in cards.iter().enumerate() {
        let id = StageId::at(card.id);
        let (from, to) = span(plan, id);
        let critical = decides.contains(&Node::Stage(id));
        let name = card.name.clone();
        let bar = Bar {
            name,
            from,
            to,
            critical,
            asked: false,
        };
        list.push(((i, 1), bar));
    }
    let asked = |node: Node, name: String| {
        let timing = plan.schedule(Pace::Longest).of(&plan, node);
        Bar {
            name,
            from: timing.start,
            to: timing.finish,
            critical: decides.contains(&node),
            asked: true,
        }
    };
    // What waits for nothing is answered by T.
    let waits = |node: Node| !plan.waits_for(node).is_empty();
    for (i, a) in r.approvals.iter().enumerate() {
        let id = ApprovalId::at(i);
        if !waits(Node::Approval(id)) {
            continue;
        }
        let guards = |by: &[(ApprovalId, _)]| by.iter().any(|(a, _)| *a == id);
        let before = r.stages.iter().enumerate().filter(|(_, s)| guards(&s.approved));
        let within = r.stages.iter().enumerate().filter(|(_, s)| {
            let mut steps = s.rollout.iter().flat_map(|l| &l.steps);
            steps.any(|step| guards(&step.approved))
        });
        let before = before.map(|(s, _)| (place[s], 0)).min();
        let at = before.or(within.map(|(s, _)| (place[s], 2)).min());
        if let Some(at) = at {
            list.push((at, asked(Node::Approval(id), a.name.to_string())));
        }
    }
    for (i, d) in r.decisions.iter().enumerate() {
        let node = Node::Decision(DecisionId::at(i));
        let after = d.after.iter().map(|(s, _)| place[s.index()]).max();
        if let Some(after) = after.filter(|_| waits(node)) {
            list.push(((after, 3), asked(node, d.name.to_string())));
        }
    }
    list.sort_by_key(|(at, _)| *at);
    list.into_iter().map(|(_, bar)| bar).collect()
}
