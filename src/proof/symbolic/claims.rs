//! What a plan demands of its release workflow, as formulas over the workflow's own.
//!
//! Each demand is weaker than the plan where the workflow says a thing in a way that is not looked into: what is refused here is
//! wrong for certain. Must not know how workflows are read. Used by the proof's entry point.

use super::logic::Formula;
use super::places::distinct;
use super::world::{Name, Stands, World};
use crate::emit::parts::{At, Deed};
use crate::model::{
    ApprovalId, Cond, DecisionId, Failure, FailureOutcome, GateId, GateOutcome, HoldId, StageId, Step,
    StepKind,
};
use crate::plan::{EdgeKind, Node, Plan};
use std::collections::BTreeMap;

/// A demand that is broken in some outcome.
pub struct Broken {
    /// What is demanded, in words.
    pub what: String,
    /// The outcome.
    pub outcome: Vec<String>,
}

/// What judges a workflow.
pub struct Claims<'p, 'w> {
    /// The plan.
    pub plan: &'p Plan,
    /// The workflow.
    pub world: World<'w>,
    /// How many demands were looked at.
    pub count: usize,
    before: BTreeMap<StageId, Formula>,
    /// Whether each stage was undone, where that has been asked.
    pub gone: BTreeMap<StageId, Formula>,
    /// The work of the plan, by its place.
    pub work: BTreeMap<At, Vec<Stands>>,
}

/// Whether a deed is the work of a stage, a hold or an undo.
pub fn works(deed: Deed) -> bool {
    matches!(deed, Deed::Act | Deed::Await | Deed::Judge(_))
}

impl<'p, 'w> Claims<'p, 'w> {
    /// What judges a workflow.
    pub fn new(plan: &'p Plan, world: World<'w>) -> Claims<'p, 'w> {
        let mut work: BTreeMap<At, Vec<Stands>> = BTreeMap::new();
        for stands in world.parts.iter().filter(|s| works(s.part.deed)) {
            work.entry(stands.part.at).or_default().push(stands.clone());
        }
        Claims {
            plan,
            world,
            count: 0,
            before: BTreeMap::new(),
            gone: BTreeMap::new(),
            work,
        }
    }

    /// Nothing may be so that breaks a demand: where `given` all holds, `demand` does.
    ///
    /// # Errors
    /// The outcome that breaks it.
    pub fn demand(
        &mut self,
        given: Formula,
        demand: Formula,
        words: impl Fn() -> String,
    ) -> Result<(), Box<Broken>> {
        self.count += 1;
        let broken = Formula::all([given, demand.negate()]);
        if broken == Formula::Const(false) {
            return Ok(());
        }
        let literal = self.world.logic.literal(&broken);
        if self.world.logic.possible(&[literal]) {
            return Err(Box::new(Broken {
                what: words(),
                outcome: self.world.outcome(literal),
            }));
        }
        Ok(())
    }

    /// Every demand on the release workflow.
    ///
    /// # Errors
    /// The first that is broken.
    pub fn release(&mut self) -> Result<(), Box<Broken>> {
        let release = self.plan.release();
        for id in self.plan.stage_order() {
            for stands in self.parts_of(At::Stage(id)) {
                self.starts(id, &stands)?;
                self.goes(id, &stands)?;
            }
            self.waits(id)?;
        }
        self.enters()?;
        self.made_once()?;
        for (i, approval) in release.approvals.iter().enumerate() {
            let id = ApprovalId::at(i);
            let asked = self.holding(|d| d == Deed::Grant(id));
            self.follows(Node::Approval(id), &asked, &approval.name)?;
        }
        for (i, decision) in release.decisions.iter().enumerate() {
            let id = DecisionId::at(i);
            let asked = self.holding(|d| matches!(d, Deed::Decide(x, _) if x == id));
            self.follows(Node::Decision(id), &asked, &decision.name)?;
        }
        Ok(())
    }

    /// A question comes after what it is about.
    fn follows(&mut self, node: Node, jobs: &[usize], name: &str) -> Result<(), Box<Broken>> {
        let demand = self.awaited(node);
        let ids: Vec<String> = jobs.iter().map(|j| self.world.flow.jobs[*j].id.clone()).collect();
        let known = Formula::any(self.listed(|w| ids.iter().any(|i| i == w)));
        for job in jobs {
            let runs = self.world.runs[*job].clone();
            self.demand(runs.clone(), known.clone().negate(), || {
                ["`", name, "` is asked again although it was answered"].concat()
            })?;
            let words = || ["`", name, "` is asked before what it waits for has ended"].concat();
            self.demand(runs, demand.clone(), words)?;
        }
        Ok(())
    }

    /// A part of a stage runs when the stage may, and not before.
    fn starts(&mut self, id: StageId, stands: &Stands) -> Result<(), Box<Broken>> {
        let release = self.plan.release();
        let stage = release.stage(id);
        let name = &stage.name;
        let runs = self.world.runs[stands.job].clone();
        let applies = self.weak(&stage.when, true);
        self.demand(runs.clone(), applies, || {
            ["stage `", name, "` runs and does not apply"].concat()
        })?;
        let before = self.before(id);
        self.demand(runs.clone(), before, || {
            ["stage `", name, "` starts before what it waits for has ended"].concat()
        })?;
        let again = self.known(&stage.slug);
        self.demand(runs.clone(), again.negate(), || {
            ["stage `", name, "` runs again although it was done"].concat()
        })?;
        self.chained(id, stands)?;
        for (approval, _) in &stage.approved {
            let granted = self.granted(*approval);
            let words = || {
                let approval = &release.approval(*approval).name;
                ["stage `", name, "` starts without approval `", approval, "`"].concat()
            };
            self.demand(runs.clone(), granted, words)?;
        }
        for (i, hold) in release.holds.iter().enumerate() {
            let hold_id = HoldId::at(i);
            // What is asked before the stage begins with which a hold begins comes before that is entered.
            let enter = self.jobs_of(At::Enter(hold_id));
            let asks = match stands.part.deed {
                Deed::Begin => true,
                Deed::Judge(g) => stage.require.iter().any(|(r, _)| *r == g),
                _ => false,
            };
            let early = hold.from == id && asks && enter.iter().all(|j| self.comes_before(stands.job, *j));
            if self.plan.hold_stages(hold_id).contains(&id) && !early {
                let entered = self.entered(hold_id);
                let words = || {
                    [
                        "stage `",
                        name,
                        "` starts before hold `",
                        &hold.name,
                        "` is entered",
                    ]
                    .concat()
                };
                self.demand(runs.clone(), entered, words)?;
            }
        }
        for (list, _) in &stage.ready {
            let checklist = &release.checklist(*list).name;
            let ready = self.ready(checklist);
            self.demand(runs.clone(), ready, || {
                [
                    "stage `",
                    name,
                    "` starts before checklist `",
                    checklist,
                    "` is done",
                ]
                .concat()
            })?;
        }
        let rungs = stage.rollout.iter().flat_map(|r| &r.steps);
        for rung in rungs {
            // A gate is judged at more than one step, and its name does not say at which.
            let work = rung.work.iter().chain(&rung.checks);
            let mine = !matches!(stands.part.deed, Deed::Judge(_))
                && work.into_iter().any(|s| s.slug == stands.part.step);
            for (approval, _) in rung.approved.iter().filter(|_| mine) {
                let granted = self.granted(*approval);
                let words = || {
                    let approval = &release.approval(*approval).name;
                    [
                        "stage `",
                        name,
                        "` goes to ",
                        &rung.name,
                        " without approval `",
                        approval,
                        "`",
                    ]
                    .concat()
                };
                self.demand(runs.clone(), granted, words)?;
            }
        }
        Ok(())
    }

    /// A step runs after all before it in its job went well, and when it applies; then it is not left out.
    fn goes(&mut self, id: StageId, stands: &Stands) -> Result<(), Box<Broken>> {
        let stage = self.plan.release().stage(id);
        let steps = stage.forward_steps();
        let Some(step) = steps.into_iter().find(|s| self.is(s, stands)) else {
            return Ok(());
        };
        let words = |what: &str| {
            let (name, step) = (&stage.name, &stands.part.step);
            ["step `", step, "` of stage `", name, "` ", what].concat()
        };
        let job_runs = self.world.runs[stands.job].clone();
        let runs = self.world.steps[stands.job][stands.step].clone();
        let both = Formula::all([job_runs, runs.clone()]);
        let so_far = self.world.is(Name::StepOk(stands.job, stands.step));
        self.demand(both.clone(), so_far, || {
            words("runs although one before it failed")
        })?;
        let applies = self.weak(&step.when, true);
        self.demand(both.clone(), applies, || words("runs and does not apply"))?;
        if matches!(stands.part.deed, Deed::Act | Deed::Await) {
            let unit = [stage.slug.as_str(), ".", &stands.part.step].concat();
            let done = self.known(&unit);
            self.demand(both.clone(), done.negate(), || {
                words("runs again although it was done")
            })?;
        }
        if self.goes_on(id) {
            return Ok(());
        }
        let well = self.world.well(stands.job);
        let strong = [self.weak(&step.when, false), self.rung(id, stands)];
        let strong = Formula::all(strong);
        let gate = match step.kind {
            StepKind::VerifyGate(g) => Some(g),
            _ => None,
        };
        let around = self.around(gate, stands);
        let demand = Formula::any([runs, around]);
        self.demand(Formula::all([well, strong]), demand, || {
            words("is left out of a job that ends well")
        })
    }

    /// Whether a part is a step, or the gate that the step judges.
    fn is(&self, step: &Step, stands: &Stands) -> bool {
        match (stands.part.deed, &step.kind) {
            (Deed::Judge(g), StepKind::VerifyGate(h)) => g == *h,
            (Deed::Judge(_), _) => false,
            _ => step.slug == stands.part.step,
        }
    }

    /// What takes the place of a part that is left out: it was done before, or a declared way around is taken.
    fn around(&mut self, gate: Option<GateId>, stands: &Stands) -> Formula {
        let release = self.plan.release();
        let mut ways = Vec::new();
        if let At::Stage(id) = stands.part.at {
            let slug = release.stage(id).slug.to_string();
            ways.extend(
                self.listed(|w| w == slug || w.strip_prefix(&slug).is_some_and(|r| r.starts_with('.'))),
            );
        }
        if let Some(gate) = gate.or(match stands.part.deed {
            Deed::Judge(g) => Some(g),
            _ => None,
        }) {
            if release.gate(gate).when != Cond::True {
                ways.push(self.weak(&release.gate(gate).when, false).negate());
            }
            for o in release
                .overrides
                .iter()
                .filter(|o| o.gates.iter().any(|(g, _)| *g == gate))
            {
                let term = ("inputs.override".to_string(), o.name.to_lowercase());
                ways.push(self.world.is(Name::Equal(term.0, term.1)));
            }
        }
        Formula::any(ways)
    }

    /// The step of the rollout that a part belongs to applies for certain; of a gate, every step of it.
    fn rung(&mut self, id: StageId, stands: &Stands) -> Formula {
        let rungs = self
            .plan
            .release()
            .stage(id)
            .rollout
            .iter()
            .flat_map(|r| &r.steps);
        let mut all = Vec::new();
        for rung in rungs {
            let mut work = rung.work.iter().chain(&rung.checks);
            if work.any(|s| self.is(s, stands)) {
                all.push(self.weak(&rung.when, false));
            }
        }
        Formula::all(all)
    }

    /// A part does not apply, or a declared way around it is taken.
    pub fn apart(&mut self, id: StageId, stands: &Stands) -> Formula {
        let steps = self.plan.release().stage(id).forward_steps();
        let step = steps.into_iter().find(|s| self.is(s, stands));
        let when = step.map(|s| s.when.clone());
        let mut apart = vec![self.rung(id, stands).negate()];
        if let Some(when) = &when {
            apart.push(self.weak(when, false).negate());
        }
        let apart = Formula::any(apart);
        Formula::any([apart, self.around(None, stands)])
    }

    /// Something was done in the run that this one goes on with, whether or not the workflow asks; never where none goes on.
    pub fn known(&mut self, word: &str) -> Formula {
        let lists: Vec<String> = self.world.asked.keys().cloned().collect();
        let is = |list| Name::Lists(list, word.to_string());
        Formula::any(
            lists
                .into_iter()
                .map(|l| self.world.is(is(l)))
                .collect::<Vec<_>>(),
        )
    }

    /// The variables of the lists' words that are meant.
    pub fn listed(&mut self, meant: impl Fn(&str) -> bool) -> Vec<Formula> {
        let mut names = Vec::new();
        for (list, words) in &self.world.asked {
            let mine = words.iter().filter(|w| meant(w));
            names.extend(mine.map(|w| Name::Lists(list.clone(), w.clone())));
        }
        names.into_iter().map(|n| self.world.is(n)).collect()
    }

    /// A condition, no stronger than the plan says it: what the workflow decides in no way that is known counts as `yes`.
    pub fn weak(&mut self, cond: &Cond, yes: bool) -> Formula {
        match cond {
            Cond::Atom(a) if !self.world.ties(a) => Formula::Const(yes),
            Cond::Not(c) => self.weak(c, !yes).negate(),
            Cond::And(l) => Formula::all(l.iter().map(|c| self.weak(c, yes)).collect::<Vec<_>>()),
            Cond::Or(l) => Formula::any(l.iter().map(|c| self.weak(c, yes)).collect::<Vec<_>>()),
            other => self.world.plan(other),
        }
    }

    /// All that a stage waits for has ended.
    pub fn before(&mut self, id: StageId) -> Formula {
        if let Some(known) = self.before.get(&id) {
            return known.clone();
        }
        let own = self.awaited(Node::Stage(id));
        let mut further = vec![own];
        // When none of the stages it comes after applies, it comes after what they come after; who says yes to them is not inherited.
        let mut stages = self.comes_after(&[id]);
        let mut given = Vec::new();
        let mut seen = stages.clone();
        while !stages.is_empty()
            && stages
                .iter()
                .all(|s| self.plan.release().stage(*s).when != Cond::True)
        {
            for s in &stages {
                let when = self.plan.release().stage(*s).when.clone();
                given.push(self.weak(&when, true).negate());
            }
            stages = self.comes_after(&stages);
            stages.retain(|s| !seen.contains(s));
            seen.extend(&stages);
            let mut all = Vec::new();
            for s in &stages {
                all.push(self.over(*s));
            }
            further.push(Formula::all(given.clone()).implies(Formula::all(all)));
        }
        let formula = Formula::all(further);
        let literal = Formula::Is(self.world.logic.literal(&formula));
        self.before.insert(id, literal.clone());
        literal
    }

    /// The stages that stages come after: because they say so, or because they are done one at a time.
    fn comes_after(&self, stages: &[StageId]) -> Vec<StageId> {
        let mut list = Vec::new();
        for id in stages {
            for (node, edge) in self.plan.waits_for(Node::Stage(*id)) {
                if let (Node::Stage(s), EdgeKind::After | EdgeKind::Serial) = (node, edge.kind) {
                    list.push(s);
                }
            }
        }
        list.sort_unstable();
        list.dedup();
        list
    }

    /// All that something waits for directly has ended.
    fn awaited(&mut self, node: Node) -> Formula {
        let waits: Vec<(Node, EdgeKind)> = self
            .plan
            .waits_for(node)
            .into_iter()
            .map(|(n, e)| (n, e.kind))
            .collect();
        let mut list = Vec::new();
        for (node, kind) in waits {
            if kind == EdgeKind::ApprovedStep {
                continue;
            }
            match node {
                Node::Stage(s) => list.push(self.over(s)),
                Node::Approval(a) => list.push(self.granted(a)),
                Node::Decision(d) => list.push(self.decided(d)),
            }
        }
        Formula::all(list)
    }

    /// A stage has ended well, did not apply, or was done before.
    pub fn over(&mut self, id: StageId) -> Formula {
        let stage = self.plan.release().stage(id);
        let mut ways = vec![self.weak(&stage.when, false).negate()];
        ways.extend(self.listed(|w| w == stage.slug));
        let parts = self.parts_of(At::Stage(id));
        if parts.is_empty() {
            ways.push(self.before(id));
            return Formula::any(ways);
        }
        let goes_on = self.goes_on(id);
        let mut jobs = Vec::new();
        for job in distinct(parts.iter().map(|p| p.job)) {
            let well = self.world.well(job);
            let skipped = self.world.result(job, 3);
            if goes_on {
                // The plan goes on from a failure in it, whatever becomes of the jobs behind.
                let term = ["needs.", &self.world.flow.jobs[job].id, ".outputs.failed"].concat();
                let failed = self.world.is(Name::Equal(term, "true".to_string()));
                ways.push(Formula::all([well.clone(), failed]));
                jobs.push(Formula::any([well, skipped]));
                continue;
            }
            let mut around = vec![skipped];
            for part in parts.iter().filter(|p| p.job == job) {
                around.push(self.apart(id, part));
            }
            jobs.push(Formula::any([well, Formula::all(around)]));
        }
        ways.push(Formula::all(jobs));
        Formula::any(ways)
    }

    /// Whether a stage may count as ended although something in it failed, or be gone past.
    pub fn goes_on(&self, id: StageId) -> bool {
        let release = self.plan.release();
        let stage = release.stage(id);
        let goes = |o: &FailureOutcome| matches!(o, FailureOutcome::Continue { .. });
        let own = stage.on_failure.as_ref().is_some_and(|f| match &f.then {
            Failure::Then(o) => goes(o),
            Failure::Decision(_) => true,
        });
        own || crate::emit::environments::gates_of(stage).iter().any(|g| {
            release.gate(*g).otherwise.as_ref().is_some_and(|(o, _)| match o {
                GateOutcome::Then(o) => goes(o),
                GateOutcome::Decision(_) => true,
            })
        })
    }

    /// An approval was granted, does not apply, or a declared way around it was.
    pub fn granted(&mut self, id: ApprovalId) -> Formula {
        let release = self.plan.release();
        let approval = release.approval(id);
        let jobs = self.holding(|d| d == Deed::Grant(id));
        let mut ways = vec![self.weak(&approval.when, false).negate(), self.done(&jobs)];
        for (i, o) in release.overrides.iter().enumerate() {
            if o.approvals.iter().any(|(a, _)| *a == id) {
                let others = self.holding(|d| d == Deed::Override(i));
                let term = Name::Equal("inputs.override".to_string(), o.name.to_lowercase());
                let chosen = self.world.is(term);
                ways.push(Formula::all([chosen, self.done(&others)]));
            }
        }
        Formula::any(ways)
    }

    /// A decision was made or does not apply, or is asked for on a failure only.
    fn decided(&mut self, id: DecisionId) -> Formula {
        let jobs = self.holding(|d| matches!(d, Deed::Decide(x, _) if x == id));
        if jobs.is_empty() {
            return Formula::Const(true);
        }
        let mut ways = vec![
            self.weak(&self.plan.release().decision(id).when.clone(), false)
                .negate(),
        ];
        let ids: Vec<String> = jobs.iter().map(|j| self.world.flow.jobs[*j].id.clone()).collect();
        ways.extend(self.listed(|w| {
            ids.iter()
                .any(|i| i == w || i.strip_prefix(w).is_some_and(|r| r.starts_with('-')))
        }));
        // It is asked twice when the first answer is not clear.
        let mut all = Vec::new();
        let mut one = Vec::new();
        for job in jobs {
            let (well, skipped) = (self.world.well(job), self.world.result(job, 3));
            one.push(well.clone());
            all.push(Formula::any([well, skipped]));
        }
        all.push(Formula::any(one));
        ways.push(Formula::all(all));
        Formula::any(ways)
    }

    /// A hold was entered: its last job ended well, and each before it did, or was skipped as that one allows; or it had been before.
    fn entered(&mut self, id: HoldId) -> Formula {
        let jobs = self.jobs_of(At::Enter(id));
        let mut list = Vec::new();
        for (i, job) in jobs.iter().enumerate() {
            let well = self.world.well(*job);
            let last = i + 1 == jobs.len();
            list.push(match last {
                true => well,
                false => Formula::any([well, self.world.result(*job, 3)]),
            });
        }
        let ids: Vec<String> = jobs.iter().map(|j| self.world.flow.jobs[*j].id.clone()).collect();
        let mut ways = self.listed(|w| ids.iter().any(|i| i == w));
        ways.push(Formula::all(list));
        Formula::any(ways)
    }

    /// A checklist is done.
    pub fn ready(&mut self, name: &str) -> Formula {
        let parts = self.world.parts.iter();
        let mine = parts.filter(|p| p.part.deed == Deed::Ready && p.part.step == name);
        let jobs = distinct(mine.map(|p| p.job));
        self.done(&jobs)
    }

    /// Jobs ended well, or what they did was done before.
    pub fn done(&mut self, jobs: &[usize]) -> Formula {
        let ids: Vec<String> = jobs.iter().map(|j| self.world.flow.jobs[*j].id.clone()).collect();
        let mut ways = self.listed(|w| ids.iter().any(|i| i == w));
        let mut all = Vec::new();
        for job in jobs {
            all.push(self.world.well(*job));
        }
        ways.push(Formula::all(all));
        Formula::any(ways)
    }
}
