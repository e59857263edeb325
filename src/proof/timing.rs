//! What a stage's events say about time: windows, its own hour, rests, what lapses, what is looked at between steps.
//!
//! Must not know a target. Used by `walk`.

use super::clock;
use super::contract::{Judge, Then, Way};
use super::event::{Event, What};
use super::scenario::Broken;
use super::walk::{Walker, shows};
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{ApprovalOutcome, Failure, GateId, RolloutStep, Step, StepKind, TriggerTest};
use crate::plan::Node;

/// How much later than the plan says something may begin, in milliseconds.
const SLACK: f64 = 7_200_000.0;
/// How often a run may pause before it is taken back.
pub const MOST_PAUSES: usize = 3;

impl Judge<'_> {
    /// Nothing is done for which the plan has no place.
    ///
    /// # Errors
    /// What is.
    pub fn nothing_left(&self) -> Result<(), String> {
        for (stage, fate) in &self.fates {
            let Some(left) = fate.left else { continue };
            let what = match &self.trace.events[left].what {
                What::Begin(p) | What::Done(p) | What::Failed(p) | What::Withdrawn(p) => self.words(p),
                _ => String::new(),
            };
            let name = &self.release.stage(*stage).name;
            return Err([
                "stage `",
                name,
                "`: ",
                &what,
                " comes where the plan has nothing, or something else",
            ]
            .concat());
        }
        Ok(())
    }

    /// The latest of what comes right before an event.
    fn moment_before(&self, event: usize) -> f64 {
        let after = &self.trace.events[event].after;
        let times = after.iter().map(|e| self.trace.events[*e].at);
        times.fold(self.scenario.begins(), f64::max)
    }

    /// Whether the schedule says that the window is shut at an event.
    pub fn shut(&self, event: usize) -> bool {
        let Some((purpose, _)) = &self.scenario.drags else {
            return self.scenario.shut || self.scenario.broken == Some(Broken::Window);
        };
        let ended = self.find(|w| matches!(w, What::Done(p) if p == purpose));
        let when = |e: usize| (self.trace.events[e].at, e);
        self.scenario.shut && ended.is_some_and(|e| when(e) <= when(event))
    }

    /// Whether a question or a sibling's pause may have taken time between two events.
    fn asked_between(&self, first: usize, second: usize) -> bool {
        let events = &self.trace.events;
        (first..second).any(|i| match &events[i].what {
            What::Begin(p) => matches!(
                p.deed,
                Deed::Resume(_)
                    | Deed::Decide(..)
                    | Deed::NoData(_)
                    | Deed::Grant(_)
                    | Deed::Judge(_)
                    | Deed::Ready
                    | Deed::Begin
                    | Deed::Word(_)
                    | Deed::Await
            ),
            _ => false,
        }) || self
            .find(|w| matches!(w, What::Begin(p) if matches!(p.deed, Deed::Resume(_))))
            .is_some()
    }
}

impl Walker<'_, '_> {
    /// The pause that was asked for before the stage did anything.
    pub fn pause_at_entry(&self) -> Option<usize> {
        let first = self.own.get(self.next).copied().unwrap_or(usize::MAX);
        let stage = self.stage;
        self.judge.trace.events.iter().enumerate().take(first).find_map(|(i, e)| {
            let asked = matches!(&e.what, What::Begin(p) if p.deed == Deed::Resume(0) && p.at == At::Stage(stage));
            let closed = || clock::closed(self.judge.plan, stage, e.at, self.judge.shut(i));
            (asked && closed()).then_some(i)
        })
    }

    /// How a stage that finds its window shut goes on; nothing when it does not.
    pub fn window(&mut self) -> Result<Option<Way>, String> {
        if self.judge.scenario.start.is_none() {
            return Ok(None);
        }
        let plan = self.judge.plan;
        if self.pause_at_entry().is_some() {
            self.judge.timed = true;
            let asked = |w: &What| matches!(w, What::Begin(p) if p.deed == Deed::Resume(0));
            let all = self.judge.trace.events.iter().filter(|e| asked(&e.what)).count();
            let stage = self.stage;
            let mine = |w: &What| asked(w) && matches!(w, What::Begin(p) if p.at == At::Stage(stage));
            let own = self.judge.trace.events.iter().filter(|e| mine(&e.what)).count();
            let resumed = self.judge.scenario.resumed_at(At::Stage(self.stage));
            let again = resumed == 0;
            if (again && all < MOST_PAUSES) || (own > MOST_PAUSES) || (resumed > 1 && own > 1) {
                return Err(format!("the owner is asked {all} times when it is tried again"));
            }
            return Ok(Some(
                match self.judge.scenario.resumed_at(At::Stage(self.stage)) {
                    1 => Way::Proceed,
                    3 => Way::End(Then::Stop),
                    // It is shut the next time as well, until the run has paused too often.
                    _ => Way::End(Then::Rollback),
                },
            ));
        }
        let Some(first) = self.own.get(self.next).copied() else {
            let pauses = |w: &What| matches!(w, What::Begin(p) if p.deed == Deed::Resume(0));
            let often = self.judge.trace.events.iter().filter(|e| pauses(&e.what)).count() >= MOST_PAUSES;
            let shut = self.judge.scenario.shut || self.judge.scenario.broken == Some(Broken::Window);
            let closed =
                often && self.judge.thens.is_empty() && clock::closed(plan, self.stage, self.reach(), shut);
            self.judge.timed |= closed;
            return Ok(closed.then_some(Way::End(Then::Rollback)));
        };
        let at = self.judge.trace.events[first].at;
        let before = self.judge.moment_before(first);
        let shut = self.judge.shut(first);
        if clock::closed(plan, self.stage, at, shut) && clock::closed(plan, self.stage, before, shut) {
            return Err("it starts although the window is closed".into());
        }
        Ok(None)
    }

    /// A stage that found its window shut did not begin, and its owner says how it goes on; true when it does not.
    pub fn late(&mut self) -> Result<bool, String> {
        let stage = self.stage;
        let Some(event) = self.judge.find(|w| *w == What::Shut(stage)) else {
            return Ok(false);
        };
        let first = self.own.get(self.next);
        if first.is_some_and(|f| !self.judge.causes.before(event, *f)) {
            return Err("it begins although the window is shut".into());
        }
        let pause = crate::model::FailureOutcome::Pause;
        if let Way::End(then) = self.judge.way_at(&pause, stage) {
            self.judge.thens.push((then, Some(event)));
            return Ok(true);
        }
        Ok(false)
    }

    /// A stage that has its own time does not begin before it.
    pub fn begins_due(&self) -> Result<(), String> {
        let stage = self.judge.release.stage(self.stage);
        if let (Some((offset, _)), Some(first)) = (&stage.at, self.own.get(self.next))
            && self.judge.scenario.start.is_some()
        {
            let due = clock::due(self.judge.plan, self.judge.scenario, offset.after);
            if self.judge.trace.events[*first].at < due {
                return Err("it begins before its time has come".into());
            }
        }
        Ok(())
    }

    /// A step of a rollout that has its own time does not begin before it.
    pub fn due(&self, rung: Option<usize>) -> Result<(), String> {
        let stage = self.judge.release.stage(self.stage);
        let step = rung.and_then(|r| stage.rollout.as_ref()?.steps.get(r));
        if let (Some((offset, _)), Some(first)) = (step.and_then(|s| s.at.as_ref()), self.own.get(self.next))
            && self.judge.scenario.start.is_some()
        {
            let due = clock::due(self.judge.plan, self.judge.scenario, offset.after);
            if self.judge.trace.events[*first].at < due {
                return Err("a step of its rollout begins before its time has come".into());
            }
        }
        Ok(())
    }

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
        for (id, _) in &release.stage(self.stage).approved {
            let approval = release.approval(*id);
            let Some(valid) = approval.valid else { continue };
            let granted = |w: &What| matches!(w, What::Done(p) if p.deed == Deed::Grant(*id));
            let Some(grant) = self.judge.find(granted) else {
                continue;
            };
            let granted = self.judge.trace.events[grant].at;
            let valid = clock::float(valid.as_ms());
            match self.own.get(self.next) {
                Some(first) => {
                    if self.judge.moment_before(*first) - granted > valid + 60_000.0 {
                        return Err(["approval `", &approval.name, "` has lapsed by then"].concat());
                    }
                }
                None => {
                    if self.reach() - granted > valid || self.waits_unseen() {
                        self.judge.timed = true;
                        return Ok(Some(match approval.otherwise {
                            ApprovalOutcome::Rollback => Then::Rollback,
                            ApprovalOutcome::Stop => Then::Stop,
                            ApprovalOutcome::Restart(..) => Then::Again,
                        }));
                    }
                }
            }
        }
        Ok(None)
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
        let otherwise = lapsed.map(|(_, a)| &a.otherwise).next()?.clone();
        self.judge.timed = true;
        Some(match otherwise {
            ApprovalOutcome::Rollback => Then::Rollback,
            ApprovalOutcome::Stop => Then::Stop,
            ApprovalOutcome::Restart(..) => Then::Again,
        })
    }

    /// Whether a default took the place of an answer when nothing shows: nobody knows how late it was by then.
    fn waits_unseen(&self) -> bool {
        let release = self.judge.release;
        let scenario = self.judge.scenario;
        let defaults =
            |p: &Purpose| matches!(p.deed, Deed::Decide(d, _) if release.decision(d).default.is_some());
        scenario.start.is_none() && scenario.silent.iter().any(defaults)
    }

    /// What must be ready before the stage is asked for before it begins.
    pub fn ready(&self) -> Result<(), String> {
        let judge = &self.judge;
        let Some(first) = self.own.get(self.next) else {
            return Ok(());
        };
        if judge.scenario.start.is_none() {
            return Ok(());
        }
        for (list, _) in &judge.release.stage(self.stage).ready {
            let name = &judge.release.checklist(*list).name;
            let mine = |p: &Purpose| p.deed == Deed::Ready && p.step == *name;
            let asked = judge.open.parts.iter().any(mine);
            let refused = |w: &What| matches!(w, What::Failed(p) | What::Withdrawn(p) if mine(p));
            let ready =
                judge.trace.events.iter().enumerate().any(|(i, e)| {
                    matches!(&e.what, What::Done(p) if mine(p)) && judge.causes.before(i, *first)
                });
            if asked && !ready && judge.find(refused).is_none() {
                return Err(["nobody says that `", name, "` is ready"].concat());
            }
        }
        Ok(())
    }

    /// The earliest that the stage can begin: when what stands right before it has ended.
    pub fn begins(&self) -> f64 {
        let ends = self.ends_before().into_iter();
        ends.map(|e| self.judge.trace.events[e].at)
            .fold(self.judge.scenario.begins(), f64::max)
    }

    /// The last step that is done and changed something.
    pub fn changed(&self) -> Option<usize> {
        let done =
            |e: &&usize| matches!(&self.judge.trace.events[**e].what, What::Done(p) if p.deed == Deed::Act);
        self.own[..self.next].iter().rev().find(done).copied()
    }

    /// The last events of what stands right before the stage.
    pub fn ends_before(&self) -> Vec<usize> {
        let before = self.judge.plan.stages_before(self.stage);
        before
            .iter()
            .filter_map(|s| self.judge.fates.get(s)?.last)
            .collect()
    }

    /// When a stage that does not show would start.
    fn reach(&self) -> f64 {
        let judge = &self.judge;
        // What does not apply has no end, and what stands before it counts.
        let before = judge.plan.stages_leading_to(Node::Stage(self.stage));
        let ends = before
            .iter()
            .filter_map(|s| judge.fates.get(s)?.last)
            .chain(self.own.last().copied());
        let mine = |p: &Purpose| p.at == At::Stage(self.stage) || matches!(p.deed, Deed::Grant(_));
        let asked = judge.trace.events.iter().filter_map(|e| match &e.what {
            What::Done(p) if mine(p) => Some(e.at),
            _ => None,
        });
        let times = ends.map(|e| judge.trace.events[e].at).chain(asked);
        let mut reach = times.fold(judge.scenario.begins(), f64::max);
        if let Some((offset, _)) = &judge.release.stage(self.stage).at {
            reach = reach.max(clock::due(judge.plan, judge.scenario, offset.after));
        }
        // Where states stand in one order, more is waited for than the plan says, and the author was told.
        let backs =
            |w: &What| matches!(w, What::Begin(p) if matches!(p.at, At::Undo(_) | At::Exit(_) | At::Finally));
        if let (Some(back), true) = (judge.find(backs), judge.thens.is_empty()) {
            reach = reach.max(judge.trace.events[back].at);
        }
        reach
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

    /// What rests between two steps is as long as the plan says, and not much longer.
    pub fn rested(&mut self) -> Result<(), String> {
        let rest = std::mem::replace(&mut self.rest, 0.0);
        if self.judge.scenario.start.is_none() {
            return Ok(());
        }
        if self.began_at.is_none() && self.next >= self.entered {
            let first = self.judge.trace.events[self.own[self.next]].at;
            self.began_at = Some(first - rest);
        }
        let Some(last) = self.next.checked_sub(1).filter(|l| *l >= self.entered) else {
            return Ok(());
        };
        let (last, next) = (self.own[last], self.own[self.next]);
        let passed = self.judge.trace.events[next].at - self.judge.trace.events[last].at;
        if passed < rest {
            return Err(format!(
                "it rests {} seconds too short",
                (rest - passed) / 1_000.0
            ));
        }
        let release = self.judge.release;
        let gates = self.judge.trace.events[last..next]
            .iter()
            .filter_map(|e| match e.what {
                What::Judged(g, _) => Some(g),
                _ => None,
            });
        let measuring: f64 = gates.map(|g| self.measures(g)).sum();
        let timed = release
            .stage(self.stage)
            .rollout
            .as_ref()
            .is_some_and(|r| r.steps.iter().any(|s| s.at.is_some()));
        if passed > rest + measuring + SLACK && !timed && !self.judge.asked_between(last, next) {
            return Err(format!("it rests {} seconds too long", (passed - rest) / 1_000.0));
        }
        Ok(())
    }

    /// How long a gate may take to be judged once.
    fn measures(&self, gate: GateId) -> f64 {
        let gate = self.judge.release.gate(gate);
        let long = |d: Option<crate::model::Dur>| d.map_or(300_000.0, |d| clock::float(d.as_ms()));
        long(gate.over).max(long(gate.every.or(gate.over)))
    }

    /// Between a step that is done and what comes next, and before the first, the triggers of the stage are looked at; a gate
    /// that is judged before the stage starts is no step of it, and nothing need be armed by then.
    pub fn looked(&self) -> Result<(), String> {
        if self.entering {
            return Ok(());
        }
        let judge = &self.judge;
        let next = self.own[self.next];
        let Some(last) = self.next.checked_sub(1).filter(|l| *l >= self.entered) else {
            return self.seen(&self.ends_before(), Some(next));
        };
        let last = self.own[last];
        let acted = matches!(&judge.trace.events[last].what, What::Done(p) if p.deed == Deed::Act);
        if !acted {
            return Ok(());
        }
        self.seen(&[last], Some(next))
    }

    /// After the last step of a stage that is done its triggers are looked at once more.
    pub fn looked_last(&self) -> Result<(), String> {
        let Some(last) = self.own.last().filter(|_| self.fate.done) else {
            return Ok(());
        };
        // Beside others it may be broken off once it has done all.
        let events = self.judge.trace.events.iter().enumerate();
        let mut joins = events.filter(|(_, e)| e.what == What::Join);
        if joins.any(|(i, _)| self.judge.causes.before(*last, i)) {
            return Ok(());
        }
        self.seen(&[*last], None)
    }

    /// Whether each trigger of the stage is looked at after some events and before another.
    fn seen(&self, after: &[usize], before: Option<usize>) -> Result<(), String> {
        let judge = &self.judge;
        if judge.scenario.start.is_none() {
            return Ok(());
        }
        for (i, trigger) in judge.release.triggers.iter().enumerate() {
            if !trigger.during.contains(&self.stage) || !matches!(trigger.test, TriggerTest::Metrics(_)) {
                continue;
            }
            let id = crate::model::TriggerId::at(i);
            let looked = judge.trace.events.iter().enumerate().any(|(e, event)| {
                matches!(event.what, What::Looked(t) | What::Fired(t) if t == id)
                    && after.iter().all(|a| judge.causes.before(*a, e))
                    && before.is_none_or(|b| judge.causes.before(e, b))
            });
            if !looked {
                return Err(["trigger `", &trigger.name, "` is not looked at between two steps"].concat());
            }
        }
        Ok(())
    }

    /// What the stage adds to its failures is done, or what its rollout does at the step before.
    pub fn asides(&self, event: Option<usize>) -> Result<(), String> {
        let judge = &self.judge;
        let stage = judge.release.stage(self.stage);
        let ladder = stage.rollout.as_ref().filter(|r| r.demote.is_some());
        let Some(event) = event else { return Ok(()) };
        let steps: &[Step] = match (ladder.and(self.rung), &stage.on_failure) {
            (Some(rung), _) => self.step_before(rung).map_or(&[], |s| &s.work),
            (None, Some(on_failure)) if judge.scenario.start.is_some() => &on_failure.steps,
            (None, _) => &[],
        };
        for step in steps.iter().filter(|s| judge.truth(&s.when)) {
            let StepKind::Act(act) = &step.kind else { continue };
            if !shows(act) || act.assertions.iter().any(|a| !judge.truth(&a.holds)) {
                continue;
            }
            // The workflow names such a step after what it is for.
            let is = |p: &Purpose| p.at == At::Aside && p.step.trim_start_matches("back_") == step.slug;
            let begun =
                judge.trace.events.iter().enumerate().any(|(i, e)| {
                    matches!(&e.what, What::Begin(p) if is(p)) && judge.causes.before(event, i)
                });
            if !begun {
                return Err(["after its failure `", &step.slug, "` is left out"].concat());
            }
        }
        Ok(())
    }

    /// The last step of the rollout that applies before this one.
    pub fn step_before(&self, rung: usize) -> Option<&RolloutStep> {
        let rollout = self.judge.release.stage(self.stage).rollout.as_ref()?;
        let before = rollout.steps.get(..rung)?;
        before.iter().rfind(|s| self.judge.truth(&s.when))
    }

    /// Whether a failure is tried again: a run that has paused too often is taken back.
    pub fn pauses(&mut self, event: Option<usize>) -> Result<Way, String> {
        let judge = &self.judge;
        if judge.scenario.start.is_none() {
            return Ok(Way::Retry);
        }
        let asked =
            |i: &usize| matches!(&judge.trace.events[*i].what, What::Begin(p) if p.deed == Deed::Resume(0));
        let all = 0..judge.trace.events.len();
        let own = |i: &usize| matches!(&judge.trace.events[*i].what, What::Begin(p) if p.at == At::Stage(self.stage));
        if all.clone().filter(asked).filter(own).count() > MOST_PAUSES {
            return Err("it pauses more often than a run may".into());
        }
        let Some(event) = event else { return Ok(Way::Retry) };
        let next = self.own.get(self.next).copied().unwrap_or(usize::MAX);
        let paused = all
            .clone()
            .filter(asked)
            .filter(own)
            .any(|i| i > event && i < next && judge.causes.before(event, i));
        if paused {
            return Ok(Way::Retry);
        }
        let before = all.filter(asked).filter(|i| *i < event).count();
        if before >= MOST_PAUSES {
            self.judge.timed = true;
            return Ok(Way::End(Then::Rollback));
        }
        Err("it fails, and the owner is not asked".into())
    }
}
