//! Whether a run is one the plan allows, and does all that the plan demands.
//!
//! Goes by what the run shows and by the order in which one thing caused another. Must not know a target. Called by the proof's
//! entry point for every run of every target.

use super::event::{Causes, Event, Trace, What};
use super::questions::SAID;
use super::scenario::{Broken, Lock, Open, Scenario, words};
use super::walk::Fate;
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{
    ApprovalId, ApprovalOutcome, Atom, CaptureId, Cond, DecisionId, Failure, FailureOutcome, GateId,
    GateOutcome, GateTest, OptionOutcome, OptionTestExpr, Outcome, Release, StageId, StepKind, Strength,
    Subject,
};
use crate::plan::{EdgeKind, Node, Plan};
use std::collections::{BTreeMap, BTreeSet};

/// What follows a failure, for the run as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Everything that began is undone.
    Rollback,
    /// A stage and all that depends on it is undone.
    From(StageId),
    /// Nothing is undone.
    Stop,
    /// A part runs again; what the run does is then not judged step by step.
    Again,
}

impl Then {
    /// How much it asks for, beside what else failed.
    pub fn strength(self) -> Strength {
        match self {
            Then::Rollback => Strength::UndoesAll,
            Then::From(_) => Strength::UndoesPart,
            Then::Stop => Strength::Stops,
            Then::Again => Strength::Restarts,
        }
    }
}

impl From<&ApprovalOutcome> for Then {
    fn from(outcome: &ApprovalOutcome) -> Then {
        match outcome {
            ApprovalOutcome::Rollback => Then::Rollback,
            ApprovalOutcome::Stop => Then::Stop,
            ApprovalOutcome::Restart(..) => Then::Again,
        }
    }
}

/// How a failure goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The step is done again.
    Retry,
    /// The next step is done, because the owner of a pause says so.
    Proceed,
    /// The next step is done, because a decision says so.
    Chosen,
    /// The stage counts as ended.
    Continue,
    /// The run is given up.
    End(Then),
}

/// A run held against its plan.
pub struct Judge<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its release.
    pub release: &'a Release,
    /// What was decided outside.
    pub scenario: &'a Scenario,
    /// What the artifact can do.
    pub open: &'a Open,
    /// The run.
    pub trace: &'a Trace,
    /// What came before what.
    pub causes: Causes,
    /// How each stage came out, as far as they have been looked at.
    pub fates: BTreeMap<StageId, Fate>,
    /// What gave the run up, with the event that shows it.
    pub thens: Vec<(Then, Option<usize>)>,
    /// Whether the clock decided something.
    pub timed: bool,
    /// The verdicts of gates that a stage has been held to.
    pub used: BTreeSet<usize>,
    /// The values that steps have recorded.
    pub recorded: BTreeSet<CaptureId>,
}

/// Holds a run against its plan. True when how it went is for the reference to tell as well: it does not hang on the clock.
///
/// # Errors
/// What the plan does not allow, or demands and does not get.
pub fn judge(plan: &Plan, open: &Open, scenario: &Scenario, trace: &Trace) -> Result<bool, String> {
    let mut judge = Judge {
        plan,
        release: plan.release(),
        scenario,
        open,
        trace,
        causes: trace.causes(),
        fates: BTreeMap::new(),
        thens: Vec::new(),
        timed: false,
        used: BTreeSet::new(),
        recorded: BTreeSet::new(),
    };
    if let Some(left) = trace.left.first() {
        return Err(left.clone());
    }
    let asserted = plan.release().asserts.iter().all(|a| judge.truth(&a.holds));
    let missing = trace.events.iter().any(|e| e.what == What::Refused);
    let dropped = scenario.lock.is_some_and(Lock::is_released) && judge.drops();
    if scenario.refused() || missing || dropped || !asserted {
        let asked = |p: &Purpose| matches!(p.deed, Deed::Override(_));
        let began = judge.find(|w| matches!(w, What::Begin(p) if !asked(p)));
        if began.is_some() || trace.end != "Stopped" {
            return Err("a run that is refused begins, or does not say so".into());
        }
        judge.waited_for_lock()?;
        judge.answered_in_time()?;
        return Ok(false);
    }
    judge.answered_in_time()?;
    judge.given_up_in_time()?;
    judge.nothing_unprotected()?;
    judge.consents()?;
    for stage in plan.stage_order() {
        let fate = judge.walk(stage)?;
        judge.fates.insert(stage, fate);
    }
    judge.too_late_to_lapse();
    if judge.thens.iter().any(|(t, _)| *t == Then::Again) {
        judge.approved_again()?;
        judge.starts()?;
        judge.held_meanwhile()?;
        return Ok(false);
    }
    judge.nothing_left()?;
    judge.starts()?;
    judge.held_meanwhile()?;
    judge.taken_back_soon()?;
    judge.complete()?;
    judge.undos_and_end()?;
    judge.messages()?;
    judge.record()?;
    Ok(!judge.timed)
}

impl<'a> Judge<'a> {
    /// Whether a condition holds in this run.
    pub fn truth(&self, cond: &Cond) -> bool {
        match cond {
            Cond::True => true,
            Cond::False => false,
            Cond::And(l) => l.iter().all(|c| self.truth(c)),
            Cond::Or(l) => l.iter().any(|c| self.truth(c)),
            Cond::Not(c) => !self.truth(c),
            Cond::Atom(Atom::Decision { decision, option }) => self.decided(*decision) == Some(*option),
            Cond::Atom(Atom::Outcome { subject, outcome }) => self.outcome(*subject, *outcome),
            Cond::Atom(atom) => self.scenario.atom(atom),
        }
    }

    fn outcome(&self, subject: Subject, outcome: Outcome) -> bool {
        let own = match subject {
            Subject::Stage(s) => match self.fates.get(&s) {
                Some(f) if f.done => Outcome::Passed,
                Some(f) if f.apart => Outcome::NotApplicable,
                Some(f) if f.failed => Outcome::Failed,
                _ => return false,
            },
            Subject::Gate(g) => match self.verdict(g) {
                Some(true) => Outcome::Passed,
                Some(false) => Outcome::Failed,
                None => Outcome::NotApplicable,
            },
        };
        own == outcome
    }

    /// How a gate came out last.
    fn verdict(&self, gate: GateId) -> Option<bool> {
        self.trace.events.iter().rev().find_map(|e| match &e.what {
            What::Judged(g, truth) if *g == gate => Some(*truth),
            What::Done(p) if p.deed == Deed::Judge(gate) || p.deed == Deed::NoData(gate) => Some(true),
            What::Failed(p) if p.deed == Deed::Judge(gate) || p.deed == Deed::NoData(gate) => Some(false),
            _ => None,
        })
    }

    /// The option that was taken.
    pub fn decided(&self, decision: DecisionId) -> Option<usize> {
        let options = &self.release.decision(decision).options;
        let taken = options
            .iter()
            .position(|o| matches!(&o.test, Some(OptionTestExpr::Cond(c)) if self.truth(c)));
        if taken.is_some() {
            return taken;
        }
        if let Some((d, option)) = self.scenario.taken
            && d == decision
        {
            return Some(option);
        }
        let answered = self.trace.events.iter().find_map(|e| match &e.what {
            What::Done(p) => match p.deed {
                Deed::Decide(d, option) if d == decision => Some(option),
                _ => None,
            },
            _ => None,
        });
        answered.or_else(|| {
            let asked = self.find(
                |w| matches!(w, What::Begin(p) if matches!(p.deed, Deed::Decide(d, _) if d == decision)),
            );
            asked.and(self.release.decision(decision).default)
        })
    }

    /// The first event of a kind.
    pub fn find(&self, is: impl Fn(&What) -> bool) -> Option<usize> {
        self.trace.events.iter().position(|e| is(&e.what))
    }

    /// The way a failure of a stage takes.
    pub fn way(&self, outcome: &FailureOutcome) -> Way {
        self.way_by(outcome, self.scenario.resumed())
    }

    /// The same of what a stage says, when its own owner is asked.
    pub fn way_at(&self, outcome: &FailureOutcome, stage: StageId) -> Way {
        if outcome.strength() == Strength::Asks
            && let Some(stronger) = self.outdone(stage)
        {
            return self.way_by(stronger, 2);
        }
        // What was taken back unanswered says nothing of how the run ends.
        if outcome.strength() == Strength::Asks && self.unheard(stage) {
            return Way::End(Then::Stop);
        }
        self.way_by(outcome, self.scenario.resumed_at(At::Stage(stage)))
    }

    /// What settles a pause of a stage about which nobody was asked: what failed beside it and asks for more than a person's word.
    fn outdone(&self, stage: StageId) -> Option<&FailureOutcome> {
        let asked = |w: &What| matches!(w, What::Begin(p) if matches!(p.deed, Deed::Resume(_)));
        if self.find(asked).is_some() {
            return None;
        }
        let said = |p: &Purpose| -> Option<&FailureOutcome> {
            if let (At::Run, Deed::Grant(a)) = (p.at, p.deed) {
                return match self.release.approval(a).otherwise {
                    ApprovalOutcome::Rollback => Some(&FailureOutcome::Rollback),
                    ApprovalOutcome::Stop => Some(&FailureOutcome::Stop),
                    ApprovalOutcome::Restart(..) => None,
                };
            }
            let At::Stage(s) = p.at else { return None };
            let own = self.release.stage(s).on_failure.as_ref().map(|f| &f.then);
            let judged = match p.deed {
                Deed::Judge(g) => self.release.gate(g).otherwise.as_ref(),
                _ => None,
            };
            match (judged, own) {
                _ if s == stage => None,
                (Some((GateOutcome::Then(o), _)), _) | (None, Some(Failure::Then(o))) => Some(o),
                (None, None) => Some(&FailureOutcome::Rollback),
                _ => None,
            }
        };
        let failed = self.trace.events.iter().filter_map(|e| match &e.what {
            What::Failed(p) => said(p),
            What::Done(p) => match p.deed {
                Deed::Decide(d, o) => match &self.release.decision(d).options.get(o)?.then {
                    OptionOutcome::Then(then) => Some(then),
                    OptionOutcome::Proceed => None,
                },
                _ => None,
            },
            _ => None,
        });
        let stronger = failed.filter(|o| o.strength() > Strength::Asks);
        stronger.max_by_key(|o| o.strength())
    }

    fn way_by(&self, outcome: &FailureOutcome, resumed: usize) -> Way {
        match outcome {
            FailureOutcome::Rollback => Way::End(Then::Rollback),
            FailureOutcome::RollbackStage(s) => Way::End(Then::From(*s)),
            FailureOutcome::Stop => Way::End(Then::Stop),
            FailureOutcome::Restart(..) => Way::End(Then::Again),
            FailureOutcome::Continue { .. } => Way::Continue,
            FailureOutcome::Pause | FailureOutcome::Escalate(_) => match resumed {
                0 => Way::Retry,
                1 => Way::Proceed,
                3 => Way::End(Then::Stop),
                _ => Way::End(Then::Rollback),
            },
        }
    }

    /// The way an answer to a decision takes.
    pub fn chosen(&self, decision: DecisionId) -> Way {
        match self.decided(decision) {
            Some(option) => match self
                .release
                .decision(decision)
                .options
                .get(option)
                .map(|o| &o.then)
            {
                Some(OptionOutcome::Then(o)) => self.way(o),
                _ => Way::Chosen,
            },
            None => Way::End(Then::Rollback),
        }
    }

    /// Approvals, decisions and triggers that give the run up.
    fn consents(&mut self) -> Result<(), String> {
        for (i, event) in self.trace.events.iter().enumerate() {
            match &event.what {
                What::Failed(p) | What::Withdrawn(p) => {
                    let failed = matches!(event.what, What::Failed(_)) || self.runs_out(i, p);
                    if let (Deed::Grant(a), true) = (p.deed, failed && !matches!(p.at, At::Undo(_))) {
                        let then = Then::from(&self.release.approval(a).otherwise);
                        // Approvals asked side by side are compared when both are granted.
                        let shows = self.scenario.same.is_none().then_some(i);
                        self.thens.push((then, shows));
                    }
                    if let (Deed::Decide(d, o), true) = (p.deed, failed && self.stands(p))
                        && (o == 0 || matches!(event.what, What::Failed(_)))
                        && self.decided(d).is_none()
                    {
                        self.thens.push((Then::Rollback, Some(i)));
                    }
                }
                What::Cancelled => self.thens.push((Then::Stop, Some(i))),
                What::Fired(t) => {
                    let Some(trigger) = self.release.triggers.get(t.index()) else {
                        continue;
                    };
                    if matches!(trigger.then, FailureOutcome::Escalate(_)) {
                        continue;
                    }
                    let paused = self.trace.events[..i]
                        .iter()
                        .filter(|e| matches!(&e.what, What::Begin(p) if p.deed == Deed::Resume(0)))
                        .count();
                    match self.way(&trigger.then) {
                        Way::End(then) => self.thens.push((then, Some(i))),
                        // It fires each time it is looked at, until the run has paused too often.
                        Way::Retry | Way::Proceed if paused >= super::timing::MOST_PAUSES => {
                            self.timed = true;
                            self.thens.push((Then::Rollback, Some(i)));
                        }
                        _ => {}
                    }
                }
                What::Blind => self.thens.push((Then::Rollback, Some(i))),
                What::Lost => self.thens.push((Then::Stop, Some(i))),
                _ => {}
            }
        }
        for d in (0..self.release.decisions.len()).map(DecisionId::at) {
            let (Some(at), Some(_)) = (self.settled(d), self.decided(d)) else {
                continue;
            };
            // Where no engine keeps the time, nothing shows when the default takes the place of an answer.
            let open = |p: &Purpose| matches!(p.deed, Deed::Decide(x, _) if x == d);
            let defaulted = self.scenario.start.is_none() && self.scenario.silent.iter().any(open);
            // Where nothing else is asked for once a run is given up, an answer that comes after that changes nothing.
            let earlier = |(_, e): &(Then, Option<usize>)| e.is_some_and(|e| e < at);
            let too_late = self.scenario.start.is_none() && self.thens.iter().any(earlier);
            match self.chosen(d) {
                Way::End(_) if too_late => {}
                Way::End(then) => self.thens.push((then, Some(at).filter(|_| !defaulted))),
                // It is answered the same each time, until the run has paused too often.
                Way::Retry => {
                    let asked = |e: &Event| matches!(&e.what, What::Begin(p) if p.deed == Deed::Resume(0));
                    let pauses = self.trace.events.iter().filter(|e| asked(e)).count();
                    if self.scenario.start.is_some()
                        && pauses < super::timing::MOST_PAUSES
                        && self.thens.is_empty()
                    {
                        return Err("a decision that is to be asked again is not".into());
                    }
                    let answered = |e: &Event| matches!(&e.what, What::Done(p) if open(p) && self.stands(p));
                    let last = self.trace.events.iter().rposition(answered);
                    self.thens.push((Then::Rollback, last.or(Some(at))));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The event with which a decision that stands in the order is made: its answer, or that nobody gave one in time. One that
    /// is taken back before that is not made.
    fn settled(&self, decision: DecisionId) -> Option<usize> {
        let mine = |p: &Purpose| matches!(p.deed, Deed::Decide(x, _) if x == decision) && self.stands(p);
        // A run that goes on with another one may have to ask again.
        let asked = self
            .trace
            .events
            .iter()
            .rposition(|e| matches!(&e.what, What::Begin(p) if mine(p)))?;
        let answered = self.find(|w| matches!(w, What::Done(p) | What::Failed(p) if mine(p)));
        if answered.is_some() {
            return answered;
        }
        let mut withdrawn = self
            .trace
            .events
            .iter()
            .enumerate()
            .skip(asked)
            .filter_map(|(i, e)| match &e.what {
                What::Withdrawn(p) if mine(p) => Some((i, self.runs_out(i, p))),
                _ => None,
            });
        match withdrawn.next() {
            Some((i, true)) => Some(i),
            Some((_, false)) => None,
            None => Some(asked),
        }
    }

    /// Whether a decision is asked in the order, and not because something failed.
    fn stands(&self, purpose: &Purpose) -> bool {
        purpose.at == At::Run
            && matches!(purpose.deed, Deed::Decide(d, _) if !self.release.asked_on_failure_only(d))
    }

    /// Whether an approval guards anything in this run.
    pub fn guards(&self, approval: ApprovalId) -> bool {
        let skipped = |o: &crate::model::Override| o.approvals.iter().any(|(a, _)| *a == approval);
        !self.override_is(skipped) && self.truth(&self.release.approval(approval).when)
    }

    /// Whether an approval stands in nobody's way among the first events: it guards nothing, or was granted.
    pub fn given(&self, approval: ApprovalId, events: &[Event]) -> bool {
        let yes = |e: &Event| matches!(&e.what, What::Done(p) if p.deed == Deed::Grant(approval));
        !self.guards(approval) || events.iter().any(yes)
    }

    /// Whether the declared way around that is asked for is of a kind.
    pub fn override_is(&self, of: impl Fn(&crate::model::Override) -> bool) -> bool {
        self.scenario
            .chosen
            .and_then(|o| self.release.overrides.get(o))
            .is_some_and(of)
    }

    /// No stage starts before what it waits for, nor after the run was given up.
    fn starts(&self) -> Result<(), String> {
        for (stage, fate) in &self.fates {
            let Some(first) = fate.first else { continue };
            let name = &self.release.stage(*stage).name;
            for (node, edge) in self.plan.waits_for(Node::Stage(*stage)) {
                if edge.kind == EdgeKind::ApprovedStep {
                    continue;
                }
                self.ended_before(node, first)
                    .map_err(|e| ["stage `", name, "` starts ", &e].concat())?;
            }
            for approval in self.release.stage(*stage).approved.iter().map(|(a, _)| *a) {
                self.ended_before(Node::Approval(approval), first)
                    .map_err(|e| ["stage `", name, "` starts ", &e].concat())?;
            }
            if self.thens.iter().any(|(t, _)| *t == Then::Again) {
                continue;
            }
            for (_, event) in &self.thens {
                let Some(event) = *event else { continue };
                // What cannot be said to siblings does not stop them.
                if self.scenario.broken == Some(Broken::Raising) {
                    continue;
                }
                let given_up = &self.trace.events[event];
                // What else was asked for a decision is taken back before siblings hear of it.
                let decided = |w: &What| matches!(w, What::Done(p) if matches!(p.deed, Deed::Decide(..)));
                let heard = given_up.at + if decided(&given_up.what) { SAID } else { 0.0 };
                let later = self.trace.events[first].at > heard;
                // Where nothing looks before a person is asked, the question is taken back with the run.
                let asked = fate.asked.as_ref().is_some_and(|(_, e)| *e == first);
                if asked && self.scenario.start.is_none() || self.only_asked(fate) || self.only_people(*stage)
                {
                    continue;
                }
                if self.causes.before(event, first) || later {
                    return Err(["stage `", name, "` starts after the run was given up"].concat());
                }
            }
        }
        Ok(())
    }

    /// Whether all that shows of a stage is a question that was taken back: whether a gate passes, before anything else.
    fn only_asked(&self, fate: &Fate) -> bool {
        let (Some(first), Some(last)) = (fate.first, fate.last) else {
            return false;
        };
        let asks = |p: &Purpose| matches!(p.deed, Deed::Judge(g) if matches!(self.release.gate(g).test, GateTest::Ask(_)));
        match (&self.trace.events[first].what, &self.trace.events[last].what) {
            (What::Begin(p), What::Withdrawn(q)) => p == q && asks(p),
            _ => false,
        }
    }

    /// Whether a stage has a step that applies and shows.
    pub(super) fn visible(&self, stage: StageId) -> bool {
        let steps = self.release.stage(stage).forward_steps();
        steps.into_iter().any(|s| {
            self.truth(&s.when)
                && match &s.kind {
                    StepKind::Act(act) => super::walk::shows(act),
                    StepKind::WaitFor(_) | StepKind::VerifyGate(_) => true,
                    _ => false,
                }
        })
    }

    fn ended_before(&self, node: Node, first: usize) -> Result<(), String> {
        match node {
            Node::Stage(s) => {
                let Some(fate) = self.fates.get(&s) else {
                    return Ok(());
                };
                let name = &self.release.stage(s).name;
                if fate.apart || !self.visible(s) {
                    // What it waits for is waited for in its place.
                    let before = self.plan.waits_for(node);
                    return before.iter().try_for_each(|(n, e)| match e.kind {
                        EdgeKind::After | EdgeKind::Serial => self.ended_before(*n, first),
                        _ => Ok(()),
                    });
                }
                // What runs again is not judged step by step: it comes after something of what is before it.
                let again = self.thens.iter().any(|(t, _)| *t == Then::Again);
                let earlier = fate.first.is_some_and(|own| self.causes.before(own, first));
                match fate.last {
                    Some(last) if fate.over() && self.causes.before(last, first) => Ok(()),
                    None if fate.over() => Ok(()),
                    _ if again && earlier => Ok(()),
                    _ => Err(["before stage `", name, "` has ended"].concat()),
                }
            }
            Node::Approval(a) if self.guards(a) => {
                let granted = |w: &What| matches!(w, What::Done(p) if p.deed == Deed::Grant(a));
                let found = self
                    .trace
                    .events
                    .iter()
                    .enumerate()
                    .any(|(i, e)| granted(&e.what) && self.causes.before(i, first));
                let name = &self.release.approval(a).name;
                if found {
                    Ok(())
                } else {
                    Err(["before approval `", name, "` is granted"].concat())
                }
            }
            Node::Decision(d)
                if self.truth(&self.release.decision(d).when) && !self.release.asked_on_failure_only(d) =>
            {
                let asked =
                    |w: &What| matches!(w, What::Begin(p) if matches!(p.deed, Deed::Decide(x, _) if x == d));
                let name = &self.release.decision(d).name;
                let taken = self.release.decision(d).options.iter().any(|o| o.test.is_some());
                let found =
                    (0..first).any(|i| asked(&self.trace.events[i].what) && self.causes.before(i, first));
                if found || taken {
                    Ok(())
                } else {
                    Err(["before decision `", name, "` is made"].concat())
                }
            }
            _ => Ok(()),
        }
    }

    /// What people call a part.
    pub fn words(&self, purpose: &Purpose) -> String {
        words(self.release, purpose)
    }
}
