//! Mutants of the state machines: each takes a safeguard away in the bytes, and the proof alone must tell it from the real one.
//!
//! The operators stand in `operators`. What no run tells from the real one because it does the same is listed with its reason in
//! `equivalent`, and counted apart.

mod equivalent;
mod operators;
#[path = "../shared/mod.rs"]
mod shared;

use equivalent::survives;
use operators::{Mutant, mutants};
use releasec::emit::stepfunctions;
use releasec::proof;
use serde_json::Value;
use shared::{here, plan};
use std::collections::BTreeMap;

fn bytes(path: &str) -> Value {
    let text = std::fs::read_to_string(here(path)).expect("the examples are built");
    serde_json::from_str(&text).expect("JSON")
}

/// The plan, its state machine, and how many mutants there are to each that is looked at: those of a kind are alike.
const EXAMPLES: [(&str, &str, usize); 4] = [
    (
        "examples/hello/hello.release",
        "examples/hello/dist/hello/stepfunctions/hello.asl.json",
        2,
    ),
    (
        "examples/database-migration/migration.release",
        "examples/database-migration/dist/orders/stepfunctions/orders.asl.json",
        11,
    ),
    (
        "examples/multi-region/regions.release",
        "examples/multi-region/dist/checkout/stepfunctions/checkout.asl.json",
        17,
    ),
    (
        "examples/bioage/bioage.release",
        "examples/bioage/dist/bioage/stepfunctions/bioage.asl.json",
        53,
    ),
];

// What survives of these, and why no run tells it: of the migration, `contract: from where?` that does the change again when its
// gate is to be judged again, for the gate is judged by an earlier stage first and is never tried again after it has passed there. Of
// bioage, the last look at `errors_spike` after the last step of `api` comes to nothing before branches that meet later, and
// `main_frozen` is left where it was not entered, which no run comes to.
/// How many of a hundred mutants that do something else must be seen. What survives is printed.
const FLOOR: usize = 99;

/// How many mutants must be looked at.
const LEAST: usize = 450;

/// What was seen.
#[derive(Default)]
struct Count {
    made: BTreeMap<&'static str, usize>,
    killed: BTreeMap<&'static str, usize>,
    same: BTreeMap<&'static str, usize>,
    survivors: Vec<String>,
}

/// Holds the mutants of one machine against its plan, on two threads.
fn example((source, artifact, each): (&str, &str, usize), count: &mut Count) {
    let (plan, _) = plan(&here(source));
    let manifest = stepfunctions::manifest(&plan);
    let machine = bytes(artifact);
    let examined = proof::Examined::new(&plan, &machine.to_string(), &manifest)
        .unwrap_or_else(|d| panic!("{source}: {}\n{}", d.what, d.lines().join("\n")));
    let list: Vec<Mutant> = mutants(&machine).into_iter().step_by(each).collect();
    println!("{source}: {} runs, {} mutants", examined.runs(), list.len());
    let part = |first: usize| -> Vec<(&Mutant, bool)> {
        let mine = list.iter().skip(first).step_by(2);
        mine.map(|m| {
            let states: Vec<&str> = m.states.iter().map(String::as_str).collect();
            (
                m,
                examined
                    .changed(&m.machine(&machine).to_string(), &states)
                    .is_err(),
            )
        })
        .collect()
    };
    let all = std::thread::scope(|scope| {
        let other = scope.spawn(|| part(1));
        let mut all = part(0);
        all.extend(other.join().expect("the other half"));
        all
    });
    let unvisited = examined.unvisited();
    for (mutant, dead) in all {
        if !dead && let Some(why) = survives(mutant, &machine, &unvisited) {
            *count.same.entry(why).or_default() += 1;
            continue;
        }
        *count.made.entry(mutant.kind).or_default() += 1;
        if dead {
            *count.killed.entry(mutant.kind).or_default() += 1;
        } else {
            let line = format!("{source}: {}: {}: {}", mutant.kind, mutant.states[0], mutant.how);
            count.survivors.push(line);
        }
    }
}

#[test]
fn mutants_of_the_state_machines_do_not_mean_their_plan() {
    let mut count = Count::default();
    for one in EXAMPLES {
        example(one, &mut count);
    }
    for (kind, n) in &count.made {
        println!(
            "{kind}: {} of {n}",
            count.killed.get(kind).copied().unwrap_or_default()
        );
    }
    for (why, n) in &count.same {
        println!("{n} do the same: {why}");
    }
    let (all, dead): (usize, usize) = (count.made.values().sum(), count.killed.values().sum());
    let survivors = count.survivors.join("\n");
    println!("{dead} of {all} mutants were seen\n{survivors}");
    let same: usize = count.same.values().sum();
    assert!(all + same >= LEAST, "{all} mutants and {same} that do the same");
    assert!(
        dead * 100 >= all * FLOOR,
        "{dead} of {all} mutants were seen:\n{survivors}"
    );
}
