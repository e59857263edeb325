//! What the scripts that every workflow has make of their variables: who approved, what began, what follows a failure, how it ended.
//!
//! Each is the model of one file of bash; runs in `tests/conformance` hold the files to the same. Must not know the plan but for the
//! names of options. Used by `step`.

use super::run::Sim;
use super::state::{Busy, Ended};
use super::step::{Env, Outputs, ended, now, output};
use crate::emit::github::script::Fixed;
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::StageId;
use crate::proof::event::What;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

/// A run and one of its jobs.
pub type Here = (usize, usize);

/// A variable.
pub fn var<'e>(env: &'e Env, name: &str) -> &'e str {
    env.get(name).map_or("", String::as_str)
}

/// JSON that a variable holds; nothing at all is nothing.
///
/// # Errors
/// When it is none.
pub fn read(env: &Env, name: &str) -> Result<Json, String> {
    let text = var(env, name);
    if text.is_empty() {
        return Ok(Json::Null);
    }
    serde_json::from_str(text).map_err(|e| ["`", name, "` holds no JSON: ", &e.to_string()].concat())
}

/// A list of texts.
pub fn texts(json: &Json) -> Vec<String> {
    let list = json.as_array().into_iter().flatten();
    list.filter_map(|v| v.as_str().map(str::to_string)).collect()
}

/// Each once, in order.
pub fn unique(lists: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    lists
        .into_iter()
        .flatten()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// A step ends well.
pub fn well(sim: &mut Sim<'_>, (run, job): Here, out: Outputs) {
    ended(sim, run, job, Ended::Success, out);
}

fn badly(sim: &mut Sim<'_>, (run, job): Here, out: Outputs) {
    ended(sim, run, job, Ended::Failure, out);
}

/// Runs a script.
///
/// # Errors
/// What is not understood.
pub fn run(sim: &mut Sim<'_>, here: Here, script: Fixed, parts: &[Purpose], env: &Env) -> Result<(), String> {
    match script {
        Fixed::Digest if var(env, "PLAN") == var(env, "GIVEN") => well(sim, here, Vec::new()),
        Fixed::Digest => badly(sim, here, Vec::new()),
        Fixed::Environments | Fixed::StartedBy | Fixed::Summary | Fixed::Tools | Fixed::Shipped => {
            well(sim, here, Vec::new())
        }
        Fixed::Mention | Fixed::Obligation => super::step::told(sim, here.0, here.1),
        Fixed::Window => window(sim, here),
        Fixed::Clock => {
            let allowed: i64 = var(env, "ALLOWED").parse().unwrap_or(0);
            let deadline = now(sim, here.0, here.1) + allowed;
            well(sim, here, vec![output("deadline", &deadline.to_string())]);
        }
        Fixed::Turn => return turn(sim, here, env),
        Fixed::Begin => {
            let state = read(env, "RESUME")?;
            let now = now(sim, here.0, here.1).to_string();
            let start = if var(env, "START").is_empty() {
                &now
            } else {
                var(env, "START")
            };
            let text = |name: &str, other: &str| state[name].as_str().unwrap_or(other).to_string();
            let done = Json::from(texts(&state["done"])).to_string();
            let out = vec![
                output("done", &done),
                output("starter", &text("starter", var(env, "STARTER"))),
                output("start", &text("start", start)),
                output("attempt", &text("attempt", "1")),
                output("now", &now),
            ];
            well(sim, here, out);
        }
        Fixed::Approval => return approval(sim, here, parts, env),
        Fixed::Answer => return answer(sim, here, env),
        Fixed::Person => return person(sim, here, parts, env),
        Fixed::Waited => {
            let units = texts(&read(env, "UNITS")?);
            let stages = units
                .iter()
                .filter_map(|u| Some(u.split_once('.')?.0.to_string()));
            let began = unique([stages.collect(), units.clone()]);
            let state = json!({"began": began, "done": units, "values": {}});
            let at = now(sim, here.0, here.1).to_string();
            well(
                sim,
                here,
                vec![output("at", &at), output("state", &state.to_string())],
            );
        }
        Fixed::Decided => return decided(sim, here, parts, env),
        Fixed::Valid => {
            let now = now(sim, here.0, here.1);
            let grants = read(env, "GRANTS")?;
            let lapsed = grants.as_array().into_iter().flatten().find(|g| {
                let granted = g["granted"].as_str().unwrap_or_default().parse::<i64>();
                granted.is_ok_and(|t| now - t > g["valid"].as_i64().unwrap_or(0))
            });
            match lapsed.map(|g| g["name"].as_str().unwrap_or_default()) {
                Some(name) => badly(sim, here, vec![output("cause", &["lapsed:", name].concat())]),
                None => well(sim, here, Vec::new()),
            }
        }
        Fixed::Record => return record(sim, here, env),
        Fixed::HandOver => return hand_over(sim, here, env),
        Fixed::Settle => {
            let state = &mut sim.runs[here.0].jobs[here.1];
            (state.busy, state.wakes) = (Busy::Settle(None), true);
        }
        Fixed::Todo => return super::back::todo(sim, here, env),
        Fixed::Report => return super::back::report(sim, here, env),
        Fixed::Again => badly(sim, here, Vec::new()),
        Fixed::RollbackReport => return super::back::rollback_report(sim, here, env),
    }
    Ok(())
}

/// A stage looks whether its window is open.
fn window(sim: &mut Sim<'_>, here: Here) {
    let stages = &sim.plan.release().stages;
    let steps = &sim.job(here.0, here.1).steps;
    let owner = steps.iter().find_map(|s| s.var("STAGE"));
    let stage = owner
        .and_then(|slug| stages.iter().position(|s| s.slug == slug))
        .map(StageId::at);
    let looked = |s: StageId| Purpose::new(At::Stage(s), "window", Deed::Around);
    match stage.filter(|s| sim.scenario.late == Some(*s) && !sim.begun.contains_key(&looked(*s))) {
        Some(s) => {
            sim.begun.insert(looked(s), 1);
            sim.happens(here.0, here.1, What::Shut(s));
            badly(sim, here, vec![output("cause", "window")]);
        }
        None => well(sim, here, Vec::new()),
    }
}

/// The run that this one goes on with ends first.
fn turn(sim: &mut Sim<'_>, (run, job): Here, env: &Env) -> Result<(), String> {
    let state = read(env, "RESUME")?;
    let before: Option<usize> = state["run"].as_str().and_then(|r| r.parse().ok());
    match before.and_then(|b| b.checked_sub(1)).filter(|b| *b < run) {
        Some(before) => {
            let state = &mut sim.runs[run].jobs[job];
            (state.busy, state.wakes) = (Busy::Turn(before), true);
        }
        None => well(sim, (run, job), Vec::new()),
    }
    Ok(())
}

/// Who said yes at some environments, each once.
fn said_yes(sim: &Sim<'_>, run: usize, places: &[String]) -> BTreeSet<String> {
    let reviews = sim.runs[run].reviews.iter();
    reviews
        .filter(|(place, ..)| places.contains(place))
        .map(|(_, who, _)| who.clone())
        .collect()
}

/// Whether an answer comes too late: later than the plan says after the last of the moments at which it was asked for.
fn late(env: &Env, now: i64) -> Result<bool, String> {
    let asked = texts(&read(env, "ASKED")?);
    let asked: i64 = asked.iter().filter_map(|a| a.parse().ok()).max().unwrap_or(0);
    let within = var(env, "WITHIN").parse::<i64>();
    Ok(within.is_ok_and(|w| asked > 0 && now - asked > w))
}

fn approval(sim: &mut Sim<'_>, (run, job): Here, parts: &[Purpose], env: &Env) -> Result<(), String> {
    let now = now(sim, run, job);
    let approvers = said_yes(sim, run, &[var(env, "ENVIRONMENT").to_string()]);
    let others = said_yes(sim, run, &texts(&read(env, "APART")?));
    let counted: Vec<String> = approvers.difference(&others).cloned().collect();
    let seats: usize = var(env, "SEATS").parse().map_err(|_| "`SEATS` is no number")?;
    let late = late(env, now)?;
    let mut broken = false;
    for rule in read(env, "RULES")?.as_array().into_iter().flatten() {
        let places = texts(&rule["environments"]);
        let filled: BTreeSet<(String, String)> = sim.runs[run]
            .reviews
            .iter()
            .filter(|(place, ..)| places.contains(place))
            .map(|(place, who, _)| (place.clone(), who.clone()))
            .collect();
        let people: Vec<String> = filled
            .into_iter()
            .map(|(_, who)| who)
            .chain(texts(&rule["people"]))
            .collect();
        let most = match rule["kind"].as_str() {
            Some("distinct") => 1,
            Some("at_most") => rule["most"].as_u64().unwrap_or(1) as usize,
            _ => usize::MAX,
        };
        broken |= people
            .iter()
            .any(|p| people.iter().filter(|q| *q == p).count() > most);
    }
    let name = var(env, "NAME");
    if counted.len() < seats || late || broken {
        for part in parts {
            sim.happens(run, job, What::Failed(part.clone()));
        }
        badly(sim, (run, job), Vec::new());
        return Ok(());
    }
    // Another seat of the same approval may still be open.
    let last = !name.is_empty() || parts.iter().all(|p| p.at != crate::emit::parts::At::Run);
    for part in parts.iter().filter(|_| last) {
        sim.happens(run, job, What::Done(part.clone()));
    }
    let mut out = vec![
        output("approvers", &Json::from(counted).to_string()),
        output("granted", &now.to_string()),
    ];
    if !name.is_empty() {
        let kept = ["v_", name].concat();
        let state = json!({"began": [], "done": [name], "values": {kept: now.to_string()}});
        out.push(output("state", &state.to_string()));
    }
    well(sim, (run, job), out);
    Ok(())
}

fn answer(sim: &mut Sim<'_>, (run, job): Here, env: &Env) -> Result<(), String> {
    let options = texts(&read(env, "OPTIONS")?);
    let place = var(env, "ENVIRONMENT");
    let given: Vec<String> = unique(sim.runs[run].reviews.iter().filter(|(p, ..)| p == place).map(
        |(_, _, said)| {
            options
                .iter()
                .filter(|o| o.eq_ignore_ascii_case(said))
                .cloned()
                .collect()
        },
    ));
    let late = late(env, now(sim, run, job))?;
    let mut out = Vec::new();
    if let ([one], false) = (given.as_slice(), late) {
        out.push(output("answer", one));
        for part in sim.runs[run].jobs[job].asks.clone() {
            // A question of the order is answered where the decision is made.
            if let Deed::Decide(d, _) = part.deed
                && sim.job(run, job).id.starts_with("ask")
            {
                let options = &sim.plan.release().decision(d).options;
                let option = options.iter().position(|o| o.name == *one).unwrap_or(0);
                let part = Purpose::new(part.at, &part.step, Deed::Decide(d, option));
                sim.happens(run, job, What::Done(part));
            }
        }
    }
    well(sim, (run, job), out);
    Ok(())
}

fn person(sim: &mut Sim<'_>, (run, job): Here, parts: &[Purpose], env: &Env) -> Result<(), String> {
    let now = now(sim, run, job);
    let place = var(env, "ENVIRONMENT");
    let said = sim.runs[run].reviews.iter().rev().find(|(p, ..)| p == place);
    let said = said.map(|(_, _, comment)| comment.clone());
    let said = said.ok_or("a step goes by the word of somebody who is asked elsewhere")?;
    if late(env, now)? && var(env, "LATE") != "agrees" {
        for part in parts {
            sim.happens(run, job, What::Failed(part.clone()));
        }
        badly(sim, (run, job), Vec::new());
        return Ok(());
    }
    for part in parts {
        sim.happens(run, job, What::Done(part.clone()));
    }
    let units = texts(&read(env, "UNITS")?);
    let mut done = units.clone();
    done.extend(texts(&read(env, "BESIDES")?));
    let keep = texts(&read(env, "KEEP")?);
    let owners = units.iter().map(|u| u.split('.').next().unwrap_or(u).to_string());
    let began = unique([owners.collect::<Vec<_>>(), units.clone()]);
    let values: Map<String, Json> = keep.iter().map(|k| (k.clone(), said.clone().into())).collect();
    let mut out: Outputs = keep.iter().map(|k| output(k, &said)).collect();
    let verdict = var(env, "VERDICT");
    if !verdict.is_empty() {
        out.push(output(verdict, "passed"));
    }
    let state = json!({"began": began, "done": done, "values": values});
    out.push(output("by", "somebody"));
    out.push(output("at", &now.to_string()));
    out.push(output("state", &state.to_string()));
    well(sim, (run, job), out);
    Ok(())
}

fn decided(sim: &mut Sim<'_>, (run, job): Here, parts: &[Purpose], env: &Env) -> Result<(), String> {
    let answered = [var(env, "FIRST"), var(env, "SECOND")]
        .into_iter()
        .find(|a| !a.is_empty());
    let taken = Some(var(env, "TAKEN")).filter(|t| !t.is_empty());
    let option = taken.or(answered).unwrap_or(var(env, "DEFAULT"));
    let part = parts.first().ok_or("a decision stands for nothing")?;
    let Deed::Decide(d, _) = part.deed else {
        return Err("a decision is none of the plan's".into());
    };
    let options = &sim.plan.release().decision(d).options;
    let index = options.iter().position(|o| o.name == option);
    match (taken, answered, index) {
        (None, Some(_), Some(i)) => {
            let part = Purpose::new(part.at, &part.step, Deed::Decide(d, i));
            sim.happens(run, job, What::Done(part));
        }
        (None, None, _) if option.is_empty() => sim.happens(run, job, What::Failed(part.clone())),
        _ => {}
    }
    let mut out = vec![
        output("option", option),
        output("at", &now(sim, run, job).to_string()),
    ];
    if option.is_empty() || !texts(&read(env, "GO_ON")?).iter().any(|o| o == option) {
        badly(sim, (run, job), out);
        return Ok(());
    }
    let name = var(env, "NAME");
    let keep = texts(&read(env, "KEEP")?);
    let mut values = Map::new();
    for key in std::iter::once(["v_", name].concat()).chain(keep.iter().cloned()) {
        values.insert(key, option.into());
    }
    let state = json!({"began": [], "done": [name], "values": values});
    out.push(output("state", &state.to_string()));
    out.extend(keep.iter().map(|k| output(k, option)));
    well(sim, (run, job), out);
    Ok(())
}

fn record(sim: &mut Sim<'_>, (run, job): Here, env: &Env) -> Result<(), String> {
    let steps = read(env, "STEPS")?;
    let units = read(env, "UNITS")?;
    let gates = read(env, "GATES")?;
    let ends = texts(&read(env, "ENDS")?);
    let began_step = |key: &str| steps[key]["outputs"]["began"] == "true";
    let (mut began, mut done): (Vec<String>, Vec<String>) = Default::default();
    for (step, list) in units.as_object().into_iter().flatten() {
        if began_step(step) {
            began.extend(texts(list));
            if steps[step]["outcome"] == "success" {
                done.extend(texts(list));
            }
        }
    }
    for (step, list) in gates.as_object().into_iter().flatten() {
        if steps[step]["outcome"] == "success" {
            done.extend(texts(list));
        }
    }
    if !began.is_empty() {
        began.push(var(env, "STAGE").to_string());
    }
    let all = || steps.as_object().into_iter().flatten();
    let outputs = || all().filter_map(|(_, s)| s["outputs"].as_object()).flatten();
    let goes_on = || outputs().any(|(k, v)| k == "failed" && v == "true");
    if var(env, "STATUS") == "success" && (var(env, "LAST") == "true" || goes_on()) {
        done.extend(ends);
    }
    let mut values: Map<String, Json> = outputs()
        .filter(|(k, _)| k.starts_with("v_"))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    if goes_on() {
        values.insert(["v_failed-", var(env, "STAGE")].concat(), "true".into());
    }
    let says = |name: &str| outputs().any(|(k, v)| k == name && v == "true").to_string();
    let cause = outputs().rfind(|(k, _)| *k == "cause");
    let cause = cause
        .and_then(|(_, v)| v.as_str())
        .unwrap_or_default()
        .to_string();
    let rung = all().filter(|(k, _)| began_step(k)).filter_map(|(k, _)| {
        let head = k.split('_').next()?;
        let number = head.strip_prefix('r')?;
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        (digits && k.contains('_')).then(|| head.to_string())
    });
    let mut rung = { rung }.next_back().unwrap_or_default();
    if !rung.is_empty() && rung == var(env, "LOWEST") {
        rung = "r1".to_string();
    }
    let bad = |key: &str| {
        let prior = [key, "_prior_"].concat();
        let failed = |k: &str| ["failure", "cancelled"].iter().any(|o| steps[k]["outcome"] == *o);
        failed(key) || all().any(|(k, _)| k.starts_with(&prior) && failed(k))
    };
    let failing = units
        .as_object()
        .into_iter()
        .flatten()
        .chain(gates.as_object().into_iter().flatten())
        .filter(|(k, _)| bad(k))
        .map(|(_, v)| texts(v));
    let state = json!({
        "job": var(env, "JOB"),
        "failing": unique(failing),
        "began": unique([began]),
        "done": unique([done]),
        "values": values,
        "stopped": says("stopped") == "true",
        "failed": says("failed") == "true",
        "cause": cause,
        "rung": rung,
    });
    let out = vec![
        output("state", &state.to_string()),
        output("stopped", &says("stopped")),
        output("failed", &says("failed")),
        output("cause", &cause),
        output("rung", &rung),
        output("at", &now(sim, run, job).to_string()),
    ];
    let files = &mut sim.runs[run].jobs[job].files;
    files.insert("state.json".into(), state.to_string());
    well(sim, (run, job), out);
    Ok(())
}

/// States of jobs and runs as one; prior states stay as they were first seen where `priors` says so.
pub fn merged(states: &[Json], priors: bool) -> Json {
    let mut values = Map::new();
    for state in states {
        for (key, value) in state["values"].as_object().into_iter().flatten() {
            if !(priors && key.starts_with("v_prior_") && values.contains_key(key)) {
                values.insert(key.clone(), value.clone());
            }
        }
    }
    json!({
        "began": unique(states.iter().map(|s| texts(&s["began"]))),
        "done": unique(states.iter().map(|s| texts(&s["done"]))),
        "values": values,
    })
}

/// The inputs that are the plan's, to hand on.
pub fn handed_on(env: &Env) -> Result<Vec<(String, String)>, String> {
    let wanted = texts(&read(env, "PARAMS")?);
    let inputs = read(env, "INPUTS")?;
    let inputs = inputs.as_object().into_iter().flatten();
    Ok(inputs
        .filter(|(k, _)| wanted.contains(k))
        .map(|(k, v)| {
            (
                k.clone(),
                v.as_str().map_or_else(|| v.to_string(), str::to_string),
            )
        })
        .collect())
}

/// What jobs before this one left as their state.
pub fn states(needs: &Json) -> Result<Vec<Json>, String> {
    let mut list = Vec::new();
    for (_, need) in needs.as_object().into_iter().flatten() {
        if let Some(state) = need["outputs"]["state"].as_str().filter(|s| !s.is_empty()) {
            // A report says its state in one word.
            list.push(
                serde_json::from_str(state).map_err(|e| ["a state is no JSON: ", &e.to_string()].concat())?,
            );
        }
    }
    Ok(list)
}

fn hand_over(sim: &mut Sim<'_>, (run, job): Here, env: &Env) -> Result<(), String> {
    let needs = read(env, "NEEDS")?;
    let asked = read(env, "ASKED_JOBS")?;
    let resume = read(env, "RESUME")?;
    let mut all: Vec<Json> = Vec::new();
    if !resume.is_null() {
        all.push(resume);
    }
    all.extend(states(&needs)?);
    for (name, need) in needs.as_object().into_iter().flatten() {
        if need["result"] != "skipped" {
            all.push(json!({"began": texts(&asked[name])}));
        }
    }
    let mut state = merged(&all, true);
    let failing = read(env, "FAILING")?;
    let broken = needs
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, n)| n["result"] == "failure");
    let past = unique(
        states(&needs)?
            .iter()
            .map(|s| texts(&s["failing"]))
            .chain(broken.map(|(name, _)| texts(&failing[name]))),
    );
    state["failed"] = json!({
        "job": var(env, "FAILED"),
        "cause": var(env, "CAUSE"),
        "rung": var(env, "RUNG"),
        "past": past,
    });
    for (key, name) in [("starter", "STARTER"), ("start", "START"), ("attempt", "ATTEMPT")] {
        state[key] = var(env, name).into();
    }
    let mut given = handed_on(env)?;
    given.push(("run".into(), (run + 1).to_string()));
    given.push(("began".into(), state["began"].to_string()));
    given.push(("state".into(), state.to_string()));
    given.push(("ends".into(), "as_planned".into()));
    let causes = sim.runs[run].jobs[job].last.clone();
    let at = sim.runs[run].jobs[job].at;
    sim.dispatch(var(env, "ROLLBACK"), given, at, causes)?;
    well(sim, (run, job), Vec::new());
    Ok(())
}
