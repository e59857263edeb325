//! The history of an execution of Step Functions, as `aws stepfunctions get-execution-history` prints it.
//!
//! Source: Step Functions API reference, `GetExecutionHistory` and `HistoryEvent`: a `stateExitedEventDetails` holds
//! `assignedVariables`, name to JSON. The state machine keeps what became of each part of the plan in variables of known names
//! (`emit::stepfunctions::Names`); branches of a parallel state add `_b1` and the like. Called by `mod`.

use super::{Answer, Done, End, Run, Verdict, Who};
use crate::emit::stepfunctions::Names;
use crate::model::{ApprovalId, GateId, HoldId, StageId};
use crate::plan::Plan;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a variable speaks of.
#[derive(Clone, Copy)]
enum Fact {
    Stage(StageId),
    Grant(ApprovalId),
    Gate(GateId),
    Hold(HoldId),
}

/// Reads a history.
pub(super) fn read(plan: &Plan, json: &Value) -> Result<Run, String> {
    let events = json.get("events").and_then(Value::as_array);
    let events = events.ok_or("its `events` are not a list")?;
    let facts = facts(plan);
    let mut told = BTreeMap::new();
    let mut run = Run::new("Step Functions");
    // The service gives a history from either end.
    let mut list: Vec<(i64, &Value)> = Vec::new();
    for event in events {
        let id = event.get("id").and_then(Value::as_i64);
        list.push((id.ok_or("an event has no `id`")?, event));
    }
    list.sort_by_key(|(id, _)| *id);
    let mut failures = BTreeSet::new();
    for (id, event) in list {
        let kind = event.get("type").and_then(Value::as_str).unwrap_or("");
        let at = event.get("timestamp").and_then(moment);
        match kind {
            "ExecutionStarted" => run.started = at,
            "ExecutionSucceeded" => end(&mut run, End::Succeeded, at),
            "ExecutionFailed" => {
                let error = event.pointer("/executionFailedEventDetails/error");
                let how = match error.and_then(Value::as_str).unwrap_or("") {
                    "RolledBack" => End::RolledBack,
                    "Stopped" => End::Stopped,
                    "NeedsHelp" => End::NeedsHelp,
                    "Refused" => End::Refused,
                    _ => End::Failed,
                };
                end(&mut run, how, at);
            }
            // What was in progress when a person stopped it stands half done.
            "ExecutionAborted" | "ExecutionTimedOut" => end(&mut run, End::NeedsHelp, at),
            _ => {}
        }
        let entered = event
            .pointer("/stateEnteredEventDetails/name")
            .and_then(Value::as_str);
        if let Some(name) = entered {
            step(plan, &mut run, name, at);
        }
        let exited = event.pointer("/stateExitedEventDetails/name");
        if let Some(name) = exited.and_then(Value::as_str) {
            let before = event.get("previousEventId").and_then(Value::as_i64);
            left(
                plan,
                &mut run,
                name,
                !before.is_some_and(|b| failures.contains(&b)),
            );
        }
        // What fails is left as well, by the way its failure leads.
        if kind.ends_with("Failed") || kind.ends_with("TimedOut") {
            failures.insert(id);
        }
        let refused = entered.and_then(|name| refused(plan, name));
        if let Some(id) = refused.filter(|id| !run.approvals.contains_key(id)) {
            let answer = Answer {
                at,
                ..Answer::default()
            };
            run.approvals.insert(id, answer);
        }
        let assigned = event.pointer("/stateExitedEventDetails/assignedVariables");
        for (name, value) in assigned.and_then(Value::as_object).into_iter().flatten() {
            let value = match value {
                Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
                other => other.clone(),
            };
            // The history does not name its execution; the machine keeps the name.
            if name == "run" && run.id.is_empty() {
                run.id = value.as_str().unwrap_or("").to_string();
            }
            if name == "people" {
                principals(&value, &mut told);
            }
            let Some(fact) = facts.get(name).or_else(|| facts.get(without_branch(name))) else {
                continue;
            };
            run.of_this_plan = true;
            note(plan, &mut run, *fact, &value, at, &told);
        }
    }
    // A step is known by what stands behind the name of its stage.
    for done in run.steps.values_mut().flatten() {
        if let Some((_, what)) = done.name.split_once(": ") {
            done.name = what.to_string();
        }
    }
    Ok(run)
}

/// The stage that a state belongs to, and what the state does: `api: bake 15m`, `api 10%: bake 15m`.
fn within<'n>(plan: &Plan, state: &'n str) -> Option<(StageId, &'n str)> {
    let (head, what) = state.split_once(": ")?;
    let stage = head.split(' ').next()?;
    let list = &plan.release().stages;
    let at = list.iter().position(|s| s.name == stage)?;
    Some((StageId::at(at), what))
}

/// A state of a stage is entered: the first time counts, and a loop comes back to it.
fn step(plan: &Plan, run: &mut Run, state: &str, at: Option<Timestamp>) {
    let Some((id, _)) = within(plan, state) else {
        return;
    };
    let list = run.steps.entry(id).or_default();
    if !list.iter().any(|d| d.name == state) {
        list.push(Done {
            name: state.to_string(),
            began: at,
            passed: None,
        });
    }
}

/// A state of a stage is left, well or not; that a question was looked at says nothing of its answer.
fn left(plan: &Plan, run: &mut Run, state: &str, well: bool) {
    let Some((id, _)) = within(plan, state).filter(|(_, what)| !what.ends_with('?')) else {
        return;
    };
    for done in run.steps.entry(id).or_default() {
        if done.name == state {
            done.passed = Some(well);
        }
    }
}

fn end(run: &mut Run, how: End, at: Option<Timestamp>) {
    run.end = how;
    run.ended = at;
}

fn facts(plan: &Plan) -> BTreeMap<String, Fact> {
    let r = plan.release();
    let names = Names::new(r);
    let mut facts = BTreeMap::new();
    for id in (0..r.stages.len()).map(StageId::at) {
        facts.insert(names.stage(id), Fact::Stage(id));
    }
    for id in (0..r.approvals.len()).map(ApprovalId::at) {
        facts.insert(names.grant(id), Fact::Grant(id));
    }
    for id in (0..r.gates.len()).map(GateId::at) {
        facts.insert(names.gate(id), Fact::Gate(id));
    }
    for id in (0..r.holds.len()).map(HoldId::at) {
        facts.insert(names.hold(id), Fact::Hold(id));
    }
    facts
}

/// The approval whose refusal a state stands for: `go: rejected`.
fn refused(plan: &Plan, state: &str) -> Option<ApprovalId> {
    let name = state.strip_suffix(": rejected")?;
    let list = &plan.release().approvals;
    list.iter().position(|a| a.name == name).map(ApprovalId::at)
}

/// A name without the number of its branch: `stage_api` of `stage_api_b2`.
fn without_branch(name: &str) -> &str {
    match name.rsplit_once("_b") {
        Some((front, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => front,
        _ => name,
    }
}

/// Who the run was told that people are: each ARN, in lower case, with the name of the plan.
fn principals(value: &Value, told: &mut BTreeMap<String, String>) {
    for (key, arns) in value.as_object().into_iter().flatten() {
        let one = std::slice::from_ref(arns);
        let list = arns.as_array().map_or(one, Vec::as_slice);
        for arn in list.iter().filter_map(Value::as_str) {
            told.insert(arn.to_ascii_lowercase(), key.clone());
        }
    }
}

fn note(
    plan: &Plan,
    run: &mut Run,
    fact: Fact,
    value: &Value,
    at: Option<Timestamp>,
    told: &BTreeMap<String, String>,
) {
    let word = value.as_str().unwrap_or("");
    match fact {
        Fact::Stage(id) => {
            if matches!(word, "" | "pending" | "not_applicable") {
                return;
            }
            let stage = run.stages.entry(id).or_default();
            match word {
                "began" | "again" => stage.began = stage.began.or(at),
                "passed" => {
                    stage.passed = true;
                    stage.ended = stage.ended.or(at);
                }
                "failed" | "refused" => {
                    stage.failed = true;
                    stage.ended = stage.ended.or(at);
                }
                "undone" => stage.undone = stage.undone.or(at),
                "stuck" => stage.stuck = true,
                _ => {}
            }
        }
        Fact::Grant(id) => {
            let Some(by) = value.get("by") else { return };
            let one = std::slice::from_ref(by);
            let list = by.as_array().map_or(one, Vec::as_slice);
            let answer = run.approvals.entry(id).or_default();
            answer.granted = true;
            let written = value.get("at").and_then(Value::as_i64);
            let written = written.and_then(|ms| Timestamp::from_millisecond(ms).ok());
            answer.at = answer.at.or(written).or(at);
            for arn in list.iter().filter_map(Value::as_str) {
                let who = Who::principal(plan.release(), arn, told);
                if !answer.by.iter().any(|w| w.same(&who)) {
                    answer.by.push(who);
                }
            }
        }
        Fact::Gate(id) => {
            if word == "passed" || word == "failed" {
                run.gates.insert(id, word == "passed");
                run.verdicts.push(Verdict {
                    gate: id,
                    stage: None,
                    at,
                });
            }
        }
        Fact::Hold(id) => match word {
            "in" => {
                let hold = run.holds.entry(id).or_default();
                hold.0 = hold.0.or(at);
                // A hold that is entered again is open again.
                hold.1 = None;
            }
            "left" => {
                let hold = run.holds.entry(id).or_default();
                hold.1 = hold.1.or(at);
            }
            _ => {}
        },
    }
}

/// A moment as the service writes it: RFC 3339, or seconds since 1970.
fn moment(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => text.parse().ok(),
        #[allow(clippy::cast_possible_truncation)] // what is out of range is refused below
        Value::Number(n) => Timestamp::from_millisecond((n.as_f64()? * 1_000.0) as i64).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::without_branch;

    #[test]
    fn branches_are_cut_off() {
        assert_eq!(without_branch("stage_api_b2"), "stage_api");
        assert_eq!(without_branch("stage_api"), "stage_api");
        assert_eq!(without_branch("stage_a_beta"), "stage_a_beta");
    }
}
