//! The table: actions and what they are made of.

use crate::schema::{Block, Body, Statement, Ty, row};

pub(crate) const ACTION: &[Statement] = &[
    row!("title" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "A line for people."),
    row!("changes" Plain ["KEY" Ty::KeyOrNothing => Many] Body::None, Many, "What it writes, as keys."),
    row!("removes" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it destroys."),
    row!("reads" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it reads."),
    row!("stores" Plain ["KEY" Ty::Key => Many] Body::None, Many, "Keys it touches that hold data."),
    row!("backs_up" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it copies, so that it can be restored."),
    row!("compatible" Plain ["WHY" Ty::Text => One] Body::None, Optional, "Old and new versions both work with what it changes, and why."),
    row!("exercises" Plain ["KEY" Ty::Key => Many] Body::None, Many, "What it shows to work."),
    row!("raises" Plain ["KEY" Ty::Key => Many] Body::None, Many, "A capacity, limit or flag that it raises."),
    row!("run" Plain ["COMMAND" Ty::Command => One] Body::Optional(Block::Command), Optional, "The shell command that does it."),
    row!("task" Plain ["CALL" Ty::Task => One] Body::None, Optional, "The call with which Step Functions does it."),
    row!("manual" Plain ["WHAT" Ty::Text => One] Body::Optional(Block::Manual), Optional, "What a person does, when only a person can."),
    row!("do" Plain ["ACTION" Ty::Action => One] Body::None, Many, "Other actions it is made of, in order."),
    row!("needs" Plain ["TOOL" Ty::Text => Many] Body::None, Many, "Command-line tools and their versions, as `\"aws >= 2.15\"`."),
    row!("permits" Plain ["RIGHT" Ty::Permit => Many] Body::None, Many, "The least rights it needs."),
    row!("secret" Plain ["NAME" Ty::Text => Many] Body::None, Many, "Names of the secrets it reads, never their values."),
    row!("assert" Plain ["CONDITION" Ty::Condition => One, "MESSAGE" Ty::Text => Optional] Body::None, Many, "What its arguments must satisfy."),
    row!("prior" Plain ["NAME" Ty::Name => One] Body::Required(Block::Prior), Many, "A state to return to, recorded just before the action."),
    row!("expect" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "What a person sees when it worked."),
    row!("capture" Capture [] Body::Optional(Block::Capture), Many, "Keeps an output for later."),
    row!("takes" Plain ["DURATION" Ty::DurRange => One] Body::None, Optional, "Shortest and longest time."),
    row!("timeout" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "When it is given up."),
    row!("retry" Plain ["TIMES" Ty::Int => One] Body::Optional(Block::Retry), Optional, "How often it is tried again."),
    row!("idempotent" Plain ["YES" Ty::Bool => Optional] Body::None, Optional, "Doing it twice is doing it once."),
    row!("undo" Plain ["ACTION" Ty::UndoAction => One] Body::Optional(Block::Undo), Optional, "How it is undone."),
    row!("irreversible" Plain ["WHY" Ty::Text => One] Body::None, Optional, "It cannot be undone, and why."),
    row!("harmless" Plain ["WHY" Ty::Text => One] Body::None, Optional, "It need not be undone, and why."),
    row!("paired_with" Plain ["ACTION" Ty::Action => One] Body::None, Optional, "What must follow on every way out."),
    row!("retired" Plain ["DATE" Ty::Date => One, "INSTEAD" Ty::Text => Optional] Body::None, Optional, "The last day the platform offers it, and what to use instead."),
    row!("awaits" Plain ["YES" Ty::Bool => Optional] Body::None, Optional, "It starts an outside job and waits for its verdict."),
];

pub(crate) const PRIOR: &[Statement] = &[
    row!("run" Plain ["COMMAND" Ty::Command => One] Body::Optional(Block::Command), Optional, "The command that prints the state."),
    row!("task" Plain ["CALL" Ty::Task => One] Body::None, Optional, "The call that returns the state."),
    row!("from" Plain ["REGEX" Ty::Regex => One] Body::None, Optional, "Takes the value from the output: the first group, or the whole match."),
    row!("json" Plain ["PATH" Ty::Text => One] Body::None, Optional, "Takes the value from JSON: `.FunctionVersion`."),
    row!("permits" Plain ["RIGHT" Ty::Permit => Many] Body::None, Many, "The rights it needs."),
];

pub(crate) const UNDO: &[Statement] = &[
    row!("lasts" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "How long the undo stays possible."),
    row!("idempotent" Plain ["YES" Ty::Bool => Optional] Body::None, Optional, "Doing it twice is doing it once."),
    row!("changes" Plain ["KEY" Ty::KeyOrNothing => Many] Body::None, Many, "What it writes."),
    row!("takes" Plain ["DURATION" Ty::DurRange => One] Body::None, Optional, "Shortest and longest time."),
    row!("expect" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "What a person sees when it worked."),
    row!("console" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "Where a person does it: a console or an address."),
    row!("within" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "How long a person may take."),
    row!("folder" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "The folder a command runs in."),
    row!("env" Plain ["NAME" Ty::Text => One, "VALUE" Ty::Value => One] Body::None, Many, "A variable of a command."),
    row!("timeout" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "When it is given up."),
];

pub(crate) const RETRY: &[Statement] = &[
    row!("every" Plain ["DURATION" Ty::Dur => One] Body::None, Optional, "Time between tries."),
    row!("backoff" Plain ["FACTOR" Ty::Value => One] Body::None, Optional, "The factor by which that time grows."),
];

pub(crate) const CAPTURE: &[Statement] = &[
    row!("from" Plain ["REGEX" Ty::Regex => One] Body::None, Optional, "Takes the value from the output: the first group, or the whole match."),
    row!("json" Plain ["PATH" Ty::Text => One] Body::None, Optional, "Takes the value from JSON: `.FunctionVersion`."),
];

pub(crate) const COMMAND: &[Statement] = &[
    row!("folder" Plain ["TEXT" Ty::Text => One] Body::None, Optional, "The folder it runs in, from the root of the repository."),
    row!("env" Plain ["NAME" Ty::Text => One, "VALUE" Ty::Value => One] Body::None, Many, "A variable of its environment."),
    row!("prints" Plain ["REGEX" Ty::Regex => One] Body::None, Optional, "What its output must match."),
    row!("json" Plain ["PATH" Ty::Text => One] Body::None, Optional, "Takes the value from JSON: `.FunctionVersion`."),
    row!("from" Plain ["REGEX" Ty::Regex => One] Body::None, Optional, "Takes the value from the output: the first group, or the whole match."),
];
