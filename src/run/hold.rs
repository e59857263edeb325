//! Holds: entered before the first stage inside begins, left in reverse order when nothing inside remains.
//!
//! A part of the machine.

use super::machine::Machine;
use super::state::{Back, HoldState, Mode, Wake};
use super::trace::{Subject, Verb};
use crate::model::{HoldId, Lacking, StageId, Step};

impl Machine<'_> {
    fn time_of(&self, steps: &[Step]) -> i64 {
        let time = |s: &Step| self.plan.step_time(s, self.outcomes.pace).as_ms();
        let steps = steps.iter().filter(|s| self.surely(&s.when));
        steps.fold(0, |all, s| all.saturating_add(time(s)))
    }

    /// The same when the last of them fails.
    fn time_failing(&self, steps: &[Step]) -> i64 {
        let all = self.time_of(steps);
        let Some(last) = steps.iter().rev().find(|s| self.surely(&s.when)) else {
            return all;
        };
        let once = self.plan.step_time(last, self.outcomes.pace).as_ms();
        all.saturating_sub(once)
            .saturating_add(self.with_retries(last, once))
    }

    /// Whether every hold around a stage is entered; starts to enter the first that is not.
    pub(super) fn inside_holds(&mut self, s: StageId) -> bool {
        for h in self.around(s) {
            match self.holds[h.index()].state {
                HoldState::In | HoldState::Stuck => {}
                HoldState::Out | HoldState::Left => {
                    self.enter(*h, s);
                    return false;
                }
                HoldState::Entering | HoldState::Leaving => return false,
            }
        }
        true
    }

    /// Whether entering a hold is to fail now.
    fn enter_fails(&self, h: HoldId) -> bool {
        if self.mode == Mode::Back && self.outcomes.reenters.contains(&h) {
            return true;
        }
        let failures = self.holds[h.index()].failures;
        let times = self.outcomes.enters.get(&h);
        times.is_some_and(|n| n.is_none_or(|n| failures < n))
    }

    /// What `exit` would need to know, where the last step of `enter` failed before it was recorded.
    fn lacking(&self, h: HoldId) -> Option<&str> {
        let state = &self.holds[h.index()];
        let enter = &self.release.hold(h).enter;
        let last = enter.iter().rposition(|s| self.surely(&s.when))?;
        let lacking = self.release.hold(h).lacks_after(last);
        Some(match lacking.filter(|_| state.half && !state.known)? {
            Lacking::Capture(c) => &self.release.capture(c).name,
            Lacking::Prior(p) => &self.release.prior(p).name,
        })
    }

    /// Whether leaving a hold is to fail.
    fn exit_fails(&self, h: HoldId) -> bool {
        self.outcomes.exits.contains(&h) || self.lacking(h).is_some()
    }

    /// Starts to enter a hold, for the first time or again.
    fn enter(&mut self, h: HoldId, s: StageId) {
        self.entered += 1;
        let again = self.holds[h.index()].state == HoldState::Left;
        let number = self.entered;
        let hold = &mut self.holds[h.index()];
        hold.state = HoldState::Entering;
        hold.entered = number;
        let detail = if again { "again" } else { "" };
        let mut before = self.waited_for[s.index()].clone();
        before.push(Subject::Stage(s));
        self.say(Subject::Hold(h), Verb::Enter, detail, &before);
        let enter = &self.release.hold(h).enter;
        let ms = if self.enter_fails(h) {
            self.time_failing(enter)
        } else {
            self.time_of(enter)
        };
        self.after(ms, Wake::Entered(h));
    }

    /// Its `enter` is through.
    pub(super) fn entered(&mut self, h: HoldId) {
        let hold = self.release.hold(h);
        // What a failed `enter` began must be taken back all the same.
        self.holds[h.index()].state = HoldState::In;
        let graph = self.graph;
        for s in &graph.holds[h.index()] {
            self.look_at(*s);
        }
        let fails = self.enter_fails(h);
        self.holds[h.index()].half = fails;
        if fails {
            self.holds[h.index()].failures += 1;
            self.met.insert((Subject::Hold(h), Verb::Enter));
            self.say(Subject::Hold(h), Verb::Fail, "to be entered", &[]);
            if self.mode == Mode::Back {
                self.holds[h.index()].barred = true;
                self.help
                    .push(format!("hold `{}` could not be entered again", hold.name));
            } else {
                self.hold_failed(h);
            }
            return;
        }
        self.holds[h.index()].known = true;
        self.say(Subject::Hold(h), Verb::Entered, "", &[]);
        if let Some((d, _)) = &hold.at_most {
            let number = self.holds[h.index()].entered;
            self.after(d.as_ms(), Wake::Overdue(h, number));
        }
    }

    /// Starts to leave the hold that was entered last of those that may be left; whether there is one.
    pub(super) fn leave_holds(&mut self) -> bool {
        let may = |open: usize| match self.mode {
            Mode::Forward | Mode::Back => open == 0,
            Mode::Closing => true,
            Mode::Draining | Mode::Finally(_) | Mode::Over => false,
        };
        let open = self.holds.iter().enumerate();
        let open = open.filter(|(_, h)| h.state == HoldState::In && may(h.open));
        let Some((h, entered)) = open
            .map(|(i, h)| (HoldId::at(i), h.entered))
            .max_by_key(|(_, n)| *n)
        else {
            return false;
        };
        if self
            .holds
            .iter()
            .any(|x| x.state == HoldState::Leaving && x.entered > entered)
        {
            return false;
        }
        let inside = &self.graph.holds[h.index()];
        let mut before: Vec<Subject> = inside.iter().map(|s| Subject::Stage(*s)).collect();
        // They close in reverse order.
        let later = self
            .holds
            .iter()
            .enumerate()
            .filter(|(_, x)| x.state == HoldState::Left && x.entered > entered);
        before.extend(later.map(|(i, _)| Subject::Hold(HoldId::at(i))));
        let name = &self.release.hold(h).name;
        if inside.iter().any(|s| self.stages[s.index()].back == Back::Failed) {
            self.holds[h.index()].state = HoldState::Stuck;
            self.say(Subject::Hold(h), Verb::Wait, "", &before);
            self.help.push(format!(
                "hold `{name}` stays until its owner gives the word: an undo inside it failed"
            ));
            return true;
        }
        self.holds[h.index()].state = HoldState::Leaving;
        self.say(Subject::Hold(h), Verb::Exit, "", &before);
        let exit = &self.release.hold(h).exit;
        let ms = if self.exit_fails(h) {
            self.time_failing(exit)
        } else {
            self.time_of(exit)
        };
        self.after(ms, Wake::Left(h));
        true
    }

    /// Its `exit` is through.
    pub(super) fn left(&mut self, h: HoldId) {
        if !self.exit_fails(h) {
            self.holds[h.index()].state = HoldState::Left;
            self.say(Subject::Hold(h), Verb::Left, "", &[]);
            return;
        }
        let name = &self.release.hold(h).name;
        self.met.insert((Subject::Hold(h), Verb::Exit));
        self.holds[h.index()].state = HoldState::Stuck;
        self.say(
            Subject::Hold(h),
            Verb::Fail,
            "to be left; its owner is called",
            &[],
        );
        let cause = match self.lacking(h) {
            Some(value) if !self.outcomes.exits.contains(&h) => {
                format!("hold `{name}` could not be left: `{value}` was never recorded")
            }
            _ => format!("hold `{name}` could not be left"),
        };
        self.help.push(cause.clone());
        self.trouble(|| cause);
    }
}
