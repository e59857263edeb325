//! `rollback/no_backup`: stored data is changed or removed with no backup before it and no word that both versions work.

use crate::checks::{Check, Subject, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Act, Key, Release, StageId, Step, Text, TextPart};
use crate::plan::{Node, Plan, Pred, StageUndo, Standing, Touch, Touching, Truth, Variant, doing, show};

/// The diagnostic.
pub const CODE: Code = Code("rollback/no_backup");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// First parts of keys that hold data that a change overwrites.
const DATA: [&str; 2] = ["db", "table"];
/// First parts of keys that hold things of which a change adds one: only removing takes any away.
const ADDED_TO: [&str; 2] = ["bucket", "queue"];
/// First parts of keys that are copies of what follows.
const COPIES: [&str; 2] = ["backup", "snapshot"];

/// A step that makes a copy.
struct Copy<'a> {
    stage: StageId,
    at: usize,
    step: &'a Step,
    of: Key,
}

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let copies = copies(r);
    let mut found: Vec<(StageId, (Touch<'_>, Variant))> = Vec::new();
    for i in 0..r.stages.len() {
        let id = StageId::at(i);
        for touch in plan.changes(id) {
            let Some(act) = touch.act else { continue };
            if touch.assumed || touch.how == Touching::Raises || !holds_data(act, &touch) {
                continue;
            }
            // What need not be undone asks for nothing to restore from.
            let harmless = touch.how != Touching::Removes && matches!(plan.undo(id), StageUndo::Harmless(..));
            if act.effects.compatible.is_some() || harmless {
                continue;
            }
            if raced(plan, id, &touch, &copies) {
                continue;
            }
            let v = plan.variants();
            let begins = v.and(
                plan.starts(id),
                touch.step.map_or(Pred::TRUE, |s| v.of(plan, &s.when)),
            );
            match v.find(plan, v.without(begins, saved(plan, id, &touch, &copies))) {
                Truth::Never => {}
                Truth::In(variant) => {
                    found.push((id, (touch, variant)));
                    break;
                }
                Truth::Undecided => bag.push(place::undecided(
                    CODE,
                    touch.key.origin.span,
                    format!("`{}` is always saved before", show::key(r, &touch.key.key)),
                )),
            }
        }
    }
    for list in place::by_place(plan, found).values() {
        bag.push(report(plan, list, &copies));
    }
}

/// Whether an act touches data by a key: by its first part, or because the act says so.
fn holds_data(act: &Act, touch: &Touch<'_>) -> bool {
    let key = touch.key;
    let removes = touch.how == Touching::Removes;
    let by_name = |first: &str| DATA.contains(&first) || (removes && ADDED_TO.contains(&first));
    let stored = act
        .effects
        .stores
        .iter()
        .any(|s| s.key.covers(&key.key) || key.key.covers(&s.key));
    stored || matches!(key.key.segments().first(), Some(Some(first)) if by_name(first))
}

fn copies(r: &Release) -> Vec<Copy<'_>> {
    let mut list = Vec::new();
    for (i, stage) in r.stages.iter().enumerate() {
        for (at, step) in stage.forward_steps().into_iter().enumerate() {
            let Some(act) = doing(step) else { continue };
            let said = act.effects.backs_up.iter().map(|k| k.key.clone());
            let named = act.effects.changes.iter().filter_map(|k| copied(&k.key));
            for of in said.chain(named) {
                list.push(Copy {
                    stage: StageId::at(i),
                    at,
                    step,
                    of,
                });
            }
        }
    }
    list
}

/// What a key of a copy is a copy of: `backup:db:shop` of `db:shop`.
fn copied(key: &Key) -> Option<Key> {
    let Some(TextPart::Lit(first)) = key.0.parts.first() else {
        return None;
    };
    let (word, rest) = first.split_once(':')?;
    if !COPIES.contains(&word) {
        return None;
    }
    let mut of = Text::lit(rest);
    for part in &key.0.parts[1..] {
        match part {
            TextPart::Lit(t) => of.push_lit(t.clone()),
            TextPart::Sym(s) => of.push_sym(s.clone()),
        }
    }
    Some(Key(of))
}

/// In which variants a copy of a key was surely made before it is touched.
fn saved(plan: &Plan, id: StageId, touch: &Touch<'_>, copies: &[Copy<'_>]) -> Pred {
    let v = plan.variants();
    let at = plan
        .release()
        .stage(id)
        .forward_steps()
        .into_iter()
        .position(|s| touch.step.is_some_and(|t| std::ptr::eq(s, t)));
    let mut saved = Pred::FALSE;
    for copy in copies.iter().filter(|c| c.of.covers(&touch.key.key)) {
        let made = v.of(plan, &copy.step.when);
        let before = if copy.stage == id {
            if Some(copy.at) < at {
                Pred::TRUE
            } else {
                Pred::FALSE
            }
        } else {
            let applies = v.applies(Node::Stage(copy.stage));
            v.and(applies, before(plan, copy.stage, id))
        };
        saved = v.or(saved, v.and(made, before));
        if saved == Pred::TRUE {
            break;
        }
    }
    saved
}

/// Whether a copy is made beside the change: that nothing orders the two is the finding.
fn raced(plan: &Plan, id: StageId, touch: &Touch<'_>, copies: &[Copy<'_>]) -> bool {
    let v = plan.variants();
    let here = Node::Stage(id);
    copies.iter().any(|c| {
        let there = Node::Stage(c.stage);
        c.stage != id
            && c.step.act().is_some_and(|a| !a.effects.backs_up.is_empty())
            && c.of.covers(&touch.key.key)
            && !plan.precedes(there, here)
            && !plan.precedes(here, there)
            && v.possible(v.and(v.applies(here), v.applies(there)))
    })
}

/// In which variants one stage has surely ended before another, given that both apply.
fn before(plan: &Plan, first: StageId, then: StageId) -> Pred {
    if !plan.precedes(Node::Stage(first), Node::Stage(then)) {
        return Pred::FALSE;
    }
    match plan.standing(&[(first, then)])[..] {
        [Standing::Ordered] => Pred::TRUE,
        _ => plan.surely_before(first, then),
    }
}

fn report(plan: &Plan, list: &[(StageId, (Touch<'_>, Variant))], copies: &[Copy<'_>]) -> Diagnostic {
    let r = plan.release();
    let (id, (touch, variant)) = &list[0];
    let key = show::key(r, &touch.key.key);
    let verb = if touch.how == Touching::Removes {
        "removes"
    } else {
        "changes"
    };
    let mut d = Diagnostic::warning(
        CODE,
        touch.key.origin.span,
        format!(
            "{} {verb} the data of `{key}` with no backup before",
            place::stages(plan, list)
        ),
    )
    .here(format!("{verb} stored data"));
    d = place::through(d, &touch.key.origin);
    for copy in copies.iter().filter(|c| c.of.covers(&touch.key.key)).take(2) {
        let other = &r.stage(copy.stage).name;
        d = place::fact(
            d,
            &copy.step.origin,
            format!("`{other}` backs it up, but not surely before"),
        );
    }
    if variant.clause().is_some() {
        let lines = [format!(
            "`{}` starts, and nothing was backed up",
            r.stage(*id).name
        )];
        d = d.note(trace::numbered(variant, &lines));
    }
    d.help("back it up in a stage before: an action that `backs_up` it")
        .help("or, if old and new versions both work with it, write `compatible \"why\"`")
}
