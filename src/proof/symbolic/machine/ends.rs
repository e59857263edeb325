//! What a plan demands of the ways back and of the end, as formulas over the machine's own.
//!
//! Must not know states. A part of `demands`.

use super::demands::Demands;
use super::facts::Bit;
use super::flow::{Mark, World};
use super::reads::Reader;
use crate::emit::parts::{At, Deed, Purpose};
use crate::emit::stepfunctions::naming;
use crate::model::{Act, Failure, FailureOutcome, HoldId, Rollback, StageId};
use crate::plan::StageUndo;
use crate::proof::scenario::words;
use crate::proof::symbolic::logic::Formula;

impl Demands<'_> {
    /// A part of an undo begins.
    pub(super) fn undo(&mut self, reader: &mut Reader<'_>, id: StageId, part: &Purpose, world: &World) {
        let release = self.plan.release();
        let name = &release.stage(id).name;
        let pc = &world.pc;
        let begun = world.mark(&Mark::Begun(part.clone()));
        if part.deed == Deed::Act {
            self.demand(reader, &[pc], &begun.negate(), || {
                ["`", &words(release, part), "` begins twice"].concat()
            });
        }
        let acts = |list: Vec<Purpose>| {
            let own = list
                .into_iter()
                .filter(|p| matches!(p.deed, Deed::Act | Deed::Await));
            own.collect::<Vec<Purpose>>()
        };
        let mut failed = Vec::new();
        for other in self.first.get(&id).cloned().unwrap_or_default() {
            let theirs = acts(self.at(At::Undo(other))).into_iter();
            failed.extend(theirs.map(|p| world.mark(&Mark::Failed(p))));
        }
        let failed = reader.facts.any(&failed);
        self.demand(reader, &[pc], &failed.negate(), || {
            [
                "stage `",
                name,
                "` is undone although an undo of what depends on it failed",
            ]
            .concat()
        });
        for other in self.after.get(&id).cloned().unwrap_or_default() {
            for theirs in acts(self.at(At::Undo(other))) {
                let begun = world.mark(&Mark::Begun(theirs));
                self.demand(reader, &[pc], &begun.negate(), || {
                    let other = &release.stage(other).name;
                    ["stage `", other, "` is undone before stage `", name, "` is"].concat()
                });
            }
        }
        match self.plan.undo(id) {
            StageUndo::Derived(list) => {
                let own = list.iter().find(|s| s.slug == part.step).map(|s| s.undoes);
                let mut earlier = list.iter().flat_map(|s| &s.earlier);
                let earlier = earlier.find(|e| e.slug == part.step).map(|e| e.undoes);
                let own = own.filter(|_| release.stage(id).rollout.is_none());
                let Some(undoes) = own.or(earlier) else {
                    return;
                };
                let forward = acts(self.at(At::Stage(id)));
                if !forward.iter().any(|p| p.step == undoes.slug) {
                    return;
                }
                let begun = Purpose::new(At::Stage(id), &undoes.slug, Deed::Act);
                let begun = world.mark(&Mark::Begun(begun));
                self.demand(reader, &[pc], &begun, || {
                    [
                        "`",
                        &words(release, part),
                        "` begins, and what it undoes never did",
                    ]
                    .concat()
                });
            }
            StageUndo::Written(written) => {
                for (approval, _) in &written.approved {
                    let granted = self.granted(reader, *approval, At::Undo(id), world);
                    self.demand(reader, &[pc], &granted, || {
                        let approval = &release.approval(*approval).name;
                        ["stage `", name, "` is undone without approval `", approval, "`"].concat()
                    });
                }
                for step in written.steps.iter().take_while(|s| s.slug != part.step) {
                    let before = Purpose::new(At::Undo(id), &step.slug, part.deed);
                    if !self.open.parts.contains(&before) {
                        continue;
                    }
                    let applies = reader.plan(&step.when, world, false);
                    let done = world.mark(&Mark::Done(before));
                    let done = reader.facts.any(&[applies.negate(), done]);
                    self.demand(reader, &[pc], &done, || {
                        [
                            "`",
                            &words(release, part),
                            "` begins before `",
                            &step.slug,
                            "` is done",
                        ]
                        .concat()
                    });
                }
            }
            _ => {}
        }
    }

    /// What stands at the end is undone where the end says so.
    fn undone(&mut self, reader: &mut Reader<'_>, id: StageId, world: &World) {
        let release = self.plan.release();
        let stage = release.stage(id);
        let pc = &world.pc;
        let mut wanted: Vec<(Purpose, Option<Purpose>, Bit)> = Vec::new();
        let shown = |act: &Act| act.task.is_some() || act.run.is_some() || act.manual.is_some();
        match self.plan.undo(id) {
            StageUndo::Derived(list) if stage.rollout.is_none() => {
                for step in list.iter().filter(|s| shown(s.act)) {
                    let forward = Purpose::new(At::Stage(id), &step.undoes.slug, Deed::Act);
                    let back = Purpose::new(At::Undo(id), &step.slug, Deed::Act);
                    if self.open.parts.contains(&forward) && self.open.parts.contains(&back) {
                        wanted.push((back, Some(forward), Formula::Const(true)));
                    }
                }
            }
            StageUndo::Written(written) => {
                for step in &written.steps {
                    let back = Purpose::new(At::Undo(id), &step.slug, Deed::Act);
                    if self.open.parts.contains(&back) {
                        let applies = reader.plan(&step.when, world, false);
                        wanted.push((back, None, applies));
                    }
                }
            }
            _ => {}
        }
        // What stands for good keeps what it needs.
        let mut stands = Vec::new();
        for other in self.first.get(&id).cloned().unwrap_or_default() {
            if matches!(self.plan.undo(other), StageUndo::Irreversible(..)) {
                let acts = self.at(At::Stage(other)).into_iter();
                stands.extend(acts.map(|p| world.mark(&Mark::Begun(p))));
            }
        }
        let free = reader.facts.any(&stands).negate();
        for (back, forward, applies) in wanted {
            let begun = match forward {
                Some(forward) => world.mark(&Mark::Begun(forward)),
                None => {
                    let acts = self.at(At::Stage(id)).into_iter().filter(|p| p.deed == Deed::Act);
                    let bits: Vec<Bit> = acts.map(|p| world.mark(&Mark::Begun(p))).collect();
                    reader.facts.any(&bits)
                }
            };
            let done = world.mark(&Mark::Done(back.clone()));
            self.demand(reader, &[pc, &begun, &applies, &free], &done, || {
                [
                    "the run ends as rolled back, and `",
                    &words(release, &back),
                    "` is left out",
                ]
                .concat()
            });
        }
    }

    /// The run ends.
    pub(super) fn end(&mut self, reader: &mut Reader<'_>, name: &str, world: &World) {
        let release = self.plan.release();
        let pc = &world.pc;
        // What was refused before anything began has nothing to leave behind.
        let works = |p: &Purpose| matches!(p.at, At::Stage(_)) && matches!(p.deed, Deed::Act | Deed::Await);
        let mut began = Vec::new();
        for mark in world.marks.keys() {
            if let Mark::Begun(p) = mark
                && works(p)
            {
                began.push(world.mark(mark));
            }
        }
        let began = reader.facts.any(&began);
        for step in &release.finally {
            let part = Purpose::new(At::Finally, &step.slug, Deed::Act);
            if self.open.parts.contains(&part) {
                let applies = reader.plan(&step.when, world, false);
                let begun = world.mark(&Mark::Begun(part.clone()));
                self.demand(reader, &[pc, &began, &applies], &begun, || {
                    ["the run ends without `", &words(release, &part), "`"].concat()
                });
            }
        }
        for (lock, _) in naming::locks(release) {
            let held = world.mark(&Mark::Locked(lock.clone()));
            let released = world.mark(&Mark::Released(lock.clone()));
            self.demand(reader, &[pc, &held], &released, || {
                ["the run ends, and lock `", &lock, "` is not released"].concat()
            });
        }
        for hold in (0..release.holds.len()).map(HoldId::at) {
            let enters = self
                .at(At::Enter(hold))
                .into_iter()
                .filter(|p| p.deed == Deed::Act);
            let entered: Vec<Bit> = enters.map(|p| world.mark(&Mark::Begun(p))).collect();
            let entered = reader.facts.any(&entered);
            let mut out: Vec<Bit> = Vec::new();
            for p in self.at(At::Exit(hold)) {
                out.push(world.mark(&Mark::Begun(p)));
            }
            for step in &release.hold(hold).exit {
                out.push(reader.plan(&step.when, world, false).negate());
            }
            let word = self
                .open
                .parts
                .iter()
                .filter(|p| p.deed == Deed::Word(hold))
                .cloned();
            out.extend(word.map(|p| world.mark(&Mark::Begun(p))));
            let out = reader.facts.any(&out);
            self.demand(reader, &[pc, &entered], &out, || {
                [
                    "the run ends, and hold `",
                    &release.hold(hold).name,
                    "` is never left",
                ]
                .concat()
            });
        }
        for id in self.plan.stage_order() {
            let stage = release.stage(id);
            if name == "Succeeded" {
                let over = self.over(reader, id, world);
                self.demand(reader, &[pc], &over, || {
                    ["the run ends well, and stage `", &stage.name, "` has not"].concat()
                });
            }
            if name == "RolledBack" {
                self.undone(reader, id, world);
            }
            let back = match stage.on_failure.as_ref().map(|f| &f.then) {
                None | Some(Failure::Then(FailureOutcome::Rollback)) => true,
                Some(_) => false,
            };
            let steps_back = stage.rollout.as_ref().is_some_and(|r| r.demote.is_some());
            if back && !steps_back && matches!(name, "Succeeded" | "Stopped") {
                for part in self.at(At::Stage(id)).into_iter().filter(|p| p.deed == Deed::Act) {
                    let failed = world.mark(&Mark::Failed(part.clone()));
                    self.demand(reader, &[pc], &failed.negate(), || {
                        ["`", &words(release, &part), "` fails, and nothing is rolled back"].concat()
                    });
                }
            }
            if name != "NeedsHelp" && !matches!(stage.rollback, Rollback::Harmless { .. }) {
                for part in self.at(At::Undo(id)).into_iter().filter(|p| p.deed == Deed::Act) {
                    let failed = world.mark(&Mark::Failed(part.clone()));
                    self.demand(reader, &[pc], &failed.negate(), || {
                        [
                            "`",
                            &words(release, &part),
                            "` fails, and nobody is told that the run needs help",
                        ]
                        .concat()
                    });
                }
            }
        }
    }
}
