//! What is undone, where a run goes on, and how a run says that it ended: the models of the scripts that work that out.
//!
//! Must not know how they were told. Used by `fixed`.

use super::fixed::{handed_on, merged, read, states, texts, unique, var};
use super::run::Sim;
use super::state::Ended;
use super::step::{Env, ended, output};
use crate::emit::github::script::Known;
use serde_json::{Map, Value as Json, json};

/// How often a question without a clear answer is asked in another run.
const ASKED_ANEW: u64 = 3;

fn head(unit: &str) -> &str {
    unit.split('.').next().unwrap_or(unit)
}

/// What is undone; or the release goes on.
///
/// # Errors
/// What is not understood.
pub fn todo(sim: &mut Sim<'_>, (run, job): (usize, usize), env: &Env) -> Result<(), String> {
    let state = read(env, "STATE")?;
    let mut what = read(env, "OUTCOME")?;
    let mut unclear = false;
    if what["asks"].as_str().is_some_and(|a| !a.is_empty()) {
        let answers = [var(env, "ANSWER"), var(env, "AGAIN")];
        let answer = answers.into_iter().find(|a| !a.is_empty()).unwrap_or_default();
        unclear = answer.is_empty() && var(env, "ASKED") == "success";
        let found = [&what["options"][answer], &what["otherwise"]]
            .into_iter()
            .find(|v| !v.is_null())
            .cloned();
        what = found.unwrap_or_else(|| json!({"then": "rollback", "ends": "rolled_back"}));
    }
    let attempt: u64 = state["attempt"]
        .as_str()
        .and_then(|a| a.parse().ok())
        .unwrap_or(1);
    let mut follows = what["then"].as_str().unwrap_or_default();
    if follows == "restart" && attempt >= what["attempts"].as_u64().unwrap_or(0) {
        follows = "rollback";
    }
    match follows {
        "continue" | "proceed" | "retry" | "restart" => {
            let mut onward = onward(&state, &what, follows, attempt, run);
            let mut given = handed_on(env)?;
            let (at, causes) = {
                let own = &sim.runs[run].jobs[job];
                (own.at, own.last.clone())
            };
            let waits = onward["waits"].as_array_mut().filter(|w| !w.is_empty());
            if let Some(next) = waits.map(|w| w.remove(0)) {
                // What failed beside it is settled next.
                onward["failed"] = next;
                given.push(("state".into(), onward.to_string()));
                given.push(("ends".into(), "as_planned".into()));
                sim.dispatch(var(env, "ROLLBACK"), given, at, causes)?;
            } else {
                given.push(("resume".into(), onward.to_string()));
                sim.dispatch(var(env, "RELEASE"), given, at, causes)?;
            }
            ended(sim, run, job, Ended::Success, vec![output("ends", "goes_on")]);
        }
        "nothing" => ended(sim, run, job, Ended::Success, vec![output("ends", "nothing")]),
        "rollback" => back(sim, (run, job), env, &state, &what)?,
        // Who was asked has answered, and not with one of the words: they are asked in another run.
        _ if unclear && state["asked"].as_u64().unwrap_or(0) < ASKED_ANEW => {
            let (at, causes) = {
                let own = &sim.runs[run].jobs[job];
                (own.at, own.last.clone())
            };
            let mut given = handed_on(env)?;
            let mut state = state.clone();
            state["asked"] = (state["asked"].as_u64().unwrap_or(0) + 1).into();
            given.push(("state".into(), state.to_string()));
            given.push(("ends".into(), "as_planned".into()));
            sim.dispatch(var(env, "ROLLBACK"), given, at, causes)?;
            ended(sim, run, job, Ended::Success, vec![output("ends", "goes_on")]);
        }
        _ => ended(sim, run, job, Ended::Failure, Vec::new()),
    }
    Ok(())
}

/// The state with which the release goes on.
fn onward(state: &Json, what: &Json, follows: &str, attempt: u64, run: usize) -> Json {
    let past = state["failed"]["past"].clone();
    let mut state = state.clone();
    if let Some(map) = state.as_object_mut() {
        map.remove("failed");
        map.remove("asked");
    }
    let mut values = state["values"].as_object().cloned().unwrap_or_default();
    if follows == "restart" {
        let (redo, forget) = (texts(&what["redo"]), texts(&what["forget"]));
        let mut done = texts(&state["done"]);
        done.retain(|d| !redo.iter().any(|r| r == head(d)));
        let all = std::mem::take(&mut values);
        for (key, value) in all {
            if !forget.contains(&key) {
                values.insert(key, value);
            } else if key.starts_with("v_") {
                values.insert(["was_", &key].concat(), value);
            }
        }
        state["done"] = done.into();
        state["attempt"] = (attempt + 1).to_string().into();
        state["waits"] = Json::Null;
    } else {
        let mut done = texts(&state["done"]);
        if follows == "proceed" {
            done.extend(texts(&past));
        }
        done.extend(texts(&what["done"]));
        if let Some(again) = what["again"].as_str() {
            done.retain(|d| !d.starts_with(again));
        }
        for (k, v) in what["values"].as_object().into_iter().flatten() {
            values.insert(k.clone(), v.clone());
        }
        state["done"] = done.into();
    }
    state["values"] = Json::Object(values);
    state["run"] = (run + 1).to_string().into();
    state
}

fn back(
    sim: &mut Sim<'_>,
    (run, job): (usize, usize),
    env: &Env,
    state: &Json,
    what: &Json,
) -> Result<(), String> {
    let ends = what["ends"].as_str().unwrap_or("rolled_back");
    let began = texts(&state["began"]);
    let has = |list: &[String], unit: &str| list.iter().any(|b| b == unit);
    let reach: Vec<String> = match what.get("scope").filter(|s| !s.is_null()) {
        None => began.clone(),
        Some(scope) => {
            let scope = texts(scope);
            let mut list = began.clone();
            list.retain(|b| has(&scope, head(b)));
            list
        }
    };
    let table = read(env, "TABLE")?;
    let rows = table.as_array().map_or(&[][..], Vec::as_slice);
    let text = |row: &Json, key: &str| row[key].as_str().unwrap_or_default().to_string();
    let from = var(env, "FROM");
    let first = if from.is_empty() {
        0
    } else {
        rows.iter()
            .position(|r| text(r, "unit") == from)
            .ok_or_else(|| ["there is no undo `", from, "`"].concat())?
    };
    let mut todo: Vec<String> = Vec::new();
    for row in rows.iter().skip(first).filter(|_| ends != "stopped_as_it_is") {
        let stage = text(row, "stage");
        let dotted = [&stage, "."].concat();
        let applies = row["always"] == true
            || has(&reach, &text(row, "undoes"))
            || !reach.iter().any(|b| b.starts_with(&dotted));
        let of = texts(&row["of"]);
        let last = of.iter().rfind(|u| has(&reach, u)).or(of.last());
        let applies = applies && last.is_none_or(|l| texts(&row["at"]).contains(l));
        if has(&reach, &stage) && applies {
            todo.push(text(row, "unit"));
            todo.push(stage);
        }
    }
    let stuck = read(env, "STUCK")?;
    let alone = unique(
        stuck
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(k, _)| has(&began, k))
            .map(|(_, v)| texts(v)),
    );
    let mut todo = unique([todo]);
    todo.retain(|t| !has(&alone, head(t)));
    let done = texts(&state["done"]);
    let mut leave: Vec<String> = Vec::new();
    for (hold, stages) in read(env, "HOLDS")?.as_object().into_iter().flatten() {
        let name = |kind: &str| [kind, hold].concat();
        if !has(&began, &name("hold.")) && !has(&done, &name("enter-")) {
            continue;
        }
        let left = has(&done, &name("exit-"));
        let undone = texts(stages).iter().any(|s| has(&todo, s));
        match (left, undone) {
            (true, true) => leave.extend([name("reenter-"), name("exit-")]),
            (true, false) => {}
            (false, _) => leave.push(name("exit-")),
        }
    }
    let list = |list: Vec<String>| Json::from(list).to_string();
    let out = vec![
        output("ends", ends),
        output("began", &list(began)),
        output("todo", &list(todo)),
        output("stuck", &list(alone)),
        output("holds", &list(leave)),
        output("state", &state.to_string()),
        output("done", &list(done)),
    ];
    ended(sim, run, job, Ended::Success, out);
    Ok(())
}

fn results(needs: &Json, list: &[String]) -> Vec<String> {
    list.iter()
        .map(|j| needs[j]["result"].as_str().unwrap_or_default().to_string())
        .collect()
}

/// How the release ended.
///
/// # Errors
/// What is not understood.
pub fn report(sim: &mut Sim<'_>, (run, job): (usize, usize), env: &Env) -> Result<(), String> {
    let needs = read(env, "NEEDS")?;
    let of = |name: &str| -> Result<Vec<String>, String> { Ok(results(&needs, &texts(&read(env, name)?))) };
    let (settlers, workers, exits) = (of("SETTLERS")?, of("WORKERS")?, of("EXITS")?);
    let askers = texts(&read(env, "ASKERS")?);
    let mut works = texts(&read(env, "WORKERS")?);
    // Broken off before anything of the plan began in it, a job leaves word of that.
    let idle = |job: &String| {
        let state = needs[job]["outputs"]["state"].as_str().unwrap_or_default();
        let state: Json = serde_json::from_str(state).unwrap_or_default();
        let none = |key: &str| state[key].as_array().is_some_and(Vec::is_empty);
        none("began") && none("failing")
    };
    works.retain(|w| !askers.contains(w) && !idle(w));
    let works = results(&needs, &works);
    let any = |list: &[String], word: &str| list.iter().any(|r| r == word);
    let resume = read(env, "RESUME")?;
    let mut all: Vec<Json> = Vec::new();
    if !resume.is_null() {
        all.push(resume);
    }
    all.extend(states(&needs)?);
    // Whatever was done of what cannot be taken back stands, also where a person was only asked for the rest.
    let says = |key: &str, stage: &String| all.iter().any(|s| texts(&s[key]).contains(stage));
    let half = texts(&read(env, "HALF")?);
    let half = half.iter().any(|h| says("began", h) && !says("done", h));
    let state = match () {
        () if any(&settlers, "success") => "handed_over",
        () if any(&settlers, "failure") || any(&exits, "failure") => "needs_help",
        () if any(&works, "cancelled") => "needs_help",
        () if needs["preflight"]["result"] == "success"
            && !any(&workers, "failure")
            && !any(&workers, "cancelled") =>
        {
            "succeeded"
        }
        () if half => "needs_help",
        () => "stopped",
    };
    sim.runs[run].end = state.to_string();
    let files = &mut sim.runs[run].jobs[job].files;
    files.insert("evidence.json".into(), merged(&all, false).to_string());
    ended(sim, run, job, Ended::Success, vec![output("state", state)]);
    Ok(())
}

/// How the rollback ended.
///
/// # Errors
/// What is not understood.
pub fn rollback_report(sim: &mut Sim<'_>, (run, job): (usize, usize), env: &Env) -> Result<(), String> {
    let needs = read(env, "NEEDS")?;
    let empty = Json::Object(Map::new());
    let todo = needs["todo"].get("outputs").unwrap_or(&empty);
    let list = |name: &str| -> Result<Vec<String>, String> {
        match todo[name].as_str().filter(|t| !t.is_empty()) {
            Some(text) => Ok(texts(&serde_json::from_str(text).map_err(|e| e.to_string())?)),
            None => Ok(Vec::new()),
        }
    };
    let (began, done) = (list("began")?, list("done")?);
    let half = texts(&read(env, "HALF")?);
    let last = texts(&read(env, "FINALLY")?);
    let broken = needs
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(job, _)| !last.contains(job))
        .any(|(_, n)| n["result"] == "failure" || n["result"] == "cancelled");
    let state = match todo["ends"].as_str() {
        _ if broken => "needs_help",
        _ if half.iter().any(|h| began.contains(h) && !done.contains(h)) => "needs_help",
        Some("stopped_as_it_is") => "stopped",
        Some(ends) => ends,
        None => "nothing",
    }
    .to_string();
    sim.runs[run].end.clone_from(&state);
    let files = &mut sim.runs[run].jobs[job].files;
    files.insert("evidence.json".into(), json!({"state": state}).to_string());
    ended(sim, run, job, Ended::Success, vec![output("state", &state)]);
    Ok(())
}

/// Whether what a command needs was recorded.
pub enum Recorded {
    /// All of it.
    All,
    /// Not what it gives back: it fails once it has begun.
    Lost,
    /// Nothing has begun that could be given back.
    Idle,
    /// Not what the run went past: it does not begin.
    GonePast,
}

/// Whether what a command needs was recorded, as its script finds out before it begins.
pub fn recorded(known: &[Known], env: &Env) -> Recorded {
    let value = |name: &String| env.get(name).map_or("", String::as_str);
    if known.iter().any(|k| k.forward && value(&k.state).is_empty()) {
        return Recorded::GonePast;
    }
    let mut lost = false;
    for k in known.iter().filter(|k| !k.forward) {
        let state: Json = serde_json::from_str(value(&k.state)).unwrap_or_else(|_| json!({}));
        if k.unit
            .as_ref()
            .is_some_and(|u| !texts(&state["began"]).contains(u))
        {
            return Recorded::Idle;
        }
        let was = ["was_", &k.name].concat();
        let of = |name: &str| state["values"].get(name).is_some();
        lost |= !of(&k.name) && !of(&was);
    }
    if lost { Recorded::Lost } else { Recorded::All }
}
