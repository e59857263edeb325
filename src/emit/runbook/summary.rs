//! The first screen of every document: what, why, risk, when, how long at worst, who decides what, and red flags.

use crate::emit::Context;
use crate::emit::runbook::deciders::{Decider, deciders};
use crate::emit::runbook::from_here::{Cause, Way};
use crate::emit::runbook::times::Times;
use crate::emit::runbook::unsaid::Unsaid;
use crate::emit::runbook::ways_back::asks;
use crate::emit::runbook::words::{Spoken, words};
use crate::emit::runbook::{red_flags, restarts, say};
use crate::model::{Dur, FailureOutcome, OptionOutcome};
use serde::Serialize;

/// The first screen.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub name: String,
    pub title: String,
    pub doc: String,
    pub about: String,
    pub app_version: String,
    pub replaces: String,
    pub change: String,
    pub change_type: String,
    pub risk: String,
    pub justification: String,
    pub benefit: String,
    pub impact: String,
    pub downtime: String,
    pub components: Vec<String>,
    pub ticket: String,
    pub docs: Vec<String>,
    pub authors: String,
    pub owner: String,
    pub environment: String,
    pub start: String,
    pub window: String,
    pub zone: String,
    pub finish: String,
    pub finish_note: String,
    /// Whether the run may end later than that although nothing fails: nobody has said how long something takes.
    pub open_end: bool,
    /// Whether nobody has said how long something takes that is done when nothing fails.
    pub untimed: bool,
    pub longest: String,
    pub worst_finish: String,
    pub worst_rollback: String,
    pub rehearsal: String,
    pub worst_note: String,
    pub duration: String,
    pub deciders: Vec<Decider>,
    pub red_flags: Vec<String>,
    pub known_start: bool,
    pub local: bool,
}

pub(super) fn summary(plan: Spoken<'_>, context: &Context<'_>, times: &Times, ways: &[Way]) -> Summary {
    let r = plan.release();
    let last = times.ending.over;
    // What is done at the end of every run comes after the way back too.
    let finally = times
        .ending
        .finally
        .first()
        .map_or(0, |from| last.saturating_sub(*from));
    // At worst what fails does so at its end, and the whole way back from there follows.
    let worst = ways
        .iter()
        .map(|w| safe_by(plan, w).saturating_add(finally))
        .max()
        .unwrap_or(last)
        .max(last)
        .saturating_add(restarts::longest(plan, ways));
    let longest_undo = ways
        .iter()
        .filter(|w| w.undoes())
        .map(|w| w.safe)
        .max_by_key(|d| d.as_ms());
    let untimed = ways.iter().any(|w| w.untimed);
    let ends = |ms: i64| match times.whole(ms) {
        Some(at) => format!("{at}, {}", say::offset(ms)),
        None => words!(
            r,
            "time.after_the_start",
            time = say::dur(r, Dur { ms, working_days: 0 })
        ),
    };
    let unsaid = Unsaid::of(plan);
    let change = r.change.as_ref();
    Summary {
        name: r.name.to_string(),
        title: say::text(r, &r.title),
        doc: r.doc.clone().unwrap_or_default(),
        about: say::maybe(r, r.summary.as_ref()),
        app_version: say::text(r, &r.version),
        replaces: say::maybe(r, r.replaces.as_ref()),
        change: change.map(|c| say::text(r, &c.id)).unwrap_or_default(),
        change_type: change
            .map(|c| say::word(r, "change_type", c.kind.word()))
            .unwrap_or_default(),
        risk: change
            .map(|c| say::word(r, "level", c.risk.word()))
            .unwrap_or_default(),
        justification: change
            .map(|c| say::maybe(r, c.justification.as_ref()))
            .unwrap_or_default(),
        benefit: change
            .map(|c| say::maybe(r, c.benefit.as_ref()))
            .unwrap_or_default(),
        impact: change
            .map(|c| say::maybe(r, c.impact.as_ref()))
            .unwrap_or_default(),
        downtime: change
            .and_then(|c| c.downtime)
            .map(|d| {
                if d.as_ms() == 0 {
                    words!(r, "text.none")
                } else {
                    words!(r, "time.up_to", time = say::dur(r, d))
                }
            })
            .unwrap_or_default(),
        components: change
            .map(|c| c.components.iter().map(|t| say::text(r, t)).collect())
            .unwrap_or_default(),
        ticket: change
            .map(|c| say::maybe(r, c.ticket.as_ref()))
            .unwrap_or_default(),
        docs: r.docs.iter().map(|t| say::text(r, t)).collect(),
        authors: crate::emit::runbook::consent::authors(r),
        owner: say::role(r, r.owner),
        environment: places(plan),
        start: times.whole(0).unwrap_or_default(),
        window: covered(plan, window(plan, times)),
        zone: if times.local {
            times.clock.zone.iana_name().unwrap_or("").to_string()
        } else {
            String::new()
        },
        finish: ends(last),
        finish_note: finish_note(plan, ways, &unsaid),
        open_end: unsaid.any() || !pauses(plan).is_empty(),
        untimed: unsaid.untimed(),
        longest: say::dur(
            r,
            crate::model::Dur {
                ms: last,
                working_days: 0,
            },
        ),
        worst_finish: ends(worst),
        worst_rollback: longest_undo
            .filter(|d| d.as_ms() > 0 || !untimed)
            .map(|d| say::dur(r, d))
            .unwrap_or_default(),
        rehearsal: rehearsal(plan),
        worst_note: worst_note(plan, ways, &unsaid),
        duration: duration(plan, last, &unsaid),
        deciders: deciders(plan, ways),
        red_flags: red_flags::red_flags(plan, context),
        known_start: times.clock.t.is_some(),
        local: times.local,
    }
}

/// When the way back after a failure is over at the latest, in milliseconds from T: in whichever case that is latest.
pub(super) fn safe_by(plan: Spoken<'_>, w: &Way) -> i64 {
    let node = w.cause.node();
    // What is asked as soon as the run is opened has been answered by T.
    let at_once = matches!(w.cause, Cause::Refused(_)) && plan.waits_for(node).is_empty();
    let by = |finish: i64, safe: Dur| {
        let failed = if at_once {
            0
        } else {
            finish.saturating_sub(w.own_step.as_ms())
        };
        failed.saturating_add(safe.as_ms())
    };
    if w.safe_in.len() != plan.cases().len() {
        return by(plan.latest(node).1, w.safe);
    }
    let cases = plan.cases().iter().zip(&w.safe_in);
    let cases = cases.filter_map(|(case, safe)| Some(by(case.of(&plan, node).finish, (*safe)?)));
    cases.max().unwrap_or(0)
}

/// Every environment in which a stage takes place, production first.
fn places(plan: Spoken<'_>) -> String {
    let r = plan.release();
    let mut list: Vec<crate::model::EnvId> = Vec::new();
    for s in plan.stage_order() {
        let e = r.stage(s).environment;
        if !list.contains(&e) {
            list.push(e);
        }
    }
    list.sort_by_key(|e| !r.is_production(*e));
    let names: Vec<String> = list.iter().map(|e| r.env(*e).name.to_string()).collect();
    say::list(r, &names)
}

/// A window with the stages it covers, when it does not cover all of them.
fn covered(plan: Spoken<'_>, window: String) -> String {
    let r = plan.release();
    let stages: Vec<String> = plan
        .stage_order()
        .into_iter()
        .filter(|s| plan.covered(*s))
        .map(|s| r.stage(s).name.to_string())
        .collect();
    if window.is_empty() || stages.len() == r.stages.len() || stages.is_empty() {
        return window;
    }
    words!(r, "window.for", window = window, stages = say::list(r, &stages))
}

/// A moment in the zone of the plan, and in UTC where that is another.
pub(super) fn in_two_zones(plan: Spoken<'_>, times: &Times, c: &crate::model::Civil) -> Option<String> {
    let zone = plan.zone().unwrap_or(jiff::tz::TimeZone::UTC);
    let at = crate::plan::read(c, &zone).map(crate::plan::Reading::moment)?;
    Some(if times.local {
        say::in_two_zones(plan.words, at, &zone)
    } else {
        say::moment(plan.words, at, &zone)
    })
}

fn window(plan: Spoken<'_>, times: &Times) -> String {
    let r = plan.release();
    let Some(w) = &r.window else { return String::new() };
    let moment = |c: &crate::model::Civil| in_two_zones(plan, times, c);
    match (&w.opens, &w.closes) {
        (Some(o), Some(c)) => match (moment(o), moment(c)) {
            (Some(o), Some(c)) => words!(r, "time.range", short = o, long = c),
            _ => String::new(),
        },
        (Some(o), None) => moment(o)
            .map(|o| words!(r, "window.from", time = o))
            .unwrap_or_default(),
        (None, Some(c)) => moment(c)
            .map(|c| words!(r, "window.until", time = c))
            .unwrap_or_default(),
        (None, None) => {
            let days: Vec<String> = w.days.iter().map(|d| say::day(r, *d)).collect();
            let days = if days.is_empty() {
                words!(r, "day.every")
            } else {
                say::list(r, &days)
            };
            let hours = w.hours.map(|(a, b)| {
                let (from, to) = (a.strftime("%H:%M"), b.strftime("%H:%M"));
                format!(", {}", words!(r, "time.range", short = from, long = to))
            });
            let zone = w.zone.as_ref().map_or("UTC", |z| z.as_str());
            format!("{days}{} ({zone})", hours.unwrap_or_default())
        }
    }
}

fn rehearsal(plan: Spoken<'_>) -> String {
    let r = plan.release();
    let Some(t) = &r.tested else { return String::new() };
    let mut parts = Vec::new();
    if let Some(e) = t.environment {
        parts.push(words!(r, "rehearsal.in", environment = r.env(e).name));
    }
    if let Some(on) = t.on {
        parts.push(words!(r, "rehearsal.on", date = say::date(r.words, on)));
    }
    let evidence = say::maybe(r, t.evidence.as_ref());
    let place = parts.join(" ");
    if evidence.is_empty() {
        place
    } else {
        format!("{place} ({evidence})")
    }
}

fn duration(plan: Spoken<'_>, last: i64, unsaid: &Unsaid) -> String {
    let r = plan.release();
    let last = Dur {
        ms: last.max(0),
        working_days: 0,
    };
    let takes = say::takes(r, Dur::ZERO, last);
    if takes.is_empty() || !unsaid.any() {
        return takes;
    }
    words!(r, "time.as_far_as_said", time = takes)
}

/// The answers after which the run waits for somebody, who may take any time.
fn pauses(plan: Spoken<'_>) -> Vec<String> {
    let r = plan.release();
    let mut out = Vec::new();
    for d in &r.decisions {
        for o in &d.options {
            if let OptionOutcome::Then(FailureOutcome::Pause | FailureOutcome::Escalate(_)) = &o.then {
                let (ask, option) = (say::text(r, &d.question.ask), say::text(r, &o.title));
                out.push(words!(r, "uncounted.paused", ask = ask, option = option));
            }
        }
    }
    out
}

/// What the latest finish leaves out, though nothing fails.
fn finish_note(plan: Spoken<'_>, ways: &[Way], unsaid: &Unsaid) -> String {
    let r = plan.release();
    let mut out = unsaid.list(plan);
    out.extend(pauses(plan));
    let again = restarts::from(ways);
    if !again.is_empty() {
        out.push(words!(r, "uncounted.restarts", stages = say::stages(r, &again)));
    }
    if out.is_empty() {
        String::new()
    } else {
        words!(r, "uncounted.all", list = say::list(r, &out))
    }
}

/// What the worst finish leaves out.
fn worst_note(plan: Spoken<'_>, ways: &[Way], unsaid: &Unsaid) -> String {
    let r = plan.release();
    let mut out: Vec<String> = Vec::new();
    if ways.iter().any(|w| asks(&w.then)) {
        out.push(words!(r, "uncounted.decisions"));
    }
    if !unsaid.approvals && r.approvals.iter().any(|a| a.within.is_none()) {
        out.push(words!(r, "uncounted.approvals"));
    }
    // What is left out of the latest end is left out of the worst, and has been told where nothing else was.
    let left_out = unsaid.list(plan);
    if !left_out.is_empty() && pauses(plan).is_empty() && restarts::from(ways).is_empty() {
        out.push(words!(
            r,
            "uncounted.above",
            row = r.words.fill("label.should_end_by", &[])
        ));
    } else {
        out.extend(left_out);
    }
    if ways.iter().any(|w| w.untimed) {
        out.push(words!(r, "uncounted.undos"));
    }
    if out.is_empty() {
        String::new()
    } else {
        words!(r, "uncounted.all", list = say::list(r, &out))
    }
}
