//! A case of a plan as seats, people and rules.
//!
//! People of open roles are anonymous: each stands for somebody of their own (`apart`), which is exact where rules only
//! keep seats apart; or may be anybody the role does not exclude (`together`), which is what rules that bind seats to the
//! same person, and counting the fewest people, need. Called by `seating`.

use crate::model::{
    ApprovalId, DecisionId, DistinctFrom, DutyRule, PersonId, PersonRef, Quorum, RoleId, RoleOrPerson, Seat,
    StageId,
};
use crate::plan::people::pool::{Directory, Pool};
use crate::plan::people::problem::{Bound, Problem, Rule, Slot};
use crate::plan::people::scenario::{Apart, Scenario};
use crate::plan::people::seating::{FactOf, SeatOf, Seating, Who};
use std::collections::{BTreeMap, BTreeSet};

/// How the people of open roles are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// Each somebody of their own.
    Apart,
    /// Anybody they may be.
    Together,
}

/// Writes a case out.
pub(super) fn seat(directory: &Directory<'_>, case: &Scenario, open: Open) -> Seating {
    Builder::new(directory, case, open).build()
}

struct Builder<'a, 'b> {
    directory: &'b Directory<'a>,
    case: &'b Scenario,
    open: Open,
    out: Seating,
    of: BTreeMap<FactOf, u32>,
    anonymous: BTreeMap<RoleId, Vec<u32>>,
    /// The pool of each seat before open roles are written out.
    pools: Vec<Pool>,
    authors: Vec<u32>,
    executors: BTreeMap<StageId, Vec<u32>>,
    approvals: BTreeMap<ApprovalId, Vec<u32>>,
    decisions: BTreeMap<DecisionId, Vec<u32>>,
}

impl<'a, 'b> Builder<'a, 'b> {
    fn new(directory: &'b Directory<'a>, case: &'b Scenario, open: Open) -> Self {
        let people = (0..directory.release().people.len()).map(|i| Who::Person(PersonId::at(i)));
        Builder {
            directory,
            case,
            open,
            out: Seating {
                problem: Problem::default(),
                seats: Vec::new(),
                facts: Vec::new(),
                people: people.collect(),
                exact: true,
            },
            of: BTreeMap::new(),
            anonymous: BTreeMap::new(),
            pools: Vec::new(),
            authors: Vec::new(),
            executors: BTreeMap::new(),
            approvals: BTreeMap::new(),
            decisions: BTreeMap::new(),
        }
    }

    fn build(mut self) -> Seating {
        self.seat_authors();
        self.seat_executors();
        self.seat_approvals();
        self.seat_decisions();
        self.seat_override();
        self.write_pools();
        self.distinct_from();
        self.duties();
        self.out.problem.people = u32::try_from(self.out.people.len()).unwrap_or(u32::MAX);
        if self.open == Open::Apart {
            // Binding seats together may need two anonymous people to be one.
            let binds = self
                .out
                .problem
                .rules
                .iter()
                .any(|b| matches!(b.rule, Rule::Same(_) | Rule::AtMost(..)));
            self.out.exact = !binds || self.anonymous.is_empty();
        }
        self.out
    }

    fn fact(&mut self, fact: FactOf) -> u32 {
        let facts = &mut self.out.facts;
        *self.of.entry(fact).or_insert_with(|| {
            facts.push(fact);
            u32::try_from(facts.len() - 1).unwrap_or(u32::MAX)
        })
    }

    fn rule(&mut self, rule: Rule, fact: FactOf) {
        let fact = self.fact(fact);
        self.out.problem.rules.push(Bound { rule, fact });
    }

    fn seat(&mut self, what: SeatOf, pool: Pool, exists: FactOf, limited: FactOf, fixed: bool) -> u32 {
        let (exists, limited) = (self.fact(exists), self.fact(limited));
        self.out.problem.seats.push(Slot {
            pool: Vec::new(),
            exists,
            limited,
            fixed,
        });
        self.pools.push(pool);
        self.out.seats.push(what);
        u32::try_from(self.out.seats.len() - 1).unwrap_or(u32::MAX)
    }

    fn seat_authors(&mut self) {
        let r = self.directory.release();
        for (i, (author, _)) in r.authors.iter().enumerate() {
            let person = match author {
                PersonRef::Person(p) => Some(*p),
                PersonRef::Param(_) => self.case.author,
            };
            let Some(person) = person.filter(|p| !r.person(*p).bot) else {
                continue;
            };
            let pool = self.directory.who(RoleOrPerson::Person(person));
            let fact = FactOf::Author(i);
            let seat = self.seat(SeatOf::Author(i), pool, fact, fact, true);
            self.authors.push(seat);
        }
    }

    /// One seat for each role that executes anything; one for each stage where a rule tells stages apart.
    fn seat_executors(&mut self) {
        let r = self.directory.release();
        let apart = Apart::of(r);
        let mut of_role: BTreeMap<RoleId, u32> = BTreeMap::new();
        for (role, stage) in self.case.executing.clone() {
            let pool = self.directory.role(role).clone();
            // What only bots execute, no person does.
            if pool.is_empty() && !pool.bots.is_empty() {
                continue;
            }
            let own = apart.apart(stage);
            let known = of_role.get(&role).copied().filter(|_| !own);
            let seat = known.unwrap_or_else(|| {
                let fact = FactOf::Executes(role, stage);
                self.seat(SeatOf::Executor(role, stage), pool, fact, fact, true)
            });
            if !own {
                of_role.insert(role, seat);
            }
            self.executors.entry(stage).or_default().push(seat);
        }
    }

    fn seat_approvals(&mut self) {
        let r = self.directory.release();
        for id in self.case.approvals.clone() {
            let approval = r.approval(id);
            let mut pool = self.directory.all(approval.from.iter().map(|(who, _)| *who));
            let count = match approval.quorum {
                Quorum::Count(n) => n,
                Quorum::All => {
                    let others = approval
                        .distinct_from
                        .iter()
                        .any(|(d, _)| *d != DistinctFrom::Author);
                    if approval
                        .distinct_from
                        .iter()
                        .any(|(d, _)| *d == DistinctFrom::Author)
                    {
                        for (author, _) in &r.authors {
                            let person = match author {
                                PersonRef::Person(p) => Some(*p),
                                PersonRef::Param(_) => self.case.author,
                            };
                            person.map(|p| pool.people.remove(&p));
                        }
                    }
                    // Everyone who may: of those who must differ from somebody else, whoever is left.
                    let all = u32::try_from(self.directory.size(&pool)).unwrap_or(u32::MAX);
                    if others { 1 } else { all.max(1) }
                }
            };
            // A quorum beyond all people there are is wrong however large it is.
            let count = count.min(
                u32::try_from(r.people.len())
                    .unwrap_or(u32::MAX)
                    .saturating_add(256),
            );
            let seats: Vec<u32> = (0..count)
                .map(|n| {
                    let seat = SeatOf::Approval(id, n);
                    self.seat(seat, pool.clone(), FactOf::Quorum(id), FactOf::From(id), false)
                })
                .collect();
            if seats.len() > 1 {
                let each = seats.iter().map(|s| vec![*s]).collect();
                self.rule(Rule::Differ(each), FactOf::Quorum(id));
            }
            self.approvals.insert(id, seats);
        }
    }

    fn seat_decisions(&mut self) {
        let r = self.directory.release();
        for id in self.case.decisions.clone() {
            let question = &r.decision(id).question;
            let people = question.by_people.iter().filter_map(|p| match p {
                PersonRef::Person(p) => Some(RoleOrPerson::Person(*p)),
                PersonRef::Param(_) => None,
            });
            let mut who: Vec<RoleOrPerson> = question
                .by
                .iter()
                .map(|r| RoleOrPerson::Role(*r))
                .chain(people)
                .collect();
            if who.is_empty() && question.by_people.is_empty() {
                who.push(RoleOrPerson::Role(r.owner));
            }
            let pool = self.directory.all(who);
            // Asked of whoever a parameter names, or answered by a machine: no seat of a person.
            if pool.is_empty() {
                continue;
            }
            let fact = FactOf::Decides(id);
            let seat = self.seat(SeatOf::Decision(id), pool, fact, fact, true);
            self.decisions.insert(id, vec![seat]);
        }
    }

    /// Those who use an override are never author or executor.
    fn seat_override(&mut self) {
        let Some(i) = self.case.through else { return };
        let way = &self.directory.release().overrides[i];
        let pool = self.directory.all(way.by.iter().map(|(w, _)| *w));
        let fact = FactOf::Uses(i);
        let seats: Vec<u32> = (0..way.quorum.min(256))
            .map(|n| self.seat(SeatOf::Override(i, n), pool.clone(), fact, fact, false))
            .collect();
        let own = [self.authors.clone(), self.seats(Seat::Executors)].concat();
        self.rule(Rule::Differ(seats.iter().map(|s| vec![*s]).collect()), fact);
        if !own.is_empty() && !seats.is_empty() {
            self.rule(Rule::Differ(vec![seats, own]), fact);
        }
    }

    /// Writes the people of every pool out as numbers.
    fn write_pools(&mut self) {
        let pools = std::mem::take(&mut self.pools);
        let mut seats_of: BTreeMap<RoleId, Vec<u32>> = BTreeMap::new();
        let first = u32::try_from(self.out.people.len()).unwrap_or(u32::MAX);
        let strangers =
            u32::try_from(pools.iter().filter(|p| !p.open.is_empty()).count()).unwrap_or(u32::MAX);
        if self.open == Open::Together {
            self.out.people.extend((0..strangers).map(Who::Somebody));
        }
        for (i, pool) in pools.iter().enumerate() {
            let mut list: BTreeSet<u32> = pool.people.iter().map(|p| p.0).collect();
            for role in &pool.open {
                match self.open {
                    Open::Apart => list.extend(self.of_role(*role)),
                    Open::Together => {
                        let r = self.directory.release();
                        let people = (0..r.people.len()).map(PersonId::at);
                        let may = people.filter(|p| !r.person(*p).bot && self.directory.may_be_in(*p, *role));
                        list.extend(may.map(|p| p.0));
                        list.extend(first..first.saturating_add(strangers));
                        seats_of
                            .entry(*role)
                            .or_default()
                            .push(u32::try_from(i).unwrap_or(u32::MAX));
                    }
                }
            }
            if self.open == Open::Together
                && !pool.open.is_empty()
                && (!pool.people.is_empty() || pool.open.len() > 1)
            {
                // It cannot be told through which of them somebody sits there.
                self.out.exact = false;
            }
            self.out.problem.seats[i].pool = list.into_iter().collect();
        }
        let roles: Vec<RoleId> = seats_of.keys().copied().collect();
        let pure = |seats: &[u32]| -> Vec<u32> {
            let one = |s: &&u32| pools[**s as usize].people.is_empty() && pools[**s as usize].open.len() == 1;
            seats.iter().filter(one).copied().collect()
        };
        for (i, role) in roles.iter().enumerate() {
            let seats = pure(&seats_of[role]);
            let size = self.directory.open_size(*role);
            if seats.len() > size as usize {
                self.rule(Rule::AtMost(size, seats.clone()), FactOf::Size(*role));
            }
            for other in &roles[..i] {
                if self.directory.exclude(*role, *other) {
                    let groups = vec![seats.clone(), pure(&seats_of[other])];
                    self.rule(Rule::Differ(groups), FactOf::Excludes(*role, *other));
                }
            }
        }
    }

    /// The anonymous people of an open role: no more than there are seats matter.
    fn of_role(&mut self, role: RoleId) -> Vec<u32> {
        if let Some(known) = self.anonymous.get(&role) {
            return known.clone();
        }
        let most = u32::try_from(self.out.seats.len())
            .unwrap_or(u32::MAX)
            .saturating_add(8);
        let list: Vec<u32> = (0..self.directory.open_size(role).min(most))
            .map(|n| {
                self.out.people.push(Who::OfRole(role, n));
                u32::try_from(self.out.people.len() - 1).unwrap_or(u32::MAX)
            })
            .collect();
        self.anonymous.insert(role, list.clone());
        list
    }

    fn distinct_from(&mut self) {
        let r = self.directory.release();
        for id in self.case.approvals.clone() {
            for (i, (from, _)) in r.approval(id).distinct_from.iter().enumerate() {
                let others = match from {
                    DistinctFrom::Author => self.authors.clone(),
                    DistinctFrom::Executors => self.seats(Seat::Executors),
                    DistinctFrom::Approval(b) => self.seats(Seat::Approval(*b)),
                };
                let mine = self.seats(Seat::Approval(id));
                if !others.is_empty() && !mine.is_empty() {
                    self.rule(Rule::Differ(vec![mine, others]), FactOf::Distinct(id, i));
                }
            }
        }
    }

    fn duties(&mut self) {
        let r = self.directory.release();
        for (i, duty) in r.duties.iter().enumerate() {
            let fact = FactOf::Duty(i);
            let all: Vec<u32> = {
                let set: BTreeSet<u32> = duty.seats().iter().flat_map(|s| self.seats(*s)).collect();
                set.into_iter().collect()
            };
            if all.is_empty() {
                continue;
            }
            let rule = match duty {
                DutyRule::Same(..) => Rule::Same(all),
                DutyRule::AtMost(n, ..) => Rule::AtMost(*n, all),
                DutyRule::AtLeast(n, ..) => Rule::AtLeast(*n, all),
                DutyRule::Distinct(seats, _) => Rule::Differ(self.groups(seats)),
            };
            self.rule(rule, fact);
        }
    }

    /// The groups of `distinct SEATS`, each seat in the first that names it.
    fn groups(&self, seats: &[Seat]) -> Vec<Vec<u32>> {
        let mut groups: Vec<Vec<u32>> = Vec::new();
        for seat in seats {
            match seat {
                Seat::Approvers => groups.extend(self.approvals.values().cloned()),
                Seat::Executors if seats.len() == 1 => groups.extend(self.executors.values().cloned()),
                seat => groups.push(self.seats(*seat)),
            }
        }
        let mut seen = BTreeSet::new();
        for group in &mut groups {
            group.retain(|s| seen.insert(*s));
        }
        groups.retain(|g| !g.is_empty());
        groups
    }

    fn seats(&self, seat: Seat) -> Vec<u32> {
        let all = |map: &BTreeMap<_, Vec<u32>>| -> Vec<u32> {
            let set: BTreeSet<u32> = map.values().flatten().copied().collect();
            set.into_iter().collect()
        };
        match seat {
            Seat::Author => self.authors.clone(),
            Seat::Executor(s) => self.executors.get(&s).cloned().unwrap_or_default(),
            Seat::Executors => {
                let set: BTreeSet<u32> = self.executors.values().flatten().copied().collect();
                set.into_iter().collect()
            }
            Seat::Approval(a) => self.approvals.get(&a).cloned().unwrap_or_default(),
            Seat::Approvers => all(&self.approvals),
            Seat::Decision(d) => self.decisions.get(&d).cloned().unwrap_or_default(),
        }
    }
}
