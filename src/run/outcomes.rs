//! What is decided outside the plan: how steps, gates, people and undos come out in one run.
//!
//! The default is that all goes well and everybody agrees at once. Plain data; made by the command and by tests.

use crate::model::{ApprovalId, CaptureId, DecisionId, GateId, HoldId, ParamId, StageId, TriggerId};
use crate::plan::{Node, Pace};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// Where in a stage something fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At its last step that can fail, so that all of it has begun.
    Last,
    /// At the last step that can fail within a step of its rollout, by index.
    Rollout(usize),
    /// At the step of this slug.
    Step(SmolStr),
}

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum How {
    /// It does not work, each time it is tried.
    #[default]
    Fails,
    /// It does not come to an end, until its time or its stage's is over.
    Hangs,
}

/// A failure of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// How.
    pub how: How,
    /// How often, counting what a pause or a restart does again; every time when not said.
    pub times: Option<u32>,
}

/// What people say to an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They say no.
    Rejected,
    /// They say nothing in time.
    Expired,
    /// They say yes so many milliseconds after they were asked.
    GrantedAfter(i64),
}

/// What the owner answers when the run pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answer {
    /// Again from the failed step.
    Retry,
    /// On with what comes next, as if it had worked.
    Proceed,
    /// Everything that began is undone.
    #[default]
    Rollback,
    /// Nothing is undone.
    Stop,
}

impl Answer {
    /// All of them.
    pub const ALL: [Answer; 4] = [Answer::Retry, Answer::Proceed, Answer::Rollback, Answer::Stop];

    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Answer::Retry => "retry",
            Answer::Proceed => "proceed",
            Answer::Rollback => "rollback",
            Answer::Stop => "stop",
        }
    }
}

/// Everything that is decided outside the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcomes {
    /// Stages that fail.
    pub stages: BTreeMap<StageId, Fault>,
    /// Gates that do not pass, wherever they are judged: so many times, or always.
    pub gates: BTreeMap<GateId, Option<u32>>,
    /// Holds that cannot be entered: so many times, or always.
    pub enters: BTreeMap<HoldId, Option<u32>>,
    /// Holds that cannot be entered again before an undo.
    pub reenters: BTreeSet<HoldId>,
    /// Holds that cannot be left.
    pub exits: BTreeSet<HoldId>,
    /// Stages whose undo fails: at the undo step of this slug, if it is come to; at its last when not said.
    pub undos: BTreeMap<StageId, Option<SmolStr>>,
    /// Steps of `finally` that fail, by index.
    pub finally: BTreeSet<usize>,
    /// Approvals that are not granted at once.
    pub approvals: BTreeMap<ApprovalId, Verdict>,
    /// Decisions: the option, or `None` when nobody answers. One that is not named takes the way on.
    pub decisions: BTreeMap<DecisionId, Option<usize>>,
    /// Triggers that fire, and while what is under way; in the first bake or wait that they watch when not said.
    pub triggers: BTreeMap<TriggerId, Option<Node>>,
    /// The run is cancelled while this is under way.
    pub cancel: Option<Node>,
    /// The window is closed when one of these would start, the first time.
    pub outside_window: BTreeSet<StageId>,
    /// What the owner answers each time the run pauses; `rollback` when there is nothing more.
    pub answers: Vec<Answer>,
    /// The overrides declared at the start, by index.
    pub overrides: BTreeSet<usize>,
    /// The choices of parameters that the run is given.
    pub params: BTreeMap<ParamId, usize>,
    /// What captures hold; a comparison of one that is not here does not hold.
    pub captures: BTreeMap<CaptureId, String>,
    /// For how many milliseconds another run holds a lock of this one when it starts.
    pub locked: Option<i64>,
    /// How long things take.
    pub pace: Pace,
    /// A written rollback is given up when its `within` is over. Not for runs that are held against artifacts, which know no `takes`.
    pub by_the_clock: bool,
}

impl Default for Outcomes {
    fn default() -> Self {
        Outcomes {
            stages: BTreeMap::new(),
            gates: BTreeMap::new(),
            enters: BTreeMap::new(),
            reenters: BTreeSet::new(),
            exits: BTreeSet::new(),
            undos: BTreeMap::new(),
            finally: BTreeSet::new(),
            approvals: BTreeMap::new(),
            decisions: BTreeMap::new(),
            triggers: BTreeMap::new(),
            cancel: None,
            outside_window: BTreeSet::new(),
            answers: Vec::new(),
            overrides: BTreeSet::new(),
            params: BTreeMap::new(),
            captures: BTreeMap::new(),
            locked: None,
            pace: Pace::Longest,
            by_the_clock: false,
        }
    }
}
