//! Places of findings: where something is written, and through which definitions of a library it came.
//!
//! Knows origins and names only. Called by the checks.

use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Dur, Key, Origin, StageId, Via};
use crate::plan::Plan;
use crate::source::Span;
use indexmap::IndexMap;

/// Adds a fact at the place a reader looks at first, and, when it came through a definition, at the statement in there.
pub(super) fn fact(d: Diagnostic, origin: &Origin, text: impl Into<String>) -> Diagnostic {
    let d = d.fact(origin.span, text);
    through(d, origin)
}

/// Adds the innermost statement of a definition that something came through, when there is one.
pub(super) fn through(d: Diagnostic, origin: &Origin) -> Diagnostic {
    match origin.via.as_deref().map(innermost) {
        Some(via) if via.span != origin.span => d.fact(via.span, format!("said here, in `{}`", via.name)),
        _ => d,
    }
}

fn innermost(via: &Via) -> &Via {
    let mut via = via;
    while let Some(next) = &via.next {
        via = next;
    }
    via
}

/// `a`, `a` and `b`, or `a`, `b` and 3 more: names for a sentence, at most `most` of them.
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    crate::diagnostic::names(names, most)
}

/// Stages by the place they are written at: a `for` or a procedure writes many at one place. In the order given.
pub(super) fn by_place<T>(
    plan: &Plan,
    stages: impl IntoIterator<Item = (StageId, T)>,
) -> IndexMap<Span, Vec<(StageId, T)>> {
    let mut groups: IndexMap<Span, Vec<(StageId, T)>> = IndexMap::new();
    for (stage, what) in stages {
        let span = plan.release().stage(stage).origin.span;
        groups.entry(span).or_default().push((stage, what));
    }
    groups
}

/// The names of stages for a sentence.
pub(super) fn stages<T>(plan: &Plan, list: &[(StageId, T)]) -> String {
    names(
        list.iter().map(|(s, _)| plan.release().stage(*s).name.as_str()),
        2,
    )
}

/// An offset from the start as the language writes it: `T`, `T+30m`, `T-1h`.
pub(super) fn offset(ms: i64) -> String {
    let far = Dur {
        ms: i64::try_from(ms.unsigned_abs()).unwrap_or(i64::MAX),
        working_days: 0,
    };
    match ms {
        0 => "T".to_string(),
        1.. => format!("T+{far}"),
        _ => format!("T-{far}"),
    }
}

/// A span of time in words.
pub(super) fn span(ms: i64) -> Dur {
    Dur { ms, working_days: 0 }
}

/// A verdict that the variants are too many for: never silence.
pub(super) fn undecided(code: Code, at: Span, whether: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::warning(code, at, format!("undecided: whether {whether}"))
        .note("the plan has too many variants to tell")
        .help("split the plan, or let fewer parameters and decisions stand in conditions")
}

/// The first part of a key, when it is known.
pub(super) fn first_part(key: &Key) -> Option<String> {
    key.segments().into_iter().next().flatten()
}
