//! What is done: stages that came and went, their commands, rights and secrets, inputs, artifacts.
//!
//! Called by `mod`.

use super::apart::Quote;
use super::canon::Side;
use super::conditions::{applies, decided};
use super::out::{Change, Class, Direction, Out, Spot};
use super::pair::Two;
use super::say;
use super::steps::{self, AWAITED};
use crate::model::{Act, Origin, Release, RolloutStep, Stage, StageId, Step, StepKind};
use crate::plan::show;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    for n in &two.stages.come {
        let s = &two.new.r.stages[*n];
        let id = StageId::at(*n);
        let message = format!("the stage `{}` is new, {}", s.name, say::place(two.new.r, id));
        out.add(
            Change::new(Direction::Changed, Class::Work, "stage", &s.name, message)
                .at([two.new_spot(id)])
                .placed(None, Some(&s.origin)),
        );
    }
    for o in &two.stages.gone {
        let s = &two.old.r.stages[*o];
        let id = StageId::at(*o);
        let message = format!(
            "the stage `{}` is gone, which took place {}",
            s.name,
            say::place(two.old.r, id)
        );
        out.add(
            Change::new(Direction::Changed, Class::Work, "stage", &s.name, message)
                .at([two.old_spot(id)])
                .placed(Some(&s.origin), None),
        );
    }
    for (at, old, new) in two.both_stages() {
        stage(two, out, at, old, new);
        rights(two, out, at, old, new);
    }
    params(two, out);
    artifacts(two, out);
    super::environments::compare(two, out);
}

/// The steps of a stage that do or await something: those of its own, and of its rollout.
fn doing(s: &Stage) -> Vec<&Step> {
    let checks = s
        .rollout
        .iter()
        .flat_map(|r| r.steps.iter().flat_map(|x| &x.checks));
    s.steps.iter().chain(checks).collect()
}

fn stage(two: &Two<'_>, out: &mut Out, at: Spot, old: &Stage, new: &Stage) {
    let name = new.name.as_str();
    let mut add = |direction, class, message: String, run: String| {
        out.add(
            Change::new(direction, class, "stage", name, message)
                .run(run)
                .at([at])
                .placed(Some(&old.origin), Some(&new.origin)),
        );
    };
    let env = |side: &Side<'_>, s: &Stage| side.names.environments[s.environment.index()].clone();
    if env(&two.old, old) != env(&two.new, new) {
        let words = |r: &Release, s: &Stage| r.env(s.environment).name.to_string();
        let message = format!(
            "`{name}` takes place in `{}` instead of `{}`",
            words(two.new.r, new),
            words(two.old.r, old)
        );
        add(Direction::Changed, Class::Work, message, String::new());
    }
    if two.old.cond(&old.when) != two.new.cond(&new.when) {
        let how = applies((two.old.r, &old.when), (two.new.r, &new.when));
        // That a decision is there no more is told with the decisions.
        let known = |d: &&String| two.old.names.decisions.contains(d) && two.new.names.decisions.contains(d);
        let (was, is) = (decided(&two.old, &old.when), decided(&two.new, &new.when));
        let lost: Vec<&String> = was.difference(&is).filter(known).collect();
        let won: Vec<&String> = is.difference(&was).filter(known).collect();
        if lost.is_empty() == won.is_empty() {
            add(
                Direction::Changed,
                Class::Work,
                format!("`{name}` applies {how}"),
                String::new(),
            );
        } else if won.is_empty() {
            let decision = say::list(&lost);
            add(
                Direction::Loosened,
                Class::Guard,
                format!("`{name}` no longer depends on the decision {decision}: it applies {how}"),
                format!(
                    "`{name}` takes place although {decision} came out against it: before, it only did when that was decided"
                ),
            );
        } else {
            let message = format!(
                "`{name}` now depends on the decision {}: it applies {how}",
                say::list(&won)
            );
            add(Direction::Tightened, Class::Guard, message, String::new());
        }
    }
    let list = |side: &Side<'_>, l: &[(crate::model::ArtifactId, Origin)]| {
        super::canon::sorted(
            l.iter()
                .map(|(a, _)| side.names.artifacts[a.index()].clone())
                .collect(),
        )
    };
    if list(&two.old, &old.ships) != list(&two.new, &new.ships)
        || list(&two.old, &old.builds) != list(&two.new, &new.builds)
    {
        let words = |r: &Release, s: &Stage| {
            let all: Vec<_> = s.ships.iter().chain(&s.builds).cloned().collect();
            let names = say::list(r.artifact_names(&all));
            if names.is_empty() { "nothing".into() } else { names }
        };
        let message = format!(
            "`{name}` builds and ships {} instead of {}",
            words(two.new.r, new),
            words(two.old.r, old)
        );
        add(Direction::Changed, Class::Work, message, String::new());
    }
    let starter = |side: &Side<'_>, s: &Stage| s.started_by.map(|r| side.names.roles[r.index()].clone());
    if starter(&two.old, old) != starter(&two.new, new) {
        add(
            say::set(old.started_by.is_some(), new.started_by.is_some()).reversed(),
            Class::Duties,
            match (old.started_by, new.started_by) {
                (_, Some(r)) => format!("`{}` must now start `{name}`", two.new.r.role(r).name),
                (Some(r), None) => format!("`{}` need not start `{name}` any more", two.old.r.role(r).name),
                (None, None) => String::new(),
            },
            format!("`{name}` starts by itself: before, somebody had to start it"),
        );
    }
    // What is done, whatever its limits are: those are told with the time.
    let acts = |side: &Side<'_>, s: &Stage| -> Vec<(String, String, Step)> {
        doing(s)
            .into_iter()
            .filter_map(|step| {
                let whole = match &step.kind {
                    StepKind::Act(a) => effects(side, a),
                    StepKind::WaitFor(_) => String::new(),
                    _ => return None,
                };
                let owner = step.owner.map(|o| side.names.roles[o.index()].clone());
                let around = format!(
                    "{} {owner:?} {} {whole} {}",
                    side.cond(&step.when),
                    step.idempotent,
                    side.maybe(step.expect.as_ref())
                );
                Some((steps::bare(side, step), around, step.clone()))
            })
            .collect()
    };
    let (was, is) = (acts(&two.old, old), acts(&two.new, new));
    let (mut gone, mut come) = (was.clone(), is.clone());
    let mut told = BTreeSet::new();
    gone.retain(|x| match come.iter().position(|y| y.0 == x.0) {
        Some(at) => {
            let y = come.remove(at);
            if y.1 != x.1 && told.insert(y.0.clone()) {
                let mut how = steps::around(two, &x.2, &y.2);
                if let (Some(a), Some(b)) = (x.2.act(), y.2.act()) {
                    how.extend(steps::touches(two, a, b));
                }
                let message = format!(
                    "{} in `{name}` {}",
                    steps::quote(two.new.r, &y.2).alone(),
                    steps::and(how)
                );
                add(Direction::Changed, Class::Work, message, String::new());
            }
            false
        }
        None => true,
    });
    let quotes = |r: &Release, l: &[(String, String, Step)]| -> Vec<Quote> {
        l.iter().map(|x| steps::quote(r, &x.2)).collect()
    };
    let (gone, come) = (quotes(two.old.r, &gone), quotes(two.new.r, &come));
    let (before, now) = super::apart::lists(&gone, &come);
    let (before, now) = (super::apart::and(&before), super::apart::and(&now));
    match (gone.is_empty(), come.is_empty()) {
        (true, true) => {}
        (false, false) => {
            let message = if now == before {
                format!("`{name}` does {now} in another way")
            } else {
                format!("`{name}` does {now} instead of {before}")
            };
            add(Direction::Changed, Class::Work, message, String::new());
        }
        (false, true) if gone.iter().all(|g| g.lead == AWAITED) => add(
            Direction::Loosened,
            Class::Gate,
            format!("`{name}` goes without {}", before),
            format!("`{name}` ends well although what it waited for has not happened: before, it waited"),
        ),
        (true, false) if come.iter().all(|g| g.lead == AWAITED) => add(
            Direction::Tightened,
            Class::Gate,
            format!("`{name}` has {} besides", now),
            String::new(),
        ),
        (false, true) => {
            let message = format!("`{name}` no longer does {}", before);
            add(Direction::Changed, Class::Work, message, String::new());
        }
        (true, false) => {
            let message = format!("`{name}` now also does {}", now);
            add(Direction::Changed, Class::Work, message, String::new());
        }
    }
    // What the commands must print.
    let prints = |side: &Side<'_>, s: &Stage| -> BTreeMap<String, (String, String)> {
        let acts = doing(s).into_iter().filter_map(Step::act);
        acts.map(|a| (side.work(a), (side.prints(a), say::act(side.r, a))))
            .collect()
    };
    let (was, is) = (prints(&two.old, old), prints(&two.new, new));
    for (key, (x, _)) in &was {
        let Some((y, words)) = is.get(key).filter(|(y, _)| y != x) else {
            continue;
        };
        let shown = |p: &str| {
            if p.is_empty() {
                "nothing".into()
            } else {
                format!("`{p}`")
            }
        };
        let direction = match (x.is_empty(), y.is_empty()) {
            (false, true) => Direction::Loosened,
            (true, false) => Direction::Tightened,
            _ => Direction::Changed,
        };
        add(
            direction,
            Class::Gate,
            format!(
                "the output of {words} in `{name}` is held against {} instead of {}",
                shown(y),
                shown(x)
            ),
            format!("{words} prints something else, and `{name}` goes on: before, it failed"),
        );
    }
    rollout(two, &mut add, old, new);
}

/// What a declared act touches.
fn effects(side: &Side<'_>, a: &Act) -> String {
    let e = &a.effects;
    [
        &e.changes,
        &e.removes,
        &e.reads,
        &e.stores,
        &e.backs_up,
        &e.exercises,
        &e.raises,
    ]
    .map(|k| side.keys(k))
    .join("\u{2}")
}

/// The work at each step of a rollout, where that of the last is the same.
fn rollout(two: &Two<'_>, add: &mut dyn FnMut(Direction, Class, String, String), old: &Stage, new: &Stage) {
    let (Some(a), Some(b)) = (&old.rollout, &new.rollout) else {
        return;
    };
    if two.old.steps(&old.steps) != two.new.steps(&new.steps) {
        return;
    }
    for step in &b.steps {
        let Some(was) = a.steps.iter().find(|s| s.name == step.name) else {
            continue;
        };
        let place = format!("{} of `{}`", step.name, new.name);
        for message in steps::differ(two, &format!("at {place}"), &was.work, &step.work) {
            add(Direction::Changed, Class::Work, message, String::new());
        }
        let owner = |side: &Side<'_>, s: &RolloutStep| s.owner.map(|o| side.names.roles[o.index()].clone());
        if owner(&two.old, was) != owner(&two.new, step) {
            let words = |r: &Release, s: &RolloutStep, stage: &Stage| {
                r.role(s.owner.unwrap_or(stage.owner)).name.to_string()
            };
            let message = format!(
                "{place} is done by `{}` instead of `{}`",
                words(two.new.r, step, new),
                words(two.old.r, was, old)
            );
            add(Direction::Changed, Class::Work, message, String::new());
        }
        let at = |s: &RolloutStep| s.at.as_ref().map(|(o, _)| o.after);
        if at(was) != at(step) {
            let words = |s: &RolloutStep| {
                at(s).map_or_else(
                    || "as soon as it can".into(),
                    |d| format!("not before `T+{d}`").replace("+-", "-"),
                )
            };
            let message = format!("{place} begins {} instead of {}", words(step), words(was));
            add(Direction::Changed, Class::Work, message, String::new());
        }
        if two.old.cond(&was.when) != two.new.cond(&step.when) {
            let how = applies((two.old.r, &was.when), (two.new.r, &step.when));
            add(
                Direction::Changed,
                Class::Work,
                format!("{place} applies {how}"),
                String::new(),
            );
        }
    }
}

/// The rights and secrets a stage runs with, its way back included.
fn rights(two: &Two<'_>, out: &mut Out, at: Spot, old: &Stage, new: &Stage) {
    let of = |side: &Side<'_>, s: &Stage| {
        let (mut permits, mut secrets) = (BTreeMap::new(), BTreeSet::new());
        let written = match &s.rollback {
            crate::model::Rollback::Written(w) => w.steps.iter().collect(),
            _ => Vec::new(),
        };
        let mut open: Vec<&Act> = doing(s)
            .into_iter()
            .chain(written)
            .filter_map(Step::act)
            .collect();
        while let Some(a) = open.pop() {
            for p in &a.permits {
                let words = format!("{} on {}", p.action, show::prose(side.r, &p.on));
                permits.insert(side.permit(p), words);
            }
            secrets.extend(a.secrets.iter().map(ToString::to_string));
            open.extend(a.companions());
        }
        (permits, secrets)
    };
    let (was, is) = (of(&two.old, old), of(&two.new, new));
    let name = new.name.as_str();
    let beyond = |x: &BTreeMap<String, String>, y: &BTreeMap<String, String>| {
        let more = x.iter().filter(|(k, _)| !y.contains_key(*k));
        more.map(|(_, w)| w.clone()).collect::<Vec<_>>()
    };
    let (come, gone) = (beyond(&is.0, &was.0), beyond(&was.0, &is.0));
    let more: Vec<&String> = is.1.difference(&was.1).collect();
    let less: Vec<&String> = was.1.difference(&is.1).collect();
    let mut add = |direction, message: String, run: String| {
        out.add(
            Change::new(direction, Class::Work, "stage", name, message)
                .run(run)
                .at([at])
                .placed(Some(&old.origin), Some(&new.origin)),
        );
    };
    if let Some(first) = come.first() {
        add(
            Direction::Loosened,
            format!("`{name}` has the rights {} besides", say::list(&come)),
            format!("a command of `{name}` does `{first}`: before, it had no right to"),
        );
    }
    if !gone.is_empty() {
        let message = format!("`{name}` no longer has the rights {}", say::list(&gone));
        add(Direction::Tightened, message, String::new());
    }
    if let Some(first) = more.first() {
        add(
            Direction::Loosened,
            format!("`{name}` reads the secrets {} besides", say::list(&more)),
            format!("a command of `{name}` reads `{first}` and can pass it on: before, it did not have it"),
        );
    }
    if !less.is_empty() {
        let message = format!("`{name}` no longer reads the secrets {}", say::list(&less));
        add(Direction::Tightened, message, String::new());
    }
}

fn params(two: &Two<'_>, out: &mut Out) {
    let change = |direction, name: &str, message: String, old: Option<&Origin>, new: Option<&Origin>| {
        Change::new(direction, Class::Work, "param", name, message)
            .everywhere()
            .placed(old, new)
    };
    for p in &two.old.r.params {
        let Some(q) = two.new.r.params.iter().find(|q| q.name == p.name) else {
            let message = format!("the parameter `{}` is gone", p.name);
            out.add(change(
                Direction::Changed,
                &p.name,
                message,
                Some(&p.origin),
                None,
            ));
            continue;
        };
        let value = |side: &Side<'_>, v: &Option<crate::model::Value>| v.as_ref().map(|v| side.value(v));
        let words = |side: &Side<'_>, v: &Option<crate::model::Value>| {
            v.as_ref()
                .map_or_else(|| "none".to_string(), |v| format!("`{}`", show::value(side.r, v)))
        };
        let here = (Some(&p.origin), Some(&q.origin));
        if p.ty != q.ty {
            let message = format!(
                "the parameter `{}` is of type `{}` instead of `{}`",
                q.name,
                crate::types::type_words(&q.ty),
                crate::types::type_words(&p.ty)
            );
            out.add(change(Direction::Changed, &q.name, message, here.0, here.1));
        }
        if value(&two.old, &p.default) != value(&two.new, &q.default) {
            let message = format!(
                "the default of `{}` is {} instead of {}",
                q.name,
                words(&two.new, &q.default),
                words(&two.old, &p.default)
            );
            out.add(change(Direction::Changed, &q.name, message, here.0, here.1));
        } else if value(&two.old, &p.fixed) != value(&two.new, &q.fixed) {
            let message = format!(
                "`{}` is fixed to {} instead of {}",
                q.name,
                words(&two.new, &q.fixed),
                words(&two.old, &p.fixed)
            );
            out.add(change(Direction::Changed, &q.name, message, here.0, here.1));
        }
        if p.doc != q.doc {
            let message = format!(
                "the description of the parameter `{}` is {}",
                q.name,
                steps::written(&p.doc, &q.doc)
            );
            out.add(Change::cosmetic("param", &q.name, message).placed(here.0, here.1));
        }
    }
    for q in &two.new.r.params {
        if two.old.r.params.iter().all(|p| p.name != q.name) {
            let message = format!("the parameter `{}` is new", q.name);
            out.add(change(
                Direction::Changed,
                &q.name,
                message,
                None,
                Some(&q.origin),
            ));
        }
    }
    let asserts = |side: &Side<'_>| -> BTreeMap<String, (String, Origin)> {
        let all = side.r.asserts.iter();
        all.map(|a| {
            (
                side.cond(&a.holds),
                (say::text(side.r, &a.message), a.origin.clone()),
            )
        })
        .collect()
    };
    let (was, is) = (asserts(&two.old), asserts(&two.new));
    let name = &two.new.r.name;
    for (_, (message, origin)) in was.iter().filter(|(k, _)| !is.contains_key(*k)) {
        out.add(
            Change::new(
                Direction::Loosened,
                Class::Gate,
                "assert",
                name,
                format!("inputs are no longer refused with `{message}`"),
            )
            .run(format!(
                "a run is started with inputs that were refused with `{message}`: before, it did not start"
            ))
            .everywhere()
            .placed(Some(origin), None),
        );
    }
    for (_, (message, origin)) in is.iter().filter(|(k, _)| !was.contains_key(*k)) {
        let message = format!("some inputs are now refused with `{message}`");
        out.add(
            Change::new(Direction::Tightened, Class::Gate, "assert", name, message)
                .everywhere()
                .placed(None, Some(origin)),
        );
    }
}

fn artifacts(two: &Two<'_>, out: &mut Out) {
    for (o, n) in &two.artifacts.both {
        let (a, b) = (&two.old.r.artifacts[*o], &two.new.r.artifacts[*n]);
        let users: Vec<Spot> = two
            .both_stages()
            .filter(|(_, x, y)| {
                x.ships.iter().chain(&x.builds).any(|(i, _)| i.index() == *o)
                    || y.ships.iter().chain(&y.builds).any(|(i, _)| i.index() == *n)
            })
            .map(|(s, _, _)| s)
            .collect();
        for (what, x, y) in [
            ("digest", &a.digest, &b.digest),
            ("version", &a.version, &b.version),
            ("signer", &a.signed_by, &b.signed_by),
            ("store", &a.store, &b.store),
        ] {
            if two.old.maybe(x.as_ref()) == two.new.maybe(y.as_ref()) {
                continue;
            }
            let signer = what == "signer";
            let direction = match (x, y) {
                (Some(_), None) if signer => Direction::Loosened,
                (None, Some(_)) if signer => Direction::Tightened,
                _ => Direction::Changed,
            };
            let message = format!(
                "the {what} of `{}` is {} instead of {}",
                b.name,
                say::maybe(two.new.r, y.as_ref()),
                say::maybe(two.old.r, x.as_ref())
            );
            let class = if signer { Class::Gate } else { Class::Work };
            out.add(
                Change::new(direction, class, "artifact", &b.name, message)
                    .run(format!(
                        "`{}` is shipped although nobody signed it: before, a signer was named",
                        b.name
                    ))
                    .at(users.iter().copied())
                    .placed(Some(&a.origin), Some(&b.origin)),
            );
        }
    }
}
