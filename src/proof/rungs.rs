//! What a step needs that the run may have gone past, and where a failure of it leaves its rollout.
//!
//! Must not know what follows. Called by `walk`.

use super::walk::{Came, Walker};
use crate::model::{Act, Step, StepKind};

impl Walker<'_, '_> {
    /// Whether the run went past what records a value that is needed: then nothing is done, and the step fails.
    pub(super) fn lacks(&self, act: &Act) -> bool {
        let mut list = self.judge.release.may_lack_of(act).into_iter();
        list.any(|c| !self.judge.recorded.contains(&c))
    }

    /// At which step of the rollout a step began, and where its stage is after a failure of it.
    pub(super) fn began_at_rung(&mut self, step: &Step, came: &Came) {
        let ladder = self.judge.release.stage(self.stage).rollout.as_ref();
        let Some((ladder, rung)) = ladder.zip(self.rung) else {
            return;
        };
        let here = &ladder.steps[rung];
        let asked = self.fate.asked.as_ref().is_some_and(|(s, _)| *s == step.slug);
        if asked || !matches!(came, Came::Missing) && self.fate.began.contains(&step.slug) {
            let place = here.work.iter().position(|w| w.slug == step.slug);
            self.fate.rungs.extend(place.map(|p| (p, rung)));
        }
        if matches!(came, Came::Failed(_)) && self.stepped_back(step) {
            let before = ladder.steps[..rung]
                .iter()
                .rposition(|s| self.judge.truth(&s.when));
            for (place, work) in before
                .iter()
                .flat_map(|b| ladder.steps[*b].work.iter().enumerate())
            {
                if self.judge.truth(&work.when) {
                    self.fate.rungs.extend(before.map(|b| (place, b)));
                }
            }
        }
    }

    /// Whether a failure of this step takes the rollout back to the step before.
    pub(super) fn stepped_back(&self, step: &Step) -> bool {
        let ladder = self.judge.release.stage(self.stage).rollout.as_ref();
        ladder.is_some_and(|r| r.demote.is_some())
            && self.rung.is_some_and(|r| self.step_before(r).is_some())
            && !self.gate_goes_on(step)
            && !matches!(&step.kind, StepKind::VerifyGate(g) if self.unsure(*g))
    }
}
