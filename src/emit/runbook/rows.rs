//! The rows of the tables around the work: plain texts, ready for a template.
//!
//! Filled by `around`; must not decide anything.

use serde::Serialize;

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident { $($field:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize)]
        pub(in crate::emit::runbook) struct $name {
            $(pub $field: String,)*
        }
    )*};
}

rows! {
    /// An environment.
    Place { name, kind, region, account, iac, url, classification, encryption, note }
    /// What speaks for the time that was chosen.
    Criterion { what, holds }
    /// An item of a checklist.
    Item { what, owner, evidence, check, command, when }
    /// A message.
    Message { to, first, utc, local, moment, lead, message, owner }
    /// A call for help.
    Escalation { channel, moment, unanswered, severity, to }
    /// An approval.
    ApprovalRow { name, from, quorum, distinct, asked, within, valid, guards, otherwise, evidence, when }
    /// An option of a decision.
    OptionRow { name, test, then }
    /// A break-glass.
    OverrideRow { name, skips, by, told, reason }
    /// A person and how to reach them.
    Contact { name, roles, email, slack, phone, github }
    /// An artifact.
    ArtifactRow { name, version, digest, store, signed_by, classification }
    /// A tool that the work calls.
    ToolRow { name, used }
    /// A secret that the work reads.
    SecretRow { name, used }
    /// A risk.
    Risk { what, likelihood, impact, mitigation }
    /// What users notice.
    ImpactRow { what, during, at_most }
    /// A time in which nothing may be released.
    Closed { what, when, environments }
    /// Who is on duty when.
    Watch { role, days, hours, zone }
    /// Work owed.
    Duty { what, owner, due, attendees, when }
    /// A policy.
    PolicyRow { name, because, rules }
    /// A finding.
    Finding { severity, code, message, place }
    /// An accepted finding.
    Accepted { code, because, until, place }
    /// An input of the run.
    Input { name, kind, doc, default }
}

/// A checklist.
#[derive(Debug, Clone, Serialize)]
pub(in crate::emit::runbook) struct List {
    pub title: String,
    pub before: String,
    pub items: Vec<Item>,
}

/// A decision.
#[derive(Debug, Clone, Serialize)]
pub(in crate::emit::runbook) struct DecisionCard {
    pub name: String,
    pub ask: String,
    pub by: String,
    pub expect: String,
    pub within: String,
    pub default: String,
    pub options: Vec<OptionRow>,
}

/// A trigger.
#[derive(Debug, Clone, Serialize)]
pub(in crate::emit::runbook) struct TriggerRow {
    pub name: String,
    pub test: String,
    pub over: String,
    pub during: String,
    pub then: String,
    pub first: Vec<Action>,
}

/// A hold.
#[derive(Debug, Clone, Serialize)]
pub(in crate::emit::runbook) struct HoldCard {
    pub title: String,
    pub during: String,
    pub at_most: String,
    pub owner: String,
    pub enter: Vec<Action>,
    pub exit: Vec<Action>,
}

/// One thing that is done.
#[derive(Debug, Clone, Serialize)]
pub(in crate::emit::runbook) struct Action {
    pub action: String,
    pub owner: String,
    pub when: String,
    pub records: Vec<Record>,
    pub command: String,
    pub console: String,
    pub expect: String,
}

/// What is recorded just before a step.
#[derive(Debug, Clone, Serialize)]
pub(in crate::emit::runbook) struct Record {
    pub name: String,
    pub command: String,
}
