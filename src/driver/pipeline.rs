//! The pipeline on one screen: from files to findings and plans.
//!
//! Must not know how findings are printed. Called by the commands and by `build`.

use super::git::Revision;
use super::merge::merge;
use super::problem::Problem;
use super::read::{self, Input, Overlay, Project};
use super::write::sha256;
use crate::checks::{self, Accepted, dag};
use crate::diagnostic::{Bag, Diagnostic, did_you_mean};
use crate::eval;
use crate::plan::Plan;
use crate::resolve::{self, Program};
use crate::source::{FileId, SourceMap};
use rayon::prelude::*;
use std::path::PathBuf;

/// What a run is told besides its files.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The folder the user stands in: paths are shown from there.
    pub here: PathBuf,
    /// Values of parameters, by name.
    pub params: Vec<(String, String)>,
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
    /// What kept files from being read, and parameters from being set.
    pub problems: Vec<Problem>,
}

/// Checks every file, beside each other when there are several; the result does not depend on which is ready first.
pub fn check(inputs: &[Input], settings: &Settings) -> Checked {
    let units = each(inputs, |input| unit(input, settings));
    gather(units, settings, |unit| unit)
}

/// Brings the files of a run together. `rest` takes what else a unit brought.
pub(super) fn gather<T>(
    results: Vec<Result<T, Problem>>,
    settings: &Settings,
    mut rest: impl FnMut(T) -> Unit,
) -> Checked {
    let mut problems = Vec::new();
    let mut parts = Vec::new();
    let mut params: Vec<String> = Vec::new();
    for result in results {
        match result.map(&mut rest) {
            Ok(unit) => {
                params.extend(unit.params);
                parts.push((unit.sources, unit.findings));
            }
            Err(problem) => problems.push(problem),
        }
    }
    for (name, _) in &settings.params {
        if !params.contains(name) && problems.is_empty() {
            let problem = Problem::new(format!("no plan here has a parameter `{name}`"));
            problems.push(match did_you_mean(name, params.iter().map(String::as_str)) {
                Some(near) => problem.help(near),
                None => problem,
            });
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

/// So many inputs have a thread each. The threads of a pool look for work all the time, and starting the pool costs as much as a
/// short plan.
const FEW: usize = 4;

/// Applies a function to every input, beside each other when there are several, and keeps the order.
pub fn each<T: Send>(inputs: &[Input], f: impl Fn(&Input) -> T + Sync + Send) -> Vec<T> {
    over(inputs, f)
}

/// The same of any things.
pub(super) fn over<A: Sync, T: Send>(things: &[A], f: impl Fn(&A) -> T + Sync + Send) -> Vec<T> {
    match things {
        [] => Vec::new(),
        _ if things.len() <= FEW => beside(things, f),
        _ => match rayon::ThreadPoolBuilder::new().stack_size(STACK).build() {
            Ok(pool) => pool.install(|| things.par_iter().map(f).collect()),
            Err(_) => things.iter().map(f).collect(),
        },
    }
}

/// Applies a function to each of a few things, each in a thread of its own, and keeps the order.
///
/// Not in a pool: who calls may be a thread of that very pool, and all of its threads may wait here.
pub(super) fn beside<T: Sync, R: Send>(things: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    std::thread::scope(|scope| {
        let f = &f;
        let start = |thing| {
            let thread = std::thread::Builder::new().stack_size(STACK);
            thread.spawn_scoped(scope, move || {
                make_room();
                f(thing)
            })
        };
        let threads: Vec<_> = things.iter().map(|thing| (thing, start(thing))).collect();
        let ends = threads.into_iter().map(|(thing, thread)| {
            match thread.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(result)) => result,
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
                // No more threads may be made: this one will do.
                Err(_) => f(thing),
            }
        });
        ends.collect()
    })
}

/// Has the memory of a thread grow in one step. The allocator of many systems asks the kernel for each few kilobytes otherwise, which
/// is a tenth of the time of a short plan; where it does not, this costs nothing: the room is not touched.
fn make_room() {
    // Given back at once, the first keeps the second from being handed back to the kernel.
    for size in [8 << 20, 1 << 20] {
        drop(std::hint::black_box(Vec::<u8>::with_capacity(size)));
    }
}

/// One file with everything it reads, what is wrong with it, and the plan it holds.
pub(super) struct Unit {
    /// The texts.
    pub(super) sources: SourceMap,
    /// What is wrong, settled and sorted.
    pub(super) findings: Vec<Diagnostic>,
    /// The plan, when the file holds a release that could be read and ordered.
    pub(super) compiled: Option<Compiled>,
    /// The names of its parameters.
    params: Vec<String>,
}

/// A plan that targets can be written from.
pub(super) struct Compiled {
    /// The plan.
    pub(super) plan: Plan,
    /// Its path from the root of its project.
    pub(super) source: String,
    /// What its digest is made of.
    pub(super) origin: Provenance,
    /// Everything that was found, before findings that follow from others were dropped.
    pub(super) found: Bag,
    /// The findings the author accepts.
    pub(super) accepted: Vec<Accepted>,
}

/// One file through the whole compiler.
pub(super) fn unit(input: &Input, settings: &Settings) -> Result<Unit, Problem> {
    unit_at(input, settings, None)
}

/// One file, as it was in a revision or as it is, through the whole compiler.
pub(super) fn unit_at(
    input: &Input,
    settings: &Settings,
    revision: Option<&Revision>,
) -> Result<Unit, Problem> {
    let project = match revision {
        Some(revision) => Project::at(input.path(), &settings.here, &settings.overlay, revision),
        None => Project::of(input.path(), &settings.here, &settings.overlay),
    };
    let mut sources = SourceMap::new();
    let (file, not_text) = read::add(&mut sources, &project.shown(input.path()), project.read(input)?);
    let only = |sources, findings: Bag, params| {
        Ok(Unit {
            sources,
            findings: findings.into_sorted(),
            compiled: None,
            params,
        })
    };
    if let Some(finding) = not_text {
        return only(sources, Bag::from_iter([finding]), Vec::new());
    }

    let (program, mut found) = resolve::load(&mut sources, &project, file);
    let params = params(&program);
    // A value is given to the plans that have the parameter; that at least one has it is seen to when all are gathered.
    let given: Vec<(String, String)> = settings
        .params
        .iter()
        .filter(|(name, _)| params.contains(name))
        .cloned()
        .collect();
    let lowered = eval::lower(&program, &sources, &given);
    found.extend(lowered.bag);
    // What is ordered and checked was understood whole: a finding about a plan never follows from a slip of the pen.
    let Some(release) = lowered.release.filter(|_| !found.has_errors()) else {
        return only(sources, resolve::of_what_was_understood(found), params);
    };

    let plan = match Plan::new(release) {
        Ok(plan) => plan,
        Err(circle) => {
            let (release, cycle) = *circle;
            found.push(dag::cycle::diagnostic(&release, &cycle));
            let findings = checks::settle(&release, found).findings;
            return Ok(Unit {
                sources,
                findings,
                compiled: None,
                params,
            });
        }
    };
    found.extend(checks::gather(&plan, &sources));
    let settled = checks::settle(plan.release(), found.clone());
    let compiled = Compiled {
        source: project.from_root(input.path()),
        origin: Provenance::of(&project, &sources, given),
        plan,
        found,
        accepted: settled.accepted,
    };
    Ok(Unit {
        sources,
        findings: settled.findings,
        compiled: Some(compiled),
        params,
    })
}

/// The names of the parameters of the file that was asked for.
fn params(program: &Program) -> Vec<String> {
    let root = program.module(program.root);
    let names = root
        .defs
        .iter()
        .filter(|(_, defs)| defs.iter().any(|def| root.stmt(def).keyword.text == "param"));
    names.map(|(name, _)| name.to_string()).collect()
}

/// What the digest of a plan is made of. Only what is built needs the digest itself.
pub(super) struct Provenance {
    /// Its files, each with its path from the root.
    files: Vec<(FileId, String)>,
    /// The parameters that are fixed.
    params: Vec<(String, String)>,
}

impl Provenance {
    fn of(project: &Project<'_>, sources: &SourceMap, params: Vec<(String, String)>) -> Self {
        let own = sources.files().filter(|(_, f)| !f.library);
        Provenance {
            files: own
                .map(|(id, f)| (id, project.from_root(&project.absolute(&f.path))))
                .collect(),
            params,
        }
    }

    /// The sha256 of a plan: of the lines that `sha256sum` prints for its files in the order of their paths from the root,
    /// and of one line for each parameter that is fixed. Anybody can work it out again without this compiler.
    pub(super) fn digest(&self, sources: &SourceMap) -> String {
        let mut files: Vec<&(FileId, String)> = self.files.iter().collect();
        files.sort_by(|a, b| a.1.cmp(&b.1));
        let mut lines: Vec<String> = files
            .iter()
            .map(|(id, path)| format!("{}  {path}\n", sha256(sources.file(*id).text.as_bytes())))
            .collect();
        let mut params: Vec<String> = self
            .params
            .iter()
            .map(|(name, value)| format!("param {name}={value}\n"))
            .collect();
        params.sort();
        lines.extend(params);
        sha256(lines.concat().as_bytes())
    }
}
