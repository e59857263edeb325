//! Time: windows, offsets, freezes, clocks.

pub mod exceeds_window;
pub mod gap_or_fold;
pub mod in_freeze;
pub mod no_timeout;
pub mod notice_too_late;
pub mod offset_conflict;
pub mod shared_window;
pub mod timeout_too_short;
pub mod unattended;
pub mod working_days;
