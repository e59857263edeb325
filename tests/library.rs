//! The library and the examples, held to what they promise.
//!
//! Every module and definition says what it is for; every definition can be used; the examples pass, and the one that is
//! there to be rejected is rejected for the faults its comments name, at their lines.

use releasec::diagnostic::Severity;
use releasec::driver::read::Input;
use releasec::driver::{Checked, Settings, check};
use releasec::resolve::stdlib::LIBRARY;
use releasec::source::{FileId, SourceMap};
use releasec::syntax::ast::{ExprKind, Form, Stmt};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn checked(path: &str) -> Checked {
    let settings = Settings {
        here: root().to_path_buf(),
        ..Settings::default()
    };
    let checked = check(&[Input::File(root().join(path))], &settings);
    assert!(checked.problems.is_empty(), "{path}: {:?}", checked.problems);
    checked
}

/// Each error and warning: its line and its code.
fn findings(checked: &Checked) -> Vec<(u32, &'static str)> {
    checked
        .findings
        .iter()
        .filter(|d| d.severity != Severity::Info)
        .map(|d| (checked.sources.line_col(d.span).line, d.code.0))
        .collect()
}

/// The name of a definition, when the statement is one that others can use.
fn defined(stmt: &Stmt) -> Option<&str> {
    let kinds = ["action", "metric", "gate", "channel", "rollout"];
    if !kinds.contains(&stmt.keyword.text.as_str()) {
        return None;
    }
    match &stmt.form {
        Form::Define { name, .. } => Some(&name.text),
        Form::Plain(args) => match args.first().map(|a| &a.kind) {
            Some(ExprKind::Ident(name)) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// Every file of `stdlib/` is embedded under the name of its path, and nothing else is.
#[test]
fn every_file_of_the_library_is_listed() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib");
    let mut files = Vec::new();
    let mut todo = vec![root.clone()];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the library") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|e| e == "release") {
                let path = path.strip_prefix(&root).expect("below the library");
                files.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    files.sort();
    let mut listed: Vec<String> = LIBRARY.iter().map(|m| m.path.to_string()).collect();
    listed.sort();
    assert_eq!(
        files, listed,
        "the files of `stdlib/`, and the lines of `src/resolve/stdlib.rs`"
    );
    for module in LIBRARY {
        let name = module.path.trim_end_matches(".release").replace('/', ".");
        assert_eq!(name, module.name);
    }
}

/// Every definition of the library: its module, its name and its statement's documentation.
fn definitions() -> Vec<(&'static str, String, bool)> {
    let mut out = Vec::new();
    for module in LIBRARY {
        let (ast, bag) = releasec::syntax::parse(file(), module.text);
        assert!(bag.is_empty(), "{} does not parse", module.name);
        for stmt in &ast.items {
            if let Some(name) = defined(stmt) {
                out.push((module.name, name.to_string(), stmt.doc.is_some()));
            }
        }
    }
    out
}

fn file() -> FileId {
    SourceMap::new().add("library", "")
}

#[test]
fn every_module_says_what_it_is_for_and_where_its_facts_come_from() {
    for module in LIBRARY {
        let (ast, _) = releasec::syntax::parse(file(), module.text);
        let doc = ast.doc.map(|d| d.text).unwrap_or_default();
        assert!(!doc.is_empty(), "{} has no documentation", module.name);
        if module.name != "std.rollout" {
            assert!(
                doc.contains("Facts, with their sources:"),
                "{} names no sources",
                module.name
            );
        }
    }
}

#[test]
fn every_definition_says_what_it_does() {
    for (module, name, documented) in definitions() {
        assert!(documented, "{module}.{name} has no documentation");
    }
}

#[test]
fn every_definition_can_be_used() {
    const PLAN: &str = "tests/library/every_definition.release";
    let text = std::fs::read_to_string(root().join(PLAN)).expect("the plan is there");
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    for (module, name, _) in definitions() {
        // What only undoes or pairs is used by the definition beside it.
        let beside = LIBRARY.iter().find(|m| m.name == module).map_or("", |m| m.text);
        let through = beside.lines().filter(|l| {
            let l = l.trim_start();
            (l.starts_with("undo ") || l.starts_with("paired_with ")) && l.split(word).any(|w| w == name)
        });
        assert!(
            text.split(word).any(|w| w == name) || through.count() > 0,
            "{PLAN} does not use {module}.{name}"
        );
    }
    let checked = checked(PLAN);
    let written_wrong: Vec<String> = checked
        .findings
        .iter()
        .filter(|d| ["syntax", "resolve", "schema", "types", "data"].contains(&d.code.group()))
        .map(|d| format!("{}: {}", checked.sources.place(d.span), d.message))
        .collect();
    assert!(written_wrong.is_empty(), "{written_wrong:#?}");
    // The checks ran at all: what the store does not have is refused.
    assert!(checked.findings.iter().any(|d| d.code.0 == "platform/assert"));
}

#[test]
fn the_examples_have_neither_errors_nor_warnings() {
    for plan in [
        "examples/hello/hello.release",
        "examples/bioage/bioage.release",
        "examples/database-migration/migration.release",
        "examples/multi-region/regions.release",
    ] {
        let checked = checked(plan);
        let bad: Vec<String> = checked
            .findings
            .iter()
            .filter(|d| d.severity != Severity::Info)
            .map(|d| format!("{}: {}: {}", checked.sources.place(d.span), d.code.0, d.message))
            .collect();
        assert!(bad.is_empty(), "{bad:#?}");
    }
}

#[test]
fn every_example_has_a_readme_and_is_listed() {
    let folder = root().join("examples");
    let index = std::fs::read_to_string(folder.join("README.md")).expect("the index is there");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the examples are there")
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.is_dir())
        .collect();
    folders.sort();
    for example in folders {
        let name = example
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        assert!(example.join("README.md").exists(), "{name} has no README.md");
        assert!(
            index.contains(&format!("({name})")),
            "{name} is not in examples/README.md"
        );
    }
}

#[test]
fn the_published_plan_is_rejected_for_its_seven_faults() {
    const PLAN: &str = "examples/bioage-as-published/plan.release";
    let text = std::fs::read_to_string(root().join(PLAN)).expect("the plan is there");
    let checked = checked(PLAN);
    let found = findings(&checked);
    let line_of = |what: &str| {
        let at = text
            .lines()
            .position(|l| l.contains(what))
            .expect("the line is there");
        u32::try_from(at + 1).expect("a short file")
    };
    let wanted = [
        (line_of("gate error_rate"), "gate/gap"),
        (line_of("branch.freeze("), "hold/unpaired"),
        (line_of("pinpoint.stream_events("), "platform/retired"),
        (line_of("stage infrastructure"), "rollback/missing"),
        (line_of("terraform apply"), "data/smart_punctuation"),
        (line_of("lambda.weigh_alias("), "platform/assert"),
        (line_of("app_store.phased_release("), "platform/assert"),
        (line_of("app_store.remove_build("), "platform/assert"),
    ];
    for fault in &wanted {
        assert!(found.contains(fault), "{fault:?} is not among {found:?}");
        let before = text
            .lines()
            .nth(fault.0 as usize - 2)
            .unwrap_or_default()
            .trim_start();
        assert!(
            before.starts_with("# Published:"),
            "line {} says nothing of what was published",
            fault.0
        );
    }
    let other: Vec<_> = found.iter().filter(|f| !wanted.contains(f)).collect();
    assert!(other.is_empty(), "more is found than the seven faults: {other:?}");
}

/// The rules of `std.policy`, turned on for a plan that breaks each of them once.
#[test]
fn the_rules_of_the_library_find_what_they_are_for() {
    use releasec::driver::read::{Input, Overlay};
    use releasec::driver::{Settings, check};
    let rules = [
        "approvals_leave_evidence",
        "change_management",
        "data_classification",
        "separation_of_duties",
        "signed_artifacts",
        "staged_rollout",
        "system_deployment",
    ];
    let text = format!(
        r#"use std.policy {{ {} }}
person ana {{ name "Ana Ruiz" }}
role operations {{ title "Operations"; at_least 3 }}
role leads {{ title "Leads"; at_least 3 }}
environment production {{ kind production }}
artifact app {{ store "s3://shop" }}
release shop {{
  title "Shop"; version "2.0.0"; author ana; owner operations; in production
  {}
  approval go {{ from leads; distinct_from author; within 2d }}
  stage deploy {{
    approved go
    ship app
    run "./deploy.sh" {{ changes "app:shop"; idempotent; undo run "./back.sh" {{ changes "app:shop"; idempotent }} }}
    rollout {{ step 100% {{ bake 1h }} }}
  }}
}}
"#,
        rules.join(", "),
        rules.map(|r| format!("policy {r}")).join("; ")
    );
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let plan = folder.path().join("plan.release");
    std::fs::write(&plan, text).expect("the plan can be written");
    let settings = Settings {
        here: folder.path().to_path_buf(),
        overlay: Overlay::new(),
        ..Settings::default()
    };
    let checked = check(&[Input::File(plan)], &settings);
    let said: Vec<&str> = checked.findings.iter().map(|d| d.message.as_str()).collect();
    for rule in rules {
        let broken = |m: &&str| m.contains(&format!("the policy `{rule}`"));
        assert!(said.iter().any(broken), "{rule} found nothing in {said:#?}");
    }
    assert!(
        checked
            .findings
            .iter()
            .all(|d| d.code.0 != "policy/not_understood"),
        "{said:#?}"
    );
}

/// A plan that does what every rule of `std.policy` asks, and each way of doing a little less.
#[test]
fn the_rules_of_the_library_are_as_strict_as_they_say() {
    use releasec::driver::read::{Input, Overlay};
    use releasec::driver::{Settings, check};
    let good = r#"use std.policy { approvals_leave_evidence, change_management, data_classification, separation_of_duties, signed_artifacts, staged_rollout, system_deployment }
person ana { name "Ana Ruiz" }
role operations { title "Operations"; at_least 3 }
role leads { title "Leads"; at_least 3; excludes operations }
role safety { title "Security"; kind security; at_least 2; excludes leads, operations }
environment staging { kind staging; mirrors production }
environment production { kind production; classification restricted; encryption "aws:kms" }
environment qa { kind test }
artifact app { digest "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"; signed_by "cosign" }
gate healthy { run "./health.sh" { changes nothing }; exercises "app:shop"; otherwise rollback }
release shop {
  title "Shop"; version "2.0.0"; author ana; owner operations; in production
  start 2026-06-01T09:00Z
  tested { in staging; on 2026-05-29; evidence "run 12" }
  change "CR-1" { type standard; risk low; justification "it is faster"; impact "none that users see"; ticket "CHG-1" }
  policy approvals_leave_evidence; policy change_management; policy data_classification; policy separation_of_duties
  policy signed_artifacts; policy staged_rollout; policy system_deployment
  approval go { from leads; distinct_from author, executors; within 2d; evidence "the minutes of the board" }
  approval safe { from safety; distinct_from author, executors, go; within 2d; evidence "the review" }
  stage deploy {
    approved go, safe
    ship app
    run "./deploy.sh" { changes "app:shop"; idempotent; undo run "./back.sh" { changes "app:shop"; idempotent } }
    rollout { step 10% { bake 1h; verify healthy }; step 100% { bake 1h; verify healthy } }
  }
}
"#;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let plan = folder.path().join("plan.release");
    let broken = |text: &str| -> Vec<String> {
        std::fs::write(&plan, text).expect("the plan can be written");
        let settings = Settings {
            here: folder.path().to_path_buf(),
            overlay: Overlay::new(),
            ..Settings::default()
        };
        let found = check(&[Input::File(plan.clone())], &settings).findings;
        let keeps = found
            .iter()
            .find(|d| !releasec::checks::knows(d.code) && d.severity == Severity::Error);
        assert!(keeps.is_none(), "{keeps:?}");
        let of = found.iter().filter(|d| d.code.group() == "policy");
        of.map(|d| d.message.clone()).collect()
    };
    assert_eq!(broken(good), Vec::<String>::new());
    for (policy, from, to) in [
        ("change_management", "approved go, safe", "approved safe"),
        ("change_management", "kind security; ", ""),
        ("change_management", "; ticket \"CHG-1\"", ""),
        ("change_management", "; impact \"none that users see\"", ""),
        ("change_management", "justification \"it is faster\"; ", ""),
        ("change_management", "from safety", "from safety, leads"),
        ("approvals_leave_evidence", "; evidence \"the review\"", ""),
        (
            "separation_of_duties",
            "distinct_from author, executors;",
            "distinct_from author;",
        ),
        ("signed_artifacts", "; signed_by \"cosign\"", ""),
        ("staged_rollout", "step 10% { bake 1h; verify healthy }; ", ""),
        ("system_deployment", "tested { in staging", "tested { in qa"),
        ("system_deployment", "; mirrors production", ""),
        ("data_classification", "; encryption \"aws:kms\"", ""),
        ("data_classification", "classification restricted; ", ""),
    ] {
        assert!(good.contains(from), "{from}");
        let found = broken(&good.replace(from, to));
        let said = found
            .iter()
            .any(|m| m.contains(&format!("the policy `{policy}`")));
        assert!(said, "`{from}` as `{to}`: {found:?}");
    }
}

/// The library is cut into its definitions without a parser; the parser finds the same definitions, the same trees, the same places.
#[test]
fn the_pieces_of_a_module_are_what_a_parser_finds() {
    for (number, module) in LIBRARY.iter().enumerate() {
        let (ast, bag) = releasec::syntax::parse(FileId::of_library(number), module.text);
        assert!(bag.is_empty(), "{} does not parse", module.name);
        let form: Vec<String> = releasec::schema::check(&ast, &[])
            .iter()
            .map(|d| d.message.clone())
            .collect();
        assert!(form.is_empty(), "{}: {form:?}", module.name);
        let shelf = releasec::resolve::stdlib::shelf(module);
        assert_eq!(shelf.pieces.len(), ast.items.len(), "{}", module.name);
        for (i, (piece, stmt)) in shelf.pieces.iter().zip(&ast.items).enumerate() {
            assert_eq!(
                format!("{:?}", shelf.stmt(i)),
                format!("{stmt:?}"),
                "{}",
                module.name
            );
            assert_eq!(piece.keyword, stmt.keyword.text);
            let name = &module.text[piece.at..piece.at + piece.name.len()];
            assert_eq!(name, piece.name);
            let after_keyword = module.text[stmt.keyword.span.range().end..].trim_start();
            if piece.keyword == "use" {
                assert_eq!(piece.name, "", "{}: a `use` binds by itself", module.name);
            } else {
                assert!(after_keyword.starts_with(piece.name) && !piece.name.is_empty());
            }
        }
    }
}
