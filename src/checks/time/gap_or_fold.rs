//! `time/gap_or_fold`: a local time that does not exist, or exists twice, because clocks are changed.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::Civil;
use crate::plan::{Reading, civil_word, offset_word, read, zone};
use crate::source::Span;
use jiff::tz::TimeZone;

/// The diagnostic.
pub const CODE: Code = Code("time/gap_or_fold");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    if let Some(here) = plan.zone() {
        let written = r
            .window
            .as_ref()
            .and_then(|w| w.zone_origin.as_ref())
            .map(|o| o.span);
        if let Some(w) = &r.window {
            let edges = [(&w.opens, "the window opens"), (&w.closes, "the window closes")];
            for (civil, what) in edges {
                if let Some(civil) = civil {
                    judge(civil, &here, w.origin.span, what, written, bag);
                }
            }
        }
        if let Some((start, origin)) = &r.start {
            judge(start, &here, origin.span, "the plan starts", written, bag);
        }
    }
    for calendar in &r.calendars {
        let own = match &calendar.zone {
            Some(name) => zone(name),
            None => plan.zone(),
        };
        let Some(own) = own else { continue };
        for freeze in &calendar.freezes {
            let place = freeze.origin.span;
            judge(&freeze.from, &own, place, "the freeze begins", None, bag);
            judge(&freeze.to, &own, place, "the freeze ends", None, bag);
        }
    }
}

fn judge(civil: &Civil, zone: &TimeZone, at: Span, what: &str, written: Option<Span>, bag: &mut Bag) {
    let Some(reading) = read(civil, zone) else { return };
    let name = zone.iana_name().unwrap_or("the zone").to_string();
    let time = civil_word(civil.at);
    let (message, before, after, help) = match reading {
        Reading::Once(_) => return,
        Reading::Gap { before, after, .. } => (
            format!("{what} at {time}, which does not exist in {name}: clocks are put forward over it"),
            before,
            after,
            "write a time that the clock shows",
        ),
        Reading::Fold { before, after, .. } => (
            format!("{what} at {time}, which exists twice in {name}: clocks are put back over it"),
            before,
            after,
            "say which of the two",
        ),
    };
    let mut d = Diagnostic::error(CODE, at, message).here(format!(
        "{} before the change, {} after it",
        offset_word(before),
        offset_word(after)
    ));
    if let Some(span) = written
        && span != at
    {
        d = d.fact(span, "the zone it is read in");
    }
    bag.push(d.help(format!(
        "{help}: `{time}{}` or `{time}{}`",
        offset_word(before),
        offset_word(after)
    )));
}
