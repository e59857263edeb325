//! What a plan demands of its holds: left once on every way out, entered again before what is undone inside.
//!
//! Must not know how workflows are read. Used by `ends`.

use super::claims::Claims;
use super::ends::{Judged, part_of};
use super::logic::Formula;
use super::places::distinct;
use super::world::Name;
use crate::emit::github::script::Fixed;
use crate::emit::parts::{At, Deed};
use crate::model::{HoldId, StageId};

impl Claims<'_, '_> {
    /// A hold is left when all inside has ended or nothing was handed over, and by one job only unless that was broken off.
    pub fn left_once(&mut self, id: HoldId, over: &[Formula]) -> Judged {
        let name = &self.plan.release().hold(id).name;
        let mut inside = Vec::new();
        for stage in self.plan.hold_stages(id) {
            inside.push(self.over(stage));
        }
        let nothing = Formula::any(over.to_vec()).negate();
        let may = Formula::any([Formula::all(inside), nothing]);
        let parts = self.parts_of(At::Exit(id));
        let entries = self.jobs_of(At::Enter(id));
        let exits = self.jobs_of(At::Exit(id));
        let mut entered = vec![self.done(&entries)];
        for job in &entries {
            entered.push(self.world.result(*job, 3).negate());
        }
        let entered = Formula::any(entered);
        if let Some(first) = exits.first() {
            let runs = self.world.runs[*first].clone();
            let given = [self.fresh(true), self.entering(id)];
            self.demand(Formula::all(given), runs, || {
                ["hold `", name, "` is not left although all inside went well"].concat()
            })?;
        }
        for (i, stands) in parts.iter().enumerate() {
            let runs = self.world.runs[stands.job].clone();
            self.demand(runs.clone(), entered.clone(), || {
                ["hold `", name, "` is left although it was never entered"].concat()
            })?;
            self.demand(runs.clone(), may.clone(), || {
                ["hold `", name, "` is left although its rollback leaves it"].concat()
            })?;
            for other in &parts[..i] {
                if other.part == stands.part && other.job != stands.job {
                    let both = [runs.clone(), self.world.runs[other.job].clone()];
                    // Broken off in one of its jobs, it was not left, or only in part.
                    let mut before = exits.clone();
                    before.retain(|j| self.comes_before(*j, stands.job));
                    let mut broken = Vec::new();
                    for job in before {
                        broken.push(self.world.result(job, 2));
                        broken.push(self.world.is(Name::Cancelled(job)));
                    }
                    let broken = Formula::any(broken);
                    self.demand(Formula::all(both), broken, || {
                        ["hold `", name, "` is left twice"].concat()
                    })?;
                }
            }
        }
        Ok(())
    }

    /// A hold is left after all undos inside, or on its owner's word; it is entered again where it had been left.
    pub fn exits(&mut self) -> Judged {
        let todo = self.doing(Fixed::Todo);
        let listed: Vec<Formula> = todo.iter().map(|j| self.world.well(*j)).collect();
        let listed = Formula::all(listed);
        for (i, hold) in self.plan.release().holds.iter().enumerate() {
            let id = HoldId::at(i);
            let name = &hold.name;
            let mut wanted = |word: &str| {
                let word = [word, name.as_str()].concat();
                let term = "needs.todo.outputs.holds".to_string();
                Formula::all([listed.clone(), self.world.is(Name::Lists(term, word))])
            };
            let (leave, enter) = (wanted("exit-"), wanted("reenter-"));
            let asked = self.world.parts.iter().filter(|s| s.part.deed == Deed::Word(id));
            let asked = distinct(asked.map(|s| s.job));
            let mut inside = Vec::new();
            for stage in self.plan.hold_stages(id) {
                inside.push(self.undone(stage));
            }
            let undone = Formula::Is(self.world.logic.literal(&Formula::all(inside)));
            let mut surely = Vec::new();
            for stage in self.plan.hold_stages(id) {
                surely.push(self.surely_undone(stage));
            }
            let sure = Formula::all(surely);
            let mut ways = vec![undone.clone()];
            for job in &asked {
                ways.push(self.world.well(*job));
                let runs = self.world.runs[*job].clone();
                let open = [leave.clone(), undone.clone().negate()];
                self.demand(runs.clone(), sure.clone().negate(), || {
                    [
                        "the owner of hold `",
                        name,
                        "` is asked although all inside is undone",
                    ]
                    .concat()
                })?;
                self.demand(runs.clone(), leave.clone(), || {
                    [
                        "the owner of hold `",
                        name,
                        "` is asked although it is not to be left",
                    ]
                    .concat()
                })?;
                self.demand(Formula::all(open), runs, || {
                    [
                        "the owner of hold `",
                        name,
                        "` is not asked although an undo inside failed",
                    ]
                    .concat()
                })?;
            }
            let may = Formula::all([leave.clone(), Formula::any(ways)]);
            let jobs = self.jobs_of(At::Exit(id));
            let jobs: Vec<usize> = jobs.into_iter().filter(|j| !asked.contains(j)).collect();
            for job in &jobs {
                let runs = self.world.runs[*job].clone();
                self.demand(runs, may.clone(), || {
                    ["hold `", name, "` is left before all inside is undone"].concat()
                })?;
            }
            if let Some(first) = jobs.first() {
                let runs = self.world.runs[*first].clone();
                self.demand(Formula::all([leave.clone(), sure.clone()]), runs, || {
                    ["hold `", name, "` is not left although all inside is undone"].concat()
                })?;
            }
            let fresh = self.fresh(false);
            let again = self.jobs_of(At::Enter(id));
            for job in &again {
                let runs = self.world.runs[*job].clone();
                self.demand(runs, enter.clone(), || {
                    ["hold `", name, "` is entered again although it was not left"].concat()
                })?;
            }
            if let Some(first) = again.first() {
                let runs = self.world.runs[*first].clone();
                self.demand(Formula::all([fresh, enter]), runs, || {
                    ["hold `", name, "` is not entered again"].concat()
                })?;
            }
        }
        self.reported()
    }

    /// A stage was undone, or nothing of it is to be.
    pub fn undone(&mut self, id: StageId) -> Formula {
        let slug = self.plan.release().stage(id).slug.to_string();
        let mut ways = Vec::new();
        let own = self.listed(|w| w == slug);
        if !own.is_empty() {
            ways.push(Formula::any(own).negate());
        }
        let mut all = Vec::new();
        for job in self.jobs_of(At::Undo(id)) {
            let mut skipped = vec![self.world.result(job, 3)];
            let inside = self.listed(|w| part_of(w, &slug));
            skipped.push(Formula::all(inside).negate());
            all.push(Formula::any([self.world.well(job), Formula::all(skipped)]));
        }
        ways.push(Formula::all(all));
        Formula::any(ways)
    }

    /// A stage was undone by jobs that all ended well, or nothing of it is to be and none of them ran.
    fn surely_undone(&mut self, id: StageId) -> Formula {
        let slug = self.plan.release().stage(id).slug.to_string();
        let jobs = self.jobs_of(At::Undo(id));
        let (mut well, mut apart) = (Vec::new(), vec![self.inside(&slug).negate()]);
        for job in jobs {
            well.push(self.world.well(job));
            apart.push(self.world.result(job, 3));
        }
        Formula::any([Formula::all(well), Formula::all(apart)])
    }

    /// A hold was entered in this run: its last job ended well and left word of it.
    pub fn entering(&mut self, id: HoldId) -> Formula {
        let jobs = self.jobs_of(At::Enter(id));
        let mut all = Vec::new();
        for job in jobs {
            all.push(self.world.well(job));
            let term = ["needs.", &self.world.flow.jobs[job].id, ".outputs.state"].concat();
            all.push(self.world.is(Name::Equal(term, String::new())).negate());
        }
        if all.is_empty() {
            return Formula::Const(false);
        }
        all.extend(self.listed(|_| true).into_iter().map(Formula::negate));
        Formula::all(all)
    }
}
