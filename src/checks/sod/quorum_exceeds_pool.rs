//! `sod/quorum_exceeds_pool`: more people must say yes than are left to say it.
//!
//! By counting: who may sit, without those who surely sit elsewhere where they must differ. What counting does not see is
//! `sod/unsatisfiable`.

use crate::checks::sod::left::{Left, left, people, who_may};
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{ApprovalId, PersonRef, Quorum, RoleOrPerson, Seat};
use crate::plan::people::{Directory, keeps_apart};

/// The diagnostic.
pub const CODE: Code = Code("sod/quorum_exceeds_pool");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let directory = Directory::new(release);
    let left = left(&directory);
    for (i, l) in left.iter().enumerate() {
        report(&directory, ApprovalId::at(i), l, bag);
    }
}

fn report(directory: &Directory<'_>, id: ApprovalId, left: &Left<'_>, bag: &mut Bag) {
    let release = directory.release();
    let approval = release.approval(id);
    let needed = match approval.quorum {
        Quorum::Count(n) => n as usize,
        Quorum::All => 1,
    };
    let all = directory.size(&left.pool);
    // Whoever starts the run may be one of them, when the author is a parameter.
    let anyone = release.authors.iter().find(|(who, _)| {
        matches!(who, PersonRef::Param(_))
            && left.pool.people.len() > left.gone.len()
            && keeps_apart(release, Seat::Approval(id), Seat::Author).is_some()
    });
    let rest = all - left.gone.len() - usize::from(anyone.is_some());
    if rest >= needed || empty_already(directory, approval) {
        return;
    }
    let place_of = approval.quorum_origin.as_ref().unwrap_or(&approval.origin);
    let mut d = Diagnostic::error(
        CODE,
        place_of.span,
        format!(
            "`{}` needs {} to say yes, and {} {} left",
            approval.name,
            people(needed),
            people(rest),
            if rest > 1 { "are" } else { "is" }
        ),
    )
    .here(format!("needs {needed}"));
    for (who, origin) in &approval.from {
        let bots = directory.who(*who).bots.len();
        let name = match who {
            RoleOrPerson::Role(r) => &release.role(*r).name,
            RoleOrPerson::Person(p) => &release.person(*p).name,
        };
        d = place::fact(d, origin, who_may(directory, *who));
        if bots > 0 {
            d = d.note(format!("a bot is not a person: {bots} of `{name}` do not count"));
        }
    }
    for gone in left.gone.values() {
        d = gone.facts(d);
    }
    if let Some((_, origin)) = anyone {
        d = place::fact(d, origin, "the author may be any of them, and must not approve");
    }
    let missing = needed - rest;
    d = match missing {
        1 => d.help("add one person to those who may approve"),
        n => d.help(format!("add {n} people to those who may approve")),
    };
    if rest > 0 {
        d = d.help(format!("or ask fewer: `quorum {rest}`"));
    }
    bag.push(d);
}

/// Whether the pool is empty because a role is, which is found at the role.
fn empty_already(directory: &Directory<'_>, approval: &crate::model::Approval) -> bool {
    let pools = approval.from.iter().map(|(who, _)| directory.who(*who));
    pools.clone().all(|p| p.is_empty()) && pools.into_iter().any(|p| p.bots.is_empty())
}
