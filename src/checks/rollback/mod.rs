//! The way back: what undoes what, and when nothing does.

pub mod missing;
pub mod not_rehearsed;
pub mod past_the_pivot;
pub mod unapproved_irreversible;
