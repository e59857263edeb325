//! How findings are shown: one model of a finding, one file per way to print it, one list of those ways.
//!
//! Must not know how findings come to be, nor files or the environment: the driver says whether there is colour and
//! how wide the terminal is. Called by the driver and the commands. A new format is one file here and one line in
//! [`RENDERERS`].

pub mod changes;
mod clean;
pub mod enforce;
mod excerpt;
mod fancy;
mod github;
mod hunk;
mod json;
mod json_lines;
pub mod library;
mod narrated;
pub mod pages;
pub mod people;
mod plain;
mod sarif;
mod short;
mod snippet;

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{FileId, SourceMap};
use std::collections::BTreeSet;

pub use hunk::{unified, visible_diff};

/// What there is to say about one run.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The texts the findings point into.
    pub sources: &'a SourceMap,
    /// The findings, in the order they are shown.
    pub findings: &'a [Diagnostic],
    /// How many files were checked.
    pub checked: usize,
    /// What was left out.
    pub hidden: Hidden,
    /// Why they were, or how to see them: `hidden by …`, `shown by …`.
    pub hidden_why: &'static str,
    /// What came of the comparison with a baseline, when there was one.
    pub baseline: Option<Compared<'a>>,
}

/// A run against a baseline.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// The findings that are in the baseline; they are counted, not shown.
    pub known: &'a [Diagnostic],
    /// How many findings of the baseline are no longer there.
    pub gone: usize,
}

/// How many findings were left out, by severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Informations.
    pub infos: usize,
}

impl Hidden {
    /// Counts what was left out.
    pub fn count<'d>(findings: impl IntoIterator<Item = &'d Diagnostic>) -> Self {
        let mut hidden = Hidden::default();
        for finding in findings {
            match finding.severity {
                Severity::Error => hidden.errors += 1,
                Severity::Warning => hidden.warnings += 1,
                Severity::Info => hidden.infos += 1,
            }
        }
        hidden
    }

    /// All of them.
    pub fn all(self) -> usize {
        self.errors + self.warnings + self.infos
    }

    /// `2 errors and 1 warning`, `1 finding`: what must not be taken for nothing is named.
    fn words(self) -> String {
        match (self.errors, self.warnings) {
            (0, 0) => counted(self.infos, "finding"),
            (0, w) => counted(w, "warning"),
            (e, 0) => counted(e, "error"),
            (e, w) => format!("{} and {}", counted(e, "error"), counted(w, "warning")),
        }
    }
}

/// What the place of printing can do.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Whether colours are wanted.
    pub color: bool,
    /// Whether box-drawing characters can be shown.
    pub unicode: bool,
    /// How many columns there are.
    pub width: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            color: false,
            unicode: true,
            width: 100,
        }
    }
}

/// A way to print a report.
pub trait Renderer: Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;
    /// One line about it, for the help text.
    fn about(&self) -> &'static str;
    /// The whole report as text, ended by a newline unless it is empty.
    fn render(&self, report: &Report<'_>, options: &Options) -> String;
}

/// Every way to print a report, in the order the help text names them.
pub const RENDERERS: &[&dyn Renderer] = &[
    &fancy::Fancy,
    &plain::Plain,
    &short::Short,
    &narrated::Narrated,
    &json::Json,
    &json_lines::JsonLines,
    &sarif::Sarif,
    &github::GitHub,
];

/// The renderer of that name.
pub fn renderer(name: &str) -> Option<&'static dyn Renderer> {
    RENDERERS.iter().copied().find(|r| r.name() == name)
}

/// How many findings of each severity there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Informations.
    pub infos: usize,
    /// Files that have at least one finding.
    pub files: usize,
}

impl<'a> Report<'a> {
    /// A report of everything that was found.
    pub fn new(sources: &'a SourceMap, findings: &'a [Diagnostic], checked: usize) -> Self {
        Report {
            sources,
            findings,
            checked,
            hidden: Hidden::default(),
            hidden_why: "",
            baseline: None,
        }
    }

    /// The same, saying how many findings were left out, and why.
    #[must_use]
    pub fn hiding(self, hidden: Hidden, hidden_why: &'static str) -> Self {
        Report {
            hidden,
            hidden_why,
            ..self
        }
    }

    /// The same, saying what came of the comparison with a baseline.
    #[must_use]
    pub fn against(self, baseline: Compared<'a>) -> Self {
        Report {
            baseline: Some(baseline),
            ..self
        }
    }

    /// Counts the findings.
    pub fn counts(&self) -> Counts {
        let of = |s: Severity| self.findings.iter().filter(|d| d.severity == s).count();
        let files: BTreeSet<FileId> = self.findings.iter().map(|d| d.span.file).collect();
        Counts {
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            infos: of(Severity::Info),
            files: files.len(),
        }
    }

    /// The line that ends a report for people: `2 errors, 1 warning in 3 files`, or `checked 3 plans: clean`. What was left out is
    /// counted, and a run that left out an error is never called clean.
    pub fn summary(&self) -> String {
        let counts = self.counts();
        let mut parts = Vec::new();
        for (n, one) in [(counts.errors, "error"), (counts.warnings, "warning")] {
            if n > 0 {
                parts.push(counted(n, one));
            }
        }
        if counts.infos > 0 {
            parts.push(format!("{} for information", counts.infos));
        }
        let mut line = if counts.errors + counts.warnings == 0 {
            // Not clean when something worse than what is shown was left out.
            let known = Hidden::count(self.known());
            let verdict = if self.hidden.errors + self.hidden.warnings > 0 {
                "nothing found of what was asked for"
            } else if known.errors + known.warnings > 0 {
                "nothing new"
            } else {
                "clean"
            };
            let mut line = format!("checked {}: {verdict}", counted(self.checked, "file"));
            for part in parts {
                line.push_str(", ");
                line.push_str(&part);
            }
            line
        } else {
            format!("{} in {}", parts.join(", "), counted(counts.files, "file"))
        };
        let mut left_out = Vec::new();
        if self.hidden.all() > 0 {
            left_out.push(format!("{} {}", self.hidden.words(), self.hidden_why));
        }
        match self.known().len() {
            0 => {}
            1 => left_out.push("1 finding is in the baseline".into()),
            n => left_out.push(format!("{n} findings are in the baseline")),
        }
        if !left_out.is_empty() {
            line.push_str(&format!(" ({})", left_out.join("; ")));
        }
        line
    }

    /// The findings that are in the baseline.
    fn known(&self) -> &'a [Diagnostic] {
        self.baseline.map_or(&[], |b| b.known)
    }
}

/// `1 error`, `2 errors`.
pub fn counted(n: usize, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {one}s")
    }
}

/// Text of a user, made safe to print: control characters are shown and not obeyed.
pub fn visible_text(text: &str) -> String {
    let visible = clean::defuse(&clean::block(text));
    visible.trim_end_matches('\n').to_string()
}
