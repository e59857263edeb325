//! Files, places in them, and exact numbers: the ground everything else stands on.
//!
//! Must not know the language, diagnostics or the file system: texts are handed in by the driver.

pub mod hash;
mod hidden;
mod map;
mod number;

pub use hidden::{is_hidden, visible_json};
pub use map::{FileId, LineCol, SourceFile, SourceMap, Span};
pub use number::Rational;
