//! `data/mutable_reference`: a command names something that may be another thing tomorrow: `latest`, a branch.

use crate::checks::data::find::Places;
use crate::checks::data::texts::commands;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("data/mutable_reference");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let mut places = Places::new(subject.sources);
    let mut seen = BTreeSet::new();
    let mut push = |found: &str, what: &str, origin: &crate::model::Origin, bag: &mut Bag| {
        if !seen.insert((origin.span, found.to_string())) {
            return;
        }
        let span = places.find(origin, found);
        let d = Diagnostic::warning(CODE, span, format!("`{found}` {what}"))
            .here("may be another thing tomorrow");
        bag.push(
            place::through(d, origin)
                .help("name what was tested: a digest, a version, a commit; as a parameter if it changes with every release"),
        );
    };
    for command in commands(release) {
        if subject.sources.file(command.span.file).library {
            continue;
        }
        for (found, what) in references(&command.display) {
            push(&found, what, &command.origin, bag);
        }
    }
    for artifact in &release.artifacts {
        for text in [&artifact.digest, &artifact.version, &artifact.store]
            .into_iter()
            .flatten()
        {
            for word in text
                .known()
                .unwrap_or("")
                .split_whitespace()
                .filter(|w| latest(w))
            {
                push(word, LATEST, &artifact.origin, bag);
            }
        }
    }
}

const LATEST: &str = "is whatever was pushed last";
const BRANCH: &str = "is a branch: whatever was merged last";

fn latest(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'', ',', ';']);
    ["latest", "nightly", "edge"].iter().any(|t| {
        word.strip_suffix(t)
            .and_then(|w| w.chars().next_back().map(|c| (w.len(), c)))
            .is_some_and(|(n, c)| n > 1 && matches!(c, ':' | '@'))
    })
}

fn branch(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'', ',', ';']);
    matches!(
        word.strip_prefix("origin/").unwrap_or(word),
        "main" | "master" | "develop" | "trunk" | "HEAD"
    )
}

/// What a command takes from somewhere by a name that moves.
fn references(command: &str) -> Vec<(String, &'static str)> {
    let mut list = Vec::new();
    for line in command.split(['\n', ';', '&', '|']) {
        let words: Vec<&str> = line.split_whitespace().collect();
        list.extend(words.iter().filter(|w| latest(w)).map(|w| (bare(w), LATEST)));
        for word in &words {
            if let Some((_, name)) = word.split_once("?ref=")
                && branch(name)
            {
                list.push((bare(name), BRANCH));
            }
        }
        // Looking at a branch is no deployment of it; taking its files is.
        let takes = match words.as_slice() {
            ["git", "checkout" | "switch", rest @ ..] => {
                !rest.iter().any(|w| matches!(*w, "-b" | "-c" | "-B"))
            }
            ["git", "reset", rest @ ..] => rest.contains(&"--hard"),
            ["git", "pull", ..] => true,
            ["git", "clone", rest @ ..] => rest.iter().any(|w| matches!(*w, "-b" | "--branch")),
            _ => false,
        };
        if takes {
            // `HEAD` alone is what is checked out already.
            let named = words[2..].iter().filter(|w| branch(w) && **w != "HEAD");
            list.extend(named.map(|w| (bare(w), BRANCH)));
        }
    }
    list
}

fn bare(word: &str) -> String {
    word.trim_matches(['"', '\'', ',', ';']).to_string()
}

#[cfg(test)]
mod tests {
    use super::references;

    #[test]
    fn names_that_move_are_found() {
        for (command, found) in [
            ("docker pull acme/shop:latest", "acme/shop:latest"),
            ("npx deployer@latest run", "deployer@latest"),
            ("git checkout main && ./build.sh", "main"),
            ("git pull origin master", "master"),
            ("git reset --hard origin/main", "origin/main"),
            ("terraform init -from-module git::https://x//m?ref=main", "main"),
        ] {
            let names: Vec<String> = references(command).into_iter().map(|(n, _)| n).collect();
            assert_eq!(names, [found], "{command}");
        }
    }

    #[test]
    fn names_that_stay_are_not() {
        for command in [
            "docker pull acme/shop:2.0.0",
            "docker pull acme/shop@sha256:4b1f",
            "git checkout v2.0.0",
            "git checkout -b main",
            "git log origin/main..HEAD",
            "git push origin main",
            "./latest.sh",
            "echo latest",
            "git reset --hard HEAD",
        ] {
            assert!(references(command).is_empty(), "{command}");
        }
    }
}
