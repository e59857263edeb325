//! Baselines: what is known is hidden and counted, what is new fails, what is gone is said, and nothing unread is accepted.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

const PEOPLE: &str = "person ana { name \"Ana\" }\nperson bo { name \"Bo\" }\nrole leads { title \"Leads\"; members ana, bo }\n";

/// A plan with findings in two stages that word one of them alike.
const SHOP: &str = r#"use "people.release" { ana, leads }
environment production { kind production }
release shop {
  title "Shop"
  version "1.4.0"
  author ana
  owner leads
  in production
  start 2026-06-01T09:00Z
  approval go { from leads; within 2d }
  stage deploy { approved go; run "./deploy.sh 1.4.0" { changes "service:shop" } }
  stage warm { after deploy; run "./warm.sh" { changes "cache:shop" } }
}
"#;

struct Desk(tempfile::TempDir);

struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Desk {
    fn new() -> Desk {
        let desk = Desk(tempfile::tempdir().expect("a folder"));
        std::fs::create_dir_all(desk.path().join("plans/.git")).expect("a folder");
        desk.write("plans/people.release", PEOPLE);
        desk.write("plans/shop.release", SHOP);
        desk
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.path().join(path), text).expect("a file");
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).expect("a file")
    }

    fn run_in(&self, folder: &str, args: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
        let command = command.args(args).current_dir(self.path().join(folder));
        let done = command.stdin(Stdio::null()).output().expect("the program starts");
        Run {
            code: done.status.code(),
            out: String::from_utf8_lossy(&done.stdout).into_owned(),
            err: String::from_utf8_lossy(&done.stderr).into_owned(),
        }
    }

    fn run(&self, args: &[&str]) -> Run {
        self.run_in(".", args)
    }

    /// A desk with a baseline of everything, and how many findings there are.
    fn with_baseline() -> (Desk, u64) {
        let desk = Desk::new();
        let before = desk.run(&["check", "plans", "--format", "json"]);
        assert_eq!(before.code, Some(1), "the plan has errors:\n{}", before.out);
        let written = desk.run(&["check", "plans", "--write-baseline", "known.json"]);
        assert_eq!(written.code, Some(0), "{}", written.err);
        let found: Value = serde_json::from_str(&before.out).expect("JSON");
        let n = found["findings"].as_array().expect("findings").len() as u64;
        assert!(
            written
                .err
                .contains(&format!("wrote {n} findings to `known.json`"))
        );
        (desk, n)
    }
}

#[test]
fn what_is_known_is_counted_and_hidden_wherever_one_stands() {
    let (desk, n) = Desk::with_baseline();
    let known = desk.read("known.json");
    let said = format!("checked 2 files: nothing new ({n} findings are in the baseline)\n");
    let now = desk.run(&["check", "plans", "--baseline", "known.json"]);
    assert_eq!(
        (now.code, now.out.as_str(), now.err.as_str()),
        (Some(0), said.as_str(), "")
    );
    let below = desk.run_in(
        "plans",
        &["check", "--baseline", "../known.json", "--fail-level", "info"],
    );
    assert_eq!((below.code, below.out), (Some(0), said));
    // To the byte, whatever order the files are named in.
    desk.run(&[
        "check",
        "plans/shop.release",
        "plans/people.release",
        "--write-baseline",
        "known.json",
    ]);
    assert_eq!(desk.read("known.json"), known);
}

#[test]
fn edits_elsewhere_change_nothing_and_a_new_finding_fails() {
    let (desk, n) = Desk::with_baseline();
    let moved = SHOP
        .replace("release shop {", "# Moved by a remark.\n\nrelease shop {\n")
        .replace("run \"./deploy.sh 1.4.0\"", "run    \"./deploy.sh 1.5.0\"");
    desk.write("plans/shop.release", &moved);
    let now = desk.run(&["check", "plans", "--baseline", "known.json"]);
    assert_eq!(now.code, Some(0), "{}", now.out);

    let third = "  stage tidy { after warm; run \"./tidy.sh\" { changes \"disk:shop\" } }\n}\n";
    let longer = format!("{}{third}", moved.strip_suffix("}\n").expect("a block that ends"));
    desk.write("plans/shop.release", &longer);
    let now = desk.run(&["check", "plans", "--baseline", "known.json", "--format", "short"]);
    assert_eq!(now.code, Some(1), "{}", now.out);
    assert!(
        now.out.contains("error[rollback/missing]") && now.out.contains("`tidy`"),
        "{}",
        now.out
    );
    assert!(!now.out.contains("nothing undoes `warm`"), "{}", now.out);
    assert!(now.out.contains("in the baseline)"), "{} of {n}", now.out);
}

#[test]
fn what_is_gone_is_said_and_dropped_and_nothing_is_added() {
    let (desk, n) = Desk::with_baseline();
    let mended = SHOP.replace("changes \"cache:shop\"", "changes nothing").replace(
        "stage deploy {",
        "stage deploy { run \"./x.sh\" { changes \"disk:x\" }; ",
    );
    desk.write("plans/shop.release", &mended);
    let now = desk.run(&["check", "plans", "--baseline", "known.json"]);
    assert!(
        now.err.contains("of the baseline") && now.err.contains("no longer found"),
        "{}",
        now.err
    );
    assert!(now.err.contains("`warm`"), "{}", now.err);

    // Part of the plans cannot tell that something is gone.
    let part = desk.run(&["check", "plans/people.release", "--baseline", "known.json"]);
    assert_eq!((part.code, part.err.as_str()), (Some(0), ""));

    let both = [
        "check",
        "plans",
        "--baseline",
        "known.json",
        "--write-baseline",
        "known.json",
    ];
    let failed = desk.run(&both).code;
    let left: Value = serde_json::from_str(&desk.read("known.json")).expect("JSON");
    let left = left["findings"].as_array().expect("findings").len() as u64;
    assert!(left < n, "{left} of {n}");
    let now = desk.run(&["check", "plans", "--baseline", "known.json"]);
    assert_eq!(
        (now.err.as_str(), now.code),
        ("", failed),
        "nothing was added:\n{}",
        now.out
    );
}

#[test]
fn what_keeps_a_plan_from_being_checked_is_in_no_baseline() {
    let (desk, _) = Desk::with_baseline();
    let known = desk.read("known.json");
    for broken in [
        SHOP.replace("author ana", "author anna"),
        SHOP.replace("  stage warm {", "  stage warm "),
        SHOP.replace(
            "stage deploy { approved go;",
            "stage deploy { after warm; approved go;",
        ),
    ] {
        desk.write("plans/shop.release", &broken);
        let write = desk.run(&["check", "plans", "--write-baseline", "known.json"]);
        assert_eq!(write.code, Some(2), "{}", write.err);
        assert!(write.err.contains("no baseline was written"), "{}", write.err);
        assert!(write.out.contains("error"), "{}", write.out);
        assert_eq!(desk.read("known.json"), known);
        let now = desk.run(&["check", "plans", "--baseline", "known.json"]);
        assert_eq!((now.code, now.err.as_str()), (Some(1), ""), "{}", now.out);
    }
    // Not even when somebody writes it down by hand.
    desk.write("plans/shop.release", &SHOP.replace("author ana", "author anna"));
    let found = desk.run(&["check", "plans", "--format", "json"]).out;
    let found: Value = serde_json::from_str(&found).expect("JSON");
    let by_hand = serde_json::json!({
        "version": 1,
        "plans": [],
        "findings": [{
            "path": "plans/shop.release",
            "in": "release shop",
            "code": found["findings"][0]["code"],
            "message": found["findings"][0]["message"],
        }],
    });
    desk.write("known.json", &by_hand.to_string());
    let now = desk.run(&["check", "plans", "--baseline", "known.json"]);
    assert_eq!(now.code, Some(1), "{}", now.out);
}

#[test]
fn a_file_that_is_no_baseline_is_told_why() {
    let (desk, _) = Desk::with_baseline();
    for (text, why) in [
        ("", "`known.json` is no baseline: "),
        ("{\"findings\": []}", "it has no `version`"),
        ("{\"version\": 9, \"findings\": []}", "a baseline of version 9"),
        (
            "{\"version\": 1, \"plans\": [], \"findings\": [], \"more\": 1}",
            "unknown field `more`",
        ),
        (
            "{\"version\": 1, \"plans\": [], \"findings\": [{}]}",
            "missing field `path`",
        ),
    ] {
        desk.write("known.json", text);
        let now = desk.run(&["check", "plans", "--baseline", "known.json"]);
        assert_eq!((now.code, now.out.as_str()), (Some(2), ""), "{text}");
        assert!(now.err.contains(why), "{text}: {}", now.err);
    }
    let none = desk.run(&["check", "plans", "--baseline", "none.json"]);
    assert!(
        none.err.contains("there is no such file or folder"),
        "{}",
        none.err
    );
    let two = ["check", "--baseline", "a.json", "--write-baseline", "b.json"];
    assert_eq!(desk.run(&two).code, Some(2));
}

#[test]
fn programs_are_told_what_is_known() {
    let (desk, n) = Desk::with_baseline();
    let args = |format| ["check", "plans", "--baseline", "known.json", "--format", format];
    let json: Value = serde_json::from_str(&desk.run(&args("json")).out).expect("JSON");
    assert_eq!(json["findings"], serde_json::json!([]));
    assert_eq!(
        json["summary"]["baseline"],
        serde_json::json!({ "known": n, "gone": 0 })
    );

    desk.write(
        "plans/shop.release",
        &SHOP.replace(
            "cache:shop\" }",
            "cache:shop\" }; run \"echo $NONE\" { changes nothing }",
        ),
    );
    let sarif: Value = serde_json::from_str(&desk.run(&args("sarif")).out).expect("SARIF");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let of = |state: &str| results.iter().filter(|r| r["baselineState"] == state).count() as u64;
    assert!(of("new") > 0, "{sarif:#}");
    assert_eq!(
        (of("unchanged"), of("new") + of("unchanged")),
        (n, results.len() as u64)
    );
}
