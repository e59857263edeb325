//! Permission: what guards production, and what an approval leads to.

pub mod before_evidence;
pub mod bypass;
pub mod may_close_early;
pub mod no_consequence;
pub mod stale;
pub mod unbound;
pub mod unguarded_production;
