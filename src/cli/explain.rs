//! `releasec explain`: the page of a finding on the terminal.
//!
//! Called by the command line only.

use super::Exit;
use crate::diagnostic::did_you_mean;
use crate::driver::{Problem, terminal};
use crate::report::{Options, pages};

/// Explain a finding, or list them all
#[derive(clap::Args)]
pub(super) struct Args {
    /// The code of a finding, such as `rollback/missing`, or a group of them
    #[arg(value_name = "CODE")]
    name: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &Args, options: &Options) -> Result<Exit, Problem> {
    let text = match args.name.as_deref() {
        None => list(None, options),
        Some(name) => match pages::find(name) {
            Some(page) => markdown(page.text, options),
            None if pages::all().iter().any(|p| p.group() == name) => list(Some(name), options),
            None => {
                let help = did_you_mean(name, pages::all().iter().map(|p| p.code));
                let help = help.unwrap_or_else(|| "`releasec explain` lists what can be explained".into());
                return Err(Problem::new(format!("nothing is called `{name}`")).help(help));
            }
        },
    };
    terminal::print(&text)?;
    Ok(Exit::Clean)
}

/// The codes with a line about each, by group.
fn list(only: Option<&str>, options: &Options) -> String {
    let mut out = String::new();
    let mut group = "";
    for page in pages::all()
        .iter()
        .filter(|p| only.is_none_or(|g| p.group() == g))
    {
        if page.group() != group {
            if !group.is_empty() {
                out.push('\n');
            }
            group = page.group();
            out.push_str(&style(options, "1", group));
            out.push('\n');
        }
        out.push_str(&format!("  {:<36} {}\n", page.code, page.summary()));
    }
    out
}

/// Markdown made readable on a terminal: titles stand out, code is indented, the marks of fences and titles go.
fn markdown(text: &str, options: &Options) -> String {
    let mut out = String::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            let line = format!("    {line}");
            out.push_str(&style(options, "36", line.trim_end()));
            out.push('\n');
        } else if line.starts_with('#') {
            out.push_str(&style(options, "1", line.trim_start_matches('#').trim()));
            out.push('\n');
        } else {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Text in a style, when colours are wanted.
fn style(options: &Options, code: &str, text: &str) -> String {
    if options.color && !text.is_empty() {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_string()
    }
}
