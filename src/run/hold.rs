//! Holds: entered before the first stage inside begins, left in reverse order when nothing inside remains.
//!
//! A part of the machine.

use super::machine::{HoldState, Machine, Mode, Status, Wake};
use super::trace::{Subject, Verb};
use crate::model::{HoldId, Step};

impl Machine<'_> {
    fn time_of(&self, steps: &[Step]) -> i64 {
        steps
            .iter()
            .filter(|s| self.surely(&s.when))
            .fold(0, |all, s| all.saturating_add(self.plan.step_time(s, self.outcomes.pace).as_ms()))
    }

    /// Starts to enter a hold, for the first time or again.
    pub(super) fn enter(&mut self, h: HoldId) {
        self.entered += 1;
        let number = self.entered;
        let again = self.holds[h.index()].state == HoldState::Left;
        let hold = &mut self.holds[h.index()];
        hold.state = HoldState::Entering;
        hold.entered = number;
        let detail = if again { "again" } else { "" };
        self.say(Subject::Hold(h), Verb::Enter, detail, &[]);
        let ms = self.time_of(&self.release.hold(h).enter);
        self.after(ms, Wake::Entered(h));
    }

    /// Its `enter` is through.
    pub(super) fn entered(&mut self, h: HoldId) {
        let hold = self.release.hold(h);
        if self.outcomes.enters.contains(&h) && self.healed.insert(Subject::Hold(h)) {
            self.met.insert(format!("hold {}", hold.name));
            // What it began must be taken back all the same.
            self.holds[h.index()].state = HoldState::In;
            self.holds[h.index()].broken = true;
            self.say(Subject::Hold(h), Verb::Fail, "to be entered", &[]);
            self.hold_failed(h);
            return;
        }
        self.holds[h.index()].state = HoldState::In;
        self.say(Subject::Hold(h), Verb::Entered, "", &[]);
        if let Some((d, _)) = &hold.at_most {
            let number = self.holds[h.index()].entered;
            self.after(d.as_ms().saturating_add(1), Wake::Overdue(h, number));
        }
    }

    /// It lasts longer than it may.
    pub(super) fn overdue(&mut self, h: HoldId) {
        self.say(Subject::Hold(h), Verb::Overdue, "", &[]);
    }

    /// Starts to leave the hold that was entered last of those that may be left; whether there is one.
    pub(super) fn leave_holds(&mut self) -> bool {
        let list: Vec<HoldId> = (0..self.holds.len()).map(HoldId::at).collect();
        let may = |m: &Self, h: &HoldId| m.holds[h.index()].state == HoldState::In && m.may_leave(*h);
        let Some(h) = list
            .iter()
            .copied()
            .filter(|h| may(self, h))
            .max_by_key(|h| self.holds[h.index()].entered)
        else {
            return false;
        };
        let entered = self.holds[h.index()].entered;
        if self.holds.iter().any(|x| x.state == HoldState::Leaving && x.entered > entered) {
            return false;
        }
        let inside: Vec<Subject> = self.holds[h.index()].stages.iter().map(|s| Subject::Stage(*s)).collect();
        let lost = self.holds[h.index()].stages.iter().any(|s| {
            self.outcomes.undos.contains(s) && self.stages[s.index()].status == Status::Stuck
        });
        if lost {
            self.holds[h.index()].state = HoldState::Stuck;
            self.say(Subject::Hold(h), Verb::Wait, "", &inside);
            self.help.push(format!(
                "hold `{}` stays until its owner gives the word: an undo inside it failed",
                self.release.hold(h).name
            ));
            return true;
        }
        self.holds[h.index()].state = HoldState::Leaving;
        self.say(Subject::Hold(h), Verb::Exit, "", &inside);
        let exit = &self.release.hold(h).exit;
        let once = self.time_of(exit);
        let ms = match (self.outcomes.exits.contains(&h), exit.last()) {
            (true, Some(step)) => {
                let last = self.plan.step_time(step, self.outcomes.pace).as_ms();
                once.saturating_sub(last).saturating_add(self.with_retries(step, last))
            }
            _ => once,
        };
        self.after(ms, Wake::Left(h));
        true
    }

    /// Whether each stage inside has ended, been undone or can no longer start.
    fn may_leave(&self, h: HoldId) -> bool {
        let over = |s: &crate::model::StageId| {
            let state = &self.stages[s.index()];
            match (&self.mode, state.status) {
                (_, Status::NotApplicable) => true,
                (Mode::Forward, st) => st.well(),
                (Mode::Draining(_) | Mode::Aside(..), _) => false,
                (Mode::Back(scope), st) => match st {
                    Status::Undoing => false,
                    Status::Undone | Status::Stuck => true,
                    _ => !state.began || !self.in_scope(*scope, *s),
                },
                (Mode::Closing | Mode::Finally(_), _) => true,
            }
        };
        self.holds[h.index()].stages.iter().all(over)
    }

    /// Its `exit` is through.
    pub(super) fn left(&mut self, h: HoldId) {
        if self.outcomes.exits.contains(&h) {
            let name = &self.release.hold(h).name;
            self.met.insert(format!("exit {name}"));
            self.holds[h.index()].state = HoldState::Stuck;
            self.trouble_at();
            self.say(Subject::Hold(h), Verb::Fail, "to be left; its owner is called", &[]);
            self.help.push(format!("hold `{name}` could not be left"));
            return;
        }
        self.holds[h.index()].state = HoldState::Left;
        self.say(Subject::Hold(h), Verb::Left, "", &[]);
    }
}
