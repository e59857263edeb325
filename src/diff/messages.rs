//! Who is told, called and owed something.
//!
//! Called by `mod`.

use super::apart::{self, Quote};
use super::canon::Side;
use super::conditions::applies;
use super::out::{Change, Class, Direction, Out, of_release};
use super::pair::Two;
use super::say;
use super::steps;
use crate::model::{
    Channel, Dur, Escalate, Moment, MomentKind, Notify, NotifyTarget, Obligation, Origin, Release,
    RoleOrPerson, StepKind, Text,
};
use std::collections::BTreeMap;

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    notices(two, out);
    escalations(two, out);
    obligations(two, out);
    channels(two, out);
    tells(two, out);
}

/// A moment, in one spelling and in words.
fn moment(side: &Side<'_>, m: &Moment) -> (String, String) {
    let word = m.kind.word();
    match (m.stage, m.each) {
        (Some(s), _) => (
            format!("{word} {}", side.names.stages[s.index()]),
            format!("`{}` {}", side.r.stage(s).name, happens(m.kind)),
        ),
        (None, true) => (format!("{word} each"), format!("each stage {}", happens(m.kind))),
        (None, false) => (word.to_string(), format!("the run {}", happens(m.kind))),
    }
}

fn happens(kind: MomentKind) -> &'static str {
    match kind {
        MomentKind::Scheduled => "is scheduled",
        MomentKind::Started => "starts",
        MomentKind::Finished => "has finished",
        MomentKind::Failed => "fails",
        MomentKind::RolledBack => "is rolled back",
        MomentKind::Paused => "pauses",
        MomentKind::Stopped => "stops",
        MomentKind::NeedsHelp => "needs help",
        MomentKind::Approved => "is approved",
        MomentKind::Rejected => "is rejected",
    }
}

fn target(side: &Side<'_>, t: NotifyTarget) -> (String, String) {
    match t {
        NotifyTarget::Channel(c) => (
            format!("channel {}", side.names.channels[c.index()]),
            say::text(side.r, &side.r.channel(c).title),
        ),
        NotifyTarget::Role(r) => (
            format!("role {}", side.names.roles[r.index()]),
            side.r.role(r).name.to_string(),
        ),
    }
}

/// What becomes of somebody at a moment: the verb stands between the two.
fn verb(words: &str, verb: &str) -> String {
    let (who, when) = words.split_once("` when ").unwrap_or((words, ""));
    format!("{who}` {verb} when {when}")
}

/// A message: to whom, when; then what about it can differ, its words, and its place.
type Message<'a> = (Option<Dur>, String, String, &'a Notify);

fn all<'a>(side: &Side<'a>) -> BTreeMap<(String, String), Message<'a>> {
    let mut map = BTreeMap::new();
    for n in &side.r.notifies {
        let (to, shown) = target(side, n.to);
        for m in &n.on {
            let (at, words) = moment(side, m);
            let owner = n.owner.map(|o| side.names.roles[o.index()].clone());
            let about = format!(
                "{} {owner:?} {}",
                side.maybe(n.message.as_ref()),
                side.cond(&n.when)
            );
            let lead = n.lead.as_ref().map(|(d, _)| *d);
            map.insert(
                (to.clone(), at),
                (lead, about, format!("`{shown}` when {words}"), n),
            );
        }
    }
    map
}

fn notices(two: &Two<'_>, out: &mut Out) {
    let (was, is) = (all(&two.old), all(&two.new));
    let change = of_release(two, Class::Messages, "notify");
    for (key, (lead, about, words, old)) in &was {
        let origin = &old.origin;
        let Some((now, also, shown, new)) = is.get(key) else {
            let message = format!("nobody tells {words} any more");
            let run = format!("nobody tells {words}: before, a message was sent");
            out.add(change(Direction::Loosened, message, run, Some(origin), None));
            continue;
        };
        let place = &new.origin;
        if lead != now {
            let ms = |d: &Option<Dur>| d.map_or(0, Dur::as_ms);
            let word = |d: &Option<Dur>| d.map_or_else(|| "no time".to_string(), |d| format!("`{d}`"));
            let message = verb(
                shown,
                &format!("is told {} ahead instead of {},", word(now), word(lead)),
            );
            let run = format!(
                "{}: the old plan gave {}",
                verb(shown, &format!("is told only {} ahead,", word(now))),
                word(lead)
            );
            out.add(change(
                say::less_is_looser(&ms(lead), &ms(now)),
                message,
                run,
                Some(origin),
                Some(place),
            ));
        }
        if about != also {
            let how = notice(two, old, new);
            let message = verb(shown, &format!("{},", steps::and(how)));
            out.add(change(
                Direction::Changed,
                message,
                String::new(),
                Some(origin),
                Some(place),
            ));
        }
    }
    for (_, (.., words, new)) in is.iter().filter(|(k, _)| !was.contains_key(*k)) {
        let message = verb(words, "is now told");
        out.add(change(
            Direction::Tightened,
            message,
            String::new(),
            None,
            Some(&new.origin),
        ));
    }
}

/// How a message differs, each to follow the name of whom it is sent to.
fn notice(two: &Two<'_>, a: &Notify, b: &Notify) -> Vec<String> {
    let mut how = Vec::new();
    if two.old.maybe(a.message.as_ref()) != two.new.maybe(b.message.as_ref()) {
        let usual = |r: &Release, t: &Option<Text>| match t {
            None => "the usual sentence".to_string(),
            some => say::maybe(r, some.as_ref()),
        };
        how.push(format!(
            "is told {} instead of {}",
            usual(two.new.r, &b.message),
            usual(two.old.r, &a.message)
        ));
    }
    let owner = |side: &Side<'_>, n: &Notify| n.owner.map(|o| side.names.roles[o.index()].clone());
    if owner(&two.old, a) != owner(&two.new, b) {
        let word = |r: &Release, n: &Notify| {
            n.owner
                .map_or_else(|| "the owner".to_string(), |o| format!("`{}`", r.role(o).name))
        };
        how.push(format!(
            "is told by {} instead of {}",
            word(two.new.r, b),
            word(two.old.r, a)
        ));
    }
    if two.old.cond(&a.when) != two.new.cond(&b.when) {
        how.push(format!(
            "is told {}",
            applies((two.old.r, &a.when), (two.new.r, &b.when))
        ));
    }
    how
}

fn escalations(two: &Two<'_>, out: &mut Out) {
    type Call<'c> = (Option<Dur>, String, String, &'c Escalate);
    fn all<'c>(side: &Side<'c>) -> BTreeMap<(String, String), Call<'c>> {
        let mut map = BTreeMap::new();
        for e in &side.r.escalates {
            let (to, shown) = target(side, NotifyTarget::Channel(e.channel));
            for m in &e.on {
                let (at, words) = moment(side, m);
                let about = format!("{:?} {:?}", e.severity, e.to.map(|w| side.who(w)));
                map.insert(
                    (to.clone(), at),
                    (e.unanswered, about, format!("`{shown}` when {words}"), e),
                );
            }
        }
        map
    }
    let (was, is) = (all(&two.old), all(&two.new));
    let change = of_release(two, Class::Messages, "escalate");
    for (key, (after, about, words, old)) in &was {
        let origin = &old.origin;
        let Some((now, also, shown, new)) = is.get(key) else {
            let message = format!("nobody calls {words} any more");
            let run = format!("nobody calls {words}: before, somebody was called");
            out.add(change(Direction::Loosened, message, run, Some(origin), None));
            continue;
        };
        let place = &new.origin;
        if after != now {
            let ms = |d: &Option<Dur>| d.map_or(0, Dur::as_ms);
            let word = |d: &Option<Dur>| d.map_or_else(|| "at once".to_string(), |d| format!("after `{d}`"));
            let message = verb(
                shown,
                &format!(
                    "is called {} without an answer instead of {},",
                    word(now),
                    word(after)
                ),
            );
            let run = format!(
                "nobody answers, and {}: before, {}",
                verb(shown, &format!("is called {},", word(now))),
                word(after)
            );
            out.add(change(
                say::more_is_looser(&ms(after), &ms(now)),
                message,
                run,
                Some(origin),
                Some(place),
            ));
        }
        if about != also {
            let mut how = Vec::new();
            if old.severity != new.severity {
                let word = |e: &Escalate| {
                    let severity = e.severity.as_ref();
                    severity.map_or_else(|| "no severity".to_string(), |s| format!("the severity `{s}`"))
                };
                how.push(format!("is called with {} instead of {}", word(new), word(old)));
            }
            let to = |side: &Side<'_>, e: &Escalate| e.to.map(|w| side.who(w));
            if to(&two.old, old) != to(&two.new, new) {
                let word = |r: &Release, e: &Escalate| match e.to {
                    None => "nobody in particular".to_string(),
                    Some(RoleOrPerson::Role(x)) => format!("`{}`", r.role(x).name),
                    Some(RoleOrPerson::Person(p)) => format!("`{}`", r.person(p).name),
                };
                how.push(format!(
                    "is called for {} instead of {}",
                    word(two.new.r, new),
                    word(two.old.r, old)
                ));
            }
            let message = verb(shown, &format!("{},", steps::and(how)));
            out.add(change(
                Direction::Changed,
                message,
                String::new(),
                Some(origin),
                Some(place),
            ));
        }
    }
    for (_, (.., words, new)) in is.iter().filter(|(k, _)| !was.contains_key(*k)) {
        let message = verb(words, "is now called");
        out.add(change(
            Direction::Tightened,
            message,
            String::new(),
            None,
            Some(&new.origin),
        ));
    }
}

fn obligations(two: &Two<'_>, out: &mut Out) {
    let same = |a: &crate::model::Obligation, b: &crate::model::Obligation| {
        two.old.text(&a.what) == two.new.text(&b.what)
    };
    let change =
        |direction, what: &str, message: String, run: String, old: Option<&Origin>, new: Option<&Origin>| {
            Change::new(direction, Class::Messages, "obligation", what, message)
                .run(run)
                .everywhere()
                .placed(old, new)
        };
    for a in &two.old.r.obligations {
        let what = say::text(two.old.r, &a.what);
        let Some(b) = two.new.r.obligations.iter().find(|b| same(a, b)) else {
            let message = format!("`{what}` is no longer owed afterwards");
            let run = format!("the run ends and nobody owes `{what}`: before, somebody did");
            out.add(change(
                Direction::Loosened,
                &what,
                message,
                run,
                Some(&a.origin),
                None,
            ));
            continue;
        };
        let about = |side: &Side<'_>, o: &crate::model::Obligation| {
            let people: Vec<String> = o
                .attendees
                .iter()
                .map(|r| side.names.roles[r.index()].clone())
                .collect();
            let on: Vec<String> = o.on.iter().map(|m| moment(side, m).0).collect();
            format!(
                "{} {} {} {}",
                side.names.roles[o.owner.index()],
                super::canon::sorted(people),
                side.cond(&o.when),
                super::canon::sorted(on)
            )
        };
        let here = (Some(&a.origin), Some(&b.origin));
        if a.due != b.due {
            let message = format!("`{what}` is due after `{}` instead of `{}`", b.due, a.due);
            let run = format!(
                "`{what}` is done `{}` after the end, and in time: before, it would have been late",
                b.due
            );
            out.add(change(
                say::more_is_looser(&a.due.as_ms(), &b.due.as_ms()),
                &what,
                message,
                run,
                here.0,
                here.1,
            ));
        }
        if about(&two.old, a) != about(&two.new, b) {
            let message = format!("`{what}` {}", steps::and(owed(two, a, b)));
            out.add(change(
                Direction::Changed,
                &what,
                message,
                String::new(),
                here.0,
                here.1,
            ));
        }
    }
    for b in &two.new.r.obligations {
        if two.old.r.obligations.iter().all(|a| !same(a, b)) {
            let what = say::text(two.new.r, &b.what);
            let message = format!("`{what}` is now owed afterwards");
            out.add(change(
                Direction::Tightened,
                &what,
                message,
                String::new(),
                None,
                Some(&b.origin),
            ));
        }
    }
}

/// How work owed afterwards differs, each to follow its name.
fn owed(two: &Two<'_>, a: &Obligation, b: &Obligation) -> Vec<String> {
    let mut how = Vec::new();
    let owner = |side: &Side<'_>, o: &Obligation| side.names.roles[o.owner.index()].clone();
    if owner(&two.old, a) != owner(&two.new, b) {
        let word = |r: &Release, o: &Obligation| r.role(o.owner).name.to_string();
        how.push(format!(
            "is owed by `{}` instead of `{}`",
            word(two.new.r, b),
            word(two.old.r, a)
        ));
    }
    let with = |side: &Side<'_>, o: &Obligation| -> BTreeMap<String, String> {
        let each = o.attendees.iter();
        each.map(|x| {
            (
                side.names.roles[x.index()].clone(),
                side.r.role(*x).name.to_string(),
            )
        })
        .collect()
    };
    let (was, is) = (with(&two.old, a), with(&two.new, b));
    let only = |x: &BTreeMap<String, String>, y: &BTreeMap<String, String>| {
        let more = x.iter().filter(|(k, _)| !y.contains_key(*k));
        say::list(more.map(|(_, w)| w.clone()).collect::<Vec<_>>())
    };
    let (gone, come) = (only(&was, &is), only(&is, &was));
    if !gone.is_empty() {
        how.push(format!("is done without {gone}"));
    }
    if !come.is_empty() {
        how.push(format!("is now done with {come}"));
    }
    if two.old.cond(&a.when) != two.new.cond(&b.when) {
        how.push(format!(
            "is owed {}",
            applies((two.old.r, &a.when), (two.new.r, &b.when))
        ));
    }
    let after = |side: &Side<'_>, o: &Obligation| {
        let each: Vec<(String, String)> = o.on.iter().map(|m| moment(side, m)).collect();
        let words: Vec<String> = each.iter().map(|(_, w)| w.clone()).collect();
        let words = if words.is_empty() {
            "the run ends".to_string()
        } else {
            words.join(" or ")
        };
        (
            super::canon::sorted(each.into_iter().map(|(k, _)| k).collect()),
            words,
        )
    };
    let (x, y) = (after(&two.old, a), after(&two.new, b));
    if x.0 != y.0 {
        how.push(format!("is owed after {} instead of after {}", y.1, x.1));
    }
    how
}

fn channels(two: &Two<'_>, out: &mut Out) {
    for (o, n) in &two.channels.both {
        let (a, b) = (&two.old.r.channels[*o], &two.new.r.channels[*n]);
        let sent = |side: &Side<'_>, c: &Channel| {
            format!(
                "{:?} {:?} {:?}",
                c.run.as_ref().map(|r| side.command(r)),
                c.task.as_ref().map(|t| side.task(t)),
                super::canon::sorted(c.secrets.iter().map(ToString::to_string).collect())
            )
        };
        if sent(&two.old, a) != sent(&two.new, b) {
            let title = say::text(two.new.r, &b.title);
            out.add(
                Change::new(
                    Direction::Changed,
                    Class::Messages,
                    "channel",
                    &title,
                    format!("the channel `{title}` {}", steps::and(sending(two, a, b))),
                )
                .everywhere()
                .placed(Some(&a.origin), Some(&b.origin)),
            );
        }
    }
}

/// How messages are sent otherwise, each to follow the name of the channel.
fn sending(two: &Two<'_>, a: &Channel, b: &Channel) -> Vec<String> {
    let mut how = Vec::new();
    let by = |side: &Side<'_>, c: &Channel| {
        let run = c
            .run
            .iter()
            .map(|run| (side.command(run), say::command(side.r, run)));
        let task = c
            .task
            .iter()
            .map(|task| (side.task(task), say::call(side.r, task)));
        let (known, quotes): (Vec<String>, Vec<Quote>) = run.chain(task).unzip();
        (known, quotes)
    };
    let (was, is) = (by(&two.old, a), by(&two.new, b));
    if was.0 != is.0 {
        let word = |list: Vec<String>| match list.is_empty() {
            true => "nothing".to_string(),
            false => apart::and(&list),
        };
        let (before, now) = apart::lists(&was.1, &is.1);
        let (before, now) = (word(before), word(now));
        if before != now {
            how.push(format!("sends with {now} instead of {before}"));
        }
    }
    let secrets = |c: &Channel| -> Vec<(String, String)> {
        let names = c.secrets.iter().map(ToString::to_string);
        names.map(|n| (n.clone(), n)).collect()
    };
    how.extend(steps::changed(
        &secrets(a),
        &secrets(b),
        "reads the secret",
        "reads the secret",
    ));
    how
}

/// `tell` among the steps of a stage, and `finally`.
fn tells(two: &Two<'_>, out: &mut Out) {
    for (at, old, new) in two.both_stages() {
        let list = |s: &'_ crate::model::Stage| -> Vec<crate::model::Step> {
            let tells = s.forward_steps().into_iter();
            tells
                .filter(|s| matches!(s.kind, StepKind::Tell(..)))
                .cloned()
                .collect()
        };
        let while_at_work = format!("while `{}` is at work", new.name);
        for message in steps::differ(two, &while_at_work, &list(old), &list(new)) {
            out.add(
                Change::new(Direction::Changed, Class::Messages, "stage", &new.name, message)
                    .at([at])
                    .placed(Some(&old.origin), Some(&new.origin)),
            );
        }
    }
    let (old, new) = (&two.old.r.finally, &two.new.r.finally);
    for message in steps::differ(two, "at the end of every run", old, new) {
        let first = |r: &Release| r.finally.first().map(|s| s.origin.clone());
        out.add(
            Change::new(
                Direction::Changed,
                Class::Work,
                "finally",
                &two.new.r.name,
                message,
            )
            .everywhere()
            .placed(first(two.old.r).as_ref(), first(two.new.r).as_ref()),
        );
    }
}
