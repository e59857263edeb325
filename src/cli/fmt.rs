//! `releasec fmt`: writes plans in their one form.
//!
//! Called by the command line only.

use super::Exit;
use super::settings::{Files, here, several};
use crate::driver::format::{Formatted, format};
use crate::driver::read::Input;
use crate::driver::{Problem, each, fix, terminal};
use crate::report::{self, Options, Report, counted};

/// Format plans
///
/// Comments stay, and so does the meaning. A file with a mistake in its form is left alone and the mistakes are printed.
/// Standard input (`-`) is formatted to standard output.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,

    /// Change nothing; end with 1 when a file is not formatted
    #[arg(long)]
    check: bool,

    /// Change nothing; show what would change, and end with 1 when something would
    #[arg(long)]
    diff: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args, options: &Options) -> Result<Exit, Problem> {
    let inputs = args.files.inputs()?;
    let settings = here()?;
    let mut exit = Exit::Clean;
    let mut problems = Vec::new();
    let (mut changed, mut same) = (0, 0);
    for (input, result) in inputs.iter().zip(each(&inputs, |input| format(input, &settings))) {
        let done = result.and_then(|formatted| one(args, options, input, &formatted));
        match done {
            Ok(Done::Same) => same += 1,
            Ok(Done::Changed) => changed += 1,
            Ok(Done::Broken) => exit = Exit::Findings,
            Err(problem) => problems.push(problem),
        }
    }
    let dry = args.check || args.diff;
    if dry && changed > 0 {
        exit = Exit::Findings;
    }
    if changed > 0 {
        let verb = if dry { "would be formatted" } else { "formatted" };
        terminal::say(&format!("{} {verb}", counted(changed, "file")));
    } else if same > 0 {
        terminal::say(&format!("{} formatted already", counted(same, "file")));
    }
    several(problems)?;
    Ok(exit)
}

/// What became of one file.
enum Done {
    Same,
    Changed,
    Broken,
}

/// Prints or writes one file.
fn one(args: &Args, options: &Options, input: &Input, formatted: &Formatted) -> Result<Done, Problem> {
    let file = formatted.sources.file(formatted.file);
    let new = match &formatted.result {
        Ok(new) => new,
        Err(findings) => {
            let report = Report::new(&formatted.sources, findings, 1);
            let renderer = report::renderer("fancy").expect("internal: the format is one of the list");
            terminal::print(&renderer.render(&report, options))?;
            return Ok(Done::Broken);
        }
    };
    let changed = **new != *file.text;
    if args.diff {
        let diff = report::unified(&file.path, &file.text, new);
        terminal::print(&report::visible_diff(&diff, options.color))?;
    } else if args.check {
        if changed {
            terminal::print(&format!("{}\n", report::visible_text(&file.path)))?;
        }
    } else {
        match input {
            Input::Stdin(_) => {
                let mark = if formatted.mark { "\u{feff}" } else { "" };
                terminal::print(&format!("{mark}{new}"))?;
            }
            Input::File(path) if changed => fix::save_text(path, &file.path, &file.text, new)?,
            Input::File(_) => {}
        }
    }
    Ok(if changed { Done::Changed } else { Done::Same })
}
