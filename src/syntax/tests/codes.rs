//! Each code has a file that fails with it and with nothing else, a file that does not, and a page that shows both;
//! and each repair a machine can make mends what it says it mends.

use crate::diagnostic::Diagnostic;
use crate::source::FileId;
use crate::syntax::{format, parse};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const SOURCES: [&str; 3] = [
    include_str!("../errors/characters.rs"),
    include_str!("../errors/expressions.rs"),
    include_str!("../errors/statements.rs"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The names of all codes, from the constructors.
fn codes() -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for source in SOURCES {
        for rest in source.split("Code(\"syntax/").skip(1) {
            out.insert(rest.split('"').next().unwrap_or("").to_string());
        }
    }
    out
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn mistakes(text: &str) -> Vec<Diagnostic> {
    parse(FileId(0), text).1.into_sorted()
}

fn told(text: &str) -> BTreeSet<String> {
    mistakes(text).iter().map(|d| d.code.to_string()).collect()
}

fn fenced<'p>(page: &'p str, fence: &str) -> &'p str {
    let rest = page
        .split_once(&format!("```{fence}\n"))
        .unwrap_or_else(|| panic!("no {fence} in {page}"))
        .1;
    rest.split_once("```").map_or(rest, |(body, _)| body)
}

#[test]
fn every_code_fails_alone_and_can_be_mended() {
    for name in codes() {
        let only: BTreeSet<String> = [format!("syntax/{name}")].into();
        let folder = root().join("tests/corpus/codes/syntax").join(&name);
        assert_eq!(
            told(&read(&folder.join("bad.release"))),
            only,
            "{name}/bad.release"
        );
        assert_eq!(
            told(&read(&folder.join("good.release"))),
            BTreeSet::new(),
            "{name}/good.release"
        );
        let page = read(&root().join("docs/codes/syntax").join(format!("{name}.md")));
        assert!(page.starts_with(&format!("# syntax/{name}\n")), "{name}");
        assert_eq!(told(fenced(&page, "release-bad")), only, "the page of {name}");
        assert_eq!(
            told(fenced(&page, "release")),
            BTreeSet::new(),
            "the page of {name}"
        );
        for heading in ["## Why", "## Fails", "## Mended", "## Accepting it"] {
            assert!(page.contains(heading), "{name} lacks {heading}");
        }
    }
}

#[test]
fn no_page_and_no_file_is_left_over() {
    for folder in ["docs/codes/syntax", "tests/corpus/codes/syntax"] {
        for entry in std::fs::read_dir(root().join(folder)).expect("the folder is there") {
            let name = entry
                .expect("readable")
                .file_name()
                .to_string_lossy()
                .trim_end_matches(".md")
                .to_string();
            assert!(codes().contains(&name), "{folder}/{name} belongs to no code");
        }
    }
}

#[test]
fn good_files_are_in_their_layout() {
    for name in codes() {
        let good = read(
            &root()
                .join("tests/corpus/codes/syntax")
                .join(&name)
                .join("good.release"),
        );
        assert_eq!(format(FileId(0), &good).expect("no mistakes"), good, "{name}");
    }
}

/// The text with the first repair of each mistake made.
fn mended(text: &str) -> String {
    let mut edits: Vec<_> = mistakes(text)
        .into_iter()
        .filter_map(|d| d.fixes.into_iter().next())
        .flat_map(|f| f.edits)
        .collect();
    edits.sort_by_key(|e| (e.span.start, e.span.end));
    let mut out = String::new();
    let mut done = 0;
    for edit in edits {
        if edit.span.start as usize >= done {
            out.push_str(&text[done..edit.span.start as usize]);
            out.push_str(&edit.replacement);
            done = edit.span.end as usize;
        }
    }
    out.push_str(&text[done..]);
    out
}

#[test]
fn a_repair_mends_what_it_is_for() {
    let mut with_repair = 0;
    for name in codes() {
        let bad = read(
            &root()
                .join("tests/corpus/codes/syntax")
                .join(&name)
                .join("bad.release"),
        );
        if mistakes(&bad).iter().all(|d| d.fixes.is_empty()) {
            continue;
        }
        with_repair += 1;
        let after = mended(&bad);
        assert_eq!(told(&after), BTreeSet::new(), "{name}:\n{after}");
    }
    assert!(with_repair >= 25, "{with_repair}");
}
