//! What a run is made of while it is under way. Plain data; the machine holds it.

use super::outcomes::How;
use super::stage::Item;
use super::trace::Subject;
use crate::model::{ApprovalId, DecisionId, FailureOutcome, HoldId, StageId, Strength, TriggerId};
use smol_str::SmolStr;
use std::collections::{BTreeMap, VecDeque};

/// How far a stage is, going forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It has not started.
    Pending,
    /// What it waits for has ended; its gates are judged, its holds entered.
    Entering,
    /// It has started.
    Running,
    /// It ended well.
    Ended,
    /// It failed, and the plan went on.
    Continued,
    /// It does not apply.
    NotApplicable,
    /// It failed.
    Failed,
    /// It was given up at the end of a step.
    Abandoned,
}

/// How far it is, going back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Back {
    /// Not in question.
    No,
    /// Its undo is to come.
    Waiting,
    /// Its undo is under way.
    Running,
    /// It is undone.
    Done,
    /// Its undo failed.
    Failed,
    /// It is left as it is.
    Kept,
}

/// A stage in a run.
pub(super) struct StageRun<'a> {
    pub(super) status: Status,
    pub(super) items: Vec<Item<'a>>,
    /// The item it is at.
    pub(super) at: usize,
    /// Something of it is under way.
    pub(super) busy: bool,
    /// Wakes of an older epoch are void.
    pub(super) epoch: u32,
    /// The same for its timeout.
    pub(super) clock: u32,
    /// It ran out of time.
    pub(super) late: bool,
    /// Its rollout went back to the step before, and starts the step that failed again.
    pub(super) stepped_back: bool,
    /// Its first step has started, in this attempt or an earlier one.
    pub(super) began: bool,
    /// The steps that began, as its undo knows them, with the step of the rollout they began in last.
    pub(super) begun: BTreeMap<SmolStr, Option<usize>>,
    /// The item at which it fails in this attempt, and how.
    pub(super) fails: Option<(usize, How)>,
    /// How often it failed so far as it was told to.
    pub(super) failures: u32,
    pub(super) attempt: u32,
    pub(super) back: Back,
    /// What its undo still has to do.
    pub(super) undo: VecDeque<Undoing>,
    /// The step of the undo that is to fail.
    pub(super) breaks: Option<SmolStr>,
    /// What is done after a failure that does not stop the plan.
    pub(super) asides: VecDeque<Aside>,
}

/// A step of an undo.
#[derive(Debug, Clone)]
pub(super) struct Undoing {
    pub(super) slug: SmolStr,
    pub(super) label: String,
    pub(super) ms: i64,
    /// While it is done, the time that the rollback says is over.
    pub(super) late: bool,
}

/// Work that belongs to no stage's own steps.
#[derive(Debug, Clone)]
pub(super) struct Aside {
    pub(super) subject: Subject,
    pub(super) slug: SmolStr,
    pub(super) label: String,
    pub(super) ms: i64,
}

/// How far an approval is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ApprovalState {
    Closed,
    Open,
    Granted(i64),
    NotApplicable,
    Denied,
}

/// An approval in a run.
pub(super) struct ApprovalRun {
    pub(super) state: ApprovalState,
    pub(super) epoch: u32,
}

/// How far a decision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DecisionState {
    Closed,
    Open,
    Made(usize),
    NotApplicable,
}

/// A decision in a run.
pub(super) struct DecisionRun {
    pub(super) state: DecisionState,
    pub(super) epoch: u32,
    /// Only a failure asks for it.
    pub(super) by_failure: bool,
}

/// How far a hold is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HoldState {
    Out,
    Entering,
    In,
    Leaving,
    Left,
    /// It could not be left, or waits for its owner.
    Stuck,
}

/// A hold in a run.
pub(super) struct HoldRun {
    pub(super) state: HoldState,
    /// Stages inside that keep it from being left.
    pub(super) open: usize,
    /// When it was entered last, as a running number.
    pub(super) entered: u32,
    /// How often entering it failed.
    pub(super) failures: u32,
    /// It could not be entered; what that began is taken back when it is left.
    pub(super) half: bool,
    /// It was entered once, so what `exit` needs to know was recorded.
    pub(super) known: bool,
    /// It could not be entered again, so nothing inside is undone.
    pub(super) barred: bool,
}

/// What the run as a whole is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Stages start and run.
    Forward,
    /// Nothing new starts; what is under way ends its step. Then what is pending follows.
    Draining,
    /// What began is undone.
    Back,
    /// Holds are left.
    Closing,
    /// `finally`, from this step on.
    Finally(usize),
    /// Nothing more happens.
    Over,
}

/// Where a failure was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Site {
    Stage(StageId),
    Window(StageId),
    Hold(HoldId),
    Approval,
    Decision(DecisionId),
    Trigger,
}

/// What follows once nothing is under way.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) site: Site,
    pub(super) then: Then,
    /// Work that comes first.
    pub(super) first: VecDeque<Aside>,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    Outcome(FailureOutcome),
    Decide(DecisionId),
}

impl Then {
    /// How much it asks for; a decision is a question.
    pub(super) fn strength(&self) -> Strength {
        match self {
            Then::Outcome(outcome) => outcome.strength(),
            Then::Decide(_) => Strength::Asks,
        }
    }
}

/// What the agenda holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    Unlocked,
    Item(StageId, u32),
    Late(StageId, u32),
    Continued(StageId, u32),
    Answer(ApprovalId, u32),
    Decide(DecisionId, u32),
    Entered(HoldId),
    Left(HoldId),
    Overdue(HoldId, u32),
    Undo(StageId),
    Aside,
    Finally,
    Fire(TriggerId),
    Cancel,
}
