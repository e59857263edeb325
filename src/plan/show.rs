//! Values of a condition as the author would write them.
//!
//! Used where a variant or a run is named. Must not know findings.

use crate::model::{CaptureSource, Key, Release, Sym, Text, TextPart, Value};

/// A value in words: constants as written, what is known at run time by its name.
pub fn value(release: &Release, value: &Value) -> String {
    match value {
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Number(n) => n.decimal(),
        Value::Percent(p) => p
            .checked_mul(crate::source::Rational::int(100))
            .map_or_else(|| p.decimal(), |p| format!("{p}%")),
        Value::Dur(d) => d.to_string(),
        Value::Text(t) => text(release, t),
        Value::Date(d) => d.to_string(),
        Value::DateTime(c) => c.at.to_string(),
        Value::Time(t) => t.to_string(),
        Value::Sym(s) => sym(release, s),
        Value::Env(e) => release.env(*e).name.to_string(),
        Value::Stage(s) => release.stage(*s).name.to_string(),
        Value::Role(r) => release.role(*r).name.to_string(),
        Value::Person(p) => release.person(*p).name.to_string(),
        Value::List(list) => {
            let items: Vec<String> = list.iter().map(|v| self::value(release, v)).collect();
            format!("[{}]", items.join(", "))
        }
        _ => "…".to_string(),
    }
}

/// A key as the author would write it, without quotes: `lambda:${function}`.
pub fn key(release: &Release, key: &Key) -> String {
    let parts = key.0.parts.iter().map(|p| match p {
        TextPart::Lit(t) => t.clone(),
        TextPart::Sym(s) => format!("${{{}}}", sym(release, s)),
    });
    parts.collect()
}

/// A text as people read it: what is known at run time by its name, `‹version›`, as in the documents.
pub fn prose(release: &Release, text: &Text) -> String {
    let part = |p: &TextPart| match p {
        TextPart::Lit(t) => t.clone(),
        TextPart::Sym(s) => format!("‹{}›", sym(release, s)),
    };
    text.parts.iter().map(part).collect()
}

/// A text with what is known at run time by its name: `"v${version}"`.
fn text(release: &Release, text: &Text) -> String {
    if let [TextPart::Sym(s)] = text.parts.as_slice() {
        return sym(release, s);
    }
    let parts = text.parts.iter().map(|p| match p {
        TextPart::Lit(t) => t.clone(),
        TextPart::Sym(s) => format!("${{{}}}", sym(release, s)),
    });
    format!("\"{}\"", parts.collect::<String>())
}

/// What is known at run time, by its name.
fn sym(release: &Release, sym: &Sym) -> String {
    match sym {
        Sym::Param(p) => release.param(*p).name.to_string(),
        Sym::Capture(c) if c.index() < release.captures.len() => {
            let capture = release.capture(*c);
            let owner = match capture.source {
                CaptureSource::Stage(s) => &release.stage(s).name,
                CaptureSource::Hold(h) => &release.hold(h).name,
                CaptureSource::Decision(d) => &release.decision(d).name,
                CaptureSource::Gate(g) => &release.gate(g).name,
            };
            format!("{owner}.{}", capture.name)
        }
        Sym::Prior(p) => release.prior(*p).name.to_string(),
        Sym::Attempt => "attempt".to_string(),
        _ => "…".to_string(),
    }
}
