//! Text of users as Markdown and as HTML: data, never markup.
//!
//! Knows the syntax of GitHub's and GitLab's Markdown. Called by the template helpers only.

use crate::source::is_hidden;

/// Stands in a template for what a person fills in; nothing in the document.
pub(super) const BLANK: char = '\u{e000}';

/// What may not be shown as it is: control characters, and marks that turn the direction of text around.
fn plain(c: char) -> char {
    match c {
        '\t' => ' ',
        c if is_hidden(c) || c == BLANK => '\u{fffd}',
        c => c,
    }
}

fn one_line(text: &str) -> String {
    let joined: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    joined.join(" ").chars().map(plain).collect()
}

/// A text as inline Markdown, in one line; also safe in the cell of a table.
pub(super) fn inline(text: &str) -> String {
    let text = one_line(text);
    let mut out = String::with_capacity(text.len() + 8);
    let chars: Vec<char> = text.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let rest = &chars[i + 1..];
        let before = i.checked_sub(1).map(|b| chars[b]);
        let next = rest.first().copied();
        let inside_word =
            before.is_some_and(char::is_alphanumeric) && rest.first().is_some_and(|c| c.is_alphanumeric());
        let escape = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' | '@' => true,
            '_' => !inside_word,
            ':' => rest.starts_with(&['/', '/']),
            '.' => i >= 3 && chars[i - 3..i].iter().all(|c| c.eq_ignore_ascii_case(&'w')),
            '+' | '-' | '=' => i == 0,
            // Issues, merge requests and milestones by their number, and what GitLab shows as added or taken away.
            '#' => i == 0 || next.is_some_and(|c| c.is_ascii_digit()),
            '!' => next.is_some_and(|c| c.is_ascii_digit()),
            '%' => {
                let named = next.is_some_and(|c| c.is_alphanumeric() || c == '"');
                named && !before.is_some_and(char::is_alphanumeric)
            }
            '{' => next.is_some_and(|c| c == '+' || c == '-'),
            ')' => chars[..i].iter().all(char::is_ascii_digit) && i > 0,
            _ => false,
        };
        let ends = rest.first().is_none_or(|c| *c == ' ');
        let numbered = *c == '.' && i > 0 && ends && chars[..i].iter().all(char::is_ascii_digit);
        if escape || numbered {
            out.push('\\');
        }
        out.push(*c);
    }
    out
}

/// A sentence in which names and values stand between backticks, as inline Markdown: those become code.
pub(super) fn said(text: &str) -> String {
    pieces(text, inline, cell)
}

/// The same in HTML.
pub(super) fn spoken(text: &str) -> String {
    pieces(text, html, |t| format!("<code>{}</code>", html(t)))
}

fn pieces(text: &str, plain: impl Fn(&str) -> String, quoted: impl Fn(&str) -> String) -> String {
    let text = one_line(text);
    let parts: Vec<&str> = text.split('`').collect();
    // A backtick that is not closed is one of the text itself.
    let whole = if parts.len().is_multiple_of(2) {
        parts.len() - 1
    } else {
        parts.len()
    };
    let mut out = String::with_capacity(text.len() + 8);
    for (i, part) in parts.iter().enumerate() {
        if i >= whole {
            out.push_str(&plain(&format!("`{part}")));
        } else if i % 2 == 1 {
            out.push_str(&quoted(part));
        } else {
            // The blanks around code belong to the sentence.
            let (front, back) = (part.len() - part.trim_start().len(), part.trim_end().len());
            out.push_str(&part[..front]);
            out.push_str(&plain(part.trim()));
            out.push_str(part.get(back.max(front)..).unwrap_or(""));
        }
    }
    out
}

/// A text as a code span in one line.
pub(super) fn code(text: &str) -> String {
    let text: String = text.chars().map(plain).collect();
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A text as a code span in the cell of a table, where bars are escaped even inside code.
pub(super) fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A text as a link where it is an address of the web and nothing else, else as inline Markdown.
pub(super) fn link(text: &str) -> String {
    if address(text) {
        format!("<{}>", text.replace('|', "%7C"))
    } else {
        inline(text)
    }
}

/// The same in HTML.
pub(super) fn anchor(text: &str) -> String {
    let shown = html(text);
    if address(text) {
        format!("<a href=\"{shown}\" rel=\"noreferrer\">{shown}</a>")
    } else {
        shown
    }
}

/// Whether a text is an address of the web and nothing else.
fn address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or(text.strip_prefix("http://"));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#!$&'()*+,;=%".contains(c);
    rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(plain))
}

/// A text as a fenced block of a language.
pub(super) fn fenced(text: &str, language: &str) -> String {
    let text: String = text
        .trim_end()
        .chars()
        .map(|c| if c == '\n' || c == '\t' { c } else { plain(c) })
        .collect();
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}{language}\n{text}\n{fence}")
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// A text as HTML.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push('\n'),
            c => out.push(plain(c)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::emit::runbook::escape::{cell, code, fenced, html, inline, link, said, spoken};

    #[test]
    fn text_stays_text() {
        assert_eq!(inline("a | b\n# c"), "a \\| b # c");
        assert_eq!(inline("# not a heading"), "\\# not a heading");
        assert_eq!(inline("1. not a list"), "1\\. not a list");
        assert_eq!(
            inline("![x](https://evil.example)"),
            "!\\[x\\](https\\://evil.example)"
        );
        assert_eq!(inline("<img src=x>"), "\\<img src=x\\>");
        assert_eq!(inline("snake_case _em_"), "snake_case \\_em\\_");
        assert_eq!(
            inline("#1 in #ops, !2 %3 10% {+4+} {x}"),
            "\\#1 in #ops, \\!2 \\%3 10% \\{+4+} {x}"
        );
        assert_eq!(link("https://wiki.example/a?b=1"), "<https://wiki.example/a?b=1>");
        assert_eq!(
            link("https://a.example/<script>"),
            "https\\://a.example/\\<script\\>"
        );
        assert_eq!(code("a`b|c"), "``a`b|c``");
        assert_eq!(cell("a  b|c"), "`a  b\\|c`");
        assert_eq!(said("`a_b` is *new* `x"), "`a_b` is \\*new\\* \\`x");
        assert_eq!(spoken("`<a>` is new"), "<code>&lt;a&gt;</code> is new");
        assert_eq!(fenced("```\nx", "sh"), "````sh\n```\nx\n````");
        assert_eq!(html("<a href='x'>\u{202e}"), "&lt;a href=&#39;x&#39;&gt;\u{fffd}");
    }
}
