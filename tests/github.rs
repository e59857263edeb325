//! The workflows of every example, read back from their bytes: what must hold of each job, whatever the plan.

use releasec::driver::Settings;
use releasec::driver::build::{build, targets};
use releasec::driver::read::{Input, Overlay};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The files a plan compiles to for GitHub, by name.
fn compiled(plan: &Path) -> BTreeMap<String, String> {
    let settings = Settings {
        here: plan.parent().expect("a folder").to_path_buf(),
        overlay: Overlay::new(),
        params: Vec::new(),
    };
    let wanted = targets(&["github".to_string()]).expect("the target");
    let out = tempfile::tempdir().expect("a folder");
    let built = build(&[Input::File(plan.to_path_buf())], &settings, &wanted, out.path()).expect("a plan");
    let mut files = BTreeMap::new();
    for tree in built.trees {
        let folder = tree.folder().join(".github/workflows");
        tree.write(false).expect("the files are written");
        for entry in std::fs::read_dir(folder).expect("the workflows") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            files.insert(name, std::fs::read_to_string(&path).expect("a text"));
        }
    }
    files
}

/// The workflows of every example that compiles, with their texts.
fn workflows() -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for plan in [
        "bioage/bioage.release",
        "database-migration/migration.release",
        "hello/hello.release",
        "multi-region/regions.release",
    ] {
        for (name, text) in compiled(&examples().join(plan)) {
            let value = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{name} is no YAML: {e}"));
            found.push((name, text, value));
        }
    }
    assert_eq!(found.len(), 8, "each example has a release and a rollback");
    found
}

fn jobs(workflow: &Value) -> &Map<String, Value> {
    workflow["jobs"].as_object().expect("jobs")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn steps(job: &Value) -> &[Value] {
    job["steps"].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn every_job_is_bounded_and_has_the_least_rights() {
    for (file, _, workflow) in workflows() {
        assert_eq!(workflow["permissions"], Value::Object(Map::new()), "{file}");
        assert_eq!(
            workflow["concurrency"]["cancel-in-progress"],
            Value::Bool(false),
            "{file}"
        );
        for (id, job) in jobs(&workflow) {
            let minutes = job["timeout-minutes"].as_i64().unwrap_or_default();
            assert!(
                (1..=360).contains(&minutes),
                "{file}: {id} may last {minutes} minutes"
            );
            assert!(
                job["permissions"].is_object(),
                "{file}: {id} says what its token may do"
            );
            assert!(id.len() <= 100, "{file}: {id} is too long");
            assert!(job.get("continue-on-error").is_none(), "{file}: {id}");
            for step in steps(job) {
                assert!(step.get("continue-on-error").is_none(), "{file}: {id}");
            }
        }
    }
}

#[test]
fn no_condition_relies_on_what_github_adds() {
    for (file, _, workflow) in workflows() {
        for (id, job) in jobs(&workflow) {
            let cond = text(job, "if");
            // A run is done once: nothing acts in a later attempt, and one job says so.
            let (again, other) = (
                "${{ github.run_attempt != '1' && always() }}",
                "${{ github.run_attempt == '1' && ",
            );
            let said = id == "again" && cond == again;
            let first = cond.strip_prefix(other).unwrap_or_default();
            assert!(
                said || first.starts_with("!cancelled()") || first.starts_with("always()"),
                "{file}: {id} runs when `{cond}`"
            );
            assert!(cond.len() <= 21_000, "{file}: the condition of {id} is too long");
        }
    }
}

#[test]
fn needs_are_declared_before_they_are_read() {
    for (file, _, workflow) in workflows() {
        let mut seen: Vec<&str> = Vec::new();
        for (id, job) in jobs(&workflow) {
            let needs: Vec<&str> = job["needs"]
                .as_array()
                .map(|l| l.iter().filter_map(Value::as_str).collect())
                .unwrap_or_default();
            let whole = job.to_string();
            for (at, _) in whole.match_indices("needs.") {
                let name: String = whole[at + 6..]
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
                    .collect();
                assert!(
                    needs.contains(&name.as_str()),
                    "{file}: {id} reads `needs.{name}` without needing it"
                );
            }
            seen.push(id);
            for need in needs {
                assert!(jobs(&workflow).contains_key(need), "{file}: {id} needs {need}");
            }
        }
        assert_eq!(seen.len(), jobs(&workflow).len());
    }
}

#[test]
fn values_reach_scripts_through_variables_only() {
    for (file, _, workflow) in workflows() {
        for (id, job) in jobs(&workflow) {
            for step in steps(job) {
                let run = text(step, "run");
                let pasted: Vec<&str> = run.split("${{").skip(1).collect();
                assert!(
                    pasted
                        .iter()
                        .all(|p| p.starts_with(" '${{' }}") || p.starts_with("' }}")),
                    "{file}: {id} pastes into a script"
                );
            }
        }
    }
}

#[test]
fn actions_are_pinned_and_keep_no_credentials() {
    for (file, _, workflow) in workflows() {
        for (id, job) in jobs(&workflow) {
            for step in steps(job) {
                let uses = text(step, "uses");
                if uses.is_empty() {
                    continue;
                }
                let (name, commit) = uses.split_once('@').expect("a version");
                assert!(
                    commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()),
                    "{file}: {id} uses {uses}"
                );
                if name == "actions/checkout" {
                    assert_eq!(
                        step["with"]["persist-credentials"],
                        Value::Bool(false),
                        "{file}: {id}"
                    );
                }
            }
        }
    }
}

#[test]
fn only_hand_over_and_rollback_jobs_may_start_workflows() {
    for (file, _, workflow) in workflows() {
        for (id, job) in jobs(&workflow) {
            let starts = job["permissions"]["actions"] == "write";
            let may = id.starts_with("failed-")
                || (file.starts_with("rollback-") && (id == "settle" || id == "todo"));
            assert!(!starts || may, "{file}: {id} may start workflows");
            assert!(
                !(starts
                    && job["permissions"]["id-token"] == "write"
                    && !job.to_string().contains("-messages")),
                "{file}: {id} may start workflows and deploy"
            );
        }
    }
}

#[test]
fn an_undo_comes_after_the_undos_of_what_depends_on_it() {
    let text = &compiled(&examples().join("bioage/bioage.release"))["rollback-bioage.yml"];
    let workflow: Value = serde_saphyr::from_str(text).expect("YAML");
    let needs = |job: &str| workflow["jobs"][job]["needs"].to_string();
    assert!(needs("undo-infrastructure").contains("\"undo-model\""));
    assert!(needs("undo-model").contains("\"undo-api\""));
    assert!(!needs("undo-api").contains("\"undo-model\""));
    assert!(needs("exit-main_frozen").contains("\"undo-infrastructure\""));
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let plan = examples().join("bioage/bioage.release");
    assert_eq!(compiled(&plan), compiled(&plan));
}

#[test]
fn the_smallest_example() {
    let files = compiled(&examples().join("hello/hello.release"));
    let digests = regex_lite::Regex::new(r"[0-9a-f]{64}").expect("a pattern");
    let version = regex_lite::Regex::new(r"made by releasec \S+").expect("a pattern");
    for (name, file) in [
        ("github_release_hello", "release-hello.yml"),
        ("github_rollback_hello", "rollback-hello.yml"),
    ] {
        let text = digests.replace_all(&files[file], "(digest)");
        insta::assert_snapshot!(name, version.replace_all(&text, "made by releasec (version)"));
    }
}

/// A plan whose every text tries to be something else.
const HOSTILE: &str = r#"
person ana { name "Ana \${{ secrets.EVIL }}"; github "ana-ruiz" }
person ben { name "Ben"; github "b-okoro" }
person eva { name "Eva"; github "evalund" }
role operations { title "Ops \${{ evil.title }}: # 'x' \"y\""; members ben }
role leads      { title "Leads"; members eva }
environment staging { kind staging; region "eu-west-1"; account "123456789012" }
param note: string
release hostile {
  title "Hostile \${{ evil.title }} ${note}"; version "1.0.0"; author ana; owner operations; in staging
  approval go { title "Go | \${{ evil.approval }}\n- [x](y)"; from leads; within 2d }
  stage publish {
    title    "Publish `\${{ evil.stage }}`"
    approved go
    run      """
      echo \${{ evil.command }} ${note}
      COMMAND
      echo "the heredoc went on"
      """ { changes "package:shop"; prints 'a[$]{2}' }
    run      """
      COMMAND
      echo "the heredoc went on"
      """ { changes "package:shop" }
    rollback { run "echo \${{ evil.undo }}" { changes "package:shop" } }
  }
}
"#;

#[test]
fn no_text_of_a_plan_becomes_an_expression_or_a_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("hostile.release");
    std::fs::write(&plan, HOSTILE).expect("the plan is written");
    let files = compiled(&plan);
    assert_eq!(files.len(), 2, "the plan compiles");
    for (file, text) in &files {
        let _: Value = serde_saphyr::from_str(text).unwrap_or_else(|e| panic!("{file} is no YAML: {e}"));
        for (at, _) in text.match_indices("evil.") {
            let before: String = text[..at]
                .chars()
                .rev()
                .take(3)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect();
            assert_ne!(before, "{{ ", "{file}: {}", &text[at.saturating_sub(60)..at + 20]);
        }
    }
    let release = &files["release-hostile.yml"];
    assert!(
        release.contains("<<'COMMAND_'"),
        "the command cannot end its heredoc"
    );
}

#[test]
fn a_condition_that_github_would_refuse_is_an_error_in_the_rollback_too() {
    let mut text = String::from(
        r#"person ana { name "Ana Ruiz" }
role operations { title "Operations"; at_least 3 }
role leads { title "Leads"; at_least 3 }
environment production { kind production }
gate smoke { title "It answers"; run "./smoke.sh" { changes nothing; exercises "app:shop" }; otherwise rollback }
release shop {
  title "Shop"; version "2"; author ana; owner operations; in production
  approval go { from leads; distinct_from author, executors; within 2d }
"#,
    );
    let mut stage = |name: &str, head: &str| {
        text.push_str(&format!(
            "  stage {name} {{ {head}; run \"./do.sh\" {{ changes \"app:{name}\" }}; verify smoke; \
             rollback {{ run \"./undo.sh\" {{ changes \"app:{name}\"; idempotent }} }} }}\n"
        ));
    };
    stage("base", "approved go");
    for i in 0..130 {
        stage(
            &format!("a_service_with_a_name_that_is_rather_long_{i}"),
            "after base",
        );
    }
    text.push_str("}\n");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("shop.release"), text).expect("the plan is written");
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_releasec"))
        .args(["build", "shop.release", "--target", "github", "--out", "dist"])
        .current_dir(folder.path())
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{told}");
    let told: Vec<&str> = told.split_whitespace().filter(|w| *w != "│").collect();
    let told = told.join(" ");
    let wanted =
        "the condition of job `undo-base` in the workflow of the rollback is longer than 21000 characters";
    assert!(told.contains(wanted), "{told}");
    assert!(!folder.path().join("dist").exists(), "nothing is written");
}
