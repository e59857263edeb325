//! Mistakes in braces, brackets and the shape of statements.
//!
//! Must not know how a mistake was found.

use super::{edit, shown};
use crate::diagnostic::{Code, Diagnostic, Edit, Safety};
use crate::source::Span;

/// A block without its `}`.
pub(in crate::syntax) fn unclosed_brace(at: Span, noticed: Option<Span>, mend: Option<Edit>) -> Diagnostic {
    let mut found = Diagnostic::error(Code("syntax/unclosed_brace"), at, "this `{` has no `}`")
        .here("opened here")
        .help("close the block with `}`");
    if let Some(place) = noticed {
        found = found.fact(place, "the block should be closed before this");
    }
    match mend {
        Some(mend) => found.fix("close the block", Safety::Unsafe, vec![mend]),
        None => found,
    }
}

/// A `}` that closes nothing.
pub(in crate::syntax) fn extra_brace(at: Span) -> Diagnostic {
    Diagnostic::error(Code("syntax/extra_brace"), at, "this `}` closes nothing")
        .here("no block is open for it")
        .help("take it out, or open a block with `{` above")
        .fix("take out the `}`", Safety::Unsafe, vec![edit(at, "")])
}

/// A `{` at the start of a line.
pub(in crate::syntax) fn brace_on_own_line(at: Span, statement: Span, gap: Option<Span>) -> Diagnostic {
    let found = Diagnostic::error(
        Code("syntax/brace_on_own_line"),
        at,
        "`{` stands on the line of its statement",
    )
    .here("a line ends a statement")
    .fact(statement, "the statement this block belongs to")
    .help("move the `{` up to the end of the statement");
    match gap {
        Some(gap) => found.safe_fix("move the `{` up", gap, " "),
        None => found,
    }
}

/// A block that belongs to no statement.
pub(in crate::syntax) fn stray_block(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/stray_block"),
        at,
        "this block belongs to no statement",
    )
    .here("nothing stands before it")
    .help("write the keyword of the block before the `{`")
}

/// `} owner x`
pub(in crate::syntax) fn statement_after_brace(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/statement_after_brace"),
        at,
        "a new statement needs a line of its own",
    )
    .here("the statement before it ends with `}`")
    .help("begin a new line, or write `;` before it")
    .safe_fix("separate the statements with `;`", at.start_point(), "; ")
}

/// A `(` or `[` without its partner.
pub(in crate::syntax) fn unclosed_bracket(at: Span, open: char, close: char, place: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/unclosed_bracket"),
        at,
        format!("this `{open}` has no `{close}`"),
    )
    .here("opened here")
    .fact(place, format!("`{close}` is missing here at the latest"))
    .help(format!("close it with `{close}`"))
    .fix(
        format!("add `{close}`"),
        Safety::Unsafe,
        vec![edit(place.start_point(), &close.to_string())],
    )
}

/// A `)` or `]` that closes nothing.
pub(in crate::syntax) fn extra_bracket(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/extra_bracket"),
        at,
        format!("this `{text}` closes nothing"),
    )
    .here("nothing is open for it")
    .help("take it out, or open it before")
    .fix(
        format!("take out the `{text}`"),
        Safety::Unsafe,
        vec![edit(at, "")],
    )
}

/// `(a]`
pub(in crate::syntax) fn mismatched_bracket(at: Span, text: &str, open: Span, wanted: char) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/mismatched_bracket"),
        at,
        format!("`{text}` cannot close what is open here"),
    )
    .here(format!("`{wanted}` is needed"))
    .fact(open, "this is open")
    .help(format!("write `{wanted}`"))
    .fix(
        format!("write `{wanted}`"),
        Safety::Unsafe,
        vec![edit(at, &wanted.to_string())],
    )
}

/// More than the deepest nesting.
pub(in crate::syntax) fn too_deep(at: Span, limit: usize) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/too_deep"),
        at,
        "brackets and blocks stand too deep in one another",
    )
    .here(format!("more than {limit} levels"))
    .help("give the inner parts a name with `let`, or a block of their own")
}

/// Adds to the last mistake that is told that there may be more.
pub(in crate::syntax) fn and_no_more(found: Diagnostic, limit: usize) -> Diagnostic {
    found.note(format!(
        "reading stopped after {limit} mistakes; check that the file is a release plan"
    ))
}

/// `Stage x {`
pub(in crate::syntax) fn keyword_case(at: Span, text: &str, lower: &str) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/keyword_case"),
        at,
        format!("the keyword `{}` has capitals", shown(text)),
    )
    .here("keywords are written in lower case")
    .help(format!("write `{}`", shown(lower)))
    .safe_fix("write it in lower case", at, lower)
}

/// `5 x`, `"text" { … }`
pub(in crate::syntax) fn missing_keyword(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/missing_keyword"),
        at,
        format!("`{}` cannot begin a statement", shown(text)),
    )
    .here("a statement begins with its keyword")
    .help("write the keyword first, as in `title \"…\"`; a list that goes on here needs a comma before")
}

/// `title = "x"`
pub(in crate::syntax) fn equals_sign(at: Span, keyword: &str) -> Diagnostic {
    let message = format!("no `=` stands between `{}` and its value", shown(keyword));
    Diagnostic::error(Code("syntax/equals_sign"), at, message)
        .here("a space is enough")
        .help(format!(
            "write `{} …`; only `let` and a default have a `=`",
            shown(keyword)
        ))
}

/// `env STAGE=test`
pub(in crate::syntax) fn equals_after_variable(at: Span, whole: Span, mended: &str) -> Diagnostic {
    let message = "no `=` stands between a variable and its value";
    Diagnostic::error(Code("syntax/equals_sign"), at, message)
        .here("a comma belongs here")
        .help(format!("write `env {mended}`"))
        .fix(
            "write two texts with a comma between them",
            Safety::Unsafe,
            vec![edit(whole, mended)],
        )
}

/// `owner: alice`
pub(in crate::syntax) fn colon(at: Span, keyword: &str) -> Diagnostic {
    let message = format!("no `:` stands between `{}` and its value", shown(keyword));
    Diagnostic::error(Code("syntax/colon"), at, message)
        .here("a space is enough")
        .help(format!(
            "write `{} …`; a `:` belongs in parentheses and before a type",
            shown(keyword)
        ))
}

/// A `:` further on in a statement.
pub(in crate::syntax) fn colon_inside(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/colon"),
        at,
        "no `:` stands in the list of a statement",
    )
    .here("names a value only inside parentheses")
    .help("separate the values with commas, or write each on a line of its own, after its keyword")
}

/// `members a,` at the end
pub(in crate::syntax) fn trailing_comma(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/trailing_comma"),
        at,
        "this comma is followed by no value",
    )
    .here("the list of a statement does not end in a comma")
    .help("take the comma out, or add the value that is missing")
    .safe_fix("take out the comma", at, "")
}

/// `manual("x")`, `slack.send("x")`
pub(in crate::syntax) fn call_statement(at: Span, text: &str, mend: Option<Vec<Edit>>) -> Diagnostic {
    let found = Diagnostic::error(
        Code("syntax/call_statement"),
        at,
        format!("`{}` is no statement", shown(text)),
    )
    .here("a statement is `keyword value, …`")
    .help("leave a space after the keyword and take the parentheses away; an action is called with `do`");
    match mend {
        Some(edits) => found.fix("take the parentheses away", Safety::Unsafe, edits),
        None => found,
    }
}

/// `title"x"`
pub(in crate::syntax) fn missing_space(at: Span, keyword: &str) -> Diagnostic {
    let message = format!("a space is missing after `{}`", shown(keyword));
    Diagnostic::error(Code("syntax/missing_space"), at, message)
        .here("stands too near to the keyword")
        .help("put a space between a keyword and its value")
        .safe_fix("add a space", at.start_point(), " ")
}

/// A comparison, `.`, `,`, `is` or `else` at the start of a line.
pub(in crate::syntax) fn newline_before_operator(at: Span, text: &str, gap: Option<Span>) -> Diagnostic {
    let message = format!("the line before `{}` has ended the statement", shown(text));
    let found = Diagnostic::error(Code("syntax/newline_before_operator"), at, message)
        .here("cannot begin a line")
        .help("write it at the end of the line before; only `and`, `or`, `+`, `-`, `*`, `/` and `..` may begin a line");
    match gap {
        Some(gap) => found.safe_fix(
            "join the lines",
            gap,
            if matches!(text, "." | ",") { "" } else { " " },
        ),
        None => found,
    }
}

/// `let x 5`
pub(in crate::syntax) fn malformed_let(at: Span) -> Diagnostic {
    Diagnostic::error(Code("syntax/malformed_let"), at, "`let` gives a name a value")
        .here("something else is written here")
        .help("write `let name = value`")
}

/// `param x`, `param x string`
pub(in crate::syntax) fn malformed_param(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/malformed_param"),
        at,
        "a parameter has a name and a type",
    )
    .here("something else is written here")
    .help("write `param name: type`, with ` = value` after it for a default")
}

/// `use "x" from y`
pub(in crate::syntax) fn malformed_use(at: Span) -> Diagnostic {
    Diagnostic::error(Code("syntax/malformed_use"), at, "`use` names a module")
        .here("something else is written here")
        .help("write `use std.aws.lambda`, `use std.comms { slack }` or `use \"./people.release\" { alice }`, with `as name` to rename")
}

/// `capture "x"`
pub(in crate::syntax) fn malformed_capture(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/malformed_capture"),
        at,
        "`capture` gives an output a name",
    )
    .here("something else is written here")
    .help("write `capture name` or `capture name: type { from 'regex' }`")
}

/// Whatever else cannot be read.
pub(in crate::syntax) fn unexpected(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/unexpected"),
        at,
        format!("`{}` cannot stand here", shown(text)),
    )
    .here("the statement cannot go on like this")
    .help("a statement is `keyword value, …`, with a block in braces or without")
}

/// A statement that stops too early.
pub(in crate::syntax) fn unfinished(at: Span) -> Diagnostic {
    Diagnostic::error(Code("syntax/missing_value"), at, "a value is missing here")
        .here("the statement stops too early")
        .help("write the value, or take out what waits for it")
}
