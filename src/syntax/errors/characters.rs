//! Mistakes in comments, strings, numbers and single characters.
//!
//! Must not know how a mistake was found.

use super::{edit, shown};
use crate::diagnostic::{Code, Diagnostic, Safety};
use crate::source::Span;

/// `// comment`
pub(in crate::syntax) fn slash_comment(at: Span) -> Diagnostic {
    Diagnostic::error(Code("syntax/slash_comment"), at, "a comment begins with `#`")
        .here("`//` begins none")
        .help("write `#` instead of `//`")
        .safe_fix("begin the comment with `#`", at, "#")
}

/// `/* comment */`
pub(in crate::syntax) fn block_comment(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/block_comment"),
        at,
        "there are no comments between `/*` and `*/`",
    )
    .here("a comment goes from `#` to the end of its line")
    .help("begin each line of the comment with `#`")
}

/// `https://…` without quotes
pub(in crate::syntax) fn unquoted_url(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/unquoted_url"),
        at,
        format!("`{}` needs quotes", shown(text)),
    )
    .here("an address is a string")
    .help("put the address between `\"` and `\"`")
    .safe_fix("put the address in quotes", at, format!("\"{text}\""))
}

/// `“text”`
pub(in crate::syntax) fn curly_quotes(at: Span, text: &str, mend: bool) -> Diagnostic {
    let found = Diagnostic::error(
        Code("syntax/curly_quotes"),
        at,
        "a string stands between straight quotes",
    )
    .here("typographic quotes delimit nothing")
    .help("write `\"` on both sides");
    if mend {
        found.safe_fix("use straight quotes", at, straight(text))
    } else {
        found
    }
}

/// The same text between straight quotes.
pub(in crate::syntax) fn straight(text: &str) -> String {
    let mut inner = text.chars();
    inner.next();
    inner.next_back();
    format!("\"{}\"", inner.as_str())
}

/// `"\d"`
pub(in crate::syntax) fn bad_escape(at: Span, text: &str) -> Diagnostic {
    let message = format!("`{}` is no escape", shown(text));
    Diagnostic::error(Code("syntax/bad_escape"), at, message)
        .here("this backslash escapes nothing")
        .help("escapes are `\\n`, `\\t`, `\\\"`, `\\\\`, `\\$` and `\\u{…}`; a backslash itself is `\\\\`, or stands between `'`")
        .fix("double the backslash", Safety::Unsafe, vec![edit(at.start_point(), "\\")])
}

/// `"\u{110000}"`, `"\u{}"`
pub(in crate::syntax) fn bad_unicode(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/bad_unicode"),
        at,
        if text
            .trim_start_matches("\\u{")
            .trim_matches(['0', '}'])
            .is_empty()
            && text.contains('0')
        {
            format!(
                "`{}` is NUL, which no command and no file of ours can hold",
                shown(text)
            )
        } else {
            format!("`{}` names no character", shown(text))
        },
    )
    .here("one to six hexadecimal digits of a Unicode character stand in the braces")
    .help("write `\\u{e9}` for `é`; characters reach from `0` to `10ffff`, without `d800` to `dfff`")
}

/// `title "Deploy`
pub(in crate::syntax) fn unterminated_string(at: Span, quote: &str) -> Diagnostic {
    let long = if quote == "'" { "'''" } else { "\"\"\"" };
    Diagnostic::error(Code("syntax/unterminated_string"), at, "this string has no end")
        .here(format!("a second `{quote}` is missing on this line"))
        .help(format!(
            "close the string with `{quote}`; a text over several lines stands between `{long}`"
        ))
        .fix(
            "close the string",
            Safety::Unsafe,
            vec![edit(at.end_point(), quote)],
        )
}

/// `"Deploy ${version"`
pub(in crate::syntax) fn unclosed_interpolation(at: Span) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/unclosed_interpolation"),
        at,
        "this `${` has no `}` on its line",
    )
    .here("opened here")
    .help("close it with `}`; a dollar sign before a brace is written `\\$`")
}

/// `run """` without a second `"""`
pub(in crate::syntax) fn unterminated_heredoc(at: Span, quote: &str) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/unterminated_heredoc"),
        at,
        format!("the text after this `{quote}` has no end"),
    )
    .here("opened here")
    .help(format!("close it with `{quote}` on a line of its own"))
}

/// `5 %`, `10min`
pub(in crate::syntax) fn invalid_number(at: Span, text: &str, hint: &str) -> Diagnostic {
    Diagnostic::error(
        Code("syntax/invalid_number"),
        at,
        format!("`{}` is no number, duration or time", shown(text)),
    )
    .here("cannot be read")
    .help(hint.to_string())
}

/// Adds the repair of a number that is clear enough to be written down.
pub(in crate::syntax) fn with_number(found: Diagnostic, at: Span, mended: &str) -> Diagnostic {
    found.fix(
        format!("write `{mended}`"),
        Safety::Unsafe,
        vec![edit(at, mended)],
    )
}

/// A character the language has no use for; `after_a_word` when it touches one, as in `mia@example.com`.
pub(in crate::syntax) fn stray_character(at: Span, text: &str, after_a_word: bool) -> Diagnostic {
    let first = text.chars().next().unwrap_or(' ');
    let (what, help, mended) = describe(first);
    let message = match what {
        Some(name) => format!("{name} cannot stand here"),
        None => format!("`{}` cannot stand here", shown(text)),
    };
    let safety = if mended.1 { Safety::Safe } else { Safety::Unsafe };
    let title = if mended.0.is_empty() {
        "take it out"
    } else {
        "use a plain space"
    };
    let d = Diagnostic::error(Code("syntax/stray_character"), at, message)
        .here("means nothing outside a string")
        .help(help);
    if first == '@' && after_a_word {
        // Half of an address is no better.
        return d;
    }
    d.fix(title, safety, vec![edit(at, mended.0)])
}

/// A name for what cannot be shown, a repair in words, and the replacement with its safety.
fn describe(c: char) -> (Option<String>, &'static str, (&'static str, bool)) {
    let plain = ("", false);
    match c {
        '\0' => (
            Some("a NUL byte".to_string()),
            "take it out; the file may be damaged or not be text",
            plain,
        ),
        '\r' => (
            Some("a carriage return on its own".to_string()),
            "end lines with a newline",
            plain,
        ),
        '\u{feff}' => (Some("a byte order mark".to_string()), "take it out", ("", true)),
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{ad}' => (
            Some(format!("the invisible character U+{:04X}", c as u32)),
            "take it out",
            ("", true),
        ),
        c if c.is_whitespace() => (
            Some(format!("the space U+{:04X}", c as u32)),
            "use a plain space",
            (" ", true),
        ),
        c if c.is_control() => (
            Some(format!("the control character U+{:04X}", c as u32)),
            "take it out",
            plain,
        ),
        '$' => (
            None,
            "take it out: names stand bare, and `${…}` belongs inside a string",
            plain,
        ),
        '`' => (
            Some("a backtick".to_string()),
            "a string stands between `\"` and `\"`",
            plain,
        ),
        '@' => (
            None,
            "put an address in quotes; a person is named as `person NAME { … }` declares them",
            plain,
        ),
        c if c.is_alphabetic() => (
            None,
            "names are made of `a` to `z`, digits and `_`; text stands in quotes",
            plain,
        ),
        _ => (None, "take it out, or put the text in quotes", plain),
    }
}
