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
                let known = refused(&REFUSED_WORKFLOWS, &path);
                assert!(!known, "{}: it means its plan now", path.display());
                plans_ += 1;
                runs += proved.runs;
            }
            Err(_) if refused(&REFUSED_WORKFLOWS, &path) => {}
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

/// Plans whose state machine does not mean them, so that a build refuses it and writes nothing; each is a fault to be mended.
const REFUSED_MACHINES: [(&str, &str); 4] = [
    (
        "codes/approval/unguarded_production/bad_conditional.release",
        "what comes after a stage that does not apply waits for that stage's approval",
    ),
    (
        "diff/undo_refusal/new.release",
        "of two approvals that lapse together, one stops and one rolls back, and the run ends as the first says",
    ),
    (
        "enforce/everything/plan.release",
        "a step that cannot be undone is tried again where its owner goes past its failure",
    ),
    (
        "real/rust/plan.release",
        "a stage with a time of its own starts in a window that closed before",
    ),
];

/// The same of workflows.
const REFUSED_WORKFLOWS: [(&str, &str); 1] = [(
    "codes/approval/unguarded_production/bad_conditional.release",
    "what comes after a stage that does not apply starts when that stage's approval is refused",
)];

fn refused(list: &[(&str, &str)], path: &Path) -> bool {
    list.iter().any(|(known, _)| path.ends_with(known))
}

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
                let known = refused(&REFUSED_MACHINES, &path);
                assert!(!known, "{}: it means its plan now", path.display());
                plans_ += 1;
                runs += proved.runs;
            }
            Err(_) if refused(&REFUSED_MACHINES, &path) => {}
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
