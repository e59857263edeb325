//! How each stage is taken back, and whether its failure leads there.
//!
//! Reads the undo that a plan comes to, written or derived. Called by `mod`.

use super::apart::{self, Quote};
use super::canon::Side;
use super::out::{Change, Class, Direction, Out, Spot};
use super::pair::Two;
use super::say;
use super::steps;
use crate::model::{Act, Failure, KeyUse, Release, RoleId, Stage, StageId, Step, Text, WrittenRollback};
use crate::plan::{Plan, StageUndo, doing, show};
use std::collections::BTreeMap;

/// What taking a stage back comes to.
struct Way<'a> {
    /// How far: nothing can, nothing does, nobody needs it, something does.
    rank: u8,
    /// In words, to follow the name of the stage.
    words: String,
    /// What is done, in order, each in one spelling and to be quoted.
    acts: Vec<(String, Quote, &'a Act)>,
    /// What it puts back.
    keys: Keys,
}

/// Keys in one spelling, with their words.
#[derive(Default)]
struct Keys {
    named: BTreeMap<String, String>,
    /// Nothing was said, so it is taken to be whatever there is.
    any: bool,
}

impl Keys {
    fn add<'k>(&mut self, side: &Side<'_>, keys: impl IntoIterator<Item = &'k KeyUse>) {
        let words = |k: &KeyUse| (side.key(&k.key), show::key(side.r, &k.key));
        self.named.extend(keys.into_iter().map(words));
    }

    /// Whether a key is among them, or is a part of one.
    fn holds(&self, key: &str) -> bool {
        self.any || self.named.keys().any(|k| within(key, k))
    }
}

/// Whether a key is another, or a part of it.
fn within(key: &str, whole: &str) -> bool {
    key.strip_prefix(whole)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
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

fn way<'a>(side: &Side<'a>, plan: &'a Plan, stage: StageId) -> Way<'a> {
    let r = side.r;
    let acts_of = |list: Vec<&'a Act>| {
        let each = list.into_iter();
        each.map(|a| (side.act(a), say::doing(r, a), a)).collect()
    };
    let bare = |rank, words: String| Way {
        rank,
        words,
        acts: Vec::new(),
        keys: Keys::default(),
    };
    match plan.undo(stage) {
        StageUndo::Nothing => bare(NOTHING, "has no undo".into()),
        StageUndo::Harmless(why, _) => bare(HARMLESS, format!("counts as harmless: {}", reason(r, why))),
        StageUndo::Irreversible(why, _) => {
            bare(IRREVERSIBLE, format!("cannot be taken back: {}", reason(r, why)))
        }
        StageUndo::Derived(list) => {
            let mut keys = Keys::default();
            for u in list.iter().filter(|u| !u.act.effects.nothing) {
                // What undoes a step puts back what that step changed, and need not say so.
                let undone = doing(u.undoes).into_iter().chain(u.acts());
                for e in undone.map(|a| &a.effects).filter(|e| !e.assumed) {
                    keys.add(side, e.changes.iter().chain(&e.removes));
                }
                keys.any |= doing(u.undoes).is_some_and(|a| a.effects.assumed);
            }
            Way {
                rank: UNDONE,
                words: "is taken back by what its actions declare".into(),
                acts: acts_of(list.iter().map(|u| u.act).collect()),
                keys,
            }
        }
        StageUndo::Written(w) => {
            let acts: Vec<&Act> = w.steps.iter().filter_map(Step::act).collect();
            let mut keys = Keys {
                any: acts.iter().any(|a| a.effects.assumed),
                ..Keys::default()
            };
            keys.add(side, plan.restored(r.stage(stage)));
            Way {
                rank: UNDONE,
                words: "is taken back as written".into(),
                acts: acts_of(acts),
                keys,
            }
        }
    }
}

/// A reason of the plan in the middle of a sentence.
fn reason(r: &Release, why: &Text) -> String {
    say::text(r, why).trim_end_matches('.').to_string()
}

/// What a stage changes going forward.
fn touched(side: &Side<'_>, stage: StageId) -> Keys {
    let mut keys = Keys::default();
    for touch in side.plan.changes(stage) {
        keys.any |= touch.assumed;
        if !touch.assumed {
            keys.add(side, [touch.key]);
        }
    }
    keys
}

/// What one way puts back, another does not, and the stage of that other still changes: in words.
fn beyond(one: &Keys, other: &Keys, stage: &Keys) -> Vec<String> {
    let changed = |key: &str| stage.holds(key) || stage.named.keys().any(|k| within(k, key));
    let lost = one.named.iter().filter(|(k, _)| !other.holds(k) && changed(k));
    lost.map(|(_, words)| words.clone()).collect()
}

/// Whether a stage that is called a point of no return on one side is on the other the same with another name: it touches what it
/// touched, and nothing puts that back.
fn renamed(pivot: &Keys, other: &Keys, way: &Way<'_>) -> bool {
    let same =
        pivot.named.keys().all(|k| other.holds(k)) && (!pivot.any || other.any || pivot.named.is_empty());
    let undone = way.rank == UNDONE && pivot.named.keys().all(|k| way.keys.holds(k));
    same && !undone
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
    if was.rank != is.rank {
        let before = was.acts.first().map_or_else(
            || format!("before, `{name}` {}", old_words(&was)),
            |(_, w, _)| format!("before, {} took it back", w.alone()),
        );
        let (changed, changes_now) = (touched(&two.old, o), touched(&two.new, n));
        if was.rank == IRREVERSIBLE && renamed(&changed, &changes_now, &is) {
            let still = say::list(changed.named.values());
            let still = if still.is_empty() {
                "still does what it did".into()
            } else {
                format!("still changes {still}")
            };
            add(
                Direction::Loosened,
                Class::Guard,
                format!(
                    "`{name}` {still}, and is no longer called a point of no return; it {}; before, it {}",
                    is.words,
                    old_words(&was)
                ),
                format!(
                    "`{name}` begins {place}, and nobody is told that it cannot be taken back: before, the plan said so"
                ),
            );
            return;
        }
        if is.rank == IRREVERSIBLE && renamed(&changes_now, &changed, &was) {
            let message = format!(
                "`{name}` is now called a point of no return; it {}; before, it {}",
                is.words,
                old_words(&was)
            );
            add(Direction::Tightened, Class::Guard, message, String::new());
            return;
        }
        let pivot = was.rank == IRREVERSIBLE || is.rank == IRREVERSIBLE;
        // What changes nothing any more needs no undo, and what changed nothing needed none.
        let idle = (is.rank == NOTHING && !changes(new)) || (was.rank == NOTHING && !changes(old));
        // Nothing takes it back either way.
        let idle = idle || (was.rank != UNDONE && is.rank != UNDONE);
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
    if same_acts(&was, &is) && was.rank != UNDONE {
        if was.words != is.words {
            let message = format!("`{name}` {}; before, it {}", is.words, old_words(&was));
            add(Direction::Changed, Class::Cosmetic, message, String::new());
        }
        return;
    }
    let said = instead(two, &was, &is);
    let lost = beyond(&was.keys, &is.keys, &touched(&two.new, n));
    let won = beyond(&is.keys, &was.keys, &touched(&two.old, o));
    let taking = said
        .as_ref()
        .map_or_else(String::new, |(_, words)| format!("{words}, and "));
    if !lost.is_empty() {
        let lost = say::list(&lost);
        add(
            Direction::Loosened,
            Class::Undo,
            format!("taking `{name}` back {taking}no longer puts back {lost}"),
            format!(
                "`{name}` is rolled back {place}, and {lost} stays as it made it: before, that was put back"
            ),
        );
    }
    if !won.is_empty() {
        let message = format!("taking `{name}` back {taking}now puts back {}", say::list(&won));
        add(Direction::Tightened, Class::Undo, message, String::new());
    }
    if !(lost.is_empty() && won.is_empty()) {
        return;
    }
    if let Some((direction, words)) = said {
        let without = words.trim_start_matches("no longer does ");
        let run = format!("`{name}` is rolled back {place} without {without}: before, that was done");
        add(
            direction,
            Class::Undo,
            format!("taking `{name}` back {words}"),
            run,
        );
    }
}

/// Whether two ways do the same in the same order.
fn same_acts(was: &Way<'_>, is: &Way<'_>) -> bool {
    let keys = |w: &'_ Way<'_>| w.acts.iter().map(|(k, ..)| k.clone()).collect::<Vec<_>>();
    keys(was) == keys(is)
}

/// How what one way does differs from what another does.
fn instead(two: &Two<'_>, was: &Way<'_>, is: &Way<'_>) -> Option<(Direction, String)> {
    if same_acts(was, is) {
        return None;
    }
    fn left<'x, 'a>(x: &'x Way<'a>, y: &Way<'_>) -> Vec<&'x (String, Quote, &'a Act)> {
        let mut rest: Vec<&str> = y.acts.iter().map(|(k, ..)| k.as_str()).collect();
        let mut only = Vec::new();
        for act in &x.acts {
            match rest.iter().position(|r| *r == act.0) {
                Some(at) => {
                    rest.swap_remove(at);
                }
                None => only.push(act),
            }
        }
        only
    }
    let (lost, won) = (left(was, is), left(is, was));
    let quotes = |l: &[&(String, Quote, &Act)]| l.iter().map(|x| x.1.clone()).collect::<Vec<_>>();
    let (gone, come) = (quotes(&lost), quotes(&won));
    let (before, now) = apart::lists(&gone, &come);
    let (before, now) = (apart::and(&before), apart::and(&now));
    Some(match (gone.is_empty(), come.is_empty()) {
        (true, true) => (Direction::Changed, "comes in another order".into()),
        (false, true) => (Direction::Loosened, format!("no longer does {before}")),
        (true, false) => (Direction::Tightened, format!("now also does {now}")),
        (false, false) if before == now => {
            let how = match (lost.as_slice(), won.as_slice()) {
                ([x], [y]) => format!(", which {}", steps::alone(two, x.2, y.2)),
                _ => " in another way".to_string(),
            };
            (Direction::Changed, format!("does {now}{how}"))
        }
        (false, false) => (Direction::Changed, format!("does {now} instead of {before}")),
    })
}

fn old_words(was: &Way<'_>) -> String {
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
    // What is done around the acts, and how: what they are is told with the ways.
    let around = |w: &'_ WrittenRollback| -> Vec<Step> {
        w.steps.iter().filter(|s| s.act().is_none()).cloned().collect()
    };
    let when = format!("when `{name}` is taken back");
    for message in steps::differ(two, &when, &around(was), &around(is)) {
        add(Direction::Changed, Class::Undo, message, String::new());
    }
    let mut rest: Vec<&Step> = is.steps.iter().collect();
    for x in &was.steps {
        let Some(act) = x.act().map(|a| two.old.act(a)) else {
            continue;
        };
        let same = |y: &&Step| y.act().is_some_and(|b| two.new.act(b) == act);
        let Some(at) = rest.iter().position(same) else {
            continue;
        };
        for message in steps::differ(two, &when, [x], [rest.remove(at)]) {
            add(Direction::Changed, Class::Undo, message, String::new());
        }
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
        (Some(a), Some(b)) => {
            let how = super::texts::another(two, a, b);
            if !how.is_empty() {
                let how = steps::and(how);
                let message = format!("the way back from `{name}` names another rehearsal: {how}");
                add(Direction::Changed, Class::Undo, message, String::new());
            }
        }
        (None, None) => {}
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
    let back = |s: &Stage| match s.on_failure.as_ref().map(|f| &f.then) {
        None => true,
        Some(Failure::Then(o)) => say::takes_back(o),
        Some(Failure::Decision(_)) => false,
    };
    if key(&two.old, old) != key(&two.new, new) {
        let (was, is) = (words(two.old.r, old), words(two.new.r, new));
        let mut change = Change::new(
            say::less_is_looser(&rank(old), &rank(new)),
            say::about([back(old), back(new)]),
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
    let first = |s: &'_ Stage| s.on_failure.as_ref().map(|f| f.steps.clone()).unwrap_or_default();
    for message in steps::differ(two, &format!("when `{name}` fails"), &first(old), &first(new)) {
        out.add(
            Change::new(Direction::Changed, Class::Messages, "stage", name, message)
                .at([at])
                .placed(Some(&place(old)), Some(&place(new))),
        );
    }
}
