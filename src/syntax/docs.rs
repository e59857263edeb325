//! Which statement a `##` comment documents.
//!
//! Knows comments and lines only. Called by the tree builder and by the recovery, which walk comments and
//! statements in the order of the text.

use super::ast::Doc;
use crate::source::Span;

/// A range of bytes.
type Range = (usize, usize);

/// Walks one list of statements and hands out the documentation.
pub(super) struct Docs<'s> {
    text: &'s str,
    /// End of what was seen last.
    last: usize,
    /// The documentation above the next statement.
    pending: Option<Range>,
    /// The documentation of the file or of the block.
    holder: Option<Range>,
    of_file: bool,
    any_statement: bool,
}

impl<'s> Docs<'s> {
    /// For the statements of a file.
    pub(super) fn of_file(text: &'s str) -> Self {
        Docs {
            text,
            last: 0,
            pending: None,
            holder: None,
            of_file: true,
            any_statement: false,
        }
    }

    /// For the statements of a block; `inside` is the first byte after its brace.
    pub(super) fn of_block(text: &'s str, inside: usize) -> Self {
        Docs {
            text,
            last: inside,
            pending: None,
            holder: None,
            of_file: false,
            any_statement: false,
        }
    }

    /// Takes a comment. Its range comes back when it documents the statement before it on its line.
    pub(super) fn comment(&mut self, start: usize, end: usize) -> Option<Range> {
        let breaks = self.newlines(start);
        let end = start + self.text[start..end].trim_end().len();
        self.last = end;
        let is_doc = is_doc(&self.text[start..end]);
        if breaks > 1 {
            self.close_module();
        }
        if !is_doc {
            return None;
        }
        if breaks == 0 && self.any_statement {
            return Some((start, end));
        }
        if breaks == 0 && !self.of_file {
            self.holder = Some((start, end));
        } else {
            self.pending = Some((self.pending.map_or(start, |p| p.0), end));
        }
        None
    }

    /// Takes a statement; the range of the documentation above it comes back.
    pub(super) fn statement(&mut self, start: usize, end: usize) -> Option<Range> {
        if self.newlines(start) > 1 {
            self.close_module();
        }
        self.last = end;
        self.any_statement = true;
        self.pending.take()
    }

    /// Ends the list; the range of the documentation of the file or the block comes back.
    pub(super) fn finish(&mut self) -> Option<Range> {
        self.close_module();
        self.holder
    }

    /// At the top of a file, a blank line after the documentation makes it the module's.
    fn close_module(&mut self) {
        if self.of_file && !self.any_statement && self.holder.is_none() {
            self.holder = self.pending.take();
        }
    }

    fn newlines(&self, until: usize) -> usize {
        self.text
            .get(self.last..until)
            .map_or(0, |gap| gap.bytes().filter(|b| *b == b'\n').count())
    }

    /// The documentation in a range, markers and other comments removed.
    pub(super) fn text(&self, from: usize, to: usize, span: Span) -> Doc {
        let mut text = String::new();
        for line in self.text[from..to].lines() {
            let line = line.trim();
            if is_doc(line) {
                if !text.is_empty() {
                    text.push('\n');
                }
                let body = &line[2..];
                text.push_str(body.strip_prefix(' ').unwrap_or(body).trim_end());
            }
        }
        Doc { text, span }
    }

    /// Adds the documentation in a range to what a statement has already.
    pub(super) fn append(&self, doc: &mut Option<Doc>, range: Range, span: Span) {
        *doc = Docs::join(doc.take(), Some(self.text(range.0, range.1, span)));
    }

    /// Both, in this order.
    pub(super) fn join(first: Option<Doc>, second: Option<Doc>) -> Option<Doc> {
        match (first, second) {
            (Some(a), Some(b)) => Some(Doc {
                text: format!("{}\n{}", a.text, b.text),
                span: a.span,
            }),
            (a, b) => a.or(b),
        }
    }
}

/// `##` begins a doc comment; a longer row of `#` is a ruler.
pub(super) fn is_doc(comment: &str) -> bool {
    comment.starts_with("##") && !comment.starts_with("###")
}
