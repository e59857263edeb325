//! What a stage's events say about time: windows, its own hour, rests, what lapses, what is looked at between steps.
//!
//! Must not know a target. Used by `walk`.

use super::clock;
use super::contract::{Judge, Then, Way};
use super::event::{Event, What};
use super::scenario::Broken;
use super::walk::{Walker, shows};
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{GateId, RolloutStep, StageId, Step, StepKind, TriggerTest};
use crate::plan::Node;

/// How much later than the plan says something may begin, in milliseconds.
const SLACK: f64 = 7_200_000.0;
/// How often a run may pause before it is taken back.
pub const MOST_PAUSES: usize = 3;

impl Judge<'_> {
    /// Nothing failed: then everything that applies is done.
    ///
    /// # Errors
    /// What is not.
    pub fn complete(&self) -> Result<(), String> {
        if !self.thens.is_empty() {
            return Ok(());
        }
        for (stage, fate) in &self.fates {
            if !fate.apart && !fate.over() {
                let name = &self.release.stage(*stage).name;
                return Err(["stage `", name, "` is not done, and nothing failed"].concat());
            }
        }
        Ok(())
    }

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
    pub(super) fn moment_before(&self, event: usize) -> f64 {
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
        for (i, hold) in self.judge.release.holds.iter().enumerate() {
            let at = At::Enter(crate::model::HoldId::at(i));
            let enters = |e: &super::event::Event| matches!(&e.what, What::Begin(p) if p.at == at);
            if hold.from == stage && self.judge.trace.events[..event].iter().any(enters) {
                return Err(["hold `", &hold.name, "` is entered although the window is shut"].concat());
            }
        }
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
        let events = &self.judge.trace.events;
        // What one of them does once it starts over comes later.
        let until = self.own.get(self.next).copied().unwrap_or(events.len());
        let last = |s: &StageId| {
            let last = self.judge.fates.get(s)?.last?;
            let theirs = |e: &Event| matches!(&e.what, What::Begin(p) | What::Done(p) | What::Failed(p) | What::Withdrawn(p) if p.at == At::Stage(*s));
            if last < until {
                Some(last)
            } else {
                events.get(..until)?.iter().rposition(theirs)
            }
        };
        before.iter().filter_map(last).collect()
    }

    /// When a stage that does not show would start.
    pub(super) fn reach(&self) -> f64 {
        let judge = &self.judge;
        // What does not apply has no end, and what stands before it counts.
        let before = judge.plan.stages_leading_to(Node::Stage(self.stage));
        let ends = before
            .iter()
            .filter_map(|s| judge.fates.get(s)?.last)
            .chain(self.own.last().copied());
        let mine = |p: &Purpose| p.at == At::Stage(self.stage) || matches!(p.deed, Deed::Grant(_));
        // A stage that is refused before it begins ends with that.
        let refused = |p: &Purpose| {
            let theirs = |s: &StageId| p.at == At::Stage(*s);
            matches!(p.deed, Deed::Ready | Deed::Begin) && before.iter().any(theirs)
        };
        let asked = judge.trace.events.iter().filter_map(|e| match &e.what {
            What::Done(p) if mine(p) => Some(e.at),
            What::Failed(p) | What::Withdrawn(p) if refused(p) => Some(e.at),
            _ => None,
        });
        let times = ends.map(|e| judge.trace.events[e].at).chain(asked);
        let mut reach = times.fold(judge.scenario.begins(), f64::max);
        if let Some((offset, _)) = &judge.release.stage(self.stage).at {
            // Where no engine keeps the time, a run begins at nought.
            let due = match judge.scenario.start {
                Some(_) => clock::due(judge.plan, judge.scenario, offset.after),
                None => clock::float(offset.after.as_ms()),
            };
            reach = reach.max(due);
        }
        // What a hold leaves behind the stages before this one is waited for, where an engine keeps the time.
        let undone = |w: &What| matches!(w, What::Begin(p) if matches!(p.at, At::Undo(_) | At::Finally));
        let forward = judge.find(undone).unwrap_or(judge.trace.events.len());
        let left = |p: &Purpose| matches!(p.at, At::Exit(h) if before.contains(&judge.release.hold(h).to));
        let exits = judge.trace.events[..forward]
            .iter()
            .filter_map(|e| match &e.what {
                What::Done(p) | What::Failed(p) | What::Withdrawn(p) if left(p) => Some(e.at),
                _ => None,
            });
        if judge.scenario.start.is_some() {
            reach = exits.fold(reach, f64::max);
        }
        // Where states stand in one order, more is waited for than the plan says, and the author was told.
        let backs =
            |w: &What| matches!(w, What::Begin(p) if matches!(p.at, At::Undo(_) | At::Exit(_) | At::Finally));
        if let (Some(back), true) = (judge.find(backs), judge.thens.is_empty()) {
            reach = reach.max(judge.trace.events[back].at);
        }
        reach
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

    /// Whether what a rollout does at the step before failed as well: then it is taken back.
    pub fn cannot_step_back(&self, event: Option<usize>) -> bool {
        let judge = &self.judge;
        let ladder = judge.release.stage(self.stage).rollout.as_ref();
        let Some((event, rung)) = event
            .zip(self.rung)
            .filter(|_| ladder.is_some_and(|r| r.demote.is_some()))
        else {
            return false;
        };
        let next = self.own.get(self.next).copied().unwrap_or(usize::MAX);
        let back = self.step_before(rung).map_or(&[][..], |s| &s.work);
        let of_it = |p: &Purpose| p.at == At::Aside && back.iter().any(|s| self.stands_for(s, p));
        judge.trace.events.iter().enumerate().any(|(i, e)| {
            i < next && matches!(&e.what, What::Failed(p) if of_it(p)) && judge.causes.before(event, i)
        })
    }

    /// Whether a part is what a step does.
    fn stands_for(&self, step: &Step, part: &Purpose) -> bool {
        match (&step.kind, part.deed) {
            (StepKind::VerifyGate(g), Deed::Judge(h)) => *g == h,
            // The workflow names a step that is done again after what it is for.
            _ => part.step.trim_start_matches("back_") == step.slug,
        }
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
