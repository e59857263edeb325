//! `allow/expired`: a finding was accepted until a day that is past when the plan starts.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};

/// The diagnostic.
pub const CODE: Code = Code("allow/expired");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release) = (subject.plan, subject.plan.release());
    for allow in &release.allows {
        let Some(until) = allow.until else { continue };
        let place = allow.origin.span;
        let Some((start, written)) = plan.start_day() else {
            bag.push(
                Diagnostic::info(
                    CODE,
                    place,
                    format!("undecided: whether `{}` is still accepted", allow.code),
                )
                .here(format!("accepted until {until}"))
                .fact(
                    release.origin.span,
                    "the release says neither `start` nor `window`",
                )
                .help("write when the release takes place: `start 2026-06-01T02:30`"),
            );
            continue;
        };
        if start <= until {
            continue;
        }
        bag.push(
            Diagnostic::error(
                CODE,
                place,
                format!(
                    "`{}` was accepted until {until}, and the plan starts on {start}",
                    allow.code
                ),
            )
            .here("no longer accepted")
            .fact(written, "the plan starts here")
            .help(format!(
                "mend what `{}` says, or agree on a later `until` with those who accepted it",
                allow.code
            )),
        );
    }
}
