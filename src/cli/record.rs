//! `releasec record`: the completed runbook of a run, and what differs from the plan.
//!
//! Called by the command line only.

use super::Exit;
use super::settings::{Files, Params, findings, here, several};
use crate::driver::{Problem, record, templates, terminal};
use crate::report::Options;
use std::path::PathBuf;

/// Fill in the runbook of a run that is over, and hold the run against the plan
///
/// Reads what ran: the history of an execution of Step Functions (`aws stepfunctions get-execution-history`), or a run of the
/// GitHub workflow as one JSON object of `run`, `jobs` and `approvals` (and `rollback`, when there was one), each as GitHub's
/// REST API returns it; docs/record.md has the commands. Writes the runbook with real times, results and people. Exits with 1
/// when the run differs from the plan: somebody approved who may not, a stage began too early, a gate was not judged.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,

    #[command(flatten)]
    params: Params,

    /// The history of the run; `-` is standard input
    #[arg(long, value_name = "FILE")]
    from: PathBuf,

    /// Where the completed runbook is written [default: `NAME-run.md` in the current folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Replace a file that differs
    #[arg(long)]
    force: bool,

    /// The language of the runbook: `en`, or one of which `--templates` has a catalogue [default: en]
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<String>,

    /// Lay out the runbook with the templates and the words of a folder
    #[arg(long, value_name = "FOLDER")]
    templates: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: &Args, options: &Options) -> Result<Exit, Problem> {
    let inputs = args.files.inputs()?;
    let settings = args.params.settings(here()?);
    let templates = templates::dressed(args.templates.as_deref(), args.lang.as_deref())?;
    let history = record::history(&args.from)?;
    let recorded = record::record(&inputs, &settings, &history, &args.from, &templates)?;
    let exit = findings(&recorded.checked, false, options)?;
    several(recorded.checked.problems)?;
    let Some(document) = recorded.document else {
        return match exit {
            Exit::Findings => Ok(exit),
            Exit::Clean => Err(Problem::new("no file here holds a `release`, so nothing ran")
                .help("name the file of the plan")),
        };
    };
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}-run.md", document.release)));
    let written = record::save(&out, &document.runbook, args.force)?;
    let word = if written { "written" } else { "unchanged" };
    terminal::print(&format!("{}\n`{}`: {word}\n", document.summary, out.display()))?;
    Ok(exit)
}
