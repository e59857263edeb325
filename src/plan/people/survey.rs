//! Everything there is to say about the people of a plan: in each case who could do what, who may be away, who can sit where
//! and why others cannot, and how few people take a change to production.
//!
//! Must not word anything. Called by the driver for the command that prints the people of a plan.

use crate::model::{DistinctFrom, Quorum, StageId};
use crate::plan::Plan;
use crate::plan::people::eligible::{Eligible, eligible};
use crate::plan::people::explain::{Core, cores};
use crate::plan::people::numbers::Resilience;
use crate::plan::people::pool::Directory;
use crate::plan::people::problem::{Budget, Verdict};
use crate::plan::people::scenario::{Scenario, Which, scenarios};
use crate::plan::people::seating::{FactOf, SeatOf, Seating, Who};
use crate::plan::people::ship::{Ship, ways};
use crate::plan::people::solve::STEPS;
use crate::plan::people::standing::before_production;
use std::collections::BTreeMap;

/// The numbers of absent people that are tried.
pub const AWAY: [u32; 2] = [1, 2];

/// What there is to say.
#[derive(Debug)]
pub struct Survey {
    /// The cases; `None` when there are too many.
    pub cases: Option<Vec<Case>>,
    /// The ways to production, each with the fewest people it takes; `None` when there are too many.
    pub ways: Option<Vec<Ship>>,
    /// Stages in production before which no approval stands.
    pub unapproved: Vec<StageId>,
}

/// One case.
#[derive(Debug)]
pub struct Case {
    /// What applies.
    pub scenario: Scenario,
    /// Its seats.
    pub seating: Seating,
    /// The seats again, with people of roles that list nobody as anybody they may be; when there are such roles.
    pub loose: Option<Seating>,
    /// Whether everyone can be seated, and how.
    pub verdict: Verdict,
    /// When nobody can: facts that contradict each other, one set for each contradiction.
    pub contradictions: Vec<Core>,
    /// For each number of [`AWAY`]: the seats and whether so many may be away.
    pub away: Vec<(Seating, Resilience)>,
    /// The seats, those of one approval together.
    pub seats: Vec<Group>,
}

/// Seats that are the same to everybody.
#[derive(Debug)]
pub struct Group {
    /// What they are.
    pub seat: SeatOf,
    /// How many there are.
    pub count: usize,
    /// Because of which fact only its people may sit.
    pub limited: u32,
    /// Who can sit.
    pub people: Eligible,
    /// Who can sit when people of roles that list nobody may be anybody.
    pub loose: Option<Eligible>,
    /// Who is not in the pool because they are the author, with the facts.
    pub authors: Vec<(u32, Vec<u32>)>,
}

/// Looks at a plan.
pub fn survey(plan: &Plan, directory: &Directory<'_>) -> Survey {
    let mut budget = Budget::steps(STEPS);
    let production = ways(plan, directory, Which::All).map(|ways| {
        let count = |way: &Scenario| Ship::count(directory, way, u32::MAX, &mut budget);
        ways.iter().map(count).collect()
    });
    let mut budgets = [(); 3].map(|()| Budget::steps(STEPS));
    let cases = scenarios(plan, directory, Which::All, |_| true);
    Survey {
        cases: cases.map(|c| c.into_iter().map(|s| case(directory, s, &mut budgets)).collect()),
        ways: production,
        unapproved: before_production(plan)
            .into_iter()
            .filter(|(_, a)| a.iter().next().is_none())
            .map(|(s, _)| s)
            .collect(),
    }
}

/// Each kind of question has steps of its own, so that a hard one leaves the others their answers.
fn case(directory: &Directory<'_>, scenario: Scenario, budgets: &mut [Budget; 3]) -> Case {
    let [decide, absent, sit] = budgets;
    let (seating, verdict) = Seating::decide(directory, &scenario, decide);
    let blame_last = seating.blame_last();
    let contradictions = if verdict == Verdict::Unsat {
        cores(&seating.problem, &blame_last, decide)
    } else {
        Vec::new()
    };
    let away = AWAY.map(|n| Seating::resilience(directory, &scenario, n, absent));
    let groups = groups(&seating);
    let members: Vec<Vec<u32>> = groups.iter().map(|(_, seats)| seats.clone()).collect();
    let people = eligible(&seating.problem, &members, &blame_last, sit);
    let unlisted = |w: &Who| matches!(w, Who::OfRole(..));
    let loose = seating
        .people
        .iter()
        .any(unlisted)
        .then(|| Seating::together(directory, &scenario));
    let others = loose
        .as_ref()
        .map(|l| eligible(&l.problem, &members, &l.blame_last(), sit));
    let seats = groups
        .iter()
        .zip(people)
        .enumerate()
        .map(|(i, ((what, seats), people))| Group {
            seat: *what,
            count: seats.len(),
            limited: seating.problem.seats[seats[0] as usize].limited,
            people,
            loose: others.as_ref().map(|o| o[i].clone()),
            authors: authors(directory, &seating, *what),
        })
        .collect();
    Case {
        scenario,
        seating,
        loose,
        verdict,
        contradictions,
        away: away.into(),
        seats,
    }
}

/// The seats of one approval, or of one override, are the same to all rules.
fn groups(seating: &Seating) -> Vec<(SeatOf, Vec<u32>)> {
    let mut groups: BTreeMap<SeatOf, Vec<u32>> = BTreeMap::new();
    for (i, seat) in (0u32..).zip(&seating.seats) {
        let first = match seat {
            SeatOf::Approval(a, _) => SeatOf::Approval(*a, 0),
            SeatOf::Override(o, _) => SeatOf::Override(*o, 0),
            other => *other,
        };
        groups.entry(first).or_default().push(i);
    }
    groups.into_iter().collect()
}

/// Where everyone who may must say yes, authors who must differ from the approvers are no part of everyone.
fn authors(directory: &Directory<'_>, seating: &Seating, seat: SeatOf) -> Vec<(u32, Vec<u32>)> {
    let SeatOf::Approval(id, _) = seat else {
        return Vec::new();
    };
    let approval = directory.release().approval(id);
    if approval.quorum != Quorum::All {
        return Vec::new();
    }
    let pool = directory.all(approval.from.iter().map(|(who, _)| *who));
    let differ = |f: &FactOf| matches!(f, FactOf::Distinct(a, i) if *a == id && approval.distinct_from[*i].0 == DistinctFrom::Author);
    let place = |wanted: &dyn Fn(&FactOf) -> bool| {
        let at = seating.facts.iter().position(wanted);
        at.and_then(|i| u32::try_from(i).ok())
    };
    let (Some(apart), mut list) = (place(&differ), Vec::new()) else {
        return Vec::new();
    };
    for (slot, what) in seating.problem.seats.iter().zip(&seating.seats) {
        let SeatOf::Author(_) = what else { continue };
        for p in &slot.pool {
            if let Some(Who::Person(person)) = seating.people.get(*p as usize)
                && pool.people.contains(person)
            {
                list.push((*p, vec![slot.exists, apart]));
            }
        }
    }
    list
}
