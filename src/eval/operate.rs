//! Arithmetic, with units.

use crate::eval::lower::Lower;
use crate::eval::scope::ScopeId;
use crate::model::{Dur, Offset, Sym, SymOp, Value};
use crate::source::{Rational, Span};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};
use crate::types::{errors, value_words};

impl<'a> Lower<'a> {
    pub(crate) fn arithmetic(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<Value> {
        let ExprKind::Binary(op, _, left, right) = &expr.kind else {
            return None;
        };
        let (a, b) = (self.eval(left, scope), self.eval(right, scope));
        let (a, b) = (a?, b?);
        let op = match op {
            BinaryOp::Add => SymOp::Add,
            BinaryOp::Sub => SymOp::Sub,
            BinaryOp::Mul => SymOp::Mul,
            _ => SymOp::Div,
        };
        match self.operate(op, &a, &b) {
            Ok(Some(Value::Dur(d) | Value::Offset(Offset { after: d }))) if !d.fits() => {
                self.report(errors::arithmetic(
                    expr.span,
                    "the result is longer than 100 years",
                ));
                None
            }
            Ok(Some(v)) => Some(v),
            Ok(None) => {
                let why = if op == SymOp::Div {
                    "it divides by zero, or does not fit"
                } else {
                    "the result does not fit"
                };
                self.report(errors::arithmetic(expr.span, why));
                None
            }
            Err(()) => {
                let what = match op {
                    SymOp::Add => "add",
                    SymOp::Sub => "subtract",
                    SymOp::Mul => "multiply",
                    SymOp::Div => "divide",
                };
                let (x, y) = (value_words(&self.r, &a), value_words(&self.r, &b));
                self.report(errors::units(expr.span, (left.span, &x), (right.span, &y), what));
                None
            }
        }
    }

    pub(crate) fn negate(&mut self, span: Span, value: Value) -> Option<Value> {
        match value {
            Value::Int(i) => match i.checked_neg() {
                Some(i) => Some(Value::Int(i)),
                None => {
                    self.report(errors::arithmetic(span, "the result does not fit"));
                    None
                }
            },
            Value::Number(n) => Rational::ZERO.checked_sub(n).map(Value::Number),
            Value::Percent(n) => Rational::ZERO.checked_sub(n).map(Value::Percent),
            Value::Dur(d) => Some(Value::Dur(Dur {
                ms: -d.ms,
                working_days: -d.working_days,
            })),
            v => {
                let found = value_words(&self.r, &v);
                self.report(errors::mismatch(span, "a number", &format!("it is {found}")));
                None
            }
        }
    }

    /// `Err` when the units do not go together, `Ok(None)` when there is no result that fits.
    fn operate(&self, op: SymOp, a: &Value, b: &Value) -> Result<Option<Value>, ()> {
        use Value as V;
        let offset = |after: Dur| V::Offset(Offset { after });
        Ok(match (op, a, b) {
            (_, V::Sym(_), _) | (_, _, V::Sym(_)) => {
                let numeric = |v: &V| {
                    matches!(
                        v,
                        V::Sym(_) | V::Int(_) | V::Number(_) | V::Percent(_) | V::Dur(_)
                    ) || (op == SymOp::Add && matches!(v, V::Text(_)))
                };
                if !numeric(a) || !numeric(b) {
                    return Err(());
                }
                Some(V::Sym(Sym::Op(op, Box::new(a.clone()), Box::new(b.clone()))))
            }
            (SymOp::Add, V::Int(x), V::Int(y)) => x.checked_add(*y).map(V::Int),
            (SymOp::Sub, V::Int(x), V::Int(y)) => x.checked_sub(*y).map(V::Int),
            (SymOp::Mul, V::Int(x), V::Int(y)) => x.checked_mul(*y).map(V::Int),
            (SymOp::Add, V::Text(x), V::Text(y)) => {
                let mut t = x.clone();
                t.push(y.clone());
                Some(V::Text(t))
            }
            (SymOp::Add, V::List(x), V::List(y)) => Some(V::List(x.iter().chain(y).cloned().collect())),
            (SymOp::Add, V::Dur(x), V::Dur(y)) => Some(V::Dur(x.plus(*y))),
            (SymOp::Sub, V::Dur(x), V::Dur(y)) => Some(V::Dur(x.plus(back(*y)))),
            (SymOp::Add, V::Offset(x), V::Dur(y)) | (SymOp::Add, V::Dur(y), V::Offset(x)) => {
                Some(offset(x.after.plus(*y)))
            }
            (SymOp::Sub, V::Offset(x), V::Dur(y)) => Some(offset(x.after.plus(back(*y)))),
            (SymOp::Sub, V::Offset(x), V::Offset(y)) => Some(V::Dur(x.after.plus(back(y.after)))),
            (SymOp::Mul, V::Dur(d), n) | (SymOp::Mul, n, V::Dur(d)) => {
                let Some(n) = plain(n) else { return Err(()) };
                scale(*d, n)
            }
            (SymOp::Div, V::Dur(d), V::Dur(e)) if e.working_days == 0 && d.working_days == 0 => {
                Rational::new(i128::from(d.ms), i128::from(e.ms)).map(V::Number)
            }
            (SymOp::Div, V::Dur(d), n) => {
                let Some(n) = plain(n) else { return Err(()) };
                Rational::ONE.checked_div(n).and_then(|n| scale(*d, n))
            }
            (SymOp::Add | SymOp::Sub, V::Percent(x), V::Percent(y)) => add(op, *x, *y).map(V::Percent),
            (SymOp::Mul, V::Percent(x), V::Percent(y)) => x.checked_mul(*y).map(V::Percent),
            (SymOp::Mul, V::Percent(p), n) | (SymOp::Mul, n, V::Percent(p)) => {
                let Some(n) = plain(n) else { return Err(()) };
                p.checked_mul(n).map(V::Percent)
            }
            (SymOp::Div, V::Percent(x), V::Percent(y)) => x.checked_div(*y).map(V::Number),
            (SymOp::Div, V::Percent(p), n) => {
                let Some(n) = plain(n) else { return Err(()) };
                p.checked_div(n).map(V::Percent)
            }
            (_, x, y) => {
                let (Some(x), Some(y)) = (plain(x), plain(y)) else {
                    return Err(());
                };
                let n = match op {
                    SymOp::Mul => x.checked_mul(y),
                    SymOp::Div => x.checked_div(y),
                    _ => add(op, x, y),
                };
                n.map(|n| {
                    n.as_int()
                        .filter(|_| op == SymOp::Div)
                        .map_or(V::Number(n), V::Int)
                })
            }
        })
    }
}

fn add(op: SymOp, x: Rational, y: Rational) -> Option<Rational> {
    if op == SymOp::Add {
        x.checked_add(y)
    } else {
        x.checked_sub(y)
    }
}

fn back(d: Dur) -> Dur {
    Dur {
        ms: -d.ms,
        working_days: -d.working_days,
    }
}

fn plain(v: &Value) -> Option<Rational> {
    match v {
        Value::Int(i) => Some(Rational::int(*i)),
        Value::Number(n) => Some(*n),
        _ => None,
    }
}

fn scale(d: Dur, n: Rational) -> Option<Value> {
    let ms = Rational::int(d.ms).checked_mul(n)?.ceil();
    let days = Rational::int(d.working_days).checked_mul(n)?.ceil();
    Some(Value::Dur(Dur {
        ms,
        working_days: days,
    }))
}
