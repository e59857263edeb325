//! The words for what is wrong with single tokens, and how such a token is mended before its statement is read.
//!
//! Called by the recovery at its start, and for each statement.

use super::Recovery;
use super::mend::{Head, Mend};
use crate::diagnostic::Code;
use crate::source::Span;
use crate::syntax::errors::characters as errors;
use crate::syntax::scan::{Problem, What};

impl Recovery<'_> {
    /// Tells every problem of a single token.
    pub(super) fn tell_problems(&mut self) {
        for problem in std::mem::take(&mut self.problems) {
            let at = Span::new(self.file, problem.start, problem.end);
            let text = &self.text[problem.start..problem.end];
            let long = self
                .text
                .get(problem.start..problem.start + 3)
                .unwrap_or("\"\"\"");
            let found = match problem.what {
                What::SlashComment => errors::slash_comment(at),
                What::BlockComment => errors::block_comment(at),
                What::BareUrl => errors::unquoted_url(at, text),
                What::CurlyQuotes => errors::curly_quotes(at, text, true),
                What::CurlyQuotesMixed => errors::curly_quotes(at, text, false),
                What::BadEscape => errors::bad_escape(at, text),
                What::BadUnicode => errors::bad_unicode(at, text),
                What::EndlessString => errors::unterminated_string(at, &text[..1]),
                What::EndlessHole => errors::unclosed_interpolation(at),
                What::EndlessHeredoc => errors::unterminated_heredoc(
                    Span::new(self.file, problem.start, problem.start + long.len()),
                    long,
                ),
            };
            self.tell(found);
            self.problems.push(problem);
        }
    }

    /// Mends the problems of the tokens of a statement.
    pub(super) fn mend_problems(&self, head: &mut Head) {
        let from = self.problems.partition_point(|p| p.token < head.from);
        let to = head.to;
        for problem in self.problems[from..].iter().take_while(|p| p.token < to) {
            head.reported = true;
            self.mend_problem(head, problem);
        }
    }

    fn mend_problem(&self, head: &mut Head, p: &Problem) {
        let text = &self.text[p.start..p.end];
        match p.what {
            What::SlashComment => head.edit(p.start, p.end, "#"),
            What::BlockComment => head.edit(p.start, p.end, " "),
            What::BareUrl => head.edit(p.start, p.end, format!("\"{text}\"")),
            What::CurlyQuotes => head.edit(p.start, p.end, errors::straight(text)),
            What::CurlyQuotesMixed => head.edit(p.start, p.end, "\"\""),
            What::BadEscape => head.edit(p.start, p.start, "\\"),
            What::BadUnicode => head.edit(p.start, p.end, "?"),
            What::EndlessString => {
                let quote = text[..1].to_string();
                head.edit(p.end, p.end, quote);
                head.sure = false;
            }
            What::EndlessHole | What::EndlessHeredoc => {
                head.sure = false;
                head.lost = true;
                head.blind |= p.what == What::EndlessHole;
            }
        }
    }

    /// The line of a string that has no end.
    pub(super) fn line_of_endless(&self, p: &Problem) -> Option<(usize, usize)> {
        if p.what != What::EndlessString {
            return None;
        }
        let start = self.text[..p.start].rfind('\n').map_or(0, |i| i + 1);
        let end = self.text[p.start..]
            .find('\n')
            .map_or(self.text.len(), |i| p.start + i);
        Some((start, end))
    }

    /// Whether a string in the tokens of a statement has swallowed what should close its brackets.
    pub(super) fn swallowed(&self, from: usize, to: usize) -> bool {
        let first = self.problems.partition_point(|p| p.token < from);
        let endless = |p: &Problem| {
            matches!(
                p.what,
                What::EndlessString | What::EndlessHole | What::EndlessHeredoc
            )
        };
        self.problems[first..]
            .iter()
            .take_while(|p| p.token < to)
            .any(endless)
    }
}

/// Whether a mistake is one that prose makes when it is read as code.
pub(super) fn is_about_words(code: Code) -> bool {
    let name = code.0.strip_prefix("syntax/").unwrap_or("");
    matches!(
        name,
        "name_case"
            | "missing_comma"
            | "missing_value"
            | "unquoted_url"
            | "hyphen_in_name"
            | "invalid_number"
            | "stray_character"
            | "unexpected"
    )
}

impl Head {
    /// Replaces a range of the text before the statement is read.
    pub(super) fn edit(&mut self, start: usize, end: usize, with: impl Into<String>) {
        self.mends.push(Mend {
            start,
            end,
            with: with.into(),
        });
    }
}
