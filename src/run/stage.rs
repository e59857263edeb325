//! Running a stage: what it consists of, one thing after the other, and the places where it can fail.
//!
//! A part of the machine. Must not know what a failure leads to.

use super::machine::{Machine, Mode, Status, Wake};
use super::outcomes::Place;
use super::trace::{Subject, Verb};
use crate::model::{ApprovalId, GateId, MomentKind, Origin, Retry, Stage, StageId, Step, StepKind, TriggerId};
use crate::plan::{Node, show};
use crate::source::Rational;
use smol_str::SmolStr;

/// One thing that a stage does or waits for.
#[derive(Debug, Clone)]
pub(super) enum Item<'a> {
    /// A gate before it.
    Entry(GateId),
    /// Not before this, in milliseconds from T.
    NotBefore(i64),
    /// Its holds are entered.
    Holds,
    /// Permission before a step of its rollout.
    Granted(&'a [(ApprovalId, Origin)]),
    /// A step.
    Step(Doing<'a>),
}

/// A step of a stage, with what its undo knows it by.
#[derive(Debug, Clone)]
pub(super) struct Doing<'a> {
    pub(super) step: &'a Step,
    /// The slug under which the undo knows it.
    pub(super) undo: SmolStr,
    /// The step of the rollout.
    pub(super) rollout: Option<usize>,
}

/// Whether a step can fail.
pub(super) fn can_fail(step: &Step) -> bool {
    matches!(
        step.kind,
        StepKind::Act(_) | StepKind::WaitFor(_) | StepKind::VerifyGate(_) | StepKind::VerifyArtifact(_)
    )
}

/// Whether a step that is under way is given up at once when something else fails.
fn interruptible(step: &Step) -> bool {
    matches!(
        step.kind,
        StepKind::Wait(_) | StepKind::Bake(_) | StepKind::WaitFor(_) | StepKind::VerifyGate(_)
    )
}

/// The steps of a stage in the order they run.
pub(super) fn steps(stage: &Stage) -> Vec<Doing<'_>> {
    let Some(rollout) = &stage.rollout else {
        let own = |step| Doing {
            step,
            undo: step.slug.clone(),
            rollout: None,
        };
        return stage.steps.iter().map(own).collect();
    };
    let mut list = Vec::new();
    for (i, step) in rollout.steps.iter().enumerate() {
        // The undo knows the stage's own steps as they run at the last step of the rollout.
        for (k, work) in step.work.iter().enumerate() {
            list.push(Doing {
                step: work,
                undo: stage.steps.get(k).map_or_else(|| work.slug.clone(), |s| s.slug.clone()),
                rollout: Some(i),
            });
        }
        list.extend(step.checks.iter().map(|check| Doing {
            step: check,
            undo: check.slug.clone(),
            rollout: Some(i),
        }));
    }
    list
}

/// How long something takes that fails each time it is tried.
pub(super) fn retries(retry: Option<&Retry>, once: i64) -> i64 {
    let Some(retry) = retry else { return once };
    let every = retry.every.map_or(0, |d| d.as_ms());
    let (mut gap, mut total) = (Rational::int(every), once);
    // Past a thousand tries the sum is beyond any horizon a person plans for.
    for _ in 0..retry.times.min(1000) {
        let ms = gap.decimal().split('.').next().and_then(|t| t.parse::<i64>().ok());
        total = total.saturating_add(ms.unwrap_or(every)).saturating_add(once);
        gap = gap.checked_mul(retry.backoff).unwrap_or(gap);
    }
    total
}

impl<'a> Machine<'a> {
    /// What a step is called.
    pub(super) fn label(&self, step: &Step) -> String {
        match &step.kind {
            StepKind::Act(act) => show::prose(self.release, &act.title),
            StepKind::Wait(d) => format!("wait {d}"),
            StepKind::Bake(d) => format!("bake {d}"),
            StepKind::WaitFor(w) => format!("wait for “{}”", show::prose(self.release, &w.what)),
            StepKind::VerifyGate(g) => format!("verify `{}`", self.release.gate(*g).name),
            StepKind::VerifyArtifact(a) => format!("verify `{}`", self.release.artifact(*a).name),
            StepKind::Tell(c, _) => format!("tell {}", show::prose(self.release, &self.release.channel(*c).title)),
        }
    }

    fn label_in(&self, s: StageId, doing: &Doing<'_>) -> String {
        let label = self.label(doing.step);
        let rollout = self.release.stage(s).rollout.as_ref();
        match rollout.and_then(|r| r.steps.get(doing.rollout?)) {
            Some(step) => format!("{label} (at {})", step.name),
            None => label,
        }
    }

    /// All that a stage waits for has come: it may begin.
    pub(super) fn enter_stage(&mut self, s: StageId, others: &[Subject]) {
        let stage = self.release.stage(s);
        if self.outcomes.outside_window.contains(&s) && self.healed.insert(Subject::Stage(s)) {
            self.met.insert(format!("window {}", stage.name));
            let cause = format!("the window was closed when `{}` would have started", stage.name);
            self.trouble(None, crate::model::FailureOutcome::Pause, cause);
            return;
        }
        let mut items = Vec::new();
        items.extend(stage.require.iter().map(|(g, _)| Item::Entry(*g)));
        items.extend(stage.at.iter().map(|(o, _)| Item::NotBefore(o.after.as_ms())));
        items.push(Item::Holds);
        let mut before: Option<usize> = None;
        for doing in steps(stage) {
            if let (Some(i), Some(rollout)) = (doing.rollout, &stage.rollout)
                && before != Some(i)
                && let Some(step) = rollout.steps.get(i)
            {
                before = Some(i);
                if self.surely(&step.when) {
                    items.extend(step.at.iter().map(|(o, _)| Item::NotBefore(o.after.as_ms())));
                    items.push(Item::Granted(&step.approved));
                }
            }
            items.push(Item::Step(doing));
        }
        let fails_at = self.fails_at(s, &items);
        let state = &mut self.stages[s.index()];
        state.status = Status::Entering;
        state.items = items;
        state.at = 0;
        state.busy = false;
        state.fails_at = fails_at;
        let attempt = state.attempt;
        let detail = if attempt > 1 { format!("(attempt {attempt})") } else { String::new() };
        self.say(Subject::Stage(s), Verb::Start, detail, others);
        self.moment(MomentKind::Started, Some(s));
    }

    /// The item at which a stage is to fail.
    fn fails_at(&self, s: StageId, items: &[Item<'_>]) -> Option<usize> {
        let fault = self.outcomes.stages.get(&s)?;
        if fault.times.is_some_and(|n| self.stages[s.index()].attempt > n) {
            return None;
        }
        items.iter().rposition(|item| {
            let Item::Step(doing) = item else { return false };
            let here = match &fault.place {
                Place::Last => true,
                Place::Rollout(i) => doing.rollout == Some(*i),
                Place::Step(slug) => doing.step.slug == *slug,
            };
            here && can_fail(doing.step) && self.applies(s, doing)
        })
    }

    fn applies(&self, s: StageId, doing: &Doing<'_>) -> bool {
        let rollout = self.release.stage(s).rollout.as_ref();
        let around = rollout.and_then(|r| r.steps.get(doing.rollout?));
        let gate = match doing.step.kind {
            StepKind::VerifyGate(g) => self.gate_applies(g),
            _ => true,
        };
        gate && self.surely(&doing.step.when) && around.is_none_or(|r| self.surely(&r.when))
    }

    fn gate_applies(&self, g: GateId) -> bool {
        !self.gate_skipped(g) && self.surely(&self.release.gate(g).when)
    }

    /// Goes on with a stage as far as it can at this moment; whether anything changed.
    pub(super) fn advance(&mut self, s: StageId) -> bool {
        let mut more = false;
        while self.mode == Mode::Forward && !self.stages[s.index()].busy {
            let state = &self.stages[s.index()];
            let Some(item) = state.items.get(state.at).cloned() else {
                self.begin(s);
                self.stages[s.index()].status = Status::Ended;
                self.say(Subject::Stage(s), Verb::End, "", &[]);
                self.moment(MomentKind::Finished, Some(s));
                return true;
            };
            let ms = match &item {
                Item::Entry(g) if self.gate_applies(*g) => self.plan.gate_time(*g, self.outcomes.pace).as_ms(),
                Item::NotBefore(at) if self.now < *at => *at - self.now,
                Item::Holds => {
                    if !self.inside_holds(s) {
                        return more;
                    }
                    self.next(s);
                    more = true;
                    continue;
                }
                Item::Granted(list) => match self.granted(list.iter().map(|(a, _)| *a)) {
                    None => return more,
                    Some(Some(_)) | Some(None) => {
                        self.next(s);
                        more = true;
                        continue;
                    }
                },
                Item::Step(doing) if self.applies(s, doing) => self.start_step(s, doing),
                _ => {
                    self.next(s);
                    more = true;
                    continue;
                }
            };
            let state = &mut self.stages[s.index()];
            state.busy = true;
            let epoch = state.epoch;
            self.after(ms, Wake::Item(s, epoch));
            more = true;
        }
        more
    }

    fn next(&mut self, s: StageId) {
        self.stages[s.index()].at += 1;
    }

    fn begin(&mut self, s: StageId) {
        self.stages[s.index()].began = true;
        self.stages[s.index()].status = Status::Running;
    }

    /// Starts a step; how long it takes.
    fn start_step(&mut self, s: StageId, doing: &Doing<'_>) -> i64 {
        self.begin(s);
        let state = &mut self.stages[s.index()];
        state.begun.insert(doing.undo.clone(), doing.rollout);
        let at = state.at;
        let holds = (0..self.holds.len()).map(crate::model::HoldId::at);
        let around: Vec<Subject> = holds
            .filter(|h| self.holds[h.index()].stages.contains(&s))
            .map(Subject::Hold)
            .collect();
        let label = self.label_in(s, doing);
        self.say(Subject::Stage(s), Verb::StepStart, label, &around);
        let once = self.plan.step_time(doing.step, self.outcomes.pace).as_ms();
        let fails = self.stages[s.index()].fails_at == Some(at);
        let ms = if fails { self.with_retries(doing.step, once) } else { once };
        self.interfere(s, doing, ms);
        ms
    }

    /// How long a step takes that fails each time it is tried.
    pub(super) fn with_retries(&self, step: &Step, once: i64) -> i64 {
        let retry = step.retry.as_ref();
        retries(retry.or_else(|| step.act().and_then(|a| a.retry.as_ref())), once)
    }

    /// Triggers and a cancellation that are to come while this step is under way.
    fn interfere(&mut self, s: StageId, doing: &Doing<'_>, ms: i64) {
        let stage = self.release.stage(s);
        if self.outcomes.cancel == Some(Node::Stage(s)) && self.met.insert("cancel".into()) {
            self.after(ms / 2, Wake::Cancel);
        }
        let calm = |step: &Step| matches!(step.kind, StepKind::Wait(_) | StepKind::Bake(_));
        // In the first bake or wait, where a stage is watched; in its first step when it has none.
        let due = calm(doing.step) || !steps(stage).iter().any(|d| calm(d.step));
        let due: Vec<TriggerId> = self
            .outcomes
            .triggers
            .iter()
            .filter(|(t, wanted)| {
                let watches = self.release.triggers.get(t.index()).is_some_and(|t| t.during.contains(&s));
                due && watches && !self.fired.contains(t) && wanted.is_none_or(|w| w == s)
            })
            .map(|(t, _)| *t)
            .collect();
        for t in due {
            self.fired.insert(t);
            self.after(ms / 2, Wake::Fire(t));
        }
    }

    /// What a stage was busy with is done.
    pub(super) fn item_done(&mut self, s: StageId) {
        let state = &mut self.stages[s.index()];
        state.busy = false;
        let at = state.at;
        let Some(item) = state.items.get(at).cloned() else { return };
        match item {
            Item::Entry(g) => {
                if self.outcomes.gates.contains(&g) && !self.healed.contains(&Subject::Gate(g)) {
                    self.gate_failed(s, g);
                    return;
                }
                self.judged.insert(g, true);
                self.say(Subject::Gate(g), Verb::Pass, "", &[Subject::Stage(s)]);
            }
            Item::Step(doing) => {
                let label = self.label_in(s, &doing);
                let gate = match doing.step.kind {
                    StepKind::VerifyGate(g) => Some(g),
                    _ => None,
                };
                let gate_fails =
                    gate.is_some_and(|g| self.outcomes.gates.contains(&g) && !self.healed.contains(&Subject::Gate(g)));
                let step_fails = self.stages[s.index()].fails_at == Some(at);
                if step_fails || gate_fails {
                    self.met.insert(format!("stage {}", self.release.stage(s).name));
                    self.say(Subject::Stage(s), Verb::StepFail, label.clone(), &[]);
                    match gate {
                        Some(g) => self.gate_failed(s, g),
                        None => self.step_failed(s, doing.rollout, &label),
                    }
                    return;
                }
                if let Some(g) = gate {
                    self.judged.insert(g, true);
                    self.say(Subject::Gate(g), Verb::Pass, "", &[Subject::Stage(s)]);
                }
                let others: &[Subject] = &gate.map(Subject::Gate).into_iter().collect::<Vec<_>>();
                self.say(Subject::Stage(s), Verb::StepEnd, label, others);
            }
            _ => {}
        }
        self.next(s);
    }

    /// Whether a stage that is busy ends that step before anything else happens.
    pub(super) fn finishes_its_step(&self, s: StageId) -> bool {
        let state = &self.stages[s.index()];
        state.busy && matches!(state.items.get(state.at), Some(Item::Step(d)) if !interruptible(d.step))
    }

    /// Whether nothing remains to be done in a stage.
    pub(super) fn at_its_end(&self, s: StageId) -> bool {
        let state = &self.stages[s.index()];
        let rest = state.items.get(state.at..).unwrap_or_default();
        rest.iter()
            .all(|item| matches!(item, Item::Step(d) if !self.applies(s, d)))
    }
}
