//! `releasec simulate`: what a run of a plan does when something goes wrong.
//!
//! Called by the command line only.

use super::Exit;
use super::settings::{Files, Params, findings, here, several};
use crate::driver::simulate::{Request, simulate};
use crate::driver::{Problem, terminal};
use crate::plan::Pace;
use crate::report::Options;
use crate::run::FORMS;
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches, ValueEnum};

/// Try a plan: what happens when something goes wrong
///
/// Runs the plan on paper, as its text means it: what starts when, what a failure does, what is undone in which order, how long
/// until everything is safe, and how the run ends. Nothing is done and nobody is asked. Without further words all goes well;
/// each flag makes something come out otherwise, and can be given several times. Times are those the plan says; what says none
/// takes none, and people answer at once.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,

    #[command(flatten)]
    params: Params,

    #[command(flatten)]
    wishes: Wishes,

    /// Draw from this number how everything comes out: the same number, the same run
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true)]
    seed: Option<u64>,

    /// Every single thing that can go wrong, each in a run of its own, as a table
    #[arg(long)]
    all: bool,

    /// How long things take, of what the plan says
    #[arg(long, value_enum, value_name = "PACE", default_value = "longest")]
    pace: PaceFlag,

    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// Every event, and every row of the table
    #[arg(long)]
    verbose: bool,
}

/// How it is printed.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Text for people
    Text,
    /// One versioned JSON document
    Json,
    /// A sequence diagram for Markdown on GitHub and GitLab
    Mermaid,
}

/// Which end of each range counts.
#[derive(Clone, Copy, ValueEnum)]
enum PaceFlag {
    /// Everything takes its longest
    Longest,
    /// Everything takes its shortest
    Shortest,
}

/// One flag for each way in which a run can be bent.
struct Wishes(Vec<(String, String)>);

impl FromArgMatches for Wishes {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut list: Vec<(usize, String, String)> = Vec::new();
        for form in FORMS {
            let values = matches.get_many::<String>(form.word).into_iter().flatten();
            let places = matches.indices_of(form.word).into_iter().flatten();
            list.extend(
                places
                    .zip(values)
                    .map(|(at, v)| (at, form.word.to_string(), v.clone())),
            );
        }
        list.sort();
        Ok(Wishes(
            list.into_iter().map(|(_, word, value)| (word, value)).collect(),
        ))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Wishes {
    fn augment_args(command: Command) -> Command {
        command.args(FORMS.iter().map(|form| {
            let flag = Arg::new(form.word).long(form.word).value_name(form.value);
            flag.help(form.about).action(ArgAction::Append)
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// A number to draw from.
fn number(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("write a whole number from 0 to {}", u64::MAX))
}

/// Runs the command.
pub(super) fn run(args: &Args, options: &Options) -> Result<Exit, Problem> {
    let inputs = args.files.inputs()?;
    let settings = args.params.settings(here()?);
    if args.all && matches!(args.format, Format::Mermaid) {
        return Err(Problem::new("a table is no sequence diagram")
            .help("leave out `--all`, or print it as text or JSON"));
    }
    let request = Request {
        wishes: args.wishes.0.clone(),
        seed: args.seed,
        all: args.all,
        pace: match args.pace {
            PaceFlag::Longest => Pace::Longest,
            PaceFlag::Shortest => Pace::Shortest,
        },
    };
    let (checked, simulated) = simulate(&inputs, &settings, &request);
    let [one] = simulated.as_slice() else {
        if simulated.is_empty() {
            let exit = findings(&checked, false, options)?;
            several(checked.problems)?;
            return match exit {
                Exit::Findings => Ok(exit),
                Exit::Clean => Err(Problem::new(
                    "no file here holds a `release`, so there is nothing to run",
                )
                .help("name the file of a plan")),
            };
        }
        several(checked.problems)?;
        return Err(Problem::new(format!(
            "these are {} plans, and one is run at a time",
            simulated.len()
        ))
        .help("name the file of one plan"));
    };
    several(checked.problems)?;
    let text = match args.format {
        Format::Text => one.text(args.verbose),
        Format::Json => one.json(),
        Format::Mermaid => one.mermaid().unwrap_or_default(),
    };
    terminal::print(&text)?;
    match one.errors {
        0 => {}
        1 => terminal::say("note: the plan has an error, which `releasec check` shows"),
        n => terminal::say(&format!(
            "note: the plan has {n} errors, which `releasec check` shows"
        )),
    }
    Ok(Exit::Clean)
}
