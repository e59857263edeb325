//! `time/unattended`: a bake or a trigger watches while nobody is on duty who could act.
//!
//! Only a calendar that says who is `on_duty` when can tell.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Calendar, StageId, StepKind};
use crate::plan::{Clock, Pace, Plan, occurrence, zone};
use crate::source::Span;
use jiff::ToSpan;

/// The diagnostic.
pub const CODE: Code = Code("time/unattended");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// How many days of a run are looked at.
const DAYS: i64 = 400;

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let Some(calendar) = r.calendar.map(|c| r.calendar_of(c)) else {
        return;
    };
    let clock = plan.clock();
    if calendar.on_duty.is_empty() || clock.t.is_none() {
        return;
    }
    let mut found: Vec<(StageId, (i64, Span, &str))> = Vec::new();
    for stage in plan.stage_order() {
        let Some((watch, what)) = watched(plan, stage) else {
            continue;
        };
        let from = plan.schedule(Pace::Shortest).stage(plan, stage).start;
        let to = plan.schedule(Pace::Longest).stage(plan, stage).finish;
        if let Some(alone) = uncovered(plan, calendar, &clock, from, to.max(from.saturating_add(1))) {
            found.push((stage, (alone, watch, what)));
        }
    }
    for list in place::by_place(plan, found).values() {
        let (stage, (alone, watch, what)) = &list[0];
        let name = &r.stage(*stage).name;
        let moment = clock
            .moment(*alone)
            .map(|t| {
                t.to_zoned(clock.zone.clone())
                    .strftime("%Y-%m-%d %H:%M")
                    .to_string()
            })
            .unwrap_or_else(|| place::offset(*alone));
        let mut d = Diagnostic::warning(
            CODE,
            *watch,
            format!("{what} of `{name}` can run at {moment}, when nobody is on duty"),
        )
        .here("watches alone");
        for duty in calendar.on_duty.iter().take(2) {
            d = d.fact(
                duty.origin.span,
                format!("`{}` is on duty then only", r.role(duty.role).name),
            );
        }
        bag.push(
            d.note(format!(
                "times are in {}",
                clock.zone.iana_name().unwrap_or("UTC")
            ))
            .help("start earlier, or put somebody on duty for that time"),
        );
    }
}

/// Where and what a stage watches while time passes.
fn watched(plan: &Plan, id: StageId) -> Option<(Span, &'static str)> {
    let stage = plan.release().stage(id);
    let bake = stage
        .forward_steps()
        .into_iter()
        .find(|s| matches!(s.kind, StepKind::Bake(_)))
        .map(|s| (s.origin.span, "the bake"));
    let trigger = || {
        let mut triggers = plan.release().triggers.iter();
        triggers
            .find(|t| t.during.contains(&id))
            .map(|t| (t.origin.span, "the trigger"))
    };
    bake.or_else(trigger)
}

/// The first moment of a span of the run at which nobody is on duty, in milliseconds from T.
fn uncovered(plan: &Plan, calendar: &Calendar, clock: &Clock, from: i64, to: i64) -> Option<i64> {
    let own = match &calendar.zone {
        Some(name) => zone(name),
        None => plan.zone(),
    }?;
    let first = clock.moment(from)?.to_zoned(own.clone()).date();
    let length = to.saturating_sub(from) / 86_400_000 + 2;
    let mut duty: Vec<(i64, i64)> = Vec::new();
    for on in &calendar.on_duty {
        for ahead in -1..=length.min(DAYS) {
            let Ok(day) = first.checked_add(ahead.days()) else {
                break;
            };
            if let Some((begins, ends)) = occurrence(day, &on.days, on.hours, &own)
                && let (Some(a), Some(b)) = (clock.offset(begins), clock.offset(ends))
            {
                duty.push((a, b));
            }
        }
    }
    duty.sort_unstable();
    let mut at = from;
    for (begins, ends) in duty {
        if begins > at {
            break;
        }
        at = at.max(ends);
    }
    (at < to).then_some(at)
}
