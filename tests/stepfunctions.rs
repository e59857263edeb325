//! State machines of the examples: what is emitted, that it is closed in itself, that it is within limits.
//!
//! Independent judges and an interpreter stand in `conformance/`.

mod shared;

use releasec::emit::{Artifact, Context, stepfunctions};
use releasec::plan::Plan;
use releasec::source::SourceMap;
use shared::{Disk, context, sound};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A plan and the texts it came from.
fn plan(path: &Path) -> (Plan, SourceMap) {
    let text = std::fs::read_to_string(path).expect("a readable plan");
    compile(&path.to_string_lossy(), &text)
}

fn compile(path: &str, text: &str) -> (Plan, SourceMap) {
    sound(path, text, &Disk)
}

fn emitted(path: &Path) -> (Artifact, Vec<releasec::diagnostic::Diagnostic>) {
    let (plan, sources) = plan(path);
    of(&plan, &sources)
}

fn of(plan: &Plan, sources: &SourceMap) -> (Artifact, Vec<releasec::diagnostic::Diagnostic>) {
    let context = Context {
        version: "0.1.0",
        ..context(sources)
    };
    let (mut artifacts, bag) = stepfunctions::emit(plan, &context);
    assert_eq!(artifacts.len(), 1);
    (artifacts.remove(0), bag.into_sorted())
}

fn examples() -> Vec<PathBuf> {
    let list = [
        "hello/hello.release",
        "bioage/bioage.release",
        "bioage-as-published/plan.release",
        "database-migration/migration.release",
        "multi-region/regions.release",
    ];
    list.iter().map(|f| root().join("examples").join(f)).collect()
}

/// Every name that leads nowhere, every name used twice, every expression that is not closed.
fn faults(
    states: &serde_json::Map<String, serde_json::Value>,
    start: &str,
    seen: &mut BTreeSet<String>,
) -> Vec<String> {
    let mut list = Vec::new();
    if !states.contains_key(start) {
        list.push(format!("starts at {start}"));
    }
    for (name, state) in states {
        if !seen.insert(name.clone()) {
            list.push(format!("twice: {name}"));
        }
        if name.chars().count() > 80 {
            list.push(format!("long: {name}"));
        }
        for target in targets(state) {
            if !states.contains_key(&target) {
                list.push(format!("{name} leads to {target}"));
            }
        }
        for branch in state["Branches"].as_array().into_iter().flatten() {
            let inner = branch["States"].as_object().expect("states");
            list.extend(faults(inner, branch["StartAt"].as_str().expect("a start"), seen));
        }
    }
    list
}

fn targets(state: &serde_json::Value) -> Vec<String> {
    let mut list = Vec::new();
    list.extend(state["Next"].as_str().map(str::to_string));
    list.extend(state["Default"].as_str().map(str::to_string));
    for part in ["Catch", "Choices"] {
        for item in state[part].as_array().into_iter().flatten() {
            list.extend(item["Next"].as_str().map(str::to_string));
        }
    }
    list
}

#[test]
fn every_example_is_closed_in_itself() {
    for path in examples() {
        let (artifact, bag) = emitted(&path);
        if let Ok(out) = std::env::var("RELEASEC_KEEP") {
            let at = Path::new(&out).join(&artifact.path);
            std::fs::create_dir_all(at.parent().expect("a folder")).expect("made");
            std::fs::write(at, &artifact.content).expect("written");
            for d in &bag {
                println!(
                    "{}: {} {} {}",
                    artifact.path,
                    d.severity.word(),
                    d.code,
                    d.message
                );
            }
        }
        let machine: serde_json::Value = serde_json::from_str(&artifact.content).expect("JSON");
        let states = machine["States"].as_object().expect("states");
        let wrong = faults(
            states,
            machine["StartAt"].as_str().expect("a start"),
            &mut BTreeSet::new(),
        );
        assert_eq!(wrong, Vec::<String>::new(), "{}", path.display());
        let errors: Vec<_> = bag
            .iter()
            .filter(|d| d.severity == releasec::diagnostic::Severity::Error)
            .map(|d| &d.message)
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
    }
}

#[test]
fn the_model_reads_back_what_it_wrote() {
    for path in examples() {
        let (artifact, _) = emitted(&path);
        let machine: stepfunctions::model::Machine = serde_json::from_str(&artifact.content).expect("reads");
        assert_eq!(
            stepfunctions::print::machine(&machine),
            artifact.content,
            "{}",
            path.display()
        );
    }
}

/// What the proof says of the machine of the smallest example after a change.
fn refused(change: impl FnOnce(&mut serde_json::Value)) -> Option<String> {
    let (plan, sources) = plan(&root().join("examples/hello/hello.release"));
    let (artifact, _) = of(&plan, &sources);
    let mut machine: serde_json::Value = serde_json::from_str(&artifact.content).expect("JSON");
    change(&mut machine["States"]);
    let manifest = stepfunctions::manifest(&plan);
    let judged = releasec::proof::state_machine(&plan, &machine.to_string(), &manifest);
    judged.err().map(|d| d.what)
}

/// Of several runs that wait for a lock that was left behind, one has it, and a run releases its own lock only.
#[test]
fn a_lock_that_was_left_behind_is_taken_over_by_one_run() {
    let lead = |from: &'static str, to: &'static str| {
        let changed = refused(move |states| {
            let way = match states[from].get("Choices") {
                Some(_) => &mut states[from]["Choices"][0]["Next"],
                None => &mut states[from]["Next"],
            };
            *way = to.into();
        });
        changed.unwrap_or_else(|| panic!("`{from}` may lead to `{to}`"))
    };
    assert_eq!(refused(|_| {}), None);
    let over = "take the lock over production";
    let stolen = "it takes a lock that another run may hold";
    let unclaimed = lead("holder of production has ended?", over);
    assert!(unclaimed.contains(stolen), "{unclaimed}");
    let unread = lead("claim the lock production", over);
    assert!(unread.contains(stolen), "{unread}");
    let foreign = lead("holds the lock production?", "release the lock production");
    assert!(
        foreign.contains("it removes the lock of another run"),
        "{foreign}"
    );
    lead(
        "is the lock production its own?",
        "is the holder of production alive",
    );
    let kept = refused(|states| {
        let after = states["drop the claim to production"]["Next"].clone();
        states[over]["Next"] = after;
    });
    let kept = kept.expect("a claim may stay");
    assert!(kept.contains("the claim `"), "{kept}");
}
