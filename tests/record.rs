//! Runs held against their plans.
//!
//! The histories under `tests/corpus/record/` were written by the interpreter that executes the state machines in
//! `tests/conformance/`: `HELLO_succeeds.json` is the run of `runs/hello/machine_succeeds.json`. Those with `workflow` in their name are
//! what the executor there tells of a workflow's run, in the shape of the API (`HISTORY=1` makes either engine print it). What the findings are is held by
//! the corpus; here is held what the completed runbook says, and that no text does harm.

use proptest::prelude::*;
use releasec::driver::Settings;
use releasec::driver::read::Input;
use releasec::driver::record::{Recorded, record};
use releasec::emit::runbook::templates::Templates;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn recorded(plan: &str, history: &str) -> Result<Recorded, String> {
    let settings = Settings {
        here: root().to_path_buf(),
        ..Settings::default()
    };
    let plan = root().join("examples").join(plan);
    let from = PathBuf::from("history.json");
    let recorded = record(
        &[Input::File(plan)],
        &settings,
        history,
        &from,
        &Templates::default(),
    )
    .map_err(|p| p.to_string())?;
    match recorded.checked.problems.first() {
        Some(problem) => Err(problem.to_string()),
        None => Ok(recorded),
    }
}

fn history(name: &str) -> String {
    std::fs::read_to_string(root().join("tests/corpus/record").join(name)).expect("a history")
}

/// What a completed runbook says of the run: its own section, and the execution log.
fn told(plan: &str, name: &str) -> String {
    let recorded = recorded(plan, &history(name)).expect("a run of the plan");
    assert!(
        recorded.checked.findings.is_empty(),
        "{name}: {:?}",
        recorded.checked.findings
    );
    let document = recorded.document.expect("a runbook");
    let from = document.runbook.find("## How the run went").expect("the section");
    let to = document
        .runbook
        .find("### Trouble on the way")
        .expect("the end of the log");
    format!("{}\n\n{}", document.summary, &document.runbook[from..to])
}

#[test]
fn a_run_that_went_well_is_told_with_its_times_and_its_people() {
    insta::assert_snapshot!(told("bioage/bioage.release", "bioage_succeeds.json"));
}

#[test]
fn a_run_that_was_rolled_back_is_told_with_what_was_undone() {
    insta::assert_snapshot!(told("bioage/bioage.release", "bioage_rolls_back.json"));
}

#[test]
fn short_runs_are_told_by_how_they_ended() {
    for (name, end) in [
        (
            "hello_succeeds.json",
            "Step Functions: succeeded; the run kept to the plan",
        ),
        (
            "hello_rolls_back.json",
            "Step Functions: rolled back; the run kept to the plan",
        ),
        (
            "hello_is_rejected.json",
            "Step Functions: rolled back; the run kept to the plan",
        ),
        (
            "hello_needs_help.json",
            "Step Functions: needs help; the run kept to the plan",
        ),
    ] {
        let told = told("hello/hello.release", name);
        assert_eq!(told.lines().next(), Some(end), "{name}");
    }
}

#[test]
fn runs_of_workflows_are_told_too() {
    for (plan, name, end) in [
        ("hello/hello.release", "hello_workflow_succeeds.json", "succeeded"),
        (
            "hello/hello.release",
            "hello_workflow_rolls_back.json",
            "rolled back",
        ),
        (
            "hello/hello.release",
            "hello_workflow_is_rejected.json",
            "rolled back",
        ),
        (
            "bioage/bioage.release",
            "bioage_workflow_succeeds.json",
            "succeeded",
        ),
        (
            "bioage/bioage.release",
            "bioage_workflow_rolls_back.json",
            "rolled back",
        ),
    ] {
        let told = told(plan, name);
        let line = format!("GitHub: {end}; the run kept to the plan");
        assert_eq!(told.lines().next(), Some(line.as_str()), "{name}");
    }
    insta::assert_snapshot!(told("bioage/bioage.release", "bioage_workflow_rolls_back.json"));
}

/// The codes found in a real history in which some text was replaced.
fn changed(name: &str, from: &str, to: &str) -> Vec<&'static str> {
    let text = history(name);
    assert!(text.contains(from), "{name}: no {from}");
    let plan = if name.starts_with("hello") {
        "hello/hello.release"
    } else {
        "bioage/bioage.release"
    };
    let recorded = recorded(plan, &text.replace(from, to)).expect("a run of the plan");
    recorded.checked.findings.iter().map(|d| d.code.0).collect()
}

#[test]
fn real_histories_that_were_changed_are_found_out() {
    // Somebody else said yes; the same person said it twice.
    let gita = "\"login\": \"gitarao\"";
    let workflow = "bioage_workflow_succeeds.json";
    assert_eq!(
        changed(workflow, gita, "\"login\": \"mallory\""),
        ["record/unpermitted_approver"]
    );
    assert_eq!(
        changed(workflow, gita, "\"login\": \"emeka-o\""),
        ["record/too_few_approvers"]
    );
    // One of two gates of one name in one stage was left out; another stage has judged it too.
    let text = history(workflow);
    let step = "\"name\": \"Gate: API and model are healthy\"";
    let first = text.find(step).expect("a gate");
    let cut = text.replacen(&text[first..first + step.len()], "\"name\": \"Nothing\"", 1);
    let recorded = recorded("bioage/bioage.release", &cut).expect("a run of the plan");
    let found: Vec<&str> = recorded
        .checked
        .findings
        .iter()
        .map(|d| d.message.as_str())
        .collect();
    assert_eq!(
        found,
        ["`model` passed, and the gate `api_healthy` was judged 1 of 2 times"]
    );
    // A stage was skipped, or failed, and the run went on.
    assert_eq!(
        changed(workflow, "\"name\": \"Stage api\"", "\"name\": \"Nothing\""),
        ["record/left_out"]
    );
    let failed = {
        let text = history(workflow);
        let model = text.find("\"name\": \"Stage model\"").expect("a stage");
        let (before, after) = text.split_at(model);
        format!(
            "{before}{}",
            after.replacen("\"conclusion\": \"success\"", "\"conclusion\": \"failure\"", 1)
        )
    };
    let run = self::recorded("bioage/bioage.release", &failed).expect("a run of the plan");
    let found: Vec<&str> = run.checked.findings.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(found, ["`api` began although `model` had failed"]);
    // A stage was not taken back.
    let back = "bioage_workflow_rolls_back.json";
    assert_eq!(
        changed(back, "\"Undo model\"", "\"Undo nothing\""),
        ["record/not_undone"]
    );
}

/// A history in which the grants are taken out is a history of stages that began without them.
#[test]
fn a_history_without_its_grants_is_found_out() {
    let text = history("bioage_succeeds.json").replace("grant_change_board", "grant_nobody");
    let recorded = recorded("bioage/bioage.release", &text).expect("a run of the plan");
    let found: Vec<(&str, &str)> = recorded
        .checked
        .findings
        .iter()
        .map(|d| (d.code.0, d.message.as_str()))
        .collect();
    assert!(!found.is_empty());
    for (code, message) in found {
        assert_eq!(code, "record/before_approval");
        assert!(message.contains("`change_board`"), "{message}");
    }
}

#[test]
fn what_is_no_history_of_the_plan_is_refused_in_words() {
    for (text, why) in [
        ("", "it is not JSON"),
        ("[]", "it is neither"),
        ("{}", "it is neither"),
        (r#"{"events": 7}"#, "are not a list"),
        (r#"{"events": [{}]}"#, "an event has no `id`"),
        (
            r#"{"events": []}"#,
            "nothing in it belongs to the release `hello`",
        ),
        (r#"{"run": {}}"#, "it has no list of `jobs`"),
        (
            r#"{"jobs": [], "approvals": 3}"#,
            "its `approvals` are not a list",
        ),
    ] {
        let problem = recorded("hello/hello.release", text).expect_err(text);
        assert!(problem.contains(why), "{text}: {problem}");
    }
    let other =
        recorded("hello/hello.release", &history("bioage_succeeds.json")).expect_err("another plan's");
    assert!(other.contains("belongs to the release `hello`"), "{other}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Pieces of real histories, torn out and put elsewhere: a finding, a refusal, or a runbook, and never harm.
    #[test]
    fn no_history_does_harm(cuts in proptest::collection::vec((0usize..40_000, 0usize..400, "[\\PC]{0,12}"), 1..6)) {
        let mut text = history("hello_rolls_back.json");
        for (at, length, with) in cuts {
            let floor = |mut i: usize| {
                i = i.min(text.len());
                while !text.is_char_boundary(i) {
                    i -= 1;
                }
                i
            };
            let (from, to) = (floor(at), floor(at + length));
            text.replace_range(from..to, &with);
        }
        let _ = recorded("hello/hello.release", &text);
    }

    /// The same with values instead of text, so that what is read is still JSON.
    #[test]
    fn no_value_does_harm(
        name in "(Stage|Approval|Hold|Undo|Exit of hold) [a-z (0-9)\\PC]{0,20}",
        conclusion in "(success|failure|cancelled|skipped|)",
        moment in "(2026-06-01T09:0[0-9]:00Z|-9999-01-01T00:00:00Z|9999-12-31T23:59:59Z|[\\PC]{0,10})",
        login in "[\\PC]{0,20}",
    ) {
        let job = serde_json::json!({
            "name": name, "conclusion": conclusion, "started_at": moment, "completed_at": moment,
            "steps": [{ "name": "./smoke.sh", "conclusion": conclusion }],
        });
        let stage = serde_json::json!({ "name": "Stage shift", "conclusion": conclusion, "started_at": moment, "completed_at": moment });
        let review = serde_json::json!({ "state": "approved", "environments": [{ "name": "hello-approve-go" }], "user": { "login": login } });
        let run = serde_json::json!({
            "run": { "id": 1, "status": "completed", "conclusion": conclusion, "run_started_at": moment, "triggering_actor": { "login": login } },
            "jobs": [job, stage], "approvals": [review], "rollback": { "jobs": [job] },
        });
        let recorded = recorded("hello/hello.release", &run.to_string());
        if let Ok(Recorded { document: Some(document), .. }) = recorded {
            prop_assert!(document.runbook.contains("## How the run went"));
        }
    }
}
