//! The window: when it lies, on which days and at which hours it is open, which stages it covers.
//!
//! Its bounds are compared as moments where the zone is known. Called by `time`.

use super::moments::{self, moment};
use super::out::{Change, Class, Direction, Out, Spot, lost_and_won, stage_name};
use super::pair::Two;
use super::say;
use crate::model::{Civil, Origin, StageId, Window};
use crate::plan::Plan;
use std::cmp::Ordering;

/// The stages that the window covers in either plan.
fn covered(two: &Two<'_>) -> (Vec<Spot>, Vec<Spot>) {
    let of = |plan: &Plan, old: bool| {
        let all = (0..plan.release().stages.len()).map(StageId::at);
        let inside = all.filter(|s| plan.covered(*s));
        let spot = |s| if old { two.old_spot(s) } else { two.new_spot(s) };
        inside.map(spot).collect::<Vec<Spot>>()
    };
    (of(two.old.plan, true), of(two.new.plan, false))
}

/// What is said of a window: the direction, the message, the run that is possible now.
type Said = (Direction, String, String);

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    let (was, is) = covered(two);
    let spots: Vec<Spot> = is.iter().chain(&was).copied().collect();
    let name = two.new.r.name.as_str();
    let mut add =
        |(direction, message, run): Said, at: &[Spot], places: (Option<&Origin>, Option<&Origin>)| {
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
            let said = (
                Direction::Loosened,
                "there is no window any more".into(),
                "the release starts at any hour of any day: before, only inside its window".into(),
            );
            add(said, &was, (Some(&a.origin), None));
            return;
        }
        (None, Some(b)) => {
            let said = (
                Direction::Tightened,
                "there is a window now".into(),
                String::new(),
            );
            add(said, &is, (None, Some(&b.origin)));
            return;
        }
        (Some(a), Some(b)) => (a, b),
    };
    let here = (Some(&a.origin), Some(&b.origin));
    let mut list: Vec<Said> = Vec::new();
    if a.hours.is_some() == b.hours.is_some() {
        list.extend(bounds(two, a, b));
        list.extend(recurring(a, b));
    } else {
        let message = format!(
            "the window is open {} instead of {}",
            shape(two.new.plan, b),
            shape(two.old.plan, a)
        );
        list.push((Direction::Changed, message, String::new()));
    }
    // Where the times are told with their zones, these are not told again.
    let told = !list.is_empty() && a.hours.is_none() && b.hours.is_none();
    if a.zone != b.zone && !told {
        let zone = |w: &Window| {
            w.zone
                .as_ref()
                .map_or_else(|| "no zone".into(), |z| format!("`{z}`"))
        };
        let message = format!("the window is told in {} instead of {}", zone(b), zone(a));
        list.push((Direction::Changed, message, String::new()));
    }
    for said in list {
        add(said, &spots, here);
    }
    let (lost, won) = lost_and_won(&was, &is);
    let names = |l: &[Spot]| say::list(l.iter().map(|s| stage_name(two, *s)));
    if !lost.is_empty() {
        let said = (
            Direction::Loosened,
            format!("the window no longer covers {}", names(&lost)),
            format!(
                "{} {} outside the window: before, {} would have waited",
                names(&lost),
                if lost.len() == 1 { "starts" } else { "start" },
                if lost.len() == 1 { "it" } else { "they" }
            ),
        );
        add(said, &lost, here);
    }
    if !won.is_empty() {
        let message = format!("the window now covers {}", names(&won));
        add((Direction::Tightened, message, String::new()), &won, here);
    }
}

/// When a window is open, to follow "is open".
fn shape(plan: &Plan, w: &Window) -> String {
    let r = plan.release();
    match w.hours {
        Some(_) => moments::hours((&w.days, w.hours)),
        None => {
            let edge = |word: &str, c: &Option<Civil>| {
                let words = c.as_ref().map(|c| moments::words((r, &[c]), (r, &[])).0);
                words.map(|l| format!("{word} `{}`", l.concat()))
            };
            let edges: Vec<String> = [edge("from", &w.opens), edge("to", &w.closes)]
                .into_iter()
                .flatten()
                .collect();
            if edges.is_empty() {
                "at any time".into()
            } else {
                edges.join(" ")
            }
        }
    }
}

/// How a bound moved: none at all lies before all others, or behind them.
fn moved(two: &Two<'_>, old: &Option<Civil>, new: &Option<Civil>, absent: Ordering) -> Option<Ordering> {
    match (old, new) {
        (None, None) => Some(Ordering::Equal),
        (Some(_), None) => Some(absent),
        (None, Some(_)) => Some(absent.reverse()),
        (Some(x), Some(y)) => match (moment(two.old.plan, x), moment(two.new.plan, y)) {
            (Some(p), Some(q)) => Some(q.cmp(&p)),
            _ => (x == y && moments::zone(two.old.r) == moments::zone(two.new.r)).then_some(Ordering::Equal),
        },
    }
}

/// A window that opens once: from when to when.
fn bounds(two: &Two<'_>, a: &Window, b: &Window) -> Option<Said> {
    let opens = moved(two, &a.opens, &b.opens, Ordering::Less);
    let closes = moved(two, &a.closes, &b.closes, Ordering::Greater);
    let same = Some(Ordering::Equal);
    if opens == same && closes == same {
        return None;
    }
    let direction = match (opens, closes) {
        (Some(o), Some(c)) => say::set(o.is_gt() || c.is_lt(), o.is_lt() || c.is_gt()),
        _ => Direction::Changed,
    };
    let list = |w: &'_ Window| -> Vec<Civil> { w.opens.iter().chain(&w.closes).cloned().collect() };
    let (x, y) = (list(a), list(b));
    let (was, is) = moments::words(
        (two.old.r, &x.iter().collect::<Vec<_>>()),
        (two.new.r, &y.iter().collect::<Vec<_>>()),
    );
    // The words of the opening and of the closing.
    let pick = |w: &Window, words: &[String]| {
        let opens = w.opens.as_ref().and_then(|_| words.first().cloned());
        let closes = w.closes.as_ref().and_then(|_| words.last().cloned());
        (opens, closes)
    };
    let (was, is) = (pick(a, &was), pick(b, &is));
    let at = |w: &Option<String>| {
        w.as_ref()
            .map_or_else(|| "without a limit".into(), |w| format!("at `{w}`"))
    };
    let message = if closes == same {
        format!("the window opens {} instead of {}", at(&is.0), at(&was.0))
    } else if opens == same {
        format!("the window closes {} instead of {}", at(&is.1), at(&was.1))
    } else {
        let span = |(from, to): &(Option<String>, Option<String>)| match (from, to) {
            (Some(f), Some(t)) => format!("from `{f}` to `{t}`"),
            (Some(f), None) => format!("from `{f}` on"),
            (None, Some(t)) => format!("until `{t}`"),
            (None, None) => "at any time".into(),
        };
        let word = if direction == Direction::Changed {
            "moves: it"
        } else {
            ""
        };
        let word = ["the window", word].join(" ");
        format!("{} is open {} instead of {}", word.trim(), span(&is), span(&was))
    };
    let when = match (opens, &was) {
        (Some(Ordering::Less), (Some(w), _)) => format!("before `{w}`, when the window was not open yet"),
        (_, (_, Some(w))) => format!("after `{w}`, when the window was closed again"),
        _ => "when the window used to be closed".into(),
    };
    let run = format!("a stage starts {when}: before, it would have waited");
    Some((direction, message, run))
}

/// A window that opens again and again.
fn recurring(a: &Window, b: &Window) -> Option<Said> {
    let of = |w: &'_ Window| (w.days.clone(), w.hours);
    let ((x, p), (y, q)) = (of(a), of(b));
    let words = (moments::hours((&x, p)), moments::hours((&y, q)));
    if (p.is_none() && q.is_none()) || words.0 == words.1 {
        return None;
    }
    let (direction, come) = moments::shift((&x, p), (&y, q));
    let message = format!("the window is open {} instead of {}", words.1, words.0);
    let at = come.unwrap_or_else(|| "that time".into());
    let run = format!("a stage starts at {at}, when the window was closed: before, it would have waited");
    Some((direction, message, run))
}
