//! The rights of stages, undos, holds and messages: exactly what their actions permit, and what a build needs.
//!
//! Must not know the machine's own calls. Called by `permits`
//! and the target `terraform`.

use super::naming::{self, Duty};
use super::permits::{Resource, Role, Statement, allow, foreign_roles, own, starred};
use crate::emit::environments::gates_of;
use crate::emit::people::iam_role;
use crate::model::{
    Act, EnvId, GateId, GateTest, MetricExpr, MetricId, Permit, Rollback, StageId, Step, StepKind,
    TriggerTest, WaitTest,
};
use crate::plan::{Plan, StageUndo, UndoStep};

/// Why a duty's role may do what the actions of the plan say.
pub const PLAN: &str = "what the plan does";
/// Why a duty's role may write to the log of builds.
const PRINTS: &str = "write what builds print";

/// The roles of duties: exactly what the actions say, and what a build needs.
pub fn duties(plan: &Plan) -> Vec<Role> {
    let release = plan.release();
    let mut list: Vec<Role> = Vec::new();
    for i in 0..release.stages.len() {
        let mut gathered = Gathered::new(plan);
        gathered.stage(StageId::at(i));
        list.push(gathered.role(Duty::Stage(StageId::at(i))));
    }
    let mut undo = Gathered::new(plan);
    for (i, stage) in release.stages.iter().enumerate() {
        match plan.undo(StageId::at(i)) {
            StageUndo::Derived(steps) => steps.iter().flat_map(UndoStep::acts).for_each(|a| undo.act(a)),
            StageUndo::Written(_) => {
                if let Rollback::Written(w) = &stage.rollback {
                    undo.steps(w.steps.iter());
                }
            }
            _ => {}
        }
    }
    list.push(undo.role(Duty::Rollback));
    let mut around = Gathered::new(plan);
    for hold in &release.holds {
        around.steps(hold.enter.iter().chain(&hold.exit));
    }
    around.steps(release.finally.iter());
    for trigger in &release.triggers {
        if let TriggerTest::Metrics(e) = &trigger.test {
            around.metrics(e);
        }
    }
    for gate in &release.gates {
        if let GateTest::Metrics(e) = &gate.test {
            baselines(e).into_iter().for_each(|m| around.metric(m));
        }
    }
    list.push(around.role(Duty::Around));
    let mut messages = Gathered::new(plan);
    for channel in &release.channels {
        channel.permits.iter().for_each(|p| messages.permit(p));
        messages.builds |= channel.task.is_none() && channel.run.is_some();
        messages.secrets(&channel.secrets);
    }
    list.push(messages.role(Duty::Messages));
    list
}

/// What only the workflow does with a role of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    /// The duty's word.
    pub word: String,
    /// The role's name.
    pub name: String,
    /// Where it is done.
    pub environment: EnvId,
    /// What it may do.
    pub statements: Vec<Statement>,
}

/// The workflow does with roles of their own: each hold, the end, checks before the start, and looking at metrics.
pub fn of_workflow(plan: &Plan) -> Vec<Extra> {
    let release = plan.release();
    let mut list: Vec<(String, EnvId, Gathered<'_>)> = Vec::new();
    for hold in &release.holds {
        let mut gathered = Gathered::new(plan);
        gathered.steps(hold.enter.iter().chain(&hold.exit));
        let place = release.stage(hold.from).environment;
        list.push((["hold_", &hold.name].concat(), place, gathered));
    }
    let mut last = Gathered::new(plan);
    last.steps(release.finally.iter());
    list.push(("finally".to_string(), release.environment, last));
    let mut before = Gathered::new(plan);
    for item in release.checklists.iter().flat_map(|c| &c.items) {
        item.check.iter().for_each(|check| before.act(check));
    }
    list.push(("preflight".to_string(), release.environment, before));
    let mut baseline = Gathered::new(plan);
    let mut watch = Gathered::new(plan);
    let of_gates = release.gates.iter().filter_map(|g| match &g.test {
        GateTest::Metrics(e) => Some(e),
        _ => None,
    });
    let of_triggers = release.triggers.iter().filter_map(|t| match &t.test {
        TriggerTest::Metrics(e) => Some(e),
        TriggerTest::Ask(_) => None,
    });
    let watched: Vec<&MetricExpr> = of_triggers.collect();
    for expr in of_gates.chain(watched.iter().copied()) {
        baselines(expr).into_iter().for_each(|m| baseline.metric(m));
    }
    watched.into_iter().for_each(|e| watch.metrics(e));
    list.push(("baseline".to_string(), release.environment, baseline));
    list.push(("watch".to_string(), release.environment, watch));
    list.into_iter()
        .map(|(word, environment, gathered)| Extra {
            name: iam_role(release, &word),
            statements: gathered.role(Duty::Around).statements,
            environment,
            word,
        })
        .filter(|e| !e.statements.is_empty())
        .collect()
}

/// Whether a statement is there because builds run with the role.
pub fn is_of_build(statement: &Statement) -> bool {
    statement.why == PRINTS
}

/// The metrics of a condition that are read before the start.
fn baselines(expr: &MetricExpr) -> Vec<MetricId> {
    match expr {
        MetricExpr::Const(_) => Vec::new(),
        MetricExpr::And(l) | MetricExpr::Or(l) => l.iter().flat_map(baselines).collect(),
        MetricExpr::Not(e) => baselines(e),
        MetricExpr::Compare { of_baseline, .. } => of_baseline.iter().copied().collect(),
    }
}

/// The rights of one duty as they are found.
struct Gathered<'a> {
    plan: &'a Plan,
    permits: Vec<(String, Resource)>,
    secrets: Vec<String>,
    builds: bool,
}

impl<'a> Gathered<'a> {
    fn new(plan: &'a Plan) -> Self {
        Gathered {
            plan,
            permits: Vec::new(),
            secrets: Vec::new(),
            builds: false,
        }
    }

    fn permit(&mut self, permit: &Permit) {
        let on = match starred(&permit.on) {
            all if all == "*" => Resource::All,
            arn => Resource::Arn(arn),
        };
        let one = (permit.action.to_string(), on);
        if !self.permits.contains(&one) {
            self.permits.push(one);
        }
    }

    fn secrets(&mut self, names: &[smol_str::SmolStr]) {
        for name in names {
            let full = ["releasec/", &self.plan.release().name, "/", name].concat();
            if !self.secrets.contains(&full) {
                self.secrets.push(full);
            }
        }
    }

    fn act(&mut self, act: &Act) {
        let release = self.plan.release();
        act.permits.iter().for_each(|p| self.permit(p));
        for id in &act.priors {
            let prior = release.prior(*id);
            prior.permits.iter().for_each(|p| self.permit(p));
            self.builds |= prior.run.is_some();
        }
        self.builds |= act.run.is_some();
        self.secrets(&act.secrets);
    }

    fn steps<'s>(&mut self, steps: impl Iterator<Item = &'s Step>) {
        for step in steps {
            match &step.kind {
                StepKind::Act(a) => self.act(a),
                StepKind::WaitFor(w) => match &w.test {
                    WaitTest::Run(a) | WaitTest::Job(a) => self.act(a),
                    WaitTest::Ask(_) => {}
                },
                StepKind::VerifyGate(g) => self.gate(*g),
                _ => {}
            }
        }
    }

    fn stage(&mut self, id: StageId) {
        let release = self.plan.release();
        let stage = release.stage(id);
        self.steps(stage.forward_steps().into_iter());
        if let Some(of) = &stage.on_failure {
            self.steps(of.steps.iter());
        }
        gates_of(stage).into_iter().for_each(|g| self.gate(g));
        for (list, _) in &stage.ready {
            for item in &release.checklist(*list).items {
                if let Some(check) = &item.check {
                    self.act(check);
                }
            }
        }
        for trigger in release.triggers.iter().filter(|t| t.during.contains(&id)) {
            if let TriggerTest::Metrics(e) = &trigger.test {
                self.metrics(e);
            }
        }
    }

    fn gate(&mut self, id: GateId) {
        match &self.plan.release().gate(id).test {
            GateTest::Metrics(e) => self.metrics(e),
            GateTest::Run(a) | GateTest::Job(a) => self.act(a),
            GateTest::Ask(_) => {}
        }
    }

    fn metrics(&mut self, expr: &MetricExpr) {
        expr.metrics().into_iter().for_each(|m| self.metric(m));
    }

    fn metric(&mut self, id: MetricId) {
        let metric = self.plan.release().metric(id);
        metric.permits.iter().for_each(|p| self.permit(p));
        self.builds |= metric.run.is_some();
        self.secrets(&metric.secrets);
    }

    /// One statement per resource, in order.
    fn role(self, duty: Duty) -> Role {
        let release = self.plan.release();
        let mut statements: Vec<Statement> = Vec::new();
        for (action, on) in self.permits {
            match statements.iter_mut().find(|s| s.on == [on.clone()]) {
                Some(s) if !s.actions.contains(&action) => s.actions.push(action),
                Some(_) => {}
                None => statements.push(Statement {
                    why: PLAN.into(),
                    actions: vec![action],
                    on: vec![on],
                    conditions: Vec::new(),
                }),
            }
        }
        statements.iter_mut().for_each(|s| s.actions.sort());
        if self.builds {
            let log = ["log-group:/aws/codebuild/", &naming::project(release), ":*"].concat();
            statements.push(allow(
                PRINTS,
                &["logs:CreateLogStream", "logs:PutLogEvents"],
                vec![own("logs", true, log)],
            ));
        }
        if !self.secrets.is_empty() {
            statements.push(allow(
                "read the secrets its commands are given",
                &["secretsmanager:GetSecretValue"],
                self.secrets
                    .iter()
                    .map(|s| own("secretsmanager", true, ["secret:", s, "-*"].concat()))
                    .collect(),
            ));
        }
        let elsewhere = foreign_roles(self.plan)
            .into_iter()
            .filter(|r| r.ends_with(&["/", &duty.role(release)].concat()))
            .map(Resource::Arn)
            .collect::<Vec<_>>();
        if self.builds && !elsewhere.is_empty() {
            statements.push(allow("work in another account", &["sts:AssumeRole"], elsewhere));
        }
        Role {
            name: duty.role(release),
            duty: Some(duty),
            statements,
        }
    }
}
