//! The grammar of `grammar/*.pest`, turned into a parser by `pest`.
//!
//! Knows the rules only. Called by the tree builder, the recovery and the bare parse.

/// The parser that `pest` derives from the grammar.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/lexical.pest"]
#[grammar = "../grammar/expression.pest"]
#[grammar = "../grammar/release.pest"]
pub(super) struct Grammar;
