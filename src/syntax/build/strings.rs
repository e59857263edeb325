//! String literals: escapes resolved, the indentation of heredocs removed, text and interpolations as parts.
//!
//! Must not know what a string is for. Called by the expression builder.

use super::{Builder, range};
use crate::syntax::ast::{Quote, StrPart};
use crate::syntax::errors::characters as errors;
use crate::syntax::grammar::Rule;
use pest::iterators::Pair;

/// How the lines of a heredoc are laid out.
struct Layout<'s> {
    /// Where the text begins, the newline after the delimiter dropped.
    start: usize,
    /// What stands before the closing delimiter on its line, when that is nothing but space.
    indent: &'s str,
}

fn layout(text: &str, from: usize, to: usize) -> Layout<'_> {
    let body = &text[from..to];
    let start = from
        + body
            .strip_prefix('\n')
            .or(body.strip_prefix("\r\n"))
            .map_or(0, |r| body.len() - r.len());
    let last = body.rfind('\n').map_or("", |i| &body[i + 1..]);
    let indent = if last.bytes().all(|b| b == b' ' || b == b'\t') {
        last
    } else {
        ""
    };
    Layout { start, indent }
}

/// The text being gathered, and where in the source it began.
struct Gathered {
    parts: Vec<StrPart>,
    text: String,
    from: Option<usize>,
    line_start: bool,
}

impl Gathered {
    fn new(line_start: bool) -> Self {
        Gathered {
            parts: Vec::new(),
            text: String::new(),
            from: None,
            line_start,
        }
    }

    /// Adds source text of a heredoc: CRLF becomes LF, the indentation goes.
    fn lines(&mut self, text: &str, at: usize, indent: &str) {
        self.from.get_or_insert(at);
        for line in text.split_inclusive('\n') {
            let kept = if self.line_start {
                undented(line, indent)
            } else {
                line
            };
            match kept.strip_suffix("\r\n") {
                Some(body) => {
                    self.text.push_str(body);
                    self.text.push('\n');
                }
                None => self.text.push_str(kept),
            }
            self.line_start = line.ends_with('\n');
        }
    }

    fn resolved(&mut self, text: &str, at: usize) {
        self.from.get_or_insert(at);
        self.text.push_str(text);
        self.line_start = false;
    }
}

/// The line without as much of the indentation as it has.
fn undented<'t>(line: &'t str, indent: &str) -> &'t str {
    let common = line
        .bytes()
        .zip(indent.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    &line[common..]
}

impl<'s> Builder<'s> {
    /// The parts of a string in which nothing is escaped.
    pub(super) fn plain(&self, from: usize, to: usize) -> Vec<StrPart> {
        if from == to {
            return Vec::new();
        }
        vec![StrPart::Text {
            text: self.text[from..to].to_string(),
            span: self.span(from, to),
        }]
    }

    /// The parts of a `'''` string.
    pub(super) fn raw_lines(&self, from: usize, to: usize) -> Vec<StrPart> {
        let layout = layout(self.text, from, to);
        let mut gathered = Gathered::new(layout.start > from);
        gathered.lines(&self.text[layout.start..to], layout.start, layout.indent);
        self.flush(&mut gathered, to);
        gathered.parts
    }

    /// The parts of a string with escapes and interpolations, and how deep the deepest of these is.
    pub(super) fn parts(&mut self, pair: Pair<'s, Rule>, quote: Quote) -> (Vec<StrPart>, u32) {
        let (from, to) = range(&pair);
        let is_heredoc = quote == Quote::Heredoc;
        let lay = if is_heredoc {
            layout(self.text, from + 3, to - 3)
        } else {
            Layout {
                start: from + 1,
                indent: "",
            }
        };
        let mut gathered = Gathered::new(is_heredoc && lay.start > from + 3);
        let mut deepest = 0;
        for inner in pair.into_inner() {
            let (start, end) = range(&inner);
            match inner.as_rule() {
                Rule::escape => {
                    let resolved = self.escape(&inner);
                    let mut buffer = [0; 4];
                    gathered.resolved(resolved.encode_utf8(&mut buffer), start);
                }
                Rule::interpolation => {
                    self.flush(&mut gathered, start);
                    if let Some((part, depth)) = self.interpolated(inner) {
                        gathered.parts.push(part);
                        deepest = deepest.max(depth);
                    }
                    gathered.line_start = false;
                }
                _ if is_heredoc => {
                    let start = start.max(lay.start);
                    gathered.lines(&self.text[start..end], start, lay.indent);
                }
                _ => gathered.resolved(&self.text[start..end], start),
            }
        }
        self.flush(&mut gathered, if is_heredoc { to - 3 } else { to - 1 });
        (gathered.parts, deepest)
    }

    fn flush(&self, gathered: &mut Gathered, end: usize) {
        let Some(from) = gathered.from.take() else { return };
        let text = std::mem::take(&mut gathered.text);
        if !text.is_empty() {
            gathered.parts.push(StrPart::Text {
                text,
                span: self.span(from, end),
            });
        }
    }

    fn escape(&mut self, pair: &Pair<'s, Rule>) -> char {
        let text = pair.as_str();
        match text.as_bytes().get(1) {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'u') => {
                let digits = text.get(3..text.len() - 1).unwrap_or("");
                let found = u32::from_str_radix(digits, 16)
                    .ok()
                    .and_then(char::from_u32)
                    .filter(|c| *c != '\0');
                found.unwrap_or_else(|| {
                    let at = self.pair_span(pair);
                    self.bag.push(errors::bad_unicode(at, text));
                    char::REPLACEMENT_CHARACTER
                })
            }
            Some(b'"') => '"',
            Some(b'$') => '$',
            _ => '\\',
        }
    }
}
