//! What a policy can ask of stages, their rollouts and their rollbacks.
//!
//! Called by `fields`.

use crate::checks::policy::fields::{condition, dur, list, number, people, text, word};
use crate::checks::policy::value::{Thing, V, days};
use crate::model::{
    Act, ActSource, Approval, Quorum, Release, RoleKind, RoleOrPerson, Rollback, Stage, StageId, Step,
    StepKind,
};
use crate::plan::people::{Directory, executors};
use crate::plan::{Plan, StageUndo};

pub(super) fn stage(plan: &Plan, directory: &Directory<'_>, id: StageId, field: &str) -> V {
    let r = plan.release();
    let s = r.stage(id);
    let keys = |pick: fn(&crate::model::Effects) -> &Vec<crate::model::KeyUse>| {
        let acts = s.forward_steps().into_iter().filter_map(|s| s.act());
        let mut list: Vec<V> = Vec::new();
        for key in acts.flat_map(|a| pick(&a.effects)) {
            let key = V::Key(key.key.clone());
            if !list.contains(&key) {
                list.push(key);
            }
        }
        V::List(list)
    };
    let approvals = || {
        let sure = guards(plan, id).into_iter();
        sure.filter_map(|g| match g {
            V::Thing(Thing::Approval(a)) => Some(r.approval(a)),
            _ => None,
        })
    };
    match field {
        "title" => text(&s.title),
        "after" => list(&s.after, |a| V::Thing(Thing::Stage(a.stage))),
        "when" => condition(&s.when),
        "approved" => list(&s.approved, |(a, _)| V::Thing(Thing::Approval(*a))),
        "ready" => list(&s.ready, |(c, _)| V::Thing(Thing::Checklist(*c))),
        "require" => list(&s.require, |(g, _)| V::Thing(Thing::Gate(*g))),
        "owner" => V::Thing(Thing::Role(s.owner)),
        "started_by" => s.started_by.map_or(V::Absent, |x| V::Thing(Thing::Role(x))),
        "environment" => V::Thing(Thing::Env(s.environment)),
        "at" => dur(s.at.as_ref().map(|(o, _)| o.after)),
        "takes" => dur(s.takes.as_ref().map(|(_, most, _)| *most)),
        "timeout" => dur(s.timeout),
        "build" => list(&s.builds, |(a, _)| V::Thing(Thing::Artifact(*a))),
        "ship" => list(&s.ships, |(a, _)| V::Thing(Thing::Artifact(*a))),
        "rollout" => s
            .rollout
            .as_ref()
            .map_or(V::Absent, |_| V::Thing(Thing::Rollout(id))),
        "rollback" => match s.rollback {
            Rollback::Written(_) => V::Thing(Thing::Rollback(id)),
            _ => V::Absent,
        },
        "irreversible" => match plan.undo(id) {
            StageUndo::Irreversible(why, _) => text(why),
            _ => V::Absent,
        },
        "harmless" => match plan.undo(id) {
            StageUndo::Harmless(why, _) => text(why),
            _ => V::Absent,
        },
        "on_failure" => s
            .on_failure
            .as_ref()
            .map_or(V::Absent, |_| V::Thing(Thing::OnFailure(id))),
        "phase" => s.phase.map_or(V::Absent, |p| word(&r.phase(p).name)),
        "verify" => V::List(
            s.forward_steps()
                .into_iter()
                .filter_map(|step| match step.kind {
                    StepKind::VerifyGate(g) => Some(V::Thing(Thing::Gate(g))),
                    StepKind::VerifyArtifact(a) => Some(V::Thing(Thing::Artifact(a))),
                    _ => None,
                })
                .fold(Vec::new(), |mut list, v| {
                    if !list.contains(&v) {
                        list.push(v);
                    }
                    list
                }),
        ),
        "do" => acts(s, |a| match &a.source {
            ActSource::Action { name, .. } => Some(V::Text(name.to_string())),
            _ => None,
        }),
        "run" => acts(s, |a| match &a.source {
            ActSource::Run => a.run.as_ref().map(|c| V::Text(c.display.clone())),
            _ => None,
        }),
        "manual" => acts(s, |a| match &a.source {
            ActSource::Manual => a.manual.as_ref().map(|m| text(&m.what)),
            _ => None,
        }),
        "wait" | "wait_for" | "tell" => V::List(
            s.forward_steps()
                .into_iter()
                .filter_map(|step| match (&step.kind, field) {
                    (StepKind::Wait(d), "wait") => Some(V::Dur(*d)),
                    (StepKind::WaitFor(w), "wait_for") => Some(text(&w.what)),
                    (StepKind::Tell(c, _), "tell") => Some(word(&r.channel(*c).name)),
                    _ => None,
                })
                .collect(),
        ),
        "bake" => V::List(
            s.forward_steps()
                .into_iter()
                .filter_map(|step| match step.kind {
                    StepKind::Bake(d) => Some(V::Dur(d)),
                    _ => None,
                })
                .collect(),
        ),
        "guards" => V::List(guards(plan, id)),
        "changes" => keys(|e| &e.changes),
        "removes" => keys(|e| &e.removes),
        "reads" => keys(|e| &e.reads),
        "approvers" => number(
            approvals()
                .map(|a| asked(directory, a))
                .fold(0, i64::saturating_add),
        ),
        "approver_kinds" => {
            let kinds = approvals().filter_map(|a| kind_of_all(r, a));
            let kinds: std::collections::BTreeSet<&str> = kinds.map(RoleKind::word).collect();
            V::List(kinds.into_iter().map(word).collect())
        }
        "eligible" => {
            let from = approvals();
            people(&directory.all(from.flat_map(|a| a.from.iter().map(|(w, _)| *w))))
        }
        "executors" => people(&directory.all(executors(s).into_iter().map(RoleOrPerson::Role))),
        "undo" => word(match plan.undo(id) {
            StageUndo::Nothing => "nothing",
            StageUndo::Derived(_) => "derived",
            StageUndo::Written(_) => "written",
            StageUndo::Irreversible(..) => "irreversible",
            StageUndo::Harmless(..) => "harmless",
        }),
        "weight" => rollout(s, "weight"),
        _ => word(&s.name),
    }
}

/// How many people an approval asks for.
fn asked(directory: &Directory<'_>, approval: &Approval) -> i64 {
    match approval.quorum {
        Quorum::Count(n) => i64::from(n),
        Quorum::All => {
            let pool = directory.all(approval.from.iter().map(|(w, _)| *w));
            i64::try_from(directory.size(&pool)).unwrap_or(i64::MAX)
        }
    }
}

/// The kind of those who may approve, when they are all of one: only then is somebody of it sure to say yes.
fn kind_of_all(r: &Release, approval: &Approval) -> Option<RoleKind> {
    let mut kinds = approval.from.iter().map(|(who, _)| match who {
        RoleOrPerson::Role(role) => r.role(*role).kind,
        RoleOrPerson::Person(_) => None,
    });
    let first = kinds.next()??;
    kinds.all(|k| k == Some(first)).then_some(first)
}

/// Something of each act of a stage, as far as it has it.
fn acts(stage: &Stage, pick: impl Fn(&Act) -> Option<V>) -> V {
    let steps = stage.forward_steps();
    V::List(steps.into_iter().filter_map(Step::act).filter_map(pick).collect())
}

/// The approvals that were surely granted whenever a stage starts.
fn guards(plan: &Plan, stage: StageId) -> Vec<V> {
    let variants = plan.variants();
    let here = plan.starts(stage);
    let sure = plan
        .guards(stage)
        .iter()
        .filter(|g| variants.implies(here, g.when));
    sure.map(|g| V::Thing(Thing::Approval(g.approval))).collect()
}

pub(super) fn rollout(s: &Stage, field: &str) -> V {
    let Some(rollout) = &s.rollout else {
        return V::Absent;
    };
    match field {
        "step" => list(&rollout.steps, |s| V::Text(s.name.to_string())),
        "demote" => V::Bool(rollout.demote.is_some()),
        _ => V::List(
            rollout
                .steps
                .iter()
                .filter_map(|s| s.weight)
                .map(V::Percent)
                .collect(),
        ),
    }
}

pub(super) fn rollback(s: &Stage, field: &str) -> V {
    let Rollback::Written(w) = &s.rollback else {
        return V::Absent;
    };
    match field {
        "approved" => list(&w.approved, |(a, _)| V::Thing(Thing::Approval(*a))),
        "within" => dur(w.within),
        "owner" => w.owner.map_or(V::Absent, |o| V::Thing(Thing::Role(o))),
        "undoes" => list(&w.undoes, |k| V::Key(k.key.clone())),
        "tested" => w.tested.as_ref().map_or(V::Absent, |t| {
            t.on.map_or(V::Bool(true), |d| V::Moment(days(d), d.to_string()))
        }),
        _ => {
            let acts = w.steps.iter().filter_map(|s| s.act());
            V::List(
                acts.flat_map(|a| &a.effects.changes)
                    .map(|k| V::Key(k.key.clone()))
                    .collect(),
            )
        }
    }
}
