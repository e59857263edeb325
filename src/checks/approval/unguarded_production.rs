//! `approval/unguarded_production`: a stage that changes production can start although nobody approved anything.
//!
//! Any approval that was surely granted before the stage starts counts: its own, or one that guards what it waits for. A
//! declared override is not looked at: its own seats say yes in place of those it skips.

use crate::checks::{Check, Subject, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::StageId;
use crate::plan::{Node, Plan, Truth, Variant, show};

/// The diagnostic.
pub const CODE: Code = Code("approval/unguarded_production");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let mut open: Vec<(StageId, Variant)> = Vec::new();
    for stage in plan.stage_order() {
        if !r.is_production(r.stage(stage).environment) || !plan.changes_something(stage) {
            continue;
        }
        let bad = plan.variants().without(plan.starts(stage), plan.guarded(stage));
        match plan.variants().find(plan, bad) {
            Truth::Never => {}
            Truth::In(variant) => open.push((stage, variant)),
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
    for list in place::by_place(plan, open).values() {
        bag.push(report(plan, list));
    }
}

fn report(plan: &Plan, list: &[(StageId, Variant)]) -> Diagnostic {
    let r = plan.release();
    let (id, variant) = &list[0];
    let stage = r.stage(*id);
    let names = place::stages(plan, list);
    let verb = if list.len() == 1 { "changes" } else { "change" };
    let mut d = Diagnostic::error(
        CODE,
        stage.origin.span,
        format!("{names} {verb} production, and can start without an approval"),
    )
    .here("no approval surely stands before this");
    let environment = r.env(stage.environment);
    if let Some(touch) = plan.changes(*id).first() {
        let key = show::key(r, &touch.key.key);
        let text = if touch.assumed {
            format!(
                "says nothing about what it changes: taken to change `{}`",
                environment.name
            )
        } else {
            format!("changes `{key}`")
        };
        d = place::fact(d, &touch.key.origin, text);
    }
    d = d.fact(
        environment.origin.span,
        format!("`{}` is production", environment.name),
    );
    for guard in plan.guards(*id).iter().take(3) {
        let approval = r.approval(guard.approval);
        let text = if plan
            .variants()
            .always(plan.variants().applies(Node::Approval(guard.approval)))
        {
            format!(
                "`{}` guards it only where what waits for it applies",
                approval.name
            )
        } else {
            format!("`{}` guards it only where it applies", approval.name)
        };
        d = d.fact(approval.origin.span, text);
    }
    let ended: Vec<StageId> = plan
        .stages_leading_to(Node::Stage(*id))
        .into_iter()
        .filter(|s| {
            plan.variants()
                .implies(variant.at, plan.variants().applies(Node::Stage(*s)))
        })
        .collect();
    let mut then: Vec<String> = plan
        .guards(*id)
        .iter()
        .take(2)
        .map(|g| format!("`{}` is not asked", r.approval(g.approval).name))
        .collect();
    then.push(format!(
        "`{}` starts, and nobody has approved anything",
        stage.name
    ));
    d = d.note(trace::run(plan, variant, &ended, &then));
    let existing: Vec<&str> = r.approvals.iter().map(|a| a.name.as_str()).collect();
    if plan.guards(*id).is_empty() && !existing.is_empty() {
        d.help(format!(
            "write `approved {}` here or in a stage it waits for",
            existing.first().copied().unwrap_or_default()
        ))
    } else if existing.is_empty() {
        d.help("declare who says yes, `approval NAME { from ROLE }`, and write `approved NAME` here")
    } else {
        d.help("let the approval apply wherever this stage does, or name another one for the rest")
    }
}
