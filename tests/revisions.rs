//! Plans in the revisions of a Git repository: `releasec diff --git`, and `releasec build --since`.

use std::path::Path;
use std::process::Command;

fn releasec(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_releasec"))
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env_remove("CI")
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

fn git(folder: &Path, args: &[&str]) {
    let done = Command::new("git")
        .args([
            "-c",
            "user.name=Ana",
            "-c",
            "user.email=ana@shop.example",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(args)
        .current_dir(folder)
        .output()
        .expect("git starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

const PEOPLE: &str = r#"person ana  { name "Ana Ruiz" }
person ben  { name "Ben Okoro" }
person cleo { name "Cleo Maas" }
person dev  { name "Dev Patel" }
role operations { title "Operations"; members ben }
role leads      { title "Leads"; members cleo, dev }
"#;

const PLAN: &str = r#"use "../people.release" { ana, operations, leads }
environment staging    { kind staging; mirrors production }
environment production { kind production }
gate smoke { run "./smoke.sh" { changes nothing; exercises "app:shop"; timeout 5m }; otherwise rollback }
release shop {
  title    "Shop"
  version  "2"
  author   ana
  owner    operations
  in       production
  start    2026-06-01T09:00Z
  tested   { in staging; on 2026-05-28; evidence "rehearsal 13" }
  approval go { from leads; quorum 2; distinct_from author, executors; within 2d }
  stage deploy {
    approved go
    run      "./deploy.sh" { changes "app:shop"; timeout 10m }
    verify   smoke
    rollback { owner operations; run "./deploy.sh --previous" { changes "app:shop"; idempotent } }
  }
}
"#;

/// A repository in which a quorum was lowered once, and somebody added to a role in the working tree.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let top = folder.path();
    std::fs::create_dir(top.join("plans")).expect("a folder");
    std::fs::write(top.join("people.release"), PEOPLE).expect("written");
    std::fs::write(top.join("plans/shop.release"), PLAN).expect("written");
    git(top, &["init", "-q"]);
    git(top, &["add", "."]);
    git(top, &["commit", "-q", "-m", "One"]);
    git(top, &["tag", "approved"]);
    std::fs::write(
        top.join("plans/shop.release"),
        PLAN.replace("quorum 2", "quorum 1"),
    )
    .expect("written");
    git(top, &["commit", "-q", "-a", "-m", "Two"]);
    std::fs::write(
        top.join("people.release"),
        PEOPLE.replace("cleo, dev", "cleo, dev, ana"),
    )
    .expect("written");
    folder
}

#[test]
fn two_revisions_are_compared_with_what_they_import() {
    let folder = repository();
    let plans = folder.path().join("plans");
    let (code, out, err) = releasec(&plans, &["diff", "--git", "approved", "HEAD", "shop.release"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(
        out.contains("from approved:shop.release to HEAD:shop.release"),
        "{out}"
    );
    assert!(
        out.contains("`go` takes the yes of 1 person instead of 2 people"),
        "{out}"
    );
    assert!(!out.contains("`ana`"), "{out}");
    // One revision is compared with the working tree; imports are read on either side.
    let (code, out, err) = releasec(folder.path(), &["diff", "--git", "HEAD", "plans/shop.release"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("`ana` is now among those asked in `go`"), "{out}");
    assert!(!out.contains("instead of 2 people"), "{out}");
}

#[test]
fn what_fails_is_chosen() {
    let folder = repository();
    let top = folder.path();
    let diff = |args: &[&str]| releasec(top, &[&["diff", "--git"], args].concat()).0;
    let (loosened, tightened) = (
        ["approved", "HEAD", "plans/shop.release"],
        ["HEAD", "approved", "plans/shop.release"],
    );
    assert_eq!(diff(&loosened), Some(0));
    assert_eq!(
        diff(&[&loosened[..], &["--fail-on", "loosened"]].concat()),
        Some(1)
    );
    assert_eq!(
        diff(&[&tightened[..], &["--fail-on", "loosened"]].concat()),
        Some(0)
    );
    assert_eq!(diff(&[&tightened[..], &["--fail-on", "any"]].concat()), Some(1));
    assert_eq!(
        diff(&["HEAD", "HEAD", "plans/shop.release", "--fail-on", "any"]),
        Some(0)
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = repository();
    let top = folder.path();
    let says = |folder: &Path, args: &[&str], what: &str| {
        let (code, out, err) = releasec(folder, args);
        assert_eq!(code, Some(2), "{out}{err}");
        assert!(err.contains(what), "{err}");
    };
    let plan = "plans/shop.release";
    says(
        top,
        &["diff", "--git", "nowhere", plan],
        "there is no revision `nowhere`",
    );
    // What would be an option of git is none.
    says(
        top,
        &["diff", "--git", "--", "--upload-pack=touch x", plan],
        "there is no revision `--upload-pack=touch x`",
    );
    says(
        top,
        &["diff", "--git", "HEAD:plans", plan],
        "there is no revision",
    );
    says(
        top,
        &["diff", "--git", "HEAD", "plans/other.release"],
        "cannot read",
    );
    says(top, &["diff", "plans/shop.release"], "two plans are compared");
    says(
        top,
        &["diff", "--git", "HEAD"],
        "`--git` takes one or two revisions",
    );
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("a.release"), PLAN).expect("written");
    says(
        outside.path(),
        &["diff", "--git", "HEAD", "a.release"],
        "is not in a Git repository",
    );
    // A plan that is broken has nothing to compare; what is wrong is shown.
    std::fs::write(top.join("broken.release"), "release shop {").expect("written");
    says(
        top,
        &["diff", plan, "broken.release"],
        "there are not two plans to compare",
    );
}

#[cfg(unix)]
#[test]
fn a_link_in_a_revision_leads_nowhere() {
    let folder = repository();
    let top = folder.path();
    std::fs::remove_file(top.join("people.release")).expect("removed");
    std::os::unix::fs::symlink("/etc/passwd", top.join("people.release")).expect("a link");
    git(top, &["commit", "-q", "-a", "-m", "Link"]);
    let (code, out, err) = releasec(top, &["diff", "--git", "approved", "HEAD", "plans/shop.release"]);
    assert_eq!(code, Some(2), "{out}{err}");
    assert!(!out.contains("root:") && !err.contains("root:"), "{out}{err}");
}

#[test]
fn formats_are_for_people_and_for_programs() {
    let folder = repository();
    let args = [
        "diff",
        "--git",
        "approved",
        "HEAD",
        "plans/shop.release",
        "--format",
    ];
    let (_, json, _) = releasec(folder.path(), &[&args[..], &["json"]].concat());
    let read: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(read["version"], 1);
    assert_eq!(read["changes"][0]["direction"], "loosened");
    assert_eq!(read["changes"][0]["class"], "duties");
    assert_eq!(read["changes"][0]["environment"], "production");
    assert_eq!(
        read["changes"][0]["before"]["path"],
        "approved:plans/shop.release"
    );
    assert!(read["old"]["sha256"].as_str().is_some_and(|s| s.len() == 64));
    let (_, markdown, _) = releasec(folder.path(), &[&args[..], &["markdown"]].concat());
    assert!(
        markdown.starts_with("## What changed in the plan\n\nCompared with approved:plans/shop.release: "),
        "{markdown}"
    );
    assert!(
        markdown.contains("- **duties weakened:** `go` takes the yes of 1 person"),
        "{markdown}"
    );
}

#[test]
fn documents_tell_what_changed_since_the_plan_last_approved() {
    let folder = repository();
    let plans = folder.path().join("plans");
    let build = |since: &[&str]| {
        let args = ["build", "shop.release", "--target", "runbook", "--out", "dist"];
        let (code, out, err) = releasec(&plans, &[&args[..], since].concat());
        assert_eq!(code, Some(0), "{out}{err}");
        ["runbook.md", "change-request.md", "review.html"]
            .map(|f| std::fs::read_to_string(plans.join("dist/shop").join(f)).expect("a document"))
    };
    for page in build(&[]) {
        assert!(!page.contains("Changes since the last approved plan"), "{page}");
    }
    let old = plans.join("old.release");
    std::fs::write(&old, PLAN).expect("written");
    for since in ["approved", "old.release"] {
        for page in build(&["--since", since]) {
            assert!(page.contains("Changes since the last approved plan"), "{page}");
            assert!(
                page.contains("takes the yes of 1 person instead of 2 people"),
                "{page}"
            );
        }
    }
    let (code, _, err) = releasec(&plans, &["build", "shop.release", "--since", "nowhere"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("there is no revision `nowhere`"), "{err}");
}
