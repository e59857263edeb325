//! Which stages make what a gate judges.
//!
//! Called by the checks of gates that judge what is not there.

use crate::model::{Gate, GateTest, Key, KeyUse, StageId};
use crate::plan::{Plan, Touching};
use std::collections::BTreeMap;

/// The stages of a plan by what they change.
pub(super) struct Made<'a> {
    /// Keys by their first two parts: most keys have them, and only those with the same two can overlap.
    close: BTreeMap<(String, String), Vec<(StageId, &'a KeyUse)>>,
    /// All others.
    loose: Vec<(StageId, &'a KeyUse)>,
}

impl<'a> Made<'a> {
    /// What every stage changes.
    pub(super) fn new(plan: &'a Plan) -> Self {
        let mut made = Made {
            close: BTreeMap::new(),
            loose: Vec::new(),
        };
        // Only what some gate judges is ever asked for, and most plans judge little.
        if plan.release().gates.iter().all(|g| judged(g).is_empty()) {
            return made;
        }
        for stage in (0..plan.release().stages.len()).map(StageId::at) {
            for touch in plan.changes(stage) {
                if touch.how != Touching::Changes || touch.assumed {
                    continue;
                }
                match head(&touch.key.key) {
                    Some(head) => made.close.entry(head).or_default().push((stage, touch.key)),
                    None => made.loose.push((stage, touch.key)),
                }
            }
        }
        made
    }

    /// The stages that change what a gate shows to work, in the order written.
    pub(super) fn by(&self, gate: &Gate) -> Vec<StageId> {
        let mut list = Vec::new();
        for key in judged(gate) {
            let near: Vec<&Vec<(StageId, &KeyUse)>> = match head(&key.key) {
                Some(head) => self.close.get(&head).into_iter().collect(),
                None => self.close.values().collect(),
            };
            let all = near.into_iter().flatten().chain(&self.loose);
            list.extend(all.filter(|(_, k)| k.key.overlaps(&key.key)).map(|(s, _)| *s));
        }
        list.sort();
        list.dedup();
        list
    }
}

/// The keys a gate shows to work.
fn judged(gate: &Gate) -> Vec<&KeyUse> {
    let mut keys: Vec<&KeyUse> = gate.exercises.iter().collect();
    if let GateTest::Run(act) | GateTest::Job(act) = &gate.test {
        keys.extend(&act.effects.exercises);
    }
    keys
}

/// The first two parts of a key, when both are known.
fn head(key: &Key) -> Option<(String, String)> {
    let mut parts = key.segments().into_iter();
    Some((parts.next()??, parts.next()??))
}
