//! Runs for people and for programs: one file per form.
//!
//! Must not run anything. Called by the driver.

mod json;
mod mermaid;
mod sentence;
mod table;
mod text;

pub use json::{run as run_json, table as table_json};
pub use mermaid::draw;
pub use table::table;
pub use text::text;

use super::trace::{Subject, Trace, Verb};
use crate::model::{Dur, Release, StageId};

/// A time, in its two largest units: `2d3h`, `15m`, `0s`. Less than a second is nothing in a plan of minutes.
fn time(ms: i64) -> String {
    const SIZES: [i64; 4] = [86_400_000, 3_600_000, 60_000, 1_000];
    let size = SIZES.iter().position(|s| ms >= *s);
    let finest = size.map_or(1, |i| SIZES.get(i + 1).copied().unwrap_or(1));
    let ms = ms.div_euclid(finest).saturating_mul(finest);
    Dur { ms, working_days: 0 }.to_string()
}

/// Whether an event only repeats its neighbour: a step that fails because its gate does, a stage that fails at its step.
fn repeats(trace: &Trace, index: usize) -> bool {
    let event = &trace.events[index];
    match event.verb {
        Verb::StepFail => {
            let next = trace.events.get(index + 1);
            next.is_some_and(|n| n.verb == Verb::Fail && matches!(n.subject, Subject::Gate(_)))
        }
        Verb::Fail if event.detail.is_empty() => {
            let before = index.checked_sub(1).and_then(|i| trace.events.get(i));
            before.is_some_and(|b| b.verb == Verb::StepFail && b.subject == event.subject)
        }
        _ => false,
    }
}

/// Whether something of the run was given up or taken back: what stays is news only then.
fn went_back(trace: &Trace) -> bool {
    trace.events.iter().any(|e| match e.verb {
        Verb::Rollback | Verb::Abandon => true,
        Verb::Over => e.detail == "stopped",
        _ => false,
    })
}

/// The stages that were undone, in order; those together that nothing orders.
fn undone(trace: &Trace) -> Vec<Vec<StageId>> {
    let mut depth: Vec<usize> = Vec::with_capacity(trace.events.len());
    let mut groups: Vec<Vec<StageId>> = Vec::new();
    for event in &trace.events {
        let before = event.after.iter().map(|a| depth[*a]).max().unwrap_or(0);
        let mine = event.verb == Verb::Undone;
        depth.push(before + usize::from(mine));
        if let (true, Subject::Stage(s)) = (mine, event.subject) {
            if groups.len() <= before {
                groups.resize(before + 1, Vec::new());
            }
            groups[before].push(s);
        }
    }
    groups.retain(|g| !g.is_empty());
    groups
}

/// The order of undos in words: `web, then app and worker together, then base`.
fn undone_words(release: &Release, trace: &Trace) -> String {
    let groups: Vec<String> = undone(trace)
        .iter()
        .map(|group| {
            let names: Vec<&str> = group.iter().map(|s| release.stage(*s).name.as_str()).collect();
            match names.as_slice() {
                [one] => (*one).to_string(),
                many => format!("{} together", listed(many)),
            }
        })
        .collect();
    groups.join(", then ")
}

/// `a, b and c`
fn listed<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_string(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}
