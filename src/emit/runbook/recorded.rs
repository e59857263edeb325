//! What a run was, for the completed runbook: how it went, and the execution log filled in.
//!
//! Plain data that is handed in; must not know where a run is read from. Filled by `record`, shown by the templates.

use crate::emit::runbook::say;
use crate::emit::runbook::timeline::{About, Row};
use crate::emit::runbook::times::Times;
use crate::emit::runbook::words::{Spoken, Told, words};
use crate::model::{ApprovalId, Dur, HoldId, StageId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::BTreeMap;

/// A run, as far as a runbook tells of it.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// What ran it: `GitHub`, `Step Functions`.
    pub engine: String,
    /// Its number or its name there.
    pub run: String,
    /// Its address; may be empty.
    pub address: String,
    /// Who started it; may be empty.
    pub starter: String,
    /// When it started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How it ended: `succeeded`, `rolled back`.
    pub end: String,
    /// What became of each stage that is known of.
    pub stages: BTreeMap<StageId, Part>,
    /// What the history tells of the steps of each stage, in their order.
    pub steps: BTreeMap<StageId, Vec<Done>>,
    /// What became of each approval.
    pub approvals: BTreeMap<ApprovalId, Part>,
    /// What became of each hold: entered and left.
    pub holds: BTreeMap<HoldId, Part>,
    /// The stages that were undone: when, and how that went.
    pub undone: Vec<(StageId, Option<Timestamp>, String)>,
    /// What differs from the plan.
    pub deviations: Vec<String>,
}

/// What became of one part.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// When it began, or was asked.
    pub began: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Who did it, or said yes.
    pub by: Vec<String>,
    /// `done`, `failed`, `granted`.
    pub result: String,
}

/// A step, as a history tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// What it is called there.
    pub name: String,
    /// When it began.
    pub began: Option<Timestamp>,
    /// Whether it ended well; `None` when the history does not say.
    pub passed: Option<bool>,
}

/// How the run went, for the templates.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Went {
    engine: String,
    run: String,
    address: String,
    starter: String,
    started: String,
    ended: String,
    took: String,
    end: String,
    stages: Vec<Line>,
    approvals: Vec<Line>,
    holds: Vec<Line>,
    undone: Vec<Line>,
    deviations: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
struct Line {
    name: String,
    began: String,
    ended: String,
    took: String,
    by: String,
    result: String,
}

/// How the run went; the rows of the timeline get what really happened.
pub(super) fn went(plan: Spoken<'_>, times: &Times, run: &Recorded, rows: &mut [Row]) -> Went {
    let r = plan.release();
    let clock = |at: Option<Timestamp>| moment(times, run.started, at);
    let line = |name: String, part: &Part| Line {
        name,
        began: clock(part.began),
        ended: clock(part.ended),
        took: took(r, part.began, part.ended),
        by: part.by.join(", "),
        result: say::phrase(r.words, "result", &part.result),
    };
    fill(times, run, rows);
    // In the order in which it was undone; what was undone at one time, the last of the plan first, and what was not, at the end.
    let place = |s: StageId| plan.stage_order().iter().position(|x| *x == s);
    let mut undone: Vec<&(StageId, Option<Timestamp>, String)> = run.undone.iter().collect();
    undone.sort_by_key(|(s, at, _)| (at.is_none(), *at, std::cmp::Reverse(place(*s))));
    Went {
        engine: run.engine.clone(),
        run: run.run.clone(),
        address: run.address.clone(),
        starter: run.starter.clone(),
        started: whole(times, run.started),
        ended: whole(times, run.ended),
        took: took(r, run.started, run.ended),
        end: say::phrase(r.words, "result", &run.end),
        stages: plan
            .stage_order()
            .into_iter()
            .filter_map(|s| Some(line(r.stage(s).name.to_string(), run.stages.get(&s)?)))
            .collect(),
        approvals: run
            .approvals
            .iter()
            .map(|(a, p)| line(say::text(r, &r.approval(*a).title), p))
            .collect(),
        holds: run
            .holds
            .iter()
            .map(|(h, p)| line(say::text(r, &r.hold(*h).title), p))
            .collect(),
        undone: undone
            .into_iter()
            .map(|(s, at, how)| Line {
                name: r.stage(*s).name.to_string(),
                began: String::new(),
                ended: clock(*at),
                took: String::new(),
                by: String::new(),
                result: say::phrase(r.words, "result", how),
            })
            .collect(),
        deviations: run.deviations.clone(),
    }
}

/// The letters and digits of a name: targets spell the same title with and without marks.
fn bare(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// The steps of each stage that the history tells of, beside the rows they belong to: both in order.
fn steps(run: &Recorded, rows: &mut [Row], times: &Times) {
    let mut next: BTreeMap<StageId, usize> = BTreeMap::new();
    for row in rows.iter_mut() {
        let About::Stage(s) = row.about else { continue };
        let Some(list) = run.steps.get(&s) else { continue };
        let names: Vec<String> = row.called.iter().map(|n| bare(n)).collect();
        let from = next.get(&s).copied().unwrap_or(0);
        let rest = list.iter().enumerate().skip(from);
        let found = rest
            .into_iter()
            .find(|(_, done)| names.contains(&bare(&done.name)));
        let Some((k, done)) = found else { continue };
        // Several states may belong to one step: one asks, the next knows the answer.
        let more = list[k..]
            .iter()
            .take_while(|d| names.contains(&bare(&d.name)) && d.began == done.began);
        let whole: Vec<&Done> = more.collect();
        let own = if whole.iter().any(|d| d.passed.is_none()) {
            whole.len()
        } else {
            1
        };
        next.insert(s, k + own);
        row.actual = moment(times, run.started, done.began);
        if let Some(passed) = whole[..own].iter().rev().find_map(|d| d.passed) {
            let result = if passed { "done" } else { "failed" };
            row.result = say::phrase(times.words, "result", result);
        }
    }
}

/// Fills in the execution log. Of a stage it is known when it began and when it ended: its first row and its last say so; and
/// of its steps what the history tells.
fn fill(times: &Times, run: &Recorded, rows: &mut [Row]) {
    steps(run, rows, times);
    let mut ends: BTreeMap<About, (usize, usize)> = BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        ends.entry(row.about).or_insert((i, i)).1 = i;
    }
    for (i, row) in rows.iter_mut().enumerate() {
        let about = row.about;
        let (first, last) = ends.get(&about).map_or((true, true), |(a, z)| (*a == i, *z == i));
        let (part, entering) = match about {
            About::Stage(s) => (run.stages.get(&s), first),
            About::Approval(a) => (run.approvals.get(&a), false),
            About::Enter(h) => (run.holds.get(&h), true),
            About::Leave(h) => (run.holds.get(&h), false),
            About::Other => continue,
        };
        let Some(part) = part else { continue };
        let at = if entering { part.began } else { part.ended };
        if entering || last {
            row.actual = moment(times, run.started, at);
        }
        row.done_by = part.by.join(", ");
        if last && !matches!(about, About::Enter(_)) {
            row.result = say::phrase(times.words, "result", &part.result);
        }
    }
}

/// A whole moment in the plan's zone and, where that is another, in UTC.
fn whole(times: &Times, at: Option<Timestamp>) -> String {
    let Some(at) = at else { return String::new() };
    let utc = say::moment(times.words, at, &TimeZone::UTC);
    if times.local {
        format!("{} ({utc})", say::moment(times.words, at, &times.clock.zone))
    } else {
        utc
    }
}

fn moment(times: &Times, first: Option<Timestamp>, at: Option<Timestamp>) -> String {
    let Some(at) = at else { return String::new() };
    let zone = if times.local {
        &times.clock.zone
    } else {
        &TimeZone::UTC
    };
    let first = first.unwrap_or(at);
    let word = at.to_zoned(zone.clone()).strftime("%Z").to_string();
    let seconds = at.to_zoned(zone.clone()).strftime(":%S").to_string();
    format!("{}{seconds} {word}", say::clock(times.words, at, first, zone))
}

/// How long something took, as people say it.
fn took(r: Told<'_>, from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    let (Some(from), Some(to)) = (from, to) else {
        return String::new();
    };
    let seconds = (to.as_second() - from.as_second()).max(0);
    if seconds == 0 {
        return words!(r, "time.under_a_second");
    }
    say::dur(r, Dur::seconds(seconds))
}
