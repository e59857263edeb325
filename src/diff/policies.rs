//! The rules of the organisation that a plan is held to.
//!
//! Called by `rules`.

use super::apart::{self, Quote};
use super::canon::Side;
use super::out::{Change, Class, Direction, Out};
use super::pair::Two;
use super::say;
use crate::model::{Origin, Policy, PolicyExpr, PolicyRule, Release};
use crate::plan::show;
use std::collections::BTreeMap;

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    let change =
        |direction, name: &str, message: String, run: String, old: Option<&Origin>, new: Option<&Origin>| {
            Change::new(direction, Class::Guard, "policy", name, message)
                .run(run)
                .everywhere()
                .placed(old, new)
        };
    for a in &two.old.r.policies {
        let Some(b) = two.new.r.policies.iter().find(|b| b.name == a.name) else {
            let message = format!("the policy `{}` no longer holds", a.name);
            let run = format!(
                "a plan that breaks `{}` is built and run: before, it was refused",
                a.name
            );
            out.add(change(
                Direction::Loosened,
                &a.name,
                message,
                run,
                Some(&a.origin),
                None,
            ));
            continue;
        };
        let here = (Some(&a.origin), Some(&b.origin));
        for message in asks(two, a, b) {
            out.add(change(
                Direction::Changed,
                &b.name,
                message,
                String::new(),
                here.0,
                here.1,
            ));
        }
        if a.severity != b.severity {
            use crate::diagnostic::Severity;
            let rank = |s: Severity| match s {
                Severity::Error => 2,
                Severity::Warning => 1,
                Severity::Info => 0,
            };
            let word = |s: Severity| ["an information", "a warning", "an error"][rank(s)];
            let message = format!(
                "breaking the policy `{}` is {} instead of {}",
                b.name,
                word(b.severity),
                word(a.severity)
            );
            let run = format!(
                "a plan that breaks `{}` is built and run: before, that was {}",
                b.name,
                word(a.severity)
            );
            out.add(change(
                say::less_is_looser(&rank(a.severity), &rank(b.severity)),
                &b.name,
                message,
                run,
                here.0,
                here.1,
            ));
        }
    }
    for b in &two.new.r.policies {
        if two.old.r.policies.iter().all(|a| a.name != b.name) {
            let message = format!("the policy `{}` holds now", b.name);
            out.add(change(
                Direction::Tightened,
                &b.name,
                message,
                String::new(),
                None,
                Some(&b.origin),
            ));
        }
    }
}

/// What a policy asks for that it did not, and no longer does.
fn asks(two: &Two<'_>, a: &Policy, b: &Policy) -> Vec<String> {
    let mut list = Vec::new();
    let over = |side: &Side<'_>, p: &Policy| {
        let each = p.quantifiers.iter();
        each.map(|q| {
            (
                format!("{} {}", q.var, side.policy(&q.over)),
                format!("for {} in {}", q.var, words(side.r, &q.over)),
            )
        })
        .collect::<BTreeMap<_, _>>()
    };
    let rules = |side: &Side<'_>, l: &[PolicyRule]| {
        let each = l.iter();
        each.map(|r| (side.policy(&r.expr), words(side.r, &r.expr)))
            .collect::<BTreeMap<_, _>>()
    };
    let limits = |side: &Side<'_>, p: &Policy| {
        let each = p.limits.iter();
        each.map(|l| {
            let key = format!("{} {}", l.code, side.value(&l.value));
            (key, format!("{} {}", l.code, show::value(side.r, &l.value)))
        })
        .collect::<BTreeMap<_, _>>()
    };
    for (verb, was, is) in [
        ("looks at", over(&two.old, a), over(&two.new, b)),
        (
            "applies where",
            rules(&two.old, &a.filters),
            rules(&two.new, &b.filters),
        ),
        ("requires", rules(&two.old, &a.rules), rules(&two.new, &b.rules)),
        ("sets the limit", limits(&two.old, a), limits(&two.new, b)),
    ] {
        let only = |x: &BTreeMap<String, String>, y: &BTreeMap<String, String>| {
            let more = x.iter().filter(|(k, _)| !y.contains_key(*k));
            more.map(|(_, w)| Quote::new(w.as_str())).collect::<Vec<_>>()
        };
        let (before, now) = apart::lists(&only(&was, &is), &only(&is, &was));
        let (before, now) = (apart::and(&before), apart::and(&now));
        let name = &b.name;
        match (before.is_empty(), now.is_empty()) {
            (true, true) => {}
            (false, true) => list.push(format!("the policy `{name}` no longer {verb} {before}")),
            (true, false) => list.push(format!("the policy `{name}` now {verb} {now}")),
            (false, false) if before == now => {
                list.push(format!("the policy `{name}` {verb} something else"))
            }
            (false, false) => list.push(format!("the policy `{name}` {verb} {now} instead of {before}")),
        }
    }
    list
}

/// An expression of a policy as it would be written.
fn words(r: &Release, e: &PolicyExpr) -> String {
    let list = |l: &[PolicyExpr]| l.iter().map(|e| words(r, e)).collect::<Vec<_>>().join(", ");
    let inner = |e: &PolicyExpr| match e {
        PolicyExpr::Op(..) => format!("({})", words(r, e)),
        _ => words(r, e),
    };
    match e {
        PolicyExpr::Value(v) => show::value(r, v),
        PolicyExpr::Word(w) | PolicyExpr::Name(w) => w.to_string(),
        PolicyExpr::Field(e, f) => format!("{}.{f}", inner(e)),
        PolicyExpr::Call(f, l) => format!("{f}({})", list(l)),
        PolicyExpr::List(l) => format!("[{}]", list(l)),
        PolicyExpr::Not(e) => format!("not {}", inner(e)),
        PolicyExpr::Op(op, a, b) => format!("{} {} {}", inner(a), op.sign(), inner(b)),
    }
}
