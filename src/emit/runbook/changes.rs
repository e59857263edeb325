//! What changed since the plan that was last approved, for the documents and for a pull request.
//!
//! Must not compare plans: `diff` did. Called by `mod`, and by the driver for the command `diff`.

use super::render;
use super::say;
use super::templates::{Flaw, Templates};
use super::words::Words;
use crate::diff::{Change, Direction};
use serde::Serialize;

/// What changed, and since when.
#[derive(Debug, Clone, Copy)]
pub struct Changes<'a> {
    /// What the old plan is called.
    pub since: &'a str,
    /// The changes, in order.
    pub list: &'a [Change],
}

/// The same for the templates.
#[derive(Debug, Serialize)]
pub(super) struct Since {
    since: String,
    /// How many of which direction: `2 loosened, 1 changed`; empty when nothing changed.
    counts: String,
    groups: Vec<Group>,
}

/// The changes of an environment.
#[derive(Debug, Serialize)]
struct Group {
    title: String,
    entries: Vec<Entry>,
}

/// A change.
#[derive(Debug, Serialize)]
struct Entry {
    direction: &'static str,
    title: String,
    /// A sentence without its stop; names and values stand between backticks.
    message: String,
    /// The same, for a loosening: what is possible now.
    run: String,
    reach: String,
}

impl Since {
    pub(super) fn of(changes: Changes<'_>, words: &Words) -> Self {
        let directions = [Direction::Loosened, Direction::Tightened, Direction::Changed];
        let counts = directions.iter().filter_map(|d| {
            let n = changes.list.iter().filter(|c| c.direction == *d).count();
            (n > 0).then(|| words.fill(&format!("change.{}", d.word()), &[("n", n.to_string())]))
        });
        let mut groups: Vec<Group> = Vec::new();
        for change in changes.list {
            let title = match &change.environment {
                Some((_, name)) => words.fill("change.in", &[("environment", name.to_string())]),
                None => words.fill("change.nowhere", &[]),
            };
            let entry = entry(change, words);
            match groups.last_mut() {
                Some(last) if last.title == title => last.entries.push(entry),
                _ => groups.push(Group {
                    title,
                    entries: vec![entry],
                }),
            }
        }
        Since {
            since: changes.since.to_string(),
            counts: counts.collect::<Vec<_>>().join(", "),
            groups,
        }
    }
}

fn entry(c: &Change, words: &Words) -> Entry {
    let behind = c.reach.saturating_sub(c.stages.len());
    let reach = match (c.stages.is_empty(), behind) {
        (true, _) | (_, 0) => String::new(),
        (false, 1) => words.fill("change.reach_one", &[]),
        (false, n) => words.fill("change.reach", &[("n", n.to_string())]),
    };
    Entry {
        direction: c.direction.word(),
        title: say::phrase(words, "change", c.class.title(c.direction)),
        message: c.message.clone(),
        run: c.run.clone().unwrap_or_default(),
        reach,
    }
}

/// What changed, in Markdown.
///
/// # Errors
/// What a template asks for and the view does not have.
pub fn changes(changes: &Changes<'_>, templates: &Templates) -> Result<String, Flaw> {
    render::changes(&Since::of(*changes, templates.words()), templates)
}
