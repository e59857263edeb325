//! Gates and the triggers that watch the same stages.
//!
//! Called by the checks of values that fall between the two, or into both.

use crate::model::{
    FailureOutcome, Gate, GateId, GateOutcome, GateTest, MetricExpr, MetricId, Release, StageId, StepKind,
    Trigger, TriggerTest,
};
use crate::plan::Plan;
use std::collections::BTreeSet;

/// The condition of a gate over metrics.
pub(super) fn condition(gate: &Gate) -> Option<&MetricExpr> {
    match &gate.test {
        GateTest::Metrics(c) => Some(c),
        _ => None,
    }
}

/// The triggers over metrics that watch one of these stages, with their conditions.
pub(super) fn triggers<'a>(release: &'a Release, stages: &[StageId]) -> Vec<(&'a Trigger, &'a MetricExpr)> {
    release
        .triggers
        .iter()
        .filter(|t| t.during.iter().any(|s| stages.contains(s)))
        .filter_map(|t| match &t.test {
            TriggerTest::Metrics(c) => Some((t, c)),
            TriggerTest::Ask(_) => None,
        })
        .collect()
}

/// Whether a trigger undoes what was done.
pub(super) fn undoes(trigger: &Trigger) -> bool {
    matches!(
        trigger.then,
        FailureOutcome::Rollback | FailureOutcome::RollbackStage(_)
    )
}

/// Whether a failure of the gate does not stop the plan.
pub(super) fn goes_on(gate: &Gate) -> bool {
    matches!(
        gate.otherwise,
        Some((GateOutcome::Then(FailureOutcome::Continue { .. }), _))
    )
}

/// The other gates over metrics that are judged with this one, and whose failure does stop the plan.
pub(super) fn beside<'a>(
    plan: &'a Plan,
    gate: GateId,
    judges: &[StageId],
) -> Vec<(&'a Gate, &'a MetricExpr)> {
    let release = plan.release();
    let mut list = BTreeSet::new();
    for stage in judges {
        let data = release.stage(*stage);
        let groups: Vec<Vec<GateId>> = match &data.rollout {
            Some(r) => r
                .steps
                .iter()
                .map(|s| verified(s.work.iter().chain(&s.checks)))
                .collect(),
            None => vec![verified(data.steps.iter())],
        };
        let mine = groups.into_iter().filter(|g| g.contains(&gate));
        list.extend(mine.flatten());
        if data.require.iter().any(|(g, _)| *g == gate) {
            list.extend(data.require.iter().map(|(g, _)| *g));
        }
    }
    list.into_iter()
        .filter(|g| *g != gate)
        .map(|g| release.gate(g))
        .filter(|g| !goes_on(g))
        .filter_map(|g| condition(g).map(|c| (g, c)))
        .collect()
}

fn verified<'a>(steps: impl Iterator<Item = &'a crate::model::Step>) -> Vec<GateId> {
    steps
        .filter_map(|s| match s.kind {
            StepKind::VerifyGate(g) => Some(g),
            _ => None,
        })
        .collect()
}

/// The alternatives of a condition: the sides of its outermost `or`.
pub(super) fn alternatives(condition: &MetricExpr) -> Vec<&MetricExpr> {
    match condition {
        MetricExpr::Or(list) => list.iter().flat_map(alternatives).collect(),
        one => vec![one],
    }
}

/// Whether all metrics of one condition are among another's.
pub(super) fn within(condition: &MetricExpr, metrics: &[MetricId]) -> bool {
    let mine = condition.metrics();
    !mine.is_empty() && mine.iter().all(|m| metrics.contains(m))
}
