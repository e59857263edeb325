//! Reads each YAML file twice, with our own reader (YAML 1.2) and with PyYAML (YAML 1.1), and compares what they saw.
//!
//! A plain `yes`, `12:30`, `010` or date means one thing to one and another to the other, and so does a tab or a trailing space gone wrong.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::artifacts::Subject;
use crate::examples;
use crate::judge::shown;
use crate::tools::{self, Tools, said};

/// What PyYAML saw in one file.
#[derive(serde::Deserialize)]
struct Seen {
    value: Option<Value>,
    error: Option<String>,
}

/// The files that the two readers understand differently, with how.
fn differences(tools: &Tools, files: &[PathBuf]) -> Vec<String> {
    if files.is_empty() {
        return Vec::new();
    }
    let done = tools
        .python("data/yaml_values.py")
        .args(files)
        .output()
        .expect("PyYAML can be started");
    assert!(done.status.success(), "PyYAML broke: {}", said(&done));
    let text = String::from_utf8_lossy(&done.stdout);
    let seen: Vec<Seen> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("PyYAML's answer is JSON"))
        .collect();
    assert_eq!(seen.len(), files.len(), "PyYAML must read every file");
    files
        .iter()
        .zip(seen)
        .filter_map(|(file, seen)| Some(format!("{}: {}", shown(file), difference(file, seen)?)))
        .collect()
}

fn difference(file: &Path, seen: Seen) -> Option<String> {
    let text = std::fs::read_to_string(file).expect("the file can be read");
    // YAML 1.2, as GitHub reads it: `yes` and `on` are words there.
    let as_github = serde_saphyr::options! { strict_booleans: true };
    let ours: Value = match serde_saphyr::from_str_with_options(&text, as_github) {
        Ok(value) => value,
        Err(error) => return Some(format!("our own reader refuses it: {error}")),
    };
    match seen {
        Seen {
            error: Some(error), ..
        } => Some(format!("PyYAML refuses it: {error}")),
        Seen { value, .. } => first_difference("", &ours, &value.unwrap_or(Value::Null)),
    }
}

/// The first place where two values differ.
fn first_difference(place: &str, ours: &Value, theirs: &Value) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let missing = theirs.keys().find(|key| !ours.contains_key(*key));
            missing
                .map(|key| format!("only PyYAML sees {place}/{key}"))
                .or_else(|| {
                    ours.iter().find_map(|(key, value)| match theirs.get(key) {
                        Some(other) => first_difference(&format!("{place}/{key}"), value, other),
                        None => Some(format!("only our own reader sees {place}/{key}")),
                    })
                })
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            let pairs = ours.iter().zip(theirs).enumerate();
            pairs
                .into_iter()
                .find_map(|(at, (one, other))| first_difference(&format!("{place}/{at}"), one, other))
        }
        _ if ours == theirs => None,
        _ => Some(format!(
            "{place} is {ours} for our own reader and {theirs} for PyYAML"
        )),
    }
}

#[test]
fn tells_good_samples_from_bad() {
    let Some(tools) = tools::or_skip("PyYAML") else {
        return;
    };
    let samples = tools::here().join("samples");
    let good = Subject::Yaml.below(&samples.join("good"));
    assert_eq!(differences(tools, &good), Vec::<String>::new());
    let bad = Subject::Yaml.below(&samples.join("ambiguous"));
    assert!(!bad.is_empty());
    for file in bad {
        let found = differences(tools, std::slice::from_ref(&file));
        assert_eq!(found.len(), 1, "{} means two things", shown(&file));
    }
}

#[test]
fn two_readers_see_the_same_in_every_artifact_of_every_example() {
    let Some(tools) = tools::or_skip("PyYAML") else {
        return;
    };
    let files: Vec<PathBuf> = examples::trees()
        .iter()
        .flat_map(|tree| Subject::Yaml.below(tree))
        .collect();
    assert_eq!(differences(tools, &files), Vec::<String>::new());
}
