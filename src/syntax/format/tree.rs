//! Statements with their comments and the blank lines between them, from the syntax tree and the tokens.
//!
//! Must not know how they are laid out. Called by the formatter.

use crate::syntax::ast::{Form, Stmt};
use crate::syntax::scan::{Kind, Token};

/// A text and its tokens.
pub(super) struct Source<'s> {
    pub(super) text: &'s str,
    pub(super) tokens: &'s [Token],
}

impl<'s> Source<'s> {
    /// The first token that begins at `at` or after it.
    pub(super) fn token_at(&self, at: usize) -> usize {
        self.tokens.partition_point(|t| t.start < at)
    }

    pub(super) fn str(&self, token: &Token) -> &'s str {
        &self.text[token.start..token.end]
    }
}

/// A line of its own in a list of statements.
pub(super) struct Item<'s> {
    /// Whether a blank line stands before it.
    pub(super) blank: bool,
    pub(super) what: What<'s>,
}

/// What a line holds.
pub(super) enum What<'s> {
    /// A comment.
    Comment(&'s str),
    /// A statement.
    Statement(Box<Statement<'s>>),
}

/// A statement, its comments and its block.
pub(super) struct Statement<'s> {
    /// Whether it is a `use`, a `param`, a `let` or any other.
    pub(super) class: Class,
    /// The first token of the statement, and the one after the last before its block.
    pub(super) head: (usize, usize),
    /// The comment at its end.
    pub(super) tail: Option<&'s str>,
    pub(super) block: Option<Inner<'s>>,
}

/// The block of a statement.
pub(super) struct Inner<'s> {
    /// The comment after the `{`.
    pub(super) comment: Option<&'s str>,
    pub(super) items: Vec<Item<'s>>,
    /// Whether it is written on one line.
    pub(super) flat: bool,
}

/// The statements that are laid out in the same columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Use,
    Param,
    Let,
    Plain,
}

/// The statements of a whole file.
pub(super) fn of_file<'s>(source: &Source<'s>, items: &[Stmt]) -> Vec<Item<'s>> {
    list(source, items, 0, source.tokens.len(), false).1
}

/// The statements between two tokens, and the comment on the line of the `{` before them.
fn list<'s>(
    source: &Source<'s>,
    stmts: &[Stmt],
    from: usize,
    to: usize,
    in_block: bool,
) -> (Option<&'s str>, Vec<Item<'s>>) {
    let mut out: Vec<Item<'s>> = Vec::new();
    let mut first = None;
    let mut newlines = usize::from(!in_block);
    let mut at = from;
    let mut stmts = stmts.iter().peekable();
    while at < to {
        let token = &source.tokens[at];
        if let Some(stmt) = stmts.next_if(|s| s.span.start as usize == token.start) {
            let blank = newlines > 1 && !out.is_empty();
            let (statement, after) = statement(source, stmt, at);
            out.push(Item {
                blank,
                what: What::Statement(Box::new(statement)),
            });
            newlines = 0;
            at = after;
            continue;
        }
        match token.kind {
            Kind::Newline => newlines += 1,
            Kind::Comment => {
                let text = source.str(token).trim_end();
                comment(&mut out, &mut first, text, newlines);
                newlines = 0;
            }
            _ => {}
        }
        at += 1;
    }
    (first, out)
}

/// Puts a comment where it belongs: at the end of a statement, after the `{`, or on a line of its own.
fn comment<'s>(out: &mut Vec<Item<'s>>, first: &mut Option<&'s str>, text: &'s str, newlines: usize) {
    if newlines == 0 {
        match out.last_mut().map(|i| &mut i.what) {
            Some(What::Statement(s)) if s.tail.is_none() => {
                s.tail = Some(text);
                return;
            }
            None if first.is_none() => {
                *first = Some(text);
                return;
            }
            _ => {}
        }
    }
    let blank = newlines > 1 && !out.is_empty();
    out.push(Item {
        blank,
        what: What::Comment(text),
    });
}

/// A statement that begins at a token, and the token after it.
fn statement<'s>(source: &Source<'s>, stmt: &Stmt, from: usize) -> (Statement<'s>, usize) {
    let class = match &stmt.form {
        Form::Use(_) => Class::Use,
        Form::Let { .. } => Class::Let,
        Form::Typed { .. } if stmt.keyword.text == "param" => Class::Param,
        _ => Class::Plain,
    };
    let after = source.token_at(stmt.span.end as usize);
    let Some(block) = &stmt.block else {
        let to = last_of(source, from, after);
        return (
            Statement {
                class,
                head: (from, to),
                tail: None,
                block: None,
            },
            to,
        );
    };
    let brace = source.token_at(block.span.start as usize);
    let (comment, items) = list(source, &block.items, brace + 1, after - 1, true);
    let flat = !source.text[block.span.range()].contains('\n');
    let inner = Inner { comment, items, flat };
    (
        Statement {
            class,
            head: (from, last_of(source, from, brace)),
            tail: None,
            block: Some(inner),
        },
        after,
    )
}

/// The token after the last one before `to` that belongs to the statement itself.
fn last_of(source: &Source<'_>, from: usize, mut to: usize) -> usize {
    while to > from + 1 && matches!(source.tokens[to - 1].kind, Kind::Newline | Kind::Comment) {
        to -= 1;
    }
    to
}
