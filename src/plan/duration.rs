//! How long things take: steps, gates, approvals, undos; shortest and longest.
//!
//! What nobody says takes no time: a verdict rests on written times only. Timeouts are not plans; how long a person may take is, as
//! a person who is slow takes all of it. Used by the schedule.

use crate::model::{Act, Dur, GateId, GateTest, Question, StageId, Step, StepKind, WaitTest};
use crate::plan::{Plan, StageUndo};

/// Which end of each range counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Everything takes its shortest.
    Shortest,
    /// Everything takes its longest.
    Longest,
}

impl Pace {
    fn of(self, range: (Dur, Dur)) -> Dur {
        match self {
            Pace::Shortest => range.0,
            Pace::Longest => range.1,
        }
    }

    /// A bound on waiting: nothing at best.
    fn within(self, bound: Option<Dur>) -> Dur {
        match self {
            Pace::Shortest => Dur::ZERO,
            Pace::Longest => bound.unwrap_or(Dur::ZERO),
        }
    }
}

impl Plan {
    /// How long a step takes.
    pub fn step_time(&self, step: &Step, pace: Pace) -> Dur {
        if let Some(takes) = step.takes {
            return pace.of(takes);
        }
        match &step.kind {
            StepKind::Act(act) => act
                .takes
                .map_or_else(|| pace.within(patience(act, step.timeout)), |t| pace.of(t)),
            StepKind::Wait(d) | StepKind::Bake(d) => *d,
            StepKind::WaitFor(w) => match &w.test {
                WaitTest::Ask(q) => pace.within(w.within.or(q.within)),
                WaitTest::Run(act) | WaitTest::Job(act) => longer(pace.within(w.within), act_time(act, pace)),
            },
            StepKind::VerifyGate(gate) => self.gate_time(*gate, pace),
            StepKind::VerifyArtifact(_) | StepKind::Tell(..) => Dur::ZERO,
        }
    }

    /// How long judging a gate takes.
    pub fn gate_time(&self, gate: GateId, pace: Pace) -> Dur {
        let gate = self.release().gate(gate);
        let own = match &gate.test {
            GateTest::Metrics(_) => Dur::ZERO,
            GateTest::Run(act) | GateTest::Job(act) => act_time(act, pace),
            GateTest::Ask(q) => question_time(q, pace),
        };
        let gaps = i64::from(gate.samples.saturating_sub(1));
        let every = gate.every.unwrap_or(Dur::ZERO);
        own.plus(Dur {
            ms: every.ms.saturating_mul(gaps),
            working_days: every.working_days.saturating_mul(gaps),
        })
    }

    /// How long the undo of a stage takes once it has started, approvals included.
    pub fn undo_time(&self, stage: StageId, pace: Pace) -> Dur {
        match self.undo(stage) {
            StageUndo::Derived(steps) => steps
                .iter()
                .map(|s| s.acts().map(|a| act_time(a, pace)).fold(Dur::ZERO, longer))
                .fold(Dur::ZERO, Dur::plus),
            StageUndo::Written(w) => {
                let asked = w
                    .approved
                    .iter()
                    .map(|(a, _)| pace.within(self.release().approval(*a).within))
                    .fold(Dur::ZERO, longer);
                let steps = w
                    .steps
                    .iter()
                    .fold(Dur::ZERO, |all, s| all.plus(self.step_time(s, pace)));
                let work = match (pace, w.within) {
                    (Pace::Longest, Some(within)) => within,
                    _ => steps,
                };
                asked.plus(work)
            }
            StageUndo::Nothing | StageUndo::Irreversible(..) | StageUndo::Harmless(..) => Dur::ZERO,
        }
    }

    /// Whether something in the undo of a stage takes time and nobody has said how much, so that [`Plan::undo_time`] leaves it out.
    pub fn undo_untimed(&self, stage: StageId) -> bool {
        match self.undo(stage) {
            StageUndo::Derived(steps) => steps.iter().any(|s| s.acts().any(act_untimed)),
            StageUndo::Written(w) => w.within.is_none() && w.steps.iter().any(|s| self.step_untimed(s)),
            StageUndo::Nothing | StageUndo::Irreversible(..) | StageUndo::Harmless(..) => false,
        }
    }

    /// Whether a step takes time and nobody has said how much, so that [`Plan::step_time`] leaves it out.
    pub fn step_untimed(&self, step: &Step) -> bool {
        let act = match &step.kind {
            StepKind::Act(act) => Some(&**act),
            StepKind::WaitFor(w) => match &w.test {
                WaitTest::Ask(q) => return step.takes.is_none() && w.within.or(q.within).is_none(),
                WaitTest::Run(act) | WaitTest::Job(act) => Some(&**act).filter(|_| w.within.is_none()),
            },
            StepKind::VerifyGate(gate) => return step.takes.is_none() && self.gate_untimed(*gate),
            StepKind::Wait(_) | StepKind::Bake(_) | StepKind::VerifyArtifact(_) | StepKind::Tell(..) => None,
        };
        step.takes.is_none() && act.is_some_and(|a| a.takes.is_none() && patience(a, step.timeout).is_none())
    }

    /// Whether judging a gate takes time and nobody has said how much, so that [`Plan::gate_time`] leaves it out.
    pub fn gate_untimed(&self, gate: GateId) -> bool {
        match &self.release().gate(gate).test {
            GateTest::Metrics(_) => false,
            GateTest::Run(act) | GateTest::Job(act) => act_untimed(act),
            GateTest::Ask(q) => q.within.is_none(),
        }
    }
}

/// How long an act takes; what only a person does takes, at worst, as long as that person may take.
pub fn act_time(act: &Act, pace: Pace) -> Dur {
    act.takes
        .map_or_else(|| pace.within(patience(act, None)), |t| pace.of(t))
}

/// Whether nobody has said how long an act takes.
fn act_untimed(act: &Act) -> bool {
    act.takes.is_none() && patience(act, None).is_none()
}

/// How long a person may take, where only a person does it.
fn patience(act: &Act, of_step: Option<Dur>) -> Option<Dur> {
    let alone = act.manual.is_some() && act.run.is_none() && act.task.is_none();
    of_step.or(act.timeout).filter(|_| alone)
}

/// How long an answer takes.
pub(super) fn question_time(question: &Question, pace: Pace) -> Dur {
    pace.within(question.within)
}

/// The bound on an approval or a decision.
pub(super) fn answer_time(within: Option<Dur>, pace: Pace) -> Dur {
    pace.within(within)
}

/// The longer of two.
pub(super) fn longer(a: Dur, b: Dur) -> Dur {
    if b.as_ms() > a.as_ms() { b } else { a }
}
