//! Triggers: jobs that watch others, and act or call somebody.
//!
//! Must not know what follows. Called by `step`.

use super::run::Sim;
use super::state::{Busy, Ended, Run, Stands};
use super::step::{badly, chosen, ended, env, output};
use crate::emit::github::parts::Does;
use crate::proof::event::What;

/// Seconds after which a trigger has looked for the first time.
const LOOK: f64 = 30.0;

/// A trigger looks at the jobs it watches.
///
/// # Errors
/// A step that is no trigger any more, or variables that cannot be read.
pub fn watch(sim: &mut Sim<'_>, run: usize, job: usize, until: f64, acts: Option<f64>) -> Result<(), String> {
    let entry = chosen(sim, run, job).map(|e| &e.does);
    let Some(Does::Watch {
        trigger,
        cause,
        calls,
        ..
    }) = entry
    else {
        return Err("a trigger is not what it was".into());
    };
    let env = env(sim, run, job)?;
    let names = |name: &str| -> Vec<String> {
        let text = env.get(name).map_or("[]", String::as_str);
        serde_json::from_str(text).unwrap_or_default()
    };
    let (watched, last) = (names("RELEASEC_WATCHED"), names("RELEASEC_FINAL"));
    let flow = sim.workflow(run);
    let named = |run: &Run, name: &str, is: &dyn Fn(Stands) -> bool| {
        let mut jobs = run.jobs.iter().zip(&flow.jobs);
        jobs.any(|(state, def)| def.name == name && is(state.stands))
    };
    let this = &sim.runs[run];
    let done = |s: Stands| matches!(s, Stands::Done(_));
    let over = last.iter().all(|n| named(this, n, &done)) || this.jobs.iter().any(|j| badly(j.stands));
    let begun = watched
        .iter()
        .any(|n| named(this, n, &|s| matches!(s, Stands::Done(_) | Stands::Runs)));
    let at = this.jobs[job].at;
    if over {
        ended(sim, run, job, Ended::Success, Vec::new());
    } else if acts.is_some_and(|a| at >= a) {
        sim.happens(run, job, What::Fired(*trigger));
        let (end, out) = if *calls {
            (Ended::Success, output("fired", "true"))
        } else {
            (Ended::Failure, output("cause", cause))
        };
        ended(sim, run, job, end, vec![out]);
    } else if at >= until {
        ended(sim, run, job, Ended::Success, vec![output("again", "true")]);
    } else {
        let fires = begun && sim.scenario.fires == Some(*trigger);
        let acts = acts.or(fires.then_some(at + LOOK));
        let state = &mut sim.runs[run].jobs[job];
        state.busy = Busy::Watch(until, acts);
        state.at = acts.unwrap_or(until).min(until);
    }
    Ok(())
}
