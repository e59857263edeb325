//! The run as it came out: a partial order of events, and the state it ended in.
//!
//! Plain data. Made by the machine, read by the printers and by tests.

use crate::model::{ApprovalId, DecisionId, GateId, HoldId, Release, StageId, TriggerId};

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// The run itself.
    Run,
    /// A stage.
    Stage(StageId),
    /// An approval.
    Approval(ApprovalId),
    /// A decision.
    Decision(DecisionId),
    /// A hold.
    Hold(HoldId),
    /// A gate.
    Gate(GateId),
    /// A trigger.
    Trigger(TriggerId),
}

impl Subject {
    /// The word for its kind.
    pub fn kind(self) -> &'static str {
        match self {
            Subject::Run => "run",
            Subject::Stage(_) => "stage",
            Subject::Approval(_) => "approval",
            Subject::Decision(_) => "decision",
            Subject::Hold(_) => "hold",
            Subject::Gate(_) => "gate",
            Subject::Trigger(_) => "trigger",
        }
    }

    /// What the plan calls it.
    pub fn name(self, release: &Release) -> &str {
        match self {
            Subject::Run => &release.name,
            Subject::Stage(s) => &release.stage(s).name,
            Subject::Approval(a) => &release.approval(a).name,
            Subject::Decision(d) => &release.decision(d).name,
            Subject::Hold(h) => &release.hold(h).name,
            Subject::Gate(g) => &release.gate(g).name,
            Subject::Trigger(t) => release.triggers.get(t.index()).map_or("", |t| &t.name),
        }
    }
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $verb:ident $id:literal $text:literal,)*) => {
        /// What happens.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Verb {$($(#[$doc])* $verb,)*}

        impl Verb {
            /// The word that machines read.
            pub fn id(self) -> &'static str {
                match self {$(Verb::$verb => $id,)*}
            }

            /// The words that people read, behind the subject.
            pub fn text(self) -> &'static str {
                match self {$(Verb::$verb => $text,)*}
            }
        }
    };
}

verbs! {
    /// It starts.
    Start "start" "starts",
    /// It ends well.
    End "end" "has ended",
    /// It failed.
    Fail "fail" "fails",
    /// It failed, and the plan goes on.
    Continue "continue" "failed, and the plan goes on",
    /// It does not apply.
    NotApplicable "not_applicable" "does not apply",
    /// What remains of it is given up.
    Abandon "abandon" "is given up",
    /// One of its steps starts.
    StepStart "step_start" "begins",
    /// One of its steps ends.
    StepEnd "step_end" "has done",
    /// One of its steps fails after its retries.
    StepFail "step_fail" "fails at",
    /// A gate passes.
    Pass "pass" "passes",
    /// People are asked.
    Ask "ask" "is asked",
    /// Permission is given.
    Grant "grant" "is granted",
    /// Permission is denied.
    Reject "reject" "is rejected",
    /// Nobody answered in time.
    Expire "expire" "is not answered in time",
    /// A grant is no longer good.
    Lapse "lapse" "was granted too long ago",
    /// The question is taken back.
    Withdraw "withdraw" "is withdrawn",
    /// A decision is made.
    Decide "decide" "is decided:",
    /// A hold is being entered.
    Enter "enter" "is being entered",
    /// A hold is entered.
    Entered "entered" "is entered",
    /// A hold is being left.
    Exit "exit" "is being left",
    /// A hold is left.
    Left "left" "is left",
    /// A hold waits for the word of its owner.
    Wait "wait" "stays until its owner gives the word",
    /// It lasts longer than it may.
    Overdue "overdue" "lasts longer than it may; its owner is called",
    /// An undo starts.
    Undo "undo" "is being undone",
    /// A step of an undo.
    UndoStep "undo_step" "undoes by",
    /// An undo is done.
    Undone "undone" "is undone",
    /// An undo fails.
    UndoFail "undo_fail" "could not be undone; its owner is called",
    /// It is left as it is.
    Keep "keep" "is left as it is",
    /// A trigger acts.
    Fire "fire" "acts",
    /// The run pauses.
    Pause "pause" "pauses; the owner is asked",
    /// The owner answers.
    Answer "answer" "is answered:",
    /// A part runs again.
    Restart "restart" "runs again",
    /// The run is cancelled.
    Cancel "cancel" "is cancelled",
    /// Everything that began is undone.
    Rollback "rollback" "is rolled back",
    /// A step at the end, or before what follows a failure.
    Aside "aside" "does",
    /// Somebody is told.
    Message "message" "tells",
    /// It is over.
    Over "over" "is over:",
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, in milliseconds from the start of the run.
    pub at: i64,
    /// What it is about.
    pub subject: Subject,
    /// What happened.
    pub verb: Verb,
    /// More words.
    pub detail: String,
    /// The events just before it, by index: together they are the partial order.
    pub after: Vec<usize>,
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Final {
    /// Everything went well.
    Succeeded,
    /// Everything that began was undone.
    RolledBack,
    /// What was changed stays changed.
    Stopped,
    /// A person must look.
    NeedsHelp,
}

impl Final {
    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Final::Succeeded => "succeeded",
            Final::RolledBack => "rolled_back",
            Final::Stopped => "stopped",
            Final::NeedsHelp => "needs_help",
        }
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// What happened, in order of time.
    pub events: Vec<Event>,
    /// How it ended.
    pub state: Final,
    /// Why it did not simply succeed.
    pub cause: Option<String>,
    /// When that happened.
    pub troubled_at: Option<i64>,
    /// Why a person must look.
    pub help: Vec<String>,
    /// What was asked to go wrong and had no occasion to.
    pub unreached: Vec<String>,
    /// Stages in the order their undo ended.
    pub undone: Vec<StageId>,
    /// The failed stage was left as it is, or its undo failed.
    pub left: Vec<StageId>,
}

impl Run {
    /// When the last event happened.
    pub fn end(&self) -> i64 {
        self.events.last().map_or(0, |e| e.at)
    }

    /// How long it took from the first trouble until nothing more was under way.
    pub fn until_safe(&self) -> Option<i64> {
        self.troubled_at.map(|t| self.end().saturating_sub(t))
    }
}
