//! Which seats must be taken by different people because the plan says so: `distinct_from` and `duties`.
//!
//! Knows what is written, not who the people are. Called by `seats` and the checks of separation of duties.

use crate::model::{Approval, ApprovalId, DistinctFrom, DutyRule, Origin, Release, RoleId, Seat, Stage};
use std::collections::BTreeSet;

/// What keeps two seats apart, when something does. Seats of one approval are always apart and not asked about here.
pub fn keeps_apart(release: &Release, x: Seat, y: Seat) -> Option<&Origin> {
    by_approval(release, x, y)
        .or_else(|| by_approval(release, y, x))
        .or_else(|| {
            release.duties.iter().find_map(|duty| match duty {
                DutyRule::Distinct(seats, origin) if distinct(seats, x, y) => Some(origin),
                _ => None,
            })
        })
}

fn by_approval(release: &Release, x: Seat, y: Seat) -> Option<&Origin> {
    let Seat::Approval(a) = x else { return None };
    let meant = |from: &DistinctFrom| match (from, y) {
        (DistinctFrom::Author, Seat::Author) | (DistinctFrom::Executors, Seat::Executor(_)) => true,
        (DistinctFrom::Approval(b), Seat::Approval(c)) => *b == c,
        _ => false,
    };
    let written = release.approval(a).distinct_from.iter();
    written.filter(|(from, _)| meant(from)).map(|(_, o)| o).next()
}

/// Whether `distinct SEATS` keeps two seats apart. `approvers` stands for each approval; `executors` beside other seats
/// stands for all of them together, because one person may well execute several stages.
fn distinct(seats: &[Seat], x: Seat, y: Seat) -> bool {
    let entries = |seat: Seat| {
        let named = seats.iter().enumerate();
        named
            .filter(move |(_, s)| covers(**s, seat))
            .map(|(i, _)| i)
            .collect::<BTreeSet<_>>()
    };
    let (xs, ys) = (entries(x), entries(y));
    xs.iter().any(|i| {
        ys.iter().any(|j| {
            i != j
                || matches!(seats[*i], Seat::Approvers)
                || (matches!(seats[*i], Seat::Executors) && seats.len() == 1)
        })
    }) && x != y
}

/// Whether a word of a rule speaks of a seat.
fn covers(word: Seat, seat: Seat) -> bool {
    match (word, seat) {
        (Seat::Approvers, Seat::Approval(_)) | (Seat::Executors, Seat::Executor(_)) => true,
        (a, b) => a == b,
    }
}

/// The roles that execute a stage: its owner's and those of its steps, in the order written.
pub fn executors(stage: &Stage) -> Vec<RoleId> {
    let mut roles = vec![stage.owner];
    let steps = stage.forward_steps();
    let of_rollout = stage
        .rollout
        .iter()
        .flat_map(|r| &r.steps)
        .filter_map(|s| s.owner);
    for role in of_rollout.chain(steps.iter().filter_map(|s| s.owner)) {
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    roles
}

/// The approvals a stage names itself, its phase's and its rollout's included, each once.
pub fn named_by(stage: &Stage) -> Vec<(ApprovalId, &Origin)> {
    let mut list: Vec<(ApprovalId, &Origin)> = Vec::new();
    let of_rollout = stage
        .rollout
        .iter()
        .flat_map(|r| &r.steps)
        .flat_map(|s| &s.approved);
    for (a, o) in stage.approved.iter().chain(of_rollout) {
        if list.iter().all(|(b, _)| b != a) {
            list.push((*a, o));
        }
    }
    list
}

/// Where an approval says who may sit: its first `from`, else itself.
pub fn from_origin(approval: &Approval) -> &Origin {
    approval.from.first().map_or(&approval.origin, |(_, o)| o)
}
