//! What else a run may meet: another run, a refusal, users who notice, people who are told of an override.
//!
//! Called by `mod`.

use super::canon::{Side, sorted};
use super::out::{Change, Class, Direction, Out, of_release};
use super::pair::Two;
use super::say;
use crate::model::{
    Approval, ApprovalOutcome, Dur, FailureOutcome, Impact, Lock, NotifyTarget, Origin, Override,
};
use std::collections::BTreeMap;

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    locks(two, out);
    for (o, n) in &two.approvals.both {
        let (old, new) = (&two.old.r.approvals[*o], &two.new.r.approvals[*n]);
        refusal(two, out, (*o, old), (*n, new));
    }
    impacts(two, out);
    told(two, out);
}

/// The locks of a side by what they lock.
fn locked<'a>(side: &Side<'a>) -> BTreeMap<String, &'a Lock> {
    side.r.locks.iter().map(|l| (side.text(&l.name), l)).collect()
}

fn locks(two: &Two<'_>, out: &mut Out) {
    let (was, is) = (locked(&two.old), locked(&two.new));
    let change = of_release(two, Class::Order, "release");
    for (key, a) in &was {
        let name = say::text(two.old.r, &a.name);
        let Some(b) = is.get(key) else {
            out.add(change(
                Direction::Loosened,
                format!("the run no longer takes the lock `{name}`"),
                format!(
                    "two runs that take `{name}` are under way at once: before, one waited for the other"
                ),
                Some(&a.origin),
                None,
            ));
            continue;
        };
        if a.drop != b.drop {
            let word = |drop: bool| if drop { "is dropped" } else { "waits" };
            out.add(change(
                Direction::Changed,
                format!(
                    "a run that finds the lock `{name}` taken {} instead of {}",
                    word(b.drop),
                    if a.drop { "being dropped" } else { "waiting" }
                ),
                String::new(),
                Some(&a.origin),
                Some(&b.origin),
            ));
        }
    }
    for (_, b) in is.iter().filter(|(k, _)| !was.contains_key(*k)) {
        let name = say::text(two.new.r, &b.name);
        out.add(change(
            Direction::Tightened,
            format!("the run now takes the lock `{name}`"),
            String::new(),
            None,
            Some(&b.origin),
        ));
    }
}

/// What a refusal means, as what a failure may mean.
fn meant(a: &Approval) -> FailureOutcome {
    match a.otherwise {
        ApprovalOutcome::Rollback => FailureOutcome::Rollback,
        ApprovalOutcome::Stop => FailureOutcome::Stop,
        ApprovalOutcome::Restart(s, n) => FailureOutcome::Restart(s, n),
    }
}

fn refusal(two: &Two<'_>, out: &mut Out, (o, old): (usize, &Approval), (n, new): (usize, &Approval)) {
    let (was, is) = (meant(old), meant(new));
    if two.old.outcome(&was) == two.new.outcome(&is) {
        return;
    }
    let name = new.name.as_str();
    let (before, now) = (say::outcome(two.old.r, &was), say::outcome(two.new.r, &is));
    let spots = super::duties::behind(two, Some(o), Some(n));
    out.add(
        Change::new(
            say::less_is_looser(&say::strictness(&was), &say::strictness(&is)),
            say::about([say::takes_back(&was), say::takes_back(&is)]),
            "approval",
            name,
            format!("a refusal of `{name}` leads to {now} instead of {before}"),
        )
        .run(format!(
            "`{name}` is refused when something has begun, and what follows is {now}: before, it was {before}"
        ))
        .at(spots)
        .placed(Some(&old.origin), Some(&new.origin)),
    );
}

/// What users are promised to notice at most: its words, and when and how long.
fn noticed(side: &Side<'_>, i: &Impact) -> (String, String, Option<Dur>, String) {
    let during = sorted(
        i.during
            .iter()
            .map(|s| side.names.stages[s.index()].clone())
            .collect(),
    );
    (side.text(&i.what), during, i.at_most, say::text(side.r, &i.what))
}

fn impacts(two: &Two<'_>, out: &mut Out) {
    let list = |side: &Side<'_>| -> BTreeMap<String, (String, Option<Dur>, String, Origin)> {
        let all = side.r.impacts.iter().map(|i| {
            let (key, during, most, words) = noticed(side, i);
            (key, (during, most, words, i.origin.clone()))
        });
        all.collect()
    };
    let (was, is) = (list(&two.old), list(&two.new));
    let change = of_release(two, Class::Messages, "release");
    for (key, (during, most, words, origin)) in &was {
        let Some((now, limit, _, place)) = is.get(key) else {
            let message = format!("users are no longer said to notice `{words}`");
            out.add(change(
                Direction::Changed,
                message,
                String::new(),
                Some(origin),
                None,
            ));
            continue;
        };
        if most != limit {
            let message = format!(
                "users may notice `{words}` for {} instead of {}",
                say::dur(*limit),
                say::dur(*most)
            );
            let run = format!(
                "users notice `{words}` for longer than {}, and the plan keeps its word: before, it was broken",
                say::dur(*most)
            );
            let direction = say::limit(*most, *limit);
            out.add(change(direction, message, run, Some(origin), Some(place)));
        }
        if during != now {
            let message = format!("users notice `{words}` during other stages");
            out.add(change(
                Direction::Changed,
                message,
                String::new(),
                Some(origin),
                Some(place),
            ));
        }
    }
    for (_, (_, _, words, origin)) in is.iter().filter(|(k, _)| !was.contains_key(*k)) {
        let message = format!("users are now said to notice `{words}`");
        out.add(change(
            Direction::Changed,
            message,
            String::new(),
            None,
            Some(origin),
        ));
    }
}

/// Who is told when an override is used.
fn told(two: &Two<'_>, out: &mut Out) {
    let who = |side: &Side<'_>, o: &Override| -> BTreeMap<String, String> {
        let one = |t: &NotifyTarget| match t {
            NotifyTarget::Channel(c) => (
                format!("channel {}", side.names.channels[c.index()]),
                say::text(side.r, &side.r.channel(*c).title),
            ),
            NotifyTarget::Role(r) => (
                format!("role {}", side.names.roles[r.index()]),
                side.r.role(*r).name.to_string(),
            ),
        };
        o.notify.iter().map(one).collect()
    };
    for a in &two.old.r.overrides {
        let Some(b) = two.new.r.overrides.iter().find(|b| b.name == a.name) else {
            continue;
        };
        let (was, is) = (who(&two.old, a), who(&two.new, b));
        for (direction, from, to) in [
            (Direction::Loosened, &was, &is),
            (Direction::Tightened, &is, &was),
        ] {
            let only = from.iter().filter(|(k, _)| !to.contains_key(*k));
            let names: Vec<String> = only.map(|(_, w)| w.clone()).collect();
            if names.is_empty() {
                continue;
            }
            let list = say::list(&names);
            let (message, run) = if direction == Direction::Loosened {
                (
                    format!(
                        "nobody tells {list} any more when the override `{}` is used",
                        b.name
                    ),
                    format!(
                        "`{}` is used, and {list} does not hear of it: before, a message was sent",
                        b.name
                    ),
                )
            } else {
                (
                    format!("{list} is now told when the override `{}` is used", b.name),
                    String::new(),
                )
            };
            out.add(
                Change::new(direction, Class::Messages, "override", &b.name, message)
                    .run(run)
                    .everywhere()
                    .placed(Some(&a.origin), Some(&b.origin)),
            );
        }
    }
}
