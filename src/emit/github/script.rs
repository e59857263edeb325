//! What a step's bash does, as typed data: a command with its guards, a measurement, a wait, or one of the fixed scripts.
//!
//! Values reach a script through the step's variables only. Must not know plans (`lower` does) nor bash (`print` does).

use crate::model::{Cond, GateId, TriggerId};

/// What a step's bash does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Script {
    /// A command of the plan.
    Work(Box<Work>),
    /// Metrics against bounds.
    Measure(Box<Measure>),
    /// A wait.
    Wait(Wait),
    /// Conditions that must hold.
    Asserts(Vec<Assert>),
    /// Conditions that choose what applies: each is written to the step's output of its name.
    Conditions(Vec<(String, Program)>),
    /// One of the scripts in `scripts/`, driven by variables alone.
    Fixed(Fixed),
}

/// A program for `jq` that reads variables of the step as texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The program; each variable stands in it as `$NAME`.
    pub text: String,
    /// The variables it reads.
    pub args: Vec<String>,
    /// The condition of the plan that it decides; none for a value.
    pub decides: Option<Cond>,
    /// What it prints when that holds, and nothing stands in `RELEASEC_TAKEN` yet; `true` where it is none.
    pub word: Option<String>,
}

/// A variable computed before the command runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computed {
    /// Its name.
    pub name: String,
    /// How.
    pub program: Program,
}

/// A condition that must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assert {
    /// The condition.
    pub holds: Program,
    /// The variable that holds what is said otherwise.
    pub message: String,
}

/// A command of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Name of its file, unique in the job.
    pub file: String,
    /// The bash that is run.
    pub source: Source,
    /// Computed variables.
    pub compute: Vec<Computed>,
    /// What must hold of its arguments.
    pub asserts: Vec<Assert>,
    /// What it gives back, which must have been recorded.
    pub known: Vec<Known>,
    /// Stops before it starts, once something else in the run has failed.
    pub guarded: bool,
    /// Seconds until it is given up.
    pub limit: Option<i64>,
    /// `RELEASEC_DEADLINE` holds when the whole stage is given up.
    pub deadline: bool,
    /// How it is tried.
    pub tries: Tries,
    /// `RELEASEC_PRINTS` holds a pattern the output must match.
    pub prints: bool,
    /// What is taken from its output.
    pub keeps: Vec<Keep>,
    /// `RELEASEC_FOLDER` holds the folder it runs in.
    pub folder: bool,
    /// It speaks to the repository: `git` is given the job's token.
    pub git: bool,
    /// What its failure means.
    pub failing: Failing,
    /// The output that says `passed` or `failed`.
    pub verdict: Option<String>,
}

/// A kept value without which nothing can be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The variable that holds the state of the run it was kept in, as JSON.
    pub state: String,
    /// The name it is kept under.
    pub name: String,
    /// The unit that has begun wherever there is something to give back; none where that was looked at before.
    pub unit: Option<String>,
    /// The variable holds the value itself, and it is needed to go forward.
    pub forward: bool,
}

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A command of the plan, as the model made it.
    Bash(String),
    /// A command that this variable holds: one with an opening brace of GitHub's expressions, which may stand in data only.
    Held(String),
    /// A call through the AWS command line: its service, its operation, and the program that makes its input.
    Aws {
        /// `lambda`
        service: String,
        /// `update-alias`
        operation: String,
        /// The JSON of its input.
        input: Program,
    },
    /// A call through `curl`: `RELEASEC_URL` holds the address, `RELEASEC_AUTHORIZATION` the header's value.
    Http {
        /// `POST`
        method: String,
        /// The JSON of its body.
        body: Option<Program>,
    },
}

/// How often something is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tries {
    /// Once, and again after each of these pauses (in seconds).
    Again(Vec<i64>),
    /// Until it succeeds.
    Until {
        /// Seconds between tries.
        every: i64,
        /// Seconds until it is given up.
        within: i64,
    },
}

/// What is taken from an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep {
    /// The name it is kept under.
    pub name: String,
    /// How.
    pub how: Extraction,
    /// The pattern a value of its type matches; none for a text.
    pub shape: Option<&'static str>,
}

/// How a value is taken from an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extraction {
    /// All of it, trimmed.
    All,
    /// By the regular expression in this variable.
    Pattern(String),
    /// By the path into JSON in this variable.
    Json(String),
}

/// What a failure means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failing {
    /// The job fails.
    Job,
    /// The job fails, and says for what cause.
    Cause(String),
    /// It is written down, and the job goes on.
    Noted,
    /// It is written down, the stage ends there, and the run goes on.
    Stage,
    /// Nothing: it is a message, so there is a warning at most.
    Nothing,
}

/// Metrics against bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// The metrics, each once.
    pub metrics: Vec<MetricRun>,
    /// What is done with them.
    pub end: MeasureEnd,
    /// Stops between samples, once something else in the run has failed.
    pub guarded: bool,
}

/// A metric to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricRun {
    /// `m3`: its file and its variable.
    pub id: String,
    /// What prints the number.
    pub source: Source,
    /// Variables its command reads, each with the step's variable that holds the value.
    pub exports: Vec<(String, String)>,
    /// Computed variables.
    pub compute: Vec<Computed>,
    /// How the number is taken from the output.
    pub how: Extraction,
    /// The span, in seconds.
    pub over: i64,
    /// What no data means.
    pub no_data: NoDataMeans,
}

/// What no data means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoDataMeans {
    /// The judgement fails.
    Fail,
    /// Comparisons with it hold.
    Pass,
    /// A person is asked.
    Pause,
}

/// What is done with measurements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeasureEnd {
    /// A gate: the condition must hold in every sample.
    Gate {
        /// The condition over `$m3` …
        holds: Program,
        /// How many samples.
        samples: u32,
        /// Seconds between them.
        every: i64,
        /// What a failure means.
        failing: Failing,
        /// The output that says `passed` or `failed`.
        verdict: String,
        /// Which.
        gate: GateId,
    },
    /// A trigger: the job fails as soon as the condition holds, while any of the jobs in `RELEASEC_WATCHED` is still to come.
    Watch {
        /// The condition.
        holds: Program,
        /// Seconds between looks.
        every: i64,
        /// Seconds until the next job takes over.
        chunk: i64,
        /// The cause that is written down.
        cause: String,
        /// Which trigger.
        trigger: TriggerId,
        /// It only says so, in `fired`, and the job goes on.
        calls: bool,
    },
    /// A look before anything begins: the step fails when the condition holds already.
    Quiet {
        /// The condition.
        holds: Program,
        /// Whose it is; `RELEASEC_ALARM` holds its name.
        trigger: TriggerId,
    },
    /// An option of a decision: written to `option` when it holds and nothing stands there yet.
    Option {
        /// The condition.
        holds: Program,
        /// The option.
        name: String,
    },
    /// A baseline: each metric's value is written to the output of its name.
    Baseline,
}

/// A wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// How long.
    pub length: WaitLength,
    /// Ends at once, once something else in the run has failed.
    pub guarded: bool,
}

/// How long a wait lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitLength {
    /// So many seconds.
    Seconds(i64),
    /// Until so many seconds after the moment in `START`, but no more than `most`.
    Since {
        /// Seconds after the start.
        after: i64,
        /// The most seconds this step may wait; what is left is another job's.
        most: i64,
        /// Fails when more is left.
        whole: bool,
    },
}

/// The function with which the fixed scripts ask GitHub.
const ASK: &str = include_str!("scripts/ask.sh");

macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident => $file:literal),* $(,)?) => {
        /// The scripts in `scripts/`, driven by variables alone.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fixed {
            $($(#[$doc])* $name),*
        }

        impl Fixed {
            /// All of them, with their texts.
            pub const ALL: &'static [(Fixed, &'static str)] = &[
                $((Fixed::$name, include_str!(concat!("scripts/", $file)))),*
            ];

            /// Its text, without the comment at its head, behind the function it asks GitHub with.
            pub fn text(self) -> String {
                let whole = Self::ALL[self as usize].1;
                let mut rest = whole;
                while let Some(line) = rest.strip_prefix('#') {
                    rest = line.split_once('\n').map_or("", |(_, after)| after);
                }
                match rest.contains("ask gh ") {
                    true => [ASK, rest].concat(),
                    false => rest.to_string(),
                }
            }
        }
    };
}

fixed! {
    /// The plan that was approved is the plan this workflow was made from.
    Digest => "digest.sh",
    /// The environments exist, with their rules.
    Environments => "environments.sh",
    /// No other run changes the same places.
    Turn => "turn.sh",
    /// Whoever started the run may.
    StartedBy => "started_by.sh",
    /// When a stage is given up.
    Clock => "clock.sh",
    /// What later jobs need to know about this run.
    Begin => "begin.sh",
    /// The window is not over, or open.
    Window => "window.sh",
    /// Text for the job's summary.
    Summary => "summary.sh",
    /// Who approved: enough permitted, distinct people, in time.
    Approval => "approval.sh",
    /// What a person answered.
    Answer => "answer.sh",
    /// A person did something.
    Person => "person.sh",
    /// GitHub has waited.
    Waited => "waited.sh",
    /// What a decision came to.
    Decided => "decided.sh",
    /// Grants are still valid.
    Valid => "valid.sh",
    /// Tools are there.
    Tools => "tools.sh",
    /// The digest of what is shipped.
    Shipped => "shipped.sh",
    /// What a job began, finished and learned.
    Record => "record.sh",
    /// A failure is handed over to the rollback workflow.
    HandOver => "hand_over.sh",
    /// What follows a failure: the release's run has ended, and the plan's table says it.
    Settle => "settle.sh",
    /// What is undone, or where the release goes on.
    Todo => "todo.sh",
    /// A role is told.
    Mention => "mention.sh",
    /// Work owed afterwards.
    Obligation => "obligation.sh",
    /// How the run ended.
    Report => "report.sh",
    /// How the rollback ended.
    RollbackReport => "rollback_report.sh",
    /// A run that somebody does again says what to do instead.
    Again => "again.sh",
}
