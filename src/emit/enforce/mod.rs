//! What the pipelines hold of a plan: each constraint against each target, with how it is held, or why it is not.
//!
//! One source of truth. That a target does *not* hold something is known from its own findings (`target/…`) and from nowhere else:
//! each says which rule it is `about`, and takes the row with its place. What no finding speaks of is held, in the way `rules`
//! tells. Must not know how a table is printed. Called by the driver for the command `enforce` and for the documents.

mod rows;
pub mod rules;
mod unwatched;

use crate::diagnostic::{Diagnostic, Severity};
use crate::emit::{Context, Target};
use crate::model::Stage;
use crate::plan::Plan;
use crate::source::Span;
use std::collections::BTreeMap;

pub use unwatched::unwatched;

/// The targets that run something, in the order of the columns.
pub const PIPELINES: [&Target; 2] = [&super::github::TARGET, &super::stepfunctions::TARGET];

/// The findings that tell what a target does not hold.
const TOLD: [&str; 3] = ["target/unenforced", "target/limit", "target/wait_too_long"];

/// How far a target holds a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What the rule forbids cannot happen.
    Enforced,
    /// It is found out before anything else starts, or held in another way than the plan says.
    Detected,
    /// Nobody but people holds it.
    NotEnforced,
    /// The plan cannot be built for the target.
    Impossible,
}

impl Level {
    /// Every level.
    pub const ALL: [Level; 4] = [
        Level::Enforced,
        Level::Detected,
        Level::NotEnforced,
        Level::Impossible,
    ];

    /// The level as a word of the formats for programs.
    pub fn word(self) -> &'static str {
        match self {
            Level::Enforced => "enforced",
            Level::Detected => "detected",
            Level::NotEnforced => "not_enforced",
            Level::Impossible => "impossible",
        }
    }

    fn of(severity: Severity) -> Level {
        match severity {
            Severity::Info => Level::Detected,
            Severity::Warning => Level::NotEnforced,
            Severity::Error => Level::Impossible,
        }
    }
}

/// What a target makes of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// The target's name.
    pub target: &'static str,
    /// How far it holds it.
    pub level: Level,
    /// How, or why not: sentences without a final stop.
    pub why: Vec<String>,
    /// What would let it be held, where it is not: the same.
    pub help: Vec<String>,
}

/// A constraint of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The kind of rule: a name of `rules::RULES`.
    pub rule: &'static str,
    /// What has it, by the name in the plan; empty for the release itself.
    pub subject: String,
    /// The constraint as the language writes it: `quorum 2`.
    pub says: String,
    /// The stages that it is about.
    pub stages: Vec<String>,
    /// Where it is written: the constraint, and what has it.
    pub spans: Vec<Span>,
    /// What each target makes of it, in the order asked for.
    pub held: Vec<Held>,
}

/// Every constraint of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The targets, by name, in the order of the columns.
    pub targets: Vec<&'static str>,
    /// The constraints, in the order of `rules::RULES`.
    pub rows: Vec<Row>,
}

impl Table {
    /// The worst level of all.
    pub fn worst(&self) -> Level {
        let all = self.rows.iter().flat_map(|r| &r.held).map(|h| h.level);
        all.max().unwrap_or(Level::Enforced)
    }

    /// How many constraints a target holds in a way.
    pub fn count(&self, target: &str, level: Level) -> usize {
        let held = self.rows.iter().flat_map(|r| &r.held);
        held.filter(|h| h.target == target && h.level == level).count()
    }
}

/// The table of a plan for some targets: they are asked what they make of it.
pub fn table(plan: &Plan, context: &Context<'_>, targets: &[&Target]) -> Table {
    let found = targets
        .iter()
        .map(|target| (target.name, (target.find)(plan, context).into_sorted()));
    let found: Vec<_> = found.collect();
    of_findings(plan, &found)
}

/// The table, from what targets have found already.
pub fn of_findings(plan: &Plan, found: &[(&'static str, Vec<Diagnostic>)]) -> Table {
    let mut found: Vec<&(&'static str, Vec<Diagnostic>)> = found.iter().collect();
    found.sort_by_key(|(target, _)| PIPELINES.iter().position(|p| p.name == *target));
    let mut list = rows::rows(plan);
    let mut held: Vec<Vec<Held>> = list
        .iter()
        .map(|row| {
            found
                .iter()
                .map(|(target, _)| rules::of(row.rule).held(target))
                .collect()
        })
        .collect();
    let mut extra: Vec<Row> = Vec::new();
    for (k, (_, findings)) in found.iter().enumerate() {
        for d in findings.iter().filter(|d| TOLD.contains(&d.code.0)) {
            let here = |row: &Row| {
                let there = |span: &Span| row.spans.iter().any(|s| covers(*s, *span));
                d.about.contains(&row.rule) && (d.everywhere || there(&d.span) || d.beside.iter().any(there))
            };
            let mut told = false;
            for (_, held) in list.iter().zip(&mut held).filter(|(row, _)| here(row)) {
                held[k].lower(d);
                told = true;
            }
            if told {
                continue;
            }
            let about = d.about.first().copied().unwrap_or(rules::SIZE);
            let known = extra.iter().position(|r| r.rule == about && r.spans == [d.span]);
            let at = known.unwrap_or_else(|| {
                extra.push(Row {
                    rule: about,
                    subject: String::new(),
                    says: String::new(),
                    stages: inside(plan, d.span),
                    spans: vec![d.span],
                    held: found.iter().map(|(t, _)| rules::of(about).held(t)).collect(),
                });
                extra.len() - 1
            });
            extra[at].held[k].lower(d);
        }
    }
    for (row, held) in list.iter_mut().zip(held) {
        row.held = held;
    }
    list.extend(extra);
    list.sort_by_key(|row| rules::place(row.rule));
    Table {
        targets: found.iter().map(|(target, _)| *target).collect(),
        rows: together(list),
    }
}

/// The stage a finding speaks of when it says nothing of a written rule: the one in whose place it stands.
fn inside(plan: &Plan, span: Span) -> Vec<String> {
    let stages = plan.release().stages.iter();
    let here = |s: &&Stage| covers(s.origin.span, span);
    let of_step = |s: &&Stage| {
        s.forward_steps()
            .iter()
            .any(|step| covers(step.origin.span, span))
    };
    let found: Vec<&Stage> = stages.filter(|s| here(s) || of_step(s)).collect();
    found.iter().map(|s| s.name.to_string()).collect()
}

fn covers(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}

/// Rows that differ in nothing but the stage become one that names them all.
fn together(list: Vec<Row>) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::new();
    let mut places: BTreeMap<(&'static str, String, String, Vec<Held>), usize> = BTreeMap::new();
    for row in list {
        let key = (row.rule, row.subject.clone(), row.says.clone(), row.held.clone());
        match places.get(&key) {
            Some(at) if !row.stages.is_empty() => {
                let stages = &mut out[*at].stages;
                // The rows of a stage stand together.
                for stage in row.stages {
                    if stages.last() != Some(&stage) {
                        stages.push(stage);
                    }
                }
            }
            _ => {
                places.insert(key, out.len());
                out.push(row);
            }
        }
    }
    out
}

impl Held {
    /// A finding says that it is held less.
    fn lower(&mut self, d: &Diagnostic) {
        if self.level == Level::Enforced {
            self.why.clear();
        }
        self.level = self.level.max(Level::of(d.severity));
        let facts = std::iter::once(&d.message).chain(&d.notes);
        for text in facts {
            if !self.why.contains(text) {
                self.why.push(text.clone());
            }
        }
        // What is found out in time needs no repair.
        if Level::of(d.severity) > Level::Detected {
            for text in &d.help {
                if !self.help.contains(text) {
                    self.help.push(text.clone());
                }
            }
        }
    }
}
