//! From a file to its one form.
//!
//! Must not know what the form is, nor write. Called by the command `fmt`.

use super::pipeline::Settings;
use super::problem::Problem;
use super::read::{self, Input, Project};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, SourceMap};
use crate::syntax;

/// What formatting a file came to.
#[derive(Debug)]
pub struct Formatted {
    /// The text, alone in its map.
    pub sources: SourceMap,
    /// The file.
    pub file: FileId,
    /// Whether the file begins with a byte order mark, which stays.
    pub mark: bool,
    /// Its one form; the mistakes that keep it from having one.
    pub result: Result<String, Vec<Diagnostic>>,
}

/// Formats a file in memory.
///
/// # Errors
/// When it cannot be read.
pub fn format(input: &Input, settings: &Settings) -> Result<Formatted, Problem> {
    let project = Project::of(input.path(), &settings.here, &settings.overlay);
    let bytes = project.read(input)?;
    let mark = bytes.starts_with("\u{feff}".as_bytes());
    let mut sources = SourceMap::new();
    let (file, not_text) = read::add(&mut sources, &project.shown(input.path()), bytes);
    let result = match not_text {
        Some(finding) => Err(vec![finding]),
        None => syntax::format(file, &sources.file(file).text).map_err(crate::diagnostic::Bag::into_sorted),
    };
    Ok(Formatted {
        sources,
        file,
        mark,
        result,
    })
}
