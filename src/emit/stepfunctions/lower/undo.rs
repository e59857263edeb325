//! Undo: what began is taken back, last first.
//!
//! It enters at the stage that failed, because a failed step may be half applied. Must not know why the run failed, only
//! what was said of how far to go back. Called by `finish`.

use super::Lower;
use super::act::Work;
use super::build::Label;
use super::call::Hand;
use super::handler::then_key;
use super::step::{Fails, Item, Place};
use super::value::one_of;
use super::vars::TOP;
use super::watch::Watch;
use crate::emit::parts::{At, Deed, Purpose};
use crate::emit::stepfunctions::expr::{Data, Expr, Part};
use crate::emit::stepfunctions::model::Assign;
use crate::emit::stepfunctions::naming::Duty;
use crate::model::{Act, Cond, FailureOutcome, HoldId, MomentKind, RoleId, StageId, Strength};
use crate::plan::{Node, StageUndo, UndoStep};
use smol_str::SmolStr;
use std::collections::BTreeSet;

impl Lower<'_> {
    /// Takes back what began, in the reverse of the order.
    pub fn undo_all(&mut self, at: &Label, next: &Label) {
        let mut here = at.clone();
        let mut entered: BTreeSet<usize> = BTreeSet::new();
        let mut order = self.plan.stage_order();
        order.reverse();
        for id in order {
            if !self.has_undo(id) {
                continue;
            }
            for i in 0..self.release.holds.len() {
                let hold = HoldId::at(i);
                if self.plan.hold_stages(hold).contains(&id) && entered.insert(i) {
                    let then = self.b.label();
                    self.enter_again(hold, &here, &then);
                    here = then;
                }
            }
            let then = self.b.label();
            self.undo_stage(id, &here, &then);
            here = then;
        }
        self.b.same(&here, next);
    }

    /// Whether a stage has anything to do, or to stand in the way, when the run is taken back.
    fn has_undo(&self, id: StageId) -> bool {
        !matches!(self.plan.undo(id), StageUndo::Nothing | StageUndo::Harmless(..))
    }

    /// The stages whose undo must have ended first: those that wait for this one, past those with nothing to undo.
    fn undone_first(&self, id: StageId) -> Vec<StageId> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut queue = self.plan.undone_before(id);
        while let Some(s) = queue.pop() {
            if !seen.insert(s) {
                continue;
            }
            if self.has_undo(s) {
                found.insert(s);
            }
            // What does not apply does not stand between what depends on it and what it depends on.
            if !self.has_undo(s) || self.release.stage(s).when != Cond::True {
                queue.extend(self.plan.undone_before(s));
            }
        }
        found.into_iter().collect()
    }

    /// Whether a stage is among what is taken back.
    fn in_scope(&self, id: StageId) -> Expr {
        let mut list = vec![self.all_back()];
        for point in self.partial_points() {
            let after = self.plan.descendants(Node::Stage(point));
            if point == id || self.plan.contains(&after, Node::Stage(id)) {
                list.push(self.says(&FailureOutcome::RollbackStage(point)));
            }
        }
        Expr::any(list)
    }

    /// Whether all that began is taken back: a failure says so, or restarts are used up and nothing that asks for more failed beside them.
    pub fn all_back(&self) -> Expr {
        let mut list = vec![self.says(&FailureOutcome::Rollback)];
        let restarts = self.restart_points();
        let restarts: Vec<Expr> = restarts
            .iter()
            .map(|(s, n)| self.says(&FailureOutcome::Restart(*s, *n)))
            .collect();
        if !restarts.is_empty() {
            let partial = self
                .partial_points()
                .into_iter()
                .map(FailureOutcome::RollbackStage);
            let others = partial.chain([FailureOutcome::Stop]);
            let more = others.filter(|o| o.strength() > Strength::Restarts);
            let more = Expr::any(more.map(|o| self.says(&o)));
            list.push(Expr::all([Expr::any(restarts), more.negated()]));
        }
        Expr::any(list)
    }

    /// Whether something that failed asks for an outcome.
    fn says(&self, outcome: &FailureOutcome) -> Expr {
        let word = Expr::Str(then_key(self.release, outcome));
        Expr::op(word, "in", self.thens())
    }

    /// What the failures of the run said should follow.
    pub fn thens(&self) -> Expr {
        self.vars
            .read("failures", TOP)
            .parts(vec![Part::Name("then".into())])
    }

    /// Whether a stage began and was not taken back.
    fn still_stands(&self, id: StageId) -> Expr {
        self.is_among(id, &["began", "again", "passed", "failed", "passed_by"])
    }

    /// Whether a stage began and is in one of these states.
    pub fn is_among(&self, id: StageId, states: &[&'static str]) -> Expr {
        let mut all = vec![one_of(self.vars.read(&self.names.stage(id), TOP), states)];
        if self.may_not_begin(id) {
            all.push(self.vars.read(&self.names.begun(id), TOP));
        }
        Expr::all(all)
    }

    /// Whether one of the steps whose undo is their own began; of any other stage nothing more than that the stage did.
    fn something_began(&self, id: StageId) -> Expr {
        let StageUndo::Derived(list) = self.plan.undo(id) else {
            return Expr::Bool(true);
        };
        let did = |u: &UndoStep<'_>| self.vars.read(&self.names.did(id, &u.undoes.slug), TOP);
        Expr::any(list.iter().map(did))
    }

    /// Whether an undo does anything for a stage that stands.
    fn is_to_undo(&self, id: StageId) -> Expr {
        match self.plan.undo(id) {
            StageUndo::Nothing | StageUndo::Harmless(..) | StageUndo::Irreversible(..) => Expr::Bool(false),
            StageUndo::Written(_) | StageUndo::Derived(_) => self.something_began(id),
        }
    }

    fn undo_stage(&mut self, id: StageId, at: &Label, next: &Label) {
        let release = self.release;
        let stage = release.stage(id);
        let fact = self.names.stage(id);
        let name = ["undo ", &stage.name].concat();
        let (body, done, stuck) = (self.b.label(), self.b.label(), self.b.label());
        let began = self.still_stands(id);
        let blocked = Expr::any(
            self.undone_first(id)
                .into_iter()
                .map(|s| Expr::eq(self.vars.read(&self.names.stage(s), TOP), Expr::str("stuck"))),
        );
        let rules = vec![
            (began.negated(), next.clone()),
            (self.in_scope(id).negated(), next.clone()),
            (blocked, stuck.clone()),
        ];
        self.b.choose(at, &[&name, "?"].concat(), rules, &body);
        let set: Assign = [(fact.clone(), Data::str("stuck"))].into();
        self.b
            .set(&stuck, &[&name, ": left as it is"].concat(), set.clone(), next);
        let hand = Hand {
            duty: Duty::Rollback,
            environment: stage.environment,
            scope: TOP,
        };
        let failed = self.b.label();
        let owner = match self.plan.undo(id) {
            StageUndo::Irreversible(..) => {
                // What cannot be undone stands; only half of it needs help, which the end looks at.
                self.b.same(&body, &stuck);
                return;
            }
            StageUndo::Derived(list) => {
                self.derived(id, &list, hand, (&body, &done, &failed));
                stage.owner
            }
            StageUndo::Written(written) => {
                let owner = written.owner.unwrap_or(stage.owner);
                let mut here = body;
                for (approval, _) in &written.approved {
                    let then = self.b.label();
                    self.approve_undo(*approval, (&name, id), hand, &here, &then, &failed);
                    here = then;
                }
                let mut place =
                    Place::plain(&name, &["undo_", &stage.slug].concat(), At::Undo(id), hand, owner);
                place.persistent = true;
                let items: Vec<Item<'_>> = written.steps.iter().map(|s| (s, Assign::new())).collect();
                self.steps(&items, &place, 0, &here, &done, &mut Fails::To(failed.clone()));
                owner
            }
            StageUndo::Nothing | StageUndo::Harmless(..) => {
                self.b.same(&body, next);
                return;
            }
        };
        self.b.set(
            &done,
            &[&name, ": done"].concat(),
            [(fact, Data::str("undone"))].into(),
            next,
        );
        self.undo_failed((id, &name), owner, set, &failed, next);
    }

    /// An undo that failed after its retries: its owner is called, and what it depends on is left alone.
    fn undo_failed(
        &mut self,
        (id, name): (StageId, &str),
        owner: RoleId,
        mut assign: Assign,
        at: &Label,
        next: &Label,
    ) {
        assign.insert(self.vars.write("help", TOP), Data::Bool(true));
        let told = self.b.label();
        self.b.set(at, &[name, ": failed"].concat(), assign, &told);
        let message = Expr::concat(vec![
            self.text_expr(&self.release.title, TOP),
            Expr::Str([": ", name, " has failed; what it leaves behind needs its owner"].concat()),
        ]);
        let title = [name, ": tell ", &self.release.role(owner).name].concat();
        self.telling = Some(Purpose::new(
            At::Undo(id),
            "owner",
            Deed::Tell(MomentKind::NeedsHelp),
        ));
        self.publish(owner, message, &title, &told, next);
    }

    /// The undos of the steps that began, last first.
    fn derived(&mut self, id: StageId, list: &[UndoStep<'_>], hand: Hand, way: (&Label, &Label, &Label)) {
        let (at, next, fail) = way;
        let stage = self.release.stage(id);
        let mut here = at.clone();
        for (i, undo) in list.iter().enumerate() {
            let then = if i + 1 == list.len() {
                next.clone()
            } else {
                self.b.label()
            };
            let body = self.b.label();
            let did = self.names.did(id, &undo.undoes.slug);
            let name = ["undo ", &stage.name, ": ", &self.shown(&undo.act.title)].concat();
            let began = self.vars.read(&did, TOP);
            self.b.branch(&here, &[&name, "?"].concat(), began, &body, &then);
            let mut other = body;
            for earlier in &undo.earlier {
                let Some(rung) = stage.rollout.as_ref().and_then(|r| r.steps.get(earlier.rung)) else {
                    continue;
                };
                let (own, rest) = (self.b.label(), self.b.label());
                let name = [&name, " from ", &rung.name].concat();
                let last = self.vars.read(&self.names.last(id, &undo.undoes.slug), TOP);
                let here = Expr::eq(last, Expr::str(&*earlier.undoes.slug));
                self.b.branch(&other, &[&name, "?"].concat(), here, &own, &rest);
                self.undo_by(
                    (id, undo),
                    (&earlier.slug, earlier.act),
                    name,
                    hand,
                    (&own, &then, fail),
                );
                other = rest;
            }
            self.undo_by(
                (id, undo),
                (&undo.slug, undo.act),
                name,
                hand,
                (&other, &then, fail),
            );
            here = then;
        }
    }

    /// One way in which a step is undone.
    fn undo_by(
        &mut self,
        (id, undo): (StageId, &UndoStep<'_>),
        (slug, act): (&SmolStr, &Act),
        name: String,
        hand: Hand,
        (at, next, fail): (&Label, &Label, &Label),
    ) {
        let stage = self.release.stage(id);
        let work = Work {
            name,
            key: ["undo_", &stage.slug, "_", slug].concat(),
            part: Purpose::new(At::Undo(id), slug, Deed::Act),
            act,
            hand,
            owner: undo.owner,
            timeout: None,
            retry: None,
            idempotent: true,
            captures: &[],
            began: Assign::new(),
            fault: self.fault(&["undo ", &stage.name].concat(), slug, TOP),
            expect: None,
        };
        let watch = Watch::nothing(&stage.name, At::Undo(id), hand);
        self.work(&work, &watch, at, next, fail);
    }

    /// A hold that was left is entered again before anything inside is undone.
    fn enter_again(&mut self, id: HoldId, at: &Label, next: &Label) {
        let hold = self.release.hold(id);
        let left = Expr::eq(self.vars.read(&self.names.hold(id), TOP), Expr::str("left"));
        let stages = self.plan.hold_stages(id);
        let inside = Expr::any(
            stages
                .iter()
                .map(|s| Expr::all([self.still_stands(*s), self.is_to_undo(*s), self.in_scope(*s)])),
        );
        let (go, stuck) = (self.b.label(), self.b.label());
        let test = Expr::all([left, inside]);
        self.b
            .branch(at, &[&hold.name, ": enter again?"].concat(), test, &go, next);
        let mut assign: Assign = [("help".to_string(), Data::Bool(true))].into();
        // What there is nothing to undo of stands as it did.
        for s in stages.iter().filter(|s| self.has_undo(**s)) {
            let status = self.vars.read(&self.names.stage(*s), TOP);
            let began = Expr::all([self.still_stands(*s), self.something_began(*s)]);
            assign.insert(
                self.names.stage(*s),
                Data::Expr(Expr::cond(began, Expr::str("stuck"), status)),
            );
        }
        self.b.set(
            &stuck,
            &[&hold.name, ": could not be entered again"].concat(),
            assign,
            next,
        );
        let hand = self.hold_hand(id, TOP);
        let body = self.b.label();
        self.enter_hold(id, hand, (&go, &body), next, &stuck);
    }

    /// The stages that a failure can take back alone, with what depends on them.
    pub fn partial_points(&self) -> BTreeSet<StageId> {
        let find = || {
            let mut points = BTreeSet::new();
            self.each_outcome(&mut |o| {
                if let FailureOutcome::RollbackStage(s) = o {
                    points.insert(*s);
                }
            });
            points
        };
        self.points.partial.get_or_init(find).clone()
    }
}
