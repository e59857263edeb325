//! Holds around a stage: entered before it begins, whether or not it applies, and left after it.
//!
//! Must not know what a hold does, nor a stage's steps. Called by `stage`.

use super::Lower;
use super::build::Label;
use super::call::Hand;
use super::handler::{Case, Faults, Kind, Site};
use super::vars::Scope;
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::Assign;
use crate::model::{
    Atom, Cond, DecisionId, Failure, FailureOutcome, GateId, GateOutcome, HoldId, OptionOutcome, StageId,
};
use crate::plan::Node;

impl<'a> Lower<'a> {
    /// Whether the run can go on although a stage was refused before it began.
    pub(super) fn goes_on_unbegun(&self, id: StageId) -> bool {
        let stage = self.release.stage(id);
        let chosen = |d: &DecisionId| {
            let options = &self.release.decision(*d).options;
            let goes_on =
                |o: &OptionOutcome| matches!(o, OptionOutcome::Then(FailureOutcome::Continue { .. }));
            options.iter().any(|o| goes_on(&o.then))
        };
        let by_stage = match stage.on_failure.as_ref().map(|f| &f.then) {
            Some(Failure::Then(outcome)) => matches!(outcome, FailureOutcome::Continue { .. }),
            Some(Failure::Decision(d)) => chosen(d),
            None => false,
        };
        let by_gate = |(g, _): &(GateId, _)| {
            let otherwise = &self.release.gate(*g).otherwise;
            matches!(otherwise, Some((GateOutcome::Decision(d), _)) if chosen(d))
        };
        by_stage || stage.require.iter().any(by_gate)
    }

    /// Enters every hold that begins with this stage, whether or not the stage itself applies; `begins` says whether it does begin
    /// where it applies.
    pub(super) fn enter_holds(
        &mut self,
        id: StageId,
        case: &Case<'a>,
        faults: &mut Faults,
        begins: Option<Expr>,
        at: &Label,
    ) -> Label {
        let mut here = at.clone();
        for (i, hold) in self.release.holds.iter().enumerate() {
            if hold.from != id {
                continue;
            }
            let hold_id = HoldId::at(i);
            let then = self.b.label();
            let needed = Expr::any(self.plan.hold_stages(hold_id).iter().map(|s| {
                let applies = self.early(&self.release.stage(*s).when, id, case.hand.scope);
                match &begins {
                    Some(begins) if *s == id => Expr::all([applies, begins.clone()]),
                    _ => applies,
                }
            }));
            let (go, body) = (self.b.label(), self.b.label());
            self.b.branch(
                &here,
                &[&case.name, ": needs ", &hold.name, "?"].concat(),
                needed,
                &go,
                &then,
            );
            let site = Site {
                key: ["hold_", &hold.name].concat(),
                retry: body.clone(),
                proceed: then.clone(),
            };
            let key = site.key.clone();
            let stage = self.release.stage(id);
            let kind = match stage.when_hold_fails() {
                None => Kind::Outcome(FailureOutcome::Rollback),
                Some(_) => Kind::OnFailure,
            };
            let fail = faults.goal(&mut self.b, kind, site);
            let known = self.b.label();
            self.enter_hold(hold_id, case.hand, (&go, &body), &then, &known);
            // Whatever step of it failed, going on starts from the hold.
            let fault = self.vars.local("fault", case.hand.scope);
            let named = Expr::object([("step", Expr::Str(key))]);
            let kept = Expr::Call("merge", vec![Expr::List(vec![Expr::var(&fault), named])]);
            let mut set: Assign = [(fault, Data::Expr(kept))].into();
            if self.enters_again() {
                let fact = self.vars.write(&self.names.hold(hold_id), case.hand.scope);
                set.insert(fact, Data::str(super::hold::HALF));
            }
            let name = [&case.name, ": ", &hold.name, " not entered"].concat();
            self.b.set(&known, &name, set, &fail);
            here = then;
        }
        here
    }

    pub(super) fn leave_holds(&mut self, id: StageId, hand: Hand, at: &Label, next: &Label) {
        let mut here = at.clone();
        for (i, hold) in self.release.holds.iter().enumerate().rev() {
            if hold.to == id {
                let then = self.b.label();
                self.leave_hold(HoldId::at(i), hand, &hold.name, &here, &then);
                here = then;
            }
        }
        self.b.same(&here, next);
    }

    /// A condition, as far as it is decided before a stage; else it may hold.
    pub(super) fn early(&self, cond: &Cond, before: StageId, scope: Scope) -> Expr {
        let decided = |a: &Atom| match a {
            Atom::Param { .. } => true,
            Atom::Decision { decision, .. } => {
                let asked = !self.release.asked_on_failure_only(*decision);
                asked && self.plan.precedes(Node::Decision(*decision), Node::Stage(before))
            }
            _ => false,
        };
        if cond.atoms().into_iter().all(decided) {
            self.cond(cond, scope)
        } else {
            Expr::Bool(true)
        }
    }
}
