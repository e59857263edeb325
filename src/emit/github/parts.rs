//! What each step of the two workflows stands for, in the plan's own terms.
//!
//! Made from the same typed workflows that are printed; read by `proof`, which ties the steps it reads back to the plan by the text of
//! what they do. Must not know when a step or a job runs: that is what is proved. Called through `emit::github::manifest`.

use crate::emit::github::model::{Body, Job, Step, Workflow};
use crate::emit::github::print;
use crate::emit::github::script::{
    Assert, Failing, Fixed, Known, MeasureEnd, NoDataMeans, Program, Script, Tries, WaitLength,
};
use crate::emit::parts::{Purpose, Test};
use crate::model::{Atom, Cond, GateId, TriggerId};
use serde_json::{Map, Value as Json};

/// What the steps of a release workflow and of its rollback stand for.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The release, then the rollback.
    pub flows: [Flow; 2],
    /// The comparisons of the plan that steps decide.
    pub tests: Vec<Test>,
}

/// A workflow.
#[derive(Debug, Clone)]
pub struct Flow {
    /// The name of its file.
    pub file: String,
    /// All of it but its jobs: what starts it, what it waits for, its rights.
    pub frame: Json,
    /// What its steps stand for.
    pub entries: Vec<Entry>,
}

/// A step.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The job it stands in.
    pub job: String,
    /// Its text: the script with its variables, or the action with what it is given.
    pub text: String,
    /// What it does.
    pub does: Does,
    /// The parts of the plan it stands for.
    pub parts: Vec<Purpose>,
    /// The variables that decide a comparison of the plan, with the text they hold when it is so.
    pub reads: Vec<(Atom, String, String)>,
    /// The steps that have to stand before it in its job: a checkout, a look at the tools, credentials.
    pub after: Vec<String>,
    /// The environment its job has to stand in.
    pub environment: Option<String>,
    /// The most seconds it takes by its own measure: what it waits, and how long it lets its command run.
    pub seconds: i64,
    /// The scopes of the token it uses, and whether it writes.
    pub rights: Vec<(&'static str, bool)>,
}

/// What a step does, as far as a run shows it.
#[derive(Debug, Clone)]
pub enum Does {
    /// Nothing that later steps or people's work depend on.
    Nothing,
    /// Keeps a file as an artifact.
    Upload,
    /// A command of the plan.
    Work {
        /// Looks first whether something else has failed.
        guarded: bool,
        /// What must hold of its arguments.
        asserts: Vec<Cond>,
        /// What it gives back, which must have been recorded.
        known: Vec<Known>,
        /// What its failure means.
        failing: Failing,
        /// The output that says `passed` or `failed`.
        verdict: Option<String>,
        /// The outputs it leaves.
        keeps: Vec<String>,
        /// Whether it gives its command up by itself after a time.
        limited: bool,
    },
    /// A gate over metrics.
    Gate {
        /// Which.
        gate: GateId,
        /// How often it is judged.
        samples: u32,
        /// Seconds between.
        every: i64,
        /// Looks between samples whether something else has failed.
        guarded: bool,
        /// What its failure means.
        failing: Failing,
        /// The output that says `passed` or `failed`.
        verdict: String,
        /// What happens without data.
        blank: NoDataMeans,
    },
    /// A trigger's look at its metrics.
    Watch {
        /// Which.
        trigger: TriggerId,
        /// Seconds until the next job takes over.
        chunk: i64,
        /// The cause that is written down.
        cause: String,
        /// It fires without failing.
        calls: bool,
    },
    /// A look whether a trigger would act before anything has begun.
    Quiet(TriggerId),
    /// Tells somebody something, and never fails.
    Tell,
    /// Leaves values, whatever they are.
    Values(Vec<String>),
    /// A wait.
    Wait {
        /// How long.
        length: WaitLength,
        /// Ends at once when something else has failed.
        guarded: bool,
    },
    /// What must hold before the run begins: a condition of the plan, or the form of an input.
    Asserts(Vec<Option<Cond>>),
    /// Decides conditions: the output, the condition, and the word that stands for it.
    Decides(Vec<(String, Option<Cond>, Option<String>)>),
    /// One of the scripts that every workflow has.
    Fixed(Fixed),
}

/// What the two workflows stand for.
pub fn manifest(files: [String; 2], workflows: [&Workflow; 2]) -> Manifest {
    let mut tests = Vec::new();
    let flows = [0, 1].map(|i| flow(files[i].clone(), workflows[i], &mut tests));
    Manifest { flows, tests }
}

fn flow(file: String, workflow: &Workflow, tests: &mut Vec<Test>) -> Flow {
    let tree = print::tree(workflow);
    let mut entries = Vec::new();
    for job in &workflow.jobs {
        let steps = tree["jobs"][&job.id]["steps"].as_array();
        let steps = steps.map_or(&[][..], Vec::as_slice);
        let mut after = Vec::new();
        let mut written = 0;
        for (step, tree) in job.steps.iter().zip(steps) {
            let text = essence(tree);
            let entry = entry(job, step, text, after.clone());
            let ready = matches!(entry.does, Does::Fixed(Fixed::Tools));
            if ready || matches!(step.body, Body::Uses { .. }) && !matches!(entry.does, Does::Upload) {
                after.push(entry.text.clone());
            }
            note(&entry, &mut written, tests);
            entries.push(entry);
        }
    }
    Flow {
        file,
        frame: frame(&tree),
        entries,
    }
}

fn entry(job: &Job, step: &Step, text: String, after: Vec<String>) -> Entry {
    let does = does(step);
    // A message or a recorded value is work too: it needs the repository, credentials and secrets like any command.
    let works = matches!(
        does,
        Does::Work { .. }
            | Does::Gate { .. }
            | Does::Watch { .. }
            | Does::Quiet(_)
            | Does::Values(_)
            | Does::Tell
    );
    Entry {
        job: job.id.clone(),
        rights: rights(step, &does),
        seconds: seconds(step),
        after: if works { after } else { Vec::new() },
        environment: job.environment.as_ref().filter(|_| works).map(print::expr::field),
        text,
        parts: step.parts.clone(),
        reads: step.reads.clone(),
        does,
    }
}

/// The comparisons that a step decides.
fn note(entry: &Entry, written: &mut usize, tests: &mut Vec<Test>) {
    let mut conds: Vec<&Cond> = Vec::new();
    match &entry.does {
        Does::Work { asserts, .. } => conds.extend(asserts),
        Does::Asserts(list) => {
            for assert in list {
                match assert {
                    Some(cond) => conds.push(cond),
                    None => {
                        tests.push(Test::Problem(*written));
                        *written += 1;
                    }
                }
            }
        }
        Does::Decides(list) => conds.extend(list.iter().filter_map(|(_, c, _)| c.as_ref())),
        _ => {}
    }
    for atom in conds.into_iter().flat_map(Cond::atoms) {
        let test = Test::Atom(atom.clone());
        if matches!(atom, Atom::Equal(..) | Atom::Compare(..)) && !tests.contains(&test) {
            tests.push(test);
        }
    }
}

fn does(step: &Step) -> Does {
    let script = match &step.body {
        Body::Uses { action, .. } => {
            return match action {
                crate::emit::github::model::Action::UploadArtifact => Does::Upload,
                _ => Does::Nothing,
            };
        }
        Body::Run(script) => script,
    };
    match script {
        Script::Work(_) if step.parts.iter().any(tells) => Does::Tell,
        Script::Work(w) if step.parts.is_empty() => {
            Does::Values(w.keeps.iter().map(|k| k.name.clone()).collect())
        }
        Script::Work(w) => Does::Work {
            guarded: w.guarded,
            asserts: w.asserts.iter().filter_map(|a| a.holds.decides.clone()).collect(),
            known: w.known.clone(),
            failing: w.failing.clone(),
            verdict: w.verdict.clone(),
            keeps: w.keeps.iter().map(|k| k.name.clone()).collect(),
            limited: w.limit.is_some(),
        },
        Script::Measure(m) => match &m.end {
            MeasureEnd::Gate {
                samples,
                every,
                failing,
                verdict,
                gate,
                ..
            } => Does::Gate {
                gate: *gate,
                samples: *samples,
                every: *every,
                guarded: m.guarded,
                failing: failing.clone(),
                verdict: verdict.clone(),
                blank: m
                    .metrics
                    .iter()
                    .map(|x| x.no_data)
                    .find(|n| *n != NoDataMeans::Pass)
                    .unwrap_or(NoDataMeans::Pass),
            },
            MeasureEnd::Watch {
                chunk,
                cause,
                trigger,
                calls,
                ..
            } => Does::Watch {
                calls: *calls,
                trigger: *trigger,
                chunk: *chunk,
                cause: cause.clone(),
            },
            MeasureEnd::Quiet { trigger, .. } => Does::Quiet(*trigger),
            MeasureEnd::Option { .. } => Does::Nothing,
            MeasureEnd::Baseline => Does::Values(m.metrics.iter().map(|x| x.id.clone()).collect()),
        },
        Script::Wait(w) => Does::Wait {
            length: w.length.clone(),
            guarded: w.guarded,
        },
        Script::Asserts(list) => {
            Does::Asserts(list.iter().map(|a: &Assert| a.holds.decides.clone()).collect())
        }
        Script::Conditions(list) => Does::Decides(
            list.iter()
                .map(|(name, p): &(String, Program)| (name.clone(), p.decides.clone(), p.word.clone()))
                .collect(),
        ),
        Script::Fixed(fixed) => Does::Fixed(*fixed),
    }
}

/// Whether a part is a message.
pub fn tells(part: &Purpose) -> bool {
    part.deed.speaks()
}

/// The most seconds a step takes, as far as it says so itself.
fn seconds(step: &Step) -> i64 {
    let Body::Run(script) = &step.body else { return 0 };
    match script {
        Script::Work(work) => match &work.tries {
            Tries::Until { within, .. } => *within,
            Tries::Again(pauses) => {
                let tries = i64::try_from(pauses.len()).unwrap_or(i64::MAX).saturating_add(1);
                let each = work.limit.unwrap_or(0).saturating_mul(tries);
                pauses.iter().fold(each, |sum, p| sum.saturating_add(*p))
            }
        },
        Script::Measure(m) => match &m.end {
            MeasureEnd::Gate { samples, every, .. } => {
                every.saturating_mul(i64::from(*samples).saturating_sub(1))
            }
            MeasureEnd::Watch { chunk, .. } => *chunk,
            MeasureEnd::Quiet { .. } | MeasureEnd::Option { .. } | MeasureEnd::Baseline => 0,
        },
        Script::Wait(w) => match &w.length {
            WaitLength::Seconds(s) => *s,
            WaitLength::Since { after, most, .. } => (*after).clamp(0, *most),
        },
        Script::Fixed(Fixed::Turn | Fixed::Settle) => of(step, "MOST"),
        Script::Fixed(Fixed::Window) => of(step, "WAIT"),
        Script::Fixed(_) | Script::Asserts(_) | Script::Conditions(_) => 0,
    }
}

/// The number that a variable of a step holds.
fn of(step: &Step, name: &str) -> i64 {
    let field = step.env.iter().find(|(n, _)| n == name);
    let text = field.and_then(|(_, f)| f.known());
    text.and_then(|t| t.parse().ok()).unwrap_or(0)
}

/// What the token of a step's job has to allow.
fn rights(step: &Step, does: &Does) -> Vec<(&'static str, bool)> {
    use crate::emit::github::model::Action;
    let mut list = Vec::new();
    match (&step.body, does) {
        (Body::Uses { action, .. }, _) => match action {
            Action::Checkout => list.push(("contents", false)),
            Action::AwsCredentials => list.push(("id-token", true)),
            Action::UploadArtifact => {}
        },
        (_, Does::Fixed(fixed)) => match fixed {
            Fixed::HandOver | Fixed::Settle | Fixed::Todo => list.push(("actions", true)),
            Fixed::Approval | Fixed::Answer | Fixed::Person | Fixed::Environments | Fixed::Turn => {
                list.push(("actions", false));
            }
            Fixed::Mention | Fixed::Obligation => list.push(("issues", true)),
            _ => {}
        },
        (_, Does::Work { guarded: true, .. } | Does::Wait { guarded: true, .. } | Does::Watch { .. }) => {
            list.push(("actions", false));
        }
        (_, Does::Gate { guarded: true, .. }) => list.push(("actions", false)),
        _ => {}
    }
    if let Body::Run(Script::Work(work)) = &step.body
        && work.git
    {
        list.push(("contents", false));
    }
    list
}

/// The members of a step that say what it does: all but what it is called and when it runs.
pub fn essence(step: &Json) -> String {
    let mut out = Map::new();
    for key in ["uses", "with", "run", "env"] {
        if let Some(value) = step.get(key) {
            out.insert(key.to_string(), texts(value));
        }
    }
    Json::Object(out).to_string()
}

/// The members of a workflow that are no job and no name.
pub fn frame(workflow: &Json) -> Json {
    let mut out = Map::new();
    for (key, value) in workflow.as_object().into_iter().flatten() {
        if key != "jobs" && key != "name" {
            out.insert(key.clone(), texts(value));
        }
    }
    Json::Object(out)
}

/// Scalars as GitHub hands them on: as texts.
fn texts(value: &Json) -> Json {
    match value {
        Json::Object(map) => Json::Object(map.iter().map(|(k, v)| (k.clone(), texts(v))).collect()),
        Json::Array(list) => Json::Array(list.iter().map(texts).collect()),
        Json::String(_) | Json::Null => value.clone(),
        other => Json::String(other.to_string()),
    }
}
