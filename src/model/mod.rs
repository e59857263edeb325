//! What a release *is*: plain data, every name resolved, every definition instantiated, every `for` unrolled.
//!
//! The contract between the front end (resolve, eval, lower) and everything behind it (plan, checks, emit, run).
//! Each part carries its [`Origin`]. Must not know syntax, analyses or targets. Built by `eval::lower`.

mod act;
mod around;
mod consent;
mod gate;
mod ids;
mod people;
mod place;
mod policy;
mod release;
mod stage;
mod time;
mod used;
mod value;

pub use act::{
    Act, ActSource, Assertion, Capture, CaptureSource, CaptureType, Command, Effects, EnvVar, Extract,
    KeyUse, Manual, Permit, Prior, Retired, Task, Tool, Undo,
};
pub use around::{
    Allow, Change, ChangeType, Escalate, Hold, Impact, Level, Moment, MomentKind, Notify, NotifyTarget,
    Obligation, Phase, RiskItem,
};
pub use consent::{
    Approval, ApprovalOutcome, Checklist, ChecklistItem, Decision, DecisionOption, DistinctFrom, DutyRule,
    OptionOutcome, OptionTestExpr, Override, Passes, Quorum, Seat,
};
pub use gate::{Comparison, Gate, GateOutcome, GateTest, Metric, MetricExpr, NoData, Trigger, TriggerTest};
pub use ids::{
    ApprovalId, ArtifactId, CalendarId, CaptureId, ChannelId, ChecklistId, DecisionId, EnvId, GateId, HoldId,
    MetricId, ParamId, PersonId, PhaseId, PriorId, RoleId, StageId, TriggerId,
};
pub use people::{Member, Person, PersonRef, Role, RoleKind, RoleOrPerson};
pub use place::{
    Artifact, Channel, Classification, Environment, EnvironmentKind, Lock, Since, StartedBy, Tested, Window,
};
pub use policy::{Limit, Policy, PolicyExpr, PolicyOp, PolicyRule, Quantifier};
pub use release::{AssertionParam, Param, ParamType, Release};
pub use stage::{
    After, Demote, Failure, FailureOutcome, OnFailure, Question, Retry, Rollback, Rollout, RolloutStep,
    Stage, Step, StepKind, Strength, WaitFor, WaitTest, WrittenRollback,
};
pub use time::{BlackoutHours, Calendar, Civil, Dur, Freeze, Holiday, Offset, OnDuty, Weekday};
pub use used::{Lacking, Used};
pub use value::{Atom, Cond, Func, Key, Origin, Outcome, Subject, Sym, SymOp, Text, TextPart, Value, Via};
