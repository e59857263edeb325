//! The solver against brute force, on many small problems.

use crate::plan::people::part::parts;
use crate::plan::people::{
    Bound, Budget, Fewest, Problem, Resilience, Rule, Slot, Verdict, core, fewest, pattern, resilience, sat,
    solve,
};
use std::collections::BTreeSet;

/// A small reproducible generator, so that ten thousand problems are made in no time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn some(&mut self, n: u32, least: usize) -> Vec<u32> {
        loop {
            let list: Vec<u32> = (0..n).filter(|_| self.roll(2) == 0).collect();
            if list.len() >= least {
                return list;
            }
        }
    }
}

fn problem(dice: &mut Dice) -> Problem {
    let seats = 1 + dice.roll(4) as u32;
    let people = 1 + dice.roll(4) as u32;
    let slots = (0..seats)
        .map(|i| {
            let least = usize::from(dice.roll(8) != 0);
            Slot {
                pool: dice.some(people, least),
                exists: 2 * i,
                limited: 2 * i + 1,
                fixed: dice.roll(4) == 0,
            }
        })
        .collect();
    let rules = (0..dice.roll(4) as u32)
        .map(|i| {
            let list = dice.some(seats, 1);
            let n = 1 + dice.roll(3) as u32;
            let rule = match dice.roll(6) {
                0 => Rule::Same(list),
                1 => Rule::AtMost(n, list),
                2 => Rule::AtLeast(n, list),
                _ => {
                    let (a, b) = list.split_at(dice.roll(list.len() as u64) as usize);
                    let mut groups = vec![a.to_vec()];
                    groups.extend(b.iter().map(|s| vec![*s]));
                    Rule::Differ(groups)
                }
            };
            Bound {
                rule,
                fact: 2 * seats + i,
            }
        })
        .collect();
    Problem {
        people,
        seats: slots,
        rules,
    }
}

/// Every assignment that obeys everything.
fn all(problem: &Problem) -> Vec<Vec<u32>> {
    let mut list: Vec<Vec<u32>> = vec![Vec::new()];
    for seat in &problem.seats {
        list = list
            .iter()
            .flat_map(|a| seat.pool.iter().map(|p| [a.as_slice(), &[*p]].concat()))
            .collect();
    }
    list.retain(|a| problem.accepts(a));
    list
}

fn budget() -> Budget {
    Budget::steps(1_000_000)
}

#[test]
fn verdicts_agree_with_brute_force_and_witnesses_are_valid() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut sat_count, mut unsat_count) = (0, 0);
    for round in 0..12_000 {
        let p = problem(&mut dice);
        let possible = !all(&p).is_empty();
        match solve(&p, &mut budget()) {
            Verdict::Sat(seated) => {
                assert!(
                    p.accepts(&seated),
                    "round {round}: {p:?} does not accept {seated:?}"
                );
                sat_count += 1;
            }
            Verdict::Unsat => {
                assert!(!possible, "round {round}: {p:?} can be solved");
                unsat_count += 1;
            }
            Verdict::Undecided => panic!("round {round}: undecided"),
        }
    }
    assert!(
        sat_count > 3_000 && unsat_count > 1_500,
        "{sat_count} against {unsat_count}"
    );
}

#[test]
fn patterns_and_clauses_agree_with_each_other_on_every_part() {
    let mut dice = Dice(0x1234_5678_9ABC_DEF1);
    for round in 0..4_000 {
        let p = problem(&mut dice);
        let Some(parts) = parts(&p) else {
            assert!(all(&p).is_empty(), "round {round}: {p:?} can be solved");
            continue;
        };
        for part in parts {
            let one = pattern::solve(&part, &mut budget());
            let other = sat::solve(&part, &mut budget());
            assert_eq!(
                matches!(one, Verdict::Sat(_)),
                matches!(other, Verdict::Sat(_)),
                "round {round}: {one:?} against {other:?} for {p:?}"
            );
            assert_ne!(one, Verdict::Undecided);
            assert_ne!(other, Verdict::Undecided);
        }
    }
}

#[test]
fn cores_are_contradictory_and_every_fact_of_them_is_needed() {
    let mut dice = Dice(0xDEAD_BEEF_CAFE_F00D);
    let mut seen = 0;
    for _ in 0..3_000 {
        let p = problem(&mut dice);
        let Some(found) = core(&p, &[], &mut budget()) else {
            assert!(!all(&p).is_empty());
            continue;
        };
        seen += 1;
        assert!(found.minimal);
        let facts: BTreeSet<u32> = found.facts.iter().copied().collect();
        assert!(all(&p.on(&facts)).is_empty(), "the core of {p:?} can be solved");
        for f in &found.facts {
            let mut fewer = facts.clone();
            fewer.remove(f);
            assert!(!all(&p.on(&fewer)).is_empty(), "fact {f} of {p:?} is not needed");
        }
    }
    assert!(seen > 300, "{seen}");
}

#[test]
fn the_fewest_people_are_the_fewest() {
    let mut dice = Dice(0x0F1E_2D3C_4B5A_6978);
    for _ in 0..4_000 {
        let p = problem(&mut dice);
        let best = all(&p)
            .iter()
            .map(|a| a.iter().collect::<BTreeSet<_>>().len())
            .min();
        match (fewest(&p, 9, &mut budget()), best) {
            (Fewest::Nobody, None) => {}
            (Fewest::People(n, seated), Some(m)) => {
                assert_eq!(n as usize, m, "{p:?}");
                assert!(p.accepts(&seated));
                assert_eq!(seated.iter().collect::<BTreeSet<_>>().len(), m);
            }
            other => panic!("{other:?} for {p:?}"),
        }
    }
}

#[test]
fn blocking_sets_block_and_are_smallest() {
    let mut dice = Dice(0x5555_AAAA_1234_4321);
    let mut blocked = 0;
    for _ in 0..3_000 {
        let p = problem(&mut dice);
        let blocks = |away: &[u32]| all(&p.without(away)).is_empty();
        let mut smallest: Option<usize> = None;
        for set in 0u32..1 << p.people {
            let away: Vec<u32> = (0..p.people).filter(|i| set & (1 << i) != 0).collect();
            if away.len() <= 2 && blocks(&away) {
                smallest = Some(smallest.map_or(away.len(), |s: usize| s.min(away.len())));
            }
        }
        match (resilience(&p, 2, &mut budget()), smallest) {
            (Resilience::Holds, None) => {}
            (Resilience::Blocked(people), Some(n)) => {
                assert_eq!(people.len(), n, "{p:?}");
                assert!(blocks(&people), "{people:?} does not block {p:?}");
                blocked += 1;
            }
            other => panic!("{other:?} for {p:?}"),
        }
    }
    assert!(blocked > 500, "{blocked}");
}

#[test]
fn a_quorum_that_is_one_too_large_is_seen_at_once() {
    let seats = 40u32;
    let slot = |i: u32| Slot {
        pool: (0..seats - 1).collect(),
        exists: 2 * i,
        limited: 2 * i + 1,
        fixed: false,
    };
    let mut p = Problem {
        people: seats,
        seats: (0..seats).map(slot).collect(),
        rules: Vec::new(),
    };
    p.rules.push(Bound {
        rule: Rule::Differ((0..seats).map(|s| vec![s]).collect()),
        fact: 2 * seats,
    });
    assert_eq!(solve(&p, &mut Budget::steps(10_000)), Verdict::Unsat);
    p.seats[0].pool.push(seats - 1);
    assert!(matches!(solve(&p, &mut Budget::steps(10_000)), Verdict::Sat(_)));
}

#[test]
fn without_steps_nothing_is_claimed() {
    let mut dice = Dice(0x7777_1111_2222_3333);
    let mut undecided = 0;
    for _ in 0..500 {
        let p = problem(&mut dice);
        match solve(&p, &mut Budget::steps(2)) {
            Verdict::Undecided => undecided += 1,
            Verdict::Sat(seated) => assert!(p.accepts(&seated)),
            Verdict::Unsat => assert!(all(&p).is_empty()),
        }
    }
    assert!(undecided > 50, "{undecided}");
}
