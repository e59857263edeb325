//! Targets: from a plan to the bytes of its artifacts.
//!
//! One folder per target, one line each in [`TARGETS`]. Emitters read the model and the plan only; they write nothing
//! (the driver does) and know no clock and no environment. Called by the driver.

pub mod diagram;
pub mod enforce;
pub mod environments;
pub mod github;
pub mod parts;
pub mod people;
pub mod plan_json;
pub mod runbook;
pub mod stepfunctions;
pub mod terraform;

use crate::diagnostic::Bag;
use crate::plan::Plan;
use crate::source::SourceMap;

/// One file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Path below `dist/<release>/`, `/` between parts.
    pub path: String,
    /// The whole content.
    pub content: String,
}

/// What every artifact says about where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The texts of the compilation, for places.
    pub sources: &'a SourceMap,
    /// The sha256 of the plan, in lower-case hexadecimal.
    pub digest: &'a str,
    /// The version of the compiler.
    pub version: &'a str,
    /// The path of the plan, from the project's root.
    pub source: &'a str,
    /// Findings that were reported or accepted, for the documents.
    pub findings: &'a [crate::diagnostic::Diagnostic],
    /// What the pipelines hold of the plan, when they were asked.
    pub held: Option<&'a enforce::Table>,
    /// What changed since the plan that was last approved, when that is known.
    pub changes: Option<runbook::Changes<'a>>,
}

/// A target.
pub struct Target {
    /// What `--target` calls it.
    pub name: &'static str,
    /// Emits its artifacts, with what the target cannot hold (`target/…`). Errors mean nothing may be written.
    pub emit: fn(&Plan, &Context<'_>) -> (Vec<Artifact>, Bag),
    /// The same findings, where nothing is to be written.
    pub find: fn(&Plan, &Context<'_>) -> Bag,
}

/// Every target, in the order of the tree they write.
pub const TARGETS: &[Target] = &[
    plan_json::TARGET,
    runbook::TARGET,
    github::TARGET,
    stepfunctions::TARGET,
    terraform::TARGET,
];
