//! Red flags: what a careful reader would miss in a plan, and what was found or accepted.
//!
//! Must not check anything anew: the checks do. Called by `summary`.

use crate::diagnostic::Severity;
use crate::emit::Context;
use crate::emit::runbook::unsaid::Unsaid;
use crate::emit::runbook::words::{Spoken, words};
use crate::emit::runbook::{around, found, held, say};
use crate::model::StageId;
use crate::plan::StageUndo;

/// So many stages are named in one flag.
const NAMED: usize = 6;
/// So many warnings are said in full.
const WARNINGS: usize = 3;

/// The stages that change something and of which the plan accepts that nothing undoes them.
pub(super) fn not_undone(plan: Spoken<'_>, context: &Context<'_>) -> Vec<StageId> {
    let r = plan.release();
    let open = |s: &StageId| {
        let found = context.findings.iter().filter(|d| d.code.0 == "rollback/missing");
        matches!(plan.undo(*s), StageUndo::Nothing)
            && found.into_iter().any(|d| d.span == r.stage(*s).origin.span)
    };
    let missed = context.findings.iter().any(|d| d.code.0 == "rollback/missing");
    let all = plan.stage_order().into_iter().filter(|_| missed);
    all.filter(open).collect()
}

/// What a plan should say and does not, and what was found or accepted.
pub(super) fn red_flags(plan: Spoken<'_>, context: &Context<'_>) -> Vec<String> {
    let r = plan.release();
    let mut flags = Vec::new();
    match &r.change {
        None => flags.push(words!(r, "flag.no_change_request")),
        Some(c) => {
            if c.justification.is_none() {
                flags.push(words!(r, "flag.no_reason"));
            }
            if c.impact.is_none() {
                flags.push(words!(r, "flag.no_impact"));
            }
            if c.downtime.is_none() {
                flags.push(words!(r, "flag.no_downtime"));
            }
            if c.risks.is_empty() {
                flags.push(words!(r, "flag.no_risk"));
            }
        }
    }
    if r.tested.is_none() {
        flags.push(words!(r, "flag.not_rehearsed"));
    }
    let changes = r.stages.iter().any(|s| r.is_production(s.environment));
    if changes && r.policies.is_empty() {
        flags.push(words!(r, "flag.no_policy"));
    }
    if r.start.is_none() && r.window.is_none() {
        flags.push(words!(r, "flag.no_time"));
    }
    if let Some(t) = &r.tested
        && t.evidence.is_none()
    {
        flags.push(words!(r, "flag.no_evidence"));
    }
    if r.notifies.is_empty() {
        flags.push(words!(r, "flag.nobody_told"));
    }
    if r.escalates.is_empty() {
        flags.push(words!(r, "flag.nobody_called"));
    }
    if r.checklists.is_empty() {
        flags.push(words!(r, "flag.no_checklist"));
    }
    let mut gone: Vec<(String, String)> = Vec::new();
    for (i, s) in r.stages.iter().enumerate() {
        if let StageUndo::Irreversible(why, _) = plan.undo(StageId::at(i)) {
            let why = say::text(r, why);
            let flag = say::ended(words!(r, "flag.irreversible", stage = s.name, why = why));
            gone.push((s.name.to_string(), flag));
        }
    }
    if gone.len() > NAMED {
        let stages: Vec<String> = gone.iter().map(|(name, _)| name.clone()).collect();
        let stages = say::list(r, &say::shown(r, stages));
        flags.push(words!(
            r,
            "flag.many_irreversible",
            n = gone.len(),
            stages = stages
        ));
    } else {
        flags.extend(gone.into_iter().map(|(_, flag)| flag));
    }
    let open: Vec<String> = not_undone(plan, context)
        .into_iter()
        .map(|s| r.stage(s).name.to_string())
        .collect();
    if !open.is_empty() {
        flags.push(words!(r, "flag.not_undone", stages = say::list(r, &open)));
    }
    let unsaid = Unsaid::of(plan).steps;
    match unsaid.len() {
        0 => {}
        1..=NAMED => flags.push(words!(r, "flag.untimed", places = say::list(r, &unsaid))),
        n => flags.push(words!(r, "flag.many_untimed", n = n)),
    }
    let untimed: Vec<String> = (0..r.stages.len())
        .map(StageId::at)
        .filter(|s| plan.undo_untimed(*s))
        .map(|s| r.stage(s).name.to_string())
        .collect();
    match untimed.len() {
        0 => {}
        1..=NAMED => flags.push(words!(r, "flag.undo_untimed", stages = say::list(r, &untimed))),
        n => flags.push(words!(r, "flag.undos_untimed", n = n)),
    }
    // Those that stand in the table of findings: what was accepted is no warning.
    let warnings: Vec<&str> = around::open_findings(plan, context)
        .filter(|d| d.severity == Severity::Warning)
        .map(|d| d.message.as_str())
        .collect();
    match warnings.len() {
        0..=WARNINGS => {
            let said = warnings
                .iter()
                .map(|what| words!(r, "flag.warns", what = found::quoted(r, &found::plainly(r, what))));
            flags.extend(said.map(say::ended));
        }
        n => flags.push(words!(r, "flag.warnings", n = n)),
    }
    flags.extend(held::flags(plan, context.held));
    if !r.allows.is_empty() {
        flags.push(match r.allows.len() {
            1 => words!(r, "flag.accepted_one"),
            n => words!(r, "flag.accepted", n = n),
        });
    }
    flags
}
