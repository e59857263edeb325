//! People and roles as findings speak of them, with the places that put them there.

use crate::checks::place;
use crate::diagnostic::Diagnostic;
use crate::model::Origin;
use crate::model::{ApprovalId, Release, RoleId, RoleOrPerson};
use crate::plan::people::{Directory, Shared};

/// Who it is that both sides may send.
pub(in crate::checks) fn shared(release: &Release, shared: Shared) -> String {
    match shared {
        Shared::Person(p) | Shared::MayBeIn(p, _) => format!("`{}`", release.person(p).name),
        Shared::SameRole(r) | Shared::Roles(r, _) => format!("somebody of `{}`", release.role(r).name),
    }
}

/// The facts that put that person on the seats of an approval.
pub(in crate::checks) fn sits_in(
    mut d: Diagnostic,
    directory: &Directory<'_>,
    approval: ApprovalId,
    shared: Shared,
) -> Diagnostic {
    let data = directory.release().approval(approval);
    for (who, origin) in &data.from {
        match (*who, shared) {
            (RoleOrPerson::Role(role), _) => {
                let before = d.labels.len();
                d = belongs(d, directory, role, shared);
                if d.labels.len() > before {
                    return d;
                }
            }
            (RoleOrPerson::Person(p), Shared::Person(q) | Shared::MayBeIn(q, _)) if p == q => {
                let name = &directory.release().person(p).name;
                return once(d, origin, format!("`{name}` may sit in `{}`", data.name));
            }
            _ => {}
        }
    }
    d
}

/// The facts that put that person into a role.
pub(in crate::checks) fn belongs(
    mut d: Diagnostic,
    directory: &Directory<'_>,
    role: RoleId,
    shared: Shared,
) -> Diagnostic {
    let release = directory.release();
    if let Shared::Person(p) | Shared::MayBeIn(p, _) = shared
        && let Some(origin) = directory.path(role, p).last()
    {
        let text = format!(
            "`{}` is a member of `{}`",
            release.person(p).name,
            release.role(role).name
        );
        return once(d, origin, text);
    }
    let open = match shared {
        Shared::MayBeIn(_, r) | Shared::SameRole(r) => vec![r],
        Shared::Roles(a, b) => vec![a, b],
        Shared::Person(_) => Vec::new(),
    };
    for r in open {
        if directory.role(role).open.contains(&r) {
            let data = release.role(r);
            d = once(
                d,
                &data.origin,
                format!(
                    "the people of `{}` are not listed, so that they may be anybody",
                    data.name
                ),
            );
        }
    }
    d
}

/// Adds a fact unless it is there already: two sides of a finding often share it.
fn once(d: Diagnostic, origin: &Origin, text: String) -> Diagnostic {
    if d.labels.iter().any(|l| l.span == origin.span && l.text == text) {
        return d;
    }
    place::fact(d, origin, text)
}
