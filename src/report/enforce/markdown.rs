//! The table as Markdown, for a pull request or a wiki.
//!
//! Called by `Document::markdown` only.

use super::{Document, called, stages};
use crate::report::clean;
use std::fmt::Write as _;

pub(super) fn print(document: &Document) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "## What the pipelines hold of {}\n", cell(&document.release));
    let names: Vec<&str> = document.targets.iter().map(|t| called(t.name)).collect();
    let _ = writeln!(
        out,
        "| Rule | Constraint | Stages | {} | Place |",
        names.join(" | ")
    );
    let _ = writeln!(out, "| --- | --- | --- | {}--- |", "--- | ".repeat(names.len()));
    for c in &document.constraints {
        let mut says = c.subject.clone();
        if !c.subject.is_empty() && !c.says.is_empty() {
            says.push_str(": ");
        }
        says.push_str(&c.says);
        let _ = write!(out, "| {} | {} | {} |", c.title, cell(&says), cell(&stages(c)));
        for h in &c.held {
            let why = text(&h.why.join("; "));
            let word = match h.level {
                "enforced" => h.words.to_string(),
                _ => format!("**{}**", h.words),
            };
            let _ = write!(out, " {word}: {why} |");
        }
        let _ = writeln!(out, " {}:{} |", cell(&c.place.path), c.place.line);
    }
    out.push('\n');
    for t in &document.targets {
        let _ = writeln!(
            out,
            "- {}: {} enforced, {} detected, {} not enforced, {} impossible",
            called(t.name),
            t.enforced,
            t.detected,
            t.not_enforced,
            t.impossible
        );
    }
    out
}

/// A text as code in the cell of a table; nothing for nothing.
fn cell(text: &str) -> String {
    let text = clean::line(text);
    if text.is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{}{pad}{fence}", text.replace('|', "\\|"))
}

/// A sentence with names between backticks, in the cell of a table.
fn text(sentence: &str) -> String {
    let sentence = clean::line(sentence);
    let parts: Vec<&str> = sentence.split('`').collect();
    let mut out = String::new();
    for (i, part) in parts.iter().enumerate() {
        if i % 2 == 1 && i + 1 < parts.len() {
            out.push_str(&cell(part));
        } else {
            for c in part.chars() {
                if "\\*_[]<>|~&$@#".contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
        }
    }
    out
}
