//! What can be wrong with values. Constructors only.

use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::model::{Param, ParamType};
use crate::source::Span;
use crate::types::type_words;

/// A value of another type than the place wants.
pub fn mismatch(span: Span, wanted: &str, found: &str) -> Diagnostic {
    Diagnostic::error(
        Code("types/mismatch"),
        span,
        format!("{wanted} is needed here: {found}"),
    )
    .here(format!("not {wanted}"))
    .help(match example(wanted) {
        Some(such) => format!("write {wanted}, such as {such}"),
        None if wanted.starts_with("an offset") => {
            "count from the start: `T`, `T+2h`; at what time T is, the release's `start` says".to_string()
        }
        None => format!("write {wanted}"),
    })
}

/// Something else where an outcome of a failure is wanted; `why` says what is wrong with it.
pub fn no_outcome(span: Span, why: &str, help: &str) -> Diagnostic {
    Diagnostic::error(
        Code("types/mismatch"),
        span,
        format!("an outcome is needed here: {why}"),
    )
    .here("not an outcome")
    .help(help.to_string())
}

/// A parameter of another type than the place wants.
pub fn mismatch_of_param(span: Span, wanted: &str, param: &Param, ty: &ParamType) -> Diagnostic {
    let (name, found) = (&param.name, type_words(&param.ty));
    let d = Diagnostic::error(
        Code("types/mismatch"),
        span,
        format!("{wanted} is needed here: `{name}` is {found}"),
    )
    .here(format!("not {wanted}"))
    .fact(param.origin.span, format!("`{name}` is declared as {found}"));
    match keyword(ty) {
        Some(word) => d.help(format!("declare it as one: `param {name}: {word}`")),
        None => d.help(format!("write {wanted}")),
    }
}

/// The word that declares a type, when it is one word.
fn keyword(ty: &ParamType) -> Option<&'static str> {
    Some(match ty {
        ParamType::Text => "string",
        ParamType::Int => "int",
        ParamType::Number => "number",
        ParamType::Percent => "percent",
        ParamType::Duration => "duration",
        ParamType::Bool => "bool",
        ParamType::Version => "version",
        ParamType::Date => "date",
        ParamType::Time => "time",
        ParamType::Url => "url",
        ParamType::Person => "person",
        _ => return None,
    })
}

/// `a in b` where `b` is no list; `time` when `a` is a time, and `b` was meant to be its zone.
pub fn no_list(span: Span, found: &str, time: bool) -> Diagnostic {
    let d = Diagnostic::error(
        Code("types/mismatch"),
        span,
        format!("`in` looks for a value in a list: this is {found}"),
    )
    .here("not a list");
    if time {
        d.help(
            "the zone of a time is that of its `window` or `calendar`: write `zone \"Europe/Berlin\"` there; or write the time with \
             its offset, `2026-06-01T09:00+02:00`",
        )
    } else {
        d.help("write a list, such as `[\"a\", \"b\"]`; `is` and `==` compare with one value")
    }
}

/// How a kind of value is written.
fn example(wanted: &str) -> Option<&'static str> {
    Some(match wanted {
        "a text" => "`\"a text\"`",
        "a whole number" => "`3`",
        "a number" => "`2.5`",
        "a percentage" => "`5%`",
        "a duration" => "`15m`",
        "a date" => "`2026-06-01`, without quotes",
        "a date and time" => "`2026-06-01T02:00`, without quotes",
        "a time of day" => "`22:00`, without quotes",
        "a key" => "`kms(\"alias/orders\")`",
        _ => return None,
    })
}

/// Something else where a name belongs: `text` when it is a text, `list` when it is a list.
pub fn no_name(span: Span, wanted: &str, text: Option<&str>, list: bool) -> Diagnostic {
    let found = match (text, list) {
        (Some(_), _) => "a text names nothing",
        (_, true) => "a list names nothing",
        _ => "it names nothing",
    };
    let d = Diagnostic::error(
        Code("types/mismatch"),
        span,
        format!("{wanted} is needed here: {found}"),
    )
    .here(format!("not {wanted}"));
    match text {
        Some(t) if is_name(t) => {
            d.help(format!("names stand without quotes: `{t}`"))
                .unsafe_fix("take the quotes away", span, t)
        }
        Some(t) => match wanted {
            "an action" => d.help(format!("a command is run: `run \"{t}\"`")),
            "a person" => d.help("define it, `person NAME { name \"…\" }`, and write that name without quotes"),
            w if w.contains("gate") => d
                .help("define it, `gate NAME { run \"…\" }`, and write that name without quotes"),
            w if w.contains("channel") => d.help(
                "name a channel: `use std.comms { slack }`, then `let room = slack.channel(\"#room\")`, and write `room`",
            ),
            _ => d.help("define it, and write its name without quotes"),
        },
        None if list => d.help("write the names one after another, without brackets: `a, b`"),
        None => d.help(format!("write the name of {wanted}")),
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Two values whose units do not go together.
pub fn units(span: Span, left: (Span, &str), right: (Span, &str), what: &str) -> Diagnostic {
    Diagnostic::error(
        Code("types/unit_mismatch"),
        span,
        format!("cannot {what} {} and {}", left.1, right.1),
    )
    .here("their units do not go together")
    .fact(left.0, format!("this is {}", left.1))
    .fact(right.0, format!("this is {}", right.1))
    .help("give both the same unit")
}

/// A literal with no value.
pub fn literal(span: Span, what: &str, why: &str) -> Diagnostic {
    Diagnostic::error(
        Code("types/bad_literal"),
        span,
        format!("this is not {what}: {why}"),
    )
    .here(why.to_string())
    .help(match what {
        "a time zone" => format!("write {what} that exists, such as `\"Europe/Berlin\"` or `\"UTC\"`"),
        _ if why.starts_with("names that begin like this") => {
            "choose another name, such as one that begins with the name of the release".to_string()
        }
        _ => format!("write {what} that exists"),
    })
}

/// A text with nothing in it, where a reader or a runner needs one.
pub fn empty(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(Code("types/bad_literal"), span, format!("{what} is empty"))
        .here("holds nothing that can be read")
        .help("write what it says; what need not be said can be left out")
}

/// A word that is not one of those listed.
pub fn unknown_word<'a>(
    span: Span,
    word: &str,
    words: impl IntoIterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let list: Vec<_> = words.clone().into_iter().map(|w| format!("`{w}`")).collect();
    let d = Diagnostic::error(
        Code("types/unknown_word"),
        span,
        format!("`{word}` is not a word that may stand here"),
    )
    .here("not one of them");
    let d = match did_you_mean(word, words) {
        Some(h) => d.help(h),
        None => d,
    };
    d.help(format!("write {}", list.join(" or ")))
}

/// A number outside its range.
pub fn range(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(Code("types/out_of_range"), span, what.to_string())
        .here("out of range")
        .help("write a number in range")
}

/// Values that do not go together, such as an end before its beginning.
pub fn order(span: Span, what: &str, help: &str) -> Diagnostic {
    Diagnostic::error(Code("types/out_of_range"), span, what.to_string())
        .here("does not fit the other")
        .help(help.to_string())
}

/// Arithmetic that has no result.
pub fn arithmetic(span: Span, why: &str) -> Diagnostic {
    Diagnostic::error(
        Code("types/arithmetic"),
        span,
        format!("this cannot be computed: {why}"),
    )
    .here(why.to_string())
    .help("write it so that it has a result that fits")
}

/// A condition that asks for something only the run knows, where the compiler must know.
pub fn not_known(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code("types/not_known"),
        span,
        format!("{what} must be known when the plan is compiled"),
    )
    .here("only known when it runs")
    .help("write a constant, or fix the parameter with `--param` or a default")
}

/// Arguments that do not fit the parameters of a definition.
pub fn arguments(span: Span, message: String, defined: Option<Span>) -> Diagnostic {
    let d = Diagnostic::error(Code("types/arguments"), span, message).here("does not fit");
    match defined {
        Some(at) => d.fact(at, "defined here"),
        None => d,
    }
    .help("give the arguments in the order of the parameters, or by name")
}

/// A text put where the command's own quoting would swallow it.
pub fn quoted_interpolation(span: Span, command: Span) -> Diagnostic {
    Diagnostic::error(
        Code("types/quoted_interpolation"),
        span,
        "an interpolation cannot stand inside the command's own single quotes",
    )
    .here("would not be data here")
    .fact(command, "in this command")
    .help("end the single quotes before it, or use double quotes: `\"…${x}…\"` becomes one safe word")
}

/// A value that would begin an option, and where the definition that holds the command is used.
pub fn option_like(span: Span, value: &str, used: Option<Span>) -> Diagnostic {
    let finding = Diagnostic::error(
        Code("types/option_like_value"),
        span,
        format!("`{value}` would be read as an option of the command"),
    )
    .here("begins with `-`");
    match used {
        Some(used) => finding.fact(used, "comes from here"),
        None => finding,
    }
    .help("put it behind `--option=`, or change the value")
}

/// A regular expression that is none.
pub fn regex(span: Span, why: &str) -> Diagnostic {
    Diagnostic::error(
        Code("types/bad_regex"),
        span,
        format!("this is not a regular expression: {why}"),
    )
    .here("cannot be read")
    .help("mend the expression; a raw text `'…'` needs no doubled backslashes")
}

/// A definition that needs itself.
pub fn recursion(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code("types/recursion"), span, format!("`{name}` needs itself"))
        .here("comes back to itself")
        .help("a plan ends: nothing may be defined by itself")
}

/// An assertion that fails.
pub fn assertion(span: Span, message: &str) -> Diagnostic {
    Diagnostic::error(
        Code("types/assertion"),
        span,
        format!("this assertion does not hold: {message}"),
    )
    .here("is false")
    .help("change the values it compares")
}

/// A value for a parameter that does not fit it.
pub fn param_value(span: Span, name: &str, text: &str, why: &str) -> Diagnostic {
    Diagnostic::error(
        Code("types/param_value"),
        span,
        format!("the value `{text}` given for `{name}` does not fit: {why}"),
    )
    .here("declared here")
    .help(format!("give `--param {name}=…` a value of its type"))
}

/// Two statements of which only one can hold; `help` says what to choose between.
pub fn not_both(
    first: &crate::syntax::ast::Stmt,
    second: &crate::syntax::ast::Stmt,
    help: &str,
) -> Diagnostic {
    let (one, other) = (&first.keyword.text, &second.keyword.text);
    one_of(
        second.head(),
        &format!("`{one}` and `{other}` cannot both hold"),
        help,
    )
    .fact(first.head(), "said here first")
}

/// A statement combination that says too little or too much.
pub fn one_of(span: Span, message: &str, help: &str) -> Diagnostic {
    Diagnostic::error(Code("types/one_of"), span, message.to_string())
        .here("not clear")
        .help(help.to_string())
}
