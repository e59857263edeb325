//! Places of findings: where something is written, and through which definitions of a library it came.
//!
//! Knows origins only. Called by the checks.

use crate::diagnostic::Diagnostic;
use crate::model::{Origin, Via};

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
    let all: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = all.iter().take(most).map(|n| format!("`{n}`")).collect();
    let rest = all.len().saturating_sub(shown.len());
    match (shown.split_last(), rest) {
        (None, _) => String::new(),
        (Some((last, [])), 0) => last.clone(),
        (Some((last, others)), 0) => format!("{} and {last}", others.join(", ")),
        (Some(_), n) => format!("{} and {n} more", shown.join(", ")),
    }
}
