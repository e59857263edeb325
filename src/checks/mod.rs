//! Every check of a plan: one file per diagnostic, one line each in the list below.
//!
//! Checks read the model and the plan only, and say what they find. Called by the driver.

use crate::diagnostic::{Bag, Code};
use crate::plan::Plan;
use crate::source::SourceMap;

/// What a check looks at.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The texts its places point into: only to narrow a place down to the very characters a finding is about.
    pub sources: &'a SourceMap,
}

/// A check: the one diagnostic it can give, and how it looks for it.
pub struct Check {
    /// The diagnostic, which is also the name of the check's file, its page and its fixtures.
    pub code: Code,
    /// Looks through a plan.
    pub run: fn(&Subject, &mut Bag),
}

/// Every check, in the order of the catalogue.
pub const CHECKS: &[Check] = &[];

/// Runs every check over a plan.
pub fn run(plan: &Plan, sources: &SourceMap) -> Bag {
    let subject = Subject { plan, sources };
    let mut bag = Bag::new();
    for check in CHECKS {
        (check.run)(&subject, &mut bag);
    }
    bag
}
