//! `rollback/incomplete`: a stage has a written rollback, and at some failure point something it changed is not undone.
//!
//! What a written rollback restores is what its steps change and what it says it `undoes`. A step that says nothing is taken
//! to change its environment, on either side, and so leaves nothing that could be shown to be missing. A stage whose failure
//! rolls back only another one, which it does not depend on, is never undone for its own failure: that is found too.

mod aside;

use crate::checks::hold::by_hand::{switched, switched_back};
use crate::checks::{Check, Subject, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Rollback, Stage, StageId, Step, Undo, WrittenRollback};
use crate::plan::{Node, Plan, Pred, Touch, Truth, Variant, doing, show};

/// The diagnostic.
pub const CODE: Code = Code("rollback/incomplete");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// How many keys are shown.
const SHOWN: usize = 4;

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let mut found: Vec<(StageId, (Variant, Vec<Touch<'_>>))> = Vec::new();
    // What a stage switches back is as it was before.
    let backs = switched_back(&switched(plan));
    for (i, stage) in plan.release().stages.iter().enumerate() {
        let id = StageId::at(i);
        let back = backs.get(&id);
        let Rollback::Written(written) = &stage.rollback else {
            continue;
        };
        let mut left: Vec<Touch<'_>> = Vec::new();
        let mut seen: Option<Variant> = None;
        for touch in plan.changes(id) {
            let was_so = back.is_some_and(|b| b.contains(&&touch.key.key));
            if touch.assumed || was_so || spared(&touch) {
                continue;
            }
            let bad = plan
                .variants()
                .without(begun(plan, id, touch.step), undone(plan, written, &touch));
            match plan.variants().find(plan, bad) {
                Truth::Never => {}
                Truth::In(variant) => {
                    seen.get_or_insert(variant);
                    left.push(touch);
                }
                Truth::Undecided => bag.push(place::undecided(
                    CODE,
                    stage.origin.span,
                    format!("the rollback of `{}` is complete in every variant", stage.name),
                )),
            }
        }
        if let Some(variant) = seen {
            found.push((id, (variant, left)));
        }
    }
    for list in place::by_place(plan, found).values() {
        bag.push(report(plan, list));
    }
    aside::check(plan, bag);
}

/// Whether an act needs no undo, or has a counterpart that `hold/unpaired` looks for.
fn spared(touch: &Touch<'_>) -> bool {
    touch.act.is_some_and(|a| {
        matches!(a.undo, Undo::Harmless { .. } | Undo::Irreversible { .. }) || a.paired_with.is_some()
    })
}

/// When a step of a stage may have begun.
fn begun(plan: &Plan, id: StageId, step: Option<&Step>) -> Pred {
    let v = plan.variants();
    let when = step.map_or(Pred::TRUE, |s| v.of(plan, &s.when));
    v.and(plan.starts(id), when)
}

/// When a written rollback restores what was changed.
fn undone(plan: &Plan, written: &WrittenRollback, touch: &Touch<'_>) -> Pred {
    let v = plan.variants();
    let key = &touch.key.key;
    if written.undoes.iter().any(|k| k.key.covers(key)) {
        return Pred::TRUE;
    }
    let mut when = Pred::FALSE;
    for step in &written.steps {
        let Some(act) = doing(step) else { continue };
        let keys = act.effects.changes.iter().chain(&act.effects.removes);
        let restores = act.effects.assumed || keys.clone().any(|k| k.key.covers(key));
        if restores {
            when = v.or(when, v.of(plan, &step.when));
        }
    }
    when
}

fn report(plan: &Plan, list: &[(StageId, (Variant, Vec<Touch<'_>>))]) -> Diagnostic {
    let r = plan.release();
    let (id, (variant, left)) = &list[0];
    let stage: &Stage = r.stage(*id);
    let keys: Vec<String> = left.iter().map(|t| show::key(r, &t.key.key)).collect();
    let mut d = Diagnostic::error(
        CODE,
        stage.origin.span,
        format!(
            "the rollback of {} leaves {} as it is",
            place::stages(plan, list),
            place::names(keys.iter().map(String::as_str), 2)
        ),
    )
    .here("not all of it is undone");
    for touch in left.iter().take(SHOWN) {
        let key = show::key(r, &touch.key.key);
        d = place::fact(d, &touch.key.origin, format!("changes `{key}`"));
    }
    if let Rollback::Written(w) = &stage.rollback {
        let mut restored: Vec<String> = plan
            .restored(stage)
            .iter()
            .map(|k| show::key(r, &k.key))
            .collect();
        restored.sort();
        restored.dedup();
        let what = place::names(restored.iter().map(String::as_str), 3);
        let text = if what.is_empty() {
            "restores nothing".to_string()
        } else {
            format!("restores {what}")
        };
        d = d.fact(w.origin.span, text);
    }
    let ended: Vec<StageId> = plan
        .stages_leading_to(Node::Stage(*id))
        .into_iter()
        .filter(|s| {
            plan.variants()
                .implies(variant.at, plan.variants().applies(Node::Stage(*s)))
        })
        .collect();
    let first = keys.first().map_or("", String::as_str);
    let then = [
        format!("`{}` changes `{first}`", stage.name),
        format!("`{}` fails, or a stage after it", stage.name),
        format!("its rollback runs, and `{first}` stays changed"),
    ];
    d.note(trace::run(plan, variant, &ended, &then))
        .help("undo it in the `rollback`, or write `undoes KEY` there if a step does")
        .help("or say of the step that it is `harmless \"why\"`")
}
