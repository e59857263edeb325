//! The order as states: one part after the other, or side by side.
//!
//! A branch never fails: it returns what happened, and the join decides. Must not know what a node does. Called by `entry`.

use super::Lower;
use super::act::shares;
use super::ask::catch_all;
use super::build::Label;
use super::facts::Order;
use super::handler::then_key;
use super::vars::Scope;
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::{Assign, Parallel, Pass, State};
use crate::model::{ApprovalId, ApprovalOutcome, DistinctFrom, FailureOutcome};
use crate::plan::Node;

impl Lower<'_> {
    /// A part of the order at a place. `failed` is where the scope goes when the run is given up.
    pub fn tree(&mut self, order: &Order, scope: Scope, at: &Label, next: &Label, failed: &Label) {
        match order {
            Order::Node(Node::Stage(id)) => self.stage(*id, at, next, failed),
            Order::Node(Node::Approval(id)) => self.approval(*id, scope, at, next, failed),
            Order::Node(Node::Decision(id)) => self.decision(*id, scope, at, next, failed),
            Order::Series(parts) => {
                let mut here = at.clone();
                for (i, part) in parts.iter().enumerate() {
                    let then = if i + 1 == parts.len() {
                        next.clone()
                    } else {
                        self.b.label()
                    };
                    self.tree(part, scope, &here, &then, failed);
                    here = then;
                }
                if parts.is_empty() {
                    self.b.same(at, next);
                }
            }
            Order::Parallel(parts) => self.side_by_side(parts, scope, at, next, failed),
        }
    }

    fn side_by_side(
        &mut self,
        parts: &[(Scope, Order)],
        scope: Scope,
        at: &Label,
        next: &Label,
        failed: &Label,
    ) {
        let names: Vec<String> = parts.iter().map(|(_, o)| self.first_name(o)).collect();
        let name = names.join(" | ");
        let mut branches = Vec::new();
        for ((branch, order), name) in parts.iter().zip(&names) {
            self.b.open();
            let (start, body, end) = (self.b.label(), self.b.label(), self.b.label());
            self.tree(order, *branch, &body, &end, &end);
            let copies = self.vars.copies(*branch, scope);
            self.b
                .set(&start, &[name, ": branch begins"].concat(), copies, &body);
            let returned = self
                .vars
                .returns(*branch)
                .into_iter()
                .map(|(k, v)| (k, Data::Expr(v)))
                .collect();
            let pass = Pass {
                output: Some(Data::Object(returned)),
                end: true,
                ..Pass::default()
            };
            self.b
                .put(&end, &[name, ": branch ends"].concat(), State::Pass(pass));
            branches.push(self.b.close(&start));
        }
        let scopes: Vec<Scope> = parts.iter().map(|(s, _)| *s).collect();
        let (joined, lost) = (self.b.label(), self.b.label());
        let failures = self.vars.read("failures", scope);
        let fault = Expr::object([
            ("at", Expr::str(&name)),
            ("error", Expr::str("EngineFailed")),
            (
                "cause",
                Expr::Call("string", vec![Expr::states(&["errorOutput"])]),
            ),
            ("then", Expr::str("stop")),
        ]);
        let assign: Assign = [(
            self.vars.write("failures", scope),
            Data::Expr(Expr::List(vec![failures.clone(), fault])),
        )]
        .into();
        let parallel = Parallel {
            branches,
            catch: vec![catch_all(assign, &lost)],
            assign: self.vars.joined(&scopes, scope),
            output: Some(Data::object([])),
            next: joined.next(),
            ..Parallel::default()
        };
        self.b.put(at, &name, State::Parallel(parallel));
        // The engine itself failed: what the branches began is not known, so nothing is undone by guess.
        self.b.same(&lost, failed);
        let apart = self.b.label();
        let none = Expr::eq(Expr::Call("count", vec![failures]), Expr::int(0));
        self.b
            .branch(&joined, &[&name, ": all well?"].concat(), none, &apart, failed);
        self.approved_apart(parts, scope, &apart, next, failed);
    }

    /// Approvals asked side by side, of which one must be distinct from the other, are compared when both are granted.
    fn approved_apart(
        &mut self,
        parts: &[(Scope, Order)],
        scope: Scope,
        at: &Label,
        next: &Label,
        failed: &Label,
    ) {
        let mut here = at.clone();
        for (i, approval) in self.release.approvals.iter().enumerate() {
            let id = ApprovalId::at(i);
            for (distinct, _) in &approval.distinct_from {
                let DistinctFrom::Approval(other) = distinct else {
                    continue;
                };
                let side = |a: ApprovalId| parts.iter().position(|(_, o)| holds(o, Node::Approval(a)));
                let (Some(a), Some(b)) = (side(id), side(*other)) else {
                    continue;
                };
                if a == b {
                    continue;
                }
                let (then, same) = (self.b.label(), self.b.label());
                let by = |me: &Self, a: ApprovalId| me.vars.read(&me.names.grant(a), scope).dot(&["by"]);
                let common = shares(by(self, id), by(self, *other));
                let name = [&approval.name, " and ", &self.release.approval(*other).name].concat();
                self.b.branch(
                    &here,
                    &[&name, ": by different people?"].concat(),
                    common,
                    &same,
                    &then,
                );
                let outcome = match approval.otherwise {
                    ApprovalOutcome::Rollback => FailureOutcome::Rollback,
                    ApprovalOutcome::Stop => FailureOutcome::Stop,
                    ApprovalOutcome::Restart(s, n) => FailureOutcome::Restart(s, n),
                };
                let fault = Expr::object([
                    ("at", Expr::str(approval.name.as_str())),
                    ("error", Expr::str("SamePerson")),
                    (
                        "cause",
                        Expr::Str([&name, " were granted by the same person"].concat()),
                    ),
                    ("then", Expr::Str(then_key(self.release, &outcome))),
                ]);
                let failures = self.vars.read("failures", scope);
                let assign: Assign = [(
                    self.vars.write("failures", scope),
                    Data::Expr(Expr::List(vec![failures, fault])),
                )]
                .into();
                self.b
                    .set(&same, &[&name, ": by the same person"].concat(), assign, failed);
                here = then;
            }
        }
        self.b.same(&here, next);
    }

    fn first_name(&self, order: &Order) -> String {
        match order {
            Order::Node(n) => self.plan.node_name(*n).to_string(),
            Order::Series(parts) => parts.first().map_or_else(String::new, |p| self.first_name(p)),
            Order::Parallel(parts) => parts
                .first()
                .map_or_else(String::new, |(_, p)| self.first_name(p)),
        }
    }
}

/// Whether a part of the order holds a node.
fn holds(order: &Order, node: Node) -> bool {
    match order {
        Order::Node(n) => *n == node,
        Order::Series(parts) => parts.iter().any(|p| holds(p, node)),
        Order::Parallel(parts) => parts.iter().any(|(_, p)| holds(p, node)),
    }
}
