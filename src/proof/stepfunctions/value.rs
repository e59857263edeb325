//! What JSONata expressions come to in a run of which only the outcomes are known.
//!
//! What calls answer and what the run is given is `Open`: it may be passed on, but nothing may be decided by it. Must not know
//! states. Used by the machine.

use super::jsonata::Expr;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an expression says that raises an error of its own.
pub const RAISED: &str = "it raises an error";

/// A value. What is long is shared, because runs pass the same values on again and again.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing at all.
    Nothing,
    /// Something that is not known.
    Open,
    /// `null`
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Num(f64),
    /// A text.
    Text(Arc<str>),
    /// A list.
    List(Arc<Vec<Value>>),
    /// An object.
    Object(Arc<Members>),
}

/// The members of an object.
pub type Members = BTreeMap<Arc<str>, Value>;

/// What an expression reads.
pub trait Reads {
    /// A variable.
    fn var(&self, name: &str) -> Option<Value>;
    /// A member of `$states`.
    fn states(&self, member: &str) -> Value;
    /// A condition of the plan.
    fn told(&self, number: usize) -> bool;
    /// Milliseconds since the run began.
    fn now(&self) -> f64;
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<Arc<str>>) -> Value {
        Value::Text(text.into())
    }

    /// A list.
    pub fn list(list: Vec<Value>) -> Value {
        Value::List(Arc::new(list))
    }

    /// An object of these members.
    pub fn members(members: Members) -> Value {
        Value::Object(Arc::new(members))
    }

    /// JSON without expressions.
    pub fn from_json(json: &Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(*b),
            Json::Number(n) => n.as_f64().map_or(Value::Open, Value::Num),
            Json::String(s) => Value::text(s.as_str()),
            Json::Array(l) => Value::list(l.iter().map(Value::from_json).collect()),
            Json::Object(o) => {
                let members = o.iter().map(|(k, v)| (k.as_str().into(), Value::from_json(v)));
                Value::members(members.collect())
            }
        }
    }

    /// An object.
    pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
        Value::members(members.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }

    /// Whether something in it is nothing at all.
    pub fn lacks(&self) -> bool {
        match self {
            Value::Nothing => true,
            Value::List(l) => l.iter().any(Value::lacks),
            Value::Object(o) => o.values().any(Value::lacks),
            _ => false,
        }
    }

    fn open(&self) -> bool {
        match self {
            Value::Open => true,
            Value::List(l) => l.iter().any(Value::open),
            Value::Object(o) => o.values().any(Value::open),
            _ => false,
        }
    }

    fn elements(&self) -> &[Value] {
        match self {
            Value::Nothing => &[],
            Value::List(l) => l,
            one => std::slice::from_ref(one),
        }
    }

    /// A sequence: nothing, one value, or many.
    fn sequence(mut list: Vec<Value>) -> Value {
        match list.len() {
            0 => Value::Nothing,
            1 => list.pop().unwrap_or(Value::Nothing),
            _ => Value::list(list),
        }
    }

    /// Whether it counts as true; `None` when that is not known.
    pub fn truth(&self) -> Option<bool> {
        Some(match self {
            Value::Open => return None,
            Value::Nothing | Value::Null => false,
            Value::Bool(b) => *b,
            Value::Num(n) => *n != 0.0,
            Value::Text(t) => !t.is_empty(),
            Value::List(l) => {
                let mut unknown = false;
                for v in l.iter() {
                    match v.truth() {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => unknown = true,
                    }
                }
                if unknown {
                    return None;
                }
                false
            }
            Value::Object(o) => !o.is_empty(),
        })
    }

    fn member(&self, name: &str) -> Value {
        match self {
            Value::Open => Value::Open,
            Value::Object(o) => o.get(name).cloned().unwrap_or(Value::Nothing),
            Value::List(l) => {
                let mut found = Vec::new();
                for v in l.iter() {
                    found.extend_from_slice(v.member(name).elements());
                }
                Value::sequence(found)
            }
            _ => Value::Nothing,
        }
    }

    fn as_text(&self) -> String {
        match self {
            Value::Text(t) => t.to_string(),
            Value::Num(n) => n.to_string(),
            Value::Bool(b) => b.to_string(),
            Value::Null => "null".into(),
            Value::List(l) => l.iter().map(Value::as_text).collect::<Vec<_>>().join(","),
            Value::Object(o) => o.values().map(Value::as_text).collect::<Vec<_>>().join(","),
            Value::Nothing | Value::Open => String::new(),
        }
    }
}

/// Evaluates an expression.
///
/// # Errors
/// What is not understood, or what the engine would refuse.
pub fn eval(expr: &Expr, reads: &dyn Reads) -> Result<Value, String> {
    Ok(match expr {
        Expr::Const(value) => value.clone(),
        Expr::Var(name) => reads
            .var(name)
            .ok_or_else(|| ["`$", name, "` is read and was never set"].concat())?,
        Expr::Told(n) => Value::Bool(reads.told(*n)),
        Expr::Name(of, name) => match &**of {
            Expr::Var(var) if var == "states" => reads.states(name),
            of => eval(of, reads)?.member(name),
        },
        Expr::Index(of, index) => match eval(of, reads)? {
            Value::Open => Value::Open,
            value => {
                let list = value.elements();
                let at = if *index < 0 {
                    i64::try_from(list.len()).unwrap_or(0) + index
                } else {
                    *index
                };
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                list.get(at).cloned().unwrap_or(Value::Nothing)
            }
        },
        Expr::Where(of, member, text) => match eval(of, reads)? {
            Value::Open => Value::Open,
            value => Value::sequence(
                value
                    .elements()
                    .iter()
                    .filter(|v| matches!(v.member(member), Value::Text(t) if *t == **text))
                    .cloned()
                    .collect(),
            ),
        },
        Expr::If(test, then, other) => match eval(test, reads)?.truth() {
            Some(true) => eval(then, reads)?,
            Some(false) => eval(other, reads)?,
            None => Value::Open,
        },
        Expr::List(list) => {
            let mut out = Vec::new();
            for item in list {
                match (item, eval(item, reads)?) {
                    (Expr::List(_), value) => out.push(value),
                    (_, value) => out.extend_from_slice(value.elements()),
                }
            }
            Value::list(out)
        }
        Expr::Object(members) => {
            let mut out = Members::new();
            for (key, value) in members {
                let key = match eval(key, reads)? {
                    Value::Text(key) => key,
                    Value::Open => return Ok(Value::Open),
                    _ => return Err("the name of a member is no text".into()),
                };
                match eval(value, reads)? {
                    Value::Nothing => {}
                    value => drop(out.insert(key, value)),
                }
            }
            Value::members(out)
        }
        Expr::Op(sign, a, b) => binary(sign, a, b, reads)?,
        Expr::Call(name, args) => call(name, args, reads)?,
        Expr::Lambda(..) | Expr::Regex(_) => {
            return Err("a function or a pattern stands where it has no meaning".into());
        }
    })
}

fn binary(sign: &str, a: &Expr, b: &Expr, reads: &dyn Reads) -> Result<Value, String> {
    let left = eval(a, reads)?;
    if matches!(sign, "and" | "or") {
        let decides = sign == "or";
        let left = left.truth();
        if left == Some(decides) {
            return Ok(Value::Bool(decides));
        }
        let right = eval(b, reads)?.truth();
        return Ok(match (left, right) {
            (_, Some(r)) if r == decides => Value::Bool(decides),
            (Some(_), Some(r)) => Value::Bool(r),
            _ => Value::Open,
        });
    }
    let right = eval(b, reads)?;
    let same = |l: &Value, r: &Value| l != &Value::Nothing && l == r;
    Ok(match sign {
        "=" | "!=" => {
            let null = |v: &Value| matches!(v, Value::Null | Value::Nothing);
            if left.open() || right.open() {
                // Whatever a call answered, it is an answer.
                let compared = [&left, &right];
                if !compared.iter().any(|v| null(v)) {
                    return Ok(Value::Open);
                }
            }
            Value::Bool(same(&left, &right) == (sign == "="))
        }
        "in" => {
            if left.open() {
                return Ok(Value::Open);
            }
            let list = right.elements();
            let found = list.iter().any(|v| same(&left, v));
            if !found && list.iter().any(Value::open) {
                return Ok(Value::Open);
            }
            Value::Bool(found)
        }
        "&" => {
            if left.open() || right.open() {
                return Ok(Value::Open);
            }
            Value::text(left.as_text() + &right.as_text())
        }
        _ => match (left, right) {
            (Value::Open, _) | (_, Value::Open) => Value::Open,
            (Value::Num(l), Value::Num(r)) => match sign {
                "<" => Value::Bool(l < r),
                "<=" => Value::Bool(l <= r),
                ">" => Value::Bool(l > r),
                ">=" => Value::Bool(l >= r),
                "+" => Value::Num(l + r),
                "-" => Value::Num(l - r),
                "*" => Value::Num(l * r),
                _ => Value::Num(l / r),
            },
            _ => return Err(["`", sign, "` stands between what are no numbers"].concat()),
        },
    })
}

fn call(name: &str, args: &[Expr], reads: &dyn Reads) -> Result<Value, String> {
    match (name, args) {
        ("filter" | "map", [list, Expr::Lambda(var, body)]) => {
            return over(name, list, (var, body), reads);
        }
        ("contains", [text, Expr::Regex(regex)]) => {
            return match eval(text, reads)? {
                Value::Text(t) => Ok(Value::Bool(regex.is_match(&t))),
                Value::Open => Ok(Value::Open),
                _ => Err("`$contains` looks into what is no text".into()),
            };
        }
        ("match", [text, Expr::Regex(regex)]) => {
            return match eval(text, reads)? {
                Value::Text(t) => {
                    let found = regex
                        .finds(&t)
                        .map(|m| Value::object([("match", Value::text(m))]))
                        .collect();
                    Ok(Value::sequence(found))
                }
                _ => Ok(Value::Open),
            };
        }
        _ => {}
    }
    if name == "error" {
        return Err(RAISED.into());
    }
    let values: Vec<Value> = args.iter().map(|a| eval(a, reads)).collect::<Result<_, _>>()?;
    Ok(match (name, values.as_slice()) {
        ("exists", [v]) => Value::Bool(*v != Value::Nothing),
        ("not", [v]) => v.truth().map_or(Value::Open, |t| Value::Bool(!t)),
        ("millis", []) => Value::Num(reads.now()),
        ("count", [v]) => {
            if *v == Value::Open {
                return Ok(Value::Open);
            }
            Value::Num(f64::from(u32::try_from(v.elements().len()).unwrap_or(u32::MAX)))
        }
        ("merge", [Value::List(list)]) => {
            let mut out = Members::new();
            for v in list.iter() {
                match v {
                    Value::Object(o) => out.extend(o.iter().map(|(k, v)| (k.clone(), v.clone()))),
                    _ => return Ok(Value::Open),
                }
            }
            Value::members(out)
        }
        ("distinct", [v]) => {
            let mut out: Vec<Value> = Vec::new();
            for e in v.elements() {
                if *e == Value::Open || !out.contains(e) {
                    out.push(e.clone());
                }
            }
            Value::list(out)
        }
        (_, values) if values.iter().any(Value::open) => match name {
            "string" | "substring" | "replace" | "trim" | "number" | "type" | "floor" | "ceil" | "min"
            | "max" | "join" | "split" | "length" | "lowercase" | "lookup" | "parse" | "toMillis"
            | "fromMillis" => Value::Open,
            _ => return Err(["`$", name, "` is not understood"].concat()),
        },
        ("string", [v]) => Value::text(v.as_text()),
        ("parse", [_]) => Value::Open,
        ("fromMillis", [Value::Num(n)]) => moment(*n).map_or(Value::Open, Value::text),
        ("toMillis", [Value::Text(t)]) => millis(t).map_or(Value::Open, Value::Num),
        ("substring", [Value::Text(t), Value::Num(from), Value::Num(len)]) => {
            let chars = t.chars().skip(size(*from)).take(size(*len));
            Value::text(chars.collect::<String>())
        }
        ("replace", [Value::Text(t), Value::Text(a), Value::Text(b)]) => Value::text(t.replace(&**a, b)),
        ("trim", [Value::Text(t)]) => Value::text(t.trim()),
        ("lowercase", [Value::Text(t)]) => Value::text(t.to_lowercase()),
        ("floor", [Value::Num(n)]) => Value::Num(n.floor()),
        ("ceil", [Value::Num(n)]) => Value::Num(n.ceil()),
        ("length", [Value::Text(t)]) => {
            Value::Num(f64::from(u32::try_from(t.chars().count()).unwrap_or(u32::MAX)))
        }
        ("min" | "max", [Value::List(list)]) => {
            let mut best: Option<f64> = None;
            for v in list.iter() {
                let Value::Num(n) = v else {
                    return Err("the least of what are no numbers".into());
                };
                best = Some(match best {
                    None => *n,
                    Some(b) if name == "min" => b.min(*n),
                    Some(b) => b.max(*n),
                });
            }
            best.map_or(Value::Nothing, Value::Num)
        }
        ("split", [Value::Text(t), Value::Text(by)]) => {
            Value::list(t.split(&**by).map(Value::text).collect())
        }
        _ => return Err(["`$", name, "` is not understood here"].concat()),
    })
}

/// Milliseconds since 1970 as a timestamp.
pub fn moment(ms: f64) -> Option<String> {
    let whole: i64 = format!("{ms:.0}").parse().ok()?;
    Some(jiff::Timestamp::from_millisecond(whole).ok()?.to_string())
}

/// A timestamp as milliseconds since 1970.
pub fn millis(text: &str) -> Option<f64> {
    let at: jiff::Timestamp = text.parse().ok()?;
    at.as_millisecond().to_string().parse().ok()
}

fn size(n: f64) -> usize {
    // A length of a text: small, never negative.
    format!("{:.0}", n.max(0.0)).parse().unwrap_or(usize::MAX)
}

/// A function over the elements of a list.
fn over(name: &str, list: &Expr, lambda: (&str, &Expr), reads: &dyn Reads) -> Result<Value, String> {
    let list = eval(list, reads)?;
    if list == Value::Open {
        return Ok(Value::Open);
    }
    let (var, body) = lambda;
    let mut out = Vec::new();
    for element in list.elements() {
        let inner = Bound {
            outer: reads,
            name: var,
            value: element,
        };
        let value = eval(body, &inner)?;
        if name == "map" {
            out.push(value);
        } else {
            match value.truth() {
                Some(true) => out.push(element.clone()),
                Some(false) => {}
                None => return Ok(Value::Open),
            }
        }
    }
    Ok(Value::sequence(out))
}

struct Bound<'a> {
    outer: &'a dyn Reads,
    name: &'a str,
    value: &'a Value,
}

impl Reads for Bound<'_> {
    fn var(&self, name: &str) -> Option<Value> {
        if name == self.name {
            return Some(self.value.clone());
        }
        self.outer.var(name)
    }

    fn states(&self, member: &str) -> Value {
        self.outer.states(member)
    }

    fn told(&self, number: usize) -> bool {
        self.outer.told(number)
    }

    fn now(&self) -> f64 {
        self.outer.now()
    }
}
