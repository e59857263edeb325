//! What a failure leads to: siblings finish their step, questions are taken back, and then what the plan says.
//!
//! A part of the machine. Must not know how a stage is undone.

use super::machine::{ApprovalState, DecisionState, HoldState, Machine, Mode, Pending, Status, Then, Wake};
use super::outcomes::Answer;
use super::stage::Item;
use super::trace::{Final, Subject, Verb};
use crate::model::{
    ApprovalId, ApprovalOutcome, DecisionId, Failure, FailureOutcome, GateId, GateOutcome, HoldId, MomentKind,
    OnFailure, OptionOutcome, StageId, TriggerId,
};
use crate::plan::Node;

impl Machine<'_> {
    /// Something went wrong now, for the first time.
    pub(super) fn trouble_at(&mut self) {
        self.troubled_at.get_or_insert(self.now);
    }

    /// A gate said no.
    pub(super) fn gate_failed(&mut self, s: StageId, g: GateId) {
        self.judged.insert(g, false);
        let gate = self.release.gate(g);
        self.met.insert(format!("gate {}", gate.name));
        self.say(Subject::Gate(g), Verb::Fail, "", &[Subject::Stage(s)]);
        let what = format!("gate `{}`", gate.name);
        match &gate.otherwise {
            Some((GateOutcome::Then(FailureOutcome::Continue { .. }), _)) => {
                self.trouble_at();
                self.stages[s.index()].at += 1;
            }
            Some((GateOutcome::Then(outcome), _)) => {
                self.stage_failed(s, &what, Then::Outcome(outcome.clone()), Vec::new());
            }
            Some((GateOutcome::Decision(d), _)) => self.stage_failed(s, &what, Then::Decide(*d), Vec::new()),
            None => {
                let state = &self.stages[s.index()];
                let rollout = match state.items.get(state.at) {
                    Some(Item::Step(d)) => d.rollout,
                    _ => None,
                };
                self.step_failed(s, rollout, &what);
            }
        }
    }

    /// A step failed after its retries.
    pub(super) fn step_failed(&mut self, s: StageId, rollout: Option<usize>, what: &str) {
        let stage = self.release.stage(s);
        let ladder = stage.rollout.as_ref().filter(|r| r.demote.is_some());
        if let (Some(ladder), Some(i)) = (ladder, rollout) {
            let before = (0..i).rev().find(|k| self.surely(&ladder.steps[*k].when));
            let Some(before) = before.map(|k| &ladder.steps[k]) else {
                self.stage_failed(s, what, Then::Outcome(FailureOutcome::Rollback), Vec::new());
                return;
            };
            let work = before.work.iter().filter(|w| self.surely(&w.when));
            let first = work
                .map(|w| {
                    let label = format!("{} (back at {})", self.label(w), before.name);
                    let ms = self.plan.step_time(w, self.outcomes.pace).as_ms();
                    (Subject::Stage(s), label, ms)
                })
                .collect();
            self.stage_failed(s, what, Then::Outcome(FailureOutcome::Pause), first);
            return;
        }
        let (then, first) = self.on_failure(Subject::Stage(s), stage.on_failure.as_ref());
        self.stage_failed(s, what, then, first);
    }

    /// A hold could not be entered: the release's word counts.
    pub(super) fn hold_failed(&mut self, h: HoldId) {
        let (then, first) = self.on_failure(Subject::Hold(h), self.release.on_failure.as_ref());
        let cause = format!("hold `{}` could not be entered", self.release.hold(h).name);
        self.drain(None, then, first, cause);
    }

    fn on_failure(&self, of: Subject, written: Option<&OnFailure>) -> (Then, Vec<(Subject, String, i64)>) {
        let Some(of_stage) = written else {
            return (Then::Outcome(FailureOutcome::Rollback), Vec::new());
        };
        let steps = of_stage.steps.iter().filter(|w| self.surely(&w.when));
        let first = steps
            .map(|w| (of, self.label(w), self.plan.step_time(w, self.outcomes.pace).as_ms()))
            .collect();
        let then = match &of_stage.then {
            Failure::Then(outcome) => Then::Outcome(outcome.clone()),
            Failure::Decision(d) => Then::Decide(*d),
        };
        (then, first)
    }

    fn stage_failed(&mut self, s: StageId, what: &str, then: Then, first: Vec<(Subject, String, i64)>) {
        let name = &self.release.stage(s).name;
        let cause = format!("stage `{name}` failed at {what}");
        self.stages[s.index()].status = Status::Failed;
        self.say(Subject::Stage(s), Verb::Fail, "", &[]);
        self.moment(MomentKind::Failed, Some(s));
        if let (Then::Outcome(FailureOutcome::Continue { .. }), Mode::Forward) = (&then, &self.mode) {
            self.trouble_at();
            let ms = first.iter().fold(0i64, |all, (_, _, ms)| all.saturating_add(*ms));
            for (subject, label, _) in first {
                self.say(subject, Verb::Aside, label, &[]);
            }
            let epoch = self.stages[s.index()].epoch;
            self.after(ms, Wake::Settle(s, epoch));
            return;
        }
        self.drain(Some(s), then, first, cause);
    }

    /// A failure after which the plan goes on.
    pub(super) fn counted_as_ended(&mut self, s: StageId) {
        if self.stages[s.index()].status == Status::Failed {
            self.stages[s.index()].status = Status::Continued;
            self.say(Subject::Stage(s), Verb::Continue, "", &[]);
        }
    }

    /// Permission was denied.
    pub(super) fn denied(&mut self, a: ApprovalId, cause: String) {
        self.approvals[a.index()].0 = ApprovalState::Denied;
        self.moment(MomentKind::Rejected, None);
        let outcome = match &self.release.approval(a).otherwise {
            ApprovalOutcome::Rollback => FailureOutcome::Rollback,
            ApprovalOutcome::Stop => FailureOutcome::Stop,
            ApprovalOutcome::Restart(s, n) => FailureOutcome::Restart(*s, *n),
        };
        self.drain(None, Then::Outcome(outcome), Vec::new(), cause);
    }

    /// Something other than a stage leads to an outcome.
    pub(super) fn trouble(&mut self, stage: Option<StageId>, outcome: FailureOutcome, cause: String) {
        if !matches!(outcome, FailureOutcome::Continue { .. }) {
            self.drain(stage, Then::Outcome(outcome), Vec::new(), cause);
        }
    }

    /// A trigger acts.
    pub(super) fn fire(&mut self, t: TriggerId) {
        let Some(trigger) = self.release.triggers.get(t.index()) else { return };
        self.say(Subject::Trigger(t), Verb::Fire, "", &[]);
        let steps = trigger.steps.iter();
        let first: Vec<_> = steps
            .map(|w| (Subject::Trigger(t), self.label(w), self.plan.step_time(w, self.outcomes.pace).as_ms()))
            .collect();
        if let FailureOutcome::Escalate(c) = &trigger.then {
            let who = crate::plan::show::prose(self.release, &self.release.channel(*c).title);
            self.say(Subject::Trigger(t), Verb::Message, who, &[]);
            return;
        }
        let cause = format!("trigger `{}` acted", trigger.name);
        self.drain(None, Then::Outcome(trigger.then.clone()), first, cause);
    }

    /// Nothing new starts from here on. What is under way and not yet giving way goes on to the end of its step.
    fn drain(&mut self, stage: Option<StageId>, then: Then, first: Vec<(Subject, String, i64)>, cause: String) {
        self.trouble_at();
        if self.mode != Mode::Forward {
            return;
        }
        self.cause.get_or_insert(cause);
        self.mode = Mode::Draining(Pending { stage, then, first });
        for s in self.ids() {
            if !self.finishes_its_step(s) {
                self.give_up(s);
            }
        }
        for a in 0..self.approvals.len() {
            if self.approvals[a].0 == ApprovalState::Open {
                self.approvals[a] = (ApprovalState::Closed, self.approvals[a].1 + 1);
                self.say(Subject::Approval(ApprovalId::at(a)), Verb::Withdraw, "", &[]);
            }
        }
        for d in 0..self.decisions.len() {
            if self.decisions[d].state == DecisionState::Open {
                self.decisions[d].state = DecisionState::Closed;
                self.decisions[d].epoch += 1;
                self.say(Subject::Decision(DecisionId::at(d)), Verb::Withdraw, "", &[]);
            }
        }
    }

    /// What remains of a stage is given up; one that had not begun never did.
    fn give_up(&mut self, s: StageId) {
        let end = self.at_its_end(s);
        let state = &mut self.stages[s.index()];
        let status = match state.status {
            Status::Running if end && !state.busy => Status::Ended,
            Status::Running => Status::Abandoned,
            Status::Entering => Status::Pending,
            _ => return,
        };
        state.status = status;
        state.epoch += 1;
        state.busy = false;
        match status {
            Status::Ended => {
                self.say(Subject::Stage(s), Verb::End, "", &[]);
                self.moment(MomentKind::Finished, Some(s));
            }
            Status::Pending => self.say(Subject::Stage(s), Verb::Abandon, "before its first step", &[]),
            _ => self.say(Subject::Stage(s), Verb::Abandon, "", &[]),
        }
    }

    /// Goes on once nothing is under way; whether anything changed.
    pub(super) fn drained(&mut self) -> bool {
        if self.aside || self.holds.iter().any(|h| h.state == HoldState::Entering) {
            return false;
        }
        for s in self.ids() {
            if !self.stages[s.index()].busy {
                self.give_up(s);
            }
        }
        if self.ids().any(|s| self.finishes_its_step(s)) {
            return false;
        }
        match self.mode.clone() {
            Mode::Draining(mut pending) => {
                let first = std::mem::take(&mut pending.first);
                self.mode = Mode::Aside(first, pending);
            }
            Mode::Aside(mut list, pending) if !list.is_empty() => {
                let (subject, label, ms) = list.remove(0);
                self.say(subject, Verb::Aside, label, &[]);
                self.mode = Mode::Aside(list, pending);
                self.aside = true;
                self.after(ms, Wake::Aside);
            }
            Mode::Aside(_, pending) => self.follow(pending.stage, pending.then),
            _ => return false,
        }
        true
    }

    fn follow(&mut self, stage: Option<StageId>, then: Then) {
        let d = match then {
            Then::Outcome(outcome) => return self.outcome_follows(stage, outcome),
            Then::Decide(d) => d,
        };
        let others: Vec<Subject> = stage.into_iter().map(Subject::Stage).collect();
        self.say(Subject::Decision(d), Verb::Ask, "", &others);
        let Some(option) = self.option_of(d) else {
            self.say(Subject::Decision(d), Verb::Expire, "", &[]);
            return self.outcome_follows(stage, FailureOutcome::Rollback);
        };
        let option_of = &self.release.decision(d).options[option];
        self.decisions[d.index()].state = DecisionState::Made(option);
        self.say(Subject::Decision(d), Verb::Decide, format!("`{}`", option_of.name), &[]);
        match &option_of.then {
            OptionOutcome::Proceed => self.resume(stage, false),
            OptionOutcome::Then(outcome) => self.outcome_follows(stage, outcome.clone()),
        }
    }

    fn outcome_follows(&mut self, stage: Option<StageId>, outcome: FailureOutcome) {
        match outcome {
            FailureOutcome::Rollback => self.roll_back(None),
            FailureOutcome::RollbackStage(s) => self.roll_back(Some(s)),
            FailureOutcome::Stop => {
                self.end = Final::Stopped;
                self.mode = Mode::Closing;
            }
            FailureOutcome::Continue { .. } => self.resume(stage, false),
            FailureOutcome::Pause => self.pause(stage),
            FailureOutcome::Escalate(c) => {
                let who = crate::plan::show::prose(self.release, &self.release.channel(c).title);
                self.say(Subject::Run, Verb::Message, who, &[]);
                self.pause(stage);
            }
            FailureOutcome::Restart(s, most) => {
                let done = self.restarts.entry(s).or_insert(0);
                if *done >= most {
                    self.say(Subject::Stage(s), Verb::Keep, format!("after {most} further attempts"), &[]);
                    return self.roll_back(None);
                }
                *done += 1;
                self.restart(s);
            }
        }
    }

    fn roll_back(&mut self, scope: Option<StageId>) {
        let all: Vec<Subject> = self.ids().map(Subject::Stage).collect();
        let detail = scope.map_or_else(String::new, |s| {
            format!("from `{}` on; what came before stays", self.release.stage(s).name)
        });
        self.end = if scope.is_some() { Final::Stopped } else { Final::RolledBack };
        self.say(Subject::Run, Verb::Rollback, detail, &all);
        self.mode = Mode::Back(scope);
        for s in self.ids() {
            let state = &mut self.stages[s.index()];
            state.whole = state.status == Status::Ended;
        }
    }

    fn pause(&mut self, stage: Option<StageId>) {
        self.say(Subject::Run, Verb::Pause, "", &stage.into_iter().map(Subject::Stage).collect::<Vec<_>>());
        self.moment(MomentKind::Paused, None);
        let word = match self.outcomes.pause {
            Answer::Retry => "retry",
            Answer::Proceed => "proceed",
            Answer::Rollback => "rollback",
            Answer::Stop => "stop",
        };
        self.say(Subject::Run, Verb::Answer, word, &[]);
        match self.outcomes.pause {
            Answer::Retry => self.resume(stage, true),
            Answer::Proceed => self.resume(stage, false),
            Answer::Rollback => self.roll_back(None),
            Answer::Stop => self.outcome_follows(stage, FailureOutcome::Stop),
        }
    }

    /// On from where everything stands; the failed stage again from its failed step, or as if it had ended.
    fn resume(&mut self, stage: Option<StageId>, again: bool) {
        self.mode = Mode::Forward;
        for s in self.ids() {
            let state = &mut self.stages[s.index()];
            if state.status == Status::Abandoned {
                state.status = Status::Running;
            }
        }
        for h in &mut self.holds {
            if std::mem::take(&mut h.broken) && again {
                h.state = HoldState::Out;
            }
        }
        for a in &mut self.approvals {
            if a.0 == ApprovalState::Denied {
                a.0 = ApprovalState::NotApplicable;
            }
        }
        let Some(s) = stage else { return };
        if again {
            let state = &mut self.stages[s.index()];
            state.status = if state.began { Status::Running } else { Status::Entering };
            state.fails_at = None;
            let gate = match state.items.get(state.at) {
                Some(Item::Entry(g)) => Some(*g),
                Some(Item::Step(d)) => match d.step.kind {
                    crate::model::StepKind::VerifyGate(g) => Some(g),
                    _ => None,
                },
                _ => None,
            };
            self.healed.extend(gate.map(Subject::Gate));
        } else {
            self.counted_as_ended(s);
        }
    }

    /// A stage and what depends on it is as if it had not started; what began stays known to a later rollback.
    fn restart(&mut self, from: StageId) {
        let set = self.plan.descendants(Node::Stage(from));
        let inside = |n: Node| n == Node::Stage(from) || self.plan.contains(&set, n);
        let stages: Vec<StageId> = self.ids().filter(|s| inside(Node::Stage(*s))).collect();
        let approvals: Vec<usize> =
            (0..self.approvals.len()).filter(|a| inside(Node::Approval(ApprovalId::at(*a)))).collect();
        let decisions: Vec<usize> =
            (0..self.decisions.len()).filter(|d| inside(Node::Decision(DecisionId::at(*d)))).collect();
        for a in approvals {
            self.approvals[a] = (ApprovalState::Closed, self.approvals[a].1 + 1);
        }
        for d in decisions {
            self.decisions[d].state = DecisionState::Closed;
            self.decisions[d].epoch += 1;
        }
        for s in &stages {
            let state = &mut self.stages[s.index()];
            state.status = Status::Pending;
            state.attempt += 1;
            state.epoch += 1;
            state.busy = false;
        }
        self.judged.retain(|g, _| !self.plan.judges(*g).iter().any(|s| stages.contains(s)));
        self.say(Subject::Stage(from), Verb::Restart, "", &[Subject::Run]);
        self.resume(None, false);
    }

    /// The run is cancelled: nothing is undone.
    pub(super) fn cancel(&mut self) {
        let busy = |s: &StageId| {
            let state = &self.stages[s.index()];
            state.busy && matches!(state.items.get(state.at), Some(Item::Step(_)))
        };
        let busy: Vec<StageId> = self.ids().filter(busy).collect();
        self.say(Subject::Run, Verb::Cancel, "", &busy.iter().map(|s| Subject::Stage(*s)).collect::<Vec<_>>());
        self.drain(None, Then::Outcome(FailureOutcome::Stop), Vec::new(), "the run was cancelled".into());
        for s in busy {
            let name = &self.release.stage(s).name;
            self.help.push(format!("stage `{name}` was in the middle of a step when the run was cancelled"));
            // A cancellation waits for nobody.
            let state = &mut self.stages[s.index()];
            state.busy = true;
            if state.status == Status::Running {
                self.abort(s);
            } else {
                state.busy = false;
            }
        }
    }

    fn abort(&mut self, s: StageId) {
        let state = &mut self.stages[s.index()];
        state.busy = false;
        state.epoch += 1;
        state.status = Status::Abandoned;
        self.say(Subject::Stage(s), Verb::Abandon, "in the middle of a step", &[Subject::Run]);
    }
}
