//! Who can sit where, and why others cannot.
//!
//! Called by `mod`.

use super::{Book, Duty, Fact, Place};
use crate::model::{PersonId, RoleId, RoleOrPerson};
use crate::plan::people::{Case, FactOf, Group, SeatOf, Seating, Who, words};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A seat, or several that are the same.
#[derive(Debug, Serialize)]
pub(super) struct SeatView {
    /// What somebody on it does.
    pub seat: Duty,
    /// How many of them there are.
    pub count: usize,
    /// Where it is said who may sit.
    #[serde(flatten)]
    pub place: Place,
    /// Nobody can fill all seats around it: `eligible` is who may sit by role alone.
    pub stuck: bool,
    /// Who can sit while everybody else finds a seat too.
    #[serde(serialize_with = "super::all_plain")]
    pub eligible: Vec<String>,
    /// Who can if they belong to a role that lists nobody.
    #[serde(serialize_with = "super::all_plain")]
    pub perhaps: Vec<String>,
    /// Of whom that is not known.
    #[serde(serialize_with = "super::all_plain")]
    pub undecided: Vec<String>,
    /// Everybody else, and why not.
    pub others: Vec<Others>,
}

/// People who cannot sit for the same reason.
#[derive(Debug, Serialize)]
pub(super) struct Others {
    /// Who.
    #[serde(serialize_with = "super::all_plain")]
    pub people: Vec<String>,
    /// Why not.
    pub why: Vec<Fact>,
    /// Whether each of these is needed.
    pub minimal: bool,
}

impl Book<'_> {
    pub(super) fn seat(&self, case: &Case, group: &Group) -> SeatView {
        let (r, seating) = (self.directory.release(), &case.seating);
        let limited = seating.facts.get(group.limited as usize).copied();
        let origin = limited.map_or(&r.origin, |f| Seating::origin(self.directory, f));
        let pool = self.directory.all(self.asked(group.seat));
        let unlisted = |p: &u32| {
            let who = seating.people.get(*p as usize);
            !pool.open.is_empty() && matches!(who, Some(Who::Person(x)) if !pool.people.contains(x))
        };
        let (mut perhaps, can): (Vec<u32>, Vec<u32>) = group.people.can.iter().partition(|p| unlisted(p));
        let mut undecided = group.people.unknown.clone();
        let mut others = Vec::new();
        let mut named: BTreeSet<u32> = can.iter().chain(&perhaps).chain(&undecided).copied().collect();
        self.barred(seating, &group.people.cannot, &mut named, &mut others);
        let authors: Vec<_> = group.authors.iter().map(|(p, f)| (*p, f.clone(), true)).collect();
        self.barred(seating, &authors, &mut named, &mut others);
        if let (Some(loose), Some(seating)) = (&group.loose, &case.loose) {
            let fresh = |list: &[u32], named: &BTreeSet<u32>| -> Vec<u32> {
                let of_plan = list.iter().filter(|p| (**p as usize) < r.people.len());
                of_plan.filter(|p| !named.contains(p)).copied().collect()
            };
            perhaps.extend(fresh(&loose.can, &named));
            undecided.extend(fresh(&loose.unknown, &named));
            named.extend(perhaps.iter().chain(&undecided));
            let cannot: Vec<_> = loose
                .cannot
                .iter()
                .filter(|(p, ..)| (*p as usize) < r.people.len())
                .cloned()
                .collect();
            self.barred(seating, &cannot, &mut named, &mut others);
        }
        let rest: Vec<PersonId> = (0..r.people.len())
            .map(PersonId::at)
            .filter(|p| !named.contains(&p.0))
            .collect();
        others.extend(self.not_listed(group.seat, limited, &rest));
        SeatView {
            seat: self.duty(group.seat),
            count: group.count,
            place: self.place(origin.span),
            stuck: group.people.stuck,
            eligible: self.people(seating, &can),
            perhaps: self.people(seating, &perhaps),
            undecided: self.people(seating, &undecided),
            others,
        }
    }

    /// Those whom facts keep out, together when the facts are the same.
    fn barred(
        &self,
        seating: &Seating,
        list: &[(u32, Vec<u32>, bool)],
        named: &mut BTreeSet<u32>,
        others: &mut Vec<Others>,
    ) {
        let mut because: BTreeMap<(&[u32], bool), Vec<u32>> = BTreeMap::new();
        for (p, facts, minimal) in list {
            if named.insert(*p) {
                because.entry((facts, *minimal)).or_default().push(*p);
            }
        }
        others.extend(because.into_iter().map(|((facts, minimal), people)| Others {
            people: self.people(seating, &people),
            why: self.facts(seating, facts),
            minimal,
        }));
    }

    /// Those who are not in the pool at all: bots that would be, and everybody else.
    fn not_listed(&self, seat: SeatOf, limited: Option<FactOf>, rest: &[PersonId]) -> Vec<Others> {
        let r = self.directory.release();
        let name = |p: &PersonId| format!("`{}`", r.person(*p).name);
        let asked = self.asked(seat);
        let pool = self.directory.all(asked.clone());
        let (bots, rest): (Vec<PersonId>, Vec<PersonId>) = rest.iter().partition(|p| pool.bots.contains(*p));
        let mut list = Vec::new();
        for bot in bots {
            let data = r.person(bot);
            list.push(Others {
                people: vec![name(&bot)],
                why: vec![self.said(&data.origin, "a bot is not a person")],
                minimal: true,
            });
        }
        let kept_out = |p: PersonId| {
            let mut open = pool.open.iter();
            open.find_map(|role| Some((*role, self.directory.kept_out(p, *role)?)))
        };
        let (kept, rest): (Vec<PersonId>, Vec<PersonId>) =
            rest.into_iter().partition(|p| kept_out(*p).is_some());
        let mut by_rule: BTreeMap<(RoleId, RoleId), Vec<String>> = BTreeMap::new();
        for p in kept {
            by_rule
                .entry(kept_out(p).expect("internal: it was asked before"))
                .or_default()
                .push(name(&p));
        }
        for ((open, other), mut people) in by_rule {
            people.sort_unstable();
            let fact = FactOf::Excludes(open, other);
            list.push(Others {
                people,
                why: vec![self.said(
                    Seating::origin(self.directory, fact),
                    words::fact(self.directory, fact),
                )],
                minimal: true,
            });
        }
        if rest.is_empty() {
            return list;
        }
        let text = match (seat, limited) {
            (SeatOf::Author(_), Some(fact)) => words::fact(self.directory, fact),
            _ => match asked.as_slice() {
                [RoleOrPerson::Person(p)] => format!("only {} may", name(p)),
                [] => "nobody is asked".to_string(),
                list => format!("not in {}", any_of(list.iter().map(|w| self.who(*w)).collect())),
            },
        };
        let origin = limited.map_or(&r.origin, |f| Seating::origin(self.directory, f));
        let mut people: Vec<String> = rest.iter().map(name).collect();
        people.sort_unstable();
        list.push(Others {
            people,
            why: vec![self.said(origin, text)],
            minimal: true,
        });
        list
    }

    fn who(&self, who: RoleOrPerson) -> String {
        let r = self.directory.release();
        match who {
            RoleOrPerson::Role(role) => format!("`{}`", r.role(role).name),
            RoleOrPerson::Person(p) => format!("`{}`", r.person(p).name),
        }
    }

    /// The roles and people a seat is open to.
    fn asked(&self, seat: SeatOf) -> Vec<RoleOrPerson> {
        let r = self.directory.release();
        match seat {
            SeatOf::Author(_) => Vec::new(),
            SeatOf::Executor(role, _) => vec![RoleOrPerson::Role(role)],
            SeatOf::Approval(a, _) => r.approval(a).from.iter().map(|(w, _)| *w).collect(),
            SeatOf::Decision(d) => {
                let by = r.decision(d).question.by.iter();
                by.map(|role| RoleOrPerson::Role(*role)).collect()
            }
            SeatOf::Override(i, _) => r.overrides[i].by.iter().map(|(w, _)| *w).collect(),
        }
    }

    /// People by name; those of roles that list nobody are counted.
    fn people(&self, seating: &Seating, people: &[u32]) -> Vec<String> {
        let r = self.directory.release();
        let mut list = Vec::new();
        let mut unnamed: BTreeMap<RoleId, u32> = BTreeMap::new();
        let mut strangers = 0;
        for who in people.iter().filter_map(|p| seating.people.get(*p as usize)) {
            match who {
                Who::Person(p) => list.push(format!("`{}`", r.person(*p).name)),
                Who::OfRole(role, _) => *unnamed.entry(*role).or_insert(0) += 1,
                Who::Somebody(_) => strangers += 1,
            }
        }
        list.sort_unstable();
        for role in unnamed.keys() {
            list.push(format!("anybody of `{}`", r.role(*role).name));
        }
        if strangers > 0 {
            list.push("people who are not listed".to_string());
        }
        list
    }
}

/// `a`, `b` or `c`.
fn any_of(names: Vec<String>) -> String {
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
