//! `releasec simulate` as people call it: what it prints, and how it ends.

use releasec::run::Verb;
use std::collections::BTreeSet;
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

/// Every field of a document, and the words of its texts that stand in a list of their own.
fn fields(value: &serde_json::Value, found: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, inner) in map {
                found.insert(key.clone());
                let word = matches!(key.as_str(), "state" | "kind" | "event");
                found.extend(inner.as_str().filter(|_| word).map(str::to_string));
                fields(inner, found);
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|v| fields(v, found)),
        _ => {}
    }
}

#[test]
fn the_page_names_every_field_and_every_word_for_programs() {
    let mut found = BTreeSet::new();
    for (example, args) in [
        ("hello", &["--reject", "go"][..]),
        ("bioage", &["--fail", "model@100%"]),
        ("bioage", &["--fail", "api", "--fail-undo", "api"]),
        ("database-migration", &["--fail", "contract", "--answer", "stop"]),
        ("multi-region", &["--seed", "3"]),
        ("multi-region", &["--all"]),
        ("database-migration", &["--all"]),
    ] {
        let text = of(example, &[args, &["--format", "json"]].concat());
        fields(&serde_json::from_str(&text).expect("JSON"), &mut found);
    }
    assert!(found.contains("failures") && found.contains("at_ms") && found.contains("needs_help"));
    found.extend(Verb::ALL.iter().map(|v| v.id().to_string()));
    let page = std::fs::read_to_string(root().join("docs/simulate.md")).expect("the page");
    let start = page.find("## For programs").expect("a section");
    let section = page[start..].split("\n## ").next().unwrap_or_default();
    // What stands between backticks in the first column of a table is what the document has.
    let named: BTreeSet<String> = section
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_string)
        .collect();
    let unnamed: Vec<&String> = found.difference(&named).collect();
    assert!(
        unnamed.is_empty(),
        "docs/simulate.md does not say what is {unnamed:?}"
    );
    let first = section
        .lines()
        .filter_map(|l| l.strip_prefix("| `")?.split(" | ").next());
    let listed: BTreeSet<String> = first
        .flat_map(|cell| cell.split(", "))
        .map(|w| w.trim_matches('`').to_string())
        .collect();
    assert!(listed.len() > 50, "{listed:?}");
    let gone: Vec<&String> = listed.difference(&found).collect();
    assert!(
        gone.is_empty(),
        "docs/simulate.md tells of {gone:?}, which there is not"
    );
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

/// A small plan of stages, with people around them, run with some flags: both outputs.
fn small(stages: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = [
        r#"
person ana { name "Ana Ruiz" }
role operations { title "Operations"; at_least 3 }
environment staging { kind staging }
release shop {
  title "Shop"; version "2"; author ana; owner operations; in staging
"#,
        stages,
        "\n}\n",
    ];
    std::fs::write(folder.path().join("plan.release"), plan.concat()).expect("written");
    simulate(folder.path(), args)
}

#[test]
fn a_person_who_is_slow_takes_all_the_time_there_is() {
    let stages = r#"
  stage web {
    manual "Flip it" { changes "app:web"; within 20m; undo manual "Flip it back" { within 25m } }
    run "./check.sh" { changes nothing; takes 1m }
  }
"#;
    let (_, slow, _) = small(stages, &["--fail", "web"]);
    assert!(slow.contains("  safe     25m after it went wrong"), "{slow}");
    assert!(slow.contains("after 46m"), "{slow}");
    let (_, quick, _) = small(stages, &["--fail", "web", "--pace", "shortest"]);
    assert!(quick.contains("  safe     at once"), "{quick}");
}

#[test]
fn a_rollback_is_given_up_when_its_time_is_over() {
    let stages = |within: &str| {
        let rollback = r#"
  stage web {
    run "./web.sh" { changes "app:web"; takes 1m }
    rollback {
      within WITHIN
      owner operations
      run "./drain.sh" { changes "app:web"; takes 2m; idempotent }
      run "./back.sh" { changes "app:web"; takes 5m .. 10m; idempotent }
      run "./look.sh" { changes nothing; takes 1m }
    }
  }
"#;
        rollback.replace("WITHIN", within)
    };
    let (_, late, _) = small(&stages("9m"), &["--fail", "web"]);
    assert!(late.contains("The run needs help after 10m"), "{late}");
    assert!(
        late.contains("its rollback may take 9m") && !late.contains("look.sh"),
        "{late}"
    );
    for (within, pace) in [("13m", "longest"), ("9m", "shortest")] {
        let (_, back, _) = small(&stages(within), &["--fail", "web", "--pace", pace]);
        assert!(back.contains("The run is rolled back"), "{back}");
    }
}

#[test]
fn no_time_is_cut_short_without_a_word() {
    for flag in ["grant", "locked"] {
        for text in ["99999999999999999999d", "36601d"] {
            let value = if flag == "grant" {
                ["go=", text].concat()
            } else {
                text.to_string()
            };
            let err = wrong("hello", &[&["--", flag].concat(), &value]);
            assert!(err.contains("it is longer than 100 years"), "{err}");
        }
    }
    let retried = |retry: &str| {
        let stage = r#"  stage web { run "./web.sh" { changes nothing; takes 5m; RETRY } }"#;
        small(&stage.replace("RETRY", retry), &["--fail", "web"])
    };
    let (_, backoff, _) = retried("retry 50 { every 1m; backoff 1.1 }");
    // 51 tries of 5m and waits of 1m · (1.1^50 - 1) / 0.1.
    assert!(backoff.contains("after 23h38m"), "{backoff}");
    let (code, _, err) = retried("retry 1000 { every 1m; backoff 2 }");
    assert_eq!(code, Some(1));
    assert!(
        err.contains("is longer than 100 years") || err.is_empty(),
        "{err}"
    );
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
