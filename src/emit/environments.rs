//! The GitHub environments a plan relies on: where it deploys, and where a person is asked.
//!
//! One list for everybody who needs it: the workflow waits on these environments, and the infrastructure creates them.
//! Must not know how either is written. Called by the targets `github` and `terraform`.

use crate::emit::people::{Askable, Reviewers};
use crate::model::{
    Act, ApprovalId, Checklist, ChecklistId, DecisionId, EnvId, Failure, FailureOutcome, GateId, GateOutcome,
    GateTest, HoldId, MetricExpr, NoData, OptionOutcome, Origin, PersonRef, Question, Release, RoleId,
    RoleOrPerson, Rollback, Stage, StageId, Step, StepKind, WaitTest,
};
use crate::plan::{Plan, StageUndo};
use smol_str::SmolStr;

/// The longest a step waits in its own job, in seconds: a job lives six hours.
pub const LONGEST_WAIT: i64 = 5 * 3600;
/// The longest wait timer of an environment at GitHub, in minutes.
pub const LONGEST_TIMER: i64 = 43_200;

/// Most people and teams that GitHub lets review one environment.
pub const MOST_REVIEWERS: usize = 6;

/// What a person is asked at, or where it is deployed to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// Jobs that change an environment run here: bound to a branch, without reviewers.
    Deploy(EnvId),
    /// A wait longer than a job may live: GitHub itself waits so many minutes before the job starts.
    Wait(i64),
    /// Jobs that send messages run here: bound to a branch, without reviewers.
    Messages,
    /// An approval.
    Approve(ApprovalId),
    /// A decision.
    Decide(DecisionId),
    /// A declared way around, by its place in the list.
    Override(usize),
    /// The items of a checklist that a role ticks.
    Ready(ChecklistId, RoleId),
    /// A gate that a person answers.
    Gate(GateId),
    /// Somebody starts a stage.
    Start(StageId),
    /// A step of a stage (forward, `on_failure` or rollback) that a person does or answers, by its slug.
    Step(StageId, SmolStr),
    /// What follows after a stage has paused.
    Pause(StageId),
    /// What follows after a trigger, a decision or an approval has paused the run.
    PauseRun,
    /// The owner's word before a hold is left after an undo inside has failed.
    Hold(HoldId),
    /// A step of a hold that a person does, by its slug.
    HoldStep(HoldId, SmolStr),
    /// A step of `finally` that a person does, by its slug.
    Finally(SmolStr),
}

/// An environment at GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GithubEnvironment {
    /// Its name there.
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Who may say yes there; `None` when nobody is asked.
    pub reviewers: Option<Reviewers>,
    /// Whether whoever started the run may not say yes.
    pub no_self_review: bool,
}

/// The name of the environment for a purpose.
pub fn name(release: &Release, purpose: &Purpose) -> String {
    let prefix = &release.name;
    match purpose {
        Purpose::Deploy(env) => release.env(*env).name.to_string(),
        Purpose::Wait(minutes) => format!("{prefix}-wait-{minutes}m"),
        Purpose::Messages => format!("{prefix}-messages"),
        Purpose::Approve(a) => format!("{prefix}-approve-{}", release.approval(*a).name),
        Purpose::Decide(d) => format!("{prefix}-decide-{}", release.decision(*d).name),
        Purpose::Override(i) => format!("{prefix}-override-{}", release.overrides[*i].name),
        Purpose::Ready(c, role) => format!(
            "{prefix}-ready-{}-{}",
            release.checklist(*c).name,
            release.role(*role).name
        ),
        Purpose::Gate(g) => format!("{prefix}-gate-{}", gate_slug(release, *g)),
        Purpose::Start(s) => format!("{prefix}-start-{}", release.stage(*s).slug),
        Purpose::Step(s, step) => format!("{prefix}-step-{}-{step}", release.stage(*s).slug),
        Purpose::Pause(s) => format!("{prefix}-pause-{}", release.stage(*s).slug),
        Purpose::PauseRun => format!("{prefix}-pause"),
        Purpose::Hold(h) => format!("{prefix}-hold-{}", release.hold(*h).name),
        Purpose::HoldStep(h, step) => format!("{prefix}-hold-{}-{step}", release.hold(*h).name),
        Purpose::Finally(step) => format!("{prefix}-finally-{step}"),
    }
}

/// A gate's name as a part of other names: `[a-z0-9_]` only, and unique.
pub fn gate_slug(release: &Release, gate: GateId) -> String {
    slug_among(release.gates.iter().map(|g| g.name.as_str()), gate.index())
}

/// The name of one of several as a part of other names, unique among them.
pub fn slug_among<'r>(names: impl Iterator<Item = &'r str>, index: usize) -> String {
    let mut list: Vec<String> = names.take(index + 1).map(plain).collect();
    let mine = list.pop().unwrap_or_default();
    let same = list.iter().filter(|n| **n == mine).count();
    if same == 0 {
        mine
    } else {
        format!("{mine}_{}", same + 1)
    }
}

/// A name as a part of other names: small letters, digits and `_`.
pub fn plain(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect()
}

/// Every environment the plan relies on, in a fixed order, each once.
pub fn environments(plan: &Plan) -> Vec<GithubEnvironment> {
    let mut list = List {
        release: plan.release(),
        found: Vec::new(),
    };
    list.deploys();
    list.consents();
    for i in 0..list.release.stages.len() {
        list.stage(StageId::at(i));
    }
    list.around();
    list.found
}

/// The roles that tick items of a checklist, each once, in the order written: items with a command are checked by it.
pub fn tickers(release: &Release, list: &Checklist) -> Vec<RoleId> {
    let mut roles = Vec::new();
    for item in list.items.iter().filter(|i| i.check.is_none()) {
        let role = item.owner.unwrap_or(release.owner);
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    roles
}

/// Who answers a question, or the role that owns it.
pub fn answerers(question: &Question, owner: RoleId) -> Vec<RoleOrPerson> {
    let people = question.by_people.iter().filter_map(|p| match p {
        PersonRef::Person(p) => Some(RoleOrPerson::Person(*p)),
        PersonRef::Param(_) => None,
    });
    let named: Vec<_> = question
        .by
        .iter()
        .map(|r| RoleOrPerson::Role(*r))
        .chain(people)
        .collect();
    if named.is_empty() {
        vec![RoleOrPerson::Role(owner)]
    } else {
        named
    }
}

/// The question a step puts to a person, when that is what it does: `manual` work without a command counts as one.
pub fn asked<'a>(step: &'a Step) -> Option<Askable<'a>> {
    match &step.kind {
        StepKind::Act(act) => by_hand(act),
        StepKind::WaitFor(w) => match &w.test {
            WaitTest::Ask(q) => Some(Askable::Question(q)),
            WaitTest::Run(a) | WaitTest::Job(a) => by_hand(a),
        },
        _ => None,
    }
}

/// An act that only a person can do.
pub fn by_hand(act: &Act) -> Option<Askable<'_>> {
    match (&act.run, &act.task, &act.manual) {
        (None, None, Some(manual)) => Some(Askable::Manual(manual)),
        _ => None,
    }
}

struct List<'a> {
    release: &'a Release,
    found: Vec<GithubEnvironment>,
}

impl List<'_> {
    fn push(&mut self, purpose: Purpose, who: Option<&[RoleOrPerson]>, no_self_review: bool) {
        if self.found.iter().any(|e| e.purpose == purpose) {
            return;
        }
        self.found.push(GithubEnvironment {
            name: name(self.release, &purpose),
            purpose,
            reviewers: who.map(|w| Reviewers::of(self.release, w)),
            no_self_review,
        });
    }

    fn deploys(&mut self) {
        let r = self.release;
        self.push(Purpose::Deploy(r.environment), None, false);
        for stage in &r.stages {
            self.push(Purpose::Deploy(stage.environment), None, false);
        }
        for env in r.gates.iter().filter_map(|g| g.environment) {
            self.push(Purpose::Deploy(env), None, false);
        }
        self.push(Purpose::Messages, None, false);
    }

    fn consents(&mut self) {
        let r = self.release;
        for (i, approval) in r.approvals.iter().enumerate() {
            let who: Vec<_> = approval.from.iter().map(|(w, _)| *w).collect();
            self.push(Purpose::Approve(ApprovalId::at(i)), Some(&who), true);
        }
        for (i, decision) in r.decisions.iter().enumerate() {
            let who = answerers(&decision.question, r.owner);
            self.push(Purpose::Decide(DecisionId::at(i)), Some(&who), false);
        }
        for (i, o) in r.overrides.iter().enumerate() {
            let who: Vec<_> = o.by.iter().map(|(w, _)| *w).collect();
            self.push(Purpose::Override(i), Some(&who), true);
        }
        for (i, list) in r.checklists.iter().enumerate() {
            let id = ChecklistId::at(i);
            let used = r.stages.iter().any(|s| s.wants(id));
            for role in tickers(r, list).into_iter().filter(|_| used) {
                self.push(Purpose::Ready(id, role), Some(&[RoleOrPerson::Role(role)]), false);
            }
        }
    }

    fn stage(&mut self, id: StageId) {
        let r = self.release;
        let stage = r.stage(id);
        if let Some(role) = stage.started_by {
            self.push(Purpose::Start(id), Some(&[RoleOrPerson::Role(role)]), false);
        }
        for (gate, _) in &stage.require {
            self.gate(*gate, stage.owner);
        }
        let written = match &stage.rollback {
            Rollback::Written(w) => w.steps.as_slice(),
            _ => &[],
        };
        let failing = stage.on_failure.as_ref().map_or(&[][..], |f| &f.steps);
        for step in stage.forward_steps() {
            if let StepKind::Wait(d) | StepKind::Bake(d) = step.kind
                && d.as_seconds() > LONGEST_WAIT
            {
                self.push(Purpose::Wait(d.as_minutes()), None, false);
            }
        }
        for step in stage.forward_steps().into_iter().chain(failing).chain(written) {
            self.step(step, stage.owner, Purpose::Step(id, step.slug.clone()));
        }
        if let StageUndo::Derived(list) = StageUndo::of(stage) {
            for undo in list {
                let own = std::iter::once((&undo.slug, undo.act));
                for (slug, act) in own.chain(undo.earlier.iter().map(|e| (&e.slug, e.act))) {
                    if by_hand(act).is_some() {
                        let owner = RoleOrPerson::Role(undo.owner);
                        self.push(Purpose::Step(id, slug.clone()), Some(&[owner]), false);
                    }
                }
            }
        }
        if may_pause(r, id) {
            self.push(
                Purpose::Pause(id),
                Some(&[RoleOrPerson::Role(stage.owner)]),
                false,
            );
        }
    }

    fn gate(&mut self, gate: GateId, owner: RoleId) {
        if let GateTest::Ask(q) = &self.release.gate(gate).test {
            let who = answerers(q, self.release.gate(gate).owner.unwrap_or(owner));
            self.push(Purpose::Gate(gate), Some(&who), false);
        }
    }

    fn step(&mut self, step: &Step, owner: RoleId, purpose: Purpose) {
        if let StepKind::VerifyGate(gate) = step.kind {
            self.gate(gate, step.owner.unwrap_or(owner));
        }
        let owner = step.owner.unwrap_or(owner);
        match asked(step) {
            Some(Askable::Manual(_)) => self.push(purpose, Some(&[RoleOrPerson::Role(owner)]), false),
            Some(Askable::Question(q)) => {
                let who = answerers(q, owner);
                self.push(purpose, Some(&who), false);
            }
            None => {}
        }
    }

    fn around(&mut self) {
        let r = self.release;
        for (i, hold) in r.holds.iter().enumerate() {
            let id = HoldId::at(i);
            let owner = hold.owner.unwrap_or(r.owner);
            self.push(Purpose::Hold(id), Some(&[RoleOrPerson::Role(owner)]), false);
            for step in hold.enter.iter().chain(&hold.exit) {
                self.step(step, owner, Purpose::HoldStep(id, step.slug.clone()));
            }
        }
        if run_pauses(r) {
            self.push(Purpose::PauseRun, Some(&[RoleOrPerson::Role(r.owner)]), false);
        }
        for step in &r.finally {
            self.step(step, r.owner, Purpose::Finally(step.slug.clone()));
        }
    }
}

/// Whether the plan's window covers a stage: the stages it names, else every stage in production.
pub fn in_window(release: &Release, stage: StageId) -> bool {
    release.window.as_ref().is_some_and(|w| {
        if w.covers.is_empty() {
            release.is_production(release.stage(stage).environment)
        } else {
            w.covers.contains(&stage)
        }
    })
}

/// The gates a stage judges, before it starts and while it runs, each once.
pub fn gates_of(stage: &Stage) -> Vec<GateId> {
    let mut gates: Vec<GateId> = stage.require.iter().map(|(g, _)| *g).collect();
    for step in stage.forward_steps() {
        if let StepKind::VerifyGate(g) = step.kind
            && !gates.contains(&g)
        {
            gates.push(g);
        }
    }
    gates
}

/// Whether a stage can pause the run: it or a gate says so, it steps back, or it may meet a closed window.
pub fn may_pause(release: &Release, id: StageId) -> bool {
    !pauses_at(release, id).is_empty()
}

/// Where it stands that a stage can pause the run.
pub fn pauses_at(release: &Release, id: StageId) -> Vec<&Origin> {
    let stage = release.stage(id);
    let no_data = |e: &MetricExpr| {
        e.metrics()
            .iter()
            .any(|m| release.metric(*m).no_data == Some(NoData::Pause))
    };
    let mut list: Vec<&Origin> = Vec::new();
    let of_stage = stage.on_failure.as_ref();
    list.extend(
        of_stage
            .filter(|f| matches!(&f.then, Failure::Then(o) if o.asks()))
            .map(|f| &f.origin),
    );
    for gate in gates_of(stage).into_iter().map(|g| release.gate(g)) {
        match &gate.otherwise {
            Some((GateOutcome::Then(o), origin)) if o.asks() => list.push(origin),
            _ => {}
        }
        if matches!(&gate.test, GateTest::Metrics(e) if no_data(e)) {
            list.push(&gate.origin);
        }
    }
    let demote = stage.rollout.as_ref().and_then(|r| r.demote.as_ref());
    list.extend(demote.map(|d| &d.origin));
    let window = release.window.as_ref().filter(|_| in_window(release, id));
    list.extend(window.map(|w| &w.origin));
    list
}

/// Whether anything pauses the run.
pub fn pauses(release: &Release) -> bool {
    run_pauses(release) || (0..release.stages.len()).any(|s| may_pause(release, StageId::at(s)))
}

fn run_pauses(release: &Release) -> bool {
    !run_pauses_at(release).is_empty()
}

/// Where it stands that a trigger or an option of a decision pauses the run.
pub fn run_pauses_at(release: &Release) -> Vec<&Origin> {
    let option = |o: &crate::model::DecisionOption| matches!(&o.then, OptionOutcome::Then(o) if o.asks());
    let triggers = release
        .triggers
        .iter()
        .filter(|t| t.then == FailureOutcome::Pause);
    let decisions = release.decisions.iter().filter(|d| d.options.iter().any(option));
    triggers
        .map(|t| &t.origin)
        .chain(decisions.map(|d| &d.origin))
        .collect()
}
