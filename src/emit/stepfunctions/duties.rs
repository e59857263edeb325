//! The rights of stages, undos, holds and messages: exactly what their actions permit, and what a build needs.
//!
//! Must not know the machine's own calls. Called by `permits`.

use super::naming::{self, Duty};
use super::permits::{Resource, Role, Statement, allow, foreign_roles, own, starred};
use crate::emit::environments::gates_of;
use crate::model::{
    Act, GateId, GateTest, MetricExpr, MetricId, Permit, Rollback, StageId, Step, StepKind, TriggerTest,
    WaitTest,
};
use crate::plan::{Plan, StageUndo};

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
            StageUndo::Derived(steps) => steps.iter().for_each(|u| undo.act(u.act)),
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
                    why: "what the plan does".into(),
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
                "write what builds print",
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
