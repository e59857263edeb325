//! Going on after an interruption: pauses and their answers, restarts; triggers and cancellations, which interrupt.
//!
//! A part of the machine.

use super::machine::Machine;
use super::outcomes::Answer;
use super::stage::Item;
use super::state::{ApprovalState, DecisionState, HoldState, Mode, Site, Status, Then};
use super::trace::{Subject, Verb};
use crate::model::{
    ApprovalId, CaptureSource, DecisionId, FailureOutcome, GateId, MomentKind, StageId, TriggerId,
};
use crate::plan::{Node, show};

impl Machine<'_> {
    /// The owner is asked, and answers.
    pub(super) fn pause(&mut self) {
        let of: Vec<Subject> = match self.current.as_ref().map(|c| c.site) {
            Some(Site::Stage(s) | Site::Window(s)) => vec![Subject::Stage(s)],
            _ => Vec::new(),
        };
        self.say_turn(Verb::Pause, "", &of);
        self.moment(MomentKind::Paused, None);
        let answer = self
            .outcomes
            .answers
            .get(self.pauses)
            .copied()
            .unwrap_or_default();
        self.pauses += 1;
        self.say_turn(Verb::Answer, answer.word(), &[]);
        match answer {
            Answer::Retry => self.resume(true),
            Answer::Proceed => self.resume(false),
            Answer::Rollback => self.roll_back(&[]),
            Answer::Stop => self.stop(),
        }
    }

    /// What failed is done again, or counts as done; then the plan goes on, or the next thing that failed meanwhile is seen to.
    pub(super) fn resume(&mut self, again: bool) {
        let Some(current) = self.current.take() else {
            return;
        };
        match current.site {
            Site::Stage(s) => self.resume_stage(s, again),
            Site::Window(s) => {
                let state = &mut self.stages[s.index()];
                state.status = Status::Pending;
                state.at = 0;
                if again {
                    self.windows.insert(s);
                }
            }
            Site::Hold(h) if again => self.holds[h.index()].state = HoldState::Out,
            Site::Decision(d) if again => self.decisions[d.index()].state = DecisionState::Closed,
            Site::Hold(_) | Site::Decision(_) | Site::Approval | Site::Trigger => {}
        }
        if self.pending.is_empty() {
            self.go_on();
        }
    }

    fn resume_stage(&mut self, s: StageId, again: bool) {
        let state = &mut self.stages[s.index()];
        state.late = false;
        // After a step back the step of the rollout starts again, whatever the owner says: nothing runs at its value.
        if !again && !std::mem::take(&mut state.stepped_back) {
            state.at += 1;
        }
        state.stepped_back = false;
        let rest = state.items.get(state.at..).unwrap_or_default();
        let to_start = rest.iter().any(|i| matches!(i, Item::Begin));
        state.status = if to_start {
            Status::Entering
        } else {
            Status::Running
        };
        self.choose_failure(s);
        if !to_start {
            self.start_clock(s);
        }
    }

    /// The plan goes on from where everything stands.
    pub(super) fn go_on(&mut self) {
        self.mode = Mode::Forward;
        self.turn_here();
        for s in self.ids() {
            let state = &mut self.stages[s.index()];
            if state.status == Status::Abandoned {
                state.status = Status::Running;
                self.start_clock(s);
            }
        }
        self.recount();
    }

    /// A stage and what depends on it is as if it had not started; what began stays known to a later rollback.
    pub(super) fn restart(&mut self, from: StageId) {
        self.current = None;
        self.pending.clear();
        let inside = self.graph.from(from);
        let stages: Vec<StageId> = self.ids().filter(|s| inside[s.index()]).collect();
        for a in 0..self.approvals.len() {
            let within = inside[self.graph.number(Node::Approval(ApprovalId::at(a)))];
            let run = &mut self.approvals[a];
            if within || run.state == ApprovalState::Denied {
                run.state = ApprovalState::Closed;
                run.epoch += 1;
            }
        }
        for d in 0..self.decisions.len() {
            if inside[self.graph.number(Node::Decision(DecisionId::at(d)))] {
                let run = &mut self.decisions[d];
                run.state = DecisionState::Closed;
                run.epoch += 1;
            }
        }
        for s in &stages {
            let stage = self.release.stage(*s);
            let of_steps = stage
                .rollout
                .iter()
                .flat_map(|r| &r.steps)
                .flat_map(|r| &r.approved);
            for (a, _) in stage.approved.iter().chain(of_steps) {
                let run = &mut self.approvals[a.index()];
                if matches!(run.state, ApprovalState::Granted(_)) {
                    run.state = ApprovalState::Closed;
                    run.epoch += 1;
                }
            }
            for (list, _) in &stage.ready {
                self.ticked.remove(list);
            }
            let state = &mut self.stages[s.index()];
            state.status = Status::Pending;
            state.at = 0;
            state.late = false;
            state.attempt += 1;
            state.epoch += 1;
            state.clock += 1;
        }
        let release = self.release;
        self.recorded.retain(|c| match release.capture(*c).source {
            CaptureSource::Stage(s) => !inside[s.index()],
            _ => true,
        });
        for g in 0..self.judged.len() {
            if self.plan.judges(GateId::at(g)).iter().any(|s| inside[s.index()]) {
                self.judged[g] = None;
            }
        }
        // Nothing inside a hold that could not be entered runs without it: it is tried again.
        for hold in self.holds.iter_mut().filter(|h| h.half) {
            hold.state = HoldState::Out;
            hold.half = false;
        }
        // What failed outside goes on from where it stands.
        for s in self.ids() {
            if self.stages[s.index()].status == Status::Failed && !self.continuing.contains(&s) {
                self.resume_stage(s, true);
            }
        }
        let all: Vec<Subject> = stages.into_iter().map(Subject::Stage).collect();
        self.say_turn(
            Verb::Restart,
            format!("from `{}` on", self.release.stage(from).name),
            &all,
        );
        self.go_on();
    }

    /// Whether a trigger watches now: from the first start in `during` until the last has ended.
    fn armed(&self, t: TriggerId) -> bool {
        let during = self
            .release
            .triggers
            .get(t.index())
            .map_or(&[][..], |t| &t.during);
        let status = |s: &StageId| self.stages[s.index()].status;
        let over = |s: &StageId| {
            matches!(
                status(s),
                Status::Ended | Status::Continued | Status::NotApplicable
            )
        };
        let started = |s: &StageId| {
            !matches!(
                status(s),
                Status::Pending | Status::Entering | Status::NotApplicable
            )
        };
        during.iter().any(started) && !during.iter().all(over)
    }

    /// A trigger acts, when it is armed.
    pub(super) fn fire(&mut self, t: TriggerId) {
        if !self.armed(t) {
            return;
        }
        let Some(trigger) = self.release.triggers.get(t.index()) else {
            return;
        };
        self.met.insert((Subject::Trigger(t), Verb::Fire));
        let watched: Vec<Subject> = trigger.during.iter().map(|s| Subject::Stage(*s)).collect();
        self.say(Subject::Trigger(t), Verb::Fire, "", &watched);
        let first = self.asides(Subject::Trigger(t), trigger.steps.iter());
        if let FailureOutcome::Escalate(c) = &trigger.then {
            for told in first {
                self.say_step(told.subject, Verb::Aside, &told.slug, &told.label, &[]);
            }
            let who = show::prose(self.release, &self.release.channel(*c).title);
            self.say(Subject::Trigger(t), Verb::Call, who, &[]);
            return;
        }
        let cause = format!("trigger `{}` acted", trigger.name);
        self.drain(Site::Trigger, Then::Outcome(trigger.then.clone()), first, cause);
    }

    /// The run is cancelled: nothing is undone, and nobody is waited for.
    pub(super) fn cancel(&mut self) {
        self.met.insert((Subject::Run, Verb::Cancel));
        self.trouble(|| "the run was cancelled".into());
        let at_work = |s: &StageId| {
            let state = &self.stages[s.index()];
            state.busy && matches!(state.items.get(state.at), Some(Item::Step(_)))
        };
        let busy: Vec<StageId> = self.ids().filter(at_work).collect();
        self.say(Subject::Run, Verb::Cancel, "", &[]);
        for s in self.ids() {
            let state = &mut self.stages[s.index()];
            let status = match state.status {
                Status::Running => Status::Abandoned,
                Status::Entering => Status::Pending,
                _ => continue,
            };
            state.status = status;
            state.busy = false;
            state.epoch += 1;
            state.clock += 1;
            let within = busy.contains(&s);
            let detail = if within { "in the middle of a step" } else { "" };
            self.say(Subject::Stage(s), Verb::Abandon, detail, &[Subject::Run]);
            if within {
                let name = &self.release.stage(s).name;
                self.help.push(format!(
                    "stage `{name}` was in the middle of a step when the run was cancelled"
                ));
            }
        }
        self.busy.clear();
        for h in 0..self.holds.len() {
            if self.holds[h].state == HoldState::Entering {
                self.holds[h].state = HoldState::In;
                let name = &self.release.holds[h].name;
                self.help.push(format!(
                    "hold `{name}` was being entered when the run was cancelled"
                ));
            }
        }
        self.withdraw();
        self.turn_here();
        self.stop();
    }
}
