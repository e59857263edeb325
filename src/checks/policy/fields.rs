//! What a policy can ask of the things of a plan: their statements by keyword, and a few facts that are worked out.
//!
//! Called by the evaluator.

use crate::checks::policy::value::{Thing, V, days, minutes};
use crate::checks::policy::{consent, stages};
use crate::model::{Cond, Failure, FailureOutcome, PersonRef, RoleOrPerson, Text};
use crate::plan::Plan;
use crate::plan::people::{Directory, Pool};
use smol_str::SmolStr;

/// The fields of a kind of thing.
pub(super) fn names(thing: Thing) -> &'static [&'static str] {
    match thing {
        Thing::Release => &[
            "name",
            "title",
            "version",
            "replaces",
            "author",
            "owner",
            "environment",
            "window",
            "start",
            "tested",
            "change",
            "summary",
            "on_failure",
        ],
        Thing::Change => &[
            "name",
            "type",
            "risk",
            "justification",
            "benefit",
            "impact",
            "downtime",
            "ticket",
            "components",
        ],
        Thing::Window => &["opens", "closes", "zone", "covers", "because"],
        Thing::Tested => &["environment", "on", "evidence", "digest"],
        Thing::Stage(_) => &[
            "name",
            "title",
            "after",
            "when",
            "approved",
            "ready",
            "require",
            "owner",
            "started_by",
            "environment",
            "at",
            "takes",
            "timeout",
            "build",
            "ship",
            "rollout",
            "rollback",
            "irreversible",
            "harmless",
            "on_failure",
            "verify",
            "bake",
            "phase",
            "guards",
            "changes",
            "removes",
            "reads",
            "eligible",
            "approvers",
            "approver_kinds",
            "executors",
            "undo",
            "weight",
            "do",
            "run",
            "manual",
            "wait",
            "wait_for",
            "tell",
        ],
        Thing::Rollout(_) => &["step", "weight", "demote"],
        Thing::Rollback(_) => &["approved", "within", "owner", "undoes", "tested", "changes"],
        Thing::OnFailure(_) => &["then"],
        Thing::Approval(_) => &[
            "name",
            "title",
            "from",
            "quorum",
            "passes",
            "distinct_from",
            "after",
            "open_for",
            "within",
            "valid",
            "evidence",
            "otherwise",
            "when",
            "eligible",
            "all",
        ],
        Thing::Gate(_) => &[
            "name",
            "title",
            "pass",
            "run",
            "job",
            "ask",
            "over",
            "every",
            "samples",
            "owner",
            "otherwise",
            "exercises",
            "reads",
            "timeout",
            "when",
            "environment",
            "metrics",
            "by",
            "expect",
            "within",
            "default",
            "capture",
            "console",
            "evidence",
        ],
        Thing::Decision(_) => &[
            "name", "ask", "after", "option", "within", "default", "when", "by", "expect", "capture",
            "console", "evidence",
        ],
        Thing::Person(_) => &[
            "name", "email", "github", "slack", "aws", "zone", "phone", "bot", "roles",
        ],
        Thing::Role(_) => &[
            "name", "title", "kind", "members", "team", "aws", "at_least", "excludes", "people",
        ],
        Thing::Env(_) => &[
            "name",
            "kind",
            "region",
            "account",
            "url",
            "iac",
            "classification",
            "encryption",
            "mirrors",
        ],
        Thing::Artifact(_) => &[
            "name",
            "digest",
            "version",
            "signed_by",
            "store",
            "classification",
        ],
        Thing::Checklist(_) => &["name", "title", "item"],
        Thing::Metric(_) => &[
            "name", "title", "unit", "better", "console", "no_data", "run", "task", "permits", "secret",
        ],
    }
}

/// The value of a field; `None` when there is no such field.
pub(super) fn get(plan: &Plan, directory: &Directory<'_>, thing: Thing, field: &str) -> Option<V> {
    if !names(thing).contains(&field) {
        return None;
    }
    let r = plan.release();
    Some(match thing {
        Thing::Release => release(plan, field),
        Thing::Change => change(plan, field),
        Thing::Window => window(plan, field),
        Thing::Tested => tested(r.tested.as_ref(), field),
        Thing::Stage(s) => stages::stage(plan, directory, s, field),
        Thing::Rollout(s) => stages::rollout(r.stage(s), field),
        Thing::Rollback(s) => stages::rollback(r.stage(s), field),
        Thing::OnFailure(s) => r
            .stage(s)
            .on_failure
            .as_ref()
            .map_or(V::Absent, |f| failure(&f.then)),
        Thing::Approval(a) => consent::approval(plan, directory, r.approval(a), field),
        Thing::Gate(g) => consent::gate(plan, r.gate(g), field),
        Thing::Decision(d) => consent::decision(plan, d, field),
        Thing::Person(p) => person(plan, directory, p, field),
        Thing::Role(id) => role(directory, id, field),
        Thing::Env(e) => environment(r.env(e), field),
        Thing::Artifact(a) => artifact(r.artifact(a), field),
        Thing::Checklist(c) => {
            let c = r.checklist(c);
            match field {
                "title" => text(&c.title),
                "item" => list(&c.items, |i| text(&i.what)),
                _ => word(&c.name),
            }
        }
        Thing::Metric(m) => {
            let m = r.metric(m);
            match field {
                "title" => text(&m.title),
                "unit" => word(&m.unit),
                "better" => m
                    .lower_is_better
                    .map_or(V::Absent, |l| word(if l { "lower" } else { "higher" })),
                "console" => maybe(&m.console),
                "run" => m.run.as_ref().map_or(V::Absent, |c| V::Text(c.display.clone())),
                "task" => m.task.as_ref().map_or(V::Absent, |_| V::Bool(true)),
                "permits" => list(&m.permits, |p| V::Text(p.action.to_string())),
                "secret" => list(&m.secrets, |n| V::Text(n.to_string())),
                "no_data" => m.no_data.map_or(V::Absent, |n| {
                    word(match n {
                        crate::model::NoData::Fail => "fail",
                        crate::model::NoData::Pass => "pass",
                        crate::model::NoData::Pause => "pause",
                    })
                }),
                _ => word(&m.name),
            }
        }
    })
}

pub(super) fn text(t: &Text) -> V {
    t.known().map_or(V::Unknown, |t| V::Text(t.to_string()))
}

pub(super) fn maybe(t: &Option<Text>) -> V {
    t.as_ref().map_or(V::Absent, text)
}

pub(super) fn word(w: &str) -> V {
    V::Word(SmolStr::new(w))
}

pub(super) fn dur(d: Option<crate::model::Dur>) -> V {
    d.map_or(V::Absent, V::Dur)
}

pub(super) fn number(n: i64) -> V {
    V::Number(crate::source::Rational::int(n))
}

pub(super) fn list<'a, T: 'a>(items: impl IntoIterator<Item = &'a T>, f: impl Fn(&'a T) -> V) -> V {
    V::List(items.into_iter().map(f).collect())
}

pub(super) fn condition(cond: &Cond) -> V {
    match cond {
        Cond::True => V::Absent,
        Cond::False => V::Bool(false),
        _ => V::Unknown,
    }
}

pub(super) fn who(w: RoleOrPerson) -> V {
    V::Thing(match w {
        RoleOrPerson::Role(r) => Thing::Role(r),
        RoleOrPerson::Person(p) => Thing::Person(p),
    })
}

pub(super) fn author(w: PersonRef) -> V {
    match w {
        PersonRef::Person(p) => V::Thing(Thing::Person(p)),
        PersonRef::Param(_) => V::Unknown,
    }
}

/// The people of a pool; with an open role among them, it is not known who they are.
pub(super) fn people(pool: &Pool) -> V {
    let mut list: Vec<V> = pool.people.iter().map(|p| V::Thing(Thing::Person(*p))).collect();
    list.extend(pool.open.iter().map(|r| V::Thing(Thing::Role(*r))));
    V::List(list)
}

pub(super) fn outcome(o: &FailureOutcome) -> V {
    word(match o {
        FailureOutcome::Rollback | FailureOutcome::RollbackStage(_) => "rollback",
        FailureOutcome::Pause => "pause",
        FailureOutcome::Stop => "stop",
        FailureOutcome::Continue { .. } => "continue",
        FailureOutcome::Restart(..) => "restart",
        FailureOutcome::Escalate(_) => "escalate",
    })
}

fn failure(f: &Failure) -> V {
    match f {
        Failure::Then(o) => outcome(o),
        Failure::Decision(d) => V::Thing(Thing::Decision(*d)),
    }
}

fn civil(c: &crate::model::Civil) -> V {
    V::Moment(minutes(c.at), c.at.to_string())
}

fn release(plan: &Plan, field: &str) -> V {
    let r = plan.release();
    match field {
        "title" => text(&r.title),
        "version" => text(&r.version),
        "replaces" => maybe(&r.replaces),
        "summary" => maybe(&r.summary),
        "author" => list(&r.authors, |(a, _)| author(*a)),
        "owner" => V::Thing(Thing::Role(r.owner)),
        "environment" => V::Thing(Thing::Env(r.environment)),
        "window" => r.window.as_ref().map_or(V::Absent, |_| V::Thing(Thing::Window)),
        "start" => r.start.as_ref().map_or(V::Absent, |(c, _)| civil(c)),
        "tested" => r.tested.as_ref().map_or(V::Absent, |_| V::Thing(Thing::Tested)),
        "change" => r.change.as_ref().map_or(V::Absent, |_| V::Thing(Thing::Change)),
        "on_failure" => r.on_failure.as_ref().map_or(V::Absent, |f| failure(&f.then)),
        _ => word(&r.name),
    }
}

fn change(plan: &Plan, field: &str) -> V {
    let Some(c) = &plan.release().change else {
        return V::Absent;
    };
    match field {
        "type" => word(c.kind.word()),
        "risk" => word(c.risk.word()),
        "justification" => maybe(&c.justification),
        "benefit" => maybe(&c.benefit),
        "impact" => maybe(&c.impact),
        "downtime" => dur(c.downtime),
        "ticket" => maybe(&c.ticket),
        "components" => list(&c.components, text),
        _ => text(&c.id),
    }
}

fn window(plan: &Plan, field: &str) -> V {
    let Some(w) = &plan.release().window else {
        return V::Absent;
    };
    match field {
        "opens" => w.opens.as_ref().map_or(V::Absent, civil),
        "closes" => w.closes.as_ref().map_or(V::Absent, civil),
        "zone" => w.zone.as_ref().map_or(V::Absent, |z| V::Text(z.to_string())),
        "because" => maybe(&w.because),
        _ => list(&w.covers, |s| V::Thing(Thing::Stage(*s))),
    }
}

fn tested(t: Option<&crate::model::Tested>, field: &str) -> V {
    let Some(t) = t else { return V::Absent };
    match field {
        "environment" => t.environment.map_or(V::Absent, |e| V::Thing(Thing::Env(e))),
        "on" => t.on.map_or(V::Absent, |d| V::Moment(days(d), d.to_string())),
        "evidence" => maybe(&t.evidence),
        _ => maybe(&t.digest),
    }
}

fn person(plan: &Plan, directory: &Directory<'_>, id: crate::model::PersonId, field: &str) -> V {
    let p = plan.release().person(id);
    match field {
        "email" => maybe(&p.email),
        "github" => maybe(&p.github),
        "slack" => maybe(&p.slack),
        "aws" => maybe(&p.aws),
        "zone" => maybe(&p.zone),
        "phone" => maybe(&p.phone),
        "bot" => V::Bool(p.bot),
        "roles" => {
            let roles = (0..plan.release().roles.len()).map(crate::model::RoleId::at);
            let of = roles.filter(|r| {
                let pool = directory.role(*r);
                pool.people.contains(&id) || pool.bots.contains(&id)
            });
            V::List(of.map(|r| V::Thing(Thing::Role(r))).collect())
        }
        _ => word(&p.name),
    }
}

fn role(directory: &Directory<'_>, id: crate::model::RoleId, field: &str) -> V {
    let role = directory.release().role(id);
    match field {
        "title" => text(&role.title),
        "kind" => role.kind.map_or(V::Absent, |k| word(k.word())),
        "members" => list(&role.members, |m| who(m.who)),
        "team" => maybe(&role.team),
        "aws" => maybe(&role.aws),
        "at_least" => role
            .at_least
            .as_ref()
            .map_or(V::Absent, |(n, _)| number(i64::from(*n))),
        "excludes" => list(&role.excludes, |(r, _)| V::Thing(Thing::Role(*r))),
        "people" => people(directory.role(id)),
        _ => word(&role.name),
    }
}

fn environment(e: &crate::model::Environment, field: &str) -> V {
    match field {
        "kind" => word(e.kind.word()),
        "region" => maybe(&e.region),
        "account" => maybe(&e.account),
        "url" => maybe(&e.url),
        "iac" => maybe(&e.iac),
        "classification" => e.classification.map_or(V::Absent, |c| word(c.word())),
        "encryption" => maybe(&e.encryption),
        "mirrors" => e.mirrors.map_or(V::Absent, |m| V::Thing(Thing::Env(m))),
        _ => word(&e.name),
    }
}

fn artifact(a: &crate::model::Artifact, field: &str) -> V {
    match field {
        "digest" => maybe(&a.digest),
        "version" => maybe(&a.version),
        "signed_by" => maybe(&a.signed_by),
        "store" => maybe(&a.store),
        "classification" => a.classification.map_or(V::Absent, |c| word(c.word())),
        _ => word(&a.name),
    }
}

#[cfg(test)]
mod tests {
    use super::names;
    use crate::checks::policy::value::Thing;
    use crate::model::{
        ApprovalId, ArtifactId, ChecklistId, DecisionId, EnvId, GateId, MetricId, PersonId, RoleId, StageId,
    };
    use crate::schema::Block;

    /// Statements that are no property of the thing, or that the model does not keep.
    const LEFT_OUT: &[&str] = &["allow", "for", "assert", "needs"];

    #[test]
    fn every_statement_of_a_thing_can_be_asked_for_by_its_keyword() {
        for (block, thing) in [
            (Block::Stage, Thing::Stage(StageId(0))),
            (Block::Approval, Thing::Approval(ApprovalId(0))),
            (Block::Gate, Thing::Gate(GateId(0))),
            (Block::Decision, Thing::Decision(DecisionId(0))),
            (Block::Person, Thing::Person(PersonId(0))),
            (Block::Role, Thing::Role(RoleId(0))),
            (Block::Environment, Thing::Env(EnvId(0))),
            (Block::Artifact, Thing::Artifact(ArtifactId(0))),
            (Block::Checklist, Thing::Checklist(ChecklistId(0))),
            (Block::Metric, Thing::Metric(MetricId(0))),
        ] {
            for statement in block.statements() {
                let field = if statement.keyword == "in" {
                    "environment"
                } else {
                    statement.keyword
                };
                assert!(
                    LEFT_OUT.contains(&field) || names(thing).contains(&field),
                    "{} has no `{field}`",
                    thing.kind()
                );
            }
        }
    }
}
