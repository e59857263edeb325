//! A run as the completed runbook tells it.
//!
//! Must not judge: the findings are handed in. Called by the command `record`.

use super::{Run, Who};
use crate::diagnostic::Diagnostic;
use crate::emit::runbook::recorded::{Part, Recorded};
use crate::plan::Plan;

/// A run with its deviations, for the runbook.
pub fn recorded(plan: &Plan, run: &Run, findings: &[Diagnostic]) -> Recorded {
    let r = plan.release();
    let shown = |who: &Who| {
        let name = who.person.and_then(|p| r.person(p).full_name.known());
        name.unwrap_or(&who.name).to_string()
    };
    let machine = match (run.engine, &run.starter) {
        (_, Some(who)) => format!("the workflow, started by {}", shown(who)),
        ("GitHub", None) => "the workflow".to_string(),
        _ => "the state machine".to_string(),
    };
    let part = |began, ended, by, result: &str| Part {
        began,
        ended,
        by,
        result: result.to_string(),
    };
    let stages = run.stages.iter().filter(|(_, s)| s.began.is_some() || s.failed);
    let undone = run.stages.iter().filter(|(_, s)| s.undone.is_some() || s.stuck);
    Recorded {
        engine: run.engine.to_string(),
        run: run.id.clone(),
        address: run.address.clone(),
        starter: run.starter.as_ref().map(&shown).unwrap_or_default(),
        started: run.started,
        ended: run.ended,
        end: run.end.words().to_string(),
        stages: stages
            .map(|(id, s)| {
                let result = if s.failed {
                    "failed"
                } else if s.passed {
                    "done"
                } else {
                    "begun, not ended"
                };
                (*id, part(s.began, s.ended, vec![machine.clone()], result))
            })
            .collect(),
        steps: run.steps.clone(),
        approvals: run
            .approvals
            .iter()
            .map(|(id, a)| {
                let result = if a.granted { "granted" } else { "not granted" };
                (*id, part(None, a.at, a.by.iter().map(&shown).collect(), result))
            })
            .collect(),
        holds: run
            .holds
            .iter()
            .map(|(id, (entered, left))| {
                let result = if left.is_some() { "left" } else { "still entered" };
                (*id, part(*entered, *left, Vec::new(), result))
            })
            .collect(),
        undone: undone
            .map(|(id, s)| {
                let how = if s.undone.is_some() {
                    "undone"
                } else {
                    "its undo failed"
                };
                (*id, s.undone, how.to_string())
            })
            .collect(),
        deviations: findings.iter().map(|d| d.message.replace('`', "")).collect(),
    }
}
