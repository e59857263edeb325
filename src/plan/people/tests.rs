//! The solver against brute force, on many small problems.

use crate::plan::people::part::{Part, parts};
use crate::plan::people::repair::{with_people, with_seats};
use crate::plan::people::{
    Bound, Budget, Fewest, Problem, Repair, Resilience, Rule, STEPS, Slot, Verdict, core, cores, eligible,
    fewest, pattern, repairs, resilience, sat, shared, solve,
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
            assert_ne!(one, Verdict::Undecided);
            let others = [
                sat::solve(&part, &mut budget()),
                shared::solve(&part, &mut budget()),
                shared::spelling(&part, 0, &mut budget()),
            ];
            for other in others {
                assert_ne!(other, Verdict::Undecided);
                assert_eq!(
                    matches!(one, Verdict::Sat(_)),
                    matches!(other, Verdict::Sat(_)),
                    "round {round}: {one:?} against {other:?} for {p:?}"
                );
                assert!(
                    obeyed(&part, &one) && obeyed(&part, &other),
                    "round {round}: {other:?} for {p:?}"
                );
            }
        }
    }
}

/// Whether people who were found for a part may sit there and keep its rules.
fn obeyed(part: &Part, verdict: &Verdict) -> bool {
    let Verdict::Sat(seated) = verdict else {
        return true;
    };
    let different = |seats: &[u32]| {
        let people: BTreeSet<u32> = seats.iter().map(|s| seated[*s as usize]).collect();
        people.len() as u32
    };
    let apart = |(s, others): (usize, &Vec<u32>)| others.iter().all(|t| seated[s] != seated[*t as usize]);
    (part.pools.iter().zip(seated)).all(|(pool, p)| pool.contains(p))
        && part.differ.iter().enumerate().all(apart)
        && part.at_most.iter().all(|(n, s)| different(s) <= *n)
        && part.at_least.iter().all(|(n, s)| different(s) >= *n)
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

/// Seats and people as Karapetyan, Gagarin and Gutin draw them.
fn family(dice: &mut Dice, seats: u32, people: u32, pairs: u32, counts: u32) -> Problem {
    let draw = |dice: &mut Dice, n: u32| -> Vec<u32> {
        let mut all: Vec<u32> = (0..seats).collect();
        for i in 0..n as usize {
            let j = i + dice.roll(u64::from(seats) - i as u64) as usize;
            all.swap(i, j);
        }
        all.truncate(n as usize);
        all
    };
    let mut pools = vec![Vec::new(); seats as usize];
    for person in 0..people {
        let n = 1 + dice.roll(u64::from(seats.div_ceil(2)) - 1) as u32;
        for s in draw(dice, n) {
            pools[s as usize].push(person);
        }
    }
    let slots = (0u32..).zip(pools).map(|(i, pool)| Slot {
        pool,
        exists: 2 * i,
        limited: 2 * i + 1,
        fixed: false,
    });
    let mut rules = Vec::new();
    for _ in 0..seats * (seats - 1) / 2 * pairs / 100 {
        let pair = draw(dice, 2);
        rules.push(Rule::Differ(vec![vec![pair[0]], vec![pair[1]]]));
    }
    for _ in 0..counts {
        rules.push(Rule::AtMost(3, draw(dice, 5)));
    }
    Problem {
        people,
        seats: slots.collect(),
        rules: (2 * seats..)
            .zip(rules)
            .map(|(fact, rule)| Bound { rule, fact })
            .collect(),
    }
}

#[test]
fn patterns_and_clauses_agree_on_generated_families() {
    let mut dice = Dice(0xABCD_EF01_2345_6789);
    // How often two methods decided the same part, and with which verdict.
    let (mut sat_count, mut unsat_count) = ([0; 3], [0; 3]);
    let sizes = [
        (8, 8),
        (10, 10),
        (12, 48),
        (14, 14),
        (16, 16),
        (16, 160),
        (20, 200),
        (24, 240),
    ];
    for (seats, people) in sizes {
        for pairs in [10, 20, 30] {
            for _ in 0..4 {
                let p = family(&mut dice, seats, people, pairs, seats);
                let Some(all) = parts(&p) else { continue };
                for part in all {
                    let verdicts = [
                        pattern::solve(&part, &mut Budget::steps(30_000)),
                        sat::solve(&part, &mut Budget::steps(150_000)),
                        shared::solve(&part, &mut Budget::steps(150_000)),
                    ];
                    for verdict in &verdicts {
                        assert!(obeyed(&part, verdict), "{verdict:?} for {p:?}");
                    }
                    for (i, (a, b)) in [(0, 1), (0, 2), (1, 2)].into_iter().enumerate() {
                        match (&verdicts[a], &verdicts[b]) {
                            (Verdict::Undecided, _) | (_, Verdict::Undecided) => {}
                            (Verdict::Sat(_), Verdict::Sat(_)) => sat_count[i] += 1,
                            (Verdict::Unsat, Verdict::Unsat) => unsat_count[i] += 1,
                            (one, other) => panic!("{one:?} against {other:?} for {p:?}"),
                        }
                    }
                }
                if let Verdict::Sat(seated) = solve(&p, &mut Budget::steps(150_000)) {
                    assert!(p.accepts(&seated));
                }
            }
        }
    }
    assert!(
        sat_count.iter().all(|n| *n >= 12) && unsat_count.iter().all(|n| *n >= 15),
        "{sat_count:?} and {unsat_count:?}"
    );
}

#[test]
fn what_is_as_tangled_as_plans_get_is_decided() {
    let (mut possible, mut impossible) = (0, 0);
    for (seats, people, pairs, counts) in [
        (30, 300, 10, 30),
        (30, 30, 10, 30),
        (60, 500, 20, 32),
        (60, 500, 30, 32),
    ] {
        let mut dice = Dice(0x1234_5678_9ABC_DEF1);
        let p = family(&mut dice, seats, people, pairs, counts);
        match solve(&p, &mut Budget::steps(STEPS)) {
            Verdict::Sat(seated) => {
                assert!(p.accepts(&seated));
                possible += 1;
            }
            Verdict::Unsat => impossible += 1,
            Verdict::Undecided => panic!("{seats} seats with {counts} rules that count are undecided"),
        }
    }
    assert_eq!((possible, impossible), (2, 2));
}

/// Several problems side by side over the same people.
fn side_by_side(dice: &mut Dice) -> (Problem, Vec<Problem>) {
    let mut whole = Problem::default();
    let mut alone = Vec::new();
    for _ in 0..1 + dice.roll(3) {
        let mut p = problem(dice);
        let (seats, facts) = (
            whole.seats.len() as u32,
            whole.facts().last().map_or(0, |f| f + 1),
        );
        for slot in &mut p.seats {
            slot.exists += facts;
            slot.limited += facts;
        }
        let places: Vec<u32> = (seats..seats + p.seats.len() as u32).collect();
        p.rules.iter_mut().for_each(|b| b.fact += facts);
        whole.people = whole.people.max(p.people);
        whole.seats.extend(p.seats.iter().cloned());
        whole.rules.extend(p.rules.iter().map(|b| Bound {
            rule: b.rule.moved(&places),
            fact: b.fact,
        }));
        alone.push(p);
    }
    (whole, alone)
}

#[test]
fn problems_side_by_side_are_as_good_as_alone() {
    let mut dice = Dice(0x0BAD_CAFE_1234_9999);
    let mut several = 0;
    for _ in 0..1_500 {
        let (whole, alone) = side_by_side(&mut dice);
        let bad = alone.iter().filter(|p| all(p).is_empty()).count();
        match solve(&whole, &mut budget()) {
            Verdict::Sat(seated) => assert!(bad == 0 && whole.accepts(&seated), "{whole:?}"),
            Verdict::Unsat => assert!(bad > 0, "{whole:?}"),
            Verdict::Undecided => panic!("undecided: {whole:?}"),
        }
        let found = cores(&whole, &[], &mut budget());
        assert!(found.len() >= bad, "{whole:?}");
        several += usize::from(found.len() > 1);
        for core in &found {
            let facts: BTreeSet<u32> = core.facts.iter().copied().collect();
            assert!(
                solve(&whole.on(&facts), &mut budget()) == Verdict::Unsat,
                "{whole:?}"
            );
            for f in &core.facts {
                let mut fewer = facts.clone();
                fewer.remove(f);
                let left = solve(&whole.on(&fewer), &mut budget());
                assert!(
                    matches!(left, Verdict::Sat(_)),
                    "fact {f} of {whole:?} is not needed"
                );
            }
        }
        let smallest = alone
            .iter()
            .filter_map(|p| match resilience(p, 2, &mut budget()) {
                Resilience::Blocked(people) => Some(people.len()),
                _ => None,
            });
        match (resilience(&whole, 2, &mut budget()), smallest.min()) {
            (Resilience::Holds, None) => {}
            (Resilience::Blocked(people), Some(n)) => assert_eq!(people.len(), n, "{whole:?}"),
            other => panic!("{other:?} for {whole:?}"),
        }
    }
    assert!(several > 100, "{several}");
}

#[test]
fn who_can_sit_is_who_sits_in_some_solution() {
    let mut dice = Dice(0x7654_3210_FEDC_BA98);
    let (mut kept_out, mut stuck) = (0, 0);
    for _ in 0..3_000 {
        let p = problem(&mut dice);
        let ways = all(&p);
        let groups: Vec<Vec<u32>> = (0..p.seats.len() as u32).map(|s| vec![s]).collect();
        let found = eligible(&p, &groups, &[], &mut budget());
        for (s, seat) in p.seats.iter().enumerate() {
            let view = &found[s];
            assert!(view.unknown.is_empty());
            if view.stuck {
                assert!(ways.is_empty());
                stuck += 1;
                continue;
            }
            let own: BTreeSet<u32> = ways.iter().map(|w| w[s]).collect();
            let can: BTreeSet<u32> = view.can.iter().copied().collect();
            // What cannot be solved elsewhere keeps nobody from sitting here.
            assert!(ways.is_empty() || can == own, "seat {s} of {p:?}: {view:?}");
            for (person, facts, minimal) in &view.cannot {
                assert!(seat.pool.contains(person) && *minimal);
                let mut pinned = p.clone();
                pinned.seats[s].pool = vec![*person];
                let mut known: BTreeSet<u32> = facts.iter().copied().collect();
                known.extend([seat.exists, seat.limited]);
                assert!(
                    all(&pinned.on(&known)).is_empty(),
                    "{person} on {s} of {p:?}: {facts:?}"
                );
                kept_out += 1;
            }
        }
    }
    assert!(kept_out > 250 && stuck > 500, "{kept_out} and {stuck}");
}

#[test]
fn repairs_repair_and_nothing_smaller_does() {
    let mut dice = Dice(0x1111_2222_3333_4444);
    let (mut people, mut seats) = (0, 0);
    for _ in 0..3_000 {
        let mut p = problem(&mut dice);
        // Seats of one approval stand on the same facts.
        if p.seats.len() > 2 && dice.roll(2) == 0 {
            for i in 1..p.seats.len() {
                p.seats[i] = Slot {
                    fixed: false,
                    ..p.seats[0].clone()
                };
            }
            p.rules.push(Bound {
                rule: Rule::Differ((0..p.seats.len() as u32).map(|s| vec![s]).collect()),
                fact: p.seats[0].exists,
            });
        }
        let Some(found) = core(&p, &[], &mut budget()) else {
            continue;
        };
        let bad = p.on(&found.facts.iter().copied().collect());
        for repair in repairs(&p, &found.facts, &mut budget()) {
            match repair {
                Repair::People(f, n) => {
                    people += 1;
                    assert!(
                        !all(&with_people(&bad, f, n)).is_empty(),
                        "{repair:?} for {bad:?}"
                    );
                    assert!(
                        n == 1 || all(&with_people(&bad, f, n - 1)).is_empty(),
                        "{repair:?} for {bad:?}"
                    );
                }
                Repair::Seats(f, n) => {
                    seats += 1;
                    assert!(!all(&with_seats(&bad, f, n)).is_empty(), "{repair:?} for {bad:?}");
                    let there = bad.seats.iter().filter(|s| s.exists == f).count() as u32;
                    assert!(
                        n + 1 == there || all(&with_seats(&bad, f, n + 1)).is_empty(),
                        "{repair:?} for {bad:?}"
                    );
                }
            }
        }
    }
    assert!(people > 300 && seats > 100, "{people} and {seats}");
}
