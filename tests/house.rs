//! The rules of the house, as tests: layers, fences, one identity per finding, sizes and heads of files.
//!
//! The rules themselves are told in `docs/architecture.md`. A failing test lists every place that breaks its rule.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The layers, lowest first. A module may use the layers below its own.
const LAYERS: &[&[&str]] = &[
    &["source"],
    &["diagnostic"],
    &["syntax"],
    &["schema", "resolve"],
    &["model"],
    &["types", "eval"],
    &["plan"],
    &["diff"],
    &["checks", "emit", "run"],
    &["record", "proof"],
    &["report"],
    &["driver", "cli", "lsp"],
];

/// Edges within a layer, from user to used.
const EDGES: &[(&str, &str)] = &[
    ("resolve", "schema"),
    ("eval", "types"),
    ("checks", "run"),
    ("emit", "run"),
    ("cli", "driver"),
    ("lsp", "driver"),
];

/// Libraries and the only places that may know them.
const FENCES: &[(&str, &[&str])] = &[
    ("pest", &["src/syntax/"]),
    ("pest_derive", &["src/syntax/"]),
    ("petgraph", &["src/plan/"]),
    ("miette", &["src/report/"]),
    ("codespan_reporting", &["src/report/"]),
    ("handlebars", &["src/emit/"]),
    ("hcl_edit", &["src/emit/"]),
    ("serde_saphyr", &["src/emit/", "src/proof/github/"]),
    ("clap", &["src/cli/"]),
    ("clap_complete", &["src/cli/"]),
    ("clap_mangen", &["src/cli/"]),
    ("tempfile", &["src/driver/"]),
    ("ignore", &["src/driver/"]),
    ("rayon", &["src/driver/", "src/checks/mod.rs"]),
];

/// What reaches outside the program, and the only place that may.
const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net",
    "std::time::SystemTime",
    "std::time::Instant",
    "SystemTime::now",
    "Instant::now",
    "stdin()",
    "stdout()",
    "stderr()",
    "println!",
    "eprintln!",
    "print!(",
    "dbg!",
    "Zoned::now",
    "Timestamp::now",
];

/// No file is longer.
const LONGEST: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A source file: its path from the root, its text, and its code without tests and comments.
struct File {
    path: String,
    text: String,
    code: Vec<(usize, String)>,
}

fn below(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut todo = vec![root().join(folder)];
    while let Some(folder) = todo.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root())
        .expect("below the root")
        .to_string_lossy()
        .replace('\\', "/")
}

fn files(folder: &str) -> Vec<File> {
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let path = relative(&path);
        let in_tests = path.contains("/tests/") || path.ends_with("/tests.rs");
        let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
        let code = text[..end]
            .lines()
            .enumerate()
            .filter(|(_, l)| !l.trim_start().starts_with("//") && !in_tests);
        let code = code.map(|(n, l)| (n + 1, l.to_string())).collect();
        File { path, text, code }
    };
    below(folder, "rs").into_iter().map(read).collect()
}

fn none(what: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{what}:\n  {}\n", broken.join("\n  "));
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|l| l.contains(&module))
}

/// The modules a file names behind `crate::`, groups included, with their lines.
fn crate_paths(file: &File) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    for (i, (number, line)) in file.code.iter().enumerate() {
        let mut rest = line.as_str();
        while let Some(at) = rest.find("crate::") {
            // `$crate::` and `mycrate::` are something else.
            let before = rest[..at].chars().next_back();
            rest = &rest[at + "crate::".len()..];
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            if rest.starts_with('{') {
                let group: String = file.code[i..]
                    .iter()
                    .map(|(_, l)| l.as_str())
                    .collect::<Vec<_>>()
                    .join(" ");
                let group = &group[group.find("crate::{").expect("is there") + 8..];
                let (mut depth, mut word, mut first) = (0, String::new(), true);
                for c in group.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => first = true,
                        c if c.is_alphanumeric() || c == '_' => {
                            if depth == 0 && first {
                                word.push(c);
                            }
                            continue;
                        }
                        _ => {}
                    }
                    if !word.is_empty() {
                        out.push((*number, std::mem::take(&mut word)));
                        first = c == ',' && depth == 0;
                    }
                }
            } else {
                let word: String = rest
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                out.push((*number, word));
            }
        }
    }
    out
}

#[test]
fn layers_import_downwards_only() {
    let mut broken = Vec::new();
    for file in files("src") {
        let module = file.path["src/".len()..]
            .split(['/', '.'])
            .next()
            .unwrap_or("")
            .to_string();
        if module == "lib" || module == "main" {
            continue;
        }
        let Some(own) = layer(&module) else {
            broken.push(format!("{}: `{module}` has no layer", file.path));
            continue;
        };
        for (line, text) in &file.code {
            let path = text
                .trim_start()
                .strip_prefix("pub use crate::")
                .unwrap_or(&module);
            if path.split([':', ';', '{']).next() != Some(module.as_str()) {
                broken.push(format!(
                    "{}:{line}: offers what belongs to another layer",
                    file.path
                ));
            }
        }
        for (line, used) in crate_paths(&file) {
            if used == module || EDGES.contains(&(module.as_str(), used.as_str())) {
                continue;
            }
            // Macros and items of the root have no layer and are not imports of one.
            if layer(&used).is_some_and(|l| l >= own) {
                broken.push(format!("{}:{line}: `{module}` uses `{used}`", file.path));
            }
        }
    }
    none("imports that do not point down", &broken);
}

#[test]
fn the_modules_of_the_library_stand_in_layer_order() {
    let text = std::fs::read_to_string(root().join("src/lib.rs")).expect("lib.rs");
    let modules: Vec<&str> = text
        .lines()
        .filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    let layers: Vec<usize> = modules
        .iter()
        .map(|m| layer(m).unwrap_or_else(|| panic!("`{m}` has no layer")))
        .collect();
    assert!(layers.is_sorted(), "{modules:?}");
}

#[test]
fn libraries_stay_behind_their_fences() {
    let mut broken = Vec::new();
    for file in files("src") {
        for (library, places) in FENCES {
            if places.iter().any(|p| file.path.starts_with(p)) {
                continue;
            }
            for (line, text) in &file.code {
                if text.contains(&format!("{library}::")) && word_starts(text, &format!("{library}::")) {
                    broken.push(format!("{}:{line}: `{library}`", file.path));
                }
            }
        }
        let inside = ["src/driver/", "src/cli/panic.rs", "src/lsp/"];
        if !inside.iter().any(|p| file.path.starts_with(p)) {
            for what in OUTSIDE {
                for (line, text) in &file.code {
                    if word_starts(text, what) {
                        broken.push(format!("{}:{line}: `{what}`", file.path));
                    }
                }
            }
        }
    }
    none("libraries outside their fences", &broken);
}

/// Whether `what` stands in `text` with nothing of a word or path before it.
fn word_starts(text: &str, what: &str) -> bool {
    text.match_indices(what).any(|(at, _)| {
        !text[..at]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

#[test]
fn every_file_says_what_it_is_and_keeps_its_size() {
    let mut broken = Vec::new();
    for file in files("src").into_iter().chain(files("tests")) {
        if !file.text.starts_with("//!") {
            broken.push(format!("{}: does not begin with `//!`", file.path));
        }
        let lines = file.text.lines().count();
        if lines > LONGEST {
            broken.push(format!("{}: {lines} lines", file.path));
        }
    }
    none("files without a head, or too long", &broken);
}

#[test]
fn nothing_is_left_for_later_or_imported_wholesale() {
    // The words stand in pieces, so that this file does not hold them; one check looks for the first of them in plans.
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("to", "do!"),
        concat!("unimpl", "emented!"),
    ];
    let star = concat!("use super", "::*");
    let mut broken = Vec::new();
    for file in files("src").into_iter().chain(files("tests")) {
        for (n, line) in file.text.lines().enumerate() {
            let at = format!("{}:{}", file.path, n + 1);
            if line.contains(star) {
                broken.push(format!("{at}: {star}"));
            }
            let sought = file.path.starts_with("src/checks/data/placeholder");
            for word in words.iter().filter(|w| line.contains(**w) && !sought) {
                broken.push(format!("{at}: {word}"));
            }
            if line.contains(concat!("#[ig", "nore")) {
                broken.push(format!("{at}: an ignored test"));
            }
        }
    }
    none("what a finished program does not hold", &broken);
}

/// Text of other languages that only a `print.rs` may put together by hand.
const TARGET_SYNTAX: &[&str] = &[
    "${{{{",
    "runs-on:",
    "resource \\\"",
    "\\\"Type\\\": ",
    "\\\"StartAt\\\"",
];

#[test]
fn target_syntax_is_put_together_by_printers_only() {
    let mut broken = Vec::new();
    for file in files("src/emit") {
        if file.path.ends_with("/print.rs") || file.path.contains("/print/") {
            continue;
        }
        for (line, text) in &file.code {
            let builds = ["format!(", "write!(", "writeln!("]
                .iter()
                .any(|m| text.contains(m));
            for syntax in TARGET_SYNTAX.iter().filter(|s| builds && text.contains(**s)) {
                broken.push(format!("{}:{line}: `{syntax}`", file.path));
            }
        }
    }
    none("target syntax outside a printer", &broken);
}

/// The codes that a file names; what tests call their own does not count.
fn codes_of(file: &File) -> Vec<String> {
    let code: String = file.code.iter().map(|(_, l)| l.trim()).collect();
    let names = code.match_indices("Code(\"");
    names
        .map(|(at, _)| code[at + 6..].chars().take_while(|c| *c != '"').collect())
        .collect()
}

/// Every code that the source names, with the first file that does.
fn codes_in_source() -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for file in files("src") {
        for name in codes_of(&file) {
            out.entry(name).or_insert_with(|| file.path.clone());
        }
    }
    out
}

/// Where a code may stand, so that its name alone leads there: a table in `docs/contributing.md` says the same in words.
fn homes(code: &str) -> Vec<String> {
    let (group, _) = code.split_once('/').unwrap_or((code, ""));
    let list: &[&str] = match (group, code) {
        (_, "data/unused_param" | "data/loop_variable_unused") => &["src/resolve/errors.rs"],
        ("syntax", _) => &["src/syntax/errors/", "src/syntax/recover/"],
        ("resolve", _) => &["src/resolve/", "src/schema/errors.rs"],
        ("types", _) => &["src/types/errors.rs"],
        ("file", _) => &["src/driver/read.rs"],
        ("target", _) => &["src/emit/"],
        ("record", _) => return vec![format!("src/{code}.rs")],
        _ => {
            return vec![
                format!("src/checks/{code}.rs"),
                format!("src/checks/{code}/mod.rs"),
            ];
        }
    };
    list.iter().map(ToString::to_string).collect()
}

/// The codes that have a page.
fn codes_with_page() -> BTreeSet<String> {
    let name = |p: &PathBuf| {
        relative(p)["docs/codes/".len()..]
            .trim_end_matches(".md")
            .to_string()
    };
    below("docs/codes", "md").iter().map(name).collect()
}

#[test]
fn a_finding_is_one_thing_everywhere() {
    let mut broken = Vec::new();
    let codes = codes_in_source();
    let mut files_of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files("src") {
        for code in codes_of(&file) {
            files_of.entry(code).or_default().push(file.path.clone());
        }
    }
    for (code, file) in &codes {
        let good = code.split('/').count() == 2
            && code
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '/');
        if !good {
            broken.push(format!("{file}: `{code}` is not `group/name`"));
        }
        for needed in [
            format!("docs/codes/{code}.md"),
            format!("tests/corpus/codes/{code}/bad.release"),
            format!("tests/corpus/codes/{code}/good.release"),
        ] {
            if !root().join(&needed).is_file() {
                broken.push(format!("{code} ({file}): no {needed}"));
            }
        }
        for home in &files_of[code] {
            if !homes(code).iter().any(|h| home.starts_with(h.as_str())) {
                broken.push(format!(
                    "{code}: stands in {home}, not in {}",
                    homes(code).join(" or ")
                ));
            }
        }
    }
    for code in codes_with_page() {
        if !codes.contains_key(&code) {
            broken.push(format!("docs/codes/{code}.md: nothing in src has this code"));
        }
    }
    for path in below("tests/corpus/codes", "release") {
        let folder = relative(path.parent().expect("a folder"));
        let code = folder.trim_start_matches("tests/corpus/codes/").to_string();
        if !codes.contains_key(&code) && path.file_name().is_some_and(|n| n == "bad.release") {
            broken.push(format!("{folder}: nothing in src has this code"));
        }
    }
    none("findings without a page, a fixture or a home", &broken);
}

#[test]
fn pages_have_one_form() {
    let mut broken = Vec::new();
    for path in below("docs/codes", "md") {
        let text = std::fs::read_to_string(&path).expect("a page");
        let at = relative(&path);
        let code = at["docs/codes/".len()..].trim_end_matches(".md");
        if text.lines().next() != Some(format!("# {code}").as_str()) {
            broken.push(format!("{at}: does not begin with `# {code}`"));
        }
        let summary = text.lines().skip(1).find(|l| !l.trim().is_empty()).unwrap_or("");
        if summary.is_empty() || summary.starts_with('#') || summary.starts_with("```") {
            broken.push(format!("{at}: no sentence under the title"));
        }
        // What is no text cannot be shown on a page.
        let shown = !code.starts_with("file/");
        for block in ["```release-bad", "```release"] {
            if shown && !text.lines().any(|l| l == block) {
                broken.push(format!("{at}: no {block} block"));
            }
        }
    }
    none("pages that are not in the form of a page", &broken);
}

#[test]
fn pages_are_listed() {
    let path = root().join("src/report/pages/list.rs");
    let old = std::fs::read_to_string(&path).expect("the list");
    let lines: String = codes_with_page()
        .iter()
        .map(|c| format!("    \"{c}\"\n"))
        .collect();
    let (head, _) = old.split_once("= pages! {\n").expect("the list begins");
    let new = format!("{head}= pages! {{\n{lines}}};\n");
    if old != new {
        std::fs::write(&path, new).expect("the list is written");
        panic!("src/report/pages/list.rs was not complete; it has been rewritten, run the tests again");
    }
}
