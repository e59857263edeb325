//! Waits that the plan does not ask for: a job starts when all it needs have ended, whatever the condition of one of them says.
//!
//! What comes after a stage that may not apply inherits what that stage comes after; at GitHub it waits for its approvals and
//! decisions as well. Called by `lower`.

use crate::diagnostic::{Code, Diagnostic};
use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::order::passed_over;
use crate::model::{Cond, StageId};
use crate::plan::{EdgeKind, Node};
use std::collections::BTreeSet;

const EXTRA_WAIT: Code = Code("target/extra_wait");

/// Reports each approval and each decision that a stage waits for only because a stage before it would have waited for it.
pub fn report(ctx: &Ctx<'_>) {
    for id in ctx.plan.stage_order() {
        let meant = meant(ctx, id);
        for (node, through) in passing(ctx, id) {
            if meant.contains(&node) || matches!(node, Node::Stage(_)) {
                continue;
            }
            let names = [node, Node::Stage(through), Node::Stage(id)].map(|n| ctx.plan.node_name(n));
            let [before, through_name, own] = names;
            let message = format!(
                "`{own}` waits for `{before}` on GitHub when `{through_name}` does not apply, which the plan does not ask for"
            );
            let origin = ctx.plan.node_origin(Node::Stage(id));
            ctx.report(
                Diagnostic::info(EXTRA_WAIT, origin.span, message)
                    .here("waits")
                    .fact(
                        ctx.plan.node_origin(node).span,
                        format!("`{through_name}` waits for `{before}`"),
                    )
                    .note("a job waits for all that it needs, and what it needs cannot depend on a condition")
                    .help(format!(
                        "give `{before}` the condition of `{through_name}` as its `when`, so that it is not asked for nothing"
                    )),
            );
        }
    }
}

/// What stands before the stages that something comes after and that may be passed over, each with the stage.
fn passing(ctx: &Ctx<'_>, id: StageId) -> Vec<(Node, StageId)> {
    let (mut list, mut seen, mut open) = (Vec::new(), BTreeSet::new(), vec![Node::Stage(id)]);
    while let Some(at) = open.pop() {
        for (before, _) in ctx.plan.waits_for(at) {
            if let Node::Stage(through) = at
                && through != id
                && !list.contains(&(before, through))
            {
                list.push((before, through));
            }
            if matches!(before, Node::Stage(_)) && passed_over(ctx, before) && seen.insert(before) {
                open.push(before);
            }
        }
    }
    list
}

/// All that a stage waits for by the plan, whatever applies.
fn meant(ctx: &Ctx<'_>, id: StageId) -> BTreeSet<Node> {
    let mut seen: BTreeSet<Node> = BTreeSet::new();
    let mut open = vec![Node::Stage(id)];
    while let Some(at) = open.pop() {
        let before = ctx.plan.waits_for(at);
        let inherits = |n: &Node| matches!(n, Node::Stage(s) if ctx.release.stage(*s).when != Cond::True);
        let after = before
            .iter()
            .filter(|(_, e)| matches!(e.kind, EdgeKind::After | EdgeKind::Serial));
        let none_may_apply = { after }.all(|(n, _)| inherits(n));
        for (node, edge) in &before {
            if at == Node::Stage(id) || edge.kind != EdgeKind::ApprovedStep {
                add(ctx, *node, none_may_apply, &mut seen, &mut open);
            }
        }
    }
    seen
}

/// Adds what is waited for; of what may not apply, only what it comes after is waited for in its place.
fn add(ctx: &Ctx<'_>, node: Node, inherits: bool, seen: &mut BTreeSet<Node>, open: &mut Vec<Node>) {
    if !seen.insert(node) {
        return;
    }
    match node {
        Node::Stage(s) if ctx.release.stage(s).when == Cond::True => open.push(node),
        Node::Stage(_) if inherits => {
            for (before, edge) in ctx.plan.waits_for(node) {
                if matches!(edge.kind, EdgeKind::After | EdgeKind::Serial) {
                    add(ctx, before, inherits, seen, open);
                }
            }
        }
        Node::Stage(_) => {}
        Node::Approval(_) | Node::Decision(_) => open.push(node),
    }
}
