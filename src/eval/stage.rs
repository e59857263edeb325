//! The second pass: bodies of phases and stages.

use crate::eval::collect::StageJob;
use crate::eval::find::Target;
use crate::eval::lower::{Lower, Owner, all, arg, one};
use crate::eval::scope::{Local, ScopeId};
use crate::model::{
    After, ApprovalId, ChecklistId, Cond, DecisionId, EnvId, OnFailure, Origin, PhaseId, RoleId, Rollback,
    StageId, Tested, Value, WrittenRollback,
};
use crate::resolve::Kind;
use crate::syntax::ast::Stmt;
use crate::types::errors;
use smol_str::SmolStr;
use std::collections::HashMap;

/// What a phase gives its stages.
#[derive(Debug, Clone, Default)]
pub(crate) struct PhaseDefaults {
    owner: Option<(RoleId, Origin)>,
    env: Option<EnvId>,
    when: Cond,
    when_origin: Option<Origin>,
    approved: Vec<(ApprovalId, Origin)>,
    ready: Vec<(ChecklistId, Origin)>,
    on_failure: Option<OnFailure>,
    after: Vec<(StageId, Origin)>,
    awaits: Vec<(DecisionId, Origin)>,
}

/// What `after` names: stages and decisions, each with its place.
pub(crate) type Waits = (Vec<(StageId, Origin)>, Vec<(DecisionId, Origin)>);

impl<'a> Lower<'a> {
    /// Reads what a phase says, apart from its stages.
    pub(crate) fn phase(&mut self, id: PhaseId, stmt: &'a Stmt, scope: ScopeId) -> PhaseDefaults {
        let items = stmt.children();
        self.accept(items, stmt.span, scope);
        if let Some(title) = self.text_of(items, "title", scope) {
            self.r.phases[id.index()].title = title;
        }
        self.r.phases[id.index()].serial = self.flag(items, "serial", scope);
        let owner =
            arg(items, "owner").and_then(|e| Some((self.role(e, scope)?, self.origin(e.span, scope))));
        let (after, awaits) = self.after(items, scope);
        PhaseDefaults {
            owner,
            env: self.env_of(items, "in", scope),
            when: self.cond_of(items, "when", scope),
            when_origin: one(items, "when").map(|s| self.origin(s.span, scope)),
            approved: self.approvals(items, scope),
            ready: self.ready(items, scope),
            on_failure: one(items, "on_failure").and_then(|s| self.on_failure(s, Owner::None, scope)),
            after,
            awaits,
        }
    }

    fn ready(&mut self, items: &'a [Stmt], scope: ScopeId) -> Vec<(ChecklistId, Origin)> {
        let mut list = Vec::new();
        for e in all(items, "ready").flat_map(Stmt::args) {
            if let Some(c) = self.checklist(e, scope) {
                list.push((c, self.origin(e.span, scope)));
            }
        }
        list
    }

    /// `after`: stages and decisions.
    pub(crate) fn after(&mut self, items: &'a [Stmt], scope: ScopeId) -> Waits {
        let (mut stages, mut decisions) = (Vec::new(), Vec::new());
        for e in all(items, "after").flat_map(Stmt::args) {
            let kinds = [Kind::Stage, Kind::Phase, Kind::Decision];
            let Some(target) = self.find(e, &kinds, "a stage, a phase or a decision", scope) else {
                continue;
            };
            let origin = self.origin(e.span, scope);
            if let Target::Value(Value::Decision(d)) = target {
                decisions.push((d, origin));
                continue;
            }
            for s in self.target_stages(target, e).unwrap_or_default() {
                stages.push((s, origin.clone()));
            }
        }
        (stages, decisions)
    }

    /// Reads the body of a stage.
    pub(crate) fn stage_body(&mut self, job: &StageJob<'a>, phases: &HashMap<PhaseId, PhaseDefaults>) {
        let items = job.stmt.children();
        let scope = job.scope;
        let around: Vec<&PhaseDefaults> = job.phases.iter().filter_map(|p| phases.get(p)).collect();
        let env = match arg(items, "in") {
            Some(e) => self.env(e, scope),
            None => around.iter().rev().find_map(|p| p.env),
        }
        .unwrap_or(self.r.environment);
        self.with_env(Some(env), |l| l.stage_in_env(job, env, &around));
    }

    fn stage_in_env(&mut self, job: &StageJob<'a>, env: EnvId, around: &[&PhaseDefaults]) {
        let items = job.stmt.children();
        let scope = job.scope;
        let owner = Owner::Stage(job.id);
        self.accept(items, job.stmt.span, scope);
        let mut stage = self.r.stage(job.id).clone();
        stage.environment = env;
        if let Some(title) = self.text_of(items, "title", scope) {
            stage.title = title;
        }
        stage.doc = job.stmt.doc.as_ref().map(|d| d.text.clone());
        let (after, awaits) = self.after(items, scope);
        stage.after = after
            .into_iter()
            .map(|(stage, origin)| After { stage, origin })
            .collect();
        stage.awaits = awaits;
        for p in around {
            stage.when = stage.when.and(p.when.clone());
            stage.when_origin = stage.when_origin.or_else(|| p.when_origin.clone());
            stage.approved.extend(p.approved.iter().cloned());
            stage.ready.extend(p.ready.iter().cloned());
            stage.on_failure = p.on_failure.clone().or(stage.on_failure);
        }
        stage.when = stage.when.and(self.cond_of(items, "when", scope));
        if let Some(s) = one(items, "when") {
            stage.when_origin = Some(self.origin(s.span, scope));
        }
        stage.approved.extend(self.approvals(items, scope));
        stage.ready.extend(self.ready(items, scope));
        for e in all(items, "require").flat_map(Stmt::args) {
            if let Some(g) = self.gate(e, scope) {
                stage.require.push((g, self.origin(e.span, scope)));
            }
        }
        let said = arg(items, "owner").and_then(|e| Some((self.role(e, scope)?, self.origin(e.span, scope))));
        let said = said.or_else(|| around.iter().rev().find_map(|p| p.owner.clone()));
        (stage.owner, stage.owner_origin) = said.unwrap_or((self.r.owner, stage.origin.clone()));
        stage.started_by = self.role_of(items, "started_by", scope);
        let at = one(items, "at").map(|s| self.origin(s.span, scope));
        stage.at = self.offset_of(items, "at", scope).zip(at);
        let takes = one(items, "takes").map(|s| self.origin(s.span, scope));
        stage.takes = self
            .dur_range(items, "takes", scope)
            .zip(takes)
            .map(|((a, b), o)| (a, b, o));
        stage.timeout = self.dur_of(items, "timeout", scope);
        for (keyword, list) in [("build", &mut stage.builds), ("ship", &mut stage.ships)] {
            for e in all(items, keyword).flat_map(Stmt::args) {
                if let Some(a) = self.artifact(e, scope) {
                    list.push((a, self.origin(e.span, scope)));
                }
            }
        }
        let names: Vec<(SmolStr, crate::model::CaptureId)> = self
            .captures
            .get(&owner)
            .into_iter()
            .flatten()
            .map(|(n, c)| (n.clone(), *c))
            .collect();
        for (name, capture) in names {
            self.define(scope, name, Local::Capture(capture));
        }
        match one(items, "rollout") {
            Some(stmt) => {
                if let Some((rollout, last)) = self.rollout(stmt, job.stmt, owner, scope) {
                    stage.rollout = Some(rollout);
                    stage.steps = last;
                }
            }
            None => stage.steps = self.steps(items, "s", owner, scope),
        }
        stage.rollback = self.rollback(job.stmt, owner, scope);
        if let Some(s) = one(items, "on_failure") {
            stage.on_failure = self.on_failure(s, owner, scope);
        } else if stage.on_failure.is_none() {
            stage.on_failure = self.r.on_failure.clone();
        }
        self.r.stages[job.id.index()] = stage;
    }

    fn rollback(&mut self, stage: &'a Stmt, owner: Owner, scope: ScopeId) -> Rollback {
        let items = stage.children();
        let said: Vec<&'a Stmt> = items
            .iter()
            .filter(|s| ["rollback", "irreversible", "harmless"].contains(&s.keyword.text.as_str()))
            .collect();
        let stmt = match said.as_slice() {
            [] => return Rollback::Derived,
            [one] => *one,
            [first, second, ..] => {
                if first.keyword.text != second.keyword.text {
                    let help = "say how the stage is undone, or that it cannot be, or that it need not be";
                    self.report(errors::not_both(first, second, help));
                }
                first
            }
        };
        let origin = self.origin(stmt.head(), scope);
        if stmt.keyword.text != "rollback" {
            let why = stmt
                .args()
                .first()
                .and_then(|e| self.text(e, scope))
                .unwrap_or_default();
            return if stmt.keyword.text == "harmless" {
                Rollback::Harmless { why, origin }
            } else {
                Rollback::Irreversible { why, origin }
            };
        }
        let items = stmt.children();
        self.accept(items, stmt.span, scope);
        let inner = self.nest(scope);
        // An undo may use what was recorded before the stage's own actions.
        let recorded: Vec<(SmolStr, crate::model::PriorId)> = self
            .recorded
            .get(&owner)
            .into_iter()
            .flatten()
            .map(|(n, p)| (n.clone(), *p))
            .collect();
        if !recorded.is_empty() {
            self.define(inner, "prior", Local::Priors(recorded));
        }
        let within = self.dur_of(items, "within", inner);
        let written = WrittenRollback {
            origin,
            steps: self.steps(items, "b", owner, inner),
            approved: self.approvals(items, inner),
            within,
            owner: self.role_of(items, "owner", inner),
            undoes: self.keys(items, "undoes", inner),
            tested: one(items, "tested").map(|s| self.tested(s, inner)),
        };
        Rollback::Written(Box::new(written))
    }

    pub(crate) fn tested(&mut self, stmt: &'a Stmt, scope: ScopeId) -> Tested {
        let items = stmt.children();
        Tested {
            environment: self.env_of(items, "in", scope),
            on: arg(items, "on").and_then(|e| self.date(e, scope)),
            evidence: self.text_of(items, "evidence", scope),
            digest: self.text_of(items, "digest", scope),
            origin: self.origin(stmt.span, scope),
        }
    }

    /// `after` of a phase holds for the stages in it that wait for no other stage in it.
    pub(crate) fn phase_entries(&mut self, id: PhaseId, defaults: &PhaseDefaults) {
        if defaults.after.is_empty() && defaults.awaits.is_empty() {
            return;
        }
        let stages = self.r.phase(id).stages.clone();
        for s in self.entries(&stages) {
            for (stage, origin) in &defaults.after {
                if !stages.contains(stage) {
                    self.r.stages[s.index()].after.push(After {
                        stage: *stage,
                        origin: origin.clone(),
                    });
                }
            }
            self.r.stages[s.index()]
                .awaits
                .extend(defaults.awaits.iter().cloned());
        }
    }

    /// The stages of a set that wait for none of the set.
    pub(crate) fn entries(&self, stages: &[StageId]) -> Vec<StageId> {
        let set: std::collections::HashSet<_> = stages.iter().collect();
        stages
            .iter()
            .copied()
            .filter(|s| !self.r.stage(*s).after.iter().any(|a| set.contains(&a.stage)))
            .collect()
    }

    /// The stages of a set that none of the set waits for.
    pub(crate) fn exits(&self, stages: &[StageId]) -> Vec<StageId> {
        let waited: std::collections::HashSet<StageId> = stages
            .iter()
            .flat_map(|s| self.r.stage(*s).after.iter().map(|a| a.stage))
            .collect();
        stages.iter().copied().filter(|s| !waited.contains(s)).collect()
    }
}
