//! When things happen: offsets and clocks in two zones.
//!
//! Must not work out a schedule: the plan does. Called by the parts of the view.

use crate::emit::runbook::say;
use crate::emit::runbook::words::{Spoken, Words};
use crate::model::{ApprovalId, StageId};
use crate::plan::{Clock, Ending, Node};
use jiff::tz::TimeZone;

/// The clock of a plan.
pub(super) struct Times<'a> {
    pub words: &'a Words,
    pub clock: Clock,
    /// Whether the plan's own zone is another than UTC.
    pub local: bool,
    /// When the run is opened: ahead of T where approvals are asked for first, so that they can be given by T.
    pub opened: i64,
    /// How a run ends in which nothing fails.
    pub ending: Ending,
}

/// The whole minute by which people know a moment that comes at the latest then: the next one after T, the one before ahead of it.
pub(super) fn minute(ms: i64) -> i64 {
    const MINUTE: i64 = 60_000;
    let down = ms.div_euclid(MINUTE);
    let whole = if ms > 0 && ms % MINUTE > 0 {
        down.saturating_add(1)
    } else {
        down
    };
    whole.saturating_mul(MINUTE)
}

impl<'a> Times<'a> {
    pub(super) fn of(plan: Spoken<'a>) -> Self {
        let clock = plan.clock();
        let local = plan.zone().is_some_and(|z| z != TimeZone::UTC);
        let words = plan.words;
        let approvals = (0..plan.release().approvals.len()).map(ApprovalId::at);
        let first = approvals.filter_map(|a| asked_ahead(plan, &clock, a)).min();
        Times {
            words,
            opened: first.unwrap_or(0).min(0),
            clock,
            local,
            ending: plan.ending(),
        }
    }

    /// An offset in UTC and in the plan's zone; empty when T is not known.
    pub(super) fn at(&self, ms: i64) -> (String, String) {
        let (Some(at), Some(t)) = (self.clock.moment(minute(ms)), self.clock.t) else {
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
        let at = self.clock.moment(minute(ms))?;
        Some(if self.local {
            say::in_two_zones(self.words, at, &self.clock.zone)
        } else {
            say::moment(self.words, at, &TimeZone::UTC)
        })
    }
}

/// When an approval is asked for that waits for nothing: as soon as the run is opened, so that all its time has passed by T.
/// Nothing for one that waits.
pub(super) fn asked_ahead(plan: Spoken<'_>, clock: &Clock, a: ApprovalId) -> Option<i64> {
    let waits = !plan.waits_for(Node::Approval(a)).is_empty();
    let within = plan.plan.release().approval(a).within.unwrap_or_default();
    (!waits).then(|| {
        plan.earlier(clock, 0, within)
            .unwrap_or_else(|| within.as_ms().saturating_neg())
    })
}

/// When a stage starts and ends at the latest, in milliseconds from T.
pub(super) fn span(plan: Spoken<'_>, stage: StageId) -> (i64, i64) {
    plan.latest(Node::Stage(stage))
}
