//! Plans for unit tests, drawn by hand: stages with what they wait for, and nothing else unless it is added.
//!
//! Compiled for tests only.

use crate::model::{
    After, Approval, ApprovalId, ApprovalOutcome, Atom, Cond, Decision, DecisionId, DecisionOption, Dur,
    EnvId, Environment, EnvironmentKind, OptionOutcome, Origin, Param, ParamId, ParamType, Passes, Question,
    Quorum, Release, Role, RoleId, Rollback, Stage, StageId, Step, StepKind, Text,
};
use crate::plan::Plan;
use crate::source::{FileId, Span};

/// A place of its own for each thing drawn.
pub(crate) fn origin(n: usize) -> Origin {
    Origin::at(Span::new(FileId(0), n * 10, n * 10 + 5))
}

/// A release with one production environment and one role.
pub(crate) fn release() -> Release {
    Release {
        name: "r".into(),
        origin: origin(0),
        doc: None,
        title: Text::lit("R"),
        version: Text::lit("1.0.0"),
        replaces: None,
        authors: Vec::new(),
        owner: RoleId(0),
        environment: EnvId(0),
        calendar: None,
        window: None,
        start: None,
        started_by: None,
        since: None,
        locks: Vec::new(),
        summary: None,
        docs: Vec::new(),
        tested: None,
        on_failure: None,
        change: None,
        params: Vec::new(),
        asserts: Vec::new(),
        people: Vec::new(),
        roles: vec![Role {
            name: "ops".into(),
            origin: origin(1),
            title: Text::lit("Ops"),
            kind: None,
            members: Vec::new(),
            members_written: false,
            team: None,
            aws: None,
            at_least: None,
            excludes: Vec::new(),
        }],
        environments: vec![Environment {
            name: "production".into(),
            origin: origin(2),
            kind: EnvironmentKind::Production,
            region: None,
            account: None,
            url: None,
            iac: None,
            classification: None,
            encryption: None,
            mirrors: None,
        }],
        artifacts: Vec::new(),
        channels: Vec::new(),
        calendars: Vec::new(),
        metrics: Vec::new(),
        gates: Vec::new(),
        checklists: Vec::new(),
        approvals: Vec::new(),
        duties: Vec::new(),
        decisions: Vec::new(),
        stages: Vec::new(),
        phases: Vec::new(),
        holds: Vec::new(),
        impacts: Vec::new(),
        triggers: Vec::new(),
        notifies: Vec::new(),
        escalates: Vec::new(),
        overrides: Vec::new(),
        finally: Vec::new(),
        obligations: Vec::new(),
        policies: Vec::new(),
        allows: Vec::new(),
        captures: Vec::new(),
        priors: Vec::new(),
    }
}

/// Adds a stage that waits for others.
pub(crate) fn stage(r: &mut Release, name: &str, after: &[StageId]) -> StageId {
    let id = StageId::at(r.stages.len());
    let n = 100 + id.index();
    r.stages.push(Stage {
        name: name.into(),
        slug: name.into(),
        origin: origin(n),
        title: Text::lit(name),
        doc: None,
        after: after
            .iter()
            .map(|s| After {
                stage: *s,
                origin: origin(n),
            })
            .collect(),
        when: Cond::True,
        when_origin: None,
        approved: Vec::new(),
        ready: Vec::new(),
        require: Vec::new(),
        awaits: Vec::new(),
        owner: RoleId(0),
        owner_origin: origin(n),
        started_by: None,
        environment: EnvId(0),
        at: None,
        takes: None,
        timeout: None,
        builds: Vec::new(),
        ships: Vec::new(),
        rollout: None,
        steps: Vec::new(),
        rollback: Rollback::Derived,
        on_failure: None,
        phase: None,
        group: None,
    });
    id
}

/// Adds an approval, asked after some stages.
pub(crate) fn approval(r: &mut Release, name: &str, after: &[StageId]) -> ApprovalId {
    let id = ApprovalId::at(r.approvals.len());
    let n = 5000 + id.index();
    r.approvals.push(Approval {
        name: name.into(),
        origin: origin(n),
        title: Text::lit(name),
        from: Vec::new(),
        quorum: Quorum::Count(1),
        quorum_origin: None,
        passes: Passes::Unanimous,
        passes_written: None,
        distinct_from: Vec::new(),
        after: after.iter().map(|s| (*s, origin(n))).collect(),
        after_decisions: Vec::new(),
        open_for: None,
        within: None,
        valid: None,
        evidence: None,
        otherwise: ApprovalOutcome::Rollback,
        otherwise_origin: None,
        when: Cond::True,
    });
    id
}

/// Lets a stage wait for an approval.
pub(crate) fn approved(r: &mut Release, stage: StageId, approval: ApprovalId) {
    r.stages[stage.index()].approved.push((approval, origin(6000)));
}

/// Adds a `bool` parameter, and gives the condition that it is true.
pub(crate) fn flag(r: &mut Release, name: &str) -> Cond {
    let param = ParamId::at(r.params.len());
    r.params.push(Param {
        name: name.into(),
        origin: origin(7000),
        ty: ParamType::Bool,
        doc: None,
        default: None,
        fixed: None,
    });
    Cond::Atom(Atom::Param { param, choice: 1 })
}

/// Adds a decision with options that go on or end the run.
pub(crate) fn decision(
    r: &mut Release,
    name: &str,
    after: &[StageId],
    options: &[(&str, OptionOutcome)],
) -> DecisionId {
    let id = DecisionId::at(r.decisions.len());
    let n = 8000 + id.index();
    r.decisions.push(Decision {
        name: name.into(),
        origin: origin(n),
        question: Question {
            ask: Text::lit("?"),
            by: Vec::new(),
            by_people: Vec::new(),
            expect: None,
            within: None,
            default: None,
            captures: Vec::new(),
            console: None,
            evidence: None,
            origin: origin(n),
        },
        after: after.iter().map(|s| (*s, origin(n))).collect(),
        options: options
            .iter()
            .map(|(name, then)| DecisionOption {
                name: (*name).into(),
                title: Text::lit(*name),
                test: None,
                then: then.clone(),
                origin: origin(n),
            })
            .collect(),
        default: None,
        when: Cond::True,
    });
    id
}

/// Lets a stage take from `low` to `high` minutes.
pub(crate) fn takes(r: &mut Release, stage: StageId, low: i64, high: i64) {
    r.stages[stage.index()].takes = Some((Dur::minutes(low), Dur::minutes(high), origin(9000)));
}

/// A wait as a step.
pub(crate) fn wait(minutes: i64, when: Cond) -> Step {
    Step {
        origin: origin(9001),
        slug: "s".into(),
        kind: StepKind::Wait(Dur::minutes(minutes)),
        when,
        owner: None,
        timeout: None,
        retry: None,
        idempotent: false,
        expect: None,
        captures: Vec::new(),
        takes: None,
    }
}

/// The plan of a release that has an order.
pub(crate) fn plan(r: Release) -> Plan {
    match Plan::new(r) {
        Ok(plan) => plan,
        Err(e) => panic!("a circle: {:?}", e.1.nodes),
    }
}
