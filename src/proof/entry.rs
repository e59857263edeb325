//! What comes before the first step of a stage: checklists, its hour, its window, its gates, the holds that begin with it.
//!
//! Must not know a target. Used by `walk` and `contract`.

use super::contract::{Judge, Then, Way};
use super::event::{Event, What};
use super::walk::{Came, Walker};
use crate::emit::parts::{At, Deed, Purpose};
use crate::model::{ChecklistId, Failure, GateId, HoldId, StageId};
use crate::plan::Node;

impl Walker<'_, '_> {
    /// Whether all that stands right before the stage has ended, or does not apply.
    pub fn its_turn_came(&self) -> bool {
        let judge = &self.judge;
        let ended = |s: &StageId| judge.fates.get(s).is_none_or(|f| f.apart || f.over());
        judge.plan.stages_before(self.stage).iter().all(ended)
    }

    /// What must be so before the stage starts; true when it is not.
    pub fn entry(&mut self) -> Result<bool, String> {
        let release = self.judge.release;
        let stage = release.stage(self.stage);
        // Where no engine keeps the time, a checklist is gone through once for all stages that want it.
        let wants = |p: &Purpose| {
            let named = |(c, _): &(ChecklistId, _)| release.checklist(*c).name == p.step;
            p.deed == Deed::Ready && self.judge.scenario.start.is_none() && stage.ready.iter().any(named)
        };
        let own = |p: &Purpose| p.at == At::Stage(self.stage) && matches!(p.deed, Deed::Ready | Deed::Begin);
        // What is refused for another stage says nothing of one that had not come to it.
        let events = &self.judge.trace.events;
        let came = |e: usize| {
            stage
                .approved
                .iter()
                .all(|(a, _)| self.judge.given(*a, &events[..e]))
        };
        let refused = events.iter().enumerate().rposition(|(i, e)| match &e.what {
            What::Failed(p) => own(p) || wants(p) && came(i),
            What::Withdrawn(p) => (own(p) || wants(p) && came(i)) && self.judge.scenario.nobody(p),
            _ => false,
        });
        let held = self.hold_fails();
        let mut fault = held.or(refused).map(|e| (e, None));
        if fault.is_none()
            && let Some(Way::End(then)) = self.window()?
        {
            let event = self.pause_at_entry();
            self.judge.thens.push((then, event));
            return Ok(true);
        }
        if self.late()? {
            return Ok(true);
        }
        self.begins_due()?;
        self.ready()?;
        let mut gates = stage.require.iter().map(|(g, _)| *g).peekable();
        loop {
            while let Some(gate) = gates.peek().copied()
                && fault.is_none_or(|(e, _)| self.judges_before(gate, e))
            {
                match self.gate(gate)? {
                    Came::Done => {
                        gates.next();
                    }
                    Came::Missing => {
                        let lapsed = self.lapsed()?;
                        self.judge.thens.extend(lapsed.map(|way| (way, None)));
                        return Ok(true);
                    }
                    Came::Failed(event) => match self.gate_way(gate) {
                        way @ (Way::Retry | Way::Proceed) => {
                            if let Way::End(then) = self.pauses(event)? {
                                self.judge.thens.push((then, event));
                                return Ok(true);
                            }
                            if way == Way::Proceed {
                                gates.next();
                            }
                        }
                        Way::Chosen => {
                            gates.next();
                        }
                        Way::Continue if self.judge.release.gate(gate).otherwise.is_some() => {
                            gates.next();
                        }
                        _ => fault = event.map(|e| (e, Some(gate))),
                    },
                }
                self.entered = self.next;
            }
            let Some((event, gate)) = fault else {
                return Ok(false);
            };
            let way = match gate {
                Some(g) => self.gate_way(g),
                None if held == Some(event) => self.on_hold_failure(),
                None => self.on_failure(),
            };
            let way = match way {
                Way::Retry | Way::Proceed => self.pauses(Some(event))?,
                way => way,
            };
            match way {
                // The gates come after what was refused.
                Way::Retry | Way::Proceed | Way::Chosen => fault = None,
                Way::Continue => {
                    self.fate.failed = true;
                    self.fate.continued = true;
                    if held != Some(event) {
                        self.holds_for_others()?;
                    }
                    return Ok(true);
                }
                Way::End(then) => {
                    self.judge
                        .thens
                        .push((then, Some(event).filter(|e| !self.too_soon(*e))));
                    return Ok(true);
                }
            }
        }
    }

    /// Whether a preparation was refused before the stage's turn came: where they are gone through as soon as the run begins, the run is given
    /// up only when the stage comes to it.
    fn too_soon(&self, event: usize) -> bool {
        let judge = &self.judge;
        let events = &judge.trace.events;
        let prepares = |w: &What| matches!(w, What::Failed(p) | What::Withdrawn(p) if p.deed == Deed::Ready);
        let before = judge.plan.stages_leading_to(Node::Stage(self.stage));
        let works = |w: &What| matches!(w, What::Begin(p) if before.iter().any(|s| p.at == At::Stage(*s)));
        judge.scenario.start.is_none()
            && prepares(&events[event].what)
            && events[event..].iter().any(|e| works(&e.what))
    }

    /// Whether a gate is looked at before an event.
    fn judges_before(&self, gate: GateId, event: usize) -> bool {
        let next = self.own.get(self.next).filter(|e| **e < event);
        next.is_some_and(
            |e| matches!(&self.judge.trace.events[*e].what, What::Begin(p) if p.deed == Deed::Judge(gate)),
        )
    }

    /// The event with which a hold that begins with the stage could not be entered; nothing where it was tried again and worked.
    pub fn hold_fails(&self) -> Option<usize> {
        let judge = &self.judge;
        let events = &judge.trace.events;
        let holds = judge.release.holds.iter().enumerate();
        let mut mine = holds.filter(|(_, h)| h.from == self.stage);
        mine.find_map(|(i, _)| {
            let at = At::Enter(HoldId::at(i));
            let failed = judge.find(|w| match w {
                What::Failed(p) => p.at == at,
                What::Withdrawn(p) => p.at == at && judge.scenario.nobody(p),
                _ => false,
            })?;
            // What is entered again for an undo comes after the stage.
            let before = |o: &usize| self.works(*o) && judge.causes.before(*o, failed);
            let again = |x: &Event| matches!(&x.what, What::Begin(p) if p.at == at);
            let starts_over = matches!(self.on_hold_failure(), Way::End(Then::Again));
            let retried = judge.scenario.once && !starts_over && events[failed..].iter().any(again);
            // It does as well where the hold was left before, and the stage shows in its gates alone.
            let left = |e: &Event| matches!(&e.what, What::Done(p) if p.at == At::Exit(HoldId::at(i)));
            let for_undo = events[..failed].iter().any(left)
                && !self.own.is_empty()
                && self.own.iter().all(|o| *o < failed);
            (!retried && !for_undo && !self.own.iter().any(before)).then_some(failed)
        })
    }

    /// A stage that does not apply enters the holds that begin with it all the same, for others.
    pub fn passed_by(&mut self) -> Result<(), String> {
        self.fate.apart = true;
        self.holds_for_others()
    }

    /// What could not be entered with a stage that is not done itself gives up those that need it.
    fn holds_for_others(&mut self) -> Result<(), String> {
        let Some(event) = self.hold_fails() else {
            return Ok(());
        };
        let way = match self.on_hold_failure() {
            Way::Retry | Way::Proceed => self.pauses(Some(event))?,
            way => way,
        };
        if let Way::End(then) = way {
            self.judge.thens.push((then, Some(event)));
        }
        Ok(())
    }

    /// Whether something of the stage itself is done, and not only asked or judged before it begins.
    fn works(&self, event: usize) -> bool {
        matches!(&self.judge.trace.events[event].what, What::Begin(p) if matches!(p.deed, Deed::Act | Deed::Await))
    }

    /// The way the stage says when a hold before it cannot be entered.
    pub fn on_hold_failure(&self) -> Way {
        let stage = self.judge.release.stage(self.stage);
        match stage.when_hold_fails().map(|f| &f.then) {
            None => Way::End(Then::Rollback),
            Some(Failure::Then(o)) => self.judge.way_at(o, self.stage),
            Some(Failure::Decision(d)) => self.judge.chosen(*d),
        }
    }
}

impl Judge<'_> {
    /// Nothing inside a hold runs after that could not be entered, also when the run starts over, unless somebody says how it goes on.
    ///
    /// # Errors
    /// A stage that does.
    pub fn nothing_unprotected(&self) -> Result<(), String> {
        for (i, hold) in self.release.holds.iter().enumerate() {
            let id = HoldId::at(i);
            let stages = self.plan.hold_stages(id);
            let mut failed = None;
            for (e, event) in self.trace.events.iter().enumerate() {
                match &event.what {
                    What::Failed(p) if p.at == At::Enter(id) => failed = Some(e),
                    What::Begin(p) if p.at == At::Enter(id) => failed = None,
                    What::Begin(p) if matches!(p.deed, Deed::Resume(_) | Deed::Decide(..)) => failed = None,
                    What::Begin(p) if matches!(p.deed, Deed::Act | Deed::Await) => {
                        if let (At::Stage(s), Some(failed)) = (p.at, failed)
                            && stages.contains(&s)
                            && self.causes.before(failed, e)
                        {
                            let name = &self.release.stage(s).name;
                            return Err([
                                "stage `",
                                name,
                                "` runs although hold `",
                                &hold.name,
                                "` could not be entered",
                            ]
                            .concat());
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}
