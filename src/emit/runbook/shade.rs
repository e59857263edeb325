//! Spans of time that matter whatever is done in them: when the window is open, and freezes.
//!
//! Must not know how they are drawn. Called by `strip`.

use crate::emit::runbook::say;
use crate::emit::runbook::times::Times;
use crate::emit::runbook::words::{Spoken, words};
use crate::model::{Civil, Weekday};
use crate::plan::{Reading, read};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};

/// So many days of a recurring window are drawn at most.
const DAYS: i64 = 62;

/// A span, in milliseconds from T.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shade {
    pub from: i64,
    pub to: i64,
    /// Whether it goes on after the last of what is drawn.
    pub beyond: bool,
    /// The class of its drawing: `open` or `frozen`.
    pub class: &'static str,
}

/// Every span that meets `first` to `last`, and a sentence for each kind. None when T is not known.
pub(super) fn shades(plan: Spoken<'_>, times: &Times, first: i64, last: i64) -> (Vec<Shade>, Vec<String>) {
    let r = plan.release();
    let Some(t) = times.clock.t else {
        return Default::default();
    };
    let since = |at: jiff::Timestamp| at.as_millisecond().saturating_sub(t.as_millisecond());
    let zone = plan.zone().unwrap_or(TimeZone::UTC);
    let moment = |c: &Civil| read(c, &zone).map(Reading::moment).map(since);
    let mut list = Vec::new();
    let mut told = Vec::new();
    let mut add = |from: i64, to: i64, class: &'static str| {
        let seen = from < to && from < last && to > first;
        if seen {
            let beyond = to > last;
            let (from, to) = (from.max(first), to.min(last));
            list.push(Shade {
                from,
                to,
                beyond,
                class,
            });
        }
        seen
    };
    if let Some(w) = &r.window {
        let mut seen = false;
        if w.opens.is_some() || w.closes.is_some() {
            let from = w.opens.as_ref().and_then(moment).unwrap_or(first);
            let to = w.closes.as_ref().and_then(moment).unwrap_or(last);
            seen = add(from, to, "open");
        } else if !w.days.is_empty() || w.hours.is_some() {
            let place = w.zone.as_ref().and_then(|z| TimeZone::get(z).ok());
            let place = place.unwrap_or_else(|| zone.clone());
            for (from, to) in recurring(t.to_zoned(place), last, &w.days, w.hours) {
                seen |= add(since(from.timestamp()), since(to.timestamp()), "open");
            }
        }
        if seen {
            told.push(words!(r, "shade.window"));
        }
    }
    let mut frozen: Vec<String> = Vec::new();
    for freeze in r.calendar.iter().flat_map(|c| &r.release.calendar_of(*c).freezes) {
        let here = |s: &crate::model::Stage| freeze.environments.contains(&s.environment);
        if !freeze.environments.is_empty() && !r.stages.iter().any(here) {
            continue;
        }
        if let (Some(from), Some(to)) = (moment(&freeze.from), moment(&freeze.to))
            && add(from, to, "frozen")
        {
            frozen.push(say::text(r, &freeze.why));
        }
    }
    if !frozen.is_empty() {
        told.push(words!(r, "shade.freezes", list = say::list(r, &frozen)));
    }
    (list, told)
}

/// The spans of a window that recurs, from the day before the start until so many milliseconds after it.
fn recurring(t: Zoned, last: i64, days: &[Weekday], hours: Option<(Time, Time)>) -> Vec<(Zoned, Zoned)> {
    let midnight = Time::midnight();
    let (opens, closes) = hours.unwrap_or((midnight, midnight));
    let span = last / 86_400_000 + 2;
    let mut list = Vec::new();
    for k in -1..span.min(DAYS) {
        let Ok(day) = t.date().checked_add(k.days()) else {
            continue;
        };
        let number = day.weekday().to_monday_zero_offset();
        if !days.is_empty() && !days.iter().any(|d| *d as i8 == number) {
            continue;
        }
        // One that closes before it opens goes on into the next day.
        let until = if closes <= opens { day.tomorrow() } else { Ok(day) };
        let at = |day: jiff::civil::Date, time: Time| day.to_datetime(time).to_zoned(t.time_zone().clone());
        if let (Ok(from), Ok(to)) = (at(day, opens), until.and_then(|d| at(d, closes))) {
            list.push((from, to));
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use crate::emit::runbook::shade::recurring;
    use crate::model::Weekday;
    use jiff::civil::{date, time};
    use jiff::tz::TimeZone;

    #[test]
    fn a_recurring_window_opens_on_its_days_and_may_last_over_midnight() {
        let start = date(2026, 6, 1)
            .at(9, 0, 0, 0)
            .to_zoned(TimeZone::UTC)
            .expect("a moment");
        let days = [Weekday::ALL[0], Weekday::ALL[1]];
        let hours = Some((time(22, 0, 0, 0), time(2, 0, 0, 0)));
        let found = recurring(start, 86_400_000, &days, hours);
        let said: Vec<String> = found
            .iter()
            .map(|(a, b)| format!("{} to {}", a.strftime("%a %H:%M"), b.strftime("%a %H:%M")))
            .collect();
        assert_eq!(said, ["Mon 22:00 to Tue 02:00", "Tue 22:00 to Wed 02:00"]);
    }
}
