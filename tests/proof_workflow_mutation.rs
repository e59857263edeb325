//! Mutants of workflows: each takes a safeguard away in the bytes, and the proof alone must tell it from the real ones.
//!
//! Operators: drop a `needs`, weaken, invert or drop an `if` or a part of one, drop an environment, weaken a quorum, change what is handed to
//! the rollback. The smallest example only. Survivors are printed and not sorted: in a line of jobs many do the same as the real ones (what a job needs
//! fails with it, GitHub adds `success()`), while others are not looked at: the preview, the environment of messages, the files kept as evidence, and what
//! a cancelled rollback does.

use releasec::emit::{Context, github};
use releasec::plan::Plan;
use releasec::proof;
use releasec::resolve::{LoadError, Loaded, Loader};
use releasec::source::SourceMap;
use std::collections::BTreeMap;
use std::path::Path;

/// Files next to each other, as they are on the disk.
struct Disk;

impl Loader for Disk {
    fn load(&self, from: &str, path: &str) -> Result<Loaded, LoadError> {
        let full = Path::new(from).parent().expect("a folder").join(path);
        let text = std::fs::read_to_string(&full).map_err(|e| LoadError::Unreadable(e.to_string()))?;
        Ok(Loaded {
            path: full.to_string_lossy().into_owned(),
            text: text.into(),
        })
    }
}

/// How many of a hundred mutants must be seen, those that do the same as the real ones included.
const FLOOR: usize = 60;

/// A mutant: its kind, the line that was changed, and the file.
type Mutant = (&'static str, String, String);

fn mutants(text: &str) -> Vec<Mutant> {
    let lines: Vec<&str> = text.lines().collect();
    let mut out: Vec<Mutant> = Vec::new();
    let mut job = "";
    for (i, line) in lines.iter().enumerate() {
        if line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':') {
            job = line.trim().trim_end_matches(':');
        }
        let mut add = |kind: &'static str, with: Option<String>| {
            let mut all: Vec<String> = lines.iter().map(ToString::to_string).collect();
            match with {
                Some(new) => all[i] = new,
                None => drop(all.remove(i)),
            }
            out.push((kind, format!("{job}: {}", line.trim()), all.join("\n") + "\n"));
        };
        if let Some(list) = line
            .strip_prefix("    needs: [")
            .and_then(|l| l.strip_suffix(']'))
        {
            let needs: Vec<&str> = list.split(", ").collect();
            for n in 0..needs.len() {
                let mut fewer = needs.clone();
                fewer.remove(n);
                add("drop a needs", Some(format!("    needs: [{}]", fewer.join(", "))));
            }
        }
        if let Some(cond) = line
            .strip_prefix("    if: ${{ ")
            .and_then(|l| l.strip_suffix(" }}"))
        {
            add("invert an if", Some(format!("    if: ${{{{ !({cond}) }}}}")));
            add("drop an if", None);
            for weak in ["always()", "!cancelled()"].into_iter().filter(|w| *w != cond) {
                add("weaken an if", Some(format!("    if: ${{{{ {weak} }}}}")));
            }
            if !cond.contains('(') || cond.matches('(').count() == cond.matches("()").count() {
                let parts: Vec<&str> = cond.split(" && ").collect();
                for n in (0..parts.len()).filter(|_| parts.len() > 1) {
                    let mut fewer = parts.clone();
                    fewer.remove(n);
                    add(
                        "drop a part of an if",
                        Some(format!("    if: ${{{{ {} }}}}", fewer.join(" && "))),
                    );
                }
            }
        }
        if line.starts_with("    environment: ") {
            add("drop an environment", None);
        }
        if line.trim_start().starts_with("SEATS: ") {
            add("change a threshold", Some(line.replace(": \"1\"", ": \"0\"")));
        }
        for name in [
            "FAILED: ",
            "CAUSE: ",
            "NEEDS: ",
            "ROLLBACK: ",
            "TABLE: ",
            "OUTCOMES: ",
            "UNITS: ",
        ] {
            if line.trim_start().starts_with(name) {
                add("change what is handed over", None);
            }
        }
        if line.starts_with("        if: ${{ always() }}") {
            add("drop always() of a step", None);
        }
    }
    out
}

#[test]
fn mutants_of_workflows_do_not_mean_their_plan() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hello/hello.release");
    let text = std::fs::read_to_string(&path).expect("a readable plan");
    let mut sources = SourceMap::new();
    let file = sources.add(path.to_string_lossy().into_owned(), text);
    let (program, _) = releasec::resolve::load(&mut sources, &Disk, file);
    let lowered = releasec::eval::lower(&program, &sources, &[]);
    let plan = Plan::new(lowered.release.expect("a release")).expect("no circle");
    let context = Context {
        sources: &sources,
        digest: "0000",
        version: "0.0.0",
        source: "plan.release",
        findings: &[],
        held: None,
        changes: None,
    };
    let (artifacts, _) = github::emit(&plan, &context);
    let [release, rollback] = artifacts.as_slice() else {
        panic!("two workflows");
    };
    let manifest = github::manifest(&plan, &context);
    let dead = |texts: [&str; 2]| proof::workflows(&plan, texts, &manifest).is_err();
    assert!(
        !dead([&release.content, &rollback.content]),
        "the real ones mean their plan"
    );
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut survivors = Vec::new();
    let first = mutants(&release.content).into_iter().map(|m| (0, m));
    for (which, (kind, line, mutant)) in first.chain(mutants(&rollback.content).into_iter().map(|m| (1, m))) {
        let seen = match which {
            0 => dead([&mutant, &rollback.content]),
            _ => dead([&release.content, &mutant]),
        };
        let (made, killed) = kinds.entry(kind).or_default();
        *made += 1;
        *killed += usize::from(seen);
        if !seen {
            survivors.push(format!("{kind}: {line}"));
        }
    }
    let made: usize = kinds.values().map(|k| k.0).sum();
    let killed: usize = kinds.values().map(|k| k.1).sum();
    println!(
        "{kinds:#?}\n{killed} of {made} mutants were seen\n{}",
        survivors.join("\n")
    );
    assert!(
        killed * 100 >= made * FLOOR && made > 50,
        "{killed} of {made} mutants were seen:\n{}",
        survivors.join("\n")
    );
}
