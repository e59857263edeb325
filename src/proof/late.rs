//! What is over: the time of a stage, and how long a grant is good for.
//!
//! Must not know a target, but for whether it keeps the time. Used by `walk` and `entry`.

use super::clock;
use super::contract::{Then, Way};
use super::event::{Event, What};
use super::walk::Walker;
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{ApprovalId, Failure, Step, StepKind};

impl Walker<'_, '_> {
    /// What follows when a grant has lapsed by the time the stage would start.
    pub fn lapsed(&mut self) -> Result<Option<Then>, String> {
        let release = self.judge.release;
        // Where nothing keeps the time, it passes only until an hour, while somebody does not answer, or while something drags on.
        let scenario = self.judge.scenario;
        let passes = scenario.start.is_some() || scenario.drags.is_some() || !scenario.silent.is_empty();
        if !passes && release.stages.iter().all(|s| s.at.is_none()) {
            return Ok(None);
        }
        // What never comes to its turn needs no grant.
        if !self.its_turn_came() {
            return Ok(None);
        }
        // What follows it has begun, so it stood, though nothing of it shows.
        if self.own.is_empty() && self.followed() {
            return Ok(None);
        }
        // While one of its approvals is open, no other can have lapsed.
        let approved = &release.stage(self.stage).approved;
        let open = |(id, _): &(ApprovalId, _)| !self.judge.given(*id, &self.judge.trace.events);
        if self.own.get(self.next).is_none() && approved.iter().any(open) {
            return Ok(None);
        }
        for (id, _) in approved {
            let approval = release.approval(*id);
            let Some(valid) = approval.valid else { continue };
            let granted = |w: &What| matches!(w, What::Done(p) if p.deed == Deed::Grant(*id));
            let Some(grant) = self.judge.find(granted) else {
                continue;
            };
            let granted = self.judge.trace.events[grant].at;
            let valid = clock::float(valid.as_ms());
            match self.own.get(self.next) {
                // Asked once more before the stage shows again: what it had been granted for starts over.
                Some(first) if self.asked_again(*id, grant, *first).is_some() => {
                    let asked = self.asked_again(*id, grant, *first);
                    if asked.is_some_and(|at| at - granted > valid) {
                        self.judge.timed = true;
                        return Ok(Some(Then::from(&approval.otherwise)));
                    }
                }
                Some(first) => {
                    if self.judge.moment_before(*first) - granted > valid + 60_000.0 {
                        return Err(["approval `", &approval.name, "` has lapsed by then"].concat());
                    }
                }
                // When a stage began of which nothing shows is seen in how the run ended alone.
                None if self.judge.trace.end == "Succeeded" && !self.judge.visible(self.stage) => {}
                None => {
                    if self.reach() - granted > valid
                        || self.waits_unseen()
                        || self.held_up() - granted > valid
                    {
                        self.judge.timed = true;
                        return Ok(Some(Then::from(&approval.otherwise)));
                    }
                }
            }
        }
        Ok(None)
    }

    /// What follows when a grant has lapsed beside something else that gave the run up at that moment or later: which of the two came
    /// first does not show where no engine keeps the time, so the end of the run tells whether the stage was looked at.
    pub fn lapsed_beside(&mut self) -> Result<Option<Then>, String> {
        let judge = &self.judge;
        let events = &judge.trace.events;
        let reach = self.reach();
        let later = |(_, e): &(Then, Option<usize>)| e.is_some_and(|e| events[e].at >= reach);
        let approved = &judge.release.stage(self.stage).approved;
        let given = approved.iter().all(|(a, _)| judge.given(*a, events));
        let beside = judge.scenario.start.is_none() && self.own.is_empty() && !judge.thens.is_empty();
        if !beside || !given || !judge.thens.iter().all(later) {
            return Ok(None);
        }
        let end = judge.trace.end.clone();
        let shows = |then: &Then| match then {
            Then::Rollback | Then::From(_) => end == "RolledBack" || end == "NeedsHelp",
            Then::Stop => true,
            Then::Again => false,
        };
        Ok(self.lapsed()?.filter(shows))
    }

    /// When an approval is asked for once more between two moments of a run.
    fn asked_again(&self, id: ApprovalId, from: usize, to: usize) -> Option<f64> {
        let between = self.judge.trace.events.get(from + 1..to).unwrap_or_default();
        let asks = |e: &&Event| matches!(&e.what, What::Begin(p) if p.deed == Deed::Grant(id));
        between.iter().find(asks).map(|e| e.at)
    }

    /// Whether a stage that comes right after this one has begun.
    fn followed(&self) -> bool {
        let judge = &self.judge;
        judge.trace.events.iter().any(|e| match &e.what {
            What::Begin(Purpose {
                at: At::Stage(s),
                deed,
                ..
            }) => {
                !matches!(deed, Deed::Ready | Deed::Resume(_))
                    && judge.plan.stages_before(*s).contains(&self.stage)
            }
            _ => false,
        })
    }

    /// What follows when a grant has lapsed while the run had paused, where a run that goes on looks at its grants again.
    pub fn lapsed_meanwhile(&mut self) -> Option<Then> {
        let judge = &self.judge;
        if judge.scenario.start.is_some() {
            return None;
        }
        let events = &judge.trace.events;
        let resumed = |e: &&Event| matches!(&e.what, What::Begin(p) | What::Done(p) if matches!(p.deed, Deed::Resume(_)));
        let goes_on = events.iter().rfind(resumed)?.at;
        let guards = &judge.release.stage(self.stage).approved;
        let lapsed = guards.iter().map(|(id, _)| (*id, judge.release.approval(*id)));
        let lapsed = lapsed.filter(|(id, approval)| {
            let granted = |w: &What| matches!(w, What::Done(p) if p.deed == Deed::Grant(*id));
            let grant = judge.find(granted).map(|g| events[g].at);
            let valid = approval.valid.map(|v| clock::float(v.as_ms()));
            matches!((grant, valid), (Some(g), Some(v)) if goes_on - g > v)
        });
        let then = lapsed.map(|(_, a)| Then::from(&a.otherwise)).next()?;
        self.judge.timed = true;
        Some(then)
    }

    /// How late it was when the last stage did something: a target may let a stage wait for others as well, and says so.
    fn held_up(&self) -> f64 {
        let judge = &self.judge;
        if !judge.thens.is_empty() || judge.trace.end == "Succeeded" {
            return f64::NEG_INFINITY;
        }
        let works = |e: &&Event| matches!(&e.what, What::Done(p) if matches!(p.at, At::Stage(_)));
        judge
            .trace
            .events
            .iter()
            .rfind(works)
            .map_or(f64::NEG_INFINITY, |e| e.at)
    }

    /// Whether a default took the place of an answer when nothing shows: nobody knows how late it was by then.
    fn waits_unseen(&self) -> bool {
        let release = self.judge.release;
        let scenario = self.judge.scenario;
        let defaults =
            |p: &Purpose| matches!(p.deed, Deed::Decide(d, _) if release.decision(d).default.is_some());
        scenario.start.is_none() && scenario.silent.iter().any(defaults)
    }

    /// Whether the stage has taken longer than it may.
    pub fn out_of_time(&mut self) -> bool {
        let judge = &self.judge;
        let Some(timeout) = judge.release.stage(self.stage).timeout else {
            return false;
        };
        let (Some(began), Some(last)) = (self.began_at, self.next.checked_sub(1)) else {
            return false;
        };
        if judge.scenario.start.is_none() || last < self.entered {
            return false;
        }
        let now = judge.trace.events[self.own[last]].at.max(self.measured_at);
        let from = self.clock_starts(began, now);
        let late = now - from > clock::float(timeout.as_ms()) + 1.0 && !self.held_and_went_on(now);
        self.judge.timed |= late;
        late
    }

    /// When the time of the stage started last: with the stage, or when somebody had said how it goes on.
    fn clock_starts(&self, began: f64, now: f64) -> f64 {
        let spans = self.judge.asked_after_failures();
        let own = |p: &Purpose| p.at == At::Stage(self.stage) || matches!(p.deed, Deed::Decide(..));
        let ends = spans.iter().filter(|(p, from, _)| own(p) && *from < now);
        ends.fold(began, |from, (_, _, to)| from.max(to.min(now)))
    }

    /// Whether somebody was asked after a failure, and the stage went on: how soon one that was held hears that it goes on shows only
    /// in what comes next.
    fn held_and_went_on(&self, now: f64) -> bool {
        let judge = &self.judge;
        let held = judge
            .asked_after_failures()
            .iter()
            .any(|(_, from, _)| *from < now);
        let after = judge.plan.stages_after(self.stage);
        let begins =
            |w: &What| matches!(w, What::Begin(p) if matches!(p.at, At::Stage(s) if after.contains(&s)));
        held && (self.own.get(self.next).is_some()
            || judge.find(begins).is_some()
            || judge.trace.end == "Succeeded")
    }

    /// Whether the time of a stage is over while an approval of its rollout is open, in a rest, or while what is measured is watched.
    pub fn waits_too_long(&mut self, step: &Step) -> bool {
        let judge = &self.judge;
        let watched = match step.kind {
            StepKind::VerifyGate(g) => {
                let gate = judge.release.gate(g);
                let between = gate.every.map_or(0.0, |d| clock::float(d.as_ms()));
                let over = gate.over.map_or(0.0, |d| clock::float(d.as_ms()));
                over + between * f64::from(gate.samples.saturating_sub(1))
            }
            _ => 0.0,
        };
        let stage = judge.release.stage(self.stage);
        let (Some(timeout), Some(began)) = (stage.timeout, self.began_at) else {
            return false;
        };
        let ends = |now| self.clock_starts(began, now) + clock::float(timeout.as_ms());
        let asked = |p: &Purpose| p.at == At::Stage(self.stage) && matches!(p.deed, Deed::Grant(_));
        let mut events = judge.trace.events.iter();
        let last = self.next.checked_sub(1).filter(|l| *l >= self.entered);
        let rests = last.map(|l| judge.trace.events[self.own[l]].at.max(self.measured_at));
        let rest = self.rest + watched;
        let rests = rests.is_some_and(|at| at + rest > ends(at));
        let late = judge.scenario.start.is_some()
            && (rests
                || events.any(|e| matches!(&e.what, What::Withdrawn(p) if asked(p)) && e.at >= ends(e.at)));
        self.judge.timed |= late;
        late
    }

    /// What follows a stage that takes too long.
    pub fn on_timeout(&self) -> Way {
        match self
            .judge
            .release
            .stage(self.stage)
            .on_failure
            .as_ref()
            .map(|f| &f.then)
        {
            None => Way::End(Then::Rollback),
            Some(Failure::Then(o)) => self.judge.way_at(o, self.stage),
            Some(Failure::Decision(d)) => self.judge.chosen(*d),
        }
    }
}
