//! Two numbers about a plan: how few people can bring it to production, and whose absence stops it.
//!
//! Called by the checks of separation of duties and by what prints the people of a plan.

use crate::plan::people::block::{Block, blocks};
use crate::plan::people::problem::{Bound, Budget, Problem, Rule, Verdict};
use crate::plan::people::solve::solve;
use std::collections::BTreeSet;

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
    Undecided {
        /// So many at least.
        least: u32,
        /// One way for them to sit, when any is known: perhaps fewer would do.
        known: Option<Vec<u32>>,
    },
}

/// The fewest people who together can fill all seats, if they are at most `most`.
///
/// Tried upwards from the largest number of seats that must be taken by different people, so that the first answer is exact.
pub fn fewest(problem: &Problem, most: u32, budget: &mut Budget) -> Fewest {
    let seated = match solve(problem, budget) {
        Verdict::Sat(seated) => seated,
        Verdict::Unsat => return Fewest::Nobody,
        Verdict::Undecided => {
            return Fewest::Undecided {
                least: 1,
                known: None,
            };
        }
    };
    if problem.seats.is_empty() {
        return Fewest::People(0, seated);
    }
    let seats: Vec<u32> = (0..u32::try_from(problem.seats.len()).unwrap_or(u32::MAX)).collect();
    let used = count(&seated);
    let least = least(problem);
    for n in least..=most.min(used.saturating_sub(1)) {
        match solve(&problem.and(Rule::AtMost(n, seats.clone())), budget) {
            Verdict::Sat(seated) => return Fewest::People(n, seated),
            Verdict::Unsat => {}
            Verdict::Undecided => {
                return Fewest::Undecided {
                    least: n,
                    known: Some(seated),
                };
            }
        }
    }
    if used <= most {
        Fewest::People(used, seated)
    } else {
        Fewest::More
    }
}

/// How many people sit.
fn count(seated: &[u32]) -> u32 {
    let people: BTreeSet<&u32> = seated.iter().collect();
    u32::try_from(people.len()).unwrap_or(u32::MAX)
}

/// So many people at least are needed, as single rules tell.
fn least(problem: &Problem) -> u32 {
    let of_rule = |b: &Bound| match &b.rule {
        Rule::Differ(groups) => {
            let taken = groups.iter().filter(|g| !g.is_empty()).count();
            u32::try_from(taken).unwrap_or(u32::MAX)
        }
        Rule::AtLeast(n, _) => *n,
        Rule::Same(_) | Rule::AtMost(..) => 1,
    };
    problem.rules.iter().map(of_rule).fold(1, u32::max)
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
/// A bounded search in each block: only the absence of somebody who sits in the solution at hand can break it, so at most
/// (seats of the block)^`away` problems are solved for each.
pub fn resilience(problem: &Problem, away: u32, budget: &mut Budget) -> Resilience {
    let mut left = blocks(problem, away);
    left.retain(|b| !b.withstands(away));
    for n in 0..=away {
        let mut undecided = false;
        for block in left.iter().filter(|b| !b.withstands(n)) {
            match blocked(block, &mut Vec::new(), n, budget) {
                Some(Some(people)) => {
                    let whole = people.iter().map(|p| block.people[*p as usize]);
                    return Resilience::Blocked(whole.collect());
                }
                Some(None) => {}
                None => undecided = true,
            }
        }
        // A larger set would perhaps not be the smallest.
        if undecided {
            return Resilience::Undecided;
        }
    }
    Resilience::Holds
}

/// A blocking set of `more` people beyond those in `gone`; `None` when the budget is spent.
fn blocked(block: &Block, gone: &mut Vec<u32>, more: u32, budget: &mut Budget) -> Option<Option<Vec<u32>>> {
    let seated = match block.solve_without(gone, budget) {
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
    let seats = block.problem.seats.iter().zip(&seated);
    let mut used: Vec<u32> = seats.filter(|(s, _)| !s.fixed).map(|(_, p)| *p).collect();
    used.sort_unstable();
    used.dedup();
    for person in used {
        gone.push(person);
        let found = blocked(block, gone, more - 1, budget)?;
        gone.pop();
        if found.is_some() {
            return Some(found);
        }
    }
    Some(None)
}
