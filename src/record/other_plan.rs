//! `record/other_plan`: the run was made from another plan than the one it is held against.

use super::Run;
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::plan::Plan;

/// The diagnostic.
pub const CODE: Code = Code("record/other_plan");

/// Compares the digest that the pipeline carries with the plan's own.
pub(super) fn check(plan: &Plan, digest: &str, run: &Run, bag: &mut Bag) {
    let Some(ran) = run.plan.as_deref().filter(|d| *d != digest) else {
        return;
    };
    let short = |d: &str| d.chars().take(12).collect::<String>();
    bag.push(
        Diagnostic::error(
            CODE,
            plan.release().origin.span,
            format!(
                "the run was made from another plan: its digest begins with `{}`",
                short(ran)
            ),
        )
        .here(format!("the digest of this plan begins with `{}`", short(digest)))
        .help("hold the run against the plan of the commit that it ran at"),
    );
}
