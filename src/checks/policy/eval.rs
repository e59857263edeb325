//! Evaluates the expressions of a policy over a plan.
//!
//! Total: what is not known stays unknown, what makes no sense is a [`Fault`] that names it. Called by the checks of
//! policies.

use crate::checks::policy::fields;
use crate::checks::policy::value::{Thing, V};
use crate::diagnostic::did_you_mean;
use crate::model::{Key, Limit, PolicyExpr, PolicyOp, Text};
use crate::plan::Plan;
use crate::plan::people::Directory;
use crate::source::Rational;
use smol_str::SmolStr;
use std::cmp::Ordering;

/// Why an expression means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong.
    pub message: String,
    /// What may have been meant.
    pub hint: Option<String>,
}

/// The lists a policy can range over.
const COLLECTIONS: &[&str] = &[
    "stages",
    "approvals",
    "gates",
    "people",
    "roles",
    "environments",
    "artifacts",
    "decisions",
    "checklists",
    "release",
];

/// The functions of a policy.
const FUNCTIONS: &[&str] = &["len", "lower", "join", "major", "minor", "patch", "fraction"];

/// A plan as a policy sees it.
pub(super) struct Eval<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its people.
    pub directory: Directory<'a>,
    /// The variables, innermost last.
    pub bound: Vec<(SmolStr, V)>,
}

impl<'a> Eval<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        Eval {
            plan,
            directory: Directory::new(plan.release()),
            bound: Vec::new(),
        }
    }

    /// The value of an expression. Expressions nest no deeper than the parser lets them.
    pub(super) fn value(&self, expr: &PolicyExpr) -> Result<V, Fault> {
        match expr {
            PolicyExpr::Value(v) => Ok(V::of(v)),
            PolicyExpr::Word(w) => Ok(V::Word(w.clone())),
            PolicyExpr::Name(n) => self.name(n),
            PolicyExpr::Field(of, field) => {
                let of = self.value(of)?;
                self.field(&of, field)
            }
            PolicyExpr::Call(name, args) => {
                let args = args
                    .iter()
                    .map(|a| self.value(a))
                    .collect::<Result<Vec<_>, _>>()?;
                call(name, &args)
            }
            PolicyExpr::List(list) => Ok(V::List(
                list.iter().map(|e| self.value(e)).collect::<Result<_, _>>()?,
            )),
            PolicyExpr::Not(e) => Ok(self.value(e)?.truth().map_or(V::Unknown, |b| V::Bool(!b))),
            PolicyExpr::Op(op, a, b) => self.op(*op, a, b),
        }
    }

    fn name(&self, name: &str) -> Result<V, Fault> {
        if let Some((_, v)) = self.bound.iter().rev().find(|(n, _)| n == name) {
            return Ok(v.clone());
        }
        let r = self.plan.release();
        let all = |n: usize, f: fn(usize) -> Thing| V::List((0..n).map(|i| V::Thing(f(i))).collect());
        Ok(match name {
            "stages" => all(r.stages.len(), |i| Thing::Stage(crate::model::StageId::at(i))),
            "approvals" => all(r.approvals.len(), |i| {
                Thing::Approval(crate::model::ApprovalId::at(i))
            }),
            "gates" => all(r.gates.len(), |i| Thing::Gate(crate::model::GateId::at(i))),
            "people" => all(r.people.len(), |i| Thing::Person(crate::model::PersonId::at(i))),
            "roles" => all(r.roles.len(), |i| Thing::Role(crate::model::RoleId::at(i))),
            "environments" => all(r.environments.len(), |i| Thing::Env(crate::model::EnvId::at(i))),
            "artifacts" => all(r.artifacts.len(), |i| {
                Thing::Artifact(crate::model::ArtifactId::at(i))
            }),
            "decisions" => all(r.decisions.len(), |i| {
                Thing::Decision(crate::model::DecisionId::at(i))
            }),
            "checklists" => all(r.checklists.len(), |i| {
                Thing::Checklist(crate::model::ChecklistId::at(i))
            }),
            "release" => V::Thing(Thing::Release),
            _ => {
                let known = self
                    .bound
                    .iter()
                    .map(|(n, _)| n.as_str())
                    .chain(COLLECTIONS.iter().copied());
                return Err(Fault {
                    message: format!("a policy knows no `{name}`"),
                    hint: did_you_mean(name, known),
                });
            }
        })
    }

    fn field(&self, of: &V, field: &str) -> Result<V, Fault> {
        match of {
            V::Absent => Ok(V::Absent),
            V::Unknown => Ok(V::Unknown),
            V::Thing(thing) => fields::get(self.plan, &self.directory, *thing, field).ok_or_else(|| Fault {
                message: format!("{} has no `{field}`", thing.kind()),
                hint: did_you_mean(field, fields::names(*thing).iter().copied()),
            }),
            V::List(_) => Err(Fault {
                message: format!("a list has no `{field}`"),
                hint: Some("go through the list with `for`, or count it with `len`".to_string()),
            }),
            other => Err(Fault {
                message: format!("{} has no `{field}`", other.show(self.plan.release())),
                hint: None,
            }),
        }
    }

    fn op(&self, op: PolicyOp, a: &PolicyExpr, b: &PolicyExpr) -> Result<V, Fault> {
        let left = self.value(a)?;
        // What one side settles, the other cannot change; but both must make sense.
        let right = self.value(b)?;
        let r = self.plan.release();
        let known = |b: Option<bool>| b.map_or(V::Unknown, V::Bool);
        Ok(match op {
            PolicyOp::And => known(match (left.truth(), right.truth()) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            }),
            PolicyOp::Or => known(match (left.truth(), right.truth()) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            }),
            PolicyOp::Eq | PolicyOp::Is => known(left.same(&right, r)),
            PolicyOp::Ne => known(left.same(&right, r).map(|b| !b)),
            PolicyOp::In => known(self.contains(&left, &right)?),
            PolicyOp::Lt | PolicyOp::Le | PolicyOp::Gt | PolicyOp::Ge => match (&left, &right) {
                (V::Unknown, _) | (_, V::Unknown) => V::Unknown,
                // What is not said satisfies no bound.
                (V::Absent, _) | (_, V::Absent) => V::Bool(false),
                _ => {
                    let order = left
                        .order(&right)
                        .ok_or_else(|| self.at_odds("compared", &left, &right))?;
                    V::Bool(match op {
                        PolicyOp::Lt => order == Ordering::Less,
                        PolicyOp::Le => order != Ordering::Greater,
                        PolicyOp::Gt => order == Ordering::Greater,
                        _ => order != Ordering::Less,
                    })
                }
            },
            PolicyOp::Add | PolicyOp::Sub | PolicyOp::Mul | PolicyOp::Div => {
                if matches!(
                    (&left, &right),
                    (V::Unknown | V::Absent, _) | (_, V::Unknown | V::Absent)
                ) {
                    return Ok(V::Unknown);
                }
                arithmetic(op, &left, &right).ok_or_else(|| self.at_odds("put together", &left, &right))?
            }
        })
    }

    fn contains(&self, item: &V, list: &V) -> Result<Option<bool>, Fault> {
        let r = self.plan.release();
        match list {
            V::Unknown => Ok(None),
            V::Absent => Ok(Some(false)),
            V::List(list) => {
                let mut sure = Some(false);
                for v in list {
                    let same = match (item, v) {
                        // A key lies in what it is a part of.
                        (V::Text(t), V::Key(k)) => Some(Key(Text::lit(t.clone())).overlaps(k)),
                        _ => item.same(v, r),
                    };
                    match same {
                        Some(true) => return Ok(Some(true)),
                        None => sure = None,
                        Some(false) => {}
                    }
                }
                Ok(sure)
            }
            V::Text(t) => Ok(match item {
                V::Text(i) => Some(t.contains(i.as_str())),
                V::Unknown => None,
                _ => Some(false),
            }),
            other => Err(Fault {
                message: format!("{} is no list", other.show(r)),
                hint: None,
            }),
        }
    }

    fn at_odds(&self, what: &str, a: &V, b: &V) -> Fault {
        let r = self.plan.release();
        Fault {
            message: format!("{} and {} cannot be {what}", a.show(r), b.show(r)),
            hint: matches!((a, b), (V::List(_), _) | (_, V::List(_)))
                .then(|| "count a list with `len`".to_string()),
        }
    }
}

fn arithmetic(op: PolicyOp, a: &V, b: &V) -> Option<V> {
    let apply = |x: Rational, y: Rational| match op {
        PolicyOp::Add => x.checked_add(y),
        PolicyOp::Sub => x.checked_sub(y),
        PolicyOp::Mul => x.checked_mul(y),
        _ => x.checked_div(y),
    };
    Some(match (a, b) {
        (V::Number(x), V::Number(y)) => V::Number(apply(*x, *y)?),
        (V::Number(x) | V::Percent(x), V::Number(y) | V::Percent(y)) => V::Percent(apply(*x, *y)?),
        (V::Dur(x), V::Dur(y)) if matches!(op, PolicyOp::Add | PolicyOp::Sub) => {
            let ms = apply(Rational::int(x.as_ms()), Rational::int(y.as_ms()))?.as_int()?;
            V::Dur(crate::model::Dur { ms, working_days: 0 })
        }
        (V::Dur(x), V::Number(y)) | (V::Number(y), V::Dur(x)) if op == PolicyOp::Mul => {
            let ms = Rational::int(x.as_ms()).checked_mul(*y)?.ceil();
            V::Dur(crate::model::Dur { ms, working_days: 0 })
        }
        (V::Dur(x), V::Number(y)) if op == PolicyOp::Div => {
            let ms = Rational::int(x.as_ms()).checked_div(*y)?.ceil();
            V::Dur(crate::model::Dur { ms, working_days: 0 })
        }
        (V::Text(x), V::Text(y)) if op == PolicyOp::Add => V::Text(format!("{x}{y}")),
        (V::List(x), V::List(y)) if op == PolicyOp::Add => V::List(x.iter().chain(y).cloned().collect()),
        _ => return None,
    })
}

fn call(name: &str, args: &[V]) -> Result<V, Fault> {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let number = |n: usize| V::Number(Rational::int(count(n)));
    Ok(match (name, args) {
        (_, [V::Unknown, ..]) if FUNCTIONS.contains(&name) => V::Unknown,
        ("len", [V::List(l)]) => number(l.len()),
        ("len", [V::Text(t)]) => number(t.chars().count()),
        ("len", [V::Word(w)]) => number(w.chars().count()),
        ("len", [V::Absent]) => number(0),
        ("lower", [V::Text(t)]) => V::Text(t.to_lowercase()),
        ("fraction", [V::Percent(p)]) => V::Number(*p),
        ("join", [V::List(l), V::Text(sep)]) => {
            let texts: Option<Vec<&str>> = l
                .iter()
                .map(|v| match v {
                    V::Text(t) => Some(t.as_str()),
                    _ => None,
                })
                .collect();
            texts.map_or(V::Unknown, |t| V::Text(t.join(sep)))
        }
        ("major" | "minor" | "patch", [V::Text(t)]) => {
            let part = ["major", "minor", "patch"]
                .iter()
                .position(|p| *p == name)
                .unwrap_or(0);
            let mut parts = t.trim_start_matches('v').split(['.', '-', '+']);
            match parts.nth(part).and_then(|p| p.parse::<i64>().ok()) {
                Some(n) => V::Number(Rational::int(n)),
                None => V::Unknown,
            }
        }
        _ if FUNCTIONS.contains(&name) => {
            return Err(Fault {
                message: format!("`{name}` cannot be asked of this"),
                hint: None,
            });
        }
        _ => {
            return Err(Fault {
                message: format!("a policy knows no function `{name}`"),
                hint: did_you_mean(name, FUNCTIONS.iter().copied()),
            });
        }
    })
}

/// An expression as it is written.
pub(super) fn show(expr: &PolicyExpr, eval: &Eval<'_>) -> String {
    match expr {
        PolicyExpr::Value(v) => V::of(v).show(eval.plan.release()).replace('`', ""),
        PolicyExpr::Word(w) | PolicyExpr::Name(w) => w.to_string(),
        PolicyExpr::Field(of, field) => format!("{}.{field}", show(of, eval)),
        PolicyExpr::Call(name, args) => {
            let args: Vec<String> = args.iter().map(|a| show(a, eval)).collect();
            format!("{name}({})", args.join(", "))
        }
        PolicyExpr::List(list) => {
            let list: Vec<String> = list.iter().map(|a| show(a, eval)).collect();
            format!("[{}]", list.join(", "))
        }
        PolicyExpr::Not(e) => format!("not {}", show(e, eval)),
        PolicyExpr::Op(op, a, b) => format!("{} {} {}", show(a, eval), op.sign(), show(b, eval)),
    }
}

/// A limit is a plain value: whether it is one.
pub(super) fn limit_is_known(limit: &Limit) -> bool {
    !matches!(V::of(&limit.value), V::Unknown)
}
