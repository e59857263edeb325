//! Findings handed to `codespan-reporting`, which prints them without colour.
//!
//! Must not know the other renderers. Called by `plain` and `short`.

use super::excerpt::Excerpt;
use super::{Report, clean, hunk};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{FileId, Span};
use codespan_reporting::diagnostic as shown;
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::{self, Chars, Config, DisplayStyle};
use std::ops::Range;

/// The excerpts of one finding; a file is an index into them.
struct Excerpts(Vec<Excerpt>);

impl Excerpts {
    fn get(&self, id: usize) -> Result<&Excerpt, Error> {
        self.0.get(id).ok_or(Error::FileMissing)
    }
}

// Lines are counted as they stand in the excerpt, with two lines that do not exist between sections: that is how
// codespan knows that something was left out there.
impl<'a> Files<'a> for Excerpts {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.get(id)?.path)
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.get(id)?.text)
    }

    fn line_index(&'a self, id: usize, byte: usize) -> Result<usize, Error> {
        let excerpt = self.get(id)?;
        let row = excerpt.row_at(byte);
        Ok(row + 2 * excerpt.rows[row].section)
    }

    fn line_number(&'a self, id: usize, line: usize) -> Result<usize, Error> {
        let excerpt = self.get(id)?;
        let row = row_of(excerpt, line).ok_or(Error::LineTooLarge {
            given: line,
            max: excerpt.rows.len(),
        })?;
        Ok(excerpt.rows[row].number as usize)
    }

    fn column_number(&'a self, id: usize, _line: usize, byte: usize) -> Result<usize, Error> {
        Ok(self.get(id)?.column_at(byte))
    }

    fn line_range(&'a self, id: usize, line: usize) -> Result<Range<usize>, Error> {
        let excerpt = self.get(id)?;
        let row = row_of(excerpt, line).ok_or(Error::LineTooLarge {
            given: line,
            max: excerpt.rows.len(),
        })?;
        let row = &excerpt.rows[row];
        Ok(row.start..row.end + 1)
    }
}

/// The row that stands on a counted line.
fn row_of(excerpt: &Excerpt, line: usize) -> Option<usize> {
    excerpt
        .rows
        .iter()
        .enumerate()
        .position(|(i, r)| i + 2 * r.section == line)
}

/// A finding as text, in one of codespan's styles, with our words for severities.
pub(super) fn print(report: &Report<'_>, finding: &Diagnostic, style: DisplayStyle) -> String {
    // The finding's own file comes first, the others in the order they are named.
    let mut files: Vec<(FileId, Vec<(Span, usize)>)> = vec![(finding.span.file, vec![(finding.span, 0)])];
    for (i, label) in finding.labels.iter().enumerate() {
        match files.iter_mut().find(|(f, _)| *f == label.span.file) {
            Some((_, spans)) => spans.push((label.span, i + 1)),
            None => files.push((label.span.file, vec![(label.span, i + 1)])),
        }
    }
    let mut labels = Vec::new();
    let mut excerpts = Vec::new();
    for (file, spans) in &files {
        let only: Vec<Span> = spans.iter().map(|(s, _)| *s).collect();
        let excerpt = Excerpt::new(report.sources.file(*file), &only, 0);
        for ((_, i), range) in spans.iter().zip(&excerpt.ranges) {
            let id = excerpts.len();
            labels.push(match i.checked_sub(1) {
                None => shown::Label::primary(id, range.clone()).with_message(clean::line(&finding.label)),
                Some(i) => shown::Label::secondary(id, range.clone())
                    .with_message(clean::line(&finding.labels[i].text)),
            });
        }
        excerpts.push(excerpt);
    }

    let severity = match finding.severity {
        Severity::Error => shown::Severity::Error,
        Severity::Warning => shown::Severity::Warning,
        Severity::Info => shown::Severity::Note,
    };
    let diagnostic = shown::Diagnostic::new(severity)
        .with_code(finding.code.0)
        .with_message(clean::line(&finding.message))
        .with_labels(labels)
        .with_notes(notes(report, finding));
    let config = Config {
        display_style: style,
        chars: Chars::ascii(),
        ..Config::default()
    };
    let text = term::emit_into_string(&config, &Excerpts(excerpts), &diagnostic)
        .expect("internal: an excerpt holds the lines it was asked for");
    match finding.severity {
        // codespan's word for the lowest severity is `note`.
        Severity::Info => {
            let (note, info) = (
                format!("note[{}]: ", finding.code),
                format!("info[{}]: ", finding.code),
            );
            text.replacen(&note, &info, 1)
        }
        _ => text,
    }
}

/// Notes, helps and fixes, as codespan's notes.
fn notes(report: &Report<'_>, finding: &Diagnostic) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(finding.notes.iter().map(|n| format!("note: {}", clean::block(n))));
    notes.extend(finding.help.iter().map(|h| format!("help: {}", clean::block(h))));
    for fix in &finding.fixes {
        let mut text = format!("{}: {}", hunk::heading(fix), clean::block(&fix.title));
        for line in hunk::lines(report.sources, fix, finding.span.file) {
            text.push('\n');
            text.push_str(&line.plain());
        }
        notes.push(text);
    }
    notes
}
