//! How gates and triggers judge: thresholds, spans, samples, what no data means, what a failure leads to.
//!
//! Where they are judged is the business of `evidence`. Called by `mod`.

use super::apart;
use super::canon::Side;
use super::conditions::applies;
use super::out::{Change, Class, Direction, Out, Spot, lost_and_won};
use super::pair::Two;
use super::say;
use super::steps;
use super::threshold::{condition, shifts};
use crate::model::{
    Act, Cond, Failure, FailureOutcome, Gate, GateId, GateOutcome, GateTest, Metric, NoData, Origin,
    Question, Release, StageId, Trigger, TriggerTest,
};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    for (o, n) in &two.gates.both {
        gate(two, out, *o, *n);
    }
    for (o, n) in &two.metrics.both {
        metric(two, out, *o, *n);
    }
    triggers(two, out);
}

/// The stages that judge a gate, in either plan.
pub(super) fn judges(two: &Two<'_>, o: usize, n: usize) -> Vec<Spot> {
    let old = two.old.plan.judges(GateId::at(o)).iter();
    let new = two.new.plan.judges(GateId::at(n)).iter();
    let mut spots: Vec<Spot> = new.map(|s| two.new_spot(*s)).collect();
    spots.extend(old.map(|s| two.old_spot(*s)));
    spots.sort();
    spots.dedup();
    spots
}

fn gate(two: &Two<'_>, out: &mut Out, o: usize, n: usize) {
    let (old, new) = (&two.old.r.gates[o], &two.new.r.gates[n]);
    let spots = judges(two, o, n);
    let name = new.name.as_str();
    let stage = spots.iter().find_map(|s| s.new);
    let goes_on = stage.map_or_else(
        || "the run goes on".to_string(),
        |s| format!("`{}` goes on", two.new.r.stages[s].name),
    );
    let mut add = |direction, message: String, run: String| {
        out.add(
            Change::new(direction, Class::Gate, "gate", name, message)
                .run(run)
                .at(spots.iter().copied())
                .placed(Some(&old.origin), Some(&new.origin)),
        );
    };
    match (&old.test, &new.test) {
        (GateTest::Metrics(a), GateTest::Metrics(b)) => {
            for shift in shifts((&two.old, a), (&two.new, b), false) {
                let witness = shift
                    .witness
                    .unwrap_or_else(|| "the new condition alone holds".into());
                let run = format!("{witness}, and {goes_on}: before, `{name}` failed");
                add(shift.direction, format!("`{name}` passes {}", shift.words), run);
            }
        }
        (GateTest::Run(a), GateTest::Run(b)) | (GateTest::Job(a), GateTest::Job(b)) => {
            for (direction, message, run) in judging(two, name, &goes_on, a, b) {
                add(direction, message, run);
            }
        }
        (GateTest::Ask(a), GateTest::Ask(b)) => {
            // What counts when nobody answers is told by itself: it fails, unless the plan says otherwise.
            let asked = |q: &Question| Question {
                default: None,
                ..q.clone()
            };
            let (was, is) = (asked(a), asked(b));
            if two.old.question(&was) != two.new.question(&is) {
                let message = format!("`{name}` {}", steps::question(two, &was, &is));
                add(Direction::Changed, message, String::new());
            }
            let passes = |side: &Side<'_>, q: &Question| {
                let default = q.default.as_ref().map(|d| say::text(side.r, d));
                default.is_some_and(|d| d != "failed")
            };
            match (passes(&two.old, a), passes(&two.new, b)) {
                (false, true) => {
                    let message =
                        format!("`{name}` counts as passed when nobody answers, no longer as failed");
                    let run = format!("nobody answers `{name}`, and {goes_on}: before, it counted as failed");
                    add(Direction::Loosened, message, run);
                }
                (true, false) => {
                    let message =
                        format!("`{name}` counts as failed when nobody answers, no longer as passed");
                    add(Direction::Tightened, message, String::new());
                }
                (false, false) | (true, true) => {}
            }
        }
        (a, b) => {
            let word = |t: &GateTest| match t {
                GateTest::Metrics(_) => "a metric",
                GateTest::Run(_) => "a command",
                GateTest::Job(_) => "an outside job",
                GateTest::Ask(_) => "a person",
            };
            let message = format!("`{name}` is judged by {} instead of {}", word(b), word(a));
            add(Direction::Changed, message, String::new());
        }
    }
    let spans = [("over", old.over, new.over)];
    for (_, a, b) in spans.into_iter().filter(|(_, a, b)| a != b) {
        let ms = |d: Option<crate::model::Dur>| d.map_or(0, crate::model::Dur::as_ms);
        let message = format!(
            "`{name}` looks at {} instead of {}",
            b.map_or_else(|| "a moment".into(), |d| format!("`{d}`")),
            a.map_or_else(|| "a moment".into(), |d| format!("`{d}`"))
        );
        let run = format!(
            "the values are bad, then good for the last {}, and {goes_on}: before, the bad ones counted",
            b.map_or_else(|| "moment".into(), |d| format!("`{d}`"))
        );
        add(say::less_is_looser(&ms(a), &ms(b)), message, run);
    }
    if old.samples != new.samples {
        let message = format!(
            "`{name}` is judged {} instead of {}",
            say::times(new.samples),
            say::times(old.samples)
        );
        let run = format!(
            "`{name}` passes {}, would fail the next time, and {goes_on}: before, it was judged again",
            say::times(new.samples)
        );
        add(say::less_is_looser(&old.samples, &new.samples), message, run);
    }
    // What is judged once is judged at no distance.
    if old.every != new.every && old.samples > 1 && new.samples > 1 {
        let message = format!(
            "`{name}` is judged every {} instead of {}",
            say::dur(new.every),
            say::dur(old.every)
        );
        add(Direction::Changed, message, String::new());
    }
    if old.timeout != new.timeout {
        let message = format!(
            "`{name}` is given up {} instead of {}",
            say::after(new.timeout),
            say::after(old.timeout)
        );
        add(Direction::Changed, message, String::new());
    }
    if two.old.cond(&old.when) != two.new.cond(&new.when) {
        let message = format!(
            "`{name}` applies {}",
            applies((two.old.r, &old.when), (two.new.r, &new.when))
        );
        let direction = say::set(new.when == Cond::True, old.when == Cond::True);
        let run =
            format!("the gate `{name}` does not apply, and {goes_on}: before, it was judged every time");
        add(direction, message, run);
    }
    consequence(two, out, (o, old), (n, new), &spots);
}

/// A command that judges.
fn judging(two: &Two<'_>, name: &str, goes_on: &str, a: &Act, b: &Act) -> Vec<(Direction, String, String)> {
    let mut list = Vec::new();
    let (was, is) = (two.old.prints(a), two.new.prints(b));
    if was != is {
        let direction = say::set(!was.is_empty(), !is.is_empty()).reversed();
        let words = |p: &str| {
            if p.is_empty() {
                "nothing".to_string()
            } else {
                format!("`{p}`")
            }
        };
        // More that must be printed is stricter.
        let direction = match (was.is_empty(), is.is_empty()) {
            (false, true) => Direction::Loosened,
            (true, false) => Direction::Tightened,
            _ => direction,
        };
        list.push((
            direction,
            format!(
                "the output of `{name}` is held against {} instead of {}",
                words(&is),
                words(&was)
            ),
            format!(
                "`{name}` ends without an error and prints something else, and {goes_on}: before, it failed"
            ),
        ));
    }
    if two.old.work(a) != two.new.work(b) {
        let (was, is) = apart::lists(&[say::doing(two.old.r, a)], &[say::doing(two.new.r, b)]);
        list.push((
            Direction::Changed,
            format!(
                "`{name}` runs {} instead of {}",
                apart::and(&is),
                apart::and(&was)
            ),
            String::new(),
        ));
    } else if two.old.act(a) != two.new.act(b) && was == is {
        list.push((
            Direction::Changed,
            format!("what `{name}` runs {}", steps::alone(two, a, b)),
            String::new(),
        ));
    }
    list
}

/// What the failure of a gate leads to: what it says itself, else what the stages say that judge it.
fn consequence(
    two: &Two<'_>,
    out: &mut Out,
    (o, old): (usize, &Gate),
    (n, new): (usize, &Gate),
    spots: &[Spot],
) {
    type Leads = BTreeMap<String, (u8, String)>;
    let leads = |side: &Side<'_>, gate: &Gate, id: usize| -> Leads {
        let of = |o: &FailureOutcome| (side.outcome(o), (say::strictness(o), say::outcome(side.r, o)));
        let decide = |d: crate::model::DecisionId| {
            let key = format!("decide {}", side.names.decisions[d.index()]);
            (key, (2, format!("the decision `{}`", side.r.decision(d).name)))
        };
        match &gate.otherwise {
            Some((GateOutcome::Then(o), _)) => Leads::from([of(o)]),
            Some((GateOutcome::Decision(d), _)) => Leads::from([decide(*d)]),
            None => side
                .plan
                .judges(GateId::at(id))
                .iter()
                .map(|s| match side.r.stage(*s).on_failure.as_ref().map(|f| &f.then) {
                    None => of(&FailureOutcome::Rollback),
                    Some(Failure::Then(o)) => of(o),
                    Some(Failure::Decision(d)) => decide(*d),
                })
                .collect(),
        }
    };
    // What a stage says is told where the stage is.
    if old.otherwise.is_none() && new.otherwise.is_none() {
        return;
    }
    let (was, is) = (leads(&two.old, old, o), leads(&two.new, new, n));
    if was.keys().eq(is.keys()) || was.is_empty() || is.is_empty() {
        return;
    }
    let least = |l: &Leads| l.values().map(|(n, _)| *n).min().unwrap_or(4);
    let words = |l: &Leads| {
        l.values()
            .map(|(_, w)| w.clone())
            .collect::<Vec<_>>()
            .join(" or ")
    };
    let name = new.name.as_str();
    let (before, now) = (words(&was), words(&is));
    out.add(
        Change::new(
            say::less_is_looser(&least(&was), &least(&is)),
            Class::Gate,
            "gate",
            name,
            format!("a failure of `{name}` leads to {now} instead of {before}"),
        )
        .run(format!(
            "`{name}` fails, and what follows is {now}: before, it was {before}"
        ))
        .at(spots.iter().copied())
        .placed(
            Some(old.otherwise.as_ref().map_or(&old.origin, |(_, o)| o)),
            Some(new.otherwise.as_ref().map_or(&new.origin, |(_, o)| o)),
        ),
    );
}

fn metric(two: &Two<'_>, out: &mut Out, o: usize, n: usize) {
    let (old, new) = (&two.old.r.metrics[o], &two.new.r.metrics[n]);
    let reads = |side: &Side<'_>, m: usize| -> BTreeSet<usize> {
        let uses = |g: &Gate| match &g.test {
            GateTest::Metrics(e) => e.metrics().iter().any(|x| x.index() == m),
            _ => false,
        };
        let gates = side.r.gates.iter().enumerate().filter(|(_, g)| uses(g));
        let stages = gates.flat_map(|(i, _)| side.plan.judges(GateId::at(i)));
        stages.map(|s| s.index()).collect()
    };
    let mut spots: Vec<Spot> = reads(&two.new, n)
        .into_iter()
        .map(|s| two.new_spot(StageId::at(s)))
        .collect();
    spots.extend(
        reads(&two.old, o)
            .into_iter()
            .map(|s| two.old_spot(StageId::at(s))),
    );
    let name = new.bound.as_ref().unwrap_or(&new.name).as_str();
    let mut add = |direction, message: String, run: String| {
        out.add(
            Change::new(direction, Class::Gate, "metric", name, message)
                .run(run)
                .at(spots.iter().copied())
                .placed(Some(&old.origin), Some(&new.origin)),
        );
    };
    // Nothing said is a failure, as it is when the plan runs.
    let rank = |d: Option<NoData>| match d {
        None | Some(NoData::Fail) => 2,
        Some(NoData::Pause) => 1,
        Some(NoData::Pass) => 0,
    };
    let word = |d: Option<NoData>| match d {
        None | Some(NoData::Fail) => "fails",
        Some(NoData::Pause) => "asks a person",
        Some(NoData::Pass) => "passes",
    };
    if rank(old.no_data) != rank(new.no_data) {
        add(
            say::less_is_looser(&rank(old.no_data), &rank(new.no_data)),
            format!(
                "without data on `{name}` a gate {} instead of {}",
                word(new.no_data),
                ing(old.no_data)
            ),
            format!(
                "nobody measures `{name}`, and a gate on it {}: before, it {}",
                word(new.no_data),
                past(old.no_data)
            ),
        );
    }
    if two.old.metric(old) != two.new.metric(new) {
        add(
            Direction::Changed,
            format!("`{name}` {}", measured(two, old, new)),
            String::new(),
        );
    }
    if old.lower_is_better != new.lower_is_better {
        let word = |m: &Metric| match m.lower_is_better {
            Some(true) => "is better lower",
            Some(false) => "is better higher",
            None => "is neither better lower nor higher",
        };
        let message = format!(
            "`{name}` {}; before, it {}",
            word(new),
            word(old).replacen("is", "was", 1)
        );
        add(Direction::Changed, message, String::new());
    }
}

/// How a metric is measured otherwise.
fn measured(two: &Two<'_>, old: &Metric, new: &Metric) -> String {
    let mut list = Vec::new();
    let quote = |side: &Side<'_>, m: &Metric| {
        let run = m.run.as_ref().map(|c| (side.command(c), say::command(side.r, c)));
        let task = m.task.as_ref().map(|t| (side.task(t), say::call(side.r, t)));
        run.or(task)
    };
    if old.unit != new.unit {
        list.push(format!("is in `{}` instead of `{}`", new.unit, old.unit));
    }
    for (name, y) in &new.args {
        let Some((_, x)) = old.args.iter().find(|(n, _)| n == name) else {
            continue;
        };
        if two.old.value(x) != two.new.value(y) {
            let (was, is) = apart::apart(&say::data(two.old.r, x), &say::data(two.new.r, y));
            list.push(format!("is measured with the {name} `{is}` instead of `{was}`"));
        }
    }
    // What is called with other arguments does something else for that alone.
    if list.is_empty()
        && let (Some(x), Some(y)) = (quote(&two.old, old), quote(&two.new, new))
        && x.0 != y.0
    {
        let (was, is) = apart::lists(&[x.1], &[y.1]);
        let (was, is) = (apart::and(&was), apart::and(&is));
        if was != is {
            list.push(format!("is measured by {is} instead of {was}"));
        }
    }
    let named = |names: Vec<String>| names.into_iter().map(|n| (n.clone(), n)).collect::<Vec<_>>();
    let secrets = |m: &Metric| named(m.secrets.iter().map(ToString::to_string).collect());
    list.extend(steps::changed(
        &secrets(old),
        &secrets(new),
        "reads the secret",
        "reads the secret",
    ));
    match list.is_empty() {
        true => "is measured differently".to_string(),
        false => steps::and(list),
    }
}

fn ing(d: Option<NoData>) -> &'static str {
    match d {
        None | Some(NoData::Fail) => "failing",
        Some(NoData::Pause) => "asking a person",
        Some(NoData::Pass) => "passing",
    }
}

fn past(d: Option<NoData>) -> &'static str {
    match d {
        None | Some(NoData::Fail) => "failed",
        Some(NoData::Pause) => "asked a person",
        Some(NoData::Pass) => "passed",
    }
}

fn triggers(two: &Two<'_>, out: &mut Out) {
    let during = |t: &Trigger, old: bool| -> Vec<Spot> {
        let spot = |s: &StageId| if old { two.old_spot(*s) } else { two.new_spot(*s) };
        t.during.iter().map(spot).collect()
    };
    let watches = |r: &Release, t: &Trigger| {
        let names = say::list(t.during.iter().map(|s| r.stage(*s).name.as_str()));
        if names.is_empty() { "the run".into() } else { names }
    };
    for t in &two.old.r.triggers {
        let Some(new) = two.new.r.triggers.iter().find(|n| n.name == t.name) else {
            let message = format!("the trigger `{}` is gone", t.name);
            out.add(
                Change::new(Direction::Loosened, Class::Gate, "trigger", &t.name, message)
                    .run(format!(
                        "what `{}` watches for happens during {}, and nothing acts by itself: before, it led to {}",
                        t.name,
                        watches(two.old.r, t),
                        say::outcome(two.old.r, &t.then)
                    ))
                    .at(during(t, true))
                    .placed(Some(&t.origin), None),
            );
            continue;
        };
        trigger(two, out, t, new, [during(t, true), during(new, false)]);
    }
    for t in &two.new.r.triggers {
        if two.old.r.triggers.iter().all(|o| o.name != t.name) {
            let message = format!("the trigger `{}` is new", t.name);
            out.add(
                Change::new(Direction::Tightened, Class::Gate, "trigger", &t.name, message)
                    .at(during(t, false))
                    .placed(None, Some(&t.origin)),
            );
        }
    }
}

fn trigger(two: &Two<'_>, out: &mut Out, old: &Trigger, new: &Trigger, [was, is]: [Vec<Spot>; 2]) {
    let name = new.name.as_str();
    let all: Vec<Spot> = is.iter().chain(&was).copied().collect();
    let mut add = |direction, message: String, run: String, places: (&Origin, &Origin)| {
        out.add(
            Change::new(direction, Class::Gate, "trigger", name, message)
                .run(run)
                .at(all.iter().copied())
                .placed(Some(places.0), Some(places.1)),
        );
    };
    let here = (&old.origin, &new.origin);
    match (&old.test, &new.test) {
        (TriggerTest::Metrics(a), TriggerTest::Metrics(b)) => {
            // A trigger that holds stops the run: it is a gate turned around.
            for shift in shifts((&two.old, a), (&two.new, b), true) {
                let witness = shift
                    .witness
                    .unwrap_or_else(|| "only the old condition holds".into());
                let message = format!("`{name}` stays quiet {}", shift.words);
                let run = format!("{witness}, and the run goes on: before, `{name}` acted");
                add(shift.direction, message, run, here);
            }
        }
        (TriggerTest::Ask(a), TriggerTest::Ask(b)) => {
            if two.old.question(a) != two.new.question(b) {
                let message = format!("`{name}` {}", steps::question(two, a, b));
                add(Direction::Changed, message, String::new(), here);
            }
        }
        (a, b) => {
            let words = |side: &Side<'_>, t: &TriggerTest| match t {
                TriggerTest::Metrics(m) => format!("when `{}`", condition(side, m)),
                TriggerTest::Ask(q) => format!("when somebody answers `{}`", say::text(side.r, &q.ask)),
            };
            let message = format!(
                "`{name}` acts {} instead of {}",
                words(&two.new, b),
                words(&two.old, a)
            );
            add(Direction::Changed, message, String::new(), here);
        }
    }
    if old.over != new.over {
        add(
            Direction::Changed,
            format!(
                "`{name}` looks at {} instead of {}",
                say::dur(new.over),
                say::dur(old.over)
            ),
            String::new(),
            here,
        );
    }
    let (lost, won) = lost_and_won(&was, &is);
    let names = |spots: &[Spot]| say::list(spots.iter().map(|s| super::out::stage_name(two, *s)));
    if !lost.is_empty() {
        let message = format!("`{name}` no longer watches {}", names(&lost));
        let run = format!(
            "what `{name}` watches for happens during {}, and nothing acts by itself: before, it did",
            names(&lost)
        );
        add(Direction::Loosened, message, run, here);
    }
    if !won.is_empty() {
        add(
            Direction::Tightened,
            format!("`{name}` now watches {}", names(&won)),
            String::new(),
            here,
        );
    }
    if two.old.outcome(&old.then) != two.new.outcome(&new.then) {
        let (a, b) = (
            say::outcome(two.old.r, &old.then),
            say::outcome(two.new.r, &new.then),
        );
        add(
            say::less_is_looser(&say::strictness(&old.then), &say::strictness(&new.then)),
            format!("`{name}` leads to {b} instead of {a}"),
            format!("`{name}` acts, and what follows is {b}: before, it was {a}"),
            (&old.then_origin, &new.then_origin),
        );
    }
    for message in steps::differ(two, &format!("when `{name}` acts"), &old.steps, &new.steps) {
        add(Direction::Changed, message, String::new(), here);
    }
}
