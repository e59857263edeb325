//! What is done: actions of the library with their arguments, `run` and `manual`.

use crate::eval::find::{DefTarget, Target};
use crate::eval::lower::{Lower, Owner, all, arg, one};
use crate::eval::scope::{Local, RolloutView, ScopeId};
use crate::model::{
    Act, ActSource, Assertion, Capture, CaptureId, CaptureSource, CaptureType, Cond, Effects, Extract,
    Manual, Origin, ParamType, Prior, PriorId, Retired, Text, Undo,
};
use crate::resolve::Kind;
use crate::syntax::ast::{Expr, ExprKind, Form, Stmt};
use crate::types::errors;
use smol_str::SmolStr;

/// An act, and the outputs it captures.
#[derive(Debug)]
pub(crate) struct Made {
    pub act: Act,
    pub captures: Vec<CaptureId>,
}

impl<'a> Lower<'a> {
    /// The acts of `ACTION(…)`: one, or its parts. `nested`: an undo or a counterpart, whose own undo does not matter.
    pub(crate) fn action(
        &mut self,
        expr: &'a Expr,
        owner: Owner,
        nested: bool,
        scope: ScopeId,
    ) -> Option<Vec<Made>> {
        match self.find(expr, &[Kind::Action], "an action", scope)? {
            Target::Def(def) => {
                // An action sees the rollout it is used in.
                let view = match self.local("rollout", scope) {
                    Some(Local::Rollout(v)) => v,
                    _ => RolloutView::default(),
                };
                self.action_def(&def, owner, nested, &view)
            }
            _ => {
                self.report(errors::mismatch(expr.span, "an action", "it is something else"));
                None
            }
        }
    }

    fn action_def(
        &mut self,
        def: &DefTarget<'a>,
        owner: Owner,
        nested: bool,
        view: &RolloutView,
    ) -> Option<Vec<Made>> {
        let (scope, args) = self.enter(def)?;
        self.define(scope, "rollout", Local::Rollout(view.clone()));
        self.action_in(def, scope, args, owner, nested)
    }

    /// Reads an action's body in a scope in which its parameters already stand.
    pub(crate) fn action_body(&mut self, def: &DefTarget<'a>, scope: ScopeId) {
        self.action_in(def, scope, Vec::new(), Owner::None, false);
    }

    fn action_in(
        &mut self,
        def: &DefTarget<'a>,
        scope: ScopeId,
        args: Vec<(SmolStr, crate::model::Value)>,
        owner: Owner,
        nested: bool,
    ) -> Option<Vec<Made>> {
        let origin = self.scopes[scope.0]
            .call
            .as_ref()
            .map_or_else(|| Origin::at(def.call), |(o, _)| o.clone());
        self.instantiate(def.stmt.span, def.call, &def.name, |l| {
            let items = def.stmt.children();
            let assertions = l.assertions(items, scope);
            // When an assertion fails for sure, what follows from wrong arguments is not reported on top of it.
            let doomed = assertions.iter().any(|a| a.holds == Cond::False);
            let priors = if nested {
                Vec::new()
            } else {
                l.declare_priors(items, owner, def.call, scope)
            };
            let captures = l.capture_statements(items, owner, &Cond::True, scope);
            let parts: Vec<&'a Stmt> = all(items, "do").collect();
            let source = ActSource::Action {
                name: def.name.clone(),
                definition: def.stmt.head(),
                args,
            };
            if parts.is_empty() {
                let before = doomed.then(|| std::mem::take(&mut l.bag));
                let act = l.simple_action(
                    def, items, source, origin, assertions, priors, nested, owner, scope,
                );
                if let Some(bag) = before {
                    l.bag = bag;
                }
                return act.map(|act| vec![Made { act, captures }]);
            }
            let mut made = Vec::new();
            for part in parts {
                made.extend(l.action(part.args().first()?, owner, nested, scope)?);
            }
            let undo = if nested {
                Undo::None
            } else {
                l.undo_of(items, owner, scope)
            };
            for m in &mut made {
                m.act.origin = origin.clone();
                if undo != Undo::None {
                    m.act.undo = Undo::Covered;
                }
            }
            if let Some(first) = made.first_mut() {
                first.act.assertions.extend(assertions);
                first.act.priors.splice(0..0, priors);
                if undo != Undo::None {
                    first.act.undo = undo;
                }
            }
            if let Some(last) = made.last_mut() {
                last.captures.extend(captures);
            }
            Some(made)
        })
    }

    #[allow(clippy::too_many_arguments)] // each is one thing that was read before the act is put together
    fn simple_action(
        &mut self,
        def: &DefTarget<'a>,
        items: &'a [Stmt],
        source: ActSource,
        origin: Origin,
        assertions: Vec<Assertion>,
        priors: Vec<PriorId>,
        nested: bool,
        owner: Owner,
        scope: ScopeId,
    ) -> Option<Act> {
        let run = one(items, "run").and_then(|s| self.command(s, scope));
        let task = arg(items, "task").and_then(|e| self.task(e, scope));
        let manual = one(items, "manual").and_then(|s| self.manual(s, scope));
        let written = ["run", "task", "manual"].iter().any(|k| one(items, k).is_some());
        if !written {
            self.report(errors::one_of(
                def.stmt.head(),
                &format!("the action `{}` does nothing", def.name),
                "add a `run`, a `task`, a `manual`, or a `do` of other actions",
            ));
            return None;
        }
        let mut effects = self.effects(items, scope);
        self.assume(&mut effects, &origin);
        let paired_with = match arg(items, "paired_with").filter(|_| !nested) {
            Some(e) => self
                .action(e, owner, true, scope)
                .and_then(|mut m| m.pop())
                .map(|m| Box::new(m.act)),
            None => None,
        };
        let title = self
            .text_of(items, "title", scope)
            .unwrap_or_else(|| Text::lit(def.name.as_str()));
        let undo = if nested {
            Undo::None
        } else {
            self.undo_of(items, owner, scope)
        };
        let mut act = self.blank(origin, source, title);
        act.run = run;
        act.task = task;
        act.manual = manual;
        act.effects = effects;
        act.priors = priors;
        act.undo = undo;
        act.paired_with = paired_with;
        act.retired = self.retired(items, scope);
        act.assertions = assertions;
        act.awaits = self.flag(items, "awaits", scope);
        self.details(&mut act, items, scope);
        Some(act)
    }

    pub(super) fn blank(&self, origin: Origin, source: ActSource, title: Text) -> Act {
        Act {
            origin,
            source,
            title,
            run: None,
            task: None,
            manual: None,
            effects: Effects::default(),
            permits: Vec::new(),
            secrets: Vec::new(),
            needs: Vec::new(),
            priors: Vec::new(),
            undo: Undo::None,
            paired_with: None,
            retired: None,
            assertions: Vec::new(),
            expect: None,
            takes: None,
            timeout: None,
            idempotent: false,
            awaits: false,
            retry: None,
        }
    }

    /// What every block of an act may say.
    pub(super) fn details(&mut self, act: &mut Act, items: &'a [Stmt], scope: ScopeId) {
        act.permits = self.permits(items, scope);
        act.secrets = self.secrets(items, scope);
        act.needs = self.tools(items, scope);
        act.expect = self.text_of(items, "expect", scope);
        act.takes = self.dur_range(items, "takes", scope);
        act.timeout = self.dur_of(items, "timeout", scope);
        act.idempotent = self.flag(items, "idempotent", scope);
        act.retry = self.retry_of(items, scope);
    }

    /// A `run "…" { … }` as an act. `changing`: it may change something, and changes its environment when it says nothing.
    pub(crate) fn run_act(
        &mut self,
        stmt: &'a Stmt,
        owner: Owner,
        scope: ScopeId,
        changing: bool,
    ) -> Option<Made> {
        let items = stmt.children();
        let command = self.command(stmt, scope)?;
        let origin = self.origin(stmt.head(), scope);
        let title = Text::lit(first_line(&command.display));
        let mut act = self.blank(origin.clone(), ActSource::Run, title);
        act.run = Some(command);
        act.effects = self.effects(items, scope);
        if changing {
            self.assume(&mut act.effects, &origin);
        }
        act.undo = self.undo_of(items, owner, scope);
        self.details(&mut act, items, scope);
        let captures = self.capture_statements(items, owner, &Cond::True, scope);
        Some(Made { act, captures })
    }

    /// A `manual "…" { … }` as an act.
    pub(crate) fn manual_act(&mut self, stmt: &'a Stmt, owner: Owner, scope: ScopeId) -> Option<Made> {
        let items = stmt.children();
        let manual = self.manual(stmt, scope)?;
        let origin = self.origin(stmt.head(), scope);
        let mut act = self.blank(origin.clone(), ActSource::Manual, manual.what.clone());
        act.manual = Some(manual);
        act.effects = self.effects(items, scope);
        self.assume(&mut act.effects, &origin);
        act.undo = self.undo_of(items, owner, scope);
        self.details(&mut act, items, scope);
        act.timeout = act.timeout.or_else(|| self.dur_of(items, "within", scope));
        let captures = self.capture_statements(items, owner, &Cond::True, scope);
        Some(Made { act, captures })
    }

    fn manual(&mut self, stmt: &'a Stmt, scope: ScopeId) -> Option<Manual> {
        let what = self.text(stmt.args().first()?, scope)?;
        Some(Manual {
            what,
            console: self.text_of(stmt.children(), "console", scope),
        })
    }

    fn retired(&mut self, items: &'a [Stmt], scope: ScopeId) -> Option<Retired> {
        let stmt = one(items, "retired")?;
        let date = self.date(stmt.args().first()?, scope)?;
        let instead = stmt
            .args()
            .get(1)
            .and_then(|e| self.text(e, scope))
            .unwrap_or_default();
        Some(Retired {
            date,
            instead,
            origin: self.origin(stmt.span, scope),
        })
    }

    fn assertions(&mut self, items: &'a [Stmt], scope: ScopeId) -> Vec<Assertion> {
        let mut list = Vec::new();
        for s in all(items, "assert") {
            let Some(holds) = s.args().first().and_then(|e| self.cond(e, scope)) else {
                continue;
            };
            let message = s.args().get(1).and_then(|e| self.text(e, scope));
            let message = message.unwrap_or_else(|| Text::lit("its arguments do not fit"));
            list.push(Assertion {
                holds,
                message,
                origin: self.origin(s.span, scope),
            });
        }
        list
    }

    fn declare_priors(
        &mut self,
        items: &'a [Stmt],
        owner: Owner,
        call: crate::source::Span,
        scope: ScopeId,
    ) -> Vec<PriorId> {
        let mut list: Vec<(SmolStr, PriorId)> = Vec::new();
        for s in all(items, "prior") {
            let Some(ExprKind::Ident(name)) = s.args().first().map(|e| &e.kind) else {
                continue;
            };
            let key = (owner, call, name.clone());
            let id = match self.priors.get(&key) {
                Some(id) => *id,
                None => {
                    let id = PriorId::at(self.r.priors.len());
                    self.r.priors.push(Prior {
                        name: name.clone(),
                        origin: self.origin(s.head(), scope),
                        run: None,
                        task: None,
                        extract: Extract::Output,
                        permits: Vec::new(),
                        stage: if let Owner::Stage(s) = owner {
                            Some(s)
                        } else {
                            None
                        },
                        hold: if let Owner::Hold(h) = owner { Some(h) } else { None },
                    });
                    self.priors.insert(key, id);
                    self.recorded
                        .entry(owner)
                        .or_default()
                        .entry(name.clone())
                        .or_insert(id);
                    id
                }
            };
            let inner = s.children();
            let run = one(inner, "run").and_then(|r| self.command(r, scope));
            let task = arg(inner, "task").and_then(|e| self.task(e, scope));
            let from_run = one(inner, "run").map_or(&[][..], |r| r.children());
            let extract = match self.extract(inner, scope) {
                Extract::Output => self.extract(from_run, scope),
                e => e,
            };
            let permits = self.permits(inner, scope);
            let prior = &mut self.r.priors[id.index()];
            prior.run = run;
            prior.task = task;
            prior.extract = extract;
            prior.permits = permits;
            list.push((name.clone(), id));
        }
        let ids = list.iter().map(|(_, id)| *id).collect();
        if !list.is_empty() {
            self.define(scope, "prior", Local::Priors(list));
        }
        ids
    }

    /// The `capture` statements of a block, declared for their owner and seen in the scope.
    pub(crate) fn capture_statements(
        &mut self,
        items: &'a [Stmt],
        owner: Owner,
        when: &Cond,
        scope: ScopeId,
    ) -> Vec<CaptureId> {
        let mut list = Vec::new();
        for s in all(items, "capture") {
            let Some(id) = self.declare_capture(s, owner, scope) else {
                continue;
            };
            let extract = self.extract(s.children(), scope);
            let capture = &mut self.r.captures[id.index()];
            capture.extract = extract;
            capture.when = when.clone();
            if let Form::Typed { name, .. } = &s.form {
                self.hides_nothing(name, scope);
                self.define(scope, name.text.clone(), Local::Capture(id));
            }
            list.push(id);
        }
        list
    }

    /// The capture a statement declares; the same name of the same owner is one capture, the last value it got.
    pub(crate) fn declare_capture(
        &mut self,
        stmt: &'a Stmt,
        owner: Owner,
        scope: ScopeId,
    ) -> Option<CaptureId> {
        let Form::Typed { name, ty, .. } = &stmt.form else {
            return None;
        };
        if let Some(id) = self.captures.get(&owner).and_then(|m| m.get(&name.text)) {
            return Some(*id);
        }
        let source = match owner {
            Owner::Stage(s) => CaptureSource::Stage(s),
            Owner::Hold(h) => CaptureSource::Hold(h),
            Owner::Decision(d) => CaptureSource::Decision(d),
            Owner::Gate(_) | Owner::Finally | Owner::None => {
                CaptureSource::Gate(crate::model::GateId::at(self.r.gates.len()))
            }
        };
        let ty = match ty {
            None => CaptureType::Text,
            Some(t) => match self.param_type(t)? {
                ParamType::Text => CaptureType::Text,
                ParamType::Int => CaptureType::Int,
                ParamType::Number => CaptureType::Number,
                ParamType::Percent => CaptureType::Percent,
                ParamType::Duration => CaptureType::Duration,
                ParamType::Bool => CaptureType::Bool,
                ParamType::Version => CaptureType::Version,
                ParamType::Date | ParamType::Time => CaptureType::Time,
                ParamType::Url => CaptureType::Url,
                ParamType::OneOf(words) => CaptureType::OneOf(words),
                other => {
                    let found = crate::types::type_words(&other);
                    self.report(errors::mismatch(
                        t.span,
                        "a simple type",
                        &format!("an output cannot be {found}"),
                    ));
                    return None;
                }
            },
        };
        let id = CaptureId::at(self.r.captures.len());
        let origin = self.origin(stmt.head(), scope);
        self.r.captures.push(Capture {
            name: name.text.clone(),
            origin,
            source,
            ty,
            extract: Extract::Output,
            when: Cond::True,
        });
        self.captures
            .entry(owner)
            .or_default()
            .insert(name.text.clone(), id);
        Some(id)
    }
}

/// The first line of a command, for a heading.
pub(super) fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("");
    let more = text.trim().lines().count() > 1;
    let cut: String = line.chars().take(100).collect();
    if cut.len() < line.len() || more {
        format!("{} …", cut.trim_end_matches('\\').trim_end())
    } else {
        cut
    }
}
