//! Mutants that do what the real machine does, each with the reason. They are counted apart.

use crate::operators::Mutant;
use serde_json::Value;

/// Whether a condition is true from a moment on, so that a span after that moment adds nothing to it; `how` names it behind a number.
fn covered(how: &str) -> bool {
    let Some((first, span)) = how
        .split_once(' ')
        .and_then(|(_, condition)| condition.split_once(" or "))
    else {
        return false;
    };
    let number = |text: &str| -> Option<u64> { text.strip_prefix("$millis() >= ")?.parse().ok() };
    let from = span.split(" and ").next().and_then(number);
    !span.contains(" or ") && number(first).is_some_and(|f| from.is_some_and(|from| f <= from))
}

/// Whether a variable is read anywhere in a machine.
fn read(machine: &Value, variable: &str) -> bool {
    let text = machine.to_string();
    let needle = ["$", variable].concat();
    text.match_indices(&needle).any(|(at, _)| {
        let next = text[at + needle.len()..].chars().next().unwrap_or(' ');
        !(next.is_ascii_alphanumeric() || next == '_')
    })
}

/// A state, wherever it stands.
fn find<'m>(value: &'m Value, state: &str) -> Option<&'m Value> {
    match value {
        Value::Object(members) => match members.get("States").and_then(|s| s.get(state)) {
            Some(found) => Some(found),
            None => members.values().find_map(|v| find(v, state)),
        },
        Value::Array(list) => list.iter().find_map(|v| find(v, state)),
        _ => None,
    }
}

/// The facts that a state keeps which does nothing else.
fn keeps(machine: &Value, state: &str) -> Option<Vec<String>> {
    let pass = find(machine, state).filter(|s| s["Type"] == "Pass")?;
    Some(pass["Assign"].as_object()?.keys().cloned().collect())
}

/// What comes after a state that only keeps in other words what has failed; the state itself when it does more.
fn said<'m>(machine: &'m Value, state: &'m str) -> &'m str {
    let words = |facts: &Vec<String>| facts.iter().all(|f| f.starts_with("fault"));
    let next = || find(machine, state)?["Next"].as_str();
    keeps(machine, state)
        .filter(words)
        .and_then(|_| next())
        .unwrap_or(state)
}

/// Whether a choice takes its last way whenever the state before it has kept what it keeps.
fn falls_through(machine: &Value, state: &str, choice: &str) -> bool {
    let Some(facts) = find(machine, state).and_then(|s| s["Assign"].as_object()) else {
        return false;
    };
    let rules = find(machine, choice).and_then(|s| s["Choices"].as_array());
    let other = |rule: &Value| {
        facts.iter().any(|(name, value)| {
            let begins = format!("{{% ${name} = \"");
            let condition = rule["Condition"].as_str().unwrap_or_default();
            let same = format!("{begins}{}\" %}}", value.as_str().unwrap_or_default());
            condition.starts_with(&begins) && condition != same
        })
    };
    rules.is_some_and(|rules| rules.iter().all(other))
}

/// How a run is given up from a state on that keeps what people are told, and nothing else: what follows, and the block.
fn gives_up(machine: &Value, state: &str) -> Option<String> {
    let mut here = state;
    for _ in 0..4 {
        let found = find(machine, here).filter(|s| s["Type"] == "Pass")?;
        let facts = found["Assign"].as_object()?;
        if let Some((name, failures)) = facts.iter().find(|(k, _)| k.starts_with("failures")) {
            return Some(format!("{name} {failures} {}", found["Next"]));
        }
        if !facts.keys().all(|k| {
            k.starts_with("fault") || k == "resume" || k.starts_with("gate_") || k.ends_with("stage_")
        }) {
            return None;
        }
        here = match find(machine, found["Next"].as_str()?) {
            Some(choice) if choice["Type"] == "Choice" => taken(found, choice)?,
            _ => found["Next"].as_str()?,
        };
    }
    None
}

/// Where a choice leads after a state that keeps an answer.
fn taken<'m>(state: &Value, choice: &'m Value) -> Option<&'m str> {
    let (name, value) = state["Assign"].as_object()?.iter().next()?;
    let same = format!("{{% ${name} = {value} %}}");
    let rules = choice["Choices"].as_array()?;
    let rule = rules
        .iter()
        .find(|r| r["Condition"].as_str() == Some(same.as_str()));
    rule.map_or(&choice["Default"], |r| &r["Next"]).as_str()
}

/// Whether the stage that is undone there does its first step as soon as it begins, or asks of its inputs what an earlier one did.
fn begins_at_once(machine: &Value, state: &str) -> bool {
    let stage = state
        .trim_start_matches("undo ")
        .split(": ")
        .next()
        .unwrap_or_default();
    let first = find(machine, &format!("{stage}: begins")).and_then(|s| s["Next"].as_str());
    let Some(first) = first.and_then(|n| Some((n, find(machine, n)?))) else {
        return false;
    };
    let sets = |v: &Value| {
        v.as_object()
            .is_some_and(|o| o.keys().any(|k| k.starts_with("began_")))
    };
    let acts = first.1["Type"] == "Task" && sets(&first.1["Assign"]) && sets(&first.1["Catch"][0]["Assign"]);
    acts || first.0.ends_with(": may be done?") && !first.0.starts_with(first_asked(machine))
}

/// The stage whose step asks of the inputs first.
fn first_asked(machine: &Value) -> &str {
    let start = machine["StartAt"].as_str().unwrap_or_default();
    let first = after(machine, start)
        .into_iter()
        .filter(|n| n.ends_with(": may be done?"));
    first
        .max_by_key(|n| {
            after(machine, n)
                .iter()
                .filter(|m| m.ends_with(": may be done?"))
                .count()
        })
        .map_or("", |n| n)
}

/// Whether a stage may have begun before a state.
fn begun_before(machine: &Value, state: &str) -> bool {
    let start = machine["StartAt"].as_str().unwrap_or_default();
    let mut begins = after(machine, start)
        .into_iter()
        .filter(|n| n.ends_with(": begins"));
    begins.any(|n| returns(machine, n, state))
}

/// Whether a state of a machine without branches is come to only while nothing has failed that counts.
fn only_well(machine: &Value, state: &str) -> bool {
    let fails = |n: &str| n.contains(": given up") || n.contains(": failed, goes on");
    let start = machine["StartAt"].as_str().unwrap_or_default();
    let mut fallen = after(machine, start).into_iter().filter(|n| fails(n));
    !says(machine, "\"Branches\"") && !fallen.any(|n| returns(machine, n, state))
}

/// Whether a state can be come to after another.
fn returns(machine: &Value, from: &str, to: &str) -> bool {
    after(machine, from).contains(&to)
}

/// The states that can be come to after another.
fn after<'m>(machine: &'m Value, from: &'m str) -> Vec<&'m str> {
    let mut seen: Vec<&str> = Vec::new();
    let mut open: Vec<&str> = vec![from];
    while let Some(name) = open.pop() {
        let Some(state) = find(machine, name) else {
            continue;
        };
        let rules = state["Choices"].as_array().into_iter().flatten();
        let ways = rules
            .chain(state["Catch"].as_array().into_iter().flatten())
            .map(|r| &r["Next"]);
        for next in ways
            .chain([&state["Next"], &state["Default"]])
            .filter_map(Value::as_str)
        {
            if !seen.contains(&next) {
                seen.push(next);
                open.push(next);
            }
        }
    }
    seen
}

/// The text of a machine holds this.
fn says(machine: &Value, text: &str) -> bool {
    machine.to_string().contains(text)
}

/// What stands behind the last colon of a name.
fn moment(name: &str) -> &str {
    name.trim_end_matches('`').rsplit(": ").next().unwrap_or_default()
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
        if state == "nothing has begun" && variable.starts_with("half_") {
            return Some("it is set on every way to the end before it is read");
        }
        if variable.starts_with("half_") && !begun_before(machine, state) {
            return Some("nothing has begun before it, so that nothing is half done");
        }
        if variable.starts_with("half_") && kind == "forget a fact" && only_well(machine, state) {
            return Some("nothing has failed on the way there, so that nothing is half done");
        }
        if state == "nothing has begun" && variable.starts_with("decision_") {
            return Some("whatever comes of the question sets it before anything goes by it");
        }
        let reads = |n: &&str| find(machine, n).is_some_and(|s| read(s, variable));
        if !after(machine, state).iter().any(reads) {
            return Some("nothing that comes after it reads what it keeps");
        }
        if variable.starts_with("began_") {
            return Some("an earlier step of the same rollout has set it, or it is set before it is read");
        }
        if variable.starts_with("stage_") && (state.ends_with(": begins") || state.ends_with(": given up")) {
            return Some("what began, passed or failed is undone alike, and then is recorded as undone");
        }
    }
    let stops = r#"{\\"then\\": \\"stop\\"}"#;
    let then = how.contains("\"rollback\" in $failures.then");
    if (then || state == "how did it end?" && kind.starts_with("retarget")) && !says(machine, stops) {
        return Some("nothing in the plan stops a run, so that the way back is taken after every failure");
    }
    let taken = |n: &&String| n.starts_with("take the lock ") && !n.starts_with("take the lock over ");
    let locks = machine["States"]
        .as_object()
        .map_or(0, |s| s.keys().filter(taken).count());
    let busy = [state, how]
        .iter()
        .any(|s| s.contains("holds the lock ") && s.contains("(2)"));
    if state.starts_with("holds the lock ") && how.contains("to `who holds ") {
        return Some("who holds it is looked at before it is released");
    }
    if busy && (locks <= 1 || state == "somebody is not known") {
        return Some("a run that is refused so early holds no lock");
    }
    if state.starts_with("holds the lock ") && !state.ends_with(')') {
        return Some("a run that comes so far holds all of its locks");
    }
    if state == "somebody is not known" && how.contains("remove the run's flags") {
        return Some("a run that is refused so early has set no flags");
    }
    if kind == "forget a fact" && state == "nothing has begun" && how == "people" {
        return Some("it is read before anything goes by it, or the run is refused");
    }
    if kind == "retarget a Next"
        && let Some(goal) = how.strip_prefix("to `").and_then(|h| h.strip_suffix('`'))
        && let (Some(mine), Some(theirs)) = (gives_up(machine, state), gives_up(machine, goal))
        && mine == theirs
    {
        return Some("it gives the run up in the same way, and what fails has not begun or is taken back");
    }
    if kind == "retarget a Next"
        && let Some(passed) = how.strip_prefix("past `").and_then(|h| h.strip_suffix('`'))
        && passed.contains(": may go on?")
        && let Some(goes_on) = find(machine, passed).and_then(|s| s["Next"].as_str())
        && let Some(then) = find(machine, goes_on).and_then(|s| s["Default"].as_str())
        && after(machine, then).iter().chain([&then]).all(|n| {
            find(machine, n).is_none_or(|s| s["Type"] != "Task" || n.ends_with(": nothing new starts"))
        })
    {
        return Some("nothing is left to do that a sibling's failure should stop");
    }
    if how.starts_with("past `undo ") && state.starts_with("undo ") && state.ends_with(": done") {
        return Some(
            "what is undone there stood on what comes next, which began before it and is to be undone as well",
        );
    }
    let undoes = state.starts_with("undo ") && how.contains("$began_") && how.starts_with("true");
    let default = kind == "retarget a Default"
        && state.starts_with("undo ")
        && find(machine, state).is_some_and(|s| s["Choices"].to_string().contains("$began_"));
    if (undoes || default) && begins_at_once(machine, state) {
        return Some(
            "a stage that began has begun its first step, or was refused by inputs that an earlier stage asked of",
        );
    }
    if kind == "drop a condition" && state.contains(" ticked?") && !returns(machine, state, state) {
        return Some("no run comes to what is ticked a second time");
    }
    let asked_once =
        ["drop a condition", "retarget a Default"].contains(&kind) && !returns(machine, state, state);
    if asked_once && state.contains(": record ") {
        return Some("no run comes to what records a second time");
    }
    if let Some(stage) = state
        .split(": given up")
        .next()
        .filter(|s| state.contains(": given up") && !s.is_empty())
        && variable(mutant).is_some_and(|v| v.starts_with("stage_"))
        && !returns(machine, &format!("{stage}: begins"), state)
    {
        return Some("a stage that is given up there has not begun");
    }
    if kind == "swap two calls" && [state, how].iter().all(|s| s.contains("find connection")) {
        return Some("connections are looked up each by itself, in any order");
    }
    let message = |s: &str| s.trim_start_matches("with `").starts_with("tell ") || s.contains("escalate to ");
    if kind == "swap two calls" && message(state) && message(how) && moment(state) == moment(how) {
        return Some("messages of one moment, in another order");
    }
    if kind == "retarget a Next"
        && let Some(passed) = how.strip_prefix("past `").and_then(|h| h.strip_suffix('`'))
        && falls_through(machine, state, passed)
    {
        return Some("the choice that is passed by takes the same way for what was just kept");
    }
    if kind == "drop a condition" && how.starts_with("false") && state.ends_with(": which answer?") {
        let choice = find(machine, state).map(|s| (&s["Choices"], &s["Default"]));
        let same = |rule: &Value, default: &Value| {
            rule["Next"] == *default
                && rule["Condition"]
                    .as_str()
                    .is_some_and(|c| how.contains(c[3..c.len() - 3].trim()))
        };
        if choice.is_some_and(|(rules, d)| rules.as_array().is_some_and(|r| r.iter().any(|r| same(r, d)))) {
            return Some("the answer leads where no answer leads");
        }
    }
    if [state, how]
        .iter()
        .any(|s| s.contains(": by somebody who may not?"))
        && says(machine, ": by different people?")
    {
        return Some(
            "the approval it is compared with is granted beside it, and both are compared when they meet",
        );
    }
    if kind == "retarget a Next"
        && let Some(passed) = how.strip_prefix("past `").and_then(|h| h.strip_suffix('`'))
        && keeps(machine, passed).is_some_and(|facts| facts.iter().all(|f| !read(machine, f)))
    {
        return Some("nothing reads what the state that is passed by keeps");
    }
    let asks = state.ends_with(": may be done?");
    let dropped = kind == "drop a condition" && how.starts_with("true") && how.contains("$inputs.");
    let default = kind == "retarget a Default"
        && find(machine, state).is_some_and(|s| s["Choices"].to_string().contains("$inputs."));
    if asks && (dropped || default) && !state.starts_with(first_asked(machine)) {
        return Some("the first step of the rollout has asked the same of the same inputs");
    }
    if kind == "retarget a Next" && how.contains(": wait for the window") {
        return Some("an earlier stage has waited for the window to open");
    }
    if kind == "retarget a Next" && how.contains(": wait for an answer")
        || how.starts_with("past `") && state.ends_with(": begins") && state.contains(": bake ")
    {
        return Some("it looks once before it waits or rests, and then does so as long");
    }
    if kind == "retarget a rule"
        && let Some((from, to)) = how.split_once("` to `")
        && let Some(to) = to.split("` when ").next().filter(|to| to.ends_with(": withdraw"))
        && let Some(then) = find(machine, to).and_then(|s| s["Next"].as_str())
        && said(machine, then) == said(machine, from.trim_start_matches('`'))
    {
        return Some("what was answered is withdrawn, which changes nothing, and leads on to the same");
    }
    if kind == "change a threshold" && covered(how) {
        return Some("what comes after an earlier moment comes after it whatever else is asked");
    }
    if kind == "drop a Catch" && state.ends_with(": withdraw") {
        return Some("each call of the loop catches its own failures");
    }
    if kind == "swap two calls" && [state, how].iter().all(|s| s.contains(": ask")) {
        return Some("questions that are put one after the other, to be answered each, in another order");
    }
    None
}
