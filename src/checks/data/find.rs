//! Where in the source a piece of a text stands.
//!
//! The model knows the statement a text comes from; a finding about a few characters points at those. Called by the checks
//! of what texts say.

use crate::checks::data::literal::characters;
use crate::model::Origin;
use crate::source::{SourceMap, Span};
use std::collections::BTreeSet;

/// Finds the characters of a text in the source; each place is given once.
pub(super) struct Places<'a> {
    sources: &'a SourceMap,
    used: BTreeSet<Span>,
}

impl<'a> Places<'a> {
    /// Nothing has been pointed at yet.
    pub(super) fn new(sources: &'a SourceMap) -> Self {
        Places {
            sources,
            used: BTreeSet::new(),
        }
    }

    /// The first literal from the statement on that holds the text and was not pointed at before; else the statement.
    pub(super) fn find(&mut self, origin: &Origin, what: &str) -> Span {
        let file = self.sources.file(origin.span.file);
        let start = origin.span.start as usize;
        let end = statement_end(&file.text, origin.span.end as usize);
        let Some(region) = file.text.get(start..end) else {
            return origin.span;
        };
        for (from, to) in literals(region) {
            let literal = Span::new(origin.span.file, start + from, start + to);
            let Some((_, list)) = characters(self.sources, literal) else {
                continue;
            };
            let text: Vec<char> = list.iter().map(|c| c.c).collect();
            let wanted: Vec<char> = what.chars().collect();
            for at in 0..(text.len() + 1).saturating_sub(wanted.len()) {
                if text[at..].starts_with(&wanted) {
                    let span = list[at].span.to(list[at + wanted.len() - 1].span);
                    if self.used.insert(span) {
                        return span;
                    }
                }
            }
        }
        origin.span
    }
}

/// Where the statement ends that begins before `from`: after its block, or with its line.
fn statement_end(text: &str, from: usize) -> usize {
    let mut depth = 0usize;
    let mut at = from;
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'"' | b'\'' => {
                at = literal_end(text, at);
                continue;
            }
            b'#' => {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
                continue;
            }
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            b'\n' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// The string literals of a piece of source, comments left out.
fn literals(text: &str) -> Vec<(usize, usize)> {
    let mut list = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' | b'\'' => {
                let end = literal_end(text, at);
                list.push((at, end));
                at = end;
            }
            b'#' => at += text[at..].find('\n').unwrap_or(text.len() - at),
            _ => at += 1,
        }
    }
    list
}

/// Where a literal ends that begins at `at`, which is a quote.
fn literal_end(text: &str, at: usize) -> usize {
    let quote = &text[at..at + 1];
    let triple = quote.repeat(3);
    let (open, raw) = if text[at..].starts_with(&triple) {
        (triple.as_str(), quote == "'")
    } else {
        (quote, quote == "'")
    };
    let mut i = at + open.len();
    while i < text.len() {
        if text[i..].starts_with(open) {
            return i + open.len();
        }
        let Some(c) = text[i..].chars().next() else { break };
        i += c.len_utf8();
        if c == '\\' && !raw {
            i += text[i..].chars().next().map_or(0, char::len_utf8);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{literals, statement_end};

    #[test]
    fn literals_are_found_and_comments_are_not() {
        let text = "title \"a # \\\" b\" # \"no\"\nrun 'c' \"\"\"\n\"d\"\n\"\"\"";
        let found: Vec<&str> = literals(text).into_iter().map(|(a, b)| &text[a..b]).collect();
        assert_eq!(found, ["\"a # \\\" b\"", "'c'", "\"\"\"\n\"d\"\n\"\"\""]);
        let text = "change \"x\" {\n  impact \"}\" # }\n}\nnext";
        assert_eq!(&text[..statement_end(text, 10)], &text[..text.len() - 5]);
        assert_eq!(statement_end("title \"a\"\nnext", 9), 9);
    }
}
