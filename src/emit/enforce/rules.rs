//! The kinds of rules a plan can have, in the order of the table, and how each target holds them where it does.
//!
//! Must not know a plan. Called by `enforce`, by targets for the names of rules, and by the test that writes the pages about targets.

use super::{Held, Level};

/// A kind of rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name in findings and in the formats for programs.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// How GitHub Actions holds it.
    pub github: &'static str,
    /// How Step Functions holds it.
    pub stepfunctions: &'static str,
}

impl Rule {
    /// How a target holds the rule when it finds nothing against that.
    pub fn held(&self, target: &'static str) -> Held {
        let why = match target {
            "github" => self.github,
            _ => self.stepfunctions,
        };
        Held {
            target,
            level: Level::Enforced,
            why: vec![why.to_string()],
            help: Vec::new(),
        }
    }
}

macro_rules! rules {
    ($($constant:ident $name:literal $title:literal $github:literal $stepfunctions:literal)*) => {
        $(#[doc = concat!("The rule `", $name, "`.")] pub const $constant: &str = $name;)*
        /// Every kind of rule, in the order of the table.
        pub const RULES: &[Rule] = &[$(Rule {
            name: $name,
            title: $title,
            github: $github,
            stepfunctions: $stepfunctions,
        }),*];
    };
}

rules! {
    INPUT "input" "inputs of the run"
        "the preflight refuses a run whose inputs do not fit"
        "the first states refuse an execution whose inputs do not fit"
    ORDER "order" "order"
        "a job starts when each job that it waits for has ended well"
        "states follow each other; branches join before the order goes on"
    CONDITION "condition" "condition"
        "a job that does not apply is skipped; conditions are computed from the values of the run"
        "a choice in JSONata stands before what depends on it"
    APPROVAL "approval" "approval before it starts"
        "the job of the stage needs the job of the approval"
        "the states of the stage come after those of the approval"
    MEMBERS "members" "who may answer"
        "the reviewers of the environment are the people of the plan; who reviewed is read back and compared"
        "the approvers of the automation are the people of the plan"
    QUORUM "quorum" "how many must agree"
        "one reviewer passes the environment"
        "the automation needs that many approvals"
    DISTINCT "distinct" "different people"
        "whoever started the run cannot review"
        "grants are compared by IAM principal before anything starts"
    PASSES "passes" "how votes count"
        "the first rejection ends it"
        "the first rejection ends it"
    WITHIN "within" "time to answer"
        "a review that comes too late is refused"
        "the request ends with its time"
    VALID "valid" "how long a yes is good for"
        "looked at before each stage that it guards"
        "looked at before each stage that it guards"
    DUTY "duty" "separation of duties"
        "proved over all people before the build; who fills which seat is compared after each review"
        "proved over all people before the build; grants are compared by IAM principal"
    CHECKLIST "checklist" "checklist ticked"
        "commands are run, the rest is asked of its owners as a review, before the stage"
        "commands are run, the rest is asked of its owners by an automation, before the stage"
    STARTED_BY "started_by" "who starts it"
        "a review by that role stands before the stage"
        "an automation asks that role before the stage"
    BY_HAND "by_hand" "work by hand"
        "a review by whoever does it stands for it; nothing after it begins before"
        "an automation asks whoever does it; nothing after it begins before"
    WINDOW "window" "window"
        "each job inside it looks at the clock before it begins; when it is closed the run pauses"
        "the clock is looked at before each stage inside it; when it is closed the owner is asked"
    FREEZE "freeze" "freezes and quiet hours"
        "each job that changes the environment looks at the clock before it begins"
        "the clock is looked at before each stage that changes the environment"
    AT "at" "not before a time"
        "the stage waits for the time before its first step"
        "a wait until the time stands before the first step"
    TIMEOUT "timeout" "time to finish"
        "what takes longer is ended and has failed"
        "what takes longer is ended and has failed"
    RETRY "retry" "tried again"
        "a loop around the command"
        "retries of the state, on the errors that the plan allows"
    BAKE "bake" "bakes and waits"
        "a sleep, or the wait timer of an environment beyond five hours"
        "a wait state, in pieces where something can end it"
    GATE "gate" "gates"
        "judged in the stage; the job fails, and nothing that needs it starts"
        "judged by states of the stage; a gate that does not pass leads to its way out"
    ARTIFACT "artifact" "what is shipped"
        "the stage stops unless the digest names one build; what is stored or runs is not read"
        "the stage stops when no digest is given; what is stored or runs is not read"
    ROLLOUT "rollout" "steps of a rollout"
        "one after the other, each with its gates"
        "one after the other, each with its gates"
    DECISION "decision" "decisions"
        "a review whose comment names the option; what depends on it waits"
        "an automation asks for each option, and the first that is approved is taken; what depends on it waits"
    TRIGGER "trigger" "triggers"
        "a job beside the stages measures every minute and hands over to the rollback"
        "judged after each step and in each piece of a bake"
    FAILURE "failure" "what follows a failure"
        "the rollback workflow does what the plan says: undo, ask the owner, go on, start over"
        "states do what the plan says: undo, ask the owner, go on, start over"
    UNDO "undo" "ways back and their order"
        "one job for each stage, after the undos of all that depends on it; only what began is undone"
        "entered at the stage that failed, last first; only what began is undone"
    UNDO_WITHIN "undo_within" "time to undo"
        "the job of the undo ends with its time, and needs help"
        "the undo ends with its time, and needs help"
    UNDO_APPROVAL "undo_approval" "approval before it is undone"
        "the job of the undo needs the job of the approval"
        "the undo comes after the states of the approval"
    IRREVERSIBLE "irreversible" "points of no return"
        "nothing that it needs is undone once it has begun; its owner is asked"
        "nothing that it needs is undone once it has begun; its owner is asked"
    HOLD "hold" "holds"
        "entered before the first stage, left on every way out, after a cancellation too"
        "entered before the first stage, left on every way out"
    HOLD_LIMIT "hold_limit" "how long a hold may last"
        "its owner is called when it lasts longer"
        "its owner is called when it lasts longer"
    FINALLY "finally" "at the end of every run"
        "a job that always runs"
        "states on every way to the end"
    OVERRIDE "override" "declared ways around"
        "only what it names can be skipped, after a review by those who may"
        "only what it names can be skipped, after an approval by those who may"
    LOCK "lock" "one run at a time"
        "runs of one environment queue; names beyond that are looked up in the preflight"
        "a parameter names the run that holds the lock"
    MESSAGE "message" "messages"
        "sent at their moment; one that cannot be sent fails nothing"
        "sent at their moment; one that cannot be sent fails nothing"
    LEAD "lead" "messages ahead of the start"
        "sent that long before"
        "sent that long before"
    ESCALATION "escalation" "calls when nobody answers"
        "made at their moment"
        "made at their moment"
    RIGHTS "rights" "rights of each stage"
        "each job assumes a role that may do what its actions permit"
        "each task runs with a role that may do what its actions permit"
    SIZE "size" "limits of the target"
        "within what the service allows"
        "within what the service allows"
}

/// The rule of a name.
pub fn of(name: &str) -> Rule {
    RULES[place(name)]
}

/// Its place in the table; a name that there is not stands with the limits.
pub(super) fn place(name: &str) -> usize {
    let found = RULES.iter().position(|r| r.name == name);
    found.unwrap_or(RULES.len() - 1)
}
