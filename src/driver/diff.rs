//! From two plans to what changed between them.
//!
//! Must not know how it is printed. Called by the command `diff`, and by `build` for what changed since the last approved plan.

use super::git::Revision;
use super::pipeline::{Checked, Settings, Unit, beside, gather, unit_at};
use super::problem::Problem;
use super::read::Input;
use crate::diagnostic::Diagnostic;
use crate::diff::{self, Change};
use crate::emit::runbook::{self, templates::Templates};
use crate::plan::Plan;
use crate::report::changes::{self, Document};
use std::path::{Path, PathBuf};

/// Where a plan is read from.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file.
    pub input: Input,
    /// The revision it is read from; the disk when there is none.
    pub revision: Option<Revision>,
}

/// What a comparison came to.
#[derive(Debug)]
pub struct Compared {
    /// What changed, when both plans could be read and ordered.
    pub document: Option<Document>,
    /// The same in Markdown.
    pub markdown: String,
    /// What was found in either plan.
    pub checked: Checked,
}

/// Compares two plans. Findings of the checks are no obstacle: a plan that is not sound can be compared with one that is.
///
/// # Errors
/// When a template asks for what there is not.
pub fn diff(old: &Source, new: &Source, settings: &Settings) -> Result<Compared, Problem> {
    let sides = [old, new];
    let mut units = beside(&sides, |s| unit_at(&s.input, settings, s.revision.as_ref()));
    let mut document = None;
    let mut markdown = String::new();
    if let [Ok(a), Ok(b)] = &mut units[..]
        && let (Some(x), Some(y)) = (&a.compiled, &b.compiled)
    {
        let list = changed(&x.plan, &y.plan);
        let about = |unit: &Unit, digest: &str| changes::Plan {
            path: unit
                .sources
                .files()
                .next()
                .map(|(_, f)| f.path.clone())
                .unwrap_or_default(),
            sha256: digest.to_string(),
        };
        let (before, after) = (
            about(a, &x.origin.digest(&a.sources)),
            about(b, &y.origin.digest(&b.sources)),
        );
        let since = runbook::Changes {
            since: &before.path,
            list: &list,
        };
        markdown = runbook::changes(&since, &Templates::default())
            .map_err(|flaw| super::templates::problem(&flaw))?;
        let name = y.plan.release().name.as_str();
        document = Some(Document::new(
            name,
            (&a.sources, before),
            (&b.sources, after),
            &list,
        ));
    }
    // Of a plan that was understood, its soundness is not asked about here.
    let readable = document.is_some();
    let checked = gather(units, settings, |mut unit: Unit| {
        if readable {
            unit.findings = Vec::<Diagnostic>::new();
        }
        unit
    });
    Ok(Compared {
        document,
        markdown,
        checked,
    })
}

/// What changed, on a thread with room for what is nested deeply.
fn changed(old: &Plan, new: &Plan) -> Vec<Change> {
    let mut lists = beside(&[(old, new)], |(old, new)| diff::compare(old, new));
    lists.pop().unwrap_or_default()
}

/// The plan that was last approved, to compare with.
#[derive(Debug, Clone)]
pub enum Since {
    /// A file.
    File(PathBuf),
    /// A revision in which the plan's own file is looked up.
    Revision(String),
}

impl Since {
    /// A file where there is one of this name, else a revision.
    pub fn new(named: &str) -> Since {
        let path = Path::new(named);
        let file = path.is_file() || path.extension().is_some_and(|e| e == "release");
        if file {
            Since::File(path.to_path_buf())
        } else {
            Since::Revision(named.to_string())
        }
    }

    /// What changed since then, and what the old plan is called.
    ///
    /// # Errors
    /// When the old plan cannot be read.
    pub(super) fn changes(
        &self,
        input: &Input,
        plan: &Plan,
        settings: &Settings,
    ) -> Result<(String, Vec<Change>), Problem> {
        let (old, revision) = match self {
            Since::File(path) => (Input::File(path.clone()), None),
            Since::Revision(named) => (
                input.clone(),
                Some(Revision::of(named, input.path(), &settings.here)?),
            ),
        };
        let unit = unit_at(&old, settings, revision.as_ref())?;
        let shown = unit
            .sources
            .files()
            .next()
            .map(|(_, f)| f.path.clone())
            .unwrap_or_default();
        let Some(compiled) = &unit.compiled else {
            let first = unit.findings.first();
            let why = first.map_or_else(
                || "it holds no release".to_string(),
                |d| format!("{}: {}", unit.sources.place(d.span), d.message),
            );
            return Err(Problem::new(format!("`{shown}` cannot be compared with: {why}")));
        };
        Ok((shown, changed(&compiled.plan, plan)))
    }
}
