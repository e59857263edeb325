//! What holds of a workflow whatever happens in its runs: conditions that lean on nothing, needs that are asked for, rights that are used,
//! names that exist.
//!
//! Goes by what the steps of a job do, and by the plan. Must not know a run. Called when two workflows have been read.

use super::expr::{Before, Expr, Part};
use super::workflow::{Job, Pair, Step, Workflow};
use crate::emit::github::parts::Does;
use crate::emit::github::script::Fixed;
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::Rollback;
use crate::plan::Plan;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// After a failure in the same job, or of something before it.
const FAILED: Before = Before {
    success: Some(false),
    failure: None,
    cancelled: false,
    first: true,
};
/// After the run, or the job, was cancelled.
const CANCELLED: Before = Before {
    success: Some(false),
    failure: None,
    cancelled: true,
    first: true,
};
/// After all went well.
const WELL: Before = Before {
    success: Some(true),
    failure: Some(false),
    cancelled: false,
    first: true,
};

/// In a run that somebody does again.
const AGAIN: Before = Before {
    success: None,
    failure: None,
    cancelled: false,
    first: false,
};

/// Whether a step is one of these scripts.
pub fn is(step: &Step<'_>, scripts: &[Fixed]) -> bool {
    matches!(step.does(), Does::Fixed(f) if scripts.contains(f))
}

/// Whether a job has one of these scripts.
pub fn has(job: &Job<'_>, scripts: &[Fixed]) -> bool {
    job.steps.iter().any(|s| is(s, scripts))
}

/// Whether a step surely runs when all before it went well.
pub fn surely(step: &Step<'_>) -> bool {
    step.cond.whatever(WELL) == Some(true)
}

/// Holds two workflows to it.
///
/// # Errors
/// The first job that does not.
pub fn check(plan: &Plan, pair: &Pair<'_>) -> Result<(), String> {
    for flow in &pair.flows {
        if !flow.jobs.iter().any(|j| has(j, &[Fixed::Again])) {
            return Err([
                "`",
                flow.file,
                "`: done again, it does not say what to do instead",
            ]
            .concat());
        }
        for (index, job) in flow.jobs.iter().enumerate() {
            let of = Of {
                plan,
                flow,
                index,
                job,
            };
            of.all()
                .map_err(|e| ["`", flow.file, "`: job `", &job.id, "`: ", &e].concat())?;
        }
    }
    Ok(())
}

/// Whether a step leaves what a run that goes on need not do again. The seats of an approval but the last leave nothing, and a declared way
/// around is asked for again with the run.
fn leaves(step: &Step<'_>) -> bool {
    let around = step.parts().iter().any(|p| matches!(p.deed, Deed::Override(_)));
    match step.does() {
        Does::Fixed(Fixed::Approval) => !around && step.var("NAME") != Some(""),
        Does::Fixed(Fixed::Record | Fixed::Person | Fixed::Waited | Fixed::Decided) => true,
        _ => false,
    }
}

struct Of<'w> {
    plan: &'w Plan,
    flow: &'w Workflow<'w>,
    index: usize,
    job: &'w Job<'w>,
}

fn parts(fields: &[(String, Vec<Part>)]) -> impl Iterator<Item = &Expr> {
    let all = fields.iter().flat_map(|(_, parts)| parts);
    all.filter_map(|p| match p {
        Part::Expr(e) => Some(e),
        Part::Text(_) => None,
    })
}

fn paths<'e>(exprs: impl Iterator<Item = &'e Expr>) -> Vec<(&'e str, &'e [Arc<str>])> {
    let mut out = Vec::new();
    exprs.for_each(|e| e.paths(&mut out));
    out
}

/// The jobs that expressions read.
fn names_of<'e>(exprs: impl Iterator<Item = &'e Expr>) -> BTreeSet<String> {
    let needs = paths(exprs).into_iter().filter(|(root, _)| *root == "needs");
    needs
        .filter_map(|(_, path)| path.first().map(|p| p.to_ascii_lowercase()))
        .collect()
}

impl Of<'_> {
    fn all(&self) -> Result<(), String> {
        self.once()?;
        if has(self.job, &[Fixed::Again]) {
            return Ok(());
        }
        self.condition()?;
        self.needs()?;
        self.followed_at_once()?;
        self.references()?;
        self.rights()?;
        self.steps()?;
        self.record()?;
        self.outputs()?;
        self.limit()
    }

    /// Whether it runs on every way out: it leaves a hold, does a part of `finally`, or reports.
    fn way_out(&self) -> bool {
        let out = |p: &crate::emit::parts::Purpose| {
            matches!(p.at, At::Exit(_) | At::Finally) || matches!(p.deed, Deed::Word(_))
        };
        // What comes after the last person of `finally`, or of an exit, only writes down what began.
        let writes = |s: &Step<'_>| {
            let owner = is(s, &[Fixed::Record]).then(|| s.var("STAGE")).flatten();
            owner.is_some_and(|o| o == "finally" || o.starts_with("exit."))
        };
        let steps = &self.job.steps;
        self.reports() || steps.iter().any(|s| s.parts().iter().any(out) || writes(s))
    }

    /// Whether it is a job of the release.
    fn released(&self) -> bool {
        let first = self.flow.jobs.first();
        first.is_some_and(|j| has(j, &[Fixed::Begin]))
    }

    fn reports(&self) -> bool {
        has(self.job, &[Fixed::Report, Fixed::RollbackReport])
    }

    /// It acts in the first attempt of a run only: what was approved and looked at held for that. One job says so in every other attempt,
    /// whichever job somebody does again.
    fn once(&self) -> Result<(), String> {
        let again = [false, true].map(|cancelled| self.job.cond.whatever(Before { cancelled, ..AGAIN }));
        if !has(self.job, &[Fixed::Again]) {
            return match again == [Some(false); 2] {
                true => Ok(()),
                false => Err("it acts in a run that is done again".into()),
            };
        }
        let first = [FAILED, CANCELLED, WELL].map(|b| self.job.cond.whatever(b));
        if again != [Some(true); 2] || first != [Some(false); 3] {
            return Err("it does not tell a run that is done again from one that is not".into());
        }
        if !matches!(self.job.steps.as_slice(), [only] if is(only, &[Fixed::Again]) && surely(only)) {
            return Err("it does something else than to say what to do instead".into());
        }
        let missing = (0..self.flow.jobs.len()).find(|j| *j != self.index && !self.job.needs.contains(j));
        match missing {
            Some(j) => {
                let name = &self.flow.jobs[j].id;
                Err(["done again, `", name, "` does not say what to do instead"].concat())
            }
            None => Ok(()),
        }
    }

    /// It says itself when it runs, and what does not clean up does not go on in a run that was cancelled.
    fn condition(&self) -> Result<(), String> {
        if !self.job.asks {
            return Err("its condition leans on what GitHub adds".into());
        }
        if self.reports() {
            let sure = [FAILED, CANCELLED, WELL].map(|b| self.job.cond.whatever(b));
            return match sure.contains(&None) || sure.contains(&Some(false)) {
                true => Err("it does not tell the end of every run".into()),
                false => Ok(()),
            };
        }
        if !self.way_out() && self.job.cond.whatever(CANCELLED) != Some(false) {
            return Err("it may begin, or go on, after somebody has cancelled the run".into());
        }
        Ok(())
    }

    /// The jobs before one, however far back.
    fn before(&self, job: usize) -> BTreeSet<usize> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![job]);
        while let Some(j) = open.pop() {
            for need in &self.flow.jobs[j].needs {
                if seen.insert(*need) {
                    open.push(*need);
                }
            }
        }
        seen
    }

    /// It asks of each job that it needs how that ended.
    fn needs(&self) -> Result<(), String> {
        let told = |j: usize| ["`", &self.flow.jobs[j].id, "`"].concat();
        if self.reports() {
            let jobs = &self.flow.jobs;
            let other = |j: &usize| *j != self.index && !has(&jobs[*j], &[Fixed::Again]);
            let missing = (0..jobs.len()).find(|j| other(j) && !self.job.needs.contains(j));
            return match missing {
                Some(j) => Err(["it does not wait for ", &told(j)].concat()),
                None => Ok(()),
            };
        }
        if let Some(step) = self.job.steps.iter().find(|s| is(s, &[Fixed::HandOver])) {
            return self.hands_over(step);
        }
        let read = names_of(std::iter::once(&self.job.cond));
        let steps = &self.job.steps;
        let fields = names_of(steps.iter().flat_map(|s| parts(&s.env).chain([&s.cond])));
        for need in &self.job.needs {
            let other = &self.flow.jobs[*need];
            // What only shows and tells holds nobody up, who cleans up does so however things ended, and what is read for a value only
            // is nothing where there is none.
            let id = other.id.to_ascii_lowercase();
            let free = has(other, &[Fixed::Summary]) || self.way_out() || fields.contains(&id);
            if !free && !read.contains(&id) {
                return Err(["it does not ask how ", &told(*need), " ended"].concat());
            }
        }
        let asks = self.released() && has(self.job, &[Fixed::Approval]);
        let shown = |j: &usize| has(&self.flow.jobs[*j], &[Fixed::Summary]);
        if asks && !self.before(self.index).iter().any(shown) {
            return Err("it asks before it is shown what ships".into());
        }
        Ok(())
    }

    /// What fails in a stage is handed over whatever people are still asked for later steps of its rollout.
    fn followed_at_once(&self) -> Result<(), String> {
        let parts = || self.job.steps.iter().flat_map(|s| s.parts());
        let stage = parts().find_map(|p| match p.at {
            At::Stage(s) => Some(self.plan.release().stage(s)).filter(|s| s.asks_for_steps()),
            _ => None,
        });
        let Some(stage) = stage.filter(|_| self.released()) else {
            return Ok(());
        };
        // What the stage itself waits for comes before anything of it is settled.
        let later =
            |p: &Purpose| matches!(p.deed, Deed::Grant(a) if stage.approved.iter().all(|(b, _)| a != *b));
        let own = self.before(self.index);
        let settles = |j: &usize| {
            let job = &self.flow.jobs[*j];
            has(job, &[Fixed::HandOver]) && job.needs.contains(&self.index)
        };
        let asks = |j: usize| {
            let mut parts = self.flow.jobs[j].steps.iter().flat_map(|s| s.parts());
            !own.contains(&j) && parts.any(later)
        };
        let mut settlers = (0..self.flow.jobs.len()).filter(settles).peekable();
        if settlers.peek().is_some() && settlers.all(|j| self.before(j).into_iter().any(asks)) {
            return Err("that it failed is handed over only once a later step is approved".into());
        }
        Ok(())
    }

    /// What is handed over holds what every job before the one that failed has left.
    fn hands_over(&self, step: &Step<'_>) -> Result<(), String> {
        let failed = step.var("FAILED").unwrap_or_default().to_ascii_lowercase();
        let failed = *self.flow.index.get(&failed).ok_or_else(|| {
            [
                "it hands over the failure of `",
                &failed,
                "`, which does not exist",
            ]
            .concat()
        })?;
        let leaves = |j: &usize| self.flow.jobs[*j].steps.iter().any(leaves);
        let mut wanted: BTreeSet<usize> = self.before(failed).into_iter().filter(leaves).collect();
        wanted.insert(failed);
        // A trigger fires while others run; what they have left is read from their own records.
        if matches!(
            self.flow.jobs[failed].steps.last().map(Step::does),
            Some(Does::Watch { .. })
        ) {
            wanted = BTreeSet::from([failed]);
        }
        match wanted.into_iter().find(|j| !self.job.needs.contains(j)) {
            Some(j) => {
                let name = &self.flow.jobs[j].id;
                Err(["it does not hand over what `", name, "` has left"].concat())
            }
            None => Ok(()),
        }
    }

    /// What its expressions read exists.
    fn references(&self) -> Result<(), String> {
        let job = self.job;
        let place = job.environment.iter().flatten().filter_map(|p| match p {
            Part::Expr(e) => Some(e),
            Part::Text(_) => None,
        });
        let steps = job.steps.iter();
        let fields = steps.flat_map(|s| parts(&s.env).chain(std::iter::once(&s.cond)));
        let all = fields
            .chain(parts(&job.outputs))
            .chain(place)
            .chain(std::iter::once(&job.cond));
        for (root, path) in paths(all) {
            let names: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
            match (root, names.as_slice()) {
                ("needs", [need, rest @ ..]) => {
                    let index = self.flow.index.get(&need.to_ascii_lowercase());
                    let Some(index) = index.filter(|i| job.needs.contains(i)) else {
                        return Err(["it reads `", need, "`, which it does not need"].concat());
                    };
                    if let ["outputs", name, ..] = rest
                        && !self.flow.jobs[*index]
                            .outputs
                            .iter()
                            .any(|(n, _)| n.eq_ignore_ascii_case(name))
                    {
                        return Err(
                            ["it reads `", name, "` of `", need, "`, which does not leave it"].concat()
                        );
                    }
                }
                ("steps", [id, ..]) => {
                    let found = |s: &Step<'_>| s.id.as_deref().is_some_and(|i| i.eq_ignore_ascii_case(id));
                    if !job.steps.iter().any(found) {
                        return Err(["it reads step `", id, "`, which does not exist"].concat());
                    }
                }
                ("inputs", [name, ..])
                    if !self.flow.inputs.iter().any(|i| i.name.eq_ignore_ascii_case(name)) =>
                {
                    return Err(["it reads the input `", name, "`, which does not exist"].concat());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Its token may do what its steps do, and nothing else.
    fn rights(&self) -> Result<(), String> {
        let mut used: BTreeMap<&str, bool> = BTreeMap::new();
        for (scope, writes) in self
            .job
            .steps
            .iter()
            .filter_map(|s| s.entries.first())
            .flat_map(|e| &e.rights)
        {
            *used.entry(scope).or_default() |= writes;
        }
        for (scope, writes) in &self.job.rights {
            match used.get(scope.as_str()) {
                None => return Err(["its token may use `", scope, "`, and no step does"].concat()),
                Some(false) if *writes => {
                    return Err(["its token may change `", scope, "`, and no step does"].concat());
                }
                Some(_) => {}
            }
        }
        for (scope, writes) in used {
            if self.job.rights.get(scope).is_none_or(|w| writes && !w) {
                return Err(["a step needs a right to `", scope, "` that its job does not have"].concat());
            }
        }
        Ok(())
    }

    /// Nothing is done after a failure but what is meant for that; what is written down is written down however the job ends.
    fn steps(&self) -> Result<(), String> {
        for (i, step) in self.job.steps.iter().enumerate() {
            let keeps = matches!(step.does(), Does::Upload) || is(step, &[Fixed::Record]);
            if keeps {
                let ends = [FAILED, CANCELLED, WELL].map(|b| step.cond.whatever(b));
                if ends.iter().any(|e| *e != Some(true)) {
                    return Err("what it began is not kept when a step of it fails".into());
                }
                continue;
            }
            // That something failed is told also when handing over fails.
            let handed = self.job.steps[..i].iter().any(|s| is(s, &[Fixed::HandOver]));
            if handed && step.cond.whatever(FAILED) == Some(false) {
                return Err("nobody is told when handing over fails".into());
            }
            let stubborn = handed
                || step
                    .parts()
                    .iter()
                    .any(|p| matches!(p.at, At::Exit(_) | At::Finally | At::Aside));
            if !stubborn && i > 0 && step.cond.whatever(FAILED) != Some(false) {
                return Err("a step runs after one before it has failed".into());
            }
            if step.cond.whatever(WELL) == Some(false) {
                return Err("a step never runs".into());
            }
        }
        Ok(())
    }

    /// The record of a job knows each of its steps.
    fn record(&self) -> Result<(), String> {
        let job = self.job;
        let Some(at) = job.steps.iter().position(|s| is(s, &[Fixed::Record])) else {
            return Ok(());
        };
        let mut known: Vec<String> = Vec::new();
        for name in ["UNITS", "GATES"] {
            let table: Json = serde_json::from_str(job.steps[at].var(name).unwrap_or_default())
                .map_err(|e| ["`", name, "` holds no JSON: ", &e.to_string()].concat())?;
            known.extend(table.as_object().into_iter().flatten().map(|(k, _)| k.clone()));
        }
        let id = |s: &Step<'_>| s.id.clone().unwrap_or_default();
        for (i, step) in job.steps.iter().enumerate() {
            let works = matches!(step.does(), Does::Work { .. } | Does::Gate { .. });
            let own = step.parts().iter().any(|p| {
                matches!(p.at, At::Stage(_) | At::Undo(_) | At::Enter(_) | At::Exit(_))
                    && matches!(p.deed, Deed::Act | Deed::Await)
            });
            if works && own && (i > at || !known.contains(&id(step))) {
                return Err(["its record does not know step `", &id(step), "`"].concat());
            }
        }
        Ok(())
    }

    /// What it leaves is what its steps leave, under the same name.
    fn outputs(&self) -> Result<(), String> {
        for (name, value) in &self.job.outputs {
            let own = paths(value.iter().filter_map(|p| match p {
                Part::Expr(e) => Some(e),
                Part::Text(_) => None,
            }));
            let right = own.iter().all(|(root, path)| {
                *root == "steps"
                    && matches!(path, [_, kind, output] if &**kind == "outputs" && **output == **name)
            });
            if !right || own.is_empty() {
                return Err(["what it leaves as `", name, "` is something else"].concat());
            }
        }
        let states = self.reports() || self.job.steps.iter().any(leaves) && self.released();
        if states && !self.job.outputs.iter().any(|(n, _)| n == "state") {
            return Err("it does not leave what it came to".into());
        }
        Ok(())
    }

    /// It is given the time that its steps may take.
    fn limit(&self) -> Result<(), String> {
        let entries = self.job.steps.iter().filter_map(|s| s.entries.first());
        let mut seconds: i64 = entries.map(|e| e.seconds).sum();
        // A written undo may be given up earlier, where the plan says so.
        let mut undone = self.job.steps.iter().flat_map(|s| s.parts());
        let written = undone.find_map(|p| match p.at {
            At::Undo(s) => Some(&self.plan.release().stage(s).rollback),
            _ => None,
        });
        if let Some(Rollback::Written(written)) = written
            && let Some(within) = written.within
        {
            seconds = seconds.min(within.as_seconds());
        }
        if self.job.minutes * 60 < seconds.min(350 * 60) {
            return Err(format!(
                "it is given up after {} minutes, and its steps may take {}",
                self.job.minutes,
                seconds / 60
            ));
        }
        Ok(())
    }
}
