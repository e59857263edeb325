//! Mutants that do what the real workflows do, each with the reason. They are counted apart.
//!
//! Where the reason can be checked on the workflow, it is.

use crate::operators::Mutant;
use serde_json::Value;

/// The steps of a job.
fn steps(job: &Value) -> impl Iterator<Item = &Value> {
    job["steps"].as_array().into_iter().flatten()
}

/// Why a mutant that no run tells from the real workflow does the same.
pub fn survives(mutant: &Mutant, workflow: &Value) -> Option<&'static str> {
    let (kind, id, how) = (mutant.kind, mutant.job.as_str(), mutant.how.as_str());
    let job = &workflow["jobs"][id];
    let cond = job["if"].as_str().unwrap_or_default();
    let text = workflow.to_string();
    match kind {
        "change a limit" if how == "six hours" => {
            return Some(
                "a job that ends by itself is not given up later than before: its steps have limits of their own",
            );
        }
        "change a limit" if steps(job).count() == 1 => {
            return Some("its only step reads what was said or listed, in a moment");
        }
        "change what it is called"
            if !text.contains(&format!("JOB\":\"{}\"", job["name"].as_str().unwrap_or("-"))) =>
        {
            return Some("nobody but people reads what it is called");
        }
        "drop an output" if !text.contains(&format!("needs.{id}.outputs.{how}")) => {
            return Some("nothing reads what it leaves under this name");
        }
        "forget a step's name" if !["Wait", "Gate"].iter().any(|w| how.contains(w)) => {
            return Some("nothing reads what the step leaves");
        }
        "swap two steps" => {
            return Some("both stand before what needs them, and neither changes what the other does");
        }
        _ => {}
    }
    if kind == "change the if of a step" {
        let first = how.starts_with("1 ");
        if first && how.ends_with("always()") {
            return Some("before the first step of a job nothing has failed");
        }
    }
    if how == "|| '[]'" || how.ends_with(": || '[]'") {
        return Some("the job before it has ended well, and then its list is there");
    }
    if kind == "weaken an if" && (how == "success()" || id == "todo") {
        return Some("all that it needs has ended well whenever it runs");
    }
    let redundant = [
        "drop a part of an if",
        "turn a sign of an if",
        "turn a comparison of an if",
    ];
    if redundant.contains(&kind) || kind == "change the if of a step" {
        if how.contains("preflight.result") || how.contains("settle.result") || how.contains("todo.result") {
            return Some("another job that it asks has asked the same");
        }
        if how.contains("outputs.stopped") {
            return Some("nothing runs beside it that could have stopped it");
        }
        let undo = id.starts_with("undo-") || id.starts_with("exit-");
        if undo && (how.contains("needs.todo.outputs.todo") || how.contains("contains at")) {
            return Some(
                "the steps of an undo ask for themselves what is undone, and what is not listed is skipped",
            );
        }
        if how.contains("outputs.done") || how.contains("inputs.resume") {
            return Some("no run that goes on comes to it again with this done and that not");
        }
        if cond.contains("outputs.done") && (how.contains(" || at") || how.contains("contains at")) {
            return Some("no run that goes on comes to it again with this done and that not");
        }
    }
    if kind == "change the if of a step"
        && cond.contains("outputs.done")
        && (how.ends_with("none") || how.ends_with("success()"))
    {
        return Some("no run that goes on comes to a job that was begun and not finished");
    }
    if kind == "remove an exit" && how == "never" && workflow["jobs"].get(format!("{id}-late")).is_some() {
        return Some("the job for another way out leaves the hold where this one does not");
    }
    if id.starts_with("ask") && workflow["jobs"].get("ask-again").is_some() {
        return Some("what is asked twice is asked once");
    }
    if kind == "drop a needs" && how == "preview" {
        return Some("another job that it waits for has waited for the same");
    }
    if kind == "swap two orders" && id.starts_with("ready-") {
        return Some(
            "the roles of a checklist are asked together, and a run that goes on has all of their answers",
        );
    }
    None
}
