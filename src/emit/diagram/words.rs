//! Texts and conditions in words, as short as a shape has room for.
//!
//! Called by `lower`, and by targets that speak of conditions.

use super::Note;
use crate::model::{Atom, Cond, Outcome, ParamType, Quorum, Release, Subject, Text, TextPart, Value};
use crate::plan::show;

/// A text, with what is known at run time by its name.
pub(crate) fn text(release: &Release, text: &Text) -> String {
    let part = |part: &TextPart| match part {
        TextPart::Lit(known) => known.clone(),
        TextPart::Sym(sym) => format!("${{{}}}", show::value(release, &Value::Sym(sym.clone()))),
    };
    text.parts.iter().map(part).collect()
}

/// A note in a shape, in English.
pub(super) fn english(release: &Release, note: Note<'_>) -> String {
    match note {
        Note::Place(environment, None) => format!("in {environment}"),
        Note::Place(environment, Some(at)) => format!("in {environment}, at {at}"),
        Note::When(c) => format!("when {}", cond(release, c)),
        Note::Verified(gates) => format!("verified by {gates}"),
        Note::NoWayBack => "no way back".into(),
        Note::Asked(Quorum::Count(n), from) => format!("{n} of {from}"),
        Note::Asked(Quorum::All, from) => format!("all of {from}"),
        Note::IfFails("") => "asked only after a failure".into(),
        Note::IfFails(stages) => format!("asked only after a failure of {stages}"),
    }
}

/// A condition, to follow "when".
pub(crate) fn cond(release: &Release, c: &Cond) -> String {
    let join = |list: &[Cond], word: &str| {
        let parts: Vec<String> = list
            .iter()
            .map(|c| match c {
                Cond::And(_) | Cond::Or(_) => format!("({})", cond(release, c)),
                _ => cond(release, c),
            })
            .collect();
        parts.join(word)
    };
    match c {
        Cond::True => "always".into(),
        Cond::False => "never".into(),
        Cond::And(list) => join(list, " and "),
        Cond::Or(list) => join(list, " or "),
        Cond::Not(inner) => match inner.as_ref() {
            Cond::Atom(a) => atom(release, a, true),
            other => format!("not ({})", cond(release, other)),
        },
        Cond::Atom(a) => atom(release, a, false),
    }
}

fn atom(release: &Release, a: &Atom, negated: bool) -> String {
    let is = if negated { "is not" } else { "is" };
    match a {
        Atom::Param { param, choice } => {
            let p = release.param(*param);
            match &p.ty {
                ParamType::OneOf(words) => {
                    format!(
                        "{} {is} {}",
                        p.name,
                        words.get(*choice).map_or("…", |w| w.as_str())
                    )
                }
                ParamType::Environment => {
                    let name = release.environments.get(*choice).map_or("…", |e| e.name.as_str());
                    format!("{} {is} {name}", p.name)
                }
                // A switch: choice 1 is on.
                _ if (*choice == 1) != negated => p.name.to_string(),
                _ => format!("not {}", p.name),
            }
        }
        Atom::Decision { decision, option } => {
            let d = release.decision(*decision);
            let option = d.options.get(*option).map_or("…", |o| o.name.as_str());
            format!("{} {is} {option}", d.name)
        }
        Atom::Outcome { subject, outcome } => {
            let name = match subject {
                Subject::Gate(g) => &release.gate(*g).name,
                Subject::Stage(s) => &release.stage(*s).name,
            };
            let outcome = match outcome {
                Outcome::Passed => "passed",
                Outcome::Failed => "failed",
                Outcome::NotApplicable => "not applicable",
            };
            format!("{name} {is} {outcome}")
        }
        Atom::Equal(a, b) => {
            let sign = if negated { "!=" } else { "==" };
            format!("{} {sign} {}", show::value(release, a), show::value(release, b))
        }
        Atom::Compare(op, a, b) => {
            let text = format!(
                "{} {} {}",
                show::value(release, a),
                op.sign(),
                show::value(release, b)
            );
            if negated { format!("not ({text})") } else { text }
        }
    }
}
