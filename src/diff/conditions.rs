//! Conditions in words, as the author would write them.
//!
//! Called by the comparisons of this folder.

use super::apart;
use super::canon::Side;
use crate::model::{Atom, Cond, Outcome, ParamType, Release, Subject};
use crate::plan::show;
use std::collections::BTreeSet;

/// How a condition has changed, to follow "applies".
pub(super) fn applies((old_in, old): (&Release, &Cond), (new_in, new): (&Release, &Cond)) -> String {
    let (was, is) = apart::apart(&cond(old_in, old), &cond(new_in, new));
    match (old, new) {
        (_, Cond::True) => format!("always, no longer only when `{was}`"),
        (Cond::True, _) => format!("only when `{is}`, no longer always"),
        _ if was == is => "under another condition".to_string(),
        _ => format!("when `{is}` instead of when `{was}`"),
    }
}

/// The decisions without which a condition never holds, by their names on both sides.
pub(super) fn decided(side: &Side<'_>, c: &Cond) -> BTreeSet<String> {
    match c {
        Cond::Atom(Atom::Decision { decision, .. }) => {
            BTreeSet::from([side.names.decisions[decision.index()].clone()])
        }
        Cond::Not(inner) if matches!(**inner, Cond::Atom(_)) => decided(side, inner),
        Cond::And(list) => list.iter().flat_map(|c| decided(side, c)).collect(),
        Cond::Or(list) => {
            let all = list.iter().map(|c| decided(side, c));
            all.reduce(|a, b| a.intersection(&b).cloned().collect())
                .unwrap_or_default()
        }
        _ => BTreeSet::new(),
    }
}

/// A condition, without quotes.
pub(super) fn cond(r: &Release, c: &Cond) -> String {
    let join = |list: &[Cond], word: &str| {
        let part = |c: &Cond| match c {
            Cond::And(_) | Cond::Or(_) => format!("({})", cond(r, c)),
            _ => cond(r, c),
        };
        list.iter().map(part).collect::<Vec<_>>().join(word)
    };
    match c {
        Cond::True => "true".into(),
        Cond::False => "false".into(),
        Cond::And(list) => join(list, " and "),
        Cond::Or(list) => join(list, " or "),
        Cond::Not(inner) => match inner.as_ref() {
            Cond::Atom(a) => atom(r, a, false),
            other => format!("not ({})", cond(r, other)),
        },
        Cond::Atom(a) => atom(r, a, true),
    }
}

fn atom(r: &Release, a: &Atom, holds: bool) -> String {
    let equal = |x: String, y: String| format!("{x} {} {y}", if holds { "==" } else { "!=" });
    match a {
        Atom::Param { param, choice } => {
            let p = r.param(*param);
            match &p.ty {
                ParamType::OneOf(words) => {
                    let word = words.get(*choice).map_or("…", |w| w.as_str());
                    equal(p.name.to_string(), format!("\"{word}\""))
                }
                ParamType::Environment => {
                    let name = r.environments.get(*choice).map_or("…", |e| e.name.as_str());
                    equal(p.name.to_string(), name.to_string())
                }
                // A switch: choice 1 is on.
                _ if (*choice == 1) == holds => p.name.to_string(),
                _ => format!("not {}", p.name),
            }
        }
        Atom::Decision { decision, option } => {
            let d = r.decision(*decision);
            let option = d.options.get(*option).map_or("…", |o| o.name.as_str());
            format!("{} {} {option}", d.name, if holds { "is" } else { "is not" })
        }
        Atom::Outcome { subject, outcome } => {
            let name = match subject {
                Subject::Gate(g) => &r.gate(*g).name,
                Subject::Stage(s) => &r.stage(*s).name,
            };
            let word = match outcome {
                Outcome::Passed => "passed",
                Outcome::Failed => "failed",
                Outcome::NotApplicable => "not applicable",
            };
            format!("{name} {} {word}", if holds { "is" } else { "is not" })
        }
        Atom::Equal(x, y) => equal(show::value(r, x), show::value(r, y)),
        Atom::Compare(op, x, y) => {
            let text = format!("{} {} {}", show::value(r, x), op.sign(), show::value(r, y));
            if holds { text } else { format!("not ({text})") }
        }
    }
}
