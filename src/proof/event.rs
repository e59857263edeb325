//! What a run of an artifact shows: calls of the plan's parts, answers, verdicts, the end; in their causal order.
//!
//! Plain data. Made by the models of the targets, judged by `contract`.

use crate::emit::parts::Purpose;
use crate::model::{GateId, StageId, TriggerId};
use std::collections::{BTreeMap, BTreeSet};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A part starts; a person is asked.
    Begin(Purpose),
    /// It ended well; the person said yes.
    Done(Purpose),
    /// It failed; the person said no, or nothing in time.
    Failed(Purpose),
    /// A question is taken back.
    Withdrawn(Purpose),
    /// A gate was judged by its metrics.
    Judged(GateId, bool),
    /// A gate has no data, and the run waits for its owner.
    Unsure(GateId),
    /// A stage came to its window when it was shut.
    Shut(StageId),
    /// Somebody cancelled the run.
    Cancelled,
    /// A trigger fired.
    Fired(TriggerId),
    /// Somebody was told one of these.
    Told(Vec<Purpose>),
    /// The record of the run was written.
    Recorded(Record),
    /// A trigger was looked at, and does not fire.
    Looked(TriggerId),
    /// Whether a sibling has failed cannot be told.
    Blind,
    /// Something that the run needs from the start is missing.
    Refused,
    /// The engine gave branches up.
    Lost,
    /// Branches meet: for the order only.
    Join,
}

/// What the record of a run says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// How each stage stands, by its name.
    pub stages: BTreeMap<String, String>,
    /// The approvals that were granted.
    pub granted: BTreeSet<String>,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// When, in milliseconds.
    pub at: f64,
    /// What.
    pub what: What,
    /// The events just before it.
    pub after: Vec<usize>,
}

/// A run.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// What happened.
    pub events: Vec<Event>,
    /// The name of its end.
    pub end: String,
    /// When it ended, in milliseconds.
    pub ended: f64,
    /// What it leaves behind: locks, questions that are still open.
    pub left: Vec<String>,
    /// How many states it came by.
    pub steps: usize,
    /// The places of the artifact that it came by: of a state machine, blocks and their states.
    pub visited: BTreeSet<(usize, usize)>,
}

impl Trace {
    /// For each event, those that come before it: one bit each.
    pub fn causes(&self) -> Causes {
        let words = self.events.len().div_ceil(64);
        let mut bits: Vec<Vec<u64>> = Vec::with_capacity(self.events.len());
        for event in &self.events {
            let mut own = vec![0u64; words];
            for before in &event.after {
                for (word, theirs) in own.iter_mut().zip(&bits[*before]) {
                    *word |= theirs;
                }
                own[before / 64] |= 1 << (before % 64);
            }
            bits.push(own);
        }
        Causes(bits)
    }
}

/// What comes before what.
#[derive(Debug)]
pub struct Causes(Vec<Vec<u64>>);

impl Causes {
    /// Whether one event comes before another.
    pub fn before(&self, first: usize, second: usize) -> bool {
        self.0[second][first / 64] & (1 << (first % 64)) != 0
    }
}
