//! `hold/by_hand`: something is switched early and switched back in a later step, where no other way out passes.
//!
//! Found where the later step does what undoes the earlier one, or where the key is of a kind that is to be put back: a
//! branch, an alarm, a capacity, a limit, access, a lock, maintenance, a setting. A `hold` would do it on every way out. Where the
//! early step has no way back at all, `rollback/missing` says so.

use crate::checks::place::first_part;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Act, ActSource, Key, Rollback, StageId, Step, TextPart, Undo};
use crate::plan::{Node, Plan, StageUndo, Touch, Touching, doing, show};
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

/// The diagnostic.
pub const CODE: Code = Code("hold/by_hand");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// First parts of keys that are to be put back.
const PUT_BACK: [&str; 8] = [
    "branch",
    "alarm",
    "capacity",
    "limit",
    "access",
    "lock",
    "maintenance",
    "setting",
];

/// A key that one stage switches and a later one switches back.
pub(in crate::checks) struct Switched<'a> {
    pub(in crate::checks) key: &'a Key,
    pub(in crate::checks) first: StageId,
    pub(in crate::checks) last: StageId,
    early: Touch<'a>,
    /// Where it is switched back.
    pub(in crate::checks) late: Touch<'a>,
}

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    for s in switched(plan) {
        let undone = s.early.act.is_some_and(|a| a.undo != Undo::None);
        if r.stage(s.first).rollback == Rollback::Derived && !undone {
            continue;
        }
        let shown = show::key(r, s.key);
        let (x, y) = (&r.stage(s.first).name, &r.stage(s.last).name);
        let d = Diagnostic::warning(
            CODE,
            s.early.key.origin.span,
            format!("`{x}` switches `{shown}`, and `{y}` switches it back by hand"),
        )
        .here("switched here");
        let d = place::fact(
            d,
            &s.late.key.origin,
            "switched back here, if the plan gets that far",
        );
        bag.push(d.help(format!(
            "write a `hold` that changes it in `enter` and restores it in `exit`, `during {x} .. {y}`"
        )));
    }
}

/// What is switched and switched back outside of any hold.
pub(in crate::checks) fn switched(plan: &Plan) -> Vec<Switched<'_>> {
    let mut writers: IndexMap<&Key, Vec<(StageId, Touch<'_>)>> = IndexMap::new();
    for stage in plan.stage_order() {
        for touch in plan.changes(stage).into_iter().filter(|t| !t.assumed) {
            writers.entry(&touch.key.key).or_default().push((stage, touch));
        }
    }
    let mut found = Vec::new();
    for (key, list) in &writers {
        let [(first, early), .., (last, late)] = list.as_slice() else {
            continue;
        };
        if first == last || !plan.precedes(Node::Stage(*first), Node::Stage(*last)) || held(plan, key) {
            continue;
        }
        let (Some(a), Some(b)) = (early.act, late.act) else {
            continue;
        };
        if late.how == Touching::Removes || a.paired_with.is_some() || same(a, b) {
            continue;
        }
        let put_back = first_part(key).is_some_and(|f| PUT_BACK.contains(&f.as_str()));
        // A branch is written again and again, a setting is raised in steps: a word and its opposite say that it was switched, or
        // that nothing else would put it back.
        let put_back = put_back
            && match first_part(key).as_deref() {
                Some("branch") => opposite(a, b),
                Some("setting") => opposite(a, b) || matches!(plan.undo(*first), StageUndo::Harmless(..)),
                _ => true,
            };
        if !(put_back || switches_back(plan, *first, a, b)) || !something_between(plan, *first, *last, key) {
            continue;
        }
        found.push(Switched {
            key,
            first: *first,
            last: *last,
            early: *early,
            late: *late,
        });
    }
    found
}

/// The keys that each stage switches back.
pub(in crate::checks) fn switched_back<'a>(list: &[Switched<'a>]) -> BTreeMap<StageId, Vec<&'a Key>> {
    let mut backs: BTreeMap<StageId, Vec<&'a Key>> = BTreeMap::new();
    for s in list {
        backs.entry(s.last).or_default().push(s.key);
    }
    backs
}

/// Whether a hold or `finally` writes a key.
fn held(plan: &Plan, key: &Key) -> bool {
    let r = plan.release();
    let steps = r
        .holds
        .iter()
        .flat_map(|h| h.enter.iter().chain(&h.exit))
        .chain(&r.finally);
    let mut acts = steps.filter_map(doing);
    acts.any(|a| {
        a.effects
            .changes
            .iter()
            .chain(&a.effects.raises)
            .any(|k| k.key.overlaps(key))
    })
}

/// Whether the later act does what undoes the earlier one.
fn switches_back(plan: &Plan, first: StageId, early: &Act, late: &Act) -> bool {
    let undo = match &early.undo {
        Undo::By { act, .. } => same(act, late),
        _ => false,
    };
    let written = match &plan.release().stage(first).rollback {
        Rollback::Written(w) => w.steps.iter().filter_map(Step::act).any(|a| same(a, late)),
        _ => false,
    };
    undo || written
}

/// Words and what takes them back.
const OPPOSITES: [(&str, &str); 16] = [
    ("off", "on"),
    ("disable", "enable"),
    ("lock", "unlock"),
    ("close", "open"),
    ("closed", "open"),
    ("freeze", "thaw"),
    ("freeze", "unfreeze"),
    ("protect", "unprotect"),
    ("block", "unblock"),
    ("stop", "start"),
    ("pause", "resume"),
    ("add", "remove"),
    ("grant", "revoke"),
    ("suspend", "resume"),
    ("forbid", "allow"),
    ("restrict", "release"),
];

/// Whether one act has a word of which the other has the opposite.
fn opposite(a: &Act, b: &Act) -> bool {
    let (a, b) = (words(a), words(b));
    OPPOSITES.iter().any(|(x, y)| {
        let apart = |p: &str, q: &str| a.contains(p) && b.contains(q) && !a.contains(q) && !b.contains(p);
        apart(x, y) || apart(y, x)
    })
}

/// The words of what is done, in small letters.
fn words(act: &Act) -> BTreeSet<String> {
    let manual = act.manual.iter().map(|m| &m.what);
    let known = manual.flat_map(|t| &t.parts).filter_map(|p| match p {
        TextPart::Lit(t) => Some(t.as_str()),
        TextPart::Sym(_) => None,
    });
    let texts = known.chain(act.run.iter().map(|r| r.display.as_str()));
    texts
        .flat_map(|t| t.split(|c: char| !c.is_alphanumeric()))
        .filter(|w| !w.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Whether something else is changed in between, or in one of the two stages themselves.
fn something_between(plan: &Plan, first: StageId, last: StageId, key: &Key) -> bool {
    let (after_first, after_last) = (
        plan.descendants(Node::Stage(first)),
        plan.descendants(Node::Stage(last)),
    );
    (0..plan.release().stages.len()).map(StageId::at).any(|id| {
        let at = Node::Stage(id);
        let within = plan.contains(&after_first, at) && !plan.contains(&after_last, at);
        (within || id == first || id == last) && plan.changes(id).iter().any(|t| !t.key.key.overlaps(key))
    })
}

fn same(a: &Act, b: &Act) -> bool {
    match (&a.source, &b.source) {
        (
            ActSource::Action { definition, args, .. },
            ActSource::Action {
                definition: other,
                args: others,
                ..
            },
        ) => definition == other && args == others,
        _ => matches!((&a.run, &b.run), (Some(x), Some(y)) if x.script == y.script),
    }
}
