//! The parts of a plan that calls and conditions of an artifact stand for, in the plan's own terms.
//!
//! Written by the targets while they lower a plan, from the same rendering of its values; read by `proof`, which ties what it reads
//! back to the plan. Must not know any target.

use crate::model::{
    ApprovalId, ArtifactId, Atom, Channel, DecisionId, GateId, HoldId, MetricId, MomentKind, ParamId,
    PriorId, Release, StageId, Trigger, TriggerId,
};
use smol_str::SmolStr;

/// Where in a run something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum At {
    /// Around everything else.
    Run,
    /// In a stage.
    Stage(StageId),
    /// In the undo of a stage.
    Undo(StageId),
    /// While a hold is entered.
    Enter(HoldId),
    /// While a hold is left.
    Exit(HoldId),
    /// In `finally`.
    Finally,
    /// In what a failure, a trigger or a rollout that steps back adds: left behind when it fails.
    Aside,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    /// An act of the plan, by whoever carries it out.
    Act,
    /// A state is recorded before it is changed.
    Record(PriorId),
    /// A metric is read.
    Read(MetricId),
    /// A gate is judged by a command, a job or a person.
    Judge(GateId),
    /// A person says whether a gate without data passes.
    NoData(GateId),
    /// An approval is asked for.
    Grant(ApprovalId),
    /// A decision is asked for: the question of one option.
    Decide(DecisionId, usize),
    /// The owner is asked how to go on: the question of one answer.
    Resume(usize),
    /// The owner is asked whether a hold may be left.
    Word(HoldId),
    /// Something is waited for.
    Await,
    /// A preparation is checked or ticked.
    Ready,
    /// Somebody starts a stage.
    Begin,
    /// A declared way around is asked for.
    Override(usize),
    /// The standing question of a trigger.
    Alarm(TriggerId),
    /// Somebody is told that a moment of the run or of a stage has come.
    Tell(MomentKind),
    /// A step tells somebody something.
    Say,
    /// Somebody is called, because a stage failed or a trigger fired.
    Call,
    /// Work that is owed after the run is written down.
    Owe(usize),
    /// Messages, locks, flags, evidence: nothing of the plan's work.
    Around,
}

/// A part of the plan that a call stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purpose {
    /// Where.
    pub at: At,
    /// The slug of the step, or a name that is unique there.
    pub step: SmolStr,
    /// What.
    pub deed: Deed,
}

/// A condition that the artifact's own facts do not decide.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// A comparison of the plan.
    Atom(Atom),
    /// An input that the plan does not allow, by its place in the list.
    Problem(usize),
    /// A metric of a gate has no data, and the gate fails.
    Blank(At, GateId),
    /// A metric of a gate has no data, and a person is asked.
    Unsure(At, GateId),
    /// The metrics of a gate are as they should be.
    Holds(At, GateId),
    /// The metrics of a trigger are as they should not be.
    Fires(TriggerId),
    /// The metrics say that an option is taken unasked.
    Taken(DecisionId, usize),
    /// A digest says which build of an artifact was verified.
    Digest(ArtifactId),
    /// A declared way around is asked for.
    Chosen(usize),
    /// Whoever is known by name is not in the table of principals.
    Unknown,
}

impl Deed {
    /// Whether it is a message.
    pub fn speaks(self) -> bool {
        matches!(self, Deed::Tell(_) | Deed::Say | Deed::Call)
    }
}

impl Purpose {
    /// The call that a trigger makes, after which the run goes on.
    pub fn call_of_trigger(trigger: &Trigger) -> Purpose {
        Purpose::new(At::Aside, &trigger.name, Deed::Call)
    }

    /// The call that a failure of a stage makes before its owner is asked.
    pub fn call_of_failure(stage: StageId, channel: &Channel) -> Purpose {
        Purpose::new(At::Stage(stage), &channel.slug, Deed::Call)
    }

    /// A part.
    pub fn new(at: At, step: impl AsRef<str>, deed: Deed) -> Purpose {
        Purpose {
            at,
            step: SmolStr::new(step),
            deed,
        }
    }
}

/// What the inputs of a run are called that are not parameters of the plan.
const INPUTS: [&str; 10] = [
    "began",
    "ends",
    "from_step",
    "override",
    "override_reason",
    "plan",
    "releasec",
    "resume",
    "run",
    "state",
];

/// What the input of a run is called that is a parameter of the plan: like the parameter, unless a run has an input of that name anyway.
/// Not everywhere are capitals told from small letters in them.
pub fn input_name(release: &Release, id: ParamId) -> String {
    let name = release.param(id).name.as_str();
    let mut input = name.to_string();
    if INPUTS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        input.push_str("_parameter");
        while release.params.iter().any(|p| p.name.eq_ignore_ascii_case(&input)) {
            input.push('_');
        }
    }
    input
}
