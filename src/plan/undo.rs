//! How each stage is undone: as written, or derived from its steps in reverse.

use crate::model::{
    Act, Cond, Dur, Origin, RoleId, Rollback, Stage, StageId, Step, Text, Undo, WrittenRollback,
};
use crate::plan::{Plan, doing};
use smol_str::SmolStr;

/// How a stage is undone.
#[derive(Debug, Clone)]
pub enum StageUndo<'a> {
    /// It changes nothing that needs undoing.
    Nothing,
    /// From its steps, in the order they run (the reverse of the order written).
    Derived(Vec<UndoStep<'a>>),
    /// As written; it runs whole.
    Written(&'a WrittenRollback),
    /// It cannot be undone.
    Irreversible(&'a Text, &'a Origin),
    /// It need not be undone.
    Harmless(&'a Text, &'a Origin),
}

/// A step of a derived rollback.
#[derive(Debug, Clone)]
pub struct UndoStep<'a> {
    /// Unique in the stage: `u_` and the slug of the step it undoes.
    pub slug: SmolStr,
    /// The step it undoes; it runs only when that step began.
    pub undoes: &'a Step,
    /// What it does.
    pub act: &'a Act,
    /// How long it stays possible.
    pub lasts: Option<Dur>,
    /// Under which condition the step it undoes ran.
    pub when: &'a Cond,
    /// Who does it.
    pub owner: RoleId,
}

impl Plan {
    /// How a stage is undone when all of it began.
    pub fn undo(&self, stage: StageId) -> StageUndo<'_> {
        let stage = self.release().stage(stage);
        match &stage.rollback {
            Rollback::Written(w) => StageUndo::Written(w),
            Rollback::Irreversible { why, origin } => StageUndo::Irreversible(why, origin),
            Rollback::Harmless { why, origin } => StageUndo::Harmless(why, origin),
            Rollback::Derived => derived(stage),
        }
    }

    /// The stages whose undo must have ended before the undo of `stage` starts: those that wait for it directly.
    pub fn undone_before(&self, stage: StageId) -> Vec<StageId> {
        self.stages_after(stage)
    }
}

fn derived(stage: &Stage) -> StageUndo<'_> {
    // With a rollout the stage's steps stand in `steps` as they run at its last step: their undo runs once, with these
    // arguments, however many steps of the rollout began.
    let own = stage
        .rollout
        .iter()
        .flat_map(|r| r.steps.iter().flat_map(|s| &s.checks));
    let mut list = Vec::new();
    for step in stage.steps.iter().chain(own) {
        let Some(act) = doing(step) else { continue };
        if let Undo::By { act: undo, lasts, .. } = &act.undo {
            list.push(UndoStep {
                slug: SmolStr::new(format!("u_{}", step.slug)),
                undoes: step,
                act: undo,
                lasts: *lasts,
                when: &step.when,
                owner: step.owner.unwrap_or(stage.owner),
            });
        } else if let Undo::Irreversible { why, origin } = &act.undo {
            return StageUndo::Irreversible(why, origin);
        }
    }
    if list.is_empty() {
        return StageUndo::Nothing;
    }
    list.reverse();
    StageUndo::Derived(list)
}
