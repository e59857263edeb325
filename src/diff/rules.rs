//! The rules a plan is held to, and the ways around them: overrides, policies, accepted findings, the change request.
//!
//! Called by `mod`.

use super::canon::{Side, sorted};
use super::out::{Change, Class, Direction, Out};
use super::pair::Two;
use super::{say, steps};
use crate::model::{Allow, Origin, Override, Release};
use std::collections::BTreeMap;

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    overrides(two, out);
    super::policies::compare(two, out);
    allows(two, out);
    super::request::compare(two, out);
}

fn overrides(two: &Two<'_>, out: &mut Out) {
    let skips = |side: &Side<'_>, o: &Override| -> BTreeMap<String, String> {
        let approvals = o.approvals.iter().map(|(a, _)| {
            let name = side.r.approval(*a).name.to_string();
            (format!("approval {}", side.names.approvals[a.index()]), name)
        });
        let gates = o.gates.iter().map(|(g, _)| {
            let name = side.r.gate(*g).name.to_string();
            (format!("gate {}", side.names.gates[g.index()]), name)
        });
        approvals.chain(gates).collect()
    };
    let add = |direction,
               class,
               name: &str,
               message: String,
               run: String,
               old: Option<&Origin>,
               new: Option<&Origin>| {
        Change::new(direction, class, "override", name, message)
            .run(run)
            .everywhere()
            .placed(old, new)
    };
    let list = |m: &BTreeMap<String, String>| say::list(m.values());
    for a in &two.old.r.overrides {
        let Some(b) = two.new.r.overrides.iter().find(|b| b.name == a.name) else {
            let message = format!("the override `{}` is gone", a.name);
            out.add(add(
                Direction::Tightened,
                Class::Guard,
                &a.name,
                message,
                String::new(),
                Some(&a.origin),
                None,
            ));
            continue;
        };
        let here = (Some(&a.origin), Some(&b.origin));
        let (was, is) = (skips(&two.old, a), skips(&two.new, b));
        let beyond = |x: &BTreeMap<String, String>, y: &BTreeMap<String, String>| {
            let more = x.iter().filter(|(k, _)| !y.contains_key(*k));
            more.map(|(k, v)| (k.clone(), v.clone()))
                .collect::<BTreeMap<_, _>>()
        };
        let (come, gone) = (beyond(&is, &was), beyond(&was, &is));
        if !come.is_empty() {
            let message = format!("the override `{}` now skips {}", b.name, list(&come));
            let run = format!(
                "with `{}`, the run goes on without {}: before, no override skipped that",
                b.name,
                list(&come)
            );
            out.add(add(
                Direction::Loosened,
                Class::Guard,
                &b.name,
                message,
                run,
                here.0,
                here.1,
            ));
        }
        if !gone.is_empty() {
            let message = format!("the override `{}` no longer skips {}", b.name, list(&gone));
            out.add(add(
                Direction::Tightened,
                Class::Guard,
                &b.name,
                message,
                String::new(),
                here.0,
                here.1,
            ));
        }
        if a.quorum != b.quorum {
            let message = format!(
                "the override `{}` takes {} instead of {}",
                b.name,
                say::people(b.quorum as usize),
                a.quorum
            );
            let run = format!(
                "{} alone uses `{}`: before, it took {}",
                say::people(b.quorum as usize),
                b.name,
                a.quorum
            );
            out.add(add(
                say::less_is_looser(&a.quorum, &b.quorum),
                Class::Duties,
                &b.name,
                message,
                run,
                here.0,
                here.1,
            ));
        }
        let people = |side: &Side<'_>, o: &Override| {
            let book = crate::plan::people::Directory::new(side.r);
            let pool = book.all(o.by.iter().map(|(w, _)| *w));
            let people = pool
                .people
                .iter()
                .map(|p| (side.names.people[p.index()].clone(), say::person(side.r, *p)));
            let open = pool.open.iter().map(|r| {
                (
                    format!("role {}", side.names.roles[r.index()]),
                    side.r.role(*r).name.to_string(),
                )
            });
            people.chain(open).collect::<BTreeMap<_, _>>()
        };
        let (was, is) = (people(&two.old, a), people(&two.new, b));
        let (come, gone) = (beyond(&is, &was), beyond(&was, &is));
        if let Some(first) = come.values().next() {
            let message = format!("{} may now use the override `{}`", list(&come), b.name);
            let run = format!("`{first}` uses `{}`: before, that was not allowed", b.name);
            out.add(add(
                Direction::Loosened,
                Class::Duties,
                &b.name,
                message,
                run,
                here.0,
                here.1,
            ));
        }
        if !gone.is_empty() {
            let message = format!("{} may no longer use the override `{}`", list(&gone), b.name);
            out.add(add(
                Direction::Tightened,
                Class::Duties,
                &b.name,
                message,
                String::new(),
                here.0,
                here.1,
            ));
        }
        if a.because_required != b.because_required {
            let (direction, message) = if a.because_required {
                (
                    Direction::Loosened,
                    format!("the override `{}` no longer asks for a reason", b.name),
                )
            } else {
                (
                    Direction::Tightened,
                    format!("the override `{}` now asks for a reason", b.name),
                )
            };
            let run = format!(
                "`{}` is used and nobody says why: before, a reason had to be given",
                b.name
            );
            out.add(add(
                direction,
                Class::Duties,
                &b.name,
                message,
                run,
                here.0,
                here.1,
            ));
        }
    }
    for b in &two.new.r.overrides {
        if two.old.r.overrides.iter().all(|a| a.name != b.name) {
            let what = list(&skips(&two.new, b));
            let message = format!("the override `{}` is new, and skips {what}", b.name);
            let run = format!(
                "with `{}`, the run goes on without {what}: before, nothing could skip that",
                b.name
            );
            out.add(add(
                Direction::Loosened,
                Class::Guard,
                &b.name,
                message,
                run,
                None,
                Some(&b.origin),
            ));
        }
    }
}

fn allows(two: &Two<'_>, out: &mut Out) {
    let mut by: BTreeMap<&str, (Vec<&Allow>, Vec<&Allow>)> = BTreeMap::new();
    for a in &two.old.r.allows {
        by.entry(a.code.as_str()).or_default().0.push(a);
    }
    for a in &two.new.r.allows {
        by.entry(a.code.as_str()).or_default().1.push(a);
    }
    for (code, (old, new)) in by {
        let change = |direction, message: String, run: String| {
            Change::new(direction, Class::Guard, "allow", code, message)
                .run(run)
                .everywhere()
                .placed(old.first().map(|a| &a.origin), new.first().map(|a| &a.origin))
        };
        if new.len() != old.len() {
            let why = new.last().and_then(|a| a.because.as_ref());
            let because = why
                .map(|w| format!(", because `{}`", say::text(two.new.r, w)))
                .unwrap_or_default();
            let (direction, message) = if new.len() > old.len() {
                (
                    Direction::Loosened,
                    format!("the finding `{code}` is now accepted{because}"),
                )
            } else {
                (
                    Direction::Tightened,
                    format!("the finding `{code}` is accepted in fewer places"),
                )
            };
            let run = format!("what `{code}` warns of happens: before, a plan in which it could was refused");
            out.add(change(direction, message, run));
            continue;
        }
        let until = |l: &[&Allow]| {
            l.iter()
                .map(|a| a.until)
                .max_by_key(|u| u.map_or((1, None), |d| (0, Some(d))))
                .flatten()
        };
        if until(&old) != until(&new) {
            let far = |u: Option<jiff::civil::Date>| u.unwrap_or(jiff::civil::Date::MAX);
            let word = |u: Option<jiff::civil::Date>| {
                u.map_or_else(|| "without an end".to_string(), |d| format!("until `{d}`"))
            };
            let (a, b) = (until(&old), until(&new));
            let message = format!(
                "the finding `{code}` is accepted {} instead of {}",
                word(b),
                word(a)
            );
            let run = format!(
                "a plan with `{code}` is built and run after the day on which that ended: before, it was refused"
            );
            out.add(change(say::more_is_looser(&far(a), &far(b)), message, run));
        }
        let reasons = |side: &Side<'_>, l: &[&Allow]| {
            sorted(l.iter().map(|a| side.maybe(a.because.as_ref())).collect())
        };
        if reasons(&two.old, &old) != reasons(&two.new, &new) {
            let words = |r: &Release, l: &[&Allow]| {
                let texts = l.iter().filter_map(|a| a.because.as_ref());
                let texts: Vec<String> = texts.map(|t| say::text(r, t)).collect();
                (!texts.is_empty()).then(|| texts.join("; "))
            };
            let message = format!(
                "the reason why `{code}` is accepted is {}",
                steps::written(&words(two.old.r, &old), &words(two.new.r, &new))
            );
            out.add(
                Change::cosmetic("allow", code, message)
                    .placed(old.first().map(|a| &a.origin), new.first().map(|a| &a.origin)),
            );
        }
    }
}
