//! Decides a problem exactly, or says that the budget did not suffice.
//!
//! Independent blocks and parts; matching where only distinctness matters; cliques that are too large for their people; patterns;
//! clauses for the rest: over which seats share a person where rules count, else over who sits where. Called by `explain`, `numbers` and the checks of separation of duties.

use crate::plan::people::block::blocks;
use crate::plan::people::matching::all_different;
use crate::plan::people::part::{Part, parts};
use crate::plan::people::pattern;
use crate::plan::people::problem::{Budget, Problem, Verdict};
use crate::plan::people::sat;
use crate::plan::people::shared;

/// The steps a question about a plan may take.
pub const STEPS: u64 = 4_000_000;

/// The seats up to which patterns are tried first.
const PATTERN_SEATS: usize = 34;

/// The share of the budget patterns may use before clauses take over.
const PATTERN_SHARE: u64 = 4;

/// The same where rules count: what patterns do not see soon they do not see at all.
const COUNTED_SHARE: u64 = 64;

/// The steps patterns get of a small budget.
const PATTERN_STEPS: u64 = 20_000;

/// Gives every seat a person so that all rules hold, or shows that nobody can.
pub fn solve(problem: &Problem, budget: &mut Budget) -> Verdict {
    let mut seated = vec![0u32; problem.seats.len()];
    let mut undecided = false;
    // A block that cannot be solved decides the whole, even when another one is too hard.
    for block in blocks(problem, 0) {
        match block.solve(budget) {
            Verdict::Sat(people) => {
                for (s, p) in block.seats.iter().zip(people) {
                    seated[*s as usize] = block.people[p as usize];
                }
            }
            Verdict::Unsat => return Verdict::Unsat,
            Verdict::Undecided => undecided = true,
        }
    }
    if undecided {
        Verdict::Undecided
    } else {
        Verdict::Sat(seated)
    }
}

/// Decides a block, part by part: parts are smaller, because some rules hold whatever happens.
pub(super) fn by_parts(problem: &Problem, budget: &mut Budget) -> Verdict {
    let Some(parts) = parts(problem) else {
        return Verdict::Unsat;
    };
    let mut seated = vec![0u32; problem.seats.len()];
    let mut undecided = false;
    for part in &parts {
        match decide(part, budget) {
            Verdict::Sat(people) => {
                for (seats, p) in part.seats.iter().zip(people) {
                    for s in seats {
                        seated[*s as usize] = part.people[p as usize];
                    }
                }
            }
            Verdict::Unsat => return Verdict::Unsat,
            Verdict::Undecided => undecided = true,
        }
    }
    if undecided {
        Verdict::Undecided
    } else {
        Verdict::Sat(seated)
    }
}

/// Decides one part; the people of the verdict are indices into the part's.
fn decide(part: &Part, budget: &mut Budget) -> Verdict {
    if let Some(verdict) = by_matching(part, budget) {
        return verdict;
    }
    if part.seats.len() <= PATTERN_SEATS {
        let share = match part.at_most.is_empty() {
            true => budget.left() / PATTERN_SHARE,
            false => (budget.left() / COUNTED_SHARE).max(PATTERN_STEPS.min(budget.left())),
        };
        let mut own = Budget::steps(share);
        let verdict = pattern::solve(part, &mut own);
        budget.spend(share - own.left());
        if verdict != Verdict::Undecided {
            return verdict;
        }
    }
    if !part.at_most.is_empty() {
        let verdict = shared::solve(part, budget);
        if verdict != Verdict::Undecided {
            return verdict;
        }
    }
    sat::solve(part, budget)
}

/// What matching alone can tell.
fn by_matching(part: &Part, budget: &mut Budget) -> Option<Verdict> {
    if part.at_most.is_empty() {
        // Everyone on a seat of their own obeys every rule but `at most`.
        match all_different(&part.pools, part.people.len(), budget) {
            Ok(Some(people)) => return Some(Verdict::Sat(people)),
            Ok(None) if part.only_differ() && part.is_clique() => return Some(Verdict::Unsat),
            Ok(None) => {}
            Err(()) => return Some(Verdict::Undecided),
        }
    }
    for clique in cliques(part) {
        let pools: Vec<_> = clique.iter().map(|s| part.pools[*s as usize].clone()).collect();
        match all_different(&pools, part.people.len(), budget) {
            Ok(Some(_)) => {}
            Ok(None) => return Some(Verdict::Unsat),
            Err(()) => return Some(Verdict::Undecided),
        }
    }
    None
}

/// Seats that are pairwise different, grown greedily so that every seat lies in one of them: a few suffice to see that a
/// quorum has too few people.
fn cliques(part: &Part) -> Vec<Vec<u32>> {
    let mut covered = vec![false; part.seats.len()];
    let mut list = Vec::new();
    for start in 0..part.seats.len() {
        if covered[start] || part.differ[start].is_empty() {
            continue;
        }
        let mut clique = vec![u32::try_from(start).unwrap_or(u32::MAX)];
        for t in &part.differ[start] {
            let meets = |s: &u32| part.differ[*s as usize].binary_search(t).is_ok();
            if clique.iter().all(meets) {
                clique.push(*t);
            }
        }
        for s in &clique {
            covered[*s as usize] = true;
        }
        list.push(clique);
    }
    list
}
