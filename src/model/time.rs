//! Durations, offsets, civil times and calendars.
//!
//! Must not compute a schedule: `plan` does.

use crate::model::{EnvId, Origin, RoleId, Text};
use jiff::civil;
use smol_str::SmolStr;

/// A duration: a span of time, plus working days of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Dur {
    /// Milliseconds.
    pub ms: i64,
    /// Working days, counted by the plan's calendar.
    pub working_days: i64,
}

impl Dur {
    /// No time at all.
    pub const ZERO: Dur = Dur {
        ms: 0,
        working_days: 0,
    };

    /// The longest that the language knows, in milliseconds: 100 years of 366 days.
    pub const LONGEST: i64 = 100 * 366 * 86_400_000;

    /// Whether it is no longer than the language knows, in either direction; the working days for themselves.
    pub fn fits(self) -> bool {
        let days = Dur::LONGEST / 86_400_000;
        self.ms.unsigned_abs() <= Dur::LONGEST.unsigned_abs()
            && self.working_days.unsigned_abs() <= days.unsigned_abs()
    }

    /// A duration of whole minutes.
    pub const fn minutes(n: i64) -> Dur {
        Dur {
            ms: n * 60_000,
            working_days: 0,
        }
    }

    /// A duration of whole seconds.
    pub const fn seconds(n: i64) -> Dur {
        Dur {
            ms: n * 1_000,
            working_days: 0,
        }
    }

    /// Whole seconds, rounded up; working days count as 24 hours.
    pub fn as_seconds(self) -> i64 {
        self.as_ms().div_euclid(1000) + i64::from(self.as_ms().rem_euclid(1000) > 0)
    }

    /// Whole minutes, rounded up; working days count as 24 hours.
    pub fn as_minutes(self) -> i64 {
        self.as_seconds().div_euclid(60) + i64::from(self.as_seconds().rem_euclid(60) > 0)
    }

    /// Milliseconds; working days count as 24 hours.
    pub fn as_ms(self) -> i64 {
        self.ms
            .saturating_add(self.working_days.saturating_mul(86_400_000))
    }

    /// The sum, saturating.
    #[must_use]
    pub fn plus(self, o: Dur) -> Dur {
        Dur {
            ms: self.ms.saturating_add(o.ms),
            working_days: self.working_days.saturating_add(o.working_days),
        }
    }
}

impl std::fmt::Display for Dur {
    /// As the language writes it: `1h30m`, `5wd`, `500ms`, `0s`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.ms == 0 && self.working_days == 0 {
            return f.write_str("0s");
        }
        if self.ms < 0 || self.working_days < 0 {
            f.write_str("-")?;
        }
        if self.working_days != 0 {
            write!(f, "{}wd", self.working_days.unsigned_abs())?;
        }
        let mut rest = self.ms.unsigned_abs();
        for (size, unit) in [
            (86_400_000, "d"),
            (3_600_000, "h"),
            (60_000, "m"),
            (1_000, "s"),
            (1, "ms"),
        ] {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

/// An offset from the start, `T-30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Offset {
    /// How long after the start; negative before it.
    pub after: Dur,
}

/// A date and time as written: in the window's zone unless it says where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Civil {
    /// The wall clock.
    pub at: civil::DateTime,
    /// Seconds east of UTC when written (`Z` is 0); `None` when the zone of its context applies.
    pub offset: Option<i32>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Weekday {
    /// Monday
    Mon,
    /// Tuesday
    Tue,
    /// Wednesday
    Wed,
    /// Thursday
    Thu,
    /// Friday
    Fri,
    /// Saturday
    Sat,
    /// Sunday
    Sun,
}

impl Weekday {
    /// All days from Monday.
    pub const ALL: [Weekday; 7] = [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
        Weekday::Sat,
        Weekday::Sun,
    ];

    /// The word of the language: `mon`.
    pub fn word(self) -> &'static str {
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][self as usize]
    }
}

/// When people work, and when nothing may be released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// IANA zone.
    pub zone: Option<SmolStr>,
    /// Days that count as working days; empty when not said.
    pub working: Vec<Weekday>,
    /// Days off.
    pub holidays: Vec<Holiday>,
    /// Spans in which nothing may be released.
    pub freezes: Vec<Freeze>,
    /// Recurring hours in which nothing may be released.
    pub blackouts: Vec<BlackoutHours>,
    /// Who is on duty when.
    pub on_duty: Vec<OnDuty>,
}

/// A day off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// The day.
    pub date: civil::Date,
    /// Where it is written.
    pub origin: Origin,
}

/// A span in which nothing may be released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// Why.
    pub why: Text,
    /// First moment.
    pub from: Civil,
    /// First moment after it.
    pub to: Civil,
    /// Where it holds; empty means everywhere.
    pub environments: Vec<EnvId>,
    /// Where it is written.
    pub origin: Origin,
}

/// Recurring hours in which nothing may be released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlackoutHours {
    /// The days; empty means every day.
    pub days: Vec<Weekday>,
    /// From and to, on those days; a `to` before `from` runs over midnight. `None`: the whole day.
    pub hours: Option<(civil::Time, civil::Time)>,
    /// Where it is written.
    pub origin: Origin,
}

/// Who is on duty when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnDuty {
    /// The role.
    pub role: RoleId,
    /// The days; empty means every day.
    pub days: Vec<Weekday>,
    /// From and to; `None`: the whole day.
    pub hours: Option<(civil::Time, civil::Time)>,
    /// Where it is written.
    pub origin: Origin,
}
