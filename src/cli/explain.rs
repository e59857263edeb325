//! `releasec explain`: the page of a finding, the rows of a keyword, or what the library holds, on the terminal.
//!
//! Called by the command line only.

use super::Exit;
use crate::diagnostic::did_you_mean;
use crate::driver::{Problem, terminal};
use crate::report::library::{self, Entry};
use crate::report::{Options, pages};
use crate::resolve::stdlib::{LIBRARY, LibraryModule};
use crate::schema::errors::usage;
use crate::schema::{Block, Occurs, Statement};

/// Explain a finding, a keyword or the library, or list the findings
///
/// Without an argument: every code, by group. With a group: its codes. With a keyword of the language: where it may stand
/// and what it means. With `library`: its modules; with a module: what it holds; with one of these: how it is written.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A code such as `rollback/missing`, a group such as `rollback`, a keyword such as `stage`, `library`, a module such as
    /// `std.aws.lambda`, or what it holds, such as `lambda.shift_alias`
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &Args, options: &Options) -> Result<Exit, Problem> {
    let text = match args.name.as_deref() {
        None => {
            let more = "`releasec explain library` lists what the library holds.";
            format!("{}\n{more}\n", list(None, options))
        }
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
    if name == "library" {
        parts.push(modules(&LIBRARY.iter().collect::<Vec<_>>(), options));
    }
    match library::modules(name)[..] {
        [] => {}
        [module] => parts.push(of_module(module, options)),
        ref many => parts.push(modules(many, options)),
    }
    parts.extend(library::find(name).iter().map(|e| entry(e, options)));
    if parts.is_empty() {
        let codes = pages::all().iter().map(|p| p.code);
        let keywords = Block::ALL.iter().flat_map(|b| b.statements()).map(|s| s.keyword);
        let entries: Vec<Entry> = LIBRARY.iter().flat_map(library::entries).collect();
        let library = LIBRARY
            .iter()
            .map(|m| m.name)
            .chain(entries.iter().map(|e| e.name));
        let help = did_you_mean(name, codes.chain(keywords).chain(library));
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

/// Modules of the library with a line about each.
fn modules(list: &[&LibraryModule], options: &Options) -> String {
    let width = list.iter().map(|m| m.name.len()).max().unwrap_or(0);
    let mut out = format!("{}\n", style(options, "1", "library"));
    for module in list {
        let summary = library::first_sentence(&library::module_doc(module));
        out.push_str(&format!("  {:<width$}  {summary}\n", module.name));
    }
    out.push_str("\n`releasec explain MODULE` tells what it holds; `use MODULE` makes it known in a plan.\n");
    out
}

/// What a module says of itself, and what it holds.
fn of_module(module: &'static LibraryModule, options: &Options) -> String {
    let mut out = style(options, "1", module.name);
    out.push_str(&format!("\n{}\n", library::module_doc(module)));
    for entry in library::entries(module) {
        let head = format!("{} {}", entry.keyword, entry.signature);
        out.push_str(&format!("\n{}\n", style(options, "1", &head)));
        out.push_str(&format!("  {}\n", entry.summary()));
        for (words, text) in &entry.facts {
            out.push_str(&format!("  {words} {text}\n"));
        }
    }
    out
}

/// A definition of the library: what it says of itself, and how it is written.
fn entry(entry: &Entry, options: &Options) -> String {
    let mut out = style(options, "1", &entry.path());
    out.push_str(&format!("\n{}\n\n", entry.doc));
    for line in entry.text.lines() {
        let line = format!("    {line}");
        out.push_str(&style(options, "36", line.trim_end()));
        out.push('\n');
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
