//! Starting: which stages, approvals and decisions may begin, and how people answer.
//!
//! A part of the machine. Must not know what a failure leads to.

use super::machine::{ApprovalState, DecisionState, HoldState, Machine, Mode, Status, Wake};
use super::outcomes::Verdict;
use super::trace::{Subject, Verb};
use crate::model::{
    ApprovalId, DecisionId, FailureOutcome, GateId, MomentKind, OptionOutcome, OptionTestExpr, StageId,
};
use crate::plan::{EdgeKind, Node};
use std::collections::BTreeSet;

impl Machine<'_> {
    /// The run begins.
    pub(super) fn open(&mut self) {
        self.say(Subject::Run, Verb::Start, "", &[]);
        self.moment(MomentKind::Started, None);
        for (i, over) in self.release.overrides.iter().enumerate() {
            if self.outcomes.overrides.contains(&i) {
                let detail = format!("override `{}` is declared", over.name);
                self.say(Subject::Run, Verb::Aside, detail, &[]);
            }
        }
    }

    /// Starts and asks whatever may be; whether anything changed.
    pub(super) fn forward(&mut self) -> bool {
        let mut more = false;
        let order: Vec<Node> = self.plan.order().collect();
        for node in order {
            if self.mode != Mode::Forward {
                return true;
            }
            more |= match node {
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
        match self.holds(&self.release.stage(s).when) {
            None => return false,
            Some(false) => {
                self.stages[s.index()].status = Status::NotApplicable;
                self.say(Subject::Stage(s), Verb::NotApplicable, "", &[]);
                return true;
            }
            Some(true) => {}
        }
        let Some(before) = self.ended_before(Node::Stage(s)) else {
            return false;
        };
        let mut others: Vec<Subject> = before.into_iter().map(Subject::Stage).collect();
        for (d, _) in &self.release.stage(s).awaits {
            if !matches!(
                self.decisions[d.index()].state,
                DecisionState::Made(_) | DecisionState::NotApplicable
            ) {
                return false;
            }
            others.push(Subject::Decision(*d));
        }
        let approved = &self.release.stage(s).approved;
        match self.granted(approved.iter().map(|(a, _)| *a)) {
            None => return false,
            Some(Some(lapsed)) => {
                self.lapsed(lapsed);
                return true;
            }
            Some(None) => others.extend(approved.iter().map(|(a, _)| Subject::Approval(*a))),
        }
        self.enter_stage(s, &others);
        true
    }

    /// Whether all of these are granted; the first whose grant is no longer good.
    pub(super) fn granted(&self, list: impl Iterator<Item = ApprovalId>) -> Option<Option<ApprovalId>> {
        let mut lapsed = None;
        for a in list {
            match self.approvals[a.index()].0 {
                ApprovalState::NotApplicable => {}
                ApprovalState::Granted(at) => {
                    let valid = self.release.approval(a).valid;
                    if valid.is_some_and(|v| self.now > at.saturating_add(v.as_ms())) && lapsed.is_none() {
                        lapsed = Some(a);
                    }
                }
                _ => return None,
            }
        }
        Some(lapsed)
    }

    /// The stages whose end a node starts after, when they have all ended well; `None` while one has not. What waits for
    /// things not applicable waits for what they wait for.
    fn ended_before(&self, node: Node) -> Option<Vec<StageId>> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut todo = vec![node];
        while let Some(node) = todo.pop() {
            for kind in [EdgeKind::After, EdgeKind::Serial] {
                let stages: Vec<StageId> = self
                    .plan
                    .waits_for(node)
                    .into_iter()
                    .filter(|(_, e)| e.kind == kind)
                    .filter_map(|(n, _)| if let Node::Stage(s) = n { Some(s) } else { None })
                    .collect();
                let status = |s: &StageId| self.stages[s.index()].status;
                let none_applies = stages.iter().all(|s| status(s) == Status::NotApplicable);
                for s in stages {
                    match status(&s) {
                        Status::NotApplicable if none_applies => {
                            if seen.insert(s) {
                                todo.push(Node::Stage(s));
                            }
                        }
                        Status::NotApplicable => {}
                        st if st.well() => {
                            found.insert(s);
                        }
                        _ => return None,
                    }
                }
            }
        }
        Some(found.into_iter().collect())
    }

    /// Whether a declared override removes a gate.
    pub(super) fn gate_skipped(&self, g: GateId) -> bool {
        let overrides = self.release.overrides.iter().enumerate();
        let mut used = overrides.filter(|(i, _)| self.outcomes.overrides.contains(i));
        used.any(|(_, o)| o.gates.iter().any(|(x, _)| *x == g))
    }

    fn try_approval(&mut self, a: ApprovalId) -> bool {
        if self.approvals[a.index()].0 != ApprovalState::Closed {
            return false;
        }
        let approval = self.release.approval(a);
        let overrides = self.release.overrides.iter().enumerate();
        let mut used = overrides.filter(|(i, _)| self.outcomes.overrides.contains(i));
        let skipped = used.any(|(_, o)| o.approvals.iter().any(|(x, _)| *x == a));
        match self.holds(&approval.when) {
            None => return false,
            Some(applies) if !applies || skipped => {
                self.approvals[a.index()].0 = ApprovalState::NotApplicable;
                self.say(Subject::Approval(a), Verb::NotApplicable, "", &[]);
                return true;
            }
            Some(_) => {}
        }
        let Some(before) = self.ended_before(Node::Approval(a)) else {
            return false;
        };
        let mut others: Vec<Subject> = before.into_iter().map(Subject::Stage).collect();
        for (d, _) in &approval.after_decisions {
            if !matches!(
                self.decisions[d.index()].state,
                DecisionState::Made(_) | DecisionState::NotApplicable
            ) {
                return false;
            }
            others.push(Subject::Decision(*d));
        }
        if self.only_for_undo(a) {
            return false;
        }
        self.say(Subject::Approval(a), Verb::Ask, "", &others);
        let within = approval.within.map_or(0, |d| d.as_ms());
        let ms = match self.outcomes.approvals.get(&a) {
            Some(Verdict::Expired) => within,
            Some(Verdict::GrantedAfter(ms)) => *ms,
            Some(Verdict::Rejected) | None => 0,
        };
        let late = approval.within.is_some() && ms > within;
        let state = &mut self.approvals[a.index()];
        state.0 = ApprovalState::Open;
        let epoch = state.1;
        if self.outcomes.cancel == Some(Node::Approval(a)) {
            self.met.insert("cancel".into());
            self.after(0, Wake::Cancel);
        }
        self.after(if late { within } else { ms }, Wake::Answer(a, epoch));
        true
    }

    /// Nothing but an undo waits for it, which asks for it itself.
    fn only_for_undo(&self, a: ApprovalId) -> bool {
        let guards = self.plan.waited_by(Node::Approval(a));
        guards.is_empty()
            && self.release.stages.iter().any(|s| {
                matches!(&s.rollback, crate::model::Rollback::Written(w) if w.approved.iter().any(|(x, _)| *x == a))
            })
    }

    /// People answered, or the time to do so is over.
    pub(super) fn answered(&mut self, a: ApprovalId) {
        let approval = self.release.approval(a);
        let within = approval.within.map_or(i64::MAX, |d| d.as_ms());
        let verb = match self.outcomes.approvals.get(&a) {
            Some(Verdict::Rejected) => Verb::Reject,
            Some(Verdict::Expired) => Verb::Expire,
            Some(Verdict::GrantedAfter(ms)) if *ms > within => Verb::Expire,
            Some(Verdict::GrantedAfter(_)) | None => {
                self.approvals[a.index()].0 = ApprovalState::Granted(self.now);
                self.say(Subject::Approval(a), Verb::Grant, "", &[]);
                self.moment(MomentKind::Approved, None);
                return;
            }
        };
        self.met.insert(format!("approval {}", approval.name));
        self.say(Subject::Approval(a), verb, "", &[]);
        self.denied(a, format!("approval `{}` {}", approval.name, verb.text()));
    }

    fn lapsed(&mut self, a: ApprovalId) {
        self.say(Subject::Approval(a), Verb::Lapse, "", &[]);
        let name = &self.release.approval(a).name;
        self.denied(a, format!("approval `{name}` {}", Verb::Lapse.text()));
    }

    fn try_decision(&mut self, d: DecisionId) -> bool {
        if self.decisions[d.index()].state != DecisionState::Closed || self.asked_on_failure_only(d) {
            return false;
        }
        let decision = self.release.decision(d);
        match self.holds(&decision.when) {
            None => return false,
            Some(false) => {
                self.decisions[d.index()].state = DecisionState::NotApplicable;
                self.say(Subject::Decision(d), Verb::NotApplicable, "", &[]);
                return true;
            }
            Some(true) => {}
        }
        let Some(before) = self.ended_before(Node::Decision(d)) else {
            return false;
        };
        let others: Vec<Subject> = before.into_iter().map(Subject::Stage).collect();
        let taken = decision.options.iter().position(|o| {
            matches!(&o.test, Some(OptionTestExpr::Cond(c)) if self.surely(c))
        });
        if let (Some(o), None) = (taken, self.outcomes.decisions.get(&d)) {
            self.make(d, o, "without asking: ", &others);
            return true;
        }
        self.say(Subject::Decision(d), Verb::Ask, "", &others);
        self.decisions[d.index()].state = DecisionState::Open;
        let ms = match self.outcomes.decisions.get(&d) {
            Some(None) => decision.question.within.map_or(0, |d| d.as_ms()),
            _ => 0,
        };
        if self.outcomes.cancel == Some(Node::Decision(d)) {
            self.met.insert("cancel".into());
            self.after(0, Wake::Cancel);
        }
        let epoch = self.decisions[d.index()].epoch;
        self.after(ms, Wake::Decide(d, epoch));
        true
    }

    /// The answer that a decision gets; `None` when nobody answers and it has no default.
    pub(super) fn option_of(&self, d: DecisionId) -> Option<usize> {
        let decision = self.release.decision(d);
        match self.outcomes.decisions.get(&d) {
            Some(Some(o)) => Some(*o),
            Some(None) => decision.default,
            None => decision.default.or(Some(0)),
        }
    }

    /// A decision is answered, or the time to do so is over.
    pub(super) fn decided(&mut self, d: DecisionId) {
        match self.option_of(d) {
            Some(o) => self.make(d, o, "", &[]),
            None => {
                self.say(Subject::Decision(d), Verb::Expire, "", &[]);
                let name = &self.release.decision(d).name;
                let cause = format!("nobody decided `{name}` in time");
                self.trouble(None, FailureOutcome::Rollback, cause);
            }
        }
    }

    fn make(&mut self, d: DecisionId, option: usize, how: &str, others: &[Subject]) {
        let option_of = &self.release.decision(d).options[option];
        self.decisions[d.index()].state = DecisionState::Made(option);
        self.say(Subject::Decision(d), Verb::Decide, format!("{how}`{}`", option_of.name), others);
        if let OptionOutcome::Then(outcome) = &option_of.then {
            let name = &self.release.decision(d).name;
            let cause = format!("decision `{name}` came out as `{}`", option_of.name);
            self.trouble(None, outcome.clone(), cause);
        }
    }

    /// A decision that only a failure asks.
    fn asked_on_failure_only(&self, d: DecisionId) -> bool {
        use crate::model::{Failure, GateOutcome, OnFailure};
        let by = |f: &Option<OnFailure>| matches!(f, Some(OnFailure { then: Failure::Decision(x), .. }) if *x == d);
        self.release.decision(d).after.is_empty()
            && (by(&self.release.on_failure)
                || self.release.stages.iter().any(|s| by(&s.on_failure))
                || self
                    .release
                    .gates
                    .iter()
                    .any(|g| matches!(&g.otherwise, Some((GateOutcome::Decision(x), _)) if *x == d)))
    }

    /// Whether every hold around a stage is entered; starts to enter those that are not.
    pub(super) fn inside_holds(&mut self, s: StageId) -> bool {
        let mut all = true;
        for h in 0..self.holds.len() {
            if !self.holds[h].stages.contains(&s) {
                continue;
            }
            match self.holds[h].state {
                HoldState::In => {}
                HoldState::Out | HoldState::Left => {
                    self.enter(crate::model::HoldId::at(h));
                    all = false;
                }
                HoldState::Stuck => {}
                HoldState::Entering | HoldState::Leaving => all = false,
            }
        }
        all
    }
}
