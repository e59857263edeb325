//! Compiles plans to documents, and reads the documents back.

use releasec::driver::read::{Overlay, Project};
use releasec::emit::{Context, TARGETS};
use releasec::plan::Plan;
use releasec::source::SourceMap;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A plan and its documents by name.
pub struct Compiled {
    /// The plan.
    pub plan: Plan,
    /// The texts it was read from.
    pub sources: SourceMap,
    /// The documents.
    pub documents: BTreeMap<String, String>,
}

impl Compiled {
    /// A document.
    pub fn document(&self, name: &str) -> &str {
        self.documents.get(name).expect("the document is written")
    }
}

/// The plans of the examples that compile.
pub fn examples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut plans = Vec::new();
    for folder in std::fs::read_dir(root).expect("examples").flatten() {
        let Ok(entries) = std::fs::read_dir(folder.path()) else {
            continue;
        };
        for entry in entries.flatten() {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            if entry.path().extension().is_some_and(|e| e == "release") && text.contains("\nrelease ") {
                plans.push(entry.path());
            }
        }
    }
    plans.sort();
    plans
}

/// A plan and its documents; what is wrong with it when it does not compile.
pub fn compile(path: &Path, text: &str) -> Result<Compiled, Vec<String>> {
    let overlay = Overlay::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::of(path, here, &overlay);
    let mut sources = SourceMap::new();
    let file = sources.add(project.shown(path), text.to_string());
    let (program, bag) = releasec::resolve::load(&mut sources, &project, file);
    let mut found = bag;
    let lowered = releasec::eval::lower(&program, &sources, &[]);
    found.extend(lowered.bag);
    let said = |bag: releasec::diagnostic::Bag| -> Vec<String> {
        let list = bag.into_sorted();
        list.iter()
            .map(|d| format!("{}: {}", d.code, d.message))
            .collect()
    };
    let Some(release) = lowered.release.filter(|_| !found.has_errors()) else {
        return Err(said(found));
    };
    let Ok(plan) = Plan::new(release) else {
        return Err(vec!["a circle".into()]);
    };
    found.extend(releasec::checks::gather(&plan, &sources));
    let settled = releasec::checks::settle(plan.release(), found);
    let mut findings = settled.findings;
    findings.extend(settled.accepted.into_iter().map(|a| a.finding));
    let documents = emit(&plan, &sources, &findings);
    Ok(Compiled {
        plan,
        sources,
        documents,
    })
}

/// The documents of a plan.
pub fn emit(
    plan: &Plan,
    sources: &SourceMap,
    findings: &[releasec::diagnostic::Diagnostic],
) -> BTreeMap<String, String> {
    let context = Context {
        sources,
        digest: "0",
        version: "0",
        source: "plan.release",
        findings,
        held: None,
        changes: None,
    };
    let target = TARGETS
        .iter()
        .find(|t| t.name == "runbook")
        .expect("the documents are a target");
    let (artifacts, _) = (target.emit)(plan, &context);
    artifacts.into_iter().map(|a| (a.path, a.content)).collect()
}

/// The documents of an example.
pub fn example(path: &Path) -> Option<Compiled> {
    compile(path, &std::fs::read_to_string(path).ok()?).ok()
}

/// The documents of a plan that stands in a test.
pub fn plan(text: &str) -> Compiled {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan.release");
    compile(&path, text).unwrap_or_else(|found| panic!("the plan compiles: {found:#?}\n{text}"))
}

/// The rows of the table under a heading, its header first, each cell without its escapes.
pub fn table(document: &str, heading: &str) -> Vec<Vec<String>> {
    let mut lines = document
        .lines()
        .skip_while(|l| l.trim_start_matches('#').trim() != heading || !l.starts_with('#'));
    lines.next();
    lines
        .take_while(|l| !l.starts_with('#'))
        .skip_while(|l| !l.starts_with('|'))
        .take_while(|l| l.starts_with('|'))
        .filter(|l| !l.starts_with("| ---"))
        .map(cells)
        .collect()
}

/// The cells of a row of a table.
pub fn cells(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut chars = row.trim().trim_start_matches('|').chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let cell = cells.last_mut().expect("a cell is open");
                cell.push(c);
                cell.extend(chars.next());
            }
            '|' => cells.push(String::new()),
            c => cells.last_mut().expect("a cell is open").push(c),
        }
    }
    cells.pop();
    cells.iter().map(|c| plain(c.trim())).collect()
}

/// Every fenced block of a language, as it is shown.
pub fn blocks(document: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in document.lines() {
        match &mut open {
            Some((fence, text)) => {
                if line == fence.trim_end_matches(language) {
                    found.push(std::mem::take(text));
                    open = None;
                } else {
                    text.push_str(line);
                    text.push('\n');
                }
            }
            None if line.starts_with("```") && line.trim_start_matches('`') == language => {
                open = Some((line.to_string(), String::new()));
            }
            None => {}
        }
    }
    found
}

/// A bound that the author wrote, as people write it: a time with a blank before its unit.
pub fn bound(shown: &str) -> String {
    let units = [("ms", "ms"), ("s", "s"), ("m", "min"), ("h", "h"), ("d", "d")];
    let number = |n: &str| n.parse::<f64>().is_ok();
    let said = units
        .iter()
        .find_map(|(unit, said)| Some((shown.strip_suffix(unit).filter(|n| number(n))?, said)));
    said.map_or_else(|| shown.to_string(), |(n, unit)| format!("{n} {unit}"))
}

/// A document without its escapes, so that facts can be looked for as the plan says them.
pub fn plain(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    let mut chars = document.chars().peekable();
    while let Some(c) = chars.next() {
        let escapes = c == '\\' && chars.peek().is_some_and(|n| "\\`*_[]<>|~&$:.#+-=)".contains(*n));
        if escapes {
            out.extend(chars.next());
        } else {
            out.push(c);
        }
    }
    out
}

/// A command as it is pasted where a region is known: what calls AWS, or may, is told it.
pub fn in_region(paste: &str, region: Option<&str>) -> String {
    let aside = |c: char| !(c.is_alphanumeric() || "-_./".contains(c));
    let asks = |w: &str| ["aws", "terraform"].contains(&w) || w.starts_with("./") || w.ends_with(".sh");
    let Some(region) = region.filter(|_| paste.split(aside).any(asks)) else {
        return paste.to_string();
    };
    let shell = "(\nset -euo pipefail\n";
    if let Some(rest) = paste.strip_prefix(shell) {
        return format!("{shell}export AWS_REGION={region}\n{rest}");
    }
    let one = ["aws ", "terraform ", "./"].iter().any(|c| paste.starts_with(c));
    if one && !paste.contains(['|', '&', ';', '<', '>']) && !paste.contains("$(") {
        format!("AWS_REGION={region} {paste}")
    } else {
        format!("{shell}export AWS_REGION={region}\n{paste}\n)")
    }
}
