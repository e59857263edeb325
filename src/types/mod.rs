//! Literals and types: what a written value means, and which values fit a declared type.
//!
//! Must not look up names. Called by `eval`.

pub mod errors;
mod fit;
mod literal;

pub(crate) use fit::{entity_kind, sym_type};
pub use fit::{fit, kind_of_type, type_words, value_words};
pub use literal::{LiteralError, date, date_time, duration, percent, time_of_day};
