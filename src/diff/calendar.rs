//! What a calendar forbids and promises: freezes, quiet hours, hours on duty, working days.
//!
//! Called by `time`.

use super::canon::{Side, sorted};
use super::out::{Change, Class, Direction, Out};
use super::pair::Two;
use super::say;
use super::time::word;
use crate::model::{Calendar, Origin, Release};
use std::collections::BTreeMap;

/// A rule of a calendar: its kind, its spelling on both sides, its words, and where it stands.
type Rule = (&'static str, String, String, Origin);

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
        list.push((
            "freeze",
            format!("{:?} {:?} {places} {zone}", f.from, f.to),
            format!(
                "the freeze `{}` from `{}` to `{}`",
                say::text(side.r, &f.why),
                word(&f.from),
                word(&f.to)
            ),
            f.origin.clone(),
        ));
    }
    for b in &c.blackouts {
        let mut days = b.days.clone();
        days.sort();
        list.push((
            "blackout",
            format!("{days:?} {:?}", b.hours),
            "hours in which nothing may be released".into(),
            b.origin.clone(),
        ));
    }
    for d in &c.on_duty {
        let mut days = d.days.clone();
        days.sort();
        list.push((
            "on_duty",
            format!("{} {days:?} {:?}", side.names.roles[d.role.index()], d.hours),
            format!("hours in which `{}` is on duty", side.r.role(d.role).name),
            d.origin.clone(),
        ));
    }
    list
}

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
            .find(|(k, r)| k.0 == "freeze" && r.3 == f.origin)
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
        let ends = |f: &crate::model::Freeze| (word(&f.from), word(&f.to));
        let ((from, to), (begins, ends)) = (ends(a), ends(b));
        if (&from, &to) == (&begins, &ends) {
            continue;
        }
        was.remove(&k);
        is.remove(&l);
        let direction = match (begins > from || ends < to, begins < from || ends > to) {
            (true, false) => Direction::Loosened,
            (false, true) => Direction::Tightened,
            _ => Direction::Changed,
        };
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

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    let (was, is) = (rules(&two.old), rules(&two.new));
    let by = |l: &[Rule]| -> BTreeMap<(&'static str, String), Rule> {
        l.iter().map(|r| ((r.0, r.1.clone()), r.clone())).collect()
    };
    let (a, b) = (by(&was), by(&is));
    let name = two.new.r.calendar.map_or_else(
        || two.new.r.name.to_string(),
        |c| two.new.r.calendar_of(c).name.to_string(),
    );
    let (a, b) = moved(two, out, &name, a, b);
    for (k, (kind, _, words, origin)) in &a {
        if b.contains_key(k) {
            continue;
        }
        let run = match *kind {
            "on_duty" => {
                "something fails in these hours, and nobody is on duty: before, somebody was".to_string()
            }
            _ => "the release takes place in that time: before, it was refused".to_string(),
        };
        out.add(
            Change::new(
                Direction::Loosened,
                Class::Time,
                kind,
                &name,
                format!("{words} is gone").replace("hours in which", "a rule on hours in which"),
            )
            .run(run)
            .everywhere()
            .placed(Some(origin), None),
        );
    }
    for (k, (kind, _, words, origin)) in &b {
        if !a.contains_key(k) {
            out.add(
                Change::new(
                    Direction::Tightened,
                    Class::Time,
                    kind,
                    &name,
                    format!("{words} is new").replace("hours in which", "a rule on hours in which"),
                )
                .everywhere()
                .placed(None, Some(origin)),
            );
        }
    }
    let days = |r: &Release| {
        r.calendar.map(|c| {
            let c = r.calendar_of(c);
            let mut holidays: Vec<_> = c.holidays.iter().map(|h| h.date).collect();
            holidays.sort();
            let mut working = c.working.clone();
            working.sort();
            (holidays, working, c.zone.clone())
        })
    };
    if days(two.old.r) != days(two.new.r) {
        out.add(
            Change::new(
                Direction::Changed,
                Class::Time,
                "calendar",
                &name,
                "the working days, holidays or zone of the calendar have changed".to_string(),
            )
            .everywhere()
            .placed(
                two.old.r.calendar.map(|c| &two.old.r.calendar_of(c).origin),
                two.new.r.calendar.map(|c| &two.new.r.calendar_of(c).origin),
            ),
        );
    }
}
