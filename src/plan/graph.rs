//! Stages, approvals and decisions as one graph, and its order.
//!
//! An edge says "ends before the other starts". Entry gates are judged when their stage starts and are not nodes.

use crate::model::{ApprovalId, DecisionId, GateId, HoldId, Origin, Release, StageId};
use crate::plan::analyses::Analyses;
use crate::plan::{Cycle, cycle, edges};
use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::BTreeSet;

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

    pub(in crate::plan) fn add(&mut self, index: NodeIndex) {
        self.insert(index);
    }

    fn has(&self, index: NodeIndex) -> bool {
        self.bits[index.index() / 64] & (1u64 << (index.index() % 64)) != 0
    }

    fn unite(&mut self, other: &NodeSet) {
        for (a, b) in self.bits.iter_mut().zip(&other.bits) {
            *a |= b;
        }
    }

    fn size(&self) -> usize {
        self.bits.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn numbers(&self) -> impl Iterator<Item = NodeIndex> {
        self.bits.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest.checked_sub(1)?;
                Some(NodeIndex::new(at * 64 + bit))
            })
        })
    }

    /// The numbers below a length that are not in the set.
    fn missing(&self, len: usize) -> Vec<NodeIndex> {
        let mut list = Vec::new();
        for (i, word) in self.bits.iter().enumerate() {
            let mut rest = !*word;
            while rest != 0 {
                let at = i * 64 + rest.trailing_zeros() as usize;
                rest &= rest - 1;
                if at < len {
                    list.push(NodeIndex::new(at));
                }
            }
        }
        list
    }
}

/// Up to so many nodes, what each waits for and what waits for it is kept for all of them.
const KEPT: usize = 16_384;

/// A release as a graph, in order.
#[derive(Debug, Clone)]
pub struct Plan {
    release: Release,
    pub(in crate::plan) graph: DiGraph<Node, Edge>,
    stages: Vec<NodeIndex>,
    approvals: Vec<NodeIndex>,
    decisions: Vec<NodeIndex>,
    pub(in crate::plan) order: Vec<NodeIndex>,
    /// The place of each node in the order.
    pub(in crate::plan) position: Vec<u32>,
    judges: Vec<Vec<StageId>>,
    pub(in crate::plan) analyses: Analyses,
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
        let judges = edges::judges(&release);
        let mut plan = Plan {
            release,
            graph,
            stages,
            approvals,
            decisions,
            order: Vec::new(),
            position: Vec::new(),
            judges,
            analyses: Analyses::default(),
        };
        for (from, to, edge) in edges::written(&plan.release, &plan.judges) {
            plan.add(from, to, edge);
        }
        plan.sort()?;
        let serial = edges::serial(&plan.release, &plan.stage_order());
        if !serial.is_empty() {
            for (from, to, edge) in serial {
                plan.add(from, to, edge);
            }
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

    /// Whether only steps of rollouts wait for an approval: it is asked while their stages run, or right before such a step.
    pub fn guards_steps_only(&self, approval: ApprovalId) -> bool {
        let edges = self.waited_by(Node::Approval(approval));
        !edges.is_empty() && edges.iter().all(|(_, e)| e.kind == EdgeKind::ApprovedStep)
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

    /// The nodes that neither wait for a node nor are waited for by it, in order: they may be under way together with it.
    pub fn apart(&self, node: Node) -> Vec<Node> {
        let mut related = self.ancestors(node);
        related.unite(&self.descendants(node));
        related.insert(self.index(node));
        let mut list = related.missing(self.graph.node_count());
        list.sort_by_key(|i| self.position[i.index()]);
        list.into_iter().map(|i| self.graph[i]).collect()
    }

    /// Whether every other node waits for a node or is waited for by it.
    pub fn stands_alone(&self, node: Node) -> bool {
        let related = self.ancestors(node).size() + self.descendants(node).size();
        related + 1 == self.graph.node_count()
    }

    /// Whether a set made by this plan holds a node.
    pub fn contains(&self, set: &NodeSet, node: Node) -> bool {
        set.has(self.index(node))
    }

    /// The nodes of a set made by this plan, in the order of their kinds and numbers.
    pub fn members<'a>(&'a self, set: &'a NodeSet) -> impl Iterator<Item = Node> + 'a {
        set.numbers().map(|i| self.graph[i])
    }

    /// The place of a node in the order, from zero.
    pub fn place_of(&self, node: Node) -> usize {
        self.position[self.index(node).index()] as usize
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
    pub fn judges(&self, gate: GateId) -> &[StageId] {
        &self.judges[gate.index()]
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

    pub(in crate::plan) fn index(&self, node: Node) -> NodeIndex {
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
        let way = usize::from(direction == Direction::Outgoing);
        match self.analyses.reach(|| self.all_reaches()) {
            Some(sets) => sets[way][from.index()].clone(),
            None => self.walk(from, direction),
        }
    }

    /// What each node waits for, and what waits for it; nothing where that is too much to keep.
    fn all_reaches(&self) -> Option<[Vec<NodeSet>; 2]> {
        let count = self.graph.node_count();
        if count > KEPT {
            return None;
        }
        let of = |order: &mut dyn Iterator<Item = NodeIndex>, direction| {
            let mut sets = vec![NodeSet::new(count); count];
            for i in order {
                let mut set = NodeSet::new(count);
                for next in self.graph.neighbors_directed(i, direction) {
                    set.unite(&sets[next.index()]);
                    set.insert(next);
                }
                sets[i.index()] = set;
            }
            sets
        };
        Some([
            of(&mut self.order.iter().copied(), Direction::Incoming),
            of(&mut self.order.iter().rev().copied(), Direction::Outgoing),
        ])
    }

    fn walk(&self, from: NodeIndex, direction: Direction) -> NodeSet {
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

    fn add(&mut self, from: Node, to: Node, edge: Edge) {
        let (a, b) = (self.index(from), self.index(to));
        self.graph.add_edge(a, b, edge);
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
            self.position = vec![0; order.len()];
            for (at, i) in order.iter().enumerate() {
                self.position[i.index()] = u32::try_from(at).unwrap_or(u32::MAX);
            }
            self.order = order;
            return Ok(());
        }
        let cycle = cycle::shortest(&self.graph);
        Err(Box::new((self.release.clone(), cycle)))
    }
}

fn node_origin(release: &Release, node: Node) -> &Origin {
    match node {
        Node::Stage(s) => &release.stage(s).origin,
        Node::Approval(a) => &release.approval(a).origin,
        Node::Decision(d) => &release.decision(d).origin,
    }
}
