//! The table: what stands around the stages.

use crate::schema::{Block, Body, Statement, Ty, row};

pub(crate) const HOLD: &[Statement] = &[
    row!("title" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "A line for people."),
    row!("around" Plain ["ACTION" Ty::Action => One] Body::None, Optional, "Entered by this action, left by what it is paired with."),
    row!("enter" Plain [] Body::Required(Block::Steps), Optional, "How it is entered."),
    row!("exit" Plain [] Body::Required(Block::Steps), Optional, "How it is left, on every way out."),
    row!("during" Plain ["STAGES" Ty::StageRange => One] Body::None, Once, "The stages it spans."),
    row!("at_most" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "How long it may last."),
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who answers for it."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];

pub(crate) const IMPACT: &[Statement] = &[
    row!("during" Plain ["STAGES" Ty::StageRange => One] Body::None, Once, "The stages it lasts."),
    row!("at_most" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "How long it may last."),
];

pub(crate) const TRIGGER: &[Statement] = &[
    row!("when" Plain ["CONDITION" Ty::MetricCondition => One] Body::None, Optional, "It acts when this holds of the metrics."),
    row!("ask" Plain ["QUESTION" Ty::Text => One] Body::None, Optional, "It acts when a person says so."),
    row!("by" Plain ["WHO" Ty::RoleOrPerson => Many] Body::None, Optional, "Who says so; the owner when not said."),
    row!("expect" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "The criterion."),
    row!("over" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "The span a metric is judged over."),
    row!("during" Plain ["STAGES" Ty::StageRange => One] Body::None, Once, "The stages it watches."),
    row!("tell" Plain ["CHANNEL" Ty::Channel => One, "MESSAGE" Ty::Text => One] Body::Optional(Block::Tell), Many, "Sends a message first."),
    row!("then" Plain ["OUTCOME" Ty::Outcome => One] Body::Optional(Block::Because), Once, "What it does."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];

pub(crate) const NOTIFY: &[Statement] = &[
    row!("on" Plain ["MOMENT" Ty::Moment => Many] Body::None, OneOrMore, "When they are told."),
    row!("lead" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "How long before."),
    row!("message" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "What they are told; a standard sentence when not said."),
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who answers for it."),
    row!("when" Plain ["CONDITION" Ty::Condition => One] Body::None, Optional, "When it applies."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];

pub(crate) const ESCALATE: &[Statement] = &[
    row!("on" Plain ["MOMENT" Ty::Moment => Many] Body::None, OneOrMore, "When help is called."),
    row!("unanswered" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "After how long without an answer."),
    row!("severity" Plain ["LEVEL" Ty::Words(&["low", "medium", "high", "critical"]) => One] Body::None, Optional, "How bad it is."),
    row!("to" Plain ["WHO" Ty::RoleOrPerson => One] Body::None, Optional, "Who is called."),
];

pub(crate) const OVERRIDE: &[Statement] = &[
    row!("skips" Plain ["WHAT" Ty::ApprovalOrGate => Many] Body::None, OneOrMore, "Approvals and gates it removes."),
    row!("by" Plain ["WHO" Ty::RoleOrPerson => Many] Body::None, Once, "Who may use it."),
    row!("quorum" Plain ["N" Ty::Int => One] Body::None, Optional, "How many must."),
    row!("because" Plain ["REQUIRED" Ty::Words(&["required", "optional"]) => One] Body::None, Optional, "Whether a reason must be given."),
    row!("notify" Plain ["WHO" Ty::ChannelOrRole => Many] Body::None, Many, "Who is told."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];

pub(crate) const OBLIGATION: &[Statement] = &[
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Once, "Who owes it."),
    row!("due" Plain ["DURATION" Ty::Dur => One] Body::None, Once, "By when, counted from the end."),
    row!("attendees" Plain ["ROLE" Ty::Role => Many] Body::None, Many, "Who takes part."),
    row!("when" Plain ["CONDITION" Ty::Condition => One] Body::None, Optional, "When it applies."),
    row!("on" Plain ["MOMENT" Ty::Moment => Many] Body::None, Optional, "After which moments; the end of the run when not said."),
];

pub(crate) const ALLOW: &[Statement] = &[
    row!("because" Plain ["WHY" Ty::Text => One] Body::None, Once, "Why it is accepted; printed in the runbook."),
    row!("until" Plain ["DATE" Ty::Date => One] Body::None, Optional, "Until when, compared with the plan's start."),
];

pub(crate) const BECAUSE: &[Statement] =
    &[row!("because" Plain ["WHY" Ty::Text => One] Body::None, Optional, "Why.")];
