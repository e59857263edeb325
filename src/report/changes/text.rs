//! The changes for people: a sentence that counts, then a block for each environment, in 100 columns.
//!
//! Called by `mod`.

use super::{Document, Entry, Place};
use crate::diagnostic::names;
use crate::report::counted;

/// The columns of a line.
const WIDTH: usize = 100;
/// Where the sentences of a change begin.
const INDENT: usize = 4;
/// The most names in one list.
const NAMES: usize = 8;

pub(super) fn print(document: &Document) -> String {
    let mut out = String::new();
    let from = format!("{} to {}", document.old.path, document.new.path);
    if document.changes.is_empty() {
        line(
            &mut out,
            0,
            &format!("Nothing has changed from {from}: both plans mean the same."),
        );
        return out;
    }
    let counts = [
        (document.loosened, "loosened"),
        (document.tightened, "tightened"),
        (document.changed, "changed"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    line(&mut out, 0, &format!("{}, from {from}", counts.join(", ")));
    let mut last: Option<&Option<String>> = None;
    for entry in &document.changes {
        if last != Some(&entry.environment) {
            out.push('\n');
            let head = match &entry.environment {
                Some(name) => format!("In {name}"),
                None => "Without effect on any stage".to_string(),
            };
            line(&mut out, 0, &head);
            last = Some(&entry.environment);
        }
        change(&mut out, entry);
    }
    out
}

fn change(out: &mut String, entry: &Entry) {
    let sign = match entry.direction {
        "loosened" => '-',
        "tightened" => '+',
        _ => '~',
    };
    let place = match (&entry.before, &entry.after) {
        (Some(a), None) => format!("was {}", at(a)),
        (_, Some(b)) => at(b),
        (None, None) => String::new(),
    };
    let head = format!("{sign} {}", entry.title);
    let room = WIDTH.saturating_sub(2 + head.chars().count() + place.chars().count());
    line(out, 2, &format!("{head}{}{place}", " ".repeat(room.max(2))));
    paragraph(out, &format!("{}.", sentence(&entry.message)));
    if let Some(run) = &entry.possible_now {
        paragraph(out, &format!("Possible now: {run}."));
    }
    let behind = entry.reach.saturating_sub(entry.stages.len());
    if !entry.stages.is_empty() && (behind > 0 || entry.stages.len() > 1) {
        let mut about = names(entry.stages.iter().map(String::as_str), NAMES);
        if behind > 0 {
            about = format!("{about}, and {} behind", counted(behind, "stage"));
        }
        paragraph(out, &format!("Reaches {about}."));
    }
}

/// A sentence begins with a capital, unless it begins with a name.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn at(place: &Place) -> String {
    format!("{}:{}", place.path, place.line)
}

fn line(out: &mut String, indent: usize, text: &str) {
    out.push_str(&" ".repeat(indent));
    out.push_str(text.trim_end());
    out.push('\n');
}

fn paragraph(out: &mut String, text: &str) {
    let mut now = String::new();
    for word in text.split_whitespace() {
        let long = now.chars().count() + 1 + word.chars().count() > WIDTH - INDENT;
        if !now.is_empty() && long {
            line(out, INDENT, &std::mem::take(&mut now));
        }
        if !now.is_empty() {
            now.push(' ');
        }
        now.push_str(word);
    }
    if !now.is_empty() {
        line(out, INDENT, &now);
    }
}
