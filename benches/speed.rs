//! How long the compiler takes, as ratios against something run side by side: a bare parse of the same text, an empty process.
//!
//! `cargo bench --bench speed` prints a table; with `-- --quick` it leaves the largest plans out. Nothing here passes or fails: these
//! are measurements, and machines differ. Medians of several rounds; in each round both sides run in turn.

mod support;

use releasec::diagnostic::Bag;
use releasec::emit::{Context, TARGETS, enforce, runbook};
use releasec::plan::Plan;
use releasec::resolve::{LoadError, Loaded, Loader};
use releasec::source::SourceMap;
use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

struct Nothing;

impl Loader for Nothing {
    fn load(&self, _from: &str, path: &str) -> Result<Loaded, LoadError> {
        Err(LoadError::Unreadable(format!(
            "nothing is loaded here, not even {path}"
        )))
    }
}

/// Everything up to the plan, with what was found on the way.
fn plan(text: &str) -> (SourceMap, Plan, Bag) {
    let mut sources = SourceMap::new();
    let file = sources.add("plan.release", text);
    let (program, mut bag) = releasec::resolve::load(&mut sources, &Nothing, file);
    let lowered = releasec::eval::lower(&program, &sources, &[]);
    bag.extend(lowered.bag);
    let release = lowered.release.expect("the generated plan has no mistakes");
    let plan = Plan::new(release).expect("the generated plan has no circle");
    (sources, plan, bag)
}

/// Everything `check` does after a file was read.
fn check(text: &str) -> usize {
    let (sources, plan, mut bag) = plan(text);
    bag.extend(releasec::checks::gather(&plan, &sources));
    releasec::checks::settle(plan.release(), bag).findings.len()
}

/// What each target costs, once the plan is checked, and what the documents cost with the asking what the pipelines hold, as a build
/// writes them. What GitHub or Step Functions cannot hold is measured all the same: up to there they do the same work.
fn targets(sizes: &[usize]) {
    println!();
    print!("| stages |");
    TARGETS.iter().for_each(|t| print!(" {} (ms) |", t.name));
    println!(" documents, with what is held (ms) |");
    println!("| ---: |{}", " ---: |".repeat(TARGETS.len() + 1));
    for &stages in sizes {
        let (sources, plan, _) = plan(&support::plan(stages));
        let context = Context {
            sources: &sources,
            digest: "",
            version: "0",
            source: "plan.release",
            findings: &[],
            held: None,
            changes: None,
        };
        print!("| {stages} |");
        for target in TARGETS {
            let rounds = if stages > 100 { 3 } else { 9 };
            let times = (0..rounds).map(|_| {
                time(|| {
                    black_box((target.emit)(&plan, &context));
                })
            });
            print!(" {:.2} |", ms(median(times.collect())));
        }
        let rounds = if stages > 100 { 3 } else { 9 };
        let times = (0..rounds).map(|_| {
            time(|| {
                let table = enforce::table(&plan, &context, &enforce::PIPELINES);
                let held = Context {
                    held: Some(&table),
                    ..context
                };
                black_box((runbook::TARGET.emit)(&plan, &held));
            })
        });
        println!(" {:.2} |", ms(median(times.collect())));
    }
}

fn time(f: impl Fn()) -> Duration {
    let start = Instant::now();
    f();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Runs both in turn; the medians of each.
fn pair(rounds: usize, a: impl Fn(), b: impl Fn()) -> (Duration, Duration) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    a();
    b();
    for _ in 0..rounds {
        left.push(time(&a));
        right.push(time(&b));
    }
    (median(left), median(right))
}

fn run(program: &str, args: &[&str]) {
    let status = Command::new(program)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    black_box(status.is_ok());
}

fn ms(d: Duration) -> f64 {
    d.as_secs_f64() * 1000.0
}

fn main() {
    let quick = std::env::args().any(|a| a == "--quick");
    println!("| stages | text (KB) | bare parse (ms) | check (ms) | ratio | growth since the row above |");
    println!("| ---: | ---: | ---: | ---: | ---: | --- |");
    let mut before: Option<(usize, Duration)> = None;
    for stages in [10, 100, 1_000, 10_000, 100_000] {
        if quick && stages > 10_000 {
            break;
        }
        let text = support::plan(stages);
        let rounds = match stages {
            ..=1_000 => 9,
            10_000 => 5,
            _ => 3,
        };
        let (checked, parsed) = pair(
            rounds,
            || {
                black_box(check(&text));
            },
            || {
                black_box(releasec::syntax::bare_parse(&text));
            },
        );
        let growth = before.map_or(String::from("—"), |(n, d)| {
            let exponent = (checked.as_secs_f64() / d.as_secs_f64()).ln() / (stages as f64 / n as f64).ln();
            format!("n^{exponent:.2}")
        });
        let ratio = checked.as_secs_f64() / parsed.as_secs_f64();
        println!(
            "| {stages} | {} | {:.2} | {:.2} | {ratio:.2} | {growth} |",
            text.len() / 1024,
            ms(parsed),
            ms(checked)
        );
        before = Some((stages, checked));
    }
    targets(if quick {
        &[10, 100, 1_000]
    } else {
        &[10, 100, 1_000, 10_000]
    });
    let program = env!("CARGO_BIN_EXE_releasec");
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bioage/bioage.release");
    let (checking, empty) = pair(21, || run(program, &["check", example]), || run("true", &[]));
    println!();
    println!("| whole process | median (ms) |\n| --- | ---: |");
    println!("| `releasec check examples/bioage` | {:.2} |", ms(checking));
    println!("| an empty process (`true`) | {:.2} |", ms(empty));
}
