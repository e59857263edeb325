//! What is decided outside the plan: how steps, gates, people and undos come out in one run.
//!
//! The default is that all goes well and everything is granted at once. Plain data; made by the command and by tests.

use crate::model::{ApprovalId, DecisionId, GateId, HoldId, ParamId, StageId, TriggerId};
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

/// A failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// In how many attempts; every attempt when not said.
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
    /// Again from the failed step; it works this time.
    Retry,
    /// On, as if it had worked.
    Proceed,
    /// Everything that began is undone.
    #[default]
    Rollback,
    /// Nothing is undone.
    Stop,
}

/// Everything that is decided outside the plan.
#[derive(Debug, Clone)]
pub struct Outcomes {
    /// Stages that fail.
    pub stages: BTreeMap<StageId, Fault>,
    /// Gates that fail wherever they are judged.
    pub gates: BTreeSet<GateId>,
    /// Holds that cannot be entered.
    pub enters: BTreeSet<HoldId>,
    /// Stages whose undo fails.
    pub undos: BTreeSet<StageId>,
    /// Holds that cannot be left.
    pub exits: BTreeSet<HoldId>,
    /// Approvals that are not granted at once.
    pub approvals: BTreeMap<ApprovalId, Verdict>,
    /// Decisions: the option, or `None` when nobody answers.
    pub decisions: BTreeMap<DecisionId, Option<usize>>,
    /// Triggers that fire, and in which stage; in the first that they watch when not said.
    pub triggers: BTreeMap<TriggerId, Option<StageId>>,
    /// The run is cancelled while this is under way.
    pub cancel: Option<Node>,
    /// The window is closed when one of these would start.
    pub outside_window: BTreeSet<StageId>,
    /// What the owner answers when the run pauses.
    pub pause: Answer,
    /// The overrides declared at the start, by index.
    pub overrides: BTreeSet<usize>,
    /// The choices of parameters that the run is given.
    pub params: BTreeMap<ParamId, usize>,
    /// How long things take.
    pub pace: Pace,
}

impl Default for Outcomes {
    fn default() -> Self {
        Outcomes {
            stages: BTreeMap::new(),
            gates: BTreeSet::new(),
            enters: BTreeSet::new(),
            undos: BTreeSet::new(),
            exits: BTreeSet::new(),
            approvals: BTreeMap::new(),
            decisions: BTreeMap::new(),
            triggers: BTreeMap::new(),
            cancel: None,
            outside_window: BTreeSet::new(),
            pause: Answer::default(),
            overrides: BTreeSet::new(),
            params: BTreeMap::new(),
            pace: Pace::Longest,
        }
    }
}
