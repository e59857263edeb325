//! The lines of a statement without its block: broken where the author broke them, indented by what is open.
//!
//! Must not know other statements. Called by the layout.

use super::atoms::{Atom, AtomKind};

/// The width of a text on a terminal that shows each character in one cell.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// Writes atoms into lines, from a column on.
pub(super) struct Writer {
    /// The finished lines, and the one being written.
    pub(super) lines: Vec<String>,
    column: usize,
    /// Where a line that goes on outside of brackets begins.
    hang: usize,
    /// Where the lines of a string over several lines begin.
    string_indent: usize,
    open: Vec<Bracket>,
}

/// An open bracket.
struct Bracket {
    /// Where the lines inside it begin.
    inside: usize,
    /// Where its partner stands when it begins a line.
    partner: usize,
}

impl Writer {
    /// A writer that goes on after `start`; the text of a string over several lines is indented by `indent`.
    pub(super) fn new(start: String, indent: usize) -> Self {
        let column = width(&start);
        Writer {
            lines: vec![start],
            column,
            hang: column,
            string_indent: indent + 2,
            open: Vec::new(),
        }
    }

    /// Lines that go on outside of brackets begin in the column reached so far.
    pub(super) fn hang_here(&mut self) {
        self.hang = self.column;
    }

    /// Lines that go on outside of brackets begin that much further right.
    pub(super) fn hang_after(&mut self, columns: usize) {
        self.hang += columns;
    }

    pub(super) fn push(&mut self, text: &str) {
        if let Some(line) = self.lines.last_mut() {
            line.push_str(text);
        }
        self.column += width(text);
    }

    fn break_line(&mut self, indent: usize) {
        self.lines.push(" ".repeat(indent));
        self.column = indent;
    }

    /// Fills the line with spaces up to a column.
    pub(super) fn pad(&mut self, column: usize) {
        let missing = column.saturating_sub(self.column);
        self.push(&" ".repeat(missing));
    }

    /// Writes atoms. The first begins where the line stands.
    pub(super) fn atoms(&mut self, atoms: &[Atom<'_>]) {
        for (i, atom) in atoms.iter().enumerate() {
            let next = atoms.get(i + 1);
            let after_comment = i > 0 && atoms[i - 1].kind == AtomKind::Comment;
            if (i > 0 && atom.newlines > 0) || after_comment {
                self.next_line(atom, i > 0 && atoms[i - 1].kind == AtomKind::Open);
            } else if atom.kind == AtomKind::Comment {
                self.push("  ");
            } else if i > 0 && atom.spaced {
                self.push(" ");
            }
            self.atom(atom, next);
        }
    }

    fn next_line(&mut self, atom: &Atom<'_>, after_open: bool) {
        if atom.newlines > 1 && !self.open.is_empty() && !after_open && atom.kind != AtomKind::Close {
            self.lines.push(String::new());
        }
        let indent = match (self.open.last(), atom.kind) {
            (Some(bracket), AtomKind::Close) => bracket.partner,
            (Some(bracket), _) => bracket.inside,
            (None, _) => self.hang,
        };
        self.break_line(indent);
    }

    fn atom(&mut self, atom: &Atom<'_>, next: Option<&Atom<'_>>) {
        match atom.kind {
            AtomKind::Open => {
                let line_indent = self
                    .lines
                    .last()
                    .map_or(0, |l| l.len() - l.trim_start_matches(' ').len());
                let at = self.column;
                self.push(atom.text);
                let ends_line = next.is_none_or(|n| n.newlines > 0 || n.kind == AtomKind::Comment);
                let bracket = if ends_line {
                    Bracket {
                        inside: line_indent + 2,
                        partner: line_indent,
                    }
                } else {
                    Bracket {
                        inside: at + if atom.text == "{" { 2 } else { 1 },
                        partner: at,
                    }
                };
                self.open.push(bracket);
            }
            AtomKind::Close => {
                self.open.pop();
                self.push(atom.text);
            }
            _ if atom.text.contains('\n') => self.long_string(atom),
            _ => self.push(atom.text),
        }
    }

    /// Writes a string over several lines, moved to its indentation where that changes nothing in its text.
    fn long_string(&mut self, atom: &Atom<'_>) {
        let text = atom.text.replace("\r\n", "\n");
        let moved = if atom.broken {
            None
        } else {
            moved(&text, self.string_indent)
        };
        let mut lines = moved.as_deref().unwrap_or(&text).split('\n');
        self.push(lines.next().unwrap_or(""));
        for line in lines {
            self.lines.push(line.to_string());
            self.column = width(line);
        }
    }
}

/// The string with its lines moved to another indentation. Nothing when its closing delimiter does not stand alone,
/// or when a line stands further left than that.
fn moved(text: &str, indent: usize) -> Option<String> {
    let (body, last) = text.rsplit_once('\n')?;
    let old = last.strip_suffix("\"\"\"").or(last.strip_suffix("'''"))?;
    if !old.bytes().all(|b| b == b' ' || b == b'\t') {
        return None;
    }
    let (first, body) = match body.split_once('\n') {
        Some((first, body)) => (first, Some(body)),
        None => (body, None),
    };
    if !matches!(first, "\"\"\"" | "'''") {
        return None;
    }
    let new = " ".repeat(indent);
    let mut out = String::with_capacity(text.len() + 64);
    out.push_str(first);
    for line in body.into_iter().flat_map(|b| b.split('\n')) {
        out.push('\n');
        match line.strip_prefix(old) {
            Some("") => {}
            Some(rest) => {
                out.push_str(&new);
                out.push_str(rest);
            }
            None if old.starts_with(line) => {}
            None => return None,
        }
    }
    out.push('\n');
    out.push_str(&new);
    out.push_str(&last[old.len()..]);
    Some(out)
}
