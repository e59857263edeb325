//! Expressions and state machines as text.
//!
//! The only place of this target where JSONata is spelled. A text of the plan leaves here as a JSON string that no engine
//! reads as an expression, or as a JSONata string literal.

use super::expr::{Data, Expr, Part};
use super::model::Machine;
use crate::source::{is_hidden, visible_json};
use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// What opens an expression inside a JSON string.
const OPEN: &str = "{%";
/// What closes it.
const CLOSE: &str = "%}";

/// The file of a state machine: keys in the order of the model, two spaces of indentation, a final newline.
pub fn machine(machine: &Machine) -> String {
    let json = serde_json::to_string_pretty(machine).expect("internal: a state machine is plain data");
    let mut text = visible_json(&json);
    text.push('\n');
    text
}

/// The bytes of that file, which is not kept.
pub fn size(machine: &Machine) -> usize {
    let mut bytes = Bytes(1);
    let printed = serde_json::to_writer_pretty(&mut bytes, machine);
    printed.expect("internal: a state machine is plain data");
    bytes.0
}

/// Counts what would be written.
struct Bytes(usize);

impl std::io::Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // What is written at once is whole: a text is cut at quotes and what else JSON escapes, never inside a character.
        let text = std::str::from_utf8(bytes).map_err(std::io::Error::other)?;
        let escaped = |c: char| c.len_utf16() * "\\u0000".len() - c.len_utf8();
        let hidden = text.chars().filter(|c| *c != '\n' && is_hidden(*c));
        self.0 += bytes.len() + hidden.map(escaped).sum::<usize>();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The source of an expression, without brackets.
pub fn source(e: &Expr) -> String {
    let mut out = String::new();
    write(e, 0, &mut out);
    out
}

/// How tightly an operator binds; a weaker one inside a stronger one needs parentheses.
fn power(sign: &str) -> u8 {
    match sign {
        "or" => 2,
        "and" => 3,
        "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" => 4,
        "&" | "+" | "-" => 5,
        _ => 6,
    }
}

fn write(e: &Expr, outer: u8, out: &mut String) {
    match e {
        Expr::Str(s) => out.push_str(&literal(s)),
        Expr::Num(n) => out.push_str(n),
        Expr::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Expr::Null => out.push_str("null"),
        Expr::Var(v) => {
            out.push('$');
            out.push_str(v);
        }
        Expr::Path(base, parts) => write_path(base, parts, out),
        Expr::Call(name, args) => {
            out.push('$');
            out.push_str(name);
            write_list(args, "(", ")", out);
        }
        Expr::Op(sign, a, b) => {
            let mine = power(sign);
            let open = mine < outer;
            if open {
                out.push('(');
            }
            // Comparisons do not chain, and `-` is not associative: the right side always binds tighter.
            write(a, if mine == 4 { 5 } else { mine }, out);
            out.push(' ');
            out.push_str(sign);
            out.push(' ');
            write(
                b,
                if matches!(*sign, "and" | "or" | "&") {
                    mine
                } else {
                    mine + 1
                },
                out,
            );
            if open {
                out.push(')');
            }
        }
        Expr::If(c, a, b) => {
            if outer > 0 {
                out.push('(');
            }
            write(c, 2, out);
            out.push_str(" ? ");
            write(a, 2, out);
            out.push_str(" : ");
            write(b, 2, out);
            if outer > 0 {
                out.push(')');
            }
        }
        Expr::List(list) => write_list(list, "[", "]", out),
        Expr::Object(members) => {
            out.push('{');
            for (i, (k, v)) in members.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write(k, 1, out);
                out.push_str(": ");
                write(v, 1, out);
            }
            out.push('}');
        }
        Expr::Regex(r) => {
            out.push('/');
            out.push_str(r);
            out.push('/');
        }
        Expr::Lambda(function, list, name, body) => {
            out.push('$');
            out.push_str(function);
            out.push('(');
            write(list, 1, out);
            out.push_str(", function($");
            out.push_str(name);
            out.push_str(") { ");
            write(body, 0, out);
            out.push_str(" })");
        }
        Expr::Block(bindings, value) => {
            out.push('(');
            for (name, v) in bindings {
                out.push('$');
                out.push_str(name);
                out.push_str(" := ");
                write(v, 1, out);
                out.push_str("; ");
            }
            write(value, 0, out);
            out.push(')');
        }
    }
}

fn write_path(base: &Expr, parts: &[Part], out: &mut String) {
    write(base, 9, out);
    for part in parts {
        match part {
            Part::Name(n) => {
                out.push('.');
                if is_name(n) {
                    out.push_str(n);
                } else {
                    out.push_str(&literal(n));
                }
            }
            Part::Index(i) => {
                out.push('[');
                out.push_str(&i.to_string());
                out.push(']');
            }
            Part::Where(member, text) => {
                out.push('[');
                out.push_str(member);
                out.push_str(" = ");
                out.push_str(&literal(text));
                out.push(']');
            }
        }
    }
}

fn write_list(list: &[Expr], open: &str, close: &str, out: &mut String) {
    out.push_str(open);
    for (i, e) in list.iter().enumerate() {
        out.push_str(if i > 0 { ", " } else { "" });
        write(e, 1, out);
    }
    out.push_str(close);
}

/// Whether a member can be named without quotes: a plain name that is no word of the language.
fn is_name(n: &str) -> bool {
    let mut chars = n.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !matches!(n, "and" | "or" | "in" | "null" | "true" | "false" | "function")
}

/// A text as a string literal. A percent sign or brace that could meet another to close or open an expression is escaped.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '%' => out.push_str("\\u0025"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// An expression inside a JSON string.
pub fn bracketed(e: &Expr) -> String {
    format!("{OPEN} {} {CLOSE}", source(e))
}

/// A text as a JSON string: one that could be taken for an expression is made one that says the text.
fn plain(text: &str) -> String {
    if text.trim_start().starts_with(OPEN) {
        bracketed(&Expr::str(text))
    } else {
        text.to_string()
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Data::Null => s.serialize_unit(),
            Data::Bool(b) => s.serialize_bool(*b),
            Data::Num(n) => n.serialize(s),
            Data::Str(t) => s.serialize_str(&plain(t)),
            Data::List(l) => {
                let mut seq = s.serialize_seq(Some(l.len()))?;
                for d in l {
                    seq.serialize_element(d)?;
                }
                seq.end()
            }
            Data::Object(o) => {
                let mut map = s.serialize_map(Some(o.len()))?;
                for (k, v) in o {
                    map.serialize_entry(k, v)?;
                }
                map.end()
            }
            Data::Expr(e) => s.serialize_str(&bracketed(e)),
            Data::Source(t) => s.serialize_str(&format!("{OPEN} {t} {CLOSE}")),
        }
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Data, D::Error> {
        serde_json::Value::deserialize(d).map(read)
    }
}

fn read(value: serde_json::Value) -> Data {
    match value {
        serde_json::Value::Null => Data::Null,
        serde_json::Value::Bool(b) => Data::Bool(b),
        serde_json::Value::Number(n) => Data::Num(n),
        serde_json::Value::String(s) => match s.strip_prefix(OPEN).and_then(|t| t.strip_suffix(CLOSE)) {
            Some(inner) => Data::Source(inner.trim().to_string()),
            None => Data::Str(s),
        },
        serde_json::Value::Array(a) => Data::List(a.into_iter().map(read).collect()),
        serde_json::Value::Object(o) => Data::Object(
            o.into_iter()
                .map(|(k, v)| (k, read(v)))
                .collect::<IndexMap<_, _>>(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{bracketed, literal, machine, size, source};
    use crate::emit::stepfunctions::expr::{Data, Expr};
    use crate::emit::stepfunctions::model::Machine;

    #[test]
    fn the_size_is_that_of_the_file() {
        let plain = Machine {
            comment: "a\u{7f}\u{202e}\u{e0041}é\u{1f600}\t\n\"".to_string(),
            query_language: "JSONata".to_string(),
            start_at: "b\u{feff}".to_string(),
            states: Default::default(),
        };
        assert_eq!(size(&plain), machine(&plain).len());
    }

    #[test]
    fn a_text_is_never_an_expression() {
        for text in ["{% $states.input %}", " {% 1 %}", "{%%}", "a {% b %}", "%}"] {
            let json = serde_json::to_string(&Data::str(text)).expect("prints");
            let shown: String = serde_json::from_str(&json).expect("reads");
            if shown.starts_with("{%") {
                assert_eq!(
                    shown,
                    bracketed(&Expr::str(text)),
                    "{text} became another expression"
                );
                assert!(!shown[2..shown.len() - 2].contains('%'), "{shown}");
            } else {
                assert_eq!(shown, text);
            }
        }
    }

    #[test]
    fn literals_quote_everything() {
        assert_eq!(literal("a\"b\\c\n%}"), r#""a\"b\\c\n\u0025}""#);
    }

    #[test]
    fn operators_keep_their_meaning() {
        let (a, b, c) = (Expr::var("a"), Expr::var("b"), Expr::var("c"));
        let either = Expr::any([a.clone(), b.clone()]);
        assert_eq!(source(&Expr::all([either, c.clone()])), "($a or $b) and $c");
        let minus = Expr::op(a.clone(), "-", Expr::op(b.clone(), "-", c.clone()));
        assert_eq!(source(&minus), "$a - ($b - $c)");
        let test = Expr::cond(Expr::eq(a, Expr::int(1)), Expr::str("x"), Expr::Null);
        assert_eq!(source(&Expr::op(test, "&", c)), "($a = 1 ? \"x\" : null) & $c");
    }
}
