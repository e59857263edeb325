//! The folder of an organisation's own templates.
//!
//! Must not know what a template is: `emit::runbook` does. Called by the command `build`.

use super::problem::Problem;
use super::read::{read_file, text};
use crate::diagnostic::did_you_mean;
use crate::emit::runbook::templates::{Flaw, Templates};
use std::path::Path;

/// How the documents are dressed: with the templates of a folder, if any, in a language, English when none is said.
///
/// # Errors
/// As for [`of_folder`], and when there are no words in the language.
pub fn dressed(folder: Option<&Path>, language: Option<&str>) -> Result<Templates, Problem> {
    let templates = match folder {
        Some(folder) => of_folder(folder)?,
        None => Templates::default(),
    };
    let Some(language) = language else {
        return Ok(templates);
    };
    templates.in_language(language).map_err(|known| {
        let near = did_you_mean(language, known.iter().map(String::as_str));
        let known: Vec<String> = known.iter().map(|k| format!("`{k}`")).collect();
        let there = format!("there is {}", known.join(", "));
        Problem::new(format!("there are no documents in the language `{language}`")).help(format!(
            "{}; a file `{language}.words` in the folder of `--templates` adds one",
            near.unwrap_or(there)
        ))
    })
}

/// The templates of a folder; what begins with a dot is left alone.
///
/// # Errors
/// When the folder or a file in it cannot be read, or a file is no template that there is.
pub fn of_folder(folder: &Path) -> Result<Templates, Problem> {
    let entries = std::fs::read_dir(folder).map_err(|e| Problem::io("read", folder, &e))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|e| Problem::io("read", folder, &e))?.path());
    }
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        let text = text(read_file(&path)?).map_err(|not| {
            Problem::new(format!(
                "cannot read `{}`: it is not text: {}",
                path.display(),
                not.fact("")
            ))
        })?;
        files.push((name, text));
    }
    Templates::new(&folder.display().to_string(), files).map_err(|flaw| problem(&flaw))
}

/// A flaw of a template as a problem.
pub(super) fn problem(flaw: &Flaw) -> Problem {
    let line = flaw.line.map(|l| format!(":{l}")).unwrap_or_default();
    let what = if flaw.file.ends_with(".words") {
        "catalogue"
    } else {
        "template"
    };
    let problem = Problem::new(format!(
        "the {what} `{}{line}` cannot be used: {}",
        flaw.file, flaw.message
    ));
    match &flaw.help {
        Some(help) => problem.help(help),
        None => problem,
    }
}
