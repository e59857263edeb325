//! The command line: one file per command, one line each in the enum `Command`.
//!
//! The only place that knows `clap`. Commands say what is wanted and print what comes back; the driver does the work.
//! Exit codes: 0 clean, 1 findings (or `--check` would change something), 2 usage, configuration, I/O or internal.

mod build;
mod check;
mod completions;
mod diff;
mod enforce;
mod explain;
mod fmt;
mod graph;
mod init;
mod man;
mod panic;
mod people;
mod record;
mod settings;
mod simulate;

use crate::driver::Problem;
use crate::driver::terminal::{self, Color};
use crate::report::Options;
use clap::{Parser, Subcommand, ValueEnum};
use std::process::ExitCode;

/// Checks release plans and compiles them to pipelines and documents.
#[derive(Parser)]
#[command(
    name = "releasec",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
struct Cli {
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    color: ColorFlag,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Args),
    Build(build::Args),
    Enforce(enforce::Args),
    Fmt(fmt::Args),
    Diff(diff::Args),
    Graph(graph::Args),
    People(people::Args),
    Simulate(simulate::Args),
    Record(record::Args),
    Explain(explain::Args),
    Init(init::Args),
    Completions(completions::Args),
    Man(man::Args),
}

#[derive(Clone, Copy, ValueEnum)]
enum ColorFlag {
    Auto,
    Always,
    Never,
}

/// How a command that did its work ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Nothing to object to.
    Clean,
    /// Findings, or something that `--check` would change.
    Findings,
}

/// Runs the program.
pub fn main() -> ExitCode {
    panic::guarded(|| {
        let cli = match Cli::try_parse() {
            Ok(cli) => cli,
            Err(error) => {
                // Nobody listening is no error.
                let _ = error.print();
                return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
            }
        };
        match run(cli) {
            Ok(Exit::Clean) => ExitCode::SUCCESS,
            Ok(Exit::Findings) => ExitCode::from(1),
            Err(problem) => {
                terminal::say(&format!("error: {problem}"));
                ExitCode::from(2)
            }
        }
    })
}

fn run(cli: Cli) -> Result<Exit, Problem> {
    let options: Options = terminal::stdout_options(match cli.color {
        ColorFlag::Auto => Color::Auto,
        ColorFlag::Always => Color::Always,
        ColorFlag::Never => Color::Never,
    });
    match cli.command {
        Command::Check(args) => check::run(&args, &options),
        Command::Build(args) => build::run(&args, &options),
        Command::Enforce(args) => enforce::run(&args, &options),
        Command::Fmt(args) => fmt::run(&args, &options),
        Command::Diff(args) => diff::run(&args, &options),
        Command::Graph(args) => graph::run(&args, &options),
        Command::People(args) => people::run(&args, &options),
        Command::Simulate(args) => simulate::run(&args, &options),
        Command::Record(args) => record::run(&args, &options),
        Command::Explain(args) => explain::run(&args, &options),
        Command::Init(args) => init::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
