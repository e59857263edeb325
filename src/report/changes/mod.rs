//! What changed between two plans, as a document: the changes of `diff` with their places.
//!
//! One model for both outputs: `text` prints it for people, JSON is for programs. Markdown is laid out by the templates of the documents.
//! Must not decide anything. Called by the driver for the command `diff`. The version changes when a field goes or changes its meaning;
//! fields may be added.

mod text;

use super::clean;
use crate::diff::{Change, Direction};
use crate::source::{SourceMap, Span};
use serde::Serialize;

/// The version of the document.
const VERSION: u32 = 1;

/// What changed.
#[derive(Debug, Serialize)]
pub struct Document {
    version: u32,
    release: String,
    old: Plan,
    new: Plan,
    loosened: usize,
    tightened: usize,
    changed: usize,
    changes: Vec<Entry>,
}

/// One of the two plans.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Its path, with the revision before it when it was read from one.
    pub path: String,
    /// Its digest.
    pub sha256: String,
}

/// A place in a file, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Place {
    path: String,
    line: u32,
    column: u32,
}

/// A change.
#[derive(Debug, Serialize)]
struct Entry {
    direction: &'static str,
    class: &'static str,
    #[serde(skip)]
    title: &'static str,
    kind: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    message: String,
    /// A run that is possible now and was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    possible_now: Option<String>,
    stages: Vec<String>,
    /// How many stages it reaches: those, and what depends on them.
    reach: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Place>,
}

impl Document {
    /// The changes of two plans, with the texts each was read from.
    pub fn new(release: &str, old: (&SourceMap, Plan), new: (&SourceMap, Plan), changes: &[Change]) -> Self {
        let count = |d: Direction| changes.iter().filter(|c| c.direction == d).count();
        let entries = changes.iter().map(|c| Entry {
            direction: c.direction.word(),
            class: c.class.key(),
            title: c.class.title(c.direction),
            kind: c.kind,
            name: c.name.clone(),
            environment: c.environment.as_ref().map(|(_, name)| name.clone()),
            message: c.message.clone(),
            possible_now: c.run.clone(),
            stages: c.stages.clone(),
            reach: c.reach,
            before: c.old.map(|span| place(old.0, span)),
            after: c.new.map(|span| place(new.0, span)),
        });
        Document {
            version: VERSION,
            release: release.to_string(),
            loosened: count(Direction::Loosened),
            tightened: count(Direction::Tightened),
            changed: count(Direction::Changed),
            changes: entries.collect(),
            old: old.1,
            new: new.1,
        }
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether anything was loosened.
    pub fn loosened(&self) -> bool {
        self.loosened > 0
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = clean::defuse(&clean::block(&text::print(self)));
        text.push('\n');
        text
    }

    /// For programs.
    pub fn json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("internal: a document is plain data");
        let mut json = clean::json(&json);
        json.push('\n');
        json
    }
}

fn place(sources: &SourceMap, span: Span) -> Place {
    let file = sources.file(span.file);
    let at = file.line_col(span.start);
    Place {
        path: file.path.clone(),
        line: at.line,
        column: at.column,
    }
}
