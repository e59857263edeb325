//! `approval/unguarded_production`: a stage that changes production can start although nobody approved anything.
//!
//! Any approval that was surely granted before the stage starts counts: its own, or one that guards what it waits for. A
//! declared override is not looked at: its own seats say yes in place of those it skips. A stage that waits for an open one is
//! open for the same reason, and not told of again.

use crate::checks::approval::no_consequence;
use crate::checks::{Check, Subject, allow, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{ApprovalId, StageId};
use crate::plan::{Node, Plan, Pred, Truth, Variant, show};

/// How many other stages are shown.
const SHOWN: usize = 3;

/// Among how many stages those to be shown are looked for.
const LOOKED_AT: usize = 64;

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
    // In which variants a stage comes after an open one: an approval there would guard it too.
    let v = plan.variants();
    let mut follows = vec![Pred::FALSE; r.stages.len()];
    let mut causes = vec![false; r.stages.len()];
    let mut followers: Vec<StageId> = Vec::new();
    for stage in plan.stage_order() {
        follows[stage.index()] = r.stage(stage).after.iter().fold(Pred::FALSE, |so_far, a| {
            let mut before = follows[a.stage.index()];
            if causes[a.stage.index()] {
                before = v.or(before, plan.starts(a.stage));
            }
            v.or(so_far, before)
        });
        if !r.is_production(r.stage(stage).environment) || !plan.changes_something(stage) {
            continue;
        }
        let bad = plan.variants().without(plan.starts(stage), plan.guarded(stage));
        match plan.variants().find(plan, bad) {
            Truth::Never => {}
            Truth::In(_) if v.implies(bad, follows[stage.index()]) => followers.push(stage),
            Truth::In(variant) => {
                // What the author accepts here is not accepted further on.
                causes[stage.index()] = !accepted(plan, stage);
                open.push((stage, variant));
            }
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
    let (own, mut rest): (Vec<_>, Vec<_>) = open.into_iter().partition(|(s, _)| accepted(plan, *s));
    let mut lists: Vec<_> = place::by_place(plan, own).into_values().collect();
    if r.approvals.is_empty() && !rest.is_empty() {
        // Nobody is asked anywhere: that is one thing to mend.
        lists.push(std::mem::take(&mut rest));
    }
    lists.extend(place::by_place(plan, rest).into_values());
    for list in lists {
        let after: Vec<StageId> = followers
            .iter()
            .copied()
            .take(LOOKED_AT)
            .filter(|f| {
                list.iter()
                    .any(|(s, _)| plan.precedes(Node::Stage(*s), Node::Stage(*f)))
            })
            .take(SHOWN)
            .collect();
        bag.push(report(plan, &list, &after));
    }
}

/// Whether the author accepts that a stage starts unapproved.
fn accepted(plan: &Plan, stage: StageId) -> bool {
    let r = plan.release();
    allow::accepted(r, CODE, r.stage(stage).origin.span)
}

fn report(plan: &Plan, list: &[(StageId, Variant)], after: &[StageId]) -> Diagnostic {
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
        format!("`{}` is of `kind production`", environment.name),
    );
    // An approval that nothing waits for was meant for something.
    for (i, approval) in r.approvals.iter().enumerate() {
        if !no_consequence::awaited(plan, ApprovalId::at(i)) {
            let text = format!("nothing waits for `{}`", approval.name);
            d = d.fact(approval.origin.span, text);
        }
    }
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
    let mut places = vec![stage.origin.span];
    let more = list.iter().skip(1).map(|(s, _)| (*s, "so can this"));
    for (s, text) in more.chain(after.iter().map(|s| (*s, "and, after it, this"))) {
        let at = r.stage(s).origin.span;
        if places.len() <= SHOWN && !places.contains(&at) {
            places.push(at);
            d = d.fact(at, text);
        }
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
