//! Decisions and the standing questions of triggers.
//!
//! Must not know how a question is put (`ask` does). Called by `tree`, `handler` and `stage`.

use super::Lower;
use super::act::restated;
use super::ask::{Ask, DEFAULT_SECONDS, catch_all};
use super::build::Label;
use super::call::{Hand, sdk};
use super::gate::Reading;
use super::handler::{Case, Faults, Kind, Site};
use super::vars::{Scope, TOP};
use super::watch::Watch;
use crate::emit::parts::{At, Deed, Purpose, Test};
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::emit::stepfunctions::model::{Assign, State};
use crate::emit::stepfunctions::naming::{self, Duty};
use crate::model::{DecisionId, Dur, FailureOutcome, OptionOutcome, OptionTestExpr, Question, TriggerId};
use crate::plan::Node;

impl Lower<'_> {
    /// A decision that stands in the order.
    pub fn decision(&mut self, id: DecisionId, scope: Scope, at: &Label, next: &Label, failed: &Label) {
        let decision = self.release.decision(id);
        let hand = Hand {
            duty: Duty::Around,
            environment: self.release.environment,
            scope,
        };
        let case = Case {
            name: decision.name.to_string(),
            slug: ["decision_", &decision.name].concat(),
            stage: None,
            hand,
            owner: self.release.owner,
            on_failure: None,
            settled: next.clone(),
            failed: failed.clone(),
        };
        let mut faults = Faults::default();
        let (fresh, asked) = (self.b.label(), self.b.label());
        if self.restarts() {
            let known = Expr::op(self.vars.read(&self.names.decision(id), scope), "!=", Expr::Null);
            self.b.branch(
                at,
                &[&case.name, ": decided already?"].concat(),
                known,
                next,
                &fresh,
            );
        } else {
            self.b.same(at, &fresh);
        }
        let applies = self.cond(&decision.when, scope);
        self.b.branch(
            &fresh,
            &[&case.name, ": applies?"].concat(),
            applies,
            &asked,
            next,
        );
        let site = Site {
            key: "decided".into(),
            retry: asked.clone(),
            proceed: next.clone(),
        };
        let goals: Vec<Label> = decision
            .options
            .iter()
            .map(|o| match &o.then {
                OptionOutcome::Proceed => next.clone(),
                OptionOutcome::Then(outcome) => {
                    let goal = faults.goal(&mut self.b, Kind::Outcome(outcome.clone()), site.clone());
                    self.decided(&case, &o.name, &goal)
                }
            })
            .collect();
        let goal = faults.goal(&mut self.b, Kind::Outcome(FailureOutcome::Rollback), site.clone());
        let silent = self.decided(&case, "no answer", &goal);
        let mut watch = Watch::nothing(&case.name, At::Run, hand);
        if scope != TOP {
            watch.abandon = Some(failed.clone());
            watch.fresh = true;
            watch.blind = Some(self.blind(&case, &goal));
        }
        for trigger in self.triggers_around(Node::Decision(id)) {
            // Whoever goes on after a pause has decided nothing: it is asked again.
            let site = Site {
                key: "trigger".into(),
                retry: asked.clone(),
                proceed: asked.clone(),
            };
            let goal = faults.goal(&mut self.b, Kind::Trigger(trigger), site);
            let fired = self.decided_by(&case, "trigger", "a trigger has fired", &goal);
            watch.triggers.push((trigger, fired));
        }
        self.put_decision(id, &case.name, &case.slug, &watch, (&asked, &goals, &silent));
        self.settle(&case, &mut faults);
    }

    /// The failure that an option stands for.
    fn decided(&mut self, case: &Case<'_>, option: &str, goal: &Label) -> Label {
        self.decided_by(case, "decided", option, goal)
    }

    fn decided_by(&mut self, case: &Case<'_>, key: &str, option: &str, goal: &Label) -> Label {
        let at = self.b.label();
        let why = Expr::Str([&case.name, ": ", option].concat());
        let fault = restated(
            &self.fault(&case.name, key, case.hand.scope),
            Expr::str("Decided"),
            why,
        );
        self.b
            .set(&at, &[&case.name, ": ", option, " it is"].concat(), fault, goal);
        at
    }

    /// Puts a decision: taken without asking where an option's condition holds, else asked.
    pub fn put_decision(
        &mut self,
        id: DecisionId,
        name: &str,
        key: &str,
        watch: &Watch,
        way: (&Label, &[Label], &Label),
    ) {
        let (at, goals, silent) = way;
        let decision = self.release.decision(id);
        let scope = watch.hand.scope;
        let fact = self.names.decision(id);
        let taken: Vec<Label> = decision
            .options
            .iter()
            .zip(goals)
            .map(|(option, goal)| {
                let l = self.b.label();
                let mut set: Assign =
                    [(self.vars.write(&fact, scope), Data::str(option.name.as_str()))].into();
                for capture in &decision.question.captures {
                    let var = self.vars.write(&self.names.capture(*capture), scope);
                    set.insert(var, Data::str(option.name.as_str()));
                }
                self.b.set(&l, &[name, ": ", &option.name].concat(), set, goal);
                l
            })
            .collect();
        let mut here = at.clone();
        for (index, (option, goal)) in decision.options.iter().zip(&taken).enumerate() {
            let then = self.b.label();
            let test = [name, ": ", &option.name, "?"].concat();
            match &option.test {
                None => continue,
                Some(OptionTestExpr::Cond(c)) => {
                    let holds = self.cond(c, scope);
                    self.b.branch(&here, &test, holds, goal, &then);
                }
                Some(OptionTestExpr::Metrics(e)) => {
                    let over = Dur::minutes(5);
                    let judged = self.b.label();
                    self.read_metrics(e, over, watch.hand, name, None, (&here, &judged));
                    let verdict = self.verdict(e, over, scope, Reading::Trigger);
                    self.note_test(Test::Taken(id, index), &verdict.holds);
                    self.b.branch(&judged, &test, verdict.holds, goal, &then);
                }
            }
            here = then;
        }
        let q = &decision.question;
        let lines = [
            ("", Some(&q.ask)),
            ("Criterion: ", q.expect.as_ref()),
            ("Look at: ", q.console.as_ref()),
            ("Leave behind: ", q.evidence.as_ref()),
        ];
        let message = self.question_text(&decision.name, &lines, &[], scope);
        let approvers = self.answerers(q, self.release.owner);
        self.check_ask(
            &decision.name,
            decision.origin.span,
            approvers.len(),
            q.within.map_or(0, Dur::as_seconds),
        );
        let late = decision
            .default
            .and_then(|d| taken.get(d))
            .unwrap_or(silent)
            .clone();
        let ask = Ask {
            name: name.to_string(),
            key: key.to_string(),
            part: Purpose::new(At::Run, &decision.name, Deed::Decide(id, 0)),
            message,
            approvers,
            quorum: 1,
            seconds: q.within.map_or(DEFAULT_SECONDS, Dur::as_seconds),
            scope,
            options: decision
                .options
                .iter()
                .zip(&taken)
                .map(|(o, l)| (o.name.to_string(), l.clone()))
                .collect(),
            no: late.clone(),
            late,
            unasked: None,
            record: None,
            answers: Vec::new(),
        };
        self.ask(&ask, watch, &here);
    }

    /// Starts the standing question of a trigger that a person fires.
    pub fn arm(&mut self, id: TriggerId, question: &Question, hand: Hand, at: &Label, next: &Label) {
        let trigger = &self.release.triggers[id.index()];
        let lines = [
            ("", Some(&question.ask)),
            ("Approve when: ", question.expect.as_ref()),
        ];
        let message = self.question_text(&["trigger ", &trigger.name].concat(), &lines, &[], hand.scope);
        let approvers = self.answerers(question, self.release.owner);
        let limit = Expr::Call("substring", vec![message, Expr::int(0), Expr::int(3_900)]);
        let mut task = sdk(
            "ssm",
            "startAutomationExecution",
            Data::object([
                ("DocumentName", Data::Str(naming::document(self.release))),
                (
                    "Parameters",
                    Data::object([
                        ("Approvers", Data::Expr(Expr::List(approvers))),
                        ("MinimumApprovals", Data::List(vec![Data::str("1")])),
                        ("Message", Data::List(vec![Data::Expr(limit)])),
                    ]),
                ),
            ]),
        );
        let fact = self.vars.write(&self.names.armed(id), hand.scope);
        task.assign.insert(
            fact,
            Data::Expr(Expr::states(&["result", "AutomationExecutionId"])),
        );
        task.output = Some(Data::object([]));
        task.catch = vec![catch_all(Assign::new(), next)];
        task.next = next.some();
        let (go, known) = (self.b.label(), self.vars.read(&self.names.armed(id), hand.scope));
        self.note(Purpose::new(At::Run, &trigger.name, Deed::Alarm(id)), &task);
        let name = ["trigger ", &trigger.name, ": armed?"].concat();
        self.b.branch(at, &name, Expr::eq(known, Expr::Null), &go, next);
        self.b.put(
            &go,
            &["trigger ", &trigger.name, ": arm"].concat(),
            State::Task(Box::new(task)),
        );
    }
}
