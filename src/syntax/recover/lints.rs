//! What other languages write and this one does not: a walk over the tokens of one statement that tells each
//! mistake and mends it.
//!
//! Must not know where the statement ends, nor read it. Called before the grammar reads a statement of a file that
//! has mistakes.

use super::Recovery;
use super::mend::Head;
use super::operands::{Frame, Prev};
use super::words::{is_lower, snake};
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::errors::{characters, expressions, statements};
use crate::syntax::scan::Kind;

/// How many mistakes of one statement are told.
const MAX_FOUND: usize = 100;

/// The walk over a statement.
pub(super) struct Walk<'r, 's> {
    pub(super) all: &'r Recovery<'s>,
    pub(super) head: &'r mut Head,
    pub(super) found: Vec<Diagnostic>,
    /// The statement itself, and the brackets, strings and interpolations open in it.
    pub(super) frames: Vec<Frame>,
    /// The first word.
    pub(super) keyword: usize,
    /// Whether two values side by side were told.
    pub(super) side_by_side: bool,
    /// Whether a string in it has no end.
    pub(super) swallowed: bool,
    /// Whether nothing more can be said about the statement.
    pub(super) silent: bool,
}

impl Recovery<'_> {
    /// Tells and mends the mistakes that single tokens and their neighbours show.
    pub(super) fn lint(&mut self, head: &mut Head) {
        if head.blind {
            return;
        }
        let swallowed = self.swallowed(head.from, head.to);
        let mut walk = Walk {
            all: self,
            keyword: head.from,
            head,
            found: Vec::new(),
            frames: vec![Frame::new(b' ')],
            side_by_side: false,
            swallowed,
            silent: false,
        };
        walk.run();
        let found = walk.found;
        head.reported |= !found.is_empty();
        for diagnostic in found {
            self.tell(diagnostic);
        }
    }
}

impl Walk<'_, '_> {
    fn run(&mut self) {
        let mut end = self.head.to;
        let mut i = self.keyword;
        if self.swallowed {
            // From the first quote on, text and code may have changed places.
            end = (i..end)
                .find(|k| self.all.kind(*k) == Some(Kind::Quote))
                .unwrap_or(end);
        }
        while i < end && self.all.kind(i) == Some(Kind::Stray) {
            i = self.stray(i);
        }
        self.keyword = i;
        if i >= end || !self.keyword() {
            return;
        }
        i = self.keyword_end();
        while i < end && !self.silent {
            i = self.token(i);
            self.silent |= self.found.len() >= MAX_FOUND;
        }
        if !self.silent && !self.swallowed {
            self.end();
        }
    }

    pub(super) fn word(&self) -> &str {
        self.all.str(self.keyword)
    }

    pub(super) fn touches(&self, left: usize, right: usize) -> bool {
        match (self.all.tokens.get(left), self.all.tokens.get(right)) {
            (Some(a), Some(b)) => a.end == b.start && right < self.head.to,
            _ => false,
        }
    }

    /// Tells a mistake at a token and replaces the token.
    pub(super) fn replace(&mut self, found: Diagnostic, i: usize, with: &str) {
        let token = self.all.tokens[i];
        self.found.push(found);
        self.head.edit(token.start, token.end, with);
    }

    /// Tells a mistake that leaves nothing to read.
    pub(super) fn give_up(&mut self, found: Diagnostic) {
        self.found.push(found);
        self.head.sure = false;
        self.silent = true;
    }

    pub(super) fn insert(&mut self, at: usize, text: &str) {
        self.head.edit(at, at, text);
    }

    pub(super) fn between(&self, left: usize, right: usize) -> Span {
        Span::new(
            self.all.file,
            self.all.tokens[left].end,
            self.all.tokens[right].start,
        )
    }

    /// Looks at the first word. `false` when the statement has none.
    fn keyword(&mut self) -> bool {
        let k = self.keyword;
        let text = self.all.str(k);
        let span = self.all.span(k);
        if self.all.kind(k) != Some(Kind::Word) {
            if self.head.reported && matches!(self.all.kind(k), Some(Kind::Text | Kind::Quote)) {
                self.head.sure = false;
                return false;
            }
            let mut last = k;
            while self.all.kind(k) == Some(Kind::Quote)
                && last + 1 < self.head.to
                && self.all.kind(last) != Some(Kind::Unquote)
            {
                last += 1;
            }
            let span = span.to(self.all.span(last));
            let text = &self.all.text[span.range()];
            self.give_up(statements::missing_keyword(span, text));
            return false;
        }
        if let Some(end) = self.hyphenated(k) {
            self.hyphen(k, end);
        } else if !is_lower(text) {
            let lower = snake(text);
            self.replace(statements::keyword_case(span, text, &lower), k, &lower);
        }
        let next = self.keyword_end();
        if !self.touches(next - 1, next) {
            return true;
        }
        match self.all.kind(next) {
            Some(Kind::Open) if self.all.is(next, "(") => self.called(next),
            Some(Kind::Punct) if self.all.is(next, ".") => {
                let mut last = next;
                while self.touches(last, last + 1) && matches!(self.all.str(last), "." | "(") || last == next
                {
                    last += 1;
                    if self.all.is(last, "(") || last + 1 >= self.head.to || !self.all.is(last + 1, ".") {
                        break;
                    }
                    last += 1;
                }
                let last = last.min(self.head.to - 1);
                let whole = span.to(self.all.span(last));
                let text = &self.all.text[whole.range()];
                self.give_up(statements::call_statement(whole, text, None));
                false
            }
            Some(Kind::Quote | Kind::Text | Kind::Open) if !self.all.is(next, "{") => {
                let word = self.all.str(next - 1);
                self.found
                    .push(statements::missing_space(self.all.span(next), word));
                self.insert(self.all.tokens[next].start, " ");
                true
            }
            _ => true,
        }
    }

    /// The token after the keyword, its hyphens taken along.
    fn keyword_end(&self) -> usize {
        self.hyphenated(self.keyword)
            .map_or(self.keyword + 1, |end| end + 1)
    }

    /// `keyword(…)`: told as one mistake; the parentheses go when nothing follows them.
    fn called(&mut self, open: usize) -> bool {
        let last = self.head.to - 1;
        let whole = self.all.span(self.keyword).to(self.all.span(open));
        let text = format!("{}(…)", self.word());
        if self.all.is(last, ")") && self.all.kind(last) == Some(Kind::Close) && last > open + 1 {
            let (o, c) = (self.all.span(open), self.all.span(last));
            let edits = vec![
                Edit {
                    span: o,
                    replacement: " ".to_string(),
                },
                Edit {
                    span: c,
                    replacement: String::new(),
                },
            ];
            self.found
                .push(statements::call_statement(whole, &text, Some(edits)));
            self.head.edit(o.start as usize, o.end as usize, " ");
            self.head.edit(c.start as usize, c.end as usize, "");
            self.head.sure = false;
            self.silent = true;
            return true;
        }
        self.give_up(statements::call_statement(whole, &text, None));
        false
    }

    /// The last token of the words joined by hyphens that begin at `i`, when there is a hyphen.
    pub(super) fn hyphenated(&self, i: usize) -> Option<usize> {
        let mut last = i;
        while self.touches(last, last + 1)
            && self.all.is(last + 1, "-")
            && self.touches(last + 1, last + 2)
            && self.all.kind(last + 2) == Some(Kind::Word)
            && self
                .all
                .str(last + 2)
                .starts_with(|c: char| c.is_ascii_lowercase())
        {
            last += 2;
        }
        (last > i).then_some(last)
    }

    /// Tells words joined by hyphens, joins them with `_`.
    pub(super) fn hyphen(&mut self, first: usize, last: usize) {
        let whole = self.all.span(first).to(self.all.span(last));
        let text = &self.all.text[whole.range()];
        self.found
            .push(expressions::hyphen_in_name(whole, &text.to_ascii_lowercase()));
        self.head.edit(
            whole.start as usize,
            whole.end as usize,
            snake(&text.replace('-', "_")),
        );
    }

    /// Tells a run of the same stray character; the token after it comes back.
    pub(super) fn stray(&mut self, i: usize) -> usize {
        let mut last = i;
        while self.touches(last, last + 1)
            && self.all.kind(last + 1) == Some(Kind::Stray)
            && self.all.str(last + 1) == self.all.str(i)
        {
            last += 1;
        }
        let whole = self.all.span(i).to(self.all.span(last));
        let after_a_word = i > 0
            && self.all.span(i - 1).end == whole.start
            && self
                .all
                .str(i - 1)
                .ends_with(|c: char| c.is_alphanumeric() || c == '_');
        self.found
            .push(characters::stray_character(whole, self.all.str(i), after_a_word));
        self.head.edit(whole.start as usize, whole.end as usize, " ");
        // What it held apart is not told as a second mistake.
        self.side_by_side = true;
        let after_value = self
            .frames
            .last()
            .is_some_and(|f| matches!(f.prev, Prev::Value(_)));
        let before_value =
            matches!(self.all.kind(last + 1), Some(Kind::Word | Kind::Figure)) && last + 1 < self.head.to;
        self.head.lost |= after_value && before_value;
        last + 1
    }

    /// At the end: what still waits for a value.
    fn end(&mut self) {
        let Some(frame) = self.frames.first() else { return };
        if self.frames.len() > 1 {
            return;
        }
        match frame.prev {
            Prev::Comma(i) => {
                let found = statements::trailing_comma(self.all.span(i));
                self.replace(found, i, "");
            }
            Prev::Operator(i) => self.waits(i),
            _ => self.lone_if(),
        }
    }
}
