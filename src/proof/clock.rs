//! The clock of a run: when it starts, and whether a stage may start then.
//!
//! Reads the plan's own window, calendar and times. Must not know a target. Used by `scenarios` and `contract`.

use super::scenario::Scenario;
use crate::emit::environments::in_window;
use crate::model::{Civil, StageId};
use crate::plan::{Plan, civil_word, read};
use jiff::tz::TimeZone;

/// Milliseconds.
type Span = (f64, f64);

/// When a run starts: at the plan's own start, else when its window opens, in milliseconds since 1970.
pub fn start(plan: &Plan) -> f64 {
    let opens = || {
        let window = plan.release().window.as_ref()?;
        moment(window.opens.as_ref()?, &plan.zone().unwrap_or(TimeZone::UTC))
    };
    plan.start_moment()
        .map(|t| float(t.as_millisecond()))
        .or_else(opens)
        .unwrap_or(0.0)
}

/// A moment as people write it, in the plan's own zone.
pub fn said(plan: &Plan, moment: f64) -> String {
    let zone = plan.zone().unwrap_or(TimeZone::UTC);
    match jiff::Timestamp::from_millisecond(moment as i64) {
        Ok(at) => civil_word(at.to_zoned(zone).datetime()),
        Err(_) => "no moment of the calendar".into(),
    }
}

/// The moment after which a stage is not started any more, when the plan names one.
pub fn closes(plan: &Plan, stage: StageId) -> Option<f64> {
    let mut shut: Vec<f64> = Vec::new();
    if in_window(plan.release(), stage)
        && let Some(window) = &plan.release().window
        && let Some(closes) = &window.closes
    {
        shut.extend(moment(closes, &plan.zone().unwrap_or(TimeZone::UTC)));
    }
    let start = start(plan);
    shut.extend(freezes(plan, stage).into_iter().map(|(from, _)| from));
    shut.into_iter().filter(|m| *m > start).min_by(f64::total_cmp)
}

/// The moments after which a stage that was frozen may start again.
pub fn thaws(plan: &Plan, stage: StageId) -> impl Iterator<Item = f64> {
    let start = start(plan);
    let ends = freezes(plan, stage).into_iter().map(|(_, to)| to);
    ends.filter(move |to| to.is_finite() && *to > start)
}

/// Whether the window that covers a stage comes again, so that a schedule keeps it.
pub fn recurs(plan: &Plan, stage: StageId) -> bool {
    let window = plan.release().window.as_ref();
    in_window(plan.release(), stage) && window.is_some_and(|w| !w.days.is_empty() || w.hours.is_some())
}

/// Whether a stage may not start at a moment; `shut` says what the schedule says then.
pub fn closed(plan: &Plan, stage: StageId, at: f64, shut: bool) -> bool {
    if recurs(plan, stage) && shut {
        return true;
    }
    if in_window(plan.release(), stage)
        && let Some(window) = &plan.release().window
    {
        let zone = plan.zone().unwrap_or(TimeZone::UTC);
        let opens = window.opens.as_ref().and_then(|c| moment(c, &zone));
        let closes = window.closes.as_ref().and_then(|c| moment(c, &zone));
        if opens.is_some_and(|o| at < o) || closes.is_some_and(|c| at >= c) {
            return true;
        }
    }
    freezes(plan, stage)
        .iter()
        .any(|(from, to)| at >= *from && at < *to)
}

/// When a stage's own time comes: so long after the start.
pub fn due(plan: &Plan, scenario: &Scenario, after: crate::model::Dur) -> f64 {
    let start = plan
        .start_moment()
        .map_or(scenario.start.unwrap_or(0.0), |t| float(t.as_millisecond()));
    start + float(after.as_ms())
}

/// A number that no run is long enough to lose digits of.
pub fn float(n: i64) -> f64 {
    n as f64
}

fn moment(civil: &Civil, zone: &TimeZone) -> Option<f64> {
    read(civil, zone).map(|r| float(r.moment().as_millisecond()))
}

fn freezes(plan: &Plan, stage: StageId) -> Vec<Span> {
    let release = plan.release();
    let Some(calendar) = release.calendar.map(|c| release.calendar_of(c)) else {
        return Vec::new();
    };
    let own = calendar.zone.as_ref().and_then(|z| crate::plan::zone(z));
    let zone = own.or_else(|| plan.zone()).unwrap_or(TimeZone::UTC);
    let environment = release.stage(stage).environment;
    let ours = |listed: &[crate::model::EnvId]| listed.is_empty() || listed.contains(&environment);
    calendar
        .freezes
        .iter()
        .filter(|f| ours(&f.environments))
        .map(|f| {
            let from = moment(&f.from, &zone).unwrap_or(f64::NEG_INFINITY);
            (from, moment(&f.to, &zone).unwrap_or(f64::INFINITY))
        })
        .collect()
}
