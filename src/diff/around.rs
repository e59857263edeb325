//! What stands around the stages: holds, decisions, checklists.
//!
//! Called by `mod`.

use super::canon::Side;
use super::conditions;
use super::out::{Change, Class, Direction, Out, Spot};
use super::pair::Two;
use super::say;
use super::steps;
use super::threshold;
use crate::model::{ChecklistItem, HoldId, OptionOutcome, Origin, Release, StageId};

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    holds(two, out);
    decisions(two, out);
    checklists(two, out);
}

fn spots_of(two: &Two<'_>, old: &[StageId], new: &[StageId]) -> Vec<Spot> {
    let mut spots: Vec<Spot> = new.iter().map(|s| two.new_spot(*s)).collect();
    spots.extend(old.iter().map(|s| two.old_spot(*s)));
    spots.sort();
    spots.dedup();
    spots
}

fn holds(two: &Two<'_>, out: &mut Out) {
    let stages_of = |side: &Side<'_>, h: usize| side.plan.hold_stages(HoldId::at(h));
    for o in &two.holds.gone {
        let h = &two.old.r.holds[*o];
        let inside = stages_of(&two.old, *o);
        let names = say::list(inside.iter().map(|s| two.old.r.stage(*s).name.as_str()));
        out.add(
            Change::new(
                Direction::Loosened,
                Class::Guard,
                "hold",
                &h.name,
                format!("the hold `{}` is gone", h.name),
            )
            .run(format!(
                "what `{}` kept still changes while {names} is at work: before, it was held",
                h.name
            ))
            .at(spots_of(two, &inside, &[]))
            .placed(Some(&h.origin), None),
        );
    }
    for n in &two.holds.come {
        let h = &two.new.r.holds[*n];
        out.add(
            Change::new(
                Direction::Tightened,
                Class::Guard,
                "hold",
                &h.name,
                format!("the hold `{}` is new", h.name),
            )
            .at(spots_of(two, &[], &stages_of(&two.new, *n)))
            .placed(None, Some(&h.origin)),
        );
    }
    for (o, n) in &two.holds.both {
        let (a, b) = (&two.old.r.holds[*o], &two.new.r.holds[*n]);
        let (was, is) = (stages_of(&two.old, *o), stages_of(&two.new, *n));
        let all = spots_of(two, &was, &is);
        let mut add = |direction, class, message: String, run: String| {
            out.add(
                Change::new(direction, class, "hold", &b.name, message)
                    .run(run)
                    .at(all.iter().copied())
                    .placed(Some(&a.origin), Some(&b.origin)),
            );
        };
        let lost: Vec<&str> = was
            .iter()
            .filter_map(|s| two.stages.new_of(s.index()))
            .filter(|s| !is.contains(&StageId::at(*s)))
            .map(|s| two.new.r.stages[s].name.as_str())
            .collect();
        let won: Vec<&str> = is
            .iter()
            .filter(|s| {
                let before = two.stages.old_of.get(s.index()).copied().flatten();
                before.is_some_and(|o| !was.contains(&StageId::at(o)))
            })
            .map(|s| two.new.r.stage(*s).name.as_str())
            .collect();
        if !lost.is_empty() {
            let message = format!("the hold `{}` no longer covers {}", b.name, say::list(&lost));
            let run = format!(
                "what `{}` kept still changes while {} is at work: before, it was held",
                b.name,
                say::list(&lost)
            );
            add(Direction::Loosened, Class::Guard, message, run);
        }
        if !won.is_empty() {
            let message = format!("the hold `{}` now covers {}", b.name, say::list(&won));
            add(Direction::Tightened, Class::Guard, message, String::new());
        }
        let most = |h: &crate::model::Hold| h.at_most.as_ref().map(|(d, _)| *d);
        if most(a) != most(b) {
            let message = format!(
                "the hold `{}` may last {} instead of {}",
                b.name,
                say::dur(most(b)),
                say::dur(most(a))
            );
            let run = format!(
                "`{}` lasts longer than {} and nobody is called: before, its owner was",
                b.name,
                say::dur(most(a))
            );
            add(say::limit(most(a), most(b)), Class::Time, message, run);
        }
        for message in steps::differ(two, &format!("to enter `{}`", b.name), &a.enter, &b.enter) {
            add(Direction::Changed, Class::Work, message, String::new());
        }
        for message in steps::differ(two, &format!("to leave `{}`", b.name), &a.exit, &b.exit) {
            let run = format!(
                "the run ends, and what `{}` held stays held: before, it was given back",
                b.name
            );
            let direction = match (a.exit.is_empty(), b.exit.is_empty()) {
                (false, true) => Direction::Loosened,
                (true, false) => Direction::Tightened,
                _ => Direction::Changed,
            };
            add(direction, Class::Undo, message, run);
        }
        let owner =
            |side: &Side<'_>, h: &crate::model::Hold| h.owner.map(|r| side.names.roles[r.index()].clone());
        if owner(&two.old, a) != owner(&two.new, b) {
            let words = |r: &Release, h: &crate::model::Hold| {
                h.owner.map_or_else(
                    || "the owner of its first stage".into(),
                    |o| format!("`{}`", r.role(o).name),
                )
            };
            let message = format!(
                "{} answers for `{}` instead of {}",
                words(two.new.r, b),
                b.name,
                words(two.old.r, a)
            );
            add(Direction::Changed, Class::Duties, message, String::new());
        }
    }
}

/// How much an option guards: more is stricter.
fn strictness(o: &OptionOutcome) -> u8 {
    match o {
        OptionOutcome::Proceed => 0,
        OptionOutcome::Then(o) => say::strictness(o),
    }
}

fn decisions(two: &Two<'_>, out: &mut Out) {
    let behind = |side: &Side<'_>, d: usize| -> Vec<StageId> {
        let waiting = side
            .plan
            .waited_by(crate::plan::Node::Decision(crate::model::DecisionId::at(d)));
        let stage = |(n, _)| match n {
            crate::plan::Node::Stage(s) => Some(s),
            _ => None,
        };
        waiting.into_iter().filter_map(stage).collect()
    };
    for (list, side, old) in [
        (&two.decisions.gone, &two.old, true),
        (&two.decisions.come, &two.new, false),
    ] {
        for i in list {
            let d = &side.r.decisions[*i];
            let message = if old {
                format!("`{}` is no longer decided", d.name)
            } else {
                format!("`{}` is now decided", d.name)
            };
            let direction = if old {
                Direction::Loosened
            } else {
                Direction::Tightened
            };
            let stages = behind(side, *i);
            let spots = if old {
                spots_of(two, &stages, &[])
            } else {
                spots_of(two, &[], &stages)
            };
            let change = Change::new(direction, Class::Guard, "decision", &d.name, message)
                .run(format!(
                    "the run goes on with nobody asked `{}`: before, it waited for an answer",
                    say::text(side.r, &d.question.ask)
                ))
                .at(spots);
            out.add(if old {
                change.placed(Some(&d.origin), None)
            } else {
                change.placed(None, Some(&d.origin))
            });
        }
    }
    for (o, n) in &two.decisions.both {
        let (a, b) = (&two.old.r.decisions[*o], &two.new.r.decisions[*n]);
        let spots = spots_of(two, &behind(&two.old, *o), &behind(&two.new, *n));
        let mut add = |direction, class, message: String, run: String| {
            out.add(
                Change::new(direction, class, "decision", &b.name, message)
                    .run(run)
                    .at(spots.iter().copied())
                    .placed(Some(&a.origin), Some(&b.origin)),
            );
        };
        if two.old.question(&a.question) != two.new.question(&b.question) {
            let message = format!("`{}` {}", b.name, steps::question(two, &a.question, &b.question));
            add(Direction::Changed, Class::Duties, message, String::new());
        }
        let default = |d: &crate::model::Decision| {
            d.default
                .and_then(|i| d.options.get(i))
                .map(|o| o.name.to_string())
        };
        if default(a) != default(b) {
            // With no default, nobody's answer is a rollback.
            let rank = |d: &crate::model::Decision| {
                let taken = d.default.and_then(|i| d.options.get(i));
                taken.map_or(4, |o| strictness(&o.then))
            };
            let words = |d: &crate::model::Decision| {
                default(d).map_or_else(|| "a rollback".into(), |n| format!("`{n}`"))
            };
            let message = format!(
                "when nobody answers `{}`, it comes out as {} instead of {}",
                b.name,
                words(b),
                words(a)
            );
            let run = format!(
                "nobody answers `{}`, and the run takes {}: before, that was {}",
                b.name,
                words(b),
                words(a)
            );
            add(
                say::less_is_looser(&rank(a), &rank(b)),
                Class::Guard,
                message,
                run,
            );
        }
        let spelled = |side: &Side<'_>, o: &crate::model::DecisionOption| {
            let then = match &o.then {
                OptionOutcome::Proceed => "proceed".to_string(),
                OptionOutcome::Then(o) => side.outcome(o),
            };
            let test = o.test.as_ref().map(|t| match t {
                crate::model::OptionTestExpr::Metrics(m) => side.metrics(m),
                crate::model::OptionTestExpr::Cond(c) => side.cond(c),
            });
            (then, test)
        };
        for x in &a.options {
            let Some(y) = b.options.iter().find(|y| y.name == x.name) else {
                let message = format!("`{}` can no longer come out as `{}`", b.name, x.name);
                add(Direction::Changed, Class::Guard, message, String::new());
                continue;
            };
            let (was, is) = (spelled(&two.old, x), spelled(&two.new, y));
            let words = |r: &Release, o: &OptionOutcome| match o {
                OptionOutcome::Proceed => "going on".to_string(),
                OptionOutcome::Then(o) => say::outcome(r, o),
            };
            if was.0 != is.0 {
                let (before, now) = (words(two.old.r, &x.then), words(two.new.r, &y.then));
                let message = format!("`{}` of `{}` leads to {now} instead of {before}", y.name, b.name);
                let run = format!(
                    "`{}` comes out as `{}`, and what follows is {now}: before, it was {before}",
                    b.name, y.name
                );
                add(
                    say::less_is_looser(&strictness(&x.then), &strictness(&y.then)),
                    Class::Guard,
                    message,
                    run,
                );
            }
            if was.1 != is.1 {
                let direction = match (&was.1, &is.1) {
                    (None, Some(_)) => Direction::Loosened,
                    (Some(_), None) => Direction::Tightened,
                    _ => Direction::Changed,
                };
                let test = |side: &Side<'_>, o: &crate::model::DecisionOption| {
                    o.test.as_ref().map(|t| match t {
                        crate::model::OptionTestExpr::Metrics(m) => threshold::condition(side, m),
                        crate::model::OptionTestExpr::Cond(c) => conditions::cond(side.r, c),
                    })
                };
                let message = format!(
                    "`{}` of `{}` is {}",
                    y.name,
                    b.name,
                    match (test(&two.old, x), test(&two.new, y)) {
                        (Some(p), Some(q)) => {
                            let (p, q) = super::apart::apart(&p, &q);
                            format!("taken without asking when `{q}` instead of when `{p}`")
                        }
                        (None, Some(q)) => format!("now taken without asking when `{q}`"),
                        (_, None) => "no longer taken without asking".to_string(),
                    }
                );
                let run = format!(
                    "`{}` is taken in `{}` and nobody is asked: before, a person chose",
                    y.name, b.name
                );
                add(direction, Class::Guard, message, run);
            }
        }
        for y in &b.options {
            if a.options.iter().all(|x| x.name != y.name) {
                let message = format!("`{}` can now come out as `{}`", b.name, y.name);
                add(Direction::Changed, Class::Guard, message, String::new());
            }
        }
    }
}

fn checklists(two: &Two<'_>, out: &mut Out) {
    for (o, n) in &two.checklists.both {
        let (a, b) = (&two.old.r.checklists[*o], &two.new.r.checklists[*n]);
        let uses = |s: &crate::model::Stage, i: usize| s.ready.iter().any(|(c, _)| c.index() == i);
        let spots: Vec<Spot> = two
            .both_stages()
            .filter(|(_, x, y)| uses(x, *o) || uses(y, *n))
            .map(|(s, _, _)| s)
            .collect();
        let mut add =
            |direction, class, message: String, run: String, old: Option<&Origin>, new: Option<&Origin>| {
                out.add(
                    Change::new(direction, class, "checklist", &b.name, message)
                        .run(run)
                        .at(spots.iter().copied())
                        .placed(old, new),
                );
            };
        for x in &a.items {
            let what = say::text(two.old.r, &x.what);
            let same = |y: &&crate::model::ChecklistItem| two.new.text(&y.what) == two.old.text(&x.what);
            let Some(y) = b.items.iter().find(same) else {
                let message = format!("`{what}` is no longer on the checklist `{}`", b.name);
                let run =
                    format!("the run begins although `{what}` is not so: before, somebody had to tick it");
                add(
                    Direction::Loosened,
                    Class::Gate,
                    message,
                    run,
                    Some(&x.origin),
                    Some(&b.origin),
                );
                continue;
            };
            let about = |side: &Side<'_>, i: &crate::model::ChecklistItem| {
                let owner = i.owner.map(|r| side.names.roles[r.index()].clone());
                let check = i.check.as_ref().map(|a| side.act(a));
                format!(
                    "{owner:?} {} {check:?} {}",
                    side.cond(&i.when),
                    side.maybe(i.evidence.as_ref())
                )
            };
            if about(&two.old, x) != about(&two.new, y) {
                let message = format!("`{what}` {}", item(two, x, y));
                add(
                    Direction::Changed,
                    Class::Gate,
                    message,
                    String::new(),
                    Some(&x.origin),
                    Some(&y.origin),
                );
            }
        }
        for y in &b.items {
            if a.items
                .iter()
                .all(|x| two.old.text(&x.what) != two.new.text(&y.what))
            {
                let message = format!(
                    "`{}` is now on the checklist `{}`",
                    say::text(two.new.r, &y.what),
                    b.name
                );
                add(
                    Direction::Tightened,
                    Class::Gate,
                    message,
                    String::new(),
                    Some(&a.origin),
                    Some(&y.origin),
                );
            }
        }
    }
}

/// How an item of a checklist is ticked otherwise.
fn item(two: &Two<'_>, x: &ChecklistItem, y: &ChecklistItem) -> String {
    let mut how = Vec::new();
    let owner = |side: &Side<'_>, i: &ChecklistItem| i.owner.map(|r| side.names.roles[r.index()].clone());
    if owner(&two.old, x) != owner(&two.new, y) {
        let words = |r: &Release, i: &ChecklistItem| {
            i.owner
                .map_or_else(|| "the owner".to_string(), |o| format!("`{}`", r.role(o).name))
        };
        how.push(format!(
            "is ticked by {} instead of {}",
            words(two.new.r, y),
            words(two.old.r, x)
        ));
    }
    if two.old.cond(&x.when) != two.new.cond(&y.when) {
        let when = conditions::applies((two.old.r, &x.when), (two.new.r, &y.when));
        how.push(format!("applies {when}"));
    }
    match (&x.check, &y.check) {
        (Some(a), Some(b)) if two.old.work(a) == two.new.work(b) => {
            if two.old.act(a) != two.new.act(b) {
                how.push(format!("is checked by what {}", steps::alone(two, a, b)));
            }
        }
        (Some(a), Some(b)) => {
            let (was, is) = super::apart::lists(&[say::doing(two.old.r, a)], &[say::doing(two.new.r, b)]);
            how.push(format!(
                "is checked by {} instead of {}",
                is.concat(),
                was.concat()
            ));
        }
        (None, Some(b)) => how.push(format!("is now checked by {}", say::act(two.new.r, b))),
        (Some(a), None) => how.push(format!(
            "is no longer checked by {}, but ticked by a person",
            say::act(two.old.r, a)
        )),
        (None, None) => {}
    }
    if two.old.maybe(x.evidence.as_ref()) != two.new.maybe(y.evidence.as_ref()) {
        let (p, q) = (x.evidence.as_ref(), y.evidence.as_ref());
        how.push(format!("is to leave behind {}", steps::instead(two, p, q)));
    }
    steps::and(how)
}
