//! What no target watches: rules that are for people, whichever pipeline runs.
//!
//! Called by the targets, which report it as their own.

use super::rules;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::StepKind;
use crate::plan::Plan;
use std::collections::BTreeSet;

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
    // What a loop repeats stands in one place.
    let mut told = BTreeSet::new();
    for step in release.stages.iter().flat_map(|s| s.forward_steps()) {
        if let StepKind::VerifyArtifact(a) = &step.kind
            && told.insert(step.origin.span)
        {
            let message = [
                "nobody compares what is stored, or what runs, with the digest of `",
                &release.artifact(*a).name,
                "`",
            ];
            list.push(
                Diagnostic::warning(Code("target/unenforced"), step.origin.span, message.concat())
                    .here(["not compared on ", target].concat())
                    .about(&[rules::ARTIFACT])
                    .help("ship by the digest, or compare it in a command of a gate; else a person does"),
            );
        }
    }
    list
}
