//! How long separation of duties takes, on problems as large and as tangled as plans get.
//!
//! `cargo bench --bench people` prints two tables. Nothing here passes or fails: these are measurements, and machines differ;
//! `benches/README.md` has the aims and what was measured. Every problem is made from a seed, so that runs can be compared.

use releasec::plan::people::{
    Bound, Budget, Problem, Resilience, Rule, STEPS, Slot, Verdict, cores, resilience, solve,
};
use std::hint::black_box;
use std::time::{Duration, Instant};

struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn index(&mut self, n: usize) -> usize {
        usize::try_from(self.roll(n as u64)).unwrap_or(0)
    }
}

/// Teams of `sizes` people; one in five is in a second team too.
fn teams(dice: &mut Dice, people: u32, teams: usize) -> Vec<Vec<u32>> {
    let mut list = vec![Vec::new(); teams];
    for p in 0..people {
        let first = p as usize % teams;
        list[first].push(p);
        if dice.roll(5) == 0 {
            let second = dice.index(teams);
            if second != first {
                list[second].push(p);
            }
        }
    }
    list
}

/// Stages with an author, an executor, an approval of two, and an executor and an approver of the rollback.
fn plan(dice: &mut Dice, stages: u32, people: u32, teams: &[Vec<u32>]) -> Problem {
    let mut p = Problem {
        people,
        ..Problem::default()
    };
    for stage in 0..stages {
        let fact = stage * 16;
        let (own, others) = (dice.index(teams.len()), dice.index(teams.len()));
        let seat = |team: usize, n: u32, fixed| Slot {
            pool: teams[team].clone(),
            exists: fact + n,
            limited: fact + n + 1,
            fixed,
        };
        let first = stage * 6;
        p.seats.extend([
            seat(own, 0, true),
            seat(own, 2, true),
            seat(others, 4, false),
            seat(others, 4, false),
            seat(own, 6, false),
            seat(others, 8, false),
        ]);
        let rules = [
            Rule::Differ(vec![vec![first + 2], vec![first + 3]]),
            Rule::Differ(vec![vec![first + 2, first + 3], vec![first, first + 1]]),
            Rule::Differ(vec![vec![first + 4], vec![first + 5]]),
            Rule::Differ(vec![vec![first + 5], vec![first]]),
        ];
        for (i, rule) in (10..).zip(rules) {
            // The quorum is what keeps its two seats apart.
            let fact = fact + if i == 10 { 4 } else { i };
            p.rules.push(Bound { rule, fact });
        }
    }
    p
}

/// Seats and people as Karapetyan, Gagarin and Gutin draw them: `pairs` of a hundred pairs of seats differ, `counts` times five seats
/// are taken by three people at most.
fn tangled(dice: &mut Dice, seats: u32, people: u32, pairs: u32, counts: u32) -> Problem {
    let mut pools = vec![Vec::new(); seats as usize];
    for person in 0..people {
        let n = 1 + dice.index((seats as usize).div_ceil(2) - 1);
        let mut all: Vec<u32> = (0..seats).collect();
        for i in 0..n {
            let j = i + dice.index(all.len() - i);
            all.swap(i, j);
            pools[all[i] as usize].push(person);
        }
    }
    let mut p = Problem {
        people,
        ..Problem::default()
    };
    for (i, pool) in (0u32..).zip(pools) {
        p.seats.push(Slot {
            pool,
            exists: 2 * i,
            limited: 2 * i + 1,
            fixed: false,
        });
    }
    let mut fact = 2 * seats;
    let mut add = |rule| {
        p.rules.push(Bound { rule, fact });
        fact += 1;
    };
    for _ in 0..seats * (seats - 1) / 2 * pairs / 100 {
        let (a, b) = (dice.index(seats as usize), dice.index(seats as usize - 1));
        let b = if b >= a { b + 1 } else { b };
        let seat = |i: usize| vec![u32::try_from(i).unwrap_or(0)];
        add(Rule::Differ(vec![seat(a), seat(b)]));
    }
    for _ in 0..counts {
        let mut all: Vec<u32> = (0..seats).collect();
        for i in 0..5 {
            let j = i + dice.index(all.len() - i);
            all.swap(i, j);
        }
        all.truncate(5);
        add(Rule::AtMost(3, all));
    }
    p
}

fn time(rounds: usize, f: impl Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            f();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

fn ms(d: Duration) -> f64 {
    d.as_secs_f64() * 1000.0
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Sat(_) => "possible",
        Verdict::Unsat => "impossible",
        Verdict::Undecided => "undecided",
    }
}

fn budget() -> Budget {
    Budget::steps(STEPS)
}

fn main() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    println!("| 833 stages, 4,998 seats | what | answer | median (ms) |\n| --- | --- | --- | ---: |");
    let row = |who: &str, what: &str, answer: String, d: Duration| {
        println!("| {who} | {what} | {answer} | {:.1} |", ms(d));
    };
    let all = teams(&mut dice, 10_000, 200);
    let large = plan(&mut dice, 833, 10_000, &all);
    let few = teams(&mut dice, 3_000, 600);
    let small = plan(&mut dice, 833, 3_000, &few);
    let starving = teams(&mut dice, 3_000, 2_500);
    let starved = plan(&mut dice, 833, 3_000, &starving);
    for (who, p) in [
        ("10,000 people, 200 teams", &large),
        ("3,000 people, 600 teams", &small),
        ("3,000 people, 2,500 teams", &starved),
    ] {
        let verdict = solve(p, &mut budget());
        let d = time(15, || {
            black_box(solve(p, &mut budget()));
        });
        row(who, "decided", word(&verdict).to_string(), d);
        let answer = match resilience(p, 2, &mut budget()) {
            Resilience::Holds => "holds".to_string(),
            Resilience::Blocked(who) => format!("{} block", who.len()),
            Resilience::Undecided => "undecided".to_string(),
        };
        let d = time(9, || {
            black_box(resilience(p, 2, &mut budget()));
        });
        row(who, "any 2 away", answer, d);
        let mut steps = Budget::steps(STEPS);
        let found = cores(p, &[], &mut steps);
        let largest = found.iter().map(|c| c.facts.len()).max().unwrap_or(0);
        let minimal = found.iter().filter(|c| c.minimal).count();
        let d = time(9, || {
            black_box(cores(p, &[], &mut budget()));
        });
        let answer = format!(
            "{} stages, {minimal} minimal, {largest} facts at most",
            found.len()
        );
        row(who, "explained", answer, d);
    }
    println!();
    println!(
        "| seats | people | differ | at most 3 of 5 | possible | impossible | undecided | median (ms) | longest (ms) |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (seats, people, pairs, counts) in [
        (20, 200, 10, 20),
        (30, 300, 10, 30),
        (40, 400, 10, 40),
        (60, 500, 10, 0),
        (60, 500, 10, 32),
        (60, 500, 20, 32),
        (60, 500, 30, 32),
    ] {
        let mut times = Vec::new();
        let mut count = [0; 3];
        for seed in 1..=5 {
            let mut dice = Dice(0x1234_5678_9ABC_DEF1 * seed);
            let p = tangled(&mut dice, seats, people, pairs, counts);
            let start = Instant::now();
            match solve(&p, &mut budget()) {
                Verdict::Sat(_) => count[0] += 1,
                Verdict::Unsat => count[1] += 1,
                Verdict::Undecided => count[2] += 1,
            }
            times.push(start.elapsed());
        }
        times.sort();
        let [yes, no, open] = count;
        println!(
            "| {seats} | {people} | {pairs}% | {counts} | {yes} | {no} | {open} | {:.1} | {:.1} |",
            ms(times[times.len() / 2]),
            ms(times[times.len() - 1])
        );
    }
}
