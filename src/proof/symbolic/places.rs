//! Where the parts of a plan stand in a workflow: which of its jobs work at a place.
//!
//! Must not know what is demanded of them. Used by `claims`, `ends`, `holds` and `order`.

use super::claims::Claims;
use super::world::Stands;
use crate::emit::github::script::Fixed;
use crate::emit::parts::{At, Deed};
use crate::proof::github::structure::is;
use std::collections::BTreeSet;

impl Claims<'_, '_> {
    /// The work of the plan at a place.
    pub fn parts_of(&self, at: At) -> Vec<Stands> {
        self.work.get(&at).cloned().unwrap_or_default()
    }

    /// The jobs that work at a place, and those that only write down what began there: they come after the last person who is asked.
    pub fn jobs_of(&self, at: At) -> Vec<usize> {
        let release = self.plan.release();
        let mut owner = String::new();
        match at {
            At::Enter(h) => owner.push_str(&["hold.", &release.hold(h).name].concat()),
            At::Exit(h) => owner.push_str(&["exit.", &release.hold(h).name].concat()),
            At::Undo(s) => owner.push_str(&release.stage(s).slug),
            At::Finally => owner.push_str("finally"),
            At::Stage(_) | At::Run | At::Aside => {}
        }
        let records = |job: &usize| {
            let steps = &self.world.flow.jobs[*job].steps;
            let mut records = steps.iter().filter(|s| is(s, &[Fixed::Record]));
            !owner.is_empty() && records.any(|s| s.var("STAGE") == Some(owner.as_str()))
        };
        let writes = (0..self.world.flow.jobs.len()).filter(records);
        distinct(self.parts_of(at).iter().map(|p| p.job).chain(writes))
    }

    /// The jobs that hold a part of some kind.
    pub fn holding(&self, meant: impl Fn(Deed) -> bool) -> Vec<usize> {
        let parts = self
            .world
            .parts
            .iter()
            .filter(|p| p.part.at == At::Run && meant(p.part.deed));
        distinct(parts.map(|p| p.job))
    }

    /// Whether a job stands before another, however far.
    pub fn comes_before(&self, job: usize, other: usize) -> bool {
        self.world.ancestors(other).contains(&job)
    }
}

/// Each once, in order.
pub fn distinct(jobs: impl Iterator<Item = usize>) -> Vec<usize> {
    let set: BTreeSet<usize> = jobs.collect();
    set.into_iter().collect()
}
