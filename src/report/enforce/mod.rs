//! What the pipelines hold of a plan, as a document: a table in text, in Markdown and in JSON.
//!
//! One model for all outputs. Must not decide anything: `emit::enforce` did. Called by the driver for the command `enforce`. The
//! version changes when a field goes or changes its meaning; fields may be added.

mod markdown;
mod text;

use crate::emit::enforce::{Level, Row, Table, rules};
use crate::source::{SourceMap, visible_json};
use serde::Serialize;

/// The version of the document.
const VERSION: u32 = 1;

/// The table of a plan.
#[derive(Debug, Serialize)]
pub struct Document {
    version: u32,
    release: String,
    targets: Vec<TargetView>,
    constraints: Vec<Constraint>,
    #[serde(skip)]
    worst: Level,
}

/// A target, with how many constraints it holds in which way.
#[derive(Debug, Serialize)]
struct TargetView {
    name: &'static str,
    enforced: usize,
    detected: usize,
    not_enforced: usize,
    impossible: usize,
}

/// A constraint.
#[derive(Debug, Serialize)]
struct Constraint {
    rule: &'static str,
    #[serde(skip)]
    title: &'static str,
    /// What has it; empty for the release itself.
    subject: String,
    /// As the language writes it.
    says: String,
    stages: Vec<String>,
    place: Place,
    held: Vec<HeldView>,
}

/// A place in a file, from 1.
#[derive(Debug, Serialize)]
struct Place {
    path: String,
    line: u32,
    column: u32,
}

/// What a target makes of it.
#[derive(Debug, Serialize)]
struct HeldView {
    target: &'static str,
    level: &'static str,
    #[serde(skip)]
    words: &'static str,
    why: Vec<String>,
    /// What would let it be held.
    help: Vec<String>,
}

impl Document {
    /// The document of a table.
    pub fn new(release: &str, table: &Table, sources: &SourceMap) -> Self {
        let target = |name: &&'static str| TargetView {
            name,
            enforced: table.count(name, Level::Enforced),
            detected: table.count(name, Level::Detected),
            not_enforced: table.count(name, Level::NotEnforced),
            impossible: table.count(name, Level::Impossible),
        };
        Document {
            version: VERSION,
            release: release.to_string(),
            targets: table.targets.iter().map(target).collect(),
            constraints: table.rows.iter().map(|row| constraint(row, sources)).collect(),
            worst: table.worst(),
        }
    }

    /// Text for people.
    pub fn text(&self) -> String {
        text::print(self)
    }

    /// Markdown for GitHub and GitLab.
    pub fn markdown(&self) -> String {
        markdown::print(self)
    }

    /// One JSON document.
    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("internal: plain data is JSON");
        visible_json(&text) + "\n"
    }

    /// The worst that a target makes of a constraint.
    pub fn worst(&self) -> Level {
        self.worst
    }
}

fn constraint(row: &Row, sources: &SourceMap) -> Constraint {
    let place = match row.spans.first() {
        Some(span) => {
            let at = sources.line_col(*span);
            Place {
                path: sources.file(span.file).path.clone(),
                line: at.line,
                column: at.column,
            }
        }
        None => Place {
            path: String::new(),
            line: 1,
            column: 1,
        },
    };
    Constraint {
        rule: row.rule,
        title: rules::of(row.rule).title,
        subject: row.subject.clone(),
        says: row.says.clone(),
        stages: row.stages.clone(),
        place,
        held: row
            .held
            .iter()
            .map(|h| HeldView {
                target: h.target,
                level: h.level.word(),
                words: words(h.level),
                why: h.why.clone(),
                help: h.help.clone(),
            })
            .collect(),
    }
}

/// A level as people read it.
fn words(level: Level) -> &'static str {
    match level {
        Level::Enforced => "enforced",
        Level::Detected => "detected",
        Level::NotEnforced => "not enforced",
        Level::Impossible => "impossible",
    }
}

/// What people call a target.
fn called(target: &str) -> &str {
    match target {
        "github" => "GitHub",
        "stepfunctions" => "Step Functions",
        other => other,
    }
}

/// Some stages by name, the rest as a number.
fn stages(c: &Constraint) -> String {
    const SHOWN: usize = 5;
    match c.stages.len() {
        n if n > SHOWN => format!("{}, and {} more", c.stages[..SHOWN].join(", "), n - SHOWN),
        _ => c.stages.join(", "),
    }
}
