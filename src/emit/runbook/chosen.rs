//! What speaks for the window that was chosen: its reason, whether the work and the way back fit in it, who is on duty, what is kept apart.
//!
//! Must not judge: what does not fit is a finding of `check`. Called by `mod`.

use crate::emit::runbook::around;
use crate::emit::runbook::from_here::Way;
use crate::emit::runbook::rows::Criterion;
use crate::emit::runbook::say;
use crate::emit::runbook::summary::failed_by;
use crate::emit::runbook::times::{Times, span};
use crate::emit::runbook::words::{Spoken, words};
use crate::model::{Civil, Dur, StageId};
use crate::plan::read;

/// Each thing that matters when a time is chosen, and how it is here. Nothing for a release without a window.
pub(super) fn chosen(plan: Spoken<'_>, times: &Times, ways: &[Way]) -> Vec<Criterion> {
    let r = plan.release();
    let Some(window) = &r.window else {
        return Vec::new();
    };
    let mut list = Vec::new();
    let mut add = |what: String, holds: String| {
        if !holds.is_empty() {
            list.push(Criterion { what, holds });
        }
    };
    add(words!(r, "chosen.reason"), say::maybe(r, window.because.as_ref()));
    let covered: Vec<StageId> = plan
        .stage_order()
        .into_iter()
        .filter(|s| plan.covered(*s))
        .collect();
    let closes = window.closes.as_ref().and_then(|c| offset(plan, times, c));
    if let Some(closes) = closes {
        let work = covered.iter().map(|s| span(plan, *s).1).max();
        add(
            words!(r, "chosen.work_fits"),
            work.map(|ends| ends_by(plan, times, ends, closes))
                .unwrap_or_default(),
        );
        let inside = ways
            .iter()
            .filter(|w| w.stage.is_some_and(|s| covered.contains(&s)));
        let back = inside
            .map(|w| failed_by(plan, w).saturating_add(w.safe.as_ms()))
            .max();
        add(
            words!(r, "chosen.rollback_fits"),
            back.map(|ends| ends_by(plan, times, ends, closes))
                .unwrap_or_default(),
        );
    }
    let duty: Vec<String> = around::on_duty(plan)
        .into_iter()
        .map(|w| {
            words!(
                r,
                "chosen.watch",
                role = w.role,
                days = w.days,
                hours = w.hours,
                zone = w.zone
            )
        })
        .collect();
    add(words!(r, "chosen.on_duty"), duty.join("; "));
    let mut places: Vec<String> = Vec::new();
    for s in &covered {
        let e = r.stage(*s).environment;
        let name = r.env(e).name.to_string();
        if r.is_production(e) && !places.contains(&name) {
            places.push(name);
        }
    }
    if !places.is_empty() {
        let places = say::list(r, &places);
        add(
            words!(r, "chosen.apart"),
            words!(r, "chosen.waits", places = places),
        );
    }
    list
}

/// How long after T a moment of the plan is, in milliseconds; nothing where T is not known.
fn offset(plan: Spoken<'_>, times: &Times, at: &Civil) -> Option<i64> {
    let zone = plan.zone().unwrap_or(jiff::tz::TimeZone::UTC);
    times.clock.offset(read(at, &zone)?.moment())
}

/// When something ends, and how long before or after the window closes that is.
fn ends_by(plan: Spoken<'_>, times: &Times, ends: i64, closes: i64) -> String {
    let r = plan.release();
    let Some(at) = times.whole(ends) else {
        return String::new();
    };
    let apart = say::dur(
        r,
        Dur {
            ms: (closes - ends).abs(),
            working_days: 0,
        },
    );
    if ends <= closes {
        words!(r, "chosen.before_it_closes", at = at, left = apart)
    } else {
        words!(r, "chosen.after_it_closes", at = at, over = apart)
    }
}
