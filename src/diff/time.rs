//! When things may happen and for how long: windows, freezes, limits, waits, retries.
//!
//! Times in a zone are compared as moments where the zone is known. Called by `mod`.

use super::canon::Side;
use super::out::{Change, Class, Direction, Out, Spot};
use super::pair::Two;
use super::say;
use crate::model::{Approval, Civil, Origin, Stage, StageId, Step, StepKind, Window};
use crate::plan::{Plan, civil_word, read};
use std::collections::BTreeMap;

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    window(two, out);
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

fn covered(two: &Two<'_>) -> (Vec<Spot>, Vec<Spot>) {
    let of = |plan: &Plan, old: bool| {
        let all = (0..plan.release().stages.len()).map(StageId::at);
        let inside = all.filter(|s| plan.covered(*s));
        let spot = |s| if old { two.old_spot(s) } else { two.new_spot(s) };
        inside.map(spot).collect::<Vec<Spot>>()
    };
    (of(two.old.plan, true), of(two.new.plan, false))
}

fn moment(plan: &Plan, civil: &Civil) -> Option<jiff::Timestamp> {
    Some(read(civil, &plan.zone()?)?.moment())
}

pub(super) fn word(civil: &Civil) -> String {
    civil_word(civil.at)
}

fn window(two: &Two<'_>, out: &mut Out) {
    let (was, is) = covered(two);
    let spots: Vec<Spot> = is.iter().chain(&was).copied().collect();
    let name = two.new.r.name.as_str();
    let mut add =
        |direction, message: String, run: String, at: &[Spot], places: (Option<&Origin>, Option<&Origin>)| {
            out.add(
                Change::new(direction, Class::Time, "window", name, message)
                    .run(run)
                    .at(at.iter().copied())
                    .placed(places.0, places.1),
            );
        };
    let (a, b) = match (&two.old.r.window, &two.new.r.window) {
        (None, None) => return,
        (Some(a), None) => {
            add(
                Direction::Loosened,
                "there is no window any more".into(),
                "the release starts at any hour of any day: before, only inside its window".into(),
                &was,
                (Some(&a.origin), None),
            );
            return;
        }
        (None, Some(b)) => {
            let message = "there is a window now".to_string();
            add(
                Direction::Tightened,
                message,
                String::new(),
                &is,
                (None, Some(&b.origin)),
            );
            return;
        }
        (Some(a), Some(b)) => (a, b),
    };
    let here = (Some(&a.origin), Some(&b.origin));
    let mut edge = |what: &str, x: &Option<Civil>, y: &Option<Civil>, later_is_looser: bool| {
        let at = |plan: &Plan, c: &Option<Civil>| c.as_ref().map(|c| moment(plan, c));
        let (p, q) = (at(two.old.plan, x), at(two.new.plan, y));
        let same = match (&p, &q) {
            (Some(Some(p)), Some(Some(q))) => p == q,
            (None, None) => true,
            _ => x == y,
        };
        if same {
            return;
        }
        let direction = match (p, q) {
            (Some(Some(p)), Some(Some(q))) if later_is_looser => say::more_is_looser(&p, &q),
            (Some(Some(p)), Some(Some(q))) => say::less_is_looser(&p, &q),
            (Some(_), None) => Direction::Loosened,
            (None, Some(_)) => Direction::Tightened,
            _ => Direction::Changed,
        };
        let words = |c: &Option<Civil>| {
            c.as_ref()
                .map_or_else(|| "without a limit".into(), |c| format!("at `{}`", word(c)))
        };
        let message = format!("the window {what} {} instead of {}", words(y), words(x));
        let run = format!(
            "a stage starts at a time when the window used to be closed, {} it {}: before, it would have waited",
            if later_is_looser { "after" } else { "before" },
            if later_is_looser { "closed" } else { "opened" }
        );
        add(direction, message, run, &spots, here);
    };
    edge("opens", &a.opens, &b.opens, false);
    edge("closes", &a.closes, &b.closes, true);
    let days = |w: &Window| {
        let mut days = w.days.clone();
        days.sort();
        days
    };
    if days(a) != days(b) || a.hours != b.hours {
        let gone = a.days.iter().any(|d| !b.days.contains(d));
        let come = b.days.iter().any(|d| !a.days.contains(d));
        let direction = if a.hours == b.hours && !a.days.is_empty() && !b.days.is_empty() {
            say::set(gone, come)
        } else {
            match (a.hours, b.hours) {
                (Some((f, t)), Some((g, u))) if days(a) == days(b) && f < t && g < u => {
                    say::set(g > f || u < t, g < f || u > t)
                }
                _ => Direction::Changed,
            }
        };
        add(
            direction,
            "the window is open on other days or at other hours".into(),
            "a stage starts on a day or at an hour that the window now holds: before, it would have waited"
                .into(),
            &spots,
            here,
        );
    }
    if a.zone != b.zone {
        let zone = |w: &Window| {
            w.zone
                .as_ref()
                .map_or_else(|| "no zone".into(), |z| format!("`{z}`"))
        };
        add(
            Direction::Changed,
            format!("the window is told in {} instead of {}", zone(b), zone(a)),
            String::new(),
            &spots,
            here,
        );
    }
    let lost: Vec<Spot> = was
        .iter()
        .copied()
        .filter(|s| s.new.is_some() && !is.contains(s))
        .collect();
    let won: Vec<Spot> = is
        .iter()
        .copied()
        .filter(|s| s.old.is_some() && !was.contains(s))
        .collect();
    let names = |l: &[Spot]| say::list(l.iter().map(|s| super::out::stage_name(two, *s)));
    if !lost.is_empty() {
        add(
            Direction::Loosened,
            format!("the window no longer covers {}", names(&lost)),
            format!(
                "{} starts outside the window: before, it would have waited",
                names(&lost)
            ),
            &lost,
            here,
        );
    }
    if !won.is_empty() {
        add(
            Direction::Tightened,
            format!("the window now covers {}", names(&won)),
            String::new(),
            &won,
            here,
        );
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
    let words = |s: &Option<(Civil, Origin)>| {
        s.as_ref().map_or_else(
            || "when it is started".to_string(),
            |(c, _)| format!("at `{}`", word(c)),
        )
    };
    let message = format!("the release starts {} instead of {}", words(new), words(old));
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
            format!("`{name}` starts {}: before, it waited", words(b)),
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
    let steps = |side: &Side<'_>, s: &Stage| -> BTreeMap<String, Vec<(Step, String)>> {
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
    let (was, is) = (steps(&two.old, old), steps(&two.new, new));
    for (key, list) in &was {
        let Some(now) = is.get(key) else { continue };
        for ((x, _), (y, words)) in list.iter().zip(now) {
            let limit = |s: &Step| match &s.kind {
                StepKind::WaitFor(w) => w.within.or(s.timeout),
                _ => s.timeout.or_else(|| s.act().and_then(|a| a.timeout)),
            };
            let (p, q) = (limit(x), limit(y));
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
            let tries = |s: &Step| {
                let own = s
                    .retry
                    .as_ref()
                    .or_else(|| s.act().and_then(|a| a.retry.as_ref()));
                own.map_or_else(|| "0".to_string(), |r| two.old.retry(r))
            };
            if tries(x) != tries(y) {
                let count = |s: &Step| {
                    let own = s
                        .retry
                        .as_ref()
                        .or_else(|| s.act().and_then(|a| a.retry.as_ref()));
                    own.map_or_else(
                        || "never".to_string(),
                        |r| {
                            format!(
                                "up to {} times{}",
                                r.times,
                                r.every.map(|d| format!(", every `{d}`")).unwrap_or_default()
                            )
                        },
                    )
                };
                add(
                    Direction::Changed,
                    format!(
                        "{words} in `{name}` is tried again {} instead of {}",
                        count(y),
                        count(x)
                    ),
                    String::new(),
                );
            }
            let took = |s: &Step| s.takes.or_else(|| s.act().and_then(|a| a.takes));
            if took(x) != took(y) {
                add(
                    Direction::Changed,
                    format!("{words} in `{name}` is said to take another time"),
                    String::new(),
                );
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
