//! `json`: one versioned document for programs; lines and columns count from 1, ends are excluded.
//!
//! Called through the list of renderers. Must not know text layouts. The version changes when a field goes or changes
//! its meaning; fields may be added.

use super::{Counts, Options, Renderer, Report, clean};
use crate::diagnostic::{Diagnostic, Safety};
use crate::source::{SourceMap, Span};
use serde::Serialize;

/// The version of the document.
pub(super) const VERSION: u32 = 1;

/// The renderer of this file.
pub(super) struct Json;

impl Renderer for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn about(&self) -> &'static str {
        "one versioned JSON document"
    }

    fn render(&self, report: &Report<'_>, _: &Options) -> String {
        let document = Document {
            version: VERSION,
            findings: report
                .findings
                .iter()
                .map(|d| Finding::new(report.sources, d))
                .collect(),
            summary: Summary::new(report),
        };
        let text = serde_json::to_string_pretty(&document).expect("internal: plain data serialises");
        clean::json(&text) + "\n"
    }
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    findings: Vec<Finding<'a>>,
    summary: Summary,
}

/// A place in a file.
#[derive(Serialize)]
pub(super) struct Place<'a> {
    path: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

impl<'a> Place<'a> {
    fn new(sources: &'a SourceMap, span: Span) -> Self {
        let file = sources.file(span.file);
        let (start, end) = (file.line_col(span.start), file.line_col(span.end.max(span.start)));
        Place {
            path: &file.path,
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }
}

/// A finding as programs read it.
#[derive(Serialize)]
pub(super) struct Finding<'a> {
    code: &'a str,
    severity: &'a str,
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    label: &'a str,
    labels: Vec<Label<'a>>,
    notes: &'a [String],
    help: &'a [String],
    fixes: Vec<Fix<'a>>,
}

#[derive(Serialize)]
struct Label<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    safe: bool,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    replacement: &'a str,
}

impl<'a> Finding<'a> {
    /// The finding with its spans as lines and columns.
    pub(super) fn new(sources: &'a SourceMap, d: &'a Diagnostic) -> Self {
        let label = |l: &'a crate::diagnostic::Label| Label {
            message: &l.text,
            place: Place::new(sources, l.span),
        };
        let edit = |e: &'a crate::diagnostic::Edit| Edit {
            place: Place::new(sources, e.span),
            replacement: &e.replacement,
        };
        let fix = |f: &'a crate::diagnostic::Fix| Fix {
            title: &f.title,
            safe: f.safety == Safety::Safe,
            edits: f.edits.iter().map(edit).collect(),
        };
        Finding {
            code: d.code.0,
            severity: d.severity.word(),
            message: &d.message,
            place: Place::new(sources, d.span),
            label: &d.label,
            labels: d.labels.iter().map(label).collect(),
            notes: &d.notes,
            help: &d.help,
            fixes: d.fixes.iter().map(fix).collect(),
        }
    }
}

/// The numbers at the end.
#[derive(Serialize)]
pub(super) struct Summary {
    checked: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
    hidden: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<Baseline>,
}

/// What came of the comparison with a baseline.
#[derive(Serialize)]
struct Baseline {
    /// Findings that are in it, and left out here.
    known: usize,
    /// Findings of it that are no longer there.
    gone: usize,
}

impl Summary {
    /// The numbers of a report.
    pub(super) fn new(report: &Report<'_>) -> Self {
        let Counts {
            errors,
            warnings,
            infos,
            ..
        } = report.counts();
        Summary {
            checked: report.checked,
            errors,
            warnings,
            infos,
            hidden: report.hidden.all(),
            baseline: report.baseline.map(|b| Baseline {
                known: b.known.len(),
                gone: b.gone,
            }),
        }
    }
}
