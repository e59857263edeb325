//! Faults: what follows when a step, a gate, a trigger or a person says no.
//!
//! Each stage (and approval, and decision) gathers where its faults lead; each way is written once. Must not know what the
//! undo does. Used by `step`, `stage`, `approval` and `consent`.

use super::Lower;
use super::build::{Builder, Label};
use super::call::Hand;
use super::step::Place;

use super::vars::TOP;
use super::watch::{RESTART, STOP};
use crate::emit::parts::{At, Purpose};
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::Assign;
use crate::model::{
    Cond, DecisionId, Failure, FailureOutcome, MomentKind, OnFailure, Release, RoleId, RolloutStep, StageId,
    Step, Strength, TriggerId,
};
use crate::plan::{Node, Pace, StageUndo};
use std::collections::BTreeSet;

/// How often a run may pause before it is taken back; a branch counts for itself.
pub const MOST_PAUSES: i64 = 3;

/// What follows a fault.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// What the stage says, else rollback.
    OnFailure,
    /// This.
    Outcome(FailureOutcome),
    /// A decision is asked.
    Decision(DecisionId),
    /// A trigger has fired.
    Trigger(TriggerId),
    /// The rollout steps back from its step.
    Demote(usize),
}

/// Where a fault was met, for whoever wants to go on.
#[derive(Debug, Clone)]
pub struct Site {
    /// The step.
    pub key: String,
    /// To do it again.
    pub retry: Label,
    /// To go on without it.
    pub proceed: Label,
}

impl Kind {
    /// How many ways lead on from here at most: a way is written once all that lead to it are.
    fn depth(&self) -> u8 {
        match self {
            Kind::OnFailure | Kind::Trigger(_) | Kind::Demote(_) => 4,
            Kind::Decision(_) => 3,
            Kind::Outcome(FailureOutcome::Escalate(_)) => 2,
            Kind::Outcome(FailureOutcome::Pause) => 1,
            Kind::Outcome(_) => 0,
        }
    }
}

/// The ways faults of one case take.
#[derive(Debug, Default)]
pub struct Faults {
    list: Vec<(Kind, Label, Vec<Site>)>,
    written: BTreeSet<usize>,
}

impl Faults {
    /// The way to be written next: whoever goes on after a pause goes back to where a fault was met, so that a way must know
    /// every place from which it is come to.
    fn next(&mut self) -> Option<usize> {
        let open = (0..self.list.len()).filter(|i| !self.written.contains(i));
        let next = open.min_by_key(|i| (std::cmp::Reverse(self.list[*i].0.depth()), *i))?;
        self.written.insert(next);
        Some(next)
    }

    /// Where the faults of a way were met.
    pub fn sites(&self, index: usize) -> Vec<Site> {
        self.list[index].2.clone()
    }

    /// Where a fault leads.
    pub fn goal(&mut self, b: &mut Builder, kind: Kind, site: Site) -> Label {
        if let Some((_, label, sites)) = self.list.iter_mut().find(|(k, ..)| *k == kind) {
            if !sites.iter().any(|s| s.key == site.key) {
                sites.push(site);
            }
            return label.clone();
        }
        let label = b.label();
        self.list.push((kind, label.clone(), vec![site]));
        label
    }
}

/// What can fail: a stage, an approval or a decision.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// What people call it.
    pub name: String,
    /// Unique, `[a-z0-9_]+`.
    pub slug: String,
    /// The stage, when it is one.
    pub stage: Option<StageId>,
    /// Whose rights, where, and where its variables live.
    pub hand: Hand,
    /// Who is asked when it pauses.
    pub owner: RoleId,
    /// What it says about failures.
    pub on_failure: Option<&'a OnFailure>,
    /// Where a failure that counts as an end leads.
    pub settled: Label,
    /// Where the run goes when it is given up.
    pub failed: Label,
}

impl Case<'_> {
    /// Where in the plan.
    pub fn at(&self) -> At {
        self.stage.map_or(At::Run, At::Stage)
    }
}

/// How an outcome is named among the failures of a run.
pub fn then_key(release: &Release, outcome: &FailureOutcome) -> String {
    match outcome {
        FailureOutcome::RollbackStage(s) => ["rollback:", &release.stage(*s).slug].concat(),
        FailureOutcome::Stop => "stop".into(),
        FailureOutcome::Restart(s, n) => ["restart:", &release.stage(*s).slug, ":", &n.to_string()].concat(),
        _ => "rollback".into(),
    }
}

impl Lower<'_> {
    /// Writes every way the faults of a case take, those that the ways themselves add included.
    pub fn settle(&mut self, case: &Case<'_>, faults: &mut Faults) {
        while let Some(index) = faults.next() {
            let (kind, label, _) = &faults.list[index];
            let (kind, label) = (kind.clone(), label.clone());
            match kind {
                Kind::OnFailure => self.on_failure(case, faults, index, &label),
                Kind::Outcome(outcome) => self.outcome_of(case, faults, index, &outcome, &label),
                Kind::Decision(d) => self.decide(case, faults, index, d, &label),
                Kind::Trigger(t) => self.fired(case, faults, index, t, &label),
                Kind::Demote(i) => self.demoted(case, faults, index, i, &label),
            }
        }
    }

    /// Another way for the same faults.
    pub(super) fn lead(&mut self, faults: &mut Faults, index: usize, kind: Kind) -> Label {
        let sites = faults.list[index].2.clone();
        let mut goal = None;
        for site in sites {
            goal = Some(faults.goal(&mut self.b, kind.clone(), site));
        }
        goal.unwrap_or_else(|| self.b.label())
    }

    fn on_failure(&mut self, case: &Case<'_>, faults: &mut Faults, index: usize, at: &Label) {
        let kind = match case.on_failure.map(|o| &o.then) {
            None => Kind::Outcome(FailureOutcome::Rollback),
            Some(Failure::Then(outcome)) => Kind::Outcome(outcome.clone()),
            Some(Failure::Decision(d)) => Kind::Decision(*d),
        };
        let strength = match &kind {
            Kind::Outcome(outcome) => Some(outcome.strength()),
            _ => None,
        };
        let goal = self.lead(faults, index, kind);
        match case.on_failure {
            Some(of) if !of.steps.is_empty() => {
                let quiet = self.hush(case, strength, &of.steps, at);
                let place = Place::aside(
                    &[&case.name, ": on failure"].concat(),
                    &[&case.slug, "_of"].concat(),
                    case,
                );
                self.beside(&of.steps, &place, &quiet, &goal);
            }
            _ => self.b.same(at, &goal),
        }
    }

    /// What a failure asks for first: whoever goes on after it goes on from where that failure was met, whether or not this works.
    fn beside(&mut self, steps: &[Step], place: &Place, at: &Label, next: &Label) {
        self.aside = true;
        self.best_effort(steps, place, at, next);
        self.aside = false;
    }

    /// Nothing new starts while what a failure asks for first is done, however long that takes; where it goes on from there.
    fn hush(&mut self, case: &Case<'_>, then: Option<Strength>, first: &[Step], at: &Label) -> Label {
        let flag = match then {
            Some(s) if s > Strength::Restarts => STOP.to_string(),
            Some(Strength::Asks) => self.hold_of(case.hand.scope),
            _ => return at.clone(),
        };
        if first.is_empty() {
            return at.clone();
        }
        let time = first
            .iter()
            .map(|s| self.plan.step_time(s, Pace::Longest).as_seconds());
        self.costs.first = self.costs.first.max(time.sum());
        let quiet = self.b.label();
        let name = [&case.name, ": nothing new starts meanwhile"].concat();
        self.raise(&flag, true, case.hand.scope, &name, at, &quiet);
        quiet
    }

    fn outcome_of(
        &mut self,
        case: &Case<'_>,
        faults: &mut Faults,
        index: usize,
        outcome: &FailureOutcome,
        at: &Label,
    ) {
        match outcome {
            FailureOutcome::Rollback
            | FailureOutcome::RollbackStage(_)
            | FailureOutcome::Stop
            | FailureOutcome::Restart(..) => self.give_up(case, outcome, at),
            FailureOutcome::Continue { .. } => {
                let told = self.b.label();
                let mut status = self.fallen(case, "refused");
                if let Some(id) = case.stage.filter(|s| self.may_go_on_half_done(*s)) {
                    let fact = self.vars.write(&self.names.went_on(id), case.hand.scope);
                    status.insert(fact, Data::Bool(true));
                }
                self.b
                    .set(at, &[&case.name, ": failed, goes on"].concat(), status, &told);
                self.moment(
                    MomentKind::Failed,
                    case.stage,
                    case.hand.scope,
                    &told,
                    &case.settled,
                );
            }
            FailureOutcome::Pause => self.pause(case, faults, index, at),
            FailureOutcome::Escalate(channel) => {
                let goal = self.lead(faults, index, Kind::Outcome(FailureOutcome::Pause));
                let text = [&case.name, " failed; somebody is needed"].concat();
                let message = Expr::concat(vec![
                    self.text_expr(&self.release.title, case.hand.scope),
                    Expr::Str([": ", &text].concat()),
                ]);
                let part = |s| Purpose::call_of_failure(s, self.release.channel(*channel));
                self.telling = case.stage.map(part);
                self.send(
                    *channel,
                    message,
                    &[&case.name, ": call for help"].concat(),
                    at,
                    &goal,
                );
            }
        }
    }

    /// The failure is kept, siblings are told, and the run goes where failures go.
    fn give_up(&mut self, case: &Case<'_>, outcome: &FailureOutcome, at: &Label) {
        let scope = case.hand.scope;
        let (told, raised) = (self.b.label(), self.b.label());
        let key = then_key(self.release, outcome);
        let fault = Expr::var(self.vars.local("fault", scope));
        let kept = Expr::Call(
            "merge",
            vec![Expr::List(vec![fault, Expr::object([("then", Expr::str(key))])])],
        );
        let failures = self.vars.read("failures", scope);
        let mut assign = self.fallen(case, "pending");
        assign.insert(
            self.vars.write("failures", scope),
            Data::Expr(Expr::List(vec![failures, kept])),
        );
        self.b
            .set(at, &[&case.name, ": given up"].concat(), assign, &told);
        if case.stage.is_some() {
            self.moment(MomentKind::Failed, case.stage, scope, &told, &raised);
        } else {
            self.b.same(&told, &raised);
        }
        let name = [&case.name, ": nothing new starts"].concat();
        if let FailureOutcome::Restart(stage, times) = outcome
            && scope != TOP
        {
            // A sibling that has begun comes to its end first: started over, it would do again what it has done.
            let counter = self.restarted(*stage);
            let left = Expr::op(self.vars.read(&counter, scope), "<", Expr::int(i64::from(*times)));
            let (go, none) = (self.b.label(), self.b.label());
            let title = [&case.name, ": may start over?"].concat();
            self.b.branch(&raised, &title, left, &go, &none);
            let title = [&case.name, ": nothing begins before it starts over"].concat();
            self.raise(RESTART, true, scope, &title, &go, &case.failed);
            self.raise(STOP, true, scope, &name, &none, &case.failed);
        } else {
            self.raise(STOP, true, scope, &name, &raised, &case.failed);
        }
    }

    /// A stage that began has failed; one that did not is what `unbegun` says.
    pub(super) fn fallen(&self, case: &Case<'_>, unbegun: &str) -> Assign {
        let Some(stage) = case.stage else {
            return Assign::new();
        };
        let fact = self.names.stage(stage);
        let was = self.vars.read(&fact, case.hand.scope);
        let began = super::value::one_of(was.clone(), &["began", "again"]);
        let other = if unbegun == "pending" {
            was
        } else {
            // What a trigger met at its end has passed.
            let passed = Expr::eq(was, Expr::str("passed"));
            Expr::cond(passed, Expr::str("passed"), Expr::str(unbegun))
        };
        let value = Expr::cond(began, Expr::str("failed"), other);
        [(self.vars.write(&fact, case.hand.scope), Data::Expr(value))].into()
    }

    fn fired(&mut self, case: &Case<'_>, faults: &mut Faults, index: usize, id: TriggerId, at: &Label) {
        let trigger = &self.release.triggers[id.index()];
        let goal = match &trigger.then {
            FailureOutcome::Escalate(channel) => {
                let sites = faults.list[index].2.clone();
                let (told, go) = (self.b.label(), self.b.label());
                self.resume(case, &sites, &go, |s| &s.proceed);
                let fact = self.vars.write(&self.names.told(id), case.hand.scope);
                let send = self.b.label();
                self.b.set(
                    &told,
                    &[&case.name, ": ", &trigger.name, " has called"].concat(),
                    [(fact, Data::Bool(true))].into(),
                    &go,
                );
                let message = Expr::concat(vec![
                    self.text_expr(&self.release.title, case.hand.scope),
                    Expr::Str([": trigger ", &trigger.name, " has fired"].concat()),
                ]);
                self.telling = Some(Purpose::call_of_trigger(trigger));
                self.send(
                    *channel,
                    message,
                    &[&case.name, ": ", &trigger.name, " calls"].concat(),
                    &send,
                    &told,
                );
                send
            }
            outcome => self.lead(faults, index, Kind::Outcome(outcome.clone())),
        };
        let place = Place::aside(
            &[&case.name, ": ", &trigger.name].concat(),
            &[&case.slug, "_", &trigger.name].concat(),
            case,
        );
        let quiet = match &trigger.then {
            FailureOutcome::Escalate(_) => at.clone(),
            then => self.hush(case, Some(then.strength()), &trigger.steps, at),
        };
        self.beside(&trigger.steps, &place, &quiet, &goal);
    }

    /// What says that the steps of a stage began last at this step of its rollout, where they are undone otherwise there.
    fn begin_again(&self, id: StageId, before: &RolloutStep) -> Assign {
        let stage = self.release.stage(id);
        let scope = self.vars.scope_of(Node::Stage(id));
        let last = |own: &Step| self.vars.write(&self.names.last(id, &own.slug), scope);
        let StageUndo::Derived(list) = self.plan.undo(id) else {
            return Assign::new();
        };
        let varies = |own: &Step| {
            list.iter()
                .any(|u| u.undoes.slug == own.slug && !u.earlier.is_empty())
        };
        let pairs = stage
            .steps
            .iter()
            .zip(&before.work)
            .filter(|(own, _)| varies(own));
        pairs
            .map(|(own, work)| (last(own), Data::str(&*work.slug)))
            .collect()
    }

    /// The rollout's steps run at the step before, then the owner is asked; at the first step everything is taken back.
    fn demoted(&mut self, case: &Case<'_>, faults: &mut Faults, index: usize, step: usize, at: &Label) {
        let rollback = self.lead(faults, index, Kind::Outcome(FailureOutcome::Rollback));
        let rollout = case.stage.and_then(|s| self.release.stage(s).rollout.as_ref());
        let earlier = rollout.and_then(|r| r.steps.get(..step)).unwrap_or_default();
        let mut here = at.clone();
        for (i, before) in earlier.iter().enumerate().rev() {
            let (back, lower) = (self.b.label(), self.b.label());
            let name = [&case.name, ": back to ", &before.name].concat();
            let applies = self.cond(&before.when, case.hand.scope);
            self.b
                .branch(&here, &[&name, "?"].concat(), applies, &back, &lower);
            let pause = self.lead(faults, index, Kind::Outcome(FailureOutcome::Pause));
            let slug = [&case.slug, "_back_", &step.to_string(), "_", &i.to_string()].concat();
            let place = Place::aside(&name, &slug, case);
            let begins = match case.stage.map(|s| self.begin_again(s, before)) {
                Some(assign) if !assign.is_empty() => {
                    let begins = self.b.label();
                    self.b.set(&back, &[&name, ": begins"].concat(), assign, &begins);
                    begins
                }
                _ => back,
            };
            let quiet = self.hush(case, Some(Strength::Asks), &before.work, &begins);
            self.strictly(&before.work, &place, &quiet, &pause, &rollback);
            here = lower;
            if before.when == Cond::True {
                return;
            }
        }
        self.b.same(&here, &rollback);
    }
}
