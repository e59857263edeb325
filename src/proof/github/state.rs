//! What a run of a workflow holds: jobs, steps, reviews, artifacts; and what its expressions read.
//!
//! Must not know what a step does. Used by the run.

use super::expr::Part;
use super::value::{Reads, Value, fill};
use super::workflow::{Job, Workflow};
use crate::emit::parts::Purpose;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a job or a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Well.
    Success,
    /// Badly.
    Failure,
    /// It was broken off.
    Cancelled,
    /// It never began.
    Skipped,
}

impl Ended {
    /// As expressions and the API say it.
    pub fn word(self) -> &'static str {
        match self {
            Ended::Success => "success",
            Ended::Failure => "failure",
            Ended::Cancelled => "cancelled",
            Ended::Skipped => "skipped",
        }
    }
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// It waits for others.
    Idle,
    /// Somebody is asked, or time passes, before it begins.
    Waits,
    /// It runs.
    Runs,
    /// It has ended.
    Done(Ended),
}

/// A run of a workflow.
#[derive(Debug)]
pub struct Run {
    /// Which workflow: 0 is the release.
    pub flow: usize,
    /// What it was started with.
    pub inputs: Vec<(String, Value)>,
    /// Its jobs.
    pub jobs: Vec<JobState>,
    /// The jobs that wait or run.
    pub active: Vec<usize>,
    /// How many have not ended.
    pub open: usize,
    /// It is broken off.
    pub cancelled: bool,
    /// Who said yes where.
    pub reviews: Vec<(String, String, String)>,
    /// Files that were kept, by name.
    pub artifacts: Vec<(String, String)>,
    /// The event that caused it.
    pub causes: Vec<usize>,
    /// How it says that it ended.
    pub end: String,
    /// Texts that were read as JSON, and what they held.
    known: RefCell<Vec<(Arc<str>, Value)>>,
}

/// How many texts are kept with what they held.
const KNOWN: usize = 8;

/// A job.
#[derive(Debug)]
pub struct JobState {
    /// How it stands.
    pub stands: Stands,
    /// When something happens in it next, in seconds.
    pub at: f64,
    /// How many of its needs have not ended.
    pub left: usize,
    /// The step it is in.
    pub step: usize,
    /// What that step is doing.
    pub busy: Busy,
    /// Whether any change in any run wakes it.
    pub wakes: bool,
    /// The steps that have ended.
    pub steps: Vec<StepState>,
    /// A step failed.
    pub failed: bool,
    /// It is broken off.
    pub cancelled: bool,
    /// What it leaves.
    pub outputs: Vec<(String, Arc<str>)>,
    /// The events just before.
    pub last: Vec<usize>,
    /// Files it wrote.
    pub files: BTreeMap<String, String>,
    /// When it began to run, in seconds.
    pub since: f64,
    /// It is given up before its step ends.
    pub lost: bool,
    /// Where it runs.
    pub place: String,
    /// Whether somebody let it through there.
    pub reviewed: bool,
    /// What is asked while it waits.
    pub asks: Vec<Purpose>,
    /// The actions that ran.
    pub ran: Vec<String>,
}

/// What a step is doing.
#[derive(Debug, Clone)]
pub enum Busy {
    /// It has not begun.
    Free,
    /// A command runs.
    Work(Purpose, bool),
    /// A gate has been judged so often.
    Gate(u32),
    /// It waits until then.
    Wait(f64),
    /// It looks until then, and acts from then on.
    Watch(f64, Option<f64>),
    /// It waits for another run to end.
    Turn(usize),
    /// It ends another run: since when it has waited for that, once nothing is inside a step.
    Settle(Option<f64>),
    /// A person decides: the job begins then.
    Review,
    /// Time passes before the job begins.
    Timer,
}

/// A step.
#[derive(Debug)]
pub struct StepState {
    /// Its id.
    pub id: Option<String>,
    /// How it ended.
    pub outcome: Ended,
    /// What it leaves.
    pub outputs: Vec<(String, Arc<str>)>,
}

impl Run {
    /// A run of a workflow in which nothing has happened.
    pub fn new(
        flow: usize,
        workflow: &Workflow<'_>,
        inputs: Vec<(String, Value)>,
        causes: Vec<usize>,
    ) -> Run {
        let job = |job: &Job<'_>| JobState {
            stands: Stands::Idle,
            at: 0.0,
            left: job.needs.len(),
            step: 0,
            busy: Busy::Free,
            wakes: false,
            steps: Vec::new(),
            failed: false,
            cancelled: false,
            outputs: Vec::new(),
            last: Vec::new(),
            files: BTreeMap::new(),
            since: 0.0,
            lost: false,
            place: String::new(),
            reviewed: false,
            asks: Vec::new(),
            ran: Vec::new(),
        };
        Run {
            flow,
            inputs,
            jobs: workflow.jobs.iter().map(job).collect(),
            active: Vec::new(),
            open: workflow.jobs.len(),
            cancelled: false,
            reviews: Vec::new(),
            artifacts: Vec::new(),
            causes,
            end: String::new(),
            known: RefCell::default(),
        }
    }

    /// How a job ended; nothing while it has not.
    pub fn result(&self, job: usize) -> Option<Ended> {
        match self.jobs[job].stands {
            Stands::Done(ended) => Some(ended),
            _ => None,
        }
    }

    /// What the expressions of a job read; `steps` while it runs.
    pub fn eyes<'r>(&'r self, workflow: &'r Workflow<'r>, job: usize, id: usize, steps: bool) -> Eyes<'r> {
        Eyes {
            run: self,
            workflow,
            job,
            id,
            steps,
            cancelled: self.cancelled,
        }
    }
}

/// What expressions read.
pub struct Eyes<'r> {
    run: &'r Run,
    workflow: &'r Workflow<'r>,
    job: usize,
    id: usize,
    steps: bool,
    /// Whether the run is broken off.
    pub cancelled: bool,
}

fn listed(list: &[(String, Arc<str>)]) -> Value {
    Value::Object(Arc::new(
        list.iter()
            .map(|(k, v)| (k.clone(), Value::Text(v.clone())))
            .collect(),
    ))
}

fn found(list: &[(String, Arc<str>)], name: &str) -> Value {
    list.iter()
        .find(|(k, _)| k.eq_ignore_ascii_case(name))
        .map_or(Value::Null, |(_, v)| Value::Text(v.clone()))
}

impl Eyes<'_> {
    /// The text of a field.
    ///
    /// # Errors
    /// What is not understood.
    pub fn text(&self, parts: &[Part]) -> Result<String, String> {
        Ok(fill(parts, self)?.shown())
    }

    fn need(&self, name: &str) -> Option<usize> {
        let index = *self.workflow.index.get(&name.to_ascii_lowercase())?;
        let needs = &self.workflow.jobs[self.job].needs;
        needs.binary_search(&index).ok()?;
        Some(index)
    }

    fn whole_need(&self, index: usize) -> Value {
        let result = self.run.result(index).map_or("", Ended::word);
        Value::Object(Arc::new(vec![
            ("result".into(), Value::text(result)),
            ("outputs".into(), listed(&self.run.jobs[index].outputs)),
        ]))
    }

    fn whole_step(step: &StepState) -> Value {
        Value::Object(Arc::new(vec![
            ("outputs".into(), listed(&step.outputs)),
            ("outcome".into(), Value::text(step.outcome.word())),
            ("conclusion".into(), Value::text(step.outcome.word())),
        ]))
    }

    fn own(&self) -> &JobState {
        &self.run.jobs[self.job]
    }

    /// The jobs before this one, however far back.
    fn ancestors(&self) -> Vec<usize> {
        let mut seen = vec![false; self.workflow.jobs.len()];
        let mut open = self.workflow.jobs[self.job].needs.clone();
        let mut list = Vec::new();
        while let Some(job) = open.pop() {
            if !std::mem::replace(&mut seen[job], true) {
                list.push(job);
                open.extend(&self.workflow.jobs[job].needs);
            }
        }
        list
    }
}

impl Reads for Eyes<'_> {
    fn path(&self, root: &str, path: &[Arc<str>]) -> Result<Value, String> {
        let names: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
        Ok(match (root, names.as_slice()) {
            ("needs", []) => Value::Object(Arc::new(
                self.workflow.jobs[self.job]
                    .needs
                    .iter()
                    .map(|i| (self.workflow.jobs[*i].id.clone(), self.whole_need(*i)))
                    .collect(),
            )),
            ("needs", [job, rest @ ..]) => match (self.need(job), rest) {
                (None, _) => Value::Null,
                (Some(i), []) => self.whole_need(i),
                (Some(i), ["result"]) => Value::text(self.run.result(i).map_or("", Ended::word)),
                (Some(i), ["outputs"]) => listed(&self.run.jobs[i].outputs),
                (Some(i), ["outputs", name]) => found(&self.run.jobs[i].outputs, name),
                _ => Value::Null,
            },
            ("inputs", []) => Value::Object(Arc::new(self.run.inputs.clone())),
            ("inputs", [name]) => self
                .run
                .inputs
                .iter()
                .find(|(k, _)| k.eq_ignore_ascii_case(name))
                .map_or(Value::Null, |(_, v)| v.clone()),
            ("steps", _) if !self.steps => return Err("it reads steps where there are none".into()),
            ("steps", []) => Value::Object(Arc::new(
                self.own()
                    .steps
                    .iter()
                    .filter_map(|s| Some((s.id.clone()?, Eyes::whole_step(s))))
                    .collect(),
            )),
            ("steps", [id, rest @ ..]) => {
                let steps = &self.own().steps;
                let step = steps
                    .iter()
                    .find(|s| s.id.as_deref().is_some_and(|i| i.eq_ignore_ascii_case(id)));
                match (step, rest) {
                    (None, _) => Value::Null,
                    (Some(s), []) => Eyes::whole_step(s),
                    (Some(s), ["outputs"]) => listed(&s.outputs),
                    (Some(s), ["outputs", name]) => found(&s.outputs, name),
                    (Some(s), ["outcome" | "conclusion"]) => Value::text(s.outcome.word()),
                    _ => Value::Null,
                }
            }
            ("job", ["status"]) => Value::text(match self.own() {
                j if j.cancelled => "cancelled",
                j if j.failed => "failure",
                _ => "success",
            }),
            ("github", ["run_id"]) => Value::text((self.id + 1).to_string()),
            ("github", ["run_attempt"]) => Value::text("1"),
            ("github", ["event_name"]) => Value::text("workflow_dispatch"),
            ("github", ["actor" | "triggering_actor"]) => Value::text("starter"),
            ("github", ["token"]) => Value::text("token"),
            ("github", ["repository"]) => Value::text("owner/name"),
            ("github", ["event", ..]) => Value::Null,
            ("runner", ["temp"]) => Value::text("/tmp"),
            ("vars" | "secrets", [name]) => Value::text(["‹", name, "›"].concat()),
            _ => return Err(["the context `", root, "` is not understood"].concat()),
        })
    }

    fn success(&self) -> bool {
        if self.steps {
            let own = self.own();
            return !own.failed && !own.cancelled;
        }
        let well = |j: usize| self.run.result(j) == Some(Ended::Success);
        !self.cancelled && self.ancestors().into_iter().all(well)
    }

    fn failure(&self) -> bool {
        if self.steps {
            let own = self.own();
            return own.failed && !own.cancelled;
        }
        let badly = |j: usize| self.run.result(j) == Some(Ended::Failure);
        self.ancestors().into_iter().any(badly)
    }

    fn known(&self, text: &Arc<str>) -> Option<Value> {
        let known = self.run.known.borrow();
        let found = known.iter().find(|(t, _)| Arc::ptr_eq(t, text));
        found.map(|(_, v)| v.clone())
    }

    fn learn(&self, text: &Arc<str>, value: &Value) {
        let mut known = self.run.known.borrow_mut();
        if known.len() >= KNOWN {
            known.remove(0);
        }
        known.push((text.clone(), value.clone()));
    }

    fn cancelled(&self) -> bool {
        if self.steps {
            self.own().cancelled
        } else {
            self.cancelled
        }
    }
}
