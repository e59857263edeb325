//! The table: the release and its decisions and permissions.

use crate::schema::{Block, Body, Statement, Ty, row};

pub(crate) const RELEASE: &[Statement] = &[
    row!("title" Plain ["TEXT" Ty::Text => One] Body::None, Once, "A line for people."),
    row!("version" Plain ["VERSION" Ty::Version => One] Body::None, Once, "What is released."),
    row!("replaces" Plain ["VERSION" Ty::Version => One] Body::None, Optional, "What it replaces."),
    row!("author" Plain ["PERSON" Ty::Person => Many] Body::None, Once, "Who wrote the change: people, or a parameter of kind `person`."),
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Once, "Who answers for the release."),
    row!("in" Plain ["ENVIRONMENT" Ty::Environment => One] Body::None, Once, "The environment of every stage that names none."),
    row!("calendar" Plain ["CALENDAR" Ty::Calendar => One] Body::None, Optional, "Its calendar."),
    row!("window" Plain [] Body::Required(Block::Window), Optional, "When it may take place."),
    row!("start" Plain ["TIME" Ty::DateTime => One] Body::None, Optional, "When T is; the window's opening, else when someone starts it."),
    row!("started_by" Plain ["HOW" Ty::StartedBy => One] Body::None, Optional, "How a run begins."),
    row!("since" Plain ["PLAN" Ty::Text => One] Body::None, Optional, "The plan last approved: a path or a Git revision."),
    row!("lock" Plain ["NAME" Ty::Text => One] Body::Optional(Block::Lock), Many, "Runs that share the lock never overlap."),
    row!("summary" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "A paragraph for people."),
    row!("docs" Plain ["URL" Ty::Text => Many] Body::None, Many, "Where more is written."),
    row!("tested" Plain [] Body::Required(Block::Tested), Optional, "The rehearsal of the whole plan and its undos."),
    row!("on_failure" Plain [] Body::Required(Block::OnFailure), Optional, "What a failure means, for stages that do not say."),
    row!("change" Plain ["ID" Ty::Text => One] Body::Required(Block::Change), Optional, "The change request."),
    row!("checklist" Plain ["NAME" Ty::Name => One] Body::Required(Block::Checklist), Many, "Preparations that are ticked."),
    row!("approval" Plain ["NAME" Ty::Name => One] Body::Required(Block::Approval), Many, "Permission: who must say yes."),
    row!("duties" Plain [] Body::Required(Block::Duties), Many, "Separation of duties beyond approvals."),
    row!("decision" Plain ["NAME" Ty::Name => One] Body::Required(Block::Decision), Many, "A choice of path."),
    row!("gate" Plain ["NAME" Ty::Name => One] Body::Required(Block::Gate), Many, "A fact that must hold."),
    row!("stage" Plain ["NAME" Ty::Name => One] Body::Required(Block::Stage), Many, "A part of the work."),
    row!("phase" Plain ["NAME" Ty::Name => One] Body::Required(Block::Phase), Many, "A group of stages with common defaults."),
    row!("for" Plain ["NAME in LIST" Ty::In => One] Body::Required(Block::Release), Many, "Repeats its blocks over a list known at compile time."),
    row!("serial" Plain ["YES" Ty::Bool => Optional] Body::None, Optional, "In a `for`: each repetition waits for the one before."),
    row!("hold" Plain ["NAME" Ty::Name => One] Body::Required(Block::Hold), Many, "Something switched off, locked or frozen that must be restored."),
    row!("impact" Plain ["WHAT" Ty::Text => One] Body::Required(Block::Impact), Many, "What users notice."),
    row!("trigger" Plain ["NAME" Ty::Name => One] Body::Required(Block::Trigger), Many, "A standing condition."),
    row!("notify" Plain ["WHO" Ty::ChannelOrRole => One] Body::Required(Block::Notify), Many, "Who is told, and when."),
    row!("escalate" Plain ["CHANNEL" Ty::Channel => One] Body::Required(Block::Escalate), Many, "Whom to call for help."),
    row!("override" Plain ["NAME" Ty::Name => One] Body::Required(Block::Override), Many, "A declared break-glass. Nothing else can be skipped."),
    row!("finally" Plain [] Body::Required(Block::Steps), Optional, "Steps at the end of every run, whatever its outcome."),
    row!("obligation" Plain ["WHAT" Ty::Text => One] Body::Required(Block::Obligation), Many, "Work owed afterwards."),
    row!("policy" Plain ["NAME" Ty::Name => One] Body::Optional(Block::Policy), Many, "A rule of the organisation; without a block, one that was imported."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding anywhere in the release."),
];

pub(crate) const WINDOW: &[Statement] = &[
    row!("opens" Plain ["TIME" Ty::DateTime => One] Body::None, Optional, "Its first moment."),
    row!("closes" Plain ["TIME" Ty::DateTime => One] Body::None, Optional, "The first moment after it."),
    row!("days" Plain ["DAYS" Ty::Days => Many] Body::None, Optional, "The days of a window that comes again."),
    row!("hours" Plain ["HOURS" Ty::Hours => One] Body::None, Optional, "The hours of a window that comes again."),
    row!("zone" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Time zone, as `\"America/New_York\"`; UTC when not said."),
    row!("covers" Plain ["STAGE" Ty::Stage => Many] Body::None, Optional, "The stages it covers; every stage in production when not said."),
    row!("because" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Why it was chosen, as that few people use the service then."),
];

pub(crate) const TESTED: &[Statement] = &[
    row!("in" Plain ["ENVIRONMENT" Ty::Environment => One] Body::None, Optional, "Where it was rehearsed."),
    row!("on" Plain ["DATE" Ty::Date => One] Body::None, Optional, "When it was rehearsed."),
    row!("evidence" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "What shows it."),
    row!("digest" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "The digest of what was rehearsed."),
];

pub(crate) const CHANGE: &[Statement] = &[
    row!("type" Plain ["TYPE" Ty::Words(&["standard", "normal", "emergency"]) => One] Body::None, Once, "What kind of change it is."),
    row!("risk" Plain ["LEVEL" Ty::Words(&["low", "medium", "high"]) => One] Body::None, Once, "How risky it is."),
    row!("justification" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Why it is made."),
    row!("benefit" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "What it brings, against what it costs."),
    row!("impact" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "What it does to users."),
    row!("components" Plain ["TEXT" Ty::Text => Many] Body::None, Many, "What it touches."),
    row!("downtime" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "How long users are without the service."),
    row!("ticket" Plain ["URL" Ty::Text => One] Body::None, Optional, "Address of the ticket."),
    row!("risk_item" Plain ["WHAT" Ty::Text => One] Body::Required(Block::RiskItem), Many, "Something that can go wrong."),
];

pub(crate) const RISK_ITEM: &[Statement] = &[
    row!("likelihood" Plain ["LEVEL" Ty::Words(&["low", "medium", "high"]) => One] Body::None, Optional, "How likely it is."),
    row!("impact" Plain ["LEVEL" Ty::Words(&["low", "medium", "high"]) => One] Body::None, Optional, "How bad it would be."),
    row!("mitigation" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "What is done about it."),
];

pub(crate) const LOCK: &[Statement] = &[
    row!("busy" Plain ["WHAT" Ty::Words(&["wait", "drop"]) => One] Body::None, Optional, "What a second run does; it waits when not said."),
];

pub(crate) const APPROVAL: &[Statement] = &[
    row!("title" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "A line for people."),
    row!("from" Plain ["WHO" Ty::RoleOrPerson => Many] Body::None, Once, "Who may say yes."),
    row!("quorum" Plain ["N" Ty::Quorum => One] Body::None, Optional, "How many must say yes, or `all`; one when not said."),
    row!("all" Plain [] Body::None, Optional, "Everyone who may must say yes."),
    row!("passes" Plain ["HOW" Ty::Words(&["unanimous", "majority"]) => One] Body::None, Optional, "Nobody said no (when not said), or more said yes than no."),
    row!("distinct_from" Plain ["WHOM" Ty::DistinctFrom => Many] Body::None, Many, "Whom an approver must differ from."),
    row!("after" Plain ["STAGE" Ty::Stage => Many] Body::None, Many, "What the approver must be able to see first."),
    row!("open_for" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "How long a vote stays open."),
    row!("within" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "How long the approvers may take; then it counts as a rejection."),
    row!("valid" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "How long a grant stays good."),
    row!("evidence" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "What the approvers leave behind."),
    row!("otherwise" Plain ["OUTCOME" Ty::Outcome => One] Body::None, Optional, "What a rejection means: `rollback` (when not said), `stop` or `restart(STAGE, at_most: N)`."),
    row!("when" Plain ["CONDITION" Ty::Condition => One] Body::None, Optional, "When it applies."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];

pub(crate) const DUTIES: &[Statement] = &[
    row!("distinct" Plain ["SEAT" Ty::Seat => Many] Body::None, Many, "No person may fill two of the seats."),
    row!("same" Plain ["SEAT" Ty::Seat => Many] Body::None, Many, "One person fills all of the seats."),
    row!("at_most" Plain ["N" Ty::Int => One, "SEAT" Ty::Seat => Many] Body::None, Many, "At most so many people fill the seats."),
    row!("at_least" Plain ["N" Ty::Int => One, "SEAT" Ty::Seat => Many] Body::None, Many, "At least so many people fill the seats."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];

pub(crate) const DECISION: &[Statement] = &[
    row!("ask" Plain ["QUESTION" Ty::Text => One] Body::None, Once, "The question."),
    row!("by" Plain ["WHO" Ty::RoleOrPerson => Many] Body::None, Optional, "Who decides; the owner when not said."),
    row!("expect" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "The criterion."),
    row!("after" Plain ["STAGE" Ty::Stage => Many] Body::None, Many, "What must have ended first."),
    row!("option" Plain ["NAME" Ty::Name => One] Body::Optional(Block::DecisionOption), OneOrMore, "A way to decide; two or more."),
    row!("within" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "How long it may take."),
    row!("default" Plain ["OPTION" Ty::Value => One] Body::None, Optional, "The option taken when nobody answers."),
    row!("capture" Capture [] Body::Optional(Block::Capture), Many, "Keeps the answer's words."),
    row!("console" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Where a person looks."),
    row!("evidence" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "What they leave behind."),
    row!("when" Plain ["CONDITION" Ty::Condition => One] Body::None, Optional, "When it applies."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];

pub(crate) const OPTION: &[Statement] = &[
    row!("title" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "A line for people."),
    row!("if" Plain ["CONDITION" Ty::EitherCondition => One] Body::None, Optional, "Taken without asking when it holds."),
    row!("then" Plain ["OUTCOME" Ty::Outcome => One] Body::Optional(Block::Because), Optional, "What follows; `proceed` when not said."),
];
