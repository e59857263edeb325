//! Mistakes in names, operators and values.
//!
//! Must not know how a mistake was found.

use super::{edit, shown};
use crate::diagnostic::{Code, Diagnostic, Edit, Safety};
use crate::source::Span;

/// `a < b < c`
pub(in crate::syntax) fn chained_comparison(at: Span, first: Span) -> Diagnostic {
    Diagnostic::error(Code("syntax/chained_comparison"), at, "comparisons do not chain")
        .here("a second comparison of the same value")
        .fact(first, "the first comparison")
        .help("join two comparisons with `and`: `a < b and b < c`")
}

/// `a .. b .. c`
pub(in crate::syntax) fn chained_range(at: Span, first: Span) -> Diagnostic {
    Diagnostic::error(Code("syntax/chained_range"), at, "a range has two ends")
        .here("a third end")
        .fact(first, "this is a range already")
        .help("write one range: `low .. high`")
}

/// `a == not b`
pub(in crate::syntax) fn misplaced_not(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/misplaced_not"),
        at,
        "`not` cannot stand after an operator that binds tighter",
    )
    .here("negates a whole comparison")
    .help("put the negation in parentheses, `a == (not b)`, or write `a != b`")
}

/// More operators in one another than the walks over the tree can follow.
pub(in crate::syntax) fn long_expression(at: Span, limit: u32) -> Diagnostic {
    Diagnostic::error(Code("syntax/long_expression"), at, "this expression is too long")
        .here(format!("more than {limit} operators deep"))
        .help("give parts of it a name with `let`, or use a list")
}

/// `my-name`
pub(in crate::syntax) fn hyphen_in_name(at: Span, text: &str) -> Diagnostic {
    let joined = text.replace('-', "_");
    let apart = text.replace('-', " - ");
    Diagnostic::error(
        Code("syntax/hyphen_in_name"),
        at,
        format!("`{}` is no name", shown(text)),
    )
    .here("the words of a name are joined with `_`")
    .help(format!(
        "write `{}` for a name, `{}` for a difference",
        shown(&joined),
        shown(&apart)
    ))
    .fix("join the words with `_`", Safety::Unsafe, vec![edit(at, &joined)])
}

/// `myName`
pub(in crate::syntax) fn name_case(at: Span, text: &str, lower: &str) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/name_case"),
        at,
        format!("`{}` is no name", shown(text)),
    )
    .here("names are written in lower case and begin with a letter")
    .help(format!(
        "write `{}` for a name, `\"{}\"` for a text",
        shown(lower),
        shown(text)
    ))
    .fix(
        format!("write `{}`", shown(lower)),
        Safety::Unsafe,
        vec![edit(at, lower)],
    )
}

/// `AND`, `True`
pub(in crate::syntax) fn word_case(at: Span, text: &str, lower: &str) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/name_case"),
        at,
        format!("`{text}` is written `{lower}`"),
    )
    .here("has capitals")
    .help(format!("write `{lower}`"))
    .safe_fix(format!("write `{lower}`"), at, lower)
}

/// `&&`, `||`, `!`
pub(in crate::syntax) fn word_operator(at: Span, text: &str, word: &str) -> Diagnostic {
    let safety = if word == "not" {
        Safety::Unsafe
    } else {
        Safety::Safe
    };
    let written = if word == "not" {
        "not ".to_string()
    } else {
        word.to_string()
    };
    Diagnostic::error(
        Code("syntax/word_operator"),
        at,
        format!("`{text}` is written `{word}`"),
    )
    .here("no operator of this language")
    .help(format!("write `{word}`"))
    .fix(format!("write `{word}`"), safety, vec![edit(at, &written)])
}

/// `when a = b`
pub(in crate::syntax) fn single_equals(at: Span) -> Diagnostic {
    Diagnostic::error(Code("syntax/single_equals"), at, "`=` compares nothing")
        .here("gives a value, which nothing here can take")
        .help("write `==` to compare")
        .fix("write `==`", Safety::Unsafe, vec![edit(at, "==")])
}

/// `f(a = b)`
pub(in crate::syntax) fn equals_in_call(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/equals_in_call"),
        at,
        "a named value is written with `:`",
    )
    .here("`=` gives no name")
    .help("write `name: value`; to compare, write `==`")
    .fix("write `:`", Safety::Unsafe, vec![edit(at, ":")])
}

/// `let in = 5`
pub(in crate::syntax) fn reserved_word(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/reserved_word"),
        at,
        format!("`{text}` cannot be a name"),
    )
    .here("a word of the language itself")
    .help(format!("choose another name, such as `{text}_`"))
    .fix(
        format!("rename it `{text}_`"),
        Safety::Unsafe,
        vec![edit(at, &format!("{text}_"))],
    )
}

/// `a ? b : c`
pub(in crate::syntax) fn ternary(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/ternary"),
        at,
        "one of two values is written with `if` and `else`",
    )
    .here("`?` chooses nothing")
    .help("write `b if a else c`")
}

/// `a +`, `a, , b`
pub(in crate::syntax) fn missing_value(at: Span, text: &str, before: bool) -> Diagnostic {
    let side = if before { "before" } else { "after" };
    Diagnostic::error(
        Code("syntax/missing_value"),
        at,
        format!("a value is missing {side} `{}`", shown(text)),
    )
    .here(format!("nothing stands {side} it"))
    .help(format!("write the value, or take out the `{}`", shown(text)))
}

/// `members a b`
pub(in crate::syntax) fn missing_comma(at: Span, text: &str, before: Span, words: bool) -> Diagnostic {
    let message = format!("something is missing before `{}`", shown(text));
    let found = Diagnostic::error(Code("syntax/missing_comma"), at, message)
        .here("a second value beside the first")
        .fact(before, "the first value ends here")
        .help("separate values with a comma, statements with `;` or a new line");
    let found = if words {
        found.help("a text of several words stands in quotes")
    } else {
        found
    };
    found.fix("add a comma", Safety::Unsafe, vec![edit(before.end_point(), ",")])
}

/// `a if c`
pub(in crate::syntax) fn missing_else(at: Span) -> Diagnostic {
    Diagnostic::error(Code("syntax/missing_else"), at, "this `if` has no `else`")
        .here("says what the value is only when the condition holds")
        .help(
            "write `a if condition else b`; a statement that holds only sometimes has a `when` in its block",
        )
}

/// `f (x)`
pub(in crate::syntax) fn space_before_bracket(gap: Span, text: &str) -> Diagnostic {
    let message = format!("`{text}` touches the name before it");
    Diagnostic::error(Code("syntax/space_before_bracket"), gap, message)
        .here("a space too much")
        .help("take the space out; between two values stands a comma")
        .safe_fix("take the space out", gap, "")
}

/// `do f {a: 1}`
pub(in crate::syntax) fn object_outside_parentheses(at: Span, mend: Option<Vec<Edit>>) -> Diagnostic {
    let found = Diagnostic::error(
        Code("syntax/object_outside_parentheses"),
        at,
        "an object stands in parentheses",
    )
    .here("outside of them `{` begins a block of statements")
    .help("write `({ key: value })`, or pass it to a call: `f({ key: value })`");
    match mend {
        Some(edits) => found.fix("put it in parentheses", Safety::Unsafe, edits),
        None => found,
    }
}

/// `{ a: 1; b: 2 }`
pub(in crate::syntax) fn semicolon_in_object(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/semicolon_in_object"),
        at,
        "entries and arguments are separated by commas",
    )
    .here("`;` ends a statement")
    .help("write `,`")
    .safe_fix("write `,`", at, ",")
}
