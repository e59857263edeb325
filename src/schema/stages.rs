//! The table: stages, steps, rollouts and rollbacks.

use crate::schema::{Block, Body, Statement, Ty, row};

macro_rules! steps {
    ($($extra:expr),* $(,)?) => {
        &[
            $($extra,)*
            row!("do" Plain ["ACTION" Ty::Action => One] Body::Optional(Block::Do), Many, "Does an action."),
            row!("run" Plain ["COMMAND" Ty::Command => One] Body::Optional(Block::Run), Many, "Runs a command."),
            row!("manual" Plain ["WHAT" Ty::Text => One] Body::Optional(Block::Manual), Many, "Something a person does."),
            row!("wait" Plain ["DURATION" Ty::Dur => One] Body::Optional(Block::Wait), Many, "Waits."),
            row!("wait_for" Plain ["WHAT" Ty::Text => One] Body::Required(Block::WaitFor), Many, "Waits until something has happened."),
            row!("bake" Plain ["DURATION" Ty::Dur => One] Body::Optional(Block::Wait), Many, "Waits while triggers and gates watch."),
            row!("verify" Plain ["WHAT" Ty::GateOrArtifact => Many] Body::Optional(Block::Verify), Many, "Judges gates, or verifies artifacts."),
            row!("tell" Plain ["CHANNEL" Ty::Channel => One, "MESSAGE" Ty::Text => One] Body::Optional(Block::Tell), Many, "Sends a message."),
        ]
    };
}

const FOR_STEPS: Statement = row!("for" Plain ["NAME in LIST" Ty::In => One] Body::Required(Block::Steps), Many, "Repeats its steps over a list known at compile time.");

pub(crate) const STAGE: &[Statement] = steps![
    row!("title" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "A line for people."),
    row!("after" Plain ["STAGE" Ty::Stage => Many] Body::None, Many, "What must have ended first."),
    row!("when" Plain ["CONDITION" Ty::Condition => One] Body::None, Optional, "When it applies."),
    row!("approved" Plain ["APPROVAL" Ty::Approval => Many] Body::None, Many, "Approvals that must be granted and still good."),
    row!("ready" Plain ["CHECKLIST" Ty::Checklist => Many] Body::None, Many, "Checklists that must be ticked."),
    row!("require" Plain ["GATE" Ty::Gate => Many] Body::None, Many, "Gates that must pass before it starts."),
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who executes it; the phase's, then the release's when not said."),
    row!("started_by" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who may start it."),
    row!("in" Plain ["ENVIRONMENT" Ty::Environment => One] Body::None, Optional, "Where it takes place."),
    row!("at" Plain ["OFFSET" Ty::Offset => One] Body::None, Optional, "Not before; late is a finding."),
    row!("takes" Plain ["DURATION" Ty::DurRange => One] Body::None, Optional, "Shortest and longest time."),
    row!("timeout" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "When it is given up."),
    row!("build" Plain ["ARTIFACT" Ty::Artifact => Many] Body::None, Many, "Artifacts it builds."),
    row!("ship" Plain ["ARTIFACT" Ty::Artifact => Many] Body::None, Many, "Artifacts it ships."),
    row!("rollout" Plain ["LADDER" Ty::Ladder => Optional] Body::Optional(Block::Rollout), Optional, "How exposure grows."),
    row!("rollback" Plain [] Body::Required(Block::Rollback), Optional, "How it is undone, when the undos of its steps are not enough."),
    row!("irreversible" Plain ["WHY" Ty::Text => One] Body::None, Optional, "It cannot be undone, and why."),
    row!("harmless" Plain ["WHY" Ty::Text => One] Body::None, Optional, "It need not be undone, and why."),
    row!("on_failure" Plain [] Body::Required(Block::OnFailure), Optional, "What its failure means."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
    FOR_STEPS,
];

pub(crate) const PHASE: &[Statement] = &[
    row!("title" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "A line for people."),
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who executes its stages."),
    row!("in" Plain ["ENVIRONMENT" Ty::Environment => One] Body::None, Optional, "Where its stages take place."),
    row!("when" Plain ["CONDITION" Ty::Condition => One] Body::None, Optional, "When its stages apply; adds to theirs."),
    row!("approved" Plain ["APPROVAL" Ty::Approval => Many] Body::None, Many, "Approvals before its stages; adds to theirs."),
    row!("ready" Plain ["CHECKLIST" Ty::Checklist => Many] Body::None, Many, "Checklists before its stages; adds to theirs."),
    row!("on_failure" Plain [] Body::Required(Block::OnFailure), Optional, "What a failure of its stages means."),
    row!("serial" Plain ["YES" Ty::Bool => Optional] Body::None, Optional, "One stage at a time."),
    row!("from" Plain ["PROCEDURE" Ty::Procedure => One] Body::None, Optional, "The procedure whose stages these are."),
    row!("after" Plain ["STAGE" Ty::Stage => Many] Body::None, Many, "What must have ended before its first stages."),
    row!("stage" Plain ["NAME" Ty::Name => One] Body::Required(Block::Stage), Many, "A part of the work."),
    row!("phase" Plain ["NAME" Ty::Name => One] Body::Required(Block::Phase), Many, "A phase within it."),
    row!("gate" Plain ["NAME" Ty::Name => One] Body::Required(Block::Gate), Many, "A fact that must hold."),
    row!("approval" Plain ["NAME" Ty::Name => One] Body::Required(Block::Approval), Many, "Permission: who must say yes."),
    row!("decision" Plain ["NAME" Ty::Name => One] Body::Required(Block::Decision), Many, "A choice of path."),
    row!("for" Plain ["NAME in LIST" Ty::In => One] Body::Required(Block::Phase), Many, "Repeats its blocks over a list known at compile time."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];

pub(crate) const PROCEDURE: &[Statement] = &[
    row!("title" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "A line for people."),
    row!("stage" Plain ["NAME" Ty::Name => One] Body::Required(Block::Stage), Many, "A part of the work."),
    row!("phase" Plain ["NAME" Ty::Name => One] Body::Required(Block::Phase), Many, "A group of stages."),
    row!("gate" Plain ["NAME" Ty::Name => One] Body::Required(Block::Gate), Many, "A fact that must hold."),
    row!("approval" Plain ["NAME" Ty::Name => One] Body::Required(Block::Approval), Many, "Permission: who must say yes."),
    row!("decision" Plain ["NAME" Ty::Name => One] Body::Required(Block::Decision), Many, "A choice of path."),
    row!("for" Plain ["NAME in LIST" Ty::In => One] Body::Required(Block::Phase), Many, "Repeats its blocks over a list known at compile time."),
];

pub(crate) const STEPS: &[Statement] = steps![FOR_STEPS];

pub(crate) const LADDER: &[Statement] = &[
    row!("title" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "A line for people."),
    row!("step" Plain ["SHARE or NAME" Ty::Value => One] Body::Optional(Block::RolloutStep), Many, "One step of exposure."),
    row!("demote" Plain ["YES" Ty::Bool => Optional] Body::None, Optional, "Steps back to the step before and asks the owner, instead of rolling back; `retry` and `proceed` both start the step again."),
    row!("for" Plain ["NAME in LIST" Ty::In => One] Body::Required(Block::Ladder), Many, "Repeats its steps over a list known at compile time."),
];

pub(crate) const ROLLOUT: &[Statement] = steps![
    row!("step" Plain ["SHARE or NAME" Ty::Value => One] Body::Optional(Block::RolloutStep), Many, "One step of exposure."),
    row!("demote" Plain ["YES" Ty::Bool => Optional] Body::None, Optional, "Steps back to the step before and asks the owner, instead of rolling back; `retry` and `proceed` both start the step again."),
    row!("for" Plain ["NAME in LIST" Ty::In => One] Body::Required(Block::Rollout), Many, "Repeats its steps over a list known at compile time."),
];

pub(crate) const ROLLOUT_STEP: &[Statement] = steps![
    row!("at" Plain ["OFFSET" Ty::Offset => One] Body::None, Optional, "Not before."),
    row!("when" Plain ["CONDITION" Ty::Condition => One] Body::None, Optional, "When it applies."),
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who does it."),
    row!("approved" Plain ["APPROVAL" Ty::Approval => Many] Body::None, Many, "Approvals before it."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
    FOR_STEPS,
];

pub(crate) const ROLLBACK: &[Statement] = steps![
    row!("approved" Plain ["APPROVAL" Ty::Approval => Many] Body::None, Many, "Approvals it waits for; an undo asks nobody when not said."),
    row!("within" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "The longest it may take."),
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who does it."),
    row!("undoes" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it undoes besides what its steps change."),
    row!("tested" Plain [] Body::Required(Block::Tested), Optional, "When it was rehearsed."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
    FOR_STEPS,
];

pub(crate) const ON_FAILURE: &[Statement] = &[
    row!("tell" Plain ["CHANNEL" Ty::Channel => One, "MESSAGE" Ty::Text => One] Body::Optional(Block::Tell), Many, "Sends a message first."),
    row!("manual" Plain ["WHAT" Ty::Text => One] Body::Optional(Block::Manual), Many, "Something a person does first."),
    row!("then" Plain ["OUTCOME" Ty::OutcomeOrDecision => One] Body::Optional(Block::Because), Once, "What follows."),
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who does what comes first; when the run pauses, the owner of the stage is asked."),
];

pub(crate) const DO: &[Statement] = &[
    row!("when" Plain ["CONDITION" Ty::Condition => One] Body::None, Optional, "When it applies."),
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who does it."),
    row!("timeout" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "When it is given up."),
    row!("retry" Plain ["TIMES" Ty::Int => One] Body::Optional(Block::Retry), Optional, "How often it is tried again."),
    row!("idempotent" Plain ["YES" Ty::Bool => Optional] Body::None, Optional, "Doing it twice is doing it once."),
    row!("expect" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "What a person sees when it worked."),
    row!("takes" Plain ["DURATION" Ty::DurRange => One] Body::None, Optional, "Shortest and longest time."),
    row!("capture" Capture [] Body::Optional(Block::Capture), Many, "Keeps an output for later."),
    row!("undo" Plain ["ACTION" Ty::UndoAction => One] Body::Optional(Block::Undo), Optional, "How it is undone, instead of as the action says."),
    row!("irreversible" Plain ["WHY" Ty::Text => One] Body::None, Optional, "It cannot be undone, and why."),
    row!("harmless" Plain ["WHY" Ty::Text => One] Body::None, Optional, "It need not be undone, and why."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];

pub(crate) const RUN: &[Statement] = &[
    row!("folder" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "The folder it runs in, from the root of the repository."),
    row!("env" Plain ["NAME" Ty::Text => One, "VALUE" Ty::Value => One] Body::None, Many, "A variable of its environment."),
    row!("prints" Plain ["REGEX" Ty::Regex => One] Body::None, Optional, "What its output must match."),
    row!("changes" Plain ["KEY" Ty::KeyOrNothing => Many] Body::None, Many, "What it writes, or `nothing`; its environment when not said."),
    row!("removes" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it destroys."),
    row!("reads" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it reads."),
    row!("stores" Plain ["KEY" Ty::Key => Many] Body::None, Many, "Keys it touches that hold data."),
    row!("backs_up" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it copies, so that it can be restored."),
    row!("compatible" Plain ["WHY" Ty::Text => One] Body::None, Optional, "Old and new versions both work with what it changes, and why."),
    row!("exercises" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it shows to work."),
    row!("raises" Plain ["KEY" Ty::Key => Many] Body::None, Many, "A capacity, limit or flag that it raises."),
    row!("secret" Plain ["NAME" Ty::Text => Many] Body::None, Many, "Names of the secrets it reads, never their values."),
    row!("permits" Plain ["RIGHT" Ty::Permit => Many] Body::None, Many, "The rights it needs."),
    row!("needs" Plain ["TOOL" Ty::Text => Many] Body::None, Many, "Command-line tools and their versions."),
    row!("undo" Plain ["ACTION" Ty::UndoAction => One] Body::Optional(Block::Undo), Optional, "How it is undone."),
    row!("irreversible" Plain ["WHY" Ty::Text => One] Body::None, Optional, "It cannot be undone, and why."),
    row!("harmless" Plain ["WHY" Ty::Text => One] Body::None, Optional, "It need not be undone, and why."),
    row!("idempotent" Plain ["YES" Ty::Bool => Optional] Body::None, Optional, "Doing it twice is doing it once."),
    row!("when" Plain ["CONDITION" Ty::Condition => One] Body::None, Optional, "When it applies."),
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who does it."),
    row!("timeout" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "When it is given up."),
    row!("retry" Plain ["TIMES" Ty::Int => One] Body::Optional(Block::Retry), Optional, "How often it is tried again."),
    row!("expect" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "What a person sees when it worked."),
    row!("takes" Plain ["DURATION" Ty::DurRange => One] Body::None, Optional, "Shortest and longest time."),
    row!("capture" Capture [] Body::Optional(Block::Capture), Many, "Keeps an output for later."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];

pub(crate) const MANUAL: &[Statement] = &[
    row!("console" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Where: a console or an address."),
    row!("changes" Plain ["KEY" Ty::KeyOrNothing => Many] Body::None, Many, "What it writes, or `nothing`; its environment when not said."),
    row!("removes" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it destroys."),
    row!("reads" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it reads."),
    row!("stores" Plain ["KEY" Ty::Key => Many] Body::None, Many, "Keys it touches that hold data."),
    row!("backs_up" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it copies, so that it can be restored."),
    row!("compatible" Plain ["WHY" Ty::Text => One] Body::None, Optional, "Old and new versions both work with what it changes, and why."),
    row!("exercises" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it shows to work."),
    row!("raises" Plain ["KEY" Ty::Key => Many] Body::None, Many, "A capacity, limit or flag that it raises."),
    row!("undo" Plain ["ACTION" Ty::UndoAction => One] Body::Optional(Block::Undo), Optional, "How it is undone."),
    row!("irreversible" Plain ["WHY" Ty::Text => One] Body::None, Optional, "It cannot be undone, and why."),
    row!("harmless" Plain ["WHY" Ty::Text => One] Body::None, Optional, "It need not be undone, and why."),
    row!("idempotent" Plain ["YES" Ty::Bool => Optional] Body::None, Optional, "Doing it twice is doing it once."),
    row!("when" Plain ["CONDITION" Ty::Condition => One] Body::None, Optional, "When it applies."),
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who does it."),
    row!("timeout" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "When it is given up."),
    row!("within" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "How long it may take."),
    row!("expect" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "What a person sees when it worked."),
    row!("takes" Plain ["DURATION" Ty::DurRange => One] Body::None, Optional, "Shortest and longest time."),
    row!("capture" Capture [] Body::Optional(Block::Capture), Many, "Keeps what the person reports."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];

pub(crate) const WAIT_FOR: &[Statement] = &[
    row!("run" Plain ["COMMAND" Ty::Command => One] Body::Optional(Block::Command), Optional, "It has happened when the command exits with 0."),
    row!("job" Plain ["ACTION" Ty::Action => One] Body::None, Optional, "It has happened when the outside job ends well."),
    row!("ask" Plain ["QUESTION" Ty::Text => One] Body::None, Optional, "It has happened when a person says so."),
    row!("by" Plain ["WHO" Ty::RoleOrPerson => Many] Body::None, Optional, "Who answers; the owner when not said."),
    row!("expect" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "The criterion."),
    row!("console" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Where a person looks."),
    row!("every" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "Time between looks."),
    row!("within" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "When it is given up."),
    row!("default" Plain ["ANSWER" Ty::Words(&["happened", "failed"]) => One] Body::None, Optional, "The answer when nobody gives one."),
    row!("capture" Capture [] Body::Optional(Block::Capture), Many, "Keeps an output for later."),
    row!("when" Plain ["CONDITION" Ty::Condition => One] Body::None, Optional, "When it applies."),
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who looks after it."),
    row!("takes" Plain ["DURATION" Ty::DurRange => One] Body::None, Optional, "Shortest and longest time."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];

pub(crate) const WAIT: &[Statement] = &[
    row!("when" Plain ["CONDITION" Ty::Condition => One] Body::None, Optional, "When it applies."),
    row!("owner" Plain ["ROLE" Ty::Role => One] Body::None, Optional, "Who looks after it."),
    row!("allow" Plain ["CODE" Ty::Code => One] Body::Required(Block::Allow), Many, "Accepts a finding here."),
];
