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
    /// What is done instead where the step began last at an earlier step of a rollout, and its undo is another one there.
    pub earlier: Vec<EarlierUndo<'a>>,
}

/// The undo of a step that began last at a step of a rollout before the last one, with the arguments it has there.
#[derive(Debug, Clone)]
pub struct EarlierUndo<'a> {
    /// Unique in the stage: `u_` and the slug of the step it undoes.
    pub slug: SmolStr,
    /// The step of the rollout, by index.
    pub rung: usize,
    /// The stage's step as it runs at that step of the rollout.
    pub undoes: &'a Step,
    /// What it does.
    pub act: &'a Act,
}

impl<'a> UndoStep<'a> {
    /// Everything that may be done: one of it, whichever arguments the step it undoes had last.
    pub fn acts(&self) -> impl Iterator<Item = &'a Act> {
        self.earlier.iter().map(|e| e.act).chain([self.act])
    }

    /// The same step as it is undone where what it undoes began last at this step of the rollout, by index: its slug and what it does.
    pub fn at(&self, rung: Option<usize>) -> (&SmolStr, &'a Act) {
        let earlier = self.earlier.iter().find(|e| Some(e.rung) == rung);
        earlier.map_or((&self.slug, self.act), |e| (&e.slug, e.act))
    }
}

impl<'a> StageUndo<'a> {
    /// How a stage is undone when all of it began.
    pub fn of(stage: &'a Stage) -> StageUndo<'a> {
        match &stage.rollback {
            Rollback::Written(w) => StageUndo::Written(w),
            Rollback::Irreversible { why, origin } => StageUndo::Irreversible(why, origin),
            Rollback::Harmless { why, origin } => StageUndo::Harmless(why, origin),
            Rollback::Derived => derived(stage),
        }
    }
}

impl Plan {
    /// How a stage is undone when all of it began.
    pub fn undo(&self, stage: StageId) -> StageUndo<'_> {
        StageUndo::of(self.release().stage(stage))
    }

    /// The stages whose undo must have ended before the undo of `stage` starts: those that wait for it directly.
    pub fn undone_before(&self, stage: StageId) -> Vec<StageId> {
        self.stages_after(stage)
    }
}

fn derived(stage: &Stage) -> StageUndo<'_> {
    // With a rollout the stage's steps stand in `steps` as they run at its last step: their undo runs once, with the arguments of the
    // step of the rollout at which they began last.
    let own = stage
        .rollout
        .iter()
        .flat_map(|r| r.steps.iter().flat_map(|s| &s.checks));
    let mut list = Vec::new();
    for (place, step) in stage.steps.iter().chain(own).enumerate() {
        let Some(act) = doing(step) else { continue };
        if let Undo::By { act: undo, lasts, .. } = &act.undo {
            list.push(UndoStep {
                slug: SmolStr::new(format!("u_{}", step.slug)),
                undoes: step,
                act: undo,
                lasts: *lasts,
                when: &step.when,
                owner: step.owner.unwrap_or(stage.owner),
                earlier: earlier(stage, place, undo),
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

/// The undos of the stage's step at this place where it runs at a step of the rollout before the last, as far as they differ from `last`.
fn earlier<'a>(stage: &'a Stage, place: usize, last: &Act) -> Vec<EarlierUndo<'a>> {
    let rungs = stage.rollout.iter().flat_map(|r| r.steps.iter().enumerate());
    let mut list = Vec::new();
    for (rung, step) in rungs {
        let Some(work) = step.work.get(place) else {
            continue;
        };
        if let Some(Undo::By { act, .. }) = doing(work).map(|a| &a.undo)
            && **act != *last
        {
            list.push(EarlierUndo {
                slug: SmolStr::new(format!("u_{}", work.slug)),
                rung,
                undoes: work,
                act,
            });
        }
    }
    list
}
