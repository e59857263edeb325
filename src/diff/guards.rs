//! Which approvals surely stand before each stage, on both sides.
//!
//! Compares what is so and not what is written: an approval that stands before an earlier stage stands before what depends on it.
//! Called by `mod`.

use super::out::{Change, Class, Direction, Out, Spot};
use super::pair::{Two, spot};
use super::say;
use crate::model::{ApprovalId, Rollout, StageId};
use crate::plan::{Plan, Pred, Table, Truth};
use std::collections::{BTreeMap, BTreeSet};

/// When an approval stands before a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stands {
    Never,
    Sometimes,
    Always,
}

/// How one approval changed its standing, with the words of when it does not stand there.
type Group = (String, Stands, Stands, Option<String>);

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    let mut groups: BTreeMap<Group, Vec<Spot>> = BTreeMap::new();
    for (o, n) in &two.stages.both {
        let (so, sn) = (StageId::at(*o), StageId::at(*n));
        let (old, new) = (of(two.old.plan, so), of(two.new.plan, sn));
        let named = |side: &super::canon::Side<'_>, list: &[(ApprovalId, Pred)]| {
            list.iter()
                .map(|(a, p)| (side.names.approvals[a.index()].clone(), *p))
                .collect::<BTreeMap<_, _>>()
        };
        let (old, new) = (named(&two.old, &old), named(&two.new, &new));
        for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let was = stands(two.old.plan, so, old.get(name).copied());
            let is = stands(two.new.plan, sn, new.get(name).copied());
            let clause = match (was.0, is.0) {
                (a, b) if a == b && a != Stands::Sometimes => continue,
                (Stands::Sometimes, Stands::Sometimes) => {
                    let (Some(before), Some(now)) = (&was.1, &is.1) else {
                        continue;
                    };
                    match (now.beyond(before), before.beyond(now)) {
                        (None, None) => continue,
                        (lost, won) => {
                            if won.is_some() {
                                let key = (name.clone(), Stands::Sometimes, Stands::Always, None);
                                groups.entry(key).or_default().push(spot(*o, *n));
                            }
                            let Some(at) = lost else { continue };
                            Some(at)
                        }
                    }
                }
                (_, Stands::Sometimes) => is.2,
                _ => None,
            };
            groups
                .entry((name.clone(), was.0, is.0, clause))
                .or_default()
                .push(spot(*o, *n));
        }
    }
    for ((name, was, is, clause), spots) in groups {
        let direction = if is < was || (is == was && clause.is_some()) {
            Direction::Loosened
        } else {
            Direction::Tightened
        };
        say_it(two, out, &name, direction, clause.as_deref(), &spots);
    }
    unguarded(two, out);
    rollouts(two, out);
}

fn of(plan: &Plan, stage: StageId) -> Vec<(ApprovalId, Pred)> {
    plan.guards(stage).iter().map(|g| (g.approval, g.when)).collect()
}

/// Whether an approval stands before a stage; the variants in which it does not, when it does in some.
fn stands(plan: &Plan, stage: StageId, when: Option<Pred>) -> (Stands, Option<Table>, Option<String>) {
    let Some(when) = when else {
        return (Stands::Never, None, None);
    };
    let variants = plan.variants();
    let starts = plan.starts(stage);
    if variants.implies(starts, when) {
        return (Stands::Always, None, None);
    }
    let open = variants.without(starts, when);
    let clause = match variants.find(plan, open) {
        Truth::In(v) => v.clause(),
        _ => None,
    };
    if !variants.possible(variants.and(starts, when)) {
        return (Stands::Never, None, None);
    }
    (Stands::Sometimes, variants.table(plan, open), clause)
}

fn say_it(
    two: &Two<'_>,
    out: &mut Out,
    name: &str,
    direction: Direction,
    clause: Option<&str>,
    spots: &[Spot],
) {
    let find = |side: &super::canon::Side<'_>| side.names.approvals.iter().position(|a| a == name);
    let (old, new) = (find(&two.old), find(&two.new));
    let shown = new.map_or_else(
        || old.map(|o| two.old.r.approvals[o].name.to_string()),
        |n| Some(two.new.r.approvals[n].name.to_string()),
    );
    let shown = shown.unwrap_or_default();
    let stages: Vec<&str> = spots
        .iter()
        .filter_map(|s| s.new.map(|n| two.new.r.stages[n].name.as_str()))
        .collect();
    let clause = clause.map(|c| format!(" {c}")).unwrap_or_default();
    // An approval and a stage may have one name.
    let alike = stages.contains(&shown.as_str());
    let kind = |kind: &str, plural: bool| match (alike, plural) {
        (false, _) => String::new(),
        (true, false) => format!("the {kind} "),
        (true, true) => format!("the {kind}s "),
    };
    let guard = format!("{}`{shown}`", kind("approval", false));
    let guarded = format!("{}{}", kind("stage", stages.len() > 1), say::list(&stages));
    let places = |c: Change| {
        c.at(spots.iter().copied()).placed(
            old.map(|o| &two.old.r.approvals[o].origin),
            new.map(|n| &two.new.r.approvals[n].origin),
        )
    };
    if direction == Direction::Tightened {
        let message = format!("{guard} now stands before {guarded}");
        out.add(places(Change::new(
            direction,
            Class::Guard,
            "approval",
            &shown,
            message,
        )));
        return;
    }
    let message = format!("{guard} no longer stands before {guarded}{clause}");
    // The gravest of the stages, the first in order among equals.
    let worst = spots.iter().filter_map(|s| s.new).min_by_key(|n| {
        let kind = two.new.r.env(two.new.r.stages[*n].environment).kind;
        (std::cmp::Reverse(kind), *n)
    });
    let run = worst.map(|n| {
        let id = StageId::at(n);
        let (stage, place) = (&two.new.r.stages[n].name, say::place(two.new.r, id));
        let left: Vec<&str> = of(two.new.plan, id)
            .into_iter()
            .filter(|(a, p)| {
                let variants = two.new.plan.variants();
                Some(a.index()) != new && variants.implies(two.new.plan.starts(id), *p)
            })
            .map(|(a, _)| two.new.r.approval(a).name.as_str())
            .collect();
        let who = if left.is_empty() {
            "with nobody's approval".to_string()
        } else {
            format!("with the approval of {} alone", say::list(&left))
        };
        let started = clause.trim_start();
        let started = if started.is_empty() {
            String::new()
        } else {
            format!("{started}, ")
        };
        let stage_kind = kind("stage", false);
        format!("{started}{stage_kind}`{stage}` starts {place} {who}: before, {guard} stood before it")
    });
    let change = Change::new(direction, Class::Guard, "approval", &shown, message);
    out.add(places(change.run(run.unwrap_or_default())));
}

/// New stages in production that no approval stands before, and such stages that are gone.
fn unguarded(two: &Two<'_>, out: &mut Out) {
    for (side, list, direction) in [
        (&two.new, &two.stages.come, Direction::Loosened),
        (&two.old, &two.stages.gone, Direction::Tightened),
    ] {
        for i in list {
            let (id, s) = (StageId::at(*i), &side.r.stages[*i]);
            let open = side.r.is_production(s.environment) && side.plan.guards(id).is_empty();
            if !open {
                continue;
            }
            let new = direction == Direction::Loosened;
            let at = if new { two.new_spot(id) } else { two.old_spot(id) };
            let message = if new {
                format!("`{}` is new, and no approval stands before it", s.name)
            } else {
                format!("`{}` is gone, before which no approval stood", s.name)
            };
            let run = format!(
                "`{}` starts {} with nobody's approval: before, there was no such stage",
                s.name,
                say::place(side.r, id)
            );
            let change = Change::new(direction, Class::Guard, "stage", &s.name, message)
                .run(run)
                .at([at]);
            out.add(if new {
                change.placed(None, Some(&s.origin))
            } else {
                change.placed(Some(&s.origin), None)
            });
        }
    }
}

/// Approvals before a step of a rollout: those of the step and of all before it.
fn rollouts(two: &Two<'_>, out: &mut Out) {
    let known = |side: &super::canon::Side<'_>, rollout: &Rollout, upto: usize| {
        let steps = rollout.steps.iter().take(upto + 1);
        steps
            .flat_map(|s| &s.approved)
            .map(|(a, _)| side.names.approvals[a.index()].clone())
            .collect::<BTreeSet<String>>()
    };
    for (at, old, new) in two.both_stages() {
        let (Some(a), Some(b)) = (&old.rollout, &new.rollout) else {
            continue;
        };
        let (mut told_lost, mut told_won) = (BTreeSet::new(), BTreeSet::new());
        for (j, step) in b.steps.iter().enumerate() {
            let Some(i) = a.steps.iter().position(|s| s.name == step.name) else {
                continue;
            };
            let (was, is) = (known(&two.old, a, i), known(&two.new, b, j));
            for lost in was.difference(&is).filter(|l| told_lost.insert((*l).clone())) {
                out.add(
                    Change::new(
                        Direction::Loosened,
                        Class::Guard,
                        "approval",
                        lost,
                        format!("`{lost}` no longer stands before {} of `{}`", step.name, new.name),
                    )
                    .run(format!(
                        "`{}` goes to {} as soon as the steps before are done: before, `{lost}` had to say yes",
                        new.name, step.name
                    ))
                    .at([at])
                    .placed(Some(&a.steps[i].origin), Some(&step.origin)),
                );
            }
            for won in is.difference(&was).filter(|w| told_won.insert((*w).clone())) {
                let name = won.split('\u{6}').next().unwrap_or(won);
                out.add(
                    Change::new(
                        Direction::Tightened,
                        Class::Guard,
                        "approval",
                        name,
                        format!("`{name}` now stands before {} of `{}`", step.name, new.name),
                    )
                    .at([at])
                    .placed(Some(&a.steps[i].origin), Some(&step.origin)),
                );
            }
        }
    }
}
