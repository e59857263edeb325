//! The facts of a contradiction as facts of a finding.
//!
//! Called by the checks that decide cases.

use crate::checks::place;
use crate::diagnostic::Diagnostic;
use crate::plan::people::{Directory, Seating, words};

/// Adds the facts of a core, each with its place.
pub(super) fn facts(
    mut d: Diagnostic,
    directory: &Directory<'_>,
    seating: &Seating,
    core: &[u32],
) -> Diagnostic {
    for fact in core {
        let Some(of) = seating.facts.get(*fact as usize) else {
            continue;
        };
        let origin = Seating::origin(directory, *of);
        let text = words::fact(directory, *of);
        d = place::fact(d, origin, text);
    }
    d
}
