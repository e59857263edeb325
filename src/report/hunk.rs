//! What a fix would change, as lines taken away and lines added; and whole files compared.
//!
//! Must not know how the lines are printed. Called by the terminal renderers, `fmt --diff` and `check --diff`.

use super::{clean, excerpt};
use crate::diagnostic::{Edit, Fix, Safety};
use crate::source::{FileId, SourceFile, SourceMap};
use similar::{ChangeTag, TextDiff};

/// Longer changes are cut off behind this many lines.
const LONGEST: usize = 16;

/// What a line of a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// It goes.
    Minus,
    /// It comes.
    Plus,
    /// It says where the lines stand, or how many were left out.
    Remark,
}

/// A line of a change.
pub(super) struct Line {
    /// What happens to it.
    pub(super) sign: Sign,
    /// Its number, before the change or after it.
    pub(super) number: usize,
    /// Its text, cleaned and without line break.
    pub(super) text: String,
}

impl Line {
    /// The line without colour, its number first.
    pub(super) fn plain(&self) -> String {
        match self.sign {
            Sign::Minus => format!("{:>4} - {}", self.number, self.text),
            Sign::Plus => format!("{:>4} + {}", self.number, self.text),
            Sign::Remark => self.text.clone(),
        }
    }
}

/// The word before the title of a fix; it says which flag applies it.
pub(super) fn heading(fix: &Fix) -> &'static str {
    match fix.safety {
        Safety::Safe => "fix",
        Safety::Unsafe => "fix to look at",
    }
}

/// The lines a fix would change; those in another file than `own` are headed by its path.
pub(super) fn lines(sources: &SourceMap, fix: &Fix, own: FileId) -> Vec<Line> {
    let mut edits: Vec<&Edit> = fix.edits.iter().collect();
    edits.sort_by_key(|e| e.span);
    let mut out: Vec<Line> = Vec::new();
    let mut shift = 0isize;
    let mut last_file = own;
    let mut rest = edits.as_slice();
    while let Some(first) = rest.first() {
        let id = first.span.file;
        let file = sources.file(id);
        if id != last_file {
            let text = format!("in {}", clean::path(&file.path));
            out.push(Line {
                sign: Sign::Remark,
                number: 0,
                text,
            });
            (last_file, shift) = (id, 0);
        }
        let from = file.line_col(first.span.start).line;
        let mut to = file.line_col(first.span.end).line;
        let mut n = 1;
        while let Some(next) = rest
            .get(n)
            .filter(|e| e.span.file == id && file.line_col(e.span.start).line <= to + 1)
        {
            to = to.max(file.line_col(next.span.end).line);
            n += 1;
        }
        shift += hunk(file, &rest[..n], from, to, shift, &mut out);
        rest = &rest[n..];
    }
    if out.len() > LONGEST {
        let more = out.len() - LONGEST;
        out.truncate(LONGEST);
        out.push(Line {
            sign: Sign::Remark,
            number: 0,
            text: format!("… and {more} more lines"),
        });
    }
    out
}

/// Adds the lines `from..=to` before and after the edits; gives how many lines there are more afterwards.
fn hunk(file: &SourceFile, edits: &[&Edit], from: u32, to: u32, shift: isize, out: &mut Vec<Line>) -> isize {
    let start = file.line_range(from).start;
    let end = file.line_range(to).end;
    let old = file.text.get(start..end).unwrap_or("");
    let mut new = String::new();
    let mut at = start;
    for edit in edits {
        new.push_str(file.text.get(at..edit.span.start as usize).unwrap_or(""));
        new.push_str(&edit.replacement);
        at = at.max(edit.span.end as usize);
    }
    new.push_str(file.text.get(at..end).unwrap_or(""));
    let mark = edits
        .iter()
        .map(|e| (e.span.start as usize).saturating_sub(start))
        .min()
        .unwrap_or(0);

    let diff = TextDiff::from_lines(old, new.as_str());
    let mut numbers = (from as usize, (from as usize).saturating_add_signed(shift));
    for change in diff.iter_all_changes() {
        let raw = change.value().trim_end_matches(['\n', '\r']);
        let text = |raw: &str| {
            let part = excerpt::window(raw, mark.min(raw.len()));
            clean::line(&raw[part])
        };
        match change.tag() {
            ChangeTag::Equal => {
                numbers.0 += 1;
                numbers.1 += 1;
            }
            ChangeTag::Delete => {
                out.push(Line {
                    sign: Sign::Minus,
                    number: numbers.0,
                    text: text(raw),
                });
                numbers.0 += 1;
            }
            ChangeTag::Insert => {
                out.push(Line {
                    sign: Sign::Plus,
                    number: numbers.1,
                    text: text(raw),
                });
                numbers.1 += 1;
            }
        }
    }
    let count = |text: &str| isize::try_from(text.matches('\n').count()).unwrap_or(0);
    count(&new) - count(old)
}

/// Two versions of a file as a unified diff that `patch` can read; empty when they are the same.
///
/// The text is not cleaned: it is for machines as much as for people. The commands print it through
/// [`visible_diff`] on a terminal.
pub fn unified(path: &str, old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    let path = clean::path(path);
    let path = path.trim_start_matches('/');
    TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(3)
        .header(&format!("a/{path}"), &format!("b/{path}"))
        .to_string()
}

/// A unified diff with its control characters made visible and, when wanted, coloured line by line.
pub fn visible_diff(diff: &str, color: bool) -> String {
    let mut out = String::new();
    for line in diff.lines() {
        let text: String = line.chars().map(clean::visible).collect();
        let paint = match line.as_bytes().first() {
            _ if !color => None,
            Some(b'+') => Some("32"),
            Some(b'-') => Some("31"),
            Some(b'@') => Some("36"),
            _ => None,
        };
        match paint {
            Some(code) => out.push_str(&format!("\u{1b}[{code}m{text}\u{1b}[0m\n")),
            None => out.push_str(&format!("{text}\n")),
        }
    }
    clean::disarm(&out)
}
