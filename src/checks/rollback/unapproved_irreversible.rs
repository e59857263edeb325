//! `rollback/unapproved_irreversible`: a stage that cannot be undone can start although nobody approved anything.

use crate::checks::{Check, Subject, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Origin, StageId};
use crate::plan::{Node, StageUndo, Truth, Variant};

/// The diagnostic.
pub const CODE: Code = Code("rollback/unapproved_irreversible");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let mut found: Vec<(StageId, (Variant, Origin))> = Vec::new();
    for stage in plan.stage_order() {
        let StageUndo::Irreversible(_, said) = plan.undo(stage) else {
            continue;
        };
        // A change of production that nobody approves is `approval/unguarded_production`, here or where it begins.
        if r.is_production(r.stage(stage).environment) && plan.changes_something(stage) {
            continue;
        }
        let bad = plan.variants().without(plan.starts(stage), plan.guarded(stage));
        match plan.variants().find(plan, bad) {
            Truth::Never => {}
            Truth::In(variant) => found.push((stage, (variant, said.clone()))),
            Truth::Undecided => bag.push(place::undecided(
                CODE,
                r.stage(stage).origin.span,
                format!(
                    "somebody approves before `{}` in every variant",
                    r.stage(stage).name
                ),
            )),
        }
    }
    for list in place::by_place(plan, found).values() {
        let (id, (variant, said)) = &list[0];
        let stage = r.stage(*id);
        let names = place::stages(plan, list);
        let verb = if list.len() == 1 { "cannot" } else { "can never" };
        let d = Diagnostic::error(
            CODE,
            stage.origin.span,
            format!("{names} {verb} be undone, and no approval stands before"),
        )
        .here("no approval surely stands before this");
        let d = place::fact(d, said, "it cannot be undone");
        let ended: Vec<StageId> = plan
            .stages_leading_to(Node::Stage(*id))
            .into_iter()
            .filter(|s| {
                plan.variants()
                    .implies(variant.at, plan.variants().applies(Node::Stage(*s)))
            })
            .collect();
        let then = [format!(
            "`{}` starts, and nobody has approved anything",
            stage.name
        )];
        bag.push(
            d.note(trace::run(plan, variant, &ended, &then))
                .help("write `approved NAME` here or in a stage it waits for"),
        );
    }
}
