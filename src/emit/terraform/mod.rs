//! The target `terraform`: what the workflow and the state machine need around them, as readable configuration.
//!
//! `lower` builds the model, one file of it for each file it writes; `print` writes it. Called through [`TARGET`].

mod lower;
mod model;
mod print;

use crate::diagnostic::Bag;
use crate::emit::{Artifact, Context, Target};
use crate::plan::Plan;

/// The target.
pub const TARGET: Target = Target {
    name: "terraform",
    emit,
    find: |_, _| Bag::new(),
};

/// Writes the configuration of a plan.
pub fn emit(plan: &Plan, context: &Context<'_>) -> (Vec<Artifact>, Bag) {
    let head = [
        [
            "Written by releasec ",
            context.version,
            " from ",
            context.source,
            "; changes belong there.",
        ]
        .concat(),
        ["Plan ", context.digest].concat(),
    ];
    let artifacts = lower::lower(plan, context)
        .iter()
        .map(|file| Artifact {
            path: ["terraform/", file.name].concat(),
            content: print::file(file, &head),
        })
        .collect();
    (artifacts, Bag::new())
}
