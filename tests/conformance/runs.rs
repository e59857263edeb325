//! Executes artifacts: each run of a scenario must end as expected, with the expected calls in order.
//!
//! Who executes is not this project: the state machine runs in moto's interpreter, the workflow in GitHub's parser and evaluator with real
//! shells. A scenario says what the world answers, and what must and must not happen; its shape stands in `README.md`.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use regex_lite::Regex;
use serde::Deserialize;

use crate::artifacts::entries;
use crate::examples;
use crate::judge::shown;
use crate::tools::{self, Tools, said};

/// What executes an artifact.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Engine {
    StepFunctions,
    Workflow,
}

/// The part of a scenario that is read here; the rest is the engine's.
#[derive(Deserialize)]
struct Scenario {
    about: String,
    engine: Engine,
    /// The artifact, below the release's folder.
    artifact: PathBuf,
    expect: Expected,
}

/// What must be true of the trace.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// The final status, word for word.
    result: String,
    /// Each is found in a call, and in this order.
    #[serde(default)]
    in_order: Vec<String>,
    /// None is found in any call.
    #[serde(default)]
    never: Vec<String>,
}

/// What an engine reports of a run.
#[derive(Deserialize)]
struct Trace {
    result: String,
    calls: Vec<String>,
    complaints: Vec<String>,
}

/// Runs the scenarios on the release in `release`: one start of the engine for each artifact, because starting it is what takes long.
fn traces(tools: &Tools, engine: Engine, scenarios: &[(PathBuf, Scenario)], release: &Path) -> Vec<Trace> {
    let mut by_artifact: IndexMap<&Path, Vec<usize>> = IndexMap::new();
    for (index, (_, scenario)) in scenarios.iter().enumerate() {
        by_artifact.entry(&scenario.artifact).or_default().push(index);
    }
    let mut traces: Vec<(usize, Trace)> = Vec::new();
    for (artifact, indices) in by_artifact {
        let mut command = match engine {
            Engine::StepFunctions => tools.python("stepfunctions/run.py"),
            Engine::Workflow => tools.node("run.mjs"),
        };
        command
            .arg(release.join(artifact))
            .args(indices.iter().map(|index| &scenarios[*index].0));
        let done = command.output().expect("the engine can be started");
        assert!(
            done.status.success(),
            "{}: the engine broke: {}",
            shown(&release.join(artifact)),
            said(&done)
        );
        let text = String::from_utf8_lossy(&done.stdout);
        let found: Vec<Trace> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("the engine's trace is JSON"))
            .collect();
        assert_eq!(found.len(), indices.len(), "the engine must report every run");
        traces.extend(indices.into_iter().zip(found));
    }
    traces.sort_by_key(|(index, _)| *index);
    traces.into_iter().map(|(_, trace)| trace).collect()
}

/// How the trace differs from what was expected.
fn differences(expected: &Expected, trace: &Trace) -> Vec<String> {
    let mut found = trace.complaints.clone();
    if trace.result != expected.result {
        found.push(format!(
            "ended as `{}`, not as `{}`",
            trace.result, expected.result
        ));
    }
    let mut rest = trace.calls.iter();
    for wanted in &expected.in_order {
        let pattern = Regex::new(wanted).expect("an expectation is a regular expression");
        if !rest.any(|call| pattern.is_match(call)) {
            found.push(format!("no call `{wanted}` in its place"));
            break;
        }
    }
    for unwanted in &expected.never {
        let pattern = Regex::new(unwanted).expect("an expectation is a regular expression");
        found.extend(
            trace
                .calls
                .iter()
                .filter(|call| pattern.is_match(call))
                .map(|call| format!("must not happen: {call}")),
        );
    }
    found
}

/// The scenarios in `folder` that are for `engine`.
fn scenarios(folder: &Path, engine: Engine) -> Vec<(PathBuf, Scenario)> {
    let files = entries(folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "json"));
    files
        .map(|file| {
            let text = std::fs::read_to_string(&file).expect("a scenario can be read");
            let scenario =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", shown(&file)));
            (file, scenario)
        })
        .filter(|(_, scenario): &(PathBuf, Scenario)| scenario.engine == engine)
        .collect()
}

/// Runs the scenarios in `folder`; a paragraph for each that did not go as expected.
fn failures(tools: &Tools, engine: Engine, folder: &Path, release: &Path) -> Vec<String> {
    let mut failed = Vec::new();
    let scenarios = scenarios(folder, engine);
    let traces = traces(tools, engine, &scenarios, release);
    for ((file, scenario), trace) in scenarios.into_iter().zip(traces) {
        let wrong = differences(&scenario.expect, &trace);
        if !wrong.is_empty() {
            let (name, about, calls) = (shown(&file), scenario.about, trace.calls.join("\n      "));
            failed.push(format!(
                "{name} ({about})\n    {}\n    the calls were\n      {calls}",
                wrong.join("\n    ")
            ));
        }
    }
    failed
}

fn samples_run(engine: Engine, what: &str) {
    let Some(tools) = tools::or_skip(what) else { return };
    let samples = tools::here().join("samples");
    for release in entries(&samples.join("good")) {
        let failed = failures(tools, engine, &release.join("runs"), &release);
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }
    // The same kind of expectation on artifacts with a planted fault: an executor that sees nothing would pass above too.
    for release in entries(&samples.join("broken")) {
        let runs = release.join("runs");
        let planted = scenarios(&runs, engine);
        let seen = failures(tools, engine, &runs, &release);
        assert_eq!(
            seen.len(),
            planted.len(),
            "a planted fault in {} went unseen",
            shown(&release)
        );
    }
}

fn examples_run(engine: Engine, what: &str) {
    let Some(tools) = tools::or_skip(what) else { return };
    let mut failed = Vec::new();
    for example in examples::built() {
        let runs = tools::here().join("runs").join(&example.name);
        for release in entries(&example.dist).into_iter().filter(|path| path.is_dir()) {
            failed.extend(failures(tools, engine, &runs, &release));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

mod stepfunctions {
    use super::{Engine, examples_run, samples_run};

    #[test]
    fn executes_the_samples_and_sees_planted_faults() {
        samples_run(Engine::StepFunctions, "moto");
    }

    #[test]
    fn executes_every_example() {
        examples_run(Engine::StepFunctions, "moto");
    }
}

mod workflow {
    use super::{Engine, examples_run, samples_run};

    #[test]
    fn executes_the_samples_and_sees_planted_faults() {
        samples_run(Engine::Workflow, "the workflow executor");
    }

    #[test]
    fn executes_every_example() {
        examples_run(Engine::Workflow, "the workflow executor");
    }
}
