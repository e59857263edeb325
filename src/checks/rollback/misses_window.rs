//! `rollback/misses_window`: from some failure point the longest undo ends after the window closes.
//!
//! The failure is noticed at the end of the stage; what is undone is the stage and everything before it, one after the
//! other where they wait for each other.

use crate::checks::{Check, Subject, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::StageId;
use crate::plan::{Pace, Truth, Variant};

/// The diagnostic.
pub const CODE: Code = Code("rollback/misses_window");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let Some(window) = &r.window else { return };
    let clock = plan.clock();
    let chain = plan.undo_chain(Pace::Longest);
    let worst = plan.worst(Pace::Longest, |schedule, stage| {
        let undo = chain[stage.index()].as_ms();
        if !plan.covered(stage) || undo == 0 {
            return None;
        }
        let t = schedule.stage(plan, stage);
        let closes = plan.opening(&clock, t.start)?.closes?;
        Some(t.finish.saturating_add(undo).saturating_sub(closes))
    });
    let Some(worst) = worst else { return };
    let stage = r.stage(worst.stage);
    let t = worst.schedule.stage(plan, worst.stage);
    let undo = chain[worst.stage.index()].as_ms();
    let closes = t.finish.saturating_add(undo).saturating_sub(worst.by);
    let mut d = Diagnostic::error(
        CODE,
        window.origin.span,
        format!(
            "when `{}` fails at its end, the way back can end {} after the window closes",
            stage.name,
            place::span(worst.by)
        ),
    )
    .here(format!("closes at {}", place::offset(closes)))
    .fact(
        stage.origin.span,
        format!("can end at {}", place::offset(t.finish)),
    );
    let mut lines = vec![format!("`{}` fails at {}", stage.name, place::offset(t.finish))];
    let mut at = t.finish;
    for s in back(plan, worst.stage, &chain).into_iter().take(4) {
        let takes = plan.undo_time(s, Pace::Longest).as_ms();
        at = at.saturating_add(takes);
        let name = &r.stage(s).name;
        lines.push(format!("`{name}` is undone at {}", place::offset(at)));
        if s != worst.stage {
            d = d.fact(
                r.stage(s).origin.span,
                format!("its undo takes up to {}", place::span(takes)),
            );
        }
    }
    let variant = match plan.variants().find(plan, worst.given) {
        Truth::In(v) => v,
        Truth::Never | Truth::Undecided => Variant::any(),
    };
    let latest = closes.saturating_sub(undo);
    bag.push(
        d.note(trace::numbered(&variant, &lines))
            .note(format!("the point of no return is {}", place::offset(latest)))
            .help("let the window close later, start earlier, or make the way back shorter"),
    );
}

/// The stages whose undos make the longest chain, in the order they are undone; those that take time only.
fn back(plan: &crate::plan::Plan, from: StageId, chain: &[crate::model::Dur]) -> Vec<StageId> {
    let mut list = Vec::new();
    let mut at = Some(from);
    while let Some(s) = at {
        if plan.undo_time(s, Pace::Longest).as_ms() > 0 {
            list.push(s);
        }
        at = plan
            .stages_before(s)
            .into_iter()
            .filter(|b| chain[b.index()].as_ms() > 0)
            .max_by_key(|b| (chain[b.index()].as_ms(), std::cmp::Reverse(*b)));
    }
    list
}
