//! A stage whose own failure rolls back another stage only, and so leaves what it did itself.
//!
//! `rollback(STAGE)` undoes that stage and all that depends on it. A stage that stands beside or before it is not among
//! them, and what it did until it failed stays. Must not judge rollbacks that people choose in a decision, or triggers.

use super::CODE;
use crate::checks::{allow, place, trace};
use crate::diagnostic::{Bag, Diagnostic};
use crate::model::{Failure, FailureOutcome, GateOutcome, Origin, Stage, StageId, StepKind};
use crate::plan::{Node, Plan, StageUndo, Truth, Variant, show};
use indexmap::IndexMap;

/// A stage, the one that is rolled back when it fails, and where that is said.
type Aside<'a> = (StageId, (StageId, &'a Origin, Variant));

pub(super) fn check(plan: &Plan, bag: &mut Bag) {
    let mut groups: IndexMap<_, Vec<Aside<'_>>> = IndexMap::new();
    for (i, stage) in plan.release().stages.iter().enumerate() {
        let id = StageId::at(i);
        let undone = matches!(plan.undo(id), StageUndo::Derived(_) | StageUndo::Written(_));
        if !undone {
            continue;
        }
        let outside = |(target, _): &(StageId, &Origin)| {
            *target != id && !plan.precedes(Node::Stage(*target), Node::Stage(id))
        };
        let Some((target, said)) = targets(plan, stage).into_iter().find(outside) else {
            continue;
        };
        if let Truth::In(variant) = plan.variants().find(plan, plan.starts(id)) {
            // What the `allow` of one stage accepts is not accepted for the others.
            let own = allow::accepted(plan.release(), CODE, stage.origin.span).then_some(stage.origin.span);
            let group = groups.entry((said.span, own)).or_default();
            group.push((id, (target, said, variant)));
        }
    }
    for list in groups.values() {
        bag.push(report(plan, list));
    }
}

/// The stages that a failure of a stage rolls back to, as written in it, its phase, the release or a gate.
fn targets<'a>(plan: &'a Plan, stage: &'a Stage) -> Vec<(StageId, &'a Origin)> {
    let mut list = Vec::new();
    if let Some(f) = &stage.on_failure
        && let Failure::Then(FailureOutcome::RollbackStage(s)) = &f.then
    {
        list.push((*s, &f.origin));
    }
    // A gate that stops a stage from starting leaves nothing of it.
    for step in stage.forward_steps() {
        if let StepKind::VerifyGate(g) = &step.kind
            && let Some((GateOutcome::Then(FailureOutcome::RollbackStage(s)), at)) =
                &plan.release().gate(*g).otherwise
        {
            list.push((*s, at));
        }
    }
    list
}

fn report(plan: &Plan, list: &[Aside<'_>]) -> Diagnostic {
    let r = plan.release();
    let (id, (target, said, variant)) = &list[0];
    let (stage, other) = (r.stage(*id), &r.stage(*target).name);
    let names = place::stages(plan, list);
    let it = if list.len() == 1 { "it" } else { "one of them" };
    let mut d = Diagnostic::error(
        CODE,
        stage.origin.span,
        format!("what {names} did stays when {it} fails: only `{other}` is rolled back"),
    )
    .here(format!(
        "does not depend on `{other}`, so it is not undone with it"
    ));
    d = place::fact(d, said, "what a failure leads to");
    let mut then = Vec::new();
    if let Some(touch) = plan.changes(*id).into_iter().find(|t| !t.assumed) {
        then.push(format!(
            "`{}` changes `{}`",
            stage.name,
            show::key(r, &touch.key.key)
        ));
    } else {
        then.push(format!("`{}` begins", stage.name));
    }
    then.push(format!("`{}` fails", stage.name));
    then.push(format!(
        "`{other}` and what depends on it are undone; `{}` stays as it is",
        stage.name
    ));
    let before = plan.stages_leading_to(Node::Stage(*id));
    let applies = |s: &StageId| {
        plan.variants()
            .implies(variant.at, plan.variants().applies(Node::Stage(*s)))
    };
    let ended: Vec<StageId> = before.into_iter().filter(applies).collect();
    d.note(trace::run(plan, variant, &ended, &then))
        .help(format!(
            "undo all that began: `then rollback`; or itself: `then rollback({})`",
            stage.name
        ))
        .help("or say of the stage that it is `harmless \"why\"`")
}
