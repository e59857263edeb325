//! What is surely looked at before each stage is through: gates, checklists, artifacts, by the stage or by one before it.
//!
//! Compares where things are judged, not how: `gates` does. Called by `mod`.

use super::canon::Side;
use super::out::{Change, Class, Direction, Out, Spot};
use super::pair::Two;
use super::say;
use crate::model::{Dur, Origin, Rollout, Stage, StageId, Step, StepKind};
use std::collections::{BTreeMap, BTreeSet};

/// The most entries of the table of what is looked at before what; beyond it, each stage is looked at for itself.
const ENTRIES: usize = 20_000_000;

/// What is looked at: its kind, its name on both sides, and when.
type Item = (&'static str, String, String);

/// How it is looked at less, or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    /// Not at all before the stage is through.
    AtAll,
    /// Only once the stage is at work.
    Early,
    /// Only by a stage before it, and not by itself.
    Again,
}

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    let (old, new) = (Seen::of(&two.old), Seen::of(&two.new));
    type Lost = (Item, How);
    let mut lost: BTreeMap<Lost, Vec<Spot>> = BTreeMap::new();
    let mut won: BTreeMap<Lost, Vec<Spot>> = BTreeMap::new();
    for (o, n) in &two.stages.both {
        let at = super::pair::spot(*o, *n);
        let (a, b) = (old.of_stage(*o), new.of_stage(*n));
        let (own_a, own_b) = (
            own(&two.old, &two.old.r.stages[*o]).1,
            own(&two.new, &two.new.r.stages[*n]).1,
        );
        let sides = [
            (&a, &b, &own_a, &own_b, &mut lost),
            (&b, &a, &own_b, &own_a, &mut won),
        ];
        for (x, y, own_x, own_y, list) in sides {
            for item in x.1.difference(&y.1) {
                list.entry(((*item).clone(), How::AtAll)).or_default().push(at);
            }
            // Looked at still, but only once the stage is at work.
            for item in x.0.difference(&y.0).filter(|i| y.1.contains(*i)) {
                list.entry(((*item).clone(), How::Early)).or_default().push(at);
            }
            // Looked at still, but before the stage has changed anything.
            for item in own_x.difference(own_y).filter(|i| y.1.contains(*i)) {
                list.entry(((*item).clone(), How::Again)).or_default().push(at);
            }
        }
    }
    let known = |names: &[Vec<String>; 3], item: &Item| {
        let list = match item.0 {
            "gate" => &names[0],
            "checklist" => &names[1],
            _ => &names[2],
        };
        list.contains(&item.1)
    };
    let names = |s: &Side<'_>| {
        [
            s.names.gates.clone(),
            s.names.checklists.clone(),
            s.names.artifacts.clone(),
        ]
    };
    let (in_old, in_new) = (names(&two.old), names(&two.new));
    for (((item, how), spots), is_lost) in lost
        .into_iter()
        .map(|x| (x, true))
        .chain(won.into_iter().map(|x| (x, false)))
    {
        let shown = shown(two, &item);
        let late = how == How::Early;
        // The stages that looked themselves come first: what depends on them follows from them.
        let own: Vec<Spot> = spots
            .iter()
            .copied()
            .filter(|s| {
                let own = |side: &Side<'_>, i: Option<usize>| {
                    i.is_some_and(|i| {
                        let (entry, all) = own(side, &side.r.stages[i]);
                        entry.contains(&item) || all.contains(&item)
                    })
                };
                own(&two.old, s.old) || own(&two.new, s.new)
            })
            .collect();
        let about = if own.is_empty() { &spots } else { &own };
        let stages: Vec<&str> = about
            .iter()
            .filter_map(|s| s.new.map(|n| two.new.r.stages[n].name.as_str()))
            .collect();
        let when = if item.2.is_empty() {
            ""
        } else {
            ", under the condition it had"
        };
        let direction = if is_lost {
            Direction::Loosened
        } else {
            Direction::Tightened
        };
        let verb = match item.0 {
            "checklist" => ("ticked off", "is ready"),
            "artifact" => ("verified", "is what was verified"),
            _ => ("judged", "passes"),
        };
        let list = say::list(&stages);
        // Whether it was looked at, or is now, before any of these stages starts.
        let early = how != How::Again
            && about.iter().all(|s| {
                let (side, at) = if is_lost { (&old, s.old) } else { (&new, s.new) };
                at.is_some_and(|i| side.of_stage(i).0.contains(&item))
            });
        let through = if stages.len() == 1 { "is" } else { "are" };
        let message = match (is_lost, late) {
            (true, _) if how == How::Again => {
                format!("`{shown}` is no longer {} in {list}, only before{when}", verb.0)
            }
            (false, _) if how == How::Again => {
                format!("`{shown}` is now {} in {list} too{when}", verb.0)
            }
            (true, false) if early => format!(
                "`{shown}` is no longer {} before the start of {list}{when}",
                verb.0
            ),
            (false, false) if early => {
                format!("`{shown}` is now {} before the start of {list}{when}", verb.0)
            }
            (true, false) => format!(
                "`{shown}` is no longer {} before {list} {through} through{when}",
                verb.0
            ),
            (true, true) => format!("`{shown}` is {} only once {list} {through} at work", verb.0),
            (false, false) => format!(
                "`{shown}` is now {} before {list} {through} through{when}",
                verb.0
            ),
            (false, true) => format!("`{shown}` is now {} before the start of {list}", verb.0),
        };
        let first = about.iter().filter_map(|s| s.new).next();
        let run = first.map(|n| {
            let (name, place) = (&two.new.r.stages[n].name, say::place(two.new.r, StageId::at(n)));
            if late {
                format!("`{name}` begins {place} and changes things before anybody knows whether `{shown}` {}: before, it waited", verb.1)
            } else if how == How::Again {
                format!(
                    "`{name}` ends well {place} although nobody looked since it began whether `{shown}` {}: before, it was {} there",
                    verb.1, verb.0
                )
            } else if early {
                format!(
                    "`{name}` begins {place} although nobody looked whether `{shown}` {}: before, it had to be {}",
                    verb.1, verb.0
                )
            } else {
                format!(
                    "`{name}` ends well {place} although nobody looked whether `{shown}` {}: before, it had to be {}",
                    verb.1, verb.0
                )
            }
        });
        let gone = !(known(&in_old, &item) && known(&in_new, &item));
        let message = match (gone, is_lost) {
            (true, true) if !late => format!("{message}: it is gone"),
            (true, false) if !late => format!("{message}: it is new"),
            _ => message,
        };
        out.add(
            Change::new(direction, Class::Gate, item.0, &shown, message)
                .run(run.unwrap_or_default())
                .at(spots)
                .placed(place(&two.old, &item), place(&two.new, &item)),
        );
    }
    for (at, old, new) in two.both_stages() {
        if let (Some(a), Some(b)) = (&old.rollout, &new.rollout) {
            steps(two, out, at, new, a, b);
        }
        exposure(out, at, old, new);
    }
}

fn position(names: &[String], item: &Item) -> Option<usize> {
    names.iter().position(|n| *n == item.1)
}

fn place<'a>(side: &Side<'a>, item: &Item) -> Option<&'a Origin> {
    match item.0 {
        "gate" => position(&side.names.gates, item).map(|i| &side.r.gates[i].origin),
        "checklist" => position(&side.names.checklists, item).map(|i| &side.r.checklists[i].origin),
        _ => position(&side.names.artifacts, item).map(|i| &side.r.artifacts[i].origin),
    }
}

fn shown(two: &Two<'_>, item: &Item) -> String {
    let name = |side: &Side<'_>| match item.0 {
        "gate" => position(&side.names.gates, item).map(|i| side.r.gates[i].name.to_string()),
        "checklist" => position(&side.names.checklists, item).map(|i| side.r.checklists[i].name.to_string()),
        _ => position(&side.names.artifacts, item).map(|i| side.r.artifacts[i].name.to_string()),
    };
    name(&two.new).or_else(|| name(&two.old)).unwrap_or_default()
}

/// What a stage looks at itself: before it starts, and before it is through.
fn own(side: &Side<'_>, s: &Stage) -> (BTreeSet<Item>, BTreeSet<Item>) {
    let mut entry: BTreeSet<Item> = BTreeSet::new();
    for (g, _) in &s.require {
        entry.insert(("gate", side.names.gates[g.index()].clone(), String::new()));
    }
    for (c, _) in &s.ready {
        entry.insert((
            "checklist",
            side.names.checklists[c.index()].clone(),
            String::new(),
        ));
    }
    let all = s
        .forward_steps()
        .into_iter()
        .filter_map(|step| item(side, step))
        .collect();
    (entry, all)
}

fn item(side: &Side<'_>, step: &Step) -> Option<Item> {
    match &step.kind {
        StepKind::VerifyGate(g) => Some(("gate", side.names.gates[g.index()].clone(), side.cond(&step.when))),
        StepKind::VerifyArtifact(a) => Some((
            "artifact",
            side.names.artifacts[a.index()].clone(),
            side.cond(&step.when),
        )),
        _ => None,
    }
}

/// What is looked at before each stage starts, and before it is through.
struct Seen {
    items: Vec<Item>,
    words: usize,
    start: Vec<u64>,
    end: Vec<u64>,
}

impl Seen {
    fn of(side: &Side<'_>) -> Seen {
        let count = side.r.stages.len();
        let mine: Vec<_> = side.r.stages.iter().map(|s| own(side, s)).collect();
        let all: BTreeSet<Item> = mine
            .iter()
            .flat_map(|(e, a)| e.iter().chain(a))
            .cloned()
            .collect();
        let items: Vec<Item> = all.into_iter().collect();
        let words = items.len().div_ceil(64);
        let alone = words.saturating_mul(count) > ENTRIES;
        let words_of = |set: &BTreeSet<Item>, bits: &mut [u64]| {
            for item in set {
                if let Ok(at) = items.binary_search(item) {
                    bits[at / 64] |= 1 << (at % 64);
                }
            }
        };
        let (mut start, mut end) = (vec![0u64; words * count], vec![0u64; words * count]);
        for stage in side.plan.stage_order() {
            let i = stage.index();
            let mut bits = vec![0u64; words];
            words_of(&mine[i].0, &mut bits);
            if !alone {
                for before in side.plan.stages_before(stage) {
                    let from = &end[before.index() * words..(before.index() + 1) * words];
                    for (to, from) in bits.iter_mut().zip(from) {
                        *to |= from;
                    }
                }
            }
            start[i * words..(i + 1) * words].copy_from_slice(&bits);
            words_of(&mine[i].1, &mut bits);
            end[i * words..(i + 1) * words].copy_from_slice(&bits);
        }
        Seen {
            items,
            words,
            start,
            end,
        }
    }

    fn of_stage(&self, stage: usize) -> (BTreeSet<Item>, BTreeSet<Item>) {
        let read = |bits: &[u64]| {
            let bits = &bits[stage * self.words..(stage + 1) * self.words];
            let has = |i: &usize| bits[i / 64] & (1 << (i % 64)) != 0;
            (0..self.items.len())
                .filter(has)
                .map(|i| self.items[i].clone())
                .collect()
        };
        (read(&self.start), read(&self.end))
    }
}

/// The steps of a rollout that both plans have: what each looks at, and for how long it waits.
fn steps(two: &Two<'_>, out: &mut Out, at: Spot, new: &Stage, a: &Rollout, b: &Rollout) {
    let judged_anywhere = |side: &Side<'_>, r: &Rollout| {
        let steps = r.steps.iter().flat_map(|s| s.work.iter().chain(&s.checks));
        steps.filter_map(|s| item(side, s)).collect::<BTreeSet<Item>>()
    };
    let (all_old, all_new) = (judged_anywhere(&two.old, a), judged_anywhere(&two.new, b));
    for step in &b.steps {
        let Some(was) = a.steps.iter().find(|s| s.name == step.name) else {
            continue;
        };
        let of = |side: &Side<'_>, list: &[Step]| {
            list.iter()
                .filter_map(|s| item(side, s))
                .collect::<BTreeSet<Item>>()
        };
        let (before, now) = (of(&two.old, &was.checks), of(&two.new, &step.checks));
        let name = format!("{} {}", new.name, step.name);
        let mut add = |direction, message: String, run: String| {
            out.add(
                Change::new(direction, Class::Gate, "rollout", &name, message)
                    .run(run)
                    .at([at])
                    .placed(Some(&was.origin), Some(&step.origin)),
            );
        };
        for gone in before.difference(&now).filter(|i| all_new.contains(*i)) {
            let gate = shown(two, gone);
            add(
                Direction::Loosened,
                format!("`{gate}` is no longer judged at {} of `{}`", step.name, new.name),
                match b.steps.last().is_some_and(|last| last.name == step.name) {
                    true => format!(
                        "`{}` ends well at {} while `{gate}` would fail: before, it was judged there",
                        new.name, step.name
                    ),
                    false => format!(
                        "`{}` goes beyond {} while `{gate}` would fail: before, it was judged there",
                        new.name, step.name
                    ),
                },
            );
        }
        for come in now.difference(&before).filter(|i| all_old.contains(*i)) {
            let gate = shown(two, come);
            add(
                Direction::Tightened,
                format!("`{gate}` is now judged at {} of `{}`", step.name, new.name),
                String::new(),
            );
        }
        let bake = |list: &[Step]| {
            list.iter().fold(Dur::ZERO, |sum, s| match s.kind {
                StepKind::Bake(d) => sum.plus(d),
                _ => sum,
            })
        };
        let (long, short) = (bake(&was.checks), bake(&step.checks));
        if long != short {
            add(
                say::less_is_looser(&long.as_ms(), &short.as_ms()),
                format!(
                    "{} of `{}` bakes `{short}` instead of `{long}`",
                    step.name, new.name
                ),
                format!(
                    "a fault that shows between `{short}` and `{long}` after {} of `{}` is not seen before it goes on: before, it was",
                    step.name, new.name
                ),
            );
        }
    }
}

/// How exposure grows: the weights, whatever is done at each.
fn exposure(out: &mut Out, at: Spot, old: &Stage, new: &Stage) {
    use crate::source::Rational;
    let weights = |s: &Stage| {
        let mut list: Vec<Rational> = s
            .rollout
            .iter()
            .flat_map(|r| &r.steps)
            .filter_map(|s| s.weight)
            .collect();
        list.sort();
        list.dedup();
        if list.is_empty() {
            list.push(Rational::ONE);
        }
        list
    };
    let (a, b) = (weights(old), weights(new));
    let demote = |s: &Stage| s.rollout.as_ref().is_some_and(|r| r.demote.is_some());
    let place = |s: &Stage| s.rollout.as_ref().map_or(s.origin.clone(), |r| r.origin.clone());
    let name = new.name.as_str();
    if a != b {
        let words = |list: &[Rational]| {
            list.iter()
                .map(|w| say::percent(*w))
                .collect::<Vec<_>>()
                .join(", ")
        };
        // A step of `y` that goes past a stop of `x`.
        let leap = |x: &[Rational], y: &[Rational]| {
            let mut last = Rational::ZERO;
            for w in y {
                if x.iter().any(|v| *v > last && *v < *w) {
                    return Some((last, *w));
                }
                last = *w;
            }
            // A last stop short of everything, which is no longer one.
            (x.last() < y.last()).then_some((x.last().copied().unwrap_or(last), last))
        };
        let message = format!(
            "the exposure of `{name}` grows over {} instead of {}",
            words(&b),
            words(&a)
        );
        let mut add = |direction, run: String| {
            out.add(
                Change::new(direction, Class::Gate, "rollout", name, message.clone())
                    .run(run)
                    .at([at])
                    .placed(Some(&place(old)), Some(&place(new))),
            );
        };
        if let Some((from, to)) = leap(&a, &b) {
            let run = format!(
                "`{name}` goes from {} to {} at once, and a fault reaches all of them: before, it stopped in between",
                say::percent(from),
                say::percent(to)
            );
            add(Direction::Loosened, run);
        }
        if leap(&b, &a).is_some() {
            add(Direction::Tightened, String::new());
        }
    }
    if demote(old) != demote(new) {
        let message = if demote(new) {
            format!("when a step of `{name}` fails, it now goes back one step instead of being rolled back")
        } else {
            format!("when a step of `{name}` fails, it no longer goes back one step")
        };
        out.add(
            Change::new(Direction::Changed, Class::Undo, "rollout", name, message)
                .at([at])
                .placed(Some(&place(old)), Some(&place(new))),
        );
    }
}
