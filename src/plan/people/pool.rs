//! Roles expanded to people: nested roles, bots set apart, roles whose members are not listed kept open.
//!
//! A role without listed members is *open*: it has as many people as `at_least` says (enough, when only a `team` or an AWS
//! role is named), and each of them may be anybody, unless the role excludes the others. Called by `seats` and the checks.

use super::duty::keeps_apart;
use crate::model::{ApprovalId, Origin, PersonId, PersonRef, Release, RoleId, RoleOrPerson, Seat};
use std::collections::BTreeSet;

/// The size of a role of which only the team is known.
const ENOUGH: u32 = 64;

/// The people behind roles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pool {
    /// The people listed.
    pub people: BTreeSet<PersonId>,
    /// The bots listed; they are not people.
    pub bots: BTreeSet<PersonId>,
    /// Roles whose members are not listed.
    pub open: BTreeSet<RoleId>,
}

impl Pool {
    /// Whether there is no person in it, listed or not.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.open.is_empty()
    }

    fn add(&mut self, other: &Pool) {
        self.people.extend(&other.people);
        self.bots.extend(&other.bots);
        self.open.extend(&other.open);
    }
}

/// Why two pools may send the same person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// The person is listed in both.
    Person(PersonId),
    /// The person is listed in one, and nothing keeps them out of the open role.
    MayBeIn(PersonId, RoleId),
    /// Both are the same open role.
    SameRole(RoleId),
    /// Nothing keeps the two open roles apart.
    Roles(RoleId, RoleId),
}

/// Every role of a release with its people.
#[derive(Debug, Clone)]
pub struct Directory<'a> {
    release: &'a Release,
    pools: Vec<Pool>,
    excludes: Vec<BTreeSet<RoleId>>,
}

impl<'a> Directory<'a> {
    /// Expands every role. Roles that contain each other in a circle have the people of all of them.
    pub fn new(release: &'a Release) -> Self {
        let mut excludes = vec![BTreeSet::new(); release.roles.len()];
        for (i, role) in release.roles.iter().enumerate() {
            for (other, _) in &role.excludes {
                excludes[i].insert(*other);
                excludes[other.index()].insert(RoleId::at(i));
            }
        }
        let mut directory = Directory {
            release,
            pools: vec![Pool::default(); release.roles.len()],
            excludes,
        };
        let (order, circular) = directory.order();
        for role in order {
            let pool = directory.expand(role, circular);
            directory.pools[role.index()] = pool;
        }
        directory
    }

    /// The release.
    pub fn release(&self) -> &'a Release {
        self.release
    }

    /// The people of a role.
    pub fn role(&self, role: RoleId) -> &Pool {
        &self.pools[role.index()]
    }

    /// The people of a role, or one person.
    pub fn who(&self, who: RoleOrPerson) -> Pool {
        match who {
            RoleOrPerson::Role(r) => self.role(r).clone(),
            RoleOrPerson::Person(p) => self.one(p),
        }
    }

    /// The people of several roles and people.
    pub fn all(&self, list: impl IntoIterator<Item = RoleOrPerson>) -> Pool {
        let mut pool = Pool::default();
        for who in list {
            pool.add(&self.who(who));
        }
        pool
    }

    /// How many people an open role has: as many as the plan says, and enough when it does not say.
    pub fn open_size(&self, role: RoleId) -> u32 {
        self.release
            .role(role)
            .at_least
            .as_ref()
            .map_or(ENOUGH, |(n, _)| *n)
    }

    /// How many people a pool has.
    pub fn size(&self, pool: &Pool) -> usize {
        let open = pool.open.iter().map(|r| self.open_size(*r) as usize);
        open.fold(pool.people.len(), usize::saturating_add)
    }

    /// Whether two roles may share nobody.
    pub fn exclude(&self, a: RoleId, b: RoleId) -> bool {
        self.excludes[a.index()].contains(&b)
    }

    /// Whether somebody listed elsewhere may also be in an open role.
    pub fn may_be_in(&self, person: PersonId, open: RoleId) -> bool {
        self.kept_out(person, open).is_none()
    }

    /// The role somebody is in that may share nobody with an open role.
    pub fn kept_out(&self, person: PersonId, open: RoleId) -> Option<RoleId> {
        let mut excluded = self.excludes[open.index()].iter().copied();
        excluded.find(|other| self.role(*other).people.contains(&person))
    }

    /// Somebody whom both pools may send; listed people first.
    pub fn shared(&self, a: &Pool, b: &Pool) -> Option<Shared> {
        if let Some(p) = a.people.intersection(&b.people).next() {
            return Some(Shared::Person(*p));
        }
        if let Some(r) = a.open.intersection(&b.open).next() {
            return Some(Shared::SameRole(*r));
        }
        for (open, listed) in [(a, b), (b, a)] {
            for role in &open.open {
                if let Some(p) = listed.people.iter().find(|p| self.may_be_in(**p, *role)) {
                    return Some(Shared::MayBeIn(*p, *role));
                }
            }
        }
        a.open.iter().find_map(|x| {
            let y = b.open.iter().find(|y| !self.exclude(*x, **y))?;
            Some(Shared::Roles(*x, *y))
        })
    }

    /// Somebody whom both pools may send to these approvals: no author, where one of them keeps authors apart.
    pub fn shared_in(&self, a: &Pool, b: &Pool, approvals: &[ApprovalId]) -> Option<Shared> {
        let found = self.shared(a, b)?;
        let (Shared::Person(p) | Shared::MayBeIn(p, _)) = found else {
            return Some(found);
        };
        let apart = |a: &ApprovalId| keeps_apart(self.release, Seat::Approval(*a), Seat::Author).is_some();
        let authors: BTreeSet<PersonId> = self
            .release
            .authors
            .iter()
            .filter_map(|(who, _)| match who {
                PersonRef::Person(p) => Some(*p),
                PersonRef::Param(_) => None,
            })
            .collect();
        if !authors.contains(&p) || !approvals.iter().any(apart) {
            return Some(found);
        }
        let [mut a, mut b] = [a.clone(), b.clone()];
        a.people.retain(|p| !authors.contains(p));
        b.people.retain(|p| !authors.contains(p));
        self.shared(&a, &b)
    }

    /// The `members` entries through which a person belongs to a role, outermost first; empty when they do not.
    pub fn path(&self, role: RoleId, person: PersonId) -> Vec<&'a Origin> {
        let mut from: Vec<Option<(RoleId, &'a Origin)>> = vec![None; self.release.roles.len()];
        let mut seen = BTreeSet::from([role]);
        let mut queue = std::collections::VecDeque::from([role]);
        while let Some(r) = queue.pop_front() {
            for member in &self.release.role(r).members {
                match member.who {
                    RoleOrPerson::Person(p) if p == person => {
                        let mut path = vec![&member.origin];
                        let mut at = r;
                        while let Some((up, origin)) = from[at.index()] {
                            path.push(origin);
                            at = up;
                        }
                        path.reverse();
                        return path;
                    }
                    RoleOrPerson::Role(inner) if seen.insert(inner) => {
                        from[inner.index()] = Some((r, &member.origin));
                        queue.push_back(inner);
                    }
                    _ => {}
                }
            }
        }
        Vec::new()
    }

    /// The shortest circles of roles that contain each other, each once, beginning with the role written first.
    pub fn circles(&self) -> Vec<Vec<RoleId>> {
        let mut found: Vec<Vec<RoleId>> = Vec::new();
        if !self.order().1 {
            return found;
        }
        let mut covered = BTreeSet::new();
        for i in 0..self.release.roles.len() {
            let start = RoleId::at(i);
            if covered.contains(&start) {
                continue;
            }
            if let Some(circle) = self.circle(start) {
                covered.extend(circle.iter().copied());
                found.push(circle);
            }
        }
        found
    }

    fn circle(&self, start: RoleId) -> Option<Vec<RoleId>> {
        let mut from: Vec<Option<RoleId>> = vec![None; self.release.roles.len()];
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(r) = queue.pop_front() {
            for inner in self.nested(r) {
                if inner == start {
                    let mut path = vec![r];
                    while let Some(up) = from[path[path.len() - 1].index()] {
                        path.push(up);
                    }
                    path.reverse();
                    return Some(path);
                }
                if from[inner.index()].is_none() {
                    from[inner.index()] = Some(r);
                    queue.push_back(inner);
                }
            }
        }
        None
    }

    fn nested(&self, role: RoleId) -> impl Iterator<Item = RoleId> + '_ {
        self.release
            .role(role)
            .members
            .iter()
            .filter_map(|m| match m.who {
                RoleOrPerson::Role(r) => Some(r),
                RoleOrPerson::Person(_) => None,
            })
    }

    /// The roles, each after those it contains, and whether some contain each other in a circle.
    fn order(&self) -> (Vec<RoleId>, bool) {
        let n = self.release.roles.len();
        let mut state = vec![0u8; n];
        let mut order = Vec::with_capacity(n);
        let mut circular = false;
        for i in 0..n {
            let mut stack = vec![(RoleId::at(i), false)];
            while let Some((role, done)) = stack.pop() {
                if done {
                    state[role.index()] = 2;
                    order.push(role);
                    continue;
                }
                if state[role.index()] != 0 {
                    continue;
                }
                state[role.index()] = 1;
                stack.push((role, true));
                for inner in self.nested(role) {
                    circular |= state[inner.index()] == 1;
                    stack.push((inner, false));
                }
            }
        }
        (order, circular)
    }

    /// The people of a role, from the pools of the roles it contains, or by going through all of them when roles contain
    /// each other in a circle.
    fn expand(&self, role: RoleId, circular: bool) -> Pool {
        let mut pool = Pool::default();
        let mut seen = BTreeSet::from([role]);
        let mut queue = vec![role];
        while let Some(r) = queue.pop() {
            let data = self.release.role(r);
            for member in &data.members {
                match member.who {
                    RoleOrPerson::Person(p) => pool.add(&self.one(p)),
                    RoleOrPerson::Role(inner) if circular => {
                        if seen.insert(inner) {
                            queue.push(inner);
                        }
                    }
                    RoleOrPerson::Role(inner) => pool.add(self.role(inner)),
                }
            }
            let named = data.at_least.is_some() || data.team.is_some() || data.aws.is_some();
            if data.members.is_empty() && !data.members_written && named && self.open_size(r) > 0 {
                pool.open.insert(r);
            }
        }
        pool
    }

    fn one(&self, person: PersonId) -> Pool {
        let mut pool = Pool::default();
        if self.release.person(person).bot {
            pool.bots.insert(person);
        } else {
            pool.people.insert(person);
        }
        pool
    }
}
