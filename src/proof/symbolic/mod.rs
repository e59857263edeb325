//! The proof over every outcome at once: whatever becomes of each job, alone or together with all others.
//!
//! Runs that are executed one by one show what one failure does; here the conditions of the jobs are formulas, and a solver looks for
//! any outcome in which a job runs that the plan does not let run. Must not know how an artifact was written. Called by the proof's
//! entry point.

mod claims;
mod ends;
mod holds;
mod logic;
mod machine;
mod order;
mod places;
mod world;

use super::Difference;
use super::github::workflow::Pair;
use crate::plan::Plan;
pub use machine::machine;

/// Proves two workflows over every outcome; the number of demands.
///
/// # Errors
/// The first demand that is broken, with an outcome that breaks it.
pub fn workflows(plan: &Plan, pair: &Pair<'_>) -> Result<usize, Box<Difference>> {
    let [release, rollback] = [0, 1].map(|i| world::World::new(&pair.flows[i], plan.release()));
    let mut forward = claims::Claims::new(plan, release);
    let mut back = claims::Claims::new(plan, rollback);
    let judged = forward
        .release()
        .and_then(|()| forward.ways_out())
        .and_then(|()| back.rollback());
    match judged {
        Ok(()) => Ok(forward.count + back.count),
        Err(broken) => Err(Box::new(Difference {
            what: broken.what,
            outcome: "jobs end otherwise than well, in a way that no single run was looked at for"
                .to_string(),
            trace: broken.outcome,
            reference: Vec::new(),
        })),
    }
}
