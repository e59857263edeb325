//! Why nobody can be found: a smallest set of facts that already rules everything out.
//!
//! By deletion: each fact is left out once, and stays out when the rest is still contradictory. Called by the checks of
//! separation of duties.

use crate::plan::people::block::{Block, blocks};
use crate::plan::people::problem::{Budget, Problem, Verdict};
use crate::plan::people::solve::solve;
use std::collections::BTreeSet;

/// Facts that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Core {
    /// The facts, in ascending order.
    pub facts: Vec<u32>,
    /// Whether each of them is needed: `false` when the budget ended before that was known.
    pub minimal: bool,
}

/// A minimal core of a problem that cannot be solved; `None` when it can be, or when that is not known.
///
/// `blame_last` orders the facts: those that come first are left out first, so that what remains is what comes last.
pub fn core(problem: &Problem, blame_last: &[u32], budget: &mut Budget) -> Option<Core> {
    let order = Order::new(blame_last);
    blocks(problem, 0)
        .iter()
        .find_map(|block| of_block(block, &order, budget))
}

/// A minimal core of every block that cannot be solved: contradictions that have nothing to do with each other.
pub fn cores(problem: &Problem, blame_last: &[u32], budget: &mut Budget) -> Vec<Core> {
    let order = Order::new(blame_last);
    blocks(problem, 0)
        .iter()
        .filter_map(|block| of_block(block, &order, budget))
        .collect()
}

/// Which facts are left out first.
struct Order {
    /// Facts with their places, by fact.
    places: Vec<(u32, usize)>,
}

impl Order {
    fn new(blame_last: &[u32]) -> Self {
        let mut places: Vec<(u32, usize)> = blame_last.iter().copied().zip(0..).collect();
        places.sort_unstable();
        Order { places }
    }

    /// Facts that are not ordered come last.
    fn sort(&self, facts: &BTreeSet<u32>) -> Vec<u32> {
        let place = |f: &u32| {
            let at = self.places.partition_point(|(g, _)| g < f);
            self.places
                .get(at)
                .filter(|(g, _)| g == f)
                .map_or(usize::MAX, |(_, i)| *i)
        };
        let mut list: Vec<u32> = facts.iter().copied().collect();
        list.sort_by_cached_key(place);
        list
    }
}

fn of_block(block: &Block, order: &Order, budget: &mut Budget) -> Option<Core> {
    if block.solve(budget) != Verdict::Unsat {
        return None;
    }
    let problem = &block.problem;
    let mut kept: BTreeSet<u32> = problem.facts();
    let mut order = order.sort(&kept);
    let mut minimal = true;
    // Whole runs of facts first: most have nothing to do with the contradiction.
    let mut size = order.len().div_ceil(2).max(1);
    loop {
        let mut left = Vec::new();
        for run in order.chunks(size) {
            let mut fewer = kept.clone();
            run.iter().for_each(|f| {
                fewer.remove(f);
            });
            match solve(&problem.on(&fewer), budget) {
                Verdict::Unsat => kept = fewer,
                Verdict::Sat(_) => left.extend_from_slice(run),
                Verdict::Undecided => {
                    minimal &= size > 1;
                    left.extend_from_slice(run);
                }
            }
        }
        order = left;
        if size == 1 {
            break;
        }
        size = size.div_ceil(2);
    }
    Some(Core {
        facts: kept.into_iter().collect(),
        minimal,
    })
}
