//! `releasec`: a compiler for release plans.
//!
//! ```text
//! source ─ syntax::ast ─ resolve::Program ─ (types, eval) ─ model::Release ─ plan::Plan ─┬─ checks ─ Diagnostics
//!                                                                                        ├─ emit ── Artifacts
//!                                                                                        └─ run ─── traces
//! ```
//!
//! The modules stand in the order of their layers; imports point down only (`docs/architecture.md`, `tests/house.rs`).

pub mod source;

pub mod diagnostic;

pub mod syntax;

pub mod resolve;
pub mod schema;

pub mod model;

pub mod eval;
pub mod types;

pub mod plan;

pub mod diff;

pub mod checks;
pub mod emit;
pub mod run;

pub mod proof;
pub mod record;

pub mod report;

pub mod cli;
pub mod driver;
