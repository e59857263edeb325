//! The one table of keywords: where each may stand, with which arguments, how often, and what it means.
//!
//! Drives the structural check, "did you mean", completion, hover and the generated reference alike. Must not evaluate
//! anything. Called by `resolve`, `eval`, `cli::explain` and the reference test.

mod actions;
mod around;
mod check;
pub mod errors;
mod reference;
mod release;
mod stages;
mod things;

pub use check::check;
pub use reference::reference;

/// A block: the kind of place statements stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // each is the block of the keyword of its name
pub enum Block {
    Module,
    Person,
    Role,
    Environment,
    Artifact,
    Channel,
    Calendar,
    Freeze,
    Blackout,
    OnDuty,
    Metric,
    Gate,
    Action,
    Prior,
    Undo,
    Retry,
    Capture,
    Command,
    Ladder,
    Rollout,
    RolloutStep,
    Procedure,
    Checklist,
    Item,
    Policy,
    Release,
    Window,
    Tested,
    Change,
    RiskItem,
    Lock,
    Approval,
    Duties,
    Decision,
    DecisionOption,
    Stage,
    Phase,
    Steps,
    Hold,
    Impact,
    Trigger,
    Notify,
    Escalate,
    Override,
    Obligation,
    Do,
    Run,
    Manual,
    WaitFor,
    Verify,
    Wait,
    Tell,
    Rollback,
    OnFailure,
    Allow,
    Because,
}

/// What an argument must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ty {
    /// A new name, `snake_case`.
    Name,
    /// A text.
    Text,
    /// A version: a text or a whole number.
    Version,
    /// A whole number.
    Int,
    /// A share.
    Percent,
    /// A duration.
    Dur,
    /// `true` or `false`.
    Bool,
    /// A date.
    Date,
    /// A date and a time.
    DateTime,
    /// An offset from the start, `T+30m`.
    Offset,
    /// Any value.
    Value,
    /// Shortest and longest, `10s .. 1m`, or one duration for both.
    DurRange,
    /// Days of the week: `mon .. fri`, or a list.
    Days,
    /// Times of day: `09:00 .. 17:00`.
    Hours,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A person, or a parameter of kind `person`.
    Person,
    /// A role.
    Role,
    /// A role or a person.
    RoleOrPerson,
    /// An environment.
    Environment,
    /// An artifact.
    Artifact,
    /// A channel.
    Channel,
    /// A channel or a role.
    ChannelOrRole,
    /// A calendar.
    Calendar,
    /// A checklist.
    Checklist,
    /// A gate.
    Gate,
    /// A gate or an artifact.
    GateOrArtifact,
    /// An approval.
    Approval,
    /// An approval or a gate.
    ApprovalOrGate,
    /// `author`, `executors` or an approval.
    DistinctFrom,
    /// A seat: `author`, `executor(STAGE)`, `executors`, `approvers`, an approval or a decision.
    Seat,
    /// A stage, a phase, a group of stages, or a decision.
    Stage,
    /// Stages: one, or a range `A .. B`.
    StageRange,
    /// A condition over parameters, decisions, outcomes and captures.
    Condition,
    /// A condition over metrics.
    MetricCondition,
    /// A condition of an option: over metrics, or over parameters and captures.
    EitherCondition,
    /// An action with its arguments.
    Action,
    /// A procedure with its arguments.
    Procedure,
    /// A named rollout with its arguments.
    Ladder,
    /// A shell command.
    Command,
    /// A regular expression.
    Regex,
    /// `aws(…)` or `http(…)`.
    Task,
    /// `allow("service:Action", on: "arn")`.
    Permit,
    /// A key: what is touched, hierarchical at `:`.
    Key,
    /// A key, or `nothing`.
    KeyOrNothing,
    /// A moment: `started`, `failed(STAGE)`.
    Moment,
    /// What follows: `proceed`, `rollback`, `rollback(STAGE)`, `pause`, `stop`, `continue`, `restart(STAGE, at_most: N)`, `escalate(CHANNEL)`.
    Outcome,
    /// What follows, or a decision.
    OutcomeOrDecision,
    /// How a run begins: a role, `schedule("cron", zone: "…")` or `completed("workflow")`.
    StartedBy,
    /// The name of a diagnostic, `"group/name"`.
    Code,
    /// `name in list`
    In,
    /// An expression of a policy.
    PolicyExpr,
    /// A number of approvals, or `all`.
    Quorum,
    /// `run "…"` or an action.
    UndoAction,
}

impl Ty {
    /// What people call it.
    pub fn words(self) -> String {
        let s = match self {
            Ty::Name => "a name",
            Ty::Text => "a text",
            Ty::Version => "a version",
            Ty::Int => "a whole number",
            Ty::Percent => "a percentage",
            Ty::Dur => "a duration",
            Ty::Bool => "`true` or `false`",
            Ty::Date => "a date",
            Ty::DateTime => "a date and time",
            Ty::Offset => "an offset such as `T+30m`",
            Ty::Value => "a value",
            Ty::DurRange => "a duration, or a range of two",
            Ty::Days => "days such as `mon .. fri`",
            Ty::Hours => "hours such as `09:00 .. 17:00`",
            Ty::Words(w) => {
                let w: Vec<_> = w.iter().map(|w| format!("`{w}`")).collect();
                return match w.as_slice() {
                    [one] => one.clone(),
                    [init @ .., last] => format!("{} or {last}", init.join(", ")),
                    [] => String::new(),
                };
            }
            Ty::Person => "a person",
            Ty::Role => "a role",
            Ty::RoleOrPerson => "a role or a person",
            Ty::Environment => "an environment",
            Ty::Artifact => "an artifact",
            Ty::Channel => "a channel",
            Ty::ChannelOrRole => "a channel or a role",
            Ty::Calendar => "a calendar",
            Ty::Checklist => "a checklist",
            Ty::Gate => "a gate",
            Ty::GateOrArtifact => "a gate or an artifact",
            Ty::Approval => "an approval",
            Ty::ApprovalOrGate => "an approval or a gate",
            Ty::DistinctFrom => "`author`, `executors` or an approval",
            Ty::Seat => "a seat: `author`, `executor(STAGE)`, `approvers`, an approval or a decision",
            Ty::Stage => "a stage, a phase or a decision",
            Ty::StageRange => "a stage, or a range `A .. B`",
            Ty::Condition => "a condition",
            Ty::MetricCondition | Ty::EitherCondition => "a condition over metrics",
            Ty::Action => "an action with its arguments",
            Ty::Procedure => "a procedure with its arguments",
            Ty::Ladder => "a named rollout",
            Ty::Command => "a command, as text",
            Ty::Regex => "a regular expression, as text",
            Ty::Task => "`aws(…)` or `http(…)`",
            Ty::Permit => "`allow(\"service:Action\", on: \"arn\")`",
            Ty::Key => "a key such as `\"lambda:name\"`",
            Ty::KeyOrNothing => "a key such as `\"lambda:name\"`, or `nothing`",
            Ty::Moment => "a moment such as `started` or `failed(STAGE)`",
            Ty::Outcome => "what follows: `rollback`, `rollback(STAGE)`, `pause`, `stop`, …",
            Ty::OutcomeOrDecision => "what follows: `rollback`, `pause`, `stop`, `continue` or a decision",
            Ty::StartedBy => "a role, `schedule(…)` or `completed(…)`",
            Ty::Code => "the name of a diagnostic, `\"group/name\"`",
            Ty::In => "`name in list`",
            Ty::PolicyExpr => "a condition over the plan",
            Ty::Quorum => "a number, or `all`",
            Ty::UndoAction => "an action, `run \"…\"` or `manual \"…\"`",
        };
        s.to_string()
    }
}

/// How many values an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Exactly one.
    One,
    /// One or none.
    Optional,
    /// One or more, the last argument of its statement.
    Many,
}

/// An argument of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arg {
    /// What the reference calls it, in capitals.
    pub name: &'static str,
    /// What it must be.
    pub ty: Ty,
    /// How many.
    pub count: Count,
}

/// What may stand in braces after the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    None,
    /// A block, or nothing.
    Optional(Block),
    /// A block.
    Required(Block),
}

impl Body {
    /// The kind of block, when one may stand there.
    pub fn block(self) -> Option<Block> {
        match self {
            Body::None => None,
            Body::Optional(b) | Body::Required(b) => Some(b),
        }
    }
}

/// How often a statement may stand in its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occurs {
    /// Exactly once.
    Once,
    /// At most once.
    Optional,
    /// Any number of times.
    Many,
    /// At least once.
    OneOrMore,
}

/// The form of a statement that is not `keyword arguments`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormSpec {
    /// `keyword argument, … { … }`
    Plain,
    /// `use`
    Use,
    /// `param name: type = default`
    Param,
    /// `let name = value`
    Let,
    /// `capture name: type { … }`
    Capture,
    /// A definition, which may take parameters: `action name(p: type) { … }`
    Define,
}

/// A statement: one row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// The keyword.
    pub keyword: &'static str,
    /// Its form.
    pub form: FormSpec,
    /// Its arguments.
    pub args: &'static [Arg],
    /// Its block.
    pub body: Body,
    /// How often it may stand in its block.
    pub occurs: Occurs,
    /// One line for people.
    pub doc: &'static str,
}

impl Block {
    /// The statements that may stand in the block.
    pub fn statements(self) -> &'static [Statement] {
        match self {
            Block::Module => things::MODULE,
            Block::Person => things::PERSON,
            Block::Role => things::ROLE,
            Block::Environment => things::ENVIRONMENT,
            Block::Artifact => things::ARTIFACT,
            Block::Channel => things::CHANNEL,
            Block::Calendar => things::CALENDAR,
            Block::Freeze => things::FREEZE,
            Block::Blackout => things::BLACKOUT,
            Block::OnDuty => things::ON_DUTY,
            Block::Metric => things::METRIC,
            Block::Gate => things::GATE,
            Block::Checklist => things::CHECKLIST,
            Block::Item => things::ITEM,
            Block::Policy => things::POLICY,
            Block::Action => actions::ACTION,
            Block::Prior => actions::PRIOR,
            Block::Undo => actions::UNDO,
            Block::Retry => actions::RETRY,
            Block::Capture => actions::CAPTURE,
            Block::Command => actions::COMMAND,
            Block::Ladder => stages::LADDER,
            Block::Rollout => stages::ROLLOUT,
            Block::RolloutStep => stages::ROLLOUT_STEP,
            Block::Procedure => stages::PROCEDURE,
            Block::Release => release::RELEASE,
            Block::Window => release::WINDOW,
            Block::Tested => release::TESTED,
            Block::Change => release::CHANGE,
            Block::RiskItem => release::RISK_ITEM,
            Block::Lock => release::LOCK,
            Block::Approval => release::APPROVAL,
            Block::Duties => release::DUTIES,
            Block::Decision => release::DECISION,
            Block::DecisionOption => release::OPTION,
            Block::Stage => stages::STAGE,
            Block::Phase => stages::PHASE,
            Block::Steps => stages::STEPS,
            Block::Rollback => stages::ROLLBACK,
            Block::OnFailure => stages::ON_FAILURE,
            Block::Do => stages::DO,
            Block::Run => stages::RUN,
            Block::Manual => stages::MANUAL,
            Block::WaitFor => stages::WAIT_FOR,
            Block::Verify | Block::Wait | Block::Tell => stages::WAIT,
            Block::Hold => around::HOLD,
            Block::Impact => around::IMPACT,
            Block::Trigger => around::TRIGGER,
            Block::Notify => around::NOTIFY,
            Block::Escalate => around::ESCALATE,
            Block::Override => around::OVERRIDE,
            Block::Obligation => around::OBLIGATION,
            Block::Allow => around::ALLOW,
            Block::Because => around::BECAUSE,
        }
    }

    /// The row of a keyword in this block.
    pub fn statement(self, keyword: &str) -> Option<&'static Statement> {
        self.statements().iter().find(|s| s.keyword == keyword)
    }

    /// What people call the block: the keyword it follows.
    pub fn name(self) -> &'static str {
        match self {
            Block::Module => "the file",
            Block::Person => "person",
            Block::Role => "role",
            Block::Environment => "environment",
            Block::Artifact => "artifact",
            Block::Channel => "channel",
            Block::Calendar => "calendar",
            Block::Freeze => "freeze",
            Block::Blackout => "blackout",
            Block::OnDuty => "on_duty",
            Block::Metric => "metric",
            Block::Gate => "gate",
            Block::Action => "action",
            Block::Prior => "prior",
            Block::Undo => "undo",
            Block::Retry => "retry",
            Block::Capture => "capture",
            Block::Command => "command",
            Block::Ladder => "rollout",
            Block::Rollout => "rollout of a stage",
            Block::RolloutStep => "step",
            Block::Procedure => "procedure",
            Block::Checklist => "checklist",
            Block::Item => "item",
            Block::Policy => "policy",
            Block::Release => "release",
            Block::Window => "window",
            Block::Tested => "tested",
            Block::Change => "change",
            Block::RiskItem => "risk_item",
            Block::Lock => "lock",
            Block::Approval => "approval",
            Block::Duties => "duties",
            Block::Decision => "decision",
            Block::DecisionOption => "option",
            Block::Stage => "stage",
            Block::Phase => "phase",
            Block::Steps => "steps",
            Block::Hold => "hold",
            Block::Impact => "impact",
            Block::Trigger => "trigger",
            Block::Notify => "notify",
            Block::Escalate => "escalate",
            Block::Override => "override",
            Block::Obligation => "obligation",
            Block::Do => "do",
            Block::Run => "run",
            Block::Manual => "manual",
            Block::WaitFor => "wait_for",
            Block::Verify => "verify",
            Block::Wait => "wait",
            Block::Tell => "tell",
            Block::Rollback => "rollback",
            Block::OnFailure => "on_failure",
            Block::Allow => "allow",
            Block::Because => "continue",
        }
    }

    /// Every block, in the order of the reference.
    pub const ALL: &[Block] = &[
        Block::Module,
        Block::Person,
        Block::Role,
        Block::Environment,
        Block::Artifact,
        Block::Channel,
        Block::Calendar,
        Block::Freeze,
        Block::Blackout,
        Block::OnDuty,
        Block::Metric,
        Block::Gate,
        Block::Checklist,
        Block::Item,
        Block::Policy,
        Block::Action,
        Block::Prior,
        Block::Undo,
        Block::Retry,
        Block::Capture,
        Block::Command,
        Block::Ladder,
        Block::Procedure,
        Block::Release,
        Block::Window,
        Block::Tested,
        Block::Change,
        Block::RiskItem,
        Block::Lock,
        Block::Approval,
        Block::Duties,
        Block::Decision,
        Block::DecisionOption,
        Block::Stage,
        Block::Phase,
        Block::Rollout,
        Block::RolloutStep,
        Block::Rollback,
        Block::OnFailure,
        Block::Steps,
        Block::Do,
        Block::Run,
        Block::Manual,
        Block::WaitFor,
        Block::Wait,
        Block::Hold,
        Block::Impact,
        Block::Trigger,
        Block::Notify,
        Block::Escalate,
        Block::Override,
        Block::Obligation,
        Block::Allow,
        Block::Because,
    ];
}

/// `row!` writes one row of the table.
macro_rules! row {
    ($kw:literal $form:ident [$($an:literal $at:expr => $ac:ident),*] $body:expr, $occ:ident, $doc:literal) => {
        $crate::schema::Statement {
            keyword: $kw,
            form: $crate::schema::FormSpec::$form,
            args: &[$($crate::schema::Arg { name: $an, ty: $at, count: $crate::schema::Count::$ac }),*],
            body: $body,
            occurs: $crate::schema::Occurs::$occ,
            doc: $doc,
        }
    };
}
pub(crate) use row;
