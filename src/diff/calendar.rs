//! What a calendar forbids and promises: freezes, quiet hours, hours on duty, working days.
//!
//! Called by `time`.

use super::canon::{Side, sorted};
use super::moments::{self, moment};
use super::out::{Change, Class, Direction, Out};
use super::pair::Two;
use super::say;
use crate::model::{Calendar, Origin, Release, Weekday};
use crate::plan::civil_word;
use std::collections::{BTreeMap, BTreeSet};

/// A rule of a calendar.
#[derive(Clone)]
struct Rule {
    kind: &'static str,
    /// One spelling on both sides.
    key: String,
    words: String,
    /// What comes again each week, without its hours, and those.
    weekly: Option<Weekly>,
    origin: Origin,
}

#[derive(Clone)]
struct Weekly {
    key: String,
    words: String,
    days: Vec<Weekday>,
    hours: Option<(jiff::civil::Time, jiff::civil::Time)>,
}

impl Weekly {
    fn rule(self, kind: &'static str, origin: &Origin) -> Rule {
        let mut days = self.days.clone();
        days.sort();
        Rule {
            kind,
            key: format!("{} {days:?} {:?}", self.key, self.hours),
            words: format!(
                "the rule that {} {}",
                self.words,
                moments::hours((&self.days, self.hours))
            ),
            weekly: Some(self),
            origin: origin.clone(),
        }
    }
}

fn rules(side: &Side<'_>) -> Vec<Rule> {
    let Some(c) = side.r.calendar else {
        return Vec::new();
    };
    let c: &Calendar = side.r.calendar_of(c);
    let mut list: Vec<Rule> = Vec::new();
    for f in &c.freezes {
        let places = sorted(
            f.environments
                .iter()
                .map(|e| side.names.environments[e.index()].clone())
                .collect(),
        );
        let zone = c.zone.clone().unwrap_or_default();
        list.push(Rule {
            kind: "freeze",
            key: format!("{:?} {:?} {places} {zone}", f.from, f.to),
            words: format!(
                "the freeze `{}` from `{}` to `{}`",
                say::text(side.r, &f.why),
                civil_word(f.from.at),
                civil_word(f.to.at)
            ),
            weekly: None,
            origin: f.origin.clone(),
        });
    }
    for b in &c.blackouts {
        let weekly = Weekly {
            key: String::new(),
            words: "nothing may be released".into(),
            days: b.days.clone(),
            hours: b.hours,
        };
        list.push(weekly.rule("blackout", &b.origin));
    }
    for d in &c.on_duty {
        let weekly = Weekly {
            key: side.names.roles[d.role.index()].clone(),
            words: format!("`{}` is on duty", side.r.role(d.role).name),
            days: d.days.clone(),
            hours: d.hours,
        };
        list.push(weekly.rule("on_duty", &d.origin));
    }
    list
}

/// A rule by its kind and its spelling.
type Rules = BTreeMap<(&'static str, String), Rule>;

/// Freezes that only begin or end at another time are told as that, and are no longer among what went and came.
fn moved(two: &Two<'_>, out: &mut Out, name: &str, mut was: Rules, mut is: Rules) -> (Rules, Rules) {
    let of = |side: &Side<'_>| -> Vec<crate::model::Freeze> {
        let calendar = side.r.calendar.map(|c| side.r.calendar_of(c));
        calendar.map(|c| c.freezes.clone()).unwrap_or_default()
    };
    let (old, new) = (of(&two.old), of(&two.new));
    let key = |rules: &Rules, f: &crate::model::Freeze| {
        rules
            .iter()
            .find(|(k, r)| k.0 == "freeze" && r.origin == f.origin)
            .map(|(k, _)| k.clone())
    };
    for a in &old {
        let same = |f: &&crate::model::Freeze| {
            say::text(two.new.r, &f.why) == say::text(two.old.r, &a.why)
                && f.environments.len() == a.environments.len()
        };
        let mut candidates = new.iter().filter(same);
        let (Some(b), None) = (candidates.next(), candidates.next()) else {
            continue;
        };
        let (Some(k), Some(l)) = (key(&was, a), key(&is, b)) else {
            continue;
        };
        if k == l || is.contains_key(&k) || was.contains_key(&l) {
            continue;
        }
        let at = |plan, f: &crate::model::Freeze| Some((moment(plan, &f.from)?, moment(plan, &f.to)?));
        let direction = match (at(two.old.plan, a), at(two.new.plan, b)) {
            (Some(p), Some(q)) if p == q => continue,
            (Some((p, q)), Some((r, s))) => say::set(r < p || s > q, r > p || s < q),
            _ if a.from == b.from && a.to == b.to => continue,
            _ => Direction::Changed,
        };
        let (was_at, is_at) = moments::words((two.old.r, &[&a.from, &a.to]), (two.new.r, &[&b.from, &b.to]));
        let ([from, to], [begins, ends]) = (was_at.as_slice(), is_at.as_slice()) else {
            continue;
        };
        was.remove(&k);
        is.remove(&l);
        let why = say::text(two.new.r, &b.why);
        out.add(
            Change::new(
                direction,
                Class::Time,
                "freeze",
                name,
                format!(
                    "the freeze `{why}` lasts from `{begins}` to `{ends}` instead of from `{from}` to `{to}`"
                ),
            )
            .run(format!(
                "the release takes place between `{from}` and `{to}`, outside `{begins}` to `{ends}`: before, it was refused"
            ))
            .everywhere()
            .placed(Some(&a.origin), Some(&b.origin)),
        );
    }
    (was, is)
}

/// What comes again each week at other hours is told as one change.
fn other_hours(out: &mut Out, name: &str, mut was: Rules, mut is: Rules) -> (Rules, Rules) {
    // The rules of one kind and one subject that the other side does not have.
    let only = |one: &Rules, other: &Rules| {
        let mut by: BTreeMap<(&'static str, String), Vec<(&'static str, String)>> = BTreeMap::new();
        for (k, r) in one.iter().filter(|(k, _)| !other.contains_key(*k)) {
            if let Some(w) = &r.weekly {
                by.entry((r.kind, w.key.clone())).or_default().push(k.clone());
            }
        }
        by
    };
    let (gone, mut come) = (only(&was, &is), only(&is, &was));
    for (subject, old) in gone {
        let Some(new) = come.remove(&subject) else {
            continue;
        };
        let ([old], [new]) = (old.as_slice(), new.as_slice()) else {
            continue;
        };
        let (Some(a), Some(b)) = (was.remove(old), is.remove(new)) else {
            continue;
        };
        let (Some(x), Some(y)) = (a.weekly, b.weekly) else {
            continue;
        };
        let hours = |w: &Weekly| moments::hours((&w.days, w.hours));
        // Fewer hours without a release, or with somebody on duty, are looser: what the old hours have beyond the new is lost.
        let (direction, lost) = moments::shift((&y.days, y.hours), (&x.days, x.hours));
        let at = lost.unwrap_or_else(|| "that time".into());
        let run = match subject.0 {
            "on_duty" => format!("something fails at {at}, and nobody is on duty: before, somebody was"),
            _ => format!("the release takes place at {at}: before, it was refused"),
        };
        out.add(
            Change::new(
                direction,
                Class::Time,
                subject.0,
                name,
                format!("{} {} instead of {}", y.words, hours(&y), hours(&x)),
            )
            .run(run)
            .everywhere()
            .placed(Some(&a.origin), Some(&b.origin)),
        );
    }
    (was, is)
}

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    let (was, is) = (rules(&two.old), rules(&two.new));
    let by = |l: &[Rule]| -> BTreeMap<(&'static str, String), Rule> {
        l.iter().map(|r| ((r.kind, r.key.clone()), r.clone())).collect()
    };
    let (a, b) = (by(&was), by(&is));
    let name = two.new.r.calendar.map_or_else(
        || two.new.r.name.to_string(),
        |c| two.new.r.calendar_of(c).name.to_string(),
    );
    let (a, b) = moved(two, out, &name, a, b);
    let (a, b) = other_hours(out, &name, a, b);
    for (k, rule) in &a {
        if b.contains_key(k) {
            continue;
        }
        let run = match rule.kind {
            "on_duty" => {
                "something fails in these hours, and nobody is on duty: before, somebody was".to_string()
            }
            _ => "the release takes place in that time: before, it was refused".to_string(),
        };
        out.add(
            Change::new(
                Direction::Loosened,
                Class::Time,
                rule.kind,
                &name,
                format!("{} is gone", rule.words),
            )
            .run(run)
            .everywhere()
            .placed(Some(&rule.origin), None),
        );
    }
    for (k, rule) in &b {
        if !a.contains_key(k) {
            out.add(
                Change::new(
                    Direction::Tightened,
                    Class::Time,
                    rule.kind,
                    &name,
                    format!("{} is new", rule.words),
                )
                .everywhere()
                .placed(None, Some(&rule.origin)),
            );
        }
    }
    for message in working(two.old.r, two.new.r) {
        out.add(
            Change::new(Direction::Changed, Class::Time, "calendar", &name, message)
                .everywhere()
                .placed(
                    two.old.r.calendar.map(|c| &two.old.r.calendar_of(c).origin),
                    two.new.r.calendar.map(|c| &two.new.r.calendar_of(c).origin),
                ),
        );
    }
}

/// How the days on which people work differ, and the zone.
fn working(old: &Release, new: &Release) -> Vec<String> {
    let calendar = |r: &'_ Release| r.calendar.map(|c| r.calendar_of(c).clone());
    let (a, b) = match (calendar(old), calendar(new)) {
        (None, None) => return Vec::new(),
        (Some(a), None) => return vec![format!("the plan no longer keeps to the calendar `{}`", a.name)],
        (None, Some(b)) => return vec![format!("the plan now keeps to the calendar `{}`", b.name)],
        (Some(a), Some(b)) => (a, b),
    };
    let mut list = Vec::new();
    let days = |c: &Calendar| match c.working.as_slice() {
        [] => "are not said".to_string(),
        some => format!("are {}", moments::hours((some, None)).trim_start_matches("on ")),
    };
    if days(&a) != days(&b) {
        list.push(format!(
            "the working days {}; before, they {}",
            days(&b),
            days(&a).replacen("are ", "were ", 1)
        ));
    }
    let holidays = |c: &Calendar| c.holidays.iter().map(|h| h.date).collect::<BTreeSet<_>>();
    let (x, y) = (holidays(&a), holidays(&b));
    for (one, other, word) in [(&x, &y, "no longer"), (&y, &x, "now")] {
        let only: Vec<String> = one.difference(other).map(ToString::to_string).collect();
        if !only.is_empty() {
            let (is, holiday) = if only.len() == 1 {
                ("is", "a holiday")
            } else {
                ("are", "holidays")
            };
            list.push(format!("{} {is} {word} {holiday}", say::list(&only)));
        }
    }
    let zone = |c: &Calendar| {
        c.zone
            .as_ref()
            .map_or_else(|| "no zone".into(), |z| format!("`{z}`"))
    };
    if a.zone != b.zone {
        list.push(format!(
            "the calendar is told in {} instead of {}",
            zone(&b),
            zone(&a)
        ));
    }
    list
}
