//! Whether an artifact means its plan: its bytes are read back, run under a model of the target, and judged by the plan.
//!
//! Must not know how an artifact was written, only what its calls and conditions stand for. Called by the driver before anything
//! is written.

mod again;
mod back;
mod clock;
mod contract;
mod entry;
mod event;
mod every;
mod examined;
mod github;
mod late;
mod limits;
mod measured;
mod messages;
mod moments;
mod questions;
mod reference;
mod rungs;
mod scenario;
mod scenarios;
mod stepfunctions;
mod symbolic;
mod timing;
mod walk;

use crate::emit::github::parts::Manifest as Workflows;
use crate::emit::stepfunctions::parts::Manifest;
use crate::model::ParamId;
use crate::plan::Plan;
use crate::run::{Final, Outcomes, Reference};
use event::{Trace, What};
pub use every::{Agreement, drawn_machine, drawn_workflows, every};
pub use examined::Examined;
use scenario::{Open, Scenario, words};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A run in which an artifact does not mean its plan.
#[derive(Debug, Clone)]
pub struct Difference {
    /// What differs.
    pub what: String,
    /// The outcome under which it does, in words; empty when the artifact is not understood at all.
    pub outcome: String,
    /// What the artifact does, one line for each event.
    pub trace: Vec<String>,
    /// What the plan means, by the reference semantics, where it can be told the same outcome.
    pub reference: Vec<String>,
}

/// How many runs were looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Proved {
    /// The runs.
    pub runs: usize,
    /// What was proved of every outcome at once.
    pub demands: usize,
}

/// Proves that a state machine means its plan.
///
/// # Errors
/// The first run in which it does not.
pub fn state_machine(plan: &Plan, bytes: &str, manifest: &Manifest) -> Result<Proved, Box<Difference>> {
    let machine = stepfunctions::read(bytes, manifest).map_err(not_understood)?;
    let open = opened(manifest);
    let states = machine.blocks.iter().map(|b| b.states.len()).sum();
    let run = |scenario: &Scenario| stepfunctions::run(&machine, plan, scenario);
    let list = stepfunctions::scenarios(plan, &open);
    all(plan, &open, list, (states, MOST_STATES), &run, || {
        symbolic::machine(plan, &machine, &open)
    })
}

/// What can come out one way or another in the runs of a state machine.
fn opened(manifest: &Manifest) -> Open {
    Open {
        parts: manifest.calls.iter().map(|(p, _)| p.clone()).collect(),
        tests: manifest.tests.iter().map(|(t, _)| t.clone()).collect(),
    }
}

/// Proves that a release workflow and its rollback mean their plan.
///
/// # Errors
/// The first run in which they do not.
pub fn workflows(
    plan: &Plan,
    [release, rollback]: [&str; 2],
    manifest: &Workflows,
) -> Result<Proved, Box<Difference>> {
    let model = github::read(plan, [release, rollback], manifest).map_err(not_understood)?;
    let open = workflows_opened(plan, manifest);
    let list = github::scenarios(plan, &open);
    let run = |scenario: &Scenario| model.run(plan, scenario);
    all(plan, &open, list, (model.size(), MOST_PARTS), &run, || {
        symbolic::workflows(plan, model.pair())
    })
}

/// What can come out one way or another in the runs of two workflows.
fn workflows_opened(plan: &Plan, manifest: &Workflows) -> Open {
    let entries = manifest.flows.iter().flat_map(|f| &f.entries);
    let mut open = Open {
        parts: entries.flat_map(|e| e.parts.iter().cloned()).collect(),
        tests: manifest.tests.clone(),
    };
    open.tests.extend(scenarios::choices(plan.release()));
    open
}

/// Proves the conditions of two workflows over every outcome at once, and nothing else of them; the number of demands.
///
/// # Errors
/// The first demand that is broken, with an outcome that breaks it.
pub fn every_outcome(plan: &Plan, texts: [&str; 2], manifest: &Workflows) -> Result<usize, Box<Difference>> {
    let model = github::read(plan, texts, manifest).map_err(not_understood)?;
    symbolic::workflows(plan, model.pair())
}

/// Proves a state machine over every outcome at once, and nothing else of it; the number of demands.
///
/// # Errors
/// What is not understood, and the first demand that is broken, with an outcome that breaks it.
pub fn every_outcome_of_machine(
    plan: &Plan,
    bytes: &str,
    manifest: &Manifest,
) -> Result<usize, Box<Difference>> {
    let machine = stepfunctions::read(bytes, manifest).map_err(not_understood)?;
    symbolic::machine(plan, &machine, &opened(manifest))
}

/// What an expression of GitHub's comes to, with its contexts given as JSON; no status function holds but `always()` and `success()`.
///
/// # Errors
/// What is no expression, and what is not understood.
pub fn expression(text: &str, contexts: &serde_json::Value) -> Result<serde_json::Value, String> {
    github::expression(text, contexts)
}

fn not_understood(what: String) -> Box<Difference> {
    Box::new(Difference {
        what,
        outcome: String::new(),
        trace: Vec::new(),
        reference: Vec::new(),
    })
}

/// Runs an artifact under every scenario, and proves its demands meanwhile; `size` is how much one run may visit, `most` how much all
/// of them.
fn all(
    plan: &Plan,
    open: &Open,
    scenarios: Vec<Scenario>,
    (size, most): (usize, usize),
    run: &Run<'_>,
    demands: impl FnOnce() -> Result<usize, Box<Difference>>,
) -> Result<Proved, Box<Difference>> {
    let interpreter = Reference::new(plan);
    let chosen = chosen(&scenarios, size, most);
    let prover = Prover {
        plan,
        open,
        run,
        interpreter: &interpreter,
    };
    let next = AtomicUsize::new(0);
    // Each thread takes the next run, and ends with its first difference; the first of all is told. What breaks a demand goes before.
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(MOST_THREADS));
    let (demands, found) = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|_| scope.spawn(|| prover.all(&chosen, &next)))
            .collect();
        let demands = demands();
        if demands.is_err() {
            next.store(chosen.len(), Ordering::Relaxed);
        }
        let mine = prover.all(&chosen, &next);
        let theirs = others.into_iter().filter_map(|t| match t.join() {
            Ok(found) => found,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        let found: Vec<_> = mine.into_iter().chain(theirs).collect();
        (demands, found)
    });
    let demands = demands?;
    match found.into_iter().min_by_key(|(at, _)| *at) {
        Some((_, difference)) => Err(difference),
        None => Ok(Proved {
            runs: chosen.len(),
            demands,
        }),
    }
}

/// Of a plan so large that all would take seconds, runs are drawn: one of as many as there are to each, at a place that differs
/// from draw to draw, because runs of one kind stand at even distances. The first is always looked at: all goes well in it.
fn chosen(scenarios: &[Scenario], size: usize, most: usize) -> Vec<&Scenario> {
    let stride = scenarios.len().saturating_mul(size).div_ceil(most.max(1)).max(1);
    let draws = scenarios.chunks(stride).enumerate();
    let place = |draw: usize, len: usize| draw.wrapping_mul(SPREAD) % stride % len.max(1);
    draws
        .filter_map(|(draw, list)| list.get(place(draw, list.len())))
        .collect()
}

/// A prime far from any distance at which runs of one kind stand.
const SPREAD: usize = 1_000_003;
/// The most states that all runs together may visit: less than a second on one processor.
const MOST_STATES: usize = 500_000;
/// The same for workflows, in parts of their conditions, jobs and steps, which are looked at faster.
const MOST_PARTS: usize = 1_500_000;
/// The most threads that look at runs.
const MOST_THREADS: usize = 8;

/// What runs an artifact.
type Run<'a> = dyn Fn(&Scenario) -> Result<Trace, String> + Sync + 'a;

/// What all runs of one artifact share.
struct Prover<'a> {
    plan: &'a Plan,
    open: &'a Open,
    run: &'a Run<'a>,
    interpreter: &'a Reference<'a>,
}

impl Prover<'_> {
    /// Takes the next run until none is left; the first of them in which the artifact does not mean the plan, with its place.
    fn all(&self, runs: &[&Scenario], next: &AtomicUsize) -> Option<(usize, Box<Difference>)> {
        let mut known = BTreeMap::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if let Err(difference) = self.one(runs.get(at)?, &mut known) {
                return Some((at, difference));
            }
        }
    }

    /// One run.
    fn one(
        &self,
        scenario: &Scenario,
        known: &mut BTreeMap<BTreeMap<ParamId, usize>, bool>,
    ) -> Result<(), Box<Difference>> {
        let meant = self.meant(scenario, known);
        held(self.plan, self.open, self.run, scenario, meant.as_ref()).map(drop)
    }

    /// The same run by the reference semantics, where it can be told its outcomes.
    fn meant(
        &self,
        scenario: &Scenario,
        known: &mut BTreeMap<BTreeMap<ParamId, usize>, bool>,
    ) -> Option<crate::run::Trace> {
        let told = reference::outcomes(self.plan, self.open, scenario);
        told.filter(|o| goes_well(self.interpreter, &o.params, known))
            .map(|o| self.interpreter.run(&o))
    }
}

/// Whether a plan with these inputs succeeds when nothing fails. One whose own times let it fail although all goes well is not held
/// against an interpreter that counts them.
fn goes_well(
    interpreter: &Reference<'_>,
    params: &BTreeMap<ParamId, usize>,
    known: &mut BTreeMap<BTreeMap<ParamId, usize>, bool>,
) -> bool {
    *known.entry(params.clone()).or_insert_with(|| {
        let outcomes = Outcomes {
            params: params.clone(),
            ..Outcomes::default()
        };
        interpreter.run(&outcomes).state == Final::Succeeded
    })
}

/// Holds one run of an artifact against its plan, and against the same run by the reference semantics.
fn held(
    plan: &Plan,
    open: &Open,
    run: &Run<'_>,
    scenario: &Scenario,
    meant: Option<&crate::run::Trace>,
) -> Result<Trace, Box<Difference>> {
    let differs = |what: String, trace: &Trace| {
        Box::new(Difference {
            what,
            outcome: scenario.words(plan),
            trace: shown(plan, trace),
            reference: meant.iter().flat_map(|m| reference::shown(plan, m)).collect(),
        })
    };
    let trace = run(scenario).map_err(|what| differs(what, &Trace::default()))?;
    let told = contract::judge(plan, open, scenario, &trace).map_err(|what| differs(what, &trace))?;
    if let Some(meant) = meant.filter(|_| told) {
        reference::compare(plan, scenario, meant, &trace).map_err(|what| differs(what, &trace))?;
    }
    Ok(trace)
}

/// The events of a run, in words.
fn shown(plan: &Plan, trace: &Trace) -> Vec<String> {
    let release = plan.release();
    let mut lines = Vec::new();
    for event in &trace.events {
        let line = match &event.what {
            What::Begin(p) => words(release, p) + " begins",
            What::Done(p) => words(release, p) + " is done",
            What::Failed(p) => words(release, p) + " fails",
            What::Withdrawn(p) => words(release, p) + " is withdrawn",
            What::Judged(g, truth) => {
                let verdict = if *truth { "` passes" } else { "` does not pass" };
                ["gate `", &release.gate(*g).name, verdict].concat()
            }
            What::Unsure(g) => [
                "gate `",
                &release.gate(*g).name,
                "` has no data, and the owner is asked",
            ]
            .concat(),
            What::Fired(t) => {
                let name = release.triggers.get(t.index()).map_or("", |t| t.name.as_str());
                ["trigger `", name, "` fires"].concat()
            }
            What::Shut(s) => ["the window is shut for stage `", &release.stage(*s).name, "`"].concat(),
            What::Cancelled => "somebody cancels the run".to_string(),
            What::Blind => "whether a sibling has failed cannot be told".into(),
            What::Lost => "the engine gives the branches up".into(),
            What::Refused => "what the run needs is missing".into(),
            What::Join | What::Looked(_) | What::Told(_) | What::Recorded(_) => continue,
        };
        lines.push(line);
    }
    lines.push(["the end: ", &trace.end].concat());
    lines
}

impl Difference {
    /// All of it, for people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.outcome.is_empty() {
            lines.push(["the outcome: ", &self.outcome].concat());
        }
        for (title, list) in [("the artifact:", &self.trace), ("the plan:", &self.reference)] {
            if !list.is_empty() {
                lines.push(title.to_string());
                lines.extend(list.iter().map(|l| ["  ", l].concat()));
            }
        }
        lines
    }
}
