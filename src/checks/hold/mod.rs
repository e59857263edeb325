//! Brackets: what is switched off, locked or frozen, and has to come back.

pub mod by_hand;
pub mod left_changed;
pub mod no_path;
pub mod not_released;
pub mod outlives;
pub mod restores_constant;
pub mod unpaired;
pub mod used_outside;
