//! A workflow as typed data: triggers, jobs, steps, expressions. Scripts are in [`crate::emit::github::script`].
//!
//! Must not know plans (`lower` does) nor YAML (`print` does). Called by both.

use crate::emit::github::script::Script;
use crate::emit::parts::Purpose;
use crate::model::Atom;

/// A workflow file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// Lines of comment at its head.
    pub head: Vec<String>,
    /// Its name.
    pub name: String,
    /// The name of a run.
    pub run_name: Field,
    /// What starts it.
    pub on: Triggers,
    /// Runs of one group wait for each other.
    pub group: Field,
    /// Its jobs, each after everything it needs.
    pub jobs: Vec<Job>,
}

/// What starts a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Triggers {
    /// The inputs of a start by hand.
    pub inputs: Vec<Input>,
    /// Five fields and a zone.
    pub schedule: Option<(String, Option<String>)>,
    /// The name of the workflow whose end starts it.
    pub completed: Option<String>,
}

/// An input of a start by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// A line for people.
    pub description: String,
    /// Whether it must be given.
    pub required: bool,
    /// What it holds.
    pub kind: InputKind,
    /// The value when none is given.
    pub default: Option<String>,
}

/// What an input holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputKind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Flag,
    /// One of these.
    Choice(Vec<String>),
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// `[a-z][a-z0-9_-]*`, at most 100 characters, unique.
    pub id: String,
    /// What people and the API call it.
    pub name: String,
    /// Where the plan says it: `bioage.release:120`.
    pub source: Option<String>,
    /// The jobs that end before it.
    pub needs: Vec<String>,
    /// When it runs: always written, and always with a status function.
    pub cond: Expr,
    /// What its token may do, and why.
    pub permissions: Vec<Permission>,
    /// The environment it runs in.
    pub environment: Option<Field>,
    /// When it is given up.
    pub timeout_minutes: i64,
    /// What it leaves for later jobs.
    pub outputs: Vec<(String, Expr)>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A right of a job's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// `actions`
    pub scope: &'static str,
    /// `write` instead of `read`.
    pub write: bool,
    /// Why it is needed.
    pub why: &'static str,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Unique in its job.
    pub id: Option<String>,
    /// What people call it.
    pub name: String,
    /// When it runs; `None` when all before it ended well.
    pub cond: Option<Expr>,
    /// The variables it sees.
    pub env: Vec<(String, Field)>,
    /// What it does.
    pub body: Body,
    /// The parts of the plan it stands for.
    pub parts: Vec<Purpose>,
    /// The variables that decide a comparison of the plan, with the text they hold when it is so.
    pub reads: Vec<(Atom, String, String)>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// An action somebody published.
    Uses {
        /// Which.
        action: Action,
        /// What it is given.
        with: Vec<(String, Field)>,
    },
    /// Bash.
    Run(Script),
}

/// The published actions used, pinned by commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// `actions/checkout`
    Checkout,
    /// `aws-actions/configure-aws-credentials`
    AwsCredentials,
    /// `actions/upload-artifact`
    UploadArtifact,
}

/// The text of a field that GitHub evaluates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Field {
    /// Its parts, in order.
    pub parts: Vec<Part>,
}

/// A part of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text, taken as it is.
    Text(String),
    /// An expression.
    Expr(Expr),
}

impl Field {
    /// Text, taken as it is.
    pub fn text(text: impl Into<String>) -> Self {
        Field {
            parts: vec![Part::Text(text.into())],
        }
    }

    /// The text, when nothing in it is evaluated.
    pub fn known(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// One expression.
    pub fn expr(expr: Expr) -> Self {
        // A text needs no expression, and one that is nothing but a text hides what it is.
        if let Expr::Str(text) = expr {
            return Field::text(text);
        }
        Field {
            parts: vec![Part::Expr(expr)],
        }
    }

    /// Another part behind it.
    #[must_use]
    pub fn then(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }
}

/// An expression of GitHub's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// `true`, `false`
    Bool(bool),
    /// A text.
    Str(String),
    /// `inputs.NAME`
    Input(String),
    /// A fixed path such as `github.run_id`.
    Context(&'static str),
    /// `vars.NAME`
    Var(String),
    /// `secrets.NAME`
    Secret(String),
    /// `needs.JOB.result`
    Result(String),
    /// `needs.JOB.outputs.NAME`
    Output(String, String),
    /// `steps.STEP.outputs.NAME`
    StepOutput(String, String),
    /// `VALUE.NAME` of a value read from JSON.
    Member(Box<Expr>, String),
    /// `toJSON(CONTEXT)` of a whole context.
    ToJson(&'static str),
    /// `fromJSON(x)`
    FromJson(Box<Expr>),
    /// `contains(list, item)`
    Contains(Box<Expr>, Box<Expr>),
    /// `always()`, `cancelled()`, `success()`
    Status(Status),
    /// `a == b`
    Eq(Box<Expr>, Box<Expr>),
    /// `a != b`
    Ne(Box<Expr>, Box<Expr>),
    /// `!a`
    Not(Box<Expr>),
    /// `a && b`
    And(Vec<Expr>),
    /// `a || b`
    Or(Vec<Expr>),
}

/// A status function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// `always()`
    Always,
    /// `cancelled()`
    Cancelled,
    /// `success()`
    Success,
}

impl Expr {
    /// A text.
    pub fn str(text: impl Into<String>) -> Self {
        Expr::Str(text.into())
    }

    /// `self == text`
    #[must_use]
    pub fn is(self, text: &str) -> Self {
        Expr::Eq(Box::new(self), Box::new(Expr::str(text)))
    }

    /// `self != text`
    #[must_use]
    pub fn differs(self, text: &str) -> Self {
        Expr::Ne(Box::new(self), Box::new(Expr::str(text)))
    }

    /// The opposite.
    #[must_use]
    pub fn negate(self) -> Self {
        match self {
            Expr::Bool(b) => Expr::Bool(!b),
            Expr::Not(e) => *e,
            Expr::Eq(a, b) => Expr::Ne(a, b),
            Expr::Ne(a, b) => Expr::Eq(a, b),
            e => Expr::Not(Box::new(e)),
        }
    }

    /// All of them, flat, without what is always so; each once.
    pub fn all(list: impl IntoIterator<Item = Expr>) -> Self {
        let mut flat = Vec::new();
        for e in list {
            match e {
                Expr::Bool(true) => {}
                Expr::Bool(false) => return Expr::Bool(false),
                Expr::And(inner) => push_new(&mut flat, inner),
                e => push_new(&mut flat, vec![e]),
            }
        }
        match flat.len() {
            0 => Expr::Bool(true),
            1 => flat.remove(0),
            _ => Expr::And(flat),
        }
    }

    /// Any of them, flat, without what is never so; each once.
    pub fn any(list: impl IntoIterator<Item = Expr>) -> Self {
        let mut flat = Vec::new();
        for e in list {
            match e {
                Expr::Bool(false) => {}
                Expr::Bool(true) => return Expr::Bool(true),
                Expr::Or(inner) => push_new(&mut flat, inner),
                e => push_new(&mut flat, vec![e]),
            }
        }
        match flat.len() {
            0 => Expr::Bool(false),
            1 => flat.remove(0),
            _ => Expr::Or(flat),
        }
    }

    /// The first of them that is not empty.
    pub fn first(list: Vec<Expr>) -> Self {
        let mut list = list;
        match list.len() {
            1 => list.remove(0),
            _ => Expr::Or(list),
        }
    }

    /// Whether `item` is in the JSON list that `self` prints; nothing at all is the empty list.
    #[must_use]
    pub fn lists(self, item: &str) -> Self {
        let list = Expr::FromJson(Box::new(Expr::Or(vec![self, Expr::str("[]")])));
        Expr::Contains(Box::new(list), Box::new(Expr::str(item)))
    }

    /// `!cancelled()`
    pub fn not_cancelled() -> Self {
        Expr::Not(Box::new(Expr::Status(Status::Cancelled)))
    }

    /// Whether a job ended well.
    pub fn succeeded(job: &str) -> Self {
        Expr::Result(job.to_string()).is("success")
    }

    /// Whether a job ran and did not end well: failed, or cancelled by its own timeout.
    pub fn went_wrong(job: &str) -> Self {
        Expr::all([
            Expr::Result(job.to_string()).differs("success"),
            Expr::Result(job.to_string()).differs("skipped"),
        ])
    }
}

fn push_new(flat: &mut Vec<Expr>, more: Vec<Expr>) {
    for e in more {
        if !flat.contains(&e) {
            flat.push(e);
        }
    }
}
