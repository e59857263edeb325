//! The scheduling of GitHub in virtual time: which job starts when, what its environment waits for, how a job and a run end.
//!
//! Must not know what a step does (`step` does) nor what the plan wants. Called by the proof's entry point.

use super::state::{Busy, Ended, JobState, Run, Stands};
use super::value::{Value, eval};
use super::workflow::{Job, Pair, Workflow};
use crate::emit::environments::{GithubEnvironment, Purpose as Place};
use crate::emit::parts::{At, Deed, Purpose, input_name};
use crate::model::{GateId, ParamId, ParamType};
use crate::plan::{Node, Plan};
use crate::proof::event::{Event, Trace, What};
use crate::proof::scenario::Scenario;
use std::collections::{BTreeMap, VecDeque};

/// Most things that happen in one run.
const MOST: usize = 400_000;
/// Most runs that follow each other.
const MOST_RUNS: usize = 24;
/// Seconds from a dispatch to the first job.
const DISPATCH: f64 = 20.0;
/// Seconds a person takes, at most.
const PERSON: f64 = 90.0;
/// Days after which nobody can say yes any more.
const EXPIRES: f64 = 30.0 * 86_400.0;

/// A world in which workflows run.
pub struct Sim<'a> {
    /// The workflows.
    pub pair: &'a Pair<'a>,
    /// The plan.
    pub plan: &'a Plan,
    /// What comes out how.
    pub scenario: &'a Scenario,
    /// The environments, by name.
    pub places: &'a BTreeMap<String, GithubEnvironment>,
    /// Every run, in the order in which they were started.
    pub runs: Vec<Run>,
    /// What happened.
    pub trace: Trace,
    /// How often each part has begun.
    pub begun: BTreeMap<Purpose, usize>,
    /// The moment everything begins, in seconds since 1970.
    pub base: i64,
    /// When somebody breaks the first run off.
    pub cancel: Option<f64>,
    /// Runs that start later.
    pub queue: Vec<Start>,
    /// Jobs whose needs have all ended, and when.
    turns: VecDeque<(usize, usize, f64)>,
}

/// A run that starts later: when, which workflow, what it is started with, and what caused it.
type Start = (f64, usize, Vec<(String, Value)>, Vec<usize>);

/// Runs the release, and whatever it starts.
///
/// # Errors
/// What is not understood.
pub fn run(
    pair: &Pair<'_>,
    plan: &Plan,
    places: &BTreeMap<String, GithubEnvironment>,
    scenario: &Scenario,
    digest: &str,
) -> Result<Trace, String> {
    let mut sim = Sim {
        pair,
        plan,
        scenario,
        places,
        runs: Vec::new(),
        trace: Trace::default(),
        begun: BTreeMap::new(),
        base: plan.start_moment().map_or(1_700_000_000, |t| t.as_second()),
        cancel: None,
        queue: Vec::new(),
        turns: VecDeque::new(),
    };
    let inputs = sim.given(digest);
    let inputs = sim.admitted(0, inputs)?;
    sim.start(0, inputs, Vec::new(), 0.0)?;
    sim.drive()?;
    sim.trace.end = sim.end();
    if sim.beside() {
        sim.event(0.0, What::Join, Vec::new());
    }
    Ok(sim.trace)
}

impl<'a> Sim<'a> {
    fn flow(&self, run: usize) -> &'a Workflow<'a> {
        let pair: &'a Pair<'a> = self.pair;
        &pair.flows[self.runs[run].flow]
    }

    /// The definition of a job.
    pub fn job(&self, run: usize, job: usize) -> &'a Job<'a> {
        &self.flow(run).jobs[job]
    }

    /// The workflow of a run.
    pub fn workflow(&self, run: usize) -> &'a Workflow<'a> {
        self.flow(run)
    }

    /// Whether parts may be under way together.
    fn beside(&self) -> bool {
        let order: Vec<Node> = self.plan.order().collect();
        order.windows(2).any(|pair| {
            let before = self.plan.waits_for(pair[1]);
            !before.iter().any(|(node, _)| *node == pair[0])
        })
    }

    /// What a person gives a run.
    fn given(&self, digest: &str) -> Vec<(String, String)> {
        let release = self.plan.release();
        let mut list = vec![("plan".to_string(), digest.to_string())];
        if let Some(around) = self.scenario.chosen.and_then(|o| release.overrides.get(o)) {
            list.push(("override".to_string(), around.name.to_string()));
            list.push(("override_reason".to_string(), "it is needed".to_string()));
        }
        for (i, param) in release.params.iter().enumerate() {
            let choice = self.scenario.params.get(&ParamId::at(i)).copied().unwrap_or(0);
            let value = match &param.ty {
                ParamType::OneOf(words) => words.get(choice).or(words.first()).map(ToString::to_string),
                ParamType::Environment => release.environments.get(choice).map(|e| e.name.to_string()),
                ParamType::Bool => Some((choice == 1).to_string()),
                ParamType::Person => release.people.first().map(|p| p.name.to_string()),
                _ => None,
            };
            if param.fixed.is_none() {
                list.push((
                    input_name(release, ParamId::at(i)),
                    value.unwrap_or_else(|| "1".to_string()),
                ));
            }
        }
        list
    }

    /// The inputs of a run as GitHub admits them.
    ///
    /// # Errors
    /// When it would refuse to start it.
    pub fn admitted(
        &self,
        flow: usize,
        given: Vec<(String, String)>,
    ) -> Result<Vec<(String, Value)>, String> {
        let workflow = &self.pair.flows[flow];
        let declared = |name: &str| workflow.inputs.iter().find(|i| i.name == name);
        if let Some((name, _)) = given.iter().find(|(name, _)| declared(name).is_none()) {
            return Err([
                "`",
                workflow.file,
                "` is started with `",
                name,
                "`, which it does not know",
            ]
            .concat());
        }
        let mut list = Vec::new();
        for input in &workflow.inputs {
            let own = given
                .iter()
                .find(|(n, _)| *n == input.name)
                .map(|(_, v)| v.clone());
            let value = own.or_else(|| input.default.clone()).unwrap_or_default();
            if value.is_empty() && input.required {
                return Err(["`", workflow.file, "` is started without `", &input.name, "`"].concat());
            }
            if !input.options.is_empty() && !input.options.contains(&value) {
                return Err(["`", &input.name, "` cannot be `", &value, "`"].concat());
            }
            let value = if input.flag {
                Value::Bool(value == "true")
            } else {
                Value::text(value)
            };
            list.push((input.name.clone(), value));
        }
        Ok(list)
    }

    /// Starts a workflow by its file.
    ///
    /// # Errors
    /// When GitHub would refuse.
    pub fn dispatch(
        &mut self,
        file: &str,
        given: Vec<(String, String)>,
        at: f64,
        causes: Vec<usize>,
    ) -> Result<(), String> {
        let flow = self.pair.flows.iter().position(|f| f.file == file);
        let flow = flow.ok_or_else(|| ["`", file, "` is started, which does not exist"].concat())?;
        let inputs = self.admitted(flow, given)?;
        self.queue.push((at + DISPATCH, flow, inputs, causes));
        Ok(())
    }

    fn start(
        &mut self,
        flow: usize,
        inputs: Vec<(String, Value)>,
        causes: Vec<usize>,
        at: f64,
    ) -> Result<(), String> {
        if self.runs.len() >= MOST_RUNS {
            return Err("runs start each other without end".into());
        }
        let workflow = &self.pair.flows[flow];
        self.runs.push(Run::new(flow, workflow, inputs, causes));
        let run = self.runs.len() - 1;
        for job in 0..workflow.jobs.len() {
            if workflow.jobs[job].needs.is_empty() {
                self.turns.push_back((run, job, at));
            }
        }
        Ok(())
    }

    /// Something happened.
    pub fn event(&mut self, at: f64, what: What, after: Vec<usize>) -> usize {
        self.trace.events.push(Event {
            at: at * 1_000.0,
            what,
            after,
        });
        self.trace.events.len() - 1
    }

    /// Something happened in a job.
    pub fn happens(&mut self, run: usize, job: usize, what: What) {
        if let What::Begin(part) = &what {
            *self.begun.entry(part.clone()).or_default() += 1;
            if self.scenario.cancel.as_ref() == Some(part) && self.cancel.is_none() {
                self.cancel = Some(self.runs[run].jobs[job].at + 5.0);
            }
        }
        let state = &mut self.runs[run].jobs[job];
        let after = std::mem::take(&mut state.last);
        let at = state.at;
        let event = self.event(at, what, after);
        self.runs[run].jobs[job].last = vec![event];
    }

    fn drive(&mut self) -> Result<(), String> {
        for _ in 0..MOST {
            while let Some((run, job, at)) = self.turns.pop_front() {
                self.ready(run, job, at)?;
            }
            let next = self
                .runs
                .iter()
                .enumerate()
                .flat_map(|(r, run)| run.active.iter().map(move |j| (run.jobs[*j].at, r, *j)))
                .min_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
            let starts = self.queue.iter().map(|q| q.0).fold(f64::INFINITY, f64::min);
            let cancels = self
                .cancel
                .filter(|at| *at < f64::INFINITY)
                .unwrap_or(f64::INFINITY);
            let now = next.map_or(f64::INFINITY, |n| n.0);
            if cancels <= now && cancels <= starts && cancels < f64::INFINITY {
                self.cancel = Some(f64::INFINITY);
                self.event(cancels, What::Cancelled, Vec::new());
                self.break_off(0, cancels)?;
                continue;
            }
            if starts <= now && starts < f64::INFINITY {
                let first = self.queue.iter().position(|q| q.0 <= starts).unwrap_or(0);
                let (at, flow, inputs, causes) = self.queue.remove(first);
                self.start(flow, inputs, causes, at)?;
                continue;
            }
            let Some((at, run, job)) = next else {
                return Ok(());
            };
            if at == f64::INFINITY {
                return Err("a run waits for what never happens".into());
            }
            self.advance(run, job)?;
        }
        Err("the run does not come to an end".into())
    }

    /// All that a job needs has ended: it starts, or it is skipped.
    fn ready(&mut self, run: usize, job: usize, at: f64) -> Result<(), String> {
        let workflow = self.flow(run);
        let def = &workflow.jobs[job];
        let mut last: Vec<usize> = Vec::new();
        for need in &def.needs {
            last.extend(&self.runs[run].jobs[*need].last);
        }
        if def.needs.is_empty() {
            last.extend(&self.runs[run].causes);
        }
        last.sort_unstable();
        last.dedup();
        self.runs[run].jobs[job].last = last;
        self.runs[run].jobs[job].at = at;
        let mut eyes = self.runs[run].eyes(workflow, job, run, false);
        let told = |e: String| ["job `", &def.id, "`: ", &e].concat();
        let runs = eval(&def.cond, &eyes).map_err(told)?.truth();
        if !runs {
            let broken = eyes.cancelled;
            eyes.cancelled = false;
            let would = broken && eval(&def.cond, &eyes).map_err(told)?.truth();
            let ended = if would { Ended::Cancelled } else { Ended::Skipped };
            self.job_ended(run, job, ended);
            return Ok(());
        }
        let place = match &def.environment {
            Some(parts) => eyes.text(parts).map_err(told)?,
            None => String::new(),
        };
        self.enter(run, job, place).map_err(told)
    }

    /// A job comes to its environment.
    fn enter(&mut self, run: usize, job: usize, name: String) -> Result<(), String> {
        self.runs[run].active.push(job);
        self.runs[run].jobs[job].place.clone_from(&name);
        self.runs[run].jobs[job].stands = Stands::Runs;
        self.wake(self.runs[run].jobs[job].at);
        if name.is_empty() {
            return Ok(());
        }
        let places = self.places;
        let place = places
            .get(&name)
            .ok_or_else(|| ["the environment `", &name, "` is none of the plan's"].concat())?;
        if let Place::Wait(minutes) = place.purpose {
            let state = &mut self.runs[run].jobs[job];
            state.stands = Stands::Waits;
            state.busy = Busy::Timer;
            state.at += minutes as f64 * 60.0;
            return Ok(());
        }
        if place.reviewers.is_none() {
            return Ok(());
        }
        self.ask(run, job, place)
    }

    /// Somebody is asked to let a job through.
    fn ask(&mut self, run: usize, job: usize, place: &GithubEnvironment) -> Result<(), String> {
        let asks = self.questions(run, job, place);
        let mut late = PERSON;
        if let Some(within) = self.within(run, job)? {
            late = late.min(within / 2.0);
            if asks.iter().any(|p| self.scenario.silent.contains(p)) {
                late = within + 3_600.0;
            }
        } else if asks.iter().any(|p| self.scenario.silent.contains(p)) {
            late = EXPIRES;
        }
        for part in &asks {
            self.happens(run, job, What::Begin(part.clone()));
        }
        let state = &mut self.runs[run].jobs[job];
        state.stands = Stands::Waits;
        state.busy = Busy::Review;
        state.asks = asks;
        state.at += late;
        Ok(())
    }

    /// What is asked where a job waits.
    fn questions(&self, run: usize, job: usize, place: &GithubEnvironment) -> Vec<Purpose> {
        let def = self.job(run, job);
        let asked: Vec<Purpose> = def
            .steps
            .iter()
            .filter(|s| s.entries.iter().any(|e| super::step::asks(&e.does)))
            .filter_map(|s| s.entries.first())
            .flat_map(|e| e.parts.iter().cloned())
            .collect();
        if !asked.is_empty() {
            return asked;
        }
        let release = self.plan.release();
        match &place.purpose {
            Place::Decide(d) => {
                vec![Purpose::new(
                    At::Run,
                    &release.decision(*d).name,
                    Deed::Decide(*d, 0),
                )]
            }
            Place::Pause(_) | Place::PauseRun => {
                vec![Purpose::new(At::Run, "pause", Deed::Resume(self.scenario.resume))]
            }
            _ => Vec::new(),
        }
    }

    /// How long an answer counts.
    fn within(&self, run: usize, job: usize) -> Result<Option<f64>, String> {
        let eyes = self.runs[run].eyes(self.flow(run), job, run, true);
        let mut fields = self.job(run, job).steps.iter().flat_map(|s| &s.env);
        match fields.find(|(name, _)| name == "WITHIN") {
            Some((_, parts)) => Ok(eyes.text(parts)?.parse().ok()),
            None => Ok(None),
        }
    }

    /// A change in some run: whoever looks at the jobs of a run looks again.
    pub fn wake(&mut self, at: f64) {
        for run in &mut self.runs {
            for job in run.active.clone() {
                let state: &mut JobState = &mut run.jobs[job];
                if state.wakes {
                    state.at = state.at.min(at.max(0.0));
                }
            }
        }
    }

    /// A job has ended.
    pub fn job_ended(&mut self, run: usize, job: usize, ended: Ended) {
        let at = self.runs[run].jobs[job].at;
        let state = &mut self.runs[run].jobs[job];
        state.stands = Stands::Done(ended);
        state.wakes = false;
        self.runs[run].active.retain(|j| *j != job);
        self.runs[run].open -= 1;
        self.wake(at);
        let needed = &self.job(run, job).needed;
        for other in needed {
            self.runs[run].jobs[*other].left -= 1;
            if self.runs[run].jobs[*other].left == 0 {
                self.turns.push_back((run, *other, at));
            }
        }
    }

    fn advance(&mut self, run: usize, job: usize) -> Result<(), String> {
        let result = match self.runs[run].jobs[job].busy.clone() {
            Busy::Review => self.reviewed(run, job),
            Busy::Timer => {
                let state = &mut self.runs[run].jobs[job];
                (state.stands, state.busy) = (Stands::Runs, Busy::Free);
                self.wake(self.runs[run].jobs[job].at);
                Ok(())
            }
            _ => super::step::advance(self, run, job),
        };
        result.map_err(|e| ["job `", &self.job(run, job).id, "`: ", &e].concat())
    }

    /// Somebody answers.
    fn reviewed(&mut self, run: usize, job: usize) -> Result<(), String> {
        let asks = std::mem::take(&mut self.runs[run].jobs[job].asks);
        let place = self.runs[run].jobs[job].place.clone();
        let release = self.plan.release();
        let (mut yes, mut comment) = (true, "done".to_string());
        for part in &asks {
            let times = self.begun.get(part).copied().unwrap_or(1) - 1;
            let silent = self.scenario.silent.contains(part) && self.within(run, job)?.is_none();
            match part.deed {
                Deed::Decide(d, _) => {
                    let option = self.scenario.option(release, d);
                    if let Some(option) = release.decision(d).options.get(option) {
                        comment = option.name.to_string();
                    }
                    yes &= !silent;
                }
                Deed::Resume(answer) => {
                    comment = ["retry", "proceed", "rollback", "stop"]
                        .get(answer)
                        .map_or(String::new(), ToString::to_string);
                }
                Deed::Grant(a) if self.scenario.few == Some(a) && self.seats(run, job) == 1 => yes = false,
                _ => yes &= !silent && !self.scenario.failing(part, times),
            }
        }
        if !yes {
            for part in &asks {
                self.happens(run, job, What::Failed(part.clone()));
            }
            self.job_ended(run, job, Ended::Failure);
            return Ok(());
        }
        let who = self.who(run, &place, &asks);
        self.runs[run].reviews.push((place, who, comment));
        let state = &mut self.runs[run].jobs[job];
        state.reviewed = true;
        state.asks = asks;
        (state.stands, state.busy) = (Stands::Runs, Busy::Free);
        self.wake(self.runs[run].jobs[job].at);
        Ok(())
    }

    /// How many jobs ask at the place of a job.
    fn seats(&self, run: usize, job: usize) -> usize {
        let flow = self.flow(run);
        let place = &flow.jobs[job].environment;
        flow.jobs.iter().filter(|j| j.environment == *place).count()
    }

    /// Who says yes: for each seat somebody else, unless the scenario says otherwise.
    fn who(&self, run: usize, place: &str, asks: &[Purpose]) -> String {
        let seat = self.runs[run].reviews.iter().filter(|(p, ..)| p == place).count();
        let a = match asks.first().map(|p| p.deed) {
            Some(Deed::Grant(a)) => a,
            Some(Deed::Override(_)) => return format!("somebody-{place}-{seat}"),
            _ => return ["somebody-", place].concat(),
        };
        let seat = if self.scenario.few == Some(a) { 0 } else { seat };
        let a = match self.scenario.same {
            Some((x, y)) if a == y => x,
            _ => a,
        };
        format!("approver-{}-{seat}", a.0)
    }

    /// Somebody, or a workflow, breaks a run off.
    ///
    /// # Errors
    /// What is not understood.
    pub fn break_off(&mut self, run: usize, at: f64) -> Result<(), String> {
        if self.runs[run].cancelled || self.runs[run].open == 0 {
            return Ok(());
        }
        self.runs[run].cancelled = true;
        let workflow = self.flow(run);
        for job in self.runs[run].active.clone() {
            let stays = {
                let eyes = self.runs[run].eyes(workflow, job, run, false);
                eval(&workflow.jobs[job].cond, &eyes)?.truth()
            };
            let state = &mut self.runs[run].jobs[job];
            if stays || matches!(state.stands, Stands::Done(_)) {
                continue;
            }
            state.at = at;
            state.cancelled = true;
            match std::mem::replace(&mut state.busy, Busy::Free) {
                Busy::Review => {
                    for part in std::mem::take(&mut self.runs[run].jobs[job].asks) {
                        self.happens(run, job, What::Withdrawn(part));
                    }
                    self.job_ended(run, job, Ended::Cancelled);
                }
                Busy::Timer => self.job_ended(run, job, Ended::Cancelled),
                Busy::Free => {}
                busy => {
                    let mut left = Vec::new();
                    if let Busy::Work(..) | Busy::Wait(_) = busy {
                        left = super::step::begun(self, run, job);
                    }
                    if let Busy::Work(part, _) = busy {
                        self.happens(run, job, What::Withdrawn(part));
                    }
                    super::step::ended(self, run, job, Ended::Cancelled, left);
                }
            }
        }
        self.wake(at);
        Ok(())
    }

    /// Whether a gate has no data, in this scenario.
    pub fn blank(&self, gate: GateId) -> bool {
        self.scenario.blank.contains(&gate)
    }

    /// How all of it ended.
    fn end(&self) -> String {
        let said = self.runs.iter().map(|r| r.end.as_str());
        let ends: Vec<&str> = said
            .filter(|e| !matches!(*e, "handed_over" | "goes_on" | "nothing"))
            .collect();
        let word = if ends.contains(&"needs_help") {
            "needs_help"
        } else {
            ends.last().copied().unwrap_or("nothing")
        };
        match word {
            "succeeded" => "Succeeded",
            "rolled_back" => "RolledBack",
            "stopped" => "Stopped",
            "needs_help" => "NeedsHelp",
            other => other,
        }
        .to_string()
    }
}
