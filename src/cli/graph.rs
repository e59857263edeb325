//! `releasec graph`: a plan as a picture.
//!
//! Called by the command line only.

use super::Exit;
use super::settings::{Files, Params, findings, here, several};
use crate::driver::{Problem, graph, terminal};
use crate::emit::diagram::FORMATS;
use crate::report::Options;
use clap::builder::{PossibleValue, PossibleValuesParser};

/// Draw a plan
///
/// Shows its stages, approvals and decisions and what waits for what, on standard output. A plan with errors is not drawn.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,

    #[command(flatten)]
    params: Params,

    /// How it is drawn
    #[arg(long, value_name = "FORMAT", default_value = "mermaid", value_parser = formats())]
    format: String,
}

/// The names of the formats, with a line about each.
fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(FORMATS.iter().map(|f| PossibleValue::new(f.name).help(f.about)))
}

/// Runs the command.
pub(super) fn run(args: &Args, options: &Options) -> Result<Exit, Problem> {
    let inputs = args.files.inputs()?;
    let settings = args.params.settings(here()?);
    let format = FORMATS
        .iter()
        .find(|f| f.name == args.format)
        .expect("internal: the format is one of the list");
    let (checked, drawings) = graph::draw(&inputs, &settings, format);
    if drawings.is_empty() {
        let exit = findings(&checked, false, options)?;
        several(checked.problems)?;
        return match exit {
            Exit::Findings => Ok(exit),
            Exit::Clean => Err(
                Problem::new("no file here holds a `release`, so there is nothing to draw")
                    .help("name the file of a plan"),
            ),
        };
    }
    several(checked.problems)?;
    if drawings.len() > 1 {
        return Err(Problem::new(format!(
            "{} plans were named, and one is drawn at a time",
            drawings.len()
        ))
        .help("name the file of one plan"));
    }
    terminal::print(&drawings.concat())?;
    Ok(Exit::Clean)
}
