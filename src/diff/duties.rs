//! Who must act together: quorums, permitted people, separation of duties, owners, authors.
//!
//! Compares people and not titles: a role that is replaced by another with the same people changes nothing. Called by `mod`.

use super::canon::{Side, sorted};
use super::out::{Change, Class, Direction, Out, Spot};
use super::pair::Two;
use super::say;
use crate::model::{
    Approval, ApprovalId, DistinctFrom, DutyRule, Passes, PersonId, PersonRef, Quorum, RoleId, RoleOrPerson,
    StageId,
};
use crate::plan::people::{Directory, Fewest, Pool, STEPS, Ship, Which, executors, ways};
use std::collections::{BTreeMap, BTreeSet};

/// The people of both plans.
struct Books<'a> {
    old: Directory<'a>,
    new: Directory<'a>,
}

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    let books = Books {
        old: Directory::new(two.old.r),
        new: Directory::new(two.new.r),
    };
    fewest_people(two, &books, out);
    for (o, n) in &two.approvals.both {
        approval(two, &books, out, *o, *n);
    }
    rules(two, out);
    executing(two, &books, out);
    authors(two, out);
    super::roles::compare(two, out);
}

/// How few people take a change to production.
fn fewest_people(two: &Two<'_>, books: &Books<'_>, out: &mut Out) {
    let least = |plan, book: &Directory<'_>| {
        let mut budget = crate::plan::people::Budget::steps(STEPS);
        let all = ways(plan, book, Which::Emptiest)?;
        let mut least = None;
        for way in &all {
            let ship = Ship::count(book, way, u32::MAX, &mut budget);
            match ship.fewest {
                Fewest::People(n, _) if ship.exact => {
                    least = Some(least.map_or(n, |l: u32| l.min(n)));
                }
                Fewest::Nobody => {}
                _ => return None,
            }
        }
        least
    };
    let (Some(old), Some(new)) = (least(two.old.plan, &books.old), least(two.new.plan, &books.new)) else {
        return;
    };
    if old == new {
        return;
    }
    let message = format!(
        "{} together can take a change to production instead of {old}",
        say::people(new as usize)
    );
    out.add(
        Change::new(
            say::less_is_looser(&old, &new),
            Class::Duties,
            "release",
            &two.new.r.name,
            message,
        )
        .run(format!(
            "{} {} seats before and in production: before, it took {old}",
            say::people(new as usize),
            if new == 1 { "fills all" } else { "fill all" }
        ))
        .everywhere()
        .placed(Some(&two.old.r.origin), Some(&two.new.r.origin)),
    );
}

/// The stages that wait for an approval, directly.
pub(super) fn behind(two: &Two<'_>, old: Option<usize>, new: Option<usize>) -> Vec<Spot> {
    let mut spots = BTreeSet::new();
    if let Some(o) = old {
        let named = |s: &&StageId| {
            let named = crate::plan::people::named_by(two.old.r.stage(**s));
            named.iter().any(|(a, _)| a.index() == o)
        };
        let all: Vec<StageId> = (0..two.old.r.stages.len()).map(StageId::at).collect();
        spots.extend(all.iter().filter(named).map(|s| two.old_spot(*s)));
    }
    if let Some(n) = new {
        let named = |s: &&StageId| {
            let named = crate::plan::people::named_by(two.new.r.stage(**s));
            named.iter().any(|(a, _)| a.index() == n)
        };
        let all: Vec<StageId> = (0..two.new.r.stages.len()).map(StageId::at).collect();
        spots.extend(all.iter().filter(named).map(|s| two.new_spot(*s)));
    }
    spots.into_iter().collect()
}

fn named(names: &[String], pool: &Pool) -> BTreeMap<String, crate::model::PersonId> {
    pool.people
        .iter()
        .map(|p| (names[p.index()].clone(), *p))
        .collect()
}

fn approval(two: &Two<'_>, books: &Books<'_>, out: &mut Out, o: usize, n: usize) {
    let (old, new) = (&two.old.r.approvals[o], &two.new.r.approvals[n]);
    let spots = behind(two, Some(o), Some(n));
    let name = new.name.as_str();
    let guarded = guarded_words(two, &spots);
    let mut add = |direction, message: String, run: String, places: (&_, &_)| {
        out.add(
            Change::new(direction, Class::Duties, "approval", name, message)
                .run(run)
                .at(spots.iter().copied())
                .placed(Some(places.0), Some(places.1)),
        );
    };
    let pool_of = |book: &Directory<'_>, a: &Approval| book.all(a.from.iter().map(|(w, _)| *w));
    let (was, is) = (pool_of(&books.old, old), pool_of(&books.new, new));

    let seats = |q: Quorum, book: &Directory<'_>, pool: &Pool| match q {
        Quorum::Count(n) => n as usize,
        Quorum::All => book.size(pool),
    };
    if old.quorum != new.quorum {
        let (before, now) = (
            seats(old.quorum, &books.old, &was),
            seats(new.quorum, &books.new, &is),
        );
        let word = |q: Quorum, n: usize| match q {
            Quorum::All => format!("everyone asked ({n})"),
            Quorum::Count(_) => say::people(n),
        };
        let message = format!(
            "`{name}` takes the yes of {} instead of {}",
            word(new.quorum, now),
            word(old.quorum, before)
        );
        let run = format!(
            "{} of {} {} yes and {guarded}: before, it took {}",
            say::people(now),
            say::pool(two.new.r, &is),
            if now == 1 { "says" } else { "say" },
            word(old.quorum, before)
        );
        add(
            say::less_is_looser(&before, &now),
            message,
            run,
            (
                old.quorum_origin.as_ref().unwrap_or(&old.origin),
                new.quorum_origin.as_ref().unwrap_or(&new.origin),
            ),
        );
    }
    if old.passes != new.passes {
        let direction = if new.passes == Passes::Majority {
            Direction::Loosened
        } else {
            Direction::Tightened
        };
        let word = |p| match p {
            Passes::Unanimous => "when nobody says no",
            Passes::Majority => "when more say yes than no",
        };
        let message = format!(
            "`{name}` passes {} instead of {}",
            word(new.passes),
            word(old.passes)
        );
        let run =
            format!("somebody says no in `{name}`, more say yes, and {guarded}: before, one no refused it");
        add(direction, message, run, (&old.origin, &new.origin));
    }

    let (before, now) = (
        named(&two.old.names.people, &was),
        named(&two.new.names.people, &is),
    );
    let places = (
        old.from.first().map_or(&old.origin, |(_, o)| o),
        new.from.first().map_or(&new.origin, |(_, o)| o),
    );
    // Whoever wrote the change is asked in vain where the author must be somebody else.
    let barred = |side: &Side<'_>, a: &Approval, p: PersonId| {
        let differs = a.distinct_from.iter().any(|(d, _)| *d == DistinctFrom::Author);
        differs && side.r.authors.iter().any(|(x, _)| *x == PersonRef::Person(p))
    };
    let (mut come, mut gone) = (Vec::new(), Vec::new());
    for (k, p) in now.iter().filter(|(k, _)| !before.contains_key(*k)) {
        let person = say::person(two.new.r, *p);
        if barred(&two.new, new, *p) {
            let message = format!(
                "`{person}` is now among those asked in `{name}`, but wrote the change and may not say yes"
            );
            add(Direction::Changed, message, String::new(), places);
        } else {
            come.push((k, person));
        }
    }
    for (k, p) in before.iter().filter(|(k, _)| !now.contains_key(*k)) {
        let person = say::person(two.old.r, *p);
        if barred(&two.old, old, *p) {
            let message = format!(
                "`{person}`, who wrote the change and could not say yes, is no longer among those asked in `{name}`"
            );
            add(Direction::Changed, message, String::new(), places);
        } else {
            gone.push((k, person));
        }
    }
    let names = |l: Vec<(&String, String)>| l.into_iter().map(|(_, p)| p).collect::<Vec<_>>();
    let (come, gone) = (names(come), names(gone));
    if !come.is_empty() {
        let message = format!("{} may now say yes in `{name}`", say::list(&come));
        let run = format!(
            "`{}` says yes in `{name}`, and it counts: before, {} not permitted",
            come[0],
            if come.len() == 1 {
                "this person was"
            } else {
                "these people were"
            }
        );
        add(Direction::Loosened, message, run, places);
    }
    if !gone.is_empty() {
        let message = format!("{} may no longer say yes in `{name}`", say::list(&gone));
        add(Direction::Tightened, message, String::new(), places);
    }
    let open = |side: &Side<'_>, p: &Pool| {
        let roles = p.open.iter().map(|r| side.names.roles[r.index()].clone());
        roles.collect::<BTreeSet<String>>()
    };
    let (open_old, open_new) = (open(&two.old, &was), open(&two.new, &is));
    if open_old != open_new {
        let direction = say::set(!open_old.is_subset(&open_new), !open_new.is_subset(&open_old));
        let message = format!(
            "`{name}` is now given by {} instead of {}",
            say::pool(two.new.r, &is),
            say::pool(two.old.r, &was)
        );
        let run = format!(
            "somebody whom the plan does not name says yes in `{name}`: before, it was given by {}",
            say::pool(two.old.r, &was)
        );
        add(direction, message, run, places);
    }
    distinct(two, books, out, (o, n), &spots);
}

/// What goes on behind an approval.
fn guarded_words(two: &Two<'_>, spots: &[Spot]) -> String {
    let names: Vec<&str> = spots
        .iter()
        .filter_map(|s| s.new.map(|n| two.new.r.stages[n].name.as_str()))
        .collect();
    if names.is_empty() {
        return "it is granted".to_string();
    }
    let first = spots.iter().find_map(|s| s.new).map(StageId::at);
    let place = first.map(|s| say::place(two.new.r, s)).unwrap_or_default();
    match names.as_slice() {
        [_] => format!("{} starts {place}", say::list(&names)),
        _ => format!("{} start", say::list(&names)),
    }
}

/// Whom approvers must differ from.
fn distinct(two: &Two<'_>, books: &Books<'_>, out: &mut Out, at: (usize, usize), spots: &[Spot]) {
    let (old, new) = (&two.old.r.approvals[at.0], &two.new.r.approvals[at.1]);
    let key = |side: &Side<'_>, d: DistinctFrom| match d {
        DistinctFrom::Author => "the author".to_string(),
        DistinctFrom::Executors => "whoever executes".to_string(),
        DistinctFrom::Approval(b) => format!("approval {}", side.names.approvals[b.index()]),
    };
    let was: BTreeMap<String, DistinctFrom> = old
        .distinct_from
        .iter()
        .map(|(d, _)| (key(&two.old, *d), *d))
        .collect();
    let is: BTreeMap<String, DistinctFrom> = new
        .distinct_from
        .iter()
        .map(|(d, _)| (key(&two.new, *d), *d))
        .collect();
    let name = new.name.as_str();
    let word = |side: &Side<'_>, d: DistinctFrom| match d {
        DistinctFrom::Author => "the author".to_string(),
        DistinctFrom::Executors => "those who execute".to_string(),
        DistinctFrom::Approval(b) => format!("those who say yes in `{}`", side.r.approval(b).name),
    };
    for (k, d) in &was {
        if is.contains_key(k) {
            continue;
        }
        // Another approval that is gone altogether needs nobody to differ from.
        if let DistinctFrom::Approval(b) = d
            && two.approvals.new_of(b.index()).is_none()
        {
            continue;
        }
        let mine = books.new.all(new.from.iter().map(|(w, _)| *w));
        let both = other_pool(two, books, *d).map(|other| {
            let people = mine.people.intersection(&other.people);
            people.map(|p| say::person(two.new.r, *p)).collect::<Vec<_>>()
        });
        let does = match d {
            DistinctFrom::Author => "wrote the change",
            DistinctFrom::Executors => "executes a stage",
            DistinctFrom::Approval(_) => "gave the other approval",
        };
        let run = match both.as_deref() {
            Some([first, ..]) => {
                format!(
                    "`{first}` {does} and also says yes in `{name}`: before, that had to be somebody else"
                )
            }
            _ => format!(
                "whoever {does} also says yes in `{name}`, once one person may do both: before, no plan of people allowed it"
            ),
        };
        out.add(
            Change::new(
                Direction::Loosened,
                Class::Duties,
                "approval",
                name,
                format!(
                    "who says yes in `{name}` need not differ from {} any more",
                    word(&two.old, *d)
                ),
            )
            .run(run)
            .at(spots.iter().copied())
            .placed(Some(&old.origin), Some(&new.origin)),
        );
    }
    for (k, d) in &is {
        let meets_new = matches!(d, DistinctFrom::Approval(b) if two.approvals.come.contains(&b.index()));
        if was.contains_key(k) || meets_new {
            continue;
        }
        out.add(
            Change::new(
                Direction::Tightened,
                Class::Duties,
                "approval",
                name,
                format!(
                    "who says yes in `{name}` must now differ from {}",
                    word(&two.new, *d)
                ),
            )
            .at(spots.iter().copied())
            .placed(Some(&old.origin), Some(&new.origin)),
        );
    }
}

/// The people an approver had to differ from, in the new plan.
fn other_pool(two: &Two<'_>, books: &Books<'_>, d: DistinctFrom) -> Option<Pool> {
    let r = two.new.r;
    Some(match d {
        DistinctFrom::Author => {
            let people = r.authors.iter().filter_map(|(p, _)| match p {
                crate::model::PersonRef::Person(p) => Some(RoleOrPerson::Person(*p)),
                crate::model::PersonRef::Param(_) => None,
            });
            books.new.all(people)
        }
        DistinctFrom::Executors => {
            let roles = r.stages.iter().flat_map(executors).collect::<BTreeSet<RoleId>>();
            books.new.all(roles.into_iter().map(RoleOrPerson::Role))
        }
        DistinctFrom::Approval(b) => {
            let b = ApprovalId::at(two.approvals.new_of(b.index())?);
            books.new.all(r.approval(b).from.iter().map(|(w, _)| *w))
        }
    })
}

/// `duties`.
fn rules(two: &Two<'_>, out: &mut Out) {
    let key = |side: &Side<'_>, d: &DutyRule| {
        let seats = sorted(d.seats().iter().map(|s| side.seat(*s)).collect());
        let (word, n) = match d {
            DutyRule::Distinct(..) => ("distinct", 0),
            DutyRule::Same(..) => ("same", 0),
            DutyRule::AtMost(n, ..) => ("at most", *n),
            DutyRule::AtLeast(n, ..) => ("at least", *n),
        };
        (word, seats, n)
    };
    let words = |r: &crate::model::Release, d: &DutyRule| {
        let seats = say::list(d.seats().iter().map(|s| say::seat(r, *s)));
        match d {
            DutyRule::Distinct(..) => format!("{seats} are different people"),
            DutyRule::Same(..) => format!("{seats} are one person"),
            DutyRule::AtMost(n, ..) => format!("at most {n} people fill {seats}"),
            DutyRule::AtLeast(n, ..) => format!("at least {n} people fill {seats}"),
        }
    };
    let was: BTreeMap<_, &DutyRule> = two.old.r.duties.iter().map(|d| (key(&two.old, d), d)).collect();
    let is: BTreeMap<_, &DutyRule> = two.new.r.duties.iter().map(|d| (key(&two.new, d), d)).collect();
    for (_, d) in was.iter().filter(|(k, _)| !is.contains_key(*k)) {
        let rule = words(two.old.r, d);
        out.add(
            Change::new(
                Direction::Loosened,
                Class::Duties,
                "duties",
                &two.new.r.name,
                format!("the rule that {rule} is gone"),
            )
            .run(format!(
                "it no longer holds that {rule}, and the run goes on: before, it was refused"
            ))
            .everywhere()
            .placed(Some(d.origin()), None),
        );
    }
    for (_, d) in is.iter().filter(|(k, _)| !was.contains_key(*k)) {
        out.add(
            Change::new(
                Direction::Tightened,
                Class::Duties,
                "duties",
                &two.new.r.name,
                format!("there is now a rule that {}", words(two.new.r, d)),
            )
            .everywhere()
            .placed(None, Some(d.origin())),
        );
    }
}

/// Who executes each stage.
fn executing(two: &Two<'_>, books: &Books<'_>, out: &mut Out) {
    type Gained = (Vec<String>, Vec<String>, String);
    let mut groups: BTreeMap<Gained, Vec<Spot>> = BTreeMap::new();
    for (at, old, new) in two.both_stages() {
        let was = books.old.all(executors(old).into_iter().map(RoleOrPerson::Role));
        let is = books.new.all(executors(new).into_iter().map(RoleOrPerson::Role));
        let (before, now) = (
            named(&two.old.names.people, &was),
            named(&two.new.names.people, &is),
        );
        let come: Vec<String> = now
            .iter()
            .filter(|(k, _)| !before.contains_key(*k))
            .map(|(_, p)| say::person(two.new.r, *p))
            .collect();
        let gone: Vec<String> = before
            .iter()
            .filter(|(k, _)| !now.contains_key(*k))
            .map(|(_, p)| say::person(two.old.r, *p))
            .collect();
        let role = &two.new.names.roles[new.owner.index()];
        let owner = if *role == two.old.names.roles[old.owner.index()] {
            String::new()
        } else {
            format!(
                "`{}` instead of `{}`",
                two.new.r.role(new.owner).name,
                two.old.r.role(old.owner).name
            )
        };
        if !(come.is_empty() && gone.is_empty() && owner.is_empty()) {
            groups.entry((come, gone, owner)).or_default().push(at);
        }
    }
    for ((come, gone, owner), spots) in groups {
        let names: Vec<&str> = spots
            .iter()
            .filter_map(|s| s.new.map(|n| two.new.r.stages[n].name.as_str()))
            .collect();
        let stages = say::list(&names);
        let spot = spots.first().copied();
        let origins = spot.and_then(|s| {
            Some((
                &two.old.r.stages.get(s.old?)?.owner_origin,
                &two.new.r.stages.get(s.new?)?.owner_origin,
            ))
        });
        let mut add = |direction, message: String, run: String| {
            let name = names.first().copied().unwrap_or_default();
            out.add(
                Change::new(direction, Class::Duties, "stage", name, message)
                    .run(run)
                    .at(spots.iter().copied())
                    .placed(origins.map(|o| o.0), origins.map(|o| o.1)),
            );
        };
        if !owner.is_empty() {
            add(
                Direction::Changed,
                format!(
                    "{stages} {} executed by {owner}",
                    if names.len() == 1 { "is" } else { "are" }
                ),
                String::new(),
            );
        }
        if !come.is_empty() {
            add(
                Direction::Loosened,
                format!("{} may now execute {stages}", say::list(&come)),
                format!(
                    "`{}` executes `{}`: before, only others could",
                    come[0],
                    names.first().copied().unwrap_or_default()
                ),
            );
        }
        if !gone.is_empty() {
            add(
                Direction::Tightened,
                format!("{} may no longer execute {stages}", say::list(&gone)),
                String::new(),
            );
        }
    }
}

fn authors(two: &Two<'_>, out: &mut Out) {
    let key = |side: &Side<'_>| {
        let people = side.r.authors.iter();
        sorted(people.map(|(p, _)| side.person(*p)).collect())
    };
    if key(&two.old) == key(&two.new) {
        return;
    }
    let words = |r: &crate::model::Release| {
        say::list(r.authors.iter().map(|(p, _)| match p {
            crate::model::PersonRef::Person(p) => say::person(r, *p),
            crate::model::PersonRef::Param(p) => r.param(*p).name.to_string(),
        }))
    };
    out.add(
        Change::new(
            Direction::Changed,
            Class::Duties,
            "release",
            &two.new.r.name,
            format!(
                "the author is {} instead of {}",
                words(two.new.r),
                words(two.old.r)
            ),
        )
        .everywhere()
        .placed(
            two.old.r.authors.first().map(|(_, o)| o),
            two.new.r.authors.first().map(|(_, o)| o),
        ),
    );
}
