//! Times in words: with their zone where the clock alone would not tell two of them apart, and hours of a week as sets.
//!
//! Must not compare parts of plans. Called by the comparisons of times.

use super::out::Direction;
use super::say;
use crate::model::{Civil, Release, Weekday};
use crate::plan::{Plan, civil_word, read};

/// When a civil time of a plan is, where its zone is known.
pub(super) fn moment(plan: &Plan, civil: &Civil) -> Option<jiff::Timestamp> {
    Some(read(civil, &plan.zone()?)?.moment())
}

/// The zone in which the times of a release are read.
pub(super) fn zone(r: &Release) -> &str {
    let window = r.window.as_ref().and_then(|w| w.zone.as_ref());
    let calendar = || r.calendar.and_then(|c| r.calendar_of(c).zone.as_ref());
    window.or_else(calendar).map_or("UTC", |z| z.as_str())
}

/// Where the clock of a civil time hangs.
fn place(r: &Release, civil: &Civil) -> String {
    match civil.offset {
        None => zone(r).to_string(),
        Some(0) => "UTC".to_string(),
        Some(seconds) => {
            let sign = if seconds < 0 { '-' } else { '+' };
            let minutes = seconds.unsigned_abs() / 60;
            format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        }
    }
}

/// Times of two releases in words, without quotes: with their zones as soon as these are not all one.
pub(super) fn words(old: (&Release, &[&Civil]), new: (&Release, &[&Civil])) -> (Vec<String>, Vec<String>) {
    let all = |(r, list): (&Release, &[&Civil])| -> Vec<(String, String)> {
        let each = list.iter();
        each.map(|c| (civil_word(c.at), place(r, c))).collect()
    };
    let (was, is) = (all(old), all(new));
    let first = was.iter().chain(&is).next().map(|(_, p)| p.clone());
    let one = was.iter().chain(&is).all(|(_, p)| Some(p) == first.as_ref());
    let shown = |list: Vec<(String, String)>| {
        let each = list.into_iter();
        each.map(|(at, place)| if one { at } else { format!("{at} {place}") })
            .collect()
    };
    (shown(was), shown(is))
}

/// Days and hours that come again each week; no days are all of them, no hours the whole day.
pub(super) type Hours<'a> = (&'a [Weekday], Option<(jiff::civil::Time, jiff::civil::Time)>);

/// Days and hours, to follow "is open".
pub(super) fn hours((days, hours): Hours<'_>) -> String {
    let mut days = days.to_vec();
    days.sort();
    days.dedup();
    let next = days.windows(2).all(|w| w[0] as usize + 1 == w[1] as usize);
    let days = match days.as_slice() {
        [] => "every day".to_string(),
        all if all.len() == Weekday::ALL.len() => "every day".to_string(),
        [first, .., last] if next && days.len() > 2 => format!("on `{} .. {}`", first.word(), last.word()),
        all => format!("on {}", say::list(all.iter().map(|d| d.word()))),
    };
    match hours {
        None => days,
        Some((from, to)) => format!("{days} from `{}` to `{}`", clock(from), clock(to)),
    }
}

fn clock(time: jiff::civil::Time) -> String {
    time.strftime(if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" })
        .to_string()
}

const DAY: usize = 24 * 60;

/// The minutes of a week that some hours hold.
fn week((days, hours): Hours<'_>) -> Vec<bool> {
    let mut week = vec![false; 7 * DAY];
    let minute = |t: jiff::civil::Time| {
        usize::try_from(t.hour()).unwrap_or(0) * 60 + usize::try_from(t.minute()).unwrap_or(0)
    };
    for day in Weekday::ALL {
        if !days.is_empty() && !days.contains(&day) {
            continue;
        }
        let (from, length) = match hours {
            None => (0, DAY),
            // What ends before it begins ends the day after.
            Some((from, to)) => {
                let (from, to) = (minute(from), minute(to));
                (from, if to <= from { to + DAY - from } else { to - from })
            }
        };
        for m in from..from + length {
            let at = (day as usize * DAY + m) % week.len();
            week[at] = true;
        }
    }
    week
}

/// What some hours hold that others do not: the first moment of it in a week.
fn beyond(one: &[bool], other: &[bool]) -> Option<String> {
    let at = one.iter().zip(other).position(|(a, b)| *a && !*b)?;
    let (day, minute) = (Weekday::ALL.get(at / DAY)?, at % DAY);
    Some(format!("`{} {:02}:{:02}`", day.word(), minute / 60, minute % 60))
}

/// Which way hours went in which something is allowed, and the first moment of the week at which it now is.
pub(super) fn shift(old: Hours<'_>, new: Hours<'_>) -> (Direction, Option<String>) {
    let (was, is) = (week(old), week(new));
    let come = beyond(&is, &was);
    (say::set(beyond(&was, &is).is_some(), come.is_some()), come)
}
