//! A statement without its block: mended where the mistake is clear, then read by the grammar.
//!
//! Must not know where statements begin and end. Called by the recovery for each statement.

use super::words::{has_own_form, is_lower};
use super::{MAX_NESTING, Recovery};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Form, Name, Stmt};
use crate::syntax::build::{Builder, Move, Place};
use crate::syntax::errors::{expressions, statements as errors};
use crate::syntax::grammar::{Grammar, Rule};
use crate::syntax::scan::Kind;
use pest::Parser;
use pest::error::InputLocation;
use smol_str::SmolStr;

/// The tokens of a statement up to its block, and what is known about them.
pub(super) struct Head {
    /// The first token.
    pub(super) from: usize,
    /// The token after the last.
    pub(super) to: usize,
    /// The `{` of the block.
    pub(super) block: Option<usize>,
    /// What is replaced before the statement is read.
    pub(super) mends: Vec<Mend>,
    /// Whether a mistake in it was told.
    pub(super) reported: bool,
    /// Whether the replacements surely say what the author meant.
    pub(super) sure: bool,
    /// Whether a literal was replaced, so that its place no longer holds its text.
    pub(super) lost: bool,
    /// Whether a `!` was replaced by `not`, which binds less tightly.
    pub(super) negated: bool,
    /// Whether an interpolation without an end has taken what follows it.
    pub(super) blind: bool,
    /// How deep its brackets stand in one another.
    pub(super) deepest: usize,
}

/// A replacement of text, in bytes of the file.
pub(super) struct Mend {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) with: String,
}

impl Recovery<'_> {
    /// Reads a statement without its block. What cannot be read but has a block keeps its keyword and its name.
    pub(super) fn read_head(&mut self, mut head: Head, place: Place) -> Option<Stmt> {
        if head.from >= head.to {
            return None;
        }
        self.mend_problems(&mut head);
        self.lint(&mut head);
        if self.blocks.len() + head.deepest > MAX_NESTING {
            return self.partial(&head, place);
        }
        let base = self.tokens[head.from].start;
        let (text, moves) = self.mended(&mut head);
        self.given += text.len();
        match Grammar::parse(Rule::head, &text) {
            Ok(mut pairs) => {
                let pair = pairs.next().expect("internal: a head matches as one rule");
                let mut builder = Builder::over(self.file, &text, base, &moves);
                let mut stmt = builder.head(pair, place);
                if head.sure {
                    let negated = head.negated;
                    let told = |d: &&Diagnostic| !(negated && d.code == Code("syntax/misplaced_not"));
                    self.bag
                        .extend(builder.bag.iter().filter(told).cloned().collect());
                }
                if head.lost {
                    return self.partial(&head, place);
                }
                stmt.span = stmt.span.to(self.span(head.to - 1));
                Some(stmt)
            }
            Err(error) => {
                let at = match error.location {
                    InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
                };
                self.tell_refused(&head, original(&moves, base, at));
                self.partial(&head, place)
            }
        }
    }

    /// The text of a head with its replacements made, and how its bytes have moved.
    fn mended(&self, head: &mut Head) -> (String, Vec<Move>) {
        let base = self.tokens[head.from].start;
        let end = self.tokens[head.to - 1].end;
        head.mends.sort_by_key(|m| (m.start, m.end));
        let mut text = String::with_capacity(end - base + 16);
        let mut moves = Vec::new();
        let mut done = base;
        for mend in &head.mends {
            if mend.start < done || mend.end > end {
                continue;
            }
            text.push_str(&self.text[done..mend.start]);
            let inside = text.len();
            text.push_str(&mend.with);
            // Inside the replacement every position is that of its first byte, one after the other.
            for i in 1..mend.with.len().max(1) {
                moves.push(Move {
                    at: inside + i,
                    by: (inside + i) as isize - (mend.start - base) as isize,
                });
            }
            moves.push(Move {
                at: text.len(),
                by: text.len() as isize - (mend.end - base) as isize,
            });
            done = mend.end;
        }
        text.push_str(&self.text[done..end]);
        if head.block.is_some() {
            text.push_str(" {");
        }
        (text, moves)
    }

    /// Tells that the grammar refuses a statement, unless its mistake was told already.
    fn tell_refused(&mut self, head: &Head, at: usize) {
        if head.reported {
            let near = |m: &Mend| at + 1 >= m.start && at <= m.end + 1;
            if !head.sure || head.lost || head.mends.is_empty() || head.mends.iter().any(near) {
                return;
            }
        }
        let mut i = head.from;
        while i < head.to
            && (self.tokens[i].end <= at || matches!(self.kind(i), Some(Kind::Newline | Kind::Comment)))
        {
            i += 1;
        }
        let keyword = self.str(head.from);
        let last = self.span(head.to - 1);
        let place = if i < head.to {
            self.span(i)
        } else {
            last.end_point()
        };
        let place = if place.start == place.end { last } else { place };
        let found = match keyword {
            "let" if i <= head.from + 2 => errors::malformed_let(place),
            "param" if i <= head.from + 3 => errors::malformed_param(place),
            "use" => errors::malformed_use(place),
            "capture" => errors::malformed_capture(place),
            _ if i >= head.to => errors::unfinished(last.end_point()),
            _ if self.is(i, ",") => expressions::missing_value(place, ",", true),
            _ => errors::unexpected(place, self.str(i)),
        };
        self.tell(found);
    }

    /// What is left of a statement that cannot be read: its keyword and its name, when it has a block to keep.
    fn partial(&self, head: &Head, place: Place) -> Option<Stmt> {
        head.block?;
        let keyword = self.str(head.from);
        if self.kind(head.from) != Some(Kind::Word) || !is_lower(keyword) || has_own_form(keyword) {
            return None;
        }
        let base = self.tokens[head.from].start;
        let second = head.from + 1;
        let plain = match self.kind(second) {
            Some(Kind::Word) if second < head.to => Some(second),
            Some(Kind::Quote) if self.kind(second + 1) == Some(Kind::Unquote) && second + 1 < head.to => {
                Some(second + 1)
            }
            _ => None,
        };
        if let Some(last) = plain {
            let text = &self.text[base..self.tokens[last].end];
            if let Ok(mut pairs) = Grammar::parse(Rule::head, text) {
                let pair = pairs.next().expect("internal: a head matches as one rule");
                return Some(Builder::over(self.file, text, base, &[]).head(pair, place));
            }
        }
        let span = Span::new(self.file, base, base + keyword.len());
        let keyword = Name {
            text: SmolStr::new(keyword),
            span,
        };
        Some(Stmt {
            span,
            keyword,
            form: Form::Plain(Vec::new()),
            block: None,
            doc: None,
        })
    }
}

/// The byte of the file that a byte of the mended text stands for.
fn original(moves: &[Move], base: usize, at: usize) -> usize {
    let moved = moves.partition_point(|m| m.at <= at);
    let by = if moved == 0 { 0 } else { moves[moved - 1].by };
    (base + at).saturating_add_signed(-by)
}
