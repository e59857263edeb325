//! Stages and their steps, rollouts and rollbacks.

use crate::model::{
    Act, ApprovalId, ArtifactId, CaptureId, ChannelId, ChecklistId, Cond, DecisionId, Dur, EnvId, Gate,
    GateId, GateOutcome, GateTest, KeyUse, Offset, Origin, PersonRef, PhaseId, Release, RoleId, StageId,
    Tested, Text,
};
use crate::source::Rational;
use smol_str::SmolStr;

/// A stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// As people write it: `model`, `eu.deploy`, `deploy["eu-west-1"]`.
    pub name: SmolStr,
    /// Unique, `[a-z][a-z0-9_]*`: `eu_deploy`, `deploy_eu_west_1`.
    pub slug: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// A line for people; the name when none is written.
    pub title: Text,
    /// Its documentation.
    pub doc: Option<String>,
    /// What must have ended before it: stages (phases and `for` groups expanded).
    pub after: Vec<After>,
    /// When it applies: its own `when` and its phase's.
    pub when: Cond,
    /// Where `when` is written.
    pub when_origin: Option<Origin>,
    /// Approvals before it: its own and its phase's.
    pub approved: Vec<(ApprovalId, Origin)>,
    /// Checklists before it.
    pub ready: Vec<(ChecklistId, Origin)>,
    /// Gates before it.
    pub require: Vec<(GateId, Origin)>,
    /// Decisions it waits for without being conditional on them (`after`).
    pub awaits: Vec<(DecisionId, Origin)>,
    /// Who executes it.
    pub owner: RoleId,
    /// Where the owner is said.
    pub owner_origin: Origin,
    /// Who may start it.
    pub started_by: Option<RoleId>,
    /// Where it takes place.
    pub environment: EnvId,
    /// Not before.
    pub at: Option<(Offset, Origin)>,
    /// Shortest and longest time, when written.
    pub takes: Option<(Dur, Dur, Origin)>,
    /// When it is given up.
    pub timeout: Option<Dur>,
    /// Artifacts it builds.
    pub builds: Vec<(ArtifactId, Origin)>,
    /// Artifacts it ships.
    pub ships: Vec<(ArtifactId, Origin)>,
    /// How exposure grows.
    pub rollout: Option<Rollout>,
    /// Its steps, without a rollout; with one, the steps as they run at its last step (each rollout step holds its own).
    pub steps: Vec<Step>,
    /// How it is undone.
    pub rollback: Rollback,
    /// What its failure means: its own, else its phase's, else the release's.
    pub on_failure: Option<OnFailure>,
    /// The phase it stands in.
    pub phase: Option<PhaseId>,
    /// The `for` group it belongs to, and its key there.
    pub group: Option<(SmolStr, SmolStr)>,
}

impl Stage {
    /// Whether the stage waits for a checklist.
    pub fn wants(&self, checklist: ChecklistId) -> bool {
        self.ready.iter().any(|(c, _)| *c == checklist)
    }

    /// What the stage says of a failure, for a hold before it that cannot be entered. Nothing inside a hold goes on unprotected: where
    /// the stage would go on after its own failures, everything is taken back.
    pub fn when_hold_fails(&self) -> Option<&OnFailure> {
        let goes_on = |f: &&OnFailure| matches!(f.then, Failure::Then(FailureOutcome::Continue { .. }));
        self.on_failure.as_ref().filter(|f| !goes_on(f))
    }

    /// Whether a step of the rollout waits for approvals of its own: they are asked while the stage runs.
    pub fn asks_for_steps(&self) -> bool {
        let steps = self.rollout.iter().flat_map(|r| &r.steps);
        { steps }.any(|s| !s.approved.is_empty())
    }

    /// Every step that can run going forward: the rollout's in order, or its own.
    pub fn forward_steps(&self) -> Vec<&Step> {
        match &self.rollout {
            Some(r) => r
                .steps
                .iter()
                .flat_map(|s| s.work.iter().chain(&s.checks))
                .collect(),
            None => self.steps.iter().collect(),
        }
    }
}

/// A stage that must have ended before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    /// The stage.
    pub stage: StageId,
    /// Where it is written.
    pub origin: Origin,
}

/// A step of a stage, a hold, a rollback, `on_failure` or `finally`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where it is written.
    pub origin: Origin,
    /// Unique among the steps of its stage (rollout steps and rollback included): `s1`, `r2_s1`, `u1`.
    pub slug: SmolStr,
    /// What it does.
    pub kind: StepKind,
    /// When it applies.
    pub when: Cond,
    /// Who does it; the stage's owner when not said.
    pub owner: Option<RoleId>,
    /// When it is given up.
    pub timeout: Option<Dur>,
    /// How often it is tried again.
    pub retry: Option<Retry>,
    /// Doing it twice is doing it once.
    pub idempotent: bool,
    /// What a person sees when it worked.
    pub expect: Option<Text>,
    /// What it captures.
    pub captures: Vec<CaptureId>,
    /// Shortest and longest time, when written.
    pub takes: Option<(Dur, Dur)>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepKind {
    /// `do`, `run` or `manual`.
    Act(Box<Act>),
    /// `wait 15m`
    Wait(Dur),
    /// `wait_for "…" { … }`
    WaitFor(Box<WaitFor>),
    /// `bake 15m`
    Bake(Dur),
    /// `verify GATE`
    VerifyGate(GateId),
    /// `verify ARTIFACT`
    VerifyArtifact(ArtifactId),
    /// `tell CHANNEL, "message"`
    Tell(ChannelId, Text),
}

impl Step {
    /// The act, when it is one.
    pub fn act(&self) -> Option<&Act> {
        match &self.kind {
            StepKind::Act(a) => Some(a),
            _ => None,
        }
    }
}

/// `wait_for "what" { run, ask or job; every; within }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitFor {
    /// What is waited for.
    pub what: Text,
    /// How it is known.
    pub test: WaitTest,
    /// Time between looks.
    pub every: Option<Dur>,
    /// When it is given up.
    pub within: Option<Dur>,
}

/// How it is known that something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitTest {
    /// A command exits with 0.
    Run(Box<Act>),
    /// An outside job ends well.
    Job(Box<Act>),
    /// A person says so.
    Ask(Box<Question>),
}

/// A question to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The question.
    pub ask: Text,
    /// Who answers; the owner when not said.
    pub by: Vec<RoleId>,
    /// People asked by name.
    pub by_people: Vec<PersonRef>,
    /// The criterion.
    pub expect: Option<Text>,
    /// How long they may take.
    pub within: Option<Dur>,
    /// The answer when nobody gives one.
    pub default: Option<Text>,
    /// What the answer is kept as.
    pub captures: Vec<CaptureId>,
    /// Where a person looks.
    pub console: Option<Text>,
    /// What they leave behind.
    pub evidence: Option<Text>,
    /// Where it is written.
    pub origin: Origin,
}

impl OnFailure {
    /// Whether a failure leads to a decision.
    pub fn asks(&self, decision: DecisionId) -> bool {
        self.then == Failure::Decision(decision)
    }
}

impl Gate {
    /// Whether it leads to a decision when it does not pass.
    pub fn asks(&self, decision: DecisionId) -> bool {
        matches!(self.otherwise, Some((GateOutcome::Decision(d), _)) if d == decision)
    }

    /// What it asks somebody, where it does, and how long they may take.
    pub fn question(&self) -> Option<(&Question, Option<Dur>)> {
        match &self.test {
            GateTest::Ask(q) => Some((q, q.within.or(self.timeout))),
            _ => None,
        }
    }
}

impl Release {
    /// What a step asks somebody about a fact or an event, and how long they may take.
    pub fn question<'r>(&'r self, step: &'r Step) -> Option<(&'r Question, Option<Dur>)> {
        match &step.kind {
            StepKind::WaitFor(wait) => match &wait.test {
                WaitTest::Ask(q) => Some((q, q.within.or(wait.within).or(step.timeout))),
                _ => None,
            },
            StepKind::VerifyGate(g) => self.gate(*g).question(),
            _ => None,
        }
    }
}

impl Question {
    /// Whether it counts as a yes when nobody answers: `default happened`, `default passed`.
    pub fn silence_agrees(&self) -> bool {
        let said = self.default.as_ref().and_then(Text::known);
        matches!(said, Some("happened" | "passed"))
    }
}

/// `retry N { every; backoff }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// How often it is tried again.
    pub times: u32,
    /// Time between tries.
    pub every: Option<Dur>,
    /// The factor by which that time grows; 1 when not said.
    pub backoff: Rational,
    /// Where it is written.
    pub origin: Origin,
}

impl Retry {
    /// How long is waited between the tries, all together, in milliseconds; `None` when that is longer than the language knows.
    pub fn waits(&self) -> Option<i64> {
        // Parts of a millisecond are kept: a factor such as 1.1 makes them, and they grow.
        const FINE: i128 = 1_000_000;
        let (numerator, denominator) = self.backoff.parts();
        let longest = i128::from(Dur::LONGEST) * FINE;
        let mut gap = i128::from(self.every.map_or(0, Dur::as_ms)) * FINE;
        let mut all = 0i128;
        for _ in 0..self.times {
            all = all.checked_add(gap).filter(|all| *all <= longest)?;
            gap = gap.saturating_mul(numerator) / denominator;
        }
        i64::try_from(all / FINE).ok()
    }
}

/// How exposure grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// Where it is written.
    pub origin: Origin,
    /// The named ladder, when it is one.
    pub ladder: Option<SmolStr>,
    /// Its steps, in order.
    pub steps: Vec<RolloutStep>,
    /// Steps back to the step before and asks the owner, instead of rolling back.
    pub demote: Option<Demote>,
}

/// `demote` at the end of a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demote {
    /// Where it is written.
    pub origin: Origin,
}

/// A step of a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutStep {
    /// Where it is written.
    pub origin: Origin,
    /// Its name: as written, or its weight (`10%`).
    pub name: SmolStr,
    /// Unique in the stage: `r1`.
    pub slug: SmolStr,
    /// Its share as a fraction, when it has one.
    pub weight: Option<Rational>,
    /// When it applies.
    pub when: Cond,
    /// Not before.
    pub at: Option<(Offset, Origin)>,
    /// Who does it.
    pub owner: Option<RoleId>,
    /// Approvals before it.
    pub approved: Vec<(ApprovalId, Origin)>,
    /// The stage's own steps, with this step's `rollout.weight`.
    pub work: Vec<Step>,
    /// The step's own steps: bakes, verifications.
    pub checks: Vec<Step>,
}

/// How a stage is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rollback {
    /// From the undos of its steps, in reverse.
    Derived,
    /// As written.
    Written(Box<WrittenRollback>),
    /// It cannot be undone.
    Irreversible {
        /// Why.
        why: Text,
        /// Where it is said.
        origin: Origin,
    },
    /// It need not be undone.
    Harmless {
        /// Why.
        why: Text,
        /// Where it is said.
        origin: Origin,
    },
}

/// `rollback { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenRollback {
    /// Where it is written.
    pub origin: Origin,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Approvals it waits for.
    pub approved: Vec<(ApprovalId, Origin)>,
    /// The longest it may take.
    pub within: Option<Dur>,
    /// Who does it.
    pub owner: Option<RoleId>,
    /// What it undoes besides what its steps change.
    pub undoes: Vec<KeyUse>,
    /// When it was rehearsed.
    pub tested: Option<Tested>,
}

/// What a failure means, with what is done first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnFailure {
    /// Where it is written.
    pub origin: Origin,
    /// Messages and manual work before.
    pub steps: Vec<Step>,
    /// What follows.
    pub then: Failure,
}

/// What follows a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// An outcome.
    Then(FailureOutcome),
    /// A decision is asked.
    Decision(DecisionId),
}

/// What follows a failure, a rejection or a trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureOutcome {
    /// Everything that began is undone.
    Rollback,
    /// A stage and all that depends on it is undone; the run ends `stopped`.
    RollbackStage(StageId),
    /// The owner is asked.
    Pause,
    /// Nothing is undone.
    Stop,
    /// The failure counts as an end.
    Continue {
        /// Why.
        because: Option<Text>,
    },
    /// A stage and what depends on it runs again, so many times at most.
    Restart(StageId, u32),
    /// Somebody is called.
    Escalate(ChannelId),
}

/// How much a failure asks for, the least first. Of parts that fail together the strongest settles what follows: which of them happened to
/// fail first within the same seconds decides nothing. What the others say first (messages, manual steps) is done all the same, what several
/// would undo is undone together, and two restarts that are not the same are a rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// The plan goes on.
    GoesOn,
    /// A person is asked how.
    Asks,
    /// A part runs again.
    Restarts,
    /// The run ends, and nothing is undone.
    Stops,
    /// A stage is undone, and what depends on it.
    UndoesPart,
    /// Everything that began is undone.
    UndoesAll,
}

impl FailureOutcome {
    /// Whether somebody is asked how the run goes on.
    pub fn asks(&self) -> bool {
        self.strength() == Strength::Asks
    }

    /// How much it asks for.
    pub fn strength(&self) -> Strength {
        match self {
            FailureOutcome::Continue { .. } => Strength::GoesOn,
            FailureOutcome::Pause | FailureOutcome::Escalate(_) => Strength::Asks,
            FailureOutcome::Restart(..) => Strength::Restarts,
            FailureOutcome::Stop => Strength::Stops,
            FailureOutcome::RollbackStage(_) => Strength::UndoesPart,
            FailureOutcome::Rollback => Strength::UndoesAll,
        }
    }
}
