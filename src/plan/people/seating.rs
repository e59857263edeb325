//! A case of a plan as a problem, with what its numbers stand for.
//!
//! Built by `seats`. Called by the checks of separation of duties.

use crate::model::{ApprovalId, DecisionId, Origin, PersonId, RoleId, StageId};
use crate::plan::people::numbers::{Resilience, resilience};
use crate::plan::people::pool::Directory;
use crate::plan::people::problem::{Budget, Problem, Verdict};
use crate::plan::people::scenario::Scenario;
use crate::plan::people::seats::{Open, seat};
use crate::plan::people::solve::solve;

/// What a seat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeatOf {
    /// The author, by place in the list of authors.
    Author(usize),
    /// Who executes stages as a role; of one stage where a rule speaks of it alone.
    Executor(RoleId, StageId),
    /// One of the seats of an approval.
    Approval(ApprovalId, u32),
    /// Who decides.
    Decision(DecisionId),
    /// One of those who use an override.
    Override(usize, u32),
}

/// What a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactOf {
    /// Who the author is.
    Author(usize),
    /// A role executes a stage.
    Executes(RoleId, StageId),
    /// Who may sit in an approval.
    From(ApprovalId),
    /// How many must say yes.
    Quorum(ApprovalId),
    /// Whom the approvers must differ from.
    Distinct(ApprovalId, usize),
    /// A rule of `duties`.
    Duty(usize),
    /// How many people an open role has.
    Size(RoleId),
    /// Two open roles that may share nobody.
    Excludes(RoleId, RoleId),
    /// Who answers a decision.
    Decides(DecisionId),
    /// Who may use an override, and how many must.
    Uses(usize),
}

/// Who a number of the problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Somebody the plan names.
    Person(PersonId),
    /// The n-th of a role whose members are not listed.
    OfRole(RoleId, u32),
    /// Somebody the plan does not name.
    Somebody(u32),
}

/// A case as a problem.
#[derive(Debug, Clone)]
pub struct Seating {
    /// The problem.
    pub problem: Problem,
    /// What each seat is.
    pub seats: Vec<SeatOf>,
    /// What each fact is.
    pub facts: Vec<FactOf>,
    /// Who each person is.
    pub people: Vec<Who>,
    /// Whether the problem says exactly what the plan says about people who are not listed.
    pub exact: bool,
}

impl Seating {
    /// With the people of open roles each somebody of their own.
    pub fn apart(directory: &Directory<'_>, case: &Scenario) -> Seating {
        seat(directory, case, Open::Apart)
    }

    /// With the people of open roles anybody they may be.
    pub fn together(directory: &Directory<'_>, case: &Scenario) -> Seating {
        seat(directory, case, Open::Together)
    }

    /// Decides the case.
    pub fn decide(directory: &Directory<'_>, case: &Scenario, budget: &mut Budget) -> (Seating, Verdict) {
        let apart = Seating::apart(directory, case);
        let verdict = solve(&apart.problem, budget);
        if apart.exact || matches!(verdict, Verdict::Sat(_)) {
            return (apart, verdict);
        }
        let together = Seating::together(directory, case);
        let verdict = match solve(&together.problem, budget) {
            Verdict::Sat(_) if !together.exact => Verdict::Undecided,
            other => other,
        };
        (together, verdict)
    }

    /// Whether any `away` people may be away, and how the seats were written to tell.
    pub fn resilience(
        directory: &Directory<'_>,
        case: &Scenario,
        away: u32,
        budget: &mut Budget,
    ) -> (Seating, Resilience) {
        let apart = Seating::apart(directory, case);
        let found = resilience(&apart.problem, away, budget);
        if apart.exact || !matches!(found, Resilience::Blocked(_)) {
            return (apart, found);
        }
        // Two people told apart here may be one in truth: what blocks them blocks the plan only if it does so anyway.
        let together = Seating::together(directory, case);
        match resilience(&together.problem, away, budget) {
            Resilience::Blocked(people) => (together, Resilience::Blocked(people)),
            _ => (apart, Resilience::Undecided),
        }
    }

    /// The order in which facts are blamed: the rules of the organisation are left out first, quorums and pools last.
    pub fn blame_last(&self) -> Vec<u32> {
        let mut list: Vec<(u8, u32)> = (0u32..)
            .zip(&self.facts)
            .map(|(i, f)| {
                let rank = match f {
                    FactOf::Duty(_) | FactOf::Size(_) | FactOf::Excludes(..) => 0,
                    FactOf::Executes(..) | FactOf::Decides(_) | FactOf::Uses(_) => 1,
                    FactOf::Author(_) => 2,
                    FactOf::Distinct(..) => 3,
                    FactOf::From(_) | FactOf::Quorum(_) => 4,
                };
                (rank, i)
            })
            .collect();
        list.sort_unstable();
        list.into_iter().map(|(_, i)| i).collect()
    }

    /// The place of a fact.
    pub fn origin<'a>(directory: &Directory<'a>, fact: FactOf) -> &'a Origin {
        let r = directory.release();
        match fact {
            FactOf::Author(i) => &r.authors[i].1,
            FactOf::Executes(_, s) => &r.stage(s).owner_origin,
            FactOf::From(a) => r
                .approval(a)
                .from
                .first()
                .map_or(&r.approval(a).origin, |(_, o)| o),
            FactOf::Quorum(a) => r
                .approval(a)
                .quorum_origin
                .as_ref()
                .unwrap_or(&r.approval(a).origin),
            FactOf::Distinct(a, i) => &r.approval(a).distinct_from[i].1,
            FactOf::Duty(i) => r.duties[i].origin(),
            FactOf::Size(role) => r
                .role(role)
                .at_least
                .as_ref()
                .map_or(&r.role(role).origin, |(_, o)| o),
            FactOf::Excludes(a, b) => {
                let of =
                    |x: RoleId, y: RoleId| r.role(x).excludes.iter().find(|(z, _)| *z == y).map(|(_, o)| o);
                of(a, b).or_else(|| of(b, a)).unwrap_or(&r.role(a).origin)
            }
            FactOf::Decides(d) => &r.decision(d).question.origin,
            FactOf::Uses(i) => &r.overrides[i].origin,
        }
    }
}
