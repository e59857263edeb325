//! The conditions of the emitted workflows, changed one by one: a solver finds the outcome in which each does what the plan does not say.

use releasec::emit::{Context, github};
use releasec::model::HoldId;
use releasec::plan::Plan;
use releasec::proof;
use releasec::resolve::{LoadError, Loaded, Loader};
use releasec::source::SourceMap;
use std::path::Path;

struct Disk;

impl Loader for Disk {
    fn load(&self, from: &str, path: &str) -> Result<Loaded, LoadError> {
        let full = Path::new(from).parent().expect("a folder").join(path);
        let text = std::fs::read_to_string(&full).map_err(|e| LoadError::Unreadable(e.to_string()))?;
        Ok(Loaded {
            path: full.to_string_lossy().into_owned(),
            text: text.into(),
        })
    }
}

/// The plan of a file, when it is one that could be built.
fn plan(path: &Path) -> Option<(Plan, SourceMap)> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut sources = SourceMap::new();
    let file = sources.add(path.to_string_lossy().into_owned(), text);
    let (program, bag) = releasec::resolve::load(&mut sources, &Disk, file);
    if bag.has_errors() {
        return None;
    }
    let lowered = releasec::eval::lower(&program, &sources, &[]);
    if lowered.bag.has_errors() {
        return None;
    }
    let plan = Plan::new(lowered.release?).ok()?;
    // A hold without a way between its ends is an error of the plan, and nothing is emitted.
    let mut holds = (0..plan.release().holds.len()).map(HoldId::at);
    if holds.any(|h| plan.hold_stages(h).is_empty()) {
        return None;
    }
    Some((plan, sources))
}

fn context(sources: &SourceMap) -> Context<'_> {
    Context {
        sources,
        digest: "0000",
        version: "0.0.0",
        source: "plan.release",
        findings: &[],
        held: None,
        changes: None,
    }
}

#[test]
fn every_pair_of_workflows_means_its_plan_in_every_outcome() {
    let (mut wrong, mut plans, mut demands) = (Vec::new(), 0, 0);
    let mut open: Vec<_> = ["examples", "tests"]
        .map(|f| Path::new(env!("CARGO_MANIFEST_DIR")).join(f))
        .into();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                std::fs::read_dir(path)
                    .expect("a folder")
                    .flatten()
                    .map(|e| e.path()),
            );
            continue;
        }
        if path.extension().is_none_or(|e| e != "release") {
            continue;
        }
        let Some((plan, sources)) = plan(&path) else {
            continue;
        };
        let context = context(&sources);
        let (artifacts, _) = github::emit(&plan, &context);
        let [release, rollback] = artifacts.as_slice() else {
            continue;
        };
        let manifest = github::manifest(&plan, &context);
        match proof::every_outcome(&plan, [&release.content, &rollback.content], &manifest) {
            Ok(n) => (plans, demands) = (plans + 1, demands + n),
            Err(d) => wrong.push(format!(
                "{}: {}\n{}",
                path.display(),
                d.what,
                d.lines().join("\n")
            )),
        }
    }
    println!("{plans} plans, {demands} demands");
    assert!(wrong.is_empty(), "{} plans\n{}", wrong.len(), wrong.join("\n"));
    assert!(
        plans > 300 && demands > 10_000,
        "{plans} plans, {demands} demands"
    );
}

/// The operands of the outermost `&&` of a condition, by their places.
fn operands(cond: &str) -> Vec<(usize, usize)> {
    let (mut depth, mut from, mut list, mut quoted) = (0, 0, Vec::new(), false);
    let bytes = cond.as_bytes();
    for i in 0..bytes.len() {
        match bytes[i] {
            b'\'' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth -= 1,
            b'&' if !quoted && depth == 0 && bytes.get(i + 1) == Some(&b'&') => {
                list.push((from, i.saturating_sub(1)));
                from = (i + 3).min(bytes.len());
            }
            _ => {}
        }
    }
    list.push((from, cond.len()));
    list
}

/// Every condition of a job with one of its operands left out, or turned round.
fn mutants(text: &str) -> Vec<(String, String)> {
    let mut list = Vec::new();
    let mut job = "";
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(id) = line.strip_prefix("  ").filter(|l| !l.starts_with([' ', '#'])) {
            job = id.trim_end().trim_end_matches(':');
        }
        if let Some((indent, cond)) = line.split_once("if: ${{ ").filter(|(i, _)| *i == "    ") {
            let cond = cond.trim_end().trim_end_matches("}}").trim_end();
            let start = at + indent.len() + "if: ${{ ".len();
            let parts = operands(cond);
            for (from, to) in &parts {
                let own = &cond[*from..*to];
                let mut put = |by: &str, what: &str| {
                    let changed = [&text[..start + from], by, &text[start + to..]].concat();
                    list.push((format!("{job}: {own} {what}"), changed));
                };
                if parts.len() > 1 {
                    put("true", "left out");
                }
                put(&["!(", own, ")"].concat(), "turned round");
            }
        }
        at += line.len();
    }
    list
}

/// What may be left out or turned round without a run that the plan does not allow, and why.
const NOT_FOUND: [(&str, &str); 5] = [
    (
        "stage-shift: needs.preflight.result == 'success' left out",
        "the approval before it is not asked for otherwise",
    ),
    (
        "decide-go_on-again: ",
        "without an answer, the first question was asked for all these reasons, and the second comes after it",
    ),
    (
        "stage-ap_shift: (needs.stage-eu_shift.",
        "the decision it also waits for comes after the same stage",
    ),
    (
        "stage-together: (needs.stage-",
        "the stage before it waits for the same ones",
    ),
    (
        "watch-error_storm: ",
        "when a trigger is watched is a matter of time: the runs that are executed show it",
    ),
];

#[test]
fn a_changed_condition_is_found_out() {
    let (mut all, mut missed) = (0, Vec::new());
    for name in [
        "examples/hello/hello.release",
        "examples/database-migration/migration.release",
        "examples/multi-region/regions.release",
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let (plan, sources) = plan(&path).expect("a plan");
        let context = context(&sources);
        let (artifacts, _) = github::emit(&plan, &context);
        let manifest = github::manifest(&plan, &context);
        let texts: Vec<&str> = artifacts.iter().map(|a| a.content.as_str()).collect();
        let (release, rollback) = (texts[0], texts[1]);
        let demands = proof::every_outcome(&plan, [release, rollback], &manifest);
        println!(
            "{name}: {} demands",
            demands.expect("the workflows mean the plan")
        );
        for (flow, text) in [release, rollback].into_iter().enumerate() {
            for (what, changed) in mutants(text) {
                all += 1;
                let texts = if flow == 0 {
                    [changed.as_str(), rollback]
                } else {
                    [release, changed.as_str()]
                };
                if proof::every_outcome(&plan, texts, &manifest).is_ok() {
                    missed.push(format!("{name} {what}"));
                }
            }
        }
    }
    println!("{all} changed conditions, {} not found out", missed.len());
    let explained = |m: &String| NOT_FOUND.iter().any(|(what, _)| m.contains(what));
    let (known, unknown): (Vec<_>, Vec<_>) = missed.into_iter().partition(explained);
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    assert!(all > 300 && known.len() < 15, "{all}, {}", known.len());
}
