//! The organisation's own rules.

mod consent;
mod eval;
mod fields;
pub mod not_understood;
mod stages;
mod value;
pub mod violated;
