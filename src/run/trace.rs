//! The run as it came out: a partial order of events, and the state it ended in.
//!
//! Plain data. Made by the machine, read by the printers, by tests, and by whoever compares an artifact with its plan.

use crate::model::{ApprovalId, ChecklistId, DecisionId, GateId, HoldId, Release, StageId, TriggerId};
use smol_str::SmolStr;

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
    /// A checklist.
    Checklist(ChecklistId),
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
            Subject::Checklist(_) => "checklist",
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
            Subject::Checklist(c) => &release.checklist(c).name,
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
            /// All of them.
            pub const ALL: &[Verb] = &[$(Verb::$verb,)*];

            /// The word that programs read.
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
    /// It ended well.
    End "end" "is done",
    /// It failed.
    Fail "fail" "fails",
    /// It failed, and the plan goes on.
    Continue "continue" "failed, and the plan goes on",
    /// It does not apply.
    NotApplicable "not_applicable" "does not apply",
    /// What remains of it is given up.
    Abandon "abandon" "is given up",
    /// One of its steps starts.
    StepStart "step_start" "begins:",
    /// One of its steps ended well.
    StepEnd "step_end" "has done:",
    /// One of its steps failed after its retries.
    StepFail "step_fail" "fails at:",
    /// A gate passed.
    Pass "pass" "passes",
    /// A checklist is ticked.
    Tick "tick" "is ticked",
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
    /// A step of an undo starts.
    UndoStep "undo_step" "undoes by:",
    /// An undo is done.
    Undone "undone" "is undone",
    /// An undo failed after its retries.
    UndoFail "undo_fail" "could not be undone; its owner is called",
    /// It is left as it is.
    Keep "keep" "stays as it is",
    /// It need not be undone.
    Skip "skip" "need not be undone",
    /// All that depends on it is behind: a point where many undos meet, for the order only.
    Behind "behind" "has nothing to undo",
    /// A trigger acts.
    Fire "fire" "acts",
    /// The run pauses.
    Pause "pause" "pauses, and the owner is asked",
    /// The owner answers.
    Answer "answer" "goes on as the owner says:",
    /// A part runs again.
    Restart "restart" "runs again",
    /// The run is cancelled.
    Cancel "cancel" "is cancelled",
    /// What began is undone.
    Rollback "rollback" "is rolled back",
    /// An override is declared.
    Override "override" "starts with an override:",
    /// Another run holds its lock.
    Locked "locked" "waits for the run before it",
    /// A step of `finally`, of `on_failure`, of a trigger or of a rollout that steps back.
    Aside "aside" "does:",
    /// A step of `finally` failed.
    AsideFail "aside_fail" "fails at:",
    /// Somebody is told.
    Message "message" "tells",
    /// Somebody is called, because a trigger fired or before an owner is asked.
    Call "call" "calls",
    /// It is over.
    Over "over" "is over:",
}

impl Verb {
    /// Whether every target must show it.
    pub fn observable(self) -> bool {
        matches!(
            self,
            Verb::Start
                | Verb::End
                | Verb::Continue
                | Verb::Grant
                | Verb::Decide
                | Verb::Entered
                | Verb::Exit
                | Verb::Left
                | Verb::Undo
                | Verb::Undone
                | Verb::UndoFail
        )
    }
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
    /// The slug of the step, or of the step of the undo, that it is about.
    pub step: Option<SmolStr>,
    /// More words for people.
    pub detail: String,
    /// The events just before it, by index: together they are the partial order.
    pub after: Vec<usize>,
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Final {
    /// Everything went well.
    Succeeded,
    /// What began was undone, as far as it can be.
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

    /// The words for people.
    pub fn text(self) -> &'static str {
        match self {
            Final::Succeeded => "succeeded",
            Final::RolledBack => "rolled back",
            Final::Stopped => "stopped",
            Final::NeedsHelp => "needs help",
        }
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// What happened, in order of time.
    pub events: Vec<Event>,
    /// How it ended.
    pub state: Final,
    /// Why it did not simply succeed: the first thing that went wrong.
    pub cause: Option<String>,
    /// When that happened, in milliseconds from the start.
    pub troubled_at: Option<i64>,
    /// When everything that was to be undone was, and every hold left; `None` when that never came.
    pub safe_at: Option<i64>,
    /// Why a person must look.
    pub help: Vec<String>,
    /// What was asked to go wrong and had no occasion to.
    pub unreached: Vec<String>,
    /// Stages in the order their undo ended.
    pub undone: Vec<StageId>,
    /// Stages that began and were to be undone, and stay: their undo failed, or something that depends on them stands.
    pub kept: Vec<StageId>,
}

impl Trace {
    /// When the last event happened.
    pub fn end(&self) -> i64 {
        self.events.last().map_or(0, |e| e.at)
    }

    /// How long it took from the first trouble until everything was undone and every hold was left.
    pub fn until_safe(&self) -> Option<i64> {
        Some(self.safe_at?.saturating_sub(self.troubled_at?))
    }

    /// The events that every target must show, by index.
    pub fn observable(&self) -> impl Iterator<Item = (usize, &Event)> {
        self.events
            .iter()
            .enumerate()
            .filter(|(_, e)| e.verb.observable())
    }

    /// For each event, which of the observable events come before it in the partial order: the nearest of them only, by index.
    pub fn observable_order(&self) -> Vec<Vec<usize>> {
        let mut nearest: Vec<Vec<usize>> = Vec::with_capacity(self.events.len());
        for event in &self.events {
            let mut list: Vec<usize> = Vec::new();
            for before in &event.after {
                if self.events[*before].verb.observable() {
                    list.push(*before);
                } else {
                    list.extend(&nearest[*before]);
                }
            }
            list.sort_unstable();
            list.dedup();
            nearest.push(list);
        }
        nearest
    }

    /// Whether one event comes before another in the partial order.
    pub fn precedes(&self, first: usize, second: usize) -> bool {
        let mut seen = vec![false; second.saturating_add(1).min(self.events.len())];
        let mut open = vec![second];
        while let Some(at) = open.pop() {
            let Some(event) = self.events.get(at) else {
                continue;
            };
            for before in &event.after {
                if *before == first {
                    return true;
                }
                if *before > first && !std::mem::replace(&mut seen[*before], true) {
                    open.push(*before);
                }
            }
        }
        false
    }

    /// The event of this kind about this subject that happened last.
    pub fn last(&self, subject: Subject, verb: Verb) -> Option<usize> {
        self.events
            .iter()
            .rposition(|e| e.subject == subject && e.verb == verb)
    }
}
