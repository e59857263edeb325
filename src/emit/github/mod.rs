//! The target `github`: a release workflow and its rollback workflow.
//!
//! `lower` makes typed workflows of a plan, `print` writes them. Must not know other targets. Called by `emit`.

mod lower;
mod model;
pub mod parts;
mod print;
pub mod script;
pub mod shown;

use crate::diagnostic::Bag;
use crate::emit::{Artifact, Context, Target};
use crate::plan::Plan;

/// The target.
pub const TARGET: Target = Target {
    name: "github",
    emit,
    find,
};

/// What the steps of the workflows of a plan stand for.
pub fn manifest(plan: &Plan, context: &Context<'_>) -> parts::Manifest {
    let (release, rollback, _) = lower::lower(plan, context);
    let files = ["release", "rollback"].map(|kind| lower::file(plan.release(), kind));
    parts::manifest(files, [&release, &rollback])
}

/// What GitHub cannot hold of a plan.
pub fn find(plan: &Plan, context: &Context<'_>) -> Bag {
    lower::lower(plan, context).2
}

/// The workflows of a plan, with what GitHub cannot hold.
pub fn emit(plan: &Plan, context: &Context<'_>) -> (Vec<Artifact>, Bag) {
    let (release, rollback, bag) = lower::lower(plan, context);
    let artifact = |kind: &str, workflow: &model::Workflow| Artifact {
        path: format!(".github/workflows/{}", lower::file(plan.release(), kind)),
        content: print::workflow(workflow),
    };
    let artifacts = vec![artifact("release", &release), artifact("rollback", &rollback)];
    (artifacts, bag)
}
