//! `releasec build`: compiles plans to pipelines and documents.
//!
//! Called by the command line only.

use super::Exit;
use super::settings::{Files, Params, findings, here, several};
use crate::driver::diff::Since;
use crate::driver::{Problem, build, templates, terminal};
use crate::emit::runbook::templates::Form;
use crate::report::{self, Options, counted};
use clap::ValueEnum;
use std::path::PathBuf;

/// Compile plans to pipelines and documents
///
/// Writes `OUT/<release>/` whole or not at all. Files that were changed since they were built are not overwritten.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,

    #[command(flatten)]
    params: Params,

    /// What to write; everything when not said
    #[arg(long = "target", value_name = "TARGET", value_delimiter = ',')]
    targets: Vec<String>,

    /// The folder to write to
    #[arg(long, value_name = "DIR", default_value = "dist")]
    out: PathBuf,

    /// In which forms the documents are written; in both when not said
    #[arg(long = "format", value_enum, value_name = "FORM", value_delimiter = ',')]
    forms: Vec<FormFlag>,

    /// The language of the documents: `en`, or one of which `--templates` has a catalogue [default: en]
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<String>,

    /// A folder with templates and words of your own for the documents
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,

    /// The plan that was last approved, a file or a Git revision: the documents tell what changed since
    #[arg(long, value_name = "PLAN|REV")]
    since: Option<String>,

    /// Write nothing; end with 1 when something is not as it would be written
    #[arg(long)]
    check: bool,

    /// Also overwrite files that were changed since they were built
    #[arg(long, conflicts_with = "check")]
    force: bool,

    /// Also print findings for information: what a target detects and cannot prevent
    #[arg(long, short)]
    verbose: bool,
}

/// A form of the documents.
#[derive(Clone, Copy, ValueEnum)]
enum FormFlag {
    /// The page for the board: `review.html`
    Html,
    /// `runbook.md`, `change-request.md` and `release-plan.md`
    Markdown,
}

/// Runs the command.
pub(super) fn run(args: &Args, options: &Options) -> Result<Exit, Problem> {
    let targets = build::targets(&args.targets)?;
    let inputs = args.files.inputs()?;
    let settings = args.params.settings(here()?);
    for (flag, given) in [
        ("templates", args.templates.is_some()),
        ("format", !args.forms.is_empty()),
        ("lang", args.lang.is_some()),
    ] {
        if given && !targets.iter().any(|t| t.name == "runbook") {
            return Err(Problem::new(format!(
                "`--{flag}` is for the documents, and they are not written"
            ))
            .help("add `--target runbook`"));
        }
    }
    let mut templates = templates::dressed(args.templates.as_deref(), args.lang.as_deref())?;
    if !args.forms.is_empty() {
        let form = |f: &FormFlag| match f {
            FormFlag::Html => Form::Html,
            FormFlag::Markdown => Form::Markdown,
        };
        let forms: Vec<Form> = args.forms.iter().map(form).collect();
        templates = templates.in_forms(&forms);
    }
    let dress = build::Dress {
        templates,
        since: args.since.as_deref().map(Since::new),
    };
    let built = build::dressed(&inputs, &settings, &targets, &dress, &args.out)?;
    let checked = built.checked;
    let failed = findings(&checked, args.verbose, options)? == Exit::Findings;
    several(checked.problems)?;
    if failed {
        terminal::say("nothing was written");
        return Ok(Exit::Findings);
    }
    let mut exit = Exit::Clean;
    for tree in built.trees {
        let folder = tree.folder().display().to_string();
        if args.check {
            for (path, change) in tree.changes() {
                exit = Exit::Findings;
                terminal::print(&format!(
                    "{}: {}\n",
                    report::visible_text(&format!("{folder}/{path}")),
                    change.word()
                ))?;
            }
            continue;
        }
        let files = tree.len();
        let changed = tree.write(args.force)?;
        terminal::say(&match changed {
            0 => format!("`{folder}`: {}, all up to date", counted(files, "file")),
            n => format!("`{folder}`: {}, {n} changed", counted(files, "file")),
        });
    }
    Ok(exit)
}
