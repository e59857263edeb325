//! One finding for one mistake, where the text of a module and its form are both wrong.
//!
//! Must not know names. Called when a module was read, and when a plan turned out not to be understood.

use crate::diagnostic::{Bag, Diagnostic};
use crate::source::{SourceMap, Span};
use std::collections::HashSet;

/// How many lines may lie between two statements that the same missing line leaves out of place.
const NEAR: u32 = 40;

/// Keeps the cause: values that could not be read are not also too many, a `}` is not stray whose block is missing further
/// up, and where the line that opens a block is missing its statements are not each in the wrong place.
pub(super) fn causes(sources: &SourceMap, text: Bag, shape: Bag) -> (Bag, Bag) {
    let line = |d: &Diagnostic| (d.span.file, sources.line_col(d.span).line);
    let unread: HashSet<_> = text.iter().map(line).collect();
    let unopened = shape
        .iter()
        .filter(|d| d.code.0 == "resolve/missing_block")
        .map(|d| d.span.start)
        .min();
    let shape: Vec<Diagnostic> = shape
        .into_sorted()
        .into_iter()
        .filter(|d| d.code.0 != "resolve/argument_count" || !unread.contains(&line(d)))
        .collect();
    let mut left_out: HashSet<Span> = HashSet::new();
    let mut stray = false;
    let mut problems = Bag::new();
    for d in text.into_sorted() {
        if d.code.0 != "syntax/extra_brace" {
            problems.push(d);
            continue;
        }
        let (out_of_place, unopened_here) = before(sources, &shape, &d, &left_out);
        if unopened_here {
            // The statement that lacks its `{` is found as such.
            left_out.extend(out_of_place);
            continue;
        }
        if out_of_place.len() > 1 {
            let first = out_of_place.last().copied().unwrap_or(d.span);
            left_out.extend(out_of_place);
            problems.push(
                Diagnostic::error(d.code, d.span, d.message)
                    .here(d.label)
                    .fact(first, "from here on, statements stand where they do not belong")
                    .help("write the line that opens their block above them: its keyword, its name and `{`"),
            );
            continue;
        }
        let follows = unopened.is_some_and(|at| at < d.span.start);
        if !follows || stray {
            problems.push(d);
        }
        stray |= follows;
    }
    let shape = shape.into_iter().filter(|d| !left_out.contains(&d.span));
    (problems, shape.collect())
}

/// The statements before a stray `}` that belong to a block of which the first line is missing, the nearest first; and whether
/// that line is there and lacks its `{` only.
fn before(
    sources: &SourceMap,
    shape: &[Diagnostic],
    brace: &Diagnostic,
    taken: &HashSet<Span>,
) -> (Vec<Span>, bool) {
    let column = |span: Span| sources.line_col(span).column;
    let line = |span: Span| sources.line_col(span).line;
    let mut list = Vec::new();
    let mut last = line(brace.span);
    let end = shape.partition_point(|d| d.span.start < brace.span.start);
    for d in shape[..end].iter().rev() {
        let misplaced = matches!(
            d.code.0,
            "resolve/misplaced_statement" | "resolve/repeated_statement" | "resolve/missing_block"
        );
        if !misplaced || taken.contains(&d.span) || last.saturating_sub(line(d.span)) > NEAR {
            break;
        }
        let further_in = list.last().is_some_and(|next| column(*next) > column(d.span));
        if d.code.0 == "resolve/missing_block" && further_in {
            return (list, true);
        }
        last = line(d.span);
        list.push(d.span);
    }
    (list, false)
}

/// What can be said of a plan that was not understood: that something is never used is not among it.
pub fn of_what_was_understood(found: Bag) -> Bag {
    if !found.has_errors() {
        return found;
    }
    let unsure = |d: &Diagnostic| matches!(d.code.0, "resolve/unused_name" | "data/unused_param");
    found.into_sorted().into_iter().filter(|d| !unsure(d)).collect()
}
