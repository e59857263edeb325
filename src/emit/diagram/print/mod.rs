//! The drawing languages, one file each. Every text goes through the escape of its language.

pub(super) mod dot;
pub(super) mod mermaid;
pub(super) mod svg;

use crate::source::is_hidden;

/// Text in which every character can be shown: what a viewer might obey is replaced.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => ' ',
            c if is_hidden(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}
