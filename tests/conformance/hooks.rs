//! The hooks of `.pre-commit-hooks.yaml`, run by pre-commit itself against a local clone of this project.

use std::process::Command;

use crate::judge::Verdict;
use crate::tools::{self, said};

/// A plan that checks clean.
const HELLO: &str = include_str!("../../examples/hello/hello.release");

/// The plan in the form that the formatter gives it.
fn formatted() -> String {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("hello.release");
    std::fs::write(&file, HELLO).expect("the plan can be written");
    let done = Command::new(env!("CARGO_BIN_EXE_releasec"))
        .arg("fmt")
        .arg(&file)
        .output();
    let done = done.expect("the compiler can be started");
    assert!(
        done.status.success(),
        "the formatter refuses the plan: {}",
        said(&done)
    );
    std::fs::read_to_string(&file).expect("the plan can be read")
}

#[test]
fn pre_commit_runs_our_hooks() {
    let Some(tools) = tools::or_skip("pre-commit") else {
        return;
    };
    let good = formatted();
    let unclosed = good.replacen(
        "distinct_from author, executors; within 2d }",
        "distinct_from author, executors; within 2d",
        1,
    );
    let crooked = good.replacen("release hello {", "release   hello    {", 1);
    assert!(
        unclosed != good && crooked != good,
        "the faults are planted in the example"
    );
    let cases = serde_json::json!([
        { "hook": "releasec-check", "file": "good.release", "text": good, "passes": true },
        { "hook": "releasec-check", "file": "unclosed.release", "text": unclosed, "passes": false },
        { "hook": "releasec-fmt", "file": "good.release", "text": good, "passes": true },
        { "hook": "releasec-fmt", "file": "crooked.release", "text": crooked, "passes": false },
    ]);
    let mut command = tools.python("hooks/try_hooks.py");
    command.args([
        env!("CARGO_MANIFEST_DIR"),
        env!("CARGO_BIN_EXE_releasec"),
        &cases.to_string(),
    ]);
    let done = command.output().expect("pre-commit can be started");
    assert!(done.status.success(), "pre-commit broke: {}", said(&done));
    let text = String::from_utf8_lossy(&done.stdout);
    let refused: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<Verdict>(line).expect("a verdict is JSON"))
        .filter(|verdict| !verdict.accepted)
        .flat_map(|verdict| verdict.messages)
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
