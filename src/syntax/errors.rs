//! What can be wrong with the form of a file: one constructor for each mistake, with its words and its repair.
//!
//! Must not know how a mistake was found. Called by the tree builder and the recovery.

use crate::diagnostic::{Code, Diagnostic, Edit, Safety};
use crate::source::Span;

/// `a < b < c`
pub(super) fn chained_comparison(at: Span, first: Span) -> Diagnostic {
    Diagnostic::error(Code("syntax/chained_comparison"), at, "comparisons do not chain")
        .here("a second comparison of the same value")
        .fact(first, "the first comparison")
        .help("join two comparisons with `and`: `a < b and b < c`")
}

/// `a .. b .. c`
pub(super) fn chained_range(at: Span, first: Span) -> Diagnostic {
    Diagnostic::error(Code("syntax/chained_range"), at, "a range has two ends")
        .here("a third end")
        .fact(first, "this is a range already")
        .help("write one range: `low .. high`")
}

/// `a == not b`
pub(super) fn misplaced_not(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/misplaced_not"),
        at,
        "`not` cannot stand after an operator that binds tighter",
    )
    .here("negates only what follows it")
    .help("put the negation in parentheses: `a == (not b)`, or write `a != b`")
}

/// `my-name`
pub(super) fn hyphen_in_name(at: Span, first: &str, second: &str, whole: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/hyphen_in_name"),
        whole,
        format!("`{first}-{second}` is not a name"),
    )
    .here("names are joined with `_`")
    .help(format!(
        "write `{first}_{second}` for a name, `{first} - {second}` for a difference"
    ))
    .fix(
        "join the name with `_`",
        Safety::Unsafe,
        vec![Edit {
            span: at,
            replacement: "_".to_string(),
        }],
    )
}

/// More operators in one another than the walks over the tree can follow.
pub(super) fn long_expression(at: Span) -> Diagnostic {
    Diagnostic::error(Code("syntax/long_expression"), at, "this expression is too long")
        .here("more than 256 operators deep")
        .help("give parts of it a name with `let`, or use a list")
}

/// A newline between the quotes of a one-line string.
pub(super) fn newline_in_string(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/newline_in_string"),
        at,
        "a string in `\"` stays on one line",
    )
    .here("goes on over the end of the line")
    .help("close it on its line, or write it between `\"\"\"`")
}

/// `\u{110000}`
pub(super) fn bad_unicode(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/bad_unicode"),
        at,
        format!("`{text}` is no character"),
    )
    .here("not a Unicode scalar value")
    .help("characters reach from `\\u{0}` to `\\u{10ffff}`, without `\\u{d800}` to `\\u{dfff}`")
}
