//! `platform/retired`: an action of something the platform no longer offers when the plan starts.

use crate::checks::data::acts;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Act, ActSource, Retired, Text};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("platform/retired");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release) = (subject.plan, subject.plan.release());
    let start = plan.start_day();
    let mut seen = BTreeSet::new();
    for act in acts(release) {
        let Some(retired) = &act.retired else { continue };
        if !seen.insert(act.origin.span) {
            continue;
        }
        let name = match &act.source {
            ActSource::Action { name, .. } => name.as_str(),
            _ => "this",
        };
        match start {
            Some((day, written)) if day > retired.date => {
                let d = Diagnostic::error(
                    CODE,
                    act.origin.span,
                    format!(
                        "`{name}` was retired on {}, and the plan starts on {day}",
                        retired.date
                    ),
                )
                .here("no longer offered")
                .fact(written, "the plan starts here");
                bag.push(instead(d, act, retired));
            }
            Some(_) => {}
            None => {
                let d = Diagnostic::info(
                    CODE,
                    act.origin.span,
                    format!(
                        "undecided: whether `{name}`, retired on {}, is still offered",
                        retired.date
                    ),
                )
                .here(format!("offered until {}", retired.date))
                .fact(
                    release.origin.span,
                    "the release says neither `start` nor `window`",
                );
                bag.push(
                    instead(d, act, retired)
                        .help("write when the release takes place: `start 2026-06-01T02:30`"),
                );
            }
        }
    }
}

fn instead(d: Diagnostic, act: &Act, retired: &Retired) -> Diagnostic {
    let d = if retired.origin.span == act.origin.span {
        place::through(d, &retired.origin)
    } else {
        d.fact(retired.origin.span, "the library says so here")
    };
    match Text::known(&retired.instead) {
        Some("") | None => d,
        Some(instead) => d.help(instead.trim_end_matches('.').to_string()),
    }
}
