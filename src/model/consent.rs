//! Who says yes to what: approvals, decisions, duties, checklists, overrides.

use crate::model::{
    Act, ApprovalId, Cond, DecisionId, Dur, FailureOutcome, GateId, NotifyTarget, Origin, Question, RoleId,
    RoleOrPerson, StageId, Text,
};
use smol_str::SmolStr;

/// Preparations that are ticked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checklist {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// A line for people.
    pub title: Text,
    /// Its items.
    pub items: Vec<ChecklistItem>,
}

/// An item of a checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChecklistItem {
    /// What must be so.
    pub what: Text,
    /// Who ticks it.
    pub owner: Option<RoleId>,
    /// When it applies.
    pub when: Cond,
    /// What shows it.
    pub evidence: Option<Text>,
    /// A command that checks it.
    pub check: Option<Box<Act>>,
    /// Where it is written.
    pub origin: Origin,
}

/// How many must say yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quorum {
    /// So many.
    Count(u32),
    /// Everyone who may.
    All,
}

/// When an approval passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Passes {
    /// The quorum said yes and nobody said no.
    Unanimous,
    /// More said yes than no.
    Majority,
}

/// Whom an approver must differ from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DistinctFrom {
    /// `author`
    Author,
    /// `executors`
    Executors,
    /// Another approval.
    Approval(ApprovalId),
}

/// What a rejection means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalOutcome {
    /// Everything that began is undone (the default).
    Rollback,
    /// The run stops.
    Stop,
    /// A stage runs again.
    Restart(StageId, u32),
}

/// Permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// A line for people.
    pub title: Text,
    /// Who may say yes.
    pub from: Vec<(RoleOrPerson, Origin)>,
    /// How many must.
    pub quorum: Quorum,
    /// Where `quorum` is written.
    pub quorum_origin: Option<Origin>,
    /// When it passes.
    pub passes: Passes,
    /// Whether `passes` is written.
    pub passes_written: Option<Origin>,
    /// Whom approvers must differ from.
    pub distinct_from: Vec<(DistinctFrom, Origin)>,
    /// What the approver must be able to see first.
    pub after: Vec<(StageId, Origin)>,
    /// Decisions that come first.
    pub after_decisions: Vec<(DecisionId, Origin)>,
    /// How long a vote stays open.
    pub open_for: Option<Dur>,
    /// How long the approvers may take.
    pub within: Option<Dur>,
    /// How long a grant stays good.
    pub valid: Option<Dur>,
    /// What they leave behind.
    pub evidence: Option<Text>,
    /// What a rejection means.
    pub otherwise: ApprovalOutcome,
    /// Where `otherwise` is written.
    pub otherwise_origin: Option<Origin>,
    /// When it applies.
    pub when: Cond,
}

/// A seat: a place that a person fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Seat {
    /// `author`
    Author,
    /// `executor(STAGE)`
    Executor(StageId),
    /// The seats of an approval.
    Approval(ApprovalId),
    /// `approvers`: the seats of every approval.
    Approvers,
    /// `executors`: of every stage.
    Executors,
    /// Who decides.
    Decision(DecisionId),
}

/// A rule of `duties`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DutyRule {
    /// `distinct SEATS`
    Distinct(Vec<Seat>, Origin),
    /// `same SEATS`
    Same(Vec<Seat>, Origin),
    /// `at_most N, SEATS`
    AtMost(u32, Vec<Seat>, Origin),
    /// `at_least N, SEATS`
    AtLeast(u32, Vec<Seat>, Origin),
}

impl DutyRule {
    /// The seats the rule speaks of.
    pub fn seats(&self) -> &[Seat] {
        match self {
            DutyRule::Distinct(s, _)
            | DutyRule::Same(s, _)
            | DutyRule::AtMost(_, s, _)
            | DutyRule::AtLeast(_, s, _) => s,
        }
    }

    /// Where it is written.
    pub fn origin(&self) -> &Origin {
        match self {
            DutyRule::Distinct(_, o)
            | DutyRule::Same(_, o)
            | DutyRule::AtMost(_, _, o)
            | DutyRule::AtLeast(_, _, o) => o,
        }
    }
}

/// A choice of path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// The question.
    pub question: Question,
    /// What must have ended first.
    pub after: Vec<(StageId, Origin)>,
    /// Its options, two or more.
    pub options: Vec<DecisionOption>,
    /// The option taken when nobody answers.
    pub default: Option<usize>,
    /// When it applies.
    pub when: Cond,
}

/// `option NAME { if EXPR; then … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionOption {
    /// Its name.
    pub name: SmolStr,
    /// A line for people.
    pub title: Text,
    /// Taken without asking when it holds.
    pub test: Option<OptionTestExpr>,
    /// What follows.
    pub then: OptionOutcome,
    /// Where it is written.
    pub origin: Origin,
}

/// The condition of an option: over metrics, or over parameters and captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionTestExpr {
    /// Over metrics.
    Metrics(crate::model::MetricExpr),
    /// Over parameters and captures.
    Cond(Cond),
}

/// What follows an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionOutcome {
    /// The run goes on (the default).
    Proceed,
    /// Anything a failure can lead to.
    Then(FailureOutcome),
}

/// A declared break-glass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// Approvals it removes.
    pub approvals: Vec<(ApprovalId, Origin)>,
    /// Gates it removes.
    pub gates: Vec<(GateId, Origin)>,
    /// Who may use it.
    pub by: Vec<(RoleOrPerson, Origin)>,
    /// How many must.
    pub quorum: u32,
    /// A reason must be given.
    pub because_required: bool,
    /// Who is told.
    pub notify: Vec<NotifyTarget>,
}
