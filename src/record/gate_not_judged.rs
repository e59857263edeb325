//! `record/gate_not_judged`: a stage passed, and a gate it verifies was never judged.

use super::Run;
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Cond, GateId, StepKind};
use crate::plan::Plan;
use crate::source::Span;

/// The diagnostic.
pub const CODE: Code = Code("record/gate_not_judged");

/// Looks for the verdict of every gate of every stage that passed.
pub(super) fn check(plan: &Plan, run: &Run, bag: &mut Bag) {
    let r = plan.release();
    for (id, _) in run.stages.iter().filter(|(_, s)| s.passed) {
        let stage = r.stage(*id);
        let mut gates: Vec<(GateId, Span)> = stage.require.iter().map(|(g, o)| (*g, o.span)).collect();
        for step in stage.forward_steps() {
            if let (StepKind::VerifyGate(gate), Cond::True) = (&step.kind, &step.when) {
                gates.push((*gate, step.origin.span));
            }
        }
        let mut told: Vec<GateId> = Vec::new();
        for (gate, place) in gates {
            // A declared way around may stand in for it.
            let mut skipped = r.overrides.iter().flat_map(|o| &o.gates);
            if run.gates.contains_key(&gate) || told.contains(&gate) || skipped.any(|(g, _)| *g == gate) {
                continue;
            }
            told.push(gate);
            let name = &r.gate(gate).name;
            bag.push(
                Diagnostic::error(
                    CODE,
                    place,
                    format!("`{}` passed, and the gate `{name}` was not judged", stage.name),
                )
                .here("no verdict is on record")
                .fact(r.gate(gate).origin.span, "the gate")
                .help("judge it now; if it fails, do what the plan says then"),
            );
        }
    }
}
