//! From the typed workflow to the bytes of its file.
//!
//! Must not know plans. Called by `emit::github`.

pub mod expr;
mod measure;
pub mod script;
mod workflow;
mod yaml;

pub use workflow::{tree, workflow};
