//! The brackets, strings and interpolations of one statement: which closes which, and which has no partner.
//!
//! Called while a statement is taken from the tokens.

use super::Recovery;
use super::head::Step;
use super::mend::Head;
use super::words::{is_operator_mark, is_operator_word};
use crate::diagnostic::Edit;
use crate::source::Span;
use crate::syntax::errors::expressions as values;
use crate::syntax::errors::statements as errors;
use crate::syntax::scan::{Kind, closer_of};

/// What is open in a statement.
#[derive(Default)]
pub(super) struct Brackets {
    open: Vec<Open>,
    /// How many of them are strings.
    strings: usize,
    /// How many of them are objects.
    objects: usize,
    /// After each string and interpolation: how many were open with it.
    barriers: Vec<usize>,
}

/// An opened bracket, string or interpolation.
#[derive(Clone, Copy)]
struct Open {
    /// `(`, `[`, `{`, `"` for a string, `$` for an interpolation.
    kind: u8,
    token: usize,
    /// An object outside of parentheses.
    loose: bool,
}

impl Brackets {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn in_string(&self) -> bool {
        self.strings > 0
    }

    pub(super) fn has_object(&self) -> bool {
        self.objects > 0
    }

    fn push(&mut self, kind: u8, token: usize, loose: bool) {
        self.strings += usize::from(kind == b'"');
        self.objects += usize::from(kind == b'{');
        self.open.push(Open { kind, token, loose });
        if matches!(kind, b'"' | b'$') {
            self.barriers.push(self.open.len());
        }
    }

    fn pop(&mut self) -> Option<Open> {
        let open = self.open.pop()?;
        self.strings -= usize::from(open.kind == b'"');
        self.objects -= usize::from(open.kind == b'{');
        if matches!(open.kind, b'"' | b'$') {
            self.barriers.pop();
        }
        Some(open)
    }

    fn depth(&self) -> usize {
        self.open.len() - self.strings
    }

    /// The brackets a closing bracket can reach: those inside the innermost interpolation.
    fn reach(&self) -> &[Open] {
        let barrier = self.barriers.last().copied().unwrap_or(0);
        &self.open[barrier..]
    }
}

impl Recovery<'_> {
    pub(super) fn at_open(&mut self, head: &mut Head, brackets: &mut Brackets, i: usize) -> Step {
        let kind = self.text.as_bytes()[self.tokens[i].start];
        let mut loose = false;
        if kind == b'{' && brackets.is_empty() && self.str(head.from) != "use" {
            if !self.is_object(head, i) {
                return Step::Block;
            }
            loose = true;
        }
        brackets.push(kind, i, loose);
        self.deeper(head, brackets, i);
        Step::On
    }

    fn deeper(&mut self, head: &mut Head, brackets: &Brackets, i: usize) {
        let depth = brackets.depth();
        if depth > head.deepest {
            head.deepest = depth;
            if self.blocks.len() + depth == super::MAX_NESTING + 1 {
                self.tell(errors::too_deep(self.span(i), super::MAX_NESTING));
                head.reported = true;
                head.sure = false;
            }
        }
    }

    /// Whether a `{` outside of parentheses begins an object: keys and colons follow where a value should stand.
    fn is_object(&self, head: &Head, i: usize) -> bool {
        let first = self.significant(i + 1);
        let colon = match self.kind(first) {
            Some(Kind::Word) => self.is(first + 1, ":"),
            Some(Kind::Quote) => self.kind(first + 1) == Some(Kind::Unquote) && self.is(first + 2, ":"),
            _ => false,
        };
        if i <= head.from || !(colon || self.is(first, "}")) {
            return false;
        }
        let before = self.str(i - 1);
        let second = i == head.from + 2;
        let assigns = matches!(before, "=" | ":");
        if (assigns && !second) || before == "," || is_operator_mark(before) {
            return true;
        }
        if i > head.from + 1 && is_operator_word(before) {
            return true;
        }
        let key = self.str(first);
        colon && (self.kind(first) == Some(Kind::Quote) || key.contains(|c: char| c.is_ascii_uppercase()))
    }

    pub(super) fn at_close(&mut self, head: &mut Head, brackets: &mut Brackets, i: usize) -> Step {
        let close = self.text.as_bytes()[self.tokens[i].start];
        let reach = brackets.reach();
        // Deeper than the deepest nesting nothing is read anyway.
        let near = reach.len().saturating_sub(super::MAX_NESTING);
        let partner = reach[near..]
            .iter()
            .rposition(|o| closer_of(o.kind) == close)
            .map(|i| near + i);
        let Some(top) = reach.last().copied() else {
            if close == b'}' {
                return Step::End;
            }
            self.tell(errors::extra_bracket(self.span(i), self.str(i)));
            head.reported = true;
            head.edit(self.tokens[i].start, self.tokens[i].end, "");
            return Step::On;
        };
        if let Some(partner) = partner {
            for _ in partner + 1..reach.len() {
                self.pop_unclosed(head, brackets, i);
            }
            if let Some(open) = brackets.pop()
                && open.loose
            {
                self.tell_object(head, open.token, Some(i));
            }
            return Step::On;
        }
        if close == b'}' && !brackets.in_string() {
            return Step::End;
        }
        let wanted = char::from(closer_of(top.kind));
        self.tell(errors::mismatched_bracket(
            self.span(i),
            self.str(i),
            self.span(top.token),
            wanted,
        ));
        head.reported = true;
        head.edit(self.tokens[i].start, self.tokens[i].end, wanted);
        brackets.pop();
        Step::On
    }

    pub(super) fn at_string(&mut self, head: &mut Head, brackets: &mut Brackets, i: usize) {
        match self.kind(i) {
            Some(Kind::Quote) => brackets.push(b'"', i, false),
            Some(Kind::Hole) => {
                brackets.push(b'$', i, false);
                self.deeper(head, brackets, i);
            }
            Some(Kind::HoleEnd) => {
                while brackets.reach().last().is_some() {
                    self.pop_unclosed(head, brackets, i);
                }
                brackets.pop();
            }
            _ => while brackets.pop().is_some_and(|o| o.kind != b'"') {},
        }
    }

    /// Tells that the innermost bracket is not closed before the token `place`, and closes it there.
    fn pop_unclosed(&mut self, head: &mut Head, brackets: &mut Brackets, place: usize) {
        let Some(open) = brackets.pop() else { return };
        let at = self.tokens[place].start;
        self.tell_open(open, at);
        head.reported = true;
        head.sure = false;
        head.edit(at, at, char::from(closer_of(open.kind)));
    }

    fn tell_open(&mut self, open: Open, at: usize) {
        let place = Span::new(self.file, at, at);
        let from = self.span(open.token);
        let found = if open.kind == b'{' {
            let mend = Edit {
                span: place,
                replacement: "}".to_string(),
            };
            errors::unclosed_brace(from, Some(place), Some(mend))
        } else {
            errors::unclosed_bracket(
                from,
                char::from(open.kind),
                char::from(closer_of(open.kind)),
                place,
            )
        };
        self.tell(found);
    }

    /// At the end of a statement: tells the innermost bracket that is still open, closes all of them.
    pub(super) fn end_brackets(&mut self, head: &mut Head, brackets: &mut Brackets) {
        let Some(innermost) = brackets
            .open
            .iter()
            .rev()
            .find(|o| !matches!(o.kind, b'"' | b'$'))
            .copied()
        else {
            return;
        };
        let end = self.tokens[head.to - 1].end;
        if !self.swallowed(head.from, head.to) {
            if innermost.kind == b'{' {
                self.missing = self.missing.saturating_sub(1);
            }
            self.tell_open(innermost, end);
        }
        head.reported = true;
        head.sure = false;
        while let Some(open) = brackets.pop() {
            match open.kind {
                b'"' | b'$' => head.lost = true,
                kind => head.edit(end, end, char::from(closer_of(kind))),
            }
            if open.loose {
                self.tell_object(head, open.token, None);
            }
        }
    }

    fn tell_object(&mut self, head: &mut Head, open: usize, close: Option<usize>) {
        let start = self.tokens[open].start;
        let Some(close) = close else {
            self.tell(values::object_outside_parentheses(self.span(open), None));
            return;
        };
        let end = self.tokens[close].end;
        let insert = |at: usize, text: &str| Edit {
            span: Span::new(self.file, at, at),
            replacement: text.to_string(),
        };
        let edits = vec![insert(start, "("), insert(end, ")")];
        self.tell(values::object_outside_parentheses(self.span(open), Some(edits)));
        head.reported = true;
        head.edit(start, start, "(");
        head.edit(end, end, ")");
    }
}
