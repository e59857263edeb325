//! What no target watches: rules that are for people, whichever pipeline runs.
//!
//! Called by the targets, which report it as their own.

use super::rules;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::Plan;

/// A finding for each rule of a plan that a target, called so by people, does not watch.
pub fn unwatched(plan: &Plan, target: &str) -> Vec<Diagnostic> {
    let release = plan.release();
    let mut list = Vec::new();
    for hold in &release.holds {
        if let Some((limit, origin)) = &hold.at_most {
            let message = [
                "nobody is called when hold `",
                &hold.name,
                "` lasts longer than ",
                &limit.to_string(),
            ];
            list.push(
                Diagnostic::warning(Code("target/unenforced"), origin.span, message.concat())
                    .here(["not watched on ", target].concat())
                    .about(&[rules::HOLD_LIMIT])
                    .help("let its owner look at the clock; the runbook says how long it may last"),
            );
        }
    }
    list
}
