//! `sod/empty_role`: a role that nobody is in.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{RoleId, RoleOrPerson};
use crate::plan::people::Directory;
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("sod/empty_role");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let directory = Directory::new(release);
    let circular: BTreeSet<RoleId> = directory.circles().into_iter().flatten().collect();
    for (i, role) in release.roles.iter().enumerate() {
        let id = RoleId::at(i);
        let pool = directory.role(id);
        // A role of roles is empty because of them, and they are found themselves.
        let nested = role
            .members
            .iter()
            .any(|m| matches!(m.who, RoleOrPerson::Role(_)));
        if !pool.is_empty() || !pool.bots.is_empty() || nested || circular.contains(&id) {
            continue;
        }
        let mut d = Diagnostic::error(
            CODE,
            role.origin.span,
            format!("nobody is in the role `{}`", role.name),
        );
        d = match &role.at_least {
            Some((_, origin)) => d
                .here("has nobody")
                .fact(origin.span, "at least nobody is nobody"),
            None if role.members_written => d.here("lists no member"),
            None => d.here("says neither who is in it nor how many"),
        };
        bag.push(d.help("list its people: `members alice, bruno`").help(
            "or, when they are kept elsewhere, say where and how many: `team \"org/slug\"; at_least 2`",
        ));
    }
}
