//! What the change request says of the release: its class and risk, by which boards and policies judge it, and its texts.
//!
//! Called by `rules`.

use super::canon::Side;
use super::out::{Change, Class, Direction, Out};
use super::pair::Two;
use super::say;
use super::steps;
use crate::model::{ChangeType, Dur, Level, RiskItem};
use std::collections::BTreeMap;

type Request = crate::model::Change;

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    let (a, b) = match (&two.old.r.change, &two.new.r.change) {
        (None, None) => return,
        (Some(a), Some(b)) => (a, b),
        (a, b) => {
            let (direction, message) = if a.is_some() {
                (Direction::Loosened, "there is no change request any more")
            } else {
                (Direction::Tightened, "there is a change request now")
            };
            out.add(
                Change::new(
                    direction,
                    Class::Duties,
                    "change",
                    &two.new.r.name,
                    message.to_string(),
                )
                .run("the release takes place without a change request: before, it had one")
                .everywhere()
                .placed(a.as_ref().map(|c| &c.origin), b.as_ref().map(|c| &c.origin)),
            );
            return;
        }
    };
    let name = say::text(two.new.r, &b.id);
    for (direction, class, message, run) in differs(two, a, b) {
        out.add(
            Change::new(direction, class, "change", &name, message)
                .run(run)
                .everywhere()
                .placed(Some(&a.origin), Some(&b.origin)),
        );
    }
}

fn differs(two: &Two<'_>, a: &Request, b: &Request) -> Vec<(Direction, Class, String, String)> {
    let mut list = Vec::new();
    // A normal change is looked at before it takes place; the others are not, or in haste.
    let looked_at = |c: ChangeType| u8::from(c == ChangeType::Normal);
    if a.kind != b.kind {
        let (was, is) = (a.kind.word(), b.kind.word());
        list.push((
            say::less_is_looser(&looked_at(a.kind), &looked_at(b.kind)),
            Class::Duties,
            format!("the change request is of the type `{is}` instead of `{was}`"),
            format!(
                "the release is judged by the rules for a `{is}` change: before, by those for a `{was}` one"
            ),
        ));
    }
    if a.risk != b.risk {
        let (was, is) = (a.risk.word(), b.risk.word());
        list.push((
            say::less_is_looser(&a.risk, &b.risk),
            Class::Duties,
            format!("the change request calls the risk `{is}` instead of `{was}`"),
            format!(
                "the release is judged by the rules for a `{is}` risk: before, by those for a `{was}` one"
            ),
        ));
    }
    if a.downtime != b.downtime {
        let some = |d: Option<Dur>| u8::from(d.is_some_and(|d| d.as_ms() > 0));
        let word = |d: Option<Dur>| d.map_or_else(|| "not said".to_string(), |d| format!("`{d}`"));
        list.push((
            say::less_is_looser(&some(a.downtime), &some(b.downtime)),
            Class::Time,
            format!(
                "the downtime in the change request is {} instead of {}",
                word(b.downtime),
                word(a.downtime)
            ),
            "the release takes place with nobody told ahead of a downtime: before, it had to be announced"
                .into(),
        ));
    }
    for message in wording(two, a, b) {
        list.push((Direction::Changed, Class::Cosmetic, message, String::new()));
    }
    list
}

/// The texts that are not the same, both of each.
fn wording(two: &Two<'_>, a: &Request, b: &Request) -> Vec<String> {
    let mut list = Vec::new();
    for (what, x, y) in [
        ("number", Some(&a.id), Some(&b.id)),
        (
            "justification",
            a.justification.as_ref(),
            b.justification.as_ref(),
        ),
        ("benefit", a.benefit.as_ref(), b.benefit.as_ref()),
        ("impact", a.impact.as_ref(), b.impact.as_ref()),
        ("ticket", a.ticket.as_ref(), b.ticket.as_ref()),
    ] {
        if two.old.maybe(x) != two.new.maybe(y) {
            list.push(format!(
                "the {what} in the change request is {}",
                steps::instead(two, x, y)
            ));
        }
    }
    let parts = |side: &Side<'_>, c: &Request| -> BTreeMap<String, String> {
        let each = c.components.iter();
        each.map(|t| (side.text(t), say::text(side.r, t))).collect()
    };
    let risks = |side: &Side<'_>, c: &Request| -> BTreeMap<String, String> {
        let each = c.risks.iter();
        each.map(|r| (side.text(&r.what), say::text(side.r, &r.what)))
            .collect()
    };
    for (what, was, is) in [
        ("component", parts(&two.old, a), parts(&two.new, b)),
        ("risk", risks(&two.old, a), risks(&two.new, b)),
    ] {
        let only = |x: &BTreeMap<String, String>, y: &BTreeMap<String, String>| {
            let names: Vec<String> = x
                .iter()
                .filter(|(k, _)| !y.contains_key(*k))
                .map(|(_, w)| w.clone())
                .collect();
            (names.len(), say::list(names))
        };
        for (word, (n, names)) in [
            ("no longer names", only(&was, &is)),
            ("now names", only(&is, &was)),
        ] {
            if n > 0 {
                let s = if n == 1 { "" } else { "s" };
                list.push(format!("the change request {word} the {what}{s} {names}"));
            }
        }
    }
    for x in &a.risks {
        let Some(y) = b
            .risks
            .iter()
            .find(|y| two.new.text(&y.what) == two.old.text(&x.what))
        else {
            continue;
        };
        let how = risk(two, x, y);
        if !how.is_empty() {
            list.push(format!(
                "of the risk `{}`, {}",
                say::text(two.new.r, &y.what),
                how.join(", and ")
            ));
        }
    }
    list
}

/// How a risk is judged otherwise.
fn risk(two: &Two<'_>, x: &RiskItem, y: &RiskItem) -> Vec<String> {
    let word = |l: Option<Level>| l.map_or_else(|| "not said".to_string(), |l| format!("`{}`", l.word()));
    let mut list = Vec::new();
    for (what, p, q) in [
        ("likelihood", x.likelihood, y.likelihood),
        ("impact", x.impact, y.impact),
    ] {
        if p != q {
            list.push(format!("the {what} is {} instead of {}", word(q), word(p)));
        }
    }
    let (p, q) = (x.mitigation.as_ref(), y.mitigation.as_ref());
    if two.old.maybe(p) != two.new.maybe(q) {
        list.push(format!("the mitigation is {}", steps::instead(two, p, q)));
    }
    list
}
