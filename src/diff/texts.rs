//! What people read and what people are recognised by: titles, descriptions, versions, logins, the rehearsal.
//!
//! Called by `mod`.

use super::canon::Side;
use super::out::{Change, Class, Direction, Out, Spot};
use super::pair::Two;
use super::say;
use crate::model::{Origin, Release, Text};

/// Texts that people read and that change nothing else.
pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    let (a, b) = (two.old.r, two.new.r);
    let mut differs =
        |kind, name: &str, what: &str, x: String, y: String, old: &Origin, new: &Origin, at: Option<Spot>| {
            if x != y {
                let change = Change::cosmetic(
                    kind,
                    name,
                    format!("the {what} of the {kind} `{name}` has changed"),
                );
                let change = match at {
                    Some(at) => change.at([at]),
                    None => change.everywhere(),
                };
                out.add(change.placed(Some(old), Some(new)));
            }
        };
    let doc = |d: &Option<String>| d.clone().unwrap_or_default();
    // A name that is also the title is no title.
    let title = |x: (&Text, &str), y: (&Text, &str)| {
        let plain = |s: &str| s.replace('_', " ").to_lowercase();
        let (p, q) = (two.old.text(x.0), two.new.text(y.0));
        if p == q || (plain(&p) == plain(x.1) && plain(&q) == plain(y.1)) {
            (String::new(), String::new())
        } else {
            (p, q)
        }
    };
    differs(
        "release",
        &b.name,
        "title",
        two.old.text(&a.title),
        two.new.text(&b.title),
        &a.origin,
        &b.origin,
        None,
    );
    differs(
        "release",
        &b.name,
        "description",
        doc(&a.doc),
        doc(&b.doc),
        &a.origin,
        &b.origin,
        None,
    );
    differs(
        "release",
        &b.name,
        "summary",
        two.old.maybe(a.summary.as_ref()),
        two.new.maybe(b.summary.as_ref()),
        &a.origin,
        &b.origin,
        None,
    );
    if a.name != b.name {
        let message = format!("the release is called `{}` instead of `{}`", b.name, a.name);
        out.add(
            Change::cosmetic("release", &b.name, message)
                .everywhere()
                .placed(Some(&a.origin), Some(&b.origin)),
        );
    }
    for (what, x, y) in [
        ("version", Some(&a.version), Some(&b.version)),
        ("replaced version", a.replaces.as_ref(), b.replaces.as_ref()),
    ] {
        if two.old.maybe(x) != two.new.maybe(y) {
            let message = format!(
                "the {what} is {} instead of {}",
                say::maybe(b, y),
                say::maybe(a, x)
            );
            out.add(
                Change::new(Direction::Changed, Class::Work, "release", &b.name, message)
                    .everywhere()
                    .placed(Some(&a.origin), Some(&b.origin)),
            );
        }
    }
    rehearsal(two, out);
    let mut differs =
        |kind, name: &str, what: &str, x: String, y: String, old: &Origin, new: &Origin, at: Option<Spot>| {
            if x != y {
                let change = Change::cosmetic(
                    kind,
                    name,
                    format!("the {what} of the {kind} `{name}` has changed"),
                );
                let change = match at {
                    Some(at) => change.at([at]),
                    None => change,
                };
                out.add(change.placed(Some(old), Some(new)));
            }
        };
    for (at, x, y) in two.both_stages() {
        let (was, is) = title((&x.title, &x.name), (&y.title, &y.name));
        differs("stage", &y.name, "title", was, is, &x.origin, &y.origin, Some(at));
        differs(
            "stage",
            &y.name,
            "description",
            doc(&x.doc),
            doc(&y.doc),
            &x.origin,
            &y.origin,
            Some(at),
        );
    }
    for (o, n) in &two.approvals.both {
        let (x, y) = (&a.approvals[*o], &b.approvals[*n]);
        let (was, is) = title((&x.title, &x.name), (&y.title, &y.name));
        differs("approval", &y.name, "title", was, is, &x.origin, &y.origin, None);
    }
    for (o, n) in &two.gates.both {
        let (x, y) = (&a.gates[*o], &b.gates[*n]);
        let (was, is) = title((&x.title, &x.name), (&y.title, &y.name));
        differs("gate", &y.name, "title", was, is, &x.origin, &y.origin, None);
    }
    for (o, n) in &two.roles.both {
        let (x, y) = (&a.roles[*o], &b.roles[*n]);
        let (was, is) = title((&x.title, &x.name), (&y.title, &y.name));
        differs("role", &y.name, "title", was, is, &x.origin, &y.origin, None);
    }
    for (o, n) in &two.people.both {
        let (x, y) = (&a.people[*o], &b.people[*n]);
        differs(
            "person",
            &y.name,
            "name",
            two.old.text(&x.full_name),
            two.new.text(&y.full_name),
            &x.origin,
            &y.origin,
            None,
        );
    }
    people(two, out);
}

/// How a person is recognised: whoever holds the login says yes.
fn people(two: &Two<'_>, out: &mut Out) {
    for (o, n) in &two.people.both {
        let (x, y) = (&two.old.r.people[*o], &two.new.r.people[*n]);
        for (what, p, q) in [
            ("GitHub login", &x.github, &y.github),
            ("AWS principal", &x.aws, &y.aws),
            ("mail address", &x.email, &y.email),
        ] {
            if two.old.maybe(p.as_ref()) != two.new.maybe(q.as_ref()) {
                let message = format!(
                    "the {what} of `{}` is {} instead of {}",
                    y.name,
                    say::maybe(two.new.r, q.as_ref()),
                    say::maybe(two.old.r, p.as_ref())
                );
                out.add(
                    Change::new(Direction::Changed, Class::Duties, "person", &y.name, message)
                        .everywhere()
                        .placed(Some(&x.origin), Some(&y.origin)),
                );
            }
        }
        if x.bot != y.bot {
            let message = if y.bot {
                format!("`{}` is a bot now", y.name)
            } else {
                format!("`{}` counts as a person now", y.name)
            };
            let direction = if y.bot {
                Direction::Tightened
            } else {
                Direction::Loosened
            };
            out.add(
                Change::new(direction, Class::Duties, "person", &y.name, message)
                    .run(format!(
                        "`{}` says yes, and it counts: before, it was a bot",
                        y.name
                    ))
                    .everywhere()
                    .placed(Some(&x.origin), Some(&y.origin)),
            );
        }
    }
}

fn rehearsal(two: &Two<'_>, out: &mut Out) {
    let spelled = |side: &Side<'_>| {
        side.r.tested.as_ref().map(|t| {
            format!(
                "{:?} {:?} {} {}",
                t.environment.map(|e| side.names.environments[e.index()].clone()),
                t.on,
                side.maybe(t.evidence.as_ref()),
                side.maybe(t.digest.as_ref())
            )
        })
    };
    let (was, is) = (spelled(&two.old), spelled(&two.new));
    if was == is {
        return;
    }
    let (direction, message) = match (&was, &is) {
        (Some(_), None) => (Direction::Loosened, "the plan no longer claims a rehearsal"),
        (None, Some(_)) => (Direction::Tightened, "the plan now names a rehearsal"),
        _ => (Direction::Changed, "the plan names another rehearsal"),
    };
    let place = |r: &Release| r.tested.as_ref().map(|t| t.origin.clone());
    out.add(
        Change::new(
            direction,
            Class::Gate,
            "release",
            &two.new.r.name,
            message.to_string(),
        )
        .run("the plan runs in production without ever having been tried: before, a rehearsal was named")
        .everywhere()
        .placed(place(two.old.r).as_ref(), place(two.new.r).as_ref()),
    );
}
