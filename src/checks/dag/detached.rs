//! `dag/detached`: in some variant none of a stage's `after`s applies, nor anything they wait for, and it starts at once.
//!
//! A stage that is approved by itself waits for that, and one with a planned moment for its moment.

use crate::checks::{Check, Subject, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::StageId;
use crate::plan::{Node, Truth, Variant};

/// The diagnostic.
pub const CODE: Code = Code("dag/detached");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let mut found: Vec<(StageId, Variant)> = Vec::new();
    for (i, stage) in r.stages.iter().enumerate() {
        let id = StageId::at(i);
        if (stage.after.is_empty() && stage.awaits.is_empty()) || stage.at.is_some() {
            continue;
        }
        let v = plan.variants();
        let held = stage.approved.iter().fold(plan.anchored(id), |any, (a, _)| {
            v.or(any, v.applies(Node::Approval(*a)))
        });
        let alone = v.without(plan.starts(id), held);
        match plan.variants().find(plan, alone) {
            Truth::Never => {}
            Truth::In(variant) => found.push((id, variant)),
            Truth::Undecided => bag.push(place::undecided(
                CODE,
                stage.origin.span,
                format!("`{}` always waits for something", stage.name),
            )),
        }
    }
    for list in place::by_place(plan, found).values() {
        let (id, variant) = &list[0];
        let stage = r.stage(*id);
        let mut d = Diagnostic::warning(
            CODE,
            stage.origin.span,
            format!(
                "{} can start at once: nothing it waits for applies",
                place::stages(plan, list)
            ),
        )
        .here("looks as if it came later");
        for after in stage.after.iter().take(3) {
            let other = r.stage(after.stage);
            d = place::fact(d, &after.origin, format!("`{}` may not apply", other.name));
            if let Some(when) = &other.when_origin {
                d = d.fact(when.span, format!("`{}` applies only then", other.name));
            }
        }
        let mut lines: Vec<String> = stage
            .after
            .iter()
            .filter(|a| {
                plan.variants().possible(
                    plan.variants()
                        .without(variant.at, plan.variants().applies(Node::Stage(a.stage))),
                )
            })
            .take(3)
            .map(|a| format!("`{}` does not apply", r.stage(a.stage).name))
            .collect();
        lines.push(format!("`{}` starts with the run", stage.name));
        bag.push(
            d.note(trace::numbered(variant, &lines))
                .help("let it wait for a stage that always applies, or give it the same `when`"),
        );
    }
}
