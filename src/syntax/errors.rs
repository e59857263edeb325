//! What can be wrong with the form of a file: one constructor for each mistake, with its words and its repair.
//!
//! Must not know how a mistake was found. Called by the tree builder and the recovery.

pub(super) mod characters;
pub(super) mod expressions;
pub(super) mod statements;

use crate::diagnostic::Edit;
use crate::source::Span;

/// A piece of source text short enough to stand in a message.
fn shown(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let mut short: String = line
        .chars()
        .take(40)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if short.len() < text.trim_end().len() {
        short.push('…');
    }
    short
}

/// One replacement.
fn edit(span: Span, replacement: &str) -> Edit {
    Edit {
        span,
        replacement: replacement.to_string(),
    }
}
