//! `releasec completions`: completion scripts for shells, made from the flags themselves.
//!
//! Called by the command line only.

use super::{Cli, Exit};
use crate::driver::{Problem, terminal};
use clap::CommandFactory;

/// Print a completion script for a shell
///
/// For example: `releasec completions bash > ~/.local/share/bash-completion/completions/releasec`
#[derive(clap::Args)]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<Exit, Problem> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "releasec", &mut script);
    terminal::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Clean)
}
