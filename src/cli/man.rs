//! `releasec man`: manual pages, made from the flags themselves.
//!
//! Called by the command line only.

use super::{Cli, Exit};
use crate::driver::{Problem, terminal, write};
use clap::CommandFactory;
use std::path::PathBuf;

/// Print the manual page, or write one page per command
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder to write `releasec.1`, `releasec-check.1` and so on to
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<Exit, Problem> {
    let mut program = Cli::command();
    program.build();
    let Some(folder) = &args.out else {
        terminal::print(&page(program)?)?;
        return Ok(Exit::Clean);
    };
    write::folder(folder)?;
    for command in program.get_subcommands() {
        let name = format!("releasec-{}", command.get_name());
        let text = page(command.clone())?;
        write::whole(&folder.join(format!("{name}.1")), text.as_bytes())?;
    }
    write::whole(&folder.join("releasec.1"), page(program)?.as_bytes())?;
    Ok(Exit::Clean)
}

/// One page.
fn page(command: clap::Command) -> Result<String, Problem> {
    let mut page = Vec::new();
    // No date in the page: the same program gives the same bytes.
    let manual = clap_mangen::Man::new(command).date("");
    manual
        .render(&mut page)
        .map_err(|e| Problem::new(format!("cannot make the manual page: {e}")))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
