//! Runs for people and for programs: one file per form.
//!
//! Must not run anything.
