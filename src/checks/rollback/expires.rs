//! `rollback/expires`: an undo stops being possible while something can still call for it.

use crate::checks::rollback::calls;
use crate::checks::{Check, Subject, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Dur, Origin, Rollback, StageId, Undo};
use crate::plan::{Node, Pace, Plan, Truth, Variant, doing};

/// The diagnostic.
pub const CODE: Code = Code("rollback/expires");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    for (i, stage) in r.stages.iter().enumerate() {
        let id = StageId::at(i);
        let Some((lasts, origin)) = shortest(plan, id) else {
            continue;
        };
        let later = plan.ancestors(Node::Stage(id));
        let worst = plan.worst(Pace::Longest, |schedule, other| {
            if plan.contains(&later, Node::Stage(other)) || !calls::for_undo(plan, other, id) {
                return None;
            }
            let began = schedule.stage(plan, id).start;
            let needed = schedule.stage(plan, other).finish.saturating_sub(began);
            Some(needed.saturating_sub(lasts.as_ms()))
        });
        let Some(worst) = worst else { continue };
        let other = &r.stage(worst.stage).name;
        let began = worst.schedule.stage(plan, id).start;
        let ends = worst.schedule.stage(plan, worst.stage).finish;
        let d = Diagnostic::error(
            CODE,
            stage.origin.span,
            format!(
                "the undo of `{}` is possible for {lasts}, and can still be called for {} after that",
                stage.name,
                place::span(worst.by)
            ),
        )
        .here(format!("starts at {}", place::offset(began)));
        let d = place::fact(d, origin, format!("possible for {lasts}"));
        let d = if worst.stage == id {
            d
        } else {
            d.fact(
                r.stage(worst.stage).origin.span,
                format!("`{other}` can fail until {}", place::offset(ends)),
            )
        };
        let variant = match plan.variants().find(plan, worst.given) {
            Truth::In(v) => v,
            Truth::Never | Truth::Undecided => Variant::any(),
        };
        let gone = began.saturating_add(lasts.as_ms());
        let lines = [
            format!("`{}` starts at {}", stage.name, place::offset(began)),
            format!("its undo is no longer possible at {}", place::offset(gone)),
            format!("`{other}` fails at {}", place::offset(ends)),
        ];
        bag.push(
            d.note(trace::numbered(&variant, &lines))
                .help("observe for a shorter time, or write a rollback that stays possible")
                .help("or let what fails after that leave this stage alone: `on_failure { then pause }`"),
        );
    }
}

/// The undo of a stage that expires first.
fn shortest(plan: &Plan, id: StageId) -> Option<(Dur, &Origin)> {
    let stage = plan.release().stage(id);
    if stage.rollback != Rollback::Derived {
        return None;
    }
    let limits = stage
        .forward_steps()
        .into_iter()
        .filter_map(doing)
        .filter_map(|a| match &a.undo {
            Undo::By {
                lasts: Some(lasts),
                origin,
                ..
            } => Some((*lasts, origin)),
            _ => None,
        });
    limits.min_by_key(|(lasts, _)| lasts.as_ms())
}
