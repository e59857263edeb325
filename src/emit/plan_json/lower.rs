//! From a plan to its document.

use crate::emit::Context;
use crate::model::{
    Act, ApprovalId, DistinctFrom, FailureOutcome, GateId, GateTest, HoldId, MetricExpr, PersonRef, Quorum,
    Release, RoleOrPerson, StageId, Step, StepKind, Text, TextPart, Value,
};
use crate::plan::{EarlierUndo, Node, Plan, StageUndo, UndoStep, show};
use serde_json::{Value as Json, json};

/// The whole document, version 1.
pub(super) fn document(plan: &Plan, context: &Context<'_>) -> Json {
    let r = plan.release();
    json!({
        "version": 1,
        "generated_by": format!("releasec {}", context.version),
        "source": context.source,
        "digest": { "sha256": context.digest },
        "release": {
            "name": r.name.as_str(),
            "title": text(r, &r.title),
            "version": text(r, &r.version),
            "replaces": r.replaces.as_ref().map(|t| text(r, t)),
            "authors": r.authors.iter().map(|(p, _)| match p {
                PersonRef::Person(p) => r.person(*p).name.to_string(),
                PersonRef::Param(p) => format!("${{{}}}", r.param(*p).name),
            }).collect::<Vec<_>>(),
            "owner": r.role(r.owner).name.as_str(),
            "environment": r.env(r.environment).name.as_str(),
            "start": plan.start_moment().map(|t| t.to_string()),
        },
        "inputs": r.params.iter().filter(|p| p.fixed.is_none()).map(|p| json!({
            "name": p.name.as_str(),
            "type": crate::types::type_words(&p.ty),
            "default": p.default.as_ref().map(|v| show::value(r, v)),
            "description": p.doc,
        })).collect::<Vec<_>>(),
        "people": r.people.iter().map(|p| json!({
            "name": p.name.as_str(),
            "full_name": text(r, &p.full_name),
            "github": p.github.as_ref().map(|t| text(r, t)),
            "email": p.email.as_ref().map(|t| text(r, t)),
            "bot": p.bot,
        })).collect::<Vec<_>>(),
        "roles": r.roles.iter().enumerate().map(|(i, role)| json!({
            "name": role.name.as_str(),
            "title": text(r, &role.title),
            "people": crate::emit::people::members(r, crate::model::RoleId::at(i)).into_iter()
                .map(|p| r.person(p).name.to_string()).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "environments": r.environments.iter().map(|e| json!({
            "name": e.name.as_str(),
            "kind": e.kind.word(),
            "region": e.region.as_ref().map(|t| text(r, t)),
            "account": e.account.as_ref().map(|t| text(r, t)),
            "classification": e.classification.map(crate::model::Classification::word),
        })).collect::<Vec<_>>(),
        "approvals": (0..r.approvals.len()).map(|i| approval(r, ApprovalId::at(i))).collect::<Vec<_>>(),
        "gates": (0..r.gates.len()).map(|i| gate(plan, GateId::at(i))).collect::<Vec<_>>(),
        "stages": plan.stage_order().into_iter().map(|s| stage(plan, s)).collect::<Vec<_>>(),
        "holds": (0..r.holds.len()).map(|i| hold(plan, HoldId::at(i))).collect::<Vec<_>>(),
        "triggers": r.triggers.iter().map(|t| json!({
            "name": t.name.as_str(),
            "during": names(r, &t.during),
            "then": outcome(r, &t.then),
        })).collect::<Vec<_>>(),
        "accepted": r.allows.iter().map(|a| json!({
            "code": a.code.as_str(),
            "because": a.because.as_ref().map(|t| text(r, t)),
            "until": a.until.map(|d| d.to_string()),
            "place": context.sources.place(a.origin.span),
        })).collect::<Vec<_>>(),
    })
}

/// A text; what only the run knows stands as `${name}`.
fn text(r: &Release, text: &Text) -> String {
    let part = |p: &TextPart| match p {
        TextPart::Lit(t) => t.clone(),
        TextPart::Sym(s) => format!("${{{}}}", show::value(r, &Value::Sym(s.clone()))),
    };
    text.parts.iter().map(part).collect()
}

fn names(r: &Release, stages: &[StageId]) -> Vec<String> {
    stages.iter().map(|s| r.stage(*s).name.to_string()).collect()
}

fn when(r: &Release, cond: &crate::model::Cond) -> Option<String> {
    match cond {
        crate::model::Cond::True => None,
        c => Some(crate::emit::diagram::words::cond(r, c)),
    }
}

fn who(r: &Release, w: RoleOrPerson) -> String {
    match w {
        RoleOrPerson::Role(x) => format!("role.{}", r.role(x).name),
        RoleOrPerson::Person(x) => format!("person.{}", r.person(x).name),
    }
}

fn outcome(r: &Release, o: &FailureOutcome) -> Json {
    match o {
        FailureOutcome::Rollback => json!("rollback"),
        FailureOutcome::RollbackStage(s) => json!({ "rollback": r.stage(*s).name.as_str() }),
        FailureOutcome::Pause => json!("pause"),
        FailureOutcome::Stop => json!("stop"),
        FailureOutcome::Continue { .. } => json!("continue"),
        FailureOutcome::Restart(s, n) => json!({ "restart": r.stage(*s).name.as_str(), "at_most": n }),
        FailureOutcome::Escalate(c) => json!({ "escalate": r.channel(*c).slug.as_str() }),
    }
}

fn approval(r: &Release, id: ApprovalId) -> Json {
    let a = r.approval(id);
    json!({
        "name": a.name.as_str(),
        "from": a.from.iter().map(|(w, _)| who(r, *w)).collect::<Vec<_>>(),
        "quorum": match a.quorum { Quorum::All => json!("all"), Quorum::Count(n) => json!(n) },
        "distinct_from": a.distinct_from.iter().map(|(d, _)| match d {
            DistinctFrom::Author => "author".to_string(),
            DistinctFrom::Executors => "executors".to_string(),
            DistinctFrom::Approval(b) => format!("approval.{}", r.approval(*b).name),
        }).collect::<Vec<_>>(),
        "after": a.after.iter().map(|(s, _)| r.stage(*s).name.to_string()).collect::<Vec<_>>(),
        "within_seconds": a.within.map(crate::model::Dur::as_seconds),
        "valid_seconds": a.valid.map(crate::model::Dur::as_seconds),
        "when": when(r, &a.when),
    })
}

fn gate(plan: &Plan, id: GateId) -> Json {
    let r = plan.release();
    let g = r.gate(id);
    let test = match &g.test {
        GateTest::Metrics(e) => json!({ "metrics": metrics(r, e) }),
        GateTest::Run(a) | GateTest::Job(a) => json!({ "act": act(r, a) }),
        GateTest::Ask(q) => json!({ "ask": text(r, &q.ask) }),
    };
    json!({
        "name": g.name.as_str(),
        "title": text(r, &g.title),
        "environment": g.environment.map(|e| r.env(e).name.as_str()),
        "test": test,
        "over_seconds": g.over.map(crate::model::Dur::as_seconds),
        "samples": g.samples,
        "judged_by": names(r, plan.judges(id)),
        "otherwise": g.otherwise.as_ref().map(|(o, _)| match o {
            crate::model::GateOutcome::Then(o) => outcome(r, o),
            crate::model::GateOutcome::Decision(d) => json!({ "decision": r.decision(*d).name.as_str() }),
        }),
    })
}

fn metrics(r: &Release, e: &MetricExpr) -> Json {
    match e {
        MetricExpr::Const(b) => json!(b),
        MetricExpr::And(l) => json!({ "and": l.iter().map(|e| metrics(r, e)).collect::<Vec<_>>() }),
        MetricExpr::Or(l) => json!({ "or": l.iter().map(|e| metrics(r, e)).collect::<Vec<_>>() }),
        MetricExpr::Not(e) => json!({ "not": metrics(r, e) }),
        MetricExpr::Compare {
            metric,
            op,
            bound,
            of_baseline,
            ..
        } => json!({
            "metric": r.metric(*metric).name.as_str(),
            "arguments": r.metric(*metric).args.iter()
                .map(|(n, v)| (n.to_string(), Json::String(show::value(r, v)))).collect::<serde_json::Map<_, _>>(),
            "unit": r.metric(*metric).unit.as_str(),
            "op": op.sign(),
            "bound": bound.decimal(),
            "of_baseline": of_baseline.map(|m| r.metric(m).name.to_string()),
        }),
    }
}

fn act(r: &Release, a: &Act) -> Json {
    json!({
        "title": text(r, &a.title),
        "action": match &a.source {
            crate::model::ActSource::Action { name, .. } => Some(name.to_string()),
            _ => None,
        },
        "command": a.run.as_ref().map(|c| c.display.trim().to_string()),
        "call": a.task.as_ref().map(|t| match t {
            crate::model::Task::Aws { service, operation, .. } => format!("{service}:{operation}"),
            crate::model::Task::Http { method, url, .. } => format!("{method} {}", text(r, url)),
        }),
        "manual": a.manual.as_ref().map(|m| text(r, &m.what)),
        "changes": a.effects.changes.iter().map(|k| show::key(r, &k.key)).collect::<Vec<_>>(),
        "removes": a.effects.removes.iter().map(|k| show::key(r, &k.key)).collect::<Vec<_>>(),
        "idempotent": a.idempotent,
    })
}

fn step(r: &Release, s: &Step) -> Json {
    let what = match &s.kind {
        StepKind::Act(a) => json!({ "act": act(r, a) }),
        StepKind::Wait(d) => json!({ "wait_seconds": d.as_seconds() }),
        StepKind::Bake(d) => json!({ "bake_seconds": d.as_seconds() }),
        StepKind::WaitFor(w) => json!({ "wait_for": text(r, &w.what) }),
        StepKind::VerifyGate(g) => json!({ "verify_gate": r.gate(*g).name.as_str() }),
        StepKind::VerifyArtifact(a) => json!({ "verify_artifact": r.artifact(*a).name.as_str() }),
        StepKind::Tell(c, m) => json!({ "tell": r.channel(*c).slug.as_str(), "message": text(r, m) }),
    };
    json!({ "id": s.slug.as_str(), "when": when(r, &s.when), "what": what })
}

fn stage(plan: &Plan, id: StageId) -> Json {
    let r = plan.release();
    let s = r.stage(id);
    let steps = |list: &[Step]| list.iter().map(|x| step(r, x)).collect::<Vec<_>>();
    let (start, finish) = plan.latest(Node::Stage(id));
    let undo = match plan.undo(id) {
        StageUndo::Nothing => json!("nothing"),
        StageUndo::Harmless(why, _) => json!({ "harmless": text(r, why) }),
        StageUndo::Irreversible(why, _) => json!({ "irreversible": text(r, why) }),
        StageUndo::Derived(list) => {
            let rung = |i: usize| s.rollout.as_ref().and_then(|r| r.steps.get(i));
            let earlier = |e: &EarlierUndo<'_>| {
                let mut json = act(r, e.act);
                json["came_to"] = json!(rung(e.rung).map(|s| s.name.as_str()));
                json
            };
            let own = |u: &UndoStep<'_>| {
                let mut list: Vec<Json> = u.earlier.iter().map(earlier).collect();
                list.push(act(r, u.act));
                list
            };
            json!({ "derived": list.iter().flat_map(own).collect::<Vec<_>>() })
        }
        StageUndo::Written(w) => json!({ "written": steps(&w.steps) }),
    };
    json!({
        "name": s.name.as_str(),
        "id": s.slug.as_str(),
        "title": text(r, &s.title),
        "after": s.after.iter().map(|a| r.stage(a.stage).name.to_string()).collect::<Vec<_>>(),
        "when": when(r, &s.when),
        "approved": s.approved.iter().map(|(a, _)| r.approval(*a).name.to_string()).collect::<Vec<_>>(),
        "owner": r.role(s.owner).name.as_str(),
        "environment": r.env(s.environment).name.as_str(),
        "starts_seconds": start / 1000,
        "ends_seconds": finish / 1000,
        "ships": r.artifact_names(&s.ships),
        "rollout": s.rollout.as_ref().map(|x| x.steps.iter().map(|rung| json!({
            "name": rung.name.as_str(),
            "weight": rung.weight.map(|w| w.decimal()),
            "steps": rung.work.iter().chain(&rung.checks).map(|x| step(r, x)).collect::<Vec<_>>(),
        })).collect::<Vec<_>>()),
        "steps": if s.rollout.is_some() { Json::Null } else { json!(steps(&s.steps)) },
        "undo": undo,
        "undone_after": names(r, &plan.undone_before(id)),
    })
}

fn hold(plan: &Plan, id: HoldId) -> Json {
    let r = plan.release();
    let h = r.hold(id);
    json!({
        "name": h.name.as_str(),
        "stages": names(r, &plan.hold_stages(id)),
        "enter": h.enter.iter().map(|s| step(r, s)).collect::<Vec<_>>(),
        "exit": h.exit.iter().map(|s| step(r, s)).collect::<Vec<_>>(),
        "at_most_seconds": h.at_most.as_ref().map(|(d, _)| d.as_seconds()),
    })
}
