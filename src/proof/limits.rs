//! What does not end by itself is given up when the plan says, and a question that nobody answers in time.
//!
//! Must not know a target, but for whether it keeps the time. Used by `contract`.

use super::clock::float;
use super::contract::Judge;
use super::event::{Event, What};
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{Dur, Release, Retry, Step, StepKind};

/// How much later than the plan says something may be given up, in seconds: one look, and what a machine needs.
const LOOK: f64 = 3_700.0;
/// How much earlier, in seconds: what stands between the start of a stage and its first command.
const SOON: f64 = 600.0;
/// The longest that a job may work, in seconds.
const JOB: f64 = 6.0 * 3_600.0;

/// The step that a part is.
pub fn step_of<'r>(release: &'r Release, part: &Purpose) -> Option<&'r Step> {
    let At::Stage(s) = part.at else { return None };
    let steps = release.stage(s).forward_steps();
    steps.into_iter().find(|s| s.slug == part.step)
}

impl Judge<'_> {
    /// What hangs, and what nobody answers, is given up neither before its time nor long after it.
    ///
    /// # Errors
    /// What is given up too early or too late.
    pub fn given_up_in_time(&self) -> Result<(), String> {
        if self.scenario.start.is_some() {
            return Ok(());
        }
        if let Some((part, _)) = &self.scenario.hangs {
            for (begun, ended) in self.tries(part) {
                let waited = ended - begun;
                let own = self.allowed(part);
                // What says nothing of its own length shares the life of its job with what stands before it there.
                let stage = self.stage_ends(part, begun).map(|(first, ends)| {
                    let left = (JOB - (begun - first)).max(0.0);
                    let most = (ends - begun).max(0.0);
                    (most.min(left), most)
                });
                let own = [own, stage];
                let said = || own.iter().flatten();
                let most = said().map(|o| o.1).fold(JOB, f64::min);
                let least = said().map(|o| o.0).reduce(f64::min).unwrap_or_default().min(JOB);
                if waited > most + LOOK || waited + SOON < least {
                    return Err(format!(
                        "{} is given up after {waited} seconds, and the plan says {least}",
                        self.words(part)
                    ));
                }
            }
        }
        for part in &self.scenario.silent {
            let Some(within) = self.within(part).map(|d| float(d.as_seconds())) else {
                continue;
            };
            for (asked, ended) in self.tries(part) {
                let waited = ended - asked;
                // The time of its stage can be over before.
                let stage = self
                    .stage_ends(part, asked)
                    .map(|(_, ends)| (ends - asked).max(0.0));
                let least = stage.map_or(within, |left| within.min(left));
                if waited < least || waited > within + LOOK {
                    return Err(format!(
                        "{} is waited for {waited} seconds, and the plan says {within}",
                        self.words(part)
                    ));
                }
            }
        }
        Ok(())
    }

    /// When each try of a part begins and fails, in seconds.
    fn tries(&self, part: &Purpose) -> Vec<(f64, f64)> {
        let events = &self.trace.events;
        let begins = |e: &Event| matches!(&e.what, What::Begin(p) if p == part);
        let fails = |e: &Event| matches!(&e.what, What::Failed(p) if p == part);
        let failed = events.iter().enumerate().filter(|(_, e)| fails(e));
        let pair = |(i, e): (usize, &Event)| {
            let begun = events[..i].iter().rev().find(|e| begins(e))?;
            Some((begun.at / 1_000.0, e.at / 1_000.0))
        };
        failed.filter_map(pair).collect()
    }

    /// How long the plan lets a command run, in seconds: at least, and at most with all its tries.
    fn allowed(&self, part: &Purpose) -> Option<(f64, f64)> {
        let step = step_of(self.release, part)?;
        let again = |own: Dur, retry: Option<&Retry>| {
            let once = float(own.as_seconds());
            let times = retry.map_or(0, |r| r.times);
            let all = once * (f64::from(times) + 1.0);
            // Between two tries it waits as well, each time longer.
            let pauses = if times == 0 { 0.0 } else { JOB };
            (all, all + pauses)
        };
        match &step.kind {
            StepKind::Act(act) => {
                let own = step.timeout.or(act.timeout)?;
                Some(again(own, step.retry.as_ref().or(act.retry.as_ref())))
            }
            StepKind::WaitFor(wait) => {
                let within = float(wait.within.or(step.timeout)?.as_seconds());
                Some((within, within))
            }
            _ => None,
        }
    }

    /// When the stage of a part began, the last time before a moment, and when it is given up as a whole, in seconds.
    pub(super) fn stage_ends(&self, part: &Purpose, by: f64) -> Option<(f64, f64)> {
        let At::Stage(s) = part.at else { return None };
        let timeout = self.release.stage(s).timeout?;
        let own = |e: &&Event| match &e.what {
            What::Begin(p) | What::Done(p) | What::Failed(p) | What::Withdrawn(p) => {
                p.at == part.at && works(p.deed)
            }
            _ => false,
        };
        let mut first = None;
        let mut fresh = true;
        for event in self.trace.events.iter().filter(own) {
            if event.at / 1_000.0 > by {
                break;
            }
            // After a failure it begins again.
            match event.what {
                What::Begin(_) if fresh => (first, fresh) = (Some(event), false),
                What::Failed(_) => fresh = true,
                _ => {}
            }
        }
        let first = first?;
        // It begins with the rests before that.
        let steps = self.release.stage(s).forward_steps();
        let rests = steps.iter().map_while(|s| match s.kind {
            StepKind::Wait(d) | StepKind::Bake(d) => Some(float(d.as_seconds())),
            _ => None,
        });
        let first = first.at / 1_000.0 - rests.sum::<f64>();
        Some((first, first + float(timeout.as_seconds())))
    }

    /// How long an answer counts, where the plan says.
    fn within(&self, part: &Purpose) -> Option<Dur> {
        match part.deed {
            Deed::Grant(a) if part.at == At::Run => self.release.approval(a).within,
            Deed::Decide(d, _) => self.release.decision(d).question.within,
            Deed::Act => step_of(self.release, part)?.timeout,
            Deed::Judge(_) | Deed::Await => super::questions::of(self.release, part)?.1,
            _ => None,
        }
    }
}

/// Whether a deed is work of a stage.
fn works(deed: Deed) -> bool {
    matches!(deed, Deed::Act | Deed::Await | Deed::Judge(_))
}
