//! What somebody writes who knows other tools: each mistake gives one finding, at its place, with the words that mend it.

use releasec::diagnostic::{Diagnostic, Severity};
use releasec::driver::read::{Input, Overlay};
use releasec::driver::{Settings, check};
use std::path::Path;

/// What is written in the plan, what a newcomer writes instead, the finding, and what its help says.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    (
        "author    mia",
        "author     \"Mia Roth\"",
        "types/mismatch",
        "`person NAME {",
    ),
    (
        "author    mia",
        "author     mia@example.com",
        "syntax/stray_character",
        "put an address in quotes",
    ),
    (
        "owner     platform",
        "owner      noah",
        "resolve/wrong_kind",
        "name a role",
    ),
    (
        "owner     platform",
        "owner: platform",
        "syntax/colon",
        "write `owner …`",
    ),
    (
        "over 10m; otherwise",
        "over 10min; otherwise",
        "syntax/invalid_number",
        "write `10m`",
    ),
    (
        "timeout 10m }",
        "timeout 10 minuts }",
        "syntax/invalid_number",
        "write `10m`",
    ),
    (
        "opens 2026-10-06T20:00",
        "opens 2026-10-06T20:00 in \"Europe/Berlin\"",
        "types/mismatch",
        "that of its `window` or `calendar`",
    ),
    ("step 5% {", "step 5 {", "types/mismatch", "such as `10%`"),
    (
        "opens 2026-10-06T20:00",
        "opens \"2026-10-06 20:00\"",
        "types/mismatch",
        "`2026-06-01T02:00`, without quotes",
    ),
    (
        "closes 2026-10-07T02:00",
        "closes 2026-10-06T02:00",
        "types/out_of_range",
        "after midnight it is the next day",
    ),
    (
        "on 2026-10-02; evidence",
        "on 02.10.2026; evidence",
        "syntax/invalid_number",
        "`2026-10-02`",
    ),
    (
        "in staging; on",
        "in production; on",
        "rollback/not_rehearsed",
        "mirrors production",
    ),
    (
        "zone \"Europe/Berlin\"",
        "zone \"CEST\"",
        "types/bad_literal",
        "\"Europe/Berlin\"",
    ),
    (
        "after     drain",
        "depends_on drain",
        "resolve/unknown_statement",
        "did you mean `after`?",
    ),
    (
        "after     drain",
        "after [drain]",
        "types/mismatch",
        "without brackets",
    ),
    (
        "after     drain",
        "after \"drain\"",
        "types/mismatch",
        "without quotes: `drain`",
    ),
    (
        "within 20m }",
        "timeout 20m }",
        "resolve/misplaced_statement",
        "did you mean `within`?",
    ),
    (
        "stage drain {",
        "stage drain",
        "resolve/missing_block",
        "write `stage NAME { … }`",
    ),
    (
        "verify    can_pay",
        "verify    \"./smoke.sh\"",
        "types/mismatch",
        "`gate NAME {",
    ),
    (
        "distinct_from author,",
        "distinct_from authors,",
        "resolve/unknown_name",
        "did you mean `author`?",
    ),
    (
        "param image:    string",
        "param image:    text",
        "types/unknown_word",
        "`text` is called `string`",
    ),
    ("use std.database", "", "resolve/unknown_name", "use std.database"),
    (
        "use std.database",
        "use database",
        "resolve/unknown_module",
        "write `std.database`",
    ),
    (
        "timeout 10m }",
        "timeout 10m; env STAGE=live }",
        "syntax/equals_sign",
        "`env \"STAGE\", \"live\"`",
    ),
    (
        "timeout 10m }",
        "timeout 10m; retry 3 times }",
        "syntax/missing_comma",
        "a comma",
    ),
    (
        "after    deploy\n",
        "after    deploy\n    at 22:00\n",
        "types/mismatch",
        "count from the start",
    ),
    (
        "after    deploy\n",
        "after    deploy\n    when errors < 1%\n",
        "types/mismatch",
        "judge it in a gate",
    ),
    (
        "owner     platform",
        "owner     platform, payments",
        "resolve/argument_count",
        "write `owner ROLE`",
    ),
    (
        "(api: \"checkout\")",
        "(name: \"checkout\")",
        "types/arguments",
        "by name",
    ),
    (
        "notify room ",
        "notify \"#checkout\" ",
        "types/mismatch",
        "slack.channel",
    ),
    (
        "app=${image}",
        "app=$image",
        "data/undeclared_env",
        "write `${image}`",
    ),
    (
        "./smoke/pay.sh --env",
        "PASSWORD=hunter22 ./smoke/pay.sh --env",
        "data/secret_in_text",
        "`secret \"NAME\"`",
    ),
];

fn found(text: &str) -> Vec<Diagnostic> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/newcomer");
    let path = folder.join("plan.release");
    let mut overlay = Overlay::new();
    overlay.insert(path.canonicalize().expect("the plan is there"), text.into());
    let settings = Settings {
        here: folder,
        overlay,
        ..Settings::default()
    };
    check(&[Input::File(path)], &settings).findings
}

#[test]
fn a_newcomers_mistake_gives_one_finding_that_says_how_to_write_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/newcomer/plan.release");
    let plan = std::fs::read_to_string(path).expect("the plan");
    let clean: Vec<&str> = found(&plan).iter().map(|d| d.code.0).collect();
    let mut faults = Vec::new();
    for (right, wrong, code, help) in MISTAKES {
        if !plan.contains(right) {
            faults.push(format!("`{right}` is not in the plan"));
            continue;
        }
        let findings = found(&plan.replacen(right, wrong, 1));
        let new: Vec<&Diagnostic> = findings
            .iter()
            .filter(|d| d.severity == Severity::Error || !clean.contains(&d.code.0))
            .filter(|d| d.code.0 != "data/unused_param")
            .collect();
        let codes: Vec<&str> = new.iter().map(|d| d.code.0).collect();
        match new.as_slice() {
            [one] if one.code.0 == *code => {
                let said = one.help.join("\n");
                if !said.contains(help) {
                    faults.push(format!("`{wrong}`: help is {said:?}, without {help:?}"));
                }
            }
            _ => faults.push(format!("`{wrong}`: gives {codes:?}, not only {code}")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
