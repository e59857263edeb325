//! When things happen: offsets and clocks in two zones.
//!
//! Must not work out a schedule: the plan does. Called by the parts of the view.

use crate::emit::runbook::say;
use crate::emit::runbook::words::{Spoken, Words};
use crate::model::StageId;
use crate::plan::{Clock, Node, Pace};
use jiff::tz::TimeZone;

/// The clock of a plan.
pub(super) struct Times<'a> {
    pub words: &'a Words,
    pub clock: Clock,
    /// Whether the plan's own zone is another than UTC.
    pub local: bool,
}

impl<'a> Times<'a> {
    pub(super) fn of(plan: Spoken<'a>) -> Self {
        let clock = plan.clock();
        let local = plan.zone().is_some_and(|z| z != TimeZone::UTC);
        let words = plan.words;
        Times { words, clock, local }
    }

    /// An offset in UTC and in the plan's zone; empty when T is not known.
    pub(super) fn at(&self, ms: i64) -> (String, String) {
        let (Some(at), Some(t)) = (self.clock.moment(ms), self.clock.t) else {
            return (String::new(), String::new());
        };
        let utc = say::clock(self.words, at, t, &TimeZone::UTC);
        let local = if self.local {
            say::clock(self.words, at, t, &self.clock.zone)
        } else {
            String::new()
        };
        (utc, local)
    }

    /// A whole moment in the plan's zone and in UTC.
    pub(super) fn whole(&self, ms: i64) -> Option<String> {
        let at = self.clock.moment(ms)?;
        let utc = say::moment(self.words, at, &TimeZone::UTC);
        if !self.local {
            return Some(utc);
        }
        let clock = at.to_zoned(TimeZone::UTC).strftime("%H:%M UTC").to_string();
        Some(format!(
            "{} ({clock})",
            say::moment(self.words, at, &self.clock.zone)
        ))
    }
}

/// When a stage starts and ends on its longest times, in milliseconds from T.
pub(super) fn span(plan: Spoken<'_>, stage: StageId) -> (i64, i64) {
    let t = plan.schedule(Pace::Longest).of(&plan, Node::Stage(stage));
    (t.start, t.finish)
}
