//! Approvals and decisions: when people are asked, and what they say.
//!
//! A part of the machine. Must not know what a rejection leads to.

use super::machine::Machine;
use super::outcomes::Verdict;
use super::state::{ApprovalState, Back, DecisionState, Mode, Site, Then, Wake};
use super::trace::{Subject, Verb};
use crate::model::{
    ApprovalId, ApprovalOutcome, DecisionId, FailureOutcome, MomentKind, OptionOutcome, OptionTestExpr,
};
use crate::plan::{Node, Pace};

impl Machine<'_> {
    pub(super) fn try_approval(&mut self, a: ApprovalId) -> bool {
        if self.approvals[a.index()].state != ApprovalState::Closed || self.graph.for_undo[a.index()] {
            return false;
        }
        let number = self.graph.number(Node::Approval(a));
        let mut applies = self.approval_applies(a);
        let waited = match applies {
            Some(false) => None,
            _ if self.open[number] > 0 => None,
            _ => self.waited(number),
        };
        if waited.is_some() && applies.is_none() {
            applies = Some(self.surely(&self.release.approval(a).when));
        }
        if applies == Some(false) {
            self.approvals[a.index()].state = ApprovalState::NotApplicable;
            self.say(Subject::Approval(a), Verb::NotApplicable, "", &[]);
            self.settled(Node::Approval(a));
            return true;
        }
        let Some(others) = waited else { return false };
        self.ask_approval(a, 0, &others);
        true
    }

    fn approval_applies(&self, a: ApprovalId) -> Option<bool> {
        let overrides = self.release.overrides.iter().enumerate();
        let mut used = overrides.filter(|(i, _)| self.outcomes.overrides.contains(i));
        if used.any(|(_, o)| o.approvals.iter().any(|(x, _)| *x == a)) {
            return Some(false);
        }
        self.holds(&self.release.approval(a).when)
    }

    /// People are asked; `usual` is how long their yes takes when nothing else is said.
    fn ask_approval(&mut self, a: ApprovalId, usual: i64, others: &[Subject]) {
        self.say(Subject::Approval(a), Verb::Ask, "", others);
        let within = self.release.approval(a).within.map(|d| d.as_ms());
        let ms = match self.outcomes.approvals.get(&a) {
            Some(Verdict::Expired) => within,
            Some(Verdict::GrantedAfter(ms)) => Some(within.map_or(*ms, |w| (*ms).min(w))),
            Some(Verdict::Rejected) => Some(0),
            None => Some(usual),
        };
        let run = &mut self.approvals[a.index()];
        run.state = ApprovalState::Open;
        run.epoch += 1;
        let epoch = run.epoch;
        self.interfere(Node::Approval(a), ms.unwrap_or(0));
        // What nobody answers, and need not be answered in time, stays open.
        if let Some(ms) = ms {
            self.after(ms, Wake::Answer(a, epoch));
        }
    }

    /// People answered, or the time to do so is over.
    pub(super) fn answered(&mut self, a: ApprovalId) {
        let approval = self.release.approval(a);
        let within = approval.within.map_or(i64::MAX, |d| d.as_ms());
        let subject = Subject::Approval(a);
        let verb = match self.outcomes.approvals.get(&a) {
            Some(Verdict::Rejected) => Verb::Reject,
            Some(Verdict::Expired) => Verb::Expire,
            Some(Verdict::GrantedAfter(ms)) if *ms > within => Verb::Expire,
            Some(Verdict::GrantedAfter(_)) | None => {
                self.approvals[a.index()].state = ApprovalState::Granted(self.now);
                self.say(subject, Verb::Grant, "", &[]);
                self.moment(MomentKind::Approved, None);
                if self.mode != Mode::Back {
                    self.settled(Node::Approval(a));
                }
                return;
            }
        };
        self.met.insert((subject, verb));
        self.say(subject, verb, "", &[]);
        let cause = format!("approval `{}` {}", approval.name, verb.text());
        self.denied(a, cause);
    }

    /// A grant was given too long ago.
    pub(super) fn lapsed(&mut self, a: ApprovalId) {
        self.say(Subject::Approval(a), Verb::Lapse, "", &[]);
        let name = &self.release.approval(a).name;
        self.denied(a, format!("approval `{name}` {}", Verb::Lapse.text()));
    }

    fn denied(&mut self, a: ApprovalId, cause: String) {
        self.approvals[a.index()].state = ApprovalState::Denied;
        self.moment(MomentKind::Rejected, None);
        if self.mode == Mode::Back {
            return;
        }
        let outcome = match &self.release.approval(a).otherwise {
            ApprovalOutcome::Rollback => FailureOutcome::Rollback,
            ApprovalOutcome::Stop => FailureOutcome::Stop,
            ApprovalOutcome::Restart(s, n) => FailureOutcome::Restart(*s, *n),
        };
        self.drain(Site::Approval, Then::Outcome(outcome), Default::default(), cause);
    }

    /// Whether an undo has the permission it asks for; asks for it. `Some(false)` when it was denied.
    pub(super) fn undo_permitted(&mut self, a: ApprovalId, s: crate::model::StageId) -> Option<bool> {
        match self.approvals[a.index()].state {
            ApprovalState::Granted(_) | ApprovalState::NotApplicable => Some(true),
            ApprovalState::Denied => Some(false),
            ApprovalState::Open => None,
            ApprovalState::Closed if !self.approval_applies(a).unwrap_or(true) => Some(true),
            ApprovalState::Closed => {
                debug_assert_eq!(self.stages[s.index()].back, Back::Waiting);
                let within = self.release.approval(a).within;
                let usual = match self.outcomes.pace {
                    Pace::Longest => within.map_or(0, |d| d.as_ms()),
                    Pace::Shortest => 0,
                };
                self.ask_approval(a, usual, &[]);
                None
            }
        }
    }

    pub(super) fn try_decision(&mut self, d: DecisionId) -> bool {
        if self.decisions[d.index()].state != DecisionState::Closed || self.decisions[d.index()].by_failure {
            return false;
        }
        let decision = self.release.decision(d);
        let number = self.graph.number(Node::Decision(d));
        let mut applies = self.holds(&decision.when);
        let waited = match applies {
            Some(false) => None,
            _ if self.open[number] > 0 => None,
            _ => self.waited(number),
        };
        if waited.is_some() && applies.is_none() {
            applies = Some(self.surely(&decision.when));
        }
        if applies == Some(false) {
            self.decisions[d.index()].state = DecisionState::NotApplicable;
            self.say(Subject::Decision(d), Verb::NotApplicable, "", &[]);
            self.settled(Node::Decision(d));
            return true;
        }
        let Some(others) = waited else { return false };
        if let Some(option) = self.taken_without_asking(d) {
            self.make(d, option, "without asking: ", &others);
            return true;
        }
        self.ask_decision(d, &others);
        true
    }

    /// The first option whose condition holds.
    fn taken_without_asking(&self, d: DecisionId) -> Option<usize> {
        let options = &self.release.decision(d).options;
        options
            .iter()
            .position(|o| matches!(&o.test, Some(OptionTestExpr::Cond(c)) if self.surely(c)))
    }

    /// Somebody is asked for a decision.
    pub(super) fn ask_decision(&mut self, d: DecisionId, others: &[Subject]) {
        if let Some(option) = self.taken_without_asking(d) {
            self.make(d, option, "without asking: ", others);
            return;
        }
        self.say(Subject::Decision(d), Verb::Ask, "", others);
        let within = self.release.decision(d).question.within.map(|d| d.as_ms());
        let ms = match self.outcomes.decisions.get(&d) {
            Some(None) => within,
            _ => Some(0),
        };
        let run = &mut self.decisions[d.index()];
        run.state = DecisionState::Open;
        run.epoch += 1;
        let epoch = run.epoch;
        self.interfere(Node::Decision(d), ms.unwrap_or(0));
        if let Some(ms) = ms {
            self.after(ms, Wake::Decide(d, epoch));
        }
    }

    /// A decision is answered, or the time to do so is over.
    pub(super) fn decided(&mut self, d: DecisionId) {
        let decision = self.release.decision(d);
        let goes_on = |i: &usize| {
            decision
                .options
                .get(*i)
                .is_some_and(|o| o.then == OptionOutcome::Proceed)
        };
        let option = match self.outcomes.decisions.get(&d) {
            Some(Some(o)) if *o < decision.options.len() => Some(*o),
            Some(_) => {
                self.met.insert((Subject::Decision(d), Verb::Expire));
                decision.default
            }
            None => decision
                .default
                .filter(goes_on)
                .or_else(|| (0..decision.options.len()).find(goes_on))
                .or(decision.default)
                .or(Some(0).filter(|_| !decision.options.is_empty())),
        };
        if let Some(option) = option {
            self.make(d, option, "", &[]);
            return;
        }
        self.say(Subject::Decision(d), Verb::Expire, "", &[]);
        self.decisions[d.index()].state = DecisionState::Closed;
        let cause = format!("nobody decided `{}` in time", decision.name);
        self.comes_out(d, FailureOutcome::Rollback, cause);
    }

    fn make(&mut self, d: DecisionId, option: usize, how: &str, others: &[Subject]) {
        let decision = self.release.decision(d);
        let Some(taken) = decision.options.get(option) else {
            return;
        };
        self.decisions[d.index()].state = DecisionState::Made(option);
        if self.outcomes.decisions.get(&d) == Some(&Some(option)) {
            self.met.insert((Subject::Decision(d), Verb::Decide));
        }
        self.say(
            Subject::Decision(d),
            Verb::Decide,
            format!("{how}`{}`", taken.name),
            others,
        );
        match &taken.then {
            OptionOutcome::Then(outcome) => {
                let cause = format!("decision `{}` came out as `{}`", decision.name, taken.name);
                self.comes_out(d, outcome.clone(), cause);
            }
            OptionOutcome::Proceed if self.mode == Mode::Draining => self.failure_decided(None),
            OptionOutcome::Proceed => self.settled(Node::Decision(d)),
        }
    }

    /// A decision leads away from the plan's way on.
    fn comes_out(&mut self, d: DecisionId, outcome: FailureOutcome, cause: String) {
        if self.mode == Mode::Draining {
            self.failure_decided(Some(outcome));
        } else if matches!(outcome, FailureOutcome::Continue { .. }) {
            self.settled(Node::Decision(d));
        } else {
            self.drain(
                Site::Decision(d),
                Then::Outcome(outcome),
                Default::default(),
                cause,
            );
        }
    }
}
