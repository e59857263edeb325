//! What no target watches: rules that are for people, whichever pipeline runs.
//!
//! Called by the targets, which report it as their own.

use super::rules;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::StepKind;
use crate::plan::Plan;
use crate::source::Span;
use indexmap::IndexMap;

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
    // What a loop repeats stands in one place, and one statement may name several artifacts.
    let mut verified: IndexMap<Span, Vec<&str>> = IndexMap::new();
    for step in release.stages.iter().flat_map(|s| s.forward_steps()) {
        if let StepKind::VerifyArtifact(a) = &step.kind {
            let names = verified.entry(step.origin.span).or_default();
            let name = release.artifact(*a).name.as_str();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    for (span, names) in verified {
        let names: Vec<String> = names.iter().map(|name| ["`", name, "`"].concat()).collect();
        let digests = match names.as_slice() {
            [one] => ["digest of ", one].concat(),
            [others @ .., last] => ["digests of ", &others.join(", "), " and ", last].concat(),
            [] => continue,
        };
        let message = [
            "nobody compares what is stored, or what runs, with the ",
            &digests,
        ]
        .concat();
        list.push(
            Diagnostic::warning(Code("target/unenforced"), span, message)
                .here(["not compared on ", target].concat())
                .about(&[rules::ARTIFACT])
                .help("ship by the digest, or compare it in a command of a gate; else a person does"),
        );
    }
    list
}
