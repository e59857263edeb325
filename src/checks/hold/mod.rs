//! Brackets: what is switched off, locked or frozen, and has to come back.

pub mod no_path;
pub mod outlives;
pub mod unpaired;
