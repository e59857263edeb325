//! What speaks for the window that was chosen: its reason, whether the work and the way back fit in it, who is on duty, what is kept apart.
//!
//! Must not judge: what does not fit is a finding of `check`. Called by `mod`.

use crate::emit::runbook::around;
use crate::emit::runbook::fails::fails;
use crate::emit::runbook::from_here::Way;
use crate::emit::runbook::rows::Criterion;
use crate::emit::runbook::summary::safe_by;
use crate::emit::runbook::times::{Times, span};
use crate::emit::runbook::words::{Spoken, words};
use crate::emit::runbook::{restarts, say};
use crate::model::{Dur, StageId};
use crate::plan::Node;

/// So many failures are named in a cell.
const NAMED: usize = 3;

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
    let work = covered.iter().max_by_key(|s| span(plan, **s).1);
    let closes = |at: i64| closes(plan, times, at);
    if let Some((start, ends)) = work.map(|s| span(plan, *s))
        && let Some(closed) = closes(start)
    {
        add(words!(r, "chosen.work_fits"), ends_by(plan, times, ends, closed));
        let again = restarts::longest(plan, ways);
        let end = |w: &Way| safe_by(plan, w).saturating_add(again);
        // Of windows that come again, that counts in which the stage has started.
        let inside = |w: &&Way| matches!(w.cause.node(), Node::Stage(s) if covered.contains(&s));
        let back = ways.iter().filter(inside).filter_map(|w| {
            let Node::Stage(s) = w.cause.node() else {
                return None;
            };
            Some((end(w), closes(span(plan, s).0)?))
        });
        // What fails later may take back what was done in the window.
        let touches = |w: &&Way| {
            let mut undone = w.undone.iter().flatten().chain(&w.beside);
            w.undoes() && (w.undone.is_empty() && w.beside.is_empty() || undone.any(|s| covered.contains(s)))
        };
        let outside = || ways.iter().filter(|w| !inside(w) && touches(w));
        let in_time = outside().filter(|w| end(w) <= closed).map(|w| (end(w), closed));
        let mut room: Vec<String> = back
            .chain(in_time)
            .max_by_key(|(end, closes)| end.saturating_sub(*closes))
            .map(|(end, closes)| ends_by(plan, times, end, closes))
            .into_iter()
            .collect();
        let later: Vec<&Way> = outside().filter(|w| end(w) > closed).collect();
        if let Some(at) = later.iter().map(|w| end(w)).max().and_then(|ms| times.whole(ms)) {
            let mut causes: Vec<String> = later.iter().take(NAMED).map(|w| fails(plan, &w.cause)).collect();
            if later.len() > causes.len() {
                causes.push(words!(r, "list.more", n = later.len() - causes.len()));
            }
            room.push(words!(r, "chosen.later", fails = causes.join("; "), at = at));
        }
        add(words!(r, "chosen.rollback_fits"), room.join("; "));
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

/// When the window closes that is open at an offset, or opens next, in milliseconds from T; nothing where T is not known.
fn closes(plan: Spoken<'_>, times: &Times, at: i64) -> Option<i64> {
    times.clock.t?;
    plan.opening(&times.clock, at)?.closes
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
