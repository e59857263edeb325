//! Text to syntax tree and back: the grammar, the recovery from mistakes, the formatter.
//!
//! The only place that knows `pest`. Must not know what a keyword means.

pub mod ast;
mod build;
mod docs;
mod errors;
mod grammar;

use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::source::{FileId, Span};
use ast::Ast;
use grammar::{Grammar, Rule};
use pest::Parser;

/// The tree of a text, and every mistake in its form. Statements that could be read are in the tree.
pub fn parse(file: FileId, text: &str) -> (Ast, Bag) {
    match Grammar::parse(Rule::file, text) {
        Ok(mut pairs) => {
            let mut builder = build::Builder::new(file, text);
            let ast = builder.ast(pairs.next().expect("internal: a file matches as one rule"));
            (ast, builder.bag)
        }
        Err(error) => {
            let at = match error.location {
                pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
            };
            let found = Diagnostic::error(
                Code("syntax/unexpected"),
                Span::new(file, at, at),
                "this cannot stand here",
            );
            (
                Ast {
                    file,
                    doc: None,
                    items: Vec::new(),
                },
                Bag::from_iter([found]),
            )
        }
    }
}

/// Whether the grammar accepts a text; builds nothing. What the cost of [`parse`] is measured against.
pub fn bare_parse(text: &str) -> bool {
    Grammar::parse(Rule::file, text).is_ok()
}

#[cfg(test)]
mod tests;
