//! Where a statement ends: at a newline that nothing carries on, at `;`, before its block or before a `}`.
//!
//! Must not know how the statement is read. Called by the recovery for each statement.

use super::Recovery;
use super::brackets::Brackets;
use super::mend::Head;
use super::words::{has_own_form, is_joiner, is_operator_mark, is_operator_word};
use crate::source::Span;
use crate::syntax::errors::{expressions, statements as errors};
use crate::syntax::scan::Kind;

/// What a token means for the statement it stands in.
pub(super) enum Step {
    /// The statement goes on after it.
    On,
    /// The statement ended before it.
    End,
    /// The statement ended before it: it is the `{` of the block.
    Block,
}

impl Recovery<'_> {
    /// Takes the tokens of the next statement, up to its block.
    pub(super) fn split_head(&mut self) -> Head {
        let from = self.at;
        let mut head = Head {
            from,
            to: from,
            block: None,
            mends: Vec::new(),
            reported: false,
            sure: true,
            lost: false,
            negated: false,
            deepest: 0,
            blind: false,
        };
        let mut brackets = Brackets::default();
        let mut i = from;
        while let Some(kind) = self.kind(i).filter(|_| !self.full) {
            let step = match kind {
                Kind::Newline => self.at_newline(&mut head, &mut brackets, i),
                Kind::Comment => Step::On,
                Kind::Punct if self.is(i, ";") => self.at_semicolon(&mut head, &mut brackets, i),
                Kind::Open => self.at_open(&mut head, &mut brackets, i),
                Kind::Close => self.at_close(&mut head, &mut brackets, i),
                Kind::Quote | Kind::Unquote | Kind::Hole | Kind::HoleEnd => {
                    self.at_string(&mut head, &mut brackets, i);
                    Step::On
                }
                _ => Step::On,
            };
            match step {
                Step::On => {}
                Step::End => break,
                Step::Block => {
                    head.block = Some(self.significant(i));
                    break;
                }
            }
            if kind == Kind::Newline {
                i = self.significant(i);
                continue;
            }
            if kind != Kind::Comment {
                head.to = i + 1;
            }
            i += 1;
        }
        // Whatever the first token is, it is taken, or nothing would ever follow it.
        head.to = head.to.max(from + usize::from(head.block.is_none()));
        self.at = head.to;
        self.end_brackets(&mut head, &mut brackets);
        head
    }

    fn at_semicolon(&mut self, head: &mut Head, brackets: &mut Brackets, i: usize) -> Step {
        if brackets.is_empty() {
            return Step::End;
        }
        if brackets.in_string() {
            return Step::On;
        }
        if brackets.has_object() {
            self.tell(expressions::semicolon_in_object(self.span(i)));
            head.reported = true;
            head.edit(self.tokens[i].start, self.tokens[i].end, ",");
            return Step::On;
        }
        Step::End
    }

    /// At the end of a line: whether the statement goes on in the next.
    fn at_newline(&mut self, head: &mut Head, brackets: &mut Brackets, i: usize) -> Step {
        let next = self.significant(i);
        if !brackets.is_empty() {
            let ends = !brackets.in_string() && self.begins_statement(next, self.indents[head.from], true);
            return if ends { Step::End } else { Step::On };
        }
        if head.to <= head.from {
            return Step::End;
        }
        let last = head.to - 1;
        if self.is(next, "{") && self.kind(next) == Some(Kind::Open) {
            return self.own_line_brace(head, next);
        }
        if self.goes_on_after(head, last) {
            let over = match self.kind(next) {
                None | Some(Kind::Close) => true,
                Some(Kind::Punct) => self.is(next, ";"),
                // A statement that follows a brace on its line has no indentation of its own to be compared with.
                _ if !self.first_on_line(head.from) => self.begins_statement(next, u32::MAX, false),
                _ => self.begins_statement(next, self.indents[head.from], false),
            };
            return if over { Step::End } else { Step::On };
        }
        let text = self.str(next);
        match self.kind(next) {
            Some(Kind::Word | Kind::Punct) if is_joiner(text) => Step::On,
            // Without an `if` that waits for it, the line can be read as a statement, which has its own answer.
            Some(Kind::Word) if text == "else" && self.awaits_else(head) => {
                self.joined_lines(head, last, next)
            }
            Some(Kind::Punct) if is_operator_mark(text) || matches!(text, "." | ",") => {
                self.joined_lines(head, last, next)
            }
            _ => Step::End,
        }
    }

    fn own_line_brace(&mut self, head: &mut Head, brace: usize) -> Step {
        let last = head.to - 1;
        let gap = Span::new(self.file, self.tokens[last].end, self.tokens[brace].start);
        let plain = self.text[gap.range()].trim().is_empty();
        let statement = self.span(head.from).to(self.span(last));
        self.tell(errors::brace_on_own_line(
            self.span(brace),
            statement,
            plain.then_some(gap),
        ));
        Step::Block
    }

    /// Tells that the next line goes on with a statement that has ended, and lets it go on.
    fn joined_lines(&mut self, head: &mut Head, last: usize, next: usize) -> Step {
        let (from, to) = (self.tokens[last].end, self.tokens[next].start);
        let plain = self.text[from..to].trim().is_empty();
        let gap = plain.then(|| Span::new(self.file, from, to));
        self.tell(errors::newline_before_operator(
            self.span(next),
            self.str(next),
            gap,
        ));
        head.reported = true;
        let joint = if self.is(next, ".") || self.is(next, ",") {
            ""
        } else {
            " "
        };
        head.edit(from, to, joint);
        Step::On
    }

    /// Whether an `if` of the statement has no `else` yet.
    fn awaits_else(&self, head: &Head) -> bool {
        let after = head.from + 1..head.to;
        let count = |word: &str| {
            let words = after.clone().filter(|i| self.kind(*i) == Some(Kind::Word));
            words.filter(|i| self.str(*i) == word).count()
        };
        count("if") > count("else")
    }

    /// Whether the last token of a line waits for more.
    fn goes_on_after(&self, head: &Head, last: usize) -> bool {
        let text = self.str(last);
        match self.kind(last) {
            Some(Kind::Punct) if text == ":" => last > head.from + 1 && has_own_form(self.str(head.from)),
            Some(Kind::Punct) => text == "," || is_operator_mark(text),
            Some(Kind::Word) => last > head.from && is_operator_word(text),
            _ => false,
        }
    }

    /// Whether a token looks like the start of a new statement: a word at the start of a line, no deeper than the
    /// statement before, and a value beside it.
    fn begins_statement(&self, i: usize, indent: u32, or_block: bool) -> bool {
        if self.kind(i) != Some(Kind::Word) || !self.first_on_line(i) || self.indents[i] > indent {
            return false;
        }
        if is_operator_word(self.str(i)) && !matches!(self.str(i), "in" | "if") {
            return false;
        }
        match self.kind(i + 1) {
            Some(Kind::Word) => !is_operator_word(self.str(i + 1)),
            Some(Kind::Figure | Kind::Quote | Kind::Text) => true,
            Some(Kind::Open) => or_block && self.is(i + 1, "{"),
            _ => false,
        }
    }
}
