//! Steps: what a stage, a hold, a rollback, `on_failure` or `finally` does, in order.

use crate::eval::act::Made;
use crate::eval::find::Target;
use crate::eval::lower::{Lower, Owner, all, arg};
use crate::eval::scope::{Local, ScopeId};
use crate::model::{Cond, Step, StepKind, Undo, Value, WaitFor, WaitTest};
use crate::resolve::Kind;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Stmt};
use crate::types::errors;
use smol_str::SmolStr;

/// The statements that are steps.
pub(crate) const STEPS: &[&str] = &[
    "do", "run", "manual", "wait", "wait_for", "bake", "verify", "tell",
];
/// How many repetitions a `for` may make.
const REPETITIONS: usize = 10_000;
/// How often all of them may, together.
const REPETITIONS_IN_ALL: usize = 20_000;

impl<'a> Lower<'a> {
    /// The steps of a block; other statements are passed over. Slugs are `prefix` and a number.
    pub(crate) fn steps(
        &mut self,
        items: &'a [Stmt],
        prefix: &str,
        owner: Owner,
        scope: ScopeId,
    ) -> Vec<Step> {
        let mut list = Vec::new();
        self.steps_into(items, owner, scope, &mut list);
        for (i, step) in list.iter_mut().enumerate() {
            step.slug = SmolStr::new(format!("{prefix}{}", i + 1));
        }
        list
    }

    fn steps_into(&mut self, items: &'a [Stmt], owner: Owner, scope: ScopeId, list: &mut Vec<Step>) {
        for stmt in items {
            match stmt.keyword.text.as_str() {
                "for" => {
                    for (inner, _) in self.repeat(stmt, scope) {
                        self.steps_into(stmt.children(), owner, inner, list);
                    }
                }
                word if STEPS.contains(&word) => self.step(stmt, owner, scope, list),
                _ => {}
            }
        }
    }

    /// The scopes of the repetitions of a `for`, with the text of each item.
    pub(crate) fn repeat(&mut self, stmt: &'a Stmt, scope: ScopeId) -> Vec<(ScopeId, String)> {
        let Some((name, list)) = stmt.args().first().and_then(for_head) else {
            if let Some(e) = stmt.args().first() {
                self.report(errors::mismatch(e.span, "`name in list`", "it is something else"));
            }
            return Vec::new();
        };
        if matches!(list.kind, ExprKind::Range(..)) {
            let d = errors::mismatch(list.span, "a list", "it is a range");
            self.report(d.help("name every item: `[1, 2, 3]`"));
            return Vec::new();
        }
        let items = match self.eval(list, scope) {
            Some(Value::List(items)) => items,
            Some(Value::Sym(_)) => {
                self.report(errors::not_known(list.span, "the list of a `for`"));
                return Vec::new();
            }
            Some(v) => {
                let found = crate::types::value_words(&self.r, &v);
                self.report(errors::mismatch(list.span, "a list", &format!("it is {found}")));
                return Vec::new();
            }
            None => return Vec::new(),
        };
        if items.len() > REPETITIONS {
            self.report(errors::range(
                list.span,
                &format!("a `for` repeats {REPETITIONS} times at most"),
            ));
            return Vec::new();
        }
        // One `for` in another multiplies: what all of them come to is bounded too, and said once.
        let before = self.repeated;
        self.repeated = before.saturating_add(items.len());
        if self.repeated > REPETITIONS_IN_ALL {
            if before <= REPETITIONS_IN_ALL {
                self.report(errors::range(
                    list.span,
                    &format!("the `for`s of a plan repeat {REPETITIONS_IN_ALL} times in all at most"),
                ));
            }
            return Vec::new();
        }
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            let key = self
                .shown(&item)
                .and_then(|t| t.known().map(str::to_string))
                .unwrap_or_default();
            if out.iter().any(|(_, k)| *k == key) {
                self.report(errors::order(
                    list.span,
                    &format!("`{key}` stands twice in the list of a `for`"),
                    "write each item once",
                ));
                return out;
            }
            let inner = self.nest(scope);
            self.define(inner, name.clone(), Local::Value(item));
            out.push((inner, key));
        }
        out
    }

    fn step(&mut self, stmt: &'a Stmt, owner: Owner, scope: ScopeId, list: &mut Vec<Step>) {
        let items = stmt.children();
        self.accept(items, stmt.span, scope);
        let when = self.cond_of(items, "when", scope);
        let role = self.role_of(items, "owner", scope);
        let made: Vec<(StepKind, Vec<crate::model::CaptureId>)> = match stmt.keyword.text.as_str() {
            "do" => self.do_step(stmt, owner, scope),
            "run" => self
                .run_act(stmt, owner, scope, true)
                .into_iter()
                .map(of_act)
                .collect(),
            "manual" => self
                .manual_act(stmt, owner, scope)
                .into_iter()
                .map(of_act)
                .collect(),
            "wait" | "bake" => {
                let Some(d) = stmt.args().first().and_then(|e| self.dur(e, scope)) else {
                    return;
                };
                let kind = if stmt.keyword.text == "wait" {
                    StepKind::Wait(d)
                } else {
                    StepKind::Bake(d)
                };
                vec![(kind, Vec::new())]
            }
            "wait_for" => self.wait_for(stmt, owner, scope).into_iter().collect(),
            "verify" => stmt
                .args()
                .iter()
                .filter_map(|e| self.verify(e, scope))
                .map(|k| (k, Vec::new()))
                .collect(),
            _ => {
                let [channel, message] = stmt.args() else { return };
                let span = message.span;
                let (channel, message) = (self.channel(channel, scope), self.text(message, scope));
                let (Some(channel), Some(message)) = (channel, message) else {
                    return;
                };
                self.sendable(channel, Some((&message, span)), span);
                vec![(StepKind::Tell(channel, message), Vec::new())]
            }
        };
        let expect = self.text_of(items, "expect", scope);
        let takes = self.dur_range(items, "takes", scope);
        let timeout = self.dur_of(items, "timeout", scope);
        let retry = self.retry_of(items, scope);
        let idempotent = self.flag(items, "idempotent", scope);
        let origin = self.origin(stmt.head(), scope);
        for (kind, captures) in made {
            for c in &captures {
                self.r.captures[c.index()].when = when.clone();
            }
            let (act_expect, act_takes, act_timeout, act_retry, act_idempotent) = match &kind {
                StepKind::Act(a) => (
                    a.expect.clone(),
                    a.takes,
                    a.timeout,
                    a.retry.clone(),
                    a.idempotent,
                ),
                _ => (None, None, None, None, false),
            };
            list.push(Step {
                origin: origin.clone(),
                slug: SmolStr::default(),
                when: when.clone(),
                owner: role,
                timeout: timeout.or(act_timeout),
                retry: retry.clone().or(act_retry),
                idempotent: idempotent || act_idempotent,
                expect: expect.clone().or(act_expect),
                captures,
                takes: takes.or(act_takes),
                kind,
            });
        }
    }

    fn do_step(
        &mut self,
        stmt: &'a Stmt,
        owner: Owner,
        scope: ScopeId,
    ) -> Vec<(StepKind, Vec<crate::model::CaptureId>)> {
        let Some(expr) = stmt.args().first() else {
            return Vec::new();
        };
        if self.is_procedure(expr, scope) {
            return self.do_procedure(expr, owner, scope);
        }
        let Some(mut made) = self.action(expr, owner, false, scope) else {
            return Vec::new();
        };
        let items = stmt.children();
        let undo = self.undo_of(items, owner, scope);
        if undo != Undo::None {
            for m in &mut made {
                m.act.undo = Undo::Covered;
            }
            if let Some(first) = made.first_mut() {
                first.act.undo = undo;
            }
        }
        let captures = self.capture_statements(items, owner, &Cond::True, scope);
        if let Some(last) = made.last_mut() {
            last.captures.extend(captures);
        }
        made.into_iter().map(of_act).collect()
    }

    fn is_procedure(&mut self, expr: &'a Expr, scope: ScopeId) -> bool {
        let callee = match &expr.kind {
            ExprKind::Call(c, _) => c,
            _ => expr,
        };
        self.quietly(|l| l.find(callee, &[Kind::Procedure], "a procedure", scope))
            .is_some()
    }

    /// The steps of a procedure's stages, one after the other: a rollback may `do` one.
    fn do_procedure(
        &mut self,
        expr: &'a Expr,
        owner: Owner,
        scope: ScopeId,
    ) -> Vec<(StepKind, Vec<crate::model::CaptureId>)> {
        let Some(Target::Def(def)) = self.find(expr, &[Kind::Procedure], "a procedure", scope) else {
            return Vec::new();
        };
        let Some((inner, _)) = self.enter(&def) else {
            return Vec::new();
        };
        let steps = self.instantiate(def.stmt.span, def.call, &def.name, |l| {
            let mut steps = Vec::new();
            for stage in all(def.stmt.children(), "stage") {
                l.steps_into(stage.children(), owner, inner, &mut steps);
            }
            Some(steps)
        });
        steps
            .unwrap_or_default()
            .into_iter()
            .map(|s| (s.kind, s.captures))
            .collect()
    }

    /// Runs `f` without reporting anything.
    pub(crate) fn quietly<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let bag = std::mem::take(&mut self.bag);
        let out = f(self);
        self.bag = bag;
        out
    }

    fn verify(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<StepKind> {
        match self.find_value(
            expr,
            &[Kind::Gate, Kind::Artifact],
            "a gate or an artifact",
            scope,
        )? {
            Value::Gate(g) => Some(StepKind::VerifyGate(g)),
            Value::Artifact(a) => Some(StepKind::VerifyArtifact(a)),
            _ => {
                self.report(errors::not_known(expr.span, "what is verified"));
                None
            }
        }
    }

    fn wait_for(
        &mut self,
        stmt: &'a Stmt,
        owner: Owner,
        scope: ScopeId,
    ) -> Option<(StepKind, Vec<crate::model::CaptureId>)> {
        let items = stmt.children();
        let what = self.text(stmt.args().first()?, scope)?;
        let said: Vec<&'a Stmt> = items
            .iter()
            .filter(|s| ["run", "job", "ask"].contains(&s.keyword.text.as_str()))
            .collect();
        let [test] = said.as_slice() else {
            self.report(errors::one_of(
                stmt.head(),
                "this `wait_for` does not say one way in which it is known",
                "say one of `run` a command, `job` an action, or `ask` a person",
            ));
            return None;
        };
        let mut captures = Vec::new();
        let test = match test.keyword.text.as_str() {
            "run" => {
                captures = self.capture_statements(items, owner, &Cond::True, scope);
                WaitTest::Run(Box::new(self.run_act(test, owner, scope, false)?.act))
            }
            "job" => {
                let mut made = self.action(test.args().first()?, owner, true, scope)?;
                captures = self.capture_statements(items, owner, &Cond::True, scope);
                WaitTest::Job(Box::new(made.pop()?.act))
            }
            _ => {
                let q = self.question(items, test, &["happened", "failed"], owner, scope)?;
                captures.extend(q.captures.iter().copied());
                WaitTest::Ask(Box::new(q))
            }
        };
        let wait = WaitFor {
            what,
            test,
            every: self.dur_of(items, "every", scope),
            within: self.dur_of(items, "within", scope),
        };
        Some((StepKind::WaitFor(Box::new(wait)), captures))
    }

    /// Declares every output and prior state that the steps of a block bring, so that others can speak of them.
    pub(crate) fn announce(&mut self, items: &'a [Stmt], owner: Owner, scope: ScopeId) {
        for stmt in items {
            let inner = stmt.children();
            match stmt.keyword.text.as_str() {
                "run" | "manual" | "wait_for" => self.announce_captures(inner, owner, scope),
                "do" => {
                    self.announce_captures(inner, owner, scope);
                    if let Some(expr) = stmt.args().first() {
                        self.announce_action(expr, owner, scope, 0);
                    }
                }
                "around" => {
                    if let Some(expr) = stmt.args().first() {
                        self.announce_action(expr, owner, scope, 0);
                    }
                }
                "for" | "rollout" | "step" | "enter" => self.announce(inner, owner, scope),
                _ => {}
            }
        }
    }

    fn announce_captures(&mut self, items: &'a [Stmt], owner: Owner, scope: ScopeId) {
        for s in all(items, "capture") {
            self.quietly(|l| l.declare_capture(s, owner, scope));
        }
    }

    fn announce_action(&mut self, expr: &'a Expr, owner: Owner, scope: ScopeId, depth: u32) {
        let callee = match &expr.kind {
            ExprKind::Call(c, _) => c,
            _ => expr,
        };
        let found = self.quietly(|l| l.find(callee, &[Kind::Action], "an action", scope));
        let Some(Target::Def(def)) = found else { return };
        let items = def.stmt.children();
        self.announce_captures(items, owner, def.scope);
        for s in all(items, "prior") {
            if let Some(ExprKind::Ident(name)) = s.args().first().map(|e| &e.kind) {
                self.announce_prior(name, s, owner, expr.span);
            }
        }
        if depth < 8 {
            for part in all(items, "do").filter_map(|s| s.args().first()) {
                self.announce_action(part, owner, def.scope, depth + 1);
            }
        }
    }

    fn announce_prior(&mut self, name: &SmolStr, stmt: &'a Stmt, owner: Owner, call: Span) {
        let key = (owner, call, name.clone());
        if self.priors.contains_key(&key) {
            return;
        }
        let id = crate::model::PriorId::at(self.r.priors.len());
        let library = self.sources.file(stmt.span.file).library;
        self.r.priors.push(crate::model::Prior {
            name: name.clone(),
            origin: crate::model::Origin::at(if library { call } else { stmt.head() }),
            run: None,
            task: None,
            extract: crate::model::Extract::Output,
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
    }

    /// The `allow` statements of a block: they accept findings inside the statement the block belongs to.
    pub(crate) fn accept(&mut self, items: &'a [Stmt], around: Span, scope: ScopeId) {
        for s in all(items, "allow") {
            if !self.accepted.insert(s.span) {
                continue; // the same block read again, at another step of a rollout
            }
            let Some(expr) = s.args().first() else { continue };
            if matches!(expr.kind, ExprKind::Binary(..)) {
                let bare = self.source(expr.span).to_string();
                let fixed = format!("\"{bare}\"");
                let d = errors::mismatch(expr.span, "a text", "it has no quotes");
                self.report(d.unsafe_fix("put it in quotes", expr.span, fixed));
                continue;
            }
            let Some(code) = self.known_text(expr, "the name of a diagnostic", scope) else {
                continue;
            };
            let inner = s.children();
            let allow = crate::model::Allow {
                code: SmolStr::new(code),
                because: self.text_of(inner, "because", scope),
                until: arg(inner, "until").and_then(|_| self.date_of(inner, "until", scope)),
                origin: crate::model::Origin::at(s.span),
                scope: around,
            };
            self.r.allows.push(allow);
        }
    }
}

fn of_act(made: Made) -> (StepKind, Vec<crate::model::CaptureId>) {
    (StepKind::Act(Box::new(made.act)), made.captures)
}

/// `name in list`
pub(crate) fn for_head(expr: &Expr) -> Option<(&SmolStr, &Expr)> {
    match &expr.kind {
        ExprKind::Binary(BinaryOp::In, _, name, list) => match &name.kind {
            ExprKind::Ident(n) => Some((n, list)),
            _ => None,
        },
        _ => None,
    }
}
