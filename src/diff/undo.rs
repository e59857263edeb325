//! How each stage is taken back, and whether its failure leads there.
//!
//! Reads the undo that a plan comes to, written or derived. Called by `mod`.

use super::canon::Side;
use super::out::{Change, Class, Direction, Out, Spot};
use super::pair::Two;
use super::say;
use crate::model::{Act, Failure, Release, RoleId, Stage, StageId, Step, WrittenRollback};
use crate::plan::{Plan, StageUndo, doing};
use std::collections::BTreeMap;

/// What taking a stage back comes to.
struct Way {
    /// How far: nothing can, nothing does, nobody needs it, something does.
    rank: u8,
    /// In words, to follow the name of the stage.
    words: String,
    /// What is done, in order, each in one spelling and in words.
    acts: Vec<(String, String)>,
}

const IRREVERSIBLE: u8 = 0;
const NOTHING: u8 = 1;
const HARMLESS: u8 = 2;
const UNDONE: u8 = 3;

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    for (at, old, new) in two.both_stages() {
        ways(two, out, at, old, new);
        written(two, out, at, old, new);
        failure(two, out, at, old, new);
    }
    for n in &two.stages.come {
        let id = StageId::at(*n);
        let way = way(&two.new, two.new.plan, id);
        if way.rank == IRREVERSIBLE {
            let s = two.new.r.stage(id);
            let message = format!("`{}` is new and {}", s.name, way.words);
            out.add(
                Change::new(Direction::Loosened, Class::Pivot, "stage", &s.name, message)
                    .run(format!(
                        "`{}` begins {}, something fails after it, and nothing takes it back: before, there was no such stage",
                        s.name,
                        say::place(two.new.r, id)
                    ))
                    .at([two.new_spot(id)])
                    .placed(None, Some(&s.origin)),
            );
        }
    }
    for o in &two.stages.gone {
        let id = StageId::at(*o);
        if way(&two.old, two.old.plan, id).rank == IRREVERSIBLE {
            let s = two.old.r.stage(id);
            let message = format!("`{}`, which could not be taken back, is gone", s.name);
            out.add(
                Change::new(Direction::Tightened, Class::Pivot, "stage", &s.name, message)
                    .at([two.old_spot(id)])
                    .placed(Some(&s.origin), None),
            );
        }
    }
}

fn way(side: &Side<'_>, plan: &Plan, stage: StageId) -> Way {
    let r = side.r;
    let acts_of = |list: Vec<&Act>| list.into_iter().map(|a| (side.act(a), say::act(r, a))).collect();
    let with = |rank, words: String, acts| Way { rank, words, acts };
    match plan.undo(stage) {
        StageUndo::Nothing => with(NOTHING, "has no undo".into(), Vec::new()),
        StageUndo::Harmless(why, _) => with(
            HARMLESS,
            format!("counts as harmless: {}", say::text(r, why)),
            Vec::new(),
        ),
        StageUndo::Irreversible(why, _) => with(
            IRREVERSIBLE,
            format!("cannot be taken back: {}", say::text(r, why)),
            Vec::new(),
        ),
        StageUndo::Derived(list) => with(
            UNDONE,
            "is taken back by what its actions declare".into(),
            acts_of(list.iter().map(|u| u.act).collect()),
        ),
        StageUndo::Written(w) => with(
            UNDONE,
            "is taken back as written".into(),
            acts_of(w.steps.iter().filter_map(Step::act).collect()),
        ),
    }
}

/// Whether a stage does anything that could be taken back.
fn changes(s: &Stage) -> bool {
    s.forward_steps()
        .iter()
        .filter_map(|s| doing(s))
        .any(|a| !a.effects.changes.is_empty() || !a.effects.removes.is_empty())
}

fn ways(two: &Two<'_>, out: &mut Out, at: Spot, old: &Stage, new: &Stage) {
    let (Some(o), Some(n)) = (at.old.map(StageId::at), at.new.map(StageId::at)) else {
        return;
    };
    let (was, is) = (way(&two.old, two.old.plan, o), way(&two.new, two.new.plan, n));
    let name = new.name.as_str();
    let mut add = |direction, class, message: String, run: String| {
        out.add(
            Change::new(direction, class, "stage", name, message)
                .run(run)
                .at([at])
                .placed(Some(&old.origin), Some(&new.origin)),
        );
    };
    let place = say::place(two.new.r, n);
    let first = was.acts.first().map(|(_, w)| w.clone());
    let before = first.map_or_else(
        || format!("before, `{name}` {}", was.words),
        |w| format!("before, {w} took it back"),
    );
    if was.rank != is.rank {
        let pivot = was.rank == IRREVERSIBLE || is.rank == IRREVERSIBLE;
        // What changes nothing any more needs no undo, and what changed nothing needed none.
        let idle = (is.rank == NOTHING && !changes(new)) || (was.rank == NOTHING && !changes(old));
        let direction = if idle && !pivot {
            Direction::Changed
        } else {
            say::less_is_looser(&was.rank, &is.rank)
        };
        let class = if pivot { Class::Pivot } else { Class::Undo };
        let message = format!("`{name}` {}; before, it {}", is.words, old_words(&was));
        let run =
            format!("`{name}` begins {place}, something fails after it, and nothing takes it back: {before}");
        add(direction, class, message, run);
        return;
    }
    if was.acts == is.acts {
        if was.rank != UNDONE && was.words != is.words {
            let message = format!("`{name}` {}; before, it {}", is.words, old_words(&was));
            add(Direction::Changed, Class::Cosmetic, message, String::new());
        }
        return;
    }
    let count = |list: &[(String, String)]| {
        let mut counts: BTreeMap<String, (usize, String)> = BTreeMap::new();
        for (k, w) in list {
            counts.entry(k.clone()).or_insert((0, w.clone())).0 += 1;
        }
        counts
    };
    let (a, b) = (count(&was.acts), count(&is.acts));
    let beyond = |x: &BTreeMap<String, (usize, String)>, y: &BTreeMap<String, (usize, String)>| {
        let more = |(k, (n, _)): &(&String, &(usize, String))| y.get(*k).is_none_or(|(m, _)| m < n);
        x.iter()
            .filter(more)
            .map(|(_, (_, w))| w.clone())
            .collect::<Vec<_>>()
    };
    let (gone, come) = (beyond(&a, &b), beyond(&b, &a));
    match (gone.as_slice(), come.as_slice()) {
        ([], []) => add(
            Direction::Changed,
            Class::Undo,
            format!("what takes `{name}` back comes in another order"),
            String::new(),
        ),
        (gone, []) => add(
            Direction::Loosened,
            Class::Undo,
            format!("taking `{name}` back no longer does {}", plain(gone)),
            format!(
                "`{name}` is rolled back {place} without {}: before, that was done",
                plain(gone)
            ),
        ),
        ([], come) => add(
            Direction::Tightened,
            Class::Undo,
            format!("taking `{name}` back now also does {}", plain(come)),
            String::new(),
        ),
        (gone, come) if plain(gone) == plain(come) => add(
            Direction::Changed,
            Class::Undo,
            format!(
                "{}, which takes `{name}` back, has another limit or declared effect, or may no longer be run twice",
                plain(come)
            ),
            String::new(),
        ),
        (gone, come) => add(
            Direction::Changed,
            Class::Undo,
            format!(
                "taking `{name}` back does {} instead of {}",
                plain(come),
                plain(gone)
            ),
            String::new(),
        ),
    }
}

/// Words that are quoted already.
fn plain(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}

fn old_words(was: &Way) -> String {
    match was.rank {
        UNDONE => "was taken back".into(),
        NOTHING => "had no undo".into(),
        HARMLESS => was.words.replacen("counts", "counted", 1),
        _ => was.words.replacen("cannot", "could not", 1),
    }
}

fn written(two: &Two<'_>, out: &mut Out, at: Spot, old: &Stage, new: &Stage) {
    use crate::model::Rollback::Written;
    let (Written(was), Written(is)) = (&old.rollback, &new.rollback) else {
        return;
    };
    let (was, is): (&WrittenRollback, &WrittenRollback) = (was, is);
    let name = new.name.as_str();
    let mut add = |direction, class, message: String, run: String| {
        out.add(
            Change::new(direction, class, "rollback", name, message)
                .run(run)
                .at([at])
                .placed(Some(&was.origin), Some(&is.origin)),
        );
    };
    if was.within != is.within {
        let message = format!(
            "taking `{name}` back may take {} instead of {}",
            say::dur(is.within),
            say::dur(was.within)
        );
        let run = format!(
            "a rollback of `{name}` lasts longer than {} and nobody counts it as failed: before, somebody was called",
            say::dur(was.within)
        );
        add(say::limit(was.within, is.within), Class::Undo, message, run);
    }
    let approved = |side: &Side<'_>, w: &WrittenRollback| {
        let list = w.approved.iter();
        super::canon::sorted(
            list.map(|(a, _)| side.names.approvals[a.index()].clone())
                .collect(),
        )
    };
    if approved(&two.old, was) != approved(&two.new, is) {
        let words = |r: &Release, w: &WrittenRollback| {
            let names = say::list(w.approved.iter().map(|(a, _)| r.approval(*a).name.as_str()));
            if names.is_empty() { "nobody".into() } else { names }
        };
        let message = format!(
            "taking `{name}` back waits for {} instead of {}",
            words(two.new.r, is),
            words(two.old.r, was)
        );
        add(Direction::Changed, Class::Undo, message, String::new());
    }
    let owner = |side: &Side<'_>, o: Option<RoleId>| o.map(|o| side.names.roles[o.index()].clone());
    if owner(&two.old, was.owner) != owner(&two.new, is.owner) {
        let words = |r: &Release, o: Option<RoleId>, s: &Stage| r.role(o.unwrap_or(s.owner)).name.to_string();
        let message = format!(
            "`{}` takes `{name}` back instead of `{}`",
            words(two.new.r, is.owner, new),
            words(two.old.r, was.owner, old)
        );
        add(Direction::Changed, Class::Duties, message, String::new());
    }
    match (&was.tested, &is.tested) {
        (Some(_), None) => add(
            Direction::Loosened,
            Class::Undo,
            format!("the way back from `{name}` no longer claims a rehearsal"),
            format!("`{name}` is rolled back in a way that nobody has tried: before, a rehearsal was named"),
        ),
        (None, Some(_)) => add(
            Direction::Tightened,
            Class::Undo,
            format!("the way back from `{name}` names a rehearsal"),
            String::new(),
        ),
        _ => {}
    }
}

/// What the failure of a stage leads to.
fn failure(two: &Two<'_>, out: &mut Out, at: Spot, old: &Stage, new: &Stage) {
    let key = |side: &Side<'_>, s: &Stage| match s.on_failure.as_ref().map(|f| &f.then) {
        None => "rollback".to_string(),
        Some(Failure::Then(o)) => side.outcome(o),
        Some(Failure::Decision(d)) => format!("decide {}", side.names.decisions[d.index()]),
    };
    let rank = |s: &Stage| match s.on_failure.as_ref().map(|f| &f.then) {
        None => 4,
        Some(Failure::Then(o)) => say::strictness(o),
        Some(Failure::Decision(_)) => 2,
    };
    let words = |r: &Release, s: &Stage| match s.on_failure.as_ref().map(|f| &f.then) {
        None => "a rollback".to_string(),
        Some(Failure::Then(o)) => say::outcome(r, o),
        Some(Failure::Decision(d)) => format!("the decision `{}`", r.decision(*d).name),
    };
    let place = |s: &Stage| {
        s.on_failure
            .as_ref()
            .map_or(s.origin.clone(), |f| f.origin.clone())
    };
    let name = new.name.as_str();
    if key(&two.old, old) != key(&two.new, new) {
        let (was, is) = (words(two.old.r, old), words(two.new.r, new));
        let mut change = Change::new(
            say::less_is_looser(&rank(old), &rank(new)),
            Class::Undo,
            "stage",
            name,
            format!("the failure of `{name}` leads to {is} instead of {was}"),
        )
        .at([at]);
        if let Some(n) = at.new {
            change = change.run(format!(
                "`{name}` fails {}, and what follows is {is}: before, it was {was}",
                say::place(two.new.r, StageId::at(n))
            ));
        }
        out.add(change.placed(Some(&place(old)), Some(&place(new))));
    }
    let steps = |side: &Side<'_>, s: &Stage| side.steps(s.on_failure.iter().flat_map(|f| &f.steps));
    if steps(&two.old, old) != steps(&two.new, new) {
        out.add(
            Change::new(
                Direction::Changed,
                Class::Messages,
                "stage",
                name,
                format!("what is done first when `{name}` fails has changed"),
            )
            .at([at])
            .placed(Some(&place(old)), Some(&place(new))),
        );
    }
}
