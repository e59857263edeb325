//! `rollback/missing`: a stage changes something, and nothing says how that is undone or why it need not be.
//!
//! Judged per key, one finding per stage. An action that is `paired_with` another has its counterpart for a way back, which
//! `hold/unpaired` looks for. A stage that switches back what an earlier one switched is itself the way back. A `run` or `manual` that says nothing is taken to change its environment.
//! What a stage that builds puts into a store, outside of production, lies there and is used by nobody until something ships it.

use crate::checks::hold::by_hand::{Switched, switched, switched_back};
use crate::checks::place::first_part;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Act, ActSource, Key, Rollback, Stage, StageId, Undo};
use crate::plan::{Plan, Touch, Touching, doing, show};

/// The diagnostic.
pub const CODE: Code = Code("rollback/missing");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// First parts of keys of places that builds are put into.
const STORES: [&str; 6] = ["artifact", "bucket", "image", "package", "registry", "tag"];

/// How many keys are shown.
const SHOWN: usize = 4;

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let brackets = switched(plan);
    let backs = switched_back(&brackets);
    let mut found: Vec<(StageId, Vec<Touch<'_>>)> = Vec::new();
    for (i, stage) in plan.release().stages.iter().enumerate() {
        let id = StageId::at(i);
        let mut open = not_undone(plan, id, stage);
        if let Some(mine) = backs.get(&id) {
            open.retain(|t| !mine.contains(&&t.key.key));
        }
        if !open.is_empty() {
            found.push((id, open));
        }
    }
    for list in place::by_place(plan, found).values() {
        bag.push(report(plan, list, &brackets));
    }
}

/// What a stage changes that nothing undoes.
fn not_undone<'a>(plan: &'a Plan, id: StageId, stage: &'a Stage) -> Vec<Touch<'a>> {
    if stage.rollback != Rollback::Derived {
        return Vec::new();
    }
    let acts = || stage.forward_steps().into_iter().filter_map(doing);
    if acts().any(|a| matches!(a.undo, Undo::Irreversible { .. })) {
        // Somebody said that the stage cannot be undone.
        return Vec::new();
    }
    let restored: Vec<&Key> = acts()
        .filter_map(|a| match &a.undo {
            Undo::By { act, .. } => Some(&**act),
            _ => None,
        })
        .flat_map(|undo| undo.effects.changes.iter().chain(&undo.effects.removes))
        .map(|k| &k.key)
        .collect();
    let r = plan.release();
    let aside = !stage.builds.is_empty() && !r.is_production(r.stage(id).environment);
    let put_away = |t: &Touch<'_>| {
        aside
            && t.how == Touching::Changes
            && first_part(&t.key.key).is_some_and(|f| STORES.contains(&f.as_str()))
    };
    let has_way_back = |act: &Act| act.undo != Undo::None || act.paired_with.is_some();
    let mut open = plan.changes(id);
    open.retain(|t| {
        !t.act.is_some_and(has_way_back)
            && !put_away(t)
            && !restored.iter().any(|k| !t.assumed && k.covers(&t.key.key))
    });
    open
}

fn report(plan: &Plan, list: &[(StageId, Vec<Touch<'_>>)], brackets: &[Switched<'_>]) -> Diagnostic {
    let r = plan.release();
    let (id, open) = &list[0];
    let stage = r.stage(*id);
    let names = place::stages(plan, list);
    let (verb, them) = if list.len() == 1 {
        ("changes", "it")
    } else {
        ("change", "them")
    };
    let production = if r.is_production(stage.environment) {
        "production"
    } else {
        "something"
    };
    let mut d = Diagnostic::error(
        CODE,
        stage.origin.span,
        format!("{names} {verb} {production}, and nothing undoes {them}"),
    )
    .here("no way back");
    for touch in open.iter().take(SHOWN) {
        let key = show::key(r, &touch.key.key);
        let text = match (touch.assumed, touch.how) {
            (true, _) => {
                "says nothing about what it changes, so it is taken to change its environment".to_string()
            }
            (_, Touching::Removes) => format!("removes `{key}`, and has no `undo`"),
            (_, Touching::Raises) => format!("raises `{key}`, and has no `undo`"),
            _ => format!("changes `{key}`, and has no `undo`"),
        };
        d = place::fact(d, &touch.key.origin, text);
    }
    if open.len() > SHOWN {
        d = d.note(format!("{} more of its changes have no undo", open.len() - SHOWN));
    }
    let back = |s: &&Switched<'_>| s.first == *id && open.iter().any(|t| t.key.key == *s.key);
    if let Some(s) = brackets.iter().find(back) {
        let (x, y) = (&stage.name, &r.stage(s.last).name);
        d = place::fact(
            d,
            &s.late.key.origin,
            format!("`{y}` switches it back, if the plan gets that far"),
        );
        d = d.help(format!(
            "hold it, so that every way out restores it: a `hold` that changes it in `enter` and restores it in `exit`, `during {x} .. {y}`"
        ));
    }
    d = d
        .help("say how: `rollback { … }` in the stage, or `undo` on the step")
        .help("or say why not: `irreversible \"why\"`, or `harmless \"why\"`");
    let silent = open.iter().find(|t| t.assumed).and_then(|t| t.act);
    if let Some(act) = silent {
        d = d.help("if it changes nothing, say `changes nothing`");
        if let (ActSource::Run, Some(run)) = (&act.source, &act.run)
            && act.origin.via.is_none()
            && act.origin.span.end == run.span.end
        {
            d = d.unsafe_fix(
                "say that the command changes nothing",
                run.span.end_point(),
                " { changes nothing }",
            );
        }
    }
    d
}
