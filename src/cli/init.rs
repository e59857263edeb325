//! `releasec init`: a first plan that checks clean.
//!
//! Called by the command line only. The plan stands in `starter/`, as the author will see it.

use super::Exit;
use crate::driver::{Problem, terminal, write};
use std::path::PathBuf;

/// What is written, by name.
const STARTER: &[(&str, &str)] = &[
    ("people.release", include_str!("starter/people.release")),
    ("plan.release", include_str!("starter/plan.release")),
];

/// Write a first plan
///
/// Writes `plan.release` and `people.release`, and overwrites nothing.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder to write to; it is made when it does not exist
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<Exit, Problem> {
    let files: Vec<(PathBuf, &str)> = STARTER
        .iter()
        .map(|(name, text)| (args.folder.join(name), *text))
        .collect();
    write::all_fresh(&files)?;
    for (path, _) in &files {
        terminal::say(&format!("wrote `{}`", path.display()));
    }
    terminal::say("next: put in your own people and commands, then run `releasec check`");
    Ok(Exit::Clean)
}
