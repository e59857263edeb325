//! Conditions over parameters, decisions, outcomes and captures.

use crate::eval::find::Target;
use crate::eval::lower::Lower;
use crate::eval::scope::{Local, ScopeId};
use crate::model::{Atom, Comparison, Cond, GateId, Outcome, ParamType, Subject, Sym, Value};
use crate::resolve::Kind;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};
use crate::types::{errors, fit, sym_type, value_words};
use smol_str::SmolStr;
use std::cmp::Ordering;

impl<'a> Lower<'a> {
    /// The condition an expression states.
    pub(crate) fn cond(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<Cond> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.cond(inner, scope),
            ExprKind::Bool(b) => Some(if *b { Cond::True } else { Cond::False }),
            ExprKind::Not(inner) => self.cond(inner, scope).map(Cond::negate),
            ExprKind::Binary(BinaryOp::And, _, a, b) => {
                let (a, b) = (self.cond(a, scope), self.cond(b, scope));
                Some(a?.and(b?))
            }
            ExprKind::Binary(BinaryOp::Or, _, a, b) => {
                let (a, b) = (self.cond(a, scope), self.cond(b, scope));
                Some(a?.or(b?))
            }
            ExprKind::Binary(BinaryOp::Is, _, a, b) => self.is(expr.span, a, b, scope),
            ExprKind::Binary(BinaryOp::In, _, a, b) => {
                let items = match self.eval(b, scope)? {
                    Value::List(items) => items,
                    other => {
                        let time = matches!(a.kind, ExprKind::DateTime);
                        self.report(errors::no_list(b.span, &value_words(&self.r, &other), time));
                        return None;
                    }
                };
                let value = self.eval(a, scope)?;
                let mut any = Cond::False;
                for item in items {
                    any =
                        any.or(self.compare(expr.span, Comparison::Eq, (&value, a.span), (&item, b.span))?);
                }
                Some(any)
            }
            ExprKind::Binary(op, _, a, b) if comparison(*op).is_some() => {
                let op = comparison(*op)?;
                let (x, y) = (self.operand(a, b, scope), self.operand(b, a, scope));
                self.compare(expr.span, op, (&x?, a.span), (&y?, b.span))
            }
            _ => {
                let value = self.eval(expr, scope)?;
                self.as_cond(value, expr.span)
            }
        }
    }

    /// The side of a comparison: a word that the other side's type lists may stand without quotes.
    fn operand(&mut self, expr: &'a Expr, other: &'a Expr, scope: ScopeId) -> Option<Value> {
        if let ExprKind::Ident(word) = &expr.kind
            && let ExprKind::Ident(name) = &other.kind
            && self.local(word, scope).is_none()
            && let Some(words) = self.param_words(name, scope)
            && words.contains(word)
        {
            return Some(Value::Text(crate::model::Text::lit(word.as_str())));
        }
        self.eval(expr, scope)
    }

    fn param_words(&mut self, name: &str, scope: ScopeId) -> Option<Vec<SmolStr>> {
        if self.local(name, scope).is_some() {
            return None;
        }
        let Some(Target::Def(d)) = self.look_up(
            Kind::Value,
            name,
            Span::new(crate::source::FileId(0), 0, 0),
            scope,
        ) else {
            return None;
        };
        self.value_def(&d)?;
        let id = self.params.get(&d.item?)?;
        match &self.r.params[id.index()].ty {
            ParamType::OneOf(words) => Some(words.clone()),
            _ => None,
        }
    }

    fn as_cond(&mut self, value: Value, span: Span) -> Option<Cond> {
        match value {
            Value::Bool(b) => Some(if b { Cond::True } else { Cond::False }),
            Value::Sym(Sym::If(c, a, b)) if *a == Value::Bool(true) && *b == Value::Bool(false) => Some(*c),
            Value::Sym(s) if sym_type(&self.r, &s).is_none_or(|t| t == ParamType::Bool) => Some(match s {
                Sym::Param(param) => Cond::Atom(Atom::Param { param, choice: 1 }),
                s => Cond::Atom(Atom::Equal(Box::new(Value::Sym(s)), Box::new(Value::Bool(true)))),
            }),
            v => {
                let found = value_words(&self.r, &v);
                self.report(errors::mismatch(span, "a condition", &format!("it is {found}")));
                None
            }
        }
    }

    /// `D is OPTION`, `X is passed`, `kind is patch`.
    fn is(&mut self, span: Span, left: &'a Expr, right: &'a Expr, scope: ScopeId) -> Option<Cond> {
        let ExprKind::Ident(word) = &right.kind else {
            self.report(errors::mismatch(
                right.span,
                "a word",
                "`is` compares with the name of an option or an outcome",
            ));
            return None;
        };
        if let ExprKind::Ident(name) = &left.kind
            && let Some(words) = self.param_words(name, scope)
        {
            let value = self.eval(left, scope)?;
            if !words.contains(word) {
                self.report(errors::unknown_word(
                    right.span,
                    word,
                    words.iter().map(SmolStr::as_str),
                ));
                return None;
            }
            let text = Value::Text(crate::model::Text::lit(word.as_str()));
            return self.compare(span, Comparison::Eq, (&value, left.span), (&text, right.span));
        }
        let kinds = [Kind::Decision, Kind::Stage, Kind::Gate, Kind::Value];
        if let Some(Local::Value(v)) = ident(left).and_then(|n| self.local(n, scope)) {
            let text = Value::Text(crate::model::Text::lit(word.as_str()));
            return self.compare(span, Comparison::Eq, (&v, left.span), (&text, right.span));
        }
        let target = self.find(left, &kinds, "a decision, a stage or a gate", scope)?;
        match self.target_value(target, left.span)? {
            Value::Decision(d) => {
                let options: Vec<SmolStr> = self
                    .r
                    .decision(d)
                    .options
                    .iter()
                    .map(|o| o.name.clone())
                    .collect();
                match options.iter().position(|o| o == word) {
                    Some(option) => Some(Cond::Atom(Atom::Decision { decision: d, option })),
                    None => {
                        self.report(errors::unknown_word(
                            right.span,
                            word,
                            options.iter().map(SmolStr::as_str),
                        ));
                        None
                    }
                }
            }
            Value::Stage(s) => self.outcome(Subject::Stage(s), word, right.span),
            Value::Gate(g) => self.outcome(Subject::Gate(GateId::at(g.index())), word, right.span),
            v => {
                let text = Value::Text(crate::model::Text::lit(word.as_str()));
                self.compare(span, Comparison::Eq, (&v, left.span), (&text, right.span))
            }
        }
    }

    fn outcome(&mut self, subject: Subject, word: &str, span: Span) -> Option<Cond> {
        let outcome = match word {
            "passed" => Outcome::Passed,
            "failed" => Outcome::Failed,
            "not_applicable" => Outcome::NotApplicable,
            _ => {
                self.report(errors::unknown_word(
                    span,
                    word,
                    ["passed", "failed", "not_applicable"],
                ));
                return None;
            }
        };
        Some(Cond::Atom(Atom::Outcome { subject, outcome }))
    }

    /// A comparison of two values.
    pub(crate) fn compare(
        &mut self,
        span: Span,
        op: Comparison,
        left: (&Value, Span),
        right: (&Value, Span),
    ) -> Option<Cond> {
        let (a, b) = (left.0, right.0);
        let equality = matches!(op, Comparison::Eq | Comparison::Ne);
        if let (Some(choice), true) = (self.choice(a, b).or_else(|| self.choice(b, a)), equality) {
            let cond = choice.map_err(|(word, words)| {
                let at = if matches!(a, Value::Sym(_)) {
                    right.1
                } else {
                    left.1
                };
                self.report(errors::unknown_word(at, &word, words.iter().map(SmolStr::as_str)));
            });
            let cond = cond.ok()?;
            return Some(if op == Comparison::Ne { cond.negate() } else { cond });
        }
        if !a.syms().is_empty() || !b.syms().is_empty() {
            if !self.comparable(a, b) {
                self.report_units(span, left, right);
                return None;
            }
            if a == b {
                return Some(
                    if matches!(op, Comparison::Eq | Comparison::Le | Comparison::Ge) {
                        Cond::True
                    } else {
                        Cond::False
                    },
                );
            }
            let (x, y) = (Box::new(a.clone()), Box::new(b.clone()));
            return Some(match op {
                Comparison::Eq => Cond::Atom(Atom::Equal(x, y)),
                Comparison::Ne => Cond::Atom(Atom::Equal(x, y)).negate(),
                op => Cond::Atom(Atom::Compare(op, x, y)),
            });
        }
        let holds = match (order(a, b), op) {
            (Some(o), Comparison::Eq) => o == Ordering::Equal,
            (Some(o), Comparison::Ne) => o != Ordering::Equal,
            (Some(o), Comparison::Lt) => o == Ordering::Less,
            (Some(o), Comparison::Le) => o != Ordering::Greater,
            (Some(o), Comparison::Gt) => o == Ordering::Greater,
            (Some(o), Comparison::Ge) => o != Ordering::Less,
            (None, _) if equality && std::mem::discriminant(a) == std::mem::discriminant(b) => {
                (a == b) == (op == Comparison::Eq)
            }
            (None, _) => {
                self.report_units(span, left, right);
                return None;
            }
        };
        Some(if holds { Cond::True } else { Cond::False })
    }

    fn report_units(&mut self, span: Span, left: (&Value, Span), right: (&Value, Span)) {
        if matches!(left.0, Value::Metric(_)) || matches!(right.0, Value::Metric(_)) {
            let d = errors::mismatch(
                span,
                "a condition without metrics",
                "a metric is measured while a run goes on",
            );
            self.report(
                d.help(
                    "judge it in a gate: `gate NAME { pass errors < 1% }`, then `require NAME` in the stage",
                )
                .help("or watch it: `trigger NAME { when errors > 5%; during … }`"),
            );
            return;
        }
        let (x, y) = (value_words(&self.r, left.0), value_words(&self.r, right.0));
        self.report(errors::units(span, (left.1, &x), (right.1, &y), "compare"));
    }

    fn comparable(&self, a: &Value, b: &Value) -> bool {
        let kind = |v: &Value| match v {
            Value::Sym(s) => sym_type(&self.r, s),
            _ => None,
        };
        match (kind(a), kind(b)) {
            (Some(t), None) => {
                matches!(b, Value::Sym(_)) || fit(&self.r, b.clone(), &t).is_ok() || numeric(&t, b)
            }
            (None, Some(t)) => {
                matches!(a, Value::Sym(_)) || fit(&self.r, a.clone(), &t).is_ok() || numeric(&t, a)
            }
            _ => true,
        }
    }

    /// The atom that says a parameter with choices has one of them.
    fn choice(&self, sym: &Value, constant: &Value) -> Option<Result<Cond, (String, Vec<SmolStr>)>> {
        let Value::Sym(Sym::Param(param)) = sym else {
            return None;
        };
        match (&self.r.params[param.index()].ty, constant) {
            (ParamType::Bool, Value::Bool(b)) => Some(Ok(Cond::Atom(Atom::Param {
                param: *param,
                choice: usize::from(*b),
            }))),
            (ParamType::OneOf(words), Value::Text(t)) => {
                let word = t.known()?;
                Some(match words.iter().position(|w| w == word) {
                    Some(choice) => Ok(Cond::Atom(Atom::Param {
                        param: *param,
                        choice,
                    })),
                    None => Err((word.to_string(), words.clone())),
                })
            }
            (ParamType::Environment, Value::Env(e)) => Some(Ok(Cond::Atom(Atom::Param {
                param: *param,
                choice: e.index(),
            }))),
            _ => None,
        }
    }
}

fn numeric(ty: &ParamType, value: &Value) -> bool {
    matches!(
        (ty, value),
        (
            ParamType::Int | ParamType::Number,
            Value::Int(_) | Value::Number(_)
        )
    )
}

fn ident(expr: &Expr) -> Option<&SmolStr> {
    match &expr.kind {
        ExprKind::Ident(n) => Some(n),
        _ => None,
    }
}

/// The comparison an operator states.
pub(crate) fn comparison(op: BinaryOp) -> Option<Comparison> {
    Some(match op {
        BinaryOp::Eq => Comparison::Eq,
        BinaryOp::Ne => Comparison::Ne,
        BinaryOp::Lt => Comparison::Lt,
        BinaryOp::Le => Comparison::Le,
        BinaryOp::Gt => Comparison::Gt,
        BinaryOp::Ge => Comparison::Ge,
        _ => return None,
    })
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    use Value as V;
    Some(match (a, b) {
        (V::Int(x), V::Int(y)) => x.cmp(y),
        (V::Number(x), V::Number(y)) | (V::Percent(x), V::Percent(y)) => x.cmp(y),
        (V::Int(x), V::Number(y)) => crate::source::Rational::int(*x).cmp(y),
        (V::Number(x), V::Int(y)) => x.cmp(&crate::source::Rational::int(*y)),
        (V::Dur(x), V::Dur(y)) => x.as_ms().cmp(&y.as_ms()),
        (V::Text(x), V::Text(y)) => x.known()?.cmp(y.known()?),
        (V::Date(x), V::Date(y)) => x.cmp(y),
        (V::Bool(x), V::Bool(y)) => x.cmp(y),
        _ => return None,
    })
}
