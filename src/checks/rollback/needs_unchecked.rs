//! `rollback/needs_unchecked`: one stage is preceded by a gate that tests what its undo needs, and another, whose undo needs
//! the same, is not.

use crate::checks::rollback::calls;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{GateId, GateTest, Key, KeyUse, Stage, StageId, StepKind};
use crate::plan::{Node, Plan, show};
use indexmap::IndexMap;

/// The diagnostic.
pub const CODE: Code = Code("rollback/needs_unchecked");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let mut needing: IndexMap<&Key, Vec<(StageId, &KeyUse)>> = IndexMap::new();
    for stage in plan.stage_order() {
        for key in calls::needs(plan, stage) {
            let list = needing.entry(&key.key).or_default();
            if list.last().is_none_or(|(s, _)| *s != stage) {
                list.push((stage, key));
            }
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    for (key, stages) in needing.into_iter().filter(|(_, list)| list.len() > 1) {
        let tested: Vec<Option<GateId>> = stages.iter().map(|(s, _)| tested(plan, *s, key)).collect();
        let Some((example, gate)) = stages
            .iter()
            .zip(&tested)
            .find_map(|((s, _), g)| Some((*s, (*g)?)))
        else {
            continue;
        };
        for ((stage, need), _) in stages.iter().zip(&tested).filter(|(_, g)| g.is_none()) {
            if !seen.insert(need.origin.span) {
                continue;
            }
            let (name, other, gate) = (&r.stage(*stage).name, &r.stage(example).name, r.gate(gate));
            let shown = show::key(r, key);
            let d = Diagnostic::warning(
                CODE,
                need.origin.span,
                format!("the undo of `{name}` needs `{shown}`, which nothing has tested before"),
            )
            .here("read here, when it is too late");
            let d = place::through(d, &need.origin);
            bag.push(
                d.fact(
                    r.stage(*stage).origin.span,
                    format!("`{name}` starts without looking"),
                )
                .fact(
                    gate.origin.span,
                    format!("`{}` tests it before `{other}`", gate.name),
                )
                .help(format!("write `require {}` in `{name}`", gate.name)),
            );
        }
    }
}

/// A gate that tests a key before a stage starts, or in a stage before it.
fn tested(plan: &Plan, id: StageId, key: &Key) -> Option<GateId> {
    let r = plan.release();
    let tests = |g: &GateId| {
        let gate = r.gate(*g);
        let by_command = match &gate.test {
            GateTest::Run(a) | GateTest::Job(a) => a.effects.reads.as_slice(),
            GateTest::Metrics(_) | GateTest::Ask(_) => &[],
        };
        let mut looked = gate.reads.iter().chain(&gate.exercises).chain(by_command);
        looked.any(|k| k.key.covers(key))
    };
    let required = r.stage(id).require.iter().map(|(g, _)| *g).find(&tests);
    required.or_else(|| {
        let before = plan.stages_leading_to(Node::Stage(id));
        before
            .into_iter()
            .find_map(|s| gates(r.stage(s)).into_iter().find(&tests))
    })
}

fn gates(stage: &Stage) -> Vec<GateId> {
    let judged = stage.forward_steps().into_iter().filter_map(|s| match &s.kind {
        StepKind::VerifyGate(g) => Some(*g),
        _ => None,
    });
    stage.require.iter().map(|(g, _)| *g).chain(judged).collect()
}
