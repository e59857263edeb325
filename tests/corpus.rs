//! The corpus: every fixture and every example of the documentation through the whole compiler.
//!
//! `tests/corpus/codes/<group>/<name>/bad.release` must give that code, and no other that its first line does not name
//! (`# also: group/name …`; a first line `# param: name=value …` gives parameters); what it prints stands beside it in `bad.snap`. `good.release` must not give the code, and
//! no error; `bad_<what>.release` and `good_<what>.release` beside them are held to the same. Each fix of a bad one, made alone, ends its finding and brings no other. In `docs/`, a `release-bad` block of a page gives exactly the page's code, a `release` block no error, and a
//! `release-part` block is well formed.

use rayon::prelude::*;
use releasec::diagnostic::{Diagnostic, Fix, Severity};
use releasec::driver::build::{build, targets};
use releasec::driver::read::{Input, Overlay};
use releasec::driver::{Checked, Settings, check};
use releasec::emit::runbook::templates::Templates;
use releasec::report::{Options, Report, renderer};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder with that name or ending, by path.
fn below(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if wanted(&path) {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

/// A text in place of a file that is not there.
fn in_place_of(path: &Path, text: &str) -> Overlay {
    let folder = path.parent().expect("a folder");
    let folder = folder.canonicalize().expect("the folder exists");
    let mut overlay = Overlay::new();
    overlay.insert(folder.join(path.file_name().expect("a name")), text.into());
    overlay
}

/// The example of a page, with the run that follows it there.
fn with_run(path: &Path, text: &str, run: &str) -> Checked {
    let settings = Settings {
        here: path.parent().expect("a folder").to_path_buf(),
        overlay: in_place_of(path, text),
        ..Settings::default()
    };
    recorded(&[Input::File(path.to_path_buf())], &settings, run)
}

/// A fixture, or a text that stands in for one, checked as if the user stood in its folder.
fn checked(path: &Path, text: Option<&str>) -> Checked {
    let overlay = text.map_or_else(Overlay::new, |text| in_place_of(path, text));
    let here = path.parent().expect("a folder").to_path_buf();
    let written = text
        .map(str::to_string)
        .or_else(|| std::fs::read_to_string(path).ok())
        .unwrap_or_default();
    let given = written
        .lines()
        .next()
        .and_then(|l| l.strip_prefix("# param:"))
        .unwrap_or("");
    let params = given
        .split_whitespace()
        .filter_map(|p| p.split_once('='))
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    let settings = Settings {
        here,
        overlay,
        params,
    };
    let inputs = [Input::File(path.to_path_buf())];
    // What a run did against its plan is found where the run is read: it stands beside the plan.
    let run = path.with_extension("json");
    if text.is_none() && path.components().any(|c| c.as_os_str() == "record") {
        return recorded(
            &inputs,
            &settings,
            &std::fs::read_to_string(&run).expect("the run of the fixture"),
        );
    }
    // What a target cannot hold is found where its artifacts are made; nothing is written.
    let checked = if path
        .parent()
        .is_some_and(|f| f.components().any(|c| c.as_os_str() == "target"))
    {
        let targets = targets(&[]).expect("all targets");
        let built = build(&inputs, &settings, &targets, Path::new("no such folder")).expect("a plan");
        built.checked
    } else {
        check(&inputs, &settings)
    };
    assert!(
        checked.problems.is_empty(),
        "{}: {:?}",
        path.display(),
        checked.problems
    );
    checked
}

/// A run held against its plan.
fn recorded(inputs: &[Input], settings: &Settings, run: &str) -> Checked {
    let templates = Templates::default();
    let recorded = releasec::driver::record::record(inputs, settings, run, Path::new("run.json"), &templates);
    let recorded = recorded.expect("a run of the plan");
    assert!(recorded.document.is_some(), "the plan could not be read");
    recorded.checked
}

fn codes(findings: &[Diagnostic]) -> BTreeSet<&'static str> {
    findings.iter().map(|d| d.code.0).collect()
}

fn printed(checked: &Checked) -> String {
    let report = Report::new(&checked.sources, &checked.findings, checked.files);
    let print = |format| {
        renderer(format)
            .expect("the format")
            .render(&report, &Options::default())
    };
    format!("{}\n{}", print("short"), print("plain"))
}

/// What is wrong with a fixture.
fn judge(path: &Path, code: &str, bad: bool) -> (Vec<String>, Option<String>) {
    let checked = checked(path, None);
    let found = codes(&checked.findings);
    let mut wrong = Vec::new();
    let shown = path
        .strip_prefix(root())
        .expect("below the root")
        .display()
        .to_string();
    if bad {
        let bytes = std::fs::read(path).expect("the fixture");
        let text = String::from_utf8_lossy(&bytes);
        let also: BTreeSet<&str> = text
            .lines()
            .next()
            .and_then(|l| l.strip_prefix("# also:"))
            .unwrap_or("")
            .split_whitespace()
            .collect();
        if !found.contains(code) {
            wrong.push(format!("{shown}: gives {found:?}, not {code}"));
        }
        for other in found.iter().filter(|c| **c != code && !also.contains(*c)) {
            wrong.push(format!("{shown}: also gives {other}"));
        }
        for other in also.iter().filter(|c| !found.contains(*c)) {
            wrong.push(format!(
                "{shown}: does not give {other}, which its first line names"
            ));
        }
        return (wrong, Some(printed(&checked)));
    }
    for d in checked
        .findings
        .iter()
        .filter(|d| d.code.0 == code || d.severity == Severity::Error)
    {
        wrong.push(format!(
            "{shown}:{}: gives {}: {}",
            checked.sources.line_col(d.span).line,
            d.code,
            d.message
        ));
    }
    (wrong, None)
}

/// `bad.release`, or `bad_<what>.release`.
fn is_fixture(path: &Path, kind: &str) -> bool {
    let Some(name) = path.file_name().and_then(|n| n.to_str()) else {
        return false;
    };
    name.strip_suffix(".release")
        .and_then(|n| n.strip_prefix(kind))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

fn is_bad(path: &Path) -> bool {
    is_fixture(path, "bad")
}

#[test]
fn every_fixture_gives_what_it_is_there_for() {
    let top = root().join("tests/corpus/codes");
    let fixtures = below(&top, &|p| is_bad(p) || is_fixture(p, "good"));
    let results: Vec<_> = fixtures
        .par_iter()
        .map(|path| {
            let folder = path.parent().expect("a folder");
            let code = folder
                .strip_prefix(&top)
                .expect("below")
                .to_string_lossy()
                .replace('\\', "/");
            (path, folder, judge(path, &code, is_bad(path)))
        })
        .collect();
    let mut wrong = Vec::new();
    for (path, folder, (faults, snapshot)) in results {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        wrong.extend(faults);
        let Some(text) = snapshot else { continue };
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let same = catch_unwind(AssertUnwindSafe(|| {
            settings.bind(|| insta::assert_snapshot!(name.as_str(), text))
        }));
        if same.is_err() {
            let shown = folder.strip_prefix(root()).expect("below").display();
            wrong.push(format!("{shown}/{name}.snap: what is printed has changed"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} faults:\n  {}\n",
        wrong.len(),
        wrong.join("\n  ")
    );
}

/// A text with one fix made.
fn mended(text: &str, fix: &Fix) -> String {
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|e| e.span);
    let mut text = text.to_string();
    for edit in edits.iter().rev() {
        text.replace_range(edit.span.range(), &edit.replacement);
    }
    text
}

/// How often each thing is found.
fn counted(findings: &[Diagnostic]) -> BTreeMap<(&'static str, String), usize> {
    let mut all = BTreeMap::new();
    for d in findings {
        *all.entry((d.code.0, d.message.clone())).or_default() += 1;
    }
    all
}

#[test]
fn every_fix_alone_ends_its_finding_and_brings_no_other() {
    let fixtures = below(&root().join("tests/corpus/codes"), &|p| {
        is_bad(p)
            && !p
                .components()
                .any(|c| ["record", "file"].map(|n| n.as_ref()).contains(&c.as_os_str()))
    });
    let results: Vec<(usize, Vec<String>)> = fixtures
        .par_iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).expect("a fixture");
            let found = checked(path, None);
            let before = counted(&found.findings);
            let (mut made, mut wrong) = (0, Vec::new());
            for d in &found.findings {
                for fix in &d.fixes {
                    let shown = format!("{}: {}: `{}`", path.display(), d.code, fix.title);
                    let own = &found.sources.file(d.span.file).path;
                    if fix.edits.iter().any(|e| e.span.file != d.span.file) || !is_bad(Path::new(own)) {
                        wrong.push(format!("{shown}: changes another file"));
                        continue;
                    }
                    let new = mended(&text, fix);
                    let then = counted(&checked(path, Some(&new)).findings);
                    let key = (d.code.0, d.message.clone());
                    if then.get(&key).unwrap_or(&0) >= &before[&key] {
                        wrong.push(format!("{shown}: the finding stays\n{new}"));
                    }
                    let more = |(k, n): &(&(&str, String), &usize)| before.get(k).unwrap_or(&0) < n;
                    for ((code, message), _) in then.iter().filter(more) {
                        wrong.push(format!("{shown}: brings {code}: {message}\n{new}"));
                    }
                    made += 1;
                }
            }
            (made, wrong)
        })
        .collect();
    let made: usize = results.iter().map(|(n, _)| n).sum();
    let wrong: Vec<String> = results.into_iter().flat_map(|(_, w)| w).collect();
    assert!(
        wrong.is_empty(),
        "{} of {made}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(made > 30, "{made}");
}

#[test]
fn fixes_write_what_they_offer() {
    for (fixture, title, written) in [
        (
            "rollback/missing/bad_silent",
            "say that the command changes nothing",
            r#"run "./test.sh" { changes nothing }"#,
        ),
        (
            "types/mismatch/bad_share",
            "write `10%`",
            "step 10%   { verify smoke }",
        ),
        (
            "types/mismatch/bad_allow",
            "put it in quotes",
            r#"allow "rollback/no_backup" { because"#,
        ),
        (
            "types/unknown_word/bad_type",
            "write `bool`",
            "param urgent: bool = false",
        ),
    ] {
        let path = root()
            .join("tests/corpus/codes")
            .join(fixture)
            .with_extension("release");
        let text = std::fs::read_to_string(&path).expect("a fixture");
        let found = checked(&path, None);
        let fixes: Vec<&Fix> = found.findings.iter().flat_map(|d| &d.fixes).collect();
        let [fix] = fixes[..] else {
            panic!("{fixture} has {} fixes", fixes.len())
        };
        assert_eq!(fix.title, title, "{fixture}");
        assert!(!text.contains(written), "{fixture}");
        let new = mended(&text, fix);
        assert!(new.contains(written), "{fixture}:\n{new}");
        let left: Vec<&str> = checked(&path, Some(&new))
            .findings
            .iter()
            .map(|d| d.code.0)
            .collect();
        assert_eq!(left, Vec::<&str>::new(), "{fixture}");
    }
}

/// The fenced blocks of a page: their language, first line and text.
fn blocks(text: &str) -> Vec<(String, usize, String)> {
    let mut out = Vec::new();
    let mut open: Option<(String, usize, String)> = None;
    for (n, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.trim().to_string(), n + 2, String::new())),
            (Some(_), Some(_)) => out.extend(open.take()),
            (Some((_, _, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    out
}

#[test]
fn every_example_in_the_documentation_is_true() {
    let mut pages = below(&root().join("docs"), &|p| {
        p.extension().is_some_and(|e| e == "md")
    });
    pages.push(root().join("README.md"));
    let wrong: Vec<String> = pages
        .par_iter()
        .filter(|p| p.is_file())
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).expect("a page");
            let shown = path
                .strip_prefix(root())
                .expect("below")
                .to_string_lossy()
                .replace('\\', "/");
            let code = shown
                .strip_prefix("docs/codes/")
                .map(|c| c.trim_end_matches(".md").to_string());
            let mut wrong = Vec::new();
            let all = blocks(&text);
            for (i, (language, line, block)) in all.iter().enumerate() {
                let line = *line;
                if language == "release-part" {
                    // A piece of a plan: it must at least be well formed.
                    let (_, faults) = releasec::syntax::parse(releasec::source::FileId(0), block);
                    wrong.extend(
                        faults
                            .iter()
                            .map(|d| format!("{shown}:{line}: gives {}: {}", d.code, d.message)),
                    );
                    continue;
                }
                let expected = match (language.as_str(), &code) {
                    ("release-bad", Some(code)) => Some(code.as_str()),
                    ("release", _) => None,
                    _ => continue,
                };
                let example = path.with_file_name("example.release");
                // A finding about a run: the run follows the plan.
                let run = code.as_deref().is_some_and(|c| c.starts_with("record/"));
                let run = all.get(i + 1).filter(|(language, ..)| run && language == "json");
                let checked = match run {
                    Some((_, _, run)) => with_run(&example, block, run),
                    None => checked(&example, Some(block)),
                };
                let found = codes(&checked.findings);
                match expected {
                    Some(code) if found.len() != 1 || !found.contains(code) => {
                        wrong.push(format!("{shown}:{line}: gives {found:?}, not {code} alone"));
                    }
                    Some(_) => {}
                    None => {
                        let own = |d: &&Diagnostic| {
                            d.severity == Severity::Error || code.as_deref() == Some(d.code.0)
                        };
                        for d in checked.findings.iter().filter(own) {
                            let at = line + checked.sources.line_col(d.span).line as usize - 1;
                            wrong.push(format!("{shown}:{at}: gives {}: {}", d.code, d.message));
                        }
                    }
                }
            }
            wrong
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} faults:\n  {}\n",
        wrong.len(),
        wrong.join("\n  ")
    );
}
