//! `releasec people` as people call it: what it prints, in which width, and how it ends.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The exit code, and what is printed on both outputs.
fn people(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
    let out = command
        .arg("people")
        .args(args)
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

/// A plan in a folder of its own.
fn desk(plan: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("plan.release"), plan).expect("written");
    folder
}

#[track_caller]
fn of(plan: &str, args: &[&str], code: i32) -> String {
    let folder = desk(plan);
    let (found, out, err) = people(folder.path(), args);
    assert_eq!((found, err.as_str()), (Some(code), ""), "{out}");
    out
}

#[test]
fn a_plan_with_everything_is_told_case_by_case() {
    let (code, out, err) = people(&root().join("tests/people"), &["plan.release"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(out);
}

#[test]
fn programs_read_the_same() {
    let (code, out, _) = people(
        &root().join("tests/people"),
        &["plan.release", "--format", "json"],
    );
    assert_eq!(code, Some(0));
    let read: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(read["version"], 1);
    insta::assert_snapshot!(out);
}

#[test]
fn a_parameter_that_is_fixed_leaves_one_case() {
    let folder = root().join("tests/people");
    let (code, out, _) = people(&folder, &["plan.release", "--param", "kind=patch"]);
    assert_eq!(code, Some(0));
    assert!(
        out.contains("\nIn every run\n") && !out.contains("`safe`"),
        "{out}"
    );
}

/// A release with an author and somebody who executes; the rest is given.
fn plan(roles: &str, rest: &str) -> String {
    format!(
        r#"person ana  {{ name "Ana Ruiz" }}
person ben  {{ name "Ben Okoro" }}
person cleo {{ name "Cleo Maas" }}
{roles}
role operations {{ title "Operations"; members ben }}
environment staging    {{ kind staging; mirrors production }}
environment production {{ kind production }}
gate smoke {{ run "./smoke.sh"; exercises "app:shop"; otherwise rollback }}
release shop {{
  title "Shop"; version "2.0.0"; author ana; owner operations; in production
  start 2026-06-01T09:00Z
  tested {{ in staging; on 2026-05-28; evidence "rehearsal 13" }}
{rest}
}}
"#
    )
}

const DEPLOY: &str = r#"
  stage deploy {
    approved go
    run      "./deploy.sh" { changes "app:shop" }
    verify   smoke
    rollback { run "./deploy.sh --previous" { changes "app:shop"; idempotent } }
  }"#;

#[test]
fn a_plan_that_nobody_can_approve_ends_with_1_and_says_why() {
    let approval = "  approval go { from leads; distinct_from author, executors; within 2d }";
    let roles = r#"role leads { title "Leads"; members ana, ben }"#;
    let out = of(&plan(roles, &format!("{approval}{DEPLOY}")), &[], 1);
    insta::assert_snapshot!(out);
}

#[test]
fn one_person_who_can_do_everything_is_named() {
    let approval = "  approval go { from leads; within 2d }";
    let roles = r#"role leads { title "Leads"; members ana, ben }"#;
    let text = plan(roles, &format!("{approval}{DEPLOY}")).replace("author ana", "author ben");
    let out = of(&text, &[], 0);
    let first = "One person alone can take a change to production:\n  `ben`     is the author, executes `deploy` as `operations`, approves `go`\n";
    assert!(out.contains(first), "{out}");
}

#[test]
fn a_stage_before_which_nobody_approves_is_named() {
    let rest = DEPLOY.replace("    approved go\n", "");
    let out = of(&plan("", &rest), &[], 0);
    assert!(
        out.contains(
            "  No approval stands before `deploy` (plan.release:14): whoever executes it needs nobody else.\n"
        ),
        "{out}"
    );
}

#[test]
fn a_plan_without_production_says_so() {
    let text =
        plan("", DEPLOY.replace("    approved go\n", "").as_str()).replace("in production\n", "in staging\n");
    let out = of(&text, &[], 0);
    assert!(out.contains("Nothing here changes production."), "{out}");
}

#[test]
fn people_who_are_not_listed_are_told_from_those_who_are() {
    let approval = "  approval go { from leads; quorum 2; distinct_from author; within 2d }";
    let roles = r#"role leads { title "Leads"; team "acme/leads"; at_least 3 }"#;
    let out = of(&plan(roles, &format!("{approval}{DEPLOY}")), &[], 0);
    insta::assert_snapshot!(out);
}

#[test]
fn too_many_cases_are_undecided_and_never_fine() {
    let mut params = String::new();
    let mut approvals = String::from("  approval go { from leads; within 2d }\n");
    for i in 0..13 {
        params.push_str(&format!("param p{i}: bool = true\n"));
        approvals.push_str(&format!(
            "  approval a{i} {{ from leads; when p{i}; within 2d }}\n"
        ));
    }
    let all: Vec<String> = (0..13).map(|i| format!("a{i}")).collect();
    let deploy = DEPLOY.replace("approved go", &format!("approved go, {}", all.join(", ")));
    let roles = format!("{params}role leads {{ title \"Leads\"; members ana, cleo }}");
    let text = plan(&roles, &(approvals + &deploy));
    let out = of(&text, &[], 0);
    assert!(
        out.contains("Undecided: how few people can take a change to production."),
        "{out}"
    );
    assert!(
        out.contains("Undecided: who could sit where: there are more than 4,096 cases."),
        "{out}"
    );
    let json: serde_json::Value = serde_json::from_str(&of(&text, &["--format", "json"], 0)).expect("JSON");
    assert_eq!(json["verdict"], "undecided");
}

#[test]
fn of_many_cases_a_few_are_shown_unless_all_are_wanted() {
    let params = "param a: bool = true\nparam b: bool = true\nparam c: bool = true\n";
    let roles = format!("{params}role leads {{ title \"Leads\"; members ana, cleo }}");
    let approvals = "  approval go { from leads; within 2d }\n  approval x { from leads; when a; within 2d }\n  \
                     approval y { from leads; when b; within 2d }\n  approval z { from leads; when c; within 2d }";
    let deploy = DEPLOY.replace("approved go", "approved go, x, y, z");
    let text = plan(&roles, &format!("{approvals}{deploy}"));
    let few = of(&text, &[], 0);
    assert!(
        few.contains("Case 4 of 8") && few.ends_with("4 more cases not shown. `--all` shows them.\n"),
        "{few}"
    );
    let all = of(&text, &["--all"], 0);
    assert!(all.contains("Case 8 of 8") && !all.contains("not shown"), "{all}");
}

#[test]
fn what_is_no_plan_ends_as_elsewhere() {
    let (code, _, err) = people(desk("person ana { name \"Ana\" }\n").path(), &[]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("no file here holds a `release`, so there is nobody to seat"),
        "{err}"
    );
    let (code, out, _) = people(desk("release x {\n").path(), &[]);
    assert!(code == Some(1) && out.contains("syntax/"), "{out}");
    let (code, ..) = people(desk("").path(), &["none.release"]);
    assert_eq!(code, Some(2));
    let two = desk(&plan("", DEPLOY.replace("    approved go\n", "").as_str()));
    std::fs::copy(two.path().join("plan.release"), two.path().join("other.release")).expect("copied");
    let (code, _, err) = people(two.path(), &[]);
    assert!(code == Some(2) && err.contains("2 plans were named"), "{err}");
}

/// Every plan of the repository.
fn plans(folder: &Path, list: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|e| e.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            plans(&path, list);
        } else if path.extension().is_some_and(|e| e == "release") {
            list.push(path);
        }
    }
}

#[test]
fn every_plan_of_the_repository_fits_100_columns_and_ends_well() {
    let mut list = Vec::new();
    for folder in [
        "examples",
        "tests/corpus/codes/sod",
        "tests/corpus/codes/approval",
        "tests/corpus/real",
    ] {
        plans(&root().join(folder), &mut list);
    }
    assert!(list.len() > 40);
    for path in list {
        let folder = path.parent().expect("a folder");
        let file = path.file_name().and_then(|f| f.to_str()).expect("a name");
        let (code, out, err) = people(folder, &[file]);
        assert!(matches!(code, Some(0..=2)), "{}: {err}", path.display());
        assert!(!err.contains("internal error"), "{}: {err}", path.display());
        if out.starts_with("People of") {
            let wide = out.lines().find(|l| l.chars().count() > 100);
            assert_eq!(wide, None, "{}", path.display());
            assert_eq!(out, people(folder, &[file]).1, "{}", path.display());
        }
    }
}
