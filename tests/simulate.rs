//! `releasec simulate` as people call it: what it prints, and how it ends.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The exit code, and what is printed on both outputs.
fn simulate(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
    let out = command
        .arg("simulate")
        .args(args)
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

#[track_caller]
fn of(example: &str, args: &[&str]) -> String {
    let (code, out, err) = simulate(&root().join("examples").join(example), args);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    out
}

#[track_caller]
fn wrong(example: &str, args: &[&str]) -> String {
    let (code, out, err) = simulate(&root().join("examples").join(example), args);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
    err
}

#[test]
fn a_failure_is_told_as_a_story() {
    insta::assert_snapshot!(of("bioage", &["--fail", "model@100%"]));
}

#[test]
fn all_goes_well_when_nothing_is_said() {
    insta::assert_snapshot!(of("hello", &[]));
}

#[test]
fn what_stays_is_told_where_a_run_ends_half_done_and_not_where_it_goes_on() {
    let stopped = of("database-migration", &["--fail", "contract", "--answer", "stop"]);
    assert!(stopped.contains("needs help"), "{stopped}");
    let stays = stopped.lines().find(|l| l.trim_start().starts_with("stays"));
    assert!(stays.is_some_and(|l| l.contains("contract")), "{stopped}");
    let went_on = of(
        "database-migration",
        &["--fail", "contract", "--answer", "proceed"],
    );
    assert!(
        went_on.contains("The run succeeds") && !went_on.contains("  stays"),
        "{went_on}"
    );
}

#[test]
fn every_single_failure_stands_in_one_table() {
    let mut all = String::new();
    for example in ["hello", "bioage", "database-migration", "multi-region"] {
        all.push_str(&of(example, &["--all"]));
        all.push('\n');
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_stage_that_comes_after_its_window_finds_it_closed() {
    let late = of("bioage", &["--grant", "change_board=20h"]);
    assert!(
        late.contains("why      the window was closed when `infrastructure` would have started"),
        "{late}"
    );
    let early = of("bioage", &["--grant", "change_board=1h"]);
    assert!(early.contains("The run succeeds"), "{early}");
}

#[test]
fn one_thing_comes_out_in_one_way() {
    for flags in [
        ["--reject", "go", "--grant", "go=3h"],
        ["--expire", "go", "--reject", "go"],
        ["--fail", "shift.1", "--hang", "shift"],
    ] {
        let err = wrong("hello", &flags);
        assert!(err.contains("cannot both come about in one run"), "{err}");
    }
}

#[test]
fn a_table_says_what_does_not_come_about_and_what_holds_in_all_of_it() {
    let rejected = of("bioage", &["--reject", "change_board", "--all"]);
    assert!(
        rejected.contains("with --reject change_board: ") && rejected.contains("does not come about"),
        "{rejected}"
    );
}

#[test]
fn a_table_can_have_every_row() {
    let short = of("bioage", &["--all"]).lines().count();
    let long = of("bioage", &["--all", "--verbose"]).lines().count();
    assert!(long > short + 10, "{long} rows, {short} without");
}

#[test]
fn a_drawing_is_a_sequence_diagram() {
    insta::assert_snapshot!(of(
        "database-migration",
        &["--fail", "service", "--format", "mermaid"]
    ));
}

#[test]
fn programs_read_the_same() {
    let run = of("hello", &["--reject", "go", "--format", "json"]);
    let read: serde_json::Value = serde_json::from_str(&run).expect("JSON");
    assert_eq!(read["version"], 1);
    assert_eq!(read["run"]["state"], "rolled_back");
    insta::assert_snapshot!(run);
    let table = of("multi-region", &["--all", "--format", "json"]);
    let read: serde_json::Value = serde_json::from_str(&table).expect("JSON");
    let failures = read["failures"].as_array().expect("a list");
    assert!(failures.iter().any(|f| f["undone"][0][0] == "ap.shift"));
}

#[test]
fn the_same_number_gives_the_same_run_and_another_one_another() {
    let drawn = |seed: &str| of("bioage", &["--seed", seed]);
    assert_eq!(drawn("7"), drawn("7"));
    assert!((1..8).any(|n| drawn(&n.to_string()) != drawn("7")));
}

#[test]
fn the_shortest_is_shorter_than_the_longest() {
    let until = |pace: &str| {
        let text = of("bioage", &["--fail", "api", "--format", "json", "--pace", pace]);
        let read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        read["run"]["until_safe_ms"].as_i64().expect("a number")
    };
    assert!(until("shortest") < until("longest"));
}

#[test]
fn a_parameter_that_is_given_decides() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = r#"
param kind: one_of("major", "patch") = "major"
person ana { name "Ana Ruiz" }
role operations { title "Operations"; at_least 3 }
environment staging { kind staging }
release shop {
  title "Shop"; version "2"; author ana; owner operations; in staging
  stage all  { when kind is major; run "./all.sh" { changes nothing } }
  stage some { when kind is patch; run "./some.sh" { changes nothing } }
}
"#;
    std::fs::write(folder.path().join("plan.release"), plan).expect("written");
    let (_, major, _) = simulate(folder.path(), &[]);
    assert!(
        major.contains("`all` starts") && !major.contains("`some` starts"),
        "{major}"
    );
    let (_, patch, _) = simulate(folder.path(), &["--param", "kind=patch"]);
    assert!(
        patch.contains("`some` starts") && !patch.contains("`all` starts"),
        "{patch}"
    );
}

#[test]
fn an_undo_of_unknown_length_never_counts_as_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(root().join("src/cli/starter/plan.release")).expect("the starter");
    let text = text.replace("takes 5m .. 15m; ", "").replace("within  20m", "");
    std::fs::write(folder.path().join("plan.release"), text).expect("written");
    let people = root().join("src/cli/starter/people.release");
    std::fs::copy(people, folder.path().join("people.release")).expect("copied");
    let (_, all, _) = simulate(folder.path(), &["plan.release", "--all"]);
    assert!(all.contains("not said"), "{all}");
    let (_, one, _) = simulate(folder.path(), &["plan.release", "--fail", "deploy"]);
    assert!(one.contains("nobody has said how long the undos take"), "{one}");
}

#[test]
fn a_misspelt_name_is_met_with_the_nearest() {
    let mut all = String::new();
    for (example, args) in [
        ("bioage", &["--fail", "modle"][..]),
        ("bioage", &["--fail", "model@20%"]),
        ("bioage", &["--fail", "model.smok"]),
        ("bioage", &["--fail", "candidate@10%"]),
        ("bioage", &["--fail-gate", "smok"]),
        ("bioage", &["--reject", "change_bord"]),
        ("bioage", &["--trigger", "error_spike"]),
        ("bioage", &["--trigger", "errors_spike@ap"]),
        ("bioage", &["--window-closed", "app"]),
        ("bioage", &["--grant", "change_board"]),
        ("bioage", &["--grant", "change_board=soon"]),
        ("bioage", &["--fail", "model=often"]),
        ("bioage", &["--answer", "retr"]),
        ("bioage", &["--fail-finally", "1"]),
        ("bioage", &["--override", "hotfix"]),
        ("multi-region", &["--decide", "go_on=wat"]),
        ("multi-region", &["--decide", "go=yes"]),
        ("bioage", &["--all", "--format", "mermaid"]),
    ] {
        all.push_str(&wrong(example, args));
        all.push('\n');
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_plan_with_errors_runs_and_says_that_it_has_some() {
    let folder = root().join("tests/corpus/run/stop");
    let (code, out, err) = simulate(&folder, &["plan.release", "--fail", "web"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("The run stops"), "{out}");
    assert_eq!(err, "note: the plan has an error, which `releasec check` shows\n");
}

#[test]
fn what_is_no_plan_is_not_run() {
    let people = root().join("tests/corpus/run");
    let (code, _, err) = simulate(&people, &["around.release"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("there is nothing to run"), "{err}");
    let two: PathBuf = root().join("tests/corpus/run");
    let (code, _, err) = simulate(&two, &["."]);
    assert_eq!(code, Some(2));
    assert!(err.contains("one is run at a time"), "{err}");
}
