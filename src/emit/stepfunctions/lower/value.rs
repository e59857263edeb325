//! Values, texts and conditions of the plan as JSON and JSONata.
//!
//! Everything a person wrote stays data. Must not know which state it stands in. Used by every part of `lower`.

use super::Lower;
use super::vars::{Scope, TOP};
use crate::emit::parts::Test;
use crate::emit::stepfunctions::expr::{Data, Expr, Part};
use crate::model::{
    Atom, CaptureId, CaptureType, Channel, Comparison, Cond, Dur, Extract, Func, Outcome, ParamType, Subject,
    Sym, SymOp, Text, TextPart, Value,
};
use crate::source::Rational;
use indexmap::IndexMap;

/// What a symbolic value holds while the machine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A share, held as the text `5%`.
    Percent,
    /// `true` or `false`.
    Bool,
    /// A list.
    List,
}

impl Lower<'_> {
    /// A text as JSON.
    pub fn text(&self, text: &Text, scope: Scope) -> Data {
        Data::from(self.text_expr(text, scope))
    }

    /// A text as an expression.
    pub fn text_expr(&self, text: &Text, scope: Scope) -> Expr {
        Expr::concat(
            text.parts
                .iter()
                .map(|p| match p {
                    TextPart::Lit(t) => Expr::str(t.as_str()),
                    TextPart::Sym(s) => self.sym_text(s, scope),
                })
                .collect(),
        )
    }

    /// A text for people: what is not known yet by its name.
    pub fn shown(&self, text: &Text) -> String {
        text.parts
            .iter()
            .map(|p| match p {
                TextPart::Lit(t) => t.clone(),
                TextPart::Sym(Sym::Param(p)) => self.release.param(*p).name.to_string(),
                TextPart::Sym(Sym::Capture(c)) if *c != Channel::MESSAGE => {
                    self.release.capture(*c).name.to_string()
                }
                TextPart::Sym(Sym::Prior(p)) => self.release.prior(*p).name.to_string(),
                TextPart::Sym(_) => "..".to_string(),
            })
            .collect()
    }

    /// A value as JSON, expressions where it is not known yet.
    pub fn data(&self, value: &Value, scope: Scope) -> Data {
        match value {
            Value::Bool(b) => Data::Bool(*b),
            Value::Int(n) => Data::int(*n),
            Value::Number(n) | Value::Percent(n) => Data::from(number(*n)),
            Value::Text(t) => self.text(t, scope),
            Value::List(l) => Data::List(l.iter().map(|v| self.data(v, scope)).collect()),
            Value::Object(members) if members.iter().all(|(k, _)| k.known().is_some()) => {
                let mut object = IndexMap::new();
                for (k, v) in members {
                    object.insert(k.known().unwrap_or_default().to_string(), self.data(v, scope));
                }
                Data::Object(object)
            }
            Value::Object(_) | Value::Sym(_) => Data::from(self.value_expr(value, scope)),
            other => Data::Str(self.constant_text(other)),
        }
    }

    /// A value as an expression.
    pub fn value_expr(&self, value: &Value, scope: Scope) -> Expr {
        match value {
            Value::Bool(b) => Expr::Bool(*b),
            Value::Int(n) => Expr::int(*n),
            Value::Number(n) | Value::Percent(n) => number(*n),
            Value::Text(t) => self.text_expr(t, scope),
            Value::List(l) => Expr::List(l.iter().map(|v| self.value_expr(v, scope)).collect()),
            Value::Object(members) => Expr::Object(
                members
                    .iter()
                    .map(|(k, v)| (self.text_expr(k, scope), self.value_expr(v, scope)))
                    .collect(),
            ),
            Value::Sym(s) => self.sym_value(s, scope),
            other => Expr::Str(self.constant_text(other)),
        }
    }

    /// A value as a text, as a command's environment wants it.
    pub fn value_text(&self, value: &Value, scope: Scope) -> Data {
        match value {
            Value::Sym(s) => Data::from(self.sym_text(s, scope)),
            Value::Text(t) => self.text(t, scope),
            Value::List(l) if l.iter().any(|v| !v.syms().is_empty()) => {
                let words = l.iter().map(|v| self.value_text(v, scope).into_expr()).collect();
                Data::Expr(Expr::Call("join", vec![Expr::List(words), Expr::str(" ")]))
            }
            Value::Object(_) => match self.data(value, scope) {
                d if d.is_constant() => Data::Str(serde_json::to_string(&d).unwrap_or_default()),
                d => Data::Expr(Expr::Call("string", vec![d.into_expr()])),
            },
            other => Data::Str(self.constant_text(other)),
        }
    }

    fn constant_text(&self, value: &Value) -> String {
        let r = self.release;
        match value {
            Value::Bool(b) => b.to_string(),
            Value::Int(n) => n.to_string(),
            Value::Number(n) => n.decimal(),
            Value::Percent(n) => percent(*n),
            Value::Dur(d) => d.to_string(),
            Value::Text(t) => t.known().map_or_else(|| self.shown(t), str::to_string),
            Value::Date(d) => d.to_string(),
            Value::DateTime(c) => c.at.to_string(),
            Value::Time(t) => t.to_string(),
            Value::Offset(o) => offset(o.after),
            Value::List(l) => l
                .iter()
                .map(|v| self.constant_text(v))
                .collect::<Vec<_>>()
                .join(" "),
            Value::Object(_) | Value::Sym(_) => String::new(),
            Value::Person(p) => r.person(*p).name.to_string(),
            Value::Role(x) => r.role(*x).name.to_string(),
            Value::Env(e) => r.env(*e).name.to_string(),
            Value::Artifact(a) => r.artifact(*a).name.to_string(),
            Value::Channel(c) => r.channel(*c).name.to_string(),
            Value::Calendar(c) => r.calendar_of(*c).name.to_string(),
            Value::Metric(m) => r.metric(*m).name.to_string(),
            Value::Gate(g) => r.gate(*g).name.to_string(),
            Value::Checklist(c) => r.checklist(*c).name.to_string(),
            Value::Stage(s) => r.stage(*s).name.to_string(),
            Value::Approval(a) => r.approval(*a).name.to_string(),
            Value::Decision(d) => r.decision(*d).name.to_string(),
        }
    }

    fn sym_value(&self, sym: &Sym, scope: Scope) -> Expr {
        let held = self.held(sym);
        let raw = self.sym_raw(sym, scope);
        match held {
            Held::Percent => share(raw),
            _ => raw,
        }
    }

    fn sym_text(&self, sym: &Sym, scope: Scope) -> Expr {
        let raw = self.sym_raw(sym, scope);
        match self.held(sym) {
            Held::Text | Held::Percent => raw,
            Held::Number | Held::Bool => Expr::Call("string", vec![raw]),
            Held::List => Expr::Call("join", vec![raw, Expr::str(" ")]),
        }
    }

    fn sym_raw(&self, sym: &Sym, scope: Scope) -> Expr {
        match sym {
            Sym::Param(p) => self.input(&self.release.param(*p).name),
            Sym::Capture(c) if *c == Channel::MESSAGE => {
                self.message.clone().unwrap_or_else(|| Expr::str(""))
            }
            Sym::Capture(c) => self.captured(*c, scope),
            Sym::Prior(p) => self.prior_state(*p, scope),
            Sym::Attempt => self.vars.read("attempt", TOP),
            Sym::Call(f, args) => self.function(*f, args, scope),
            Sym::If(c, a, b) => {
                let as_text = self.held(sym) == Held::Text;
                let pick = |v: &Value| {
                    if as_text {
                        self.value_text(v, scope).into_expr()
                    } else {
                        self.value_expr(v, scope)
                    }
                };
                Expr::cond(self.cond(c, scope), pick(a), pick(b))
            }
            Sym::Op(op, a, b) => {
                if *op == SymOp::Add && self.held(sym) == Held::Text {
                    let both = [a, b].map(|v| self.value_text(v, scope).into_expr());
                    return Expr::concat(both.to_vec());
                }
                let sign = match op {
                    SymOp::Add => "+",
                    SymOp::Sub => "-",
                    SymOp::Mul => "*",
                    SymOp::Div => "/",
                };
                Expr::op(self.value_expr(a, scope), sign, self.value_expr(b, scope))
            }
        }
    }

    fn function(&self, f: Func, args: &[Value], scope: Scope) -> Expr {
        let arg = |i: usize| args.get(i).map_or(Expr::Null, |v| self.value_expr(v, scope));
        match f {
            Func::Fraction => arg(0),
            Func::Major => version_part(arg(0), 0),
            Func::Minor => version_part(arg(0), 1),
            Func::Patch => version_part(arg(0), 2),
            Func::Len => match args.first() {
                Some(Value::Sym(s)) if self.held(s) != Held::List => Expr::Call("length", vec![arg(0)]),
                Some(Value::Text(_)) => Expr::Call("length", vec![arg(0)]),
                _ => Expr::Call("count", vec![arg(0)]),
            },
            Func::Join => {
                let words = Expr::Lambda(
                    "map",
                    Box::new(arg(0)),
                    "x",
                    Box::new(Expr::Call("string", vec![Expr::var("x")])),
                );
                Expr::Call("join", vec![words, arg(1)])
            }
            Func::Lower => Expr::Call("lowercase", vec![arg(0)]),
        }
    }

    fn held(&self, sym: &Sym) -> Held {
        match sym {
            Sym::Param(p) => held_param(&self.release.param(*p).ty),
            Sym::Capture(c) => self.held_capture(*c),
            Sym::Prior(_) => Held::Text,
            Sym::Attempt => Held::Number,
            Sym::Call(f, _) => match f {
                Func::Join | Func::Lower => Held::Text,
                _ => Held::Number,
            },
            Sym::If(_, a, b) => match (self.held_value(a), self.held_value(b)) {
                (x, y) if x == y && x != Held::Percent => x,
                (Held::Percent, Held::Percent) => Held::Number,
                _ => Held::Text,
            },
            Sym::Op(SymOp::Add, a, b) => match (self.held_value(a), self.held_value(b)) {
                (Held::Text, _) | (_, Held::Text) => Held::Text,
                _ => Held::Number,
            },
            Sym::Op(..) => Held::Number,
        }
    }

    fn held_value(&self, value: &Value) -> Held {
        match value {
            Value::Bool(_) => Held::Bool,
            Value::Int(_) | Value::Number(_) => Held::Number,
            Value::Percent(_) => Held::Percent,
            Value::List(_) => Held::List,
            Value::Sym(s) => self.held(s),
            _ => Held::Text,
        }
    }

    fn held_capture(&self, id: CaptureId) -> Held {
        if id == Channel::MESSAGE {
            return Held::Text;
        }
        match self.release.capture(id).ty {
            CaptureType::Int | CaptureType::Number => Held::Number,
            CaptureType::Percent => Held::Percent,
            CaptureType::Bool => Held::Bool,
            _ => Held::Text,
        }
    }

    /// An input of the run.
    pub fn input(&self, name: &str) -> Expr {
        Expr::var("inputs").parts(vec![Part::Name(name.to_string())])
    }

    /// A condition as an expression.
    pub fn cond(&self, cond: &Cond, scope: Scope) -> Expr {
        match cond {
            Cond::True => Expr::Bool(true),
            Cond::False => Expr::Bool(false),
            Cond::And(l) => Expr::all(l.iter().map(|c| self.cond(c, scope))),
            Cond::Or(l) => Expr::any(l.iter().map(|c| self.cond(c, scope))),
            Cond::Not(c) => self.cond(c, scope).negated(),
            Cond::Atom(a) => self.atom(a, scope),
        }
    }

    fn atom(&self, atom: &Atom, scope: Scope) -> Expr {
        match atom {
            Atom::Param { param, choice } => {
                let p = self.release.param(*param);
                let is = match &p.ty {
                    ParamType::Bool => Expr::Bool(*choice == 1),
                    ParamType::OneOf(words) => Expr::str(words.get(*choice).map_or("", |w| w.as_str())),
                    _ => Expr::str(
                        self.release
                            .environments
                            .get(*choice)
                            .map_or("", |e| e.name.as_str()),
                    ),
                };
                let test = Expr::eq(self.input(&p.name), is);
                self.note_test(Test::Atom(atom.clone()), &test);
                test
            }
            Atom::Decision { decision, option } => {
                let d = self.release.decision(*decision);
                let name = d.options.get(*option).map_or("", |o| o.name.as_str());
                Expr::eq(
                    self.vars.read(&self.names.decision(*decision), scope),
                    Expr::str(name),
                )
            }
            Atom::Outcome { subject, outcome } => self.outcome(*subject, *outcome, scope),
            Atom::Equal(a, b) => {
                let test = Expr::eq(self.value_expr(a, scope), self.value_expr(b, scope));
                self.note_test(Test::Atom(atom.clone()), &test);
                test
            }
            Atom::Compare(op, a, b) => {
                let test = Expr::op(self.value_expr(a, scope), sign(*op), self.value_expr(b, scope));
                self.note_test(Test::Atom(atom.clone()), &test);
                test
            }
        }
    }

    fn outcome(&self, subject: Subject, outcome: Outcome, scope: Scope) -> Expr {
        let fact = match subject {
            Subject::Gate(g) => self.names.gate(g),
            Subject::Stage(s) => self.names.stage(s),
        };
        let value = self.vars.read(&fact, scope);
        let words: &[&str] = match (subject, outcome) {
            (_, Outcome::Passed) => &["passed"],
            (Subject::Gate(_), Outcome::Failed) => &["failed"],
            (Subject::Stage(_), Outcome::Failed) => &["failed", "refused"],
            (Subject::Gate(_), Outcome::NotApplicable) => &["pending", "not_applicable"],
            (Subject::Stage(_), Outcome::NotApplicable) => &["not_applicable", "passed_by"],
        };
        one_of(value, words)
    }

    /// How a value is taken from the answer of a call.
    pub fn extracted(&self, extract: &Extract, answer: Expr) -> Expr {
        match extract {
            Extract::Output => Expr::Call("trim", vec![as_text(answer)]),
            Extract::Regex(r) => {
                let found = Expr::Call("match", vec![as_text(answer), Expr::Regex(safe_regex(r))])
                    .parts(vec![Part::Index(0)]);
                let group = found
                    .clone()
                    .parts(vec![Part::Name("groups".into()), Part::Index(0)]);
                let whole = found.parts(vec![Part::Name("match".into())]);
                Expr::cond(Expr::Call("exists", vec![group.clone()]), group, whole)
            }
            Extract::Json(path) => answer.parts(json_path(path)),
        }
    }

    /// A captured text as its type wants to be held.
    pub fn typed(&self, ty: &CaptureType, value: Expr) -> Expr {
        match ty {
            CaptureType::Int | CaptureType::Number => Expr::Call("number", vec![value]),
            CaptureType::Bool => Expr::eq(as_text(value), Expr::str("true")),
            _ => as_text(value),
        }
    }
}

/// A value is one of some words.
pub fn one_of(value: Expr, words: &[&str]) -> Expr {
    match words {
        [only] => Expr::eq(value, Expr::str(*only)),
        many => Expr::op(
            value,
            "in",
            Expr::List(many.iter().map(|w| Expr::str(*w)).collect()),
        ),
    }
}

fn as_text(value: Expr) -> Expr {
    match value {
        Expr::Str(_) => value,
        v => Expr::Call("string", vec![v]),
    }
}

/// The sign of a comparison in JSONata.
pub fn sign(op: Comparison) -> &'static str {
    match op {
        Comparison::Eq => "=",
        other => other.sign(),
    }
}

/// A number: exact as a decimal, else as the fraction it is.
pub fn number(n: Rational) -> Expr {
    let decimal = n.decimal();
    if Rational::parse(&decimal) == Some(n) {
        return Expr::Num(decimal);
    }
    let (a, b) = n.parts();
    Expr::op(Expr::Num(a.to_string()), "/", Expr::Num(b.to_string()))
}

/// `5%`
pub fn percent(share: Rational) -> String {
    let scaled = share.checked_mul(Rational::int(100)).unwrap_or(share);
    scaled.decimal() + "%"
}

fn offset(after: Dur) -> String {
    match after.as_ms() {
        0 => "T".to_string(),
        ms if ms < 0 => format!("T{after}"),
        _ => format!("T+{after}"),
    }
}

/// The number a share held as `5%` stands for.
fn share(text: Expr) -> Expr {
    let digits = Expr::Call("replace", vec![text, Expr::str("%"), Expr::str("")]);
    Expr::op(Expr::Call("number", vec![digits]), "/", Expr::int(100))
}

/// A number of a version: `1` of `v1.2.3-rc1`.
fn version_part(version: Expr, index: i64) -> Expr {
    let part = Expr::Call("split", vec![version, Expr::str(".")]).parts(vec![Part::Index(index)]);
    let digits = Expr::Call("match", vec![part, Expr::Regex("[0-9]+".into())])
        .parts(vec![Part::Index(0), Part::Name("match".into())]);
    Expr::Call("number", vec![digits])
}

fn held_param(ty: &ParamType) -> Held {
    match ty {
        ParamType::Int | ParamType::Number => Held::Number,
        ParamType::Percent => Held::Percent,
        ParamType::Bool => Held::Bool,
        ParamType::List(_) => Held::List,
        _ => Held::Text,
    }
}

/// `.items[0].id` as parts of a path.
pub fn json_path(path: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for piece in path.split('.').filter(|p| !p.is_empty()) {
        let (name, rest) = piece.split_once('[').map_or((piece, ""), |(n, r)| (n, r));
        if !name.is_empty() {
            parts.push(Part::Name(name.trim_matches('"').to_string()));
        }
        for index in rest.split('[') {
            if let Ok(i) = index.trim_end_matches(']').parse() {
                parts.push(Part::Index(i));
            }
        }
    }
    parts
}

/// A regular expression that can stand between slashes: the scanner of the language looks for the closing slash by counting
/// brackets, so a bracket, slash or backslash that stands for itself is written by its code.
pub fn safe_regex(pattern: &str) -> String {
    let mut out = String::new();
    let mut class = false;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(e) if "()[]{}/\\%\"'`".contains(e) => by_code(e, &mut out),
                Some(e) => {
                    out.push('\\');
                    out.push(e);
                }
                None => by_code('\\', &mut out),
            },
            '[' if !class => {
                class = true;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    chars.next();
                    out.push('^');
                }
                if chars.peek() == Some(&']') {
                    chars.next();
                    by_code(']', &mut out);
                }
            }
            ']' if class => {
                class = false;
                out.push(']');
            }
            '(' | ')' | '[' | '{' | '}' if class => by_code(c, &mut out),
            '/' | '%' | '"' | '\'' | '`' => by_code(c, &mut out),
            c if c.is_control() => by_code(c, &mut out),
            c => out.push(c),
        }
    }
    out
}

fn by_code(c: char, out: &mut String) {
    out.push_str(&format!("\\x{:02x}", c as u32));
}

#[cfg(test)]
mod tests {
    use super::{json_path, number, percent, safe_regex};
    use crate::emit::stepfunctions::expr::{Expr, Part};
    use crate::emit::stepfunctions::print::source;
    use crate::source::Rational;

    #[test]
    fn regular_expressions_stay_between_their_slashes() {
        assert_eq!(safe_regex(r"a/b"), r"a\x2fb");
        assert_eq!(safe_regex(r"[(]x\(y\\"), r"[\x28]x\x28y\x5c");
        assert_eq!(safe_regex(r#""statusCode": *200"#), r"\x22statusCode\x22: *200");
        assert_eq!(safe_regex("(a|b)+"), "(a|b)+");
        assert_eq!(safe_regex("[]a]"), r"[\x5da]");
    }

    #[test]
    fn paths_and_numbers() {
        let path = json_path(".items[0].id");
        assert_eq!(
            path,
            [
                Part::Name("items".into()),
                Part::Index(0),
                Part::Name("id".into())
            ]
        );
        assert_eq!(source(&number(Rational::new(1, 3).expect("a third"))), "1 / 3");
        assert_eq!(
            number(Rational::parse("0.1").expect("parses")),
            Expr::Num("0.1".into())
        );
        assert_eq!(percent(Rational::new(1, 20).expect("fits")), "5%");
    }
}
