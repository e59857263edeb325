//! The pipeline on one screen: from files to findings.
//!
//! Must not know how findings are printed. Called by the commands.

use super::merge::merge;
use super::problem::Problem;
use super::read::{self, Input, Overlay, Project};
use crate::diagnostic::{Bag, Diagnostic};
use crate::source::SourceMap;
use crate::syntax;
use rayon::prelude::*;
use std::path::PathBuf;

/// What a run is told besides its files.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The folder the user stands in: paths are shown from there.
    pub here: PathBuf,
    /// Texts that stand in for files.
    pub overlay: Overlay,
}

/// What a run found.
#[derive(Debug)]
pub struct Checked {
    /// Every text that was read.
    pub sources: SourceMap,
    /// Every finding, in order.
    pub findings: Vec<Diagnostic>,
    /// How many of the files were read.
    pub files: usize,
    /// Files that could not be read.
    pub problems: Vec<Problem>,
}

/// Checks every file, beside each other when there are several; the result does not depend on which is ready first.
pub fn check(inputs: &[Input], settings: &Settings) -> Checked {
    let results: Vec<Result<Unit, Problem>> = each(inputs, |input| unit(input, settings));
    let mut problems = Vec::new();
    let mut parts = Vec::new();
    for result in results {
        match result {
            Ok(unit) => parts.push((unit.sources, unit.findings.into_sorted())),
            Err(problem) => problems.push(problem),
        }
    }
    let files = parts.len();
    let (sources, findings) = merge(parts);
    Checked {
        sources,
        findings,
        files,
        problems,
    }
}

/// Applies a function to every input and keeps the order; one input is handled without starting threads.
pub fn each<T: Send>(inputs: &[Input], f: impl Fn(&Input) -> T + Sync + Send) -> Vec<T> {
    match inputs {
        [] => Vec::new(),
        [one] => vec![f(one)],
        _ => inputs.par_iter().map(f).collect(),
    }
}

/// One file with everything it reads, and what is wrong with it.
struct Unit {
    sources: SourceMap,
    findings: Bag,
}

/// One file through the whole compiler.
fn unit(input: &Input, settings: &Settings) -> Result<Unit, Problem> {
    let project = Project::of(input.path(), &settings.here, &settings.overlay);
    let mut sources = SourceMap::new();
    let (file, not_text) = read::add(&mut sources, &project.shown(input.path()), project.read(input)?);
    if let Some(finding) = not_text {
        return Ok(Unit {
            sources,
            findings: Bag::from_iter([finding]),
        });
    }
    let (_ast, findings) = syntax::parse(file, &sources.file(file).text);
    Ok(Unit { sources, findings })
}
