//! Which values fit which declared types.

use crate::model::{Func, ParamType, Release, Sym, SymOp, Text, Value};
use crate::resolve::Kind;
use smol_str::SmolStr;

/// What people call a type.
pub fn type_words(ty: &ParamType) -> String {
    match ty {
        ParamType::Text => "a text".into(),
        ParamType::Int => "a whole number".into(),
        ParamType::Number => "a number".into(),
        ParamType::Percent => "a percentage".into(),
        ParamType::Duration => "a duration".into(),
        ParamType::Bool => "`true` or `false`".into(),
        ParamType::Version => "a version".into(),
        ParamType::Date => "a date".into(),
        ParamType::Time => "a date and time".into(),
        ParamType::Url => "a URL".into(),
        ParamType::OneOf(words) => {
            let words: Vec<_> = words.iter().map(|w| format!("\"{w}\"")).collect();
            format!("one of {}", words.join(", "))
        }
        ParamType::List(of) => format!("a list, each of it {}", type_words(of)),
        ParamType::Person => "a person".into(),
        ParamType::Environment => "an environment".into(),
        ParamType::Kind(k) => Kind::of(k).map_or_else(|| k.to_string(), Kind::a),
    }
}

/// What people call a value's type.
pub fn value_words(release: &Release, value: &Value) -> String {
    match value {
        Value::Bool(_) => "a truth value".into(),
        Value::Int(_) => "a whole number".into(),
        Value::Number(_) => "a number".into(),
        Value::Percent(_) => "a percentage".into(),
        Value::Dur(_) => "a duration".into(),
        Value::Text(_) => "a text".into(),
        Value::Date(_) => "a date".into(),
        Value::DateTime(_) => "a date and time".into(),
        Value::Time(_) => "a time of day".into(),
        Value::Offset(_) => "an offset from the start".into(),
        Value::List(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
        Value::Sym(s) => sym_type(release, s).map_or_else(|| "a value".into(), |t| type_words(&t)),
        Value::Person(_) => "a person".into(),
        Value::Role(_) => "a role".into(),
        Value::Env(_) => "an environment".into(),
        Value::Artifact(_) => "an artifact".into(),
        Value::Channel(_) => "a channel".into(),
        Value::Calendar(_) => "a calendar".into(),
        Value::Metric(_) => "a metric".into(),
        Value::Gate(_) => "a gate".into(),
        Value::Checklist(_) => "a checklist".into(),
        Value::Stage(_) => "a stage".into(),
        Value::Approval(_) => "an approval".into(),
        Value::Decision(_) => "a decision".into(),
    }
}

/// The kind of definition that values of a type are.
pub fn kind_of_type(ty: &ParamType) -> Option<Kind> {
    match ty {
        ParamType::Person => Some(Kind::Person),
        ParamType::Environment => Some(Kind::Environment),
        ParamType::Kind(k) => Kind::of(k),
        _ => None,
    }
}

/// The type of a symbolic value, as far as it is known.
pub(crate) fn sym_type(release: &Release, sym: &Sym) -> Option<ParamType> {
    match sym {
        Sym::Param(p) => release.params.get(p.index()).map(|p| p.ty.clone()),
        Sym::Capture(c) => release
            .captures
            .get(c.index())
            .map_or(Some(ParamType::Text), |c| {
                use crate::model::CaptureType as C;
                Some(match &c.ty {
                    C::Text => ParamType::Text,
                    C::Int => ParamType::Int,
                    C::Number => ParamType::Number,
                    C::Percent => ParamType::Percent,
                    C::Duration => ParamType::Duration,
                    C::Bool => ParamType::Bool,
                    C::Version => ParamType::Version,
                    C::Time => ParamType::Time,
                    C::Url => ParamType::Url,
                    C::OneOf(w) => ParamType::OneOf(w.clone()),
                })
            }),
        Sym::Prior(_) => Some(ParamType::Text),
        Sym::Attempt => Some(ParamType::Int),
        Sym::Call(f, _) => Some(match f {
            Func::Fraction => ParamType::Number,
            Func::Major | Func::Minor | Func::Patch | Func::Len => ParamType::Int,
            Func::Join | Func::Lower => ParamType::Text,
        }),
        Sym::If(_, a, b) => value_type(release, a).or_else(|| value_type(release, b)),
        Sym::Op(op, a, b) => match (value_type(release, a)?, op, value_type(release, b)?) {
            (ParamType::Duration, SymOp::Div, ParamType::Duration) => Some(ParamType::Number),
            (t @ (ParamType::Duration | ParamType::Percent), ..) => Some(t),
            (_, _, t @ (ParamType::Duration | ParamType::Percent)) => Some(t),
            (ParamType::Int, SymOp::Div, ParamType::Int) => Some(ParamType::Number),
            (a, ..) => Some(a),
        },
    }
}

fn value_type(release: &Release, value: &Value) -> Option<ParamType> {
    Some(match value {
        Value::Bool(_) => ParamType::Bool,
        Value::Int(_) => ParamType::Int,
        Value::Number(_) => ParamType::Number,
        Value::Percent(_) => ParamType::Percent,
        Value::Dur(_) => ParamType::Duration,
        Value::Text(_) => ParamType::Text,
        Value::Date(_) => ParamType::Date,
        Value::DateTime(_) => ParamType::Time,
        Value::Sym(s) => return sym_type(release, s),
        _ => return None,
    })
}

/// The value as the declared type wants it, or why it does not fit: words that continue "it is …".
///
/// # Errors
/// When the value is of another type, or its form is not the type's.
pub fn fit(release: &Release, value: Value, ty: &ParamType) -> Result<Value, String> {
    let mismatch = |v: &Value| Err(format!("it is {}", value_words(release, v)));
    match (ty, value) {
        (ParamType::Version, Value::Int(n)) => Ok(Value::Text(Text::lit(n.to_string()))),
        (ParamType::Version, Value::Text(t)) => match t.known() {
            Some(text) if !is_version(text) => Err(format!("`{text}` has not the form of a version")),
            _ => Ok(Value::Text(t)),
        },
        (ParamType::Url, Value::Text(t)) => match t.known() {
            Some(text) if !is_url(text) => {
                Err(format!("`{text}` does not begin with `https://` or `http://`"))
            }
            _ => Ok(Value::Text(t)),
        },
        (ParamType::OneOf(words), Value::Text(t)) => match t.known() {
            Some(text) if !words.contains(&SmolStr::new(text)) => Err(format!("`{text}` is not one of them")),
            _ => Ok(Value::Text(t)),
        },
        (ParamType::Number, Value::Int(n)) => Ok(Value::Number(crate::source::Rational::int(n))),
        (ParamType::Time, Value::Date(d)) => Ok(Value::DateTime(crate::model::Civil {
            at: d.to_datetime(jiff::civil::Time::midnight()),
            offset: None,
        })),
        (ParamType::List(of), Value::List(items)) => {
            let items: Result<Vec<_>, _> = items.into_iter().map(|v| fit(release, v, of)).collect();
            items.map(Value::List)
        }
        (ParamType::Text, v @ Value::Text(_))
        | (ParamType::Int, v @ Value::Int(_))
        | (ParamType::Number, v @ Value::Number(_))
        | (ParamType::Percent, v @ Value::Percent(_))
        | (ParamType::Duration, v @ Value::Dur(_))
        | (ParamType::Bool, v @ Value::Bool(_))
        | (ParamType::Date, v @ Value::Date(_))
        | (ParamType::Time, v @ Value::DateTime(_))
        | (ParamType::Person, v @ Value::Person(_))
        | (ParamType::Environment, v @ Value::Env(_)) => Ok(v),
        (ParamType::Kind(k), v) if Kind::of(k).is_some_and(|k| entity_kind(&v) == Some(k)) => Ok(v),
        (_, Value::Sym(s)) => {
            let Some(found) = sym_type(release, &s) else {
                return Ok(Value::Sym(s));
            };
            if sym_fits(&found, ty) {
                Ok(Value::Sym(s))
            } else {
                Err(format!("it is {}", type_words(&found)))
            }
        }
        (_, v) => mismatch(&v),
    }
}

fn sym_fits(found: &ParamType, wanted: &ParamType) -> bool {
    use ParamType as P;
    found == wanted
        || matches!(
            (found, wanted),
            (P::Int, P::Version | P::Number)
                | (P::Version | P::Url | P::OneOf(_), P::Text)
                | (P::Text, P::Version | P::Url | P::OneOf(_))
        )
        || matches!((found, wanted), (P::List(a), P::List(b)) if sym_fits(a, b))
}

/// The kind of definition a value is.
pub(crate) fn entity_kind(value: &Value) -> Option<Kind> {
    Some(match value {
        Value::Person(_) => Kind::Person,
        Value::Role(_) => Kind::Role,
        Value::Env(_) => Kind::Environment,
        Value::Artifact(_) => Kind::Artifact,
        Value::Channel(_) => Kind::Channel,
        Value::Calendar(_) => Kind::Calendar,
        Value::Metric(_) => Kind::Metric,
        Value::Gate(_) => Kind::Gate,
        Value::Checklist(_) => Kind::Checklist,
        Value::Stage(_) => Kind::Stage,
        Value::Approval(_) => Kind::Approval,
        Value::Decision(_) => Kind::Decision,
        _ => return None,
    })
}

fn is_version(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 128
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".+-_".contains(c))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn is_url(text: &str) -> bool {
    ["https://", "http://"]
        .iter()
        .any(|p| text.len() > p.len() && text.starts_with(p))
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}
