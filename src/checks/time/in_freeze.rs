//! `time/in_freeze`: a stage that changes something can run while its calendar lets nothing be released.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Calendar, EnvId, Origin, StageId};
use crate::plan::{Clock, Pace, Plan, occurrence, read, show, zone};
use crate::source::Span;
use jiff::ToSpan;
use jiff::tz::TimeZone;

/// The diagnostic.
pub const CODE: Code = Code("time/in_freeze");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// How many days of a run are looked at for recurring hours.
const DAYS: i64 = 400;

/// A span in milliseconds from T in which nothing may be released.
struct Closed<'a> {
    from: i64,
    to: i64,
    environments: &'a [EnvId],
    origin: &'a Origin,
    why: String,
}

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let Some(calendar) = r.calendar.map(|c| r.calendar_of(c)) else {
        return;
    };
    if calendar.freezes.is_empty() && calendar.blackouts.is_empty() {
        return;
    }
    let clock = plan.clock();
    if clock.t.is_none() {
        bag.push(
            Diagnostic::info(
                CODE,
                r.origin.span,
                "undecided: whether the release runs into a freeze",
            )
            .here("says neither `start` nor `window`")
            .fact(
                calendar.origin.span,
                format!("`{}` has freezes or blackouts", calendar.name),
            )
            .help("write when the release takes place: `start 2026-06-01T02:30`"),
        );
        return;
    }
    let busy: Vec<(StageId, i64, i64)> = plan
        .stage_order()
        .into_iter()
        .filter(|s| plan.changes_something(*s) && plan.variants().possible(plan.starts(*s)))
        .map(|s| {
            let from = plan.schedule(Pace::Shortest).stage(plan, s).start;
            let to = plan.schedule(Pace::Longest).stage(plan, s).finish;
            // What nobody gave a length still happens at a moment.
            (s, from, to.max(from.saturating_add(1)))
        })
        .collect();
    let (Some(from), Some(to)) = (busy.iter().map(|b| b.1).min(), busy.iter().map(|b| b.2).max()) else {
        return;
    };
    let closed = closed(plan, calendar, &clock, from, to);
    let mut found: Vec<(StageId, usize)> = Vec::new();
    for (stage, from, to) in &busy {
        let environment = r.stage(*stage).environment;
        let meets = |c: &Closed<'_>| {
            c.from < *to
                && *from < c.to
                && (c.environments.is_empty() || c.environments.contains(&environment))
        };
        if let Some(i) = closed.iter().position(meets) {
            found.push((*stage, i));
        }
    }
    let start = plan.start_civil().map(|(_, span)| span);
    for list in place::by_place(plan, found).values() {
        let times = busy.iter().find(|b| b.0 == list[0].0);
        let (from, to) = times.map_or((0, 0), |b| (b.1, b.2));
        bag.push(report(plan, list, &closed[list[0].1], (from, to), &clock, start));
    }
}

/// The closed spans that touch a span of the run, in order.
fn closed<'a>(plan: &'a Plan, calendar: &'a Calendar, clock: &Clock, from: i64, to: i64) -> Vec<Closed<'a>> {
    let own: Option<TimeZone> = match &calendar.zone {
        Some(name) => zone(name),
        None => plan.zone(),
    };
    let Some(own) = own else { return Vec::new() };
    let mut list = Vec::new();
    for freeze in &calendar.freezes {
        let place = |c| clock.offset(read(c, &own)?.moment());
        if let (Some(from), Some(to)) = (place(&freeze.from), place(&freeze.to)) {
            list.push(Closed {
                from,
                to,
                environments: &freeze.environments,
                origin: &freeze.origin,
                why: show::prose(plan.release(), &freeze.why),
            });
        }
    }
    let Some(first) = clock.moment(from).map(|t| t.to_zoned(own.clone()).date()) else {
        return list;
    };
    let length = to.saturating_sub(from) / 86_400_000 + 2;
    for blackout in &calendar.blackouts {
        for ahead in -1..=length.min(DAYS) {
            let Ok(day) = first.checked_add(ahead.days()) else {
                break;
            };
            let Some((opens, closes)) = occurrence(day, &blackout.days, blackout.hours, &own) else {
                continue;
            };
            let (Some(begins), Some(ends)) = (clock.offset(opens), clock.offset(closes)) else {
                continue;
            };
            list.push(Closed {
                from: begins,
                to: ends,
                environments: &[],
                origin: &blackout.origin,
                why: "blackout".to_string(),
            });
        }
    }
    list.sort_by_key(|c| (c.from, c.to, c.origin.span));
    list
}

fn report(
    plan: &Plan,
    list: &[(StageId, usize)],
    closed: &Closed<'_>,
    (from, to): (i64, i64),
    clock: &Clock,
    start: Option<Span>,
) -> Diagnostic {
    let stage = plan.release().stage(list[0].0);
    let names = place::stages(plan, list);
    let moment = |at: i64| {
        clock
            .moment(at)
            .map(|t| {
                t.to_zoned(clock.zone.clone())
                    .strftime("%Y-%m-%d %H:%M")
                    .to_string()
            })
            .unwrap_or_else(|| place::offset(at))
    };
    let (first, last) = (moment(from), moment(to));
    let runs = if first == last {
        format!("can run at {first}")
    } else {
        format!("can run from {first} to {last}")
    };
    let mut d = Diagnostic::error(
        CODE,
        stage.origin.span,
        format!("{names} can run while nothing may be released: {}", closed.why),
    )
    .here(runs);
    d = d.fact(
        closed.origin.span,
        format!("closed from {} to {}", moment(closed.from), moment(closed.to)),
    );
    if let Some(span) = start {
        d = d.fact(span, "T is said here");
    }
    d.note(format!(
        "times are in {}",
        clock.zone.iana_name().unwrap_or("UTC")
    ))
    .help("start when it is over, or so that the stage ends before it begins")
}
