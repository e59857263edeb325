//! Values as programs for `jq`: arithmetic, choices, texts and JSON over variables of the step.
//!
//! A program holds only text that was known at compile time, as JSON strings without `'` and without `${{`; everything else is an
//! argument. Called by `values` and `conds`.

use crate::emit::github::lower::conds;
use crate::emit::github::lower::values::{Kind, Vars, value_kind};
use crate::emit::github::script::Program;
use crate::model::{Func, Release, Sym, SymOp, Text, TextPart, Value};
use crate::source::Rational;

/// A value as the program that prints it as text.
pub fn text(vars: &mut Vars<'_, '_>, value: &Value) -> Program {
    let text = text_of(vars, value);
    finish(vars, text)
}

/// A value as the program that prints it as JSON.
pub fn json(vars: &mut Vars<'_, '_>, value: &Value) -> Program {
    let text = json_of(vars, value);
    finish(vars, text)
}

/// A program with the variables it reads.
pub fn finish(vars: &Vars<'_, '_>, text: String) -> Program {
    let names = vars.env.iter().map(|(n, _)| n);
    let computed = vars.compute.iter().map(|c| &c.name);
    let args = names
        .chain(computed)
        .filter(|n| reads(&text, n))
        .cloned()
        .collect();
    Program {
        text,
        args,
        decides: None,
        word: None,
    }
}

/// Whether a program reads a variable.
fn reads(text: &str, name: &str) -> bool {
    let wanted = format!("${name}");
    text.match_indices(&wanted)
        .any(|(i, _)| !text[i + wanted.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
}

/// A text that was known at compile time, as a string of `jq`.
pub fn string(text: &str) -> String {
    let quoted = serde_json::Value::String(text.to_string()).to_string();
    quoted
        .replace('\'', "\\u0027")
        .replace("${{", "\\u0024{{")
        .replace('$', "\\u0024")
}

/// A value as an expression that is a text.
pub fn text_of(vars: &mut Vars<'_, '_>, value: &Value) -> String {
    match value {
        Value::Text(t) => joined(vars, t),
        Value::Sym(s) => match value_kind(vars.release(), value) {
            Kind::Percent if vars.base(s).is_none() => {
                format!("({} * 100 | tostring + \"%\")", number_of(vars, value))
            }
            Kind::Duration if vars.base(s).is_none() => {
                format!("({} | tostring + \"ms\")", number_of(vars, value))
            }
            Kind::Text | Kind::Version | Kind::Percent | Kind::Duration | Kind::Flag => sym_text(vars, s),
            Kind::Number => format!("({} | tostring)", number_of(vars, value)),
        },
        Value::List(list) => {
            let items: Vec<_> = list.iter().map(|v| text_of(vars, v)).collect();
            format!("([{}] | join(\" \"))", items.join(", "))
        }
        Value::Object(_) => format!("({} | tostring)", json_of(vars, value)),
        v => string(&constant(vars.release(), v)),
    }
}

fn joined(vars: &mut Vars<'_, '_>, text: &Text) -> String {
    let parts: Vec<_> = text
        .parts
        .iter()
        .map(|p| match p {
            TextPart::Lit(l) => string(l),
            TextPart::Sym(s) => text_of(vars, &Value::Sym(s.clone())),
        })
        .collect();
    match parts.len() {
        0 => "\"\"".to_string(),
        1 => parts.concat(),
        _ => format!("({})", parts.join(" + ")),
    }
}

fn sym_text(vars: &mut Vars<'_, '_>, sym: &Sym) -> String {
    if let Sym::Capture(c) = sym
        && *c == crate::model::Channel::MESSAGE
    {
        let message = vars.message.clone().unwrap_or_default();
        return joined(vars, &message);
    }
    if let Some(base) = vars.base(sym) {
        return format!("${}", vars.variable(base));
    }
    match sym {
        Sym::Call(Func::Join, args) => {
            let items = match args.first() {
                Some(Value::List(list)) => {
                    let items: Vec<_> = list.iter().map(|v| text_of(vars, v)).collect();
                    items.join(", ")
                }
                Some(v) => text_of(vars, v),
                None => String::new(),
            };
            let by = args
                .get(1)
                .map_or_else(|| "\" \"".to_string(), |v| text_of(vars, v));
            format!("([{items}] | join({by}))")
        }
        Sym::Call(Func::Lower, args) => {
            let of = args
                .first()
                .map_or_else(|| "\"\"".to_string(), |v| text_of(vars, v));
            format!("({of} | ascii_downcase)")
        }
        Sym::If(cond, a, b) => {
            let cond = conds::expression(vars, cond);
            format!(
                "(if {cond} then {} else {} end)",
                text_of(vars, a),
                text_of(vars, b)
            )
        }
        Sym::Op(SymOp::Add, a, b) => format!("({} + {})", text_of(vars, a), text_of(vars, b)),
        other => format!("({} | tostring)", number_of(vars, &Value::Sym(other.clone()))),
    }
}

/// A value as an expression that is a number: shares as fractions, durations in milliseconds.
pub fn number_of(vars: &mut Vars<'_, '_>, value: &Value) -> String {
    match value {
        Value::Int(n) => n.to_string(),
        Value::Number(n) | Value::Percent(n) => n.decimal(),
        Value::Dur(d) => d.as_ms().to_string(),
        Value::Offset(o) => o.after.as_ms().to_string(),
        Value::Sym(s) => sym_number(vars, s),
        v => format!("({} | tonumber)", text_of(vars, v)),
    }
}

fn sym_number(vars: &mut Vars<'_, '_>, sym: &Sym) -> String {
    let value = Value::Sym(sym.clone());
    if let Some(base) = vars.base(sym) {
        let name = format!("${}", vars.variable(base));
        return match value_kind(vars.release(), &value) {
            Kind::Percent => format!(
                "({name} | if endswith(\"%\") then (rtrimstr(\"%\") | tonumber) / 100 else tonumber end)"
            ),
            Kind::Duration => format!(
                "([{name} | scan(\"([0-9.]+)(ms|wd|d|h|m|s)\") | (.[0] | tonumber) * {{ms: 1, s: 1000, m: 60000, h: 3600000, d: 86400000, wd: 86400000}}[.[1]]] | add)"
            ),
            _ => format!("({name} | tonumber)"),
        };
    }
    let arg = |args: &[Value], i: usize| args.get(i).cloned().unwrap_or(Value::Int(0));
    match sym {
        Sym::Call(Func::Fraction, args) => {
            let of = arg(args, 0);
            number_of(vars, &of)
        }
        Sym::Call(f @ (Func::Major | Func::Minor | Func::Patch), args) => {
            let of = arg(args, 0);
            let place = match f {
                Func::Major => 0,
                Func::Minor => 1,
                _ => 2,
            };
            format!(
                "({} | ltrimstr(\"v\") | split(\"+\")[0] | split(\"-\")[0] | split(\".\")[{place}] // \"0\" | tonumber)",
                text_of(vars, &of)
            )
        }
        Sym::Call(Func::Len, args) => match arg(args, 0) {
            Value::List(l) => l.len().to_string(),
            v => format!("({} | length)", text_of(vars, &v)),
        },
        Sym::If(cond, a, b) => {
            let cond = conds::expression(vars, cond);
            format!(
                "(if {cond} then {} else {} end)",
                number_of(vars, a),
                number_of(vars, b)
            )
        }
        Sym::Op(op, a, b) => {
            let sign = match op {
                SymOp::Add => "+",
                SymOp::Sub => "-",
                SymOp::Mul => "*",
                SymOp::Div => "/",
            };
            // Binary fractions are rounded away, so that 0.1 + 0.2 prints 0.3.
            format!(
                "({} {sign} {} | . * 1e9 | round / 1e9)",
                number_of(vars, a),
                number_of(vars, b)
            )
        }
        _ => format!("({} | tonumber)", text_of(vars, &value)),
    }
}

/// A value as an expression that is JSON.
pub fn json_of(vars: &mut Vars<'_, '_>, value: &Value) -> String {
    match value {
        Value::Bool(b) => b.to_string(),
        Value::Int(_) | Value::Number(_) => number_of(vars, value),
        Value::List(list) => {
            let items: Vec<_> = list.iter().map(|v| json_of(vars, v)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(k, v)| {
                    let key = match k.known() {
                        Some(known) => string(known),
                        None => format!("({})", joined(vars, k)),
                    };
                    format!("{key}: {}", json_of(vars, v))
                })
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Sym(Sym::If(cond, a, b)) => {
            let cond = conds::expression(vars, cond);
            format!(
                "(if {cond} then {} else {} end)",
                json_of(vars, a),
                json_of(vars, b)
            )
        }
        Value::Sym(s) => match value_kind(vars.release(), value) {
            Kind::Number => sym_number(vars, s),
            Kind::Flag => format!("({} == \"true\")", sym_text(vars, s)),
            _ => text_of(vars, value),
        },
        v => text_of(vars, v),
    }
}

/// A value that was known at compile time, as a text.
pub fn constant(release: &Release, value: &Value) -> String {
    match value {
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Number(n) => n.decimal(),
        Value::Percent(p) => p
            .checked_mul(Rational::int(100))
            .map_or_else(|| p.decimal(), |p| format!("{}%", p.decimal())),
        Value::Dur(d) => d.to_string(),
        Value::Text(t) => t.known().unwrap_or_default().to_string(),
        Value::Date(d) => d.to_string(),
        Value::DateTime(c) => c.at.to_string(),
        Value::Time(t) => t.strftime("%H:%M").to_string(),
        Value::Offset(o) => format!("T+{}", o.after),
        Value::Person(p) => release.person(*p).name.to_string(),
        Value::Role(x) => release.role(*x).name.to_string(),
        Value::Env(e) => release.env(*e).name.to_string(),
        Value::Artifact(a) => release.artifact(*a).name.to_string(),
        Value::Channel(c) => release.channel(*c).name.to_string(),
        Value::Calendar(c) => release.calendar_of(*c).name.to_string(),
        Value::Metric(m) => release.metric(*m).name.to_string(),
        Value::Gate(g) => release.gate(*g).name.to_string(),
        Value::Checklist(c) => release.checklist(*c).name.to_string(),
        Value::Stage(s) => release.stage(*s).name.to_string(),
        Value::Approval(a) => release.approval(*a).name.to_string(),
        Value::Decision(d) => release.decision(*d).name.to_string(),
        Value::List(l) => {
            let items: Vec<_> = l.iter().map(|v| constant(release, v)).collect();
            items.join(" ")
        }
        Value::Object(_) | Value::Sym(_) => String::new(),
    }
}
