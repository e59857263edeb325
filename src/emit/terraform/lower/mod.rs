//! From a plan to configuration: one file here for each file it writes.
//!
//! What a plan does not need is not written. A text of the plan stands in the model as a text, never as an expression.
//! Must not know how configuration is printed. Called by the target's entry point.

mod arn;
mod evidence;
mod github;
mod iam;
mod machine;
mod messages;
mod scheduler;
mod variables;
mod versions;

use super::model::{Block, File};
use crate::emit::Context;
use crate::emit::stepfunctions::permits::{self, Role, Used};
use crate::emit::stepfunctions::{duties, needs};
use crate::model::{Origin, Release, RoleOrPerson, Text};
use crate::plan::Plan;
use std::collections::BTreeMap;
use variables::Variables;

/// What the parts of the configuration are made from.
pub struct Lower<'a> {
    plan: &'a Plan,
    release: &'a Release,
    context: &'a Context<'a>,
    variables: Variables,
    /// The roles of the state machine, with what each may do.
    roles: Vec<Role>,
    /// People and roles of whom the plan does not say who they are at AWS.
    roster: BTreeMap<String, RoleOrPerson>,
    /// Whether anything is run by a build.
    builds: bool,
    /// Minutes that a build may take at most.
    build_minutes: i64,
    /// The roles that the state machine works with.
    used: Used,
}

/// Every file that the plan needs, in the order of their names' subjects.
pub fn lower(plan: &Plan, context: &Context<'_>) -> Vec<File> {
    let needs = needs(plan);
    let roster = needs.roster;
    let roles = permits::permits(plan, !roster.is_empty(), &needs.used);
    let builds = roles.iter().any(|r| r.statements.iter().any(duties::is_of_build));
    let mut lower = Lower {
        plan,
        release: plan.release(),
        context,
        variables: Variables::default(),
        roles,
        roster,
        builds,
        build_minutes: needs.build_minutes,
        used: needs.used,
    };
    let parts = [
        (
            "github.tf",
            "Where the workflow deploys, and where it asks people.",
            lower.github(),
        ),
        (
            "iam.tf",
            "Who may do what: one role for each duty, with the least rights.",
            lower.iam(),
        ),
        ("statemachine.tf", "The state machine.", lower.state_machine()),
        (
            "approvals.tf",
            "How the state machine asks people.",
            lower.approvals(),
        ),
        ("codebuild.tf", "Where commands of the plan run.", lower.builds()),
        (
            "messages.tf",
            "Who is told, and what requests are made with.",
            lower.messages(),
        ),
        ("scheduler.tf", "What a clock starts.", lower.scheduler()),
        (
            "evidence.tf",
            "What is kept of each run, and the key it is encrypted with.",
            lower.evidence(),
        ),
        ("checks.tf", "What the plan assumes.", lower.checks()),
    ];
    let mut files = vec![File {
        name: "versions.tf",
        about: "What reads this configuration, and where it applies.".into(),
        blocks: lower.versions(),
    }];
    let variables = std::mem::take(&mut lower.variables);
    files.push(File {
        name: "variables.tf",
        about: "What the plan does not know.".into(),
        blocks: variables.blocks(),
    });
    files.extend(parts.into_iter().map(|(name, about, blocks)| File {
        name,
        about: about.into(),
        blocks,
    }));
    files.retain(|f| !f.blocks.is_empty());
    files
}

impl Lower<'_> {
    /// Where something is written: `examples/hello/hello.release:12`.
    fn place(&self, origin: &Origin) -> String {
        let sources = self.context.sources;
        sources.place(origin.span)
    }

    /// A block with the line it comes from above it.
    fn from(&self, origin: &Origin, block: Block) -> Block {
        let place = self.place(origin);
        block.above(place)
    }
}

/// A text for people, what is not known yet as a word in angle quotes.
fn shown(text: &Text) -> String {
    text.known().map_or_else(|| "…".to_string(), str::to_string)
}

/// A name as an identifier of the configuration.
fn ident(name: &str) -> String {
    let mut out: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    if !out.starts_with(|c: char| c.is_ascii_alphabetic()) {
        out.insert_str(0, "n_");
    }
    out
}
