//! Mutants that do what the real machine does, each with the reason. They are counted apart.

use crate::operators::Mutant;
use serde_json::Value;

/// Whether a variable is read anywhere in a machine.
fn read(machine: &Value, variable: &str) -> bool {
    let text = machine.to_string();
    let needle = ["$", variable].concat();
    text.match_indices(&needle).any(|(at, _)| {
        let next = text[at + needle.len()..].chars().next().unwrap_or(' ');
        !(next.is_ascii_alphanumeric() || next == '_')
    })
}

/// The facts that a state keeps which does nothing else.
fn keeps(value: &Value, state: &str) -> Option<Vec<String>> {
    match value {
        Value::Object(members) => {
            let here = members.get("States").and_then(|s| s.get(state));
            match here.filter(|s| s["Type"] == "Pass") {
                Some(pass) => Some(pass["Assign"].as_object()?.keys().cloned().collect()),
                None => members.values().find_map(|v| keeps(v, state)),
            }
        }
        Value::Array(list) => list.iter().find_map(|v| keeps(v, state)),
        _ => None,
    }
}

/// The variable that a mutant of a fact changes.
fn variable(mutant: &Mutant) -> Option<&str> {
    let fact = mutant.kind.ends_with("a fact");
    fact.then(|| mutant.how.split([':', ' ']).next().unwrap_or_default())
}

/// Why a mutant that no run tells from the real machine does the same.
pub fn survives(mutant: &Mutant, machine: &Value, unvisited: &[&str]) -> Option<&'static str> {
    let (kind, state, how) = (mutant.kind, mutant.states[0].as_str(), mutant.how.as_str());
    if unvisited.contains(&state) {
        return Some("no run comes to the state: what leads there is decided earlier, by the same inputs");
    }
    if let Some(variable) = variable(mutant) {
        if !read(machine, variable) {
            return Some("nothing reads what it keeps");
        }
        let question = ["waited_", "answer_", "ask_", "who_"];
        if question.iter().any(|p| variable.starts_with(p)) && state.contains(": ask") {
            return Some("the questions that are put together each set it, and the last of them counts");
        }
        if variable.starts_with("answer_") && state.ends_with(": look") {
            return Some("a look that fails leaves the answer open, as it was");
        }
        if variable.starts_with("fault") || variable == "problem" || state.starts_with("inputs ") {
            return Some("it is what people are told of a failure, and decides nothing");
        }
        if variable.starts_with("began_") {
            return Some("an earlier step of the same rollout has set it, or it is set before it is read");
        }
        if variable.starts_with("stage_") && (state.ends_with(": begins") || state.ends_with(": given up")) {
            return Some("what began, passed or failed is undone alike, and then is recorded as undone");
        }
    }
    if kind.starts_with("retarget") && state == "how did it end?" && unvisited.contains(&"Stopped") {
        return Some("nothing in the plan stops a run, so that its last way out is never taken");
    }
    if state.starts_with("holds the lock ") && !state.ends_with(')') {
        return Some("a run that comes so far holds all of its locks");
    }
    if kind == "retarget a Next"
        && let Some(passed) = how.strip_prefix("past `").and_then(|h| h.strip_suffix('`'))
        && keeps(machine, passed).is_some_and(|facts| facts.iter().all(|f| !read(machine, f)))
    {
        return Some("nothing reads what the state that is passed by keeps");
    }
    let same_inputs = kind == "drop a condition" && state.ends_with(": may be done?");
    if same_inputs && how.starts_with("true") && how.contains("$inputs.") {
        return Some("the first step of the rollout has asked the same of the same inputs");
    }
    if kind == "retarget a Next" && how.contains(": wait for the window") {
        return Some("an earlier stage has waited for the window to open");
    }
    if kind == "retarget a Next" && how.contains(": wait for an answer") {
        return Some("it looks once before it waits, and then waits as long");
    }
    if kind == "drop a Catch" && state.ends_with(": withdraw") {
        return Some("each call of the loop catches its own failures");
    }
    if kind == "swap two calls" && [state, how].iter().all(|s| s.contains(": ask")) {
        return Some("questions that are put one after the other, to be answered each, in another order");
    }
    None
}
