//! Which node waits for what: the plan's graph as lists, and who may be looked at again when something has settled.
//!
//! Nodes are numbered: stages, then approvals, then decisions. Knows nothing of what a node does.

use super::machine::Machine;
use super::state::{ApprovalState, DecisionState, Status};
use super::trace::Subject;
use crate::model::{ApprovalId, DecisionId, HoldId, Release, StageId};
use crate::plan::{EdgeKind, Node, Plan};
use std::collections::BTreeMap;

/// How a wait is handed on to who waits for something that does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handed {
    After,
    Serial,
    /// Not at all.
    Never,
    /// It is waited for by a step of the rollout only.
    Step,
}

/// The graph of a plan, in lists.
pub(super) struct Graph {
    /// The nodes in order.
    pub(super) order: Vec<usize>,
    /// The place of each node in it.
    pub(super) place: Vec<usize>,
    /// What each node waits for.
    pub(super) before: Vec<Vec<(usize, Handed)>>,
    /// What waits for each node, each once.
    pub(super) behind: Vec<Vec<usize>>,
    /// What each node waits for, each once.
    pub(super) ahead: Vec<Vec<usize>>,
    /// What cannot start before each node is over.
    waiting: Vec<Vec<usize>>,
    /// What names each node in a condition, or waits for it in the middle.
    telling: Vec<Vec<usize>>,
    stages: usize,
    approvals: usize,
    /// The stages inside each hold, in order.
    pub(super) holds: Vec<Vec<StageId>>,
    /// The holds around each stage.
    pub(super) inside: Vec<Vec<HoldId>>,
    /// Decisions that only a failure asks for.
    pub(super) by_failure: Vec<bool>,
    /// Approvals that only an undo asks for.
    pub(super) for_undo: Vec<bool>,
}

impl Graph {
    pub(super) fn new(plan: &Plan) -> Graph {
        let r = plan.release();
        let count = r.stages.len() + r.approvals.len() + r.decisions.len();
        let mut graph = Graph {
            order: Vec::with_capacity(count),
            place: vec![0; count],
            before: vec![Vec::new(); count],
            behind: vec![Vec::new(); count],
            ahead: vec![Vec::new(); count],
            waiting: vec![Vec::new(); count],
            telling: vec![Vec::new(); count],
            stages: r.stages.len(),
            approvals: r.approvals.len(),
            holds: (0..r.holds.len())
                .map(|h| plan.hold_stages(HoldId::at(h)))
                .collect(),
            inside: vec![Vec::new(); r.stages.len()],
            by_failure: (0..r.decisions.len())
                .map(|d| r.asked_on_failure_only(DecisionId::at(d)))
                .collect(),
            for_undo: vec![false; r.approvals.len()],
        };
        for (h, stages) in graph.holds.iter().enumerate() {
            for s in stages {
                graph.inside[s.index()].push(HoldId::at(h));
            }
        }
        for node in plan.order() {
            let me = graph.number(node);
            graph.place[me] = graph.order.len();
            graph.order.push(me);
            for (before, edge) in plan.waits_for(node) {
                let it = graph.number(before);
                graph.before[me].push((it, handed(r, node, before, edge.kind)));
            }
            let mut ahead: BTreeMap<usize, (bool, bool)> = BTreeMap::new();
            for (n, kind) in &graph.before[me] {
                let (waits, tells) = ahead.entry(*n).or_default();
                *waits |= *kind != Handed::Step;
                *tells |= matches!(kind, Handed::Step | Handed::Never);
            }
            for (n, (waits, tells)) in &ahead {
                graph.behind[*n].push(me);
                if *waits {
                    graph.waiting[*n].push(me);
                }
                if *tells {
                    graph.telling[*n].push(me);
                }
            }
            graph.ahead[me] = ahead.into_keys().collect();
        }
        for stage in &r.stages {
            if let crate::model::Rollback::Written(w) = &stage.rollback {
                for (a, _) in &w.approved {
                    let guards = !graph.behind[graph.number(Node::Approval(*a))].is_empty();
                    graph.for_undo[a.index()] = !guards;
                }
            }
        }
        graph
    }

    /// The number of a node.
    pub(super) fn number(&self, node: Node) -> usize {
        match node {
            Node::Stage(s) => s.index(),
            Node::Approval(a) => self.stages + a.index(),
            Node::Decision(d) => self.stages + self.approvals + d.index(),
        }
    }

    /// The node of a number.
    pub(super) fn node(&self, number: usize) -> Node {
        if number < self.stages {
            Node::Stage(StageId::at(number))
        } else if number < self.stages + self.approvals {
            Node::Approval(ApprovalId::at(number - self.stages))
        } else {
            Node::Decision(DecisionId::at(number - self.stages - self.approvals))
        }
    }

    /// Which nodes depend on a stage, itself included.
    pub(super) fn from(&self, stage: StageId) -> Vec<bool> {
        let mut found = vec![false; self.order.len()];
        found[stage.index()] = true;
        let mut open = vec![stage.index()];
        while let Some(n) = open.pop() {
            for next in &self.behind[n] {
                if !std::mem::replace(&mut found[*next], true) {
                    open.push(*next);
                }
            }
        }
        found
    }
}

fn handed(r: &Release, node: Node, before: Node, kind: EdgeKind) -> Handed {
    let written = match (node, before) {
        (Node::Stage(s), Node::Decision(d)) => r.stage(s).awaits.iter().any(|(x, _)| *x == d),
        (Node::Approval(a), Node::Decision(d)) => r.approval(a).after_decisions.iter().any(|(x, _)| *x == d),
        _ => false,
    };
    match kind {
        EdgeKind::After => Handed::After,
        EdgeKind::Decision if written => Handed::After,
        EdgeKind::Serial => Handed::Serial,
        EdgeKind::ApprovedStep => Handed::Step,
        EdgeKind::Approved | EdgeKind::Decision | EdgeKind::Outcome => Handed::Never,
    }
}

/// How a node stands for what waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    Not,
    Well,
    NotApplicable,
}

impl Machine<'_> {
    /// How a node stands for what waits for it.
    pub(super) fn over(&self, number: usize) -> Over {
        match self.graph.node(number) {
            Node::Stage(s) => match self.stages[s.index()].status {
                Status::NotApplicable => Over::NotApplicable,
                Status::Ended | Status::Continued => Over::Well,
                _ => Over::Not,
            },
            Node::Approval(a) => match self.approvals[a.index()].state {
                ApprovalState::NotApplicable => Over::NotApplicable,
                ApprovalState::Granted(_) => Over::Well,
                _ => Over::Not,
            },
            Node::Decision(d) => match self.decisions[d.index()].state {
                DecisionState::NotApplicable => Over::NotApplicable,
                DecisionState::Made(_) => Over::Well,
                // Nothing has failed that asks for it.
                DecisionState::Closed if self.decisions[d.index()].by_failure => Over::NotApplicable,
                _ => Over::Not,
            },
        }
    }

    /// What a node has waited for, when all of it is over; `None` while something is not. What waits for things that do not
    /// apply waits for what they wait for.
    pub(super) fn waited(&mut self, number: usize) -> Option<Vec<Subject>> {
        let mut found = Vec::new();
        for kind in [Handed::After, Handed::Serial, Handed::Never] {
            let mut list = self.direct(number, kind);
            let mut seen = list.clone();
            while !list.is_empty() {
                let mut applies = false;
                for n in &list {
                    match self.over(*n) {
                        Over::Not => {
                            self.heirs[*n].push(number);
                            return None;
                        }
                        Over::NotApplicable => {}
                        Over::Well => {
                            applies = true;
                            found.push(self.subject(*n));
                        }
                    }
                }
                if applies || kind == Handed::Never {
                    break;
                }
                let mut next: Vec<usize> = list.iter().flat_map(|n| self.direct(*n, kind)).collect();
                next.sort_unstable();
                next.dedup();
                next.retain(|n| !seen.contains(n));
                seen.extend(&next);
                list = next;
            }
        }
        Some(found)
    }

    fn direct(&self, number: usize, kind: Handed) -> Vec<usize> {
        let list = self.graph.before[number].iter();
        list.filter(|(_, k)| *k == kind).map(|(n, _)| *n).collect()
    }

    /// What a node is called in the trace.
    pub(super) fn subject(&self, number: usize) -> Subject {
        match self.graph.node(number) {
            Node::Stage(s) => Subject::Stage(s),
            Node::Approval(a) => Subject::Approval(a),
            Node::Decision(d) => Subject::Decision(d),
        }
    }

    /// A node is over: what waits for it is looked at again, and the holds around it count one less.
    pub(super) fn settled(&mut self, node: Node) {
        let number = self.graph.number(node);
        if let Node::Stage(s) = node {
            for h in &self.graph.inside[s.index()] {
                let hold = &mut self.holds[h.index()];
                hold.open = hold.open.saturating_sub(1);
            }
        }
        let graph = self.graph;
        for next in &graph.waiting[number] {
            self.open[*next] = self.open[*next].saturating_sub(1);
            if self.open[*next] == 0 {
                self.look.insert(graph.place[*next]);
            }
        }
        for next in &graph.telling[number] {
            self.look.insert(graph.place[*next]);
        }
        for heir in std::mem::take(&mut self.heirs[number]) {
            self.look.insert(graph.place[heir]);
        }
    }

    /// A stage may have something to do.
    pub(super) fn look_at(&mut self, s: StageId) {
        self.look.insert(self.graph.place[s.index()]);
    }

    /// Counts anew what is over, and looks at everything.
    pub(super) fn recount(&mut self) {
        let over: Vec<bool> = (0..self.open.len()).map(|n| self.over(n) != Over::Not).collect();
        self.open.fill(0);
        for (before, waiting) in self.graph.waiting.iter().enumerate() {
            for n in waiting.iter().filter(|_| !over[before]) {
                self.open[*n] += 1;
            }
        }
        for (h, stages) in self.graph.holds.iter().enumerate() {
            self.holds[h].open = stages.iter().filter(|s| !over[s.index()]).count();
        }
        self.look = (0..self.graph.order.len()).collect();
    }
}
