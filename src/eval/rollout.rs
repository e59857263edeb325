//! Rollouts: named ladders and steps, with the stage's own steps read once for each.

use crate::eval::find::Target;
use crate::eval::lower::{Lower, Owner, all, arg, one};
use crate::eval::scope::{Local, RolloutView, ScopeId};
use crate::model::{Demote, Rollout, RolloutStep, Step, Value};
use crate::resolve::Kind;
use crate::source::Rational;
use crate::syntax::ast::{ExprKind, Stmt};
use crate::types::errors;
use smol_str::SmolStr;

/// A step of a ladder before the stage's steps are read at it.
struct Rung<'a> {
    stmt: &'a Stmt,
    scope: ScopeId,
    name: SmolStr,
    weight: Option<Rational>,
}

impl<'a> Lower<'a> {
    /// The rollout a stage states, and the scope in which its own steps are read at the last step.
    pub(crate) fn rollout(
        &mut self,
        stmt: &'a Stmt,
        stage: &'a Stmt,
        owner: Owner,
        scope: ScopeId,
    ) -> Option<(Rollout, Vec<Step>)> {
        let mut rungs = Vec::new();
        let mut ladder = None;
        let mut demote = one(stmt.children(), "demote")
            .filter(|_| self.flag(stmt.children(), "demote", scope))
            .map(|s| s.span);
        if let Some(expr) = stmt.args().first() {
            match self.find(expr, &[Kind::Rollout], "a named rollout", scope)? {
                Target::Def(def) => {
                    let (inner, _) = self.enter(&def)?;
                    self.rungs(def.stmt.children(), inner, &mut rungs);
                    if let Some(s) = one(def.stmt.children(), "demote") {
                        demote = demote.or(Some(s.span));
                    }
                    ladder = Some(def.name);
                }
                _ => return None,
            }
        }
        self.rungs(stmt.children(), scope, &mut rungs);
        if rungs.is_empty() {
            self.report(errors::one_of(
                stmt.head(),
                "this rollout has no step",
                "add `step 10% { … }`, or name a rollout",
            ));
            return None;
        }
        let weights: Vec<Rational> = rungs.iter().filter_map(|r| r.weight).collect();
        let mut steps = Vec::with_capacity(rungs.len());
        let mut last = Vec::new();
        let count = rungs.len();
        for (i, rung) in rungs.into_iter().enumerate() {
            let view = RolloutView {
                weight: rung.weight,
                step: rung.name.clone(),
                weights: weights.clone(),
            };
            let here = self.nest(scope);
            self.define(here, "rollout", Local::Rollout(view.clone()));
            self.define(rung.scope, "rollout", Local::Rollout(view));
            let slug = SmolStr::new(format!("r{}", i + 1));
            let work = self.steps(stage.children(), &format!("{slug}_s"), owner, here);
            let mut checks = self.steps(rung.stmt.children(), &format!("{slug}_c"), owner, rung.scope);
            checks.extend(self.steps(stmt.children(), &format!("{slug}_d"), owner, here));
            if i + 1 == count {
                last = work.clone();
                for (n, step) in last.iter_mut().enumerate() {
                    step.slug = SmolStr::new(format!("s{}", n + 1));
                }
            }
            let items = rung.stmt.children();
            self.accept(items, rung.stmt.span, rung.scope);
            let approved = self.approvals(items, rung.scope);
            let at = arg(items, "at").map(|e| e.span);
            let offset = self.offset_of(items, "at", rung.scope);
            steps.push(RolloutStep {
                origin: self.origin(rung.stmt.head(), rung.scope),
                name: rung.name,
                slug,
                weight: rung.weight,
                when: self.cond_of(items, "when", rung.scope),
                at: offset.zip(at).map(|(o, s)| (o, self.origin(s, rung.scope))),
                owner: self.role_of(items, "owner", rung.scope),
                approved,
                work,
                checks,
            });
        }
        let rollout = Rollout {
            origin: self.origin(stmt.head(), scope),
            ladder,
            steps,
            demote: demote.map(|s| Demote {
                origin: self.origin(s, scope),
            }),
        };
        Some((rollout, last))
    }

    fn rungs(&mut self, items: &'a [Stmt], scope: ScopeId, rungs: &mut Vec<Rung<'a>>) {
        for stmt in items {
            match stmt.keyword.text.as_str() {
                "for" => {
                    for (inner, _) in self.repeat(stmt, scope) {
                        self.rungs(stmt.children(), inner, rungs);
                    }
                }
                "step" => {
                    let Some(expr) = stmt.args().first() else { continue };
                    let (name, weight) = match &expr.kind {
                        ExprKind::Ident(name) if self.local(name, scope).is_none() => (name.clone(), None),
                        _ => match self.eval(expr, scope) {
                            Some(Value::Percent(p)) => (SmolStr::new(crate::eval::text::percent(p)), Some(p)),
                            Some(Value::Text(t)) if t.known().is_some() => {
                                (SmolStr::new(t.known().unwrap_or("")), None)
                            }
                            Some(v) => {
                                let share = match &v {
                                    Value::Int(n) => Some(format!("{n}%")),
                                    _ => None,
                                };
                                let found = crate::types::value_words(&self.r, &v);
                                let wanted = "a share such as `10%`, or a name";
                                let d = errors::mismatch(expr.span, wanted, &format!("it is {found}"));
                                self.report(match share {
                                    Some(share) => d.unsafe_fix(format!("write `{share}`"), expr.span, share),
                                    None => d,
                                });
                                continue;
                            }
                            None => continue,
                        },
                    };
                    let inner = self.nest(scope);
                    rungs.push(Rung {
                        stmt,
                        scope: inner,
                        name,
                        weight,
                    });
                }
                _ => {}
            }
        }
    }

    pub(crate) fn approvals(
        &mut self,
        items: &'a [Stmt],
        scope: ScopeId,
    ) -> Vec<(crate::model::ApprovalId, crate::model::Origin)> {
        let mut list = Vec::new();
        for e in all(items, "approved").flat_map(Stmt::args) {
            if let Some(Value::Approval(a)) = self.find_value(e, &[Kind::Approval], "an approval", scope) {
                list.push((a, self.origin(e.span, scope)));
            }
        }
        list
    }
}
