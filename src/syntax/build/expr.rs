//! Expressions: a flat row of operands and operators becomes a tree by precedence.
//!
//! Must not know types. Called by the statement builder.

use super::{Builder, literal, range};
use crate::source::Span;
use crate::syntax::ast::{Arg, BinaryOp, Entry, Expr, ExprKind, Key, Quote, StrPart};
use crate::syntax::errors::expressions as errors;
use crate::syntax::grammar::Rule;
use pest::iterators::{Pair, Pairs};
use smol_str::SmolStr;

/// How many operators, calls and brackets may stand inside one another: the walks over the tree are recursive.
pub(in crate::syntax) const MAX_DEPTH: u32 = 256;

/// The row of an expression, one item looked at in advance, comments left out.
struct Row<'s> {
    rest: Pairs<'s, Rule>,
    next: Option<Pair<'s, Rule>>,
}

impl<'s> Row<'s> {
    fn new(rest: Pairs<'s, Rule>) -> Self {
        let mut row = Row { rest, next: None };
        row.take();
        row
    }

    fn take(&mut self) -> Option<Pair<'s, Rule>> {
        let following = self.rest.find(|p| p.as_rule() != Rule::comment);
        std::mem::replace(&mut self.next, following)
    }

    fn rule(&self) -> Option<Rule> {
        self.next.as_ref().map(Pair::as_rule)
    }
}

/// An expression and how deep its tree is.
type Deep = (Expr, u32);

/// An operator as it was found.
#[derive(Clone, Copy)]
enum Op {
    Binary(BinaryOp),
    Range,
}

const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const RANGE: u8 = 5;

impl Op {
    fn of(text: &str) -> Op {
        Op::Binary(match text {
            "or" => BinaryOp::Or,
            "and" => BinaryOp::And,
            "==" => BinaryOp::Eq,
            "!=" => BinaryOp::Ne,
            "<" => BinaryOp::Lt,
            "<=" => BinaryOp::Le,
            ">" => BinaryOp::Gt,
            ">=" => BinaryOp::Ge,
            "in" => BinaryOp::In,
            "is" => BinaryOp::Is,
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Sub,
            "*" => BinaryOp::Mul,
            "/" => BinaryOp::Div,
            _ => return Op::Range,
        })
    }

    fn level(self) -> u8 {
        match self {
            Op::Range => RANGE,
            Op::Binary(op) => match op {
                BinaryOp::Or => 1,
                BinaryOp::And => 2,
                BinaryOp::Add | BinaryOp::Sub => 6,
                BinaryOp::Mul | BinaryOp::Div => 7,
                _ => COMPARISON,
            },
        }
    }
}

impl<'s> Builder<'s> {
    pub(super) fn expr(&mut self, pair: Pair<'s, Rule>) -> Expr {
        self.deep(pair).0
    }

    fn deep(&mut self, pair: Pair<'s, Rule>) -> Deep {
        let mut row = Row::new(pair.into_inner());
        let first = self.chain(&mut row, 0);
        if row.next.is_none() {
            return first;
        }
        let mut chains = vec![first];
        while row.take().is_some() {
            chains.push(self.chain(&mut row, 0));
        }
        let mut last = chains.pop().expect("internal: a conditional has a last value");
        while let (Some(condition), Some(value)) = (chains.pop(), chains.pop()) {
            let span = value.0.span.to(last.0.span);
            let depth = value.1.max(condition.1).max(last.1) + 1;
            if !self.fits(depth, condition.0.span) {
                return value;
            }
            let kind = ExprKind::If {
                value: Box::new(value.0),
                condition: Box::new(condition.0),
                otherwise: Box::new(last.0),
            };
            last = (Expr { span, kind }, depth);
        }
        last
    }

    /// Operands joined by operators of at least this level.
    fn chain(&mut self, row: &mut Row<'s>, level: u8) -> Deep {
        let mut left = self.operand(row, level);
        while let Some(pair) = row.next.as_ref() {
            if !matches!(pair.as_rule(), Rule::comparison | Rule::joiner) {
                break;
            }
            let op = Op::of(pair.as_str());
            if op.level() < level {
                break;
            }
            let at = self.pair_span(pair);
            row.take();
            let right = self.chain(row, op.level() + 1);
            if self.refuses_chain(op, at, &left.0) {
                // What is left out says nothing wrong besides.
                continue;
            }
            let span = left.0.span.to(right.0.span);
            let depth = left.1.max(right.1) + 1;
            if !self.fits(depth, at) {
                continue;
            }
            let (l, r) = (Box::new(left.0), Box::new(right.0));
            let kind = match op {
                Op::Range => ExprKind::Range(l, r),
                Op::Binary(op) => ExprKind::Binary(op, at, l, r),
            };
            left = (Expr { span, kind }, depth);
        }
        left
    }

    fn operand(&mut self, row: &mut Row<'s>, level: u8) -> Deep {
        let sign = match row.rule() {
            Some(Rule::not_) => {
                let at = self.taken(row);
                if level > NOT {
                    self.bag.push(errors::misplaced_not(at));
                }
                let (inner, depth) = self.chain(row, level.max(COMPARISON));
                let span = at.to(inner.span);
                return (
                    Expr {
                        span,
                        kind: ExprKind::Not(Box::new(inner)),
                    },
                    depth + 1,
                );
            }
            Some(Rule::minus) => Some(self.taken(row)),
            _ => None,
        };
        let atom = row.take().expect("internal: an operand has an atom");
        let mut value = self.atom(atom);
        while let Some(Rule::call | Rule::member | Rule::index) = row.rule() {
            let pair = row.take().expect("internal: it was looked at");
            value = self.postfix(value, pair);
        }
        if let Some(at) = sign {
            let span = at.to(value.0.span);
            value = (
                Expr {
                    span,
                    kind: ExprKind::Neg(Box::new(value.0)),
                },
                value.1 + 1,
            );
        }
        value
    }

    fn taken(&mut self, row: &mut Row<'s>) -> Span {
        let pair = row.take().expect("internal: it was looked at");
        self.pair_span(&pair)
    }

    fn postfix(&mut self, on: Deep, pair: Pair<'s, Rule>) -> Deep {
        let end = self.pair_span(&pair);
        let span = on.0.span.to(end);
        let (target, mut depth) = on;
        if !self.fits(depth + 1, end) {
            return (target, depth);
        }
        let kind = match pair.as_rule() {
            Rule::member => {
                let word = pair.into_inner().next().expect("internal: a member has a name");
                ExprKind::Member(Box::new(target), self.name(&word))
            }
            Rule::call => {
                let (args, inner) = self.arguments(pair);
                depth = depth.max(inner);
                ExprKind::Call(Box::new(target), args)
            }
            _ => {
                let (value, inner) = self.values(pair).pop().expect("internal: an index has a value");
                depth = depth.max(inner);
                ExprKind::Index(Box::new(target), Box::new(value))
            }
        };
        (Expr { span, kind }, depth + 1)
    }

    fn arguments(&mut self, call: Pair<'s, Rule>) -> (Vec<Arg>, u32) {
        let mut args = Vec::new();
        let mut deepest = 0;
        let mut name = None;
        for pair in call.into_inner() {
            match pair.as_rule() {
                Rule::comment => {}
                Rule::word => name = Some(self.name(&pair)),
                _ => {
                    let (value, depth) = self.value(pair);
                    deepest = deepest.max(depth);
                    args.push(Arg {
                        name: name.take(),
                        value,
                    });
                }
            }
        }
        (args, deepest)
    }

    /// The values in brackets or parentheses.
    fn values(&mut self, pair: Pair<'s, Rule>) -> Vec<Deep> {
        pair.into_inner()
            .filter(|p| p.as_rule() != Rule::comment)
            .map(|p| self.value(p))
            .collect()
    }

    fn value(&mut self, pair: Pair<'s, Rule>) -> Deep {
        if pair.as_rule() == Rule::object {
            self.object(pair)
        } else {
            self.deep(pair)
        }
    }

    fn object(&mut self, pair: Pair<'s, Rule>) -> Deep {
        let span = self.pair_span(&pair);
        let mut entries = Vec::new();
        let mut deepest = 0;
        let mut key = None;
        for inner in pair.into_inner() {
            let rule = inner.as_rule();
            if rule == Rule::comment {
                continue;
            }
            let Some(of) = key.take() else {
                key = Some(match rule {
                    Rule::key => Key::Word(self.name(&inner)),
                    Rule::paren => {
                        let (value, depth) = self
                            .values(inner)
                            .pop()
                            .expect("internal: parentheses hold a value");
                        deepest = deepest.max(depth);
                        Key::Computed(value)
                    }
                    _ => Key::Str(self.string(inner)),
                });
                continue;
            };
            let (value, depth) = self.value(inner);
            deepest = deepest.max(depth);
            entries.push(Entry { key: of, value });
        }
        (
            Expr {
                span,
                kind: ExprKind::Object(entries),
            },
            deepest + 1,
        )
    }

    fn atom(&mut self, pair: Pair<'s, Rule>) -> Deep {
        let span = self.pair_span(&pair);
        let kind = match pair.as_rule() {
            Rule::name => ExprKind::Ident(SmolStr::new(pair.as_str())),
            Rule::number => ExprKind::Number,
            Rule::percent => ExprKind::Percent,
            Rule::duration => ExprKind::Duration,
            Rule::time_of_day => ExprKind::TimeOfDay,
            Rule::date => ExprKind::Date,
            Rule::date_time => ExprKind::DateTime,
            Rule::boolean => ExprKind::Bool(pair.as_str() == "true"),
            Rule::start => ExprKind::Start,
            Rule::list => {
                let values = self.values(pair);
                let depth = values.iter().map(|v| v.1).max().unwrap_or(0);
                let list = values.into_iter().map(|v| v.0).collect();
                return (
                    Expr {
                        span,
                        kind: ExprKind::List(list),
                    },
                    depth + 1,
                );
            }
            Rule::paren => {
                let (value, depth) = self
                    .values(pair)
                    .pop()
                    .expect("internal: parentheses hold a value");
                return (
                    Expr {
                        span,
                        kind: ExprKind::Paren(Box::new(value)),
                    },
                    depth + 1,
                );
            }
            _ => return self.string_deep(pair),
        };
        (Expr { span, kind }, 0)
    }

    pub(super) fn string(&mut self, pair: Pair<'s, Rule>) -> Expr {
        self.string_deep(pair).0
    }

    fn string_deep(&mut self, pair: Pair<'s, Rule>) -> Deep {
        let span = self.pair_span(&pair);
        let (from, to) = range(&pair);
        match pair.as_rule() {
            Rule::quoted => (
                Expr {
                    span,
                    kind: literal(Quote::Double, self.plain(from + 1, to - 1)),
                },
                0,
            ),
            Rule::raw => (
                Expr {
                    span,
                    kind: literal(Quote::Raw, self.plain(from + 1, to - 1)),
                },
                0,
            ),
            Rule::raw_heredoc => {
                let parts = self.raw_lines(from + 3, to - 3);
                (
                    Expr {
                        span,
                        kind: literal(Quote::RawHeredoc, parts),
                    },
                    0,
                )
            }
            rule => {
                let quote = if rule == Rule::heredoc {
                    Quote::Heredoc
                } else {
                    Quote::Double
                };
                if quote == Quote::Double && self.text[from..to].contains('\n') {
                    self.broken_line = true;
                }
                let mut deepest = 0;
                let (parts, inner) = self.parts(pair, quote);
                deepest = deepest.max(inner);
                (
                    Expr {
                        span,
                        kind: literal(quote, parts),
                    },
                    deepest + 1,
                )
            }
        }
    }

    /// An interpolated expression as a part of a string.
    pub(super) fn interpolated(&mut self, pair: Pair<'s, Rule>) -> Option<(StrPart, u32)> {
        let inner = pair.into_inner().find(|p| p.as_rule() == Rule::expr)?;
        let (value, depth) = self.deep(inner);
        Some((StrPart::Interpolation(value), depth))
    }

    /// Whether an operator cannot follow what stands before it; says so.
    fn refuses_chain(&mut self, op: Op, at: Span, left: &Expr) -> bool {
        match (op, &left.kind) {
            (Op::Range, ExprKind::Range(..)) => self.bag.push(errors::chained_range(at, left.span)),
            (Op::Binary(op), ExprKind::Binary(before, first, ..))
                if Op::Binary(op).level() == COMPARISON && Op::Binary(*before).level() == COMPARISON =>
            {
                self.bag.push(errors::chained_comparison(at, *first));
            }
            _ => return false,
        }
        true
    }

    fn fits(&mut self, depth: u32, at: Span) -> bool {
        if depth > MAX_DEPTH && !self.too_long {
            self.too_long = true;
            self.bag.push(errors::long_expression(at, MAX_DEPTH));
        }
        depth <= MAX_DEPTH
    }
}
