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

/// Every state of a machine, those in branches too.
fn states(within: &serde_json::Value, all: &mut Vec<(String, serde_json::Value)>) {
    for (name, state) in within["States"].as_object().expect("states") {
        all.push((name.clone(), state.clone()));
        for branch in state["Branches"].as_array().into_iter().flatten() {
            states(branch, all);
        }
    }
}

/// Two stages side by side: one starts over when it fails, one asks.
fn beside() -> Vec<(String, serde_json::Value)> {
    let people = "person ana { name \"Ana Ruiz\" }\nperson ben { name \"Ben Okoro\"; aws \"arn:aws:iam::123456789012:user/ben\" }\n";
    let head = "role ops { title \"Operations\"; members ben }\nenvironment staging { kind staging; region \"eu-west-1\"; account \"123456789012\" }\n";
    let run = |name: &str| {
        format!(
            "run \"./{name}.sh\" {{ changes \"app:{name}\"; timeout 5m; undo run \"./un{name}.sh\" {{ idempotent }} }}"
        )
    };
    let text = format!(
        "{people}{head}release shop {{\n title \"Shop\"; version \"2.0.0\"; author ana; owner ops; in staging\n stage base {{\n {base}\n }}\n stage left {{\n after base\n {left}\n on_failure {{ then restart(base, at_most: 1) }}\n }}\n stage right {{\n after base\n {one}\n {two}\n on_failure {{ then pause }}\n }}\n stage next {{\n after right\n {next}\n }}\n}}\n",
        base = run("base"),
        left = run("left"),
        one = run("one"),
        two = run("two"),
        next = run("next"),
    );
    let (plan, sources) = compile("beside.release", &text);
    let (artifact, _) = of(&plan, &sources);
    let machine: serde_json::Value = serde_json::from_str(&artifact.content).expect("JSON");
    let mut all = Vec::new();
    states(&machine, &mut all);
    all
}

#[test]
fn beside_a_restart_nothing_begins_and_what_has_begun_comes_to_its_end() {
    let reads = |state: &serde_json::Value| {
        let rules = state["Choices"].as_array().into_iter().flatten();
        let mut conditions = rules.filter_map(|r| r["Condition"].as_str());
        conditions.any(|c| c.contains("/restart\""))
    };
    let all = beside();
    let looks = all.iter().filter(|(n, _)| n.contains(": goes on?"));
    let (fresh, under_way): (Vec<_>, Vec<_>) = looks.partition(|(_, s)| {
        let default = s["Default"].as_str().unwrap_or_default();
        default.ends_with(": begins")
    });
    assert_eq!(fresh.len(), 3, "one before each stage of a branch");
    for (name, state) in fresh {
        assert!(reads(state), "{name} does not see that the run starts over");
    }
    assert!(!under_way.is_empty());
    for (name, state) in under_way {
        assert!(!reads(state), "{name} is under way");
    }
    let (_, lowered) = all
        .iter()
        .find(|(n, _)| n == "restart from base: branches may begin again")
        .expect("the flag is lowered before the run starts over");
    assert_eq!(lowered["Arguments"]["Value"], "no");
    // With the flag still up no branch would begin anything, and the run would end as if all were well.
    let failed = lowered["Catch"][0]["Next"].as_str().expect("a way out");
    assert_ne!(failed, lowered["Next"].as_str().expect("a way on"));
}

#[test]
fn whoever_is_asked_how_to_go_on_is_not_asked_any_longer_when_the_run_is_given_up_beside() {
    let all = beside();
    let (_, over) = all
        .iter()
        .find(|(n, _)| n == "right: given up beside it")
        .expect("a way out of the question");
    assert_eq!(over["Next"], "right: branch ends");
    // What goes on after the answer looks first whether it may.
    let find = |name: &str| all.iter().find(|(n, _)| n == name).map(|(_, s)| s.clone());
    for answer in ["again", "on"] {
        let lifted = find(&format!("right: siblings go on ({answer})")).expect("siblings go on");
        let next = lifted["Next"].as_str().expect("a way on");
        assert!(next.starts_with("right: may go on?"), "{answer}: {next}");
    }
}
