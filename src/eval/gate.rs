//! Gates, checklists, questions, and what follows a failure.

use crate::eval::find::{DefTarget, Target};
use crate::eval::lower::{Lower, Owner, all, arg, one};
use crate::eval::scope::ScopeId;
use crate::eval::things::def_name;
use crate::model::{
    Checklist, ChecklistId, ChecklistItem, Cond, Failure, FailureOutcome, Gate, GateId, GateOutcome,
    GateTest, OnFailure, Origin, Question, RoleOrPerson, StageId, Step, Text, Value,
};
use crate::resolve::Kind;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Stmt};
use crate::types::errors;

impl<'a> Lower<'a> {
    pub(crate) fn new_gate(&mut self, def: &DefTarget<'a>, scope: ScopeId) -> Option<GateId> {
        let items = def.stmt.children();
        let name = def_name(def);
        let environment = self.env_of(items, "in", scope);
        self.accept(items, def.stmt.span, scope);
        let owner = Owner::Gate(def.stmt.span);
        let written: Vec<&Stmt> = items
            .iter()
            .filter(|s| ["pass", "run", "job", "ask"].contains(&s.keyword.text.as_str()))
            .collect();
        if written.len() != 1 {
            let d = errors::one_of(
                def.stmt.head(),
                &format!(
                    "the gate `{name}` {}",
                    if written.is_empty() {
                        "judges nothing"
                    } else {
                        "judges in more than one way"
                    }
                ),
                "say one of `pass` over metrics, `run` a command, `job` an action, or `ask` a person",
            );
            let d = written
                .iter()
                .skip(1)
                .fold(d, |d, s| d.fact(s.keyword.span, "another way to judge"));
            self.report(d);
            return None;
        }
        let stmt = written[0];
        let test = self.with_env(environment, |l| match stmt.keyword.text.as_str() {
            "pass" => l.metric_cond(stmt.args().first()?, scope).map(GateTest::Metrics),
            "run" => {
                let act = l.run_act(stmt, owner, scope, false)?;
                Some(GateTest::Run(Box::new(act.act)))
            }
            "job" => {
                let mut acts = l.action(stmt.args().first()?, owner, true, scope)?;
                if acts.len() != 1 {
                    l.report(errors::one_of(
                        stmt.head(),
                        "a gate's job is one action",
                        "use one that is not made of others",
                    ));
                    return None;
                }
                acts.pop().map(|a| GateTest::Job(Box::new(a.act)))
            }
            _ => {
                let answers = &["passed", "failed"];
                l.question(items, stmt, answers, owner, scope).map(GateTest::Ask)
            }
        })?;
        let mut otherwise = None;
        if let Some(s) = one(items, "otherwise")
            && let Some(e) = s.args().first()
            && let Some(f) = self.failure(e, s.children(), scope)
        {
            let origin = self.origin(s.span, scope);
            otherwise = Some((
                match f {
                    Failure::Then(o) => GateOutcome::Then(o),
                    Failure::Decision(d) => GateOutcome::Decision(d),
                },
                origin,
            ));
        }
        let samples =
            arg(items, "samples").and_then(|e| self.known_int(e, "the number of samples", 1, 10_000, scope));
        let title = self
            .text_of(items, "title", scope)
            .unwrap_or_else(|| Text::lit(name.replace('_', " ")));
        let span = if self.sources.file(def.stmt.span.file).library {
            def.call
        } else {
            def.stmt.head()
        };
        let gate = Gate {
            name,
            origin: Origin {
                span,
                via: self.origin(def.stmt.span, scope).via,
            },
            title,
            test,
            over: self.dur_of(items, "over", scope),
            every: self.dur_of(items, "every", scope),
            samples: samples.and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
            owner: self.role_of(items, "owner", scope),
            otherwise,
            exercises: self.keys(items, "exercises", scope),
            reads: self.keys(items, "reads", scope),
            timeout: self.dur_of(items, "timeout", scope),
            when: self.cond_of(items, "when", scope),
            environment,
        };
        self.r.gates.push(gate);
        Some(GateId::at(self.r.gates.len() - 1))
    }

    pub(crate) fn new_checklist(&mut self, def: &DefTarget<'a>, scope: ScopeId) -> Option<ChecklistId> {
        let items = def.stmt.children();
        self.accept(items, def.stmt.span, scope);
        let name = def_name(def);
        let mut list = Vec::new();
        for s in all(items, "item") {
            let inner = s.children();
            let check = one(inner, "check")
                .and_then(|c| self.run_act(c, Owner::None, scope, false))
                .map(|a| Box::new(a.act));
            if let Some(what) = s.args().first().and_then(|e| self.text(e, scope)) {
                list.push(ChecklistItem {
                    what,
                    owner: self.role_of(inner, "owner", scope),
                    when: self.cond_of(inner, "when", scope),
                    evidence: self.text_of(inner, "evidence", scope),
                    check,
                    origin: self.origin(s.head(), scope),
                });
            }
        }
        let title = self
            .text_of(items, "title", scope)
            .unwrap_or_else(|| Text::lit(name.replace('_', " ")));
        self.r.checklists.push(Checklist {
            name,
            origin: Origin::at(def.stmt.head()),
            title,
            items: list,
        });
        Some(ChecklistId::at(self.r.checklists.len() - 1))
    }

    /// A question to a person: the statements are the same wherever one is asked, but for the answers that may stand when
    /// nobody gives one.
    pub(crate) fn question(
        &mut self,
        items: &'a [Stmt],
        ask: &'a Stmt,
        defaults: &'static [&'static str],
        owner: Owner,
        scope: ScopeId,
    ) -> Option<Question> {
        let text = self.text(ask.args().first()?, scope)?;
        let (mut by, mut by_people) = (Vec::new(), Vec::new());
        for e in all(items, "by").flat_map(Stmt::args) {
            match self.role_or_person(e, scope) {
                Some(RoleOrPerson::Role(r)) => by.push(r),
                Some(RoleOrPerson::Person(p)) => by_people.push(crate::model::PersonRef::Person(p)),
                None => {}
            }
        }
        let captures = self.capture_statements(items, owner, &Cond::True, scope);
        self.nothing_to_keep(items, defaults);
        let default = match defaults {
            [] => None,
            words => self.word_of(items, "default", words).map(Text::lit),
        };
        Some(Question {
            ask: text,
            by,
            by_people,
            expect: self.text_of(items, "expect", scope),
            within: self.dur_of(items, "within", scope),
            default,
            captures,
            console: self.text_of(items, "console", scope),
            evidence: self.text_of(items, "evidence", scope),
            origin: self.origin(ask.span, scope),
        })
    }

    /// An answer that is kept has to be given: silence may not count as a yes.
    fn nothing_to_keep(&mut self, items: &'a [Stmt], defaults: &[&str]) {
        let stands = all(items, "default").find(|s| {
            let word = s.args().first().map(|e| &e.kind);
            matches!(word, Some(ExprKind::Ident(w)) if defaults.first().is_some_and(|yes| w == yes))
        });
        if let (Some(kept), Some(stands)) = (all(items, "capture").next(), stands) {
            self.report(errors::not_both(
                kept,
                stands,
                "leave `default` out, so that silence fails and what is kept was surely said; or do not keep the answer",
            ));
        }
    }

    /// What follows a failure: an outcome or a decision.
    pub(crate) fn failure(&mut self, expr: &'a Expr, block: &'a [Stmt], scope: ScopeId) -> Option<Failure> {
        if let ExprKind::Ident(name) = &expr.kind
            && !OUTCOMES.contains(&name.as_str())
            && !LONGER_WORDS.contains(&name.as_str())
        {
            if let Some(Target::Value(Value::Decision(d))) =
                self.look_up(Kind::Decision, name, expr.span, scope)
            {
                return Some(Failure::Decision(d));
            }
            let d = errors::unknown_word(expr.span, name, OUTCOMES.iter().copied());
            self.report(d.help(LONGER_WAYS));
            return None;
        }
        if let ExprKind::Member(..) = &expr.kind {
            return match self.find_value(expr, &[Kind::Decision], "a decision", scope)? {
                Value::Decision(d) => Some(Failure::Decision(d)),
                _ => None,
            };
        }
        self.outcome_expr(expr, block, scope).map(Failure::Then)
    }

    /// `rollback`, `rollback(STAGE)`, `pause`, `stop`, `continue`, `restart(STAGE, at_most: N)`, `escalate(CHANNEL)`.
    pub(crate) fn outcome_expr(
        &mut self,
        expr: &'a Expr,
        block: &'a [Stmt],
        scope: ScopeId,
    ) -> Option<FailureOutcome> {
        match &expr.kind {
            ExprKind::Ident(word) => match word.as_str() {
                "rollback" => Some(FailureOutcome::Rollback),
                "pause" => Some(FailureOutcome::Pause),
                "stop" => Some(FailureOutcome::Stop),
                "continue" => Some(FailureOutcome::Continue {
                    because: self.text_of(block, "because", scope),
                }),
                "restart" => {
                    self.report(errors::no_outcome(expr.span, "`restart` names no stage", RESTART));
                    None
                }
                "escalate" => {
                    let why = "`escalate` names no channel";
                    self.report(errors::no_outcome(expr.span, why, "write `escalate(CHANNEL)`"));
                    None
                }
                other => {
                    let d = errors::unknown_word(expr.span, other, OUTCOMES.iter().copied());
                    self.report(d.help(LONGER_OUTCOMES));
                    None
                }
            },
            ExprKind::Call(callee, args) => {
                let ExprKind::Ident(word) = &callee.kind else {
                    return self.bad_outcome(expr.span);
                };
                match (word.as_str(), args.as_slice()) {
                    ("rollback", [stage]) => {
                        self.stage(&stage.value, scope).map(FailureOutcome::RollbackStage)
                    }
                    ("escalate", [channel]) => {
                        self.channel(&channel.value, scope).map(FailureOutcome::Escalate)
                    }
                    ("restart", [stage, rest @ ..]) => self
                        .restart(expr.span, &stage.value, rest, scope)
                        .map(|(s, n)| FailureOutcome::Restart(s, n)),
                    _ => self.bad_outcome(expr.span),
                }
            }
            _ => self.bad_outcome(expr.span),
        }
    }

    pub(crate) fn restart(
        &mut self,
        span: Span,
        stage: &'a Expr,
        rest: &'a [crate::syntax::ast::Arg],
        scope: ScopeId,
    ) -> Option<(StageId, u32)> {
        let stage = self.stage(stage, scope)?;
        let [limit] = rest else {
            self.report(errors::arguments(span, RESTART.into(), None));
            return None;
        };
        let n = self.known_int(&limit.value, "how often it restarts", 1, 100, scope)?;
        Some((stage, u32::try_from(n).unwrap_or(1)))
    }

    fn bad_outcome<T>(&mut self, span: Span) -> Option<T> {
        let d = errors::no_outcome(span, "this is none", ANY_OUTCOME);
        self.report(d.help("a person is told in a `tell` before it"));
        None
    }

    /// `on_failure { … }`
    pub(crate) fn on_failure(&mut self, stmt: &'a Stmt, owner: Owner, scope: ScopeId) -> Option<OnFailure> {
        let items = stmt.children();
        let then = one(items, "then")?;
        let then = self.failure(then.args().first()?, then.children(), scope)?;
        let role = self.role_of(items, "owner", scope);
        let mut steps: Vec<Step> = self.steps(items, "f", owner, scope);
        for step in &mut steps {
            step.owner = step.owner.or(role);
        }
        Some(OnFailure {
            origin: self.origin(stmt.span, scope),
            steps,
            then,
        })
    }
}

const OUTCOMES: &[&str] = &["rollback", "pause", "stop", "continue"];
/// Outcomes that need more than their word.
const LONGER_WORDS: &[&str] = &["restart", "escalate"];
const LONGER_OUTCOMES: &str = "or `rollback(STAGE)`, `restart(STAGE, at_most: N)` or `escalate(CHANNEL)`";
const LONGER_WAYS: &str = "or `rollback(STAGE)`, `restart(STAGE, at_most: N)`, `escalate(CHANNEL)` or, inside the release, the name of a decision";
const ANY_OUTCOME: &str = "write `rollback`, `rollback(STAGE)`, `restart(STAGE, at_most: N)`, `escalate(CHANNEL)`, `pause`, `stop` or `continue`";
pub(super) const RESTART: &str = "write `restart(STAGE, at_most: N)`";
