//! `gate/bake_too_short`: a gate judges a span that began before the change it judges.

use crate::checks::gate::watch;
use crate::checks::{Check, Subject, allow, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Dur, GateId, Stage, Step, StepKind};
use crate::plan::doing;
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("gate/bake_too_short");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let mut seen = BTreeSet::new();
    let mut found: IndexMap<_, Vec<Diagnostic>> = IndexMap::new();
    for stage in &release.stages {
        for steps in groups(stage) {
            let mut waited: Option<(Dur, Option<&Step>)> = None;
            for step in steps {
                match &step.kind {
                    StepKind::Wait(d) | StepKind::Bake(d) => {
                        if let Some((so_far, last)) = &mut waited {
                            *so_far = so_far.plus(*d);
                            *last = Some(step);
                        }
                    }
                    // Waiting for something takes as long as it takes.
                    StepKind::WaitFor(_) => waited = None,
                    StepKind::VerifyGate(gate) => {
                        // Outside a rollout, a gate without any wait judges the state it finds.
                        if let Some((so_far, last)) = waited
                            && (last.is_some() || stage.rollout.is_some())
                            && short(subject, *gate, so_far)
                            && seen.insert((step.origin.span, *gate))
                        {
                            let d = finding(subject, stage, *gate, step, so_far, last);
                            // What one step's `allow` accepts is not accepted for the others.
                            let own = allow::accepted(release, CODE, d.span).then_some(d.span);
                            let key = (stage.origin.span, *gate, so_far.as_ms(), own);
                            found.entry(key).or_default().push(d);
                        }
                    }
                    _ => {
                        let changes = doing(step).is_some_and(|a| !a.effects.changes.is_empty());
                        if changes {
                            waited = Some((Dur::ZERO, None));
                        }
                    }
                }
            }
        }
    }
    for list in found.into_values() {
        let mut list = list.into_iter();
        let Some(mut first) = list.next() else { continue };
        for other in list.take(3) {
            first = first.fact(other.span, "and here");
        }
        bag.push(first);
    }
}

/// The steps that follow each other: a rollout's step by step.
fn groups(stage: &Stage) -> Vec<Vec<&Step>> {
    match &stage.rollout {
        Some(r) => r
            .steps
            .iter()
            .map(|s| s.work.iter().chain(&s.checks).collect())
            .collect(),
        None => vec![stage.steps.iter().collect()],
    }
}

fn short(subject: &Subject<'_>, gate: GateId, waited: Dur) -> bool {
    let gate = subject.plan.release().gate(gate);
    watch::condition(gate).is_some() && gate.over.is_some_and(|over| over.as_ms() > waited.as_ms())
}

fn finding(
    subject: &Subject<'_>,
    stage: &Stage,
    gate: GateId,
    step: &Step,
    waited: Dur,
    last: Option<&Step>,
) -> Diagnostic {
    let gate = subject.plan.release().gate(gate);
    let over = gate.over.unwrap_or_default();
    let d = Diagnostic::warning(
        CODE,
        step.origin.span,
        format!(
            "`{}` judges the last {over}, {} after `{}` changed anything",
            gate.name,
            if waited.as_ms() == 0 {
                "right".to_string()
            } else {
                format!("{waited}")
            },
            stage.name
        ),
    )
    .here("most of what it sees is older than the change");
    let mut d = place::fact(d, &gate.origin, format!("over {over}"));
    if let Some(last) = last {
        d = place::fact(d, &last.origin, format!("waits {waited}"));
    }
    place::through(d, &step.origin).help(format!("wait as long as it looks back: `bake {over}` before it"))
}
