//! Proves that each judge is awake: it accepts every good sample, and refuses each bad one for the reason that `samples/expected.json` names.
//!
//! A `null` there is a known blind spot. It is asserted too: when a newer version of a tool begins to see, we want to know.

use std::path::PathBuf;

use indexmap::IndexMap;

use crate::artifacts::files_below;
use crate::judge::{Judge, Verdict};
use crate::tools;

/// For each bad sample, per judge: a part of the complaint, or `None` where the judge is blind.
type Expected = IndexMap<String, IndexMap<String, Option<String>>>;

fn expected() -> Expected {
    let path = tools::here().join("samples/expected.json");
    let text = std::fs::read_to_string(&path).expect("samples/expected.json can be read");
    serde_json::from_str(&text).expect("samples/expected.json has the shape that README.md says")
}

/// Fails unless the judge accepts all good samples and meets `expected.json` on the bad ones.
pub fn told_apart_by(name: &str) {
    let Some(tools) = tools::or_skip(name) else { return };
    let judge = Judge::named(name);
    let samples = tools::here().join("samples");

    let good = judge.subject.below(&samples.join("good"));
    assert!(!good.is_empty(), "{name} has no good sample");
    judge.must_accept(tools, &good);

    let asked: Vec<(PathBuf, Option<String>)> = expected()
        .into_iter()
        .filter_map(|(file, mut by_judge)| {
            Some((samples.join("bad").join(file), by_judge.shift_remove(name)?))
        })
        .collect();
    assert!(
        asked.iter().any(|(_, complaint)| complaint.is_some()),
        "{name} has no bad sample that it must refuse"
    );
    let files: Vec<PathBuf> = asked.iter().map(|(file, _)| file.clone()).collect();
    let wrong: Vec<String> = judge
        .verdicts(tools, &files)
        .iter()
        .zip(&asked)
        .filter(|(verdict, (_, complaint))| !meets(verdict, complaint.as_deref()))
        .map(|(verdict, (_, complaint))| {
            format!(
                "{}: expected {complaint:?}, said {:?}",
                verdict.file.display(),
                verdict.messages
            )
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{name} judges bad samples otherwise than expected\n{}",
        wrong.join("\n")
    );
}

fn meets(verdict: &Verdict, complaint: Option<&str>) -> bool {
    match complaint {
        None => verdict.accepted,
        Some(part) => !verdict.accepted && verdict.messages.iter().any(|message| message.contains(part)),
    }
}

/// A bad sample that no judge is asked about proves nothing, and an expectation without its sample neither.
#[test]
fn every_bad_sample_has_an_expectation() {
    let bad = tools::here().join("samples/bad");
    let expected = expected();
    let orphans: Vec<String> = files_below(&bad)
        .iter()
        .map(|file| {
            file.strip_prefix(&bad)
                .expect("internal: below the folder")
                .display()
                .to_string()
        })
        .filter(|file| {
            !expected
                .keys()
                .any(|known| file == known || file.starts_with(&format!("{known}/")))
        })
        .collect();
    assert!(orphans.is_empty(), "no judge is asked about {orphans:?}");
    let lost: Vec<&String> = expected.keys().filter(|file| !bad.join(file).exists()).collect();
    assert!(
        lost.is_empty(),
        "expected.json names samples that do not exist: {lost:?}"
    );
}
