//! Templates of an organisation: what they may replace, what is refused, and that the page about them tells the truth.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A folder of templates, made anew for a test.
fn folder(test: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("templates")
        .join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("given")).expect("a folder can be made");
    for (name, text) in files {
        std::fs::write(folder.join("given").join(name), text).expect("a template can be written");
    }
    folder
}

fn build(folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
    command
        .arg("build")
        .arg(here().join("examples/hello"))
        .args(["--target", "runbook"]);
    command
        .arg("--templates")
        .arg(folder.join("given"))
        .arg("--out")
        .arg(folder.join("out"));
    command.output().expect("the compiler can be started")
}

fn refused(test: &str, files: &[(&str, &str)]) -> String {
    let folder = folder(test, files);
    let done = build(&folder);
    assert_eq!(done.status.code(), Some(2), "{test} is refused");
    assert!(!folder.join("out").exists(), "{test} writes nothing");
    String::from_utf8_lossy(&done.stderr).into_owned()
}

#[test]
fn a_document_is_replaced_and_the_others_stay() {
    let files = [
        (
            "runbook.md.hbs",
            "{{require 1}}{{> own_house}}# Fahrplan: {{md summary.title}}\n\n{{> first_screen}}\n",
        ),
        ("own_house.md.hbs", "Unser Haus\n\n"),
    ];
    let folder = folder("replaced", &files);
    let done = build(&folder);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let read =
        |name: &str| std::fs::read_to_string(folder.join("out/hello").join(name)).expect("it is written");
    assert!(read("runbook.md").starts_with("Unser Haus\n\n# Fahrplan: Hello, version ‹to›\n"));
    assert!(read("runbook.md").contains("| Author | Ana Ruiz |"));
    assert!(read("release-plan.md").starts_with("# Release and rollback plan"));
    assert!(read("release-plan.md").contains("--templates"));
}

#[test]
fn flaws_are_told_with_their_place() {
    let unknown = refused(
        "unknown_name",
        &[(
            "runbook.md.hbs",
            "# {{md summary.title}}\n\n{{md summary.titel}}\n",
        )],
    );
    assert!(
        unknown.contains("the template `runbook.md.hbs:3` cannot be used"),
        "{unknown}"
    );
    assert!(unknown.contains("titel"), "{unknown}");
    let newer = refused("newer", &[("review.html.hbs", "{{require 99}}")]);
    assert!(newer.contains("written for version 99 of the view"), "{newer}");
    let misnamed = refused("misnamed", &[("runbok.md.hbs", "")]);
    assert!(misnamed.contains("did you mean `runbook.md.hbs`?"), "{misnamed}");
    let endless = refused(
        "endless",
        &[("own_a.md.hbs", "{{> own_b}}"), ("own_b.md.hbs", "{{> own_a}}")],
    );
    assert!(endless.contains("it includes itself"), "{endless}");
}

/// Every field that the view has in the source stands on the page, and every name on the page is one.
#[test]
fn the_page_about_templates_names_every_field() {
    let page = std::fs::read_to_string(here().join("docs/templates.md")).expect("the page");
    let view = page.split("## The view").nth(1).expect("the section of the view");
    let named: BTreeSet<&str> = view.split('`').skip(1).step_by(2).collect();
    let mut fields = BTreeSet::new();
    for entry in std::fs::read_dir(here().join("src/emit/runbook"))
        .expect("the folder")
        .flatten()
    {
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        let mut inside = false;
        for line in text.lines() {
            if line.contains("Serialize") && line.contains("derive") {
                inside = true;
            } else if line == "}" {
                inside = false;
            }
            let hidden = line.trim().trim_start_matches("pub ");
            let field = hidden
                .split_once(": ")
                .filter(|_| inside && line.starts_with("    ") && line.ends_with(','));
            if let Some((name, _)) =
                field.filter(|(n, _)| n.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
            {
                fields.insert(name.to_string());
            }
            // A row of the table of rows: `Name { a, b }`.
            let row = line.trim().strip_suffix(" }").and_then(|l| l.split_once(" { "));
            if let (Some((name, list)), true) = (row, line.starts_with("    "))
                && name.chars().all(char::is_alphanumeric)
                && entry.path().ends_with("rows.rs")
            {
                fields.extend(list.split(", ").map(str::to_string));
            }
        }
    }
    // What only the compiler sees, and the number of the version.
    for hidden in ["id", "at", "called", "applies"] {
        fields.remove(hidden);
    }
    let missing: Vec<&String> = fields.iter().filter(|f| !named.contains(f.as_str())).collect();
    assert!(
        fields.len() > 100 && missing.is_empty(),
        "not on the page: {missing:?}"
    );
}

/// The catalogue of English, each text in other letters: what is filled in stays as it is.
fn pseudo() -> String {
    let english = std::fs::read_to_string(here().join("src/emit/runbook/words/en.words")).expect("the words");
    let other = |text: &str| -> String {
        let mut inside = false;
        text.chars()
            .map(|c| {
                inside = (inside || c == '{') && c != '}';
                match c {
                    'a'..='z' | 'A'..='Z' if !inside => {
                        let base = if c.is_ascii_lowercase() { 'a' } else { 'A' };
                        let greek = if c.is_ascii_lowercase() { 'α' } else { 'Α' };
                        // 24 letters in Greek: the last two of ours share theirs with the first two.
                        let k = (u32::from(c) - u32::from(base)) % 17;
                        char::from_u32(u32::from(greek) + k).unwrap_or('ω')
                    }
                    c => c,
                }
            })
            .collect()
    };
    let line = |line: &str| match line.split_once(" = ") {
        Some((key, text)) if !line.starts_with('#') => format!("{key} = {}", other(text)),
        _ => line.to_string(),
    };
    english.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Latin words of a line that stand neither in code nor in the plan.
fn latin(line: &str, plan: &BTreeSet<String>) -> Vec<String> {
    let mut code = false;
    let prose: String = line
        .chars()
        .map(|c| {
            code ^= c == '`';
            if code || c == '\\' { ' ' } else { c }
        })
        .collect();
    prose
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| w.chars().any(|c| c.is_ascii_alphabetic()) && !plan.contains(&w.to_lowercase()))
        .map(str::to_string)
        .collect()
}

#[test]
fn another_language_leaves_no_english_behind() {
    let folder = folder("language", &[("el.words", &pseudo())]);
    for example in ["bioage", "database-migration"] {
        let path = here().join("examples").join(example);
        let mut plan = String::new();
        let mut open = vec![path.clone(), here().join("stdlib")];
        while let Some(at) = open.pop() {
            for entry in std::fs::read_dir(&at).expect("a folder").flatten() {
                let name = entry.path();
                if name.is_dir() && !name.ends_with("dist") {
                    open.push(name);
                } else if name.extension().is_some_and(|e| e == "release") {
                    plan.push_str(&std::fs::read_to_string(name).expect("a plan"));
                }
            }
        }
        // What no language has words for: moments relative to the start, and names of services.
        plan.push_str(" T GitHub Step Functions");
        let said = plan.lines().filter(|l| !l.trim_start().starts_with('#'));
        let plan: BTreeSet<String> = said
            .flat_map(|l| l.split(|c: char| !c.is_alphanumeric()))
            .map(str::to_lowercase)
            .collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
        command
            .arg("build")
            .arg(&path)
            .args(["--target", "runbook", "--lang", "el"]);
        command.arg("--templates").arg(folder.join("given"));
        let done = command
            .arg("--out")
            .arg(folder.join(example))
            .output()
            .expect("it starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let out = std::fs::read_dir(folder.join(example))
            .expect("a release")
            .flatten();
        let mut headings = 0;
        for release in out {
            for file in std::fs::read_dir(release.path()).expect("documents").flatten() {
                let text = std::fs::read_to_string(file.path()).expect("a document");
                let html = file.path().extension().is_some_and(|e| e == "html");
                assert!(!html || text.contains("<html lang=\"el\""));
                let mut fence = false;
                let mut lines = text.lines().peekable();
                while let Some(line) = lines.next() {
                    fence ^= !html && line.starts_with("```");
                    let head = lines.peek().is_some_and(|next| next.starts_with("| ---"));
                    let heading = !html && !fence && (line.starts_with('#') || head);
                    let parts: Vec<&str> = match html {
                        true => line
                            .split("<h")
                            .skip(1)
                            .chain(line.split("<th").skip(1))
                            .collect(),
                        false if heading => vec![line],
                        false => Vec::new(),
                    };
                    for part in parts {
                        let words = part
                            .split_once('>')
                            .filter(|_| html)
                            .map_or(part, |(_, rest)| rest);
                        let words = words.split("</").next().unwrap_or("").replace("&", " ");
                        if words.contains('<') {
                            continue;
                        }
                        headings += 1;
                        let english = latin(&words, &plan);
                        assert!(
                            english.is_empty(),
                            "{}: {english:?} in {line}",
                            file.path().display()
                        );
                    }
                }
            }
        }
        assert!(headings > 100, "{headings} headings were looked at");
    }
}

#[test]
fn a_language_that_there_is_not_is_refused_with_those_that_there_are() {
    let run = |args: &[&str], given: Option<&Path>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
        command.arg("build").arg(here().join("examples/hello"));
        command.args(["--target", "runbook", "--out"]);
        command.arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("no_language"));
        if let Some(given) = given {
            command.arg("--templates").arg(given);
        }
        command.args(args).output().expect("it starts")
    };
    let done = run(&["--lang", "de"], None);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(2));
    assert!(
        said.contains("there are no documents in the language `de`"),
        "{said}"
    );
    assert!(said.contains("there is `en`"), "{said}");
    let short = folder("short", &[("de.words", "heading.timeline = Zeitplan\n")]);
    let done = run(&["--lang", "de"], Some(&short.join("given")));
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(
        said.contains("the catalogue `de.words:1` cannot be used"),
        "{said}"
    );
    assert!(run(&["--lang", "en"], None).status.success());
}

#[test]
fn the_form_that_is_named_is_written_and_the_others_stay() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("forms");
    let _ = std::fs::remove_dir_all(&out);
    let build = |form: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
        command.arg("build").arg(here().join("examples/hello"));
        command
            .args(["--target", "runbook", "--format", form, "--out"])
            .arg(&out);
        assert!(command.status().expect("it starts").success());
        let files = std::fs::read_dir(out.join("hello")).expect("a folder").flatten();
        let names = files.map(|f| f.file_name().to_string_lossy().into_owned());
        names.filter(|n| !n.starts_with('.')).collect::<BTreeSet<_>>()
    };
    assert_eq!(build("html"), BTreeSet::from(["review.html".to_string()]));
    let all = [
        "change-request.md",
        "release-plan.md",
        "review.html",
        "runbook.md",
    ];
    assert_eq!(build("markdown"), all.into_iter().map(str::to_string).collect());
    assert_eq!(build("html,markdown").len(), 4);
}

/// Every text of the catalogue is asked for somewhere, and everything that is asked for is there.
#[test]
fn the_catalogue_has_what_is_asked_for_and_no_more() {
    let words = std::fs::read_to_string(here().join("src/emit/runbook/words/en.words")).expect("the words");
    let lines = words.lines().filter(|l| !l.starts_with('#'));
    let keys: BTreeSet<&str> = lines
        .filter_map(|l| l.split_once(" = ").map(|(k, _)| k))
        .collect();
    let mut text = String::new();
    for folder in ["src/emit/runbook", "src/emit/runbook/templates"] {
        for entry in std::fs::read_dir(here().join(folder))
            .expect("a folder")
            .flatten()
        {
            text.push_str(&std::fs::read_to_string(entry.path()).unwrap_or_default());
        }
    }
    // These are put together from a word of the language, or of a finding.
    let made = [
        "day.",
        "day_short.",
        "month.",
        "month_short.",
        "moment.",
        "notice.",
        "tell.",
        "change.",
        "change_type.",
        "level.",
        "environment.",
        "classification.",
        "severity.",
        "type.",
        "rule.",
        "held.",
        "time.",
        "result.",
        "answer.",
    ];
    for key in &keys {
        let asked = text.contains(&format!("\"{key}\""))
            || text.contains(&format!("'{key}'"))
            || text.contains(&format!("\"{key}\\\""));
        let made = made.iter().any(|m| key.starts_with(m));
        assert!(asked || made, "nobody asks for `{key}`");
    }
    let flat = text.replace('\n', " ");
    for call in flat.split("words!(").skip(1) {
        let key = call.split('"').nth(1).unwrap_or_default();
        assert!(
            !key.contains('.') || keys.contains(key),
            "there are no words for `{key}`"
        );
    }
    for call in flat.split("w \"").skip(1) {
        let key = call.split('"').next().unwrap_or_default();
        assert!(
            !key.contains('.') || keys.contains(key),
            "there are no words for `{key}`"
        );
    }
}
