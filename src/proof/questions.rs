//! How long people are waited for, and whether another run is.
//!
//! Must not know a target. Used by `contract`.

use super::clock::float;
use super::contract::Judge;
use super::event::What;
use super::scenario::Lock;
use crate::emit::parts::{Deed, Purpose};
use crate::model::{Dur, GateTest, StepKind, WaitTest};

/// How long a question stays open when the plan does not say, in seconds.
const DAY: i64 = 86_400;
/// How much longer than the plan says an answer may be waited for: one look.
const LOOK: f64 = 3_600.0;
/// How long another run's lock is waited for, in seconds.
const LOCK: f64 = 86_400.0;

impl Judge<'_> {
    /// A question that nobody answers is waited for as long as the plan says, and not much longer.
    ///
    /// # Errors
    /// One that is given up too early or too late.
    pub fn answered_in_time(&self) -> Result<(), String> {
        for (i, event) in self.trace.events.iter().enumerate() {
            let What::Withdrawn(p) = &event.what else { continue };
            if !self.scenario.nobody(p) {
                continue;
            }
            let Some(wanted) = self.patience(p) else { continue };
            let asked = self.trace.events[..i]
                .iter()
                .rposition(|e| matches!(&e.what, What::Begin(q) if q == p));
            let Some(asked) = asked else {
                return Err("a question is given up that was not asked".into());
            };
            let waited = (event.at - self.trace.events[asked].at) / 1_000.0;
            let cut = self.trace.events[..i]
                .iter()
                .any(|e| matches!(e.what, What::Fired(_) | What::Blind));
            if (waited < wanted && !cut && !self.given_up_before(i)) || waited > wanted + LOOK {
                return Err(format!(
                    "{} is waited for {waited} seconds, and the plan says {wanted}",
                    self.words(p)
                ));
            }
        }
        Ok(())
    }

    /// Whether something failed before an event, so that questions are taken back.
    fn given_up_before(&self, event: usize) -> bool {
        self.trace.events[..event]
            .iter()
            .any(|e| matches!(e.what, What::Failed(_) | What::Judged(_, false)))
    }

    /// How many seconds a question stays open.
    fn patience(&self, purpose: &Purpose) -> Option<f64> {
        let seconds = |d: Option<Dur>| d.map_or(DAY, Dur::as_seconds);
        let release = self.release;
        let wanted = match purpose.deed {
            Deed::Grant(a) => {
                let a = release.approval(a);
                seconds(a.within.or(a.open_for))
            }
            Deed::Decide(d, _) => seconds(release.decision(d).question.within),
            Deed::NoData(g) => seconds(release.gate(g).timeout),
            Deed::Judge(g) => match &release.gate(g).test {
                GateTest::Ask(q) => seconds(q.within.or(release.gate(g).timeout)),
                _ => return None,
            },
            Deed::Resume(_) | Deed::Ready | Deed::Begin | Deed::Override(_) => DAY,
            Deed::Await => {
                let step = release
                    .stages
                    .iter()
                    .flat_map(crate::model::Stage::forward_steps)
                    .find(|s| s.slug == purpose.step)?;
                let StepKind::WaitFor(wait) = &step.kind else {
                    return None;
                };
                let WaitTest::Ask(q) = &wait.test else { return None };
                seconds(q.within.or(wait.within).or(step.timeout))
            }
            _ => return None,
        };
        Some(float(wanted.clamp(1, 30 * DAY)))
    }

    /// Whether a run that finds the first of its locks taken is dropped: locks of environments come first, and are waited for.
    pub fn drops(&self) -> bool {
        let environments = self.release.stages.iter().map(|s| s.environment);
        let production = environments
            .chain([self.release.environment])
            .any(|e| self.release.is_production(e));
        !production && self.release.locks.first().is_some_and(|l| l.drop)
    }

    /// A lock that is not released is waited for a day, or not at all when the plan says so.
    ///
    /// # Errors
    /// A run that gives up too early or too late.
    pub fn waited_for_lock(&self) -> Result<(), String> {
        if self.scenario.lock.is_none() {
            return Ok(());
        }
        let waited = (self.trace.ended - self.scenario.begins()) / 1_000.0;
        let early = waited < LOCK && !self.drops() && self.scenario.lock != Some(Lock::Released);
        if early || (self.drops() && waited > 0.0) || waited > LOCK + LOOK {
            return Err(format!("another run is waited for {waited} seconds"));
        }
        Ok(())
    }
}
