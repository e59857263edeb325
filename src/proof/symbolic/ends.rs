//! What a plan demands of the ways out: every failure is handed on, every hold is left, every undo comes in its place.
//!
//! Must not know how workflows are read. Used by the proof's entry point.

use super::claims::{Broken, Claims, works};
use super::logic::Formula;
use super::places::distinct;
use super::world::{Name, Stands};
use crate::emit::github::parts::Does;
use crate::emit::github::script::Fixed;
use crate::emit::parts::{At, Deed};
use crate::model::{Cond, HoldId, Rollback, StageId};
use crate::plan::Node;

pub type Judged = Result<(), Box<Broken>>;

impl Claims<'_, '_> {
    /// Every demand on the ways out of the release.
    ///
    /// # Errors
    /// The first that is broken.
    pub fn ways_out(&mut self) -> Judged {
        let settlers = self.doing(Fixed::HandOver);
        self.handed_on(&settlers)?;
        let over: Vec<Formula> = settlers.iter().map(|j| self.world.well(*j)).collect();
        for (i, hold) in self.plan.release().holds.iter().enumerate() {
            let id = HoldId::at(i);
            let entered = self.entering(id);
            let left = self.running(At::Exit(id));
            let words = || ["hold `", &hold.name, "` is entered and left on no way out"].concat();
            self.demand(entered, Formula::any(left.into_iter().chain(over.clone())), words)?;
            self.left_once(id, &over)?;
        }
        let last = self.running(At::Finally);
        if !last.is_empty() {
            let begun: Vec<Formula> = self.letting_begin().iter().map(|j| self.world.well(*j)).collect();
            self.demand(
                Formula::all(begun),
                Formula::any(last.into_iter().chain(over)),
                || "a run ends without `finally`".to_string(),
            )?;
        }
        self.answers(&[])?;
        self.nothing_left_out()?;
        self.reported()
    }

    /// What fails is handed to the rollback, and nothing else is.
    fn handed_on(&mut self, settlers: &[usize]) -> Judged {
        let flow = self.world.flow;
        let asked = |s: &&Stands| {
            let place = matches!(s.part.at, At::Stage(_) | At::Enter(_) | At::Run);
            place
                && (works(s.part.deed)
                    || matches!(s.part.deed, Deed::Grant(_) | Deed::Decide(..) | Deed::Ready))
        };
        let jobs = distinct(self.world.parts.iter().filter(asked).map(|s| s.job));
        for job in jobs {
            let mine: Vec<usize> = settlers
                .iter()
                .copied()
                .filter(|s| flow.jobs[*s].needs.contains(&job))
                .collect();
            let mut given = vec![self.world.result(job, 1)];
            let mut ways = Vec::new();
            for settler in mine {
                given.push(self.world.is(Name::Cancelled(settler)).negate());
                ways.push(self.world.runs[settler].clone());
            }
            given.push(self.stopped_fail(Some(job)));
            self.demand(Formula::all(given), Formula::any(ways), || {
                ["`", &flow.jobs[job].id, "` fails, and nothing follows"].concat()
            })?;
        }
        for settler in settlers {
            let mut ways = Vec::new();
            for need in &flow.jobs[*settler].needs {
                let ended = [self.world.result(*need, 1), self.world.result(*need, 2)];
                let mut own = vec![Formula::any(ended)];
                if self.gives_way(*need) {
                    own.push(self.stopped(*need).negate());
                }
                ways.push(Formula::all(own));
            }
            let runs = self.world.runs[*settler].clone();
            let stopped = self.stopped_fail(None);
            self.demand(Formula::all([runs, stopped]), Formula::any(ways), || {
                [
                    "`",
                    &flow.jobs[*settler].id,
                    "` hands over although nothing it looks at failed",
                ]
                .concat()
            })?;
        }
        Ok(())
    }

    /// Whether a job looks, before it begins something, whether something else has failed.
    fn gives_way(&self, job: usize) -> bool {
        let entries = self.world.flow.jobs[job].steps.iter().flat_map(|s| &s.entries);
        entries.into_iter().any(|e| {
            matches!(
                e.does,
                Does::Work { guarded: true, .. }
                    | Does::Gate { guarded: true, .. }
                    | Does::Wait { guarded: true, .. }
            )
        })
    }

    /// A job gave way because something else had failed before, and left a word of it.
    fn stopped(&mut self, job: usize) -> Formula {
        let term = ["needs.", &self.world.flow.jobs[job].id, ".outputs.stopped"].concat();
        self.world.is(Name::Equal(term, "true".to_string()))
    }

    /// Whoever gives way fails, and nobody else leaves word of it; a job that is meant does not.
    fn stopped_fail(&mut self, but: Option<usize>) -> Formula {
        let mut list = Vec::new();
        for job in 0..self.world.flow.jobs.len() {
            let fails = match but {
                Some(other) if other == job => Formula::Const(false),
                _ if self.gives_way(job) => self.world.result(job, 1),
                _ => Formula::Const(false),
            };
            list.push(self.stopped(job).implies(fails));
        }
        Formula::all(list)
    }

    /// When nothing fails, all that applies is done.
    fn nothing_left_out(&mut self) -> Judged {
        let fresh = self.fresh(true);
        let release = self.plan.release();
        for id in self.plan.stage_order() {
            if self.goes_on(id) {
                continue;
            }
            let stage = release.stage(id);
            let applies = self.weak(&stage.when, false);
            for stands in self.parts_of(At::Stage(id)) {
                let job_runs = self.world.runs[stands.job].clone();
                let apart = self.apart(id, &stands);
                let given = Formula::all([fresh.clone(), applies.clone()]);
                self.demand(given, Formula::any([job_runs, apart]), || {
                    [
                        "stage `",
                        &stage.name,
                        "` does not start although all it waits for went well",
                    ]
                    .concat()
                })?;
            }
        }
        Ok(())
    }

    /// Nothing fails and nobody breaks the run off; when it is `new`, it goes on with no other run.
    pub fn fresh(&mut self, new: bool) -> Formula {
        let mut list = Vec::new();
        for job in 0..self.world.flow.jobs.len() {
            list.push(self.world.result(job, 1).negate());
            list.push(self.world.result(job, 2).negate());
            list.push(self.world.is(Name::Cancelled(job)).negate());
        }
        if new {
            list.extend(self.listed(|_| true).into_iter().map(Formula::negate));
        }
        Formula::Is(self.world.logic.literal(&Formula::all(list)))
    }

    /// Every demand on the rollback.
    ///
    /// # Errors
    /// The first that is broken.
    pub fn rollback(&mut self) -> Judged {
        let release = self.plan.release();
        let todo = self.doing(Fixed::Todo);
        let listed: Vec<Formula> = todo.iter().map(|j| self.world.well(*j)).collect();
        let listed = Formula::all(listed);
        self.answers(&todo)?;
        let fresh = self.fresh(false);
        for id in self.plan.stage_order() {
            let stage = release.stage(id);
            let parts = self.parts_of(At::Undo(id));
            let after = self.plan.descendants(Node::Stage(id));
            let later: Vec<StageId> = self.plan.stage_order();
            let later = later
                .into_iter()
                .filter(|s| self.plan.contains(&after, Node::Stage(*s)));
            let mut demands = vec![listed.clone()];
            let own = Formula::any(self.listed(|w| w == stage.slug));
            demands.push(own.clone());
            for other in later {
                demands.push(self.gone(other));
            }
            if let Rollback::Written(w) = &stage.rollback {
                for (approval, _) in &w.approved {
                    let mine =
                        |s: &&Stands| s.part.at == At::Undo(id) && s.part.deed == Deed::Grant(*approval);
                    let jobs = distinct(self.world.parts.iter().filter(mine).map(|s| s.job));
                    demands.extend(jobs.into_iter().map(|j| self.world.well(j)));
                }
            }
            for hold in (0..release.holds.len()).map(HoldId::at) {
                if self.plan.hold_stages(hold).contains(&id) {
                    let word = ["reenter-", &release.hold(hold).name].concat();
                    let list = "needs.todo.outputs.holds".to_string();
                    let left = self.world.is(Name::Lists(list, word));
                    for job in self.jobs_of(At::Enter(hold)) {
                        let ways = [
                            self.world.well(job),
                            self.world.result(job, 3),
                            left.clone().negate(),
                        ];
                        demands.push(Formula::any(ways));
                    }
                }
            }
            let demand = Formula::Is(self.world.logic.literal(&Formula::all(demands)));
            let inside = self.listed(|w| part_of(w, &stage.slug));
            let given = Formula::all([fresh.clone(), listed.clone(), own, Formula::all(inside)]);
            for stands in parts {
                let runs = self.world.runs[stands.job].clone();
                self.demand(runs.clone(), demand.clone(), || {
                    let (name, step) = (&stage.name, &stands.part.step);
                    ["undo `", step, "` of stage `", name, "` runs before its turn"].concat()
                })?;
                let unit = [stage.slug.as_str(), ".", &stands.part.step].concat();
                let so_far = self.world.is(Name::StepOk(stands.job, stands.step));
                let step = self.world.steps[stands.job][stands.step].clone();
                self.demand(Formula::all([runs.clone(), step.clone()]), so_far.clone(), || {
                    let (name, step) = (&stage.name, &stands.part.step);
                    [
                        "undo `",
                        step,
                        "` of stage `",
                        name,
                        "` runs although one before it failed",
                    ]
                    .concat()
                })?;
                if works(stands.part.deed) && !matches!(stands.part.deed, Deed::Judge(_)) {
                    let asked = self.inside(&unit);
                    let both = Formula::all([runs.clone(), step.clone()]);
                    self.demand(both, asked, || {
                        let (name, step) = (&stage.name, &stands.part.step);
                        [
                            "undo `",
                            step,
                            "` of stage `",
                            name,
                            "` runs although it is not asked for",
                        ]
                        .concat()
                    })?;
                }
                if matches!(&stage.rollback, Rollback::Written(w) if w.steps.iter().any(|s| s.when != Cond::True))
                {
                    continue;
                }
                self.demand(
                    Formula::all([given.clone(), so_far]),
                    Formula::all([runs, step]),
                    || {
                        let (name, step) = (&stage.name, &stands.part.step);
                        ["undo `", step, "` of stage `", name, "` is left out"].concat()
                    },
                )?;
            }
        }
        self.exits()
    }

    /// A unit is on the list of what is undone.
    pub fn inside(&mut self, unit: &str) -> Formula {
        let term = "needs.todo.outputs.todo".to_string();
        self.world.is(Name::Lists(term, unit.to_string()))
    }

    /// What a person is asked when something failed is asked when there is something to ask, and once more only when the answer is not
    /// clear; nothing is undone while it is open.
    fn answers(&mut self, todo: &[usize]) -> Judged {
        let flow = self.world.flow;
        let asked = self.doing(Fixed::Answer);
        for job in &asked {
            let id = &flow.jobs[*job].id;
            let runs = self.world.runs[*job].clone();
            let Some(before) = asked.iter().find(|a| flow.jobs[*job].needs.contains(a)) else {
                continue;
            };
            let term = ["needs.", &flow.jobs[*before].id, ".outputs.answer"].concat();
            let unclear = [
                self.world.well(*before),
                self.world.is(Name::Equal(term, String::new())),
            ];
            let empty = unclear[1].clone();
            let unclear = Formula::all(unclear);
            self.demand(runs.clone(), empty, || {
                ["`", id, "` asks although there is an answer"].concat()
            })?;
            let fresh = self.fresh(true);
            self.demand(Formula::all([fresh, unclear]), runs, || {
                ["`", id, "` does not ask although there is no answer"].concat()
            })?;
        }
        for job in todo {
            let runs = self.world.runs[*job].clone();
            for open in asked.iter().filter(|a| flow.jobs[*job].needs.contains(a)) {
                let last = !asked.iter().any(|a| flow.jobs[*a].needs.contains(open));
                if last {
                    let broken = self.world.result(*open, 2);
                    self.demand(runs.clone(), broken.negate(), || {
                        "something is undone while a person is still asked".to_string()
                    })?;
                }
            }
            let fresh = self.fresh(false);
            let settled: Vec<Formula> = self
                .doing(Fixed::Settle)
                .iter()
                .map(|s| self.world.well(*s))
                .collect();
            let given = Formula::all([fresh, Formula::all(settled)]);
            self.demand(given, runs, || {
                "nothing is undone although the failure was settled".to_string()
            })?;
        }
        let settle = self.doing(Fixed::Settle);
        for job in asked
            .iter()
            .filter(|j| settle.iter().any(|s| flow.jobs[**j].needs.contains(s)))
        {
            for s in &settle {
                let term = ["needs.", &flow.jobs[*s].id, ".outputs.asks"].concat();
                let asks = [
                    self.world.well(*s),
                    self.world.is(Name::Equal(term, String::new())).negate(),
                ];
                let runs = self.world.runs[*job].clone();
                self.demand(runs.clone(), Formula::all(asks.clone()), || {
                    "a person is asked although there is nothing to ask".to_string()
                })?;
                let first = !asked.iter().any(|a| flow.jobs[*job].needs.contains(a));
                if first {
                    let fresh = self.fresh(false);
                    let given = Formula::all(asks.into_iter().chain([fresh]));
                    self.demand(given, runs, || "nobody is asked what follows".to_string())?;
                }
            }
        }
        Ok(())
    }

    /// Every run says how it ended, and nothing but that and the ways out goes on in a run that is broken off or was not let begin.
    pub fn reported(&mut self) -> Judged {
        let flow = self.world.flow;
        let mut reports = self.doing(Fixed::Report);
        reports.extend(self.doing(Fixed::RollbackReport));
        let begun = self.letting_begin();
        let holds = (0..self.plan.release().holds.len()).map(HoldId::at);
        let mut out: Vec<usize> = holds.flat_map(|h| self.jobs_of(At::Exit(h))).collect();
        out.extend(self.jobs_of(At::Finally));
        // Its owner's word, too, leaves a hold.
        let word = self
            .world
            .parts
            .iter()
            .filter(|s| matches!(s.part.at, At::Exit(_)));
        out.extend(word.map(|s| s.job));
        for job in 0..flow.jobs.len() {
            let runs = self.world.runs[job].clone();
            let id = &flow.jobs[job].id;
            if reports.contains(&job) {
                self.demand(Formula::Const(true), runs, || {
                    ["`", id, "` does not run, and nobody learns how the run ended"].concat()
                })?;
                continue;
            }
            if out.contains(&job) {
                continue;
            }
            let broken = self.world.is(Name::Cancelled(job));
            self.demand(runs.clone(), broken.negate(), || {
                ["`", id, "` runs although the run was broken off"].concat()
            })?;
            for first in &begun {
                if *first != job && !self.world.ancestors(*first).contains(&job) {
                    let well = self.world.well(*first);
                    self.demand(runs.clone(), well, || {
                        ["`", id, "` runs although the run was not let begin"].concat()
                    })?;
                }
            }
        }
        Ok(())
    }

    /// The jobs that have a script of the tool's.
    pub fn doing(&self, script: Fixed) -> Vec<usize> {
        let jobs = self.world.flow.jobs.iter().enumerate();
        let has = |job: &crate::proof::github::workflow::Job<'_>| {
            let entries = job.steps.iter().flat_map(|s| &s.entries);
            entries
                .into_iter()
                .any(|e| matches!(e.does, Does::Fixed(f) if f == script))
        };
        jobs.filter(|(_, j)| has(j)).map(|(i, _)| i).collect()
    }

    /// The jobs that say whether the run may begin.
    fn letting_begin(&self) -> Vec<usize> {
        let jobs = &self.world.flow.jobs;
        let looks = |job: &usize| {
            let mut entries = jobs[*job].steps.iter().flat_map(|s| &s.entries);
            entries.any(|e| matches!(e.does, Does::Quiet(_)))
        };
        let mut list = self.doing(Fixed::Digest);
        list.extend((0..jobs.len()).filter(looks));
        list
    }

    /// Whether jobs with work at a place run.
    pub fn running(&mut self, at: At) -> Vec<Formula> {
        self.jobs_of(at)
            .into_iter()
            .map(|j| self.world.runs[j].clone())
            .collect()
    }
}

/// Whether a unit is a part of a stage.
pub fn part_of(unit: &str, slug: &str) -> bool {
    unit.strip_prefix(slug).is_some_and(|rest| rest.starts_with('.'))
}
