//! Who is told what when, and what the record of the run says.
//!
//! A message never delays or fails a run; that it is sent is part of what an artifact means. Must not know a target. Used by
//! `contract`.

use super::contract::Judge;
use super::event::What;
use super::scenario::Broken;
use super::walk::shows;
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{
    ChannelId, Cond, Failure, FailureOutcome, GateOutcome, MomentKind, Stage, StageId, StepKind,
};
use crate::plan::{StageUndo, UndoStep};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Whom a stage calls when one of its steps fails.
fn called_by(stage: &Stage) -> Option<ChannelId> {
    match &stage.on_failure.as_ref()?.then {
        Failure::Then(FailureOutcome::Escalate(c)) => Some(*c),
        _ => None,
    }
}

impl Judge<'_> {
    /// Everything that is to be told is told, and nothing else.
    ///
    /// # Errors
    /// A message that is missing, or sent without a reason.
    pub fn messages(&self) -> Result<(), String> {
        // Where no connection is found, nothing can be sent.
        if self.scenario.broken == Some(Broken::Connections) {
            return Ok(());
        }
        let told = || {
            self.trace.events.iter().filter_map(|e| match &e.what {
                What::Told(list) => Some(list),
                _ => None,
            })
        };
        for list in told() {
            if list.iter().all(|p| self.told(p) == Some(false)) {
                let what = list.first().map_or(String::new(), |p| self.message(p));
                return Err([&what, " is told without a reason"].concat());
            }
        }
        for part in &self.said_somewhere() {
            let alone = told()
                .filter(|l| l.as_slice() == std::slice::from_ref(part))
                .count();
            let ends = !matches!(
                part.deed,
                Deed::Tell(MomentKind::Paused | MomentKind::Approved | MomentKind::Rejected)
            );
            if alone > self.most(part) && ends && part.at == At::Run {
                return Err([&self.message(part), " is told twice"].concat());
            }
            if self.told(part) == Some(true) && !told().any(|l| l.contains(part)) {
                return Err([&self.message(part), " is not told"].concat());
            }
            self.in_time(part)
                .map_err(|e| [&self.message(part), " is told ", &e].concat())?;
        }
        Ok(())
    }

    pub fn message(&self, part: &Purpose) -> String {
        let place = match part.at {
            At::Stage(s) => ["stage `", &self.release.stage(s).name, "`: "].concat(),
            At::Undo(s) => ["the undo of `", &self.release.stage(s).name, "`: "].concat(),
            _ => String::new(),
        };
        let what = match part.deed {
            Deed::Tell(kind) => kind.word(),
            Deed::Owe(_) => "what is owed",
            Deed::Call => "the call for help",
            _ => part.step.as_str(),
        };
        [&place, "`", what, "`"].concat()
    }

    /// Whether a message is to be sent in this run; nothing where the run alone does not tell.
    fn told(&self, part: &Purpose) -> Option<bool> {
        let kind = match part.deed {
            Deed::Tell(kind) => kind,
            Deed::Owe(i) => return self.owed(i),
            Deed::Call => return self.called(part),
            _ => return self.said(part),
        };
        if let Some(name) = part.step.strip_prefix("override ") {
            return Some(self.override_is(|o| o.name == name));
        }
        let when = part
            .step
            .strip_prefix('n')
            .and_then(|i| i.parse::<usize>().ok())
            .and_then(|i| self.release.notifies.get(i))
            .map_or(&Cond::True, |n| &n.when);
        match self.surely(when) {
            Some(true) => {}
            Some(false) if self.scenario.start.is_none() => return Some(false),
            _ => return None,
        }
        if self.scenario.start.is_none() && !matches!(part.at, At::Undo(_)) {
            return self.told_by_jobs(part.at, kind);
        }
        match part.at {
            At::Run => self.told_of_run(kind),
            At::Stage(s) => self.told_of_stage(s, kind),
            At::Undo(s) => self.told_of_undo(s),
            _ => None,
        }
    }

    /// Whoever answers for an undo is called when it fails.
    fn told_of_undo(&self, stage: StageId) -> Option<bool> {
        let mine = |p: &Purpose| p.at == At::Undo(stage);
        let failed = |w: &What| match w {
            What::Failed(p) => mine(p),
            What::Withdrawn(p) => mine(p) && self.scenario.nobody(p),
            _ => false,
        };
        let tried = |w: &What| matches!(w, What::Begin(p) if mine(p));
        match (self.find(failed), self.find(tried)) {
            (Some(_), _) => Some(true),
            (None, Some(_)) => None,
            (None, None) => Some(false).filter(|_| !self.bars(stage)),
        }
    }

    /// Whether an undo may fail before it does anything: what it asserts does not hold.
    fn bars(&self, stage: StageId) -> bool {
        let holds = |a: &crate::model::Act| a.assertions.iter().all(|x| self.truth(&x.holds));
        match self.plan.undo(stage) {
            StageUndo::Written(w) => w.steps.iter().any(|s| s.act().is_some_and(|a| !holds(a))),
            StageUndo::Derived(list) => list.iter().flat_map(UndoStep::acts).any(|a| !holds(a)),
            _ => false,
        }
    }

    /// A step that tells something does so when its stage ends well.
    fn said(&self, part: &Purpose) -> Option<bool> {
        let At::Stage(s) = part.at else { return None };
        let fate = self.fates.get(&s)?;
        let steps = self.release.stage(s).forward_steps();
        let step = steps
            .into_iter()
            .find(|x| x.slug == part.step && matches!(x.kind, StepKind::Tell(..)))?;
        (fate.done && self.truth(&step.when)).then_some(true)
    }

    /// A trigger calls when it fires, a failure before its owner is asked.
    fn called(&self, part: &Purpose) -> Option<bool> {
        let At::Stage(stage) = part.at else {
            let fired = |w: &What| match w {
                What::Fired(t) => self.release.triggers[t.index()].name == part.step,
                _ => false,
            };
            return Some(self.find(fired).is_some());
        };
        let asked = self.find(|w| matches!(w, What::Begin(p) if matches!(p.deed, Deed::Resume(_))));
        let Some(asked) = asked else {
            return self.thens.is_empty().then_some(false);
        };
        // Of several failures the strongest settles; a single one that asks has called.
        let mut first = None;
        for event in &self.trace.events[..asked] {
            match &event.what {
                What::Failed(p) if first.is_none_or(|f| f == p) => first = Some(p),
                What::Failed(_)
                | What::Withdrawn(_)
                | What::Judged(_, false)
                | What::Unsure(_)
                | What::Shut(_)
                | What::Cancelled
                | What::Fired(_)
                | What::Blind => return None,
                _ => {}
            }
        }
        let called = first.filter(|p| p.at == part.at && self.calls(stage, p) == Some(&part.step));
        called.map(|_| true)
    }

    /// Whom a part of a stage calls that fails.
    fn calls(&self, stage: StageId, part: &Purpose) -> Option<&SmolStr> {
        let stage = self.release.stage(stage);
        let channel = match part.deed {
            Deed::Judge(g) => match &self.release.gate(g).otherwise {
                Some((GateOutcome::Then(FailureOutcome::Escalate(c)), _)) => *c,
                Some(_) => return None,
                None => called_by(stage)?,
            },
            Deed::Act => called_by(stage)?,
            _ => return None,
        };
        Some(&self.release.channel(channel).slug)
    }

    pub fn told_of_run(&self, kind: MomentKind) -> Option<bool> {
        let ends = |word: &str| Some(self.trace.end == word);
        let granted =
            |w: &What| matches!(w, What::Done(p) if matches!(p.deed, Deed::Grant(_)) && p.at == At::Run);
        match kind {
            MomentKind::Started | MomentKind::Scheduled => Some(true),
            MomentKind::Finished => ends("Succeeded"),
            MomentKind::RolledBack => ends("RolledBack"),
            MomentKind::Stopped => ends("Stopped"),
            MomentKind::NeedsHelp => ends("NeedsHelp"),
            MomentKind::Failed => Some(!self.thens.is_empty()),
            MomentKind::Approved if self.scenario.same.is_some() => None,
            MomentKind::Approved => Some(self.find(granted).is_some()),
            MomentKind::Paused | MomentKind::Rejected => None,
        }
    }

    pub fn told_of_stage(&self, stage: StageId, kind: MomentKind) -> Option<bool> {
        let fate = self.fates.get(&stage)?;
        let asked =
            |w: &What| matches!(w, What::Begin(p) if p.deed == Deed::Resume(0) && p.at == At::Stage(stage));
        match kind {
            MomentKind::Started if fate.quiet => None,
            MomentKind::Started if fate.begun => Some(true),
            MomentKind::Started if fate.apart => Some(false),
            // A trigger that fires behind the last step is a matter of the moment.
            MomentKind::Finished | MomentKind::Failed if fate.done && self.fired() => None,
            // A wait at the end may have been given up with the run.
            MomentKind::Finished if fate.done && !self.thens.is_empty() && self.ends_unseen(stage) => None,
            // One that only waits shows neither that it began nor that it ended.
            MomentKind::Finished
                if fate.first.is_none() && self.begins_unseen(stage) && self.ends_unseen(stage) =>
            {
                fate.done.then_some(true)
            }
            MomentKind::Finished => Some(fate.done),
            MomentKind::Failed if fate.done && !fate.failed => Some(false),
            MomentKind::Failed if fate.failed && fate.begun => Some(true),
            MomentKind::Paused => Some(self.find(asked).is_some()),
            _ => None,
        }
    }

    /// Whether a stage may have begun without a step that shows.
    pub fn begins_unseen(&self, id: StageId) -> bool {
        let steps = self.release.stage(id).forward_steps();
        let first = steps.into_iter().find(|s| self.truth(&s.when));
        !first.is_some_and(|s| s.act().is_some_and(shows))
    }

    /// Whether the last step of a stage does not show.
    pub fn ends_unseen(&self, id: StageId) -> bool {
        let steps = self.release.stage(id).forward_steps();
        let last = steps.into_iter().rfind(|s| self.truth(&s.when));
        last.is_some_and(|s| matches!(s.kind, StepKind::Wait(_) | StepKind::Bake(_)))
    }

    /// Whether a trigger has fired: then a stage whose steps are all done has failed.
    fn fired(&self) -> bool {
        self.find(|w| matches!(w, What::Fired(_))).is_some()
    }

    /// Whether nothing takes a stage back, or there is nothing to take back.
    fn keeps(&self, id: StageId) -> bool {
        !self.taken_back(id) || matches!(self.plan.undo(id), StageUndo::Nothing | StageUndo::Harmless(..))
    }

    /// Whether what depends on a stage still stands, or the stage itself cannot be undone.
    fn stays(&self, id: StageId, record: &BTreeMap<String, String>) -> bool {
        let stuck = |s: &StageId| {
            let name = self.release.stage(*s).name.as_str();
            record.get(name).is_some_and(|status| status == "stuck")
        };
        matches!(self.plan.undo(id), StageUndo::Irreversible(..)) || self.undone_first(id).iter().any(stuck)
    }

    /// The record is written once, when all is done, and says how each stage stands.
    ///
    /// # Errors
    /// A record that is missing, early or wrong.
    pub fn record(&self) -> Result<(), String> {
        // Only an engine that keeps the time writes the record itself.
        if self.scenario.start.is_none() {
            return Ok(());
        }
        let written: Vec<usize> = (0..self.trace.events.len())
            .filter(|i| matches!(self.trace.events[*i].what, What::Recorded(_)))
            .collect();
        let [at] = written.as_slice() else {
            return Err("the record of the run is not written once".into());
        };
        let later = self.trace.events[*at..]
            .iter()
            .any(|e| matches!(e.what, What::Begin(_)));
        if later {
            return Err("the record of the run is written before its end".into());
        }
        let What::Recorded(record) = &self.trace.events[*at].what else {
            return Ok(());
        };
        for (id, fate) in &self.fates {
            let name = self.release.stage(*id).name.as_str();
            let Some(status) = record.stages.get(name) else {
                return Err(["the record does not say how stage `", name, "` stands"].concat());
            };
            let undo = self.trace.events.iter().rev().find_map(|e| match &e.what {
                What::Done(p) if p.at == At::Undo(*id) => Some(true),
                What::Failed(p) | What::Withdrawn(p) if p.at == At::Undo(*id) => Some(false),
                _ => None,
            });
            let right = match undo {
                Some(true) => status == "undone" || (status == "stuck" && self.trace.end == "NeedsHelp"),
                Some(false) => status == "stuck",
                None if fate.quiet || (fate.apart && !self.thens.is_empty()) => true,
                None if fate.apart && self.thens.is_empty() => {
                    ["not_applicable", "passed_by"].contains(&status.as_str())
                }
                None if fate.done && self.thens.is_empty() => status == "passed",
                None if fate.begun && self.keeps(*id) => {
                    let wanted = if fate.done && !fate.failed {
                        "passed"
                    } else {
                        "failed"
                    };
                    status == wanted
                        || (status == "began" && !fate.failed)
                        || (status == "failed" && self.fired())
                }
                None if fate.begun && self.stays(*id, &record.stages) => status == "stuck",
                None if fate.done => ["passed", "undone", "stuck"].contains(&status.as_str()),
                None if fate.begun => status != "passed" && status != "pending",
                None if self.begins_unseen(*id) => true,
                // A trigger can come between its beginning and its first step.
                None if status == "undone" || status == "failed" => self.fired(),
                None => ["pending", "refused", "not_applicable", "passed_by"].contains(&status.as_str()),
            };
            if !right {
                return Err(["the record says that stage `", name, "` is `", status, "`"].concat());
            }
        }
        for event in &self.trace.events {
            if let What::Done(p) = &event.what
                && let Deed::Grant(a) = p.deed
                && !record.granted.contains(self.release.approval(a).name.as_str())
                && p.at == At::Run
                && self.scenario.same.is_none()
            {
                let name = &self.release.approval(a).name;
                return Err(["the record does not say who granted `", name, "`"].concat());
            }
        }
        Ok(())
    }
}
