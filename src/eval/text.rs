//! Texts: string literals with their interpolations folded in.

use crate::eval::lower::{Lower, arg};
use crate::eval::scope::ScopeId;
use crate::model::{Sym, Text, TextPart, Value};
use crate::source::Rational;
use crate::syntax::ast::{Expr, ExprKind, Stmt, StrLit, StrPart};
use crate::types::{errors, value_words};

/// Most bytes and values of a text: a few names that double each other would otherwise fill any memory.
const LONGEST: usize = 1_000_000;

fn too_long(text: &Text) -> bool {
    let of = |part: &TextPart| match part {
        TextPart::Lit(t) => t.len(),
        TextPart::Sym(_) => 100,
    };
    text.parts.iter().map(of).sum::<usize>() > LONGEST
}

impl<'a> Lower<'a> {
    /// The text a statement of a block states; one with nothing in it is reported.
    pub(crate) fn text_of(&mut self, items: &'a [Stmt], keyword: &str, scope: ScopeId) -> Option<Text> {
        let expr = arg(items, keyword)?;
        let text = self.text(expr, scope)?;
        if text.known().is_some_and(|t| t.trim().is_empty()) {
            self.report(errors::empty(expr.span, &format!("`{keyword}`")));
        }
        Some(text)
    }

    /// A string literal.
    pub(crate) fn string(&mut self, lit: &'a StrLit, scope: ScopeId) -> Option<Text> {
        let mut out = Text::default();
        let mut sound = true;
        for part in &lit.parts {
            match part {
                StrPart::Text { text, .. } => out.push_lit(text.as_str()),
                StrPart::Interpolation(e) => match self.interpolated(e, scope) {
                    Some(t) => out.push(t),
                    None => sound = false,
                },
            }
            if too_long(&out) {
                let span = match part {
                    StrPart::Text { span, .. } => *span,
                    StrPart::Interpolation(e) => e.span,
                };
                self.report(errors::range(
                    span,
                    &format!("a text has {LONGEST} characters and values at most"),
                ));
                return None;
            }
        }
        sound.then_some(out)
    }

    /// The text of an interpolated value.
    pub(crate) fn interpolated(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<Text> {
        let value = self.eval(expr, scope)?;
        match self.shown(&value) {
            Some(t) => Some(t),
            None => {
                let found = value_words(&self.r, &value);
                self.report(errors::mismatch(
                    expr.span,
                    "a value with a text",
                    &format!("it is {found}"),
                ));
                None
            }
        }
    }

    /// An expression that must be a text.
    pub(crate) fn text(&mut self, expr: &'a Expr, scope: ScopeId) -> Option<Text> {
        if let ExprKind::Str(lit) = &expr.kind {
            return self.string(lit, scope);
        }
        match self.eval(expr, scope)? {
            Value::Text(t) => Some(t),
            Value::Sym(s) => Some(Text::sym(s)),
            v => {
                let found = value_words(&self.r, &v);
                self.report(errors::mismatch(expr.span, "a text", &format!("it is {found}")));
                None
            }
        }
    }

    /// A value as it reads inside a text.
    pub(crate) fn shown(&self, value: &Value) -> Option<Text> {
        Some(match value {
            Value::Person(p) => self.r.person(*p).full_name.clone(),
            Value::Role(r) => self.r.role(*r).title.clone(),
            Value::Env(e) => Text::lit(self.r.env(*e).name.as_str()),
            Value::Artifact(a) => Text::lit(self.r.artifact(*a).name.as_str()),
            Value::Channel(c) => self.r.channel(*c).title.clone(),
            Value::Metric(m) => self.r.metric(*m).title.clone(),
            Value::Gate(g) => self.r.gate(*g).title.clone(),
            Value::Stage(s) => Text::lit(self.r.stage(*s).name.as_str()),
            Value::Approval(a) => Text::lit(self.r.approval(*a).name.as_str()),
            Value::Decision(d) => Text::lit(self.r.decision(*d).name.as_str()),
            v => return shown(v),
        })
    }
}

/// A value that is no thing of the plan as it reads inside a text.
pub(crate) fn shown(value: &Value) -> Option<Text> {
    Some(match value {
        Value::Bool(b) => Text::lit(b.to_string()),
        Value::Int(n) => Text::lit(n.to_string()),
        Value::Number(n) => Text::lit(n.decimal()),
        Value::Percent(p) => Text::lit(percent(*p)),
        Value::Dur(d) => Text::lit(d.to_string()),
        Value::Text(t) => t.clone(),
        Value::Date(d) => Text::lit(d.to_string()),
        Value::DateTime(c) => Text::lit(civil(c)),
        Value::Time(t) => Text::lit(t.strftime("%H:%M").to_string()),
        Value::Offset(o) => Text::lit(offset(*o)),
        Value::Sym(Sym::If(c, a, b)) => Text::sym(Sym::If(
            c.clone(),
            Box::new(Value::Text(shown(a)?)),
            Box::new(Value::Text(shown(b)?)),
        )),
        Value::Sym(s) => Text::sym(s.clone()),
        _ => return None,
    })
}

/// A share as people write it: `10%`.
pub(crate) fn percent(p: Rational) -> String {
    match p.checked_mul(Rational::int(100)) {
        Some(n) => format!("{}%", n.decimal()),
        None => p.decimal(),
    }
}

fn civil(c: &crate::model::Civil) -> String {
    let at = c.at.strftime("%Y-%m-%dT%H:%M");
    match c.offset {
        None => at.to_string(),
        Some(0) => format!("{at}Z"),
        Some(s) => {
            let sign = if s < 0 { '-' } else { '+' };
            format!("{at}{sign}{:02}:{:02}", s.abs() / 3600, s.abs() % 3600 / 60)
        }
    }
}

fn offset(o: crate::model::Offset) -> String {
    if o.after == crate::model::Dur::ZERO {
        "T".to_string()
    } else if o.after.ms < 0 || o.after.working_days < 0 {
        format!("T{}", o.after)
    } else {
        format!("T+{}", o.after)
    }
}
