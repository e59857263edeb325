//! The page that says what is executed: for each example and engine, how many runs of each kind; generated, and held to what the tests
//! derive.
//!
//! Must not run anything, nor need a judge: a plain `cargo test` holds it.

use std::fmt::Write as _;
use std::path::Path;

use super::Engine;
use super::cases::{self, Kind};
use crate::examples;
use crate::shared;

const PAGE: &str = "docs/executed.md";
const MARK: &str = "<!-- Everything below is generated from the plans: run `UPDATE_DOCS=1 cargo test --test conformance table`. -->";
const ENGINES: [(Engine, &str); 2] = [
    (Engine::StepFunctions, "machine"),
    (Engine::Workflow, "workflows"),
];

/// An example with its counts.
type Row = (String, (Vec<usize>, [usize; 2]));

/// The runs of an example by kind, and how many of them each engine executes each time.
fn counts(name: &str, file: &Path) -> (Vec<usize>, [usize; 2]) {
    let (plan, _) = shared::plan(file);
    let all = cases::all(&plan);
    let of = |kind: &Kind| all.iter().filter(|c| c.kind == *kind).count();
    let each_time = ENGINES.map(|(engine, _)| {
        let chosen = super::in_ci(engine, name, all.clone());
        chosen.iter().filter(|c| engine.unable(c.kind).is_none()).count()
    });
    (Kind::ALL.iter().map(of).collect(), each_time)
}

/// The generated half of the page.
fn page() -> String {
    let examples: Vec<Row> = examples::plans()
        .into_iter()
        .map(|(name, file)| (name.clone(), counts(&name, &file)))
        .collect();
    let mut out = String::from("| a run in which |");
    for (name, _) in &examples {
        for (_, engine) in ENGINES {
            let _ = write!(out, " {name}, {engine} |");
        }
    }
    out.push_str(" all |\n| --- |");
    out.push_str(&" ---: |".repeat(examples.len() * ENGINES.len() + 1));
    out.push('\n');
    let mut sums = vec![0; examples.len() * ENGINES.len()];
    let mut reasons = Vec::new();
    for (row, kind) in Kind::ALL.into_iter().enumerate() {
        let _ = write!(out, "| {} |", kind.words());
        let mut all = 0;
        for (e, (_, (counts, _))) in examples.iter().enumerate() {
            for (i, (engine, name)) in ENGINES.into_iter().enumerate() {
                let count = counts[row];
                if let Some(why) = engine.unable(kind).filter(|_| count > 0) {
                    let reason = format!("{name}, {}: {why}", kind.words());
                    if !reasons.contains(&reason) {
                        reasons.push(reason);
                    }
                    out.push_str(" no |");
                    continue;
                }
                sums[e * ENGINES.len() + i] += count;
                all += count;
                let _ = match count {
                    0 => write!(out, " – |"),
                    n => write!(out, " {n} |"),
                };
            }
        }
        let _ = writeln!(out, " {all} |");
    }
    out.push_str("| all |");
    for sum in &sums {
        let _ = write!(out, " {sum} |");
    }
    let _ = writeln!(out, " {} |", sums.iter().sum::<usize>());
    out.push_str("| in each `.ci/run` |");
    let each_time: Vec<usize> = examples.iter().flat_map(|(_, (_, executed))| *executed).collect();
    for count in &each_time {
        let _ = write!(out, " {count} |");
    }
    let _ = writeln!(out, " {} |", each_time.iter().sum::<usize>());
    out.push_str("\nWhat an engine cannot execute (`no` above):\n\n");
    for reason in reasons {
        let _ = writeln!(out, "- {reason}.");
    }
    out
}

#[test]
fn the_page_of_what_is_executed_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let text = std::fs::read_to_string(&path).expect("the page is there");
    let (written, generated) = text
        .split_once(MARK)
        .expect("the page marks where its generated half begins");
    let fresh = format!("\n\n{}", page());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{written}{MARK}{fresh}")).expect("the page can be written");
        return;
    }
    assert!(
        generated == fresh,
        "{PAGE} is stale: run `UPDATE_DOCS=1 cargo test --test conformance table` and look at what changed"
    );
}
