//! What the library knows about the systems it speaks to.

pub mod assert;
pub mod retired;
