//! How exposure grows, step by step, and where it is decided whether to go on.
//!
//! Must not decide what a step says: `work` does. Called by `mod`.

use crate::emit::runbook::consent::{may_say_yes, quorum, refused, unanswered};
use crate::emit::runbook::fails::{FEW, by_numbers, numbers};
use crate::emit::runbook::follows;
use crate::emit::runbook::from_here::ORDINARY;
use crate::emit::runbook::say;
use crate::emit::runbook::times::Times;
use crate::emit::runbook::words::{Spoken, words};
use crate::emit::runbook::work::{StageCard, StepRow};
use crate::model::{ApprovalId, DecisionId, StageId};
use crate::plan::{Node, Pace};
use indexmap::IndexMap;
use serde::Serialize;

/// A stage, or a step of its rollout.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Exposure {
    pub stage: String,
    pub exposure: String,
    pub offset: String,
    pub utc: String,
    pub local: String,
    pub owner: String,
    /// What is done, without what is only looked at.
    pub steps: Vec<String>,
    pub criteria: Vec<String>,
    pub if_not: String,
}

/// A point at which it is decided whether to go on.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Point {
    /// Its place in the order: when it comes, on the longest times of everything together.
    #[serde(skip)]
    at: i64,
    pub offset: String,
    pub utc: String,
    pub local: String,
    pub point: String,
    pub who: String,
    pub criterion: String,
    pub otherwise: String,
}

/// Every stage with the steps of its rollout, in order.
pub(super) fn exposures(plan: Spoken<'_>, cards: &[StageCard]) -> Vec<Exposure> {
    let mut list = Vec::new();
    for card in cards {
        let stage = match card.when.as_str() {
            "" => card.name.clone(),
            when => words!(plan, "row.only_when", what = card.name, when = when),
        };
        let parts = card.steps.chunk_by(|a, b| a.exposure == b.exposure);
        for part in parts {
            let Some(first) = part.first() else { continue };
            let done = part
                .iter()
                .filter(|s| s.verify.is_empty() || !s.expect.is_empty());
            let mut criteria: Vec<String> = Vec::new();
            let mut if_not: Vec<String> = Vec::new();
            for step in part.iter().filter(|s| !s.verify.is_empty()) {
                let criterion = step.criterion.trim_end_matches('.').to_string();
                let criterion = if step.when.is_empty() {
                    criterion
                } else {
                    words!(plan, "row.only_when", what = criterion, when = step.when)
                };
                if !criteria.contains(&criterion) {
                    criteria.push(criterion);
                }
                if !if_not.contains(&step.if_not) {
                    if_not.push(step.if_not.clone());
                }
            }
            if if_not.is_empty() {
                let id = StageId::at(card.id);
                let rollout = plan.plan.release().stage(id).rollout.as_ref();
                let steps = rollout.map(|r| r.steps.as_slice()).unwrap_or_default();
                let rung = steps.iter().position(|s| s.name == first.exposure);
                if_not.push(follows::at_step(plan, id, rung));
            }
            list.push(Exposure {
                stage: stage.clone(),
                exposure: first.exposure.clone(),
                offset: first.offset.clone(),
                utc: first.utc.clone(),
                local: first.local.clone(),
                // Whoever does the work of this step; who only judges it stands with the points of decision.
                owner: part
                    .iter()
                    .find(|s| s.verify.is_empty() || !s.expect.is_empty())
                    .map_or_else(|| card.owner.clone(), |s| s.owner.clone()),
                steps: done.map(|s| s.short.clone()).collect(),
                criteria,
                if_not: say::alternatives(plan.release(), if_not),
            });
        }
        if card.steps.is_empty() {
            list.push(Exposure {
                stage: stage.clone(),
                exposure: String::new(),
                offset: card.offset.clone(),
                utc: card.utc.clone(),
                local: card.local.clone(),
                owner: card.owner.clone(),
                steps: Vec::new(),
                criteria: Vec::new(),
                if_not: card.if_not.clone(),
            });
        }
    }
    list
}

/// Approvals, decisions and gates, in the order in which they come.
pub(super) fn points(plan: Spoken<'_>, times: &Times, cards: &[StageCard]) -> Vec<Point> {
    let r = plan.release();
    let mut list = Vec::new();
    let together = plan.schedule(Pace::Longest);
    // Of cases that exclude each other a moment may come earlier than what stands before it.
    let mut add =
        |(order, at): (i64, i64), point: String, who: String, criterion: String, otherwise: String| {
            let (utc, local) = times.at(at);
            list.push(Point {
                at: order,
                offset: say::offset(at),
                utc,
                local,
                point,
                who,
                criterion,
                otherwise,
            });
        };
    for (i, a) in r.approvals.iter().enumerate() {
        let node = Node::Approval(ApprovalId::at(i));
        let at = if plan.waits_for(node).is_empty() {
            (0, 0)
        } else {
            (together.of(&plan, node).finish, plan.latest(node).1)
        };
        add(
            at,
            words!(r, "point.approval", approval = say::text(r, &a.title)),
            quorum(r, a.quorum, &may_say_yes(r, a)),
            words!(r, "point.they_say_yes"),
            refused(plan, ApprovalId::at(i)),
        );
    }
    for (i, d) in r.decisions.iter().enumerate() {
        if r.asked_on_failure_only(DecisionId::at(i)) {
            continue;
        }
        let node = Node::Decision(DecisionId::at(i));
        let default = unanswered(r, d);
        add(
            (together.of(&plan, node).finish, plan.latest(node).1),
            say::text(r, &d.question.ask),
            say::answerers(r, &d.question, Some(r.owner)),
            say::maybe(r, d.question.expect.as_ref()),
            match default.as_str() {
                "" => String::new(),
                default => words!(r, "text.without_an_answer", default = default),
            },
        );
    }
    // In a plan of many stages what is judged alike in many of them is one point, at which each of them is.
    let large = cards.len() > ORDINARY;
    let mut alike: IndexMap<[&str; 6], Vec<(StageId, &StepRow)>> = IndexMap::new();
    for card in cards {
        let judged = |s: &&StepRow| !s.verify.is_empty() && s.expect.is_empty();
        for step in card.steps.iter().filter(judged) {
            let own = if large { "" } else { card.name.as_str() };
            let key = [
                own,
                &step.exposure,
                &step.short,
                &step.applies,
                &step.owner,
                &step.if_not,
            ];
            alike.entry(key).or_default().push((StageId::at(card.id), step));
        }
    }
    let numbers = if large { numbers(plan) } else { Vec::new() };
    let told = |place: &str, step: &StepRow| {
        let place = if step.exposure.is_empty() {
            place.to_string()
        } else {
            words!(r, "point.at", stage = place, exposure = step.exposure)
        };
        let point = format!("{place}: {}", step.short);
        if step.applies.is_empty() {
            point
        } else {
            words!(r, "row.only_when", what = point, when = step.applies)
        }
    };
    let mut many: Vec<Point> = Vec::new();
    for (_, mut judged) in alike {
        let same = judged.iter().all(|(_, step)| step.verify == judged[0].1.verify);
        if !large || judged.len() <= FEW || !same {
            for (stage, step) in judged {
                let point = told(&r.stage(stage).name, step);
                let (who, verify, if_not) = (step.owner.clone(), step.verify.clone(), step.if_not.clone());
                let apart = together
                    .stage(&plan, stage)
                    .start
                    .saturating_sub(plan.latest(Node::Stage(stage)).0);
                let at = (step.ends.saturating_add(apart), step.ends);
                add(at, point, who, verify, if_not);
            }
            continue;
        }
        judged.sort_by_key(|(stage, _)| numbers[stage.index()]);
        let mut stages: Vec<StageId> = judged.iter().map(|(stage, _)| *stage).collect();
        stages.dedup();
        let (first, last) = (
            judged.iter().map(|(_, s)| s.ends).min(),
            judged.iter().map(|(_, s)| s.ends).max(),
        );
        let (first, last) = (first.unwrap_or_default(), last.unwrap_or_default());
        let step = judged[0].1;
        let place = words!(r, "point.each_of", list = by_numbers(plan, &numbers, &stages));
        many.push(Point {
            at: first,
            offset: words!(
                r,
                "time.range",
                short = say::offset(first),
                long = say::offset(last)
            ),
            utc: String::new(),
            local: String::new(),
            point: told(&place, step),
            who: step.owner.clone(),
            criterion: step.verify.clone(),
            otherwise: step.if_not.clone(),
        });
    }
    list.extend(many);
    list.sort_by_key(|p| p.at);
    list
}
