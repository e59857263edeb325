//! What passes inside a stage and after the last of them, on the longest times: when its gates are judged, its holds entered and
//! its steps started; when each hold has been left; and when everything is over, `finally` included.
//!
//! Must not know words. Used by the documents.

use crate::model::{Cond, HoldId, StageId, Step};
use crate::plan::paths::Paths;
use crate::plan::{Pace, Plan, Pred};

/// When the parts of a stage start at the latest, in milliseconds from T.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Starts {
    /// The gates that are judged before its first step, in order.
    pub gates: Vec<i64>,
    /// The holds that are entered before its first step, in order.
    pub holds: Vec<(HoldId, i64)>,
    /// When its own work begins: all of them have been entered.
    pub begun: i64,
    /// Its steps, in order; those of a rollout step by step, each time what is done and then what is checked.
    pub steps: Vec<i64>,
}

/// How a run on its longest times ends when nothing fails, in milliseconds from T.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// When it is started to leave each hold, and when it has been left.
    pub holds: Vec<(i64, i64)>,
    /// When each step of `finally` starts.
    pub finally: Vec<i64>,
    /// When all is over.
    pub over: i64,
}

impl Plan {
    /// When the parts of a stage start at the latest. A stage that says as a whole how long it takes ends in that time, whatever
    /// its steps say.
    pub fn passage(&self, id: StageId) -> Starts {
        let schedule = self.schedule(Pace::Longest);
        let clock = self.clock();
        let timing = schedule.stage(self, id);
        let stage = self.release().stage(id);
        let last = timing.finish.max(timing.start);
        let at = |t: i64| t.min(last);
        let v = self.variants();
        let mut paths = Paths::new(self.given_in(schedule, id), timing.start);
        let mut starts = Starts {
            gates: Vec::new(),
            holds: Vec::new(),
            begun: timing.start,
            steps: Vec::new(),
        };
        for (g, _) in &stage.require {
            let (p, takes) = (self.judged(*g), self.gate_time(*g, Pace::Longest));
            starts.gates.push(at(paths.latest_in(v, p)));
            paths.pass(v, p, |t| self.later(&clock, t, takes));
        }
        let holds = self.release().holds.iter().enumerate();
        for (i, hold) in holds.filter(|(_, h)| h.from == id) {
            starts.holds.push((HoldId::at(i), at(paths.latest())));
            for step in &hold.enter {
                let takes = self.step_time(step, Pace::Longest);
                paths.pass(v, self.done_when(step), |t| self.later(&clock, t, takes));
            }
        }
        starts.begun = at(paths.latest());
        let mut run = |paths: &mut Paths, around: Pred, list: &[Step]| {
            for step in list {
                let p = v.and(around, self.done_when(step));
                let takes = self.step_time(step, Pace::Longest);
                starts.steps.push(at(paths.latest_in(v, p)));
                paths.pass(v, p, |t| self.later(&clock, t, takes));
            }
        };
        match &stage.rollout {
            None => run(&mut paths, Pred::TRUE, &stage.steps),
            Some(rollout) => {
                for rung in &rollout.steps {
                    let p = v.of(self, &rung.when);
                    let ready = self.rollout_step_ready(schedule, rung);
                    paths.pass(v, p, |t| t.max(ready));
                    run(&mut paths, p, &rung.work);
                    run(&mut paths, p, &rung.checks);
                }
            }
        }
        starts
    }

    /// When a list of steps that starts at an offset has ended.
    fn pass(&self, from: i64, steps: &[Step], applies: &dyn Fn(&Cond) -> bool) -> i64 {
        let clock = self.clock();
        steps.iter().filter(|s| applies(&s.when)).fold(from, |t, s| {
            self.later(&clock, t, self.step_time(s, Pace::Longest))
        })
    }

    /// How a run on its longest times ends when nothing fails.
    pub fn ending(&self) -> Ending {
        let r = self.release();
        let schedule = self.schedule(Pace::Longest);
        let stages = (0..r.stages.len()).map(|i| schedule.stage(self, StageId::at(i)).finish);
        let mut over = stages.max().unwrap_or(0).max(0);
        let possible = |when: &Cond| self.possible_in(schedule, self.variants().of(self, when));
        let mut place = vec![0; r.stages.len()];
        for (i, s) in self.stage_order().into_iter().enumerate() {
            place[s.index()] = i;
        }
        let mut free: Vec<(i64, usize)> = (0..r.holds.len())
            .map(|h| {
                let inside = self.hold_stages(HoldId::at(h)).into_iter();
                let ends = inside.map(|s| schedule.stage(self, s).finish);
                (ends.max().unwrap_or(0), h)
            })
            .collect();
        // Entered later, left sooner.
        let entered = |h: usize| (place[r.hold(HoldId::at(h)).from.index()], h);
        free.sort_by_key(|(at, h)| (*at, std::cmp::Reverse(entered(*h))));
        let mut holds = vec![(0, 0); r.holds.len()];
        let mut left: Vec<(usize, i64, i64)> = Vec::new();
        for (at, h) in free {
            let mut start = at;
            let waits = |start: i64, left: &[(usize, i64, i64)]| {
                let busy = left
                    .iter()
                    .filter(|(k, from, to)| entered(*k) > entered(h) && *from <= start && start < *to);
                busy.map(|(_, _, to)| *to).max()
            };
            while let Some(end) = waits(start, &left) {
                start = end;
            }
            let end = self.pass(start, &r.hold(HoldId::at(h)).exit, &possible);
            left.push((h, start, end));
            holds[h] = (start, end);
            over = over.max(end);
        }
        let mut finally = Vec::new();
        for step in &r.finally {
            finally.push(over);
            over = self.pass(over, std::slice::from_ref(step), &possible);
        }
        Ending { holds, finally, over }
    }
}
