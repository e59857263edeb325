//! `releasec enforce`: what the pipelines hold of a plan.
//!
//! Called by the command line only.

use super::Exit;
use super::settings::{Files, Params, findings, here, several};
use crate::driver::{Problem, enforce, terminal};
use crate::emit::enforce::Level;
use crate::report::Options;
use clap::ValueEnum;

/// Show which rules of a plan each pipeline enforces
///
/// Every constraint of the plan (order, approvals, quorums, times, gates, holds and the rest) against each target: enforced,
/// detected, not enforced, or impossible to build, and why. Exits with 1 when the plan cannot be built for a target, with
/// `--strict` also when a rule is not enforced there.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,

    #[command(flatten)]
    params: Params,

    /// The targets to ask; all that run something when not said
    #[arg(long = "target", value_name = "TARGET", value_delimiter = ',')]
    targets: Vec<String>,

    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// End with 1 also when a rule is not enforced
    #[arg(long)]
    strict: bool,
}

/// How it is printed.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Text for people
    Text,
    /// A table for GitHub and GitLab
    Markdown,
    /// One versioned JSON document
    Json,
}

/// Runs the command.
pub(super) fn run(args: &Args, options: &Options) -> Result<Exit, Problem> {
    let targets = enforce::pipelines(&args.targets)?;
    let inputs = args.files.inputs()?;
    let settings = args.params.settings(here()?);
    let (checked, documents) = enforce::enforce(&inputs, &settings, &targets);
    let [document] = documents.as_slice() else {
        if documents.is_empty() {
            let exit = findings(&checked, false, options)?;
            several(checked.problems)?;
            return match exit {
                Exit::Findings => Ok(exit),
                Exit::Clean => Err(Problem::new(
                    "no file here holds a `release`, so there is nothing to enforce",
                )
                .help("name the file of a plan")),
            };
        }
        several(checked.problems)?;
        return Err(Problem::new(format!(
            "these are {} plans, and one is shown at a time",
            documents.len()
        ))
        .help("name the file of one plan"));
    };
    several(checked.problems)?;
    terminal::print(&match args.format {
        Format::Text => document.text(),
        Format::Markdown => document.markdown(),
        Format::Json => document.json(),
    })?;
    Ok(match document.worst() {
        Level::Impossible => Exit::Findings,
        Level::NotEnforced if args.strict => Exit::Findings,
        _ => Exit::Clean,
    })
}
