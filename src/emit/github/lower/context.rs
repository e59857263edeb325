//! What all of `lower` looks up: the jobs of each stage, where values come from, what runs beside what.
//!
//! Built once per plan. Called by all of `lower`.

use crate::diagnostic::{Bag, Diagnostic};
use crate::emit::Context;
use crate::emit::environments::{self, Purpose};
use crate::emit::github::lower::names;
use crate::emit::github::lower::segments::{self, Segment, SegmentKind, What};
use crate::emit::github::model::Expr;
use crate::model::{
    ApprovalId, CaptureId, DecisionId, Failure, FailureOutcome, GateId, GateOutcome, GateTest, HoldId,
    MetricExpr, MetricId, Origin, PriorId, Release, Rollback, StageId, Step, TriggerId, TriggerTest,
    WaitTest,
};
use crate::plan::{Node, Plan};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Which of the two workflows is being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The release.
    Release,
    /// Its rollback.
    Rollback,
}

/// A value that is kept: a capture or a prior state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kept {
    /// A captured output.
    Capture(CaptureId),
    /// A recorded prior state.
    Prior(PriorId),
}

/// What all of `lower` looks up.
pub struct Ctx<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its release.
    pub release: &'a Release,
    /// Where the artifact comes from.
    pub context: &'a Context<'a>,
    /// Which workflow is being made.
    pub side: Side,
    /// What GitHub cannot hold.
    pub bag: &'a RefCell<Bag>,
    stages: Vec<Vec<Segment<'a>>>,
    /// The holds that span each stage.
    holds: Vec<Vec<HoldId>>,
    producers: BTreeMap<Kept, Vec<(String, String)>>,
    /// The stages that something is prepared for.
    prepared: Vec<StageId>,
    resumable: bool,
    /// The metrics that a baseline is needed of, with the span in seconds.
    pub baselines: Vec<(MetricId, i64)>,
}

impl<'a> Ctx<'a> {
    /// Looks the plan through.
    pub fn new(plan: &'a Plan, context: &'a Context<'a>, side: Side, bag: &'a RefCell<Bag>) -> Self {
        let release = plan.release();
        let fixed = plan.start_moment().is_some();
        let stages = (0..release.stages.len())
            .map(|i| segments::segments(release, StageId::at(i), fixed))
            .collect();
        let mut holds = vec![Vec::new(); release.stages.len()];
        for h in (0..release.holds.len()).map(HoldId::at) {
            for s in plan.hold_stages(h) {
                holds[s.index()].push(h);
            }
        }
        let mut ctx = Ctx {
            plan,
            release,
            context,
            side,
            bag,
            stages,
            holds,
            producers: BTreeMap::new(),
            prepared: (0..release.stages.len())
                .map(StageId::at)
                .filter(|s| !release.stage(*s).ready.is_empty())
                .collect(),
            resumable: resumable(release),
            baselines: baselines(release),
        };
        ctx.producers = ctx.find_producers();
        ctx
    }

    /// The jobs of a stage, in order.
    pub fn segments(&self, stage: StageId) -> &[Segment<'a>] {
        &self.stages[stage.index()]
    }

    /// The ids of the jobs of a stage.
    pub fn stage_jobs(&self, stage: StageId) -> Vec<String> {
        self.segments(stage).iter().map(|s| s.job.clone()).collect()
    }

    /// The job of the stage that is first to work: it holds the stage's guards.
    pub fn first_work(&self, stage: StageId) -> &str {
        &self.segments(stage)[0].job
    }

    /// Where a value comes from: jobs with their steps, in order.
    pub fn producers(&self, kept: Kept) -> &[(String, String)] {
        self.producers.get(&kept).map_or(&[], Vec::as_slice)
    }

    /// The name a value is kept under.
    pub fn kept_name(&self, kept: Kept) -> String {
        match kept {
            Kept::Capture(c) => names::capture(self.release, c),
            Kept::Prior(p) => names::prior(self.release, p),
        }
    }

    /// The environment of a purpose.
    pub fn environment(&self, purpose: &Purpose) -> String {
        environments::name(self.release, purpose)
    }

    /// Where the plan says something, for a comment.
    pub fn place(&self, origin: &Origin) -> String {
        self.context.sources.place(origin.span)
    }

    /// Reports what GitHub cannot hold.
    pub fn report(&self, diagnostic: Diagnostic) {
        if self.side == Side::Release {
            self.bag.borrow_mut().push(diagnostic);
        }
    }

    /// Whether what is named was done in an earlier run that this one goes on with.
    pub fn done(&self, item: &str) -> Expr {
        Expr::Output("preflight".to_string(), "done".to_string()).lists(item)
    }

    /// Whether the run can be started again where it stood: something pauses it, restarts a stage or asks on failure.
    pub fn resumable(&self) -> bool {
        self.resumable
    }

    /// Whether anything lets a part of the run start over.
    pub fn starts_over(&self) -> bool {
        any_outcome(self.release, &|f| matches!(f, FailureOutcome::Restart(..)))
            || self
                .release
                .approvals
                .iter()
                .any(|a| matches!(a.otherwise, crate::model::ApprovalOutcome::Restart(..)))
    }

    /// A decision that is asked only when something has failed, so no job of the order asks it.
    pub fn on_demand(&self, decision: DecisionId) -> bool {
        self.release.asked_on_failure_only(decision)
    }

    /// An approval that only rollbacks name: it is asked when such a rollback starts.
    pub fn rollback_only(&self, approval: ApprovalId) -> bool {
        let r = self.release;
        let is = |(a, _): &(ApprovalId, Origin)| *a == approval;
        let forward = r.stages.iter().any(|s| {
            let rungs = s.rollout.iter().flat_map(|r| &r.steps);
            s.approved.iter().any(is) || rungs.flat_map(|s| &s.approved).any(is)
        });
        let backward = r
            .stages
            .iter()
            .any(|s| matches!(&s.rollback, Rollback::Written(w) if w.approved.iter().any(is)));
        backward && !forward
    }

    /// Whether something else may fail while a stage is under way, so that it looks before it begins a step.
    pub fn guarded(&self, stage: StageId) -> bool {
        // Preparations of other stages and declared ways around are asked for from the start.
        let prepares = || {
            let before = self.plan.ancestors(Node::Stage(stage));
            let later =
                |other: &&StageId| **other != stage && !self.plan.contains(&before, Node::Stage(**other));
            self.prepared.iter().any(|s| later(&s))
        };
        // So are approvals of later steps of a rollout: one that is refused gives the run up.
        !self.release.triggers.is_empty()
            || self.release.stage(stage).asks_for_steps()
            || !self.release.overrides.is_empty()
            || !self.plan.stands_alone(Node::Stage(stage))
            || prepares()
    }

    /// The triggers that GitHub can watch: those over metrics.
    pub fn watched(&self) -> Vec<TriggerId> {
        (0..self.release.triggers.len())
            .filter(|i| matches!(self.release.triggers[*i].test, TriggerTest::Metrics(_)))
            .map(TriggerId::at)
            .collect()
    }

    /// The stages a hold spans.
    pub fn held(&self, hold: HoldId) -> Vec<StageId> {
        self.plan.hold_stages(hold)
    }

    /// The holds that span a stage.
    pub fn holds_of(&self, stage: StageId) -> Vec<HoldId> {
        self.holds[stage.index()].clone()
    }

    /// The stages that judge a gate, with the job and the step that do.
    pub fn judged(&self, gate: GateId) -> Vec<(String, String)> {
        let mut list = Vec::new();
        for segment in self.stages.iter().flatten() {
            match &segment.kind {
                SegmentKind::Work(items) => {
                    let hits = items
                        .iter()
                        .filter(|i| matches!(i.what, What::Gate(g) if g == gate));
                    list.extend(hits.map(|i| (segment.job.clone(), i.slug.clone())));
                }
                SegmentKind::Person(ask) if ask.gate == Some(gate) => {
                    list.push((segment.job.clone(), "person".to_string()));
                }
                _ => {}
            }
        }
        list
    }

    fn find_producers(&self) -> BTreeMap<Kept, Vec<(String, String)>> {
        let mut map: BTreeMap<Kept, Vec<(String, String)>> = BTreeMap::new();
        let mut add = |kept: Kept, job: &str, step: String| {
            map.entry(kept).or_default().push((job.to_string(), step));
        };
        for segment in self.stages.iter().flatten() {
            match &segment.kind {
                SegmentKind::Work(items) => {
                    for item in items {
                        if let What::Step(step) = item.what {
                            for kept in kept_by(step) {
                                add(kept, &segment.job, producer(kept, &item.slug));
                            }
                        }
                        if let What::Gate(gate) = item.what
                            && let GateTest::Run(act) | GateTest::Job(act) = &self.release.gate(gate).test
                        {
                            for p in &act.priors {
                                add(
                                    Kept::Prior(*p),
                                    &segment.job,
                                    producer(Kept::Prior(*p), &item.slug),
                                );
                            }
                        }
                    }
                }
                SegmentKind::Person(ask) => {
                    for c in &ask.captures {
                        add(Kept::Capture(*c), &segment.job, "person".to_string());
                    }
                }
                SegmentKind::Sleep(..) | SegmentKind::Timer(..) => {}
            }
        }
        for (i, hold) in self.release.holds.iter().enumerate() {
            let job = names::enter(self.release, HoldId::at(i));
            for step in &hold.enter {
                for kept in kept_by(step) {
                    add(kept, &job, producer(kept, &step.slug));
                }
            }
        }
        for (i, decision) in self.release.decisions.iter().enumerate() {
            for c in &decision.question.captures {
                let job = names::decision(self.release, DecisionId::at(i));
                add(Kept::Capture(*c), &job, "decided".to_string());
            }
        }
        map
    }
}

/// Whether something pauses the run, restarts a stage or asks on failure.
fn resumable(r: &Release) -> bool {
    // A job that is given up cannot note its failure and go on by itself: the run that goes on is another one.
    let again = |f: &FailureOutcome| {
        matches!(
            f,
            FailureOutcome::Pause | FailureOutcome::Restart(..) | FailureOutcome::Continue { .. }
        )
    };
    (0..r.stages.len()).any(|i| environments::may_pause(r, StageId::at(i)))
        || r.stages
            .iter()
            .filter_map(|s| s.on_failure.as_ref())
            .any(|f| matches!(f.then, Failure::Decision(_)))
        || r.gates
            .iter()
            .any(|g| matches!(g.otherwise, Some((GateOutcome::Decision(_), _))))
        || r.approvals
            .iter()
            .any(|a| matches!(a.otherwise, crate::model::ApprovalOutcome::Restart(..)))
        || any_outcome(r, &again)
}

/// Whether any outcome that stages, gates, triggers or decisions speak of is such a one.
fn any_outcome(r: &Release, is: &dyn Fn(&FailureOutcome) -> bool) -> bool {
    r.stages
        .iter()
        .filter_map(|s| s.on_failure.as_ref())
        .any(|f| matches!(&f.then, Failure::Then(o) if is(o)))
        || r.gates
            .iter()
            .any(|g| matches!(&g.otherwise, Some((GateOutcome::Then(o), _)) if is(o)))
        || r.triggers.iter().any(|t| is(&t.then))
        || r.decisions
            .iter()
            .flat_map(|d| &d.options)
            .any(|o| matches!(&o.then, crate::model::OptionOutcome::Then(f) if is(f)))
}

/// The step that makes a kept value: a prior is recorded by a step of its own.
pub fn producer(kept: Kept, slug: &str) -> String {
    match kept {
        Kept::Capture(_) => slug.to_string(),
        Kept::Prior(p) => format!("{slug}_prior_{}", p.0),
    }
}

/// What a step keeps.
pub fn kept_by(step: &Step) -> Vec<Kept> {
    let act = match &step.kind {
        crate::model::StepKind::Act(a) => Some(&**a),
        crate::model::StepKind::WaitFor(w) => match &w.test {
            WaitTest::Run(a) | WaitTest::Job(a) => Some(&**a),
            WaitTest::Ask(_) => None,
        },
        _ => None,
    };
    let priors = act
        .into_iter()
        .flat_map(|a| a.priors.iter().map(|p| Kept::Prior(*p)));
    step.captures
        .iter()
        .map(|c| Kept::Capture(*c))
        .chain(priors)
        .collect()
}

/// The metrics that some bound is a multiple of the baseline of, with the widest span they are judged over.
fn baselines(release: &Release) -> Vec<(MetricId, i64)> {
    fn collect(e: &MetricExpr, over: i64, found: &mut BTreeSet<(MetricId, i64)>) {
        match e {
            MetricExpr::Const(_) => {}
            MetricExpr::And(l) | MetricExpr::Or(l) => l.iter().for_each(|e| collect(e, over, found)),
            MetricExpr::Not(e) => collect(e, over, found),
            MetricExpr::Compare { of_baseline, .. } => {
                found.extend(of_baseline.map(|m| (m, over)));
            }
        }
    }
    let mut found = BTreeSet::new();
    for gate in &release.gates {
        if let GateTest::Metrics(e) = &gate.test {
            collect(e, over_seconds(gate.over), &mut found);
        }
    }
    for trigger in &release.triggers {
        if let TriggerTest::Metrics(e) = &trigger.test {
            collect(e, over_seconds(trigger.over), &mut found);
        }
    }
    for option in release.decisions.iter().flat_map(|d| &d.options) {
        if let Some(crate::model::OptionTestExpr::Metrics(e)) = &option.test {
            collect(e, over_seconds(None), &mut found);
        }
    }
    found.into_iter().collect()
}

/// The span a metric is judged over, in seconds: five minutes where nothing is said.
pub fn over_seconds(over: Option<crate::model::Dur>) -> i64 {
    over.map_or(300, crate::model::Dur::as_seconds).max(1)
}

/// The name of a baseline, as a step's output.
pub fn baseline_id(metric: MetricId, over: i64) -> String {
    format!("b{}_{over}", metric.0)
}
