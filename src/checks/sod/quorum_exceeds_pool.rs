//! `sod/quorum_exceeds_pool`: more people must say yes than are left to say it.
//!
//! By counting: who may sit, without those who surely sit elsewhere where they must differ. What counting does not see is
//! `sod/unsatisfiable`.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{
    ApprovalId, Cond, Origin, PersonId, PersonRef, Quorum, Release, RoleOrPerson, Seat, StageId,
};
use crate::plan::people::{Directory, Pool, executors, keeps_apart};
use std::collections::BTreeMap;

/// The diagnostic.
pub const CODE: Code = Code("sod/quorum_exceeds_pool");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// Why somebody is not left.
struct Gone<'a> {
    /// What they do instead.
    does: String,
    /// Where that is said.
    said: &'a Origin,
    /// What keeps the seats apart.
    apart: &'a Origin,
}

/// One approval and who is left for it.
struct Left<'a> {
    pool: Pool,
    gone: BTreeMap<PersonId, Gone<'a>>,
}

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let directory = Directory::new(release);
    let mut left: Vec<Left<'_>> = release
        .approvals
        .iter()
        .map(|a| Left {
            pool: directory.all(a.from.iter().map(|(who, _)| *who)),
            gone: BTreeMap::new(),
        })
        .collect();
    let alone = alone(&directory);
    for (i, approval) in left.iter_mut().enumerate() {
        authors(release, ApprovalId::at(i), approval);
        lone_executors(release, &alone, ApprovalId::at(i), approval);
    }
    whole_pools(&directory, &mut left);
    for (i, l) in left.iter().enumerate() {
        report(&directory, ApprovalId::at(i), l, bag);
    }
}

fn authors<'a>(release: &'a Release, id: ApprovalId, left: &mut Left<'a>) {
    let Some(apart) = keeps_apart(release, Seat::Approval(id), Seat::Author) else {
        return;
    };
    for (who, said) in &release.authors {
        if let PersonRef::Person(p) = who {
            if left.pool.people.contains(p) {
                let does = format!("`{}` is the author", release.person(*p).name);
                left.gone.entry(*p).or_insert(Gone { does, said, apart });
            }
        }
    }
}

/// The people who alone can execute a stage, with those stages.
fn alone(directory: &Directory<'_>) -> BTreeMap<PersonId, Vec<StageId>> {
    let mut alone: BTreeMap<PersonId, Vec<StageId>> = BTreeMap::new();
    for (i, stage) in directory.release().stages.iter().enumerate() {
        for role in executors(stage) {
            let pool = directory.role(role);
            let mut people = pool.people.iter();
            if let (Some(p), None) = (people.next(), people.next())
                && pool.open.is_empty()
                && pool.bots.is_empty()
            {
                alone.entry(*p).or_default().push(StageId::at(i));
            }
        }
    }
    alone
}

/// Whoever is the only one to execute a stage.
fn lone_executors<'a>(
    release: &'a Release,
    alone: &BTreeMap<PersonId, Vec<StageId>>,
    id: ApprovalId,
    left: &mut Left<'a>,
) {
    for person in &left.pool.people {
        for stage in alone.get(person).into_iter().flatten() {
            let data = release.stage(*stage);
            let together = data.when == Cond::True || data.when == release.approval(id).when;
            let Some(apart) = keeps_apart(release, Seat::Approval(id), Seat::Executor(*stage)) else {
                continue;
            };
            if together {
                let does = format!(
                    "only `{}` can execute `{}`",
                    release.person(*person).name,
                    data.name
                );
                let said = &data.owner_origin;
                left.gone.entry(*person).or_insert(Gone { does, said, apart });
                break;
            }
        }
    }
}

/// Whoever another approval cannot do without, until nothing more follows.
fn whole_pools<'a>(directory: &Directory<'a>, left: &mut [Left<'a>]) {
    let release = directory.release();
    let mut taken = vec![false; left.len()];
    loop {
        let next = (0..left.len()).find(|i| {
            let a = &release.approvals[*i];
            let rest = left[*i].pool.people.len() - left[*i].gone.len();
            !taken[*i]
                && left[*i].pool.open.is_empty()
                && matches!(a.quorum, Quorum::Count(n) if n as usize == rest)
        });
        let Some(i) = next else { return };
        taken[i] = true;
        let a = &release.approvals[i];
        let sitting: Vec<PersonId> = left[i]
            .pool
            .people
            .iter()
            .filter(|p| !left[i].gone.contains_key(p))
            .copied()
            .collect();
        for (j, other) in left.iter_mut().enumerate() {
            if i == j || (a.when != Cond::True && a.when != release.approvals[j].when) {
                continue;
            }
            let seats = (
                Seat::Approval(ApprovalId::at(j)),
                Seat::Approval(ApprovalId::at(i)),
            );
            let Some(apart) = keeps_apart(release, seats.0, seats.1) else {
                continue;
            };
            for p in sitting.iter().filter(|p| other.pool.people.contains(p)) {
                let does = format!("`{}` cannot do without `{}`", a.name, release.person(*p).name);
                let said = a.quorum_origin.as_ref().unwrap_or(&a.origin);
                other.gone.entry(*p).or_insert(Gone { does, said, apart });
            }
        }
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
    let people = |n: usize| match n {
        0 => "nobody".to_string(),
        1 => "1 person".to_string(),
        n => format!("{n} people"),
    };
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
        let n = directory.size(&directory.who(*who));
        let bots = directory.who(*who).bots.len();
        let name = match who {
            RoleOrPerson::Role(r) => &release.role(*r).name,
            RoleOrPerson::Person(p) => &release.person(*p).name,
        };
        d = place::fact(d, origin, format!("`{name}`: {}", people(n)));
        if bots > 0 {
            d = d.note(format!("a bot is not a person: {bots} of `{name}` do not count"));
        }
    }
    for gone in left.gone.values() {
        d = place::fact(d, gone.said, gone.does.clone());
        if d.labels.iter().all(|l| l.span != gone.apart.span) {
            d = d.fact(gone.apart.span, "and must be somebody else here");
        }
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
    if left.pool.open.iter().any(|r| release.role(*r).at_least.is_none()) {
        d = d.help("or say how many people a role has whose members are not listed: `at_least 3`");
    }
    bag.push(d);
}

/// Whether the pool is empty because a role is, which is found at the role.
fn empty_already(directory: &Directory<'_>, approval: &crate::model::Approval) -> bool {
    let pools = approval.from.iter().map(|(who, _)| directory.who(*who));
    pools.clone().all(|p| p.is_empty()) && pools.into_iter().any(|p| p.bots.is_empty())
}
