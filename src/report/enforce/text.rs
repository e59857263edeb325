//! The table as text: a line for each constraint, and below it why where a target does not simply hold it.
//!
//! Called by `Document::text` only.

use super::{Constraint, Document, called, stages};
use crate::report::visible_text;
use std::fmt::Write as _;

/// The widest first column.
const WIDE: usize = 58;

pub(super) fn print(document: &Document) -> String {
    let mut out = String::new();
    let rows: Vec<(String, &Constraint)> = document.constraints.iter().map(|c| (line(c), c)).collect();
    let width = |text: &str| text.chars().count();
    let first = rows
        .iter()
        .map(|(l, _)| width(l) + 2)
        .max()
        .unwrap_or(0)
        .clamp(20, WIDE);
    let pad = |text: &str, wide: usize| format!("{text}{}", " ".repeat(wide.saturating_sub(width(text))));
    let _ = write!(out, "{}", pad(&visible_text(&document.release), first + 2));
    for t in &document.targets {
        let _ = write!(out, "{}", pad(called(t.name), 16));
    }
    out = out.trim_end().to_string() + "\n";
    let mut title = "";
    for (line, c) in rows {
        if c.title != title {
            title = c.title;
            let _ = writeln!(out, "\n{title}");
        }
        let mut row = format!("  {}", pad(&line, first));
        if width(&line) + 2 > first {
            row.push_str(&format!("\n  {}", " ".repeat(first)));
        }
        for h in &c.held {
            row.push_str(&pad(h.words, 16));
        }
        let _ = writeln!(out, "{}", row.trim_end());
        for h in c.held.iter().filter(|h| h.level != "enforced") {
            let _ = writeln!(
                out,
                "    {}: {}",
                called(h.target),
                visible_text(&h.why.join("; "))
            );
            for help in &h.help {
                let _ = writeln!(out, "      help: {}", visible_text(help));
            }
        }
    }
    out.push('\n');
    for t in &document.targets {
        let mut parts = vec![format!("{} enforced", t.enforced)];
        for (n, word) in [
            (t.detected, "detected"),
            (t.not_enforced, "not enforced"),
            (t.impossible, "impossible"),
        ] {
            if n > 0 {
                parts.push(format!("{n} {word}"));
            }
        }
        let _ = writeln!(out, "{}: {}", called(t.name), parts.join(", "));
    }
    out
}

/// What is constrained: `change_board: quorum 2 (infrastructure)`.
fn line(c: &Constraint) -> String {
    let mut line = String::new();
    if !c.subject.is_empty() {
        line.push_str(&c.subject);
        if !c.says.is_empty() {
            line.push_str(": ");
        }
    }
    line.push_str(&c.says);
    let stages = stages(c);
    // What no written rule says is of a stage as a whole, or of the release.
    let line = match (line.is_empty(), stages.is_empty()) {
        (true, true) => "the release".to_string(),
        (true, false) => stages,
        (false, true) => line,
        (false, false) => format!("{line} ({stages})"),
    };
    visible_text(&line)
}
