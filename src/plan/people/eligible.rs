//! Who can really sit where: not only who is in the pool of a seat, but who can sit there while all others find a seat too.
//!
//! Exact: each person is put on the seat and the rest is solved again; of people who may take exactly the same seats, one is
//! tried. Called by `survey`.

use crate::plan::people::block::{Block, blocks};
use crate::plan::people::explain::core;
use crate::plan::people::problem::{Bound, Budget, Problem, Rule, Slot, Verdict};
use crate::plan::people::solve::solve;
use std::collections::{BTreeMap, BTreeSet};

/// The people of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Eligible {
    /// Who can sit there.
    pub can: Vec<u32>,
    /// Who cannot although they are in the pool, with the facts that keep them out and whether each of these is needed.
    pub cannot: Vec<(u32, Vec<u32>, bool)>,
    /// Who may or may not: the budget did not suffice.
    pub unknown: Vec<u32>,
    /// Nobody can fill all seats around this one, whoever sits here: `can` is the pool alone.
    pub stuck: bool,
}

/// The fact that somebody sits on a seat. No problem has so many facts.
const HERE: u32 = u32::MAX - 1;

/// Tells for each group of seats who can sit on one of them. The seats of a group are the same to all rules.
pub fn eligible(
    problem: &Problem,
    groups: &[Vec<u32>],
    blame_last: &[u32],
    budget: &mut Budget,
) -> Vec<Eligible> {
    let mut group_of = vec![None; problem.seats.len()];
    for (g, seats) in groups.iter().enumerate() {
        seats.iter().for_each(|s| group_of[*s as usize] = Some(g));
    }
    let mut list = vec![Eligible::default(); groups.len()];
    for block in blocks(problem, 0) {
        let all = in_block(problem, &block, &group_of, blame_last, budget);
        for (group, found) in all {
            list[group] = found;
        }
    }
    list
}

fn in_block(
    problem: &Problem,
    block: &Block,
    group_of: &[Option<usize>],
    blame_last: &[u32],
    budget: &mut Budget,
) -> BTreeMap<usize, Eligible> {
    let mut views: BTreeMap<usize, Eligible> = BTreeMap::new();
    // People by the seats they may take; the first of each kind is among the people of the block.
    let mut takes: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (i, s) in (0u32..).zip(&block.seats) {
        for p in &problem.seats[*s as usize].pool {
            takes.entry(*p).or_default().push(i);
        }
    }
    let mut kinds: BTreeMap<&[u32], Vec<u32>> = BTreeMap::new();
    for (person, seats) in &takes {
        kinds.entry(seats).or_default().push(*person);
    }
    let solved = block.solve(budget);
    let group = |i: u32| group_of[block.seats[i as usize] as usize];
    // The groups in which somebody of a kind is known to sit, by the first person of the kind.
    let first: BTreeMap<u32, u32> = takes
        .iter()
        .map(|(p, seats)| (*p, kinds[seats.as_slice()][0]))
        .collect();
    let mut known: BTreeSet<(u32, usize)> = BTreeSet::new();
    let note = |seated: &[u32], known: &mut BTreeSet<(u32, usize)>| {
        for (i, p) in (0u32..).zip(seated.iter().take(block.seats.len())) {
            if let (Some(person), Some(g)) = (block.people.get(*p as usize), group(i)) {
                known.insert((first[person], g));
            }
        }
    };
    if let Verdict::Sat(seated) = &solved {
        note(seated, &mut known);
    }
    for (seats, people) in &kinds {
        let mut done = BTreeSet::new();
        for i in *seats {
            let Some(g) = group(*i).filter(|g| done.insert(*g)) else {
                continue;
            };
            let view = views.entry(g).or_default();
            if solved == Verdict::Unsat {
                view.stuck = true;
                view.can.extend(people);
                continue;
            }
            if known.contains(&(people[0], g)) {
                view.can.extend(people);
                continue;
            }
            let Ok(own) = block.people.binary_search(&people[0]) else {
                view.unknown.extend(people);
                continue;
            };
            let person = u32::try_from(own).unwrap_or(u32::MAX);
            match solve(&seated_there(&block.problem, *i, person), budget) {
                Verdict::Sat(seated) => {
                    note(&seated, &mut known);
                    view.can.extend(people);
                }
                Verdict::Undecided => view.unknown.extend(people),
                Verdict::Unsat => {
                    let (facts, minimal) = why(&block.problem, *i, person, blame_last, budget);
                    let each = people.iter().map(|p| (*p, facts.clone(), minimal));
                    view.cannot.extend(each);
                }
            }
        }
    }
    for view in views.values_mut() {
        view.can.sort_unstable();
        view.cannot.sort_unstable();
        view.unknown.sort_unstable();
    }
    views
}

/// The problem with somebody on a seat: another seat that only they may take, taken by the same person.
fn seated_there(problem: &Problem, seat: u32, person: u32) -> Problem {
    let mut pinned = problem.clone();
    let twin = u32::try_from(pinned.seats.len()).unwrap_or(u32::MAX);
    pinned.seats.push(Slot {
        pool: vec![person],
        exists: HERE,
        limited: HERE,
        fixed: false,
    });
    pinned.rules.push(Bound {
        rule: Rule::Same(vec![seat, twin]),
        fact: HERE,
    });
    pinned
}

/// The facts that keep somebody from a seat, besides that the seat is there and who its people are.
fn why(
    problem: &Problem,
    seat: u32,
    person: u32,
    blame_last: &[u32],
    budget: &mut Budget,
) -> (Vec<u32>, bool) {
    let own = &problem.seats[seat as usize];
    let pinned = seated_there(problem, seat, person);
    match core(&pinned, blame_last, budget) {
        Some(found) => {
            let facts = found.facts.into_iter();
            let others = facts.filter(|f| *f != HERE && *f != own.exists && *f != own.limited);
            (others.collect(), found.minimal)
        }
        None => (Vec::new(), false),
    }
}
