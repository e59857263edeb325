//! The driver: the only place that touches files, the environment and the terminal.
//!
//! Everything below it is a pure function of texts and parameters. Called by the commands and the language server.

pub mod baseline;
pub mod build;
pub mod diff;
pub mod enforce;
pub mod find;
pub mod fix;
pub mod format;
pub mod git;
pub mod graph;
mod merge;
pub mod people;
mod pipeline;
pub mod problem;
pub mod read;
pub mod record;
pub mod root;
pub mod simulate;
pub mod templates;
pub mod terminal;
pub mod write;

pub use pipeline::{Checked, Settings, check, each};
pub use problem::Problem;
