//! Arguments that several commands share.
//!
//! Called by the commands of this folder.

use crate::diagnostic::Severity;
use crate::driver::read::Input;
use crate::driver::{Problem, Settings, find};
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
