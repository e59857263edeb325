//! Times in which nothing may be released, in words: freezes and quiet hours.
//!
//! Must not know how they are drawn: `shade` does. Called by `mod`.

use crate::emit::runbook::rows::Closed;
use crate::emit::runbook::say;
use crate::emit::runbook::summary::in_two_zones;
use crate::emit::runbook::times::Times;
use crate::emit::runbook::words::{Spoken, words};
use crate::model::{EnvId, Freeze};
use crate::plan::read;
use jiff::tz::TimeZone;

/// The freezes that are not over before the release starts, and the quiet hours of its calendar.
pub(super) fn closed(plan: Spoken<'_>, times: &Times) -> Vec<Closed> {
    let r = plan.release();
    let Some(calendar) = r.calendar.map(|c| r.release.calendar_of(c)) else {
        return Vec::new();
    };
    let zone = plan.zone().unwrap_or(TimeZone::UTC);
    let over = |f: &Freeze| {
        let end = read(&f.to, &zone).map(crate::plan::Reading::moment);
        matches!((end, times.clock.t), (Some(end), Some(t)) if end <= t)
    };
    let used = |e: &EnvId| r.stages.iter().any(|s| s.environment == *e);
    let mut list = Vec::new();
    for freeze in calendar.freezes.iter().filter(|f| !over(f)) {
        let all = freeze.environments.is_empty();
        if !all && !freeze.environments.iter().any(used) {
            continue;
        }
        let names: Vec<String> = freeze
            .environments
            .iter()
            .map(|e| r.env(*e).name.to_string())
            .collect();
        let (from, to) = (
            in_two_zones(plan, times, &freeze.from),
            in_two_zones(plan, times, &freeze.to),
        );
        list.push(Closed {
            what: words!(r, "closed.freeze", why = say::text(r, &freeze.why)),
            when: match (from, to) {
                (Some(from), Some(to)) => words!(r, "time.range", short = from, long = to),
                _ => String::new(),
            },
            environments: if all {
                words!(r, "closed.everywhere")
            } else {
                say::list(r, &names)
            },
        });
    }
    for quiet in &calendar.blackouts {
        let days: Vec<String> = quiet.days.iter().map(|d| say::day(r, *d)).collect();
        let days = if days.is_empty() || days.len() == 7 {
            words!(r, "day.every")
        } else {
            say::list(r, &days)
        };
        let hours = match quiet.hours {
            None => words!(r, "day.whole"),
            Some((from, to)) => {
                let (from, to) = (from.strftime("%H:%M"), to.strftime("%H:%M"));
                words!(r, "time.range", short = from, long = to)
            }
        };
        let zone = calendar.zone.as_ref().map_or("UTC", |z| z.as_str());
        list.push(Closed {
            what: words!(r, "closed.quiet"),
            when: words!(
                r,
                "closed.in_zone",
                time = format!("{days}, {hours}"),
                zone = zone
            ),
            environments: words!(r, "closed.everywhere"),
        });
    }
    list
}
