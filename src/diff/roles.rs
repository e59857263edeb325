//! What a role is besides the people whom the plan names: its team, its kind, how many are in it, with whom it shares nobody.
//!
//! Called by `duties`.

use super::canon::Side;
use super::out::{Change, Class, Direction, Out};
use super::pair::Two;
use super::say;
use super::steps::instead;
use crate::model::Role;
use std::collections::BTreeMap;

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    for (o, n) in &two.roles.both {
        let (a, b) = (&two.old.r.roles[*o], &two.new.r.roles[*n]);
        for (direction, message, run) in differs(two, a, b) {
            out.add(
                Change::new(direction, Class::Duties, "role", &b.name, message)
                    .run(run)
                    .everywhere()
                    .placed(Some(&a.origin), Some(&b.origin)),
            );
        }
    }
}

fn differs(two: &Two<'_>, a: &Role, b: &Role) -> Vec<(Direction, String, String)> {
    let name = &b.name;
    let mut list = Vec::new();
    for (what, x, y) in [("team", &a.team, &b.team), ("AWS role", &a.aws, &b.aws)] {
        if two.old.maybe(x.as_ref()) != two.new.maybe(y.as_ref()) {
            let message = format!(
                "the {what} of `{name}` is {}",
                instead(two, x.as_ref(), y.as_ref())
            );
            list.push((Direction::Changed, message, String::new()));
        }
    }
    let size = |r: &Role| r.at_least.as_ref().map(|(n, _)| *n);
    if size(a) != size(b) {
        let word = |n: Option<u32>| {
            n.map_or_else(
                || "an unknown number of people".to_string(),
                |n| format!("at least {}", say::people(n as usize)),
            )
        };
        let message = format!(
            "`{name}` is said to have {} instead of {}",
            word(size(b)),
            word(size(a))
        );
        list.push((Direction::Changed, message, String::new()));
    }
    if a.kind != b.kind {
        let word = |r: &Role| {
            r.kind.map_or_else(
                || "nothing in particular".to_string(),
                |k| format!("`{}`", k.word()),
            )
        };
        let message = format!("`{name}` counts as {} instead of {}", word(b), word(a));
        list.push((Direction::Changed, message, String::new()));
    }
    let excluded = |side: &Side<'_>, r: &Role| -> BTreeMap<String, String> {
        let each = r.excludes.iter();
        each.map(|(x, _)| {
            (
                side.names.roles[x.index()].clone(),
                side.r.role(*x).name.to_string(),
            )
        })
        .collect()
    };
    let (was, is) = (excluded(&two.old, a), excluded(&two.new, b));
    for other in was.iter().filter(|(k, _)| !is.contains_key(*k)).map(|(_, w)| w) {
        list.push((
            Direction::Loosened,
            format!("`{name}` and `{other}` may now share people"),
            format!(
                "somebody is in `{name}` and in `{other}`, and acts as both: before, the plan refused that"
            ),
        ));
    }
    for other in is.iter().filter(|(k, _)| !was.contains_key(*k)).map(|(_, w)| w) {
        let message = format!("`{name}` and `{other}` may no longer share people");
        list.push((Direction::Tightened, message, String::new()));
    }
    list
}
