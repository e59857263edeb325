//! The smallest changes after which a contradiction is gone: more people for some seats, or fewer seats.
//!
//! Each is tried and not only guessed. Called by the check of plans that nobody can approve.

use crate::plan::people::problem::{Budget, Problem, Verdict};
use crate::plan::people::solve::solve;
use std::collections::BTreeSet;

/// A change that mends a contradiction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// So many more people for the seats that this fact limits, each with no other seat.
    People(u32, u32),
    /// So many seats at most because of this fact.
    Seats(u32, u32),
}

/// The smallest changes to one fact of a contradiction that mend it, each alone, in the order of the facts.
///
/// Facts of rules are no part of it: leaving out any fact of a minimal core mends it too.
pub fn repairs(problem: &Problem, core: &[u32], budget: &mut Budget) -> Vec<Repair> {
    let facts: BTreeSet<u32> = core.iter().copied().collect();
    let bad = problem.on(&facts);
    let mut list = Vec::new();
    for fact in core {
        let limits = bad
            .seats
            .iter()
            .filter(|s| s.limited == *fact && s.exists != *fact)
            .count();
        let most = u32::try_from(limits).unwrap_or(u32::MAX);
        let more = (1..=most).find(|n| possible(&with_people(&bad, *fact, *n), budget));
        list.extend(more.map(|n| Repair::People(*fact, n)));
        let there = bad.seats.iter().filter(|s| s.exists == *fact).count();
        let there = u32::try_from(there).unwrap_or(u32::MAX);
        let fewer = (1..there)
            .rev()
            .find(|n| possible(&with_seats(&bad, *fact, *n), budget));
        list.extend(fewer.map(|n| Repair::Seats(*fact, n)));
    }
    list
}

fn possible(problem: &Problem, budget: &mut Budget) -> bool {
    matches!(solve(problem, budget), Verdict::Sat(_))
}

/// With so many more people, who may take the seats that a fact limits and no other.
pub(super) fn with_people(problem: &Problem, fact: u32, more: u32) -> Problem {
    let mut changed = problem.clone();
    // Beyond everybody, strangers of seats without limits included.
    let seats = u32::try_from(problem.seats.len()).unwrap_or(u32::MAX);
    let first = problem.people.saturating_add(seats);
    changed.people = first.saturating_add(more);
    for seat in changed.seats.iter_mut().filter(|s| s.limited == fact) {
        seat.pool.extend(first..changed.people);
    }
    changed
}

/// With only so many of the seats that are there because of a fact.
pub(super) fn with_seats(problem: &Problem, fact: u32, left: u32) -> Problem {
    let mut changed = problem.clone();
    // A fact of their own, on which the rest does not stand.
    let gone = u32::MAX - 1;
    let of_fact = changed.seats.iter_mut().filter(|s| s.exists == fact);
    for seat in of_fact.skip(left as usize) {
        seat.exists = gone;
    }
    let mut facts = changed.facts();
    facts.remove(&gone);
    changed.on(&facts)
}
