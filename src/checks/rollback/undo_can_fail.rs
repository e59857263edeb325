//! `rollback/undo_can_fail`: a failing undo in production has no owner, and nobody is called.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{MomentKind, Release, Rollback, StageId};
use crate::plan::StageUndo;

/// The diagnostic.
pub const CODE: Code = Code("rollback/undo_can_fail");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let mut alone: Vec<(StageId, ())> = Vec::new();
    for i in 0..r.stages.len() {
        let id = StageId::at(i);
        let owned = match plan.undo(id) {
            StageUndo::Written(w) => w.owner.is_some(),
            StageUndo::Derived(_) => false,
            StageUndo::Nothing | StageUndo::Irreversible(..) | StageUndo::Harmless(..) => true,
        };
        let counts = r.is_production(r.stage(id).environment);
        if counts && !owned && !escalated(r, id) {
            alone.push((id, ()));
        }
    }
    let Some((first, ())) = alone.first() else { return };
    let stage = r.stage(*first);
    let mut d = Diagnostic::warning(
        CODE,
        r.origin.span,
        format!(
            "when the undo of {} fails, nobody is called",
            place::stages(plan, &alone)
        ),
    )
    .here("no `escalate` on failure");
    for (id, ()) in alone.iter().take(3) {
        let stage = r.stage(*id);
        let origin = match &stage.rollback {
            Rollback::Written(w) => &w.origin,
            _ => &stage.origin,
        };
        d = d.fact(
            origin.span,
            format!("the undo of `{}` has no `owner`", stage.name),
        );
    }
    let help = match stage.rollback {
        Rollback::Written(_) => "write `owner ROLE` in the rollback",
        _ => "write a `rollback` with an `owner`",
    };
    bag.push(
        d.help("call somebody: `escalate CHANNEL { on failed, needs_help }` in the release")
            .help(format!("or {help}")),
    );
}

/// Whether somebody is called when a run, or this stage, fails or needs help.
fn escalated(r: &Release, id: StageId) -> bool {
    r.escalates.iter().flat_map(|e| &e.on).any(|m| {
        let kind = matches!(
            m.kind,
            MomentKind::Failed | MomentKind::NeedsHelp | MomentKind::RolledBack
        );
        kind && (m.each || m.stage.is_none_or(|s| s == id))
    })
}
