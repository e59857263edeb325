//! The table: modules, people, places and things.

use crate::schema::{Block, Body, Statement, Ty, row};

pub(crate) const MODULE: &[Statement] = &[
    row!("use" Use [] Body::None, Many, "Binds a module, or names of a module, in this file."),
    row!("param" Param [] Body::None, Many, "An input: fixed by the command line or a default, else asked for when a run starts."),
    row!("let" Let [] Body::None, Many, "A name for a value."),
    row!("assert" Plain ["CONDITION" Ty::Condition => One, "MESSAGE" Ty::Text => Optional] Body::None, Many, "What the inputs must satisfy."),
    row!("person" Plain ["NAME" Ty::Name => One] Body::Required(Block::Person), Many, "A person."),
    row!("role" Plain ["NAME" Ty::Name => One] Body::Required(Block::Role), Many, "A role and its members."),
    row!("environment" Define ["NAME" Ty::Name => One] Body::Required(Block::Environment), Many, "A place where stages run."),
    row!("artifact" Define ["NAME" Ty::Name => One] Body::Required(Block::Artifact), Many, "Something that is built, verified and shipped."),
    row!("channel" Define ["NAME" Ty::Name => One] Body::Required(Block::Channel), Many, "A way to send messages."),
    row!("calendar" Define ["NAME" Ty::Name => One] Body::Required(Block::Calendar), Many, "Working days, holidays, freezes and duty rosters."),
    row!("metric" Define ["NAME" Ty::Name => One] Body::Required(Block::Metric), Many, "A number that can be read while a run goes on."),
    row!("gate" Define ["NAME" Ty::Name => One] Body::Required(Block::Gate), Many, "A fact that must hold: metrics, a command, a job or an answer."),
    row!("action" Define ["NAME" Ty::Name => One] Body::Required(Block::Action), Many, "Something that can be done, with what it touches and how it is undone."),
    row!("rollout" Define ["NAME" Ty::Name => One] Body::Required(Block::Ladder), Many, "A named ladder of steps."),
    row!("procedure" Define ["NAME" Ty::Name => One] Body::Required(Block::Procedure), Many, "Stages that are used more than once."),
    row!("checklist" Define ["NAME" Ty::Name => One] Body::Required(Block::Checklist), Many, "Preparations that are ticked."),
    row!("policy" Define ["NAME" Ty::Name => One] Body::Required(Block::Policy), Many, "A rule of the organisation over any plan."),
    row!("release" Plain ["NAME" Ty::Name => One] Body::Required(Block::Release), Optional, "The release: stages and everything around them. At most one a file."),
];

pub(crate) const PERSON: &[Statement] = &[
    row!("name" Plain ["TEXT" Ty::Text => One] Body::None, Once, "The name people know."),
    row!("email" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Address for mail."),
    row!("github" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Login at GitHub."),
    row!("slack" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Handle at Slack."),
    row!("aws" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "ARN of the principal at AWS."),
    row!("zone" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Time zone, as `\"Europe/Madrid\"`."),
    row!("phone" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Telephone."),
    row!("bot" Plain ["YES" Ty::Bool => Optional] Body::None, Optional, "A machine account: it fills no seat that counts people."),
];

pub(crate) const ROLE: &[Statement] = &[
    row!("title" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "The name people know."),
    row!("kind" Plain ["KIND" Ty::Words(&["security", "operations", "quality", "product", "business"]) => One] Body::None, Optional, "What the role is there for."),
    row!("members" Plain ["WHO" Ty::RoleOrPerson => Many] Body::None, Many, "People and roles; a role may not contain itself."),
    row!("team" Plain ["SLUG" Ty::Text => One] Body::None, Optional, "Team at GitHub, `\"org/slug\"`."),
    row!("aws" Plain ["ARN" Ty::Text => One] Body::None, Optional, "ARN of the role at AWS."),
    row!("at_least" Plain ["N" Ty::Int => One] Body::None, Optional, "How many people it has when they are not listed."),
    row!("excludes" Plain ["ROLE" Ty::Role => Many] Body::None, Many, "Roles that may share nobody with it."),
];

pub(crate) const ENVIRONMENT: &[Statement] = &[
    row!("kind" Plain ["KIND" Ty::Words(&["production", "staging", "test", "recovery"]) => One] Body::None, Once, "What kind of place it is."),
    row!("region" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Region of the cloud."),
    row!("account" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Account of the cloud."),
    row!("url" Plain ["URL" Ty::Text => One] Body::None, Optional, "Its address."),
    row!("iac" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Repository and tag of its infrastructure."),
    row!("classification" Plain ["CLASS" Ty::Words(&["public", "internal", "confidential", "restricted"]) => One] Body::None, Optional, "How closely its data is guarded."),
    row!("encryption" Plain ["KEY" Ty::Value => One] Body::None, Optional, "The key its data is encrypted with: `kms(\"alias/…\")`."),
    row!("mirrors" Plain ["ENVIRONMENT" Ty::Environment => One] Body::None, Optional, "The production environment it stands for."),
];

pub(crate) const ARTIFACT: &[Statement] = &[
    row!("digest" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Its digest, `sha256:…`."),
    row!("version" Plain ["VERSION" Ty::Version => One] Body::None, Optional, "Its version."),
    row!("signed_by" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Who signed it."),
    row!("store" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Where it lies."),
    row!("classification" Plain ["CLASS" Ty::Words(&["public", "internal", "confidential", "restricted"]) => One] Body::None, Optional, "How closely it is guarded."),
];

pub(crate) const CHANNEL: &[Statement] = &[
    row!("title" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "The name people know."),
    row!("run" Plain ["COMMAND" Ty::Command => One] Body::Optional(Block::Command), Optional, "How a message is sent: a command in which `message` is the text."),
    row!("task" Plain ["CALL" Ty::Task => One] Body::None, Optional, "How Step Functions sends a message, in which `message` is the text."),
    row!("secret" Plain ["NAME" Ty::Text => Many] Body::None, Many, "Names of the secrets it reads, never their values."),
    row!("permits" Plain ["RIGHT" Ty::Permit => Many] Body::None, Many, "The rights it needs."),
];

pub(crate) const CALENDAR: &[Statement] = &[
    row!("zone" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Time zone, as `\"America/New_York\"`."),
    row!("working" Plain ["DAYS" Ty::Days => Many] Body::None, Optional, "Days that count as working days."),
    row!("holiday" Plain ["DATE" Ty::Date => Many] Body::None, Many, "Days off."),
    row!("freeze" Plain ["WHY" Ty::Text => One] Body::Required(Block::Freeze), Many, "A span in which nothing may be released."),
    row!("blackout" Plain [] Body::Required(Block::Blackout), Many, "Recurring hours in which nothing may be released."),
    row!("on_duty" Plain ["ROLE" Ty::Role => One] Body::Required(Block::OnDuty), Many, "Who is on duty when."),
];

pub(crate) const FREEZE: &[Statement] = &[
    row!("from" Plain ["TIME" Ty::DateTime => One] Body::None, Once, "Its first moment."),
    row!("to" Plain ["TIME" Ty::DateTime => One] Body::None, Once, "The first moment after it."),
    row!("for" Plain ["ENVIRONMENT" Ty::Environment => Many] Body::None, Optional, "Where it holds; everywhere when not said."),
];

pub(crate) const BLACKOUT: &[Statement] = &[
    row!("days" Plain ["DAYS" Ty::Days => Many] Body::None, Optional, "The days; every day when not said."),
    row!("hours" Plain ["HOURS" Ty::Hours => One] Body::None, Optional, "The hours; the whole day when not said."),
];

pub(crate) const ON_DUTY: &[Statement] = &[
    row!("days" Plain ["DAYS" Ty::Days => Many] Body::None, Optional, "The days; every day when not said."),
    row!("hours" Plain ["HOURS" Ty::Hours => One] Body::None, Optional, "The hours; the whole day when not said."),
];

pub(crate) const METRIC: &[Statement] = &[
    row!("unit" Plain ["UNIT" Ty::Words(&["percent", "ratio", "duration", "count", "rate", "bytes", "money"]) => One] Body::None, Once, "What it is measured in."),
    row!("title" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "The name people know."),
    row!("better" Plain ["WAY" Ty::Words(&["lower", "higher"]) => One] Body::None, Optional, "Which way is better."),
    row!("run" Plain ["COMMAND" Ty::Command => One] Body::Optional(Block::Command), Optional, "A command that prints the number (`percent` 0 to 100, `ratio` 0 to 1, `duration` in milliseconds); `over` is the span in seconds."),
    row!("task" Plain ["CALL" Ty::Task => One] Body::Optional(Block::Capture), Optional, "A call that returns it."),
    row!("console" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Where a person looks."),
    row!("needs" Plain ["TOOL" Ty::Text => Many] Body::None, Many, "Command-line tools and their versions."),
    row!("no_data" Plain ["MEANS" Ty::Words(&["fail", "pass", "pause"]) => One] Body::None, Optional, "What it means when there is no data."),
    row!("permits" Plain ["RIGHT" Ty::Permit => Many] Body::None, Many, "The rights it needs."),
    row!("secret" Plain ["NAME" Ty::Text => Many] Body::None, Many, "Names of the secrets it reads, never their values."),
    row!("assert" Plain ["CONDITION" Ty::Condition => One, "MESSAGE" Ty::Text => Optional] Body::None, Many, "What its arguments must satisfy."),
];

pub(crate) const GATE: &[Statement] = &[
    row!("title" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "A line for people."),
    row!("pass" Plain ["CONDITION" Ty::MetricCondition => One] Body::None, Optional, "Passes when this holds of the metrics."),
    row!("run" Plain ["COMMAND" Ty::Command => One] Body::Optional(Block::Run), Optional, "Passes when the command exits with 0."),
    row!("job" Plain ["ACTION" Ty::Action => One] Body::Optional(Block::Do), Optional, "Passes when the outside job ends well."),
    row!("ask" Plain ["QUESTION" Ty::Text => One] Body::None, Optional, "Passes when a person says so."),
    row!("by" Plain ["WHO" Ty::RoleOrPerson => Many] Body::None, Optional, "Who answers; the owner when not said."),
    row!("expect" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "The criterion for the answer."),
    row!("within" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "How long the answer may take."),
    row!("default" Plain ["ANSWER" Ty::Words(&["passed", "failed"]) => One] Body::None, Optional, "The answer when nobody gives one."),
    row!("capture" Capture [] Body::Optional(Block::Capture), Many, "Keeps an output."),
    row!("console" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Where a person looks."),
    row!("evidence" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "What the judge leaves behind."),
    row!("over" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "The span a metric is judged over."),
    row!("every" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "Time between samples."),
    row!("samples" Plain ["N" Ty::Int => One] Body::None, Optional, "How many samples must all pass; one when not said."),
    row!("timeout" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "When it is given up."),
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who looks after it."),
    row!("otherwise" Plain ["OUTCOME" Ty::OutcomeOrDecision => One] Body::Optional(Block::Because), Optional, "What a failure means: `rollback` (when nothing else is said), `pause`, `stop`, `continue` or a decision."),
    row!("exercises" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it shows to work."),
    row!("reads" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it reads."),
    row!("in" Plain ["ENVIRONMENT" Ty::Environment => One] Body::None, Optional, "Where it is judged; where the stage works when not said."),
    row!("when" Plain ["CONDITION" Ty::Condition => One] Body::None, Optional, "When it applies."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];

pub(crate) const CHECKLIST: &[Statement] = &[
    row!("title" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "A line for people."),
    row!("item" Plain ["WHAT" Ty::Text => One] Body::Optional(Block::Item), OneOrMore, "One preparation."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];

pub(crate) const ITEM: &[Statement] = &[
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who ticks it."),
    row!("when" Plain ["CONDITION" Ty::Condition => One] Body::None, Optional, "When it applies."),
    row!("evidence" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "What shows it."),
    row!("check" Plain ["COMMAND" Ty::Command => One] Body::Optional(Block::Run), Optional, "A command that checks it."),
];

pub(crate) const POLICY: &[Statement] = &[
    row!("for" Plain ["NAME in LIST" Ty::In => One] Body::None, Many, "What the rule ranges over: `stages`, `approvals`, `gates`, `people`."),
    row!("where" Plain ["CONDITION" Ty::PolicyExpr => One] Body::None, Many, "Which of them it concerns."),
    row!("require" Plain ["CONDITION" Ty::PolicyExpr => One] Body::None, Many, "What must hold of each."),
    row!("because" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Why the rule exists."),
    row!("severity" Plain ["SEVERITY" Ty::Words(&["error", "warning", "info"]) => One] Body::None, Optional, "How bad a violation is; `error` when not said."),
    row!("limit" Plain ["CODE" Ty::Code => One, "VALUE" Ty::Value => One] Body::None, Many, "Sets the threshold of a check."),
];
