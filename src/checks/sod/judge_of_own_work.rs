//! `sod/judge_of_own_work`: who executes a stage in production also answers whether it went well, where that decides
//! exposure or rollback.

use crate::checks::sod::words;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{
    DecisionId, FailureOutcome, GateId, GateOutcome, GateTest, OptionOutcome, Origin, PersonRef, Question,
    RoleOrPerson, Seat, Stage, StageId,
};
use crate::plan::Plan;
use crate::plan::people::{Directory, Pool, executors, keeps_apart};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("sod/judge_of_own_work");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let directory = Directory::new(subject.plan.release());
    gates(subject.plan, &directory, bag);
    decisions(subject.plan, &directory, bag);
}

fn answerers(directory: &Directory<'_>, question: &Question) -> Pool {
    let people = question.by_people.iter().filter_map(|p| match p {
        PersonRef::Person(p) => Some(RoleOrPerson::Person(*p)),
        PersonRef::Param(_) => None,
    });
    directory.all(question.by.iter().map(|r| RoleOrPerson::Role(*r)).chain(people))
}

fn gates(plan: &Plan, directory: &Directory<'_>, bag: &mut Bag) {
    let release = plan.release();
    for (i, gate) in release.gates.iter().enumerate() {
        let GateTest::Ask(question) = &gate.test else {
            continue;
        };
        let undoes = match &gate.otherwise {
            None => true,
            Some((GateOutcome::Then(o), _)) => {
                matches!(o, FailureOutcome::Rollback | FailureOutcome::RollbackStage(_))
            }
            Some((GateOutcome::Decision(_), _)) => false,
        };
        for id in plan.judges(GateId::at(i)) {
            let stage = release.stage(*id);
            let judged = stage
                .forward_steps()
                .iter()
                .any(|s| matches!(s.kind, crate::model::StepKind::VerifyGate(g) if g == GateId::at(i)));
            // A gate before a stage judges what others did.
            if !judged || !release.is_production(stage.environment) || !(undoes || stage.rollout.is_some()) {
                continue;
            }
            let mut pool = answerers(directory, question);
            if question.by.is_empty() && question.by_people.is_empty() {
                pool = directory.role(gate.owner.unwrap_or(stage.owner)).clone();
            }
            let decides = if stage.rollout.is_some() {
                "how far it is exposed"
            } else {
                "whether it is undone"
            };
            let what = format!("the gate `{}`, which decides {decides}", gate.name);
            let told = work_judged(plan, *id).into_iter().any(|work| {
                let stage = release.stage(work);
                own(
                    directory,
                    stage,
                    &pool,
                    &question.origin,
                    &gate.origin,
                    &what,
                    bag,
                )
            });
            if told {
                break;
            }
        }
    }
}

/// The work that a gate of a stage judges: the stage's own, or, where it only looks, the nearest in production before it.
fn work_judged(plan: &Plan, id: StageId) -> Vec<StageId> {
    let release = plan.release();
    let works = |s: StageId| release.is_production(release.stage(s).environment) && plan.changes_something(s);
    if works(id) {
        return vec![id];
    }
    let (mut nearest, mut seen, mut open) = (Vec::new(), BTreeSet::from([id]), vec![id]);
    while let Some(at) = open.pop() {
        for before in &release.stage(at).after {
            if seen.insert(before.stage) {
                if works(before.stage) {
                    nearest.push(before.stage);
                } else {
                    open.push(before.stage);
                }
            }
        }
    }
    nearest
}

fn decisions(plan: &Plan, directory: &Directory<'_>, bag: &mut Bag) {
    let release = plan.release();
    for (i, decision) in release.decisions.iter().enumerate() {
        let undoes = decision.options.iter().any(|o| {
            matches!(
                o.then,
                OptionOutcome::Then(FailureOutcome::Rollback | FailureOutcome::RollbackStage(_))
            )
        });
        if !undoes {
            continue;
        }
        let mut pool = answerers(directory, &decision.question);
        if decision.question.by.is_empty() && decision.question.by_people.is_empty() {
            pool = directory.role(release.owner).clone();
        }
        for (id, _) in &decision.after {
            let stage = release.stage(*id);
            let apart =
                keeps_apart(release, Seat::Decision(DecisionId::at(i)), Seat::Executor(*id)).is_some();
            if apart || !release.is_production(stage.environment) {
                continue;
            }
            let what = format!(
                "the decision `{}`, which decides whether it is undone",
                decision.name
            );
            if own(
                directory,
                stage,
                &pool,
                &decision.question.origin,
                &decision.origin,
                &what,
                bag,
            ) {
                break;
            }
        }
    }
}

/// Whether whoever answers may have executed the stage; told if so.
fn own(
    directory: &Directory<'_>,
    stage: &Stage,
    pool: &Pool,
    asked: &Origin,
    origin: &Origin,
    what: &str,
    bag: &mut Bag,
) -> bool {
    let release = directory.release();
    for role in executors(stage) {
        let Some(shared) = directory.shared(pool, directory.role(role)) else {
            continue;
        };
        let who = words::shared(release, shared);
        let mut d = Diagnostic::error(
            CODE,
            origin.span,
            format!("{who} may execute `{}` and answer {what}", stage.name),
        )
        .here("nothing keeps the two apart");
        if asked.span != origin.span {
            d = place::fact(d, asked, "asked here");
        }
        d = place::fact(
            d,
            &stage.owner_origin,
            format!("`{}` executes `{}`", release.role(role).name, stage.name),
        );
        d = words::belongs(d, directory, role, shared);
        bag.push(
            d.help("let somebody answer who did not do the work: `by` another role")
                .help("or judge by what can be measured: a metric or a command"),
        );
        return true;
    }
    false
}
