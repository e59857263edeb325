//! Which messages and which owed work a plan asks for, and after what each may be sent.
//!
//! Must not know a target, but for whether it keeps the time. Used by `messages`.

use super::contract::{Judge, Way};
use super::event::{Event, What};
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{Atom, Cond, FailureOutcome, Moment, MomentKind, OptionOutcome, StageId, StepKind};
use crate::plan::StageUndo;
use std::collections::BTreeSet;

impl Judge<'_> {
    /// Every message that an artifact can send, and every one that the plan asks for.
    pub fn said_somewhere(&self) -> BTreeSet<Purpose> {
        let said = |p: &&Purpose| p.deed.speaks() || matches!(p.deed, Deed::Owe(_));
        let mut list: BTreeSet<Purpose> = self.open.parts.iter().filter(said).cloned().collect();
        if self.scenario.start.is_some() {
            return list;
        }
        let release = self.release;
        let notifies = release.notifies.iter().enumerate();
        let notifies = notifies.map(|(i, n)| (format!("n{i}"), &n.on));
        let escalates = release.escalates.iter().enumerate();
        let escalates = escalates.map(|(i, e)| (format!("e{i}"), &e.on));
        for (name, on) in notifies.chain(escalates) {
            for moment in on {
                list.extend(
                    self.places(moment)
                        .into_iter()
                        .map(|at| Purpose::new(at, &name, Deed::Tell(moment.kind))),
                );
            }
        }
        for o in release.overrides.iter().filter(|o| !o.notify.is_empty()) {
            let deed = Deed::Tell(MomentKind::Approved);
            list.insert(Purpose::new(At::Run, ["override ", &o.name].concat(), deed));
        }
        for (i, stage) in release.stages.iter().enumerate() {
            let undo = self.plan.undo(StageId::at(i));
            if matches!(undo, StageUndo::Written(_) | StageUndo::Derived(_)) {
                let deed = Deed::Tell(MomentKind::NeedsHelp);
                list.insert(Purpose::new(At::Undo(StageId::at(i)), "owner", deed));
            }
            for step in stage.forward_steps() {
                if matches!(step.kind, StepKind::Tell(..)) {
                    list.insert(Purpose::new(At::Stage(StageId::at(i)), &step.slug, Deed::Say));
                }
            }
        }
        for trigger in &release.triggers {
            if matches!(trigger.then, FailureOutcome::Escalate(_)) {
                list.insert(Purpose::call_of_trigger(trigger));
            }
        }
        let owed = 0..release.obligations.len();
        list.extend(owed.map(|i| Purpose::new(At::Run, format!("o{i}"), Deed::Owe(i))));
        list
    }

    /// How often a message is told at most: what fails side by side is told each by itself where jobs tell it.
    pub fn most(&self, part: &Purpose) -> usize {
        if self.scenario.start.is_some() || part.deed != Deed::Tell(MomentKind::Failed) {
            return 1;
        }
        let failures = self.trace.events.iter().filter(|e| self.gives_up(e));
        // A grant that lapses leaves no event, and each stage that finds one lapsed gives the run up for itself.
        let unseen = match self.thens.iter().filter(|(_, event)| event.is_none()).count() {
            0 => 0,
            n => {
                let events = &self.trace.events;
                let end = events.iter().fold(0.0_f64, |end, e| end.max(e.at));
                n.max(self.lapsing(events, end))
            }
        };
        (failures.count() + unseen).max(1)
    }

    /// Where a moment is: in the run, in its stage, or in every stage.
    fn places(&self, moment: &Moment) -> Vec<At> {
        match (moment.stage, moment.each) {
            (Some(stage), _) => vec![At::Stage(stage)],
            (None, true) => (0..self.release.stages.len())
                .map(|s| At::Stage(StageId::at(s)))
                .collect(),
            (None, false) => vec![At::Run],
        }
    }

    /// How a condition comes out that only the inputs decide; nothing for any other.
    pub fn surely(&self, cond: &Cond) -> Option<bool> {
        let fixed = |a: &Atom| matches!(a, Atom::Param { .. });
        cond.atoms().into_iter().all(fixed).then(|| self.truth(cond))
    }

    /// Whether something that is owed is written down.
    pub fn owed(&self, index: usize) -> Option<bool> {
        let obligation = self.release.obligations.get(index)?;
        let kind = match self.trace.end.as_str() {
            "Succeeded" => MomentKind::Finished,
            "RolledBack" => MomentKind::RolledBack,
            "Stopped" => MomentKind::Stopped,
            "NeedsHelp" => MomentKind::NeedsHelp,
            _ => return None,
        };
        let ends = obligation.on.is_empty() || obligation.on.iter().any(|m| m.kind == kind);
        let applies = self.surely(&obligation.when);
        match (ends, applies) {
            (false, _) | (_, Some(false)) => Some(false),
            (true, Some(true)) => Some(true),
            (true, None) => None,
        }
    }

    /// Whether a message is to be sent where jobs send them: what fails is told by the job that hands it over, whatever follows.
    pub fn told_by_jobs(&self, at: At, kind: MomentKind) -> Option<bool> {
        let cut = self.find(|w| *w == What::Cancelled).is_some();
        let refused = |e: &Event| match &e.what {
            What::Failed(p) => matches!(p.deed, Deed::Grant(_)) && p.at == At::Run,
            _ => false,
        };
        let failed = self.trace.events.iter().any(|e| self.fails(e));
        let certain = |told: bool| match told {
            true if cut => None,
            told => Some(told),
        };
        // What fails beside something else may be found by a run that is being ended.
        let alone = self.thens.len() == 1;
        match (at, kind) {
            (At::Run, MomentKind::Failed) => match (failed, self.thens.is_empty()) {
                (true, false) => certain(true),
                (false, true) => Some(false),
                _ => None,
            },
            (At::Run, MomentKind::Rejected) => match self.trace.events.iter().any(refused) {
                true if alone => certain(true),
                true => None,
                false => Some(false),
            },
            (At::Run, MomentKind::Approved) => self.told_of_run(kind).and_then(certain),
            (At::Run, MomentKind::Paused) => {
                let asked = |w: &What| matches!(w, What::Begin(p) if matches!(p.deed, Deed::Resume(_)));
                let decides = |w: &What| matches!(w, What::Begin(p) if matches!(p.deed, Deed::Decide(..)));
                match (self.find(asked), self.find(decides)) {
                    (Some(_), _) => Some(true),
                    (None, Some(_)) => None,
                    (None, None) => Some(false),
                }
            }
            (At::Run, _) => self.told_of_run(kind),
            (At::Stage(s), MomentKind::Started | MomentKind::Finished) => self.told_of_stage(s, kind),
            (At::Stage(s), MomentKind::Failed) => {
                let fate = self.fates.get(&s)?;
                match (fate.failed && fate.begun, fate.done || fate.apart) {
                    (true, _) if alone => certain(true),
                    (false, true) => Some(false).filter(|_| !failed),
                    _ => None,
                }
            }
            (At::Stage(s), MomentKind::RolledBack) => {
                let mine = |p: &Purpose| p.at == At::Undo(s) && matches!(p.deed, Deed::Act | Deed::Await);
                let tried = self.find(|w| matches!(w, What::Begin(p) if mine(p))).is_some();
                let broken = self
                    .find(|w| matches!(w, What::Failed(p) if p.at == At::Undo(s)))
                    .is_some();
                Some(tried && !broken).filter(|t| *t || !tried)
            }
            (At::Stage(s), MomentKind::Paused) => match self.fates.get(&s)? {
                fate if fate.apart => Some(false),
                fate if alone && fate.failed => {
                    let asked = |w: &What| matches!(w, What::Begin(p) if matches!(p.deed, Deed::Resume(_)));
                    Some(true).filter(|_| self.find(asked).is_some())
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether an event is a failure.
    fn fails(&self, event: &Event) -> bool {
        let place = |e: &Event| self.trace.events.iter().position(|x| std::ptr::eq(x, e));
        match &event.what {
            What::Failed(p) => !matches!(p.at, At::Undo(_) | At::Exit(_) | At::Finally | At::Aside),
            What::Judged(_, passes) => !passes,
            What::Unsure(_) | What::Fired(_) | What::Shut(_) => true,
            What::Withdrawn(p) => place(event).is_some_and(|at| self.runs_out(at, p)),
            _ => false,
        }
    }

    /// Whether an event gives the run up: a failure, or an answer with which it does not go on.
    fn gives_up(&self, event: &Event) -> bool {
        let answer = |p: &Purpose| match p.deed {
            Deed::Decide(d, o) => {
                let option = self.release.decision(d).options.get(o);
                option.is_some_and(|o| o.then != OptionOutcome::Proceed)
            }
            _ => false,
        };
        // What nobody answers comes to its default.
        let open = |p: &Purpose| match p.deed {
            Deed::Decide(d, _) => !matches!(self.chosen(d), Way::Proceed | Way::Chosen),
            _ => false,
        };
        match &event.what {
            What::Done(p) => answer(p),
            What::Begin(p) => open(p),
            _ => self.fails(event),
        }
    }

    /// A message that is sent comes after what it tells of.
    ///
    /// # Errors
    /// One that comes too early.
    pub fn in_time(&self, part: &Purpose) -> Result<(), String> {
        if self.scenario.start.is_some() {
            return Ok(());
        }
        let events = &self.trace.events;
        let sent =
            |e: &Event| matches!(&e.what, What::Told(list) if list.as_slice() == std::slice::from_ref(part));
        let sent: Vec<usize> = (0..events.len()).filter(|i| sent(&events[*i])).collect();
        if part.deed == Deed::Say {
            return self.in_turn(part, &sent);
        }
        let all = sent.clone();
        for told in sent {
            let after = |meant: &dyn Fn(&Event) -> bool| {
                (0..events.len()).any(|i| meant(&events[i]) && self.causes.before(i, told))
            };
            let open = |meant: &dyn Fn(At) -> bool| {
                let mine = |e: &Event| match &e.what {
                    What::Begin(p) | What::Done(p) | What::Failed(p) => meant(p.at),
                    _ => false,
                };
                (0..events.len()).any(|i| mine(&events[i]) && !self.causes.before(i, told))
            };
            let granted = |yes: bool| {
                move |e: &Event| match &e.what {
                    What::Done(p) => yes && matches!(p.deed, Deed::Grant(_) | Deed::Override(_)),
                    What::Failed(p) => !yes && matches!(p.deed, Deed::Grant(_)),
                    _ => false,
                }
            };
            let known = self.thens.iter().all(|(_, event)| event.is_some());
            let late = match (part.at, part.deed) {
                (At::Run, Deed::Owe(_)) => open(&|at| at != At::Run),
                (At::Run, Deed::Tell(kind)) => match kind {
                    MomentKind::Finished
                    | MomentKind::RolledBack
                    | MomentKind::Stopped
                    | MomentKind::NeedsHelp => open(&|at| at != At::Run),
                    // A grant that lapses leaves nothing else behind, and what is still open is taken back with the run.
                    MomentKind::Failed | MomentKind::Paused => {
                        known && !after(&|e| self.gives_up(e)) && !self.lapses_before(told)
                    }
                    MomentKind::Approved => !after(&granted(true)),
                    MomentKind::Rejected => known && !after(&granted(false)),
                    MomentKind::Started | MomentKind::Scheduled => false,
                },
                (At::Stage(s), Deed::Tell(MomentKind::RolledBack)) => open(&|at| at == At::Undo(s)),
                (At::Stage(s), Deed::Tell(MomentKind::Failed)) => {
                    known && !after(&|e| self.fails(e)) && self.fates.contains_key(&s)
                }
                (At::Stage(s), Deed::Tell(MomentKind::Finished)) => self
                    .fates
                    .get(&s)
                    .and_then(|f| f.last)
                    .is_some_and(|last| !self.causes.before(last, told)),
                // A run that goes on tells it again.
                (At::Stage(s), Deed::Tell(MomentKind::Started)) => {
                    let first = self.fates.get(&s).and_then(|f| f.first);
                    first.is_some_and(|first| !all.iter().any(|t| self.causes.before(*t, first)))
                }
                _ => false,
            };
            if late {
                return Err("at another time than it is so".into());
            }
        }
        Ok(())
    }

    /// A step that tells something has its place among the steps of its stage.
    fn in_turn(&self, part: &Purpose, sent: &[usize]) -> Result<(), String> {
        let At::Stage(s) = part.at else { return Ok(()) };
        if sent.is_empty() || self.fates.get(&s).is_none_or(|f| !f.done || f.failed) {
            return Ok(());
        }
        let steps = self.release.stage(s).forward_steps();
        let Some(place) = steps.iter().position(|x| x.slug == part.step) else {
            return Ok(());
        };
        let shows = |x: &&&crate::model::Step| x.act().is_some_and(super::walk::shows) && self.truth(&x.when);
        let before = steps[..place].iter().rev().find(shows);
        let behind = steps[place..].iter().find(shows);
        let is = |e: &Event, slug: &str, begins: bool| match &e.what {
            What::Begin(p) => begins && p.at == At::Stage(s) && p.step == slug,
            What::Done(p) => !begins && p.at == At::Stage(s) && p.step == slug,
            _ => false,
        };
        let events = &self.trace.events;
        let right = |told: &usize| {
            let after = |i: usize| self.causes.before(i, *told);
            let ahead = |i: usize| self.causes.before(*told, i);
            before.is_none_or(|b| (0..events.len()).any(|i| is(&events[i], &b.slug, false) && after(i)))
                && behind
                    .is_none_or(|b| (0..events.len()).all(|i| !is(&events[i], &b.slug, true) || ahead(i)))
        };
        match sent.iter().any(right) {
            true => Ok(()),
            false => Err("out of its turn".into()),
        }
    }
}
