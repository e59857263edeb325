//! Text to syntax tree and back: the grammar, the recovery from mistakes, the formatter.
//!
//! The only place that knows `pest`. Must not know what a keyword means.

pub mod ast;
mod build;
mod docs;
mod errors;
mod format;
mod grammar;
mod recover;
mod scan;

use crate::diagnostic::Bag;
use crate::source::FileId;
use ast::{Ast, Stmt};
use grammar::{Grammar, Rule};
use pest::Parser;
use std::ops::Range;

pub use format::format;

/// The tree of a text, and every mistake in its form. Statements that could be read are in the tree.
///
/// A text without mistakes is read by the grammar in one go; any other is read again, statement by statement.
pub fn parse(file: FileId, text: &str) -> (Ast, Bag) {
    if scan::too_deep(text, recover::MAX_NESTING).is_none()
        && let Ok(mut pairs) = Grammar::parse(Rule::file, text)
    {
        let mut builder = build::Builder::new(file, text);
        let ast = builder.ast(pairs.next().expect("internal: a file matches as one rule"));
        if !builder.broken_line {
            return (ast, builder.bag);
        }
    }
    recover::recover(file, text)
}

/// The statements of a piece of a text that is known to be without mistakes, with their places in the whole; none when it is not.
pub fn parse_piece(file: FileId, text: &str, piece: Range<usize>) -> Vec<Stmt> {
    let (base, part) = (piece.start, &text[piece]);
    match Grammar::parse(Rule::file, part) {
        Ok(mut pairs) => {
            let pair = pairs.next().expect("internal: a file matches as one rule");
            build::Builder::over(file, part, base, &[]).ast(pair).items
        }
        Err(_) => Vec::new(),
    }
}

/// Whether the grammar accepts a text; builds nothing. What the cost of [`parse`] is measured against.
pub fn bare_parse(text: &str) -> bool {
    Grammar::parse(Rule::file, text).is_ok()
}

#[cfg(test)]
mod tests;
