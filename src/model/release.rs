//! The release itself.

use crate::model::{
    Act, Allow, Approval, Artifact, ArtifactId, Calendar, CalendarId, Capture, Change, Channel, Checklist,
    Civil, Cond, Decision, DutyRule, EnvId, Environment, EnvironmentKind, Escalate, Gate, Hold, Impact, Lock,
    Metric, Notify, Obligation, Offset, OnFailure, Origin, Override, Person, PersonRef, Phase, Policy, Prior,
    Role, RoleId, Since, Stage, StageId, StartedBy, Step, StepKind, Tested, Text, Trigger, Value, Window,
};
use smol_str::SmolStr;

/// A release: everything a plan says, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its name, `[a-z][a-z0-9_]*`.
    pub name: SmolStr,
    /// The `release` statement.
    pub origin: Origin,
    /// The documentation of the module or of the release.
    pub doc: Option<String>,
    /// A line for people.
    pub title: Text,
    /// What is released.
    pub version: Text,
    /// What it replaces.
    pub replaces: Option<Text>,
    /// Who wrote the change.
    pub authors: Vec<(PersonRef, Origin)>,
    /// Who answers for the release.
    pub owner: RoleId,
    /// Where it takes place.
    pub environment: EnvId,
    /// Its calendar.
    pub calendar: Option<CalendarId>,
    /// When it may take place.
    pub window: Option<Window>,
    /// When T is, when written.
    pub start: Option<(Civil, Origin)>,
    /// How a run begins.
    pub started_by: Option<(StartedBy, Origin)>,
    /// The plan last approved.
    pub since: Option<Since>,
    /// Locks besides the environment's own.
    pub locks: Vec<Lock>,
    /// A paragraph for people.
    pub summary: Option<Text>,
    /// Where more is written.
    pub docs: Vec<Text>,
    /// The rehearsal of the whole plan.
    pub tested: Option<Tested>,
    /// The default of the stages.
    pub on_failure: Option<OnFailure>,
    /// The change request.
    pub change: Option<Change>,
    /// Parameters.
    pub params: Vec<Param>,
    /// Asserts over parameters that are not decided yet: checks of the inputs.
    pub asserts: Vec<AssertionParam>,
    /// People.
    pub people: Vec<Person>,
    /// Roles.
    pub roles: Vec<Role>,
    /// Environments.
    pub environments: Vec<Environment>,
    /// Artifacts.
    pub artifacts: Vec<Artifact>,
    /// Channels.
    pub channels: Vec<Channel>,
    /// Calendars.
    pub calendars: Vec<Calendar>,
    /// Metrics.
    pub metrics: Vec<Metric>,
    /// Gates.
    pub gates: Vec<Gate>,
    /// Checklists.
    pub checklists: Vec<Checklist>,
    /// Approvals.
    pub approvals: Vec<Approval>,
    /// Duties beyond approvals.
    pub duties: Vec<DutyRule>,
    /// Decisions.
    pub decisions: Vec<Decision>,
    /// Stages, in the order written (procedures and loops in place).
    pub stages: Vec<Stage>,
    /// Phases.
    pub phases: Vec<Phase>,
    /// Holds.
    pub holds: Vec<Hold>,
    /// What users notice.
    pub impacts: Vec<Impact>,
    /// Triggers.
    pub triggers: Vec<Trigger>,
    /// Messages.
    pub notifies: Vec<Notify>,
    /// Escalations.
    pub escalates: Vec<Escalate>,
    /// Declared ways around.
    pub overrides: Vec<Override>,
    /// Steps at the end of every run.
    pub finally: Vec<Step>,
    /// Work owed afterwards.
    pub obligations: Vec<Obligation>,
    /// Rules of the organisation.
    pub policies: Vec<Policy>,
    /// Accepted findings.
    pub allows: Vec<Allow>,
    /// Captured outputs.
    pub captures: Vec<Capture>,
    /// Recorded prior states.
    pub priors: Vec<Prior>,
}

macro_rules! get {
    ($($(#[$doc:meta])* $fn:ident, $field:ident, $id:ident, $ty:ident);* $(;)?) => {
        impl Release {$(
            $(#[$doc])*
            pub fn $fn(&self, id: crate::model::$id) -> &$ty {
                &self.$field[id.index()]
            }
        )*}
    };
}

get! {
    /// The stage of an id.
    stage, stages, StageId, Stage;
    /// The gate of an id.
    gate, gates, GateId, Gate;
    /// The role of an id.
    role, roles, RoleId, Role;
    /// The person of an id.
    person, people, PersonId, Person;
    /// The environment of an id.
    env, environments, EnvId, Environment;
    /// The artifact of an id.
    artifact, artifacts, ArtifactId, Artifact;
    /// The channel of an id.
    channel, channels, ChannelId, Channel;
    /// The calendar of an id.
    calendar_of, calendars, CalendarId, Calendar;
    /// The metric of an id.
    metric, metrics, MetricId, Metric;
    /// The checklist of an id.
    checklist, checklists, ChecklistId, Checklist;
    /// The approval of an id.
    approval, approvals, ApprovalId, Approval;
    /// The decision of an id.
    decision, decisions, DecisionId, Decision;
    /// The phase of an id.
    phase, phases, PhaseId, Phase;
    /// The hold of an id.
    hold, holds, HoldId, Hold;
    /// The parameter of an id.
    param, params, ParamId, Param;
    /// The capture of an id.
    capture, captures, CaptureId, Capture;
    /// The prior of an id.
    prior, priors, PriorId, Prior;
}

/// A parameter of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// Its type.
    pub ty: ParamType,
    /// Its documentation.
    pub doc: Option<String>,
    /// The value when none is given.
    pub default: Option<Value>,
    /// Fixed by the command line or by a default: then it is a constant everywhere and no input of the run.
    pub fixed: Option<Value>,
}

/// The type of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParamType {
    /// `string`
    Text,
    /// `int`
    Int,
    /// `number`
    Number,
    /// `percent`
    Percent,
    /// `duration`
    Duration,
    /// `bool`
    Bool,
    /// `version`
    Version,
    /// `date`
    Date,
    /// `time`
    Time,
    /// `url`
    Url,
    /// `one_of("a", "b")`
    OneOf(Vec<SmolStr>),
    /// `list(T)`
    List(Box<ParamType>),
    /// `person`
    Person,
    /// `environment`: the choices are all environments of the plan, in order.
    Environment,
    /// Another kind (`role`, `channel`, …), always fixed.
    Kind(SmolStr),
}

/// An assert over parameters that are not decided yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertionParam {
    /// What must hold of the inputs.
    pub holds: Cond,
    /// What to say when it does not.
    pub message: Text,
    /// Where it is written.
    pub origin: Origin,
}

impl Release {
    /// Every act that can run: forward, undo, pairs, holds, `finally`, gates.
    pub fn acts(&self) -> Vec<&Act> {
        let mut list = Vec::new();
        let steps = self
            .stages
            .iter()
            .flat_map(|s| {
                let written = match &s.rollback {
                    crate::model::Rollback::Written(w) => w.steps.iter().collect(),
                    _ => Vec::new(),
                };
                let failing = s.on_failure.iter().flat_map(|f| &f.steps);
                s.forward_steps()
                    .into_iter()
                    .chain(written)
                    .chain(failing)
                    .collect::<Vec<_>>()
            })
            .chain(self.holds.iter().flat_map(|h| h.enter.iter().chain(&h.exit)))
            .chain(&self.finally);
        for act in steps.filter_map(Step::act) {
            push_with_companions(act, &mut list);
        }
        for gate in &self.gates {
            if let crate::model::GateTest::Run(a) | crate::model::GateTest::Job(a) = &gate.test {
                push_with_companions(a, &mut list);
            }
        }
        list
    }

    /// Whether an environment is production.
    pub fn is_production(&self, env: EnvId) -> bool {
        self.env(env).kind == EnvironmentKind::Production
    }

    /// The steps that a stage does whatever is decided: neither they, nor the step of the rollout around them, nor the gate they judge have a condition.
    pub fn sure_steps<'a>(&'a self, stage: &'a Stage) -> Vec<&'a Step> {
        let sure = |s: &&Step| match s.kind {
            StepKind::VerifyGate(g) => s.when == Cond::True && self.gate(g).when == Cond::True,
            _ => s.when == Cond::True,
        };
        match &stage.rollout {
            None => stage.steps.iter().filter(sure).collect(),
            Some(rollout) => {
                let around = rollout.steps.iter().filter(|r| r.when == Cond::True);
                around
                    .flat_map(|r| r.work.iter().chain(&r.checks))
                    .filter(sure)
                    .collect()
            }
        }
    }

    /// Whether a decision is asked only when something has failed: nothing says after what it is asked, and a failure leads to it.
    pub fn asked_on_failure_only(&self, decision: super::DecisionId) -> bool {
        let by = |f: &Option<OnFailure>| f.as_ref().is_some_and(|f| f.asks(decision));
        self.decision(decision).after.is_empty()
            && (by(&self.on_failure)
                || self.stages.iter().any(|s| by(&s.on_failure))
                || self.gates.iter().any(|g| g.asks(decision)))
    }

    /// Whether a failure inside a stage leads to a decision: its own, or that of a gate it judges once it has begun.
    pub fn asks_inside(&self, stage: StageId, decision: super::DecisionId) -> bool {
        let stage = self.stage(stage);
        let mut steps = stage.forward_steps().into_iter();
        stage.on_failure.as_ref().is_some_and(|f| f.asks(decision))
            || steps.any(|s| matches!(s.kind, StepKind::VerifyGate(g) if self.gate(g).asks(decision)))
    }

    /// Whether a gate that a stage requires before it begins leads to a decision.
    pub fn asks_before(&self, stage: StageId, decision: super::DecisionId) -> bool {
        let mut gates = self.stage(stage).require.iter();
        gates.any(|(g, _)| self.gate(*g).asks(decision))
    }

    /// The offset a stage may not start before, when written.
    pub fn stage_at(&self, stage: StageId) -> Option<Offset> {
        self.stage(stage).at.as_ref().map(|(o, _)| *o)
    }

    /// The artifacts of ids, in order.
    pub fn artifact_names(&self, ids: &[(ArtifactId, Origin)]) -> Vec<&str> {
        ids.iter().map(|(a, _)| self.artifact(*a).name.as_str()).collect()
    }
}

fn push_with_companions<'a>(act: &'a Act, list: &mut Vec<&'a Act>) {
    let mut stack = vec![act];
    while let Some(a) = stack.pop() {
        list.push(a);
        stack.extend(a.companions());
    }
}
