//! Running a stage: what it consists of, one thing after the other.
//!
//! A part of the machine. Must not know what a failure leads to, nor how long a step takes that fails (`step` does).

use super::machine::Machine;
use super::state::{ApprovalState, Mode, Status, Wake};
use super::step::{can_fail, silence_agrees};
use super::trace::{Subject, Verb};
use super::{How, Place};
use crate::model::{ApprovalId, ChecklistId, GateId, MomentKind, Origin, Stage, StageId, Step, StepKind};
use crate::plan::Node;
use smol_str::SmolStr;

/// One thing that a stage does or waits for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item<'a> {
    /// A checklist is ticked.
    Ready(ChecklistId),
    /// Not before this, in milliseconds from T.
    NotBefore(i64),
    /// The window is open.
    Window,
    /// A gate before it.
    Entry(GateId),
    /// Its grants are still good.
    Valid(&'a [(ApprovalId, Origin)]),
    /// Its holds are entered.
    Holds,
    /// It starts.
    Begin,
    /// A step, with the step of the rollout it belongs to.
    Step(Doing<'a>),
}

/// A step of a stage, with what its undo knows it by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doing<'a> {
    pub(super) step: &'a Step,
    /// The slug under which the undo knows it.
    pub(super) undo: &'a SmolStr,
    /// The step of the rollout.
    pub(super) rollout: Option<usize>,
}

/// The steps of a stage in the order they run.
pub(super) fn steps(stage: &Stage) -> Vec<Doing<'_>> {
    let Some(rollout) = &stage.rollout else {
        let own = |step| Doing {
            step,
            undo: &step.slug,
            rollout: None,
        };
        return stage.steps.iter().map(own).collect();
    };
    let mut list = Vec::new();
    for (i, step) in rollout.steps.iter().enumerate() {
        // The undo knows the stage's own steps as they run at the last step of the rollout.
        list.extend(step.work.iter().enumerate().map(|(k, work)| Doing {
            step: work,
            undo: stage.steps.get(k).map_or(&work.slug, |s| &s.slug),
            rollout: Some(i),
        }));
        list.extend(step.checks.iter().map(|check| Doing {
            step: check,
            undo: &check.slug,
            rollout: Some(i),
        }));
    }
    list
}

fn items(stage: &Stage) -> Vec<Item<'_>> {
    let mut items: Vec<Item<'_>> = stage.ready.iter().map(|(c, _)| Item::Ready(*c)).collect();
    items.extend(stage.at.iter().map(|(o, _)| Item::NotBefore(o.after.as_ms())));
    items.push(Item::Window);
    items.extend(stage.require.iter().map(|(g, _)| Item::Entry(*g)));
    items.extend([Item::Valid(&stage.approved), Item::Holds, Item::Begin]);
    let mut before: Option<usize> = None;
    for doing in steps(stage) {
        let rollout = stage.rollout.as_ref();
        if let (Some(i), Some(step)) = (doing.rollout, rollout.and_then(|r| r.steps.get(doing.rollout?)))
            && before != Some(i)
        {
            before = Some(i);
            items.extend(step.at.iter().map(|(o, _)| Item::NotBefore(o.after.as_ms())));
            items.push(Item::Valid(&step.approved));
        }
        items.push(Item::Step(doing));
    }
    items
}

impl<'a> Machine<'a> {
    /// All that a stage waits for has come: it may start.
    pub(super) fn enter_stage(&mut self, s: StageId, others: &[Subject]) {
        let state = &mut self.stages[s.index()];
        state.status = Status::Entering;
        if state.at == 0 {
            state.items = items(self.release.stage(s));
            self.choose_failure(s);
        }
        // What it waited for comes before anything that is said of it.
        self.waited_for[s.index()] = others.to_vec();
    }

    /// The item at which a stage is to fail in this attempt.
    pub(super) fn choose_failure(&mut self, s: StageId) {
        self.stages[s.index()].fails = None;
        let Some(fault) = self.outcomes.stages.get(&s) else {
            return;
        };
        let state = &self.stages[s.index()];
        if fault.times.is_some_and(|n| state.failures >= n) {
            return;
        }
        let at = state.items.iter().rposition(|item| {
            let Item::Step(doing) = item else { return false };
            let here = match &fault.place {
                Place::Last => true,
                Place::Rollout(i) => doing.rollout == Some(*i),
                Place::Step(slug) => doing.step.slug == *slug,
            };
            let hangs = fault.how == How::Hangs && fault.place != Place::Last;
            here && (hangs || can_fail(doing.step)) && self.step_applies(s, doing)
        });
        self.stages[s.index()].fails = at.map(|at| (at, fault.how));
    }

    /// Whether a step runs, as far as that is known now.
    pub(super) fn step_applies(&self, s: StageId, doing: &Doing<'_>) -> bool {
        let rollout = self.release.stage(s).rollout.as_ref();
        let around = rollout.and_then(|r| r.steps.get(doing.rollout?));
        let gate = match doing.step.kind {
            StepKind::VerifyGate(g) => self.gate_applies(g),
            _ => true,
        };
        gate && self.surely(&doing.step.when) && around.is_none_or(|r| self.surely(&r.when))
    }

    /// Goes on with a stage as far as it can at this moment; whether anything changed.
    pub(super) fn advance(&mut self, s: StageId) -> bool {
        let mut more = false;
        loop {
            let state = &self.stages[s.index()];
            let going = matches!(state.status, Status::Entering | Status::Running);
            if self.mode != Mode::Forward || state.busy || !going {
                return more;
            }
            let Some(item) = state.items.get(state.at).copied() else {
                self.ended(s);
                return true;
            };
            let ms = match &item {
                Item::Ready(c) => {
                    if self.ticked.insert(*c) {
                        self.say_within(s, Subject::Checklist(*c), Verb::Tick);
                    }
                    None
                }
                Item::NotBefore(at) if self.now < *at => Some(*at - self.now),
                Item::Window if self.window_closed(s) => return true,
                Item::Entry(g) if self.gate_applies(*g) => {
                    Some(self.plan.gate_time(*g, self.outcomes.pace).as_ms())
                }
                Item::Valid(list) if self.rollout_applies(s) => {
                    match self.granted(list.iter().map(|(a, _)| *a)) {
                        None => return more,
                        Some(Some(lapsed)) => {
                            self.lapsed(lapsed);
                            return true;
                        }
                        Some(None) => {
                            self.guarded_by(s, list);
                            None
                        }
                    }
                }
                Item::Holds if !self.inside_holds(s) => return more,
                Item::Begin => {
                    self.begins(s);
                    None
                }
                Item::Step(doing) if self.step_applies(s, doing) => {
                    if let Some(value) = self.lacks(doing.step) {
                        let label = self.label_in(s, doing);
                        let why = format!(
                            "{label}: `{value}` was not recorded, because the run went past what records it"
                        );
                        self.step_failed(s, doing.rollout, &why);
                        return true;
                    }
                    Some(self.start_step(s, doing))
                }
                _ => None,
            };
            more = true;
            let state = &mut self.stages[s.index()];
            match ms {
                None => state.at += 1,
                Some(ms) => {
                    state.busy = true;
                    let epoch = state.epoch;
                    self.busy.insert(s);
                    if ms < i64::MAX {
                        self.after(ms, Wake::Item(s, epoch));
                    }
                }
            }
        }
    }

    /// Whether the step of the rollout that comes next runs; before the first, whatever.
    fn rollout_applies(&self, s: StageId) -> bool {
        let state = &self.stages[s.index()];
        let rollout = self.release.stage(s).rollout.as_ref();
        let next = state.items.get(state.at + 1..).unwrap_or_default().iter();
        let next = next
            .take_while(|i| !matches!(i, Item::Begin))
            .find_map(|i| match i {
                Item::Step(d) => d.rollout,
                _ => None,
            });
        let step = rollout.and_then(|r| r.steps.get(next?));
        state.status == Status::Entering || step.is_none_or(|r| self.surely(&r.when))
    }

    /// The grants that a step of a rollout waited for come before it.
    fn guarded_by(&mut self, s: StageId, list: &[(ApprovalId, Origin)]) {
        let granted = |a: &ApprovalId| matches!(self.approvals[a.index()].state, ApprovalState::Granted(_));
        let list = list.iter().map(|(a, _)| *a).filter(granted);
        let list: Vec<Subject> = list.map(Subject::Approval).collect();
        self.waited_for[s.index()].extend(list);
    }

    /// The holds around a stage, as what it follows.
    fn held(&self, s: StageId) -> Vec<Subject> {
        self.around(s).iter().map(|h| Subject::Hold(*h)).collect()
    }

    fn begins(&mut self, s: StageId) {
        let others = self.held(s);
        let state = &mut self.stages[s.index()];
        state.status = Status::Running;
        let attempt = state.attempt;
        let detail = if attempt > 1 {
            format!("(attempt {attempt})")
        } else {
            String::new()
        };
        self.say(Subject::Stage(s), Verb::Start, detail, &others);
        self.moment(MomentKind::Started, Some(s));
        self.start_clock(s);
    }

    /// The stage's own time starts.
    pub(super) fn start_clock(&mut self, s: StageId) {
        if let Some(timeout) = self.release.stage(s).timeout {
            let state = &mut self.stages[s.index()];
            state.clock += 1;
            let clock = state.clock;
            self.after(timeout.as_ms(), Wake::Late(s, clock));
        }
    }

    /// Nothing is left to do in a stage.
    pub(super) fn ended(&mut self, s: StageId) {
        self.stages[s.index()].status = Status::Ended;
        self.say(Subject::Stage(s), Verb::End, "", &[]);
        self.moment(MomentKind::Finished, Some(s));
        self.settled(Node::Stage(s));
    }

    /// Starts a step; how long it takes.
    fn start_step(&mut self, s: StageId, doing: &Doing<'a>) -> i64 {
        let others = self.held(s);
        let state = &mut self.stages[s.index()];
        state.began = true;
        state.begun.insert(doing.undo.clone(), doing.rollout);
        let at = state.at;
        let fails = state.fails.filter(|(f, _)| *f == at).map(|(_, how)| how);
        let label = self.label_in(s, doing);
        self.say_step(
            Subject::Stage(s),
            Verb::StepStart,
            &doing.step.slug,
            &label,
            &others,
        );
        let ms = self.duration(doing.step, fails);
        self.interfere_in(s, doing.step, ms);
        ms
    }

    /// What a stage was busy with is over.
    pub(super) fn item_done(&mut self, s: StageId) {
        self.busy.remove(&s);
        let state = &mut self.stages[s.index()];
        state.busy = false;
        let at = state.at;
        let Some(item) = state.items.get(at).copied() else {
            return;
        };
        self.look_at(s);
        match item {
            Item::Entry(g) => {
                if self.gate_is_to_fail(g) {
                    self.gate_failed(s, g, None);
                    return;
                }
                self.judged[g.index()] = Some(true);
                self.say_within(s, Subject::Gate(g), Verb::Pass);
            }
            Item::Step(doing) => {
                let silence_agrees = silence_agrees(self.release, doing.step);
                let told = self.stages[s.index()].fails;
                let here = told.filter(|(f, _)| *f == at).map(|(_, how)| how);
                if here.is_some() {
                    self.stages[s.index()].failures += 1;
                    self.met.insert((Subject::Stage(s), Verb::StepFail));
                }
                let told = here.is_some_and(|how| !(silence_agrees && how == How::Hangs));
                let late = !silence_agrees && self.duration_is_too_long(doing.step);
                let label = self.label_in(s, &doing);
                let gate = match doing.step.kind {
                    StepKind::VerifyGate(g) => Some(g),
                    _ => None,
                };
                if told || late || gate.is_some_and(|g| self.gate_is_to_fail(g)) {
                    let slug = &doing.step.slug;
                    self.say_step(Subject::Stage(s), Verb::StepFail, slug, &label, &[]);
                    match gate {
                        Some(g) => self.gate_failed(s, g, doing.rollout),
                        None => self.step_failed(s, doing.rollout, &label),
                    }
                    return;
                }
                if let Some(g) = gate {
                    self.judged[g.index()] = Some(true);
                    self.say_within(s, Subject::Gate(g), Verb::Pass);
                }
                self.recorded.extend(&doing.step.captures);
                self.say_step(Subject::Stage(s), Verb::StepEnd, &doing.step.slug, &label, &[]);
            }
            _ => {}
        }
        self.stages[s.index()].at += 1;
    }

    /// The name of a value that a step needs and that nobody has, because the run went past what records it.
    fn lacks(&self, step: &Step) -> Option<&'a str> {
        let list = self.release.may_lack_of(step.act()?);
        let missing = list.into_iter().find(|c| !self.recorded.contains(c))?;
        Some(&self.release.capture(missing).name)
    }

    /// Whether a stage that is busy ends that step before anything else happens.
    pub(super) fn finishes_its_step(&self, s: StageId) -> bool {
        let state = &self.stages[s.index()];
        state.busy
            && matches!(state.items.get(state.at), Some(Item::Step(d)) if !super::step::interruptible(self.release, d.step))
    }

    /// Whether nothing remains to be done in a stage.
    pub(super) fn at_its_end(&self, s: StageId) -> bool {
        let state = &self.stages[s.index()];
        let mut rest = state.items.get(state.at..).unwrap_or_default().iter();
        rest.all(|item| matches!(item, Item::Step(d) if !self.step_applies(s, d)))
    }
}
