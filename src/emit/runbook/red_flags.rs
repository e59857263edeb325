//! Red flags: what a careful reader would miss in a plan, and what was found or accepted.
//!
//! Must not check anything anew: the checks do. Called by `summary`.

use crate::diagnostic::Severity;
use crate::emit::Context;
use crate::emit::runbook::say;
use crate::model::StageId;
use crate::plan::{Plan, StageUndo};

/// What a plan should say and does not, and what was found or accepted.
pub(super) fn red_flags(plan: &Plan, context: &Context<'_>) -> Vec<String> {
    let r = plan.release();
    let mut flags = Vec::new();
    match &r.change {
        None => flags.push(
            "There is no change request: why the change is made, and how risky it is, is not written down."
                .into(),
        ),
        Some(c) => {
            if c.justification.is_none() {
                flags.push("The change request gives no reason for the change.".into());
            }
            if c.impact.is_none() {
                flags.push("The change request does not say what users will notice.".into());
            }
            if c.downtime.is_none() {
                flags.push("The change request does not say how long users are without the service.".into());
            }
            if c.risks.is_empty() {
                flags.push("The change request names no risk.".into());
            }
        }
    }
    if r.tested.is_none() {
        flags.push("Neither the release nor its rollback was rehearsed.".into());
    }
    if r.start.is_none() && r.window.is_none() {
        flags.push("No time is planned: the release starts whenever someone starts it.".into());
    }
    if let Some(t) = &r.tested
        && t.evidence.is_none()
    {
        flags.push("A rehearsal is claimed and nothing is named that shows it.".into());
    }
    if r.notifies.is_empty() {
        flags.push("Nobody is told when it starts, ends or fails.".into());
    }
    if r.escalates.is_empty() {
        flags.push("Nobody is called when it fails and no one answers.".into());
    }
    if r.checklists.is_empty() {
        flags.push("There is no checklist: nothing is said of what must be ready before the start.".into());
    }
    for (i, s) in r.stages.iter().enumerate() {
        if let StageUndo::Irreversible(why, _) = plan.undo(StageId::at(i)) {
            flags.push(format!("{} cannot be undone: {}", s.name, say::text(r, why)));
        }
    }
    let accepted = context
        .findings
        .iter()
        .filter(|d| r.allows.iter().any(|a| a.code == d.code.0))
        .count();
    let warnings = context
        .findings
        .iter()
        .filter(|d| d.severity == Severity::Warning)
        .count()
        .saturating_sub(accepted);
    if warnings > 0 {
        flags.push(format!(
            "The compiler warns of {warnings} thing{}; see the findings.",
            if warnings == 1 { "" } else { "s" }
        ));
    }
    if !r.allows.is_empty() {
        let n = r.allows.len();
        flags.push(format!(
            "{n} finding{} accepted with a reason; see the accepted findings.",
            if n == 1 { " was" } else { "s were" }
        ));
    }
    flags
}
