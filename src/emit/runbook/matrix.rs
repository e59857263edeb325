//! Who may do what: people against the seats of a release, with what keeps each from a seat.
//!
//! Says what the plan permits to each person by themselves; whether all seats can be filled together is for the checks. Called
//! by `mod`.

use crate::emit::runbook::say;
use crate::emit::runbook::words::{Spoken, Told, words};
use crate::model::{DistinctFrom, PersonId, PersonRef, RoleId, RoleOrPerson};
use serde::Serialize;

/// The matrix: seats across, people down.
#[derive(Debug, Clone, Serialize, Default)]
pub(super) struct Matrix {
    pub seats: Vec<String>,
    pub rows: Vec<Row>,
}

/// A person, or a role whose people are not listed.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    pub name: String,
    /// One for each seat: empty where the person has nothing to do with it.
    pub cells: Vec<Cell>,
}

/// What a person may do in a seat.
#[derive(Debug, Clone, Serialize, Default)]
pub(super) struct Cell {
    /// `yes`, `if`, `no`, or nothing.
    pub mark: &'static str,
    pub words: String,
}

fn cell(mark: &'static str, words: impl Into<String>) -> Cell {
    Cell {
        mark,
        words: words.into(),
    }
}

/// The matrix of a plan.
pub(super) fn matrix(plan: Spoken<'_>) -> Matrix {
    let r = plan.release();
    let mut seats = vec![words!(r, "label.author"), words!(r, "label.executes")];
    seats.extend(
        r.approvals
            .iter()
            .map(|a| words!(r, "label.approves", approval = say::text(r, &a.title))),
    );
    let owners: Vec<RoleId> = {
        let mut list: Vec<RoleId> = r.stages.iter().map(|s| s.owner).collect();
        list.sort();
        list.dedup();
        list
    };
    let members: Vec<Vec<PersonId>> = (0..r.roles.len())
        .map(|i| crate::emit::people::members(&r, RoleId::at(i)))
        .collect();
    let people = r.people.iter().enumerate().filter(|(_, p)| !p.bot).map(|(i, p)| {
        let id = PersonId::at(i);
        let holds = |role: &RoleId| members[role.index()].contains(&id);
        let author = r.authors.iter().any(|(a, _)| *a == PersonRef::Person(id));
        let executes: Vec<String> = owners
            .iter()
            .filter(|o| holds(o))
            .map(|o| say::role(r, *o))
            .collect();
        let from = |list: &[(RoleOrPerson, crate::model::Origin)]| {
            list.iter().any(|(w, _)| match w {
                RoleOrPerson::Person(p) => *p == id,
                RoleOrPerson::Role(role) => holds(role),
            })
        };
        let mut cells = vec![
            if author {
                cell("yes", words!(r, "matrix.wrote_it"))
            } else {
                Cell::default()
            },
            match executes.is_empty() {
                true => Cell::default(),
                false => cell("yes", words!(r, "matrix.as", roles = say::list(r, &executes))),
            },
        ];
        for a in &r.approvals {
            cells.push(if !from(&a.from) {
                Cell::default()
            } else {
                let mut unless: Vec<String> = Vec::new();
                let mut barred = false;
                for (d, _) in &a.distinct_from {
                    match d {
                        DistinctFrom::Author => barred |= author,
                        DistinctFrom::Executors if !executes.is_empty() => {
                            unless.push(words!(r, "matrix.unless_they_execute"));
                        }
                        DistinctFrom::Approval(b) if from(&r.approval(*b).from) => {
                            unless.push(words!(
                                r,
                                "matrix.unless_for",
                                approval = say::text(r, &r.approval(*b).title)
                            ));
                        }
                        DistinctFrom::Executors | DistinctFrom::Approval(_) => {}
                    }
                }
                match (barred, unless.is_empty()) {
                    (true, _) => cell("no", words!(r, "matrix.no_wrote_it")),
                    (false, true) => cell("yes", words!(r, "matrix.may")),
                    (false, false) => cell(
                        "if",
                        words!(r, "matrix.may_unless", unless = say::list(r, &unless)),
                    ),
                }
            });
        }
        Row {
            name: say::text(r, &p.full_name),
            cells,
        }
    });
    let mut rows: Vec<Row> = people
        .filter(|row| row.cells.iter().any(|c| !c.mark.is_empty()))
        .collect();
    rows.extend(unlisted(r, &members, &owners));
    Matrix { seats, rows }
}

/// Roles whose people are not listed in the plan.
fn unlisted(r: Told<'_>, members: &[Vec<PersonId>], owners: &[RoleId]) -> Vec<Row> {
    let roles = (0..r.roles.len())
        .map(RoleId::at)
        .filter(|role| members[role.index()].is_empty());
    let rows = roles.map(|role| {
        let mut cells = vec![
            Cell::default(),
            if owners.contains(&role) {
                cell("yes", words!(r, "matrix.executes"))
            } else {
                Cell::default()
            },
        ];
        for a in &r.approvals {
            let from = a.from.iter().any(|(w, _)| *w == RoleOrPerson::Role(role));
            cells.push(if from {
                cell("yes", words!(r, "matrix.may"))
            } else {
                Cell::default()
            });
        }
        let title = say::role(r, role);
        Row {
            name: match &r.role(role).at_least {
                Some((n, _)) => words!(r, "matrix.not_listed_at_least", role = title, n = n),
                None => words!(r, "matrix.not_listed", role = title),
            },
            cells,
        }
    });
    rows.filter(|row| row.cells.iter().any(|c| !c.mark.is_empty()))
        .collect()
}
