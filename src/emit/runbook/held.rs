//! What the pipelines hold of the plan, for the documents.
//!
//! Must not decide it: `emit::enforce` did, from what the targets find. Called by `mod` and `red_flags`.

use crate::emit::enforce::{Level, Table};
use crate::emit::runbook::words::{Spoken, words};
use crate::emit::runbook::{found, say};
use indexmap::IndexMap;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The table of the documents.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Holding {
    /// The targets, as people call them.
    pub targets: Vec<String>,
    /// Every constraint.
    pub rules: Vec<Rule>,
    /// Those that some target does not simply enforce; of many of one kind the first, and how many more there are.
    pub open: Vec<Rule>,
    /// Why, each reason once.
    pub reasons: Vec<Reason>,
    /// The same for whoever only decides: of many reasons of one kind the first, and how many more there are.
    pub brief: Vec<Reason>,
    /// Whether some target cannot be built from the plan.
    pub impossible: bool,
}

/// A constraint.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Rule {
    pub rule: String,
    /// As the plan writes it.
    pub says: String,
    pub stages: String,
    /// What each target makes of it.
    pub levels: Vec<String>,
}

/// Why a target does not simply enforce something.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Reason {
    pub target: String,
    pub level: String,
    pub why: String,
}

/// The table of a plan, when the pipelines were asked.
pub(super) fn holding(plan: Spoken<'_>, table: Option<&Table>) -> Option<Holding> {
    const SHOWN: usize = 6;
    let table = table.filter(|t| !t.targets.is_empty())?;
    let r = plan.release();
    let mut holding = Holding {
        targets: table.targets.iter().map(|t| called(t)).collect(),
        rules: Vec::new(),
        open: Vec::new(),
        reasons: Vec::new(),
        brief: Vec::new(),
        impossible: table.worst() == Level::Impossible,
    };
    let mut open = Vec::new();
    // What several rules have in common is told with the first of them, and what several targets, with all of them.
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut reasons: IndexMap<(Level, String), Vec<String>> = IndexMap::new();
    for row in &table.rows {
        let mut stages: Vec<String> = row.stages.iter().take(SHOWN).cloned().collect();
        if row.stages.len() > SHOWN {
            stages.push(words!(r, "list.more", n = row.stages.len() - SHOWN));
        }
        let says = match (row.subject.is_empty(), row.says.is_empty()) {
            (true, _) => row.says.clone(),
            (false, true) => row.subject.clone(),
            (false, false) => format!("{}: {}", row.subject, row.says),
        };
        let rule = Rule {
            rule: say::word(r, "rule", row.rule),
            says,
            stages: say::list(r, &stages),
            levels: row
                .held
                .iter()
                .map(|h| say::word(r, "held", h.level.word()))
                .collect(),
        };
        if row.held.iter().any(|h| h.level != Level::Enforced) {
            open.push(rule.clone());
        }
        holding.rules.push(rule);
        for h in row.held.iter().filter(|h| h.level != Level::Enforced) {
            let new = h.why.iter().filter(|why| told.insert((h.target, why.as_str())));
            let new: Vec<String> = new.map(|why| found::plainly(r, why)).collect();
            if !new.is_empty() {
                let targets = reasons.entry((h.level, new.join("; "))).or_default();
                targets.push(called(h.target));
            }
        }
    }
    let reasons = reasons.into_iter().map(|((level, why), targets)| Reason {
        target: say::list(r, &targets),
        level: say::word(r, "held", level.word()),
        why,
    });
    holding.reasons = reasons.collect();
    holding.open = few(
        open,
        |rule| format!("{} {:?}", rule.rule, rule.levels),
        |first, n| Rule {
            says: String::new(),
            stages: words!(r, "held.more_rules", n = n),
            ..first.clone()
        },
    );
    holding.brief = few(
        holding.reasons.clone(),
        |reason| format!("{} {} {}", reason.target, reason.level, kind(&reason.why)),
        |first, n| Reason {
            why: words!(r, "held.more_reasons", n = n),
            ..first.clone()
        },
    );
    Some(holding)
}

/// Where there are many of one kind, the first of them and a line for the others.
fn few<T>(list: Vec<T>, kind: impl Fn(&T) -> String, others: impl Fn(&T, usize) -> T) -> Vec<T> {
    /// So many of one kind are told, and one more line than that never stands for a single other.
    const FIRST: usize = 5;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in &list {
        *counts.entry(kind(one)).or_default() += 1;
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut out = Vec::new();
    for one in list {
        let kind = kind(&one);
        let all = counts[&kind];
        let nth = seen.entry(kind).or_default();
        *nth += 1;
        if all <= FIRST + 1 || *nth <= FIRST {
            out.push(one);
        } else if *nth == FIRST + 1 {
            out.push(others(&one, all - FIRST));
        }
    }
    out
}

/// A reason without the names in it: what stands between backquotes is of the plan.
fn kind(why: &str) -> String {
    why.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// What is held by people only, and what cannot be built at all, to be told as red flags.
pub(super) fn flags(plan: Spoken<'_>, table: Option<&Table>) -> Vec<String> {
    let r = plan.release();
    let Some(table) = table else { return Vec::new() };
    let mut flags = Vec::new();
    for t in &table.targets {
        let target = called(t);
        let held = table.rows.iter().flat_map(|row| &row.held);
        let impossible = held.filter(|h| h.target == *t && h.level == Level::Impossible);
        let whys: Vec<&String> = impossible.filter_map(|h| h.why.first()).collect();
        if let [first, more @ ..] = whys.as_slice() {
            let why = found::quoted(r, &found::plainly(r, first));
            flags.push(match more.len() {
                0 => words!(r, "flag.not_built", target = target, why = why),
                n => words!(r, "flag.not_built_more", target = target, why = why, n = n),
            });
            continue;
        }
        match table.count(t, Level::NotEnforced) {
            0 => {}
            1 => flags.push(words!(r, "flag.held_by_people_one", target = target)),
            n => flags.push(words!(r, "flag.held_by_people", target = target, n = n)),
        }
    }
    flags
}

/// The name of a target.
fn called(target: &str) -> String {
    match target {
        "github" => "GitHub",
        "stepfunctions" => "Step Functions",
        other => other,
    }
    .to_string()
}
