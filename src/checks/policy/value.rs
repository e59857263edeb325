//! What expressions of a policy come to.
//!
//! Called by the evaluator and its fields.

use crate::model::{
    ApprovalId, ArtifactId, ChecklistId, DecisionId, Dur, EnvId, GateId, Key, MetricId, PersonId, Release,
    RoleId, StageId, Value,
};
use crate::source::Rational;
use smol_str::SmolStr;
use std::cmp::Ordering;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum V {
    /// The plan does not say it.
    Absent,
    /// Known when the run starts only.
    Unknown,
    /// `true`, `false`
    Bool(bool),
    /// A number; shares are fractions.
    Number(Rational),
    /// A share.
    Percent(Rational),
    /// A duration.
    Dur(Dur),
    /// A text.
    Text(String),
    /// A word of the language.
    Word(SmolStr),
    /// A key of what is touched.
    Key(Key),
    /// A date, a time or an offset, as it is ordered.
    Moment(i64, String),
    /// Something the plan speaks of.
    Thing(Thing),
    /// Several.
    List(Vec<V>),
}

/// Something a plan speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing {
    Release,
    Change,
    Window,
    Tested,
    Stage(StageId),
    Rollout(StageId),
    Rollback(StageId),
    OnFailure(StageId),
    Approval(ApprovalId),
    Gate(GateId),
    Decision(DecisionId),
    Person(PersonId),
    Role(RoleId),
    Env(EnvId),
    Artifact(ArtifactId),
    Checklist(ChecklistId),
    Metric(MetricId),
}

impl Thing {
    /// What the plan calls it.
    pub(super) fn name(self, r: &Release) -> &str {
        match self {
            Thing::Release => &r.name,
            Thing::Change => "change",
            Thing::Window => "window",
            Thing::Tested => "tested",
            Thing::Stage(s) | Thing::Rollout(s) | Thing::Rollback(s) | Thing::OnFailure(s) => {
                &r.stage(s).name
            }
            Thing::Approval(a) => &r.approval(a).name,
            Thing::Gate(g) => &r.gate(g).name,
            Thing::Decision(d) => &r.decision(d).name,
            Thing::Person(p) => &r.person(p).name,
            Thing::Role(x) => &r.role(x).name,
            Thing::Env(e) => &r.env(e).name,
            Thing::Artifact(a) => &r.artifact(a).name,
            Thing::Checklist(c) => &r.checklist(c).name,
            Thing::Metric(m) => &r.metric(m).name,
        }
    }

    /// What kind of thing it is, for a sentence.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Thing::Release => "the release",
            Thing::Change => "the change",
            Thing::Window => "the window",
            Thing::Tested => "a rehearsal",
            Thing::Stage(_) => "a stage",
            Thing::Rollout(_) => "a rollout",
            Thing::Rollback(_) => "a rollback",
            Thing::OnFailure(_) => "an `on_failure`",
            Thing::Approval(_) => "an approval",
            Thing::Gate(_) => "a gate",
            Thing::Decision(_) => "a decision",
            Thing::Person(_) => "a person",
            Thing::Role(_) => "a role",
            Thing::Env(_) => "an environment",
            Thing::Artifact(_) => "an artifact",
            Thing::Checklist(_) => "a checklist",
            Thing::Metric(_) => "a metric",
        }
    }
}

impl V {
    /// A value of the model.
    pub(super) fn of(value: &Value) -> V {
        match value {
            Value::Bool(b) => V::Bool(*b),
            Value::Int(n) => V::Number(Rational::int(*n)),
            Value::Number(n) => V::Number(*n),
            Value::Percent(p) => V::Percent(*p),
            Value::Dur(d) => V::Dur(*d),
            Value::Text(t) => t.known().map_or(V::Unknown, |t| V::Text(t.to_string())),
            Value::Date(d) => V::Moment(days(*d), d.to_string()),
            Value::DateTime(c) => V::Moment(minutes(c.at), c.at.to_string()),
            Value::Time(t) => V::Moment(i64::from(t.hour()) * 60 + i64::from(t.minute()), t.to_string()),
            Value::Offset(o) => V::Dur(o.after),
            Value::List(l) => V::List(l.iter().map(V::of).collect()),
            Value::Person(p) => V::Thing(Thing::Person(*p)),
            Value::Role(r) => V::Thing(Thing::Role(*r)),
            Value::Env(e) => V::Thing(Thing::Env(*e)),
            Value::Artifact(a) => V::Thing(Thing::Artifact(*a)),
            Value::Metric(m) => V::Thing(Thing::Metric(*m)),
            Value::Gate(g) => V::Thing(Thing::Gate(*g)),
            Value::Checklist(c) => V::Thing(Thing::Checklist(*c)),
            Value::Stage(s) => V::Thing(Thing::Stage(*s)),
            Value::Approval(a) => V::Thing(Thing::Approval(*a)),
            Value::Decision(d) => V::Thing(Thing::Decision(*d)),
            Value::Object(_) | Value::Sym(_) | Value::Channel(_) | Value::Calendar(_) => V::Unknown,
        }
    }

    /// The same as a condition; `None` when that is not known.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            V::Absent => Some(false),
            V::Unknown => None,
            V::Bool(b) => Some(*b),
            V::List(l) => Some(!l.is_empty()),
            V::Text(t) => Some(!t.is_empty()),
            _ => Some(true),
        }
    }

    /// Whether two values are the same; `None` when that is not known.
    pub(super) fn same(&self, other: &V, r: &Release) -> Option<bool> {
        Some(match (self, other) {
            (V::Unknown, _) | (_, V::Unknown) => return None,
            (V::Thing(t), V::Word(w)) | (V::Word(w), V::Thing(t)) => {
                let kind = match t {
                    Thing::Env(e) => Some(r.env(*e).kind.word()),
                    _ => None,
                };
                t.name(r) == w || kind == Some(w.as_str())
            }
            (V::Text(t), V::Word(w)) | (V::Word(w), V::Text(t)) => t == w.as_str(),
            (V::Key(k), V::Text(t)) | (V::Text(t), V::Key(k)) => k.0.known() == Some(t),
            (V::List(a), V::List(b)) => {
                if a.len() != b.len() {
                    return Some(false);
                }
                let mut all = Some(true);
                for (x, y) in a.iter().zip(b) {
                    match x.same(y, r) {
                        Some(false) => return Some(false),
                        None => all = None,
                        Some(true) => {}
                    }
                }
                return all;
            }
            (a, b) => a.order(b) == Some(Ordering::Equal) || a == b,
        })
    }

    /// Which of two is larger; `None` when they cannot be compared.
    pub(super) fn order(&self, other: &V) -> Option<Ordering> {
        match (self, other) {
            (V::Number(a) | V::Percent(a), V::Number(b) | V::Percent(b)) => Some(a.cmp(b)),
            (V::Dur(a), V::Dur(b)) => Some(a.as_ms().cmp(&b.as_ms())),
            (V::Moment(a, _), V::Moment(b, _)) => Some(a.cmp(b)),
            (V::Text(a), V::Text(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// The value in words.
    pub(super) fn show(&self, r: &Release) -> String {
        match self {
            V::Absent => "not said".to_string(),
            V::Unknown => "known at run time only".to_string(),
            V::Bool(b) => b.to_string(),
            V::Number(n) => n.decimal(),
            V::Percent(p) => p
                .checked_mul(Rational::int(100))
                .map_or_else(|| p.decimal(), |p| format!("{p}%")),
            V::Dur(d) => d.to_string(),
            V::Text(t) => format!("`{t}`"),
            V::Word(w) => format!("`{w}`"),
            V::Key(k) => {
                k.0.known()
                    .map_or_else(|| "a key".to_string(), |k| format!("`{k}`"))
            }
            V::Moment(_, shown) => shown.clone(),
            V::Thing(t) => format!("`{}`", t.name(r)),
            V::List(l) if l.is_empty() => "empty".to_string(),
            V::List(l) => {
                let mut shown: Vec<String> = l.iter().take(5).map(|v| v.show(r)).collect();
                if l.len() > shown.len() {
                    shown.push(format!("{} more", l.len() - shown.len()));
                }
                shown.join(", ")
            }
        }
    }
}

/// Days since the year 0, for order.
pub(super) fn days(date: jiff::civil::Date) -> i64 {
    i64::from(date.year()) * 372 + i64::from(date.month()) * 31 + i64::from(date.day())
}

/// Minutes, for order.
pub(super) fn minutes(at: jiff::civil::DateTime) -> i64 {
    days(at.date()) * 1440 + i64::from(at.hour()) * 60 + i64::from(at.minute())
}
