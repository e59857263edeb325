//! What a failure leads to: siblings finish their step, questions are taken back, and then what the plan says.
//!
//! A part of the machine. Must not know how a stage is undone.

use super::machine::Machine;
use super::state::{ApprovalState, Aside, DecisionState, HoldState, Mode, Pending, Site, Status, Then, Wake};
use super::step::label;
use super::trace::{Final, Subject, Verb};
use crate::model::{
    ApprovalId, DecisionId, Failure, FailureOutcome, GateId, GateOutcome, HoldId, MomentKind, OnFailure,
    StageId, Strength,
};
use crate::plan::{Node, show};
use std::collections::VecDeque;

impl Machine<'_> {
    /// A gate did not pass.
    pub(super) fn gate_failed(&mut self, s: StageId, g: GateId, rollout: Option<usize>) {
        self.judged[g.index()] = Some(false);
        self.met.insert((Subject::Gate(g), Verb::Fail));
        self.say_within(s, Subject::Gate(g), Verb::Fail);
        let gate = self.release.gate(g);
        let what = format!("gate `{}`", gate.name);
        let then = match &gate.otherwise {
            None => return self.step_failed(s, rollout, &what),
            Some((GateOutcome::Then(FailureOutcome::Continue { .. }), _)) => {
                self.stages[s.index()].at += 1;
                return;
            }
            Some((GateOutcome::Then(outcome), _)) => Then::Outcome(outcome.clone()),
            Some((GateOutcome::Decision(d), _)) => Then::Decide(*d),
        };
        self.stage_failed(s, &what, then, VecDeque::new());
    }

    /// A step failed after its retries.
    pub(super) fn step_failed(&mut self, s: StageId, rollout: Option<usize>, what: &str) {
        let stage = self.release.stage(s);
        let ladder = stage.rollout.as_ref().filter(|r| r.demote.is_some());
        let (Some(ladder), Some(i)) = (ladder, rollout) else {
            let (then, first) = self.on_failure(Subject::Stage(s), stage.on_failure.as_ref());
            return self.stage_failed(s, what, then, first);
        };
        let Some(before) = (0..i).rev().find(|k| self.surely(&ladder.steps[*k].when)) else {
            return self.stage_failed(s, what, Then::Outcome(FailureOutcome::Rollback), VecDeque::new());
        };
        // The steps run at the value before; that is also where an undo starts from, and a retry at this step of the rollout.
        let back = &ladder.steps[before];
        let work: Vec<_> = back
            .work
            .iter()
            .enumerate()
            .filter(|(_, w)| self.surely(&w.when))
            .collect();
        let mut first = VecDeque::new();
        for (k, step) in work {
            first.push_back(Aside {
                subject: Subject::Stage(s),
                slug: step.slug.clone(),
                label: format!("{} (back at {})", label(self.plan, step), back.name),
                ms: self.plan.step_time(step, self.outcomes.pace).as_ms(),
            });
            let known = stage.steps.get(k).map_or(&step.slug, |own| &own.slug);
            self.stages[s.index()].begun.insert(known.clone(), Some(before));
        }
        let state = &mut self.stages[s.index()];
        let in_step = |item: &super::stage::Item<'_>| matches!(item, super::stage::Item::Step(d) if d.rollout == Some(i));
        state.at = state.items.iter().position(in_step).unwrap_or(state.at);
        state.stepped_back = true;
        self.stage_failed(s, what, Then::Outcome(FailureOutcome::Pause), first);
    }

    /// The time of a stage is over.
    pub(super) fn out_of_time(&mut self, s: StageId) {
        let state = &mut self.stages[s.index()];
        state.late = true;
        state.epoch += 1;
        state.busy = false;
        if state.fails.is_some_and(|(at, _)| at == state.at) {
            state.failures += 1;
            self.met.insert((Subject::Stage(s), Verb::StepFail));
        }
        self.busy.remove(&s);
        let stage = self.release.stage(s);
        let (then, first) = self.on_failure(Subject::Stage(s), stage.on_failure.as_ref());
        let timeout = stage.timeout.unwrap_or_default();
        self.stage_failed(s, &format!("its timeout of {timeout}"), then, first);
    }

    /// A hold could not be entered: what its first stage says counts, though nothing goes on unprotected.
    pub(super) fn hold_failed(&mut self, h: HoldId) {
        let stage = self.release.stage(self.release.hold(h).from);
        let (then, first) = self.on_failure(Subject::Hold(h), stage.when_hold_fails());
        let cause = format!("hold `{}` could not be entered", self.release.hold(h).name);
        self.drain(Site::Hold(h), then, first, cause);
    }

    fn on_failure(&self, of: Subject, written: Option<&OnFailure>) -> (Then, VecDeque<Aside>) {
        let Some(of_stage) = written else {
            return (Then::Outcome(FailureOutcome::Rollback), VecDeque::new());
        };
        let first = self.asides(of, of_stage.steps.iter());
        let then = match &of_stage.then {
            Failure::Then(outcome) => Then::Outcome(outcome.clone()),
            Failure::Decision(d) => Then::Decide(*d),
        };
        (then, first)
    }

    fn stage_failed(&mut self, s: StageId, what: &str, then: Then, first: VecDeque<Aside>) {
        let name = &self.release.stage(s).name;
        let cause = format!("stage `{name}` failed at {what}");
        let state = &mut self.stages[s.index()];
        state.status = Status::Failed;
        state.clock += 1;
        let late = if state.late { "(its time is over)" } else { "" };
        self.say(Subject::Stage(s), Verb::Fail, late, &[]);
        self.moment(MomentKind::Failed, Some(s));
        if matches!(then, Then::Outcome(FailureOutcome::Continue { .. })) {
            self.stages[s.index()].asides = first;
            self.continuing.insert(s);
            self.counted_as_ended(s);
            return;
        }
        self.drain(Site::Stage(s), then, first, cause);
    }

    /// A failure after which the plan goes on, once the work before that is done.
    pub(super) fn counted_as_ended(&mut self, s: StageId) {
        if let Some(aside) = self.stages[s.index()].asides.pop_front() {
            self.say_step(aside.subject, Verb::Aside, &aside.slug, &aside.label, &[]);
            let epoch = self.stages[s.index()].epoch;
            self.after(aside.ms, Wake::Continued(s, epoch));
            return;
        }
        if self.continuing.remove(&s) {
            self.continued(s);
        }
    }

    fn continued(&mut self, s: StageId) {
        let state = &mut self.stages[s.index()];
        state.status = Status::Continued;
        state.epoch += 1;
        state.asides.clear();
        self.say(Subject::Stage(s), Verb::Continue, "", &[]);
        self.settled(Node::Stage(s));
    }

    /// Nothing new starts from here on. What is under way goes on to the end of its step.
    pub(super) fn drain(&mut self, site: Site, then: Then, first: VecDeque<Aside>, cause: String) {
        if !matches!(self.mode, Mode::Forward | Mode::Draining) {
            return;
        }
        self.trouble(|| cause);
        self.pending.push_back(Pending { site, then, first });
        if self.mode == Mode::Draining {
            return;
        }
        self.mode = Mode::Draining;
        for s in std::mem::take(&mut self.continuing) {
            self.continued(s);
        }
        for s in self.ids() {
            if !self.finishes_its_step(s) {
                self.give_up(s);
            }
        }
        self.withdraw();
    }

    /// Open questions are taken back.
    pub(super) fn withdraw(&mut self) {
        for a in 0..self.approvals.len() {
            let run = &mut self.approvals[a];
            if run.state == ApprovalState::Open {
                run.state = ApprovalState::Closed;
                run.epoch += 1;
                self.say(Subject::Approval(ApprovalId::at(a)), Verb::Withdraw, "", &[]);
            }
        }
        for d in 0..self.decisions.len() {
            let run = &mut self.decisions[d];
            if run.state == DecisionState::Open {
                run.state = DecisionState::Closed;
                run.epoch += 1;
                self.say(Subject::Decision(DecisionId::at(d)), Verb::Withdraw, "", &[]);
            }
        }
    }

    /// What remains of a stage is given up; one that had not started never did.
    pub(super) fn give_up(&mut self, s: StageId) {
        let end = self.at_its_end(s);
        let state = &mut self.stages[s.index()];
        let status = match state.status {
            Status::Running if end && !state.busy => return self.ended(s),
            Status::Running => Status::Abandoned,
            Status::Entering => Status::Pending,
            _ => return,
        };
        state.status = status;
        state.epoch += 1;
        state.clock += 1;
        state.busy = false;
        if status == Status::Pending {
            state.at = 0;
        }
        self.busy.remove(&s);
        let detail = if status == Status::Pending {
            "before it started"
        } else {
            ""
        };
        self.say(Subject::Stage(s), Verb::Abandon, detail, &[]);
    }

    /// Goes on once nothing is under way; whether anything changed.
    pub(super) fn drained(&mut self) -> bool {
        let idle: Vec<StageId> = self.ids_running();
        for s in idle {
            self.give_up(s);
        }
        let entering = self.holds.iter().any(|h| h.state == HoldState::Entering);
        if self.aside_busy || self.asked || entering || !self.busy.is_empty() {
            return false;
        }
        // What each of them says first is done, whichever of them settles what follows.
        if let Some(aside) = self.pending.iter_mut().find_map(|p| p.first.pop_front()) {
            self.say_step(aside.subject, Verb::Aside, &aside.slug, &aside.label, &[]);
            self.aside_busy = true;
            self.after(aside.ms, Wake::Aside);
            return true;
        }
        if self.current.is_none() {
            self.current = self.strongest();
            if self.current.is_none() {
                self.go_on();
                return true;
            }
        }
        let Some(current) = self.current.clone() else {
            return true;
        };
        match current.then {
            Then::Outcome(outcome) => self.outcome_follows(outcome),
            Then::Decide(d) => {
                self.asked = true;
                let before = self.floor_of_current();
                self.decisions[d.index()].state = DecisionState::Closed;
                self.ask_decision(d, &before);
            }
        }
        true
    }

    /// Of all that failed together, what asks for most; of equals, what failed first.
    fn strongest(&mut self) -> Option<Pending> {
        let most = self.pending.iter().map(|p| p.then.strength()).max()?;
        let at = self.pending.iter().position(|p| p.then.strength() == most)?;
        self.pending.remove(at)
    }

    /// Running stages that have come to the end of their step.
    fn ids_running(&self) -> Vec<StageId> {
        self.ids()
            .filter(|s| self.stages[s.index()].status == Status::Running && !self.stages[s.index()].busy)
            .collect()
    }

    /// What a step outside the stages follows: the stage that failed.
    fn floor_of_current(&self) -> Vec<Subject> {
        match self.current.as_ref().map(|c| c.site) {
            Some(Site::Stage(s) | Site::Window(s)) => vec![Subject::Stage(s)],
            Some(Site::Hold(h)) => vec![Subject::Hold(h)],
            Some(Site::Decision(d)) => vec![Subject::Decision(d)],
            _ => Vec::new(),
        }
    }

    /// The decision that a failure asks for is made: what follows, or `None` when the plan goes on.
    pub(super) fn failure_decided(&mut self, outcome: Option<FailureOutcome>) {
        self.asked = false;
        match outcome {
            Some(outcome) => self.outcome_follows(outcome),
            None => self.resume(false),
        }
    }

    fn outcome_follows(&mut self, outcome: FailureOutcome) {
        match outcome {
            FailureOutcome::Rollback => self.roll_back(&[]),
            FailureOutcome::RollbackStage(s) => {
                let also = self.pending.iter().filter_map(|p| match p.then {
                    Then::Outcome(FailureOutcome::RollbackStage(other)) => Some(other),
                    _ => None,
                });
                let mut points: Vec<StageId> = std::iter::once(s).chain(also).collect();
                points.sort_unstable();
                points.dedup();
                self.roll_back(&points);
            }
            FailureOutcome::Stop => self.stop(),
            FailureOutcome::Continue { .. } => self.resume(false),
            FailureOutcome::Pause => self.pause(),
            FailureOutcome::Escalate(c) => {
                let who = show::prose(self.release, &self.release.channel(c).title);
                self.say(Subject::Run, Verb::Call, who, &[]);
                self.pause();
            }
            FailureOutcome::Restart(s, most) => {
                let other = |p: &Pending| {
                    p.then.strength() == Strength::Restarts && p.then != Then::Outcome(outcome.clone())
                };
                let apart = self.pending.iter().any(other);
                let done = self.restarts.entry(s).or_insert(0);
                if apart || *done >= most {
                    return self.roll_back(&[]);
                }
                *done += 1;
                self.restart(s);
            }
        }
    }

    /// Nothing is undone.
    pub(super) fn stop(&mut self) {
        self.pending.clear();
        self.current = None;
        self.turn_here();
        self.end = Final::Stopped;
        self.mode = Mode::Closing;
    }
}
