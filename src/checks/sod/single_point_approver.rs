//! `sod/single_point_approver`: only one person can ever say yes.

use crate::checks::sod::left::left;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{ApprovalId, PersonId, Quorum};
use crate::plan::people::{Directory, from_origin};

/// The diagnostic.
pub const CODE: Code = Code("sod/single_point_approver");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// The approvals that only one person can grant.
pub(super) fn alone(directory: &Directory<'_>) -> Vec<(ApprovalId, PersonId)> {
    let release = directory.release();
    let mut list = Vec::new();
    for (i, l) in left(directory).iter().enumerate() {
        let mut rest = l.pool.people.iter().filter(|p| !l.gone.contains_key(p));
        if let (Some(p), None) = (rest.next(), rest.next())
            && l.pool.open.is_empty()
            && matches!(release.approvals[i].quorum, Quorum::Count(1) | Quorum::All)
        {
            list.push((ApprovalId::at(i), *p));
        }
    }
    list
}

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let directory = Directory::new(release);
    let left = left(&directory);
    for (id, person) in alone(&directory) {
        let approval = release.approval(id);
        let name = &release.person(person).name;
        let mut d = Diagnostic::warning(
            CODE,
            approval.origin.span,
            format!("only `{name}` can approve `{}`", approval.name),
        )
        .here(format!("waits for `{name}` alone"));
        d = place::fact(d, from_origin(approval), "who may approve");
        for gone in left[id.index()].gone.values() {
            d = gone.facts(d);
        }
        bag.push(
            d.help("let a second person approve, for when they are away")
                .help(
                    "or accept it, with the reason: `allow \"sod/single_point_approver\" { because \"…\" }`",
                ),
        );
    }
}
