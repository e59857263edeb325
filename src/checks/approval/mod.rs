//! Permission: what guards production, and what an approval leads to.

pub mod no_consequence;
pub mod unguarded_production;
