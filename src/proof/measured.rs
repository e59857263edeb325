//! Whether a gate over metrics was judged when the plan says.
//!
//! A part of the walk along a stage. Must not know what follows from a verdict. Called by `walk`.

use super::event::What;
use super::walk::{Came, Walker};
use crate::emit::parts::Deed;
use crate::model::GateId;

impl Walker<'_, '_> {
    /// A gate over metrics is judged after what stands before it, as often as the plan says, and before what follows.
    pub(super) fn measured(&mut self, id: GateId, samples: u32) -> Result<Came, String> {
        let start = self.begins();
        let ends = self.ends_before();
        let over = self
            .judge
            .release
            .gate(id)
            .over
            .map_or(300_000.0, |d| super::clock::float(d.as_ms()));
        let changed = self.changed();
        let anew = self.own.get(self.next).is_some_and(|n| self.begins_anew(*n));
        let judge = &mut *self.judge;
        let last = self.next.checked_sub(1).map(|i| self.own[i]);
        let next = self.own.get(self.next).copied();
        let mut passed = 0;
        for (i, event) in judge.trace.events.iter().enumerate() {
            if passed >= samples {
                break;
            }
            let early = |e: &usize| !judge.causes.before(*e, i);
            if judge.used.contains(&i)
                || last.is_none() && ends.iter().any(early)
                || last.is_some_and(|l| !judge.causes.before(l, i))
                || next.is_some_and(|n| !judge.causes.before(i, n))
            {
                continue;
            }
            let verdict = match &event.what {
                What::Judged(g, truth) if *g == id => *truth,
                What::Unsure(g) if *g == id => false,
                What::Done(p) if p.deed == Deed::NoData(id) => true,
                What::Failed(p) if p.deed == Deed::NoData(id) => false,
                What::Withdrawn(p) if p.deed == Deed::NoData(id) && judge.scenario.nobody(p) => false,
                _ => continue,
            };
            judge.used.insert(i);
            self.measured_at = event.at;
            let from = last.map_or(start, |l| judge.trace.events[l].at);
            let over = changed.map(|c| (judge.trace.events[c].at, over));
            if judge.scenario.start.is_some() && passed == 0 && over.is_some_and(|(c, o)| event.at - c < o) {
                return Err("a gate is judged by what was so before the last change".into());
            }
            let rests = judge.scenario.start.is_some() && passed == 0 && self.rest > 0.0;
            if rests && event.at - from < self.rest {
                return Err("a gate is judged before the rest before it is over".into());
            }
            if !verdict {
                return Ok(Came::Failed(Some(i)));
            }
            passed += 1;
        }
        if passed >= samples {
            return Ok(Came::Done);
        }
        match next {
            // Given up before that, and started over.
            Some(_) if anew => Ok(Came::Missing),
            Some(_) => Err([
                "gate `",
                &judge.release.gate(id).name,
                "` is not judged, or not often enough",
            ]
            .concat()),
            None => Ok(Came::Missing),
        }
    }

    /// Whether an event is the first of the stage once more. Where nothing makes it start over, that is found to be too much.
    fn begins_anew(&self, event: usize) -> bool {
        let events = &self.judge.trace.events;
        let first = self.own.get(self.entered).filter(|_| self.next > self.entered);
        first.is_some_and(|f| events[*f].what == events[event].what)
    }
}
