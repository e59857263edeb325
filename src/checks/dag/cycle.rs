//! `dag/cycle`: stages, approvals and decisions that wait for each other in a circle.
//!
//! A release with a circle has no order, so this is found while the plan is built, not by looking at a plan.

use crate::checks::place;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Origin, Release};
use crate::plan::{Cycle, EdgeKind, Node};
use smol_str::SmolStr;

/// The diagnostic.
pub const CODE: Code = Code("dag/cycle");

/// The most edges printed one by one.
const SHOWN: usize = 12;

/// What to say of a circle: one fact per edge.
pub fn diagnostic(release: &Release, cycle: &Cycle) -> Diagnostic {
    let names: Vec<&SmolStr> = cycle.nodes.iter().map(|n| name(release, *n)).collect();
    let first = cycle
        .nodes
        .first()
        .map_or(&release.origin, |n| origin(release, *n));
    let message = match names.as_slice() {
        [] => "the order of the release is a circle".to_string(),
        [one] => format!("`{one}` waits for itself"),
        [one, ..] => {
            let mut circle: Vec<String> = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
            if names.len() > SHOWN {
                circle.push("…".to_string());
            }
            format!("nothing here can start first: {} → `{one}`", circle.join(" → "))
        }
    };
    let mut d = Diagnostic::error(CODE, first.span, message).here(match names.len() {
        1 => "it would have to end before it starts",
        _ => "the shortest circle goes through here",
    });
    for (k, edge) in cycle.edges.iter().enumerate().take(SHOWN) {
        let me = names[k];
        let before = names[if k == 0 { names.len() - 1 } else { k - 1 }];
        let text = match edge.kind {
            EdgeKind::After => format!("`{me}` waits for `{before}` to end"),
            EdgeKind::Approved => format!("`{me}` waits until `{before}` is granted"),
            EdgeKind::ApprovedStep => format!("a step of `{me}` waits until `{before}` is granted"),
            EdgeKind::Decision => format!("`{me}` waits until `{before}` is decided"),
            EdgeKind::Outcome => format!("`{me}` asks how `{before}` came out"),
            EdgeKind::Serial => format!("`{me}` waits for `{before}`: one at a time"),
        };
        d = place::fact(d, &edge.origin, text);
    }
    d.help("remove one of these: the one that says less about the order you mean")
}

fn name(release: &Release, node: Node) -> &SmolStr {
    match node {
        Node::Stage(s) => &release.stage(s).name,
        Node::Approval(a) => &release.approval(a).name,
        Node::Decision(d) => &release.decision(d).name,
    }
}

fn origin(release: &Release, node: Node) -> &Origin {
    match node {
        Node::Stage(s) => &release.stage(s).origin,
        Node::Approval(a) => &release.approval(a).origin,
        Node::Decision(d) => &release.decision(d).origin,
    }
}
