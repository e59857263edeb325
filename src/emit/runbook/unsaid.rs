//! What the times of a plan leave out: how long something takes of which nobody says it, and every try after the first.
//!
//! Must not work out a time: the plan does. Called by `summary` and `notices`.

use crate::emit::runbook::acts::action;
use crate::emit::runbook::say;
use crate::emit::runbook::words::{Spoken, words};
use crate::model::{Decision, StageId, Step, StepKind};
use crate::plan::Pace;

/// So many gates and steps of a stage are named.
const PARTS: usize = 3;

/// Where a run may take longer than its longest times say, though nothing fails in the end.
#[derive(Debug, Default)]
pub(super) struct Unsaid {
    /// Where steps and gates take time of which nobody has said how much.
    pub steps: Vec<String>,
    /// Where something may be tried more than once.
    pub again: Vec<String>,
    /// Waits that are given up later than they are expected to end, or never.
    pub waits: Vec<String>,
    /// Approvals that may be answered at any time.
    pub approvals: bool,
    /// Decisions that may be taken at any time.
    pub decisions: bool,
}

impl Unsaid {
    /// What the times of a run leave out.
    pub(super) fn of(plan: Spoken<'_>) -> Self {
        let r = plan.release();
        let mut found = Unsaid::default();
        for id in plan.stage_order() {
            let stage = r.stage(id);
            // One that says as a whole how long it takes leaves nothing open.
            if stage.takes.is_some() {
                continue;
            }
            let gates = stage.require.iter().any(|(g, _)| plan.gate_untimed(*g));
            let steps = stage.forward_steps();
            if gates || steps.iter().any(|s| plan.step_untimed(s)) {
                found.steps.push(untimed(plan, id));
            }
            if steps.iter().any(|s| tried_again(s)) {
                found.again.push(stage.name.to_string());
            }
            let waits = steps.iter().filter_map(|s| longer_wait(plan, s));
            let mut waits: Vec<String> = waits.collect();
            waits.dedup();
            if !waits.is_empty() {
                let parts = say::list(r, &waits);
                found
                    .waits
                    .push(words!(r, "uncounted.in_stage", stage = stage.name, parts = parts));
            }
        }
        let mut beside = |steps: &[Step], place: &dyn Fn() -> String| {
            if steps.iter().any(|s| plan.step_untimed(s)) {
                found.steps.push(place());
            }
            if steps.iter().any(tried_again) {
                found.again.push(place());
            }
        };
        for hold in &r.holds {
            let title = || say::text(r, &hold.title);
            beside(&hold.enter, &|| words!(r, "row.enter", hold = title()));
            beside(&hold.exit, &|| words!(r, "row.leave", hold = title()));
        }
        beside(&r.finally, &|| words!(r, "uncounted.finally"));
        // Those that only an undo asks for are counted with it.
        let asked = r.stages.iter().flat_map(|s| {
            let rungs = s.rollout.iter().flat_map(|l| &l.steps);
            s.approved.iter().chain(rungs.flat_map(|x| &x.approved))
        });
        found.approvals = asked.into_iter().any(|(a, _)| {
            let a = r.approval(*a);
            a.within.is_none() && !a.after.is_empty()
        });
        let open = |d: &Decision| !d.after.is_empty() && d.question.within.is_none();
        found.decisions = r.decisions.iter().any(open);
        found
    }

    /// Whether the run may end later than its times say.
    pub(super) fn any(&self) -> bool {
        !self.again.is_empty() || self.untimed()
    }

    /// Whether something has no duration at all, and counts as none.
    pub(super) fn untimed(&self) -> bool {
        !self.steps.is_empty() || self.approvals || self.decisions
    }

    /// What is left out, to follow "not counted".
    pub(super) fn list(&self, plan: Spoken<'_>) -> Vec<String> {
        let r = plan.release();
        let named = |list: &[String]| say::list(r, &say::shown(r, list.to_vec()));
        let mut out = Vec::new();
        if !self.steps.is_empty() {
            out.push(words!(r, "uncounted.steps", places = named(&self.steps)));
        }
        if !self.again.is_empty() {
            out.push(words!(r, "uncounted.tries", places = named(&self.again)));
        }
        if !self.waits.is_empty() {
            out.push(words!(r, "uncounted.waits", places = named(&self.waits)));
        }
        if self.approvals {
            out.push(words!(r, "uncounted.approvals"));
        }
        if self.decisions {
            out.push(words!(r, "uncounted.answers"));
        }
        out
    }
}

/// A stage with those of its gates and steps of which nobody has said how long they take, where others have a duration.
fn untimed(plan: Spoken<'_>, id: StageId) -> String {
    let r = plan.release();
    let stage = r.stage(id);
    let steps = stage.forward_steps();
    let gates = stage.require.iter().filter(|(g, _)| plan.gate_untimed(*g));
    let mut parts: Vec<String> = gates.map(|(g, _)| say::text(r, &r.gate(*g).title)).collect();
    for step in steps.iter().filter(|s| plan.step_untimed(s)) {
        let part = match &step.kind {
            StepKind::VerifyGate(g) => say::text(r, &r.gate(*g).title),
            _ => action(r, stage.environment, step).0,
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    if parts.len() > PARTS || steps.iter().all(|s| plan.step_untimed(s)) {
        return stage.name.to_string();
    }
    let quoted = parts.iter().map(|p| words!(r, "decide.option", option = p));
    let parts: Vec<String> = quoted.collect();
    words!(
        r,
        "uncounted.in_stage",
        stage = stage.name,
        parts = say::list(r, &parts)
    )
}

/// What is waited for in a step, when that may last longer than its longest time says.
fn longer_wait(plan: Spoken<'_>, step: &Step) -> Option<String> {
    let r = plan.release();
    let StepKind::WaitFor(wait) = &step.kind else {
        return None;
    };
    let expected = plan.step_time(step, Pace::Longest).as_ms();
    let longer = wait.within.is_none_or(|given_up| given_up.as_ms() > expected);
    (longer && !plan.step_untimed(step))
        .then(|| words!(r, "decide.option", option = say::text(r, &wait.what)))
}

/// Whether a step that fails is tried again by itself.
fn tried_again(step: &Step) -> bool {
    let retry = step.retry.as_ref().or(step.act().and_then(|a| a.retry.as_ref()));
    retry.is_some_and(|t| t.times > 0)
}
