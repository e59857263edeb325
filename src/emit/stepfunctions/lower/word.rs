//! What follows a fault by somebody's word: its owner is asked how the run goes on, or a decision is.
//!
//! Siblings are held meanwhile. Must not know what a fault is. Used by `handler`.

use super::Lower;
use super::ask::{Ask, DEFAULT_SECONDS};
use super::build::Label;
use super::handler::{Case, Faults, Kind, MOST_PAUSES, Site};
use super::vars::TOP;
use super::watch::Watch;
use crate::emit::parts::{Deed, Purpose};
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::Assign;
use crate::model::{DecisionId, FailureOutcome, MomentKind, OptionOutcome, RoleOrPerson};

impl Lower<'_> {
    pub(super) fn pause(&mut self, case: &Case<'_>, faults: &mut Faults, index: usize, at: &Label) {
        let scope = case.hand.scope;
        let counter = "pauses".to_string();
        let before = self.b.events();
        let (held, told, asked) = (self.b.label(), self.b.label(), self.b.label());
        let rollback = self.lead(faults, index, Kind::Outcome(FailureOutcome::Rollback));
        let stop = self.lead(faults, index, Kind::Outcome(FailureOutcome::Stop));
        let often = Expr::op(self.vars.read(&counter, scope), ">=", Expr::int(MOST_PAUSES));
        self.b.branch(
            at,
            &[&case.name, ": paused too often?"].concat(),
            often,
            &rollback,
            &held,
        );
        let lifted = self.b.label();
        self.raise(
            &self.hold_of(scope),
            true,
            scope,
            &[&case.name, ": siblings hold"].concat(),
            &held,
            &told,
        );
        let once = Expr::op(self.vars.read(&counter, scope), "+", Expr::int(1));
        self.b.set(
            &asked,
            &[&case.name, ": pauses"].concat(),
            [(self.vars.write(&counter, scope), Data::Expr(once))].into(),
            &lifted,
        );
        self.moment(MomentKind::Paused, case.stage, scope, &told, &asked);
        let answers = ["retry", "proceed", "rollback", "stop"];
        let choice = self.vars.local("resume", scope);
        let after = self.b.label();
        let options: Vec<(String, Label)> = answers
            .iter()
            .map(|word| {
                let l = self.b.label();
                let set: Assign = [(choice.clone(), Data::str(*word))].into();
                self.b.set(&l, &[&case.name, ": ", word].concat(), set, &after);
                ((*word).to_string(), l)
            })
            .collect();
        let fault = Expr::var(self.vars.local("fault", scope));
        let why = Expr::concat(vec![
            self.text_expr(&self.release.title, scope),
            Expr::Str([": ", &case.name, " has paused. "].concat()),
            fault.clone().dot(&["error"]),
            Expr::str(" "),
            fault.dot(&["cause"]),
        ]);
        let approvers = self.principals(&[RoleOrPerson::Role(case.owner)]);
        let late = options[2].1.clone();
        let ask = Ask {
            name: [&case.name, ": paused"].concat(),
            key: ["pause_", &case.slug].concat(),
            part: Purpose::new(case.at(), &case.name, Deed::Resume(0)),
            message: why,
            approvers,
            quorum: 1,
            seconds: DEFAULT_SECONDS,
            scope,
            options,
            no: late.clone(),
            late,
            unasked: None,
            record: None,
            answers: Vec::new(),
        };
        let watch = self.asked_beside(case, &rollback);
        self.ask(&ask, &watch, &lifted);
        // Whoever gives the run up lets nothing start meanwhile.
        let sites = faults.sites(index);
        let (retry, proceed) = (self.b.label(), self.b.label());
        let again = self.goes_on(case, "again", &watch, &retry);
        let onward = self.goes_on(case, "on", &watch, &proceed);
        self.resume(case, &sites, &retry, |s| &s.retry);
        self.resume(case, &sites, &proceed, |s| &s.proceed);
        let is = |word: &str| Expr::eq(Expr::var(&choice), Expr::str(word));
        let rules = vec![(is("retry"), again), (is("proceed"), onward), (is("stop"), stop)];
        self.b.choose(
            &after,
            &[&case.name, ": how to go on?"].concat(),
            rules,
            &rollback,
        );
        self.costs.pause = self.costs.pause.max(self.b.events() - before);
        self.costs.pauses += 1;
    }

    /// What is looked at while the owner is asked: when a sibling gives the run up, nobody has to answer any more.
    fn asked_beside(&mut self, case: &Case<'_>, blind: &Label) -> Watch {
        let mut watch = Watch::nothing(&case.name, case.at(), case.hand);
        if case.hand.scope == TOP {
            return watch;
        }
        let over = self.b.label();
        let fallen = self.fallen(case, "pending");
        let name = [&case.name, ": given up beside it"].concat();
        if case.stage.is_some() {
            let told = self.b.label();
            self.b.set(&over, &name, fallen, &told);
            self.moment(
                MomentKind::Failed,
                case.stage,
                case.hand.scope,
                &told,
                &case.failed,
            );
        } else {
            self.b.set(&over, &name, fallen, &case.failed);
        }
        watch.abandon = Some(over);
        watch.blind = Some(blind.clone());
        watch.holds = true;
        watch
    }

    /// Siblings that were held go on, and so does the case, unless one of them has given the run up or pauses itself.
    fn goes_on(&mut self, case: &Case<'_>, how: &str, asked: &Watch, next: &Label) -> Label {
        let look = self.b.label();
        let watch = Watch {
            holds: false,
            ..asked.clone()
        };
        self.boundary(&watch, &look, next);
        self.lifted(case, how, &look)
    }

    /// Siblings that were held go on.
    fn lifted(&mut self, case: &Case<'_>, how: &str, next: &Label) -> Label {
        let at = self.b.label();
        let name = [&case.name, ": siblings go on (", how, ")"].concat();
        self.raise(
            &self.hold_of(case.hand.scope),
            false,
            case.hand.scope,
            &name,
            &at,
            next,
        );
        at
    }

    /// Back to the step at which the fault was met, or behind it: the time of the stage starts again.
    pub(super) fn resume(
        &mut self,
        case: &Case<'_>,
        sites: &[Site],
        at: &Label,
        way: impl Fn(&Site) -> &Label,
    ) {
        let timed = case.stage.filter(|s| self.release.stage(*s).timeout.is_some());
        let from = match timed {
            Some(stage) => {
                let from = self.b.label();
                let since = self.vars.write(&self.names.since(stage), case.hand.scope);
                let name = [&case.name, ": its time starts again"].concat();
                self.b
                    .set(at, &name, [(since, Data::Expr(Expr::now()))].into(), &from);
                from
            }
            None => at.clone(),
        };
        let at = &from;
        let Some((last, others)) = sites.split_last() else {
            self.b.same(at, &case.failed);
            return;
        };
        let step = Expr::var(self.vars.local("fault", case.hand.scope)).dot(&["step"]);
        let rules = others
            .iter()
            .map(|s| (Expr::eq(step.clone(), Expr::str(&s.key)), way(s).clone()))
            .collect();
        self.b
            .choose(at, &[&case.name, ": from where?"].concat(), rules, way(last));
    }

    /// A decision is asked because of a failure.
    pub(super) fn decide(
        &mut self,
        case: &Case<'_>,
        faults: &mut Faults,
        index: usize,
        id: DecisionId,
        at: &Label,
    ) {
        let decision = self.release.decision(id);
        let sites = faults.sites(index);
        let proceed = self.b.label();
        self.resume(case, &sites, &proceed, |s| &s.proceed);
        // Whoever is held meanwhile looks as often as in a pause.
        self.costs.pause = self.costs.pause.max(1);
        let asked = self.b.label();
        let name = [&case.name, ": siblings hold for ", &decision.name].concat();
        self.raise(
            &self.hold_of(case.hand.scope),
            true,
            case.hand.scope,
            &name,
            at,
            &asked,
        );
        let silent = self.lead(faults, index, Kind::Outcome(FailureOutcome::Rollback));
        let watch = self.asked_beside(case, &silent);
        let goals: Vec<Label> = decision
            .options
            .iter()
            .map(|o| match &o.then {
                OptionOutcome::Proceed => self.goes_on(case, &o.name, &watch, &proceed),
                OptionOutcome::Then(outcome) => {
                    let goal = self.lead(faults, index, Kind::Outcome(outcome.clone()));
                    match outcome {
                        FailureOutcome::Continue { .. } | FailureOutcome::Restart(..) => {
                            self.lifted(case, &o.name, &goal)
                        }
                        _ => goal,
                    }
                }
            })
            .collect();
        let key = [&case.slug, "_", &decision.name].concat();
        self.put_decision(
            id,
            &[&case.name, ": ", &decision.name].concat(),
            &key,
            &watch,
            (&asked, &goals, &silent),
        );
    }
}
