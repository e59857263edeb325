//! What the steps of a job do, as their manifest says: commands that work or fail, gates, waits, questions.
//!
//! Must not know when a job runs. Used by the run; the scripts that every workflow has are in `fixed`.

use super::back::Recorded;
use super::fixed;
use super::run::Sim;
use super::state::{Busy, Ended, Stands, StepState};
use super::value::eval;
use super::watch::watch;
use super::workflow::Workflow;
use crate::emit::environments::{self, Purpose as Place};
use crate::emit::github::parts::{Does, Entry};
use crate::emit::github::script::{Failing, Fixed, NoDataMeans, WaitLength};
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{Atom, Cond};
use crate::proof::event::What;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Seconds a command takes.
const WORK: f64 = 60.0;
/// The most seconds that what fails takes.
const SLOW: f64 = 3_000.0;

/// The variables of a step.
pub type Env = BTreeMap<String, String>;

/// What a step leaves.
pub type Outputs = Vec<(String, Arc<str>)>;

/// Whether a step reads what a person said in its job.
pub fn asks(does: &Does) -> bool {
    matches!(does, Does::Fixed(Fixed::Approval | Fixed::Person | Fixed::Answer))
}

/// The next thing in a job.
///
/// # Errors
/// What is not understood, and what a step may not do.
pub fn advance(sim: &mut Sim<'_>, run: usize, job: usize) -> Result<(), String> {
    match sim.runs[run].jobs[job].busy.clone() {
        Busy::Free => begin(sim, run, job),
        Busy::Work(part, _) if sim.runs[run].jobs[job].lost => {
            given_up(sim, run, job, part);
            Ok(())
        }
        Busy::Work(part, fails) => {
            let what = if fails {
                What::Failed(part)
            } else {
                What::Done(part)
            };
            sim.happens(run, job, what);
            let Some(Entry {
                does:
                    Does::Work {
                        failing,
                        verdict,
                        keeps,
                        ..
                    },
                ..
            }) = chosen(sim, run, job)
            else {
                return Err("a step is not what it was".into());
            };
            let mut out = vec![output("began", "true")];
            if fails {
                failed(sim, run, job, failing, verdict.as_deref(), out);
            } else {
                out.extend(keeps.iter().map(|k| output(k, "value")));
                out.extend(verdict.iter().map(|v| output(v, "passed")));
                ended(sim, run, job, Ended::Success, out);
            }
            Ok(())
        }
        Busy::Gate(count) => judge(sim, run, job, count),
        Busy::Wait(until) => {
            let guarded = matches!(
                chosen(sim, run, job),
                Some(Entry {
                    does: Does::Wait { guarded: true, .. },
                    ..
                })
            );
            let mut out = begun(sim, run, job);
            if guarded && stopped(sim, run) {
                out.push(output("stopped", "true"));
                ended(sim, run, job, Ended::Failure, out);
            } else if sim.runs[run].jobs[job].at >= until {
                ended(sim, run, job, Ended::Success, out);
            } else {
                sim.runs[run].jobs[job].at = until;
            }
            Ok(())
        }
        Busy::Watch(until, acts) => watch(sim, run, job, until, acts),
        Busy::Turn(other) => {
            if sim.runs[other].open == 0 {
                let causes = everything(sim, other);
                join(sim, run, job, causes);
                ended(sim, run, job, Ended::Success, Vec::new());
            } else {
                sim.runs[run].jobs[job].at = f64::INFINITY;
            }
            Ok(())
        }
        Busy::Settle(since) => super::settle::settle(sim, run, job, since),
        Busy::Review | Busy::Timer => Err("a job runs while it waits".into()),
    }
}

/// The text of an output.
pub fn output(name: &str, value: &str) -> (String, Arc<str>) {
    (name.to_string(), value.into())
}

/// All that has happened in a run.
pub fn everything(sim: &Sim<'_>, run: usize) -> Vec<usize> {
    let mut list: Vec<usize> = sim.runs[run]
        .jobs
        .iter()
        .flat_map(|j| j.last.iter().copied())
        .collect();
    list.sort_unstable();
    list.dedup();
    list
}

/// What happened elsewhere comes before what happens now.
pub fn join(sim: &mut Sim<'_>, run: usize, job: usize, causes: Vec<usize>) {
    let last = &mut sim.runs[run].jobs[job].last;
    last.extend(causes);
    last.sort_unstable();
    last.dedup();
}

/// A step has ended.
pub fn ended(sim: &mut Sim<'_>, run: usize, job: usize, outcome: Ended, outputs: Outputs) {
    let def = sim.job(run, job);
    let state = &mut sim.runs[run].jobs[job];
    let Some(step) = def.steps.get(state.step) else {
        return;
    };
    if outcome == Ended::Failure {
        state.failed = true;
    }
    state.steps.push(StepState {
        id: step.id.clone(),
        outcome,
        outputs,
    });
    state.step += 1;
    state.busy = Busy::Free;
    state.wakes = false;
}

/// What a step that does something, or waits as the plan says, has left by the time it is broken off.
pub fn begun(sim: &Sim<'_>, run: usize, job: usize) -> Outputs {
    let does = chosen(sim, run, job).map(|e| &e.does);
    let begins = matches!(
        does,
        Some(
            Does::Work { .. }
                | Does::Wait {
                    length: WaitLength::Seconds(_),
                    ..
                }
        )
    );
    begins.then(|| output("began", "true")).into_iter().collect()
}

/// What a failed step says, and whether it ends its job.
fn failed(
    sim: &mut Sim<'_>,
    run: usize,
    job: usize,
    failing: &Failing,
    verdict: Option<&str>,
    mut out: Outputs,
) {
    out.extend(verdict.map(|v| output(v, "failed")));
    let outcome = match failing {
        Failing::Job => Ended::Failure,
        Failing::Cause(cause) => {
            out.push(output("cause", cause));
            Ended::Failure
        }
        Failing::Noted | Failing::Nothing => Ended::Success,
        Failing::Stage => {
            out.push(output("failed", "true"));
            Ended::Success
        }
    };
    ended(sim, run, job, outcome, out);
}

/// The part that a step is of those that it may be: what has been done least.
pub fn chosen<'a>(sim: &Sim<'a>, run: usize, job: usize) -> Option<&'a Entry> {
    let def = sim.job(run, job);
    let step = def.steps.get(sim.runs[run].jobs[job].step)?;
    let done = |e: &&&Entry| {
        e.parts
            .first()
            .and_then(|p| sim.begun.get(p))
            .copied()
            .unwrap_or(0)
    };
    match &sim.runs[run].jobs[job].busy {
        Busy::Work(part, _) => step.entries.iter().find(|e| e.parts.contains(part)).copied(),
        _ => step.entries.iter().min_by_key(done).copied(),
    }
}

/// Whether a job has failed, or was given up, which GitHub calls broken off.
pub fn badly(stands: Stands) -> bool {
    matches!(stands, Stands::Done(Ended::Failure | Ended::Cancelled))
}

/// Whether something else in a run has failed, as a step looks for it.
pub fn stopped(sim: &Sim<'_>, run: usize) -> bool {
    const KINDS: [&str; 8] = [
        "Stage ",
        "Approval ",
        "Choice ",
        "Decision ",
        "Checks ",
        "Ready ",
        "Trigger ",
        "Hold ",
    ];
    let flow = sim.workflow(run);
    sim.runs[run]
        .jobs
        .iter()
        .zip(&flow.jobs)
        .any(|(state, def)| badly(state.stands) && KINDS.iter().any(|k| def.name.starts_with(k)))
}

/// The variables of the step a job is in.
///
/// # Errors
/// What is not understood.
pub fn env(sim: &Sim<'_>, run: usize, job: usize) -> Result<Env, String> {
    let def = sim.job(run, job);
    let eyes = sim.runs[run].eyes(sim.workflow(run), job, run, true);
    let step = def.steps.get(sim.runs[run].jobs[job].step);
    let fields = step.map_or(&[][..], |s| &s.env);
    fields
        .iter()
        .map(|(name, parts)| Ok((name.clone(), eyes.text(parts)?)))
        .collect()
}

/// The step begins, or is skipped; behind the last, the job ends.
fn begin(sim: &mut Sim<'_>, run: usize, job: usize) -> Result<(), String> {
    let def = sim.job(run, job);
    let flow: &Workflow<'_> = sim.workflow(run);
    let Some(step) = def.steps.get(sim.runs[run].jobs[job].step) else {
        return job_ends(sim, run, job);
    };
    if sim.runs[run].jobs[job].step == 0 {
        sim.runs[run].jobs[job].since = sim.runs[run].jobs[job].at;
    }
    let runs = {
        let eyes = sim.runs[run].eyes(flow, job, run, true);
        eval(&step.cond, &eyes)?.truth()
    };
    if !runs {
        ended(sim, run, job, Ended::Skipped, Vec::new());
        return Ok(());
    }
    let Some(entry) = chosen(sim, run, job) else {
        return Err("a step stands for nothing".into());
    };
    allowed(sim, run, job, entry)?;
    sim.runs[run].jobs[job].ran.push(entry.text.clone());
    does(sim, run, job, entry)
}

/// Whether a step has what it needs: rights, credentials, its environment, somebody's word.
fn allowed(sim: &Sim<'_>, run: usize, job: usize, entry: &Entry) -> Result<(), String> {
    let (def, state) = (sim.job(run, job), &sim.runs[run].jobs[job]);
    for (scope, writes) in &entry.rights {
        if def.rights.get(*scope).is_none_or(|w| *writes && !*w) {
            return Err(["a step needs a right to `", scope, "` that its job does not have"].concat());
        }
    }
    if entry.after.iter().any(|a| !state.ran.contains(a)) {
        return Err("a step runs without the repository or the credentials it needs".into());
    }
    if let Some(place) = &entry.environment
        && state.place != *place
    {
        return Err(["a step works outside of the environment `", place, "`"].concat());
    }
    if asks(&entry.does) && !state.reviewed {
        return Err("a step goes by the word of somebody who is not asked".into());
    }
    if let (
        Some(Purpose {
            at: At::Stage(s),
            deed: Deed::Act,
            ..
        }),
        Does::Work { .. },
    ) = (entry.parts.first(), &entry.does)
    {
        let release = sim.plan.release();
        let own = environments::name(release, &Place::Deploy(release.stage(*s).environment));
        if state.place != own {
            return Err(["a step works outside of the environment `", &own, "`"].concat());
        }
    }
    Ok(())
}

/// How a condition of the plan comes out for a step that reads some of it from its variables.
fn truth(sim: &Sim<'_>, cond: &Cond, reads: &[(Atom, String, String)], env: &Env) -> bool {
    match cond {
        Cond::True => true,
        Cond::False => false,
        Cond::And(l) => l.iter().all(|c| truth(sim, c, reads, env)),
        Cond::Or(l) => l.iter().any(|c| truth(sim, c, reads, env)),
        Cond::Not(c) => !truth(sim, c, reads, env),
        Cond::Atom(a) => match reads.iter().find(|(atom, ..)| atom == a) {
            Some((_, name, wanted)) => env.get(name).is_some_and(|v| v == wanted),
            None => sim.scenario.atom(a),
        },
    }
}

fn does(sim: &mut Sim<'_>, run: usize, job: usize, entry: &Entry) -> Result<(), String> {
    match &entry.does {
        Does::Nothing => ended(sim, run, job, Ended::Success, Vec::new()),
        Does::Tell => told(sim, run, job),
        Does::Quiet(trigger) => {
            // In a run that goes on with another, what fired there may still sound.
            let sounds = [sim.scenario.sounds, sim.scenario.fires.filter(|_| run > 0)];
            let outcome = match sounds.contains(&Some(*trigger)) {
                true => Ended::Failure,
                false => Ended::Success,
            };
            ended(sim, run, job, outcome, Vec::new());
        }
        Does::Values(names) => {
            let out = names.iter().map(|n| output(n, "value")).collect();
            ended(sim, run, job, Ended::Success, out);
        }
        Does::Upload => {
            let env = env(sim, run, job)?;
            let text = |name: &str| env.get(name).cloned().unwrap_or_default();
            let path = text("path");
            let file = path.rsplit('/').next().unwrap_or_default();
            match sim.runs[run].jobs[job].files.get(file).cloned() {
                Some(content) => {
                    sim.runs[run].artifacts.push((text("name"), content));
                    ended(sim, run, job, Ended::Success, Vec::new());
                }
                None => ended(sim, run, job, Ended::Failure, Vec::new()),
            }
        }
        Does::Work {
            guarded,
            asserts,
            known,
            ..
        } => {
            if *guarded && stopped(sim, run) {
                ended(sim, run, job, Ended::Failure, vec![output("stopped", "true")]);
                return Ok(());
            }
            let hangs = sim.scenario.hangs.as_ref();
            let hangs = hangs.is_some_and(|(p, _)| entry.parts.contains(p));
            let env = if entry.reads.is_empty() && known.is_empty() && !hangs {
                Env::new()
            } else {
                env(sim, run, job)?
            };
            if !asserts.iter().all(|c| truth(sim, c, &entry.reads, &env)) {
                ended(sim, run, job, Ended::Failure, Vec::new());
                return Ok(());
            }
            let Some(part) = entry.parts.first().cloned() else {
                return Err("a command stands for nothing".into());
            };
            let lost = match super::back::recorded(known, &env) {
                Recorded::All => false,
                Recorded::Lost => true,
                Recorded::Idle => {
                    ended(sim, run, job, Ended::Success, Vec::new());
                    return Ok(());
                }
                Recorded::GonePast => {
                    ended(sim, run, job, Ended::Failure, Vec::new());
                    return Ok(());
                }
            };
            let times = sim.begun.get(&part).copied().unwrap_or(0);
            let fails = hangs || lost || sim.scenario.failing(&part, times);
            let slow = sim.scenario.slow.filter(|_| fails);
            let drags = sim.scenario.drags.as_ref().filter(|(p, _)| *p == part);
            let own = drags.map(|(_, ms)| ms / 1_000.0);
            let takes = own.or(slow.map(|s| f64::from(s).min(SLOW))).unwrap_or(WORK);
            sim.happens(run, job, What::Begin(part.clone()));
            if hangs {
                hang(sim, (run, job), entry, &env);
            } else {
                sim.runs[run].jobs[job].at += takes;
            }
            sim.runs[run].jobs[job].busy = Busy::Work(part, fails);
        }
        Does::Gate { .. } => judge(sim, run, job, 0)?,
        Does::Watch { chunk, .. } => {
            let state = &mut sim.runs[run].jobs[job];
            state.wakes = true;
            state.busy = Busy::Watch(state.at + *chunk as f64, None);
        }
        Does::Wait { length, guarded } => {
            let seconds = match length {
                WaitLength::Seconds(_) if *guarded && stopped(sim, run) => {
                    ended(sim, run, job, Ended::Failure, vec![output("stopped", "true")]);
                    return Ok(());
                }
                WaitLength::Seconds(s) => *s,
                WaitLength::Since { after, most, whole } => {
                    let env = env(sim, run, job)?;
                    let start: i64 = env.get("START").and_then(|s| s.parse().ok()).unwrap_or(sim.base);
                    let left = start + after - now(sim, run, job);
                    if *whole && left > *most {
                        ended(sim, run, job, Ended::Failure, vec![output("cause", "window")]);
                        return Ok(());
                    }
                    left.min(*most)
                }
            };
            let state = &mut sim.runs[run].jobs[job];
            let until = state.at + seconds.max(0) as f64;
            state.wakes = true;
            state.busy = Busy::Wait(until);
        }
        Does::Asserts(list) => {
            let env = env(sim, run, job)?;
            let mut forms = 0;
            let mut well = true;
            for assert in list {
                match assert {
                    Some(cond) => well &= truth(sim, cond, &entry.reads, &env),
                    None => {
                        well &= sim.scenario.problem != Some(forms);
                        forms += 1;
                    }
                }
            }
            let outcome = if well { Ended::Success } else { Ended::Failure };
            ended(sim, run, job, outcome, Vec::new());
        }
        Does::Decides(list) => {
            let env = env(sim, run, job)?;
            let taken = env.get("RELEASEC_TAKEN").is_some_and(|t| !t.is_empty());
            let out = list
                .iter()
                .map(|(name, cond, word)| {
                    let truth = cond.as_ref().map(|c| truth(sim, c, &entry.reads, &env));
                    let value = match (truth, word) {
                        (None, _) => "value".to_string(),
                        (Some(true), Some(word)) if !taken => word.clone(),
                        (Some(_), Some(_)) => String::new(),
                        (Some(truth), None) => truth.to_string(),
                    };
                    output(name, &value)
                })
                .collect();
            ended(sim, run, job, Ended::Success, out);
        }
        Does::Fixed(script) => {
            let env = env(sim, run, job)?;
            fixed::run(sim, (run, job), *script, &entry.parts, &env)?;
        }
    }
    Ok(())
}

/// A command does not end: its script gives it up, or the stage does, or the job.
fn hang(sim: &mut Sim<'_>, (run, job): (usize, usize), entry: &Entry, env: &Env) {
    let most = sim.job(run, job).minutes as f64 * 60.0;
    let deadline = env.get("RELEASEC_DEADLINE").and_then(|d| d.parse::<i64>().ok());
    let base = sim.base;
    let state = &mut sim.runs[run].jobs[job];
    let limited = matches!(entry.does, Does::Work { limited: true, .. });
    let own = limited.then_some(state.at + entry.seconds as f64);
    let whole = deadline.map(|d| (d.saturating_sub(base) as f64).max(state.at));
    let ends = [own, whole].into_iter().flatten().fold(f64::INFINITY, f64::min);
    let last = state.since + most;
    state.lost = last < ends;
    state.at = ends.min(last).max(state.at);
}

/// A job is given up while its step is under way: what is left of it is what always runs.
fn given_up(sim: &mut Sim<'_>, run: usize, job: usize, part: Purpose) {
    let broken_off = sim.scenario.hangs.as_ref().is_some_and(|(_, off)| *off);
    sim.happens(run, job, What::Failed(part));
    let state = &mut sim.runs[run].jobs[job];
    (state.lost, state.cancelled) = (false, state.cancelled || broken_off);
    let outcome = [Ended::Failure, Ended::Cancelled][usize::from(broken_off)];
    // What a step has written down by then is kept.
    ended(sim, run, job, outcome, vec![output("began", "true")]);
}

/// Somebody is told what any of the messages that a step may be says.
pub fn told(sim: &mut Sim<'_>, run: usize, job: usize) {
    let step = sim.job(run, job).steps.get(sim.runs[run].jobs[job].step);
    let entries = step.map_or(&[][..], |s| &s.entries);
    let mut parts: Vec<Purpose> = Vec::new();
    for part in entries.iter().flat_map(|e| &e.parts) {
        if !parts.contains(part) {
            parts.push(part.clone());
        }
    }
    if !parts.is_empty() {
        sim.happens(run, job, What::Told(parts));
    }
    ended(sim, run, job, Ended::Success, Vec::new());
}

/// The moment, in seconds since 1970.
pub fn now(sim: &Sim<'_>, run: usize, job: usize) -> i64 {
    sim.base + sim.runs[run].jobs[job].at as i64
}

/// A gate is judged once more.
fn judge(sim: &mut Sim<'_>, run: usize, job: usize, count: u32) -> Result<(), String> {
    let Some(Entry {
        does:
            Does::Gate {
                gate,
                samples,
                every,
                guarded,
                failing,
                verdict,
                blank,
            },
        ..
    }) = chosen(sim, run, job)
    else {
        return Err("a gate is not what it was".into());
    };
    if count > 0 && *guarded && stopped(sim, run) {
        let out = vec![output("began", "true"), output("stopped", "true")];
        ended(sim, run, job, Ended::Failure, out);
        return Ok(());
    }
    let out = vec![output("began", "true")];
    let missing = sim.blank(*gate).then_some(*blank);
    if missing == Some(NoDataMeans::Pause) {
        sim.happens(run, job, What::Unsure(*gate));
        let out = vec![output("began", "true"), output("cause", "no_data")];
        ended(sim, run, job, Ended::Failure, out);
        return Ok(());
    }
    let passes = missing != Some(NoDataMeans::Fail) && !sim.scenario.gates.contains(gate);
    sim.happens(run, job, What::Judged(*gate, passes));
    if !passes {
        failed(sim, run, job, failing, Some(verdict), out);
    } else if count + 1 < *samples {
        let state = &mut sim.runs[run].jobs[job];
        state.busy = Busy::Gate(count + 1);
        state.at += *every as f64;
    } else {
        let out = vec![output("began", "true"), output(verdict, "passed")];
        ended(sim, run, job, Ended::Success, out);
    }
    Ok(())
}

/// A job has no step left.
fn job_ends(sim: &mut Sim<'_>, run: usize, job: usize) -> Result<(), String> {
    let def = sim.job(run, job);
    let outputs = {
        let eyes = sim.runs[run].eyes(sim.workflow(run), job, run, true);
        def.outputs
            .iter()
            .map(|(name, parts)| Ok((name.clone(), eyes.text(parts)?.into())))
            .collect::<Result<Outputs, String>>()?
    };
    let state = &mut sim.runs[run].jobs[job];
    // What is empty is as good as not there.
    state.outputs = outputs.into_iter().filter(|(_, v)| !v.is_empty()).collect();
    let ended = match () {
        () if state.cancelled => Ended::Cancelled,
        () if state.failed => Ended::Failure,
        () => Ended::Success,
    };
    sim.job_ended(run, job, ended);
    Ok(())
}
