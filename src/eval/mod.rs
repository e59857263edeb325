//! From a program to a release: every name resolved, every constant folded, every definition instantiated.
//!
//! Must not know analyses or targets. Called by the driver. Findings of this layer are about writing, never about safety.

mod act;
mod around;
mod call;
mod collect;
mod command;
mod cond;
mod consent;
mod convert;
mod expr;
mod find;
mod gate;
mod header;
mod loops;
mod lower;
mod metric;
mod operate;
mod params;
mod policy;
mod rollout;
mod scope;
mod shell;
mod stage;
mod step;
mod text;
mod things;
mod undo;

pub use lower::{Lowered, lower};
