//! From plans to the trees of files they compile to.
//!
//! Must not know what a target writes. Called by the command `build` and by the conformance tests.

use super::diff::Since;
use super::pipeline::{Checked, Compiled, Settings, Unit, beside, each, gather, unit};
use super::problem::Problem;
use super::read::Input;
use super::write::{File, Tree};
use crate::checks;
use crate::diagnostic::{Bag, Diagnostic, Severity};
use crate::diff::Change;
use crate::emit::runbook::{self, Changes, templates::Templates};
use crate::emit::{Context, TARGETS, Target, enforce, github, stepfunctions};
use crate::plan::Plan;
use crate::proof;
use std::collections::BTreeMap;
use std::path::Path;

/// What a build came to.
#[derive(Debug)]
pub struct Built {
    /// What was found, targets included.
    pub checked: Checked,
    /// The trees to write, by plan; empty when there are errors.
    pub trees: Vec<Tree>,
}

/// Compiles plans to trees below `out`, one folder per release. Nothing is written yet.
///
/// # Errors
/// When two releases have one name, no file holds a release, or what is there cannot be read.
pub fn build(
    inputs: &[Input],
    settings: &Settings,
    targets: &[&Target],
    out: &Path,
) -> Result<Built, Problem> {
    dressed(inputs, settings, targets, &Dress::default(), out)
}

/// What the documents are given besides the plan.
#[derive(Debug, Clone, Default)]
pub struct Dress {
    /// An organisation's own templates.
    pub templates: Templates,
    /// The plan that was last approved: what changed since is told.
    pub since: Option<Since>,
}

/// The same, with the documents laid out by an organisation's own templates, and with what changed since another plan.
///
/// # Errors
/// As for [`build`], when a template asks for what there is not, and when the other plan cannot be read.
pub fn dressed(
    inputs: &[Input],
    settings: &Settings,
    targets: &[&Target],
    dress: &Dress,
    out: &Path,
) -> Result<Built, Problem> {
    let units = each(inputs, |input| {
        let mut unit = unit(input, settings)?;
        let files = match unit.compiled.take() {
            Some(c) => {
                let changes = match &dress.since {
                    Some(since) => Some(since.changes(input, &c.plan, settings)?),
                    None => None,
                };
                Some(emit(&mut unit, c, targets, (&dress.templates, changes.as_ref()))?)
            }
            None => None,
        };
        Ok((unit, files))
    });
    let mut releases: BTreeMap<String, Files> = BTreeMap::new();
    let mut twice = None;
    let checked = gather(
        units,
        settings,
        |(unit, files): (Unit, Option<(String, Files)>)| {
            if let Some((name, files)) = files
                && releases.insert(name.clone(), files).is_some()
            {
                twice.get_or_insert(name);
            }
            unit
        },
    );
    if let Some(name) = twice {
        return Err(Problem::new(format!(
            "two plans are called `{name}` and would be written to one folder"
        ))
        .help("rename one, or build them one by one with another `--out`"));
    }
    let failed =
        !checked.problems.is_empty() || checked.findings.iter().any(|d| d.severity == Severity::Error);
    if failed {
        return Ok(Built {
            checked,
            trees: Vec::new(),
        });
    }
    if releases.is_empty() {
        return Err(
            Problem::new("no file here holds a `release`, so there is nothing to build")
                .help("name the file of a plan"),
        );
    }
    let ours = |path: &str, target: &str| {
        let documents = target == runbook::TARGET.name;
        targets.iter().any(|t| t.name == target) && (!documents || dress.templates.chose(path))
    };
    let trees = releases
        .into_iter()
        .map(|(name, files)| Tree::compare(&out.join(name), files, &ours));
    Ok(Built {
        checked,
        trees: trees.collect::<Result<_, _>>()?,
    })
}

/// Files by path below the folder of their release.
type Files = BTreeMap<String, File>;

/// The files of a plan, by path, and its name. What the targets find is settled together with what was found before.
fn emit(
    unit: &mut Unit,
    compiled: Compiled,
    targets: &[&Target],
    (templates, changes): (&Templates, Option<&(String, Vec<Change>)>),
) -> Result<(String, Files), Problem> {
    let name = compiled.plan.release().name.to_string();
    if unit.findings.iter().any(|d| d.severity == Severity::Error) {
        return Ok((name, Files::new()));
    }
    let mut shown: Vec<Diagnostic> = unit.findings.clone();
    shown.extend(compiled.accepted.iter().map(|a| a.finding.clone()));
    let mut context = Context {
        sources: &unit.sources,
        digest: &compiled.origin.digest(&unit.sources),
        version: env!("CARGO_PKG_VERSION"),
        source: &compiled.source,
        findings: &shown,
        held: None,
        changes: changes.map(|(since, list)| Changes { since, list }),
    };
    let mut found = compiled.found.clone();
    let mut files = Files::new();
    // The documents tell what the pipelines hold, and say the same whichever targets are written.
    let documents = targets.iter().find(|t| t.name == runbook::TARGET.name);
    let asked = |t: &&&Target| documents.is_some() && !targets.iter().any(|o| o.name == t.name);
    let machines = targets.iter().filter(|t| t.name != runbook::TARGET.name);
    let machines: Vec<(&Target, bool)> = machines
        .map(|t| (*t, true))
        .chain(enforce::PIPELINES.iter().filter(asked).map(|t| (*t, false)))
        .collect();
    let mut emitted = beside(&machines, |(target, written)| {
        let found = if *written {
            (target.emit)(&compiled.plan, &context)
        } else {
            (Vec::new(), (target.find)(&compiled.plan, &context))
        };
        (*target, found)
    });
    let told: Vec<(&'static str, Vec<Diagnostic>)> = emitted
        .iter()
        .filter(|(target, _)| enforce::PIPELINES.iter().any(|p| p.name == target.name))
        .map(|(target, (_, bag))| (target.name, bag.clone().into_sorted()))
        .collect();
    emitted.retain(|(target, _)| targets.iter().any(|t| t.name == target.name));
    let table = enforce::of_findings(&compiled.plan, &told);
    if let Some(target) = documents {
        context.held = Some(&table);
        let artifacts = runbook::documents(&compiled.plan, &context, templates)
            .map_err(|flaw| super::templates::problem(&flaw))?;
        emitted.push((*target, (artifacts, Bag::new())));
    }
    for (target, (artifacts, bag)) in emitted {
        found.extend(bag);
        for artifact in artifacts {
            files.insert(
                artifact.path,
                File {
                    target: target.name,
                    content: artifact.content,
                },
            );
        }
    }
    unit.findings = checks::settle(compiled.plan.release(), found).findings;
    if !unit.findings.iter().any(|d| d.severity == Severity::Error) {
        proved(&compiled.plan, &context, &files)?;
    }
    Ok((name, files))
}

/// Holds the files that run something against their plan.
fn proved(plan: &Plan, context: &Context<'_>, files: &Files) -> Result<(), Problem> {
    for (path, file) in files.iter().filter(|(p, _)| p.ends_with(".asl.json")) {
        let manifest = stepfunctions::manifest(plan);
        proof::state_machine(plan, &file.content, &manifest).map_err(|d| unfaithful(path, &d))?;
    }
    let workflows: Vec<_> = files
        .iter()
        .filter(|(_, f)| f.target == github::TARGET.name)
        .collect();
    let of = |kind: &str| {
        let ends = ["/", kind, "-", &plan.release().name, ".yml"].concat();
        workflows.iter().find(|(path, _)| path.ends_with(&ends))
    };
    if let (Some((path, release)), Some((_, rollback))) = (of("release"), of("rollback")) {
        let manifest = github::manifest(plan, context);
        let texts = [release.content.as_str(), rollback.content.as_str()];
        proof::workflows(plan, texts, &manifest).map_err(|d| unfaithful(path, &d))?;
    }
    Ok(())
}

/// A file that does not mean its plan is a fault of the compiler, and nothing is written.
fn unfaithful(path: &str, difference: &proof::Difference) -> Problem {
    let message = format!("`{path}` would not do what the plan says: {}", difference.what);
    let mut help = difference.lines().join("\n");
    if !help.is_empty() {
        help.push('\n');
    }
    help.push_str("nothing was written; this is a fault of releasec, so please report it with the plan");
    Problem::new(message).help(help)
}

/// The targets of these names, in the order of the list; all of them for none.
///
/// # Errors
/// When a name is not a target's.
pub fn targets(names: &[String]) -> Result<Vec<&'static Target>, Problem> {
    for name in names {
        if !TARGETS.iter().any(|t| t.name == name) {
            let known: Vec<&str> = TARGETS.iter().map(|t| t.name).collect();
            let problem = Problem::new(format!("there is no target `{name}`"));
            let near = crate::diagnostic::did_you_mean(name, known.iter().copied());
            return Err(problem.help(near.unwrap_or_else(|| format!("the targets are {}", known.join(", ")))));
        }
    }
    Ok(TARGETS
        .iter()
        .filter(|t| names.is_empty() || names.iter().any(|n| n == t.name))
        .collect())
}
