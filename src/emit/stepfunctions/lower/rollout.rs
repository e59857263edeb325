//! The steps of a stage, as often as its rollout has steps.
//!
//! Must not know what stands before a stage. Called by `stage`.

use super::Lower;
use super::build::Label;
use super::handler::Faults;
use super::step::{Fails, Item, Place};
use crate::emit::stepfunctions::expr::{Data, Expr};
use crate::model::{Cond, RolloutStep, Stage, StageId};

impl<'a> Lower<'a> {
    /// The steps of a stage, or those of each step of its rollout.
    pub(super) fn body(
        &mut self,
        id: StageId,
        place: &mut Place,
        way: (&Label, &Label),
        faults: &mut Faults,
    ) {
        let stage = self.release.stage(id);
        let (at, next) = way;
        let Some(rollout) = &stage.rollout else {
            place.ends = true;
            place.later = Some(Expr::Bool(true));
            let items: Vec<Item<'_>> = stage.steps.iter().map(|s| (s, self.began(id, s, s))).collect();
            self.steps(&items, place, 0, at, next, &mut Fails::Case(faults));
            return;
        };
        let mut here = at.clone();
        for (i, step) in rollout.steps.iter().enumerate() {
            let then = if i + 1 == rollout.steps.len() {
                next.clone()
            } else {
                self.b.label()
            };
            place.demotes = rollout.demote.as_ref().map(|_| i);
            place.ends = i + 1 == rollout.steps.len();
            let later = rollout.steps.iter().skip(i + 1).map(|s| &s.when);
            place.later = self.nothing_left(later, Expr::Bool(true), place.hand.scope);
            place.name = [&stage.name, " ", &step.name].concat();
            self.rung(id, (i, step), place, (&here, &then), faults);
            here = then;
        }
        if rollout.steps.is_empty() {
            self.b.same(at, next);
        }
    }

    fn rung(
        &mut self,
        id: StageId,
        (i, step): (usize, &'a RolloutStep),
        place: &Place,
        way: (&Label, &Label),
        faults: &mut Faults,
    ) {
        let stage = self.release.stage(id);
        let (at, next) = way;
        let mut place = place.clone();
        if let Some(owner) = step.owner {
            place.owner = owner;
        }
        let unbegun = asked_first(stage).is_some_and(|last| i <= last);
        let scope = place.hand.scope;
        let mut here = self.b.label();
        let applies = self.cond(&step.when, scope);
        self.b
            .branch(at, &[&place.name, ": applies?"].concat(), applies, &here, next);
        if let Some((offset, _)) = &step.at {
            let then = self.b.label();
            let moment = (self.moment_of(offset.after), offset.after.as_seconds());
            let word = super::stage::offset_word(offset.after);
            let name = [&place.name, ": wait until ", &word].concat();
            place.fresh = unbegun;
            let key = [&step.slug, "_at"].concat();
            let watch = self.flags_only(&place, &key, faults, (&here, &then));
            self.wait_until(&name, moment, Some(&watch), &here, &then);
            here = then;
        }
        place.fresh = unbegun;
        for (approval, _) in &step.approved {
            let then = self.b.label();
            self.approve_here(*approval, &place, &step.slug, faults, (&here, &then));
            here = then;
        }
        place.fresh = false;
        if unbegun {
            let then = self.b.label();
            let began = [(self.vars.write(&self.names.stage(id), scope), Data::str("began"))].into();
            self.b
                .set(&here, &[&place.name, ": begins"].concat(), began, &then);
            here = then;
        }
        let mut items: Vec<Item<'a>> = Vec::new();
        for (n, work) in step.work.iter().enumerate() {
            let own = stage.steps.get(n).unwrap_or(work);
            items.push((work, self.began(id, own, work)));
        }
        items.extend(step.checks.iter().map(|s| (s, self.began(id, s, s))));
        place.again = place.demotes.filter(|_| i > 0).map(|_| here.clone());
        self.steps(&items, &place, 0, &here, next, &mut Fails::Case(faults));
    }
}

/// Up to which step of a rollout nothing has surely begun yet when something is asked or waited for; nothing where a stage begins with work.
pub fn asked_first(stage: &Stage) -> Option<usize> {
    let steps = &stage.rollout.as_ref()?.steps;
    let sure = steps.iter().position(|s| s.when == Cond::True);
    let last = sure.unwrap_or(steps.len().checked_sub(1)?);
    let waits = |s: &RolloutStep| s.at.is_some() || !s.approved.is_empty();
    steps.iter().take(last + 1).any(waits).then_some(last)
}
