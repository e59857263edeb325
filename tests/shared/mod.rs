//! What several tests share: plans read from files and from texts, and what an emitter is told about them.
//!
//! Each test takes what it needs: `mod shared;`.

#![allow(dead_code, reason = "each test uses a part of it")]

use releasec::diagnostic::Bag;
use releasec::emit::github::parts::Manifest;
use releasec::emit::{Context, github};
use releasec::model::{Atom, HoldId, Release};
use releasec::plan::Plan;
use releasec::resolve::{LoadError, Loaded, Loader};
use releasec::source::SourceMap;
use std::path::{Path, PathBuf};

pub mod random;

/// Files next to each other, as they are on the disk.
pub struct Disk;

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

/// There is no other file.
pub struct Alone;

impl Loader for Alone {
    fn load(&self, _: &str, path: &str) -> Result<Loaded, LoadError> {
        Err(LoadError::Unreadable(format!(
            "there is no other file, not even {path}"
        )))
    }
}

/// A path of the project.
pub fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What a text comes to, and all that is said about it.
pub fn lowered(name: &str, text: &str, loader: &dyn Loader) -> (Option<Release>, Bag, SourceMap) {
    let mut sources = SourceMap::new();
    let file = sources.add(name, text);
    let (program, mut bag) = releasec::resolve::load(&mut sources, loader, file);
    let lowered = releasec::eval::lower(&program, &sources, &[]);
    bag.extend(lowered.bag);
    (lowered.release, bag, sources)
}

/// A plan that has no error.
#[track_caller]
pub fn sound(name: &str, text: &str, loader: &dyn Loader) -> (Plan, SourceMap) {
    let (release, bag, sources) = lowered(name, text, loader);
    assert!(!bag.has_errors(), "{name}: {:#?}\n{text}", bag.into_sorted());
    (
        Plan::new(release.expect("a release")).expect("no circle"),
        sources,
    )
}

/// The plan of a file, whatever is said about it.
#[track_caller]
pub fn plan(path: &Path) -> (Plan, SourceMap) {
    let text = std::fs::read_to_string(path).expect("a readable plan");
    let (release, _, sources) = lowered(&path.to_string_lossy(), &text, &Disk);
    (
        Plan::new(release.expect("a release")).expect("no circle"),
        sources,
    )
}

/// Every plan below a folder of the project that has no error of its text, with its path.
pub fn plans(folder: &str) -> impl Iterator<Item = (PathBuf, Plan, SourceMap)> {
    files(&here(folder)).into_iter().filter_map(|path| {
        let text = std::fs::read_to_string(&path).ok()?;
        let (release, bag, sources) = lowered(&path.to_string_lossy(), &text, &Disk);
        if bag.has_errors() {
            let told: Vec<String> = bag.into_sorted().into_iter().map(|d| d.message).collect();
            let proved = path.iter().any(|part| part == "proved");
            assert!(!proved, "{}: {}", path.display(), told.join("; "));
            return None;
        }
        Some((path, Plan::new(release?).ok()?, sources))
    })
}

/// Every `.release` file below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).expect("a folder").flatten();
            open.extend(entries.map(|e| e.path()));
        } else if path.extension().is_some_and(|e| e == "release") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Takes out what is known to be refused. What is proved nevertheless must leave the list.
pub fn unknown(wrong: Vec<String>, known: &[(&str, &str)]) -> Vec<String> {
    let is = |w: &str, (path, said): &(&str, &str)| {
        let head = w.lines().next().unwrap_or_default();
        head.replace('\\', "/").contains(path) && head.contains(said)
    };
    for k in known {
        assert!(
            wrong.iter().any(|w| is(w, k)),
            "{} is proved now: take it out",
            k.0
        );
    }
    wrong
        .into_iter()
        .filter(|w| !known.iter().any(|k| is(w, k)))
        .collect()
}

/// Whether no workflow can be written: a hold has no way between its ends, or where a rollout steps back to is a comparison of values.
pub fn has_no_workflow(plan: &Plan) -> bool {
    let release = plan.release();
    let mut holds = (0..release.holds.len()).map(HoldId::at);
    let rollouts = release.stages.iter().filter_map(|s| s.rollout.as_ref());
    let demoted = rollouts.filter(|r| r.demote.is_some());
    let mut atoms = demoted.flat_map(|r| &r.steps).flat_map(|s| s.when.atoms());
    holds.any(|h| plan.hold_stages(h).is_empty())
        || atoms.any(|a| matches!(a, Atom::Equal(..) | Atom::Compare(..)))
}

/// Whether a plan is there because a target says that it cannot hold it, or because it can never go well: what is written for it nevertheless
/// need not mean it.
pub fn beyond(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    if path.ends_with("timeout_too_short/bad.release") {
        return true;
    }
    let beyond = ["demote_by_hand", "demote_goes_on", "restart", "shared_checklist"];
    beyond.iter().any(|b| name == format!("bad_{b}.release").as_str())
}

/// What an emitter is told besides the plan.
pub fn context(sources: &SourceMap) -> Context<'_> {
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

/// The release workflow and its rollback, and what their steps stand for.
pub fn workflows(plan: &Plan, sources: &SourceMap) -> ([String; 2], Manifest) {
    let context = context(sources);
    let (artifacts, _) = github::emit(plan, &context);
    let texts: Vec<String> = artifacts.into_iter().map(|a| a.content).collect();
    let texts = <[String; 2]>::try_from(texts).expect("two workflows");
    (texts, github::manifest(plan, &context))
}
