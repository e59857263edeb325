//! Real release procedures, written down as plans with their weaknesses, and what is found in each.
//!
//! `tests/corpus/real/<name>/expected.json` names the weaknesses a reviewer found in the text (`strong, visible`: objectively
//! there and in the plan; `strong, hidden`: there, and not to be seen in any plan; `soft`: an opinion), and for every finding,
//! as `code @ line`, which weakness it stands for or why it is right (`defended: …`; `noise: …` would say that it is not). A
//! finding that appears or disappears fails. `blind` keeps what a plan gave the first time any check ran on it. All numbers
//! stand in `docs/precision.md`.

use releasec::driver::read::{Input, Overlay};
use releasec::driver::{Settings, check};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const MARK: &str = "<!-- Everything below is counted: run `UPDATE_DOCS=1 cargo test --test real`. -->";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A procedure, and what is expected of it.
struct Procedure {
    folder: PathBuf,
    title: String,
    rollback: bool,
    /// What came of it when it had been written before any check ran on it, and no check had been changed for it.
    blind: Option<Count>,
    weaknesses: Map<String, Value>,
    findings: Map<String, Value>,
}

fn procedures() -> Vec<Procedure> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root().join("tests/corpus/real"))
        .expect("the folder is there")
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.is_dir())
        .collect();
    folders.sort();
    folders.into_iter().map(read).collect()
}

fn read(folder: PathBuf) -> Procedure {
    let path = folder.join("expected.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let data: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let map = |name: &str| data[name].as_object().expect("an object").clone();
    Procedure {
        title: data["procedure"].as_str().expect("a title").to_string(),
        rollback: data["rollback"].as_bool().expect("yes or no"),
        blind: data["blind"].as_object().map(|o| {
            let number =
                |name: &str| usize::try_from(o[name].as_u64().expect("a number")).expect("a small one");
            Count {
                visible: number("visible"),
                found: number("found"),
                others: number("others"),
                defended: number("defended"),
                hidden: 0,
            }
        }),
        weaknesses: map("weaknesses"),
        findings: map("findings"),
        folder,
    }
}

impl Procedure {
    fn name(&self) -> String {
        let name = self.folder.file_name().expect("a name");
        name.to_string_lossy().into_owned()
    }

    /// Every finding as `code @ line`.
    fn found(&self) -> Vec<String> {
        let settings = Settings {
            here: self.folder.clone(),
            overlay: Overlay::new(),
            ..Settings::default()
        };
        let checked = check(&[Input::File(self.folder.join("plan.release"))], &settings);
        assert!(checked.problems.is_empty(), "{:?}", checked.problems);
        let place = |d: &releasec::diagnostic::Diagnostic| checked.sources.line_col(d.span).line;
        checked
            .findings
            .iter()
            .map(|d| format!("{} @ {}", d.code, place(d)))
            .collect()
    }

    fn of_kind(&self, kind: &str) -> BTreeSet<&str> {
        let said = |v: &Value| v.as_str().is_some_and(|t| t.starts_with(kind));
        let list = self.weaknesses.iter().filter(|(_, v)| said(v));
        list.map(|(id, _)| id.as_str()).collect()
    }

    fn reasons(&self) -> impl Iterator<Item = &str> {
        self.findings.values().map(|v| v.as_str().expect("a reason"))
    }

    /// The weaknesses that some finding stands for; one finding may stand for several: `W1, W2`.
    fn hit(&self) -> BTreeSet<&str> {
        self.reasons()
            .flat_map(|r| r.split(", "))
            .filter(|r| self.weaknesses.contains_key(*r))
            .collect()
    }

    /// Whether a reason names weaknesses of that list, and nothing else.
    fn stands_for(reason: &str, list: &BTreeSet<&str>) -> bool {
        reason.split(", ").all(|r| list.contains(r))
    }

    fn count(&self) -> Count {
        let (visible, hit) = (self.of_kind("strong, visible: "), self.hit());
        let others = self.reasons().filter(|r| !Self::stands_for(r, &visible));
        let mut count = Count {
            visible: visible.len(),
            found: visible.intersection(&hit).count(),
            hidden: self.of_kind("strong, hidden: ").len(),
            ..Count::default()
        };
        for reason in others {
            count.others += 1;
            count.defended += usize::from(!reason.starts_with("noise: "));
        }
        count
    }
}

#[derive(Default, Clone, Copy)]
struct Count {
    visible: usize,
    found: usize,
    hidden: usize,
    others: usize,
    defended: usize,
}

impl std::iter::Sum for Count {
    fn sum<I: Iterator<Item = Count>>(all: I) -> Count {
        all.fold(Count::default(), |a, b| Count {
            visible: a.visible + b.visible,
            found: a.found + b.found,
            hidden: a.hidden + b.hidden,
            others: a.others + b.others,
            defended: a.defended + b.defended,
        })
    }
}

#[test]
fn what_is_found_in_real_procedures_is_what_is_expected() {
    let mut faults = Vec::new();
    let all = procedures();
    for p in &all {
        let name = p.name();
        let found = p.found();
        let mut seen = BTreeSet::new();
        for key in &found {
            if !seen.insert(key.as_str()) {
                faults.push(format!("{name}: {key} is found twice"));
            }
            if !p.findings.contains_key(key) {
                faults.push(format!("{name}: {key} is found, and nobody says why"));
            }
        }
        for key in p.findings.keys().filter(|k| !seen.contains(k.as_str())) {
            faults.push(format!("{name}: {key} is no longer found"));
        }
        for (key, reason) in &p.findings {
            let reason = reason.as_str().expect("a reason");
            let said = ["defended: ", "noise: "].iter().any(|w| reason.starts_with(w));
            let (hidden, known) = (
                p.of_kind("strong, hidden: "),
                p.weaknesses.keys().map(String::as_str),
            );
            let known: BTreeSet<&str> = known.filter(|k| !hidden.contains(k)).collect();
            if reason.starts_with("noise: ") {
                faults.push(format!("{name}: {key} is noise"));
            }
            if !said && !Procedure::stands_for(reason, &known) {
                faults.push(format!(
                    "{name}: {key} stands for `{reason}`, which is no weakness to be seen"
                ));
            }
        }
        let (all, hit) = (p.of_kind("strong, visible: "), p.hit());
        for id in all.difference(&hit) {
            faults.push(format!("{name}: nothing is found for {id}"));
        }
        for file in ["plan.release", "README.md"] {
            assert!(p.folder.join(file).is_file(), "{name} has no {file}");
        }
    }
    let sum: Count = all.iter().map(Procedure::count).sum();
    println!(
        "strong weaknesses found of those to be seen: {} of {}",
        sum.found, sum.visible
    );
    println!(
        "defended of all other findings: {} of {}",
        sum.defended, sum.others
    );
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn the_page_on_precision_is_fresh() {
    let path = root().join("docs/precision.md");
    let page = std::fs::read_to_string(&path).expect("docs/precision.md is there");
    let (written, counted) = page
        .split_once(MARK)
        .expect("the page says where the counted part begins");
    let fresh = format!("\n\n{}", table(&procedures()));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{written}{MARK}{fresh}")).expect("the page can be written");
        return;
    }
    assert!(
        counted == fresh,
        "docs/precision.md is stale: run `UPDATE_DOCS=1 cargo test --test real` and look at what changed"
    );
}

fn table(all: &[Procedure]) -> String {
    let mut out = String::new();
    let sum = |list: &mut dyn Iterator<Item = Count>| list.sum::<Count>();
    let first = sum(&mut all.iter().filter_map(|p| p.blind));
    let now = sum(&mut all.iter().map(Procedure::count));
    let blind = all.iter().filter(|p| p.blind.is_some()).count();
    for (what, sum) in [
        (format!("{blind} procedures, blind"), first),
        (format!("all {} procedures, now", all.len()), now),
    ] {
        let _ = writeln!(
            out,
            "- {what}: strong weaknesses found, of those that can be seen in a plan: **{} of {}**; findings that we would defend, of all \
             others: **{} of {}**.",
            sum.found, sum.visible, sum.defended, sum.others
        );
    }
    out.push_str(
        "\n| procedure | a way back | found | not to be seen | other findings, defended | when blind |\n",
    );
    out.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for p in all {
        let c = p.count();
        let blind = p.blind.map_or("not blind".to_string(), |b| {
            format!("{} of {}, {} of {}", b.found, b.visible, b.defended, b.others)
        });
        let _ = writeln!(
            out,
            "| [{}](../tests/corpus/real/{}/README.md) | {} | {} of {} | {} | {} of {} | {blind} |",
            p.title,
            p.name(),
            if p.rollback { "yes" } else { "no" },
            c.found,
            c.visible,
            c.hidden,
            c.defended,
            c.others
        );
    }
    out.push_str("\nWhat cannot be seen:\n\n");
    for p in all {
        for (id, text) in &p.weaknesses {
            if let Some(why) = text.as_str().and_then(|t| t.strip_prefix("strong, hidden: ")) {
                let _ = writeln!(out, "- {} {id}: {why}.", p.name());
            }
        }
    }
    out.push_str("\nThe other findings, and why they are right:\n\n");
    out.push_str("| procedure | finding @ line | why |\n| --- | --- | --- |\n");
    for p in all {
        let visible = p.of_kind("strong, visible: ");
        for (key, reason) in &p.findings {
            let reason = reason.as_str().unwrap_or_default();
            if Procedure::stands_for(reason, &visible) {
                continue;
            }
            let why = match p.weaknesses.get(reason).and_then(Value::as_str) {
                Some(soft) => soft.strip_prefix("soft: ").unwrap_or(soft),
                None => reason.strip_prefix("defended: ").unwrap_or(reason),
            };
            let _ = writeln!(out, "| {} | `{key}` | {why} |", p.name());
        }
    }
    out
}
