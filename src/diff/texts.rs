//! What people read and what people are recognised by: titles, descriptions, versions, logins, the rehearsal.
//!
//! Called by `mod`.

use super::canon::Side;
use super::out::{Change, Class, Direction, Out};
use super::pair::Two;
use super::say;
use super::steps;
use crate::model::{Origin, Release, Tested, Text};

/// A text on both sides, absent or not, with the name of what it belongs to.
struct Pair<'a> {
    kind: &'static str,
    what: &'static str,
    name: [&'a str; 2],
    text: [Option<&'a Text>; 2],
    origin: [&'a Origin; 2],
}

impl Pair<'_> {
    /// What is said when the two differ. A name that is also the title is no title.
    fn change(self, two: &Two<'_>) -> Option<Change> {
        let (x, y) = (two.old.maybe(self.text[0]), two.new.maybe(self.text[1]));
        let plain = |s: &str| s.replace('_', " ").to_lowercase();
        let named = plain(&x) == plain(self.name[0]) && plain(&y) == plain(self.name[1]);
        if x == y || (named && self.what == "title") {
            return None;
        }
        let message = format!(
            "the {} of the {} `{}` is {}",
            self.what,
            self.kind,
            self.name[1],
            steps::instead(two, self.text[0], self.text[1])
        );
        Some(
            Change::cosmetic(self.kind, self.name[1], message)
                .placed(Some(self.origin[0]), Some(self.origin[1])),
        )
    }
}

/// Texts that people read and that change nothing else.
pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    let (a, b) = (two.old.r, two.new.r);
    let of_release = |what, x, y| Pair {
        kind: "release",
        what,
        name: [&a.name, &b.name],
        text: [x, y],
        origin: [&a.origin, &b.origin],
    };
    for pair in [
        of_release("title", Some(&a.title), Some(&b.title)),
        of_release("summary", a.summary.as_ref(), b.summary.as_ref()),
    ] {
        if let Some(change) = pair.change(two) {
            out.add(change.everywhere());
        }
    }
    let described = |kind, name: &str, x: &Option<String>, y: &Option<String>, places: [&Origin; 2]| {
        let doc = |d: &Option<String>| d.clone().unwrap_or_default();
        (doc(x) != doc(y)).then(|| {
            let message = format!(
                "the description of the {kind} `{name}` is {}",
                steps::written(x, y)
            );
            Change::cosmetic(kind, name, message).placed(Some(places[0]), Some(places[1]))
        })
    };
    if let Some(change) = described("release", &b.name, &a.doc, &b.doc, [&a.origin, &b.origin]) {
        out.add(change.everywhere());
    }
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
            let message = format!("the {what} is {}", steps::instead(two, x, y));
            out.add(
                Change::new(Direction::Changed, Class::Work, "release", &b.name, message)
                    .everywhere()
                    .placed(Some(&a.origin), Some(&b.origin)),
            );
        }
    }
    rehearsal(two, out);
    for (at, x, y) in two.both_stages() {
        let title = Pair {
            kind: "stage",
            what: "title",
            name: [&x.name, &y.name],
            text: [Some(&x.title), Some(&y.title)],
            origin: [&x.origin, &y.origin],
        };
        let doc = described("stage", &y.name, &x.doc, &y.doc, [&x.origin, &y.origin]);
        for change in title.change(two).into_iter().chain(doc) {
            out.add(change.at([at]));
        }
    }
    let titled = |kind, name: [&'_ str; 2], text: [&'_ Text; 2], origin: [&'_ Origin; 2]| {
        let what = if kind == "person" { "name" } else { "title" };
        let text = text.map(Some);
        Pair {
            kind,
            what,
            name,
            text,
            origin,
        }
        .change(two)
    };
    let mut list = Vec::new();
    for (o, n) in &two.approvals.both {
        let (x, y) = (&a.approvals[*o], &b.approvals[*n]);
        list.push(titled(
            "approval",
            [&x.name, &y.name],
            [&x.title, &y.title],
            [&x.origin, &y.origin],
        ));
    }
    for (o, n) in &two.gates.both {
        let (x, y) = (&a.gates[*o], &b.gates[*n]);
        list.push(titled(
            "gate",
            [&x.name, &y.name],
            [&x.title, &y.title],
            [&x.origin, &y.origin],
        ));
    }
    for (o, n) in &two.roles.both {
        let (x, y) = (&a.roles[*o], &b.roles[*n]);
        list.push(titled(
            "role",
            [&x.name, &y.name],
            [&x.title, &y.title],
            [&x.origin, &y.origin],
        ));
    }
    for (o, n) in &two.people.both {
        let (x, y) = (&a.people[*o], &b.people[*n]);
        let names = [&x.full_name, &y.full_name];
        list.push(titled(
            "person",
            [&x.name, &y.name],
            names,
            [&x.origin, &y.origin],
        ));
    }
    for change in list.into_iter().flatten() {
        out.add(change);
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
    let (direction, message) = match (&two.old.r.tested, &two.new.r.tested) {
        (Some(_), None) => (
            Direction::Loosened,
            "the plan no longer claims a rehearsal".into(),
        ),
        (None, Some(_)) => (Direction::Tightened, "the plan now names a rehearsal".into()),
        (Some(a), Some(b)) => (
            Direction::Changed,
            format!(
                "the plan names another rehearsal: {}",
                steps::and(another(two, a, b))
            ),
        ),
        (None, None) => return,
    };
    let place = |r: &Release| r.tested.as_ref().map(|t| t.origin.clone());
    out.add(
        Change::new(direction, Class::Gate, "release", &two.new.r.name, message)
            .run("the plan runs in production without ever having been tried: before, a rehearsal was named")
            .everywhere()
            .placed(place(two.old.r).as_ref(), place(two.new.r).as_ref()),
    );
}

/// How one rehearsal differs from another.
pub(super) fn another(two: &Two<'_>, a: &Tested, b: &Tested) -> Vec<String> {
    let mut how = Vec::new();
    let place =
        |side: &Side<'_>, t: &Tested| t.environment.map(|e| side.names.environments[e.index()].clone());
    if place(&two.old, a) != place(&two.new, b) {
        let words = |r: &Release, t: &Tested| {
            t.environment
                .map_or_else(|| "somewhere".to_string(), |e| format!("`{}`", r.env(e).name))
        };
        how.push(format!(
            "in {} instead of {}",
            words(two.new.r, b),
            words(two.old.r, a)
        ));
    }
    if a.on != b.on {
        let words = |t: &Tested| t.on.map_or_else(|| "some day".to_string(), |d| format!("`{d}`"));
        how.push(format!("on {} instead of {}", words(b), words(a)));
    }
    for (what, x, y) in [
        ("with the evidence", &a.evidence, &b.evidence),
        ("of the digest", &a.digest, &b.digest),
    ] {
        if two.old.maybe(x.as_ref()) != two.new.maybe(y.as_ref()) {
            how.push(format!("{what} {}", steps::instead(two, x.as_ref(), y.as_ref())));
        }
    }
    how
}
