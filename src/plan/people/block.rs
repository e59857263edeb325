//! Cuts a problem into blocks that share neither a rule nor a fact, each a small problem of its own.
//!
//! Whatever is left out of a problem, facts or people, its blocks stay independent: each is decided, explained and tried for
//! absences alone. Called by `solve`, `numbers`, `explain` and `eligible`.

use crate::plan::people::kernel::{Kernel, Merge};
use crate::plan::people::matching::all_different;
use crate::plan::people::problem::{Bound, Budget, Problem, Slot, Verdict};
use crate::plan::people::solve::by_parts;

/// One block.
pub(super) struct Block {
    /// Its seats, rules and the people who matter, numbered from 0; facts keep their numbers.
    pub problem: Problem,
    /// The seats of the whole problem, in ascending order.
    pub seats: Vec<u32>,
    /// The people of the whole problem, in ascending order.
    pub people: Vec<u32>,
    /// Every rule holds when everybody sits on one seat only.
    apart: bool,
}

/// The blocks of a problem, with enough people for `away` of them to be left out.
pub(super) fn blocks(problem: &Problem, away: u32) -> Vec<Block> {
    let seats = problem.seats.len();
    let mut linked = Merge::new(seats + problem.rules.len());
    let mut facts = Vec::with_capacity(2 * seats + problem.rules.len());
    for (i, slot) in (0u32..).zip(&problem.seats) {
        facts.extend([(slot.exists, i), (slot.limited, i)]);
    }
    let first_rule = u32::try_from(seats).unwrap_or(u32::MAX);
    for (i, bound) in (first_rule..).zip(&problem.rules) {
        facts.push((bound.fact, i));
        bound.rule.seats().into_iter().for_each(|s| linked.join(i, s));
    }
    facts.sort_unstable();
    for pair in facts.windows(2).filter(|p| p[0].0 == p[1].0) {
        linked.join(pair[0].1, pair[1].1);
    }
    // The members of each block in ascending order: seats, then rules.
    let mut block_of = vec![u32::MAX; seats + problem.rules.len()];
    let mut members: Vec<Vec<u32>> = Vec::new();
    for i in 0..u32::try_from(block_of.len()).unwrap_or(u32::MAX) {
        let root = linked.root(i) as usize;
        if block_of[root] == u32::MAX {
            block_of[root] = u32::try_from(members.len()).unwrap_or(u32::MAX);
            members.push(Vec::new());
        }
        members[block_of[root] as usize].push(i);
    }
    let pools: Vec<&[u32]> = problem.seats.iter().map(|s| s.pool.as_slice()).collect();
    let mut kernel = Kernel::of(&pools);
    let mut new = vec![0u32; seats];
    members
        .into_iter()
        .map(|m| {
            let (own, rules) = m.split_at(m.partition_point(|i| *i < first_rule));
            build(problem, own, rules, away, &mut kernel, &mut new)
        })
        .collect()
}

fn build(
    problem: &Problem,
    seats: &[u32],
    rules: &[u32],
    away: u32,
    kernel: &mut Kernel,
    new: &mut [u32],
) -> Block {
    for (i, s) in (0u32..).zip(seats) {
        new[*s as usize] = i;
    }
    let slots = || seats.iter().map(|s| &problem.seats[*s as usize]);
    let pools: Vec<&[u32]> = slots().map(|s| s.pool.as_slice()).collect();
    let (people, pools) = kernel.cut(&pools, seats.len() + away as usize);
    let rules: Vec<Bound> = rules
        .iter()
        .map(|r| &problem.rules[*r as usize - problem.seats.len()])
        .map(|b| Bound {
            rule: b.rule.moved(new),
            fact: b.fact,
        })
        .collect();
    Block {
        apart: rules.iter().all(|b| b.rule.holds_apart()),
        problem: Problem {
            people: u32::try_from(people.len()).unwrap_or(u32::MAX),
            seats: slots()
                .zip(pools)
                .map(|(s, pool)| Slot { pool, ..bare(s) })
                .collect(),
            rules,
        },
        seats: seats.to_vec(),
        people,
    }
}

/// A seat without its people.
fn bare(slot: &Slot) -> Slot {
    Slot {
        pool: Vec::new(),
        exists: slot.exists,
        limited: slot.limited,
        fixed: slot.fixed,
    }
}

impl Block {
    /// Decides it; people by index into its own.
    pub fn solve(&self, budget: &mut Budget) -> Verdict {
        if self.apart {
            let pools: Vec<&[u32]> = self.problem.seats.iter().map(|s| s.pool.as_slice()).collect();
            if let Some(verdict) = self.spread(&pools, budget) {
                return verdict;
            }
        }
        by_parts(&self.problem, budget)
    }

    /// Decides it while some of its people are away.
    pub fn solve_without(&self, away: &[u32], budget: &mut Budget) -> Verdict {
        if self.apart {
            let pools: Vec<Vec<u32>> = self.problem.seats.iter().map(|s| s.present(away)).collect();
            if let Some(verdict) = self.spread(&pools, budget) {
                return verdict;
            }
        }
        by_parts(&self.problem.without(away), budget)
    }

    /// Everybody on one seat only, when that is possible; nothing is known when it is not.
    fn spread<P: AsRef<[u32]>>(&self, pools: &[P], budget: &mut Budget) -> Option<Verdict> {
        match all_different(pools, self.people.len(), budget) {
            Ok(Some(seated)) => Some(Verdict::Sat(seated)),
            Ok(None) => None,
            Err(()) => Some(Verdict::Undecided),
        }
    }

    /// Whether it is plain that so many may be away: then every seat still has as many people as there are seats.
    pub fn withstands(&self, away: u32) -> bool {
        let needed = self.seats.len();
        self.apart
            && self
                .problem
                .seats
                .iter()
                .all(|s| s.pool.len() >= needed + if s.fixed { 0 } else { away as usize })
    }
}
