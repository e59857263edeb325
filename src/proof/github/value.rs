//! The values of GitHub's expressions, and how an expression comes to one.
//!
//! As GitHub documents it: texts are compared without regard to case, values of different kinds as numbers, and `&&` and `||` give one
//! of their sides. Must not know workflows. Used by the run.

use super::expr::{Expr, Func, Op, Part};
use serde_json::Value as Json;
use std::sync::Arc;

/// A value.
#[derive(Debug, Clone)]
pub enum Value {
    /// Nothing.
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Num(f64),
    /// A text.
    Text(Arc<str>),
    /// A list.
    List(Arc<Vec<Value>>),
    /// An object, keys in order.
    Object(Arc<Vec<(String, Value)>>),
}

/// What an expression reads.
pub trait Reads {
    /// A value of a context; an unknown name is nothing.
    ///
    /// # Errors
    /// A context that is not understood.
    fn path(&self, root: &str, path: &[Arc<str>]) -> Result<Value, String>;
    /// Whether all before ended well.
    fn success(&self) -> bool;
    /// Whether anything before failed.
    fn failure(&self) -> bool;
    /// Whether it was cancelled.
    fn cancelled(&self) -> bool;
    /// What a text was read as before.
    fn known(&self, text: &Arc<str>) -> Option<Value>;
    /// Keeps what a text was read as.
    fn learn(&self, text: &Arc<str>, value: &Value);
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<Arc<str>>) -> Value {
        Value::Text(text.into())
    }

    /// From JSON.
    pub fn from_json(json: &Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(*b),
            Json::Number(n) => Value::Num(n.as_f64().unwrap_or(f64::NAN)),
            Json::String(s) => Value::text(s.as_str()),
            Json::Array(list) => Value::List(Arc::new(list.iter().map(Value::from_json).collect())),
            Json::Object(map) => Value::Object(Arc::new(
                map.iter()
                    .map(|(k, v)| (k.clone(), Value::from_json(v)))
                    .collect(),
            )),
        }
    }

    /// To JSON.
    pub fn to_json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Num(n) if n.fract() == 0.0 && n.abs() < 9e15 => Json::from(*n as i64),
            Value::Num(n) => Json::from(*n),
            Value::Text(t) => Json::String(t.to_string()),
            Value::List(list) => list.iter().map(Value::to_json).collect(),
            Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), v.to_json())).collect(),
        }
    }

    /// Whether it counts as true.
    pub fn truth(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(b) => *b,
            Value::Num(n) => *n != 0.0 && !n.is_nan(),
            Value::Text(t) => !t.is_empty(),
            Value::List(_) | Value::Object(_) => true,
        }
    }

    /// As text.
    pub fn shown(&self) -> String {
        match self {
            Value::Null => String::new(),
            Value::Bool(b) => b.to_string(),
            Value::Num(n) if n.is_infinite() => if *n > 0.0 { "Infinity" } else { "-Infinity" }.into(),
            Value::Num(n) if n.fract() == 0.0 && n.abs() < 1e15 => (*n as i64).to_string(),
            Value::Num(n) => n.to_string(),
            Value::Text(t) => t.to_string(),
            Value::List(_) => "Array".into(),
            Value::Object(_) => "Object".into(),
        }
    }

    fn number(&self) -> f64 {
        match self {
            Value::Null => 0.0,
            Value::Bool(b) => f64::from(u8::from(*b)),
            Value::Num(n) => *n,
            Value::Text(t) => number(t),
            Value::List(_) | Value::Object(_) => f64::NAN,
        }
    }

    fn member(&self, key: &Value) -> Value {
        match (self, key) {
            (Value::Object(map), Value::Text(name)) => map
                .iter()
                .find(|(k, _)| k.eq_ignore_ascii_case(name))
                .map_or(Value::Null, |(_, v)| v.clone()),
            (Value::List(list), key) => {
                let n = key.number();
                if n >= 0.0 && n.is_finite() {
                    list.get(n as usize).cloned().unwrap_or(Value::Null)
                } else {
                    Value::Null
                }
            }
            _ => Value::Null,
        }
    }
}

/// A number as GitHub reads a text as one; not a number when it is none.
pub fn number(text: &str) -> f64 {
    let text = text.trim();
    if text.is_empty() {
        return 0.0;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return i64::from_str_radix(digits, radix).map_or(f64::NAN, |n| n as f64);
        }
    }
    match text {
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        t if t
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E')) =>
        {
            t.parse().unwrap_or(f64::NAN)
        }
        _ => f64::NAN,
    }
}

fn folded(text: &str) -> String {
    text.to_uppercase()
}

fn same_text(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    folded(a) == folded(b)
}

/// `a == b`
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => same_text(a, b),
        (Value::List(a), Value::List(b)) => Arc::ptr_eq(a, b),
        (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
        (a, b) => a.number() == b.number(),
    }
}

fn ordered(op: Op, a: &Value, b: &Value) -> bool {
    let by = match (a, b) {
        (Value::Text(a), Value::Text(b)) => Some(folded(a).cmp(&folded(b))),
        (Value::List(_) | Value::Object(_), _) | (_, Value::List(_) | Value::Object(_)) => None,
        (a, b) => a.number().partial_cmp(&b.number()),
    };
    by.is_some_and(|by| match op {
        Op::Lt => by.is_lt(),
        Op::Le => by.is_le(),
        Op::Gt => by.is_gt(),
        Op::Ge => by.is_ge(),
        Op::Eq | Op::Ne => false,
    })
}

/// What an expression comes to.
///
/// # Errors
/// What is not understood, and JSON that is none.
pub fn eval(expr: &Expr, reads: &dyn Reads) -> Result<Value, String> {
    Ok(match expr {
        Expr::Null => Value::Null,
        Expr::Bool(b) => Value::Bool(*b),
        Expr::Num(n) => Value::Num(*n),
        Expr::Text(t) => Value::Text(t.clone()),
        Expr::Path(root, path) => reads.path(root, path)?,
        Expr::Index(of, key) => eval(of, reads)?.member(&eval(key, reads)?),
        Expr::Not(e) => Value::Bool(!eval(e, reads)?.truth()),
        Expr::And(list) | Expr::Or(list) => {
            let stop = matches!(expr, Expr::Or(_));
            let mut last = Value::Null;
            for e in list {
                last = eval(e, reads)?;
                if last.truth() == stop {
                    break;
                }
            }
            last
        }
        Expr::Compare(op, a, b) => {
            let (a, b) = (eval(a, reads)?, eval(b, reads)?);
            Value::Bool(match op {
                Op::Eq => equal(&a, &b),
                Op::Ne => !equal(&a, &b),
                op => ordered(*op, &a, &b),
            })
        }
        Expr::Call(func, list) => call(*func, list, reads)?,
    })
}

fn call(func: Func, list: &[Expr], reads: &dyn Reads) -> Result<Value, String> {
    let arg = |i: usize| list.get(i).map_or(Ok(Value::Null), |e| eval(e, reads));
    let is_plain = |v: &Value| !matches!(v, Value::List(_) | Value::Object(_));
    Ok(match func {
        Func::Success => Value::Bool(reads.success()),
        Func::Failure => Value::Bool(reads.failure()),
        Func::Cancelled => Value::Bool(reads.cancelled()),
        Func::Always => Value::Bool(true),
        Func::Contains => {
            let (of, item) = (arg(0)?, arg(1)?);
            Value::Bool(match &of {
                Value::List(list) => list.iter().any(|v| equal(v, &item)),
                Value::Object(_) => false,
                of => is_plain(&item) && folded(&of.shown()).contains(&folded(&item.shown())),
            })
        }
        Func::StartsWith | Func::EndsWith => {
            let (of, part) = (arg(0)?, arg(1)?);
            let (text, end) = (folded(&of.shown()), folded(&part.shown()));
            let found = if func == Func::StartsWith {
                text.starts_with(&end)
            } else {
                text.ends_with(&end)
            };
            Value::Bool(is_plain(&of) && is_plain(&part) && found)
        }
        Func::Format => {
            let pattern = arg(0)?.shown();
            let mut values = Vec::new();
            for e in list.iter().skip(1) {
                values.push(eval(e, reads)?.shown());
            }
            Value::text(format(&pattern, &values)?)
        }
        Func::Join => {
            let by = if list.len() > 1 {
                arg(1)?.shown()
            } else {
                ",".into()
            };
            match arg(0)? {
                Value::List(list) => {
                    let items: Vec<String> = list.iter().map(Value::shown).collect();
                    Value::text(items.join(&by))
                }
                Value::Object(_) => Value::text(""),
                v => Value::text(v.shown()),
            }
        }
        Func::ToJson => {
            let json = arg(0)?.to_json();
            Value::text(serde_json::to_string_pretty(&json).unwrap_or_default())
        }
        Func::FromJson => {
            let text: Arc<str> = match arg(0)? {
                Value::Text(text) => text,
                other => other.shown().into(),
            };
            if let Some(value) = reads.known(&text) {
                return Ok(value);
            }
            let json: Json = serde_json::from_str(&text)
                .map_err(|e| ["`", &text, "` is no JSON: ", &e.to_string()].concat())?;
            let value = Value::from_json(&json);
            reads.learn(&text, &value);
            value
        }
    })
}

/// `{0}` is the first value; `{{` and `}}` are braces.
fn format(pattern: &str, values: &[String]) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let after = &rest[at..];
        if let Some(more) = after.strip_prefix("{{") {
            out.push('{');
            rest = more;
        } else if let Some(more) = after.strip_prefix("}}") {
            out.push('}');
            rest = more;
        } else {
            let end = after.find('}').filter(|_| after.starts_with('{'));
            let number = end.and_then(|e| after[1..e].parse::<usize>().ok());
            let (Some(end), Some(value)) = (end, number.and_then(|n| values.get(n))) else {
                return Err(["`", pattern, "` names a value that is not given"].concat());
            };
            out.push_str(value);
            rest = &after[end + 1..];
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// What a field comes to; a single expression keeps its kind.
///
/// # Errors
/// As for [`eval`].
pub fn fill(parts: &[Part], reads: &dyn Reads) -> Result<Value, String> {
    if let [Part::Expr(e)] = parts {
        return eval(e, reads);
    }
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Text(t) => out.push_str(t),
            Part::Expr(e) => out.push_str(&eval(e, reads)?.shown()),
        }
    }
    Ok(Value::text(out))
}
