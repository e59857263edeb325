//! `dag/no_convergence`: alternatives that exclude each other meet, and no gate judges what they came to.
//!
//! Only where at least one of them changes something: paths that look at things need no common judge.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Stage, StageId, StepKind};
use crate::plan::{Node, Plan, Pred};

/// The diagnostic.
pub const CODE: Code = Code("dag/no_convergence");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// The most `after`s of one stage that are compared with each other.
const COMPARED: usize = 64;

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let mut found: Vec<(StageId, (StageId, StageId))> = Vec::new();
    for (i, stage) in plan.release().stages.iter().enumerate() {
        let id = StageId::at(i);
        if let Some(pair) = alternatives(plan, stage)
            && !judged(plan, id)
        {
            found.push((id, pair));
        }
    }
    for list in place::by_place(plan, found).values() {
        let (id, (a, b)) = &list[0];
        let r = plan.release();
        let (stage, a, b) = (r.stage(*id), r.stage(*a), r.stage(*b));
        let mut d = Diagnostic::warning(
            CODE,
            stage.origin.span,
            format!(
                "`{}` and `{}` exclude each other and meet in {}, and no gate judges both",
                a.name,
                b.name,
                place::stages(plan, list)
            ),
        )
        .here("they meet here");
        for way in [a, b] {
            let origin = way.when_origin.as_ref().unwrap_or(&way.origin);
            d = d.fact(origin.span, format!("`{}` is one way", way.name));
        }
        bag.push(d.help(format!(
            "let `{}`, or a stage after it, `verify` a gate that both ways must pass",
            stage.name
        )));
    }
}

/// Two of the stages it waits for that never both apply, one of which changes something.
fn alternatives(plan: &Plan, stage: &Stage) -> Option<(StageId, StageId)> {
    let v = plan.variants();
    let conditional: Vec<(StageId, Pred)> = stage
        .after
        .iter()
        .map(|a| (a.stage, v.applies(Node::Stage(a.stage))))
        .filter(|(_, p)| *p != Pred::TRUE && v.possible(*p))
        .take(COMPARED)
        .collect();
    for (i, (a, p)) in conditional.iter().enumerate() {
        for (b, q) in &conditional[i + 1..] {
            let changing = plan.changes_something(*a) || plan.changes_something(*b);
            if changing && v.implies(*p, v.not(*q)) {
                return Some((*a, *b));
            }
        }
    }
    None
}

/// Whether a gate is judged in a stage or anywhere after it.
fn judged(plan: &Plan, id: StageId) -> bool {
    let after = plan.descendants(Node::Stage(id));
    plan.release().stages.iter().enumerate().any(|(i, s)| {
        let node = Node::Stage(StageId::at(i));
        (node == Node::Stage(id) || plan.contains(&after, node)) && judges(s)
    })
}

fn judges(stage: &Stage) -> bool {
    !stage.require.is_empty()
        || stage
            .forward_steps()
            .iter()
            .any(|s| matches!(s.kind, StepKind::VerifyGate(_)))
}
