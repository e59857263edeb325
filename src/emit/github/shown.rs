//! What people and the API of GitHub see: the names of jobs and steps, told apart again.
//!
//! The one place that knows the form of the names in reverse. Called by `record`.

use crate::emit::github::lower::names;
use crate::model::{GateId, GateTest, Release};

/// Whether a job of this name is a part of `kind name`, and if so whether it is its last: `Stage api`, `Stage api (part 1)`.
pub fn part_of(kind: &str, name: &str, job: &str) -> Option<bool> {
    let rest = job.strip_prefix(kind)?.strip_prefix(' ')?;
    let rest = rest.strip_prefix(names::line(name).as_str())?;
    if rest.is_empty() {
        return Some(true);
    }
    // One of several seats is a whole job of its own; a part of a stage has more to come.
    let inside = rest.strip_prefix(" (")?;
    Some(!inside.starts_with("part "))
}

/// Whether a step, or a job that asks a person, judges a gate.
pub fn judges(release: &Release, id: GateId, name: &str) -> bool {
    let gate = release.gate(id);
    match &gate.test {
        GateTest::Metrics(_) => name == format!("Gate: {}", names::title(release, &gate.title)),
        GateTest::Run(act) | GateTest::Job(act) => name == names::title(release, &act.title),
        GateTest::Ask(q) => {
            let asked = names::title(release, &q.ask);
            name == asked || name.ends_with(&format!(": {asked}"))
        }
    }
}
