//! Kept values where they may not be known: what leaves a hold or takes something back, and what the run went past.
//!
//! Must not know what a value is used in. Used by `value`.

use super::Lower;
use super::act::{Work, restated};
use super::build::Label;
use super::vars::{Scope, TOP};
use crate::emit::stepfunctions::expr::Expr;
use crate::model::{Act, CaptureId, CaptureSource, PriorId, StageId, Step, Used};
use crate::plan::{StageUndo, UndoStep};

/// What values are read for: where they must be known, and what they may have been before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// To leave a hold.
    Leaving,
    /// To undo.
    Undoing,
    /// Anything else.
    Rest,
}

impl Lower<'_> {
    /// A captured value, as far as it is surely known where it is read.
    pub fn captured(&self, id: CaptureId, scope: Scope) -> Expr {
        let name = self.names.capture(id);
        let shown = &self.release.capture(id).name;
        let value = self.vars.read(&name, scope);
        match self.reads {
            Reads::Leaving => surely(value, shown),
            Reads::Undoing if self.is_kept(id) => {
                let none = Expr::eq(value.clone(), Expr::Null);
                let before = self.vars.read(&self.names.kept(id), TOP);
                surely(Expr::cond(none, before, value), shown)
            }
            _ => value,
        }
    }

    /// Whether an undo can need a value that a restart has forgotten.
    pub fn is_kept(&self, id: CaptureId) -> bool {
        self.restarts() && matches!(self.release.capture(id).source, CaptureSource::Stage(_)) && {
            let mut undos = (0..self.release.stages.len()).map(|s| self.plan.undo(StageId::at(s)));
            let uses = |act: &Act| Used::of_act(act).captures.contains(&id);
            undos.any(|undo| match undo {
                StageUndo::Derived(list) => list.iter().flat_map(UndoStep::acts).any(uses),
                StageUndo::Written(w) => w.steps.iter().filter_map(Step::act).any(uses),
                _ => false,
            })
        }
    }

    /// Nothing is done without a value that the run may have gone past; where it goes on with all of them.
    pub fn needs_what_was_recorded(&mut self, work: &Work<'_>, at: Label, fail: &Label) -> Label {
        let mut here = at;
        for id in self.release.may_lack_of(work.act) {
            let (then, missing) = (self.b.label(), self.b.label());
            let shown = &self.release.capture(id).name;
            let value = self.vars.read(&self.names.capture(id), work.hand.scope);
            let none = Expr::eq(value, Expr::Null);
            let title = [&work.name, ": ", shown, " was never recorded?"].concat();
            self.b.branch(&here, &title, none, &missing, &then);
            let why = [
                shown,
                " was never recorded, because the run went past what records it",
            ]
            .concat();
            let fault = restated(&work.fault, Expr::str("NotRecorded"), Expr::Str(why));
            let title = [&work.name, ": nothing is done without ", shown].concat();
            self.b.set(&missing, &title, fault, fail);
            here = then;
        }
        here
    }

    /// A recorded prior state.
    pub fn prior_state(&self, id: PriorId, scope: Scope) -> Expr {
        let value = self.vars.read(&self.names.prior(id), scope);
        match self.reads {
            Reads::Leaving => surely(value, &self.release.prior(id).name),
            _ => value,
        }
    }
}

/// A value without which nothing is given back: a call with `null` in it could do anything, or break the whole run off.
///
/// `$error` is `States.QueryEvaluationError`, which a `Catch` of `States.ALL` sees; arguments that a service does not take are
/// `States.Runtime`, which none does (Step Functions, "Handling errors in Step Functions workflows").
fn surely(value: Expr, shown: &str) -> Expr {
    let why = Expr::Str([shown, " was never recorded: nobody knows what to give back"].concat());
    let missing = Expr::eq(value.clone(), Expr::Null);
    Expr::cond(missing, Expr::Call("error", vec![why]), value)
}
