//! What the pipelines hold of the plan, for the documents.
//!
//! Must not decide it: `emit::enforce` did, from what the targets find. Called by `mod`.

use crate::emit::enforce::{Level, Table};
use crate::emit::runbook::say;
use crate::emit::runbook::words::{Spoken, words};
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
    };
    let mut open = Vec::new();
    let mut said: BTreeSet<(&str, String)> = BTreeSet::new();
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
            let reason = Reason {
                target: called(h.target),
                level: say::word(r, "held", h.level.word()),
                why: h.why.join("; "),
            };
            if said.insert((h.target, reason.why.clone())) {
                holding.reasons.push(reason);
            }
        }
    }
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

/// What is held by people only, to be told as a red flag.
pub(super) fn flags(plan: Spoken<'_>, table: Option<&Table>) -> Vec<String> {
    let r = plan.release();
    let Some(table) = table else { return Vec::new() };
    let counted = table
        .targets
        .iter()
        .map(|t| (called(t), table.count(t, Level::NotEnforced)));
    let mut flags = Vec::new();
    for (target, n) in counted {
        match n {
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
