//! `rollback/input_destroyed`: what an undo needs is overwritten or removed while the undo can still be called for.
//!
//! The backup, the old servers, the previous build: what the undo *reads*. It may go once the last gate that could call for
//! the undo is behind.

use crate::checks::rollback::calls;
use crate::checks::{Check, Subject, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Act, Key, KeyUse, StageId};
use crate::plan::{Node, Plan, StageUndo, Touch, Touching, Truth, UndoStep, Variant, doing, show};

/// The diagnostic.
pub const CODE: Code = Code("rollback/input_destroyed");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let needing: Vec<(StageId, Vec<&KeyUse>)> = plan
        .stage_order()
        .into_iter()
        .map(|s| (s, calls::needs(plan, s)))
        .filter(|(_, keys)| !keys.is_empty())
        .collect();
    if needing.is_empty() {
        return;
    }
    let mut by_first: std::collections::BTreeMap<Option<String>, Vec<(StageId, Touch<'_>)>> =
        std::collections::BTreeMap::new();
    for stage in plan.stage_order() {
        for touch in plan.changes(stage).into_iter().filter(|t| !t.assumed) {
            let first = touch.key.key.segments().into_iter().next().flatten();
            by_first.entry(first).or_default().push((stage, touch));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    for (undone, keys) in needing {
        for key in keys {
            let first = key.key.segments().into_iter().next().flatten();
            for (stage, touch) in by_first.get(&first).into_iter().flatten() {
                if *stage == undone || !calls::surely_same(&touch.key.key, &key.key) {
                    continue;
                }
                // Without an order the two are a race, and `dag/race` says so.
                if !plan.precedes(Node::Stage(undone), Node::Stage(*stage)) {
                    continue;
                }
                if made_anew(plan, *stage, &touch.key.key) {
                    continue;
                }
                let Some((caller, variant)) = caller(plan, undone, *stage) else {
                    continue;
                };
                if seen.insert((touch.key.origin.span, key.origin.span)) {
                    bag.push(report(plan, undone, key, *stage, touch, caller, &variant));
                }
            }
        }
    }
}

/// Whether what a stage destroys is there again when an earlier one is undone: its own undo, which ends before, makes it anew.
fn made_anew(plan: &Plan, destroying: StageId, key: &Key) -> bool {
    let again = |act: &Act| {
        !act.effects.assumed
            && act
                .effects
                .changes
                .iter()
                .any(|k| calls::surely_same(&k.key, key))
    };
    match plan.undo(destroying) {
        StageUndo::Derived(steps) => steps.iter().flat_map(UndoStep::acts).any(again),
        StageUndo::Written(w) => w.steps.iter().filter_map(doing).any(again),
        StageUndo::Nothing | StageUndo::Irreversible(..) | StageUndo::Harmless(..) => false,
    }
}

/// A stage that can call for the undo once what it needs is gone: the one that destroys it, or one that may end later.
fn caller(plan: &Plan, undone: StageId, destroying: StageId) -> Option<(StageId, Variant)> {
    let v = plan.variants();
    let together = |s: StageId| {
        let both = v.and(
            plan.starts(s),
            v.and(plan.starts(destroying), plan.starts(undone)),
        );
        match v.find(plan, both) {
            Truth::In(variant) => Some((s, variant)),
            Truth::Never | Truth::Undecided => None,
        }
    };
    // After it, or beside it: what is surely over before cannot fail any more, and what comes before the undone stage fails
    // before there is anything to undo.
    let later = plan.descendants(Node::Stage(destroying));
    let beside = |s: StageId| {
        s != undone
            && s != destroying
            && !plan.precedes(Node::Stage(s), Node::Stage(destroying))
            && !plan.precedes(Node::Stage(s), Node::Stage(undone))
    };
    let order = plan.stage_order();
    let after = order.iter().filter(|s| plan.contains(&later, Node::Stage(**s)));
    let beside = order
        .iter()
        .filter(|s| !plan.contains(&later, Node::Stage(**s)) && beside(**s));
    after
        .chain(beside)
        .copied()
        .filter(|s| calls::for_undo(plan, *s, undone))
        .find_map(together)
        .or_else(|| {
            let verified = judged_after(plan, destroying);
            (verified && calls::for_undo(plan, destroying, undone)).then(|| together(destroying))?
        })
}

/// Whether a stage judges a gate after its last change.
fn judged_after(plan: &Plan, id: StageId) -> bool {
    let steps = plan.release().stage(id).forward_steps();
    let last = steps.iter().rposition(|s| {
        doing(s).is_some_and(|a| !(a.effects.changes.is_empty() && a.effects.removes.is_empty()))
    });
    let gate = steps
        .iter()
        .rposition(|s| matches!(s.kind, crate::model::StepKind::VerifyGate(_)));
    gate > last
}

fn report(
    plan: &Plan,
    undone: StageId,
    key: &KeyUse,
    destroying: StageId,
    touch: &Touch<'_>,
    caller: StageId,
    variant: &Variant,
) -> Diagnostic {
    let r = plan.release();
    let name = |s: StageId| &r.stage(s).name;
    let shown = show::key(r, &key.key);
    let verb = if touch.how == Touching::Removes {
        "removes"
    } else {
        "overwrites"
    };
    let mut d = Diagnostic::error(
        CODE,
        touch.key.origin.span,
        format!(
            "`{}` {verb} `{shown}`, which the undo of `{}` needs",
            name(destroying),
            name(undone)
        ),
    )
    .here(format!("{verb} it"));
    d = place::fact(d, &key.origin, format!("the undo of `{}` reads it", name(undone)));
    if caller != destroying {
        d = d.fact(
            r.stage(caller).origin.span,
            format!("`{}` can still call for that undo", name(caller)),
        );
    }
    let lines = [
        format!("`{}` ends well", name(undone)),
        format!("`{}` {verb} `{shown}`", name(destroying)),
        format!("`{}` fails", name(caller)),
        format!("the undo of `{}` finds no `{shown}`", name(undone)),
    ];
    d.note(trace::numbered(variant, &lines))
        .help(format!(
            "let `{}` come after everything that can call for the undo",
            name(destroying)
        ))
        .help("or keep a copy that the undo can use")
}
