//! How long a way back takes: undos each after all that depends on it, holds entered again before and left behind them.
//!
//! Must not know what is undone, nor who is asked. Called by `ways`.

use super::bits::Bits;
use super::{Around, Cause, EXACT, Then};
use crate::model::{Dur, FailureOutcome, HoldId, StageId, Step};
use crate::plan::{Node, Pace, Pred};

/// A hold that may be being left when something fails.
#[derive(Clone)]
pub(super) struct Closing {
    /// Which.
    hold: HoldId,
    /// How many milliseconds that still takes when the way back starts.
    pub(super) left: i64,
}

/// What is to be done on a way back.
struct Work<'a> {
    /// The stages to undo.
    undone: &'a [StageId],
    /// The holds to leave, the last entered first.
    holds: &'a [HoldId],
    /// Those of them that are entered again before what is inside is undone, once they have been left.
    again: &'a [&'a Closing],
}

impl Around<'_> {
    /// What passes between the failure and the way back, or the question to a person: what runs beside ends its step, what is being
    /// entered is entered, and what the plan says comes first is done, or a rollout goes back to its step before. Then how much of
    /// it is only the step that a trigger interrupts.
    pub(super) fn before_the_way_back(
        &self,
        cause: &Cause,
        then: &Then,
        stage: Option<StageId>,
        may_run: &Bits,
        holds: &[(HoldId, bool)],
    ) -> (Dur, Dur) {
        let r = self.plan.release();
        if matches!(then, Then::Outcome(FailureOutcome::Continue { .. })) {
            return (Dur::ZERO, Dur::ZERO);
        }
        // What a trigger interrupts ends its step too.
        let interrupted = match cause {
            Cause::Trigger(..) => stage.map(|s| self.place[s.index()]),
            _ => None,
        };
        let longest = |test: &dyn Fn(usize) -> bool| {
            let step = self.longest_step.iter().find(|(_, p)| test(*p));
            step.map_or(Dur::ZERO, |(d, _)| *d)
        };
        let entering = holds.iter().filter(|(_, surely)| !surely);
        let entering = entering.map(|(h, _)| self.time(&r.hold(*h).enter));
        let beside = entering.chain([longest(&|p| may_run.has(p))]);
        let beside = beside.max_by_key(|d| d.as_ms()).unwrap_or(Dur::ZERO);
        let own_step = longest(&|p| interrupted == Some(p));
        let own_step = Dur {
            ms: own_step.as_ms().saturating_sub(beside.as_ms()).max(0),
            working_days: 0,
        };
        // A gate that says what follows leaves out what the stage does first.
        let own = match cause {
            // What a rollout that steps back does at a failure, it does instead.
            Cause::Step(s) if r.stage(*s).rollout.as_ref().is_some_and(|l| l.demote.is_some()) => None,
            Cause::Step(s) | Cause::LaterStep(s) | Cause::Late(s) => r.stage(*s).on_failure.as_ref(),
            Cause::Entry(s, gates) if gates.iter().any(|g| r.gate(*g).otherwise.is_none()) => {
                stage.and(r.stage(*s).on_failure.as_ref())
            }
            Cause::Hold(_, s) => r.stage(*s).when_hold_fails(),
            Cause::Entry(..) | Cause::Gates(..) | Cause::Refused(_) | Cause::Option(..) => None,
            Cause::Trigger(..) => None,
        };
        let acts = match cause {
            Cause::Trigger(t, _) => r.triggers.get(t.index()).map(|t| t.steps.as_slice()),
            _ => own.map(|f| f.steps.as_slice()),
        };
        let first = match (then, stage) {
            (Then::Demote, Some(s)) => self.step_back(s),
            _ => acts.map_or(Dur::ZERO, |steps| self.time(steps)),
        };
        (first.plus(beside).plus(own_step), own_step)
    }

    /// The longest way of a rollout back to a step before: all the work of that step at its value.
    fn step_back(&self, s: StageId) -> Dur {
        let rollout = self.plan.release().stage(s).rollout.as_ref();
        let steps = rollout.map(|r| r.steps.as_slice()).unwrap_or_default();
        let before = steps.split_last().map(|(_, before)| before).unwrap_or_default();
        let times = before.iter().map(|step| self.time(&step.work));
        times.max_by_key(|d| d.as_ms()).unwrap_or(Dur::ZERO)
    }

    fn time(&self, steps: &[Step]) -> Dur {
        steps.iter().fold(Dur::ZERO, |all, s| {
            all.plus(self.plan.step_time(s, Pace::Longest))
        })
    }

    /// Of holds inside which all may have ended: how much of leaving them may still be to do when the way back starts, so long
    /// after the failure. Of one that was surely left, what has surely come after it has taken its time.
    pub(super) fn closing(&self, holds: &[HoldId], surely_ended: &Bits, first: Dur) -> Vec<Closing> {
        let r = self.plan.release();
        let since = |h: HoldId| {
            if self.order.len() > EXACT || !self.held[h.index()].within(surely_ended) {
                return 0;
            }
            let mut later = surely_ended.clone();
            for s in &self.holds[h.index()] {
                later.keep(&self.reach.after(self.plan, Node::Stage(*s)));
            }
            let own = |p: usize| {
                let steps = r.stage(self.order[p]).steps.iter();
                let times = steps.map(|s| self.plan.step_time(s, Pace::Shortest).as_ms());
                times.fold(0i64, i64::saturating_add)
            };
            later.back().map(own).max().unwrap_or(0)
        };
        let left = |h: HoldId| {
            let exit = self.time(&r.hold(h).exit).as_ms();
            exit.saturating_sub(first.as_ms()).saturating_sub(since(h)).max(0)
        };
        holds
            .iter()
            .map(|h| Closing {
                hold: *h,
                left: left(*h),
            })
            .collect()
    }

    /// The same in each case in which something applies: how long it takes to undo what has surely begun and what may run beside it,
    /// and to leave the holds.
    pub(super) fn by_case(
        &self,
        node: Node,
        undone: &Bits,
        holds: &[(HoldId, bool)],
        closing: &[Closing],
    ) -> Vec<Option<i64>> {
        let cases = &self.apart.cases;
        if cases.len() == 1 || self.order.len() > EXACT {
            let longest = self.longest(undone, holds, closing);
            return vec![Some(longest)];
        }
        let v = self.plan.variants();
        let here = v.applies(node);
        let never = cases.iter().all(|case| v.and(*case, here) == Pred::FALSE);
        let all = Bits::of(self.order.iter().map(|_| true));
        let one = |case: &Pred| {
            if !never && v.and(*case, here) == Pred::FALSE {
                return None;
            }
            let possible = self.apart.within(self.plan, *case, &all);
            let mut undone = undone.clone();
            undone.keep(&possible);
            let open = |h: HoldId| self.held[h.index()].meets(&possible);
            let holds: Vec<(HoldId, bool)> = holds.iter().copied().filter(|(h, _)| open(*h)).collect();
            let closing: Vec<Closing> = closing.iter().filter(|c| open(c.hold)).cloned().collect();
            Some(self.longest(&undone, &holds, &closing))
        };
        cases.iter().map(one).collect()
    }

    fn longest(&self, undone: &Bits, holds: &[(HoldId, bool)], closing: &[Closing]) -> i64 {
        let r = self.plan.release();
        let holds: Vec<HoldId> = holds.iter().map(|(h, _)| *h).collect();
        let again: Vec<&Closing> = closing
            .iter()
            .filter(|c| self.held[c.hold.index()].meets(undone))
            .collect();
        let left = closing.iter().map(|c| c.left).max().unwrap_or(0);
        if self.order.len() > EXACT {
            let leave = holds.iter().map(|h| self.time(&r.hold(*h).exit).as_ms());
            let enter = again.iter().map(|c| self.time(&r.hold(c.hold).enter).as_ms());
            let around = leave.chain(enter).fold(left, i64::saturating_add);
            return self.longest_of_all.as_ms().saturating_add(around);
        }
        let both: Vec<StageId> = undone.back().map(|p| self.order[p]).collect();
        let work = Work {
            undone: &both,
            holds: &holds,
            again: &again,
        };
        time(self, &work).max(left)
    }
}

/// How many milliseconds pass from the start of a way back until everything is undone and every hold is left.
fn time(around: &Around<'_>, work: &Work<'_>) -> i64 {
    let stages = around.order.len();
    let mut inside = vec![false; stages];
    for s in work.undone {
        inside[s.index()] = true;
    }
    // The last entered is outermost in this list's order; a stage enters its holds from the first to the last.
    let mut again: Vec<Vec<usize>> = vec![Vec::new(); if work.again.is_empty() { 0 } else { stages }];
    for (k, c) in work.again.iter().enumerate().rev() {
        for s in &around.holds[c.hold.index()] {
            again[s.index()].push(k);
        }
    }
    let mut entered: Vec<Option<i64>> = vec![None; work.again.len()];
    let mut done = vec![0i64; stages];
    let mut last = 0i64;
    let mut waiting: Vec<(i64, usize)> = Vec::new();
    let undo = |s: StageId, ready: i64, entered: &mut Vec<Option<i64>>| {
        let mut start = ready;
        for k in again.get(s.index()).into_iter().flatten() {
            let Closing { hold, left } = *work.again[*k];
            let enter = around.time(&around.plan.release().hold(hold).enter).as_ms();
            let at = *entered[*k].get_or_insert(start.max(left).saturating_add(enter));
            start = start.max(at);
        }
        start.saturating_add(around.time[s.index()])
    };
    if work.again.is_empty() {
        for s in around.order.iter().rev() {
            let ready = around.after[s.index()].iter().map(|l| done[l.index()]).max();
            let ready = ready.unwrap_or(0);
            done[s.index()] = if inside[s.index()] {
                undo(*s, ready, &mut entered)
            } else {
                ready
            };
        }
    } else {
        // Whoever is ready first enters a hold for all.
        let mut open: Vec<usize> = around.after.iter().map(Vec::len).collect();
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); stages];
        for (s, list) in around.after.iter().enumerate() {
            for later in list {
                before[later.index()].push(s);
            }
        }
        let mut queue: std::collections::BTreeSet<(i64, usize)> =
            (0..stages).filter(|s| open[*s] == 0).map(|s| (0, s)).collect();
        while let Some((ready, s)) = queue.pop_first() {
            done[s] = if inside[s] {
                undo(StageId::at(s), ready, &mut entered)
            } else {
                ready
            };
            for b in &before[s] {
                open[*b] = open[*b].saturating_sub(1);
                if open[*b] == 0 {
                    let ready = around.after[*b].iter().map(|l| done[l.index()]).max();
                    queue.insert((ready.unwrap_or(0), *b));
                }
            }
        }
    }
    for s in work.undone {
        last = last.max(done[s.index()]);
    }
    for (k, h) in work.holds.iter().enumerate() {
        let list = around.holds[h.index()].iter();
        let free = list.filter(|s| inside[s.index()]).map(|s| done[s.index()]).max();
        waiting.push((free.unwrap_or(0), k));
    }
    waiting.sort_unstable();
    // They are left in the reverse of the order in which they were entered, as far as they are free.
    let mut left: Vec<(usize, i64, i64)> = Vec::new();
    for (free, k) in waiting {
        let mut start = free;
        while let Some(end) = left
            .iter()
            .filter(|(j, from, to)| *j < k && *from <= start && start < *to)
            .map(|(_, _, to)| *to)
            .max()
        {
            start = end;
        }
        let exit = around.time(&around.plan.release().hold(work.holds[k]).exit);
        let end = start.saturating_add(exit.as_ms());
        left.push((k, start, end));
        last = last.max(end);
    }
    last
}
