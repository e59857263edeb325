//! Text to syntax tree and back: the grammar, the recovery from mistakes, the formatter.
//!
//! The only place that knows `pest`. Must not know what a keyword means.

pub mod ast;
