//! The validated plan as JSON: what every other artifact was made from, for tools that want to read it.
//!
//! A versioned schema: fields are added, never changed. Must not know how other targets lower a plan.

mod lower;

use crate::diagnostic::Bag;
use crate::emit::{Artifact, Context, Target};
use crate::plan::Plan;
use crate::source::visible_json;

/// The target of the plan itself.
pub const TARGET: Target = Target {
    name: "plan",
    emit,
    find: |_, _| Bag::new(),
};

fn emit(plan: &Plan, context: &Context<'_>) -> (Vec<Artifact>, Bag) {
    let json = serde_json::to_string_pretty(&lower::document(plan, context))
        .expect("internal: a plan is plain data");
    let mut content = visible_json(&json);
    content.push('\n');
    (
        vec![Artifact {
            path: "plan.json".into(),
            content,
        }],
        Bag::new(),
    )
}
