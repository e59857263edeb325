//! A way back: what fails, what follows, and what is undone, stays and is left then.
//!
//! Plain data. Must not know how it is worked out. Made by `ways`, told by `ways_back`.

use crate::model::{ApprovalId, DecisionId, Dur, FailureOutcome, GateId, HoldId, StageId, TriggerId};
use crate::plan::{Node, Plan};

/// What fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::emit::runbook) enum Cause {
    /// A step of a stage, or a gate that says nothing else.
    Step(StageId),
    /// A step of a rollout that steps back, after its first step.
    LaterStep(StageId),
    /// The time of a stage is over whose rollout steps back: at whatever step it is.
    Late(StageId),
    /// Gates that a stage judges on its way, all with one outcome.
    Gates(StageId, Vec<GateId>),
    /// Gates before a stage: it has not begun.
    Entry(StageId, Vec<GateId>),
    /// A hold cannot be entered: its first stage has not begun.
    Hold(HoldId, StageId),
    /// An approval is refused or not given in time.
    Refused(ApprovalId),
    /// A decision takes an option that does not go on; the stage whose failure asked it, when only failures do.
    Option(DecisionId, usize, Option<StageId>),
    /// A trigger acts while a stage runs, or while something is asked.
    Trigger(TriggerId, Node),
}

impl Cause {
    /// What is under way when it happens.
    pub(in crate::emit::runbook) fn node(&self) -> Node {
        match self {
            Cause::Step(s) | Cause::LaterStep(s) | Cause::Late(s) => Node::Stage(*s),
            Cause::Gates(s, _) | Cause::Entry(s, _) | Cause::Hold(_, s) => Node::Stage(*s),
            Cause::Refused(a) => Node::Approval(*a),
            Cause::Option(d, _, stage) => stage.map_or(Node::Decision(*d), Node::Stage),
            Cause::Trigger(_, node) => *node,
        }
    }
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::emit::runbook) enum Then {
    /// As written.
    Outcome(FailureOutcome),
    /// A decision is asked.
    Decision(DecisionId),
    /// The rollout goes back to its step before, and the owner is asked.
    Demote,
}

/// Why a change stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emit::runbook) enum Stays {
    /// It cannot be undone.
    Irreversible,
    /// Something that cannot be undone depends on it.
    Needed(StageId),
    /// It need not be undone.
    Harmless,
    /// The plan accepts that nothing undoes it.
    Open,
    /// Nothing is undone, or only another part.
    Untouched,
}

/// A stage beside a failure that stays changed where it has begun.
#[derive(Debug, Clone)]
pub(in crate::emit::runbook) struct Beside {
    /// Which.
    pub stage: StageId,
    /// Why.
    pub why: Stays,
    /// What stays with it, though it would be undone.
    pub with: Vec<StageId>,
}

/// What is undone after a failure.
#[derive(Debug, Clone)]
pub(in crate::emit::runbook) struct Way {
    /// What fails.
    pub cause: Cause,
    /// The stage whose owner is asked; the release's where there is none.
    pub stage: Option<StageId>,
    /// What follows.
    pub then: Then,
    /// The stages to undo that have surely begun (where they apply), those together that may be undone together. Named in a
    /// plan of ordinary size only.
    pub undone: Vec<Vec<StageId>>,
    /// How many these are, all of them.
    pub many: usize,
    /// Stages that may run beside: undone in their place when they have begun. Named in a plan of ordinary size only.
    pub beside: Vec<StageId>,
    /// How many these are, all of them.
    pub many_beside: usize,
    /// The last stage, in the order of the plan, of all that is undone where it has begun.
    pub last: Option<StageId>,
    /// What stays changed, `KEPT` of them at most.
    pub kept: Vec<(StageId, Stays)>,
    /// How many these are, all of them.
    pub many_kept: usize,
    /// What may run beside, and stays changed where it has begun, `KEPT` of them at most.
    pub kept_beside: Vec<Beside>,
    /// How many these are, all of them.
    pub many_kept_beside: usize,
    /// What may run beside and cannot be undone: half done, it needs help. `KEPT` of them at most.
    pub may_stand: Vec<StageId>,
    /// Something is undone of which nobody has said how long it takes: `safe` leaves it out.
    pub untimed: bool,
    /// The holds that are left then, the last entered first; each with whether it has surely been entered.
    pub holds: Vec<(HoldId, bool)>,
    /// Those of them that are entered again before what is inside is undone; each with whether it has surely been left.
    pub entered_again: Vec<(HoldId, bool)>,
    /// From the failure until everything is undone and every hold is left, at the longest; without the time in which a person
    /// decides.
    pub safe: Dur,
    /// The same for each case of the plan; nothing for one in which this does not fail. One alone holds for all of them.
    pub safe_in: Vec<Option<Dur>>,
    /// How much of that passes before the way back begins, or before a person is asked.
    pub first: Dur,
    /// How much of that is the end of the step that a trigger interrupts: it ends with its stage at the latest.
    pub own_step: Dur,
    /// Something irreversible stands half done.
    pub half_done: bool,
}

impl Way {
    /// Whether anything is undone, now or when a person says so.
    pub(in crate::emit::runbook) fn undoes(&self) -> bool {
        self.many > 0 || self.many_beside > 0
    }

    /// Whether a stage in the order of undoing may not have applied though that which fails does.
    pub(in crate::emit::runbook) fn conditional(&self, plan: &Plan) -> bool {
        let v = plan.variants();
        let here = v.applies(self.cause.node());
        let sure = |s: &StageId| v.implies(here, v.applies(Node::Stage(*s)));
        self.undone.iter().flatten().any(|s| !sure(s))
    }
}
