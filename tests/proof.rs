//! Every state machine and workflow that is emitted here means its plan, and what is changed in one does not.

use releasec::emit::{Context, github, stepfunctions};
use releasec::model::HoldId;
use releasec::plan::Plan;
use releasec::proof;
use releasec::resolve::{LoadError, Loaded, Loader};
use releasec::source::SourceMap;
use std::path::{Path, PathBuf};

/// Files next to each other, as they are on the disk.
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

/// The plan of a file, when it is one and has no error.
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
    Some((Plan::new(lowered.release?).ok()?, sources))
}

/// Every plan below a folder.
fn plans(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                std::fs::read_dir(path)
                    .expect("a folder")
                    .flatten()
                    .map(|e| e.path()),
            );
        } else if path.extension().is_some_and(|e| e == "release") {
            found.push(path);
        }
    }
    found.sort();
    found
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

/// The state machine of a plan.
fn machine(plan: &Plan, sources: &SourceMap) -> String {
    let (artifacts, _) = stepfunctions::emit(plan, &context(sources));
    let [artifact] = artifacts.as_slice() else {
        panic!("one state machine");
    };
    artifact.content.clone()
}

#[test]
fn every_pair_of_workflows_means_its_plan() {
    let (mut wrong, mut plans_, mut runs) = (Vec::new(), 0, 0);
    for path in ["examples", "tests"].into_iter().flat_map(plans) {
        let Some((plan, sources)) = plan(&path) else {
            continue;
        };
        // A hold without a way between its ends is an error of the plan, and nothing is emitted.
        let holds = (0..plan.release().holds.len()).map(HoldId::at);
        if holds.into_iter().any(|h| plan.hold_stages(h).is_empty()) {
            continue;
        }
        let context = context(&sources);
        let (artifacts, _) = github::emit(&plan, &context);
        let [release, rollback] = artifacts.as_slice() else {
            panic!("two workflows");
        };
        let manifest = github::manifest(&plan, &context);
        match proof::workflows(&plan, [&release.content, &rollback.content], &manifest) {
            Ok(proved) => {
                plans_ += 1;
                runs += proved.runs;
            }
            Err(d) => wrong.push(format!(
                "{}: {}\n{}",
                path.display(),
                d.what,
                d.lines().join("\n")
            )),
        }
    }
    println!("{plans_} plans, {runs} runs");
    assert!(wrong.is_empty(), "{} plans\n{}", wrong.len(), wrong.join("\n"));
    assert!(plans_ > 100 && runs > 5_000, "{plans_} plans, {runs} runs");
}

/// A plan that is no good, and whose state machine is refused besides: an approval of a stage that does not apply is waited for by what
/// comes after that stage, where the plan does not wait.
const STRICTER: &str = "codes/approval/unguarded_production/bad_conditional.release";

#[test]
fn every_state_machine_means_its_plan() {
    let (mut wrong, mut plans_, mut runs) = (Vec::new(), 0, 0);
    for path in ["examples", "tests"].into_iter().flat_map(plans) {
        let Some((plan, sources)) = plan(&path) else {
            continue;
        };
        let manifest = stepfunctions::manifest(&plan);
        match proof::state_machine(&plan, &machine(&plan, &sources), &manifest) {
            Ok(proved) => {
                assert!(!path.ends_with(STRICTER), "it means its plan now");
                plans_ += 1;
                runs += proved.runs;
            }
            Err(_) if path.ends_with(STRICTER) => {}
            Err(d) => wrong.push(format!(
                "{}: {}\n{}",
                path.display(),
                d.what,
                d.lines().join("\n")
            )),
        }
    }
    println!("{plans_} plans, {runs} runs");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(plans_ > 100 && runs > 5_000, "{plans_} plans, {runs} runs");
}
