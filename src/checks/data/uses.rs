//! Where a plan uses values that are only known once something has run: captures and recorded prior states.
//!
//! Called by `data/unset_capture`.

use crate::model::{
    Act, Atom, CaptureId, Cond, DecisionOption, Failure, FailureOutcome, GateId, GateTest, HoldId,
    OptionTestExpr, Origin, Outcome, PriorId, Release, Rollback, Stage, StageId, Step, StepKind, Subject,
    Sym, Text, Undo, Value, WaitTest,
};
use crate::plan::{Node, NodeSet, Plan, Pred};
use std::collections::BTreeMap;

/// What is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Used {
    /// A captured output.
    Capture(CaptureId),
    /// A recorded prior state.
    Prior(PriorId),
}

/// When it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum At {
    /// When a stage, an approval or a decision begins.
    Start(Node),
    /// In a step of a stage, by its place among those that run forward.
    Step(StageId, usize),
    /// When such a step is undone.
    Undo(StageId, usize),
    /// When a stage has failed: in its written rollback or its `on_failure`.
    Failed(StageId),
    /// When a hold is entered.
    Enter(HoldId),
    /// At the end of every run.
    End,
}

/// A use of a value.
pub(super) struct Use<'a> {
    /// What is used.
    pub used: Used,
    /// When.
    pub at: At,
    /// Under which conditions, all of which hold there.
    pub when: Vec<&'a Cond>,
    /// Where it is written.
    pub origin: &'a Origin,
}

/// A step that runs forward, with the conditions it runs under.
pub(super) fn forward(stage: &Stage) -> Vec<(&Step, Vec<&Cond>)> {
    match &stage.rollout {
        None => stage.steps.iter().map(|s| (s, vec![&s.when])).collect(),
        Some(rollout) => rollout
            .steps
            .iter()
            .flat_map(|r| {
                r.work
                    .iter()
                    .chain(&r.checks)
                    .map(move |s| (s, vec![&r.when, &s.when]))
            })
            .collect(),
    }
}

/// Under which condition a stage that has ended has done all its steps: one whose failure is `continue`d may not have.
pub(super) fn passed(plan: &Plan, stage: StageId) -> Pred {
    let variants = plan.variants();
    let applies = variants.applies(Node::Stage(stage));
    let goes_on = plan.release().stage(stage).on_failure.as_ref();
    if !goes_on.is_some_and(|f| matches!(f.then, Failure::Then(FailureOutcome::Continue { .. }))) {
        return applies;
    }
    let passed = Cond::Atom(Atom::Outcome {
        subject: Subject::Stage(stage),
        outcome: Outcome::Passed,
    });
    variants.and(applies, variants.of(plan, &passed))
}

/// Which nodes come after which, each asked for once.
#[derive(Default)]
pub(super) struct Reach {
    descendants: BTreeMap<Node, NodeSet>,
}

impl Reach {
    /// Whether one node surely has ended before another starts, where both apply.
    pub(super) fn before(&mut self, plan: &Plan, first: Node, then: Node) -> bool {
        if plan.waits_for(then).iter().any(|(n, _)| *n == first) {
            return true;
        }
        // There are fewer nodes that something is asked of than nodes that ask.
        let set = self
            .descendants
            .entry(first)
            .or_insert_with(|| plan.descendants(first));
        plan.contains(set, then)
    }
}

/// Every use of a capture or a prior state, in the order written.
pub(super) fn uses(release: &Release) -> Vec<Use<'_>> {
    let mut all = Uses {
        release,
        list: Vec::new(),
    };
    // Most plans capture nothing.
    if release.captures.is_empty() && release.priors.is_empty() {
        return all.list;
    }
    for (i, stage) in release.stages.iter().enumerate() {
        all.stage(StageId::at(i), stage);
    }
    for (i, approval) in release.approvals.iter().enumerate() {
        let node = Node::Approval(crate::model::ApprovalId::at(i));
        all.cond(&approval.when, At::Start(node), &[], &approval.origin);
    }
    for (i, decision) in release.decisions.iter().enumerate() {
        let node = At::Start(Node::Decision(crate::model::DecisionId::at(i)));
        all.cond(&decision.when, node, &[], &decision.origin);
        all.text(&decision.question.ask, node, &[], &decision.question.origin);
        for option in &decision.options {
            all.option(option, node);
        }
    }
    for (i, hold) in release.holds.iter().enumerate() {
        for step in &hold.enter {
            all.step(step, At::Enter(HoldId::at(i)), &[&step.when]);
        }
    }
    for step in &release.finally {
        all.step(step, At::End, &[&step.when]);
    }
    all.list
}

struct Uses<'a> {
    release: &'a Release,
    list: Vec<Use<'a>>,
}

impl<'a> Uses<'a> {
    fn stage(&mut self, id: StageId, stage: &'a Stage) {
        let start = At::Start(Node::Stage(id));
        self.cond(
            &stage.when,
            start,
            &[],
            stage.when_origin.as_ref().unwrap_or(&stage.origin),
        );
        for (artifact, origin) in &stage.ships {
            if let Some(digest) = &self.release.artifact(*artifact).digest {
                self.text(digest, start, &[], origin);
            }
        }
        for (gate, origin) in &stage.require {
            self.gate(*gate, start, &[], origin);
        }
        for (i, (step, when)) in forward(stage).into_iter().enumerate() {
            let at = At::Step(id, i);
            for cond in &when {
                self.cond(cond, at, &[], &step.origin);
            }
            self.step(step, at, &when);
            if let Some(Undo::By { act, origin, .. }) = step.act().map(|a| &a.undo)
                && matches!(stage.rollback, Rollback::Derived)
            {
                let origin = if origin.via.is_some() {
                    &step.origin
                } else {
                    origin
                };
                self.act(act, At::Undo(id, i), &when, origin);
            }
        }
        if let Rollback::Written(written) = &stage.rollback {
            for step in &written.steps {
                self.step(step, At::Failed(id), &[&step.when]);
            }
        }
        for step in stage.on_failure.iter().flat_map(|f| &f.steps) {
            self.step(step, At::Failed(id), &[&step.when]);
        }
    }

    fn step(&mut self, step: &'a Step, at: At, when: &[&'a Cond]) {
        match &step.kind {
            StepKind::Act(act) => self.act(act, at, when, &step.origin),
            StepKind::WaitFor(wait) => {
                self.text(&wait.what, at, when, &step.origin);
                match &wait.test {
                    WaitTest::Run(act) | WaitTest::Job(act) => self.act(act, at, when, &step.origin),
                    WaitTest::Ask(question) => self.text(&question.ask, at, when, &step.origin),
                }
            }
            StepKind::VerifyGate(gate) => self.gate(*gate, at, when, &step.origin),
            StepKind::VerifyArtifact(artifact) => {
                if let Some(digest) = &self.release.artifact(*artifact).digest {
                    self.text(digest, at, when, &step.origin);
                }
            }
            StepKind::Tell(_, message) => self.text(message, at, when, &step.origin),
            StepKind::Wait(_) | StepKind::Bake(_) => {}
        }
    }

    fn gate(&mut self, gate: GateId, at: At, when: &[&'a Cond], origin: &'a Origin) {
        match &self.release.gate(gate).test {
            GateTest::Run(act) | GateTest::Job(act) => self.act(act, at, when, origin),
            GateTest::Ask(question) => self.text(&question.ask, at, when, origin),
            GateTest::Metrics(_) => {}
        }
    }

    fn option(&mut self, option: &'a DecisionOption, at: At) {
        if let Some(OptionTestExpr::Cond(cond)) = &option.test {
            self.cond(cond, at, &[], &option.origin);
        }
    }

    fn act(&mut self, act: &'a Act, at: At, when: &[&'a Cond], origin: &'a Origin) {
        for sym in act.syms() {
            self.sym(sym, at, when, origin);
        }
    }

    fn text(&mut self, text: &'a Text, at: At, when: &[&'a Cond], origin: &'a Origin) {
        for sym in text.syms() {
            self.sym(sym, at, when, origin);
        }
    }

    fn cond(&mut self, cond: &'a Cond, at: At, when: &[&'a Cond], origin: &'a Origin) {
        for atom in cond.atoms() {
            if let Atom::Equal(a, b) | Atom::Compare(_, a, b) = atom {
                for sym in a.syms().into_iter().chain(b.syms()) {
                    self.sym(sym, at, when, origin);
                }
            }
        }
    }

    /// Whatever a value that is not known is made of.
    fn sym(&mut self, sym: &'a Sym, at: At, when: &[&'a Cond], origin: &'a Origin) {
        let mut open = vec![sym];
        while let Some(sym) = open.pop() {
            let used = match sym {
                Sym::Capture(c) if self.release.captures.get(c.index()).is_some() => Used::Capture(*c),
                Sym::Prior(p) => Used::Prior(*p),
                Sym::Call(_, args) => {
                    open.extend(args.iter().flat_map(Value::syms));
                    continue;
                }
                Sym::If(cond, a, b) => {
                    self.cond(cond, at, when, origin);
                    open.extend(a.syms().into_iter().chain(b.syms()));
                    continue;
                }
                Sym::Op(_, a, b) => {
                    open.extend(a.syms().into_iter().chain(b.syms()));
                    continue;
                }
                _ => continue,
            };
            self.list.push(Use {
                used,
                at,
                when: when.to_vec(),
                origin,
            });
        }
    }
}
