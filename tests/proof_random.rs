//! Plans drawn at random: whatever `check` calls sound builds, and what is built means the plan.

mod shared;

use rayon::prelude::*;
use releasec::checks;
use releasec::diagnostic::Severity;
use releasec::emit::github::parts::Manifest;
use releasec::emit::{github, stepfunctions};
use releasec::model::{Rollback, Stage};
use releasec::plan::Plan;
use releasec::proof;
use shared::{Alone, context, lowered, random};
use std::collections::BTreeMap;

/// What `check` refuses though its meaning is plain.
const NO_MATTER: &[&str] = &[
    "approval/unguarded_production",
    "approval/no_consequence",
    "gate/too_late",
];

/// How many plans are drawn, beginning with seed 0. `RANDOM_FROM` and `RANDOM_COUNT` draw others, and show the fewest lines of what is refused.
const PLANS: u64 = 120;

/// Plans beyond those that once were refused by their own proof, or that were built wrong.
const ONCE: &[u64] = &[
    202, 230, 242, 261, 271, 308, 327, 354, 364, 368, 370, 374, 394, 418, 432, 449, 452, 494, 508, 535, 564,
    583, 655, 656, 666, 679, 686, 747, 763, 787, 839, 852, 865, 899, 903, 926, 998, 3021, 3322, 8051, 8157,
    8342, 8373, 9064, 9203, 9226, 9234, 9273, 9320, 10234, 10376, 10393, 10524, 10617, 20064, 20079, 20091,
];

/// What is refused by its own proof, so that nothing is written: seeds, and the target (0 for the workflows, 1 for the state machine). They
/// are faults of the compiler that are known; one that is mended must leave the list.
const REFUSED: &[(u64, usize)] = &[];

/// What is wrong with the artifacts of a plan; nothing when there are none, since the plan is not sound or a target cannot hold it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    sound: bool,
    built: [bool; 2],
    refused: [Option<String>; 2],
    told: Vec<String>,
}

/// In how many drawn combinations of outcomes each plan is looked at besides; `RANDOM_DRAWS` draws more.
fn draws() -> usize {
    let told = std::env::var("RANDOM_DRAWS").ok().and_then(|n| n.parse().ok());
    told.unwrap_or(10)
}

fn look(text: &str, only: Option<usize>) -> Seen {
    let mut seen = Seen::default();
    let (release, bag, sources) = lowered("random.release", text, &Alone);
    if bag.has_errors() {
        seen.told = bag
            .into_sorted()
            .into_iter()
            .filter(|d| d.severity == Severity::Error)
            .map(|d| d.message)
            .collect();
        return seen;
    }
    let Some(Ok(plan)) = release.map(Plan::new) else {
        return seen;
    };
    // What has no step that shows has nothing to undo either.
    let shows = |s: &Stage| s.forward_steps().iter().any(|s| s.act().is_some());
    let undone = |s: &Stage| matches!(s.rollback, Rollback::Written(_));
    if plan
        .release()
        .stages
        .iter()
        .any(|s| s.forward_steps().is_empty() || undone(s) && !shows(s))
    {
        return seen;
    }
    let found = checks::run(&plan, &sources).findings;
    let matters = |d: &&releasec::diagnostic::Diagnostic| !NO_MATTER.contains(&d.code.0);
    seen.told = found
        .iter()
        .filter(matters)
        .filter(|d| d.severity == Severity::Error)
        .map(|d| format!("{}: {}", d.code, d.message))
        .collect();
    if !seen.told.is_empty() {
        return seen;
    }
    seen.sound = true;
    let context = context(&sources);
    if only != Some(1) {
        let (artifacts, bag) = github::emit(&plan, &context);
        if bag.has_errors() {
            seen.told.push(format!("github {}", bag.into_sorted()[0].message));
        } else {
            seen.built[0] = true;
            let texts: Vec<String> = artifacts.into_iter().map(|a| a.content).collect();
            let manifest: Manifest = github::manifest(&plan, &context);
            let pair = [texts[0].as_str(), &texts[1]];
            let proved = proof::workflows(&plan, pair, &manifest).map(drop);
            let proved = proved.and_then(|()| proof::drawn_workflows(&plan, pair, &manifest, draws()));
            if let Err(d) = proved {
                seen.refused[0] = Some(format!("github: {}\n{}", d.what, d.lines().join("\n")));
            }
        }
    }
    if only != Some(0) {
        let (artifacts, bag) = stepfunctions::emit(&plan, &context);
        if bag.has_errors() {
            seen.told
                .push(format!("stepfunctions {}", bag.into_sorted()[0].message));
        } else {
            seen.built[1] = true;
            let manifest = stepfunctions::manifest(&plan);
            let machine = &artifacts[0].content;
            let proved = proof::state_machine(&plan, machine, &manifest).map(drop);
            let proved = proved.and_then(|()| proof::drawn_machine(&plan, machine, &manifest, draws()));
            if let Err(d) = proved {
                seen.refused[1] = Some(format!("stepfunctions: {}\n{}", d.what, d.lines().join("\n")));
            }
        }
    }
    seen
}

/// The fewest lines that are still refused by the same target.
fn fewest(text: &str, target: usize) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    loop {
        let before = lines.len();
        for size in (1..=8).rev() {
            let mut at = 0;
            while at + size <= lines.len() {
                let mut fewer = lines.clone();
                fewer.drain(at..at + size);
                if look(&fewer.join("\n"), Some(target)).refused[target].is_some() {
                    lines = fewer;
                } else {
                    at += 1;
                }
            }
        }
        if lines.len() == before {
            return lines.join("\n");
        }
    }
}

#[test]
fn what_is_sound_builds_and_means_its_plan() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse().ok());
    let (from, count) = (
        number("RANDOM_FROM").unwrap_or(0),
        number("RANDOM_COUNT").unwrap_or(PLANS),
    );
    let whole = count == PLANS && from == 0;
    let once = ONCE.iter().copied().filter(|_| whole);
    let seeds: Vec<u64> = (from..from + count).chain(once).collect();
    let all: Vec<(u64, String, Seen)> = seeds
        .into_par_iter()
        .map(|seed| {
            let text = random::plan(seed);
            let seen = look(&text, None);
            (seed, text, seen)
        })
        .collect();
    let sound = all.iter().filter(|a| a.2.sound).count();
    let built = [0, 1].map(|t| all.iter().filter(|a| a.2.built[t]).count());
    println!(
        "{} plans, {sound} sound, written for each target: {built:?}",
        all.len()
    );
    let mut why: BTreeMap<&str, usize> = BTreeMap::new();
    for told in all.iter().flat_map(|a| &a.2.told) {
        *why.entry(told).or_default() += 1;
    }
    for (w, n) in why {
        println!("{n:5} {w}");
    }
    let mut wrong: Vec<(u64, &str, usize)> = Vec::new();
    for (seed, text, seen) in &all {
        let refused = (0..2).filter(|t| seen.refused[*t].is_some());
        wrong.extend(refused.map(|t| (*seed, text.as_str(), t)));
    }
    println!("{} refused", wrong.len());
    if whole {
        let is = |(seed, target): &(u64, usize)| wrong.iter().any(|w| (w.0, w.2) == (*seed, *target));
        let proved: Vec<_> = REFUSED.iter().filter(|r| !is(r)).collect();
        assert!(
            proved.is_empty(),
            "these are proved now: take them out: {proved:?}"
        );
        wrong.retain(|w| !REFUSED.contains(&(w.0, w.2)));
    }
    let mut kinds: BTreeMap<String, Vec<(u64, &str, usize)>> = BTreeMap::new();
    for (seed, text, target) in wrong.iter().copied() {
        let seen = all.iter().find(|a| a.0 == seed);
        let said = seen.and_then(|a| a.2.refused[target].as_deref());
        println!(
            "---- seed {seed}, target {target}, as drawn: {}",
            said.unwrap_or_default()
        );
        if count == 1 {
            println!("{text}");
        }
        let list = kinds.entry(kind(said.unwrap_or_default())).or_default();
        list.push((seed, text, target));
    }
    for (kind, list) in &mut kinds {
        println!("{:5} {kind}", list.len());
        list.sort_by_key(|w| w.1.len());
    }
    let some = kinds.values().flat_map(|list| list.iter().copied().take(3));
    let said: Vec<String> = some
        .collect::<Vec<_>>()
        .par_iter()
        .map(|(seed, text, target)| {
            let few = fewest(text, *target);
            let again = look(&few, Some(*target)).refused[*target].clone();
            format!(
                "---- seed {seed}, target {target}\n{few}\n{}\n",
                again.unwrap_or_default()
            )
        })
        .collect();
    let new: Vec<(u64, usize)> = wrong.iter().map(|w| (w.0, w.2)).collect();
    assert!(wrong.is_empty(), "{}\nrefused: {new:?}", said.concat());
}

/// What is wrong, without the names.
fn kind(refused: &str) -> String {
    let first = refused.lines().next().unwrap_or_default();
    let parts = first.split('`').enumerate();
    parts
        .map(|(i, part)| if i % 2 == 0 { part } else { "_" })
        .collect()
}
