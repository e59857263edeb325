//! `data/placeholder`: a text that somebody meant to fill in.

use crate::checks::data::find::Places;
use crate::checks::data::texts::{Written, texts};
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::source::Span;
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("data/placeholder");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let mut places = Places::new(subject.sources);
    let mut seen: BTreeSet<(Span, String)> = BTreeSet::new();
    for text in texts(subject.plan.release()) {
        for part in text.parts.iter().filter(|p| may_hold_one(p)) {
            for found in placeholders(part, &text) {
                // A rollout runs the same step several times.
                if !seen.insert((text.origin.span, (*part).to_string() + &found)) {
                    continue;
                }
                let span = places.find(text.origin, &found);
                let d = Diagnostic::error(CODE, span, format!("`{found}` was never filled in"))
                    .here("still to be filled in");
                bag.push(
                    place::through(d, text.origin).help("write what belongs here, or make it a parameter"),
                );
            }
        }
    }
}

/// Whether a text is worth a closer look: most are not.
fn may_hold_one(text: &str) -> bool {
    const SIGNS: &[&str] = &[
        "TODO", "TBD", "TBC", "FIXME", "xxx", "XXX", "hange", "HANGE", "eplace", "EPLACE",
    ];
    // One walk: looking for each sign by itself was a tenth of all checks.
    let bytes = text.as_bytes();
    bytes.iter().enumerate().any(|(i, b)| match b {
        b'<' | b'[' => true,
        b'T' | b'F' | b'x' | b'X' | b'h' | b'H' | b'e' | b'E' => {
            SIGNS.iter().any(|sign| bytes[i..].starts_with(sign.as_bytes()))
        }
        _ => false,
    })
}

/// The placeholders of a text, in order.
fn placeholders(text: &str, written: &Written<'_>) -> Vec<String> {
    let mut list = marked_words(text);
    list.extend(
        bracketed(text, b'<', b'>')
            .into_iter()
            .filter(|(at, inner)| angle(text, *at, inner, written.command))
            .map(|(_, i)| format!("<{i}>")),
    );
    list.extend(
        bracketed(text, b'[', b']')
            .into_iter()
            .filter(|(_, inner)| square(inner))
            .map(|(_, i)| format!("[{i}]")),
    );
    list
}

/// `TODO` and its like, standing alone: not as a part of a name or a path.
fn marked_words(text: &str) -> Vec<String> {
    let mut list = Vec::new();
    let mut at = 0;
    for word in text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@'))) {
        let start = at;
        at += word.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
        let bare = word.trim_matches(|c| matches!(c, '.' | '-' | '/'));
        // A file name such as `tmp.XXX` is a pattern for a tool, a lone word is not.
        if bare.is_empty() || text[start..].is_empty() {
            continue;
        }
        let lower = bare.to_ascii_lowercase();
        let crosses = bare.len() >= 3 && (bare.bytes().all(|b| b == b'x') || bare.bytes().all(|b| b == b'X'));
        let named = matches!(bare, "TODO" | "TBD" | "TBC" | "FIXME")
            || matches!(
                lower.as_str(),
                "changeme" | "change-me" | "change_me" | "replaceme" | "replace-me" | "replace_me"
            );
        if named || (crosses && !text.contains("mktemp")) {
            list.push(bare.to_string());
        }
    }
    list
}

/// What stands between two brackets, with the place of the first; nothing nested.
fn bracketed(text: &str, open: u8, close: u8) -> Vec<(usize, &str)> {
    let mut list = Vec::new();
    let mut from: Option<usize> = None;
    for (i, c) in text.bytes().enumerate() {
        if c == open {
            from = Some(i);
        } else if c == close
            && let Some(start) = from.take()
        {
            list.push((start, &text[start + 1..i]));
        }
    }
    list
}

/// Words of HTML and of chat that stand in angle brackets by right.
const MARKUP: &[&str] = &[
    "br", "hr", "em", "li", "ul", "ol", "td", "tr", "th", "div", "span", "pre", "code", "strong", "html",
    "body", "head", "table", "h1", "h2", "h3", "h4",
];

/// `<checksum>`: a name in angle brackets, which is no redirection, no markup and no address.
fn angle(text: &str, at: usize, inner: &str, command: bool) -> bool {
    let words: Vec<&str> = inner.split([' ', '-', '_']).collect();
    let name = inner.starts_with(|c: char| c.is_ascii_alphabetic())
        && inner.ends_with(|c: char| c.is_ascii_alphanumeric())
        && inner.len() >= 2
        && inner
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        && words.len() <= 5
        && words.iter().all(|w| w.len() >= 2 && !matches!(*w, "and" | "or"));
    let before = text[..at].chars().next_back();
    let after = text[at + inner.len() + 2..].chars().next();
    let apart = before.is_none_or(|c| c.is_whitespace() || "=:/@-_.\"'(,[".contains(c));
    if !name || !apart || MARKUP.contains(&inner) || text.contains(&format!("</{inner}>")) {
        return false;
    }
    if !command {
        return true;
    }
    // `sort <in >out` and `sort <in> out` read and write files; a placeholder is followed by nothing a shell could write to,
    // or is glued to what stands before it.
    let rest = text[at + inner.len() + 2..].trim_start();
    let glued = before.is_some_and(|c| !c.is_whitespace());
    let nowhere = rest.is_empty() || rest.starts_with(['-', '|', ';', '&', ')', '"', '\'']);
    !inner.contains(' ') && (glued || nowhere || after.is_some_and(|c| "/:,.@".contains(c)))
}

/// `[FILL IN]` and its like.
fn square(inner: &str) -> bool {
    let lower = inner.trim().to_ascii_lowercase();
    let first = lower.split([' ', '_', '-', ':']).next().unwrap_or("");
    matches!(
        first,
        "fill" | "insert" | "tbd" | "todo" | "placeholder" | "your" | "replace"
    ) && lower.chars().all(|c| c.is_alphanumeric() || " _-:".contains(c))
        && inner == inner.trim()
}

#[cfg(test)]
mod tests {
    use super::{Written, placeholders};
    use crate::model::Origin;
    use crate::source::{FileId, Span};

    fn found(text: &str, command: bool) -> Vec<String> {
        let origin = Origin::at(Span::new(FileId(0), 0, 0));
        let written = Written {
            parts: vec![text],
            origin: &origin,
            command,
        };
        placeholders(text, &written)
    }

    #[test]
    fn what_was_never_filled_in_is_found() {
        for (text, what) in [
            ("TODO: ask the board", "TODO"),
            ("Reviewed by TBD.", "TBD"),
            ("xxx", "xxx"),
            ("password changeme", "changeme"),
            ("digest <checksum>", "<checksum>"),
            ("<your name here>", "<your name here>"),
            ("Impact: [FILL IN]", "[FILL IN]"),
        ] {
            assert_eq!(found(text, false), [what], "{text}");
        }
        for command in [
            "sha256sum -c <checksum>",
            "deploy --digest=<digest> --now",
            "docker pull repo:<tag>",
            "deploy <version> --now",
        ] {
            assert_eq!(found(command, true).len(), 1, "{command}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_left_alone() {
        for text in [
            "acme/TODO-app",
            "the todo list is empty",
            "a <b and c> d",
            "<b>done</b>",
            "<br>",
            "Alice <alice@example.com>",
            "<!here> done",
            "List<string>",
            "[x] done, [link](https://x)",
            "x < y > z",
        ] {
            assert_eq!(found(text, false), Vec::<String>::new(), "{text}");
        }
        for command in [
            "sort <in >out",
            "sort <in> out",
            "cat <file",
            "psql <dump.sql >log",
            "mktemp /tmp/a.XXXXXX",
            "mktemp XXX",
            "[ -f todo ] && test 2>err",
            "grep '(?<name>x)' f",
            "cat <<EOF\nx\nEOF",
        ] {
            assert_eq!(found(command, true), Vec::<String>::new(), "{command}");
        }
    }
}
