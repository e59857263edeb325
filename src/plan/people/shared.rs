//! Parts with rules that count: clauses over which seats share a person, and matching for who that is.
//!
//! Rules speak of who sits together and never of particular people, so the clauses do too: one variable for each two seats,
//! however many people there are. A pattern that obeys the rules is then matched to people; when its blocks are too many for the
//! people they have in common, a clause says which of them cannot stand beside each other, and the search goes on. Called by
//! `solve`.

use crate::plan::people::part::Part;
use crate::plan::people::problem::{Budget, Verdict};
use crate::plan::people::sat::Steps;
use batsat::{Lit, Solver, SolverInterface, lbool};

/// What a decision costs here, beside one step of the other methods.
const DECISION: u64 = 2;

/// The most clauses one rule that counts is spelled out in; longer ones are counted by a chain of variables.
const SPELLED_OUT: u64 = 4_000;

/// Decides a part; the verdict's people are indices into the part's.
pub(super) fn solve(part: &Part, budget: &mut Budget) -> Verdict {
    spelling(part, SPELLED_OUT, budget)
}

/// Decides a part, with rules that count spelled out in up to so many clauses each.
pub(super) fn spelling(part: &Part, spelled: u64, budget: &mut Budget) -> Verdict {
    let n = part.seats.len() as u64;
    let triples = n.saturating_mul(n).saturating_mul(n) / 2;
    if triples > budget.left() / 4 || !budget.spend(triples) {
        return Verdict::Undecided;
    }
    let mut search = Search::new(part, budget.left());
    search.pairs();
    search.triples();
    for (most, seats) in &part.at_most {
        search.at_most(*most as usize, seats, spelled);
    }
    for (least, seats) in &part.at_least {
        search.at_least(*least as usize, seats);
    }
    let verdict = search.run();
    budget.spend(budget.left().saturating_sub(search.solver.cb().left()));
    verdict
}

struct Search<'a> {
    part: &'a Part,
    solver: Solver<Steps>,
    /// For each seat, who may sit.
    pools: Vec<Vec<u64>>,
    /// Whether two seats share a person, by the larger and then the smaller; nothing when they never do.
    one: Vec<Vec<Option<Lit>>>,
    consistent: bool,
}

impl<'a> Search<'a> {
    fn new(part: &'a Part, steps: u64) -> Self {
        let words = part.people.len().div_ceil(64);
        let bits = |pool: &Vec<u32>| {
            let mut bits = vec![0u64; words];
            for p in pool {
                bits[*p as usize / 64] |= 1 << (p % 64);
            }
            bits
        };
        Search {
            part,
            solver: Solver::new(batsat::SolverOpts::default(), Steps::new(steps, DECISION)),
            pools: part.pools.iter().map(bits).collect(),
            one: Vec::new(),
            consistent: true,
        }
    }

    fn lit(&mut self) -> Lit {
        Lit::new(self.solver.new_var_default(), true)
    }

    fn add(&mut self, clause: &[Lit]) {
        self.consistent &= self.solver.add_clause_reuse(&mut clause.to_vec());
    }

    /// The variable of two different seats.
    fn same(&self, s: usize, t: usize) -> Option<Lit> {
        self.one[s.max(t)][s.min(t)]
    }

    fn pairs(&mut self) {
        for s in 0..self.part.seats.len() {
            let mut row = Vec::with_capacity(s);
            for t in 0..s {
                let apart = u32::try_from(t).is_ok_and(|t| self.part.differ[s].binary_search(&t).is_ok());
                let nobody = self.pools[s].iter().zip(&self.pools[t]).all(|(a, b)| a & b == 0);
                row.push(if apart || nobody { None } else { Some(self.lit()) });
            }
            self.one.push(row);
        }
    }

    /// Who shares a person with two seats makes them share it; of three seats that nobody can take together, no two pairs share.
    fn triples(&mut self) {
        for a in 0..self.part.seats.len() {
            for b in 0..a {
                let both: Vec<u64> = self.pools[a]
                    .iter()
                    .zip(&self.pools[b])
                    .map(|(x, y)| x & y)
                    .collect();
                for c in 0..b {
                    let nobody = both.iter().zip(&self.pools[c]).all(|(x, y)| x & y == 0);
                    let sides = [self.same(a, b), self.same(b, c), self.same(a, c)];
                    for i in 0..3 {
                        let (Some(x), Some(y)) = (sides[i], sides[(i + 1) % 3]) else {
                            continue;
                        };
                        match sides[(i + 2) % 3] {
                            Some(z) if !nobody => self.add(&[!x, !y, z]),
                            _ => self.add(&[!x, !y]),
                        }
                    }
                }
            }
        }
    }

    /// At most so many different people: of one seat more, two share.
    fn at_most(&mut self, most: usize, seats: &[u32], spelled: u64) {
        let seats: Vec<usize> = seats.iter().map(|s| *s as usize).collect();
        if choices(seats.len() as u64, most as u64 + 1) <= spelled {
            let mut chosen: Vec<usize> = (0..=most).collect();
            while chosen.last().is_some_and(|last| *last < seats.len()) {
                let mut clause = Vec::new();
                for (i, s) in chosen.iter().enumerate() {
                    clause.extend(chosen[..i].iter().filter_map(|t| self.same(seats[*s], seats[*t])));
                }
                self.add(&clause);
                if !next(&mut chosen, seats.len()) {
                    break;
                }
            }
            return;
        }
        // Who is the first of their person is counted.
        let mut firsts = Vec::new();
        for (i, s) in seats.iter().enumerate() {
            let first = self.lit();
            let earlier = seats[..i].iter().filter_map(|t| self.same(*s, *t));
            let clause: Vec<Lit> = earlier.chain([first]).collect();
            self.add(&clause);
            firsts.push(first);
        }
        self.no_more_than(most, &firsts);
    }

    /// At least so many different people: all but so many seats are the first of theirs.
    fn at_least(&mut self, least: usize, seats: &[u32]) {
        let seats: Vec<usize> = seats.iter().map(|s| *s as usize).collect();
        let Some(others) = seats.len().checked_sub(least) else {
            self.consistent = false;
            return;
        };
        let mut not_first = Vec::new();
        for (i, s) in seats.iter().enumerate() {
            let other = self.lit();
            for t in &seats[..i] {
                if let Some(same) = self.same(*s, *t) {
                    self.add(&[!same, other]);
                }
            }
            not_first.push(other);
        }
        self.no_more_than(others, &not_first);
    }

    /// No more than so many of these hold, by a chain that counts.
    fn no_more_than(&mut self, most: usize, lits: &[Lit]) {
        let mut before: Vec<Lit> = Vec::new();
        for lit in lits {
            let now: Vec<Lit> = (0..most).map(|_| self.lit()).collect();
            match now.first() {
                Some(first) => self.add(&[!*lit, *first]),
                None => self.add(&[!*lit]),
            }
            for (j, old) in before.iter().enumerate() {
                self.add(&[!*old, now[j]]);
                match now.get(j + 1) {
                    Some(next) => self.add(&[!*lit, !*old, *next]),
                    None => self.add(&[!*lit, !*old]),
                }
            }
            before = now;
        }
    }

    fn run(&mut self) -> Verdict {
        while self.consistent {
            let answer = self.solver.solve_limited(&[]);
            if answer == lbool::FALSE {
                return Verdict::Unsat;
            }
            if answer != lbool::TRUE {
                return Verdict::Undecided;
            }
            let blocks = self.blocks();
            match self.people(&blocks) {
                Ok(people) => {
                    let mut seated = vec![0; self.part.seats.len()];
                    for (block, person) in blocks.iter().zip(people) {
                        block.iter().for_each(|s| seated[*s] = person);
                    }
                    return Verdict::Sat(seated);
                }
                Err(too_many) => {
                    // A round costs as much as the matching that failed.
                    if !self.solver.cb().take(8 * blocks.len() as u64) {
                        return Verdict::Undecided;
                    }
                    let blocks: Vec<Vec<usize>> = too_many.iter().map(|b| blocks[*b].clone()).collect();
                    let clause = self.never_again(blocks);
                    self.add(&clause);
                }
            }
        }
        Verdict::Unsat
    }

    /// The seats that share a person in the pattern just found.
    fn blocks(&self) -> Vec<Vec<usize>> {
        let mut blocks: Vec<Vec<usize>> = Vec::new();
        for s in 0..self.part.seats.len() {
            let with = |block: &&mut Vec<usize>| {
                let same = block.first().and_then(|t| self.same(s, *t));
                same.is_some_and(|l| self.solver.value_lit(l) == lbool::TRUE)
            };
            match blocks.iter_mut().find(with) {
                Some(block) => block.push(s),
                None => blocks.push(vec![s]),
            }
        }
        blocks
    }

    /// Who may take every seat of a block.
    fn pool(&self, block: &[usize]) -> Vec<u64> {
        let mut pool = vec![u64::MAX; self.part.people.len().div_ceil(64)];
        for s in block {
            pool.iter_mut().zip(&self.pools[*s]).for_each(|(a, b)| *a &= b);
        }
        pool
    }

    /// A person of its own for each block; else blocks that together have fewer people than they are.
    fn people(&self, blocks: &[Vec<usize>]) -> Result<Vec<u32>, Vec<usize>> {
        let pools: Vec<Vec<u64>> = blocks.iter().map(|b| self.pool(b)).collect();
        let mut owner: Vec<Option<usize>> = vec![None; self.part.people.len()];
        let mut holds: Vec<Option<usize>> = vec![None; blocks.len()];
        for b in 0..blocks.len() {
            // From each person the block they were reached from, breadth first.
            let mut from: Vec<Option<usize>> = vec![None; owner.len()];
            let mut reached = vec![b];
            let mut at = 0;
            let free = loop {
                let Some(block) = reached.get(at).copied() else {
                    return Err(reached);
                };
                at += 1;
                let new: Vec<usize> = members(&pools[block]).filter(|p| from[*p].is_none()).collect();
                new.iter().for_each(|p| from[*p] = Some(block));
                if let Some(free) = new.iter().find(|p| owner[**p].is_none()) {
                    break *free;
                }
                reached.extend(new.iter().filter_map(|p| owner[*p]));
            };
            let mut person = Some(free);
            while let Some(p) = person {
                let Some(block) = from[p] else { break };
                person = holds[block].replace(p);
                owner[p] = Some(block);
            }
        }
        let people = holds.iter().flatten().filter_map(|p| u32::try_from(*p).ok());
        Ok(people.collect())
    }

    /// The clause that blocks which are too many for their people cannot stand beside each other again, in as few seats as
    /// make it true.
    fn never_again(&self, mut blocks: Vec<Vec<usize>>) -> Vec<Lit> {
        let too_many = |pools: &[Vec<u64>]| {
            let together = pools.iter().fold(vec![0u64; pools[0].len()], |mut all, pool| {
                all.iter_mut().zip(pool).for_each(|(a, b)| *a |= b);
                all
            });
            let people: u32 = together.iter().map(|w| w.count_ones()).sum();
            (people as usize) < pools.len()
        };
        let mut pools: Vec<Vec<u64>> = blocks.iter().map(|b| self.pool(b)).collect();
        for b in 0..blocks.len() {
            let mut i = 0;
            while blocks[b].len() > 1 && i < blocks[b].len() {
                let seat = blocks[b].remove(i);
                let old = std::mem::replace(&mut pools[b], self.pool(&blocks[b]));
                if !too_many(&pools) {
                    blocks[b].insert(i, seat);
                    pools[b] = old;
                    i += 1;
                }
            }
        }
        let mut clause = Vec::new();
        for (i, block) in blocks.iter().enumerate() {
            let first = block[0];
            clause.extend(block[1..].iter().filter_map(|s| self.same(first, *s)).map(|l| !l));
            clause.extend(blocks[..i].iter().filter_map(|other| self.same(first, other[0])));
        }
        clause
    }
}

/// The people of a set.
fn members(pool: &[u64]) -> impl Iterator<Item = usize> + '_ {
    (0usize..).zip(pool).flat_map(|(w, word)| {
        let mut left = *word;
        std::iter::from_fn(move || {
            let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(w * 64 + bit)
        })
    })
}

/// How many ways there are to choose `k` of `n`.
fn choices(n: u64, k: u64) -> u64 {
    if k > n {
        return 0;
    }
    (0..k.min(n - k)).fold(1u64, |all, i| all.saturating_mul(n - i) / (i + 1))
}

/// The next choice of as many of `n`, in order; `false` after the last.
fn next(chosen: &mut [usize], n: usize) -> bool {
    let k = chosen.len();
    let Some(i) = (0..k).rev().find(|i| chosen[*i] + (k - i) < n) else {
        return false;
    };
    chosen[i] += 1;
    for j in i + 1..k {
        chosen[j] = chosen[j - 1] + 1;
    }
    true
}
