//! `record/gate_not_judged`: a stage passed, and a gate it verifies was not judged as often as the plan says.

use super::{Run, StageRun, Verdict};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Cond, GateId, Stage, StageId, StepKind};
use crate::plan::Plan;
use crate::source::Span;
use std::collections::BTreeMap;

/// The diagnostic.
pub const CODE: Code = Code("record/gate_not_judged");

/// Looks for the verdicts of every gate of every stage that passed.
pub(super) fn check(plan: &Plan, run: &Run, bag: &mut Bag) {
    let r = plan.release();
    for (id, done) in run.stages.iter().filter(|(_, s)| s.passed) {
        let stage = r.stage(*id);
        for (gate, (wanted, place)) in wanted(stage) {
            // A declared way around may stand in for it.
            let mut skipped = r.overrides.iter().flat_map(|o| &o.gates);
            if skipped.any(|(g, _)| *g == gate) || r.gate(gate).when != Cond::True {
                continue;
            }
            let met = if wanted == 0 {
                // Before the stage: whoever judged it, it was judged.
                usize::from(run.gates.contains_key(&gate))
            } else {
                let here = |v: &&Verdict| v.gate == gate && within(v, *id, done);
                run.verdicts.iter().filter(here).count()
            };
            // What went on with an earlier run may have been judged there.
            let least = if run.goes_on { 1 } else { wanted.max(1) };
            if met >= least {
                continue;
            }
            let name = &r.gate(gate).name;
            let message = match met {
                0 => format!("`{}` passed, and the gate `{name}` was not judged", stage.name),
                n => format!(
                    "`{}` passed, and the gate `{name}` was judged {n} of {wanted} times",
                    stage.name
                ),
            };
            bag.push(
                Diagnostic::error(CODE, place, message)
                    .here("no verdict is on record")
                    .fact(r.gate(gate).origin.span, "the gate")
                    .help("judge it now; if it fails, do what the plan says then"),
            );
        }
    }
}

/// How often a stage surely judges each gate while it is at work, and where that is said; 0 for a gate that is judged before it starts only.
fn wanted(stage: &Stage) -> BTreeMap<GateId, (usize, Span)> {
    let mut list: BTreeMap<GateId, (usize, Span)> = BTreeMap::new();
    for (gate, origin) in &stage.require {
        list.entry(*gate).or_insert((0, origin.span));
    }
    let rungs = stage.rollout.iter().flat_map(|r| &r.steps);
    let rungs = rungs.filter(|rung| rung.when == Cond::True);
    let own = stage.steps.iter().filter(|_| stage.rollout.is_none());
    for step in rungs
        .flat_map(|rung| rung.work.iter().chain(&rung.checks))
        .chain(own)
    {
        if let (StepKind::VerifyGate(gate), Cond::True) = (&step.kind, &step.when) {
            list.entry(*gate).or_insert((0, step.origin.span)).0 += 1;
        }
    }
    list
}

/// Whether a gate was judged by a stage, as far as the history tells.
fn within(verdict: &Verdict, stage: StageId, done: &StageRun) -> bool {
    if let Some(by) = verdict.stage {
        return by == stage;
    }
    match (verdict.at, done.began, done.ended) {
        (Some(at), began, Some(ended)) => began.is_none_or(|b| b <= at) && at <= ended,
        _ => true,
    }
}
