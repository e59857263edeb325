//! The worst that can be found in the schedules of all variants, and the path that makes it so.
//!
//! A verdict holds for a variant that exists: where the path found runs through stages that exclude each other, the search
//! divides. Used by the checks of time and of holds. Must not report findings.

use crate::model::StageId;
use crate::plan::{Node, Pace, Plan, Pred, Schedule};

/// How many times a search may divide.
const DIVIDED: usize = 64;

/// The worst that was found, by a measure.
#[derive(Debug, Clone)]
pub struct Worst {
    /// The schedule it was found in.
    pub schedule: Schedule,
    /// The stage.
    pub stage: StageId,
    /// The measure.
    pub by: i64,
    /// The variants in which its path exists.
    pub given: Pred,
    /// The nodes of the path, first to last, each waiting for the one before.
    pub path: Vec<Node>,
}

impl Plan {
    /// The largest value of a measure over the stages and the variants, when it is above zero anywhere.
    pub fn worst(&self, pace: Pace, measure: impl Fn(&Schedule, StageId) -> Option<i64>) -> Option<Worst> {
        let mut best: Option<Worst> = None;
        let mut open: Vec<Pred> = vec![self.variants().valid()];
        let mut divided = 0;
        while let Some(given) = open.pop() {
            if given == Pred::FALSE {
                continue;
            }
            let schedule = match given {
                Pred::TRUE => self.schedule(pace).clone(),
                _ => self.schedule_given(pace, given),
            };
            let bound = best.as_ref().map_or(0, |b| b.by);
            let mut top: Option<(StageId, i64)> = None;
            for stage in self.stage_order() {
                let applies = self.variants().applies(Node::Stage(stage));
                if self.variants().and(applies, given) == Pred::FALSE {
                    continue;
                }
                if let Some(by) = measure(&schedule, stage)
                    && by > top.map_or(bound, |(_, b)| b)
                {
                    top = Some((stage, by));
                }
            }
            let Some((stage, by)) = top else { continue };
            let path = self.path(&schedule, Node::Stage(stage));
            let mut all = given;
            let mut split = None;
            for p in self.conditions_of(&schedule, &path) {
                let both = self.variants().and(all, p);
                if both != all && split.is_none() {
                    split = Some(p);
                }
                all = both;
            }
            if all != Pred::FALSE {
                best = Some(Worst {
                    schedule,
                    stage,
                    by,
                    given: all,
                    path,
                });
                continue;
            }
            divided += 1;
            if let Some(p) = split
                && divided <= DIVIDED
            {
                open.push(self.variants().without(given, p));
                open.push(self.variants().and(given, p));
            }
        }
        best
    }

    /// In which variants the path exists that makes a node start when it does.
    pub fn path_given(&self, schedule: &Schedule, node: Node) -> Pred {
        let path = self.path(schedule, node);
        let conditions = self.conditions_of(schedule, &path);
        conditions
            .into_iter()
            .fold(schedule.given, |all, p| self.variants().and(all, p))
    }

    /// The conditions under which every node of a path applies, with those of the steps that count in it.
    fn conditions_of(&self, schedule: &Schedule, path: &[Node]) -> Vec<Pred> {
        let mut list = Vec::new();
        for (k, node) in path.iter().enumerate() {
            list.push(self.variants().applies(*node));
            if k > 0 {
                list.push(schedule.of(self, *node).given);
            }
            if let Node::Stage(s) = node {
                let stage = self.release().stage(*s);
                if stage.takes.is_some() {
                    continue;
                }
                let rollout = stage.rollout.iter().flat_map(|r| &r.steps);
                let rollout = rollout.map(|s| self.variants().of(self, &s.when));
                let steps = stage.forward_steps();
                let steps = steps
                    .iter()
                    .filter(|s| self.step_time(s, Pace::Longest).as_ms() > 0)
                    .map(|s| self.done_when(s));
                for p in rollout.chain(steps) {
                    if self.possible_in(schedule, p) && !list.contains(&p) {
                        list.push(p);
                    }
                }
            }
        }
        list
    }
}
