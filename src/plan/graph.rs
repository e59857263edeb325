//! Stages, approvals and decisions as one graph, and its order.
//!
//! An edge says "ends before the other starts". Entry gates are judged when their stage starts and are not nodes.

use crate::model::{
    ApprovalId, Atom, Cond, DecisionId, GateId, HoldId, Origin, Release, StageId, StepKind, Subject,
};
use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::{BTreeSet, VecDeque};

/// A node of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    /// A stage.
    Stage(StageId),
    /// An approval.
    Approval(ApprovalId),
    /// A decision.
    Decision(DecisionId),
}

/// Why one node waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EdgeKind {
    /// `after`
    After,
    /// `approved`
    Approved,
    /// `approved` of a step of the stage's rollout: granted before that step, not before the stage.
    ApprovedStep,
    /// A condition names a decision.
    Decision,
    /// A condition names the outcome of a stage or of a gate that the stage judges.
    Outcome,
    /// A `serial` phase allows one at a time.
    Serial,
}

/// An edge of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Why.
    pub kind: EdgeKind,
    /// Where it is written.
    pub origin: Origin,
}

/// The edges of a cycle, in order: each node waits for the one before it, the first for the last.
#[derive(Debug, Clone)]
pub struct Cycle {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The edge into each of them, from the node before.
    pub edges: Vec<Edge>,
}

/// A set of nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSet {
    bits: Vec<u64>,
}

impl NodeSet {
    fn new(len: usize) -> Self {
        NodeSet {
            bits: vec![0; len.div_ceil(64)],
        }
    }

    fn insert(&mut self, index: NodeIndex) -> bool {
        let (word, bit) = (index.index() / 64, 1u64 << (index.index() % 64));
        let new = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        new
    }

    fn has(&self, index: NodeIndex) -> bool {
        self.bits[index.index() / 64] & (1u64 << (index.index() % 64)) != 0
    }
}

/// A release as a graph, in order.
#[derive(Debug, Clone)]
pub struct Plan {
    release: Release,
    graph: DiGraph<Node, Edge>,
    stages: Vec<NodeIndex>,
    approvals: Vec<NodeIndex>,
    decisions: Vec<NodeIndex>,
    order: Vec<NodeIndex>,
}

impl Plan {
    /// Builds the graph and orders it.
    ///
    /// # Errors
    /// The shortest cycle found, when there is one; the release comes back with it.
    pub fn new(release: Release) -> Result<Plan, Box<(Release, Cycle)>> {
        let mut graph = DiGraph::new();
        let stages: Vec<_> = (0..release.stages.len())
            .map(|i| graph.add_node(Node::Stage(StageId::at(i))))
            .collect();
        let approvals: Vec<_> = (0..release.approvals.len())
            .map(|i| graph.add_node(Node::Approval(ApprovalId::at(i))))
            .collect();
        let decisions: Vec<_> = (0..release.decisions.len())
            .map(|i| graph.add_node(Node::Decision(DecisionId::at(i))))
            .collect();
        let mut plan = Plan {
            release,
            graph,
            stages,
            approvals,
            decisions,
            order: Vec::new(),
        };
        plan.add_edges();
        plan.sort()?;
        if plan.chain_serial_phases() {
            plan.sort()?;
        }
        Ok(plan)
    }

    /// The release.
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// Every node, each after everything it waits for; ties in the order written.
    pub fn order(&self) -> impl Iterator<Item = Node> {
        self.order.iter().map(|i| self.graph[*i])
    }

    /// The stages in order.
    pub fn stage_order(&self) -> Vec<StageId> {
        self.order()
            .filter_map(|n| if let Node::Stage(s) = n { Some(s) } else { None })
            .collect()
    }

    /// What a node waits for directly, with the edges; in the order of the nodes, without repetition per kind.
    pub fn waits_for(&self, node: Node) -> Vec<(Node, &Edge)> {
        self.neighbours(node, Direction::Incoming)
    }

    /// What waits directly for a node.
    pub fn waited_by(&self, node: Node) -> Vec<(Node, &Edge)> {
        self.neighbours(node, Direction::Outgoing)
    }

    /// The stages that must have ended before a stage starts, directly: through approvals and decisions too.
    pub fn stages_before(&self, stage: StageId) -> Vec<StageId> {
        self.nearest_stages(stage, Direction::Incoming)
    }

    /// The stages that wait directly for a stage: through approvals and decisions too.
    pub fn stages_after(&self, stage: StageId) -> Vec<StageId> {
        self.nearest_stages(stage, Direction::Outgoing)
    }

    /// Everything a node waits for, however far back; itself not included.
    pub fn ancestors(&self, node: Node) -> NodeSet {
        self.reach(self.index(node), Direction::Incoming)
    }

    /// Everything that waits for a node, however far on; itself not included.
    pub fn descendants(&self, node: Node) -> NodeSet {
        self.reach(self.index(node), Direction::Outgoing)
    }

    /// Whether a set made by this plan holds a node.
    pub fn contains(&self, set: &NodeSet, node: Node) -> bool {
        set.has(self.index(node))
    }

    /// The stages a hold spans, in order: every stage on a path from its first to its last. Empty when there is no path.
    pub fn hold_stages(&self, hold: HoldId) -> Vec<StageId> {
        let hold = self.release.hold(hold);
        self.between(hold.from, hold.to)
    }

    /// Every stage on a path from one to the other, both included, in order; empty without a path.
    pub fn between(&self, from: StageId, to: StageId) -> Vec<StageId> {
        if from == to {
            return vec![from];
        }
        let after = self.descendants(Node::Stage(from));
        if !after.has(self.stages[to.index()]) {
            return Vec::new();
        }
        let before = self.ancestors(Node::Stage(to));
        let inside = |s: StageId| {
            let i = self.stages[s.index()];
            s == from || s == to || (after.has(i) && before.has(i))
        };
        self.stage_order().into_iter().filter(|s| inside(*s)).collect()
    }

    /// The stages that judge a gate: as a step, in their rollout or before they start.
    pub fn judges(&self, gate: GateId) -> Vec<StageId> {
        judges(&self.release, gate)
    }

    /// What people call a node.
    pub fn node_name(&self, node: Node) -> &str {
        match node {
            Node::Stage(s) => &self.release.stage(s).name,
            Node::Approval(a) => &self.release.approval(a).name,
            Node::Decision(d) => &self.release.decision(d).name,
        }
    }

    /// The place of a node.
    pub fn node_origin(&self, node: Node) -> &Origin {
        node_origin(&self.release, node)
    }

    fn index(&self, node: Node) -> NodeIndex {
        match node {
            Node::Stage(s) => self.stages[s.index()],
            Node::Approval(a) => self.approvals[a.index()],
            Node::Decision(d) => self.decisions[d.index()],
        }
    }

    fn neighbours(&self, node: Node, direction: Direction) -> Vec<(Node, &Edge)> {
        let mut list: Vec<(Node, &Edge)> = self
            .graph
            .edges_directed(self.index(node), direction)
            .map(|e| {
                (
                    self.graph[if direction == Direction::Incoming {
                        e.source()
                    } else {
                        e.target()
                    }],
                    e.weight(),
                )
            })
            .collect();
        list.sort_by_key(|(node, edge)| (*node, edge.origin.span));
        list.dedup_by(|a, b| a.0 == b.0 && a.1.kind == b.1.kind);
        list
    }

    fn nearest_stages(&self, stage: StageId, direction: Direction) -> Vec<StageId> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut queue = vec![self.stages[stage.index()]];
        while let Some(i) = queue.pop() {
            for next in self.graph.neighbors_directed(i, direction) {
                match self.graph[next] {
                    Node::Stage(s) => {
                        found.insert(s);
                    }
                    _ => {
                        if seen.insert(next) {
                            queue.push(next);
                        }
                    }
                }
            }
        }
        found.into_iter().collect()
    }

    fn reach(&self, from: NodeIndex, direction: Direction) -> NodeSet {
        let mut set = NodeSet::new(self.graph.node_count());
        let mut queue = vec![from];
        while let Some(i) = queue.pop() {
            for next in self.graph.neighbors_directed(i, direction) {
                if set.insert(next) {
                    queue.push(next);
                }
            }
        }
        set
    }

    fn add_edges(&mut self) {
        let mut edges: Vec<(Node, Node, EdgeKind, Origin)> = Vec::new();
        let r = &self.release;
        for (i, stage) in r.stages.iter().enumerate() {
            let me = Node::Stage(StageId::at(i));
            for a in &stage.after {
                edges.push((Node::Stage(a.stage), me, EdgeKind::After, a.origin.clone()));
            }
            for (a, o) in &stage.approved {
                edges.push((Node::Approval(*a), me, EdgeKind::Approved, o.clone()));
            }
            for (d, o) in &stage.awaits {
                edges.push((Node::Decision(*d), me, EdgeKind::Decision, o.clone()));
            }
            let here = stage.when_origin.as_ref().unwrap_or(&stage.origin);
            condition_edges(r, &stage.when, me, here, &mut edges);
            for step in stage.forward_steps() {
                condition_edges(r, &step.when, me, &step.origin, &mut edges);
            }
            for step in stage.rollout.iter().flat_map(|r| &r.steps) {
                for (a, o) in &step.approved {
                    edges.push((Node::Approval(*a), me, EdgeKind::ApprovedStep, o.clone()));
                }
                condition_edges(r, &step.when, me, &step.origin, &mut edges);
            }
        }
        for (i, approval) in r.approvals.iter().enumerate() {
            let me = Node::Approval(ApprovalId::at(i));
            for (s, o) in &approval.after {
                edges.push((Node::Stage(*s), me, EdgeKind::After, o.clone()));
            }
            for (d, o) in &approval.after_decisions {
                edges.push((Node::Decision(*d), me, EdgeKind::Decision, o.clone()));
            }
            condition_edges(r, &approval.when, me, &approval.origin, &mut edges);
        }
        for (i, decision) in r.decisions.iter().enumerate() {
            let me = Node::Decision(DecisionId::at(i));
            for (s, o) in &decision.after {
                edges.push((Node::Stage(*s), me, EdgeKind::After, o.clone()));
            }
            condition_edges(r, &decision.when, me, &decision.origin, &mut edges);
        }
        for (from, to, kind, origin) in edges {
            let (a, b) = (self.index(from), self.index(to));
            self.graph.add_edge(a, b, Edge { kind, origin });
        }
    }

    fn sort(&mut self) -> Result<(), Box<(Release, Cycle)>> {
        let key = |i: NodeIndex| (node_origin(&self.release, self.graph[i]).span, i);
        let mut open: Vec<usize> = vec![0; self.graph.node_count()];
        for e in self.graph.raw_edges() {
            open[e.target().index()] += 1;
        }
        let mut ready: BTreeSet<_> = self
            .graph
            .node_indices()
            .filter(|i| open[i.index()] == 0)
            .map(key)
            .collect();
        let mut order = Vec::with_capacity(open.len());
        while let Some((_, i)) = ready.pop_first() {
            order.push(i);
            for next in self.graph.neighbors(i) {
                open[next.index()] -= 1;
                if open[next.index()] == 0 {
                    ready.insert(key(next));
                }
            }
        }
        if order.len() == open.len() {
            self.order = order;
            return Ok(());
        }
        let cycle = self.shortest_cycle();
        Err(Box::new((self.release.clone(), cycle)))
    }

    /// Lets the stages of a `serial` phase wait for each other in the order found so far.
    fn chain_serial_phases(&mut self) -> bool {
        let order = self.stage_order();
        let mut position = vec![0usize; self.release.stages.len()];
        for (i, s) in order.iter().enumerate() {
            position[s.index()] = i;
        }
        let mut chains = Vec::new();
        for phase in self.release.phases.iter().filter(|p| p.serial) {
            let mut stages = phase.stages.clone();
            stages.sort_by_key(|s| position[s.index()]);
            chains.extend(stages.windows(2).map(|w| (w[0], w[1], phase.origin.clone())));
        }
        for (a, b, origin) in &chains {
            let (a, b) = (self.stages[a.index()], self.stages[b.index()]);
            self.graph.add_edge(
                a,
                b,
                Edge {
                    kind: EdgeKind::Serial,
                    origin: origin.clone(),
                },
            );
        }
        !chains.is_empty()
    }

    /// The shortest cycle through any of the first nodes of each knot; there is one when the order is not complete.
    fn shortest_cycle(&self) -> Cycle {
        const TRIED: usize = 256;
        let mut best: Option<Vec<NodeIndex>> = None;
        for knot in petgraph::algo::kosaraju_scc(&self.graph) {
            let mut knot = knot;
            knot.sort();
            for start in knot.iter().take(TRIED) {
                if let Some(path) = self.path_back(*start)
                    && best.as_ref().is_none_or(|b| path.len() < b.len())
                {
                    best = Some(path);
                }
            }
        }
        let path = best.unwrap_or_default();
        let nodes = path.iter().map(|i| self.graph[*i]).collect();
        let edges = (0..path.len())
            .filter_map(|k| {
                let before = path[if k == 0 { path.len() - 1 } else { k - 1 }];
                self.graph
                    .edges_connecting(before, path[k])
                    .next()
                    .map(|e| e.weight().clone())
            })
            .collect();
        Cycle { nodes, edges }
    }

    fn path_back(&self, start: NodeIndex) -> Option<Vec<NodeIndex>> {
        let mut from: Vec<Option<NodeIndex>> = vec![None; self.graph.node_count()];
        let mut queue = VecDeque::from([start]);
        while let Some(i) = queue.pop_front() {
            for next in self.graph.neighbors(i) {
                if next == start {
                    let mut path = vec![i];
                    while let Some(before) = from[path[path.len() - 1].index()] {
                        path.push(before);
                    }
                    path.reverse();
                    return Some(path);
                }
                if from[next.index()].is_none() {
                    from[next.index()] = Some(i);
                    queue.push_back(next);
                }
            }
        }
        None
    }
}

fn node_origin(release: &Release, node: Node) -> &Origin {
    match node {
        Node::Stage(s) => &release.stage(s).origin,
        Node::Approval(a) => &release.approval(a).origin,
        Node::Decision(d) => &release.decision(d).origin,
    }
}

fn judges(release: &Release, gate: GateId) -> Vec<StageId> {
    let judges = |s: &crate::model::Stage| {
        s.require.iter().any(|(g, _)| *g == gate)
            || s.forward_steps()
                .iter()
                .any(|step| matches!(&step.kind, StepKind::VerifyGate(g) if *g == gate))
    };
    release
        .stages
        .iter()
        .enumerate()
        .filter(|(_, s)| judges(s))
        .map(|(i, _)| StageId::at(i))
        .collect()
}

fn condition_edges(
    release: &Release,
    cond: &Cond,
    me: Node,
    origin: &Origin,
    edges: &mut Vec<(Node, Node, EdgeKind, Origin)>,
) {
    for atom in cond.atoms() {
        match atom {
            Atom::Decision { decision, .. } => {
                edges.push((Node::Decision(*decision), me, EdgeKind::Decision, origin.clone()));
            }
            Atom::Outcome {
                subject: Subject::Stage(s),
                ..
            } if Node::Stage(*s) != me => {
                edges.push((Node::Stage(*s), me, EdgeKind::Outcome, origin.clone()));
            }
            Atom::Outcome {
                subject: Subject::Gate(g),
                ..
            } => {
                for s in judges(release, *g) {
                    if Node::Stage(s) != me {
                        edges.push((Node::Stage(s), me, EdgeKind::Outcome, origin.clone()));
                    }
                }
            }
            _ => {}
        }
    }
}
