//! `releasec explain`: the page of a finding, or the rows of a keyword, on the terminal.
//!
//! Called by the command line only.

use super::Exit;
use crate::diagnostic::did_you_mean;
use crate::driver::{Problem, terminal};
use crate::report::{Options, pages};
use crate::schema::errors::usage;
use crate::schema::{Block, Occurs, Statement};

/// Explain a finding or a keyword, or list the findings
///
/// Without an argument: every code, by group. With a group: its codes. With a keyword of the language: where it may stand
/// and what it means.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A code such as `rollback/missing`, a group such as `rollback`, or a keyword such as `stage`
    #[arg(value_name = "CODE|KEYWORD")]
    name: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &Args, options: &Options) -> Result<Exit, Problem> {
    let text = match args.name.as_deref() {
        None => list(None, options),
        Some(name) => one(name, options)?,
    };
    terminal::print(&text)?;
    Ok(Exit::Clean)
}

/// What there is to say about a code, a keyword or a group. `gate` is a keyword and a group: both are told.
fn one(name: &str, options: &Options) -> Result<String, Problem> {
    if let Some(page) = pages::find(name) {
        return Ok(markdown(page.text, options));
    }
    let mut parts = Vec::new();
    let keyword = keyword(name, options);
    if !keyword.is_empty() {
        parts.push(keyword);
    }
    if pages::all().iter().any(|p| p.group() == name) {
        parts.push(list(Some(name), options));
    }
    if parts.is_empty() {
        let codes = pages::all().iter().map(|p| p.code);
        let keywords = Block::ALL.iter().flat_map(|b| b.statements()).map(|s| s.keyword);
        let help = did_you_mean(name, codes.chain(keywords));
        let help = help.unwrap_or_else(|| "`releasec explain` lists what can be explained".into());
        return Err(Problem::new(format!("nothing is called `{name}`")).help(help));
    }
    Ok(parts.join("\n"))
}

/// Where a keyword may stand, how it is written there, and what its block may hold.
fn keyword(name: &str, options: &Options) -> String {
    // The same row in several blocks is told once.
    let mut rows: Vec<(&Statement, Vec<&str>)> = Vec::new();
    for block in Block::ALL {
        let Some(row) = block.statement(name) else {
            continue;
        };
        let same = |other: &Statement| usage(other) == usage(row) && other.doc == row.doc;
        match rows.iter_mut().find(|(r, _)| same(r)) {
            Some((_, places)) => places.push(block.name()),
            None => rows.push((row, vec![block.name()])),
        }
    }
    let mut out = String::new();
    let mut told: Vec<Block> = Vec::new();
    for (row, places) in rows {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&style(options, "1", &usage(row)));
        let often = match row.occurs {
            Occurs::Once => "once",
            Occurs::Optional => "at most once",
            Occurs::Many => "any number of times",
            Occurs::OneOrMore => "at least once",
        };
        let places: Vec<String> = places
            .iter()
            .map(|p| {
                if *p == Block::Module.name() {
                    (*p).to_string()
                } else {
                    format!("`{p}`")
                }
            })
            .collect();
        out.push_str(&format!("\n{}\nin {}, {often}\n", row.doc, places.join(", ")));
        for arg in row.args {
            out.push_str(&format!("  {:<10} {}\n", arg.name, arg.ty.words()));
        }
        let Some(block) = row.body.block().filter(|b| !told.contains(b)) else {
            continue;
        };
        told.push(block);
        let width = block
            .statements()
            .iter()
            .map(|s| s.keyword.len())
            .max()
            .unwrap_or(0);
        if width > 0 {
            out.push_str("\nIts block may hold:\n");
        }
        for inner in block.statements() {
            out.push_str(&format!("  {:<width$}  {}\n", inner.keyword, inner.doc));
        }
    }
    out
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
