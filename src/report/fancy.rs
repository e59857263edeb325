//! `fancy`: for a terminal, with colours and drawn frames, through miette.
//!
//! Labels are grouped by file, since miette knows one text per diagnostic; foreign files follow as related ones. Links
//! stay off: their escapes leak into pipes. Must not know what a terminal is: the options say what it can do. Called
//! through the list of renderers; `narrated` shares the adapter.

use super::excerpt::Excerpt;
use super::hunk::{self, Sign};
use super::{Options, Renderer, Report, clean};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{FileId, Span};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};
use std::fmt;
use std::sync::Arc;

/// The renderer of this file.
pub(super) struct Fancy;

impl Renderer for Fancy {
    fn name(&self) -> &'static str {
        "fancy"
    }

    fn about(&self) -> &'static str {
        "drawn frames and colours, for a terminal"
    }

    fn render(&self, report: &Report<'_>, options: &Options) -> String {
        let theme = GraphicalTheme {
            characters: if options.unicode {
                ThemeCharacters::unicode()
            } else {
                ThemeCharacters::ascii()
            },
            styles: if options.color {
                ThemeStyles::ansi()
            } else {
                ThemeStyles::none()
            },
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(options.width.max(40))
            .with_links(false)
            .with_context_lines(1)
            .without_syntax_highlighting();
        let mut out = String::new();
        for finding in report.findings {
            let mut drawn = String::new();
            handler
                .render_report(&mut drawn, &Shown::new(report, finding, false))
                .expect("internal: an excerpt holds the lines it was asked for");
            // miette heads every related file with a word of its own; the line below it names the file.
            out.extend(drawn.split_inclusive('\n').filter(|l| *l != "Advice: \n"));
            tail(&mut out, report, finding, options);
            out.push('\n');
        }
        let counts = report.counts();
        let paint = match (counts.errors, counts.warnings) {
            (0, 0) => "32",
            (0, _) => "33",
            _ => "31",
        };
        out.push_str(&painted(options, paint, &report.summary()));
        out.push('\n');
        clean::defuse(&out)
    }
}

/// Text in a colour, when colours are wanted.
fn painted(options: &Options, code: &str, text: &str) -> String {
    if options.color {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_string()
    }
}

/// What stands below the frames: notes, helps and fixes.
fn tail(out: &mut String, report: &Report<'_>, finding: &Diagnostic, options: &Options) {
    let mut say = |word: &str, code: &str, text: &str| {
        let indent = " ".repeat(word.len() + 4);
        for (i, line) in wrap(
            &clean::block(text),
            options.width.saturating_sub(indent.len()).max(20),
        )
        .enumerate()
        {
            if i == 0 {
                out.push_str(&format!(
                    "  {} {line}\n",
                    painted(options, code, &format!("{word}:"))
                ));
            } else {
                out.push_str(format!("{indent}{line}").trim_end());
                out.push('\n');
            }
        }
    };
    for note in &finding.notes {
        say("note", "34", note);
    }
    for help in &finding.help {
        say("help", "36", help);
    }
    for fix in &finding.fixes {
        say(hunk::heading(fix), "36", &fix.title);
    }
    for fix in &finding.fixes {
        for line in hunk::lines(report.sources, fix, finding.span.file) {
            let code = match line.sign {
                Sign::Minus => "31",
                Sign::Plus => "32",
                Sign::Remark => "0",
            };
            out.push_str(&format!(
                "    {}\n",
                painted(options, code, line.plain().trim_end())
            ));
        }
    }
}

/// Breaks text into lines of at most `width` characters where there are spaces; indentation and line breaks stay.
fn wrap(text: &str, width: usize) -> impl Iterator<Item = String> {
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let indent = line.len() - line.trim_start().len();
        let mut current = line[..indent].to_string();
        let mut used = current.chars().count();
        let mut empty = true;
        for word in line[indent..].split(' ') {
            let length = word.chars().count();
            if !empty && used + 1 + length > width {
                lines.push(std::mem::replace(&mut current, line[..indent].to_string()));
                used = current.chars().count();
                empty = true;
            }
            if !empty {
                current.push(' ');
                used += 1;
            }
            current.push_str(word);
            used += length;
            empty = false;
        }
        lines.push(current);
    }
    lines.into_iter()
}

/// A finding as miette sees it: the part of it that lies in one file.
pub(super) struct Shown {
    code: Option<&'static str>,
    severity: Severity,
    message: String,
    source: Source,
    labels: Vec<LabeledSpan>,
    related: Vec<Shown>,
}

impl Shown {
    /// The finding with its own file first and the other files as related ones; `apart` also keeps places of one file
    /// apart when lines between them are left out.
    pub(super) fn new(report: &Report<'_>, finding: &Diagnostic, apart: bool) -> Shown {
        let mut files: Vec<(FileId, Vec<(Span, &str)>)> =
            vec![(finding.span.file, vec![(finding.span, finding.label.as_str())])];
        for label in &finding.labels {
            match files.iter_mut().find(|(f, _)| *f == label.span.file) {
                Some((_, places)) => places.push((label.span, &label.text)),
                None => files.push((label.span.file, vec![(label.span, &label.text)])),
            }
        }
        let mut parts: Vec<Shown> = Vec::new();
        for (file, places) in files {
            let spans: Vec<Span> = places.iter().map(|(s, _)| *s).collect();
            let excerpt = Arc::new(Excerpt::new(report.sources.file(file), &spans, 1));
            let mut sections: Vec<(usize, Vec<LabeledSpan>)> = Vec::new();
            for ((_, text), range) in places.iter().zip(&excerpt.ranges) {
                let text = (!text.is_empty()).then(|| clean::line(text));
                let at = (range.start, range.len());
                let label = if parts.is_empty() && sections.is_empty() {
                    LabeledSpan::new_primary_with_span(text, at)
                } else {
                    LabeledSpan::new_with_span(text, at)
                };
                let section = if apart {
                    excerpt.rows[excerpt.row_at(range.start)].section
                } else {
                    0
                };
                match sections.iter_mut().find(|(s, _)| *s == section) {
                    Some((_, labels)) => labels.push(label),
                    None => sections.push((section, vec![label])),
                }
            }
            for (_, labels) in sections {
                let own = parts.is_empty();
                parts.push(Shown {
                    code: own.then_some(finding.code.0),
                    severity: if own { finding.severity } else { Severity::Info },
                    message: if own {
                        clean::line(&finding.message)
                    } else {
                        format!("in `{}`", excerpt.path)
                    },
                    labels,
                    source: Source(Arc::clone(&excerpt)),
                    related: Vec::new(),
                });
            }
        }
        let related = parts.split_off(1);
        let mut first = parts.pop().expect("internal: a finding has a place");
        first.related = related;
        first
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl miette::Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|c| Box::new(c) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(
            self.related.iter().map(|r| r as &dyn miette::Diagnostic),
        ))
    }
}

/// An excerpt as a text of miette's: lines keep the numbers they have in the file.
struct Source(Arc<Excerpt>);

impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let Source(excerpt) = self;
        let (first, last) = (
            excerpt.row_at(span.offset()),
            excerpt.row_at(span.offset() + span.len()),
        );
        let section = excerpt.rows[first].section;
        if section != excerpt.rows[last].section {
            return Err(MietteError::OutOfBounds);
        }
        let in_section = |i: &usize| excerpt.rows[*i].section == section;
        let top = (first.saturating_sub(before)..=first)
            .find(in_section)
            .unwrap_or(first);
        let bottom = (last..=(last + after).min(excerpt.rows.len() - 1))
            .rev()
            .find(in_section)
            .unwrap_or(last);
        let (start, column) = if before == 0 {
            (span.offset(), excerpt.column_at(span.offset()).saturating_sub(1))
        } else {
            (excerpt.rows[top].start, 0)
        };
        let end = excerpt.rows[bottom].end + 1;
        Ok(Box::new(MietteSpanContents::new_named(
            excerpt.path.clone(),
            &excerpt.text.as_bytes()[start..end],
            (start, end - start).into(),
            excerpt.rows[top].number as usize - 1,
            column,
            bottom - top + 1,
        )))
    }
}
