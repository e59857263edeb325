//! Seats, facts and people of a case in words.
//!
//! Called by the checks of separation of duties and by the report on a plan's people.

use crate::diagnostic::names;
use crate::model::{DistinctFrom, DutyRule, PersonRef, Quorum, Release, RoleId, RoleOrPerson};
use crate::plan::people::pool::Directory;
use crate::plan::people::seating::{FactOf, SeatOf, Who};

/// A fact in words.
pub fn fact(directory: &Directory<'_>, fact: FactOf) -> String {
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
                (false, _) => format!("only {} may approve", names(people, 6)),
                (true, false) => {
                    let roles = pool.open.iter().map(|x| r.role(*x).name.as_str());
                    format!("only people of {} may approve", names(roles, 3))
                }
                (true, true) => "nobody may approve".to_string(),
            }
        }
        FactOf::Quorum(a) => match r.approval(a).quorum {
            Quorum::Count(1) => format!("`{}` needs somebody", r.approval(a).name),
            Quorum::Count(n) => format!("`{}` needs {n} people", r.approval(a).name),
            Quorum::All => format!("`{}` needs everyone who may", r.approval(a).name),
        },
        FactOf::Distinct(a, i) => {
            let others = match r.approval(a).distinct_from[i].0 {
                DistinctFrom::Author => "the author".to_string(),
                DistinctFrom::Executors => "the executors".to_string(),
                DistinctFrom::Approval(b) => format!("those of `{}`", r.approval(b).name),
            };
            format!(
                "the approvers of `{}` must differ from {others}",
                r.approval(a).name
            )
        }
        FactOf::Duty(i) => match r.duties[i] {
            DutyRule::Distinct(..) => "these seats need different people".to_string(),
            DutyRule::Same(..) => "these seats need the same person".to_string(),
            DutyRule::AtMost(n, ..) => format!("these seats need {n} people at most"),
            DutyRule::AtLeast(n, ..) => format!("these seats need {n} people at least"),
        },
        FactOf::Size(role) => {
            format!("`{}` has {} people", r.role(role).name, directory.open_size(role))
        }
        FactOf::Excludes(x, y) => format!("`{}` and `{}` share nobody", r.role(x).name, r.role(y).name),
        FactOf::Decides(d) => format!("who may decide `{}`", r.decision(d).name),
        FactOf::Uses(i) => format!("who may use `{}`", r.overrides[i].name),
    }
}

fn of(directory: &Directory<'_>, role: RoleId) -> String {
    let r = directory.release();
    let pool = directory.who(RoleOrPerson::Role(role));
    let people: Vec<&str> = pool.people.iter().map(|p| r.person(*p).name.as_str()).collect();
    if people.is_empty() {
        return "not listed".to_string();
    }
    names(people, 4)
}

/// A person of a case.
pub fn person(r: &Release, who: Who) -> String {
    match who {
        Who::Person(p) => format!("`{}`", r.person(p).name),
        Who::OfRole(role, 0) => format!("somebody of `{}`", r.role(role).name),
        Who::OfRole(role, n) => format!("person {} of `{}`", n + 1, r.role(role).name),
        Who::Somebody(n) => format!("a person who is not listed ({})", n + 1),
    }
}

/// What somebody on a seat does.
pub fn duty(r: &Release, seat: SeatOf) -> String {
    match seat {
        SeatOf::Author(_) => "is the author".to_string(),
        SeatOf::Executor(role, stage) => {
            format!("executes `{}` as `{}`", r.stage(stage).name, r.role(role).name)
        }
        SeatOf::Approval(a, _) => format!("approves `{}`", r.approval(a).name),
        SeatOf::Decision(d) => format!("decides `{}`", r.decision(d).name),
        SeatOf::Override(i, _) => format!("uses `{}`", r.overrides[i].name),
    }
}
