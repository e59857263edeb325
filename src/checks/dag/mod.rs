//! Order: what waits for what, and what should.

pub mod cycle;
pub mod dead_condition;
pub mod dead_stage;
pub mod detached;
pub mod no_convergence;
pub mod race;
pub mod redundant_after;
