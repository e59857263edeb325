//! What passes inside a stage and after the last of them, on the longest times: when its gates are judged, its holds entered and
//! its steps started; when each hold has been left; and when everything is over, `finally` included.
//!
//! Must not know words. Used by the documents.

use crate::model::{Cond, HoldId, StageId, Step};
use crate::plan::paths::Paths;
use crate::plan::{Node, Pace, Plan, Pred, Schedule};

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
    /// How long it takes at the longest once it has begun; once it starts, where gates are judged first.
    pub takes: i64,
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
        let node = Node::Stage(id);
        let clock = self.clock();
        let stage = self.release().stage(id);
        let cases: Vec<(Pred, &Schedule)> = self
            .cases_of(node)
            .map(|schedule| (self.given_in(schedule, id), schedule))
            .collect();
        let (start, finish) = self.latest(node);
        let last = finish.max(start);
        let at = |t: i64| t.min(last);
        let v = self.variants();
        let started = cases.iter().map(|(p, s)| (*p, s.stage(self, id).start));
        let mut paths = Paths::several(started.collect(), v);
        let mut starts = Starts {
            gates: Vec::new(),
            holds: Vec::new(),
            begun: start,
            steps: Vec::new(),
            takes: 0,
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
        // Where gates are judged before it begins, they are part of what it takes.
        let takes = cases.iter().map(|(p, s)| {
            let own = s.stage(self, id);
            let from = if stage.require.is_empty() {
                paths.latest_in(v, *p).min(own.finish)
            } else {
                own.start
            };
            own.finish.saturating_sub(from)
        });
        starts.takes = takes.max().unwrap_or(0);
        let run = |paths: &mut Paths, starts: &mut Starts, around: Pred, list: &[Step]| {
            for step in list {
                let p = v.and(around, self.done_when(step));
                let takes = self.step_time(step, Pace::Longest);
                starts.steps.push(at(paths.latest_in(v, p)));
                paths.pass(v, p, |t| self.later(&clock, t, takes));
            }
        };
        match &stage.rollout {
            None => run(&mut paths, &mut starts, Pred::TRUE, &stage.steps),
            Some(rollout) => {
                for rung in &rollout.steps {
                    let p = v.of(self, &rung.when);
                    for (given, schedule) in &cases {
                        let ready = self.rollout_step_ready(schedule, rung);
                        paths.pass(v, v.and(p, *given), |t| t.max(ready));
                    }
                    run(&mut paths, &mut starts, p, &rung.work);
                    run(&mut paths, &mut starts, p, &rung.checks);
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

    /// How a run on its longest times ends when nothing fails: each moment in whichever case it comes latest.
    pub fn ending(&self) -> Ending {
        let mut cases = self.cases().iter().map(|schedule| self.ending_of(schedule));
        let first = cases.next().expect("internal: there is always a case");
        cases.fold(first, |all, one| {
            let both = |a: Vec<i64>, b: Vec<i64>| a.into_iter().zip(b).map(|(a, b)| a.max(b)).collect();
            let (from, to): (Vec<i64>, Vec<i64>) = all.holds.into_iter().unzip();
            let (other_from, other_to): (Vec<i64>, Vec<i64>) = one.holds.into_iter().unzip();
            let (from, to): (Vec<i64>, Vec<i64>) = (both(from, other_from), both(to, other_to));
            Ending {
                holds: from.into_iter().zip(to).collect(),
                finally: both(all.finally, one.finally),
                over: all.over.max(one.over),
            }
        })
    }

    fn ending_of(&self, schedule: &Schedule) -> Ending {
        let r = self.release();
        // What excludes this case takes no time in it; a hold is not entered in it where nothing inside applies.
        let alone = self.cases().len() == 1;
        let within =
            |s: StageId| alone || self.possible_in(schedule, self.variants().applies(Node::Stage(s)));
        let stages = (0..r.stages.len())
            .map(StageId::at)
            .filter(|s| within(*s))
            .map(|s| schedule.stage(self, s).finish);
        let mut over = stages.max().unwrap_or(0).max(0);
        let possible = |when: &Cond| self.possible_in(schedule, self.variants().of(self, when));
        let mut place = vec![0; r.stages.len()];
        for (i, s) in self.stage_order().into_iter().enumerate() {
            place[s.index()] = i;
        }
        let mut free: Vec<(i64, usize)> = (0..r.holds.len())
            .filter(|h| alone || self.hold_stages(HoldId::at(*h)).into_iter().any(within))
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
