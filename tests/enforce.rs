//! What the pipelines hold of a plan: a case for each kind of constraint, and that the table, the findings of the targets and the
//! pages about them say the same.
//!
//! `tests/corpus/enforce/<case>/plan.release` is asked; what is printed stands beside it.

mod shared;

use releasec::emit::enforce::rules::RULES;
use releasec::emit::enforce::{Level, PIPELINES, table};
use shared::{context, plan};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every case, and the examples.
fn cases() -> Vec<PathBuf> {
    let folder = root().join("tests/corpus/enforce");
    let entries = std::fs::read_dir(folder).expect("the corpus");
    let mut all: Vec<PathBuf> = entries
        .map(|e| e.expect("an entry").path().join("plan.release"))
        .collect();
    all.sort();
    all
}

fn asked(plan: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
    let folder = plan.parent().expect("a folder");
    command.current_dir(folder).args(["enforce", "--color", "never"]);
    let file = plan.file_name().expect("a file");
    command
        .arg(file)
        .args(more)
        .output()
        .expect("the compiler can be started")
}

fn printed(plan: &Path, more: &[&str]) -> String {
    let done = asked(plan, more);
    assert!(
        done.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).expect("text")
}

#[test]
fn each_case_is_told() {
    for case in cases() {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(case.parent().expect("a folder"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("held", printed(&case, &[])));
    }
}

#[test]
fn markdown_and_json_say_what_the_text_says() {
    for case in cases() {
        let json: serde_json::Value =
            serde_json::from_str(&printed(&case, &["--format", "json"])).expect("JSON");
        assert_eq!(json["version"], 1);
        let markdown = printed(&case, &["--format", "markdown"]);
        let constraints = json["constraints"].as_array().expect("constraints");
        let rows = markdown.lines().filter(|l| l.starts_with('|')).count();
        assert_eq!(rows, constraints.len() + 2, "{markdown}");
        let bars = |line: &str| line.replace("\\|", "").matches('|').count();
        let head = markdown.lines().find(|l| l.starts_with('|')).expect("a table");
        assert!(
            markdown
                .lines()
                .filter(|l| l.starts_with('|'))
                .all(|l| bars(l) == bars(head))
        );
        for level in Level::ALL {
            for target in json["targets"].as_array().expect("targets") {
                let held = constraints
                    .iter()
                    .flat_map(|c| c["held"].as_array().expect("held"));
                let n = held
                    .filter(|h| h["target"] == target["name"] && h["level"] == level.word())
                    .count();
                assert_eq!(target[level.word()], n, "{}", case.display());
            }
        }
    }
}

/// Every field of a document.
fn fields(value: &serde_json::Value, found: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, inner) in map {
                found.insert(key.clone());
                fields(inner, found);
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|v| fields(v, found)),
        _ => {}
    }
}

#[test]
fn the_page_names_every_field_for_programs() {
    let mut found = BTreeSet::new();
    for case in cases() {
        let json = printed(&case, &["--format", "json"]);
        fields(&serde_json::from_str(&json).expect("JSON"), &mut found);
    }
    let page = std::fs::read_to_string(root().join("docs/enforce.md")).expect("the page");
    let start = page.find("`json` is one document").expect("a section");
    let section = page[start..].split("\n## ").next().unwrap_or_default();
    let named: BTreeSet<String> = section
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_string)
        .collect();
    let unnamed: Vec<&String> = found.difference(&named).collect();
    assert!(
        unnamed.is_empty(),
        "docs/enforce.md does not say what is {unnamed:?}"
    );
    let first = section
        .lines()
        .filter_map(|l| l.strip_prefix("| `")?.split(" | ").next());
    let listed = first
        .flat_map(|cell| cell.split(", "))
        .map(|w| w.trim_matches('`').to_string());
    let gone: Vec<String> = listed.filter(|w| !found.contains(w)).collect();
    assert!(
        gone.is_empty(),
        "docs/enforce.md tells of {gone:?}, which there is not"
    );
    for level in Level::ALL {
        assert!(named.contains(level.word()));
    }
}

/// Who cannot be asked stands at what asks them, and nowhere else.
#[test]
fn what_is_said_of_people_stands_at_their_rows() {
    let case = root().join("tests/corpus/enforce/by_hand/plan.release");
    let json: serde_json::Value =
        serde_json::from_str(&printed(&case, &["--target", "github", "--format", "json"])).expect("JSON");
    let mut asking = BTreeSet::new();
    for constraint in json["constraints"].as_array().expect("constraints") {
        assert_ne!(constraint["says"], "", "{constraint}");
        let held = &constraint["held"][0];
        if held["why"].to_string().contains("can be asked on environment") {
            assert_eq!(held["level"], "not_enforced");
            assert_ne!(held["help"], serde_json::json!([]));
            asking.insert(constraint["rule"].as_str().expect("a rule").to_string());
        }
    }
    let expected = [
        "by_hand", "failure", "gate", "hold", "members", "trigger", "window",
    ];
    assert_eq!(asking.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn it_ends_with_one_when_the_plan_cannot_be_built_or_is_to_be_held_strictly() {
    let case = |name: &str| {
        root()
            .join("tests/corpus/enforce")
            .join(name)
            .join("plan.release")
    };
    let code = |name: &str, more: &[&str]| asked(&case(name), more).status.code();
    assert_eq!(code("too_long", &[]), Some(1));
    assert_eq!(code("holds", &[]), Some(0));
    assert_eq!(code("holds", &["--strict"]), Some(1));
    let unknown = asked(&case("holds"), &["--target", "terraform"]);
    assert_eq!(unknown.status.code(), Some(2));
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(said.contains("these are github and stepfunctions"), "{said}");
}

/// Nothing that a target finds is missing in the table, and nothing stands there as not held that no target has found.
#[test]
fn the_table_and_the_findings_of_the_targets_say_the_same() {
    let examples = [
        "hello/hello.release",
        "bioage/bioage.release",
        "database-migration/migration.release",
        "multi-region/regions.release",
    ];
    let mut all = cases();
    all.extend(examples.iter().map(|e| root().join("examples").join(e)));
    for path in all {
        let (plan, sources) = plan(&path);
        let context = context(&sources);
        let table = table(&plan, &context, &PIPELINES);
        for target in PIPELINES {
            let (_, bag) = (target.emit)(&plan, &context);
            let codes = ["target/unenforced", "target/limit", "target/wait_too_long"];
            let found: BTreeSet<String> = bag
                .into_sorted()
                .into_iter()
                .filter(|d| codes.contains(&d.code.0))
                .map(|d| d.message)
                .collect();
            let held = table
                .rows
                .iter()
                .flat_map(|r| &r.held)
                .filter(|h| h.target == target.name);
            let mut told = BTreeSet::new();
            for h in held {
                let said = h.why.iter().filter(|w| found.contains(*w));
                told.extend(said.cloned());
                let enforced = h.level == Level::Enforced;
                assert_eq!(enforced, !h.why.iter().any(|w| found.contains(w)), "{h:?}");
            }
            assert_eq!(told, found, "{} on {}", path.display(), target.name);
        }
    }
}

const MARK: (&str, &str) = (
    "<!-- This table is generated: run `UPDATE_DOCS=1 cargo test --test enforce`. -->",
    "<!-- End of the generated table. -->",
);

#[test]
fn the_pages_about_targets_tell_how_each_rule_is_held() {
    for (page, github) in [("github", true), ("stepfunctions", false)] {
        let path = root().join("docs/targets").join(page).with_extension("md");
        let text = std::fs::read_to_string(&path).expect("the page");
        let mut fresh = String::from("\n\n| rule | how it is held |\n| --- | --- |\n");
        for rule in RULES {
            let how = if github { rule.github } else { rule.stepfunctions };
            fresh.push_str(&format!("| {} | {how} |\n", rule.title));
        }
        fresh.push('\n');
        let (before, rest) = text.split_once(MARK.0).expect("the page marks its table");
        let (stands, after) = rest
            .split_once(MARK.1)
            .expect("the page marks the end of its table");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            let text = format!("{before}{}{fresh}{}{after}", MARK.0, MARK.1);
            std::fs::write(&path, text).expect("the page can be written");
            continue;
        }
        assert_eq!(
            stands, fresh,
            "{page}.md is stale: run `UPDATE_DOCS=1 cargo test --test enforce`"
        );
    }
}

/// A kind of rule that no case has could say anything.
#[test]
fn every_kind_of_rule_stands_in_a_case() {
    let mut told = BTreeSet::new();
    for case in cases() {
        let json: serde_json::Value =
            serde_json::from_str(&printed(&case, &["--format", "json"])).expect("JSON");
        for constraint in json["constraints"].as_array().expect("constraints") {
            told.insert(constraint["rule"].as_str().expect("a rule").to_string());
        }
    }
    let missing: Vec<&str> = RULES
        .iter()
        .map(|r| r.name)
        .filter(|r| !told.contains(*r))
        .collect();
    assert!(missing.is_empty(), "no case has {missing:?}");
}
