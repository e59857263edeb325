//! The constraints that are about people at work, and about what follows where something does not come out well.
//!
//! A part of `rows`.

use super::{Rows, outcome};
use crate::emit::diagram::words::text;
use crate::emit::enforce::rules;
use crate::emit::environments::{asked, by_hand};
use crate::emit::people::Askable;
use crate::model::{
    ApprovalId, ApprovalOutcome, FailureOutcome, GateId, GateOutcome, StageId, Step, StepKind,
};
use crate::plan::StageUndo;

impl Rows<'_> {
    /// What people do or look after themselves for a stage: on its way, after a failure, on the way back.
    pub(super) fn hands(&mut self, id: StageId) {
        let s = self.r.stage(id);
        for step in s.forward_steps() {
            self.hand("", "", step, &[id]);
        }
        for step in s.on_failure.iter().flat_map(|f| &f.steps) {
            self.hand("", "on_failure ", step, &[id]);
        }
        match self.plan.undo(id) {
            StageUndo::Written(w) => {
                for step in &w.steps {
                    self.hand("", "rollback ", step, &[id]);
                }
            }
            StageUndo::Derived(undos) => {
                for undo in undos {
                    if let Some(Askable::Manual(manual)) = by_hand(undo.act) {
                        let says = ["undo manual \"", &text(self.r, &manual.what), "\""].concat();
                        // An undo without a place of its own stands where it is called for.
                        let spans = vec![undo.act.origin.span, undo.undoes.origin.span];
                        self.add((rules::BY_HAND, "", says, spans), &[id]);
                    }
                }
            }
            StageUndo::Nothing | StageUndo::Irreversible(..) | StageUndo::Harmless(..) => {}
        }
    }

    /// The same around the stages.
    pub(super) fn hands_around(&mut self) {
        let r = self.r;
        for hold in &r.holds {
            for step in &hold.enter {
                self.hand(&hold.name, "enter ", step, &[]);
            }
            for step in &hold.exit {
                self.hand(&hold.name, "exit ", step, &[]);
            }
        }
        for step in &r.finally {
            self.hand("", "finally ", step, &[]);
        }
    }

    fn hand(&mut self, subject: &str, before: &str, step: &Step, stages: &[StageId]) {
        let what = match (asked(step), &step.kind) {
            (Some(Askable::Manual(manual)), _) => ["manual \"", &text(self.r, &manual.what), "\""].concat(),
            (Some(Askable::Question(_)), StepKind::WaitFor(w)) => {
                ["wait_for \"", &text(self.r, &w.what), "\""].concat()
            }
            _ => return,
        };
        let says = [before, &what].concat();
        self.add((rules::BY_HAND, subject, says, vec![step.origin.span]), stages);
    }

    /// What follows where a gate does not pass in a stage.
    pub(super) fn otherwise(&mut self, id: StageId, gate: GateId) {
        let gate = self.r.gate(gate);
        let Some((then, origin)) = &gate.otherwise else {
            return;
        };
        let mut spans = vec![origin.span];
        let says = match then {
            GateOutcome::Then(o) => {
                // Where a stage is started again is told at that stage.
                if matches!(o, FailureOutcome::Restart(..)) {
                    spans.push(self.r.stage(id).origin.span);
                }
                ["otherwise ", &outcome(self.r, o)].concat()
            }
            GateOutcome::Decision(d) => ["otherwise decide ", &self.r.decision(*d).name].concat(),
        };
        self.add((rules::FAILURE, &gate.name, says, spans), &[id]);
    }

    /// What follows where an approval is not granted, as far as the plan says so.
    pub(super) fn refused(&mut self, id: ApprovalId, guarded: &[StageId]) {
        let approval = self.r.approval(id);
        let Some(origin) = &approval.otherwise_origin else {
            return;
        };
        let then = match &approval.otherwise {
            ApprovalOutcome::Rollback => FailureOutcome::Rollback,
            ApprovalOutcome::Stop => FailureOutcome::Stop,
            ApprovalOutcome::Restart(s, most) => FailureOutcome::Restart(*s, *most),
        };
        let says = ["otherwise ", &outcome(self.r, &then)].concat();
        self.add((rules::FAILURE, &approval.name, says, vec![origin.span]), guarded);
    }
}
