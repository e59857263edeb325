//! What the compiler says: one model of a finding, which many renderers print.
//!
//! Must not know how a finding is shown, nor any layer above. Every pass returns a value and a [`Bag`].

mod suggest;
mod words;

use crate::source::Span;

pub use suggest::{did_you_mean, nearest};
pub use words::names;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; never fails a check.
    Info,
    /// A person should look; fails only with `--fail-level warning`.
    Warning,
    /// The plan is wrong as written.
    Error,
}

impl Severity {
    /// The word people read: `error`, `warning`, `info`.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// The name of a kind of finding, `group/name`: the address of its page, its source file and its fixtures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub &'static str);

impl Code {
    /// The part before the slash.
    pub fn group(self) -> &'static str {
        self.0.split('/').next().unwrap_or("")
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// A place and what is true there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The fact, in lower case and without a final stop.
    pub text: String,
}

/// How sure a fix is to keep what the author means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// Applied by `--fix`.
    Safe,
    /// Applied by `--unsafe-fixes` only.
    Unsafe,
}

/// One replacement of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced (empty for an insertion).
    pub span: Span,
    /// What stands there afterwards.
    pub replacement: String,
}

/// A mechanical repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an imperative.
    pub title: String,
    /// The replacements; they do not overlap.
    pub edits: Vec<Edit>,
    /// How sure it is.
    pub safety: Safety,
}

/// One finding: where, what, why it is true, and how it is mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The kind of finding.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence, lower case, no final stop, backticks around source text.
    pub message: String,
    /// The place the finding is about.
    pub span: Span,
    /// What to write at the place itself; may be empty.
    pub label: String,
    /// The other facts that together make it true, each with its own place.
    pub labels: Vec<Label>,
    /// Facts without a place; the run or the variant the finding needs.
    pub notes: Vec<String>,
    /// The smallest repairs, in words.
    pub help: Vec<String>,
    /// Repairs a machine can make.
    pub fixes: Vec<Fix>,
    /// The kinds of rules of a plan that it speaks of, by name, for tables that show the same facts; mostly none.
    pub about: &'static [&'static str],
    /// Whether it speaks of all rules of those kinds, not only of those at its place.
    pub everywhere: bool,
    /// Further places of rules that it speaks of, for such tables only: they are not shown.
    pub beside: Vec<Span>,
}

impl Diagnostic {
    /// A finding at a place.
    pub fn new(severity: Severity, code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity,
            message: message.into(),
            span,
            label: String::new(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            fixes: Vec::new(),
            about: &[],
            everywhere: false,
            beside: Vec::new(),
        }
    }

    /// An error.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, span, message)
    }

    /// A warning.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, span, message)
    }

    /// An information.
    pub fn info(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Info, code, span, message)
    }

    /// What to write at the place itself.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// Adds a fact with its place.
    #[must_use]
    pub fn fact(mut self, span: Span, text: impl Into<String>) -> Self {
        let label = Label {
            span,
            text: text.into(),
        };
        // One person may be author and executor and approver for one reason, which is told once.
        if !self.labels.contains(&label) {
            self.labels.push(label);
        }
        self
    }

    /// Says which kinds of rules of a plan it speaks of, at its place.
    #[must_use]
    pub fn about(mut self, rules: &'static [&'static str]) -> Self {
        self.about = rules;
        self
    }

    /// Adds places of rules that it speaks of besides its own.
    #[must_use]
    pub fn beside(mut self, places: impl IntoIterator<Item = Span>) -> Self {
        self.beside.extend(places);
        self
    }

    /// Says which kinds of rules of a plan it speaks of, wherever they stand.
    #[must_use]
    pub fn about_all(mut self, rules: &'static [&'static str]) -> Self {
        self.about = rules;
        self.everywhere = true;
        self
    }

    /// Adds a fact without a place.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds a repair in words.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds a repair a machine can make.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, safety: Safety, edits: Vec<Edit>) -> Self {
        self.fixes.push(Fix {
            title: title.into(),
            edits,
            safety,
        });
        self
    }

    /// A single replacement that is safe to make.
    #[must_use]
    pub fn safe_fix(self, title: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.fix(
            title,
            Safety::Safe,
            vec![Edit {
                span,
                replacement: replacement.into(),
            }],
        )
    }

    /// A single replacement that a person should look at.
    #[must_use]
    pub fn unsafe_fix(self, title: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.fix(
            title,
            Safety::Unsafe,
            vec![Edit {
                span,
                replacement: replacement.into(),
            }],
        )
    }
}

/// Findings as they are gathered; sorted once, when they leave.
#[derive(Debug, Clone, Default)]
pub struct Bag {
    list: Vec<Diagnostic>,
}

impl Bag {
    /// An empty bag.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Adds all findings of another bag.
    pub fn extend(&mut self, other: Bag) {
        self.list.extend(other.list);
    }

    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The findings in the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// The findings in the order of their places, exact repetitions dropped.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by(|a, b| {
            (a.span, std::cmp::Reverse(a.severity), a.code, &a.message).cmp(&(
                b.span,
                std::cmp::Reverse(b.severity),
                b.code,
                &b.message,
            ))
        });
        self.list.dedup();
        self.list
    }
}

impl FromIterator<Diagnostic> for Bag {
    fn from_iter<T: IntoIterator<Item = Diagnostic>>(iter: T) -> Self {
        Bag {
            list: iter.into_iter().collect(),
        }
    }
}
