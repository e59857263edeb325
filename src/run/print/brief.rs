//! What came of a run, without its events: what a row of the table needs.
//!
//! Called by the other files of this folder and by the driver.

use super::{listed, time};
use crate::model::StageId;
use crate::plan::{Plan, StageUndo};
use crate::run::trace::{Event, Final, Subject, Trace, Verb};

/// So many names are written out of a long list.
const NAMES: usize = 12;

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// How it ended.
    pub(super) state: Final,
    pub(super) cause: Option<String>,
    pub(super) ends: i64,
    pub(super) until_safe: Option<i64>,
    /// Something was undone of which nobody has said how long it takes: `until_safe` leaves it out.
    pub(super) untimed: bool,
    /// The stages that were undone, in order; those together that nothing orders.
    pub(super) undone: Vec<Vec<StageId>>,
    pub(super) kept: Vec<StageId>,
    /// Stages that began, changed something, and were not undone although something was given up or taken back.
    pub(super) stays: Vec<StageId>,
    pub(super) went_back: bool,
    pub(super) help: Vec<String>,
    pub(super) unreached: Vec<String>,
}

impl Brief {
    /// What came of a run.
    pub fn of(plan: &Plan, trace: &Trace) -> Brief {
        let went_back = went_back(trace);
        Brief {
            state: trace.state,
            cause: trace.cause.clone(),
            ends: trace.end(),
            until_safe: trace.until_safe(),
            untimed: trace.undone.iter().any(|s| plan.undo_untimed(*s)),
            undone: undone(trace),
            kept: trace.kept.clone(),
            stays: if went_back { stays(plan, trace) } else { Vec::new() },
            went_back,
            help: trace.help.clone(),
            unreached: trace.unreached.clone(),
        }
    }

    /// The order of undos in words: `web, then app and worker together, then base`.
    pub(super) fn undone_words(&self, plan: &Plan) -> String {
        let name = |s: &StageId| plan.release().stage(*s).name.to_string();
        let mut groups: Vec<String> = Vec::new();
        let many = self.undone.len();
        for (i, group) in self.undone.iter().enumerate() {
            if many > NAMES + 1 && (NAMES - 2..many - 2).contains(&i) {
                if i == NAMES - 2 {
                    groups.push(format!("{} more, one after the other", many - NAMES));
                }
                continue;
            }
            groups.push(match group.as_slice() {
                [one] => name(one),
                many => format!("{} together", listed(&short(many.iter().map(name).collect()))),
            });
        }
        groups.join(", then ")
    }

    /// What stays, in words.
    pub(super) fn stays_words(&self, plan: &Plan) -> String {
        let words = |s: &StageId| {
            let name = &plan.release().stage(*s).name;
            match plan.undo(*s) {
                StageUndo::Harmless(..) => format!("{name} (harmless)"),
                StageUndo::Irreversible(..) => format!("{name} (cannot be undone)"),
                _ => name.to_string(),
            }
        };
        listed(&short(self.stays.iter().map(words).collect()))
    }

    /// How long until everything is safe, in a few words.
    pub(super) fn safe_words(&self) -> String {
        match (self.state, self.until_safe) {
            (Final::Succeeded, _) => "goes on".to_string(),
            (_, Some(0)) if self.untimed => "not said".to_string(),
            (_, Some(0)) => "at once".to_string(),
            (_, Some(ms)) if self.untimed => format!("over {}", time(ms)),
            (_, Some(ms)) => time(ms),
            (_, None) => "–".to_string(),
        }
    }
}

/// A list with its tail counted when it is long.
fn short(mut names: Vec<String>) -> Vec<String> {
    if names.len() > NAMES {
        let more = names.len() - NAMES + 1;
        names.truncate(NAMES - 1);
        names.push(format!("{more} more"));
    }
    names
}

/// Whether something of the run was given up or taken back for good: what stays is news only then.
fn went_back(trace: &Trace) -> bool {
    let any = |wanted: &[Verb]| trace.events.iter().any(|e| wanted.contains(&e.verb));
    match trace.state {
        Final::Succeeded => any(&[Verb::Rollback]),
        Final::RolledBack | Final::Stopped => true,
        // An exit may have failed after everything went well.
        Final::NeedsHelp => {
            let stage_failed = |e: &Event| e.verb == Verb::Fail && matches!(e.subject, Subject::Stage(_));
            // So may something hang, or wait for an answer that never comes.
            let open = trace.safe_at.is_none()
                && !trace
                    .events
                    .iter()
                    .any(|e| e.verb == Verb::Exit || e.verb == Verb::Fail);
            any(&[Verb::Rollback, Verb::Abandon]) || trace.events.iter().any(stage_failed) || open
        }
    }
}

/// The stages that were undone, in order; those together that nothing orders.
fn undone(trace: &Trace) -> Vec<Vec<StageId>> {
    let mut depth: Vec<usize> = Vec::with_capacity(trace.events.len());
    let mut groups: Vec<Vec<StageId>> = Vec::new();
    for event in &trace.events {
        let before = event.after.iter().map(|a| depth[*a]).max().unwrap_or(0);
        let mine = event.verb == Verb::Undone;
        depth.push(before + usize::from(mine));
        if let (true, Subject::Stage(s)) = (mine, event.subject) {
            if groups.len() <= before {
                groups.resize(before + 1, Vec::new());
            }
            groups[before].push(s);
        }
    }
    groups.retain(|g| !g.is_empty());
    groups
}

fn stays(plan: &Plan, trace: &Trace) -> Vec<StageId> {
    let mut list = Vec::new();
    let mut seen: std::collections::BTreeSet<StageId> = trace.undone.iter().copied().collect();
    for event in trace.events.iter().filter(|e| e.verb == Verb::StepStart) {
        let Subject::Stage(s) = event.subject else {
            continue;
        };
        if seen.insert(s) && !matches!(plan.undo(s), StageUndo::Nothing) {
            list.push(s);
        }
    }
    list
}
