//! What the README and the tutorial show is what happens: their files are written, their commands run, and what is printed compared.
//!
//! Each page is played from top to bottom in a folder of its own. A comment `<!-- NAME -->` before a block says which file the block
//! is: a plan is written, a `diff` is applied (`…` stands for lines that stay), and with `= NAME` the file must be that block by now.
//! In a `console` block `$ releasec …` is run and `$ cd …` followed. `UPDATE_DOCS=1 cargo test --test transcripts` writes what is printed.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from)
        .expect("a folder")
        .map(|e| e.expect("an entry"))
    {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.extension().is_some_and(|e| e == "release") {
            std::fs::copy(&path, to).expect("a file can be copied");
        } else if path.is_dir() && entry.file_name() != "dist" {
            copy(&path, &to);
        }
    }
}

/// The text after a diff, or what in it does not fit.
fn apply(text: &str, diff: &[&str]) -> Result<String, String> {
    let mut text = text.to_string();
    for hunk in diff.split(|line| *line == "…") {
        let side = |other: char| -> String {
            let lines = hunk.iter().filter(|line| !line.starts_with(other));
            lines
                .map(|line| format!("{}\n", line.get(1..).unwrap_or("")))
                .collect()
        };
        let (old, new) = (side('+'), side('-'));
        if text.matches(&old).count() != 1 {
            return Err(format!("the file does not hold this once:\n{old}"));
        }
        text = text.replace(&old, &new);
    }
    Ok(text)
}

/// The commands of a console block with what each prints now.
fn run(block: &[&str], folder: &mut PathBuf) -> Vec<String> {
    let mut out = Vec::new();
    for line in block.iter().filter(|line| line.starts_with("$ ")) {
        out.push((*line).to_string());
        let words = shlex::split(&line[2..]).expect("a command that can be split");
        match words.split_first() {
            Some((cd, [to])) if cd == "cd" => folder.push(to),
            Some((name, rest)) if name == "releasec" => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_releasec"));
                command
                    .args(rest)
                    .current_dir(&*folder)
                    .env("NO_COLOR", "1")
                    .env_remove("CI");
                let done = command.output().expect("the compiler can be started");
                let printed = [done.stdout, done.stderr].concat();
                let printed = String::from_utf8(printed).expect("text");
                out.extend(printed.trim_end_matches('\n').lines().map(str::to_string));
            }
            _ => panic!("`{line}` cannot be played: only `releasec` and `cd` can"),
        }
    }
    out
}

/// Plays a page and returns it as it should be.
fn play(page: &str) -> String {
    let text = std::fs::read_to_string(root().join(page)).expect("a page");
    let home = tempfile::tempdir().expect("a temporary folder");
    copy(&root().join("examples"), &home.path().join("given/examples"));
    // What a clone has, and what makes it one project.
    std::fs::create_dir_all(home.path().join("given/.git")).expect("a folder can be made");
    let mut folder = home.path().join("given");
    if !["check", "simulate"]
        .iter()
        .any(|c| text.contains(&format!("$ releasec {c} examples/")))
    {
        folder = home.path().join("empty");
        std::fs::create_dir_all(&folder).expect("a folder can be made");
    }
    let lines: Vec<&str> = text.lines().collect();
    let (mut out, mut at, mut file) = (Vec::<String>::new(), 0, None);
    while at < lines.len() {
        let line = lines[at];
        out.push(line.to_string());
        at += 1;
        if let Some(name) = line.strip_prefix("<!-- ").and_then(|l| l.strip_suffix(" -->")) {
            file = name.ends_with(".release").then_some(name);
        }
        let Some(language) = line.strip_prefix("```") else {
            continue;
        };
        let end = lines[at..]
            .iter()
            .position(|l| *l == "```")
            .expect("a block that ends")
            + at;
        let block = &lines[at..end];
        let whole: String = block.iter().map(|l| format!("{l}\n")).collect();
        let mut now: Vec<String> = block.iter().map(|l| (*l).to_string()).collect();
        match (language, file.take()) {
            ("console", _) => now = run(block, &mut folder),
            ("diff", Some(name)) => {
                let path = folder.join(name);
                let old = std::fs::read_to_string(&path).expect("a file to change");
                let new = apply(&old, block).unwrap_or_else(|e| panic!("{page}:{at}: {e}"));
                std::fs::write(path, new).expect("the file can be written");
            }
            (_, Some(name)) => match name.strip_prefix("= ") {
                Some(name) => {
                    let there = std::fs::read_to_string(folder.join(name)).expect("the file");
                    now = there.lines().map(str::to_string).collect();
                }
                None => std::fs::write(folder.join(name), whole).expect("the file can be written"),
            },
            _ => {}
        }
        out.extend(now);
        out.push("```".to_string());
        at = end + 1;
    }
    out.iter().map(|line| format!("{line}\n")).collect()
}

fn holds(page: &str) {
    let (now, path) = (play(page), root().join(page));
    let shown = std::fs::read_to_string(&path).expect("a page");
    if now == shown {
        return;
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, now).expect("the page can be written");
        return;
    }
    let first = now.lines().zip(shown.lines()).position(|(a, b)| a != b);
    let line = first.unwrap_or(0);
    panic!(
        "{page}:{}: is not what happens (`UPDATE_DOCS=1 cargo test --test transcripts` writes what is):\n  page: {}\n  now:  {}",
        line + 1,
        shown.lines().nth(line).unwrap_or(""),
        now.lines().nth(line).unwrap_or("")
    );
}

#[test]
fn the_readme_shows_what_happens() {
    holds("README.md");
}

#[test]
fn the_tutorial_shows_what_happens() {
    holds("docs/tutorial.md");
}

#[test]
fn the_page_about_simulation_shows_what_happens() {
    holds("docs/simulate.md");
}

#[test]
fn the_page_about_changes_shows_what_happens() {
    holds("docs/diff.md");
}

/// The word after each `releasec` that stands where a command does: at the start of a line of code, or of code in a sentence.
fn commands(text: &str) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    let mut code = false;
    for (n, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            code = line.len() > 3 && !code;
            continue;
        }
        let starts = if code {
            vec![line.strip_prefix("$ ").unwrap_or(line)]
        } else {
            line.split('`').skip(1).step_by(2).collect()
        };
        for start in starts {
            let mut words = start.split([' ', ';', '\'']);
            if let (Some("releasec"), Some(word)) = (words.next(), words.next())
                && word.starts_with(|c: char| c.is_ascii_lowercase())
            {
                out.push((n + 1, word.to_string()));
            }
        }
    }
    out
}

#[test]
fn every_command_that_the_documentation_names_exists() {
    let help = Command::new(env!("CARGO_BIN_EXE_releasec"))
        .arg("--help")
        .output();
    let help = String::from_utf8(help.expect("the compiler can be started").stdout).expect("text");
    let known: Vec<&str> = help
        .lines()
        .filter_map(|l| l.strip_prefix("  ")?.split(' ').next())
        .collect();
    let (mut todo, mut seen, mut wrong) = (vec![root().to_path_buf()], 0, Vec::new());
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(&folder)
            .expect("a folder")
            .map(|e| e.expect("an entry"))
        {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() {
                if !name.starts_with('.')
                    && !["target", "dist", "samples", "node_modules"].contains(&name.as_str())
                {
                    todo.push(path);
                }
                continue;
            }
            if !name.ends_with(".md") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a page");
            for (line, command) in commands(&text) {
                seen += 1;
                if !known.contains(&command.as_str()) {
                    wrong.push(format!(
                        "{}:{line}: there is no `releasec {command}`",
                        path.display()
                    ));
                }
            }
        }
    }
    assert!(seen > 20, "only {seen} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_readme_names_every_target_and_every_group_of_findings() {
    let text = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let rows: Vec<&str> = text
        .lines()
        .filter_map(|l| l.strip_prefix("| ")?.split(" |").next())
        .collect();
    let rows = rows.join(", ");
    let groups = releasec::report::pages::all()
        .iter()
        .map(releasec::report::pages::Page::group);
    let targets = releasec::emit::TARGETS.iter().map(|t| t.name);
    for name in targets.chain(groups) {
        assert!(
            rows.contains(&format!("`{name}`")),
            "no row of the README's tables is about `{name}`"
        );
    }
}

#[test]
fn a_diff_that_does_not_fit_is_refused() {
    assert_eq!(apply("a\nb\n", &[" a", "-b", "+c"]), Ok("a\nc\n".into()));
    assert_eq!(apply("a\nb\nc\n", &["-a", "…", "-c", "+d"]), Ok("b\nd\n".into()));
    assert!(apply("a\nb\n", &["-c"]).is_err());
    assert!(apply("a\na\n", &["-a"]).is_err());
}
