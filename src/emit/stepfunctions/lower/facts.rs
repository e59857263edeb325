//! The order as a tree, and every fact with the places that write it.
//!
//! Runs before any state is written, so that readers know which name a fact has where they stand. Must not write states.

use super::Lower;
use super::bits::{Rows, meet};
use super::names::positions;
use super::order::{Tree, decompose};
use super::vars::{Join, Scope, TOP};
use super::watch::HELD;
use crate::diagnostic::{Code, Diagnostic};
use crate::emit::stepfunctions::expr::Data;
use crate::model::{
    ApprovalId, CaptureSource, DecisionId, DistinctFrom, Failure, FailureOutcome, GateId, GateOutcome,
    HoldId, Rollback, StageId, Step, StepKind, TriggerId, TriggerTest,
};
use crate::plan::{Node, StageUndo};
use std::collections::BTreeMap;

/// A wait the order did not ask for.
const EXTRA_WAIT: Code = Code("target/extra_wait");

/// The nodes of a run as series and parallel parts, each with its scope.
#[derive(Debug)]
pub enum Order {
    /// A node.
    Node(Node),
    /// One part after the other.
    Series(Vec<Order>),
    /// Parts side by side, each in a scope of its own.
    Parallel(Vec<(Scope, Order)>),
}

impl Lower<'_> {
    /// Arranges the nodes and declares every fact.
    pub fn arrange(&mut self) -> Order {
        let nodes: Vec<Node> = self.plan.order().filter(|n| self.stands(*n)).collect();
        let mut number: Vec<Option<usize>> = vec![None; self.plan.order().count()];
        for (i, n) in nodes.iter().enumerate() {
            number[self.plan.place_of(*n)] = Some(i);
        }
        let mut before = Rows::new(nodes.len());
        for (i, n) in nodes.iter().enumerate() {
            for m in self.plan.members(&self.plan.ancestors(*n)) {
                if let Some(m) = number[self.plan.place_of(m)] {
                    before.set(i, m);
                }
            }
        }
        let order = if nodes.is_empty() {
            Order::Series(Vec::new())
        } else {
            let (tree, extra) = decompose(&before);
            self.say_extra(&nodes, &before, &extra);
            self.say_passed();
            self.scoped(&tree, &nodes, TOP)
        };
        self.breadth = self.breadth(&order);
        self.pauses = self.breadth.holds();
        self.number_holds(&order, TOP, 0);
        self.declare();
        order
    }

    /// Whether a node is asked or run on its own: an approval that only guards a step of a rollout or an undo is asked right
    /// there, a decision that only follows a failure when it is met.
    fn stands(&self, node: Node) -> bool {
        match node {
            Node::Stage(_) => true,
            Node::Approval(a) => {
                let waited = !self.plan.waited_by(node).is_empty();
                !self.plan.guards_steps_only(a) && (waited || !self.guards_undo(a))
            }
            Node::Decision(d) => !self.release.asked_on_failure_only(d),
        }
    }

    fn guards_undo(&self, id: ApprovalId) -> bool {
        self.release.stages.iter().any(|s| match &s.rollback {
            Rollback::Written(w) => w.approved.iter().any(|(a, _)| *a == id),
            _ => false,
        })
    }

    /// Decisions that failures lead to, with the stage whose failure does.
    fn failing_decisions(&self) -> Vec<(DecisionId, StageId)> {
        let mut list = Vec::new();
        for (i, stage) in self.release.stages.iter().enumerate() {
            let id = StageId::at(i);
            if let Some(Failure::Decision(d)) = stage.on_failure.as_ref().map(|o| &o.then) {
                list.push((*d, id));
            }
            for gate in crate::emit::environments::gates_of(stage) {
                if let Some((GateOutcome::Decision(d), _)) = self.release.gate(gate).otherwise {
                    list.push((d, id));
                }
            }
        }
        list
    }

    /// Approvals whose approvers must not be among those who do the work.
    pub fn apart_from_executors(&self) -> Vec<ApprovalId> {
        self.release
            .approvals
            .iter()
            .enumerate()
            .filter(|(_, a)| a.distinct_from.iter().any(|(d, _)| *d == DistinctFrom::Executors))
            .map(|(i, _)| ApprovalId::at(i))
            .collect()
    }

    /// Says which stages wait for what stands before a stage that does not apply: states stand in one order, whatever applies.
    fn say_passed(&mut self) {
        let mut known: BTreeMap<StageId, Vec<Node>> = BTreeMap::new();
        for id in self.plan.stage_order() {
            let lost: Vec<Node> = self.plan.order_lost(id).into_iter().map(|(n, _)| n).collect();
            let before = self.plan.stages_before(id);
            // What something right before it already waits for so, and what stands before what is said, is not said again.
            let said = |n: &Node| {
                before.iter().any(|s| known.get(s).is_some_and(|l| l.contains(n)))
                    || lost
                        .iter()
                        .any(|m| m != n && self.plan.contains(&self.plan.ancestors(*m), *n))
            };
            let fresh: Vec<Node> = lost.iter().filter(|n| !said(n)).copied().collect();
            for node in fresh {
                let names = [self.plan.node_name(node), self.plan.node_name(Node::Stage(id))];
                let message = [
                    "`",
                    names[1],
                    "` waits for `",
                    names[0],
                    "` on Step Functions even when what stands between them does not apply, which the plan does not ask for",
                ];
                let found = Diagnostic::info(
                    EXTRA_WAIT,
                    self.plan.node_origin(Node::Stage(id)).span,
                    message.concat(),
                )
                .here("waits")
                .fact(
                    self.plan.node_origin(node).span,
                    ["`", names[0], "` ends first"].concat(),
                )
                .note("the states of a machine stand in one order, whatever applies")
                .help(
                    [
                        "add `",
                        names[0],
                        "` to what `",
                        names[1],
                        "` waits for, or let it apply only where the rest does",
                    ]
                    .concat(),
                );
                self.bag.push(found);
            }
            known.insert(id, lost);
        }
    }

    fn say_extra(&mut self, nodes: &[Node], before: &Rows, extra: &[(usize, usize)]) {
        if extra.is_empty() {
            return;
        }
        // Only the waits nothing between already says.
        let mut before = before.clone();
        extra.iter().for_each(|(a, b)| before.set(*b, *a));
        let after = before.backwards();
        for (a, b) in extra {
            if meet(after.row(*a), before.row(*b)) {
                continue;
            }
            let (first, second) = (nodes[*a], nodes[*b]);
            let names = [self.plan.node_name(first), self.plan.node_name(second)];
            let message = [
                "`",
                names[1],
                "` waits for `",
                names[0],
                "` on Step Functions, which the plan does not ask for",
            ]
            .concat();
            let found = Diagnostic::info(EXTRA_WAIT, self.plan.node_origin(second).span, message)
                .here("waits")
                .fact(self.plan.node_origin(first).span, ["`", names[0], "` ends first"].concat())
                .note("parallel states hold only parts that begin and end together; this is the order with the fewest added waits")
                .help(["add `", names[0], "` to the `after` of `", names[1], "` where the wait does no harm"].concat());
            self.bag.push(found);
        }
    }

    fn scoped(&mut self, tree: &Tree, nodes: &[Node], scope: Scope) -> Order {
        match tree {
            Tree::Leaf(i) => {
                self.vars.place(nodes[*i], scope);
                Order::Node(nodes[*i])
            }
            Tree::Series(parts) => {
                Order::Series(parts.iter().map(|p| self.scoped(p, nodes, scope)).collect())
            }
            Tree::Parallel(parts) => {
                self.parallel = true;
                Order::Parallel(
                    parts
                        .iter()
                        .map(|p| {
                            let branch = self.vars.branch(scope);
                            (branch, self.scoped(p, nodes, branch))
                        })
                        .collect(),
                )
            }
        }
    }

    fn declare(&mut self) {
        self.vars.declare("attempt", Data::int(1), Join::Changed, TOP);
        self.vars.declare("pauses", Data::int(0), Join::Sum, TOP);
        self.vars
            .declare("locks", Data::List(Vec::new()), Join::Changed, TOP);
        self.vars.declare("help", Data::Bool(false), Join::Any, TOP);
        self.vars
            .declare("failures", Data::List(Vec::new()), Join::Append, TOP);
        for (i, _) in self.release.overrides.iter().enumerate() {
            let fact = self.names.bypass(i);
            self.vars.declare(&fact, Data::Bool(false), Join::Any, TOP);
            let fact = self.names.bypass_by(i);
            self.vars.declare(&fact, Data::Null, Join::Changed, TOP);
        }
        for (i, _) in self.release.stages.iter().enumerate() {
            self.declare_stage(StageId::at(i));
        }
        for (i, _) in self.release.approvals.iter().enumerate() {
            let id = ApprovalId::at(i);
            let scope = self.vars.scope_of(Node::Approval(id));
            let fact = self.names.grant(id);
            self.vars.declare(&fact, Data::Null, Join::Changed, scope);
            self.declare_failures(scope);
        }
        for (i, d) in self.release.decisions.iter().enumerate() {
            let id = DecisionId::at(i);
            let scope = self.vars.scope_of(Node::Decision(id));
            let fact = self.names.decision(id);
            self.vars.declare(&fact, Data::Null, Join::Changed, scope);
            self.declare_failures(scope);
            for capture in &d.question.captures {
                let fact = self.names.capture(*capture);
                self.vars.declare(&fact, Data::Null, Join::Changed, scope);
            }
        }
        for (d, s) in self.failing_decisions() {
            let fact = self.names.decision(d);
            let scope = self.vars.scope_of(Node::Stage(s));
            self.vars.declare(&fact, Data::Null, Join::Changed, scope);
            for capture in self.release.decision(d).question.captures.clone() {
                let fact = self.names.capture(capture);
                self.vars.declare(&fact, Data::Null, Join::Changed, scope);
            }
        }
        for (i, _) in self.release.holds.iter().enumerate() {
            self.declare_hold(HoldId::at(i));
        }
        for (i, trigger) in self.release.triggers.iter().enumerate() {
            let id = TriggerId::at(i);
            let facts = match (&trigger.test, &trigger.then) {
                (TriggerTest::Ask(_), _) => Some((self.names.armed(id), Data::Null)),
                (_, FailureOutcome::Escalate(_)) => Some((self.names.told(id), Data::Bool(false))),
                _ => None,
            };
            for stage in &trigger.during {
                let scope = self.vars.scope_of(Node::Stage(*stage));
                if let Some((fact, initial)) = &facts {
                    self.vars.declare(fact, initial.clone(), Join::Changed, scope);
                }
                if matches!(trigger.then, FailureOutcome::Escalate(_)) {
                    let told = self.names.told(id);
                    self.vars.declare(&told, Data::Bool(false), Join::Any, scope);
                }
            }
        }
        let finally: Vec<&Step> = self.release.finally.iter().collect();
        self.declare_steps(&finally, TOP);
    }

    /// What any case can write: what went wrong, and that it paused.
    fn declare_failures(&mut self, scope: Scope) {
        self.vars
            .declare("failures", Data::List(Vec::new()), Join::Append, scope);
        self.vars.declare("pauses", Data::int(0), Join::Sum, scope);
        if self.pauses {
            self.vars.declare(HELD, Data::int(0), Join::Most, scope);
        }
    }

    fn declare_stage(&mut self, id: StageId) {
        let release = self.release;
        let stage = release.stage(id);
        let scope = self.vars.scope_of(Node::Stage(id));
        let fact = self.names.stage(id);
        self.vars
            .declare(&fact, Data::str("pending"), Join::Changed, scope);
        self.vars.declare(&fact, Data::str("pending"), Join::Changed, TOP);
        self.declare_failures(scope);
        if stage.timeout.is_some() {
            let fact = self.names.since(id);
            self.vars.declare(&fact, Data::int(0), Join::Changed, scope);
        }
        if let StageUndo::Derived(list) = self.plan.undo(id) {
            for undo in list {
                let fact = self.names.did(id, &undo.undoes.slug);
                self.vars.declare(&fact, Data::Bool(false), Join::Any, scope);
                if !undo.earlier.is_empty() {
                    let fact = self.names.last(id, &undo.undoes.slug);
                    self.vars.declare(&fact, Data::str(""), Join::Changed, scope);
                }
            }
        }
        if self.may_not_begin(id) {
            let fact = self.names.begun(id);
            self.vars.declare(&fact, Data::Bool(false), Join::Any, scope);
        }
        if self.may_go_on_half_done(id) {
            let fact = self.names.went_on(id);
            self.vars.declare(&fact, Data::Bool(false), Join::Any, scope);
        }
        for gate in crate::emit::environments::gates_of(stage) {
            self.declare_gate(gate, scope);
        }
        for (list, _) in &stage.ready {
            let fact = self.names.ticked(*list);
            self.vars.declare(&fact, Data::Bool(false), Join::Any, scope);
        }
        for (approval, _) in stage
            .rollout
            .iter()
            .flat_map(|r| r.steps.iter().flat_map(|s| &s.approved))
        {
            let fact = self.names.grant(*approval);
            self.vars.declare(&fact, Data::Null, Join::Changed, scope);
        }
        let steps: Vec<&Step> = positions(stage).into_iter().map(|(_, s)| s).collect();
        self.declare_steps(&steps, scope);
        if let Some(of) = &stage.on_failure {
            self.declare_steps(&of.steps.iter().collect::<Vec<_>>(), scope);
        }
        if !self.apart_from_executors().is_empty() || !self.release.overrides.is_empty() {
            for step in steps
                .iter()
                .filter(|s| s.act().is_some_and(|a| a.manual.is_some()))
            {
                let fact = self.names.by(id, &step.slug);
                self.vars.declare(&fact, Data::Null, Join::Changed, scope);
            }
        }
        if let Rollback::Written(w) = &stage.rollback {
            self.declare_steps(&w.steps.iter().collect::<Vec<_>>(), TOP);
        }
    }

    fn declare_gate(&mut self, id: GateId, scope: Scope) {
        let fact = self.names.gate(id);
        self.vars
            .declare(&fact, Data::str("pending"), Join::Changed, scope);
        let source = CaptureSource::Gate(id);
        let captures: Vec<usize> = (0..self.release.captures.len())
            .filter(|i| self.release.captures[*i].source == source)
            .collect();
        for i in captures {
            let fact = self.names.capture(crate::model::CaptureId::at(i));
            self.vars.declare(&fact, Data::Null, Join::Changed, scope);
        }
    }

    fn declare_hold(&mut self, id: HoldId) {
        let release = self.release;
        let hold = release.hold(id);
        let (from, to) = (Node::Stage(hold.from), Node::Stage(hold.to));
        let (enters, leaves) = (self.vars.scope_of(from), self.vars.scope_of(to));
        let fact = self.names.hold(id);
        for scope in [enters, leaves, TOP] {
            self.vars.declare(&fact, Data::str("out"), Join::Changed, scope);
            self.vars.declare("help", Data::Bool(false), Join::Any, scope);
        }
        // A hold may be entered again before an undo, so what it keeps is written at the top as well.
        for (steps, scope) in [(&hold.enter, enters), (&hold.exit, leaves)] {
            let steps: Vec<&Step> = steps.iter().collect();
            self.declare_steps(&steps, scope);
            self.declare_steps(&steps, TOP);
        }
    }

    fn declare_steps(&mut self, steps: &[&Step], scope: Scope) {
        let mut facts = Vec::new();
        for step in steps {
            facts.extend(step.captures.iter().map(|c| self.names.capture(*c)));
            if let StepKind::WaitFor(w) = &step.kind
                && let crate::model::WaitTest::Ask(q) = &w.test
            {
                facts.extend(q.captures.iter().map(|c| self.names.capture(*c)));
            }
            if let Some(act) = step.act() {
                facts.extend(act.priors.iter().map(|p| self.names.prior(*p)));
                for companion in act.companions() {
                    let own = companion.priors.iter().map(|p| self.names.prior(*p));
                    for fact in own.collect::<Vec<_>>() {
                        self.vars.declare(&fact, Data::Null, Join::Changed, TOP);
                    }
                }
            }
            if let StepKind::VerifyGate(g) = step.kind {
                self.declare_gate(g, scope);
            }
        }
        for fact in facts {
            self.vars.declare(&fact, Data::Null, Join::Changed, scope);
        }
    }
}
