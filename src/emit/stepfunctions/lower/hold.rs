//! Holds: entered before the first stage inside, left on every way out.
//!
//! Must not know stages' insides. Called by `stage`, `undo` and `finish`.

use super::Lower;
use super::ask::{Ask, DEFAULT_SECONDS};
use super::build::Label;
use super::call::Hand;
use super::step::Place;
use super::vars::{Scope, TOP};
use super::watch::Watch;
use crate::emit::parts::{At, Deed, Purpose};
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::Assign;
use crate::emit::stepfunctions::naming::Duty;
use crate::model::{HoldId, RoleOrPerson};

/// Where a hold is that could not be entered.
pub const HALF: &str = "half";

impl Lower<'_> {
    /// Enters a hold unless it is entered. It counts as entered from its first step on; `go` is where it is entered whatever
    /// was before.
    pub fn enter_hold(
        &mut self,
        id: HoldId,
        hand: Hand,
        (at, go): (&Label, &Label),
        next: &Label,
        fail: &Label,
    ) {
        let hold = self.release.hold(id);
        let scope = hand.scope;
        let body = self.b.label();
        let inside = Expr::eq(self.vars.read(&self.names.hold(id), scope), Expr::str("in"));
        self.b
            .branch(at, &[&hold.name, ": entered already?"].concat(), inside, next, go);
        let set: Assign = [(self.vars.write(&self.names.hold(id), scope), Data::str("in"))].into();
        self.b.set(go, &[&hold.name, ": enter"].concat(), set, &body);
        let place = self.hold_place(id, hand, "enter");
        self.strictly(&hold.enter, &place, &body, next, fail);
    }

    /// Whether it was entered, or begun to be: what that did is taken back on every way out.
    fn begun_to_enter(&self, id: HoldId, scope: Scope) -> Expr {
        let fact = self.vars.read(&self.names.hold(id), scope);
        match self.enters_again() {
            true => super::value::one_of(fact, &["in", HALF]),
            false => Expr::eq(fact, Expr::str("in")),
        }
    }

    /// Whether a run can come to a hold again that could not be entered.
    pub fn enters_again(&self) -> bool {
        !self.restart_points().is_empty()
    }

    /// Leaves a hold that was entered; an exit that fails after its retries needs help and takes nothing back.
    pub fn leave_hold(&mut self, id: HoldId, hand: Hand, name: &str, at: &Label, next: &Label) {
        let hold = self.release.hold(id);
        let scope = hand.scope;
        let (body, left, stuck) = (self.b.label(), self.b.label(), self.b.label());
        let fact = self.names.hold(id);
        let mut inside = vec![self.begun_to_enter(id, scope)];
        // Where not even the state to return to could be recorded, nothing was entered.
        let first = hold.enter.first().and_then(crate::model::Step::act);
        for prior in first.into_iter().flat_map(|a| &a.priors) {
            let kept = self.vars.read(&self.names.prior(*prior), scope);
            inside.push(Expr::eq(kept, Expr::Null).negated());
        }
        self.b
            .branch(at, &[name, ": leave?"].concat(), Expr::all(inside), &body, next);
        let place = self.hold_place(id, hand, "exit");
        self.strictly(&hold.exit, &place, &body, &left, &stuck);
        let gone = [(self.vars.write(&fact, scope), Data::str("left"))];
        self.b
            .set(&left, &[name, ": left"].concat(), gone.clone().into(), next);
        let mut help: Assign = gone.into();
        help.insert(self.vars.write("help", scope), Data::Bool(true));
        self.b
            .set(&stuck, &[name, ": could not be left"].concat(), help, next);
    }

    /// Leaves what is still entered, last entered first. After an undo inside has failed, the owner's word comes first.
    pub fn leave_all(&mut self, at: &Label, next: &Label) {
        let mut here = at.clone();
        for i in (0..self.release.holds.len()).rev() {
            let id = HoldId::at(i);
            let hold = self.release.hold(id);
            let (go, ask, then) = (self.b.label(), self.b.label(), self.b.label());
            let inside = self.begun_to_enter(id, TOP);
            let stuck = Expr::any(
                self.plan
                    .hold_stages(id)
                    .iter()
                    .map(|s| Expr::eq(self.vars.read(&self.names.stage(*s), TOP), Expr::str("stuck"))),
            );
            let test = Expr::all([inside, stuck]);
            self.b.branch(
                &here,
                &[&hold.name, ": an undo inside failed?"].concat(),
                test,
                &ask,
                &go,
            );
            self.owner_word(id, &ask, &go, &then);
            let hand = self.hold_hand(id, TOP);
            self.leave_hold(id, hand, &hold.name, &go, &then);
            here = then;
        }
        self.b.same(&here, next);
    }

    fn owner_word(&mut self, id: HoldId, at: &Label, yes: &Label, next: &Label) {
        let hold = self.release.hold(id);
        let owner = hold.owner.unwrap_or(self.release.owner);
        let approvers = self.principals(&[RoleOrPerson::Role(owner)]);
        let message = self.question_text(
            &hold.name,
            &[("An undo inside has failed. Leave the hold? ", Some(&hold.title))],
            &[],
            TOP,
        );
        let no = self.b.label();
        let help: Assign = [("help".to_string(), Data::Bool(true))].into();
        self.b
            .set(&no, &[&hold.name, ": stays entered"].concat(), help, next);
        let ask = Ask {
            name: [&hold.name, ": owner's word"].concat(),
            key: ["hold_", &hold.name].concat(),
            part: Purpose::new(At::Exit(id), &hold.name, Deed::Word(id)),
            message,
            approvers,
            quorum: 1,
            seconds: DEFAULT_SECONDS,
            scope: TOP,
            options: vec![("yes".into(), yes.clone())],
            no: no.clone(),
            late: no,
            unasked: None,
            record: None,
            answers: Vec::new(),
        };
        let watch = Watch::nothing(&hold.name, At::Exit(id), self.hold_hand(id, TOP));
        self.ask(&ask, &watch, at);
    }

    /// Whose rights a hold has.
    pub fn hold_hand(&self, id: HoldId, scope: Scope) -> Hand {
        Hand {
            duty: Duty::Around,
            environment: self.release.stage(self.release.hold(id).from).environment,
            scope,
        }
    }

    fn hold_place(&self, id: HoldId, hand: Hand, side: &str) -> Place {
        let hold = self.release.hold(id);
        let owner = hold.owner.unwrap_or(self.release.owner);
        let hand = self.hold_hand(id, hand.scope);
        let slug = ["hold_", &hold.name, "_", side].concat();
        let at = if side == "exit" {
            At::Exit(id)
        } else {
            At::Enter(id)
        };
        let mut place = Place::plain(&[&hold.name, " ", side].concat(), &slug, at, hand, owner);
        place.persistent = side == "exit";
        place
    }
}
