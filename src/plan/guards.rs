//! Which approvals surely were granted before a stage starts, and whether it can start at all.
//!
//! A must-analysis: an approval guards a stage under a condition over the variants. An override is a run with seats of its
//! own and is not looked at here. Asked through [`Plan::guards`]. Must not report findings.

use crate::model::{ApprovalId, DecisionId, StageId};
use crate::plan::engine::goes_on;
use crate::plan::flow::{Fact, Flow, surely};
use crate::plan::predicate::Diagram;
use crate::plan::{Node, Plan, Pred};
use std::sync::Arc;

/// An approval that guards, and when it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// The approval.
    pub approval: ApprovalId,
    /// In which variants it was surely granted.
    pub when: Pred,
}

/// What guards each stage, and when it can start.
#[derive(Debug, Clone)]
pub struct Guards {
    stages: Vec<Arc<[Guard]>>,
    some: Vec<Pred>,
    starts: Vec<Pred>,
    anchored: Vec<Pred>,
}

#[derive(Clone)]
struct Known(Arc<[Guard]>);

impl Fact for Known {
    fn none() -> Self {
        Known(Arc::new([]))
    }

    fn join(diagram: &mut Diagram, a: &Self, b: &Self) -> Self {
        if b.0.is_empty() || Arc::ptr_eq(&a.0, &b.0) {
            return a.clone();
        }
        if a.0.is_empty() {
            return b.clone();
        }
        let mut list: Vec<Guard> = Vec::with_capacity(a.0.len() + b.0.len());
        let (mut i, mut j) = (0, 0);
        while let (Some(x), Some(y)) = (a.0.get(i), b.0.get(j)) {
            match x.approval.cmp(&y.approval) {
                std::cmp::Ordering::Less => {
                    list.push(*x);
                    i += 1;
                }
                std::cmp::Ordering::Greater => {
                    list.push(*y);
                    j += 1;
                }
                std::cmp::Ordering::Equal => {
                    list.push(Guard {
                        approval: x.approval,
                        when: diagram.or(x.when, y.when),
                    });
                    i += 1;
                    j += 1;
                }
            }
        }
        list.extend_from_slice(&a.0[i..]);
        list.extend_from_slice(&b.0[j..]);
        if list == *a.0 {
            return a.clone();
        }
        Known(list.into())
    }

    fn only_if(diagram: &mut Diagram, when: Pred, a: &Self) -> Self {
        match when {
            Pred::TRUE => a.clone(),
            Pred::FALSE => Self::none(),
            _ => Known(
                a.0.iter()
                    .map(|g| Guard {
                        approval: g.approval,
                        when: diagram.and(when, g.when),
                    })
                    .filter(|g| g.when != Pred::FALSE)
                    .collect(),
            ),
        }
    }
}

impl Guards {
    pub(super) fn new(plan: &Plan) -> Guards {
        let last = u32::try_from(plan.order.len())
            .unwrap_or(u32::MAX)
            .saturating_sub(1);
        if plan.order.is_empty() {
            return Guards {
                stages: Vec::new(),
                some: Vec::new(),
                starts: Vec::new(),
                anchored: Vec::new(),
            };
        }
        let granted: Flow<Known> = surely(plan, 0, last, |_, node| match node {
            Node::Approval(approval) => Known(Arc::new([Guard {
                approval,
                when: Pred::TRUE,
            }])),
            _ => Known::none(),
        });
        let over: Flow<Pred> = surely(plan, 0, last, |engine, node| match node {
            Node::Decision(d) => ends_the_run(plan, engine, d),
            _ => Pred::FALSE,
        });
        let ended: Flow<Pred> = surely(plan, 0, last, |_, node| match node {
            Node::Stage(_) | Node::Decision(_) => Pred::TRUE,
            Node::Approval(_) => Pred::FALSE,
        });
        let mut guards = Guards {
            stages: Vec::new(),
            some: Vec::new(),
            starts: Vec::new(),
            anchored: Vec::new(),
        };
        let variants = plan.variants();
        for i in 0..plan.release().stages.len() {
            let node = Node::Stage(StageId::at(i));
            let list = granted.start(plan, node).0;
            let at_its_steps = before_the_first_step(plan, StageId::at(i));
            let mut e = variants.lock();
            let some = list.iter().fold(at_its_steps, |any, g| e.diagram.or(any, g.when));
            let running = e.diagram.not(over.start(plan, node));
            guards.starts.push(e.diagram.and(variants.applies(node), running));
            guards.anchored.push(ended.start(plan, node));
            guards.some.push(some);
            guards.stages.push(list);
        }
        guards
    }
}

/// In which variants the first step that applies of a stage's rollout waits for an approval: the stage does nothing before.
fn before_the_first_step(plan: &Plan, stage: StageId) -> Pred {
    let v = plan.variants();
    let Some(rollout) = &plan.release().stage(stage).rollout else {
        return Pred::FALSE;
    };
    if rollout.steps.iter().all(|s| s.approved.is_empty()) {
        return Pred::FALSE;
    }
    let (mut guarded, mut open) = (Pred::FALSE, Pred::TRUE);
    for step in &rollout.steps {
        let first = v.and(open, v.of(plan, &step.when));
        for (approval, _) in &step.approved {
            let asked = v.and(first, v.applies(Node::Approval(*approval)));
            guarded = v.or(guarded, asked);
        }
        open = v.without(open, first);
    }
    // Where no step applies nothing is done.
    v.or(guarded, open)
}

/// When a decision comes out so that the run ends.
fn ends_the_run(plan: &Plan, engine: &mut crate::plan::engine::Engine, decision: DecisionId) -> Pred {
    let mut any = Pred::FALSE;
    for (o, option) in plan.release().decision(decision).options.iter().enumerate() {
        if !goes_on(&option.then) {
            let taken = engine.option(plan, decision, o);
            any = engine.diagram.or(any, taken);
        }
    }
    any
}

impl Plan {
    /// The approvals that were granted before a stage starts, each with the variants in which that is sure, in the order
    /// written. Given that the stage applies.
    pub fn guards(&self, stage: StageId) -> &[Guard] {
        &self.guarding().stages[stage.index()]
    }

    /// In which variants some approval was surely granted before a stage starts, or before the first step of its rollout does.
    pub fn guarded(&self, stage: StageId) -> Pred {
        self.guarding().some[stage.index()]
    }

    /// In which variants a stage can start.
    pub fn starts(&self, stage: StageId) -> Pred {
        self.guarding().starts[stage.index()]
    }

    /// In which variants some stage or decision has surely ended before a stage starts.
    pub fn anchored(&self, stage: StageId) -> Pred {
        self.guarding().anchored[stage.index()]
    }
}
