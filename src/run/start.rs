//! Starting: the run, and each stage until its first step.
//!
//! A part of the machine. Must not know what a failure leads to.

use super::machine::Machine;
use super::state::{ApprovalState, Mode, Site, Status, Then, Wake};
use super::trace::{Subject, Verb};
use crate::model::{ApprovalId, FailureOutcome, MomentKind, StageId};
use crate::plan::Node;

impl Machine<'_> {
    /// Somebody starts the run. It waits while another one holds a lock of it, or is dropped.
    pub(super) fn open_run(&mut self) {
        let Some(ms) = self.outcomes.locked else {
            self.begin_run();
            return;
        };
        self.mode = Mode::Closing;
        if self.release.locks.iter().any(|l| l.drop) {
            self.say(
                Subject::Run,
                Verb::Cancel,
                "before it began: another run holds the lock",
                &[],
            );
            self.trouble(|| "another run holds the lock".into());
            self.end = super::trace::Final::Stopped;
            self.mode = Mode::Over;
            return;
        }
        self.say(Subject::Run, Verb::Locked, "", &[]);
        self.after(ms, Wake::Unlocked);
    }

    /// The run begins.
    pub(super) fn begin_run(&mut self) {
        self.mode = Mode::Forward;
        self.say(Subject::Run, Verb::Start, "", &[]);
        self.turn_here();
        self.moment(MomentKind::Started, None);
        for (i, over) in self.release.overrides.iter().enumerate() {
            if self.outcomes.overrides.contains(&i) {
                self.say(Subject::Run, Verb::Override, format!("`{}`", over.name), &[]);
                self.turn_here();
            }
        }
    }

    /// Starts and asks whatever may be; whether anything changed.
    pub(super) fn forward(&mut self) -> bool {
        let mut more = false;
        while let Some(place) = self.look.pop_first() {
            if self.mode != Mode::Forward {
                self.look.insert(place);
                return true;
            }
            more |= match self.graph.node(self.graph.order[place]) {
                Node::Stage(s) => self.try_stage(s),
                Node::Approval(a) => self.try_approval(a),
                Node::Decision(d) => self.try_decision(d),
            };
        }
        more
    }

    fn try_stage(&mut self, s: StageId) -> bool {
        match self.stages[s.index()].status {
            Status::Pending => {}
            Status::Entering | Status::Running => return self.advance(s),
            _ => return false,
        }
        let when = &self.release.stage(s).when;
        let mut applies = self.holds(when);
        let waited = if applies == Some(false) || self.open[s.index()] > 0 {
            None
        } else {
            self.waited(s.index())
        };
        if waited.is_some() && applies.is_none() {
            // Nothing is open any more: a decision that nothing asked for took no option.
            applies = Some(self.surely(when));
        }
        if applies == Some(false) {
            self.stages[s.index()].status = Status::NotApplicable;
            self.say(Subject::Stage(s), Verb::NotApplicable, "", &[]);
            self.settled(Node::Stage(s));
            return true;
        }
        let Some(others) = waited else { return false };
        self.enter_stage(s, &others);
        self.advance(s);
        true
    }

    /// Of these approvals, whether all are granted, and the first whose grant is no longer good.
    pub(super) fn granted(&self, list: impl Iterator<Item = ApprovalId>) -> Option<Option<ApprovalId>> {
        let mut lapsed = None;
        for a in list {
            match self.approvals[a.index()].state {
                ApprovalState::NotApplicable => {}
                ApprovalState::Granted(at) => {
                    let valid = self.release.approval(a).valid;
                    if lapsed.is_none() && valid.is_some_and(|v| self.now > at.saturating_add(v.as_ms())) {
                        lapsed = Some(a);
                    }
                }
                _ => return None,
            }
        }
        Some(lapsed)
    }

    /// The window is closed when a stage would start: the run pauses.
    pub(super) fn window_closed(&mut self, s: StageId) -> bool {
        if !self.outcomes.outside_window.contains(&s) || !self.windows.insert(s) {
            return false;
        }
        if !self.plan.covered(s) {
            self.windows.remove(&s);
            return false;
        }
        let name = &self.release.stage(s).name;
        let cause = format!("the window was closed when `{name}` would have started");
        self.drain(
            Site::Window(s),
            Then::Outcome(FailureOutcome::Pause),
            Default::default(),
            cause,
        );
        true
    }
}
