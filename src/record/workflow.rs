//! A run of a GitHub workflow: the run, its jobs and its approvals as GitHub's REST API returns them, in one object.
//!
//! Source: REST API, "Workflow runs" (`GET /repos/{owner}/{repo}/actions/runs/{id}`, `…/approvals`) and "Workflow jobs"
//! (`…/jobs`). `docs/record.md` shows the commands that put the object together. A review has no time of its own there: an
//! approval is granted when the job that waited for it ends. Called by `mod`.

use super::{Answer, Done, End, Run, Verdict, Who};
use crate::emit::environments::{Purpose, name as environment};
use crate::emit::github::shown as named;
use crate::model::{ApprovalId, GateId, HoldId, StageId};
use crate::plan::Plan;
use jiff::Timestamp;
use serde_json::Value;

/// Reads a run, and the run of its rollback when it is there as well.
pub(super) fn read(plan: &Plan, json: &Value) -> Result<Run, String> {
    let mut run = Run::new("GitHub");
    let about = json.get("run").unwrap_or(&Value::Null);
    if let Some(id) = about.get("id").and_then(Value::as_u64) {
        run.id = id.to_string();
    }
    run.address = text(about, "html_url").to_string();
    // What `run-name` says of a run that goes on with another.
    run.goes_on = text(about, "display_title").ends_with("[goes on]");
    run.started = moment(about, "run_started_at").or_else(|| moment(about, "created_at"));
    let login = ["/triggering_actor/login", "/actor/login"];
    let login = login
        .iter()
        .find_map(|p| about.pointer(p).and_then(Value::as_str));
    run.starter = login.map(|l| Who::login(plan.release(), l));
    let jobs = list_of_jobs(json)?;
    for job in &jobs {
        note(plan, &mut run, job);
    }
    reviews(plan, &mut run, json, &jobs)?;
    run.of_this_plan = !(run.stages.is_empty() && run.approvals.is_empty() && run.holds.is_empty());
    let over = about.is_null() || text(about, "status") == "completed";
    let ended = |list: &[&Value]| list.iter().filter_map(|j| moment(j, "completed_at")).max();
    if over {
        run.ended = ended(&jobs).or_else(|| moment(about, "updated_at"));
    }
    run.end = end(text(about, "conclusion"), over, &run);
    if let Some(rollback) = json.get("rollback").filter(|r| !r.is_null()) {
        let jobs = list_of_jobs(rollback)?;
        for job in &jobs {
            undone(plan, &mut run, job);
        }
        run.ended = ended(&jobs).or(run.ended);
        let well = |j: &&Value| matches!(text(j, "conclusion"), "success" | "skipped");
        run.end = if jobs.iter().all(well) {
            End::RolledBack
        } else {
            End::NeedsHelp
        };
    } else if run.end != End::Succeeded {
        run.undos_known = false;
    }
    Ok(run)
}

/// The jobs: a list, or an answer of the API that holds one.
fn list_of_jobs(json: &Value) -> Result<Vec<&Value>, String> {
    let found = json.get("jobs");
    let list = found.and_then(|j| j.as_array().or_else(|| j.get("jobs")?.as_array()));
    Ok(list.ok_or("it has no list of `jobs`")?.iter().collect())
}

fn end(conclusion: &str, over: bool, run: &Run) -> End {
    let half_done = |s: &super::StageRun| s.began.is_some() && s.ended.is_none();
    match conclusion {
        _ if !over => End::Unfinished,
        "success" => End::Succeeded,
        "cancelled" if run.stages.values().any(half_done) => End::NeedsHelp,
        "cancelled" => End::Stopped,
        _ if run.stages.values().all(|s| s.began.is_none()) => End::Stopped,
        _ => End::Failed,
    }
}

/// What a job of the release's own workflow tells.
fn note(plan: &Plan, run: &mut Run, job: &Value) {
    let r = plan.release();
    let (name, conclusion) = (text(job, "name"), text(job, "conclusion"));
    if conclusion == "skipped" {
        return;
    }
    let (from, to) = (moment(job, "started_at"), moment(job, "completed_at"));
    let passed = conclusion == "success";
    let mut here = None;
    for id in (0..r.stages.len()).map(StageId::at) {
        let Some(last) = named::part_of("Stage", &r.stage(id).name, name) else {
            continue;
        };
        here = Some(id);
        let stage = run.stages.entry(id).or_default();
        stage.began = stage.began.or(from);
        if passed && last {
            stage.passed = true;
            stage.ended = to;
        } else if !passed && !conclusion.is_empty() {
            stage.failed = conclusion != "cancelled";
            stage.ended = to.filter(|_| stage.failed);
        }
    }
    if let Some(id) = here {
        let list = job.get("steps").and_then(Value::as_array).into_iter().flatten();
        let begun = list.filter(|s| !matches!(text(s, "conclusion"), "skipped" | ""));
        let done = begun.map(|s| Done {
            name: text(s, "name").to_string(),
            began: moment(s, "started_at"),
            passed: Some(text(s, "conclusion") == "success"),
        });
        run.steps.entry(id).or_default().extend(done);
        // A part of a stage that only waits says so in its name.
        if let Some((_, wait)) = name.split_once("): wait ") {
            run.steps.entry(id).or_default().push(Done {
                name: format!("wait {wait}"),
                began: from,
                passed: Some(passed),
            });
        }
    }
    holds(plan, run, job);
    let own = [(name, conclusion)];
    let steps = job.get("steps").and_then(Value::as_array).into_iter().flatten();
    let steps = steps.map(|s| (text(s, "name"), text(s, "conclusion")));
    for (name, conclusion) in steps.chain(own) {
        if matches!(conclusion, "skipped" | "") {
            continue;
        }
        for id in (0..r.gates.len()).map(GateId::at) {
            if named::judges(r, id, name) {
                run.gates.insert(id, conclusion == "success");
                run.verdicts.push(Verdict {
                    gate: id,
                    stage: here,
                    at: to,
                });
            }
        }
    }
}

fn holds(plan: &Plan, run: &mut Run, job: &Value) {
    if text(job, "conclusion") != "success" {
        return;
    }
    let r = plan.release();
    let (name, to) = (text(job, "name"), moment(job, "completed_at"));
    for id in (0..r.holds.len()).map(HoldId::at) {
        let hold = &r.hold(id).name;
        if named::part_of("Hold", hold, name) == Some(true) {
            run.holds.entry(id).or_default().0 = to;
        } else if named::part_of("Exit of hold", hold, name) == Some(true) {
            run.holds.entry(id).or_default().1 = to;
        }
    }
}

/// What a job of the rollback's workflow tells.
fn undone(plan: &Plan, run: &mut Run, job: &Value) {
    let r = plan.release();
    let (name, conclusion) = (text(job, "name"), text(job, "conclusion"));
    holds(plan, run, job);
    for id in (0..r.stages.len()).map(StageId::at) {
        let part = named::part_of("Undo", &r.stage(id).name, name);
        let Some(last) = part.filter(|_| conclusion != "skipped") else {
            continue;
        };
        let stage = run.stages.entry(id).or_default();
        if conclusion != "success" {
            stage.stuck = true;
        } else if last {
            stage.undone = moment(job, "completed_at");
        }
    }
}

/// Who reviewed what, and when the jobs that waited for it ended.
fn reviews(plan: &Plan, run: &mut Run, json: &Value, jobs: &[&Value]) -> Result<(), String> {
    let r = plan.release();
    let list = match json.get("approvals") {
        None | Some(Value::Null) => &[][..],
        Some(list) => list
            .as_array()
            .ok_or("its `approvals` are not a list")?
            .as_slice(),
    };
    for id in (0..r.approvals.len()).map(ApprovalId::at) {
        let place = environment(r, &Purpose::Approve(id));
        let approval = &r.approval(id).name;
        let asks = |j: &&&Value| named::part_of("Approval", approval, text(j, "name")).is_some();
        let waited: Vec<&Value> = jobs
            .iter()
            .filter(asks)
            .filter(|j| text(j, "conclusion") != "skipped")
            .copied()
            .collect();
        let mut answer = Answer::default();
        for review in list {
            let there = review.get("environments").and_then(Value::as_array);
            let here = there.into_iter().flatten().any(|e| text(e, "name") == place);
            let login = review.pointer("/user/login").and_then(Value::as_str);
            let (true, "approved", Some(login)) = (here, text(review, "state"), login) else {
                continue;
            };
            let who = Who::login(r, login);
            if !answer.by.iter().any(|w| w.same(&who)) {
                answer.by.push(who);
            }
        }
        if waited.is_empty() && answer.by.is_empty() {
            continue;
        }
        answer.granted = waited.iter().all(|j| text(j, "conclusion") == "success");
        answer.at = waited.iter().filter_map(|j| moment(j, "completed_at")).max();
        run.approvals.insert(id, answer);
    }
    Ok(())
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

fn moment(value: &Value, key: &str) -> Option<Timestamp> {
    text(value, key).parse().ok()
}
