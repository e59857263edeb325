//! The pipeline on one screen: from files to findings.
//!
//! Must not know how findings are printed. Called by the commands.

use super::merge::merge;
use super::problem::Problem;
use super::read::{self, Input, Overlay, Project};
use crate::checks;
use crate::diagnostic::{Bag, Diagnostic};
use crate::eval;
use crate::plan::Plan;
use crate::resolve;
use crate::source::SourceMap;
use rayon::prelude::*;
use std::path::PathBuf;

/// What a run is told besides its files.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The folder the user stands in: paths are shown from there.
    pub here: PathBuf,
    /// Texts that stand in for files.
    pub overlay: Overlay,
    /// Values of parameters, by name.
    pub params: Vec<(String, String)>,
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

/// How much stack a thread gets that walks what people wrote: what is nested to the limit fits on every platform.
const STACK: usize = 16 * 1024 * 1024;

/// Applies a function to every input, beside each other when there are several, and keeps the order.
pub fn each<T: Send>(inputs: &[Input], f: impl Fn(&Input) -> T + Sync + Send) -> Vec<T> {
    match inputs {
        [] => Vec::new(),
        [one] => std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, || f(one));
            match thread.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(result)) => vec![result],
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
                // No more threads may be made: this one will do.
                Err(_) => vec![f(one)],
            }
        }),
        _ => match rayon::ThreadPoolBuilder::new().stack_size(STACK).build() {
            Ok(pool) => pool.install(|| inputs.par_iter().map(f).collect()),
            Err(_) => inputs.iter().map(f).collect(),
        },
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
    let (program, mut findings) = resolve::load(&mut sources, &project, file);
    let lowered = eval::lower(&program, &sources, &settings.params);
    findings.extend(lowered.bag);
    let Some(release) = lowered.release.filter(|_| !findings.has_errors()) else {
        return Ok(Unit { sources, findings });
    };
    match Plan::new(release) {
        Ok(plan) => {
            findings.extend(checks::gather(&plan, &sources));
            let settled = checks::settle(plan.release(), findings);
            Ok(Unit {
                sources,
                findings: Bag::from_iter(settled.findings),
            })
        }
        Err(circle) => {
            let (release, cycle) = *circle;
            findings.push(checks::dag::cycle::diagnostic(&release, &cycle));
            Ok(Unit { sources, findings })
        }
    }
}
