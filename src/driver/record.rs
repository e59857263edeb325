//! From a plan and the history of a run to the completed runbook and what differs.
//!
//! Must not judge: `record` does. Called by the command `record`.

use super::pipeline::{Checked, Compiled, Settings, Unit, each, gather, unit};
use super::problem::Problem;
use super::read::Input;
use super::templates;
use super::write;
use crate::diagnostic::{Diagnostic, Severity};
use crate::emit::runbook::{self, templates::Templates};
use crate::emit::{Context, enforce};
use crate::record;
use std::io::Read;
use std::path::Path;

/// The longest history that is read, in bytes. A history of Step Functions ends at 25,000 events; this is room for 10 KB each.
const LONGEST: u64 = 256 * 1024 * 1024;

/// What a record came to.
#[derive(Debug)]
pub struct Recorded {
    /// What keeps the plan from being read; else in what the run differs from it.
    pub checked: Checked,
    /// The run and its runbook, when the plan could be read.
    pub document: Option<Document>,
}

/// A run on paper.
#[derive(Debug)]
pub struct Document {
    /// The name of the release.
    pub release: String,
    /// One line: what ran it, and how it ended.
    pub summary: String,
    /// The completed runbook.
    pub runbook: String,
}

/// Reads the history of a run; `-` is standard input.
///
/// # Errors
/// When it cannot be read, is no text, or is too long.
pub fn history(path: &Path) -> Result<String, Problem> {
    let fail = |e: std::io::Error| Problem::io("read", path, &e);
    let mut text = Vec::new();
    if path == Path::new("-") {
        let stdin = std::io::stdin().lock();
        stdin.take(LONGEST + 1).read_to_end(&mut text).map_err(fail)?;
    } else {
        let file = std::fs::File::open(path).map_err(fail)?;
        file.take(LONGEST + 1).read_to_end(&mut text).map_err(fail)?;
    }
    let shown = path.display();
    if text.len() as u64 > LONGEST {
        let limit = LONGEST / (1024 * 1024);
        return Err(Problem::new(format!("`{shown}` is longer than {limit} MB")));
    }
    String::from_utf8(text).map_err(|_| Problem::new(format!("`{shown}` is not text in UTF-8")))
}

/// Holds a run against its plan.
///
/// # Errors
/// When more than one plan is named, the history is of something else, or a template asks for what there is not.
pub fn record(
    inputs: &[Input],
    settings: &Settings,
    history: &str,
    from: &Path,
    templates: &Templates,
) -> Result<Recorded, Problem> {
    let units = each(inputs, |input| {
        let mut unit = unit(input, settings)?;
        let Some(compiled) = unit.compiled.take() else {
            return Ok((unit, None));
        };
        // Nothing is said of the plan itself: it was approved, and what counts now is what happened.
        let (document, findings) = complete(&unit, &compiled, history, from, templates)?;
        unit.findings = findings;
        Ok((unit, Some(document)))
    });
    let mut documents = Vec::new();
    let mut checked = gather(units, settings, |(unit, document): (Unit, Option<Document>)| {
        documents.extend(document);
        unit
    });
    if documents.len() > 1 {
        return Err(
            Problem::new(format!("{} plans were named, and a run has one", documents.len()))
                .help("name the file of one plan"),
        );
    }
    let document = documents.pop();
    if document.is_some() {
        // Files beside the plan that hold no release have nothing to say here.
        checked.findings.retain(|d| d.code.group() == "record");
    }
    Ok(Recorded { checked, document })
}

fn complete(
    unit: &Unit,
    compiled: &Compiled,
    history: &str,
    from: &Path,
    templates: &Templates,
) -> Result<(Document, Vec<Diagnostic>), Problem> {
    let plan = &compiled.plan;
    let run = record::read(plan, history).map_err(|why| {
        Problem::new(format!(
            "`{}` is not the history of a run of this plan: {why}",
            from.display()
        ))
        .help("`releasec record --help` says which files are read, and how to get them")
    })?;
    let digest = compiled.origin.digest(&unit.sources);
    let findings = record::compare(plan, &digest, &run).into_sorted();
    let mut context = Context {
        sources: &unit.sources,
        digest: &digest,
        version: env!("CARGO_PKG_VERSION"),
        source: &compiled.source,
        findings: &unit.findings,
        held: None,
        changes: None,
    };
    let held = enforce::table(plan, &context, &enforce::PIPELINES);
    context.held = Some(&held);
    let told = record::recorded(plan, &run, &findings);
    let runbook =
        runbook::completed(plan, &context, templates, &told).map_err(|flaw| templates::problem(&flaw))?;
    let count = findings.iter().filter(|d| d.severity == Severity::Error).count();
    let kept = match count {
        0 => "the run kept to the plan".to_string(),
        1 => "1 deviation from the plan".to_string(),
        n => format!("{n} deviations from the plan"),
    };
    let document = Document {
        release: plan.release().name.to_string(),
        summary: format!("{}: {}; {kept}", run.engine, run.end.words()),
        runbook,
    };
    Ok((document, findings))
}

/// Writes a completed runbook. One that stands there already is replaced only by `force`: people write into it.
///
/// # Errors
/// When something else stands there, or it cannot be written.
pub fn save(path: &Path, text: &str, force: bool) -> Result<bool, Problem> {
    if path.symlink_metadata().is_ok() && !force {
        let same = std::fs::read(path).is_ok_and(|old| old == text.as_bytes());
        if same {
            return Ok(false);
        }
        return Err(Problem::new(format!(
            "`{}` exists and differs; it was left alone",
            path.display()
        ))
        .help("`--force` replaces it, `--out` names another file"));
    }
    write::whole(path, text.as_bytes())?;
    Ok(true)
}
