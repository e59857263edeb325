//! Real procedures, mended until they check clean: what their readers must find in the documents.

use crate::support::{Compiled, example, table};
use std::path::Path;

/// A plan of `tests/corpus/mended`.
fn mended(name: &str) -> Compiled {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/mended");
    let plan = folder.join(name).join("plan.release");
    example(&plan).unwrap_or_else(|| panic!("{name} checks clean"))
}

/// The cell of a table in the row in which a column says something.
fn cell(c: &Compiled, document: &str, heading: &str, (by, said): (&str, &str), column: &str) -> String {
    let rows = table(c.document(document), heading);
    let at = |name: &str| {
        let found = rows[0].iter().position(|h| h == name);
        found.unwrap_or_else(|| panic!("no column {name}: {:#?}", rows[0]))
    };
    let row = rows.iter().skip(1).find(|r| r[at(by)] == said);
    let row = row.unwrap_or_else(|| panic!("no row {said}: {rows:#?}"));
    row[at(column)].clone()
}

#[test]
fn what_applies_only_sometimes_says_so_wherever_it_is_done_or_judged() {
    let c = mended("thunderbird");
    let step = cell(&c, "runbook.md", "Timeline", ("Step", "2.6 build"), "What");
    assert_eq!(
        step,
        "Verify: The beta installs and starts (only when kind is beta)"
    );
    for document in ["runbook.md", "release-plan.md", "review.html"] {
        assert!(
            c.document(document).contains("only when kind is beta"),
            "{document}"
        );
    }
    let validation = table(c.document("runbook.md"), "Validation");
    let named = |name: &str| validation.iter().any(|r| r[0] == name);
    assert!(
        named("Test plan on the internal track (only when kind is release)"),
        "{validation:#?}"
    );
    let points = table(c.document("release-plan.md"), "Go or no-go");
    let point = "build: The beta installs and starts (only when kind is beta)";
    assert!(points.iter().any(|r| r[1] == point), "{points:#?}");
    // The condition of a stage holds for each of its steps.
    let c = mended("cpython");
    let step = cell(&c, "runbook.md", "Timeline", ("Step", "8.2 merge"), "What");
    assert!(step.ends_with("(only when decision push is push)"), "{step}");
}

#[test]
fn a_question_its_criterion_and_its_bound_are_sentences() {
    let c = mended("login-gov");
    let asked = cell(&c, "runbook.md", "Timeline", ("Step", "1.1 cut"), "Expect");
    assert_eq!(
        asked,
        "Did the identity check end with a verified account? Expected: The account is shown as verified. \
         Without an answer within 1 h it counts as failed."
    );
    // Joined with others, none of them ends before its separator.
    assert!(!c.document("release-plan.md").contains(".;"));
}

#[test]
fn options_are_told_apart_and_a_decision_says_by_what_it_is_taken() {
    let c = mended("login-gov");
    assert!(c.document("change-request.md").contains(
        "one of: “Yes, remove the old fleet”, “No, take it back” (roll back everything that began); without an answer: “No, take it back”"
    ));
    let criterion = cell(&c, "runbook.md", "Timeline", ("Step", "decision keep"), "Expect");
    assert_eq!(
        criterion,
        "No error that worries you, in the logs or from the support desk"
    );
}

#[test]
fn what_is_asked_before_the_start_does_not_make_the_worst_end_later() {
    let c = mended("login-gov");
    let summary = c.document("runbook.md");
    // The decision is taken at T+9h21m at the latest, and what it takes back takes an hour and a quarter.
    assert!(
        summary.contains("T+10h36m; the longest rollback takes 1 h 45 min"),
        "{}",
        &summary[..3000]
    );
    let room = cell(
        &c,
        "change-request.md",
        "Why this window",
        ("What matters", "Room for a rollback"),
        "How it is",
    );
    assert_eq!(
        room,
        "ends by Tue 2 June 2026, 20:36 EDT (Wed 3 Jun 00:36 UTC), 1 h 24 min before the window closes"
    );
}

#[test]
fn what_has_no_duration_is_named_not_only_its_stage() {
    let c = mended("login-gov");
    let flag = "Nobody has said how long this takes: “No servers are left from an earlier deploy”, \
                “The migration instance has finished” and “The new hosts are healthy in the pool” in recycle.";
    assert!(c.document("runbook.md").contains(flag));
}

#[test]
fn the_author_is_not_among_those_who_are_asked() {
    let c = mended("login-gov");
    let from = cell(
        &c,
        "runbook.md",
        "Who approves",
        ("Approval", "The promotion pull request"),
        "From",
    );
    assert_eq!(
        from,
        "Application engineers: Amir Haddad, Beth Collins, Carol Nguyen, Diego Marin"
    );
}

#[test]
fn only_what_is_measured_is_compared_after_the_deployment() {
    let c = mended("login-gov");
    let metrics = table(c.document("runbook.md"), "Monitoring after the deployment");
    assert_eq!(metrics.len(), 2, "{metrics:#?}");
    assert!(metrics[1][0].starts_with("No more errors than before ("));
    // A plan that measures nothing has no such section.
    assert!(
        !mended("cpython")
            .document("runbook.md")
            .contains("Monitoring after")
    );
}

#[test]
fn whoever_follows_a_stage_is_told_of_its_holds() {
    let c = mended("cpython");
    let runbook = c.document("runbook.md");
    assert!(runbook.contains("| Hold entered first | “Administrators may push” |"));
    assert!(runbook.contains("| Hold left after it | “Administrators may push” |"));
}

#[test]
fn triggers_that_do_the_same_are_told_in_one_breath() {
    let c = mended("login-gov");
    let then = cell(&c, "runbook.md", "Timeline", ("Step", "4.1 watch"), "If not");
    assert_eq!(
        then,
        "when trigger errors_everywhere or trigger worried acts, roll back everything that began"
    );
    // Where no trigger watches, nobody is sent to look for one.
    assert!(!mended("thunderbird").document("runbook.md").contains("triggers"));
}

#[test]
fn messages_stand_at_each_of_their_moments_and_failures_at_none() {
    let c = mended("login-gov");
    let rows = table(c.document("release-plan.md"), "Communication timeline");
    let said: Vec<String> = rows
        .iter()
        .map(|r| format!("{} {} {}", r[0], r[3], r[4]))
        .collect();
    let expected = [
        "T Moments To",
        "T-2d started Slack #login-appdev",
        "T+5h45m recycle started Slack #login-delivery",
        "T+9h36m finished Slack #login-appdev",
        "T+9h36m finished Slack #login-delivery",
        "whenever it happens failed, rolled back and stopped Slack #login-appdev",
        "whenever it happens rolled back Slack #login-delivery",
    ];
    assert_eq!(said, expected);
}

/// The documents of a plan as the command writes them, with what the pipelines make of it.
fn built(name: &str) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mended").join(name);
    let _ = std::fs::remove_dir_all(&out);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_releasec"));
    command
        .arg("build")
        .arg(here.join("tests/corpus/mended").join(name));
    command.args(["--target", "runbook", "--out"]).arg(&out);
    assert!(command.output().expect("it starts").status.success(), "{name}");
    let mut folders = std::fs::read_dir(&out).expect("a folder").flatten();
    let release = folders.find(|f| f.path().is_dir()).expect("a release");
    std::fs::read_to_string(release.path().join("runbook.md")).expect("a runbook")
}

#[test]
fn what_no_pipeline_holds_is_told_once_and_in_times_as_people_write_them() {
    let runbook = built("thunderbird");
    for said in [
        "- GitHub, not enforced: this message is sent when the run is created, not 2 working days before the start.",
        "- GitHub and Step Functions, not enforced: nobody is called when hold `main_closed` lasts longer than 2 h.",
        "with the digests of `thunderbird` and `k9_mail`.",
    ] {
        assert!(runbook.contains(said), "{said}");
    }
    let runbook = built("login-gov");
    assert_eq!(
        runbook
            .matches("the plan does not say who everybody is at AWS")
            .count(),
        1
    );
}

#[test]
fn a_pipeline_that_cannot_be_built_from_the_plan_is_a_red_flag_with_its_reason() {
    let runbook = built("thunderbird");
    for said in [
        "- No pipeline for GitHub can be built from this plan: “play” steps back by doing again what a person does.",
        "- No pipeline for Step Functions can be built from this plan: a run can write",
        "Impossible means that this pipeline cannot be built from the plan as it stands.",
        "| steps of a rollout | | play | impossible | enforced |",
    ] {
        assert!(runbook.contains(said), "{said}");
    }
    assert!(
        !runbook.contains("cannot hold"),
        "what is not built holds nothing"
    );
    assert!(!built("login-gov").contains("Impossible means"));
}

#[test]
fn what_is_not_counted_is_told_once_and_titles_stand_in_quotation_marks() {
    let c = mended("login-gov");
    let runbook = c.document("runbook.md");
    assert!(runbook.contains(
        "Not counted: how long a person takes to decide after a failure and what “Should end by” leaves out. |"
    ));
    assert!(runbook.contains("| Approved by | “The promotion pull request” and “Security review” |"));
    assert!(
        runbook
            .contains("| the author, whoever executes and whoever approves “The promotion pull request” |")
    );
}
