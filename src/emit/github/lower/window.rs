//! The window, freezes and quiet hours as constants of the script that looks at the clock: moments in seconds since 1970.
//!
//! Called by `stage` and `around`.

use crate::emit::github::lower::context::Ctx;
use crate::emit::github::lower::names;
use crate::emit::github::lower::values::Vars;
use crate::model::{Civil, EnvId, Weekday};
use crate::plan::read;
use jiff::civil::Time;
use jiff::tz::TimeZone;

/// The moment of a civil time in the plan's zone, in seconds since 1970.
pub fn seconds(ctx: &Ctx<'_>, civil: &Civil) -> Option<i64> {
    let zone = ctx.plan.zone().unwrap_or(TimeZone::UTC);
    Some(read(civil, &zone)?.moment().as_second())
}

/// The variables of `window.sh`, for work in an environment; `before` when only the end matters yet, `wait` for the seconds
/// it may wait for the opening.
pub fn variables(ctx: &Ctx<'_>, vars: &mut Vars<'_, '_>, place: Option<EnvId>, before: bool, wait: i64) {
    let r = ctx.release;
    let text = |s: Option<i64>| s.map_or(String::new(), |s| s.to_string());
    let window = r.window.as_ref();
    let moment = |c: Option<&Civil>| text(c.and_then(|c| seconds(ctx, c)));
    vars.text("OPENS", moment(window.and_then(|w| w.opens.as_ref())));
    vars.text("CLOSES", moment(window.and_then(|w| w.closes.as_ref())));
    let days = window.map_or(&[][..], |w| &w.days);
    let hours = window.and_then(|w| w.hours);
    let recurs = !days.is_empty() || hours.is_some();
    vars.text("DAYS", if recurs { numbers(days) } else { String::new() });
    vars.text("FROM", text(hours.map(|(from, _)| minute(from))));
    vars.text("TO", text(hours.map(|(_, to)| end_minute(to))));
    let calendar = r.calendar.map(|c| r.calendar_of(c));
    let zone = window
        .and_then(|w| w.zone.as_ref())
        .or_else(|| calendar.and_then(|c| c.zone.as_ref()));
    vars.text("ZONE", zone.map_or("UTC", |z| z.as_str()));
    let freezes: Vec<serde_json::Value> = calendar
        .iter()
        .flat_map(|c| &c.freezes)
        .filter(|f| f.environments.is_empty() || place.is_none_or(|p| f.environments.contains(&p)))
        .filter_map(|f| {
            Some(serde_json::json!({
                "why": names::title(r, &f.why),
                "from": seconds(ctx, &f.from)?,
                "to": seconds(ctx, &f.to)?,
            }))
        })
        .collect();
    vars.text("FREEZES", serde_json::Value::Array(freezes).to_string());
    let quiet: Vec<serde_json::Value> = calendar
        .iter()
        .flat_map(|c| &c.blackouts)
        .map(|b| {
            let (from, to) = b
                .hours
                .map_or((0, 1440), |(from, to)| (minute(from), end_minute(to)));
            serde_json::json!({"days": numbers(&b.days), "from": from, "to": to})
        })
        .collect();
    vars.text("QUIET_HOURS", serde_json::Value::Array(quiet).to_string());
    vars.text("WAIT", wait.to_string());
    vars.text("BEFORE", before.to_string());
}

/// Days as digits from 1 (Monday) to 7; every day when none is said.
fn numbers(days: &[Weekday]) -> String {
    let list = if days.is_empty() { &Weekday::ALL[..] } else { days };
    list.iter().map(|d| char::from(b'1' + *d as u8)).collect()
}

fn minute(t: Time) -> i64 {
    i64::from(t.hour()) * 60 + i64::from(t.minute())
}

/// The minute a span ends before: midnight is the end of the day.
fn end_minute(t: Time) -> i64 {
    match minute(t) {
        0 | 1439 => 1440,
        m => m,
    }
}
