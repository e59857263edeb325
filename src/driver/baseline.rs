//! A baseline: the findings a project lives with for now, in a file, so that only new ones fail a check.
//!
//! A finding is known by its code, its file, the blocks it stands in by name, and its message: nothing of that changes
//! when lines are added elsewhere. What keeps a plan from being checked is never part of a baseline, for nobody knows what
//! it hides. Must not know how findings are shown. Called by `check`; `build` knows no baseline.

use super::pipeline::{Checked, Settings};
use super::problem::Problem;
use super::read::{self, Input};
use super::{root, write};
use crate::checks::{self, dag};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::report::pages;
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::{self, ast};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The version of the file; it changes when a field goes or changes its meaning.
const VERSION: u32 = 1;

/// A baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The plans it was made from, and the parameters they were made with: only a run over all of them can tell that
    /// something is no longer found.
    plans: BTreeSet<String>,
    params: BTreeMap<String, String>,
    /// How many findings there are of each.
    findings: BTreeMap<Known, usize>,
}

/// What a finding is known by. The order of the fields is the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// The file, from the folder of the baseline.
    path: String,
    /// The blocks around it, outermost first: `release shop / stage deploy`.
    within: String,
    /// Its code.
    code: String,
    /// Its message.
    message: String,
}

/// A baseline as it stands in its file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    plans: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    params: BTreeMap<String, String>,
    findings: Vec<Row>,
}

/// Findings that are alike in everything that lasts.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    path: String,
    #[serde(default, rename = "in", skip_serializing_if = "String::is_empty")]
    within: String,
    code: String,
    message: String,
    /// How many; one when it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
}

impl std::fmt::Display for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: {}", self.path, self.code, self.message)
    }
}

/// What a baseline makes of a run.
#[derive(Debug, Default)]
pub struct Compared {
    /// The findings that are in the baseline, in order.
    pub known: Vec<Diagnostic>,
    /// What is in the baseline and no longer found, with how many of it are gone. Empty when not every plan of the
    /// baseline was looked at.
    pub gone: Vec<(Known, usize)>,
}

impl Compared {
    /// A run whose findings were all just taken into a baseline.
    pub fn of(known: Vec<Diagnostic>) -> Self {
        let gone = Vec::new();
        Compared { known, gone }
    }
}

/// Tells whether a finding keeps a plan from being understood: where it stands, nobody looked for anything else.
pub fn keeps_from_checking(d: &Diagnostic) -> bool {
    d.severity == Severity::Error && (d.code == dag::cycle::CODE || !checks::knows(d.code))
}

/// Where a baseline is, and where the run is that is compared with it.
pub struct Place<'a> {
    /// The file as it was named.
    file: &'a Path,
    /// Its folder.
    folder: PathBuf,
    /// The folder the user stands in.
    here: &'a Path,
}

impl<'a> Place<'a> {
    /// The place of a baseline.
    pub fn new(file: &'a Path, settings: &'a Settings) -> Self {
        let full = root::absolute(file, &settings.here);
        Place {
            file,
            folder: full.parent().map_or_else(PathBuf::new, Path::to_path_buf),
            here: &settings.here,
        }
    }

    /// A path as it stands in the baseline.
    fn of(&self, path: &Path) -> String {
        root::shown(&root::relative(&root::absolute(path, self.here), &self.folder))
    }

    /// Reads the baseline.
    ///
    /// # Errors
    /// When it cannot be read, is no baseline, or belongs to another version of the compiler.
    pub fn read(&self) -> Result<Baseline, Problem> {
        let bytes = read::read_file(self.file)?;
        let bad = |why: String| {
            Problem::new(format!("`{}` is no baseline: {why}", self.file.display()))
                .help("`releasec check --write-baseline FILE` writes one")
        };
        let text = read::text(bytes).map_err(|not| bad(not.fact("")))?;
        let value: serde_json::Value = serde_json::from_str(&text).map_err(|e| bad(e.to_string()))?;
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(n) if n == u64::from(VERSION) => {}
            Some(n) => {
                return Err(Problem::new(format!(
                    "`{}` is a baseline of version {n}, and this compiler reads version {VERSION}",
                    self.file.display()
                ))
                .help("write it anew with `--write-baseline`"));
            }
            None => return Err(bad("it has no `version`".into())),
        }
        let document: Document = serde_json::from_value(value).map_err(|e| bad(e.to_string()))?;
        let mut findings: BTreeMap<Known, usize> = BTreeMap::new();
        for row in document.findings {
            let known = Known {
                path: row.path,
                within: row.within,
                code: row.code,
                message: row.message,
            };
            let count = findings.entry(known).or_default();
            *count = count.saturating_add(row.count.unwrap_or(1));
        }
        Ok(Baseline {
            plans: document.plans,
            params: document.params,
            findings,
        })
    }

    /// Writes a baseline.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, baseline: &Baseline) -> Result<(), Problem> {
        let row = |(known, count): (&Known, &usize)| {
            let known = known.clone();
            Row {
                path: known.path,
                within: known.within,
                code: known.code,
                message: known.message,
                count: Some(*count).filter(|n| *n != 1),
            }
        };
        let document = Document {
            version: VERSION,
            plans: baseline.plans.clone(),
            params: baseline.params.clone(),
            findings: baseline.findings.iter().map(row).collect(),
        };
        let text = serde_json::to_string_pretty(&document).expect("internal: plain data serialises");
        write::whole(self.file, format!("{text}\n").as_bytes())
    }

    /// The baseline of a run: everything it found.
    ///
    /// # Errors
    /// When a plan could not be checked: what nobody looked for cannot be accepted.
    pub fn baseline(
        &self,
        inputs: &[Input],
        settings: &Settings,
        checked: &Checked,
    ) -> Result<Baseline, Problem> {
        if let Some(d) = checked.findings.iter().find(|d| keeps_from_checking(d)) {
            let place = checked.sources.place(d.span);
            return Err(Problem::new(format!(
                "no baseline was written: `{}` at {place} keeps the plan from being checked",
                d.code
            ))
            .help("mend it first; a baseline holds what was found in plans that were understood"));
        }
        let mut counts: BTreeMap<Known, usize> = BTreeMap::new();
        for known in self.known(&checked.sources, &checked.findings) {
            *counts.entry(known).or_default() += 1;
        }
        Ok(Baseline {
            plans: self.plans(inputs),
            params: settings.params.iter().cloned().collect(),
            findings: counts,
        })
    }

    /// Takes the findings out of a run that are in a baseline. `asked` tells which codes the run was asked for.
    pub fn compare(
        &self,
        baseline: &Baseline,
        inputs: &[Input],
        settings: &Settings,
        checked: &mut Checked,
        asked: impl Fn(Code) -> bool,
    ) -> Compared {
        let mut left = baseline.findings.clone();
        let names = self.known(&checked.sources, &checked.findings);
        let (mut known, mut new) = (Vec::new(), Vec::new());
        for (finding, name) in std::mem::take(&mut checked.findings).into_iter().zip(names) {
            match left.get_mut(&name) {
                Some(n) if *n > 0 && !keeps_from_checking(&finding) => {
                    *n -= 1;
                    known.push(finding);
                }
                _ => new.push(finding),
            }
        }
        let whole = checked.problems.is_empty()
            && !new.iter().any(keeps_from_checking)
            && baseline.params == settings.params.iter().cloned().collect()
            && self.all_looked_at(baseline, inputs);
        checked.findings = new;
        let was_asked = |known: &Known| {
            // A code that went with an older compiler is found by nobody, whatever is asked for.
            pages::find(&known.code).is_none_or(|page| asked(Code(page.code)))
        };
        let gone = left.into_iter().filter(|(k, n)| *n > 0 && was_asked(k));
        Compared {
            known,
            gone: if whole { gone.collect() } else { Vec::new() },
        }
    }

    /// Tells whether a run looked at every plan of a baseline that still exists.
    fn all_looked_at(&self, baseline: &Baseline, inputs: &[Input]) -> bool {
        let looked = self.plans(inputs);
        let mut plans = baseline.plans.iter();
        plans.all(|plan| looked.contains(plan) || !self.folder.join(plan).exists())
    }

    fn plans(&self, inputs: &[Input]) -> BTreeSet<String> {
        inputs.iter().map(|input| self.of(input.path())).collect()
    }

    /// What each finding is known by.
    fn known(&self, sources: &SourceMap, findings: &[Diagnostic]) -> Vec<Known> {
        let mut trees: BTreeMap<FileId, ast::Ast> = BTreeMap::new();
        let known = findings.iter().map(|d| {
            let file = sources.file(d.span.file);
            let tree = trees
                .entry(d.span.file)
                .or_insert_with(|| syntax::parse(d.span.file, &file.text).0);
            Known {
                path: if file.library {
                    format!("releasec:{}", file.path)
                } else {
                    self.of(Path::new(&file.path))
                },
                within: within(&tree.items, d.span, &file.text),
                code: d.code.0.to_string(),
                message: d.message.clone(),
            }
        });
        known.collect()
    }
}

impl Baseline {
    /// This baseline without what is no longer found.
    #[must_use]
    pub fn without(mut self, gone: &[(Known, usize)]) -> Baseline {
        for (known, n) in gone {
            if let Some(count) = self.findings.get_mut(known) {
                *count = count.saturating_sub(*n);
            }
        }
        self.findings.retain(|_, count| *count > 0);
        self
    }

    /// How many findings it holds.
    pub fn len(&self) -> usize {
        self.findings.values().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Tells whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }
}

/// The blocks around a place, by keyword and name. Names that are not written in letters say nothing that lasts.
fn within(items: &[ast::Stmt], at: Span, text: &str) -> String {
    let mut path: Vec<String> = Vec::new();
    let mut items = items;
    loop {
        let next = items.partition_point(|s| s.span.start <= at.start);
        let around = next.checked_sub(1).and_then(|i| items.get(i));
        let Some(stmt) = around.filter(|s| s.block.is_some() && s.span.end >= at.end) else {
            return path.join(" / ");
        };
        let head = stmt.head();
        let words = text.get(stmt.keyword.span.end as usize..head.end as usize);
        let name = words.and_then(|w| w.split_whitespace().next()).unwrap_or("");
        let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        path.push(if !name.is_empty() && name.chars().all(plain) {
            format!("{} {name}", stmt.keyword.text)
        } else {
            stmt.keyword.text.to_string()
        });
        items = stmt.children();
    }
}
