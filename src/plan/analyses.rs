//! What is worked out about a plan once, when it is first asked for.
//!
//! Holds results only; each analysis stands in its own file.

use crate::plan::{Guards, NodeSet, Pace, Plan, Schedule, Variants};
use std::sync::OnceLock;

/// Results, as far as they were asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Analyses {
    variants: OnceLock<Variants>,
    guards: OnceLock<Guards>,
    shortest: OnceLock<Schedule>,
    longest: OnceLock<Schedule>,
    cases: OnceLock<Vec<Schedule>>,
    covered: OnceLock<Vec<bool>>,
    reach: OnceLock<Option<Reaches>>,
}

/// What each node waits for, and what waits for each.
type Reaches = [Vec<NodeSet>; 2];

impl Analyses {
    /// Which stages the window covers.
    pub(super) fn covered(&self, make: impl FnOnce() -> Vec<bool>) -> &[bool] {
        self.covered.get_or_init(make)
    }

    /// What each node waits for, and what waits for it, where that is kept.
    pub(super) fn reach(&self, make: impl FnOnce() -> Option<Reaches>) -> Option<&Reaches> {
        self.reach.get_or_init(make).as_ref()
    }

    /// The longest times, case by case.
    pub(super) fn cases(&self, make: impl FnOnce() -> Vec<Schedule>) -> &[Schedule] {
        self.cases.get_or_init(make)
    }

    /// The schedule of a pace.
    pub(super) fn schedule(&self, pace: Pace, make: impl FnOnce() -> Schedule) -> &Schedule {
        match pace {
            Pace::Shortest => self.shortest.get_or_init(make),
            Pace::Longest => self.longest.get_or_init(make),
        }
    }
}

impl Plan {
    /// What can vary, and what applies when.
    pub fn variants(&self) -> &Variants {
        self.analyses.variants.get_or_init(|| Variants::new(self))
    }

    /// What guards each stage.
    pub(super) fn guarding(&self) -> &Guards {
        self.analyses.guards.get_or_init(|| Guards::new(self))
    }
}
