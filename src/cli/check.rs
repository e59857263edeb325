//! `releasec check`: says what is wrong with plans, and mends what can be mended.
//!
//! Called by the command line only.

use super::Exit;
use super::settings::{Files, Level, Params, here, several};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::driver::baseline::{Compared, Place, keeps_from_checking};
use crate::driver::read::Input;
use crate::driver::{Checked, Problem, Settings, check, fix, terminal};
use crate::report::{self, Hidden, Options, RENDERERS, Report, counted, pages};
use clap::builder::{PossibleValue, PossibleValuesParser};
use std::path::PathBuf;

/// Check plans
///
/// Exits with 1 when there is a finding at or above `--fail-level`, with 2 when a file cannot be read.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,

    #[command(flatten)]
    params: Params,

    /// How findings are printed
    #[arg(long, value_name = "FORMAT", default_value = "fancy", value_parser = formats())]
    format: String,

    /// The severity from which on the check fails
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "error")]
    fail_level: Level,

    /// Make the fixes that keep what the plan means
    #[arg(long)]
    fix: bool,

    /// Show what the fixes would change, and change nothing
    #[arg(long, conflicts_with = "fix")]
    diff: bool,

    /// With `--fix` or `--diff`: also the fixes a person should look at
    #[arg(long)]
    unsafe_fixes: bool,

    /// Show only findings of these codes or groups, and what keeps a plan from being checked at all
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    select: Vec<String>,

    /// Show no findings of these codes or groups; the summary says how many there are
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    ignore: Vec<String>,

    /// Show and fail on new findings only: those that are in this file are counted and hidden
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Write what is found to a baseline; with `--baseline`, only drop what is no longer found
    #[arg(long, value_name = "FILE", conflicts_with_all = ["select", "ignore", "fix", "diff"])]
    write_baseline: Option<PathBuf>,
}

/// The names of the formats, with a line about each.
fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(
        RENDERERS
            .iter()
            .map(|r| PossibleValue::new(r.name()).help(r.about())),
    )
}

/// Runs the command.
pub(super) fn run(args: &Args, options: &Options) -> Result<Exit, Problem> {
    if args.unsafe_fixes && !args.fix && !args.diff {
        return Err(Problem::new("`--unsafe-fixes` does nothing alone")
            .help("add `--fix`, or `--diff` to look first"));
    }
    if let (Some(old), Some(new)) = (&args.baseline, &args.write_baseline)
        && old != new
    {
        return Err(
            Problem::new("`--baseline` and `--write-baseline` name different files")
                .help("name one file in both to drop from it what is no longer found"),
        );
    }
    let filter = Filter::new(&args.select, &args.ignore)?;
    let inputs = args.files.inputs()?;
    let settings = args.params.settings(here()?);
    if args.diff || args.fix {
        let outcome = fix::fix(&inputs, &settings, args.unsafe_fixes, |d| filter.selects(d));
        for file in &outcome.refused {
            terminal::say(&format!("left alone: `{file}` would not parse after its fixes"));
        }
        if args.diff {
            return diff(outcome, options);
        }
        for file in &outcome.files {
            fix::save(file)?;
        }
        if outcome.made > 0 {
            terminal::say(&format!(
                "made {} in {}",
                counted(outcome.made, "change"),
                counted(outcome.files.len(), "file")
            ));
        }
        return show(args, &inputs, &settings, outcome.checked, &filter, options);
    }
    show(
        args,
        &inputs,
        &settings,
        check(&inputs, &settings),
        &filter,
        options,
    )
}

/// Prints the changes and says whether there are any.
fn diff(outcome: fix::Outcome, options: &Options) -> Result<Exit, Problem> {
    for file in &outcome.files {
        let diff = report::unified(&file.shown, &file.old, &file.new);
        terminal::print(&report::visible_diff(&diff, options.color))?;
    }
    several(outcome.checked.problems)?;
    Ok(if outcome.files.is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    })
}

/// Prints what was found and decides how the command ends.
fn show(
    args: &Args,
    inputs: &[Input],
    settings: &Settings,
    mut checked: Checked,
    filter: &Filter,
    options: &Options,
) -> Result<Exit, Problem> {
    let hidden = Hidden::count(checked.findings.iter().filter(|d| !filter.shows(d)));
    checked.findings.retain(|d| filter.shows(d));
    let compared = against(args, inputs, settings, &mut checked, filter)?;
    let mut report = Report::new(&checked.sources, &checked.findings, checked.files)
        .hiding(hidden, "hidden by `--select` or `--ignore`");
    if let Some(compared) = &compared {
        report = report.against(report::Compared {
            known: &compared.known,
            gone: compared.gone.iter().map(|(_, n)| n).sum(),
        });
    }
    let renderer = report::renderer(&args.format).expect("internal: the format is one of the list");
    terminal::print(&renderer.render(&report, options))?;
    let level = args.fail_level.severity();
    let fails = checked.findings.iter().any(|d| d.severity >= level);
    several(checked.problems)?;
    Ok(if fails { Exit::Findings } else { Exit::Clean })
}

/// Compares with a baseline, and writes one. What is no longer found is said aloud, so that the file gets shorter.
fn against(
    args: &Args,
    inputs: &[Input],
    settings: &Settings,
    checked: &mut Checked,
    filter: &Filter,
) -> Result<Option<Compared>, Problem> {
    let old = match &args.baseline {
        Some(file) => Some((file, Place::new(file, settings).read()?)),
        None => None,
    };
    let found = match (&args.write_baseline, &old) {
        (Some(file), None) => Some(Place::new(file, settings).baseline(inputs, settings, checked)),
        _ => None,
    };
    let (baseline, compared) = match (old, found) {
        (Some((file, baseline)), _) => {
            let place = Place::new(file, settings);
            let asked = |code| filter.names(code);
            let compared = place.compare(&baseline, inputs, settings, checked, asked);
            (baseline.without(&compared.gone), compared)
        }
        (None, Some(Ok(baseline))) => {
            let known = std::mem::take(&mut checked.findings);
            (baseline, Compared::of(known))
        }
        (None, Some(Err(problem))) => {
            // The findings say what to mend; the last word is that nothing was written.
            checked.problems.push(problem);
            return Ok(None);
        }
        (None, None) => return Ok(None),
    };
    match &args.write_baseline {
        Some(file) => {
            if checked.problems.is_empty() {
                Place::new(file, settings).write(&baseline)?;
                let n = counted(baseline.len(), "finding");
                terminal::say(&format!("wrote {n} to `{}`", file.display()));
            }
        }
        None if compared.gone.is_empty() => {}
        None => {
            let n: usize = compared.gone.iter().map(|(_, n)| n).sum();
            let is = if n == 1 { "is" } else { "are" };
            let mut text = format!(
                "{} of the baseline {is} no longer found:\n",
                counted(n, "finding")
            );
            for (known, n) in &compared.gone {
                let times = if *n == 1 {
                    String::new()
                } else {
                    format!(" ({n} times)")
                };
                text.push_str(&format!("  {known}{times}\n"));
            }
            text.push_str("  help: give `--write-baseline` the same file, and they are dropped from it");
            terminal::say(&text);
        }
    }
    Ok(Some(compared))
}

/// Which findings are shown.
struct Filter {
    select: Vec<String>,
    ignore: Vec<String>,
}

impl Filter {
    /// Codes and groups that exist.
    fn new(select: &[String], ignore: &[String]) -> Result<Filter, Problem> {
        for name in select.iter().chain(ignore) {
            let group = group(name);
            if pages::all().iter().any(|p| p.code == name || p.group() == group) {
                continue;
            }
            let mut names: Vec<&str> = pages::all().iter().map(|p| p.code).collect();
            names.extend(pages::all().iter().map(pages::Page::group));
            let problem = Problem::new(format!("no finding is called `{name}`"));
            let help = did_you_mean(name, names.iter().copied());
            return Err(problem.help(help.unwrap_or_else(|| "`releasec explain` lists them all".into())));
        }
        Ok(Filter {
            select: select.to_vec(),
            ignore: ignore.to_vec(),
        })
    }

    /// What keeps a plan from being understood is always shown: where it stands, nothing that was asked for was looked for.
    fn shows(&self, d: &Diagnostic) -> bool {
        self.selects(d) || keeps_from_checking(d)
    }

    fn selects(&self, d: &Diagnostic) -> bool {
        self.names(d.code)
    }

    fn names(&self, code: Code) -> bool {
        let named = |list: &[String]| list.iter().any(|n| n == code.0 || group(n) == code.group());
        (self.select.is_empty() || named(&self.select)) && !named(&self.ignore)
    }
}

/// `sod` and `sod/*` name the group `sod`; a full code names no group.
fn group(name: &str) -> &str {
    let name = name.strip_suffix("/*").unwrap_or(name);
    if name.contains('/') { "" } else { name }
}
