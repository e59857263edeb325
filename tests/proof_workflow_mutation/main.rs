//! Mutants of the workflows of every example: each takes a safeguard away in the bytes, and the proof alone must tell it from the real
//! ones.
//!
//! The operators stand in `operators`. What no run tells from the real ones because it does the same is listed with its reason in
//! `equivalent`, and counted apart. What survives besides is printed.

mod equivalent;
mod operators;
#[path = "../shared/mod.rs"]
mod shared;

use equivalent::survives;
use operators::{Mutant, mutants};
use releasec::emit::github::parts::Manifest;
use releasec::plan::Plan;
use releasec::proof;
use serde_json::Value;
use shared::{here, plan, workflows};
use std::collections::BTreeMap;

/// The plans, each with how many mutants of a kind are looked at: those of a kind are alike.
const EXAMPLES: [(&str, usize); 4] = [
    ("examples/hello/hello.release", 4),
    ("examples/database-migration/migration.release", 3),
    ("examples/multi-region/regions.release", 3),
    ("examples/bioage/bioage.release", 2),
];

/// How many of a hundred mutants that do something else must be seen.
const FLOOR: usize = 99;

/// How many mutants must be looked at.
const LEAST: usize = 600;

/// A plan with its two workflows.
struct Example {
    source: &'static str,
    plan: Plan,
    flows: [Value; 2],
    texts: [String; 2],
    manifest: Manifest,
}

fn example(source: &'static str) -> Example {
    let (plan, sources) = plan(&here(source));
    let (texts, manifest) = workflows(&plan, &sources);
    let flows = [0, 1].map(|i| serde_saphyr::from_str(&texts[i]).expect("YAML"));
    Example {
        source,
        plan,
        flows,
        texts,
        manifest,
    }
}

impl Example {
    /// What the proof says of a mutant of one of the workflows, when it sees it.
    fn seen(&self, which: usize, mutant: &Mutant) -> Option<String> {
        let changed = mutant.workflow(&self.flows[which]).to_string();
        let texts = match which {
            0 => [changed.as_str(), &self.texts[1]],
            _ => [&self.texts[0], changed.as_str()],
        };
        let found = proof::workflows(&self.plan, texts, &self.manifest);
        found.err().map(|d| d.what)
    }
}

/// Of each kind so many, evenly drawn.
fn drawn(list: Vec<Mutant>, most: usize) -> Vec<Mutant> {
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for mutant in &list {
        kinds.entry(mutant.kind).or_default().0 += 1;
    }
    let keep = |m: &Mutant| {
        let (all, at) = kinds.get_mut(m.kind).expect("counted");
        let (before, now) = (*at * most / *all, (*at + 1) * most / *all);
        *at += 1;
        *all <= most || now > before
    };
    let mut keep = keep;
    list.into_iter().filter(|m| keep(m)).collect()
}

#[test]
fn mutants_of_the_workflows_do_not_mean_their_plan() {
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut same: BTreeMap<&str, usize> = BTreeMap::new();
    let mut survivors = Vec::new();
    for (source, most) in EXAMPLES {
        let clock = std::time::Instant::now();
        let example = example(source);
        let texts = [example.texts[0].as_str(), example.texts[1].as_str()];
        let real = proof::workflows(&example.plan, texts, &example.manifest);
        let runs = real
            .unwrap_or_else(|d| panic!("{source}: {}\n{}", d.what, d.lines().join("\n")))
            .runs;
        let mut looked = 0;
        for which in [0, 1] {
            for mutant in drawn(mutants(&example.flows[which]), most) {
                let seen = example.seen(which, &mutant);
                looked += 1;
                if seen.is_none()
                    && let Some(why) = survives(&mutant, &example.flows[which])
                {
                    *same.entry(why).or_default() += 1;
                    continue;
                }
                let (made, killed) = kinds.entry(mutant.kind).or_default();
                *made += 1;
                *killed += usize::from(seen.is_some());
                if seen.is_none() {
                    let file = ["release", "rollback"][which];
                    survivors.push(format!(
                        "{}: {file}: {}: {}: {}",
                        example.source, mutant.kind, mutant.job, mutant.how
                    ));
                }
            }
        }
        println!("{source}: {runs} runs, {looked} mutants, {:?}", clock.elapsed());
    }
    let made: usize = kinds.values().map(|k| k.0).sum();
    let killed: usize = kinds.values().map(|k| k.1).sum();
    for (kind, (made, killed)) in &kinds {
        println!("{kind}: {killed} of {made}");
    }
    for (why, n) in &same {
        println!("{n} do the same: {why}");
    }
    println!("{killed} of {made} mutants were seen\n{}", survivors.join("\n"));
    assert!(
        killed * 100 >= made * FLOOR && made + same.values().sum::<usize>() > LEAST,
        "{killed} of {made} mutants were seen:\n{}",
        survivors.join("\n")
    );
}

/// A way around that only names people, whom it keeps out, and who does work by hand.
const AROUND: &str = r#"
person ana { name "Ana Ruiz"; github "ana" }
person ben { name "Ben Okoro"; github "ben" }
person cleo { name "Cleo Park"; github "cleo" }
person dan { name "Dan Moss"; github "dan" }
role operations { title "Operations"; members ana, dan }
role leads { title "Leads"; members ben, cleo }
environment production { kind production }
gate smoke { title "It answers"; run "./smoke.sh" { changes nothing }; exercises "app" }
release shop {
  title "Shop"; version "2"; author ana; owner operations; in production
  approval go { from leads; within 2d; quorum 2 }
  override hotfix { skips go; by leads; quorum 2; because required }
  stage web { approved go; manual "Flip it" { changes "app:web"; within 1h; undo run "./un.sh" { changes "app:web" } }; verify smoke }
}
"#;

/// The workflows of a plan whose way around is weaker do not mean the plan, though they are just what was written.
#[test]
fn a_weaker_seat_of_a_way_around_is_seen() {
    let (plan, sources) = shared::sound("around.release", AROUND, &shared::Alone);
    let seen = |(texts, manifest): &([String; 2], Manifest)| {
        let found = proof::workflows(&plan, [&texts[0], &texts[1]], manifest);
        found.err().map_or_else(String::new, |d| d.what)
    };
    assert_eq!(seen(&workflows(&plan, &sources)), "", "the real ones");
    let weaker = [
        (
            "by leads; quorum 2; because",
            "by leads; quorum 1; because",
            "1 people are asked",
        ),
        (
            "by leads; quorum 2; because",
            "by leads, operations; quorum 2; because",
            "others",
        ),
        ("author ana;", "author dan;", "who wrote"),
    ];
    for (is, becomes, why) in weaker {
        assert!(AROUND.contains(is), "no `{is}`");
        let text = AROUND.replacen(is, becomes, 1);
        let (other, sources) = shared::sound("around.release", &text, &shared::Alone);
        let what = seen(&workflows(&other, &sources));
        assert!(
            what.contains("override `hotfix`") && what.contains(why),
            "`{is}` as `{becomes}` is not seen: {what}"
        );
    }
}
