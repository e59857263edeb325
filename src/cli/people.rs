//! `releasec people`: who can do what in a plan.
//!
//! Called by the command line only.

use super::Exit;
use super::settings::{Files, Params, findings, here, several};
use crate::driver::{Problem, people, terminal};
use crate::report::Options;
use clap::ValueEnum;

/// Show who can do what in a plan
///
/// How few people can take a change to production; in each case one way to fill all seats, whose absence would stop the plan,
/// and for every seat who can sit there and why others cannot. Exits with 1 when in some case nobody can fill all seats.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,

    #[command(flatten)]
    params: Params,

    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// Print every case, however many there are; JSON always has all
    #[arg(long)]
    all: bool,
}

/// How it is printed.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Text for people
    Text,
    /// One versioned JSON document
    Json,
}

/// The cases printed unless all are wanted.
const SHOWN: usize = 4;

/// Runs the command.
pub(super) fn run(args: &Args, options: &Options) -> Result<Exit, Problem> {
    let inputs = args.files.inputs()?;
    let settings = args.params.settings(here()?);
    let (checked, documents) = people::people(&inputs, &settings);
    let [document] = documents.as_slice() else {
        if documents.is_empty() {
            let exit = findings(&checked, false, options)?;
            several(checked.problems)?;
            return match exit {
                Exit::Findings => Ok(exit),
                Exit::Clean => Err(Problem::new(
                    "no file here holds a `release`, so there is nobody to seat",
                )
                .help("name the file of a plan")),
            };
        }
        several(checked.problems)?;
        return Err(Problem::new(format!(
            "{} plans were named, and one is shown at a time",
            documents.len()
        ))
        .help("name the file of one plan"));
    };
    several(checked.problems)?;
    let shown = if args.all { usize::MAX } else { SHOWN };
    terminal::print(&match args.format {
        Format::Text => document.text(shown),
        Format::Json => document.json(),
    })?;
    Ok(if document.impossible() {
        Exit::Findings
    } else {
        Exit::Clean
    })
}
