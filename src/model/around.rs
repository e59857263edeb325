//! What stands around the stages: the change request, phases, holds, impacts, messages, obligations, accepted findings.

use crate::model::{ChannelId, Cond, Dur, Origin, RoleId, RoleOrPerson, StageId, Step, Text};
use jiff::civil;
use smol_str::SmolStr;

/// What kind of change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeType {
    /// `standard`
    Standard,
    /// `normal`
    Normal,
    /// `emergency`
    Emergency,
}

impl ChangeType {
    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            ChangeType::Standard => "standard",
            ChangeType::Normal => "normal",
            ChangeType::Emergency => "emergency",
        }
    }
}

/// Low, medium or high.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// `low`
    Low,
    /// `medium`
    Medium,
    /// `high`
    High,
}

impl Level {
    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
        }
    }
}

/// The change request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `CR-2026-06-01`
    pub id: Text,
    /// Where it is written.
    pub origin: Origin,
    /// What kind of change it is.
    pub kind: ChangeType,
    /// How risky it is.
    pub risk: Level,
    /// Why it is made.
    pub justification: Option<Text>,
    /// What it brings, against what it costs.
    pub benefit: Option<Text>,
    /// What it does to users.
    pub impact: Option<Text>,
    /// What it touches.
    pub components: Vec<Text>,
    /// How long users are without the service.
    pub downtime: Option<Dur>,
    /// Address of the ticket.
    pub ticket: Option<Text>,
    /// What can go wrong.
    pub risks: Vec<RiskItem>,
}

/// `risk_item "…" { likelihood; impact; mitigation }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskItem {
    /// What can go wrong.
    pub what: Text,
    /// How likely.
    pub likelihood: Option<Level>,
    /// How bad.
    pub impact: Option<Level>,
    /// What is done about it.
    pub mitigation: Option<Text>,
    /// Where it is written.
    pub origin: Origin,
}

/// A group of stages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// A line for people.
    pub title: Text,
    /// Its stages, in order.
    pub stages: Vec<StageId>,
    /// One at a time.
    pub serial: bool,
}

/// Something switched off, locked or frozen that must be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// A line for people.
    pub title: Text,
    /// The first stage of `during A .. B`.
    pub from: StageId,
    /// The last stage.
    pub to: StageId,
    /// Where `during` is written.
    pub during_origin: Origin,
    /// What is done to enter it.
    pub enter: Vec<Step>,
    /// What is done to leave it.
    pub exit: Vec<Step>,
    /// How long it may last.
    pub at_most: Option<(Dur, Origin)>,
    /// Who answers for it.
    pub owner: Option<RoleId>,
}

/// What users notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    /// What they notice.
    pub what: Text,
    /// The stages it lasts.
    pub during: Vec<StageId>,
    /// How long it may last.
    pub at_most: Option<Dur>,
    /// Where it is written.
    pub origin: Origin,
}

/// A moment of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Which kind.
    pub kind: MomentKind,
    /// The stage it is of; `None` is the run's own.
    pub stage: Option<StageId>,
    /// Every stage's.
    pub each: bool,
    /// Where it is written.
    pub origin: Origin,
}

/// Kinds of moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MomentKind {
    /// `scheduled`
    Scheduled,
    /// `started`
    Started,
    /// `finished`
    Finished,
    /// `failed`
    Failed,
    /// `rolled_back`
    RolledBack,
    /// `paused`
    Paused,
    /// `stopped`
    Stopped,
    /// `needs_help`
    NeedsHelp,
    /// `approved`
    Approved,
    /// `rejected`
    Rejected,
}

impl MomentKind {
    /// All kinds with their words.
    pub const ALL: [(MomentKind, &'static str); 10] = [
        (MomentKind::Scheduled, "scheduled"),
        (MomentKind::Started, "started"),
        (MomentKind::Finished, "finished"),
        (MomentKind::Failed, "failed"),
        (MomentKind::RolledBack, "rolled_back"),
        (MomentKind::Paused, "paused"),
        (MomentKind::Stopped, "stopped"),
        (MomentKind::NeedsHelp, "needs_help"),
        (MomentKind::Approved, "approved"),
        (MomentKind::Rejected, "rejected"),
    ];

    /// The word of the language.
    pub fn word(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotifyTarget {
    /// A channel.
    Channel(ChannelId),
    /// A role.
    Role(RoleId),
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// Who is told.
    pub to: NotifyTarget,
    /// When.
    pub on: Vec<Moment>,
    /// How long before.
    pub lead: Option<(Dur, Origin)>,
    /// What; a standard sentence when not written.
    pub message: Option<Text>,
    /// Who answers for it.
    pub owner: Option<RoleId>,
    /// When it applies.
    pub when: Cond,
    /// Where it is written.
    pub origin: Origin,
}

/// A call for help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalate {
    /// Where.
    pub channel: ChannelId,
    /// When.
    pub on: Vec<Moment>,
    /// After how long without an answer.
    pub unanswered: Option<Dur>,
    /// How bad.
    pub severity: Option<SmolStr>,
    /// Who is called then.
    pub to: Option<RoleOrPerson>,
    /// Where it is written.
    pub origin: Origin,
}

/// Work owed afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// What.
    pub what: Text,
    /// Who owes it.
    pub owner: RoleId,
    /// By when, after the end (or after `on`).
    pub due: Dur,
    /// Who takes part.
    pub attendees: Vec<RoleId>,
    /// When it applies.
    pub when: Cond,
    /// After which moments; the end of the run when empty.
    pub on: Vec<Moment>,
    /// Where it is written.
    pub origin: Origin,
}

/// `allow "group/name" { because; until }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// What is accepted.
    pub code: SmolStr,
    /// Why.
    pub because: Option<Text>,
    /// Until when.
    pub until: Option<civil::Date>,
    /// The `allow` statement.
    pub origin: Origin,
    /// The statement it stands in: findings inside it are accepted.
    pub scope: crate::source::Span,
}
