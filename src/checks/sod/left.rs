//! Who is left for each approval, by counting: without those who surely sit elsewhere where they must differ.
//!
//! Called by the checks of quorums and of single approvers.

use crate::model::{ApprovalId, Cond, Origin, PersonId, PersonRef, Quorum, Release, Seat, StageId};
use crate::plan::people::{Directory, Pool, executors, keeps_apart};
use std::collections::BTreeMap;

/// Why somebody is not left.
pub(super) struct Gone<'a> {
    /// What they do instead.
    pub does: String,
    /// Where that is said.
    pub said: &'a Origin,
    /// What keeps the seats apart.
    pub apart: &'a Origin,
}

/// One approval and who is left for it.
pub(super) struct Left<'a> {
    /// Who may sit.
    pub pool: Pool,
    /// Who of them is not left.
    pub gone: BTreeMap<PersonId, Gone<'a>>,
}

/// Who is left for each approval, in order.
pub(super) fn left<'a>(directory: &Directory<'a>) -> Vec<Left<'a>> {
    let release = directory.release();
    let mut left: Vec<Left<'_>> = release
        .approvals
        .iter()
        .map(|a| Left {
            pool: directory.all(a.from.iter().map(|(who, _)| *who)),
            gone: BTreeMap::new(),
        })
        .collect();
    let alone = alone(directory);
    for (i, approval) in left.iter_mut().enumerate() {
        authors(release, ApprovalId::at(i), approval);
        lone_executors(release, &alone, ApprovalId::at(i), approval);
    }
    whole_pools(directory, &mut left);
    left
}

fn authors<'a>(release: &'a Release, id: ApprovalId, left: &mut Left<'a>) {
    let Some(apart) = keeps_apart(release, Seat::Approval(id), Seat::Author) else {
        return;
    };
    for (who, said) in &release.authors {
        if let PersonRef::Person(p) = who
            && left.pool.people.contains(p)
        {
            let does = format!("`{}` is the author", release.person(*p).name);
            left.gone.entry(*p).or_insert(Gone { does, said, apart });
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
