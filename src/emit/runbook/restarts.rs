//! Starting again: how much later everything is over when stages are run again as often as the plan allows.
//!
//! Must not know what is undone. Called by `summary` and `chosen`.

use crate::emit::runbook::from_here::{Then, Way};
use crate::emit::runbook::words::Spoken;
use crate::model::{FailureOutcome, StageId};
use crate::plan::Node;
use std::collections::BTreeMap;

/// For each stage from which the plan may start again: how often.
fn restarts(ways: &[Way]) -> BTreeMap<StageId, (u32, Vec<&Way>)> {
    let mut found: BTreeMap<StageId, (u32, Vec<&Way>)> = BTreeMap::new();
    for w in ways {
        if let Then::Outcome(FailureOutcome::Restart(s, n)) = &w.then {
            let (most, from) = found.entry(*s).or_default();
            *most = (*most).max(*n);
            from.push(w);
        }
    }
    found
}

/// The stages from which the plan may start again.
pub(super) fn from(ways: &[Way]) -> Vec<StageId> {
    restarts(ways).into_keys().collect()
}

/// How many milliseconds all this takes at the longest: each time from the start of the stage to the failure, after the
/// approvals that are asked for again.
pub(super) fn longest(plan: Spoken<'_>, ways: &[Way]) -> i64 {
    let r = plan.release();
    let mut all = 0i64;
    for (s, (most, from)) in restarts(ways) {
        let pass = plan.cases_of(Node::Stage(s)).map(|schedule| {
            let failed = from.iter().map(|w| schedule.of(&plan, w.cause.node()).finish);
            failed
                .max()
                .unwrap_or(0)
                .saturating_sub(schedule.stage(&plan, s).start)
        });
        let pass = pass.max().unwrap_or(0).max(0);
        let again = plan.descendants(Node::Stage(s));
        let inside = |node: Node| node == Node::Stage(s) || plan.contains(&again, node);
        let stages = (0..r.stages.len())
            .map(StageId::at)
            .filter(|x| inside(Node::Stage(*x)));
        // Those asked for on the way are in the times of the plan already.
        let asked = stages
            .flat_map(|x| &r.stage(x).approved)
            .filter(|(a, _)| !inside(Node::Approval(*a)))
            .filter_map(|(a, _)| r.approval(*a).within)
            .map(|within| within.as_ms())
            .max();
        let once = pass.saturating_add(asked.unwrap_or(0));
        all = all.saturating_add(once.saturating_mul(i64::from(most)));
    }
    all
}
