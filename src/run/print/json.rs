//! Runs for programs: one versioned JSON document.
//!
//! Called by the command `simulate --format json`.

use super::Brief;
use crate::model::Release;
use crate::plan::Plan;
use crate::run::points::Point;
use crate::run::trace::Trace;
use crate::source::visible_json;
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    release: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failures: Option<Vec<Failure<'a>>>,
}

#[derive(Serialize)]
struct Failure<'a> {
    what: &'a str,
    #[serde(flatten)]
    came_out: Outcome<'a>,
}

#[derive(Serialize)]
struct RunView<'a> {
    #[serde(flatten)]
    came_out: Outcome<'a>,
    events: Vec<EventView<'a>>,
}

/// How a run came out. Times are in milliseconds.
#[derive(Serialize)]
struct Outcome<'a> {
    state: &'static str,
    cause: Option<&'a str>,
    ends_ms: i64,
    until_safe_ms: Option<i64>,
    /// Not every undo says how long it takes: the time until safe leaves those out.
    untimed: bool,
    /// Groups in order; what stands in one group nothing orders.
    undone: Vec<Vec<&'a str>>,
    /// To be undone, and left: something that depends on it stands.
    kept: Vec<&'a str>,
    /// Began, changed something, and was not undone.
    stays: Vec<&'a str>,
    help: &'a [String],
    unreached: &'a [String],
}

#[derive(Serialize)]
struct EventView<'a> {
    at_ms: i64,
    kind: &'static str,
    name: &'a str,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    after: &'a [usize],
}

/// One run.
pub fn run(plan: &Plan, trace: &Trace) -> String {
    let r = plan.release();
    let events = trace.events.iter().map(|e| EventView {
        at_ms: e.at,
        kind: e.subject.kind(),
        name: e.subject.name(r),
        event: e.verb.id(),
        step: e.step.as_deref(),
        detail: &e.detail,
        after: &e.after,
    });
    let brief = Brief::of(plan, trace);
    print(&Document {
        version: 1,
        release: &r.name,
        run: Some(RunView {
            came_out: outcome(r, &brief),
            events: events.collect(),
        }),
        failures: None,
    })
}

/// Every single failure.
pub fn table(plan: &Plan, runs: &[(Point, Brief)]) -> String {
    let r = plan.release();
    let failures = runs.iter().map(|(point, brief)| Failure {
        what: &point.what,
        came_out: outcome(r, brief),
    });
    print(&Document {
        version: 1,
        release: &r.name,
        run: None,
        failures: Some(failures.collect()),
    })
}

fn outcome<'a>(r: &'a Release, brief: &'a Brief) -> Outcome<'a> {
    let name = |s: &crate::model::StageId| r.stage(*s).name.as_str();
    Outcome {
        state: brief.state.word(),
        cause: brief.cause.as_deref(),
        ends_ms: brief.ends,
        until_safe_ms: brief.until_safe,
        untimed: brief.untimed,
        undone: brief
            .undone
            .iter()
            .map(|g| g.iter().map(name).collect())
            .collect(),
        kept: brief.kept.iter().map(name).collect(),
        stays: brief.stays.iter().map(name).collect(),
        help: &brief.help,
        unreached: &brief.unreached,
    }
}

fn print(document: &Document<'_>) -> String {
    let text = serde_json::to_string_pretty(document).expect("internal: names and numbers are JSON");
    visible_json(&text) + "\n"
}
