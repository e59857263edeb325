//! Civil times as moments: zones, the day a plan starts, times that do not exist or exist twice.
//!
//! Knows zones, not the order of stages. Used by the schedule and by the checks of dates.

use crate::model::Civil;
use crate::plan::Plan;
use crate::source::Span;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// A written civil time in its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Exactly one moment.
    Once(Timestamp),
    /// Clocks are put forward over it: the offsets before and after.
    Gap {
        /// The offset of the clock before it is put forward, in seconds east of UTC.
        before: i32,
        /// The offset afterwards.
        after: i32,
        /// The moment it would be if the clock had not been changed.
        at: Timestamp,
    },
    /// Clocks are put back over it: it is two moments.
    Fold {
        /// The offset at the first time.
        before: i32,
        /// The offset at the second time.
        after: i32,
        /// The first of the two.
        at: Timestamp,
    },
}

impl Reading {
    /// A moment to go on with: of two, the first; of none, the one it would have been.
    pub fn moment(self) -> Timestamp {
        match self {
            Reading::Once(at) | Reading::Gap { at, .. } | Reading::Fold { at, .. } => at,
        }
    }
}

/// The zone of a name; `None` when nobody knows it.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// What a civil time means in a zone; `None` when it lies outside the years there are.
pub fn read(civil: &Civil, zone: &TimeZone) -> Option<Reading> {
    if let Some(seconds) = civil.offset {
        let offset = Offset::from_seconds(seconds).ok()?;
        return offset.to_timestamp(civil.at).ok().map(Reading::Once);
    }
    let ambiguous = zone.to_ambiguous_timestamp(civil.at);
    Some(match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { offset } => Reading::Once(offset.to_timestamp(civil.at).ok()?),
        AmbiguousOffset::Gap { before, after } => Reading::Gap {
            before: before.seconds(),
            after: after.seconds(),
            at: before.to_timestamp(civil.at).ok()?,
        },
        AmbiguousOffset::Fold { before, after } => Reading::Fold {
            before: before.seconds(),
            after: after.seconds(),
            at: before.to_timestamp(civil.at).ok()?,
        },
    })
}

/// An offset as the language writes it: `Z`, `-04:00`.
pub fn offset_word(seconds: i32) -> String {
    if seconds == 0 {
        return "Z".to_string();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A civil time as the language writes it, seconds only where there are some.
pub fn civil_word(at: jiff::civil::DateTime) -> String {
    let form = if at.second() == 0 && at.subsec_nanosecond() == 0 {
        "%Y-%m-%dT%H:%M"
    } else {
        "%Y-%m-%dT%H:%M:%S"
    };
    at.strftime(form).to_string()
}

impl Plan {
    /// The zone of the window, else of the calendar, else UTC; `None` when its name is not known.
    pub fn zone(&self) -> Option<TimeZone> {
        let r = self.release();
        let calendar = || r.calendar.and_then(|c| r.calendar_of(c).zone.as_ref());
        match r.window.as_ref().and_then(|w| w.zone.as_ref()).or_else(calendar) {
            Some(name) => zone(name),
            None => Some(TimeZone::UTC),
        }
    }

    /// When T is, as written: `start`, else the opening of the window; with the place of either.
    pub fn start_civil(&self) -> Option<(&Civil, Span)> {
        let r = self.release();
        if let Some((start, origin)) = &r.start {
            return Some((start, origin.span));
        }
        let window = r.window.as_ref()?;
        Some((window.opens.as_ref()?, window.origin.span))
    }

    /// The day the plan starts, as written; `None` when nothing says it.
    pub fn start_day(&self) -> Option<(Date, Span)> {
        self.start_civil().map(|(c, span)| (c.at.date(), span))
    }

    /// The moment T; `None` when nothing says it or its zone is not known.
    pub fn start_moment(&self) -> Option<Timestamp> {
        let (civil, _) = self.start_civil()?;
        Some(read(civil, &self.zone()?)?.moment())
    }
}
