//! Two numbers about a plan: how few people can bring it to production, and whose absence stops it.
//!
//! Called by the checks of separation of duties and by what prints the people of a plan.

use crate::plan::people::problem::{Budget, Problem, Rule, Verdict};
use crate::plan::people::solve::solve;

/// The fewest people who together can fill all seats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fewest {
    /// So many, and one way for them to sit.
    People(u32, Vec<u32>),
    /// Nobody can: the plan cannot be approved at all.
    Nobody,
    /// More than were asked about.
    More,
    /// The budget did not suffice.
    Undecided,
}

/// The fewest people who together can fill all seats, if they are at most `most`.
pub fn fewest(problem: &Problem, most: u32, budget: &mut Budget) -> Fewest {
    match solve(problem, budget) {
        Verdict::Sat(_) => {}
        Verdict::Unsat => return Fewest::Nobody,
        Verdict::Undecided => return Fewest::Undecided,
    }
    let seats: Vec<u32> = (0..u32::try_from(problem.seats.len()).unwrap_or(u32::MAX)).collect();
    for n in 1..=most.min(u32::try_from(seats.len()).unwrap_or(u32::MAX)) {
        match solve(&problem.and(Rule::AtMost(n, seats.clone())), budget) {
            Verdict::Sat(seated) => return Fewest::People(n, seated),
            Verdict::Unsat => {}
            Verdict::Undecided => return Fewest::Undecided,
        }
    }
    Fewest::More
}

/// Whether people can be away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resilience {
    /// Whoever is away, somebody else can sit.
    Holds,
    /// While these people are away, nobody can; no smaller set does that.
    Blocked(Vec<u32>),
    /// The budget did not suffice.
    Undecided,
}

/// Whether the problem stays solvable while any `away` people are away.
///
/// A bounded search: only the absence of somebody who sits in the solution at hand can break it, so at most
/// (seats)^`away` problems are solved.
pub fn resilience(problem: &Problem, away: u32, budget: &mut Budget) -> Resilience {
    for n in 0..=away {
        match blocked(problem, &mut Vec::new(), n, budget) {
            Some(Some(people)) => return Resilience::Blocked(people),
            Some(None) => {}
            None => return Resilience::Undecided,
        }
    }
    Resilience::Holds
}

/// A blocking set of `more` people beyond those in `gone`; `None` when the budget is spent.
fn blocked(
    problem: &Problem,
    gone: &mut Vec<u32>,
    more: u32,
    budget: &mut Budget,
) -> Option<Option<Vec<u32>>> {
    let seated = match solve(&problem.without(gone), budget) {
        Verdict::Unsat => {
            let mut people = gone.clone();
            people.sort_unstable();
            return Some(Some(people));
        }
        Verdict::Undecided => return None,
        Verdict::Sat(seated) => seated,
    };
    if more == 0 {
        return Some(None);
    }
    let mut used: Vec<u32> = problem
        .seats
        .iter()
        .zip(&seated)
        .filter(|(s, _)| !s.fixed)
        .map(|(_, p)| *p)
        .collect();
    used.sort_unstable();
    used.dedup();
    for person in used {
        gone.push(person);
        let found = blocked(problem, gone, more - 1, budget)?;
        gone.pop();
        if found.is_some() {
            return Some(found);
        }
    }
    Some(None)
}
