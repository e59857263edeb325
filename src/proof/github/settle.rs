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
        let mut all = vec![state.clone()];
        for (name, content) in &sim.runs[target].artifacts {
            if name.starts_with("state-") {
                all.push(serde_json::from_str(content).map_err(|e| e.to_string())?);
            }
        }
        let units = read(&env, "BY_HAND")?;
        let seen = sim.runs[run].jobs[job]
            .files
            .get("asked")
            .cloned()
            .unwrap_or_default();
        let failed = |(s, d): (&super::state::JobState, &super::workflow::Job<'_>)| {
            (s.stands == Stands::Done(Ended::Failure)).then(|| d.name.clone())
        };
        let failed: Vec<String> = sim.runs[target]
            .jobs
            .iter()
            .zip(&flow.jobs)
            .filter_map(failed)
            .collect();
        for name in seen.lines().chain(failed.iter().map(String::as_str)) {
            all.push(json!({"began": texts(&units[name])}));
        }
        for (key, value) in merged(&all, false).as_object().into_iter().flatten() {
            state[key] = value.clone();
        }
        let causes = everything(sim, target);
        join(sim, run, job, causes);
    }
    if !var(&env, "BEGAN").is_empty() {
        let began = texts(&read(&env, "BEGAN")?);
        state["began"] = unique([texts(&state["began"]), began]).into();
    }
    let fallback = json!({"then": "rollback", "ends": "rolled_back"});
    let ends = var(&env, "ENDS");
    let outcome = if ends == "as_planned" {
        let word = |key: &str| failed[key].as_str().unwrap_or_default().to_string();
        let table = read(&env, "OUTCOMES")?;
        let own = &table[word("job")];
        let keys = [word("cause"), ["rung:", &word("rung")].concat(), "default".into()];
        let found = keys.iter().map(|k| &own[k]).find(|v| !v.is_null());
        found.cloned().unwrap_or(fallback)
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
