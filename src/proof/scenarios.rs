//! The runs that are looked at: all that goes well, and each thing that can go otherwise, alone and where it matters in pairs.
//!
//! Must not know a target. Called by the proof's entry point.

use super::scenario::{Open, Scenario};
use crate::emit::parts::{At, Deed, Purpose, Test};
use crate::model::{
    ApprovalId, Atom, DecisionId, DistinctFrom, FailureOutcome, GateId, GateTest, OptionOutcome, ParamId,
    ParamType, Release, Stage, Step, StepKind, TriggerId,
};
use std::collections::BTreeSet;

/// Every run that is looked at.
pub fn all(release: &Release, open: &Open) -> Vec<Scenario> {
    let well = Scenario::well(release);
    let mut list = vec![well.clone()];
    let mut add = |change: &dyn Fn(&mut Scenario)| {
        let mut scenario = well.clone();
        change(&mut scenario);
        list.push(scenario);
    };
    let last = last_step(release);
    for part in &open.parts {
        let fail = |s: &mut Scenario| {
            s.fails.insert(part.clone());
        };
        let silent = |s: &mut Scenario| {
            s.silent.insert(part.clone());
        };
        match (part.at, part.deed) {
            (At::Stage(_) | At::Enter(_), Deed::Act | Deed::Await) => {
                add(&fail);
                for resume in [1, 3] {
                    add(&|s| {
                        fail(s);
                        s.resume = resume;
                    });
                }
                add(&|s| {
                    fail(s);
                    (s.once, s.resume) = (true, 0);
                });
                for slow in [1, 100_000] {
                    add(&|s| {
                        fail(s);
                        s.slow = Some(slow);
                    });
                }
            }
            (At::Undo(_), Deed::Act | Deed::Await | Deed::Grant(_)) => {
                for step in &last {
                    add(&|s| {
                        fail(s);
                        s.fails.insert(step.clone());
                    });
                }
            }
            (At::Exit(_), _) => {
                add(&fail);
                for step in &last {
                    add(&|s| {
                        fail(s);
                        s.fails.insert(step.clone());
                    });
                }
            }
            (_, Deed::Grant(_)) => {
                add(&fail);
                add(&silent);
            }
            (_, Deed::Ready | Deed::Begin | Deed::NoData(_)) => add(&fail),
            (At::Finally, Deed::Act | Deed::Await) => {
                add(&fail);
                if let Some(step) = last.first() {
                    add(&|s| {
                        fail(s);
                        s.fails.insert(step.clone());
                    });
                }
            }
            _ => {}
        }
    }
    for gate in (0..release.gates.len()).map(GateId::at) {
        add(&|s| {
            s.gates.insert(gate);
        });
        add(&|s| {
            s.gates.insert(gate);
            s.resume = 1;
        });
        if matches!(release.gate(gate).test, GateTest::Metrics(_)) {
            add(&|s| {
                s.blank.insert(gate);
            });
        }
    }
    consents(release, &mut add);
    for test in &open.tests {
        match test {
            Test::Unknown => add(&|s| s.unknown = true),
            Test::Problem(i) => add(&|s| s.problem = Some(*i)),
            Test::Atom(Atom::Param { param, choice }) if *choice > 0 => {
                add(&|s| {
                    s.params.insert(*param, *choice);
                });
            }
            Test::Atom(atom @ (Atom::Equal(..) | Atom::Compare(..))) => {
                add(&|s| s.flipped.push(atom.clone()))
            }
            _ => {}
        }
    }
    let mut seen = BTreeSet::new();
    list.retain(|s| seen.insert(format!("{s:?}")));
    list
}

/// The choices of inputs, as conditions that come out one way or another.
pub fn choices(release: &Release) -> Vec<Test> {
    let mut list = Vec::new();
    for (i, param) in release
        .params
        .iter()
        .enumerate()
        .filter(|(_, p)| p.fixed.is_none())
    {
        let count = match &param.ty {
            ParamType::OneOf(words) => words.len(),
            ParamType::Environment => release.environments.len(),
            ParamType::Bool => 2,
            _ => 0,
        };
        let param = ParamId::at(i);
        list.extend((0..count).map(|choice| Test::Atom(Atom::Param { param, choice })));
    }
    list
}

/// Runs that somebody breaks off while a part is under way.
pub fn broken_off(release: &Release, open: &Open) -> Vec<Scenario> {
    let well = Scenario::well(release);
    let parts = open.parts.iter().filter(|p| {
        matches!(p.at, At::Stage(_) | At::Enter(_)) && matches!(p.deed, Deed::Act | Deed::Await)
            || p.at == At::Run && matches!(p.deed, Deed::Grant(_))
    });
    parts
        .map(|part| Scenario {
            cancel: Some(part.clone()),
            ..well.clone()
        })
        .collect()
}

/// Adds a run in which something is changed.
type Add<'a> = dyn FnMut(&dyn Fn(&mut Scenario)) + 'a;

fn consents(release: &Release, add: &mut Add<'_>) {
    for (i, approval) in release.approvals.iter().enumerate() {
        let id = ApprovalId::at(i);
        add(&|s| s.few = Some(id));
        for (distinct, _) in &approval.distinct_from {
            if let DistinctFrom::Approval(other) = distinct {
                add(&|s| s.same = Some((id, *other)));
            }
        }
    }
    for (i, decision) in release.decisions.iter().enumerate() {
        for (option, said) in decision.options.iter().enumerate() {
            let pauses = said.then == OptionOutcome::Then(FailureOutcome::Pause);
            let answers: &[usize] = if pauses { &[1, 2, 3] } else { &[2] };
            for resume in answers {
                add(&|s| {
                    s.options.insert(DecisionId::at(i), option);
                    s.resume = *resume;
                });
            }
        }
    }
    for t in (0..release.triggers.len()).map(TriggerId::at) {
        add(&|s| s.fires = Some(t));
    }
}

/// The last step of each stage that nothing waits for: its failure undoes the most.
pub fn last_step(release: &Release) -> Vec<Purpose> {
    let waited = |s: usize| {
        release
            .stages
            .iter()
            .any(|t| t.after.iter().any(|a| a.stage.index() == s))
    };
    let mut list = Vec::new();
    for (i, stage) in release.stages.iter().enumerate() {
        if waited(i) {
            continue;
        }
        let id = crate::model::StageId::at(i);
        let last = stage
            .forward_steps()
            .into_iter()
            .rev()
            .find(|s| s.act().is_some_and(super::walk::shows));
        list.extend(last.map(|s| Purpose::new(At::Stage(id), &s.slug, Deed::Act)));
    }
    list
}

/// Gates that go by the very same reading pass or fail together, where the same numbers are compared for each.
pub fn together(release: &Release, scenario: &mut Scenario) {
    let reading = |g: GateId| {
        let gate = release.gate(g);
        match &gate.test {
            GateTest::Metrics(expr) => Some((expr, gate.over)),
            _ => None,
        }
    };
    for set in [&mut scenario.gates, &mut scenario.blank] {
        let read: Vec<_> = set.iter().filter_map(|g| reading(*g)).collect();
        let same = |g: &GateId| {
            let own = reading(*g);
            own.is_some_and(|(e, over)| read.iter().any(|(r, o)| *o == over && r.same_as(e)))
        };
        set.extend((0..release.gates.len()).map(GateId::at).filter(same));
    }
}

/// A rollout that steps back tries its step again whenever its owner goes on: nobody does that for ever, so what fails in it fails once.
pub fn tried_again(release: &Release, scenario: &mut Scenario) {
    let steps_back = |stage: &Stage| stage.rollout.as_ref().is_some_and(|r| r.demote.is_some());
    let part = |p: &Purpose| matches!(p.at, At::Stage(s) if steps_back(release.stage(s)));
    let gate = |g: &GateId| {
        let judges = |s: &&Step| matches!(s.kind, StepKind::VerifyGate(x) if x == *g);
        release
            .stages
            .iter()
            .any(|s| steps_back(s) && s.forward_steps().iter().any(judges))
    };
    if scenario.resume == 1 && (scenario.fails.iter().any(part) || scenario.gates.iter().any(gate)) {
        scenario.once = true;
    }
}
