//! When things may happen and for how long: windows, freezes, limits, waits, retries.
//!
//! Times in a zone are compared as moments where the zone is known. Called by `mod`.

use super::canon::Side;
use super::moments;
use super::out::{Change, Class, Direction, Out, Spot};
use super::pair::Two;
use super::say;
use super::steps;
use crate::model::{Approval, Civil, Origin, Stage, Step, StepKind};
use std::collections::BTreeMap;

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    super::window::compare(two, out);
    start(two, out);
    super::calendar::compare(two, out);
    for (o, n) in &two.approvals.both {
        approval(
            two,
            out,
            (*o, &two.old.r.approvals[*o]),
            (*n, &two.new.r.approvals[*n]),
        );
    }
    for (at, old, new) in two.both_stages() {
        stage(two, out, at, old, new);
    }
}

fn start(two: &Two<'_>, out: &mut Out) {
    let (old, new) = (&two.old.r.start, &two.new.r.start);
    if two.old.plan.start_moment() == two.new.plan.start_moment()
        && old.as_ref().map(|(c, _)| c) == new.as_ref().map(|(c, _)| c)
    {
        return;
    }
    // A start that is that of the window is told with the window.
    if old.is_none() && new.is_none() {
        return;
    }
    let list = |s: &Option<(Civil, Origin)>| -> Vec<Civil> { s.iter().map(|(c, _)| c.clone()).collect() };
    let (x, y) = (list(old), list(new));
    let (was, is) = moments::words(
        (two.old.r, &x.iter().collect::<Vec<_>>()),
        (two.new.r, &y.iter().collect::<Vec<_>>()),
    );
    let words = |s: &[String]| {
        s.first()
            .map_or_else(|| "when it is started".to_string(), |at| format!("at `{at}`"))
    };
    let message = format!("the release starts {} instead of {}", words(&is), words(&was));
    out.add(
        Change::new(
            Direction::Changed,
            Class::Time,
            "release",
            &two.new.r.name,
            message,
        )
        .everywhere()
        .placed(old.as_ref().map(|(_, o)| o), new.as_ref().map(|(_, o)| o)),
    );
}

fn approval(two: &Two<'_>, out: &mut Out, (o, old): (usize, &Approval), (n, new): (usize, &Approval)) {
    let name = new.name.as_str();
    let spots = super::duties::behind(two, Some(o), Some(n));
    let mut add = |direction, message: String, run: String| {
        out.add(
            Change::new(direction, Class::Time, "approval", name, message)
                .run(run)
                .at(spots.iter().copied())
                .placed(Some(&old.origin), Some(&new.origin)),
        );
    };
    if old.within != new.within {
        let message = format!(
            "`{name}` may take {} instead of {}",
            say::dur(new.within),
            say::dur(old.within)
        );
        let run = format!(
            "`{name}` is granted later than {} after it was asked, and counts: before, it was refused by then",
            say::dur(old.within)
        );
        add(say::limit(old.within, new.within), message, run);
    }
    if old.valid != new.valid {
        let message = format!(
            "a yes of `{name}` is good for {} instead of {}",
            say::dur(new.valid),
            say::dur(old.valid)
        );
        let run = format!(
            "a yes of `{name}` that is older than {} still counts: before, it had lapsed",
            say::dur(old.valid)
        );
        add(say::limit(old.valid, new.valid), message, run);
    }
    if old.open_for != new.open_for {
        let message = format!(
            "the vote in `{name}` stays open for {} instead of {}",
            say::dur(new.open_for),
            say::dur(old.open_for)
        );
        add(Direction::Changed, message, String::new());
    }
}

fn stage(two: &Two<'_>, out: &mut Out, at: Spot, old: &Stage, new: &Stage) {
    let name = new.name.as_str();
    let mut add = |direction, message: String, run: String| {
        out.add(
            Change::new(direction, Class::Time, "stage", name, message)
                .run(run)
                .at([at])
                .placed(Some(&old.origin), Some(&new.origin)),
        );
    };
    let not_before = |s: &Stage| s.at.as_ref().map(|(o, _)| o.after);
    let (a, b) = (not_before(old), not_before(new));
    if a != b {
        let words = |d: Option<crate::model::Dur>| match d {
            None => "as soon as it can".to_string(),
            Some(d) if d.as_ms() < 0 => format!("not before `T{d}`"),
            Some(d) => format!("not before `T+{d}`"),
        };
        let ms = |d: Option<crate::model::Dur>| d.map_or(i64::MIN, crate::model::Dur::as_ms);
        add(
            say::less_is_looser(&ms(a), &ms(b)),
            format!("`{name}` starts {} instead of {}", words(b), words(a)),
            format!("`{name}` starts {}: before, it started {}", words(b), words(a)),
        );
    }
    if old.timeout != new.timeout {
        add(
            say::limit(old.timeout, new.timeout),
            format!(
                "`{name}` is given up {} instead of {}",
                say::after(new.timeout),
                say::after(old.timeout)
            ),
            format!(
                "`{name}` hangs for longer than {} and nothing ends it: before, it failed by then",
                say::dur(old.timeout)
            ),
        );
    }
    let takes = |s: &Stage| s.takes.as_ref().map(|(a, b, _)| (*a, *b));
    if takes(old) != takes(new) {
        let words = |t: Option<(crate::model::Dur, crate::model::Dur)>| {
            t.map_or_else(
                || "what its steps take".into(),
                |(a, b)| {
                    if a == b {
                        format!("`{a}`")
                    } else {
                        format!("`{a}` to `{b}`")
                    }
                },
            )
        };
        add(
            Direction::Changed,
            format!(
                "`{name}` is said to take {} instead of {}",
                words(takes(new)),
                words(takes(old))
            ),
            String::new(),
        );
    }
    // Limits and retries of steps that are otherwise the same.
    let by_work = |side: &Side<'_>, s: &Stage| -> BTreeMap<String, Vec<(Step, String)>> {
        let mut by: BTreeMap<String, Vec<(Step, String)>> = BTreeMap::new();
        let own = s
            .rollout
            .iter()
            .flat_map(|r| r.steps.iter().flat_map(|x| &x.checks));
        for step in s.steps.iter().chain(own) {
            let (key, words) = match &step.kind {
                StepKind::Act(a) => (side.work(a), say::act(side.r, a)),
                StepKind::WaitFor(w) => (
                    format!("wait for {}", side.text(&w.what)),
                    format!("`{}`", say::text(side.r, &w.what)),
                ),
                _ => continue,
            };
            by.entry(key).or_default().push((step.clone(), words));
        }
        by
    };
    let (was, is) = (by_work(&two.old, old), by_work(&two.new, new));
    for (key, list) in &was {
        let Some(now) = is.get(key) else { continue };
        for ((x, _), (y, words)) in list.iter().zip(now) {
            let (p, q) = (steps::timeout(x), steps::timeout(y));
            if p != q {
                add(
                    say::limit(p, q),
                    format!(
                        "{words} in `{name}` is given up {} instead of {}",
                        say::after(q),
                        say::after(p)
                    ),
                    format!(
                        "{words} hangs for longer than {} and nothing ends it: before, it failed by then",
                        say::dur(p)
                    ),
                );
            }
            if let Some(tries) = steps::tries(two, steps::retry(x), steps::retry(y)) {
                let message = format!("{words} in `{name}` {tries}");
                add(Direction::Changed, message, String::new());
            }
            let took = |s: &Step| s.takes.or_else(|| s.act().and_then(|a| a.takes));
            if took(x) != took(y) {
                let message = format!(
                    "{words} in `{name}` is said to take {} instead of {}",
                    say::span(took(y)),
                    say::span(took(x))
                );
                add(Direction::Changed, message, String::new());
            }
        }
    }
    let waits = |s: &Stage| {
        let own = s
            .rollout
            .iter()
            .flat_map(|r| r.steps.iter().flat_map(|x| &x.checks));
        s.steps
            .iter()
            .chain(own)
            .fold(crate::model::Dur::ZERO, |sum, s| match s.kind {
                StepKind::Wait(d) => sum.plus(d),
                _ => sum,
            })
    };
    let (a, b) = (waits(old), waits(new));
    if a != b {
        add(
            say::less_is_looser(&a.as_ms(), &b.as_ms()),
            format!("`{name}` waits `{b}` instead of `{a}`"),
            format!("`{name}` is through `{b}` after its work: before, it waited `{a}`"),
        );
    }
    // Outside a rollout a bake is told here; inside, with its step.
    let bakes = |s: &Stage| {
        s.steps
            .iter()
            .fold(crate::model::Dur::ZERO, |sum, s| match s.kind {
                StepKind::Bake(d) => sum.plus(d),
                _ => sum,
            })
    };
    let (a, b) = (bakes(old), bakes(new));
    if a != b {
        out.add(
            Change::new(
                say::less_is_looser(&a.as_ms(), &b.as_ms()),
                Class::Gate,
                "stage",
                name,
                format!("`{name}` bakes `{b}` instead of `{a}`"),
            )
            .run(format!("a fault that shows between `{b}` and `{a}` after `{name}` is not seen before the run goes on: before, it was"))
            .at([at])
            .placed(Some(&old.origin), Some(&new.origin)),
        );
    }
}
