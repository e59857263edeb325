//! Who may sit where: separation of duties, quorums and exclusions over people and not only roles, decided exactly.
//!
//! `pool` expands roles to people; `seats` writes a plan as a [`Problem`]; `solve` decides it, `explain` says why nobody
//! fits, `numbers` counts. Must not report findings: `checks::sod` does.

mod block;
mod duty;
mod eligible;
mod explain;
mod kernel;
mod matching;
mod numbers;
mod part;
mod pattern;
mod pool;
mod problem;
mod repair;
mod sat;
mod scenario;
mod seating;
mod seats;
mod shared;
mod ship;
mod solve;
mod standing;
mod survey;
#[cfg(test)]
mod tests;
pub mod words;

pub use duty::{executors, from_origin, keeps_apart, named_by};
pub use eligible::{Eligible, eligible};
pub use explain::{Core, core, cores};
pub use numbers::{Fewest, Resilience, fewest, resilience};
pub use pool::{Directory, Pool, Shared};
pub use problem::{Bound, Budget, Problem, Rule, Slot, Verdict};
pub use repair::{Repair, repairs};
pub use scenario::{Scenario, Which, scenarios};
pub use seating::{FactOf, SeatOf, Seating, Who};
pub use ship::{Ship, ways};
pub use solve::{STEPS, solve};
pub use standing::{Approvals, before_production};
pub use survey::{AWAY, Case, Group, Survey, survey};
