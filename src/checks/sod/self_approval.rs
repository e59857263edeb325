//! `sod/self_approval`: who writes or executes a change to production may also approve it.

use crate::checks::sod::words;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic, Edit, Safety};
use crate::model::{Approval, ApprovalId, DistinctFrom, PersonRef, Release, RoleId, Seat, StageId};
use crate::plan::people::{Directory, Pool, Shared, before_production, executors, from_origin, keeps_apart};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("sod/self_approval");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// The most executing roles shown for one approval.
const SHOWN: usize = 3;

/// What may go wrong with one approval.
#[derive(Default)]
struct Own {
    stage: Option<StageId>,
    author: bool,
    executors: Vec<(RoleId, StageId, Shared)>,
}

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release) = (subject.plan, subject.plan.release());
    let directory = Directory::new(release);
    let pools: Vec<Pool> = release
        .approvals
        .iter()
        .map(|a| directory.all(a.from.iter().map(|(who, _)| *who)))
        .collect();
    let mut own: Vec<Own> = release.approvals.iter().map(|_| Own::default()).collect();
    let mut done: BTreeSet<(ApprovalId, RoleId)> = BTreeSet::new();
    for (stage, approvals) in before_production(plan) {
        let roles = executors(release.stage(stage));
        for a in approvals.iter() {
            own[a.index()].stage.get_or_insert(stage);
            for role in &roles {
                if done.contains(&(a, *role))
                    || keeps_apart(release, Seat::Approval(a), Seat::Executor(stage)).is_some()
                {
                    continue;
                }
                done.insert((a, *role));
                if let Some(shared) = directory.shared_in(&pools[a.index()], directory.role(*role), &[a]) {
                    own[a.index()].executors.push((*role, stage, shared));
                }
            }
        }
    }
    for (i, mut own) in own.into_iter().enumerate() {
        let id = ApprovalId::at(i);
        let Some(stage) = own.stage else { continue };
        let free = keeps_apart(release, Seat::Approval(id), Seat::Author).is_none();
        let authors: Vec<_> = if free {
            let mine = release.authors.iter();
            mine.filter(|(who, _)| may_sit(&directory, &pools[i], *who))
                .collect()
        } else {
            Vec::new()
        };
        own.author = !authors.is_empty();
        if own.author || !own.executors.is_empty() {
            let mut d = describe(release, id, stage, &own, &authors);
            for (who, origin) in authors {
                d = author(d, &directory, id, *who, origin);
            }
            for (role, stage, shared) in own.executors.iter().take(SHOWN) {
                let data = release.stage(*stage);
                let text = format!("`{}` executes `{}`", release.role(*role).name, data.name);
                d = place::fact(d, &data.owner_origin, text);
                d = words::belongs(d, &directory, *role, *shared);
                d = words::sits_in(d, &directory, id, *shared);
            }
            bag.push(repair(d, release.approval(id), &own));
        }
    }
}

fn may_sit(directory: &Directory<'_>, pool: &Pool, who: PersonRef) -> bool {
    match who {
        PersonRef::Person(p) => {
            pool.people.contains(&p)
                || (!directory.release().person(p).bot
                    && pool.open.iter().any(|role| directory.may_be_in(p, *role)))
        }
        PersonRef::Param(_) => !pool.is_empty(),
    }
}

fn describe(
    release: &Release,
    id: ApprovalId,
    stage: StageId,
    own: &Own,
    authors: &[&(PersonRef, crate::model::Origin)],
) -> Diagnostic {
    let approval = release.approval(id);
    let author = authors.first().map(|(who, _)| match who {
        PersonRef::Person(p) => format!("the author `{}`", release.person(*p).name),
        PersonRef::Param(p) => format!("the author (whoever `{}` names)", release.param(*p).name),
    });
    let executor = own.executors.first().map(|(_, stage, shared)| {
        format!(
            "{}, who may execute `{}`,",
            words::shared(release, *shared),
            release.stage(*stage).name
        )
    });
    let one_person = match (authors.first(), own.executors.first()) {
        (Some((PersonRef::Person(a), _)), Some((_, _, Shared::Person(e)))) => a == e,
        _ => false,
    };
    let who = match (author, executor) {
        (Some(a), Some(_)) if one_person => {
            let stage = own.executors.first().map_or(stage, |(_, s, _)| *s);
            format!("{a}, who may execute `{}` too,", release.stage(stage).name)
        }
        (Some(a), Some(e)) => format!("{a} and {e}"),
        (Some(a), None) => a,
        (None, Some(e)) => e,
        (None, None) => String::new(),
    };
    let before = own.executors.first().map_or(stage, |(_, s, _)| *s);
    Diagnostic::error(
        CODE,
        approval.origin.span,
        format!(
            "{who} may approve the change in `{}`, and nothing forbids it",
            approval.name
        ),
    )
    .here(format!(
        "stands before `{}`, which changes production",
        release.stage(before).name
    ))
}

fn author(
    d: Diagnostic,
    directory: &Directory<'_>,
    approval: ApprovalId,
    who: PersonRef,
    origin: &crate::model::Origin,
) -> Diagnostic {
    let release = directory.release();
    match who {
        PersonRef::Person(p) => {
            let d = place::fact(d, origin, format!("`{}` is the author", release.person(p).name));
            let pool = directory.all(release.approval(approval).from.iter().map(|(who, _)| *who));
            let shared = if pool.people.contains(&p) {
                Some(Shared::Person(p))
            } else {
                let open = pool.open.iter().find(|r| directory.may_be_in(p, **r));
                open.map(|r| Shared::MayBeIn(p, *r))
            };
            match shared {
                Some(shared) => words::sits_in(d, directory, approval, shared),
                None => d,
            }
        }
        PersonRef::Param(_) => place::fact(d, origin, "the author may be anyone, who approves too"),
    }
}

fn repair(d: Diagnostic, approval: &Approval, own: &Own) -> Diagnostic {
    let has = |wanted: DistinctFrom| approval.distinct_from.iter().any(|(from, _)| *from == wanted);
    let mut missing = Vec::new();
    if own.author && !has(DistinctFrom::Author) {
        missing.push("author");
    }
    if !own.executors.is_empty() && !has(DistinctFrom::Executors) {
        missing.push("executors");
    }
    let missing = missing.join(", ");
    let mut d = d.help(format!("write `distinct_from {missing}` in `{}`", approval.name));
    if !own.executors.is_empty() {
        d = d.help(
            "or let people approve who execute nothing: another role, or roles that `excludes` keeps apart",
        );
    }
    if approval.origin.via.is_some() {
        return d;
    }
    let (at, text) = match approval.distinct_from.last() {
        Some((_, origin)) => (origin, format!(", {missing}")),
        None => (
            approval
                .from
                .last()
                .map_or_else(|| from_origin(approval), |(_, o)| o),
            format!("; distinct_from {missing}"),
        ),
    };
    d.fix(
        format!("let the approvers differ from {}", missing.replace(", ", " and ")),
        Safety::Unsafe,
        vec![Edit {
            span: at.span.end_point(),
            replacement: text,
        }],
    )
}
