//! Order: what waits for what, and what should.

pub mod cycle;
