//! Who may carry a release out: a workflow in which people do work by hand, executed with people whom the plan keeps apart.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::tools::{or_skip, said};

/// Two approvals, one before the work and one after it; operations may do both, but nobody both.
fn plan(distinct: &str, duties: &str) -> String {
    format!(
        r#"person ana {{ name "Ana Ruiz"; github "ana" }}
person bob {{ name "Bob Okoro"; github "bob" }}
person cyd {{ name "Cyd Maas"; github "cyd" }}
person gil {{ name "Gil Patel"; github "gil" }}
role ops   {{ title "Operations"; members bob, cyd }}
role leads {{ title "Leads"; members gil, bob, cyd }}
environment production {{ kind production; region "eu-west-1"; account "123456789012" }}
release hands {{
  title "By hand"; version "2"; author ana; owner ops; in production
  start 2026-06-01T09:00Z
  approval before {{ from leads; {distinct}; within 2d }}
  approval close  {{ from leads; after flip; {distinct}; within 2d }}
  {duties}
  stage flip {{
    approved before
    manual "Flip the switch" {{ changes "app"; within 1h; expect "it is on" }}
    rollback {{ run "./undo.sh" {{ changes "app"; idempotent }} }}
  }}
  stage tidy {{ approved close; run "./tidy.sh" {{ changes "log"; undo run "./untidy.sh" {{ idempotent }} }} }}
}}
"#
    )
}

/// Builds a plan; gives its workflow.
fn built(folder: &Path, source: &str) -> std::path::PathBuf {
    std::fs::create_dir_all(folder).expect("a folder can be made");
    let file = folder.join("hands.release");
    std::fs::write(&file, source).expect("the plan can be written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
    let select = ["--force", "--out"];
    let done = command.arg("build").arg(&file).args(select).arg(folder).output();
    let done = done.expect("the compiler can be started");
    let workflow = folder.join("hands/.github/workflows/release-hands.yml");
    assert!(
        workflow.is_file(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        said(&done)
    );
    workflow
}

/// What the world answers: who approves before, who flips the switch, who approves the close.
fn world(before: &str, flips: &str, close: &str) -> Value {
    let asked = |all: &[&str], who: &str| json!({ "reviewers": all, "answers": [{ "state": "approved", "by": who, "after": 60 }] });
    let leads = ["gil", "bob", "cyd"];
    json!({
        "about": "hands", "engine": "workflow", "artifact": "", "expect": { "result": "" },
        "inputs": { "plan": "{{plan}}" },
        "github": { "actor": "eva" },
        "scripts": ["undo.sh", "tidy.sh", "untidy.sh"],
        "environments": {
            "production": {},
            "hands-messages": {},
            "hands-approve-before": asked(&leads, before),
            "hands-step-flip-s1": asked(&["bob", "cyd"], flips),
            "hands-approve-close": asked(&leads, close),
        },
    })
}

#[test]
fn nobody_does_by_hand_what_they_approved() {
    let Some(tools) = or_skip("the workflow executor, on who carries a release out") else {
        return;
    };
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hands");
    let rules = [
        ("distinct_from author, executors", ""),
        (
            "distinct_from author",
            "duties { distinct executors, before, close }",
        ),
    ];
    for (i, (distinct, duties)) in rules.iter().enumerate() {
        let folder = root.join(i.to_string());
        let workflow = built(&folder, &plan(distinct, duties));
        // Who sits where, and whether the release may go through.
        let cases = [
            ("gil", "bob", "cyd", true),
            ("bob", "bob", "cyd", false),
            ("gil", "bob", "bob", false),
        ];
        let mut command = tools.node("run.mjs");
        command.arg(&workflow);
        for (n, (before, flips, close, _)) in cases.iter().enumerate() {
            let file = folder.join(format!("world{n}.json"));
            std::fs::write(&file, world(before, flips, close).to_string()).expect("it can be written");
            command.arg(file);
        }
        let done = command.output().expect("the engine can be started");
        assert!(done.status.success(), "the engine broke: {}", said(&done));
        let text = String::from_utf8_lossy(&done.stdout);
        let traces: Vec<Value> = text
            .lines()
            .map(|l| serde_json::from_str(l).expect("a trace is JSON"))
            .collect();
        assert_eq!(traces.len(), cases.len(), "the engine reports every run");
        for (case, trace) in cases.iter().zip(&traces) {
            let calls = trace["calls"].to_string();
            let went =
                trace["result"] == "release-hands.yml success" && calls.contains("stage-tidy: tidy.sh");
            assert_eq!(went, case.3, "{distinct} {duties} {case:?}: {trace:#}");
            assert_eq!(trace["complaints"], json!([]), "{case:?}");
        }
    }
}
