//! What is done: commands, tasks, manual work, with what they touch and how they are undone.

use crate::model::{Cond, Dur, Key, Origin, PriorId, Sym, Text, Value};
use crate::source::Span;
use smol_str::SmolStr;

/// One thing that is done: an action of the library with its arguments, a `run` or a `manual`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Where it is used.
    pub origin: Origin,
    /// What it is an instance of.
    pub source: ActSource,
    /// A line for people.
    pub title: Text,
    /// The shell command.
    pub run: Option<Command>,
    /// The call Step Functions makes.
    pub task: Option<Task>,
    /// What a person does.
    pub manual: Option<Manual>,
    /// What it touches.
    pub effects: Effects,
    /// The least rights it needs.
    pub permits: Vec<Permit>,
    /// Names of the secrets it reads from its environment.
    pub secrets: Vec<SmolStr>,
    /// Command-line tools it needs.
    pub needs: Vec<Tool>,
    /// What must be recorded just before it.
    pub priors: Vec<PriorId>,
    /// How it is undone.
    pub undo: Undo,
    /// What must follow on every way out.
    pub paired_with: Option<Box<Act>>,
    /// Since when the platform no longer offers it.
    pub retired: Option<Retired>,
    /// What the library demands of its arguments.
    pub assertions: Vec<Assertion>,
    /// What a person sees when it worked.
    pub expect: Option<Text>,
    /// Shortest and longest time.
    pub takes: Option<(Dur, Dur)>,
    /// When it is given up.
    pub timeout: Option<Dur>,
    /// Doing it twice is doing it once.
    pub idempotent: bool,
    /// It starts an outside job and waits for its verdict.
    pub awaits: bool,
    /// Retries the library declares.
    pub retry: Option<crate::model::Retry>,
}

/// What an act is an instance of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActSource {
    /// An `action`, as it is called where it is used, with its arguments by name.
    Action {
        /// `lambda.shift_alias`
        name: SmolStr,
        /// The definition.
        definition: Span,
        /// The arguments, in the order of the parameters.
        args: Vec<(SmolStr, Value)>,
    },
    /// A `run`.
    Run,
    /// A `manual`.
    Manual,
}

/// A shell command, already safe: constants are quoted for their place, everything symbolic is an environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The bash source to run under `bash -euo pipefail`. Symbolic values appear only as `"${RELEASEC_n}"` (bare place) or
    /// `${RELEASEC_n}` (inside double quotes), one variable per entry of `env`.
    pub script: String,
    /// The same for reading in a line: what the author wrote, constants filled in as they are, symbolic values as `‹name›`.
    pub display: String,
    /// The same for a person's terminal: pasted into bash, it runs the very words that the script runs once each `‹name›` in it
    /// has been replaced by its value. Constants are quoted for their place; a folder, variables, and that the first failing
    /// line ends it, stand around it.
    pub paste: String,
    /// The variables the script reads, in order of first use; then those of `env "NAME", value`.
    pub env: Vec<EnvVar>,
    /// The folder it runs in, from the root of the repository.
    pub folder: Option<Text>,
    /// A regular expression the standard output must match.
    pub prints: Option<(String, Span)>,
    /// The string literal the command was written as.
    pub span: Span,
    /// Where it is used.
    pub origin: Origin,
}

/// What a pasted command of more than one line begins with: a shell of its own, in which the first failing line ends it.
const SHELL: &str = "(\nset -euo pipefail\n";

/// Variables of the scripts around a command, without `RELEASEC_`.
const RESERVED: [&str; 12] = [
    "AUTHORIZATION",
    "COMMAND",
    "DEADLINE",
    "FOLDER",
    "KNOWN",
    "PRINTS",
    "REGEX",
    "ROLE",
    "STEP",
    "TOKEN",
    "URL",
    "VALUE",
];

impl Command {
    /// Whether a variable of this name is used by the scripts around a command, so that no value of the plan may stand in it. Each begins
    /// with `RELEASEC_`, as no `env` and no `secret` of a plan may.
    pub fn reserves(name: &str) -> bool {
        let Some(own) = name.strip_prefix("RELEASEC_") else {
            return false;
        };
        let numbered = |prefix: &str| {
            own.strip_prefix(prefix)
                .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        };
        RESERVED.contains(&own)
            || ["V", "TAKE_", "ASSERT_", "KNOWN_"].into_iter().any(numbered)
            || own.starts_with("OUT_")
    }

    /// A command as a person pastes it: in a shell of its own where there is more than one line, so that the first failing line
    /// ends it, as it does where the artifact runs it. A line that goes on after `\` is one. `before` are lines that come first.
    pub fn pasted(before: &str, command: &str) -> String {
        let command = command.trim();
        if before.is_empty() && !command.replace("\\\n", "").contains('\n') {
            return command.to_string();
        }
        [SHELL, before, command, "\n)"].concat()
    }

    /// What is pasted, with lines that come first.
    pub fn paste_after(&self, before: &str) -> String {
        match self.paste.strip_prefix(SHELL) {
            Some(rest) => [SHELL, before, rest].concat(),
            None => Command::pasted(before, &self.paste),
        }
    }
}

/// A variable of a command's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvVar {
    /// Its name.
    pub name: SmolStr,
    /// Its value.
    pub value: Value,
}

/// A call Step Functions can make itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// `aws("lambda:updateAlias", { … })`: an SDK integration.
    Aws {
        /// `lambda`
        service: SmolStr,
        /// `updateAlias`
        operation: SmolStr,
        /// The arguments, an object.
        args: Value,
        /// Where it is written.
        span: Span,
    },
    /// `http("POST", "url", { … }, connection: "name")`
    Http {
        /// `POST`
        method: SmolStr,
        /// The address.
        url: Text,
        /// The body, an object; `None` without one.
        body: Option<Value>,
        /// Name of the EventBridge connection that holds the credentials.
        connection: Text,
        /// Where it is written.
        span: Span,
    },
}

/// Work that only a person can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manual {
    /// What to do.
    pub what: Text,
    /// Where: a console or an address.
    pub console: Option<Text>,
}

/// What an act touches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effects {
    /// Written.
    pub changes: Vec<KeyUse>,
    /// Destroyed.
    pub removes: Vec<KeyUse>,
    /// Read.
    pub reads: Vec<KeyUse>,
    /// Holds data.
    pub stores: Vec<KeyUse>,
    /// Copied, so that it can be restored.
    pub backs_up: Vec<KeyUse>,
    /// Shown to work.
    pub exercises: Vec<KeyUse>,
    /// A capacity, limit or flag that is raised.
    pub raises: Vec<KeyUse>,
    /// Old and new versions both work with what it changes, and why.
    pub compatible: Option<Text>,
    /// Nothing was said about what it changes, so `changes` holds the key of its environment.
    pub assumed: bool,
    /// `changes nothing` is written.
    pub nothing: bool,
}

/// A key with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// The key.
    pub key: Key,
    /// Where it is written.
    pub origin: Origin,
}

/// `allow("service:Action", on: "arn")`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// `lambda:UpdateAlias`
    pub action: SmolStr,
    /// ARN, or `*`.
    pub on: Text,
    /// Where it is written.
    pub origin: Origin,
}

/// A command-line tool and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its name on PATH.
    pub name: SmolStr,
    /// `>= 2.15`, as written.
    pub version: Option<SmolStr>,
}

/// How an act is undone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Undo {
    /// Nothing is said.
    #[default]
    None,
    /// By another act.
    By {
        /// The act.
        act: Box<Act>,
        /// How long it stays possible.
        lasts: Option<Dur>,
        /// Where the `undo` is written.
        origin: Origin,
    },
    /// By the undo of an earlier part of the same composed action.
    Covered,
    /// It cannot be undone.
    Irreversible {
        /// Why.
        why: Text,
        /// Where it is said.
        origin: Origin,
    },
    /// It need not be undone.
    Harmless {
        /// Why.
        why: Text,
        /// Where it is said.
        origin: Origin,
    },
}

/// `retired DATE, "use …"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    /// The last day it was offered.
    pub date: jiff::civil::Date,
    /// What to use.
    pub instead: Text,
    /// Where it is written.
    pub origin: Origin,
}

/// `assert EXPR, "message"` of an action, for these arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// `False` when it fails for sure, `True` when it holds; else checked when the run starts.
    pub holds: Cond,
    /// What to say.
    pub message: Text,
    /// Where it is written.
    pub origin: Origin,
}

/// A state recorded just before an action: `prior NAME { run; task }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prior {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// The command that prints it.
    pub run: Option<Command>,
    /// The call that returns it.
    pub task: Option<Task>,
    /// How the value is taken from the output.
    pub extract: Extract,
    /// What it may read.
    pub permits: Vec<Permit>,
    /// The stage whose step records it; `None` when a hold's `enter` does.
    pub stage: Option<crate::model::StageId>,
    /// The hold whose `enter` records it.
    pub hold: Option<crate::model::HoldId>,
}

/// `capture NAME: type { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// Who sets it.
    pub source: CaptureSource,
    /// The type it must have.
    pub ty: CaptureType,
    /// How it is taken from the output.
    pub extract: Extract,
    /// Under which condition it is set.
    pub when: Cond,
}

/// Who sets a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CaptureSource {
    /// A step of a stage, by index into its steps (of its rollout's last step, when it has one).
    Stage(crate::model::StageId),
    /// A hold's `enter`.
    Hold(crate::model::HoldId),
    /// The answer to a decision.
    Decision(crate::model::DecisionId),
    /// The answer to a gate's question.
    Gate(crate::model::GateId),
}

/// The type of a capture.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CaptureType {
    /// `string`
    Text,
    /// `int`
    Int,
    /// `number`
    Number,
    /// `percent`
    Percent,
    /// `duration`
    Duration,
    /// `bool`
    Bool,
    /// `version`
    Version,
    /// `date` or `time`
    Time,
    /// `url`
    Url,
    /// `one_of(…)`
    OneOf(Vec<SmolStr>),
}

/// How a value is taken from an output.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Extract {
    /// The trimmed standard output.
    #[default]
    Output,
    /// The first group (or the whole match) of a regular expression.
    Regex(String),
    /// A path such as `.FunctionVersion` or `.items[0].id` into JSON.
    Json(String),
}

impl Act {
    /// The acts this one brings along: its undo and its pair.
    pub fn companions(&self) -> impl Iterator<Item = &Act> {
        let undo = match &self.undo {
            Undo::By { act, .. } => Some(&**act),
            _ => None,
        };
        undo.into_iter().chain(self.paired_with.as_deref())
    }

    /// The symbolic values its command and its task read.
    pub fn syms(&self) -> Vec<&Sym> {
        let mut list = Vec::new();
        if let Some(run) = &self.run {
            list.extend(run.env.iter().flat_map(|e| e.value.syms()));
            list.extend(run.folder.iter().flat_map(Text::syms));
        }
        match &self.task {
            Some(Task::Aws { args, .. }) => list.extend(args.syms()),
            Some(Task::Http { url, body, .. }) => {
                list.extend(url.syms());
                list.extend(body.iter().flat_map(Value::syms));
            }
            None => {}
        }
        if let Some(manual) = &self.manual {
            list.extend(manual.what.syms());
            list.extend(manual.console.iter().flat_map(Text::syms));
        }
        list
    }
}
