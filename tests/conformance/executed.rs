//! Executes every example in every run that its plan allows a single thing to go otherwise in, on engines that were not written here, and
//! holds each against the reference trace: the same calls, in an order that the reference allows, to the same end.
//!
//! `cases` derives the runs from the plan, `machine` and `workflow` make the world in which one happens and read the engine's trace, `meant`
//! compares. What a run costs, and so how many are looked at where time is short, stands in `docs/executed.md`, which is generated here.

use std::path::{Path, PathBuf};
use std::process::Command;

use releasec::plan::Plan;
use releasec::run::Reference;
use releasec::source::SourceMap;
use serde_json::Value;

use crate::examples;
use crate::judge::shown;
use crate::shared;
use crate::tools::{self, Tools, said};

mod cases;
pub mod machine;
mod meant;
mod table;
mod workflow;

use cases::{Case, Kind};
use machine::Machine;
use workflow::Workflows;

/// What executes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Engine {
    StepFunctions,
    Workflow,
}

impl Engine {
    /// Why it cannot execute runs of a kind, when it cannot.
    fn unable(self, kind: Kind) -> Option<&'static str> {
        match (self, kind) {
            (Engine::StepFunctions, Kind::Cancel) => {
                Some("a state machine that is stopped runs no further state, so nothing is left to compare")
            }
            _ => None,
        }
    }
}

/// A plan, and where its artifacts are.
struct Subject {
    name: String,
    plan: Plan,
    sources: SourceMap,
    release: PathBuf,
}

fn subjects() -> Vec<Subject> {
    let only = std::env::var("CONFORMANCE_ONLY").ok();
    let wanted = |name: &str| only.as_ref().is_none_or(|o| o == name);
    examples::built()
        .iter()
        .filter(|e| wanted(&e.name))
        .map(|example| {
            let (plan, sources) = shared::plan(&example.plan());
            let release = example.dist.join(plan.release().name.as_str());
            Subject {
                name: example.name.clone(),
                plan,
                sources,
                release,
            }
        })
        .collect()
}

/// How an engine is told of cases, and understood.
enum Reader<'p> {
    Machine(Machine<'p>),
    Workflows(Box<Workflows<'p>>),
}

impl Reader<'_> {
    fn world(&self, case: &Case, base: &Value) -> Value {
        match self {
            Reader::Machine(m) => m.world(case, base),
            Reader::Workflows(w) => w.world(case, base),
        }
    }

    fn seen(&self, trace: &Value) -> meant::Seen {
        match self {
            Reader::Machine(m) => m.seen(trace),
            Reader::Workflows(w) => w.seen(trace),
        }
    }
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", shown(path)));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", shown(path)))
}

/// Executes the cases of a plan on an engine; a paragraph for each that differs from the reference.
fn differences(tools: &Tools, engine: Engine, subject: &Subject) -> Vec<String> {
    let plan = &subject.plan;
    let name = plan.release().name.as_str();
    let (artifact, world, reader) = match engine {
        Engine::StepFunctions => {
            let artifact = subject.release.join(format!("stepfunctions/{name}.asl.json"));
            let machine = Machine::new(plan, &read(&artifact));
            (artifact, "machine", Reader::Machine(machine))
        }
        Engine::Workflow => {
            let artifact = subject
                .release
                .join(format!(".github/workflows/release-{name}.yml"));
            let (_, manifest) = shared::workflows(plan, &subject.sources);
            (
                artifact,
                "workflow",
                Reader::Workflows(Box::new(Workflows::new(plan, manifest))),
            )
        }
    };
    let worlds = tools::here().join("runs").join(&subject.name).join("worlds");
    let base = read(&worlds.join(world).with_extension("json"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("cases")
        .join(&subject.name)
        .join(world);
    std::fs::create_dir_all(&folder).expect("a folder for the cases");
    let mut told = Vec::new();
    for (i, case) in chosen(engine, &subject.name, cases::all(plan))
        .into_iter()
        .enumerate()
    {
        if engine.unable(case.kind).is_some() {
            continue;
        }
        let world = reader.world(&case, &base);
        let file = folder.join(format!("{i}.json"));
        let text = serde_json::to_string_pretty(&world).expect("a world is JSON");
        std::fs::write(&file, text).expect("a case can be written");
        told.push((case, file));
    }
    let files: Vec<&Path> = told.iter().map(|(_, file)| file.as_path()).collect();
    let traces = traces(tools, engine, &artifact, &files);
    let reference = Reference::new(plan);
    let mut wrong = Vec::new();
    for ((case, file), trace) in told.iter().zip(traces) {
        let complaints: Vec<&str> = trace["complaints"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let found = match meant::compare(plan, case, &reference.run(&case.outcomes), &reader.seen(&trace)) {
            Err(what) => Some(what),
            Ok(()) if complaints.is_empty() => None,
            Ok(()) => Some(complaints.join("; ")),
        };
        if let Some(what) = found {
            wrong.push(format!(
                "{}: {} ({})\n    {what}",
                subject.name,
                case.what,
                shown(file)
            ));
        }
    }
    println!(
        "{} {world}: {} runs, {} differ",
        subject.name,
        told.len(),
        wrong.len()
    );
    wrong
}

/// One start of the engine for all cases: starting it is what takes long.
fn traces(tools: &Tools, engine: Engine, artifact: &Path, files: &[&Path]) -> Vec<Value> {
    let mut command: Command = match engine {
        Engine::StepFunctions => tools.python("stepfunctions/run.py"),
        Engine::Workflow => tools.node("run.mjs"),
    };
    let done = command
        .arg(artifact)
        .args(files)
        .output()
        .expect("the engine can be started");
    assert!(
        done.status.success(),
        "{}: the engine broke: {}",
        shown(artifact),
        said(&done)
    );
    let text = String::from_utf8_lossy(&done.stdout);
    let found: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("the engine's trace is JSON"))
        .collect();
    assert_eq!(found.len(), files.len(), "the engine must report every run");
    found
}

/// The example whose workflows take half a minute of a processor for one run, and what is looked at each time: the scenarios by hand have
/// its success and a plain rollback.
const LARGEST: (&str, [Kind; 3]) = ("bioage", [Kind::Undo, Kind::Trigger, Kind::Exit]);

/// The cases that every run of `.ci/run` executes: all of them on the state machine; of the workflows, whose real shells take seconds of
/// a processor for each, the middle one of each kind, of the largest example of some.
fn in_ci(engine: Engine, example: &str, all: Vec<Case>) -> Vec<Case> {
    if engine == Engine::StepFunctions {
        return all;
    }
    let middle = |kind: Kind| {
        let own: Vec<&Case> = all.iter().filter(|c| c.kind == kind).collect();
        own.get(own.len() / 2).map(|c| (*c).clone())
    };
    let (largest, some) = LARGEST;
    let kinds = Kind::ALL
        .into_iter()
        .filter(|k| example != largest || some.contains(k));
    kinds.filter_map(middle).collect()
}

/// The cases that are executed now. `CONFORMANCE_RUNS` says `all`, or names a range of them, as `10..20`, for whoever looks for a fault.
fn chosen(engine: Engine, example: &str, all: Vec<Case>) -> Vec<Case> {
    let Ok(wanted) = std::env::var("CONFORMANCE_RUNS") else {
        return in_ci(engine, example, all);
    };
    let Some((from, to)) = wanted.split_once("..") else {
        assert_eq!(wanted, "all", "CONFORMANCE_RUNS is `all` or a range");
        return all;
    };
    let (from, to): (usize, usize) = (from.parse().expect("a number"), to.parse().expect("a number"));
    all.into_iter().skip(from).take(to.saturating_sub(from)).collect()
}

fn every_example_runs(engine: Engine, what: &str) {
    let Some(tools) = tools::or_skip(what) else { return };
    let wrong: Vec<String> = subjects()
        .iter()
        .flat_map(|s| differences(tools, engine, s))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} runs differ from the reference\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn state_machines_do_what_the_reference_does() {
    every_example_runs(Engine::StepFunctions, "moto");
}

#[test]
fn workflows_do_what_the_reference_does() {
    every_example_runs(Engine::Workflow, "the workflow executor");
}
