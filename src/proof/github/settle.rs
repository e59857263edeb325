//! How a rollback begins: it ends the release's run, gathers what began, and looks up what follows.
//!
//! The model of one script, in several moments. Must not know what is undone. Used by `step`.

use super::fixed::{merged, read, texts, unique, var, well};
use super::run::Sim;
use super::state::{Busy, Ended, Stands};
use super::step::{everything, join, now, output};
use serde_json::{Value as Json, json};

/// Seconds that the rollback waits for the release to end by itself before it ends it.
const PATIENCE: f64 = 300.0;

/// The rollback ends the release's run, then says what follows.
///
/// # Errors
/// What is not understood.
pub fn settle(sim: &mut Sim<'_>, run: usize, job: usize, since: Option<f64>) -> Result<(), String> {
    const BUSY: [&str; 5] = ["Stage ", "Checks ", "Hold ", "Exit ", "After "];
    let env = super::step::env(sim, run, job)?;
    let mut state = read(&env, "STATE")?;
    if state.is_null() {
        state = json!({});
    }
    let failed = state["failed"].clone();
    let fallen: Vec<Json>;
    let at = sim.runs[run].jobs[job].at;
    let target = var(&env, "RUN")
        .parse::<usize>()
        .ok()
        .and_then(|r| r.checked_sub(1));
    if let Some(target) = target {
        let rival = |other: usize| {
            let inputs = &sim.runs[other].inputs;
            let named = |(k, v): &(String, super::value::Value)| k == "run" && v.shown() == var(&env, "RUN");
            sim.runs[other].flow == sim.runs[run].flow && inputs.iter().any(named)
        };
        if !failed.is_null() && (0..run).any(rival) {
            let out = vec![
                output("then", "nothing"),
                output("outcome", "{\"then\":\"nothing\"}"),
            ];
            well(sim, (run, job), out);
            return Ok(());
        }
        let released = sim.runs.get(target).ok_or("a run is ended that does not exist")?;
        let flow = sim.workflow(target);
        let mut jobs = released.jobs.iter().zip(&flow.jobs);
        let busy = jobs.any(|(s, d)| s.stands == Stands::Runs && BUSY.iter().any(|k| d.name.starts_with(k)));
        if since.is_none() && busy && !failed.is_null() {
            sim.runs[run].jobs[job].at = f64::INFINITY;
            return Ok(());
        }
        if released.open > 0 {
            let from = since.unwrap_or(at);
            let asked = |(s, d): (&super::state::JobState, &super::workflow::Job<'_>)| {
                (s.stands == Stands::Waits && matches!(s.busy, Busy::Review)).then(|| d.name.clone())
            };
            let names: Vec<String> = released.jobs.iter().zip(&flow.jobs).filter_map(asked).collect();
            let waiting = released.jobs.iter().any(|s| s.stands == Stands::Waits);
            if failed.is_null() || waiting || at - from >= PATIENCE {
                sim.break_off(target, at)?;
            }
            let state = &mut sim.runs[run].jobs[job];
            let seen = state.files.entry("asked".into()).or_default();
            for name in names {
                seen.push_str(&name);
                seen.push('\n');
            }
            state.busy = Busy::Settle(Some(from));
            state.at = if at - from >= PATIENCE {
                f64::INFINITY
            } else {
                from + PATIENCE
            };
            return Ok(());
        }
        let mut beside: Vec<Json> = Vec::new();
        for (name, content) in &sim.runs[target].artifacts {
            if name.starts_with("state-") {
                beside.push(serde_json::from_str(content).map_err(|e| e.to_string())?);
            }
        }
        let mut all: Vec<Json> = std::iter::once(&state).chain(&beside).cloned().collect();
        let units = read(&env, "BY_HAND")?;
        let seen = sim.runs[run].jobs[job]
            .files
            .get("asked")
            .cloned()
            .unwrap_or_default();
        let wrong = |(s, d): (&super::state::JobState, &super::workflow::Job<'_>)| {
            (s.stands == Stands::Done(Ended::Failure)).then(|| d.name.clone())
        };
        let wrong: Vec<String> = sim.runs[target]
            .jobs
            .iter()
            .zip(&flow.jobs)
            .filter_map(wrong)
            .collect();
        fallen = also(&wrong, &read(&env, "FALLEN")?, &beside);
        for name in seen.lines().chain(wrong.iter().map(String::as_str)) {
            all.push(json!({"began": texts(&units[name])}));
        }
        for (key, value) in merged(&all, false).as_object().into_iter().flatten() {
            state[key] = value.clone();
        }
        let causes = everything(sim, target);
        join(sim, run, job, causes);
    } else {
        fallen = state["waits"].as_array().cloned().unwrap_or_default();
    }
    if !var(&env, "BEGAN").is_empty() {
        let began = texts(&read(&env, "BEGAN")?);
        state["began"] = unique([texts(&state["began"]), began]).into();
    }
    let ends = var(&env, "ENDS");
    let outcome = if ends == "as_planned" {
        strongest(&mut state, &failed, fallen, &read(&env, "OUTCOMES")?)
    } else {
        json!({"then": "rollback", "ends": ends})
    };
    let text = |key: &str| match &outcome[key] {
        Json::Null => String::new(),
        Json::String(s) => s.clone(),
        other => other.to_string(),
    };
    let options: Vec<String> = outcome["options"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(k, _)| k.clone())
        .collect();
    let out = vec![
        output("state", &state.to_string()),
        output("outcome", &outcome.to_string()),
        output("then", &text("then")),
        output("asks", &text("asks")),
        output("options", &Json::from(options).to_string()),
        output("within", &text("within")),
        output("now", &now(sim, run, job).to_string()),
    ];
    well(sim, (run, job), out);
    Ok(())
}

/// The failures that jobs which went wrong stand for; what only stopped because of another stands for none.
fn also(wrong: &[String], of: &Json, beside: &[Json]) -> Vec<Json> {
    let mut list = Vec::new();
    for name in wrong {
        let entry = &of[name];
        if entry.is_null() {
            continue;
        }
        let left = beside.iter().find(|b| b["job"] == name.as_str());
        let left = left.cloned().unwrap_or_default();
        if left["stopped"] == true {
            continue;
        }
        let cause = [&entry["cause"], &left["cause"]];
        let cause = cause.into_iter().find(|c| !c.is_null()).cloned();
        let same = |b: &&Json| b["job"].as_str().is_some_and(|j| of[j]["job"] == entry["job"]);
        let rungs = beside.iter().filter(same).filter_map(|b| b["rung"].as_str());
        let rung = rungs.max_by_key(|r| r.get(1..).and_then(|n| n.parse::<u64>().ok()));
        let past: Vec<String> = texts(&left["failing"])
            .into_iter()
            .chain(texts(&entry["past"]))
            .collect();
        list.push(json!({
            "job": entry["job"],
            "cause": cause.unwrap_or_else(|| "".into()),
            "past": past,
            "rung": rung.unwrap_or_default(),
        }));
    }
    // Several jobs may stand for one failure.
    list.sort_by(|a, b| a["job"].as_str().cmp(&b["job"].as_str()));
    list.dedup_by(|next, first| {
        let same = next["job"] == first["job"];
        if same {
            let past = [texts(&first["past"]), texts(&next["past"])].concat();
            first["past"] = past.into();
        }
        same
    });
    list
}

/// What settles all that failed together: the strongest; of equals, what handed over.
fn strongest(state: &mut Json, own: &Json, fallen: Vec<Json>, table: &Json) -> Json {
    let fallback = json!({"then": "rollback", "ends": "rolled_back"});
    let follows = |failed: &Json| {
        let word = |key: &str| failed[key].as_str().unwrap_or_default().to_string();
        let of_job = &table[word("job")];
        let keys = [word("cause"), ["rung:", &word("rung")].concat(), "default".into()];
        let found = keys.iter().map(|k| &of_job[k]).find(|v| !v.is_null());
        found.cloned().unwrap_or_else(|| fallback.clone())
    };
    let mut list: Vec<Json> = Vec::new();
    if !own.is_null() || fallen.is_empty() {
        list.push(own.clone());
    }
    list.extend(fallen.into_iter().filter(|f| f["job"] != own["job"]));
    let list: Vec<(Json, Json)> = list.into_iter().map(|f| (follows(&f), f)).collect();
    let back = unique(list.iter().map(|(what, _)| texts(&what["back"])));
    if !back.is_empty() {
        let mut began = texts(&state["began"]);
        began.retain(|b| !back.contains(b));
        state["began"] = began.into();
    }
    let strength = |what: &Json| what["strength"].as_u64().unwrap_or(9);
    let most = list.iter().map(|(what, _)| strength(what)).max();
    let all: Vec<&(Json, Json)> = list
        .iter()
        .filter(|(what, _)| Some(strength(what)) == most)
        .collect();
    let Some((what, failed)) = all.first() else {
        return fallback;
    };
    let mut what = what.clone();
    if what["then"] == "restart" && all.iter().any(|(other, _)| *other != what) {
        what = fallback;
    }
    if !what["scope"].is_null() {
        what["scope"] = unique(all.iter().map(|(w, _)| texts(&w["scope"]))).into();
    }
    if !failed.is_null() {
        state["failed"] = failed.clone();
    }
    let waits: Vec<Json> = all.iter().skip(1).map(|(_, f)| f.clone()).collect();
    if let Some(map) = state.as_object_mut() {
        map.remove("waits");
        if what["then"] == "ask" {
            map.insert("waits".into(), waits.into());
        }
    }
    if what["then"] != "rollback" && what["then"] != "restart" {
        for (other, _) in list.iter().filter(|(w, _)| w["then"] == "continue") {
            state["done"] = unique([texts(&state["done"]), texts(&other["done"])]).into();
            for (key, value) in other["values"].as_object().into_iter().flatten() {
                state["values"][key] = value.clone();
            }
        }
    }
    what
}
