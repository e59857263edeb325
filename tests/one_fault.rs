//! A finding is reported once, at its cause: what one fault in a good plan leads to.

use releasec::diagnostic::Diagnostic;
use releasec::driver::read::{Input, Overlay};
use releasec::driver::{Checked, Settings, check};
use std::path::Path;
use std::sync::Arc;

const FILES: [&str; 2] = ["bioage.release", "people.release"];

/// The examples that are clean, each with the file of its plan.
const EXAMPLES: [(&str, &str); 4] = [
    ("bioage", "bioage.release"),
    ("hello", "hello.release"),
    ("database-migration", "migration.release"),
    ("multi-region", "regions.release"),
];

/// An example checked when one of its files holds another text.
fn checked(example: &str, file: &str, text: &str) -> Checked {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(example);
    let mut overlay = Overlay::new();
    overlay.insert(here.join(file), Arc::from(text));
    let settings = Settings {
        here: here.clone(),
        overlay,
        ..Settings::default()
    };
    let plan = EXAMPLES
        .iter()
        .find(|(name, _)| *name == example)
        .expect("an example")
        .1;
    let checked = check(&[Input::File(here.join(plan))], &settings);
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
    checked
}

/// What is found in the first example when one of its files holds another text.
fn found(file: &str, text: &str) -> Vec<String> {
    let checked = checked("bioage", file, text);
    let said = checked.findings.iter();
    said.map(|d| format!("{} {}: {}", checked.sources.place(d.span), d.code, d.message))
        .collect()
}

/// A file of an example, without its policies: those say in the words of an organisation what a check has found already, once for each rule
/// that is broken.
fn text(example: &str, file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(example)
        .join(file);
    let text = std::fs::read_to_string(path).expect("an example");
    let of_policies = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("use std.policy ") || line.starts_with("policy ")
    };
    let kept: Vec<&str> = text.lines().filter(|l| !of_policies(l)).collect();
    kept.join("\n") + "\n"
}

/// Each line is left out in turn. Nothing panics, and what follows is no cascade: the places that name what is gone, and little else.
#[test]
fn a_missing_line_leads_to_few_findings() {
    let (mut tried, mut all, mut many) = (0, 0, Vec::new());
    for file in FILES {
        let whole = text("bioage", file);
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        for (i, line) in lines.iter().enumerate() {
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let rest: String = lines
                .iter()
                .enumerate()
                .filter(|(j, _)| *j != i)
                .map(|(_, l)| *l)
                .collect();
            let said = found(file, &rest);
            // What several places name is missed in each of them.
            let missed = said.iter().filter(|s| s.contains("resolve/unknown_name")).count();
            if said.len() - missed > 4 {
                many.push(format!(
                    "without `{}` of {file}:\n  {}",
                    line.trim(),
                    said.join("\n  ")
                ));
            }
            tried += 1;
            all += said.len() - missed;
        }
    }
    assert!(many.is_empty(), "{}", many.join("\n"));
    assert!(tried > 150 && all < tried, "{all} findings after {tried} faults");
}

/// Single faults of the kinds people make: in which file of which example, what is written there and what is written instead; then
/// the one finding it is, and what stands in the line it points to.
#[rustfmt::skip]
const PLANTED: &[(&str, &str, &str, &str, &str, &str)] = &[
    ("bioage", "people.release", "members fumi, hugo;              kind security", "kind security", "sod/empty_role", "role security "),
    ("bioage", "bioage.release", r#"gate api_healthy  { title "API and model are healthy";             pass errors < 1% and latency <= 2.5s; over 15m"#, r#"gate api_healthy  { title "API and model are healthy";             pass errors < 1% and latency <= 2.5s; over 15%"#, "types/mismatch", "gate api_healthy"),
    ("bioage", "bioage.release", "latency <= 2.5s", "latency <= 2%", "types/unit_mismatch", "gate api_healthy"),
    ("bioage", "bioage.release", "during   infrastructure .. api\n    at_most", "during   infrastructure .. apis\n    at_most", "resolve/unknown_name", "during   infrastructure"),
    ("bioage", "bioage.release", r#"  hold main_frozen {
    title    "`main` is read-only while production changes"
    around   branch.freeze(repo: "acme/bioage", branch: "main")
    during   infrastructure .. api
    at_most  4h
    owner    devsecops
  }
"#, "", "resolve/unused_name", "use std.github.branch"),
    ("bioage", "bioage.release", "    approved  change_board, security_review\n", "    approved  change_board\n", "data/classification", "stage infrastructure"),
    ("bioage", "bioage.release", "    approved  change_board, security_review\n", "", "approval/unguarded_production", "stage infrastructure"),
    ("hello", "hello.release", "approved go; ", "", "approval/unguarded_production", "stage     shift"),
    ("hello", "hello.release", "  approval  go { from leads; distinct_from author, executors; within 2d }\n", "", "resolve/unknown_name", "stage     shift"),
    ("hello", "hello.release", "distinct_from author, executors; ", "", "sod/self_approval", "approval  go"),
    ("bioage", "bioage.release", r#"    rollback  {
      owner   devsecops
      do      terraform.apply(dir: "infra", vars: "prod.tfvars", ref: iac_from)
      within  15m
    }
"#, "", "rollback/missing", "stage infrastructure"),
    ("hello", "hello.release", "; verify healthy", "", "gate/no_consequence", "gate healthy"),
    ("bioage", "bioage.release", "step 100% { bake 15m; verify api_healthy, model_agrees, smoke }", "step 100% { bake 15m }", "gate/ungated_step", "step 100%"),
    ("bioage", "bioage.release", "step 10%  { bake 15m; verify api_healthy, model_agrees, smoke }", "step 10%  { bake 15m }", "gate/too_late", "step 100%"),
    ("bioage", "bioage.release", "    owner   devsecops\n    do      api_gateway", r#"    owner   devsecops
    allow "sod/collusion" { because "a small team"; until 2026-01-01 }
    do      api_gateway"#, "allow/expired", "allow "),
    ("bioage", "bioage.release", "    owner   devsecops\n    do      api_gateway", r#"    owner   devsecops
    allow "sod/collusion" { because "a small team"; until 2026-12-01 }
    do      api_gateway"#, "allow/unused", "allow "),
    ("bioage", "bioage.release", "after     candidate", "after     infrastructure", "dag/cycle", "stage infrastructure"),
    ("bioage", "bioage.release", "after     candidate", "after     model", "dag/cycle", "stage infrastructure"),
    ("database-migration", "migration.release", "    approved      contract\n", "", "approval/no_consequence", "approval contract"),
    ("database-migration", "migration.release", "    after   copy\n", "    after   cpy\n", "resolve/unknown_name", "after   cpy"),
    ("database-migration", "migration.release", "    owner       service_team\n    do          ecs", "    owner       servce_team\n    do          ecs", "resolve/unknown_name", "servce_team"),
    ("database-migration", "migration.release", "    after         service\n", "    after         contract\n", "dag/cycle", "stage contract"),
    ("database-migration", "migration.release", "over 10m;", "over 10;", "types/mismatch", "gate healthy"),
    ("database-migration", "migration.release", "approval go       { from data_owners; distinct_from author, executors; within 3d }", "approval go       { from data_owners; quorum 3; distinct_from author, executors; within 3d }", "sod/quorum_exceeds_pool", "approval go"),
    ("database-migration", "migration.release", "closes   2026-09-16T03:00", "closes   2026-09-15T22:15", "time/exceeds_window", "window"),
    ("database-migration", "migration.release", "on 2026-09-11", "on 2026-08-11", "rollback/not_rehearsed", "tested"),
    ("database-migration", "migration.release", r#"    do        database.snapshot(instance: "orders", name: "orders-before-4-0")
"#, r#"    run "true" { changes nothing }
"#, "rollback/no_backup", "database.contract"),
    ("multi-region", "regions.release", "members zeno, abel", "members zeno, abe", "resolve/unknown_name", "role deciders"),
    ("multi-region", "regions.release", r#"role directors { title "Directors";     members xian, yara; kind business }"#, r#"role directors { title "Directors"; kind business }"#, "sod/empty_role", "role directors"),
    ("multi-region", "regions.release", "approved go; owner platform }\n\n  decision", "owner platform }\n\n  decision", "approval/unguarded_production", "stage shift"),
    ("multi-region", "regions.release", "after us; when go_on is everywhere", "after ap; when go_on is everywhere", "dag/race", "do       lambda"),
    ("multi-region", "regions.release", "    default  wait\n", "    default  later\n", "types/unknown_word", "default  later"),
    ("multi-region", "regions.release", "members xian, yara", "members xian", "sod/single_point_approver", "approval go"),
    ("multi-region", "regions.release", "step 10%  { bake 15m; verify healthy(place, where), buys(place, where) }", "step 60%  { bake 15m; verify healthy(place, where), buys(place, where) }", "gate/weights", "step 50%"),
    ("multi-region", "regions.release", "; when go_on is everywhere }\n  phase ap", "; when go_on is anywhere }\n  phase ap", "types/unknown_word", "phase us"),
    ("bioage", "bioage.release", "from ccb; quorum 2;", "from ccb; quorum 5;", "sod/quorum_exceeds_pool", "approval change_board"),
    ("bioage", "bioage.release", "closes   2026-06-01T10:00", "closes   2026-06-01T03:00", "time/exceeds_window", "window"),
    ("bioage", "bioage.release", "at_most  4h", "at_most  30m", "hold/outlives", "at_most"),
    ("bioage", "bioage.release", "step 10%  {", "step 100%  {", "gate/weights", "step 100%"),
    ("hello", "hello.release", r#""./smoke.sh""#, r#""true""#, "gate/asserts_nothing", "gate healthy"),
    ("hello", "hello.release", "finished, failed, rolled_back", "finished", "comms/silent_failure", "notify"),
    ("bioage", "bioage.release", "author    alice", "author    alicia", "resolve/unknown_name", "author    alicia"),
    ("bioage", "bioage.release", "  stage model {", "  stage model", "resolve/missing_block", "stage model"),
    ("bioage", "people.release", "members bruno, chen;             kind operations", "members bruno, chem;             kind operations", "resolve/unknown_name", "chem"),
    ("bioage", "bioage.release", "    approved  change_board, security_review\n", r#"    approved  change_board, security_review
    do        branch.freeze(repo: "acme/infra", branch: "main")
"#, "hold/unpaired", "branch.freeze"),
];

#[test]
fn a_planted_fault_is_one_finding() {
    let mut wrong = Vec::new();
    for (example, file, from, to, code, line) in PLANTED {
        let whole = text(example, file);
        assert!(whole.contains(from), "`{from}` in {file}");
        let checked = checked(example, file, &whole.replacen(from, to, 1));
        let at = |d: &Diagnostic| {
            let at = checked.sources.line_col(d.span).line;
            checked.sources.file(d.span.file).line(at).to_string()
        };
        let right = |d: &Diagnostic| d.code.0 == *code && at(d).contains(line);
        if !matches!(&checked.findings[..], [one] if right(one)) {
            let said: Vec<String> = checked
                .findings
                .iter()
                .map(|d| format!("{}: {}\n    {}", d.code, d.message, at(d)))
                .collect();
            wrong.push(format!(
                "{example}: `{from}` is now `{to}`, and not {code}:\n  {}",
                said.join("\n  ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
