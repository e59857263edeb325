//! `releasec diff`: what changed between two plans.
//!
//! Called by the command line only.

use super::Exit;
use super::settings::{Params, findings, here, several};
use crate::driver::diff::{self, Source};
use crate::driver::git::Revision;
use crate::driver::read::Input;
use crate::driver::{Problem, terminal};
use crate::report::Options;
use clap::ValueEnum;
use std::path::PathBuf;

/// Show what changed between two plans
///
/// Facts and not text: layout, comments, order and loops written out by hand change nothing. Each change is loosened (something is
/// possible now that was not), tightened or changed; production comes first, then what is gravest. Each loosening says what can happen
/// now. Exits with 0, and with 1 only for what `--fail-on` names.
#[derive(clap::Args)]
#[command(
    override_usage = "releasec diff [OPTIONS] OLD NEW\n       releasec diff [OPTIONS] --git REV1 [REV2] PLAN"
)]
pub(super) struct Args {
    /// The old plan and the new one; with `--git`, one or two revisions and the plan
    #[arg(value_name = "OLD NEW", num_args = 1..=3, required = true)]
    things: Vec<String>,

    /// Compare the plan in two revisions of its Git repository, or in one and in the working tree
    #[arg(long)]
    git: bool,

    #[command(flatten)]
    params: Params,

    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// End with 1 when something was loosened, or when anything differs
    #[arg(long, value_enum, value_name = "WHAT")]
    fail_on: Option<FailOn>,
}

/// How it is printed.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Text for people
    Text,
    /// Markdown for a pull request
    Markdown,
    /// One versioned JSON document
    Json,
}

/// What ends the command with 1.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Something was loosened
    Loosened,
    /// Anything differs
    Any,
}

/// Runs the command.
pub(super) fn run(args: &Args, options: &Options) -> Result<Exit, Problem> {
    let here = here()?;
    let file = |path: &str, revision: Option<Revision>| Source {
        input: Input::File(PathBuf::from(path)),
        revision,
    };
    let at = |named: &str, path: &str| -> Result<Source, Problem> {
        let revision = Revision::of(named, &PathBuf::from(path), &here.here)?;
        Ok(file(path, Some(revision)))
    };
    let words: Vec<&str> = args.things.iter().map(String::as_str).collect();
    let (old, new) = match (args.git, words.as_slice()) {
        (false, [old, new]) => (file(old, None), file(new, None)),
        (true, [rev, plan]) => (at(rev, plan)?, file(plan, None)),
        (true, [one, two, plan]) => (at(one, plan)?, at(two, plan)?),
        (true, _) => {
            return Err(Problem::new("`--git` takes one or two revisions, then the plan")
                .help("as in `releasec diff --git main plan.release`"));
        }
        (false, _) => {
            return Err(
                Problem::new("two plans are compared: the old one, then the new one")
                    .help("as in `releasec diff old.release new.release`"),
            );
        }
    };
    let settings = args.params.settings(here);
    let compared = diff::diff(&old, &new, &settings)?;
    let checked = compared.checked;
    let Some(document) = compared.document else {
        findings(&checked, false, options)?;
        several(checked.problems)?;
        return Err(Problem::new("there are not two plans to compare")
            .help("each file must hold a `release` that can be read; `releasec check` says what is wrong"));
    };
    several(checked.problems)?;
    terminal::print(&match args.format {
        Format::Text => document.text(),
        Format::Markdown => compared.markdown,
        Format::Json => document.json(),
    })?;
    let fails = match args.fail_on {
        Some(FailOn::Loosened) => document.loosened(),
        Some(FailOn::Any) => !document.is_empty(),
        None => false,
    };
    Ok(if fails { Exit::Findings } else { Exit::Clean })
}
