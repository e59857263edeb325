//! Outcomes drawn from a number: the same number, the same run.
//!
//! Used by `simulate --seed` and by tests. Must not run anything.

use super::outcomes::{Answer, Fault, How, Outcomes, Place, Verdict};
use super::stage::steps;
use crate::model::{ApprovalId, DecisionId, GateId, HoldId, StageId, TriggerId};
use crate::plan::{Node, Pace, Plan};

/// A small generator with a long period (splitmix64); its numbers are part of what `--seed` means.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The generator of a number.
    pub fn new(seed: u64) -> Self {
        Chance(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 for none.
    pub fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n.max(1)).unwrap_or(1);
        usize::try_from(self.next() % n).unwrap_or(0)
    }

    /// True once in so many times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// So many times, or always.
    fn times(&mut self) -> Option<u32> {
        [Some(1), Some(2), None, None][self.below(4)]
    }
}

impl Outcomes {
    /// Outcomes drawn from a number: about one thing in a plan goes wrong of itself, and then more may.
    pub fn drawn(plan: &Plan, seed: u64) -> Outcomes {
        let r = plan.release();
        let mut chance = Chance::new(seed);
        let mut o = Outcomes::default();
        let many = r.stages.len().saturating_add(1);
        for i in 0..r.stages.len() {
            let s = StageId::at(i);
            if chance.one_in(many) {
                let fault = fault(plan, s, &mut chance);
                o.stages.insert(s, fault);
            }
            if chance.one_in(8) {
                o.undos.insert(s, None);
            }
            if chance.one_in(many.saturating_mul(4)) {
                o.outside_window.insert(s);
            }
        }
        for g in 0..r.gates.len() {
            if chance.one_in(r.gates.len().saturating_mul(3)) {
                o.gates.insert(GateId::at(g), chance.times());
            }
        }
        for h in 0..r.holds.len() {
            if chance.one_in(10) {
                o.enters.insert(HoldId::at(h), chance.times());
            }
            if chance.one_in(10) {
                o.reenters.insert(HoldId::at(h));
            }
            if chance.one_in(10) {
                o.exits.insert(HoldId::at(h));
            }
        }
        for a in 0..r.approvals.len() {
            let id = ApprovalId::at(a);
            let within = r.approval(id).within.map_or(3_600_000, |d| d.as_ms().max(1));
            let verdict = match chance.below(12) {
                0 => Verdict::Rejected,
                1 if r.approval(id).within.is_some() => Verdict::Expired,
                2 | 3 => {
                    let share = i64::try_from(chance.below(1000)).unwrap_or(0);
                    Verdict::GrantedAfter((within / 1000).saturating_mul(share))
                }
                _ => continue,
            };
            o.approvals.insert(id, verdict);
        }
        for d in 0..r.decisions.len() {
            let id = DecisionId::at(d);
            let options = r.decision(id).options.len();
            let choice = match chance.below(3) {
                0 if r.decision(id).question.within.is_some() => None,
                1 => Some(chance.below(options)),
                _ => continue,
            };
            o.decisions.insert(id, choice);
        }
        for t in 0..r.triggers.len() {
            if chance.one_in(6) {
                o.triggers.insert(TriggerId::at(t), None);
            }
        }
        for f in 0..r.finally.len() {
            if chance.one_in(8) {
                o.finally.insert(f);
            }
        }
        if chance.one_in(20) && !r.stages.is_empty() {
            o.cancel = Some(Node::Stage(StageId::at(chance.below(r.stages.len()))));
        }
        for _ in 0..chance.below(4) {
            o.answers.push(Answer::ALL[chance.below(4)]);
        }
        if chance.one_in(2) {
            o.pace = Pace::Shortest;
        }
        o
    }
}

fn fault(plan: &Plan, s: StageId, chance: &mut Chance) -> Fault {
    let stage = plan.release().stage(s);
    let all = steps(stage);
    let place = match (all.get(chance.below(all.len())), chance.below(3)) {
        (Some(doing), 0 | 1) => Place::Step(doing.step.slug.clone()),
        _ => Place::Last,
    };
    Fault {
        place,
        how: if chance.one_in(6) && stage.timeout.is_some() {
            How::Hangs
        } else {
            How::Fails
        },
        times: chance.times(),
    }
}
