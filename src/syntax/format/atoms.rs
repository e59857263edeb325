//! The words of a statement without its block, and the spaces between them.
//!
//! Must not know where lines begin. Called by the writer of lines.

use super::tree::Source;
use crate::syntax::scan::Kind;

/// A word, a mark, a whole string or a comment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Atom<'s> {
    pub(super) text: &'s str,
    pub(super) kind: AtomKind,
    /// How many newlines stand before it.
    pub(super) newlines: usize,
    /// Whether a space stands before it when both are on one line.
    pub(super) spaced: bool,
    /// Whether it is a string with an interpolation over several lines.
    pub(super) broken: bool,
}

/// What an atom is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtomKind {
    /// A name, a number, a string.
    Value,
    /// A word that joins or begins expressions.
    Word,
    /// An operator, a comma, a colon.
    Mark,
    /// A sign, or the operator of `T+30m`.
    Tight,
    Open,
    Close,
    Comment,
}

/// The atoms of the tokens `from..to`.
pub(super) fn atoms<'s>(source: &Source<'s>, from: usize, to: usize) -> Vec<Atom<'s>> {
    let mut out: Vec<Atom<'s>> = Vec::with_capacity(to - from);
    let mut newlines = 0;
    let mut at = from;
    while at < to {
        let token = &source.tokens[at];
        if token.kind == Kind::Newline {
            newlines += 1;
            at += 1;
            continue;
        }
        let touches = at > from && source.tokens[at - 1].end == token.start;
        let end = if token.kind == Kind::Quote {
            string_end(source, at, to)
        } else {
            at
        };
        let text = &source.text[token.start..source.tokens[end].end];
        let first = at == from;
        let kind = kind_of(token.kind, text, out.last(), first);
        if kind == AtomKind::Close && newlines == 0 && matches!(text, ")" | "]" | "}") {
            // A comma before a closing bracket says nothing on one line.
            if out
                .last()
                .is_some_and(|a| a.text == "," && a.kind == AtomKind::Mark)
            {
                out.pop();
            }
        }
        let spaced = out
            .last()
            .is_some_and(|before| is_spaced(before, kind, text, touches));
        let broken = source.tokens[at..=end].iter().any(|t| t.kind == Kind::Newline);
        let text = if kind == AtomKind::Comment {
            text.trim_end()
        } else {
            text
        };
        out.push(Atom {
            text,
            kind,
            newlines,
            spaced,
            broken,
        });
        newlines = 0;
        at = end + 1;
    }
    tighten(&mut out);
    out
}

/// The token that ends the string which begins at a token.
fn string_end(source: &Source<'_>, from: usize, to: usize) -> usize {
    let mut depth = 0usize;
    for at in from..to {
        match source.tokens[at].kind {
            Kind::Quote => depth += 1,
            Kind::Unquote => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    to - 1
}

fn kind_of(kind: Kind, text: &str, before: Option<&Atom<'_>>, first: bool) -> AtomKind {
    match kind {
        Kind::Comment => AtomKind::Comment,
        Kind::Open => AtomKind::Open,
        Kind::Close | Kind::HoleEnd => AtomKind::Close,
        Kind::Word if !first && matches!(text, "and" | "or" | "not" | "in" | "is" | "if" | "else") => {
            // After a dot it is the name of a member.
            if before.is_some_and(|a| a.text == ".") {
                AtomKind::Value
            } else {
                AtomKind::Word
            }
        }
        Kind::Punct if text == "-" && !before.is_some_and(ends_value) => AtomKind::Tight,
        Kind::Punct => AtomKind::Mark,
        _ => AtomKind::Value,
    }
}

/// Whether a value ends with an atom.
fn ends_value(atom: &Atom<'_>) -> bool {
    matches!(atom.kind, AtomKind::Value | AtomKind::Close)
}

fn is_spaced(before: &Atom<'_>, kind: AtomKind, text: &str, touches: bool) -> bool {
    if kind == AtomKind::Comment {
        return true;
    }
    if kind == AtomKind::Mark && matches!(text, "," | ":" | ";" | ".") {
        return false;
    }
    match before.kind {
        AtomKind::Open => return before.text == "{" && text != "}",
        AtomKind::Tight => return false,
        AtomKind::Mark if before.text == "." => return false,
        _ => {}
    }
    match kind {
        AtomKind::Close => text == "}",
        AtomKind::Open => !(touches && ends_value(before) && text != "{"),
        _ => true,
    }
}

/// `T + 30m` is written `T+30m`.
fn tighten(atoms: &mut [Atom<'_>]) {
    for i in 1..atoms.len().saturating_sub(1) {
        let start = atoms[i - 1].text == "T" && atoms[i - 1].kind == AtomKind::Value;
        let figure = atoms[i + 1].text.starts_with(|c: char| c.is_ascii_digit());
        let one_line = atoms[i].newlines == 0 && atoms[i + 1].newlines == 0;
        if start
            && figure
            && one_line
            && matches!(atoms[i].text, "+" | "-")
            && atoms[i].kind == AtomKind::Mark
        {
            atoms[i].spaced = false;
            atoms[i].kind = AtomKind::Tight;
            atoms[i + 1].spaced = false;
        }
    }
}
