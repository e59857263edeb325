//! `sod/exclusive_roles`: one person is in two roles that may share nobody.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{PersonId, RoleId};
use crate::plan::people::Directory;
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("sod/exclusive_roles");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// The most people shown one by one.
const SHOWN: usize = 3;

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let directory = Directory::new(release);
    let mut done = BTreeSet::new();
    for (i, role) in release.roles.iter().enumerate() {
        let id = RoleId::at(i);
        for (other, origin) in &role.excludes {
            if !done.insert((id.min(*other), id.max(*other))) {
                continue;
            }
            let name = &release.role(*other).name;
            if *other == id {
                bag.push(
                    Diagnostic::error(CODE, origin.span, format!("the role `{name}` excludes itself"))
                        .here("then nobody can be in it")
                        .help("name the role whose people it must not share"),
                );
                continue;
            }
            let (mine, theirs) = (directory.role(id), directory.role(*other));
            let both: Vec<PersonId> = mine.people.intersection(&theirs.people).copied().collect();
            let open = mine.open.intersection(&theirs.open).next();
            let people: Vec<&str> = both.iter().map(|p| release.person(*p).name.as_str()).collect();
            let message = match (people.is_empty(), open) {
                (false, _) => format!(
                    "{} {} in both `{}` and `{name}`, which may share nobody",
                    place::names(people.iter().copied(), SHOWN),
                    if people.len() == 1 { "is" } else { "are" },
                    role.name
                ),
                (true, Some(shared)) => format!(
                    "all of `{}` are in both `{}` and `{name}`, which may share nobody",
                    release.role(*shared).name,
                    role.name
                ),
                (true, None) => continue,
            };
            let mut d = Diagnostic::error(CODE, origin.span, message)
                .here(format!("`{}` and `{name}` may share nobody", role.name));
            for person in both.iter().take(SHOWN) {
                for in_role in [id, *other] {
                    if let Some(entry) = directory.path(in_role, *person).last() {
                        let text = format!(
                            "`{}` is in `{}`",
                            release.person(*person).name,
                            release.role(in_role).name
                        );
                        d = place::fact(d, entry, text);
                    }
                }
            }
            bag.push(d.help("take them out of one of the two roles").help(
                "or remove `excludes`, and say where it matters that two people differ with `distinct_from`",
            ));
        }
    }
}
