//! Templates of an organisation: what they may replace, what is refused, and that the page about them tells the truth.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A folder of templates, made anew for a test.
fn folder(test: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("templates")
        .join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("given")).expect("a folder can be made");
    for (name, text) in files {
        std::fs::write(folder.join("given").join(name), text).expect("a template can be written");
    }
    folder
}

fn build(folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
    command
        .arg("build")
        .arg(here().join("examples/hello"))
        .args(["--target", "runbook"]);
    command
        .arg("--templates")
        .arg(folder.join("given"))
        .arg("--out")
        .arg(folder.join("out"));
    command.output().expect("the compiler can be started")
}

fn refused(test: &str, files: &[(&str, &str)]) -> String {
    let folder = folder(test, files);
    let done = build(&folder);
    assert_eq!(done.status.code(), Some(2), "{test} is refused");
    assert!(!folder.join("out").exists(), "{test} writes nothing");
    String::from_utf8_lossy(&done.stderr).into_owned()
}

#[test]
fn a_document_is_replaced_and_the_others_stay() {
    let files = [
        (
            "runbook.md.hbs",
            "{{require 1}}{{> own_house}}# Fahrplan: {{md summary.title}}\n\n{{> first_screen}}\n",
        ),
        ("own_house.md.hbs", "Unser Haus\n\n"),
    ];
    let folder = folder("replaced", &files);
    let done = build(&folder);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let read =
        |name: &str| std::fs::read_to_string(folder.join("out/hello").join(name)).expect("it is written");
    assert!(read("runbook.md").starts_with("Unser Haus\n\n# Fahrplan: Hello, version ‹to›\n"));
    assert!(read("runbook.md").contains("| Author | Ana Ruiz |"));
    assert!(read("release-plan.md").starts_with("# Release and rollback plan"));
    assert!(read("release-plan.md").contains("--templates"));
}

#[test]
fn flaws_are_told_with_their_place() {
    let unknown = refused(
        "unknown_name",
        &[(
            "runbook.md.hbs",
            "# {{md summary.title}}\n\n{{md summary.titel}}\n",
        )],
    );
    assert!(
        unknown.contains("the template `runbook.md.hbs:3` cannot be used"),
        "{unknown}"
    );
    assert!(unknown.contains("titel"), "{unknown}");
    let newer = refused("newer", &[("review.html.hbs", "{{require 99}}")]);
    assert!(newer.contains("written for version 99 of the view"), "{newer}");
    let misnamed = refused("misnamed", &[("runbok.md.hbs", "")]);
    assert!(misnamed.contains("did you mean `runbook.md.hbs`?"), "{misnamed}");
    let endless = refused(
        "endless",
        &[("own_a.md.hbs", "{{> own_b}}"), ("own_b.md.hbs", "{{> own_a}}")],
    );
    assert!(endless.contains("it includes itself"), "{endless}");
}

/// Every field that the view has in the source stands on the page, and every name on the page is one.
#[test]
fn the_page_about_templates_names_every_field() {
    let page = std::fs::read_to_string(here().join("docs/templates.md")).expect("the page");
    let view = page.split("## The view").nth(1).expect("the section of the view");
    let named: BTreeSet<&str> = view.split('`').skip(1).step_by(2).collect();
    let mut fields = BTreeSet::new();
    for entry in std::fs::read_dir(here().join("src/emit/runbook"))
        .expect("the folder")
        .flatten()
    {
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        let mut inside = false;
        for line in text.lines() {
            if line.contains("Serialize") && line.contains("derive") {
                inside = true;
            } else if line == "}" {
                inside = false;
            }
            let hidden = line.trim().trim_start_matches("pub ");
            let field = hidden
                .split_once(": ")
                .filter(|_| inside && line.starts_with("    ") && line.ends_with(','));
            if let Some((name, _)) =
                field.filter(|(n, _)| n.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
            {
                fields.insert(name.to_string());
            }
            // A row of the table of rows: `Name { a, b }`.
            let row = line.trim().strip_suffix(" }").and_then(|l| l.split_once(" { "));
            if let (Some((name, list)), true) = (row, line.starts_with("    "))
                && name.chars().all(char::is_alphanumeric)
                && entry.path().ends_with("rows.rs")
            {
                fields.extend(list.split(", ").map(str::to_string));
            }
        }
    }
    // What only the compiler sees, and the number of the version.
    for hidden in ["id", "at"] {
        fields.remove(hidden);
    }
    let missing: Vec<&String> = fields.iter().filter(|f| !named.contains(f.as_str())).collect();
    assert!(
        fields.len() > 100 && missing.is_empty(),
        "not on the page: {missing:?}"
    );
}
