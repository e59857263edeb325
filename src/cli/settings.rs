//! Arguments that several commands share.
//!
//! Called by the commands of this folder.

use super::Exit;
use crate::diagnostic::{Diagnostic, Severity};
use crate::driver::read::Input;
use crate::driver::{Checked, Problem, Settings, find, terminal};
use crate::report::{self, Hidden, Options, Report};
use std::path::PathBuf;

/// The files a command works on.
#[derive(clap::Args)]
pub(super) struct Files {
    /// Files and folders; `-` is standard input [default: the current folder]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The name standard input is known by: it decides the project and what imports mean
    #[arg(long, value_name = "PATH")]
    stdin_filename: Option<PathBuf>,
}

impl Files {
    /// The files meant.
    pub(super) fn inputs(&self) -> Result<Vec<Input>, Problem> {
        let here = [PathBuf::from(".")];
        let paths = if self.paths.is_empty() {
            &here[..]
        } else {
            &self.paths
        };
        find::inputs(paths, self.stdin_filename.as_deref())
    }
}

/// Values of parameters.
#[derive(clap::Args)]
pub(super) struct Params {
    /// Fix a parameter of the plan
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = param)]
    params: Vec<(String, String)>,
}

impl Params {
    /// Settings with these values.
    pub(super) fn settings(&self, settings: Settings) -> Settings {
        Settings {
            params: self.params.clone(),
            ..settings
        }
    }
}

/// Reads `name=value`.
fn param(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_string(), value.to_string())),
        _ => Err("write `name=value`".to_string()),
    }
}

/// Prints findings for people, when there are any; tells whether there is an error among them. Those for information are
/// counted, and printed when `all` are wanted.
pub(super) fn findings(checked: &Checked, all: bool, options: &Options) -> Result<Exit, Problem> {
    let wanted = |d: &&Diagnostic| all || d.severity > Severity::Info;
    let shown: Vec<Diagnostic> = checked.findings.iter().filter(wanted).cloned().collect();
    if shown.is_empty() {
        return Ok(Exit::Clean);
    }
    let hidden = Hidden::count(checked.findings.iter().filter(|d| !wanted(d)));
    let report = Report::new(&checked.sources, &shown, checked.files)
        .hiding(hidden, "for information: `--verbose` shows them");
    let renderer = report::renderer("fancy").expect("internal: the format is one of the list");
    terminal::print(&renderer.render(&report, options))?;
    let failed = shown.iter().any(|d| d.severity == Severity::Error);
    Ok(if failed { Exit::Findings } else { Exit::Clean })
}

/// Says what went wrong, and ends the command with the last of it.
pub(super) fn several(problems: Vec<Problem>) -> Result<(), Problem> {
    let mut problems = problems;
    let Some(last) = problems.pop() else { return Ok(()) };
    for problem in problems {
        terminal::say(&format!("error: {problem}"));
    }
    Err(last)
}

/// The settings of a run in the current folder.
pub(super) fn here() -> Result<Settings, Problem> {
    let here = find::current_folder()?;
    Ok(Settings {
        here,
        ..Settings::default()
    })
}

/// From which severity on a run fails.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum Level {
    /// Errors only
    Error,
    /// Errors and warnings
    Warning,
    /// Every finding
    Info,
}

impl Level {
    /// The lowest severity that fails.
    pub(super) fn severity(self) -> Severity {
        match self {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Info => Severity::Info,
        }
    }
}
