//! Order: what waits for what, and what should.

pub mod cycle;
pub mod dead_stage;
pub mod race;
