//! The window of a release as spans from T, and working days as days.
//!
//! Knows the release's own times only. Used by the schedule and by the checks of time.

use crate::model::{Calendar, Dur, StageId, Weekday};
use crate::plan::{Plan, read};
use jiff::civil::{self, Date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// How far ahead a recurring window is looked for.
const DAYS: i32 = 400;
/// The most working days that are counted one by one.
const COUNTED: i64 = 4_000;

/// A span from T, in milliseconds: first moment, and first moment after it when it closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// When it opens.
    pub opens: i64,
    /// When it closes.
    pub closes: Option<i64>,
}

/// What turns offsets from T into moments and back.
#[derive(Debug, Clone)]
pub struct Clock {
    /// The moment T, when it is known.
    pub t: Option<Timestamp>,
    /// The zone of the plan.
    pub zone: TimeZone,
}

impl Clock {
    /// The moment of an offset in milliseconds from T.
    pub fn moment(&self, offset: i64) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.t?.as_millisecond().checked_add(offset)?).ok()
    }

    /// The offset of a moment in milliseconds from T.
    pub fn offset(&self, at: Timestamp) -> Option<i64> {
        at.as_millisecond().checked_sub(self.t?.as_millisecond())
    }
}

impl Plan {
    /// The clock of the plan.
    pub fn clock(&self) -> Clock {
        Clock {
            t: self.start_moment(),
            zone: self.zone().unwrap_or(TimeZone::UTC),
        }
    }

    /// Whether the window covers a stage.
    pub fn covered(&self, stage: StageId) -> bool {
        self.analyses.covered(|| self.all_covered())[stage.index()]
    }

    fn all_covered(&self) -> Vec<bool> {
        let r = self.release();
        let mut covered = vec![false; r.stages.len()];
        let Some(window) = &r.window else { return covered };
        for (i, stage) in r.stages.iter().enumerate() {
            covered[i] = window.covers.is_empty() && r.is_production(stage.environment);
        }
        for stage in &window.covers {
            covered[stage.index()] = true;
        }
        covered
    }

    /// The opening of the window that holds an offset from T, or the next one; `None` without a window, or when its times
    /// cannot be placed.
    pub fn opening(&self, clock: &Clock, offset: i64) -> Option<Opening> {
        let window = self.release().window.as_ref()?;
        let Some(hours) = window.hours else {
            if window.opens.is_none() && window.closes.is_none() {
                return None;
            }
            let place = |c: &crate::model::Civil| clock.offset(read(c, &clock.zone)?.moment());
            let opens = match &window.opens {
                Some(c) => place(c)?,
                None => i64::MIN,
            };
            let closes = match &window.closes {
                Some(c) => Some(place(c)?),
                None => None,
            };
            return Some(Opening { opens, closes });
        };
        let Some(at) = clock.moment(offset) else {
            // T is unknown: somebody starts the run, at the earliest when the window opens.
            return Some(Opening {
                opens: 0,
                closes: Some(length(hours)),
            });
        };
        let today = at.to_zoned(clock.zone.clone()).date();
        (-1..=DAYS).find_map(|ahead| {
            let day = today.checked_add(i64::from(ahead).days()).ok()?;
            let (opens, closes) = occurrence(day, &window.days, Some(hours), &clock.zone)?;
            (closes > at).then_some(())?;
            Some(Opening {
                opens: clock.offset(opens)?,
                closes: clock.offset(closes),
            })
        })
    }

    /// An offset from T and a duration later; working days are counted by the calendar when T and its days are known, and
    /// as 24 hours otherwise.
    pub fn later(&self, clock: &Clock, offset: i64, by: Dur) -> i64 {
        if by.working_days > 0
            && by.working_days <= COUNTED
            && let Some(calendar) = self.release().calendar.map(|c| self.release().calendar_of(c))
            && let Some(end) = working_days_on(clock, calendar, offset, by.working_days, 1)
        {
            return end.saturating_add(by.ms);
        }
        offset.saturating_add(by.as_ms())
    }

    /// An offset from T and a duration earlier. `None` when it is counted in working days, and T or its calendar is not known.
    pub fn earlier(&self, clock: &Clock, offset: i64, by: Dur) -> Option<i64> {
        if by.working_days <= 0 {
            return Some(offset.saturating_sub(by.as_ms()));
        }
        let calendar = self.release().calendar.map(|c| self.release().calendar_of(c))?;
        if by.working_days > COUNTED {
            return None;
        }
        let start = working_days_on(clock, calendar, offset, by.working_days, -1)?;
        Some(start.saturating_sub(by.ms))
    }
}

/// The span of recurring hours on a day; `None` when the day is not one of theirs.
pub fn occurrence(
    day: Date,
    days: &[Weekday],
    hours: Option<(civil::Time, civil::Time)>,
    zone: &TimeZone,
) -> Option<(Timestamp, Timestamp)> {
    if !days.is_empty() && !days.contains(&weekday(day)) {
        return None;
    }
    let tomorrow = day.checked_add(1.days()).ok()?;
    let (from, to, last) = match hours {
        None => (civil::Time::midnight(), civil::Time::midnight(), tomorrow),
        Some((from, to)) if to <= from => (from, to, tomorrow),
        Some((from, to)) => (from, to, day),
    };
    let moment = |d: Date, t: civil::Time| zone.to_timestamp(d.to_datetime(t)).ok();
    Some((moment(day, from)?, moment(last, to)?))
}

/// The day of the week of a date.
pub fn weekday(day: Date) -> Weekday {
    Weekday::ALL[usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0)]
}

fn length((from, to): (civil::Time, civil::Time)) -> i64 {
    let ms = |t: civil::Time| i64::from(t.hour()) * 3_600_000 + i64::from(t.minute()) * 60_000;
    let span = ms(to) - ms(from);
    if span <= 0 { span + 86_400_000 } else { span }
}

/// So many working days on from an offset, at the same time of day; back when `step` is -1.
fn working_days_on(clock: &Clock, calendar: &Calendar, offset: i64, days: i64, step: i64) -> Option<i64> {
    if calendar.working.is_empty() {
        return None;
    }
    let start = clock.moment(offset)?.to_zoned(clock.zone.clone());
    let mut day = start.date();
    let mut left = days;
    while left > 0 {
        day = day.checked_add(step.days()).ok()?;
        let off = calendar.holidays.iter().any(|h| h.date == day);
        if calendar.working.contains(&weekday(day)) && !off {
            left -= 1;
        }
    }
    let end = clock.zone.to_timestamp(day.to_datetime(start.time())).ok()?;
    clock.offset(end)
}
