//! What a plan demands of the order inside a stage and before a hold.
//!
//! Must not know how workflows are read. Used by `claims`.

use super::claims::{Broken, Claims};
use super::logic::Formula;
use super::places::distinct;
use super::world::Stands;
use crate::emit::parts::{At, Deed};
use crate::model::{HoldId, StageId, StepKind};
use crate::proof::github::workflow::Workflow;

/// The id of a job.
fn id_of(flow: &Workflow<'_>, job: usize) -> String {
    flow.jobs[job].id.clone()
}

impl Claims<'_, '_> {
    /// A hold is entered when its first stage may start.
    ///
    /// # Errors
    /// The outcome in which it is not so.
    pub fn enters(&mut self) -> Result<(), Box<Broken>> {
        let release = self.plan.release();
        for (i, hold) in release.holds.iter().enumerate() {
            let stage = release.stage(hold.from);
            let mut demands = vec![self.before(hold.from)];
            for (approval, _) in &stage.approved {
                demands.push(self.granted(*approval));
            }
            for (list, _) in &stage.ready {
                demands.push(self.ready(&release.checklist(*list).name));
            }
            let demand = Formula::all(demands);
            for job in distinct(self.parts_of(At::Enter(HoldId::at(i))).iter().map(|p| p.job)) {
                let runs = self.world.runs[job].clone();
                self.once(job, &["enter-", &hold.name].concat(), &hold.name)?;
                let words = || {
                    [
                        "hold `",
                        &hold.name,
                        "` is entered before its first stage may start",
                    ]
                    .concat()
                };
                self.demand(runs, demand.clone(), words)?;
            }
        }
        Ok(())
    }

    /// What an earlier run has done is not done again by a job.
    fn once(&mut self, job: usize, word: &str, name: &str) -> Result<(), Box<Broken>> {
        let runs = self.world.runs[job].clone();
        let known = self.known(word);
        let id = id_of(self.world.flow, job);
        self.demand(runs, known.negate(), || {
            ["`", &id, "` of `", name, "` runs again although it was done"].concat()
        })
    }

    /// Preparations are made once, whatever run goes on with them, and holds are left once.
    ///
    /// # Errors
    /// The outcome in which it is not so.
    pub fn made_once(&mut self) -> Result<(), Box<Broken>> {
        let ready = self.world.parts.iter().filter(|p| p.part.deed == Deed::Ready);
        let ready: Vec<(usize, String)> = ready.map(|p| (p.job, p.part.step.to_string())).collect();
        for (job, name) in ready {
            let id = id_of(self.world.flow, job);
            self.once(job, &id, &name)?;
        }
        for (i, hold) in self.plan.release().holds.iter().enumerate() {
            let parts = self.parts_of(At::Exit(HoldId::at(i)));
            for job in distinct(parts.iter().map(|p| p.job)) {
                self.once(job, &["exit-", &hold.name].concat(), &hold.name)?;
            }
        }
        Ok(())
    }

    /// A wait begins when what stands before it is done.
    pub fn waits(&mut self, id: StageId) -> Result<(), Box<Broken>> {
        let parts = self.parts_of(At::Stage(id));
        for wait in self.members(id) {
            if parts.iter().any(|p| p.job == wait) {
                continue;
            }
            let part = parts.iter().rev().find(|p| p.job < wait).cloned();
            if let Some(part) = part {
                self.chained(id, &Stands { job: wait, ..part })?;
            }
        }
        Ok(())
    }

    /// What stands before a part in another job of its stage was done.
    pub fn chained(&mut self, id: StageId, stands: &Stands) -> Result<(), Box<Broken>> {
        if self.goes_on(id) {
            return Ok(());
        }
        let stage = self.plan.release().stage(id);
        let parts = self.parts_of(At::Stage(id));
        let mut given = vec![self.world.runs[stands.job].clone()];
        let before: Vec<usize> = self.members(id).into_iter().filter(|j| *j < stands.job).collect();
        for job in before.into_iter().rev() {
            let mut around = vec![self.world.result(job, 3)];
            for part in parts.iter().filter(|p| p.job == job) {
                around.push(self.apart(id, part));
            }
            if !parts.iter().any(|p| p.job == job) {
                around.push(self.unwaited(id));
            }
            let around = Formula::all(around);
            let well = self.world.well(job);
            self.demand(
                Formula::all(given.clone()),
                Formula::any([well, around.clone()]),
                || {
                    let (name, step) = (&stage.name, &stands.part.step);
                    [
                        "step `",
                        step,
                        "` of stage `",
                        name,
                        "`, or the wait before it, does not wait for what stands before",
                    ]
                    .concat()
                },
            )?;
            // Where one did not apply, the one before it counts; else it stands for all before it.
            given.push(around);
        }
        Ok(())
    }

    /// The same as `undone`, worked out once: many stages ask it of each that comes after them.
    pub fn gone(&mut self, id: StageId) -> Formula {
        if let Some(known) = self.gone.get(&id) {
            return known.clone();
        }
        let formula = self.undone(id);
        let literal = Formula::Is(self.world.logic.literal(&formula));
        self.gone.insert(id, literal.clone());
        literal
    }

    /// The jobs of a stage: those with its work, and the waits between them.
    fn members(&self, id: StageId) -> Vec<usize> {
        let flow = self.world.flow;
        let work = distinct(self.parts_of(At::Stage(id)).iter().map(|p| p.job));
        let inside = |job: &usize| {
            let def = &flow.jobs[*job];
            let enters = |n: &usize| {
                self.world
                    .parts
                    .iter()
                    .any(|p| p.job == *n && matches!(p.part.at, At::Enter(_)))
            };
            work.contains(job)
                || !self.world.parts.iter().any(|p| p.job == *job)
                    && !def.needs.iter().any(enters)
                    && def.needs.iter().any(|n| work.contains(n))
                    && def.needed.iter().any(|n| work.contains(n))
        };
        (0..flow.jobs.len()).filter(inside).collect()
    }

    /// A wait of a stage may be left out: it does not apply, or it was over before.
    fn unwaited(&mut self, id: StageId) -> Formula {
        let stage = self.plan.release().stage(id);
        let mut ways = self.listed(|w| {
            w.strip_prefix(stage.slug.as_str())
                .is_some_and(|r| r.starts_with('.'))
        });
        for step in stage.forward_steps() {
            if matches!(step.kind, StepKind::Wait(_) | StepKind::Bake(_)) {
                ways.push(self.weak(&step.when, false).negate());
            }
        }
        for rung in stage.rollout.iter().flat_map(|r| &r.steps) {
            ways.push(self.weak(&rung.when, false).negate());
        }
        Formula::any(ways)
    }
}
