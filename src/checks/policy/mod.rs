//! The organisation's own rules.

mod eval;
mod fields;
pub mod not_understood;
mod value;
pub mod violated;
