//! Why nobody can be found: a smallest set of facts that already rules everything out.
//!
//! By deletion: each fact is left out once, and stays out when the rest is still contradictory. Called by the checks of
//! separation of duties.

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
    if solve(problem, budget) != Verdict::Unsat {
        return None;
    }
    let mut kept: BTreeSet<u32> = problem.facts();
    let mut order: Vec<u32> = blame_last.iter().copied().filter(|f| kept.contains(f)).collect();
    let listed: BTreeSet<u32> = order.iter().copied().collect();
    order.extend(kept.difference(&listed));
    let mut minimal = true;
    // Whole blocks first: most facts of a plan have nothing to do with the contradiction.
    let mut size = order.len().div_ceil(2).max(1);
    loop {
        let mut left = Vec::new();
        for block in order.chunks(size) {
            let mut fewer = kept.clone();
            block.iter().for_each(|f| {
                fewer.remove(f);
            });
            match solve(&problem.on(&fewer), budget) {
                Verdict::Unsat => kept = fewer,
                Verdict::Sat(_) => left.extend_from_slice(block),
                Verdict::Undecided => {
                    minimal = false;
                    left.extend_from_slice(block);
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
