//! What takes time, one bar each: the stages, and the answers that are waited for between them.
//!
//! Must not know how a bar is drawn. Called by `strip` and `mod`.

use crate::emit::runbook::say;
use crate::emit::runbook::times::span;
use crate::emit::runbook::words::{Spoken, words};
use crate::emit::runbook::work::StageCard;
use crate::model::{ApprovalId, DecisionId, StageId};
use crate::plan::{Cause, Node, Schedule};
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

/// What decides when the release ends, first to last, and the case in which it does.
fn critical<'a>(plan: Spoken<'a>) -> Option<(&'a Schedule, Vec<Node>)> {
    let stages = plan.stage_order().into_iter();
    let end = stages.max_by_key(|s| (span(plan, *s).1, std::cmp::Reverse(s.index())))?;
    let node = Node::Stage(end);
    let mut cases = plan.plan.cases_of(node);
    let case = cases.find(|c| c.of(&plan, node).finish == span(plan, end).1)?;
    Some((case, plan.path(case, node)))
}

/// All that decides it: that, and what takes as long beside it or in another case.
fn as_late(plan: Spoken<'_>) -> BTreeSet<Node> {
    let stages = || plan.stage_order().into_iter().map(Node::Stage);
    let end = stages().map(|n| plan.latest(n).1).max().filter(|end| *end > 0);
    let critical = critical(plan);
    let mut all = BTreeSet::new();
    for case in plan.cases() {
        let of = |n: Node| case.of(&plan, n);
        let here = |n: Node| plan.cases_of(n).any(|c| c.given == case.given);
        let mut open: Vec<Node> = stages()
            .filter(|n| Some(of(*n).finish) == end && here(*n))
            .collect();
        if let Some((_, path)) = critical.as_ref().filter(|(c, _)| c.given == case.given) {
            open.extend(path);
        }
        let mut seen = BTreeSet::new();
        while let Some(n) = open.pop() {
            if !seen.insert(n) || !matches!(of(n).cause, Cause::Node(_)) {
                continue;
            }
            let late = |before: &Node| {
                let t = of(*before);
                t.finish == of(n).ready && t.start < t.finish && here(*before)
            };
            let before = plan.waits_for(n).into_iter().map(|(before, _)| before);
            open.extend(before.filter(late));
        }
        all.extend(seen);
    }
    all
}

/// Whether more than one way decides when the release ends.
pub(super) fn ties(plan: Spoken<'_>) -> bool {
    as_late(plan).len() > critical(plan).map_or(0, |(_, path)| path.len())
}

/// The first such way in words; of very many those in the middle are counted.
pub(super) fn deciding(plan: Spoken<'_>) -> Vec<String> {
    let r = plan.release();
    let path = critical(plan).map(|(_, path)| path).unwrap_or_default();
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
        let (from, to) = plan.latest(node);
        Bar {
            name,
            from,
            to,
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
