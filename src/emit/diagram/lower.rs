//! From a plan to the shapes and arrows a reader sees.
//!
//! Must not know a drawing language. Called by `diagram` only.

use super::words::text;
use super::{Arrow, Diagram, Frame, Kind, Note, Shape, Tell};
use crate::model::{
    Atom, Cond, DecisionId, GateId, Release, RoleOrPerson, Rollback, Rollout, Stage, StageId, StepKind,
};
use crate::plan::{EdgeKind, Node, NodeSet, Plan};
use std::collections::{BTreeMap, BTreeSet};

/// The most shapes among which arrows that others imply are looked for.
const REDUCED: usize = 2_000;

pub(super) fn lower(plan: &Plan, tell: Tell<'_>) -> Diagram {
    let release = plan.release();
    let nodes: Vec<Node> = plan.order().collect();
    let index: BTreeMap<Node, usize> = nodes.iter().enumerate().map(|(i, n)| (*n, i)).collect();
    let mut taken = BTreeSet::new();
    let shapes = nodes.iter().map(|n| shape(plan, *n, tell, &mut taken)).collect();
    let phases = release.phases.iter().filter(|p| !p.stages.is_empty());
    let frames = phases
        .map(|p| Frame {
            id: id("p", &p.name, &mut taken),
            title: text(release, &p.title),
            shapes: p.stages.iter().map(|s| index[&Node::Stage(*s)]).collect(),
        })
        .collect();
    Diagram {
        title: text(release, &release.title),
        shapes,
        arrows: arrows(plan, &nodes, &index),
        frames,
    }
}

/// The arrows: an arrow that a longer way implies is left out, unless something is written beside it.
fn arrows(plan: &Plan, nodes: &[Node], index: &BTreeMap<Node, usize>) -> Vec<Arrow> {
    let mut out = Vec::new();
    for (to, node) in nodes.iter().enumerate() {
        let mut before: BTreeMap<usize, String> = BTreeMap::new();
        for (from, edge) in plan.waits_for(*node) {
            let label = match edge.kind {
                EdgeKind::Decision => taken_option(plan.release(), from, *node),
                _ => String::new(),
            };
            let known = before.entry(index[&from]).or_default();
            if known.is_empty() {
                *known = label;
            }
        }
        // In a picture too big to be read, every arrow is drawn.
        let reduce = before.len() > 1 && nodes.len() <= REDUCED;
        let behind: Vec<NodeSet> = match reduce {
            true => before.keys().map(|other| plan.ancestors(nodes[*other])).collect(),
            false => Vec::new(),
        };
        let nearest = |from: usize| !behind.iter().any(|set| plan.contains(set, nodes[from]));
        for (from, label) in &before {
            if !label.is_empty() || nearest(*from) {
                out.push(Arrow {
                    from: *from,
                    to,
                    label: label.clone(),
                });
            }
        }
    }
    out
}

/// The option of a decision that leads to a node, when its condition names one.
fn taken_option(release: &Release, decision: Node, node: Node) -> String {
    let (Node::Decision(d), Node::Stage(s)) = (decision, node) else {
        return String::new();
    };
    option(release, d, &release.stage(s).when)
}

fn option(release: &Release, d: DecisionId, c: &Cond) -> String {
    match c {
        Cond::Atom(Atom::Decision { decision, option }) if *decision == d => release
            .decision(d)
            .options
            .get(*option)
            .map_or(String::new(), |o| o.name.to_string()),
        Cond::And(list) => list
            .iter()
            .map(|c| option(release, d, c))
            .find(|o| !o.is_empty())
            .unwrap_or_default(),
        _ => String::new(),
    }
}

fn shape(plan: &Plan, node: Node, tell: Tell<'_>, taken: &mut BTreeSet<String>) -> Shape {
    let release = plan.release();
    match node {
        Node::Stage(s) => {
            let stage = release.stage(s);
            let production = release.is_production(stage.environment);
            Shape {
                id: id("s", &stage.slug, taken),
                kind: if production { Kind::Production } else { Kind::Stage },
                title: stage.name.to_string(),
                lines: stage_lines(release, s, stage, tell),
            }
        }
        Node::Approval(a) => {
            let approval = release.approval(a);
            let from: Vec<&str> = approval
                .from
                .iter()
                .map(|(who, _)| match who {
                    RoleOrPerson::Role(r) => release.role(*r).name.as_str(),
                    RoleOrPerson::Person(p) => release.person(*p).name.as_str(),
                })
                .collect();
            let from = from.join(", ");
            let line = tell(Note::Asked(approval.quorum, &from));
            let (kind, title) = (Kind::Approval, approval.name.to_string());
            Shape {
                id: id("a", &approval.name, taken),
                kind,
                title,
                lines: vec![line],
            }
        }
        Node::Decision(d) => {
            let decision = release.decision(d);
            let mut lines = vec![text(release, &decision.question.ask)];
            if release.asked_on_failure_only(d) {
                lines.push(tell(Note::IfFails(&failing(release, d))));
            }
            let (kind, title) = (Kind::Decision, decision.name.to_string());
            Shape {
                id: id("d", &decision.name, taken),
                kind,
                title,
                lines,
            }
        }
    }
}

/// The stages of which a failure leads to a decision.
fn failing(release: &Release, d: DecisionId) -> String {
    let stages = (0..release.stages.len()).map(StageId::at);
    let leads = |s: &StageId| release.asks_inside(*s, d) || release.asks_before(*s, d);
    let names = stages.filter(leads).map(|s| release.stage(s).name.as_str());
    names.collect::<Vec<_>>().join(", ")
}

fn stage_lines(release: &Release, id: StageId, stage: &Stage, tell: Tell<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let title = text(release, &stage.title);
    if title != stage.name.as_str() {
        lines.push(title);
    }
    let at = release.stage_at(id).map(|at| match at.after.as_ms() {
        0 => "T".to_string(),
        ms if ms < 0 => format!("T{}", at.after),
        _ => format!("T+{}", at.after),
    });
    lines.push(tell(Note::Place(
        &release.env(stage.environment).name,
        at.as_deref(),
    )));
    if stage.when != Cond::True {
        lines.push(tell(Note::When(&stage.when)));
    }
    if let Some(rollout) = &stage.rollout {
        lines.push(ladder(rollout));
    }
    let mut gates: Vec<GateId> = stage.require.iter().map(|(g, _)| *g).collect();
    for step in stage.forward_steps() {
        if let StepKind::VerifyGate(g) = step.kind
            && !gates.contains(&g)
        {
            gates.push(g);
        }
    }
    if !gates.is_empty() {
        // Those of a loop share a name.
        let mut names: Vec<&str> = Vec::new();
        for gate in gates.iter().map(|g| release.gate(*g).name.as_str()) {
            if !names.contains(&gate) {
                names.push(gate);
            }
        }
        lines.push(tell(Note::Verified(&names.join(", "))));
    }
    if let Rollback::Irreversible { .. } = stage.rollback {
        lines.push(tell(Note::NoWayBack));
    }
    lines
}

/// The steps of a rollout, the middle of a long one left out.
fn ladder(rollout: &Rollout) -> String {
    let names: Vec<&str> = rollout.steps.iter().map(|s| s.name.as_str()).collect();
    match names.as_slice() {
        [a, b, .., y, z] if names.len() > 6 => format!("{a} → {b} → … → {y} → {z}"),
        _ => names.join(" → "),
    }
}

/// A name that is unique and no keyword of a drawing language.
fn id(prefix: &str, name: &str, taken: &mut BTreeSet<String>) -> String {
    let clean: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    let mut id = format!("{prefix}_{clean}");
    let mut n = 2;
    while !taken.insert(id.clone()) {
        id = format!("{prefix}_{clean}_{n}");
        n += 1;
    }
    id
}
