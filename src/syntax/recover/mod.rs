//! Reading a text that has mistakes: every one of them is told once, at its cause, and every statement that can be
//! read is kept.
//!
//! The text is cut into tokens; braces and lines give its blocks and statements; each statement is mended where the
//! mistake is clear and then read by the same grammar as a text without mistakes. Must not know what keywords mean.
//! Called by the parser when the grammar refuses a text.

mod brackets;
mod head;
mod lints;
mod mend;
mod operands;
mod tell;
mod words;

use super::ast::{Ast, Block, Doc, Form, Stmt};
use super::build::{Listed, Place};
use super::docs::Docs;
use super::errors::statements as errors;
use super::scan::{self, Kind, Problem, Token};
use crate::diagnostic::{Bag, Diagnostic, Edit};
use crate::source::{FileId, Span};

/// The deepest nesting of blocks, brackets and interpolations.
pub(super) const MAX_NESTING: usize = 64;

/// How many mistakes of one text are told: a text with more is not a release plan.
const MAX_MISTAKES: usize = 1000;

/// The tree of what can be read in a text, and its mistakes.
pub(super) fn recover(file: FileId, text: &str) -> (Ast, Bag) {
    let (ast, bag, _) = measured(file, text);
    (ast, bag)
}

/// The same, and the work it was: tokens, and bytes that were given to the grammar.
pub(super) fn measured(file: FileId, text: &str) -> (Ast, Bag, usize) {
    let scan = scan::scan(text);
    let mut recovery = Recovery::new(file, text, scan);
    recovery.tell_problems();
    recovery.count_braces();
    let (listed, _) = recovery.list(None, Place::Outer);
    let bag = recovery.without_echoes();
    let ast = Ast {
        file,
        doc: listed.doc,
        items: listed.items,
    };
    (ast, bag, recovery.tokens.len() + recovery.given)
}

/// The state of the recovery.
struct Recovery<'s> {
    file: FileId,
    text: &'s str,
    tokens: Vec<Token>,
    /// How far the line of each token is indented; a string over several lines belongs to its first.
    indents: Vec<u32>,
    problems: Vec<Problem>,
    at: usize,
    bag: Bag,
    /// The blocks that are open.
    blocks: Vec<Opened>,
    /// How many `}` are missing in the whole text, as far as not told yet.
    missing: usize,
    /// How many `}` are too many in the whole text, as far as not told yet.
    extra: usize,
    /// How many bytes the grammar was given.
    given: usize,
    /// Whether so many mistakes were told that reading has stopped.
    full: bool,
    /// Whether blocks were left out because they stand too deep.
    deep: bool,
}

/// A block that is open.
#[derive(Debug, Clone, Copy)]
struct Opened {
    /// Its `{`.
    brace: usize,
    /// How far the line of its statement is indented.
    indent: u32,
}

impl<'s> Recovery<'s> {
    fn new(file: FileId, text: &'s str, scan: scan::Scan) -> Self {
        let indents = indents(text, &scan.tokens);
        Recovery {
            file,
            text,
            tokens: scan.tokens,
            indents,
            problems: scan.problems,
            at: 0,
            bag: Bag::new(),
            blocks: Vec::new(),
            missing: 0,
            extra: 0,
            given: 0,
            full: false,
            deep: false,
        }
    }

    fn count_braces(&mut self) {
        for token in &self.tokens {
            match (token.kind, self.text.as_bytes().get(token.start)) {
                (Kind::Open, Some(b'{')) => self.missing += 1,
                (Kind::Close, Some(b'}')) if self.missing == 0 => self.extra += 1,
                (Kind::Close, Some(b'}')) => self.missing -= 1,
                _ => {}
            }
        }
    }

    fn tell(&mut self, found: Diagnostic) {
        if self.full {
            return;
        }
        self.full = self.bag.len() + 1 >= MAX_MISTAKES;
        self.bag.push(if self.full {
            errors::and_no_more(found, MAX_MISTAKES)
        } else {
            found
        });
    }

    /// The mistakes in the order of the text. Where a string has no end, text and code have changed places on its
    /// line: what looks wrong with the words there is not told.
    fn without_echoes(&mut self) -> Bag {
        let lines: Vec<(usize, usize)> = self
            .problems
            .iter()
            .filter_map(|p| self.line_of_endless(p))
            .collect();
        let echo = |d: &Diagnostic| {
            let at = d.span.start as usize;
            let next = lines.partition_point(|l| l.1 < at);
            tell::is_about_words(d.code) && lines.get(next).is_some_and(|l| l.0 <= at)
        };
        let found = std::mem::take(&mut self.bag).into_sorted();
        found.into_iter().filter(|d| !echo(d)).collect()
    }

    fn kind(&self, i: usize) -> Option<Kind> {
        self.tokens.get(i).map(|t| t.kind)
    }

    fn str(&self, i: usize) -> &'s str {
        self.tokens.get(i).map_or("", |t| &self.text[t.start..t.end])
    }

    fn span(&self, i: usize) -> Span {
        let end = self.text.len();
        let (from, to) = self.tokens.get(i).map_or((end, end), |t| (t.start, t.end));
        Span::new(self.file, from, to)
    }

    fn is(&self, i: usize, text: &str) -> bool {
        self.str(i) == text && !matches!(self.kind(i), Some(Kind::Quote | Kind::Unquote | Kind::Escape))
    }

    fn first_on_line(&self, i: usize) -> bool {
        i == 0 || self.kind(i - 1) == Some(Kind::Newline)
    }

    /// The first token from `i` on that is no newline and no comment.
    fn significant(&self, mut i: usize) -> usize {
        while matches!(self.kind(i), Some(Kind::Newline | Kind::Comment)) {
            i += 1;
        }
        i
    }

    /// The statements up to the `}` of the block that was opened last, or to the end of the text; the byte after
    /// the `}` when it is there.
    fn list(&mut self, opened: Option<Opened>, place: Place) -> (Listed, Option<usize>) {
        let mut docs = match opened {
            Some(o) => Docs::of_block(self.text, self.tokens[o.brace].end),
            None => Docs::of_file(self.text),
        };
        let mut items: Vec<Stmt> = Vec::new();
        let mut end = None;
        while let Some(token) = self.tokens.get(self.at).copied().filter(|_| !self.full) {
            match token.kind {
                Kind::Newline => self.at += 1,
                Kind::Comment => {
                    if let Some((from, to)) = docs.comment(token.start, token.end)
                        && let Some(last) = items.last_mut()
                    {
                        docs.append(&mut last.doc, (from, to), Span::new(self.file, from, to));
                    }
                    self.at += 1;
                }
                Kind::Punct if self.is(self.at, ";") => self.at += 1,
                Kind::Close if self.is(self.at, "}") => match self.closing(opened) {
                    Closing::Skip => self.at += 1,
                    Closing::Unclosed => break,
                    Closing::Here => {
                        end = Some(token.end);
                        self.at += 1;
                        break;
                    }
                },
                Kind::Close => {
                    let text = self.str(self.at);
                    self.tell(errors::extra_bracket(self.span(self.at), text));
                    self.at += 1;
                }
                _ if opened.is_some_and(|o| self.dedented(o)) => {
                    self.missing -= 1;
                    self.tell_unclosed(opened, Some(self.at));
                    break;
                }
                Kind::Open if self.is(self.at, "{") => {
                    self.tell(errors::stray_block(self.span(self.at)));
                    self.block(self.at, Place::Inner);
                }
                _ => {
                    let from = self.at;
                    let stmt = self.statement(place);
                    let last = self.tokens[from.max(self.at.saturating_sub(1))].end;
                    let above =
                        docs.statement(token.start, stmt.as_ref().map_or(last, |s| s.span.end as usize));
                    if let Some(mut stmt) = stmt {
                        let above = above.map(|(a, b)| docs.text(a, b, Span::new(self.file, a, b)));
                        stmt.doc = Docs::join(above, stmt.doc.take());
                        items.push(stmt);
                    }
                }
            }
        }
        if end.is_none() && self.at >= self.tokens.len() && !self.deep {
            self.tell_unclosed(opened, None);
        }
        let doc = docs
            .finish()
            .map(|(a, b)| docs.text(a, b, Span::new(self.file, a, b)));
        (Listed { items, doc }, end)
    }

    /// What the `}` that comes next does for the block that is open.
    fn closing(&mut self, opened: Option<Opened>) -> Closing {
        let here = self.span(self.at);
        let Some(o) = opened else {
            self.extra = self.extra.saturating_sub(1);
            self.tell(errors::extra_brace(here));
            return Closing::Skip;
        };
        if !self.first_on_line(self.at) {
            let line = (o.brace..self.at)
                .rev()
                .take_while(|i| self.kind(*i) != Some(Kind::Newline))
                .last();
            if self.extra > 0 && line != Some(o.brace) {
                self.extra -= 1;
                self.tell(errors::extra_brace(here));
                return Closing::Skip;
            }
            return Closing::Here;
        }
        let indent = self.indents[self.at];
        let outer = self.blocks.iter().rev().skip(1).any(|b| b.indent == indent);
        if self.missing > 0 && indent < o.indent && outer {
            self.missing -= 1;
            self.tell_unclosed(opened, Some(self.at));
            return Closing::Unclosed;
        }
        let ends_its_line = matches!(self.kind(o.brace + 1), Some(Kind::Newline | Kind::Comment));
        if self.extra > 0 && indent > o.indent && ends_its_line {
            self.extra -= 1;
            self.tell(errors::extra_brace(here));
            return Closing::Skip;
        }
        Closing::Here
    }

    /// Whether a `}` is missing and the next statement stands too far left for the block that is open.
    fn dedented(&self, o: Opened) -> bool {
        self.missing > 0
            && self.first_on_line(self.at)
            && self.kind(self.at) == Some(Kind::Word)
            && self.indents[self.at] <= o.indent
    }

    fn tell_unclosed(&mut self, opened: Option<Opened>, noticed: Option<usize>) {
        let Some(o) = opened else { return };
        let mut before = noticed.unwrap_or(self.tokens.len());
        while before > o.brace + 1 && matches!(self.kind(before - 1), Some(Kind::Newline | Kind::Comment)) {
            before -= 1;
        }
        let end = self.tokens[before - 1].end;
        let indent = " ".repeat(o.indent as usize);
        let mend = Edit {
            span: Span::new(self.file, end, end),
            replacement: format!("\n{indent}}}"),
        };
        let noticed = noticed.map(|n| self.span(n));
        self.tell(errors::unclosed_brace(self.span(o.brace), noticed, Some(mend)));
    }

    /// Reads a statement and its block. Nothing comes back when it could not be read.
    fn statement(&mut self, place: Place) -> Option<Stmt> {
        let head = self.split_head();
        let (from, block) = (head.from, head.block);
        let read = self.read_head(head, place);
        let Some(brace) = block else {
            return read;
        };
        let keyword = read.as_ref().map_or("", |s| s.keyword.text.as_str());
        let inside = Place::inside(keyword);
        self.indents[brace] = self.indents[from];
        let (block, doc) = self.block(brace, inside);
        self.after_block();
        let mut stmt = read?;
        if matches!(stmt.form, Form::Use(_) | Form::Let { .. }) {
            return Some(stmt);
        }
        stmt.span = stmt.span.to(block.span);
        stmt.block = Some(block);
        stmt.doc = doc;
        Some(stmt)
    }

    /// Reads the block whose `{` is the token `brace`.
    fn block(&mut self, brace: usize, place: Place) -> (Block, Option<Doc>) {
        let start = self.tokens[brace].start;
        if self.blocks.len() >= MAX_NESTING {
            self.tell(errors::too_deep(self.span(brace), MAX_NESTING));
            self.deep = true;
            self.at = self.after_partner(brace);
            let end = self.tokens[self.at - 1].end;
            return (
                Block {
                    span: Span::new(self.file, start, end),
                    items: Vec::new(),
                },
                None,
            );
        }
        self.at = brace + 1;
        let opened = Opened {
            brace,
            indent: self.indents[brace],
        };
        self.blocks.push(opened);
        let (listed, end) = self.list(Some(opened), place);
        self.blocks.pop();
        let end = end.unwrap_or_else(|| self.tokens[self.at - 1].end);
        (
            Block {
                span: Span::new(self.file, start, end),
                items: listed.items,
            },
            listed.doc,
        )
    }

    /// The token after the `}` that belongs to a `{`, or after the last token.
    fn after_partner(&self, brace: usize) -> usize {
        let mut open = 0usize;
        for (i, token) in self.tokens.iter().enumerate().skip(brace) {
            match (token.kind, self.text.as_bytes().get(token.start)) {
                (Kind::Open, Some(b'{')) => open += 1,
                (Kind::Close, Some(b'}')) => {
                    open -= 1;
                    if open == 0 {
                        return i + 1;
                    }
                }
                _ => {}
            }
        }
        self.tokens.len()
    }

    /// After a `}`: the line ends, or a `;` or another `}` stands there.
    fn after_block(&mut self) {
        let next = self.at;
        if next == 0 || !self.is(next - 1, "}") {
            return;
        }
        match self.kind(next) {
            None | Some(Kind::Newline | Kind::Comment | Kind::Close) => {}
            Some(Kind::Punct) if self.is(next, ";") => {}
            Some(Kind::Punct) if self.is(next, ",") => {
                self.tell(errors::trailing_comma(self.span(next)));
                self.at += 1;
            }
            Some(_) => self.tell(errors::statement_after_brace(self.span(next))),
        }
    }
}

/// What a `}` does.
enum Closing {
    /// It closes the block.
    Here,
    /// It closes nothing.
    Skip,
    /// It closes an outer block: this one has no `}`.
    Unclosed,
}

fn indents(text: &str, tokens: &[Token]) -> Vec<u32> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut current = 0;
    let mut line_begins = true;
    for token in tokens {
        if line_begins {
            let spaces = text.as_bytes()[..token.start]
                .iter()
                .rev()
                .take_while(|b| matches!(b, b' ' | b'\t'))
                .count();
            current = u32::try_from(spaces).unwrap_or(u32::MAX);
        }
        line_begins = token.kind == Kind::Newline;
        out.push(current);
    }
    out
}
