//! A stage's own events, walked along its steps.
//!
//! Must not know what other stages do. Used by `contract`.

use super::contract::{Judge, Then, Way};
use super::event::What;
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{
    Act, Failure, FailureOutcome, GateId, GateOutcome, GateTest, StageId, Step, StepKind, WaitTest,
};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// How a stage came out.
#[derive(Debug, Clone, Default)]
pub struct Fate {
    /// It does not apply.
    pub apart: bool,
    /// All of it was done.
    pub done: bool,
    /// It failed, and the plan goes on, or the run was given up.
    pub failed: bool,
    /// It failed, and what depends on it starts.
    pub continued: bool,
    /// The steps that began.
    pub began: BTreeSet<SmolStr>,
    /// At which step of the rollout the stage's own steps began last: both by their places.
    pub rungs: BTreeMap<usize, usize>,
    /// The step that somebody was asked to do when the run was given up, with the event; what they did is not known.
    pub asked: Option<(SmolStr, usize)>,
    /// Whether it began at all.
    pub begun: bool,
    /// It failed before a step, because of what the step demands.
    pub unsure: bool,
    /// It has no step that shows.
    pub quiet: bool,
    /// Its first and its last event.
    pub first: Option<usize>,
    /// The last.
    pub last: Option<usize>,
    /// The first for which the plan has no place, where nothing starts again.
    pub left: Option<usize>,
}

impl Fate {
    /// Whether what depends on it may start.
    pub fn over(&self) -> bool {
        self.done || self.continued
    }
}

/// Whether an act shows: something is called, or somebody is asked.
pub fn shows(act: &Act) -> bool {
    act.task.is_some() || act.run.is_some() || act.manual.is_some()
}

/// What a step came to.
pub(super) enum Came {
    Done,
    Failed(Option<usize>),
    /// It never began.
    Missing,
}

/// Who walks.
pub struct Walker<'j, 'a> {
    /// Of whom.
    pub judge: &'j mut Judge<'a>,
    /// The stage.
    pub stage: StageId,
    /// Its events.
    pub own: Vec<usize>,
    /// The first of them that has not been looked at.
    pub next: usize,
    /// How many of its events come before it begins.
    pub entered: usize,
    /// Whether what is asked before the stage starts is being walked.
    pub entering: bool,
    /// How it came out.
    pub fate: Fate,
    /// The step of its rollout.
    pub rung: Option<usize>,
    /// Milliseconds that the plan lets pass before what comes next.
    pub rest: f64,
    /// When it began, in milliseconds.
    pub began_at: Option<f64>,
    /// When what is measured was looked at last, in milliseconds.
    pub measured_at: f64,
}

impl Judge<'_> {
    /// Walks a stage.
    ///
    /// # Errors
    /// A step that is left out, done twice or out of order.
    pub fn walk(&mut self, id: StageId) -> Result<Fate, String> {
        let stage = self.release.stage(id);
        let own: Vec<usize> = (0..self.trace.events.len())
            .filter(|i| match &self.trace.events[*i].what {
                What::Begin(p) | What::Done(p) | What::Failed(p) | What::Withdrawn(p) => {
                    // Only an engine that keeps the time shows what it records.
                    let records = matches!(p.deed, Deed::Record(_)) && self.scenario.start.is_some();
                    p.at == At::Stage(id)
                        && (records || matches!(p.deed, Deed::Act | Deed::Await | Deed::Judge(_)))
                }
                _ => false,
            })
            .collect();
        let name = stage.name.clone();
        let apart = !self.truth(&stage.when);
        if apart && !own.is_empty() {
            return Err(["stage `", &name, "` runs and does not apply"].concat());
        }
        let mut walker = Walker {
            judge: self,
            stage: id,
            own,
            next: 0,
            entered: 0,
            entering: true,
            fate: Fate::default(),
            rung: None,
            rest: 0.0,
            began_at: None,
            measured_at: 0.0,
        };
        let came = if apart { walker.passed_by() } else { walker.all() };
        came.map_err(|e| ["stage `", &name, "`: ", &e].concat())?;
        Ok(walker.fate)
    }
}

impl Walker<'_, '_> {
    fn all(&mut self) -> Result<(), String> {
        let release = self.judge.release;
        let stage = release.stage(self.stage);
        if self.entry()? {
            return self.over();
        }
        if !self.reached() {
            let beside = self.lapsed_beside()?;
            self.judge.thens.extend(beside.map(|way| (way, None)));
            return self.over();
        }
        let mut steps: Vec<(Option<usize>, &Step)> = Vec::new();
        match &stage.rollout {
            None => steps.extend(stage.steps.iter().map(|s| (None, s))),
            Some(rollout) => {
                for (i, rung) in rollout.steps.iter().enumerate() {
                    if self.judge.truth(&rung.when) {
                        steps.extend(rung.work.iter().chain(&rung.checks).map(|s| (Some(i), s)));
                    }
                }
            }
        }
        self.entered = self.next;
        self.entering = false;
        self.fate.quiet = self.own.len() <= self.entered;
        self.fate.begun = !self.fate.quiet;
        if let Some(way) = self.lapsed()? {
            self.judge.thens.push((way, None));
            return self.over();
        }
        let mut reached = steps.is_empty();
        let (mut at, mut pauses) = (0, 0);
        while let Some((rung, step)) = steps.get(at).copied() {
            if rung != self.rung {
                self.due(rung)?;
            }
            self.rung = rung;
            if !self.judge.truth(&step.when) {
                at += 1;
                continue;
            }
            let came = self.step(step)?;
            self.began_at_rung(step, &came);
            if matches!(came, Came::Done) {
                self.judge.recorded.extend(&step.captures);
            }
            match came {
                // What was done when the time was over is done.
                Came::Done if self.out_of_time() => match self.too_late()? {
                    Way::Retry | Way::Proceed | Way::Chosen => at += 1,
                    _ => return self.over(),
                },
                Came::Missing if pauses < super::timing::MOST_PAUSES && self.waits_too_long(step) => {
                    pauses += 1;
                    match self.too_late()? {
                        Way::Retry => {}
                        Way::Proceed | Way::Chosen => at += 1,
                        _ => return self.over(),
                    }
                }
                Came::Done => at += 1,
                Came::Missing => {
                    if let Some(then) = self.lapsed_meanwhile() {
                        self.fate.failed = true;
                        self.judge.thens.push((then, None));
                    }
                    return self.over();
                }
                Came::Failed(event) => match self.failing(step, event)? {
                    // A rollout that has stepped back starts its step again, whatever the owner says.
                    Way::Retry | Way::Proceed if self.stepped_back(step) => {
                        at = steps.iter().position(|(r, _)| *r == rung).unwrap_or(at);
                    }
                    Way::Retry => {}
                    Way::Proceed | Way::Chosen => at += 1,
                    Way::Continue => {
                        if self.gate_goes_on(step) {
                            at += 1;
                            continue;
                        }
                        self.fate.failed = true;
                        self.fate.continued = true;
                        return self.over();
                    }
                    Way::End(then) => {
                        self.fate.failed = true;
                        self.judge.thens.push((then, event));
                        return self.over();
                    }
                },
            }
            reached = at == steps.len();
        }
        reached |= at == steps.len();
        self.fate.done = reached;
        self.looked_last()?;
        self.over()
    }

    /// The time of the stage is over: how it goes on, as its owner says.
    fn too_late(&mut self) -> Result<Way, String> {
        self.rest = 0.0;
        let event = self.next.checked_sub(1).map(|i| self.own[i]);
        let mut way = self.on_timeout();
        if matches!(way, Way::Retry | Way::Proceed)
            && let given_up @ Way::End(_) = self.pauses(event)?
        {
            way = given_up;
        }
        match way {
            Way::End(then) => {
                self.fate.failed = true;
                self.judge.thens.push((then, event));
            }
            Way::Continue => {
                self.fate.failed = true;
                self.fate.continued = true;
            }
            Way::Retry | Way::Proceed | Way::Chosen => {}
        }
        Ok(way)
    }

    /// No event of the stage is left, unless something that comes later lets it start again.
    fn over(&mut self) -> Result<(), String> {
        self.fate.first = self.own.get(self.entered).copied();
        self.fate.last = self.own.last().copied();
        self.fate.left = self.own.get(self.next).copied();
        Ok(())
    }

    /// Whether the run came to this stage: it shows, or nothing stood in its way.
    fn reached(&self) -> bool {
        if !self.own.is_empty() {
            return true;
        }
        let judge = &self.judge;
        let stage = judge.release.stage(self.stage);
        // What only judges what is measured shows in that alone.
        let judged = |g: GateId| {
            let events = judge.trace.events.iter().enumerate();
            let mut open = events.filter(|(i, _)| !judge.used.contains(i));
            open.any(|(_, e)| matches!(e.what, What::Judged(x, _) if x == g))
        };
        let judges = |s: &&Step| matches!(s.kind, StepKind::VerifyGate(g) if judged(g));
        let free = judge.thens.is_empty() || stage.forward_steps().iter().any(judges);
        free && self.its_turn_came()
            && stage
                .approved
                .iter()
                .all(|(a, _)| judge.given(*a, &judge.trace.events))
    }

    fn step(&mut self, step: &Step) -> Result<Came, String> {
        match &step.kind {
            StepKind::Act(act) => {
                if act.assertions.iter().any(|a| !self.judge.truth(&a.holds)) {
                    self.fate.begun = true;
                    self.fate.unsure = true;
                    let first = self.next;
                    if matches!(self.event(), Some(What::Begin(p)) if matches!(p.deed, Deed::Record(_))) {
                        self.recorded(act, &step.slug)?;
                    }
                    let event = self.next.checked_sub(1).filter(|_| self.next > first);
                    return Ok(Came::Failed(event.map(|i| self.own[i])));
                }
                if let Some(came) = self.recorded(act, &step.slug)? {
                    return Ok(came);
                }
                if !shows(act) {
                    self.fate.began.insert(step.slug.clone());
                    return Ok(Came::Done);
                }
                if self.lacks(act) {
                    return Ok(Came::Failed(self.next.checked_sub(1).map(|i| self.own[i])));
                }
                let came = self.call(&Purpose::new(At::Stage(self.stage), &step.slug, Deed::Act))?;
                self.was_asked(&came, step);
                if !matches!(came, Came::Missing) {
                    self.fate.began.insert(step.slug.clone());
                }
                Ok(came)
            }
            StepKind::WaitFor(wait) => {
                let purpose = Purpose::new(At::Stage(self.stage), &step.slug, Deed::Await);
                match &wait.test {
                    WaitTest::Run(act) => self.looks(act, &purpose),
                    WaitTest::Job(act) if !shows(act) => Ok(Came::Done),
                    _ => {
                        let came = self.call(&purpose)?;
                        self.was_asked(&came, step);
                        Ok(came)
                    }
                }
            }
            StepKind::VerifyGate(gate) => self.gate(*gate),
            StepKind::Wait(time) | StepKind::Bake(time) => {
                self.rest += super::clock::float(time.as_ms());
                Ok(Came::Done)
            }
            StepKind::VerifyArtifact(a) if self.judge.scenario.undigested == Some(*a) => {
                Ok(Came::Failed(None))
            }
            StepKind::VerifyArtifact(_) | StepKind::Tell(..) => Ok(Came::Done),
        }
    }

    /// What an act changes is recorded before it, once; something when it did not come to the act.
    fn recorded(&mut self, act: &Act, slug: &SmolStr) -> Result<Option<Came>, String> {
        for prior in &act.priors {
            let purpose = Purpose::new(At::Stage(self.stage), slug, Deed::Record(*prior));
            if self.judge.scenario.start.is_none() || !self.judge.open.parts.contains(&purpose) {
                continue;
            }
            let kept = |e: &usize| matches!(&self.judge.trace.events[*e].what, What::Done(p) if p.deed == purpose.deed);
            if self.own[..self.next].iter().any(kept) {
                continue;
            }
            match self.call(&purpose)? {
                Came::Done => {}
                came => return Ok(Some(came)),
            }
        }
        Ok(None)
    }

    fn event(&self) -> Option<&What> {
        let e = self.own.get(self.next)?;
        Some(&self.judge.trace.events[*e].what)
    }

    /// The next event begins this part, and the one after it ends it.
    fn call(&mut self, purpose: &Purpose) -> Result<Came, String> {
        match self.event() {
            None => return Ok(Came::Missing),
            Some(What::Begin(p)) if p == purpose => {
                self.rested()?;
                self.looked()?;
                self.next += 1;
            }
            Some(_) if self.starts_over() => return Ok(Came::Missing),
            Some(_) => return self.out_of_order(purpose),
        }
        let index = self.own.get(self.next).copied();
        match self.event() {
            Some(What::Done(p)) if p == purpose => {
                if self.silence(purpose) == Some(false) {
                    return Err([
                        &self.judge.words(purpose),
                        " counts as a yes, and nobody answered in time",
                    ]
                    .concat());
                }
                self.next += 1;
                Ok(Came::Done)
            }
            Some(What::Failed(p)) if p == purpose => {
                if self.silence(purpose) == Some(true) {
                    return Err([
                        &self.judge.words(purpose),
                        " counts as a no, and the plan lets silence agree",
                    ]
                    .concat());
                }
                self.next += 1;
                Ok(Came::Failed(index))
            }
            Some(What::Withdrawn(p)) if p == purpose => {
                self.next += 1;
                if self.judge.scenario.nobody(purpose) {
                    let asked = super::questions::of(self.judge.release, purpose);
                    let agrees = asked.is_some_and(|(q, _)| q.silence_agrees());
                    return Ok(if agrees { Came::Done } else { Came::Failed(index) });
                }
                // Taken back while the run paused, it is asked again when the run goes on.
                match self.event() {
                    Some(What::Begin(p)) if p == purpose => self.call(purpose),
                    _ => Ok(Came::Missing),
                }
            }
            _ => Ok(Came::Missing),
        }
    }

    /// Whether the next event is the stage's first once more, in a run that starts over.
    fn starts_over(&self) -> bool {
        let events = &self.judge.trace.events;
        let what = |i: usize| self.own.get(i).map(|e| &events[*e].what);
        let again = self.judge.thens.iter().any(|(t, _)| *t == Then::Again);
        again && self.next > 0 && what(self.next) == what(0)
    }

    /// What it counts as that a fact or an event is not told in time; nothing where it is told, or may take any time.
    fn silence(&self, purpose: &Purpose) -> Option<bool> {
        if !self.judge.scenario.silent.contains(purpose) {
            return None;
        }
        let (question, within) = super::questions::of(self.judge.release, purpose)?;
        within.map(|_| question.silence_agrees())
    }

    /// Keeps which step somebody was asked for when the question was taken back.
    fn was_asked(&mut self, came: &Came, step: &Step) {
        let last = self.next.checked_sub(1).map(|i| self.own[i]);
        let withdrawn = last.is_some_and(|e| matches!(self.judge.trace.events[e].what, What::Withdrawn(_)));
        let asked = self.next.checked_sub(2).map(|i| self.own[i]);
        if let (Came::Missing, true, Some(asked)) = (came, withdrawn, asked) {
            self.fate.asked = Some((step.slug.clone(), asked));
        }
    }

    fn out_of_order(&self, purpose: &Purpose) -> Result<Came, String> {
        Err([
            &self.judge.words(purpose),
            " is left out, or comes later than the plan says",
        ]
        .concat())
    }

    /// Looked at until it is so.
    fn looks(&mut self, act: &Act, purpose: &Purpose) -> Result<Came, String> {
        if !shows(act) {
            return Ok(Came::Done);
        }
        loop {
            match self.call(purpose)? {
                Came::Failed(e) => {
                    let more = matches!(self.event(), Some(What::Begin(p)) if p == purpose);
                    if !more {
                        return Ok(Came::Failed(e));
                    }
                }
                other => return Ok(other),
            }
        }
    }

    pub(super) fn gate(&mut self, id: GateId) -> Result<Came, String> {
        let gate = self.judge.release.gate(id);
        let skipped = |o: &crate::model::Override| o.gates.iter().any(|(g, _)| *g == id);
        if self.judge.override_is(skipped) || !self.judge.truth(&gate.when) {
            return Ok(Came::Done);
        }
        match &gate.test {
            GateTest::Run(act) | GateTest::Job(act) if !shows(act) => Ok(Came::Done),
            GateTest::Metrics(_) => self.measured(id, gate.samples.max(1)),
            _ => self.call(&Purpose::new(At::Stage(self.stage), &gate.name, Deed::Judge(id))),
        }
    }

    /// The way a failure takes: one that is tried again too often is given up.
    fn failing(&mut self, step: &Step, event: Option<usize>) -> Result<Way, String> {
        self.rest = 0.0;
        let way = self.way(step);
        let says = |g: &GateId| self.judge.release.gate(*g).otherwise.is_some();
        if matches!(&step.kind, StepKind::Act(_) | StepKind::WaitFor(_))
            || matches!(&step.kind, StepKind::VerifyGate(g) if !says(g) && !self.unsure(*g))
        {
            self.asides(event)?;
        }
        if self.cannot_step_back(event) {
            return Ok(Way::End(Then::Rollback));
        }
        if !matches!(way, Way::Retry | Way::Proceed) {
            return Ok(way);
        }
        Ok(match self.pauses(event)? {
            Way::Retry => way,
            given_up => given_up,
        })
    }

    fn way(&self, step: &Step) -> Way {
        match &step.kind {
            StepKind::VerifyGate(g) if self.unsure(*g) => self
                .judge
                .way_at(&crate::model::FailureOutcome::Pause, self.stage),
            StepKind::VerifyGate(g) => self.gate_way(*g),
            _ => self.on_failure(),
        }
    }

    /// Whether a gate had no data, and its owner was asked how to go on.
    pub(super) fn unsure(&self, gate: GateId) -> bool {
        self.judge.find(|w| *w == What::Unsure(gate)).is_some()
    }

    pub(super) fn gate_goes_on(&self, step: &Step) -> bool {
        matches!(&step.kind, StepKind::VerifyGate(g) if self.judge.release.gate(*g).otherwise.is_some())
    }

    pub(super) fn gate_way(&self, gate: GateId) -> Way {
        match &self.judge.release.gate(gate).otherwise {
            None => self.on_failure(),
            Some((GateOutcome::Then(o), _)) => self.judge.way_at(o, self.stage),
            Some((GateOutcome::Decision(d), _)) => self.judge.chosen(*d),
        }
    }

    /// The way the stage says.
    pub fn on_failure(&self) -> Way {
        let stage = self.judge.release.stage(self.stage);
        if stage.rollout.as_ref().is_some_and(|r| r.demote.is_some())
            && let Some(rung) = self.rung
        {
            return match self.step_before(rung) {
                None => Way::End(Then::Rollback),
                Some(_) => self.judge.way_at(&FailureOutcome::Pause, self.stage),
            };
        }
        match stage.on_failure.as_ref().map(|f| &f.then) {
            None => Way::End(Then::Rollback),
            Some(Failure::Then(o)) => self.judge.way_at(o, self.stage),
            // What another failure asks for counts, and it asks for more.
            Some(Failure::Decision(d)) if self.judge.never_asks(*d, self.stage) => Way::End(Then::Stop),
            Some(Failure::Decision(d)) => self.judge.chosen(*d),
        }
    }
}
