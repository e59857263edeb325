//! A file with many mistakes tells all of them in one run, each on its own line, and nothing that merely follows from them.

use releasec::driver::read::{Input, Overlay};
use releasec::driver::{Settings, check};
use std::path::Path;

fn told(folder: &str) -> Vec<(String, u32, &'static str)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(folder);
    let settings = Settings {
        here: folder.clone(),
        overlay: Overlay::new(),
        ..Settings::default()
    };
    let checked = check(&[Input::File(folder.join("plan.release"))], &settings);
    checked
        .findings
        .iter()
        .map(|d| {
            let file = checked.sources.file(d.span.file).path.clone();
            (file, checked.sources.line_col(d.span).line, d.code.0)
        })
        .collect()
}

#[test]
fn a_plan_with_a_dozen_and_more_mistakes_tells_each_of_them_once() {
    let expected = [
        ("plan.release", 4, "resolve/outside_root"),
        ("plan.release", 5, "resolve/unknown_module"),
        ("plan.release", 10, "syntax/trailing_comma"),
        ("plan.release", 13, "types/unknown_word"),
        ("plan.release", 16, "resolve/missing_statement"),
        ("plan.release", 17, "syntax/unterminated_string"),
        ("plan.release", 19, "resolve/unknown_name"),
        ("plan.release", 21, "types/bad_literal"),
        ("plan.release", 22, "types/mismatch"),
        ("plan.release", 23, "resolve/duplicate_name"),
        ("plan.release", 25, "resolve/unknown_statement"),
        ("plan.release", 26, "resolve/unknown_item"),
        ("plan.release", 27, "types/mismatch"),
        ("plan.release", 29, "syntax/unclosed_brace"),
        ("plan.release", 30, "resolve/unknown_name"),
        ("cyc_b.release", 1, "resolve/import_cycle"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(file, line, code)| (file.to_string(), *line, *code))
        .collect();
    assert_eq!(told("twelve"), expected);
}

/// The seven faults of the published runbook, each at its line: found by the words of the line, so that a comment may be added.
#[test]
fn the_published_runbook_is_rejected_for_its_seven_faults() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/bioage-as-published");
    let path = root.join("plan.release");
    let text = std::fs::read_to_string(&path).expect("the published plan");
    let settings = Settings {
        here: root,
        overlay: Overlay::new(),
        ..Settings::default()
    };
    let checked = check(&[Input::File(path)], &settings);
    let lines: Vec<&str> = text.lines().collect();
    let faults = [
        ("data/smart_punctuation", "–var-file"),
        ("rollback/missing", "stage infrastructure"),
        ("platform/assert", "weigh_alias"),
        ("platform/assert", "phased_release"),
        ("platform/assert", "remove_build"),
        ("hold/unpaired", "branch.freeze"),
        ("platform/retired", "pinpoint."),
        ("gate/gap", "gate error_rate"),
    ];
    for (code, words) in faults {
        let found = checked.findings.iter().any(|d| {
            let line = checked.sources.line_col(d.span).line as usize;
            d.code.0 == code && lines.get(line - 1).is_some_and(|l| l.contains(words))
        });
        let all: Vec<String> = checked
            .findings
            .iter()
            .map(|d| {
                format!(
                    "{}:{} {}",
                    checked.sources.line_col(d.span).line,
                    d.code,
                    d.message
                )
            })
            .collect();
        assert!(
            found,
            "no {code} at the line with `{words}`; found:\n{}",
            all.join("\n")
        );
    }
}

#[test]
fn a_capture_hides_neither_a_parameter_nor_a_stage() {
    let text = r#"param version: version
person ana { name "Ana Ruiz" }
person ben { name "Ben Okoro" }
role operations { title "Operations"; members ben }
environment test { kind test }
action fetch(token: string) { changes nothing; capture token; run "fetch ${token}" }
release shop {
  title "Shop"; version version; author ana; owner operations; in test
  stage build {
    do fetch("x")
    run "make ${version}" { changes nothing; capture version }
    run "pack" { changes nothing; capture build }
    run "send" { changes nothing; capture sent }
  }
}
"#;
    let said = messages(text, "resolve/shadowed_name");
    assert_eq!(
        said,
        [
            "error: this capture hides another `token`",
            "error: this capture hides another `version`",
            "error: this capture hides another `build`"
        ]
    );
}

#[test]
fn a_step_of_a_rollout_cannot_start_before_the_one_before_it_has_ended() {
    let text = r#"person ana { name "Ana Ruiz" }
role ops { title "Operations"; at_least 3 }
environment staging { kind staging }
release shop {
  title "Shop"; version "2.0.0"; author ana; owner ops; in staging
  start 2026-06-01T09:00Z
  stage expose {
    run "./share.sh ${rollout.weight}" { changes nothing; takes 1m .. 5m }
    rollout {
      step 10%  { bake 30m }
      step 50%  { at T+20m; bake 1h }
      step 75%  { at T+95m; bake 1h }
      step 100% { at T+4h; bake 1h }
    }
  }
}
"#;
    assert_eq!(
        messages(text, "time/offset_conflict"),
        [
            "error: step `50%` of `expose` cannot start at T+20m: what stands before it ends at T+31m",
            "warning: step `75%` of `expose` may not start at T+1h35m: what stands before it ends at T+1h40m"
        ]
    );
}

#[test]
fn times_that_a_clock_never_shows_or_shows_twice_are_told_in_every_zone() {
    // Chile puts its clocks forward at midnight, New York puts them back at two, Lord Howe moves them by half an hour.
    let cases = [
        ("America/Santiago", "2026-09-06T00:30", "which does not exist"),
        ("America/Santiago", "2026-09-06T01:00", ""),
        ("America/New_York", "2026-11-01T01:30", "which exists twice"),
        ("America/New_York", "2026-11-01T02:00", ""),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "which does not exist"),
        ("Australia/Lord_Howe", "2026-10-04T02:30", ""),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "which exists twice"),
        ("Australia/Lord_Howe", "2026-04-05T01:15", ""),
    ];
    for (zone, time, expected) in cases {
        let text = format!(
            r#"person ana {{ name "Ana Ruiz" }}
role ops {{ title "Operations"; at_least 3 }}
environment staging {{ kind staging }}
release shop {{
  title "Shop"; version "2.0.0"; author ana; owner ops; in staging
  window {{ opens {time}; closes {}T23:00; zone "{zone}"; covers check }}
  stage check {{ run "make check" {{ changes nothing }} }}
}}
"#,
            &time[..10]
        );
        let said = messages(&text, "time/gap_or_fold");
        match expected {
            "" => assert!(said.is_empty(), "{zone} {time}: {said:?}"),
            _ => assert!(
                said.len() == 1 && said[0].contains(time) && said[0].contains(expected),
                "{zone} {time}: {said:?}"
            ),
        }
    }
}

/// What is said of a plan under one code: severity and message, in the order of the lines.
fn messages(text: &str, code: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let plan = folder.path().join("plan.release");
    std::fs::write(&plan, text).expect("the plan can be written");
    let settings = Settings {
        here: folder.path().to_path_buf(),
        overlay: Overlay::new(),
        ..Settings::default()
    };
    let checked = check(&[Input::File(plan)], &settings);
    let of_code = checked.findings.iter().filter(|d| d.code.0 == code);
    of_code
        .map(|d| format!("{}: {}", format!("{:?}", d.severity).to_lowercase(), d.message))
        .collect()
}
