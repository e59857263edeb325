//! Where things take place: how much an environment counts, what is kept in it, where it is.
//!
//! Called by `work`.

use super::canon::Side;
use super::out::{Change, Class, Direction, Out, Spot};
use super::pair::Two;
use super::say;
use crate::model::{Environment, Release};

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    for (o, n) in &two.environments.both {
        let (a, b) = (&two.old.r.environments[*o], &two.new.r.environments[*n]);
        let (a, b): (&Environment, &Environment) = (a, b);
        let inside: Vec<Spot> = two
            .both_stages()
            .filter(|(_, x, y)| x.environment.index() == *o || y.environment.index() == *n)
            .map(|(s, _, _)| s)
            .collect();
        let mut add = |direction, message: String, run: String| {
            out.add(
                Change::new(direction, Class::Work, "environment", &b.name, message)
                    .run(run)
                    .at(inside.iter().copied())
                    .placed(Some(&a.origin), Some(&b.origin)),
            );
        };
        if a.kind != b.kind {
            add(
                say::less_is_looser(&a.kind, &b.kind),
                format!(
                    "`{}` counts as {} instead of {}",
                    b.name,
                    b.kind.word(),
                    a.kind.word()
                ),
                format!(
                    "`{}` is changed under the rules for {}: before, under those for {}",
                    b.name,
                    b.kind.word(),
                    a.kind.word()
                ),
            );
        }
        if a.classification != b.classification {
            let word = |c: Option<crate::model::Classification>| {
                c.map_or_else(|| "nothing".to_string(), |c| format!("`{}`", c.word()))
            };
            add(
                say::less_is_looser(&a.classification, &b.classification),
                format!(
                    "the data of `{}` is classified as {} instead of {}",
                    b.name,
                    word(b.classification),
                    word(a.classification)
                ),
                format!(
                    "data of `{}` is handled as {}: before, more closely",
                    b.name,
                    word(b.classification)
                ),
            );
        }
        for (what, x, y) in [
            ("region", &a.region, &b.region),
            ("account", &a.account, &b.account),
            ("address", &a.url, &b.url),
            ("infrastructure", &a.iac, &b.iac),
            ("encryption", &a.encryption, &b.encryption),
        ] {
            if two.old.maybe(x.as_ref()) == two.new.maybe(y.as_ref()) {
                continue;
            }
            let direction = match (x, y) {
                (Some(_), None) if what == "encryption" => Direction::Loosened,
                (None, Some(_)) if what == "encryption" => Direction::Tightened,
                _ => Direction::Changed,
            };
            add(
                direction,
                format!(
                    "the {what} of `{}` is {} instead of {}",
                    b.name,
                    say::maybe(two.new.r, y.as_ref()),
                    say::maybe(two.old.r, x.as_ref())
                ),
                format!(
                    "data of `{}` is kept without encryption: before, it was encrypted",
                    b.name
                ),
            );
        }
        let mirrors =
            |side: &Side<'_>, e: &Environment| e.mirrors.map(|m| side.names.environments[m.index()].clone());
        let stands = |r: &Release, e: &Environment| {
            e.mirrors
                .map_or_else(|| "itself".to_string(), |m| format!("`{}`", r.env(m).name))
        };
        if mirrors(&two.old, a) != mirrors(&two.new, b) {
            add(
                Direction::Changed,
                format!(
                    "`{}` stands for {} instead of {}",
                    b.name,
                    stands(two.new.r, b),
                    stands(two.old.r, a)
                ),
                String::new(),
            );
        }
    }
}
