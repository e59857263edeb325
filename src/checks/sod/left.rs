//! Who is left for each approval, by counting: without those who surely sit elsewhere where they must differ.
//!
//! Called by the checks of quorums and of single approvers.

use crate::checks::place;
use crate::diagnostic::Diagnostic;
use crate::model::{
    ApprovalId, Cond, Origin, PersonId, PersonRef, Quorum, Release, RoleOrPerson, Seat, StageId,
};
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
    /// Why nobody else can do that, each with its place.
    pub because: Vec<(String, &'a Origin)>,
}

impl Gone<'_> {
    /// Adds the facts to a finding, each place once.
    pub(super) fn facts(&self, d: Diagnostic) -> Diagnostic {
        let new =
            |d: &Diagnostic, at: &Origin| d.span != at.span && d.labels.iter().all(|l| l.span != at.span);
        let mut d = place::fact(d, self.said, self.does.clone());
        if new(&d, self.apart) {
            d = d.fact(self.apart.span, "and must be somebody else here");
        }
        for (text, at) in &self.because {
            if new(&d, at) {
                d = place::fact(d, at, text.clone());
            }
        }
        d
    }
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
            left.gone.entry(*p).or_insert(Gone {
                does,
                said,
                apart,
                because: Vec::new(),
            });
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
                left.gone.entry(*person).or_insert(Gone {
                    does,
                    said,
                    apart,
                    because: Vec::new(),
                });
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
        // Why it cannot do without them: who else might sit there is needed elsewhere.
        let mut because: Vec<(String, &Origin)> = Vec::new();
        for (who, origin) in &a.from {
            because.push((who_may(directory, *who), origin));
        }
        for gone in left[i].gone.values() {
            because.push((gone.does.clone(), gone.said));
            because.push(("and must be somebody else here".to_string(), gone.apart));
            because.extend(gone.because.iter().cloned());
        }
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
                let because = because.clone();
                other.gone.entry(*p).or_insert(Gone {
                    does,
                    said,
                    apart,
                    because,
                });
            }
        }
    }
}

/// How many people somebody named in an approval stands for.
pub(super) fn who_may(directory: &Directory<'_>, who: RoleOrPerson) -> String {
    let release = directory.release();
    let name = match who {
        RoleOrPerson::Role(r) => &release.role(r).name,
        RoleOrPerson::Person(p) => &release.person(p).name,
    };
    format!("`{name}`: {}", people(directory.size(&directory.who(who))))
}

/// So many people, in words.
pub(super) fn people(n: usize) -> String {
    match n {
        0 => "nobody".to_string(),
        1 => "1 person".to_string(),
        n => format!("{n} people"),
    }
}
