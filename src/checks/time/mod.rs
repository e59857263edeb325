//! Time: windows, offsets, freezes, clocks.

pub mod exceeds_window;
pub mod gap_or_fold;
pub mod in_freeze;
pub mod offset_conflict;
