//! A finding is reported once, at its cause: what one fault in a good plan leads to.

use releasec::driver::read::{Input, Overlay};
use releasec::driver::{Settings, check};
use std::path::Path;
use std::sync::Arc;

const FILES: [&str; 2] = ["bioage.release", "people.release"];

/// What is found in the example when one of its files holds another text.
fn found(file: &str, text: &str) -> Vec<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/bioage");
    let mut overlay = Overlay::new();
    overlay.insert(here.join(file), Arc::from(text));
    let settings = Settings {
        here: here.clone(),
        overlay,
        ..Settings::default()
    };
    let checked = check(&[Input::File(here.join(FILES[0]))], &settings);
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
    let said = checked.findings.iter();
    said.map(|d| format!("{} {}: {}", checked.sources.place(d.span), d.code, d.message))
        .collect()
}

fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples/bioage")
        .join(file);
    std::fs::read_to_string(path).expect("an example")
}

/// Each line is left out in turn. Nothing panics, and what follows is no cascade: the places that name what is gone, and little else.
#[test]
fn a_missing_line_leads_to_few_findings() {
    let (mut tried, mut all, mut many) = (0, 0, Vec::new());
    for file in FILES {
        let whole = text(file);
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

/// Single faults of the kinds people make, each with the one finding it is.
#[test]
fn a_planted_fault_is_one_finding() {
    for (file, from, to, code) in [
        (
            "bioage.release",
            "author    alice",
            "author    alicia",
            "resolve/unknown_name",
        ),
        (
            "bioage.release",
            "  stage model {",
            "  stage model",
            "resolve/missing_block",
        ),
        (
            "people.release",
            "members bruno, chen;             kind operations",
            "members bruno, chem;             kind operations",
            "resolve/unknown_name",
        ),
    ] {
        let whole = text(file);
        assert!(whole.contains(from), "`{from}` in {file}");
        let said = found(file, &whole.replacen(from, to, 1));
        let [one] = &said[..] else {
            panic!("`{to}`: {said:#?}")
        };
        assert!(one.contains(code), "{one}");
    }
}
