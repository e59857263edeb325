//! Step boundaries: where a run looks whether it may go on.
//!
//! A branch reads the flags its siblings set; triggers are judged; a stage's time is counted; long rests are cut into
//! pieces so that all of this can end them. Must not know what a fault leads to. Used by `step` and `ask`.

use super::Lower;
use super::ask::catch_all;
use super::build::Label;
use super::call::{Hand, sdk};
use super::gate::Reading;
use super::vars::TOP;
use crate::emit::parts::{At, Test};
use crate::emit::stepfunctions::expr::{Data, Expr, Part};
use crate::emit::stepfunctions::model::{Assign, State, Wait};
use crate::model::{Dur, FailureOutcome, TriggerId, TriggerTest};

/// The flag that says that nothing new starts.
pub const STOP: &str = "stop";
/// The flag that says that a part of the run starts over: no stage begins and nobody is asked until it does.
pub const RESTART: &str = "restart";
/// The flag that says that nothing new starts while the owner is asked.
pub const HOLD: &str = "hold";
/// How many seconds a branch was held in all.
pub const HELD: &str = "held";
/// Most pieces a rest is cut into.
const PIECES: i64 = 60;
/// How often a look at the flags is tried again.
const FLAG_TRIES: u32 = 2;
/// Events of one look of whoever is held: a wait, the flags with every try, a choice.
pub const HELD_EVENTS: u64 = 15;

/// What is looked at at a boundary.
#[derive(Debug, Clone)]
pub struct Watch {
    /// The beginning of the states' names.
    pub name: String,
    /// Where in the plan.
    pub at: At,
    /// Where, and with whose rights metrics are read.
    pub hand: Hand,
    /// Where the branch goes when a sibling has failed; nothing is read outside branches.
    pub abandon: Option<Label>,
    /// Where it goes when the flags cannot be read.
    pub blind: Option<Label>,
    /// Nothing of it has begun: a run that is about to start over begins nothing and asks nobody.
    pub fresh: bool,
    /// It is what the others are held for, or does nothing meanwhile: only that the run is given up ends it.
    pub holds: bool,
    /// Triggers and where each leads.
    pub triggers: Vec<(TriggerId, Label)>,
    /// The moment the stage is given up, and where that leads.
    pub deadline: Option<(Expr, Label)>,
}

impl Watch {
    /// Looks at nothing.
    pub fn nothing(name: &str, at: At, hand: Hand) -> Watch {
        Watch {
            name: name.to_string(),
            at,
            hand,
            abandon: None,
            blind: None,
            fresh: false,
            holds: false,
            triggers: Vec::new(),
            deadline: None,
        }
    }

    /// The same, with something done first on every way out.
    #[must_use]
    pub fn through(&self, mut wrap: impl FnMut(&Label) -> Label) -> Watch {
        Watch {
            abandon: self.abandon.as_ref().map(&mut wrap),
            blind: self.blind.as_ref().map(&mut wrap),
            triggers: self.triggers.iter().map(|(t, l)| (*t, wrap(l))).collect(),
            deadline: self.deadline.as_ref().map(|(e, l)| (e.clone(), wrap(l))),
            ..self.clone()
        }
    }
}

impl Lower<'_> {
    /// Looks around between two steps.
    pub fn boundary(&mut self, watch: &Watch, at: &Label, next: &Label) {
        let mut here = at.clone();
        if let (Some(abandon), Some(blind)) = (&watch.abandon, &watch.blind) {
            let then = self.b.label();
            self.read_flags(watch, abandon, blind, &here, &then);
            here = then;
        }
        for (trigger, goal) in &watch.triggers {
            let then = self.b.label();
            self.judge_trigger(*trigger, watch, goal, &here, &then);
            here = then;
        }
        match &watch.deadline {
            Some((deadline, goal)) => {
                let late = Expr::op(Expr::now(), ">=", deadline.clone());
                let name = [&watch.name, ": out of time?"].concat();
                self.b.branch(&here, &name, late, goal, next);
            }
            None => self.b.same(&here, next),
        }
    }

    fn read_flags(&mut self, watch: &Watch, abandon: &Label, blind: &Label, at: &Label, next: &Label) {
        let scope = watch.hand.scope;
        let flags = self.vars.local("flags", scope);
        let names = self.all_flags();
        let names = names.iter().map(|f| Data::Expr(self.run_parameter(f))).collect();
        let judged = self.b.label();
        let rest = self.b.label();
        let mut task = sdk(
            "ssm",
            "getParameters",
            Data::object([("Names", Data::List(names))]),
        );
        let raised = Expr::states(&["result", "Parameters"]).parts(vec![
            Part::Where("Value", "yes".into()),
            Part::Name("Name".into()),
        ]);
        task.assign
            .insert(flags.clone(), Data::Expr(Expr::List(vec![raised])));
        task.output = Some(Data::object([]));
        task.retry.iter_mut().for_each(|r| r.max_attempts = FLAG_TRIES);
        task.catch = vec![catch_all(Assign::new(), blind)];
        if watch.holds {
            // Nothing begins before the next look: what cannot be read now is read then.
            task.retry.clear();
            task.catch = vec![catch_all(Assign::new(), next)];
        }
        task.next = judged.some();
        self.note_around(&task);
        self.b.put(
            at,
            &[&watch.name, ": may go on?"].concat(),
            State::Task(Box::new(task)),
        );
        let raised = |me: &Self, flag: &str| Expr::op(me.run_parameter(flag), "in", Expr::var(&flags));
        let mut over = vec![raised(self, STOP)];
        if watch.fresh && self.restarts() {
            over.push(raised(self, RESTART));
        }
        let mut rules = vec![(Expr::any(over), abandon.clone())];
        let held = self.pauses && !watch.holds;
        if held {
            let holds = self.hold_flags().into_iter();
            let held = Expr::any(holds.map(|f| raised(self, &f)));
            rules.push((held, rest.clone()));
        }
        self.b
            .choose(&judged, &[&watch.name, ": goes on?"].concat(), rules, next);
        if held {
            let held = self.vars.read(HELD, scope);
            let wait = self.looks.held_wait(&held);
            let sum = Expr::op(held, "+", wait.clone());
            let mut assign: Assign = [(self.vars.write(HELD, scope), Data::Expr(sum))].into();
            // The time of the stage stands still meanwhile.
            if let (Some(_), At::Stage(stage)) = (&watch.deadline, watch.at) {
                let since = self.names.since(stage);
                let spent = Expr::op(wait.clone(), "*", Expr::int(1_000));
                let later = Expr::op(self.vars.read(&since, scope), "+", spent);
                assign.insert(self.vars.write(&since, scope), Data::Expr(later));
            }
            let wait = Wait {
                seconds: Some(Data::Expr(wait)),
                assign,
                next: at.next(),
                ..Wait::default()
            };
            // With the looks that follow it, it is counted where pauses are.
            self.b
                .put_uncounted(&rest, &[&watch.name, ": held"].concat(), State::Wait(wait));
        }
    }

    fn judge_trigger(&mut self, id: TriggerId, watch: &Watch, goal: &Label, at: &Label, next: &Label) {
        let trigger = &self.release.triggers[id.index()];
        let name = [&watch.name, ": trigger ", &trigger.name].concat();
        match &trigger.test {
            TriggerTest::Metrics(expr) => {
                let over = trigger.over.unwrap_or(Dur::minutes(5));
                let judged = self.b.label();
                let deadline = watch.deadline.as_ref().map(|(d, _)| d);
                self.read_metrics(expr, over, watch.hand, &name, deadline, (at, &judged));
                let fires = self.verdict(expr, over, watch.hand.scope, Reading::Trigger);
                let calls = matches!(trigger.then, FailureOutcome::Escalate(_));
                let fresh = if calls {
                    Expr::eq(
                        self.vars.read(&self.names.told(id), watch.hand.scope),
                        Expr::Bool(false),
                    )
                } else {
                    Expr::Bool(true)
                };
                self.note_test(Test::Fires(id), &fires.holds);
                let test = Expr::all([fires.holds, fresh]);
                self.b
                    .branch(&judged, &[&name, " fires?"].concat(), test, goal, next);
            }
            TriggerTest::Ask(_) => self.look_at_alarm(id, watch, goal, at, next),
        }
    }

    /// Somebody may have approved the standing question of a trigger.
    fn look_at_alarm(&mut self, id: TriggerId, watch: &Watch, goal: &Label, at: &Label, next: &Label) {
        let trigger = &self.release.triggers[id.index()];
        let name = [&watch.name, ": trigger ", &trigger.name].concat();
        let scope = watch.hand.scope;
        let armed = self.vars.read(&self.names.armed(id), scope);
        let status = self.vars.local(&["alarm_", &trigger.name].concat(), scope);
        let (look, judged) = (self.b.label(), self.b.label());
        let unarmed = Expr::eq(armed.clone(), Expr::Null);
        self.b
            .branch(at, &[&name, " armed?"].concat(), unarmed, next, &look);
        let mut task = sdk(
            "ssm",
            "getAutomationExecution",
            Data::object([("AutomationExecutionId", Data::Expr(armed))]),
        );
        let answer = Expr::states(&["result", "AutomationExecution", "AutomationExecutionStatus"]);
        task.assign.insert(status.clone(), Data::Expr(answer));
        task.output = Some(Data::object([]));
        task.catch = vec![catch_all(Assign::new(), next)];
        task.next = judged.some();
        self.note_around(&task);
        self.b.put(&look, &name, State::Task(Box::new(task)));
        let yes = Expr::eq(Expr::var(status), Expr::str("Success"));
        self.b
            .branch(&judged, &[&name, " fires?"].concat(), yes, goal, next);
    }

    /// Lets time pass: at once where nothing can end it, else in pieces.
    pub fn rest(&mut self, name: &str, key: &str, time: Dur, watch: &Watch, at: &Label, next: &Label) {
        let seconds = time.as_seconds().clamp(0, super::YEAR_SECONDS);
        if seconds == 0 {
            self.b.same(at, next);
            return;
        }
        if watch.abandon.is_none() && watch.triggers.is_empty() {
            let limit = watch.deadline.as_ref().map(|(d, _)| d.clone());
            let wait = Wait {
                seconds: Some(self.limited(seconds, limit.as_ref())),
                next: next.next(),
                ..Wait::default()
            };
            self.b.put(at, name, State::Wait(wait));
            return;
        }
        let piece = piece(seconds, watch.triggers.is_empty());
        let rounds = seconds / piece + i64::from(seconds % piece > 0);
        let waited = self.vars.local(&["rested_", key].concat(), watch.hand.scope);
        let (turn, look, judged) = (self.b.label(), self.b.label(), self.b.label());
        self.b.set(
            at,
            &[name, ": begins"].concat(),
            [(waited.clone(), Data::int(0))].into(),
            &turn,
        );
        self.b.enter_loop(u64::try_from(rounds).unwrap_or(1));
        let left = Expr::op(Expr::int(seconds), "-", Expr::var(&waited));
        let now = Expr::Call("min", vec![Expr::List(vec![Expr::int(piece), left])]);
        let wait = Wait {
            seconds: Some(Data::Expr(now.clone())),
            assign: [(waited.clone(), Data::Expr(Expr::op(Expr::var(&waited), "+", now)))].into(),
            next: look.next(),
            ..Wait::default()
        };
        self.b.put(&turn, name, State::Wait(wait));
        self.boundary(watch, &look, &judged);
        let done = Expr::op(Expr::var(&waited), ">=", Expr::int(seconds));
        self.b
            .branch(&judged, &[name, ": over?"].concat(), done, next, &turn);
        self.b.leave_loop();
    }

    /// The branch's way to say that nothing new may start; nothing outside branches, where nobody else runs.
    pub fn raise(
        &mut self,
        flag: &str,
        up: bool,
        scope: super::vars::Scope,
        name: &str,
        at: &Label,
        next: &Label,
    ) {
        if scope == TOP {
            self.b.same(at, next);
            return;
        }
        self.put_flag(flag, up, name, at, (next, next));
    }

    /// A flag is written; what follows when it could not be.
    pub fn put_flag(
        &mut self,
        flag: &str,
        up: bool,
        name: &str,
        at: &Label,
        (next, failed): (&Label, &Label),
    ) {
        let mut task = sdk(
            "ssm",
            "putParameter",
            Data::object([
                ("Name", Data::Expr(self.run_parameter(flag))),
                ("Value", Data::str(if up { "yes" } else { "no" })),
                ("Type", Data::str("String")),
                ("Overwrite", Data::Bool(true)),
            ]),
        );
        task.output = Some(Data::object([]));
        task.catch = vec![catch_all(Assign::new(), failed)];
        task.next = next.some();
        self.note_around(&task);
        self.b.put(at, name, State::Task(Box::new(task)));
    }
}

/// Seconds of a piece of a rest: often enough to act, seldom enough for the history.
fn piece(seconds: i64, flags_only: bool) -> i64 {
    let least = if flags_only { 60 } else { 300 };
    (seconds / PIECES).max(least).min(seconds.max(1))
}
