//! Seats, facts and people of a case, as findings speak of them.
//!
//! Called by the checks that decide cases.

use crate::checks::place;
use crate::diagnostic::Diagnostic;
use crate::model::{PersonRef, Quorum, Release, RoleOrPerson};
use crate::plan::people::{Directory, FactOf, SeatOf, Seating, Who};

/// Adds the facts of a core, each with its place.
pub(super) fn facts(
    mut d: Diagnostic,
    directory: &Directory<'_>,
    seating: &Seating,
    core: &[u32],
) -> Diagnostic {
    for fact in core {
        let Some(of) = seating.facts.get(*fact as usize) else {
            continue;
        };
        let origin = Seating::origin(directory, *of);
        let text = fact_words(directory, *of);
        d = place::fact(d, origin, text);
    }
    d
}

fn fact_words(directory: &Directory<'_>, fact: FactOf) -> String {
    let r = directory.release();
    match fact {
        FactOf::Author(i) => match r.authors[i].0 {
            PersonRef::Person(p) => format!("`{}` is the author", r.person(p).name),
            PersonRef::Param(_) => "the author may be anyone".to_string(),
        },
        FactOf::Executes(role, stage) => {
            format!(
                "`{}` ({}) executes `{}`",
                r.role(role).name,
                of(directory, role),
                r.stage(stage).name
            )
        }
        FactOf::From(a) => {
            let pool = directory.all(r.approval(a).from.iter().map(|(w, _)| *w));
            let people: Vec<&str> = pool.people.iter().map(|p| r.person(*p).name.as_str()).collect();
            match (people.is_empty(), pool.open.is_empty()) {
                (false, _) => format!("only {} may approve", place::names(people, 6)),
                (true, false) => {
                    let roles = pool.open.iter().map(|x| r.role(*x).name.as_str());
                    format!("only people of {} may approve", place::names(roles, 3))
                }
                (true, true) => "nobody may approve".to_string(),
            }
        }
        FactOf::Quorum(a) => match r.approval(a).quorum {
            Quorum::Count(1) => format!("`{}` needs somebody", r.approval(a).name),
            Quorum::Count(n) => format!("`{}` needs {n} people", r.approval(a).name),
            Quorum::All => format!("`{}` needs everyone who may", r.approval(a).name),
        },
        FactOf::Distinct(a, _) => format!("the approvers of `{}` must differ from these", r.approval(a).name),
        FactOf::Duty(_) => "this rule".to_string(),
        FactOf::Size(role) => {
            format!("`{}` has {} people", r.role(role).name, directory.open_size(role))
        }
        FactOf::Excludes(x, y) => format!("`{}` and `{}` share nobody", r.role(x).name, r.role(y).name),
        FactOf::Decides(d) => format!("who may decide `{}`", r.decision(d).name),
        FactOf::Uses(i) => format!("who may use `{}`", r.overrides[i].name),
    }
}

fn of(directory: &Directory<'_>, role: crate::model::RoleId) -> String {
    let r = directory.release();
    let pool = directory.who(RoleOrPerson::Role(role));
    let people: Vec<&str> = pool.people.iter().map(|p| r.person(*p).name.as_str()).collect();
    if people.is_empty() {
        return "not listed".to_string();
    }
    place::names(people, 4)
}

/// A person of a case.
pub(super) fn person(r: &Release, who: Who) -> String {
    match who {
        Who::Person(p) => format!("`{}`", r.person(p).name),
        Who::OfRole(role, 0) => format!("somebody of `{}`", r.role(role).name),
        Who::OfRole(role, n) => format!("person {} of `{}`", n + 1, r.role(role).name),
        Who::Somebody(n) => format!("a person who is not listed ({})", n + 1),
    }
}

/// A seat of a case.
pub(super) fn seat(r: &Release, seat: SeatOf) -> String {
    match seat {
        SeatOf::Author(_) => "the author".to_string(),
        SeatOf::Executor(role, stage) => {
            format!(
                "who executes `{}` as `{}`",
                r.stage(stage).name,
                r.role(role).name
            )
        }
        SeatOf::Approval(a, _) => format!("an approver in `{}`", r.approval(a).name),
        SeatOf::Decision(d) => format!("who decides `{}`", r.decision(d).name),
        SeatOf::Override(i, _) => format!("one of those who use `{}`", r.overrides[i].name),
    }
}
