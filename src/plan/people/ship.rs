//! The ways to production and how few people they take.
//!
//! A way is a case with the seats that matter to production only, once as planned and once through each override that skips one of its
//! approvals. Called by
//! the check of collusion and by `survey`.

use crate::model::{ApprovalId, StageId};
use crate::plan::Plan;
use crate::plan::people::numbers::{Fewest, fewest};
use crate::plan::people::pool::Directory;
use crate::plan::people::problem::Budget;
use crate::plan::people::scenario::{Scenario, Which, scenarios};
use crate::plan::people::seating::Seating;
use crate::plan::people::standing::before_production;
use std::collections::BTreeSet;

/// The ways to production: who executes there and the approvals that stand before it. `None` when there are too many.
pub fn ways(plan: &Plan, directory: &Directory<'_>, which: Which) -> Option<Vec<Scenario>> {
    let r = plan.release();
    let standing = before_production(plan);
    let approvals: BTreeSet<ApprovalId> = standing
        .iter()
        .flat_map(|(_, a)| a.iter().collect::<Vec<_>>())
        .collect();
    let production = |s: StageId| r.is_production(r.stage(s).environment);
    let mut list: Vec<Scenario> = Vec::new();
    for mut case in scenarios(plan, directory, which, production)? {
        case.approvals.retain(|a| approvals.contains(a));
        case.decisions.clear();
        if case.executing.is_empty() {
            continue;
        }
        for through in std::iter::once(None).chain((0..r.overrides.len()).map(Some)) {
            let mut way = case.clone();
            way.through = through;
            if let Some(i) = through {
                let skipped = &r.overrides[i].approvals;
                way.approvals.retain(|a| skipped.iter().all(|(b, _)| a != b));
                // Without an approval less it only takes more people.
                if way.approvals.len() == case.approvals.len() {
                    continue;
                }
            }
            list.push(way);
        }
    }
    Some(list)
}

/// How few people a way takes.
#[derive(Debug)]
pub struct Ship {
    /// The way.
    pub case: Scenario,
    /// Its seats.
    pub seating: Seating,
    /// The fewest people who fill them all.
    pub fewest: Fewest,
    /// Perhaps fewer would do otherwise: people of roles that list nobody may be the same.
    pub exact: bool,
}

impl Ship {
    /// Counts, up to `most` people.
    pub fn count(directory: &Directory<'_>, way: &Scenario, most: u32, budget: &mut Budget) -> Ship {
        let mut seating = Seating::together(directory, way);
        let exact = seating.exact;
        if !exact {
            // Nobody is counted twice then, so that what is found is true; what is not found is not known.
            seating = Seating::apart(directory, way);
        }
        Ship {
            case: way.clone(),
            fewest: fewest(&seating.problem, most, budget),
            seating,
            exact,
        }
    }
}
