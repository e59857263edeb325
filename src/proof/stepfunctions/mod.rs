//! The model of Step Functions: a state machine's bytes as runs.
//!
//! Must not know what the plan wants of a run. Called by the proof's entry point.

pub mod jsonata;
pub mod machine;
pub mod meant;
mod outcomes;
mod run;
pub mod value;
mod world;

use super::event::Trace;
use super::scenario::Scenario;
use crate::emit::stepfunctions::parts::Manifest;
use crate::plan::Plan;

pub use machine::Machine;
pub use outcomes::all as scenarios;

/// Reads a state machine back.
///
/// # Errors
/// What is not understood.
pub fn read(bytes: &str, manifest: &Manifest) -> Result<Machine, String> {
    machine::read(bytes, manifest)
}

/// Runs it once.
///
/// # Errors
/// What is not understood.
pub fn run(machine: &Machine, plan: &Plan, scenario: &Scenario) -> Result<Trace, String> {
    run::run(
        machine,
        world::World::new(plan.release(), scenario),
        scenario,
        run::MOST,
    )
}

/// Runs it once, by so many states at most.
///
/// # Errors
/// What is not understood.
pub fn run_within(machine: &Machine, plan: &Plan, scenario: &Scenario, most: usize) -> Result<Trace, String> {
    let world = world::World::new(plan.release(), scenario);
    run::run(machine, world, scenario, most.min(run::MOST))
}
