//! `time/offset_conflict`: `at` says when a stage or a step of a rollout starts, and what stands before it ends later.
//!
//! An error when even the shortest times are too long; a warning when only the longest are.

use crate::checks::{Check, Subject, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic, Severity};
use crate::model::StageId;
use crate::plan::{Cause, Pace, Plan, Truth, Variant, Worst};

/// The diagnostic.
pub const CODE: Code = Code("time/offset_conflict");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    for (i, stage) in plan.release().stages.iter().enumerate() {
        let id = StageId::at(i);
        rollout(plan, id, bag);
        let Some((at, _)) = &stage.at else { continue };
        let late = |pace: Pace| {
            // The bound first: most offsets hold in every variant at once.
            let ready = plan.schedule(pace).stage(plan, id).ready;
            if ready <= at.after.as_ms() {
                return None;
            }
            plan.worst(pace, |schedule, stage| {
                (stage == id).then(|| schedule.stage(plan, stage).ready.saturating_sub(at.after.as_ms()))
            })
        };
        if let Some(worst) = late(Pace::Shortest) {
            bag.push(report(plan, id, &worst, Severity::Error));
        } else if let Some(worst) = late(Pace::Longest) {
            bag.push(report(plan, id, &worst, Severity::Warning));
        }
    }
}

/// The steps of a stage's rollout: one step runs after the other, whatever the times say.
fn rollout(plan: &Plan, id: StageId, bag: &mut Bag) {
    let stage = plan.release().stage(id);
    let mut told = Vec::new();
    for (pace, severity) in [
        (Pace::Shortest, Severity::Error),
        (Pace::Longest, Severity::Warning),
    ] {
        for (i, reached) in plan.reached(pace, id) {
            let Some(step) = stage.rollout.as_ref().and_then(|r| r.steps.get(i)) else {
                continue;
            };
            let Some((at, origin)) = &step.at else { continue };
            let by = reached.saturating_sub(at.after.as_ms());
            if by <= 0 || told.contains(&i) {
                continue;
            }
            told.push(i);
            let (best, can) = match severity {
                Severity::Error => ("at the earliest", "cannot start"),
                _ => ("at the latest", "may not start"),
            };
            let d = Diagnostic::new(
                severity,
                CODE,
                origin.span,
                format!(
                    "step `{}` of `{}` {can} at {}: what stands before it ends at {}",
                    step.name,
                    stage.name,
                    place::offset(at.after.as_ms()),
                    place::offset(reached)
                ),
            )
            .here(format!("{} too early", place::span(by)))
            .fact(
                stage.origin.span,
                format!(
                    "`{}` has come that far at {} {best}",
                    stage.name,
                    place::offset(reached)
                ),
            );
            bag.push(place::through(d, origin).help(format!(
                "write `at {}` or later, or let the steps before it take less time",
                place::offset(reached)
            )));
        }
    }
}

fn report(plan: &Plan, id: StageId, worst: &Worst, severity: Severity) -> Diagnostic {
    let stage = plan.release().stage(id);
    let ready = worst.schedule.stage(plan, id).ready;
    let at = ready.saturating_sub(worst.by);
    let (best, can) = match severity {
        Severity::Error => ("at the earliest", "cannot start"),
        _ => ("at the latest", "may not start"),
    };
    let place = stage.at.as_ref().map_or(&stage.origin, |(_, o)| o);
    let mut d = Diagnostic::new(
        severity,
        CODE,
        place.span,
        format!(
            "`{}` {can} at {}: what it waits for ends at {}",
            stage.name,
            place::offset(at),
            place::offset(ready)
        ),
    )
    .here(format!("{} too early", place::span(worst.by)));
    // The stage's own cause may be its `at`: the path is that of what it waits for.
    let path = before(plan, id, worst);
    let mut lines = Vec::new();
    let skipped = path.len().saturating_sub(5);
    for node in path.iter().skip(skipped) {
        let t = worst.schedule.of(plan, *node);
        let name = plan.node_name(*node);
        let why = if t.cause == Cause::At { " (its `at`)" } else { "" };
        lines.push(format!(
            "`{name}` starts at {}{why} and ends at {}, {best}",
            place::offset(t.start),
            place::offset(t.finish)
        ));
        d = d.fact(
            plan.node_origin(*node).span,
            format!("`{name}` ends at {} {best}", place::offset(t.finish)),
        );
    }
    let variant = match plan.variants().find(plan, worst.given) {
        Truth::In(v) => v,
        Truth::Never | Truth::Undecided => Variant::any(),
    };
    d.note(trace::numbered(&variant, &lines)).help(format!(
        "write `at {}` or later, or let what it waits for start earlier",
        place::offset(ready)
    ))
}

/// The path to what the stage waits for last.
fn before(plan: &Plan, id: StageId, worst: &Worst) -> Vec<crate::plan::Node> {
    let me = crate::plan::Node::Stage(id);
    let ready = worst.schedule.of(plan, me).ready;
    let last = plan
        .waits_for(me)
        .into_iter()
        .map(|(n, _)| n)
        .find(|n| worst.schedule.of(plan, *n).finish == ready);
    last.map(|n| plan.path(&worst.schedule, n)).unwrap_or_default()
}
