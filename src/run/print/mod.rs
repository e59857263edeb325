//! Runs for people and for programs: one file per form.
//!
//! Must not run anything. Called by the driver.

mod brief;
mod json;
mod mermaid;
mod sentence;
mod table;
mod text;

pub use brief::Brief;
pub use json::{run as run_json, table as table_json};
pub use mermaid::draw;
pub use table::table;
pub use text::text;

use super::trace::{Subject, Trace, Verb};
use crate::model::Dur;

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
