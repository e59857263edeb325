//! The way back: what undoes what, and when nothing does.

mod calls;
pub mod expires;
pub mod incomplete;
pub mod input_destroyed;
pub mod misses_window;
pub mod missing;
pub mod needs_unchecked;
pub mod no_backup;
pub mod not_idempotent;
pub mod not_rehearsed;
pub mod order;
pub mod past_the_pivot;
pub mod unapproved_irreversible;
pub mod undo_can_fail;
