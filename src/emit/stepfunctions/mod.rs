//! The target `stepfunctions`: one state machine in the Amazon States Language, JSONata form.
//!
//! `lower` builds the model, `print` writes it, `limits` holds it to what the service allows, `permits` says which rights it
//! needs. Called through [`TARGET`].

pub mod duties;
pub mod expr;
mod limits;
mod lower;
pub mod model;
pub mod naming;
pub mod parts;
pub mod permits;
pub mod print;

pub use lower::names::Names;

use crate::diagnostic::Bag;
use crate::emit::{Artifact, Context, Target};
use crate::plan::Plan;

/// The target.
pub const TARGET: Target = Target {
    name: "stepfunctions",
    emit,
    find,
};

/// What the state machine of a plan needs of the infrastructure around it.
pub fn needs(plan: &Plan) -> lower::Needs {
    lower::Needs::of(plan)
}

/// What the calls and conditions of the state machine of a plan stand for.
pub fn manifest(plan: &Plan) -> parts::Manifest {
    lower::manifest(plan)
}

/// What Step Functions cannot hold of a plan.
pub fn find(plan: &Plan, context: &Context<'_>) -> Bag {
    let lowered = lower::lower(plan, context);
    let mut bag = limits::check(plan, &lowered, print::size(&lowered.machine));
    bag.extend(lowered.bag);
    bag
}

/// Writes the state machine of a plan.
pub fn emit(plan: &Plan, context: &Context<'_>) -> (Vec<Artifact>, Bag) {
    let lowered = lower::lower(plan, context);
    let content = print::machine(&lowered.machine);
    let mut bag = limits::check(plan, &lowered, content.len());
    bag.extend(lowered.bag);
    let path = ["stepfunctions/", &plan.release().name, ".asl.json"].concat();
    (vec![Artifact { path, content }], bag)
}
