//! `sod/role_cycle`: roles that contain each other.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Member, Release, RoleId, RoleOrPerson};
use crate::plan::people::Directory;

/// The diagnostic.
pub const CODE: Code = Code("sod/role_cycle");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    for circle in Directory::new(release).circles() {
        let Some(first) = circle.first() else { continue };
        let name = |r: &RoleId| format!("`{}`", release.role(*r).name);
        let mut names: Vec<String> = circle.iter().map(name).collect();
        names.push(name(first));
        let message = match circle.as_slice() {
            [one] => format!("the role {} is a member of itself", name(one)),
            _ => format!("roles contain each other: {}", names.join(" → ")),
        };
        let mut d = Diagnostic::error(CODE, release.role(*first).origin.span, message)
            .here("who is in it cannot be told");
        for (k, role) in circle.iter().enumerate() {
            let inner = circle[(k + 1) % circle.len()];
            if let Some(member) = entry(release, *role, inner) {
                d = place::fact(
                    d,
                    &member.origin,
                    format!("{} contains {}", name(role), name(&inner)),
                );
            }
        }
        bag.push(d.help(
            "remove one of these memberships: the role that is meant to be the smaller one keeps its people",
        ));
    }
}

fn entry(release: &Release, role: RoleId, inner: RoleId) -> Option<&Member> {
    let members = release.role(role).members.iter();
    members.into_iter().find(|m| m.who == RoleOrPerson::Role(inner))
}
