//! What a policy can ask of approvals, gates and decisions.
//!
//! Called by `fields`.

use crate::checks::policy::fields::{
    author, condition, dur, list, maybe, number, outcome, people, text, who, word,
};
use crate::checks::policy::value::{Thing, V};
use crate::model::{DistinctFrom, GateOutcome, GateTest, PersonRef, Quorum};
use crate::plan::Plan;
use crate::plan::people::Directory;

pub(super) fn approval(plan: &Plan, directory: &Directory<'_>, a: &crate::model::Approval, field: &str) -> V {
    match field {
        "title" => text(&a.title),
        "from" => list(&a.from, |(w, _)| who(*w)),
        "quorum" => match a.quorum {
            Quorum::Count(n) => number(i64::from(n)),
            Quorum::All => {
                let pool = directory.all(a.from.iter().map(|(w, _)| *w));
                number(i64::try_from(directory.size(&pool)).unwrap_or(i64::MAX))
            }
        },
        "passes" => word(match a.passes {
            crate::model::Passes::Unanimous => "unanimous",
            crate::model::Passes::Majority => "majority",
        }),
        "distinct_from" => list(&a.distinct_from, |(d, _)| match d {
            DistinctFrom::Author => word("author"),
            DistinctFrom::Executors => word("executors"),
            DistinctFrom::Approval(b) => V::Thing(Thing::Approval(*b)),
        }),
        "after" => list(&a.after, |(s, _)| V::Thing(Thing::Stage(*s))),
        "all" => V::Bool(a.quorum == Quorum::All),
        "open_for" => dur(a.open_for),
        "within" => dur(a.within),
        "valid" => dur(a.valid),
        "evidence" => maybe(&a.evidence),
        "otherwise" => word(match a.otherwise {
            crate::model::ApprovalOutcome::Rollback => "rollback",
            crate::model::ApprovalOutcome::Stop => "stop",
            crate::model::ApprovalOutcome::Restart(..) => "restart",
        }),
        "when" => condition(&a.when),
        "eligible" => {
            let mut pool = directory.all(a.from.iter().map(|(w, _)| *w));
            if a.distinct_from.iter().any(|(d, _)| *d == DistinctFrom::Author) {
                for (author, _) in &plan.release().authors {
                    if let PersonRef::Person(p) = author {
                        pool.people.remove(p);
                    }
                }
            }
            people(&pool)
        }
        _ => word(&a.name),
    }
}

pub(super) fn gate(plan: &Plan, g: &crate::model::Gate, field: &str) -> V {
    let is = |yes: bool| if yes { V::Bool(true) } else { V::Absent };
    match field {
        "title" => text(&g.title),
        "pass" => is(matches!(g.test, GateTest::Metrics(_))),
        "run" => is(matches!(g.test, GateTest::Run(_))),
        "job" => is(matches!(g.test, GateTest::Job(_))),
        "ask" | "by" | "expect" | "within" | "default" | "capture" | "console" | "evidence" => {
            match &g.test {
                GateTest::Ask(q) => question(plan, q, field),
                _ => V::Absent,
            }
        }
        "metrics" => match &g.test {
            GateTest::Metrics(c) => V::List(
                c.metrics()
                    .into_iter()
                    .map(|m| V::Thing(Thing::Metric(m)))
                    .collect(),
            ),
            _ => V::List(Vec::new()),
        },
        "over" => dur(g.over),
        "every" => dur(g.every),
        "samples" => number(i64::from(g.samples)),
        "owner" => g.owner.map_or(V::Absent, |o| V::Thing(Thing::Role(o))),
        "otherwise" => match &g.otherwise {
            None => word("rollback"),
            Some((GateOutcome::Then(o), _)) => outcome(o),
            Some((GateOutcome::Decision(d), _)) => V::Thing(Thing::Decision(*d)),
        },
        "exercises" => list(&g.exercises, |k| V::Key(k.key.clone())),
        "reads" => list(&g.reads, |k| V::Key(k.key.clone())),
        "timeout" => dur(g.timeout),
        "when" => condition(&g.when),
        "environment" => g.environment.map_or(V::Absent, |e| V::Thing(Thing::Env(e))),
        _ => word(&g.name),
    }
}

pub(super) fn decision(plan: &Plan, id: crate::model::DecisionId, field: &str) -> V {
    let d = plan.release().decision(id);
    match field {
        "ask" | "by" | "expect" | "within" | "capture" | "console" | "evidence" => {
            question(plan, &d.question, field)
        }
        "after" => list(&d.after, |(s, _)| V::Thing(Thing::Stage(*s))),
        "option" => list(&d.options, |o| word(&o.name)),
        "default" => d.default.map_or(V::Absent, |o| word(&d.options[o].name)),
        "when" => condition(&d.when),
        _ => word(&d.name),
    }
}

/// What is asked of a person, wherever it is.
fn question(plan: &Plan, q: &crate::model::Question, field: &str) -> V {
    match field {
        "by" => {
            let mut list: Vec<V> = q.by.iter().map(|r| V::Thing(Thing::Role(*r))).collect();
            list.extend(q.by_people.iter().map(|p| author(*p)));
            V::List(list)
        }
        "expect" => maybe(&q.expect),
        "within" => dur(q.within),
        "default" => maybe(&q.default),
        "capture" => list(&q.captures, |c| word(&plan.release().capture(*c).name)),
        "console" => maybe(&q.console),
        "evidence" => maybe(&q.evidence),
        _ => text(&q.ask),
    }
}
