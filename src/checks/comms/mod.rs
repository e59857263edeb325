//! Who is told, and when.

pub mod no_audience;
pub mod no_escalation;
pub mod silent_failure;
