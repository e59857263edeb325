//! Values after evaluation: constants folded, what is only known at run time kept symbolic; conditions; origins.
//!
//! Used by every part of the model. Must not know how a target writes a value.

use crate::model::{
    ApprovalId, ArtifactId, CalendarId, CaptureId, ChannelId, ChecklistId, Civil, DecisionId, Dur, EnvId,
    GateId, MetricId, Offset, ParamId, PersonId, PriorId, RoleId, StageId,
};
use crate::source::{Rational, Span};
use smol_str::SmolStr;
use std::sync::Arc;

/// Where something was written, and through which definitions it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The place a reader should look at first: in the user's own file wherever there is one.
    pub span: Span,
    /// The definitions it came through, outermost first: an action of the library, a procedure, a `for`.
    pub via: Option<Arc<Via>>,
}

/// A definition that something came through.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Via {
    /// What it is called where it is used: `lambda.shift_alias`.
    pub name: SmolStr,
    /// The statement inside the definition that this is.
    pub span: Span,
    /// The next definition inwards.
    pub next: Option<Arc<Via>>,
}

impl Origin {
    /// Something the author wrote right there.
    pub fn at(span: Span) -> Self {
        Origin { span, via: None }
    }
}

/// A text whose interpolations are folded as far as they are constant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Text {
    /// Never two literals beside each other, never an empty literal.
    pub parts: Vec<TextPart>,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TextPart {
    /// Known text.
    Lit(String),
    /// Known at run time only.
    Sym(Sym),
}

impl Text {
    /// A known text.
    pub fn lit(text: impl Into<String>) -> Self {
        let mut t = Text::default();
        t.push_lit(text);
        t
    }

    /// A text that is one symbolic value.
    pub fn sym(sym: Sym) -> Self {
        Text {
            parts: vec![TextPart::Sym(sym)],
        }
    }

    /// Appends known text.
    pub fn push_lit(&mut self, text: impl Into<String>) {
        let text = text.into();
        if text.is_empty() {
            return;
        }
        if let Some(TextPart::Lit(last)) = self.parts.last_mut() {
            last.push_str(&text);
        } else {
            self.parts.push(TextPart::Lit(text));
        }
    }

    /// Appends a symbolic value.
    pub fn push_sym(&mut self, sym: Sym) {
        self.parts.push(TextPart::Sym(sym));
    }

    /// Appends another text.
    pub fn push(&mut self, other: Text) {
        for part in other.parts {
            match part {
                TextPart::Lit(t) => self.push_lit(t),
                TextPart::Sym(s) => self.push_sym(s),
            }
        }
    }

    /// The text, when all of it is known.
    pub fn known(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [TextPart::Lit(t)] => Some(t),
            _ => None,
        }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The symbolic values in it.
    pub fn syms(&self) -> impl Iterator<Item = &Sym> {
        self.parts.iter().filter_map(|p| match p {
            TextPart::Sym(s) => Some(s),
            TextPart::Lit(_) => None,
        })
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Number(Rational),
    /// A share: `5%` is the fraction 1/20.
    Percent(Rational),
    /// A duration.
    Dur(Dur),
    /// A text, a version or a URL.
    Text(Text),
    /// A date.
    Date(jiff::civil::Date),
    /// A date and time.
    DateTime(Civil),
    /// A time of day.
    Time(jiff::civil::Time),
    /// An offset from the start.
    Offset(Offset),
    /// A list.
    List(Vec<Value>),
    /// An object, keys in the order written.
    Object(Vec<(Text, Value)>),
    /// Known at run time only.
    Sym(Sym),
    /// A person.
    Person(PersonId),
    /// A role.
    Role(RoleId),
    /// An environment.
    Env(EnvId),
    /// An artifact.
    Artifact(ArtifactId),
    /// A channel.
    Channel(ChannelId),
    /// A calendar.
    Calendar(CalendarId),
    /// A metric.
    Metric(MetricId),
    /// A gate.
    Gate(GateId),
    /// A checklist.
    Checklist(ChecklistId),
    /// A stage.
    Stage(StageId),
    /// An approval.
    Approval(ApprovalId),
    /// A decision.
    Decision(DecisionId),
}

impl Value {
    /// The symbolic values anywhere in it.
    pub fn syms(&self) -> Vec<&Sym> {
        match self {
            Value::Sym(s) => vec![s],
            Value::Text(t) => t.syms().collect(),
            Value::List(l) => l.iter().flat_map(Value::syms).collect(),
            Value::Object(o) => o
                .iter()
                .flat_map(|(k, v)| k.syms().chain(v.syms()).collect::<Vec<_>>())
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// A value that is known at run time only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sym {
    /// An input of the run.
    Param(ParamId),
    /// An output captured earlier.
    Capture(CaptureId),
    /// A state recorded just before its action.
    Prior(PriorId),
    /// The number of the attempt, from 1.
    Attempt,
    /// A built-in function of arguments that are not all known.
    Call(Func, Vec<Value>),
    /// One of two values.
    If(Box<Cond>, Box<Value>, Box<Value>),
    /// Arithmetic on numbers, or joined text for `Add` of texts.
    Op(SymOp, Box<Value>, Box<Value>),
}

/// Built-in functions that may meet unknown arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Func {
    /// A share as a number between 0 and 1.
    Fraction,
    /// The first number of a version.
    Major,
    /// The second number of a version.
    Minor,
    /// The third number of a version.
    Patch,
    /// The length of a list or text.
    Len,
    /// A list joined by a separator.
    Join,
    /// A text in lower case.
    Lower,
}

/// Arithmetic that waits for run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SymOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
}

/// A condition over parameters, decisions, outcomes and captures.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Cond {
    /// Always.
    #[default]
    True,
    /// Never.
    False,
    /// All of them.
    And(Vec<Cond>),
    /// Any of them.
    Or(Vec<Cond>),
    /// Not.
    Not(Box<Cond>),
    /// A single fact.
    Atom(Atom),
}

/// A single fact a condition can ask for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Atom {
    /// A `bool` parameter is true (choice 1; choice 0 is false), a `one_of` parameter has the word at `choice`, or an
    /// environment parameter names the environment at `choice` of its list.
    Param {
        /// The parameter.
        param: ParamId,
        /// Index into its choices.
        choice: usize,
    },
    /// A decision came out this way.
    Decision {
        /// The decision.
        decision: DecisionId,
        /// Index into its options.
        option: usize,
    },
    /// A gate or a stage came out this way.
    Outcome {
        /// What is asked about.
        subject: Subject,
        /// How it came out.
        outcome: Outcome,
    },
    /// Two values that are not both known are equal.
    Equal(Box<Value>, Box<Value>),
    /// A value that is not known stands in this relation to another (never `Equal`).
    Compare(crate::model::Comparison, Box<Value>, Box<Value>),
}

/// What an outcome is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A gate.
    Gate(GateId),
    /// A stage.
    Stage(StageId),
}

/// How a gate or a stage came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed, and the plan went on.
    Failed,
    /// It did not apply.
    NotApplicable,
}

impl Cond {
    /// Both, without needless nesting.
    #[must_use]
    pub fn and(self, other: Cond) -> Cond {
        match (self, other) {
            (Cond::True, c) | (c, Cond::True) => c,
            (Cond::False, _) | (_, Cond::False) => Cond::False,
            (Cond::And(mut a), Cond::And(b)) => {
                a.extend(b);
                Cond::And(a)
            }
            (Cond::And(mut a), c) => {
                a.push(c);
                Cond::And(a)
            }
            (c, Cond::And(mut a)) => {
                a.insert(0, c);
                Cond::And(a)
            }
            (a, b) => Cond::And(vec![a, b]),
        }
    }

    /// Either, without needless nesting.
    #[must_use]
    pub fn or(self, other: Cond) -> Cond {
        match (self, other) {
            (Cond::False, c) | (c, Cond::False) => c,
            (Cond::True, _) | (_, Cond::True) => Cond::True,
            (Cond::Or(mut a), c) => {
                a.push(c);
                Cond::Or(a)
            }
            (a, b) => Cond::Or(vec![a, b]),
        }
    }

    /// The opposite.
    #[must_use]
    pub fn negate(self) -> Cond {
        match self {
            Cond::True => Cond::False,
            Cond::False => Cond::True,
            Cond::Not(c) => *c,
            c => Cond::Not(Box::new(c)),
        }
    }

    /// Every atom, in the order written.
    pub fn atoms(&self) -> Vec<&Atom> {
        match self {
            Cond::True | Cond::False => Vec::new(),
            Cond::And(l) | Cond::Or(l) => l.iter().flat_map(Cond::atoms).collect(),
            Cond::Not(c) => c.atoms(),
            Cond::Atom(a) => vec![a],
        }
    }
}

/// A key: what an action touches, hierarchical at `:`. Parts may be unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(pub Text);

impl Key {
    /// The key as a list of parts; `None` for a part that is not wholly known.
    pub fn segments(&self) -> Vec<Option<String>> {
        let mut segments: Vec<Option<String>> = vec![Some(String::new())];
        for part in &self.0.parts {
            match part {
                TextPart::Lit(text) => {
                    for (i, piece) in text.split(':').enumerate() {
                        if i > 0 {
                            segments.push(Some(String::new()));
                        }
                        if let Some(Some(last)) = segments.last_mut() {
                            last.push_str(piece);
                        }
                    }
                }
                TextPart::Sym(_) => {
                    if let Some(last) = segments.last_mut() {
                        *last = None;
                    }
                }
            }
        }
        segments
    }

    /// Whether the two may name the same thing, or one a part of the other. Unknown parts may coincide.
    pub fn overlaps(&self, other: &Key) -> bool {
        self.segments()
            .iter()
            .zip(other.segments().iter())
            .all(|(a, b)| match (a, b) {
                (Some(a), Some(b)) => a == b,
                _ => true,
            })
    }

    /// Whether all of `other` surely lies within this key.
    pub fn covers(&self, other: &Key) -> bool {
        if self.begins(other) {
            return true;
        }
        let (mine, theirs) = (self.segments(), other.segments());
        mine.len() <= theirs.len()
            && mine
                .iter()
                .zip(theirs.iter())
                .all(|(a, b)| matches!((a, b), (Some(a), Some(b)) if a == b))
    }

    /// Whether the other key is this one, with the same unknown values in it, perhaps with more parts behind it.
    fn begins(&self, other: &Key) -> bool {
        let (mine, theirs) = (&self.0.parts, &other.0.parts);
        let Some((last, before)) = mine.split_last() else {
            return theirs.is_empty();
        };
        if theirs.len() < mine.len() || before != &theirs[..before.len()] {
            return false;
        }
        let rest = match (last, &theirs[before.len()]) {
            (TextPart::Lit(a), TextPart::Lit(b)) => b.strip_prefix(a.as_str()),
            (a, b) => (a == b).then_some(""),
        };
        let next = match (rest, theirs.get(mine.len())) {
            (None, _) => return false,
            (Some(""), None) => return true,
            (Some(""), Some(TextPart::Lit(next))) => next.as_str(),
            (Some(""), Some(TextPart::Sym(_))) => return false,
            (Some(rest), _) => rest,
        };
        next.starts_with(':')
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, ParamId, Sym, Text};

    fn key(parts: &[&str]) -> Key {
        let mut text = Text::default();
        for part in parts {
            match part.strip_prefix('$') {
                Some(number) => text.push_sym(Sym::Param(ParamId::at(number.parse().unwrap_or(0)))),
                None => text.push_lit(*part),
            }
        }
        Key(text)
    }

    #[test]
    fn a_key_covers_what_lies_within_it_also_behind_an_unknown_value() {
        let flag = key(&["flag:", "$0"]);
        assert!(flag.covers(&flag));
        assert!(flag.covers(&key(&["flag:", "$0", ":actors"])));
        assert!(key(&["flag"]).covers(&flag));
        assert!(!flag.covers(&key(&["flag:", "$0", "_two"])));
        assert!(!flag.covers(&key(&["flag:", "$1", ":actors"])));
        assert!(!flag.covers(&key(&["flag:", "$0", "$1"])));
        assert!(!key(&["flag:", "$0", ":actors"]).covers(&flag));
    }
}
