//! Cases: what excludes each other is taken apart, so that nothing is added up that no run does one after the other.
//!
//! Together the cases are all variants, and none is in two of them. What does not exclude anything is in each of them with its
//! condition open. Used by the times of the documents, and by their ways back. Must not know words.

use crate::model::StageId;
use crate::plan::{Node, Pace, Plan, Pred, Schedule};
use std::collections::BTreeSet;

/// So many conditions are held against each other.
const CONDITIONS: usize = 64;

/// So many cases are told apart; what is beyond is added up.
const MOST: usize = 12;

/// So many times are worked out at most, over all cases.
const TIMES: usize = 200_000;

impl Plan {
    /// The cases, each with its longest times: one alone where nothing excludes another.
    pub fn cases(&self) -> &[Schedule] {
        self.analyses.cases(|| {
            let given = self.cases_given();
            match given.as_slice() {
                [] | [_] => vec![self.schedule(Pace::Longest).clone()],
                many => many
                    .iter()
                    .map(|p| self.schedule_given(Pace::Longest, *p))
                    .collect(),
            }
        })
    }

    /// When something starts and ends at the latest, each in whichever case that is latest, in milliseconds from T.
    pub fn latest(&self, node: Node) -> (i64, i64) {
        let times = self.cases_of(node).map(|s| s.of(self, node));
        times.fold((i64::MIN, i64::MIN), |(start, finish), t| {
            (start.max(t.start), finish.max(t.finish))
        })
    }

    /// The cases in which something applies; all of them where it never does.
    pub fn cases_of(&self, node: Node) -> impl Iterator<Item = &Schedule> {
        let applies = self.variants().applies(node);
        let never = !self.cases().iter().any(|s| self.possible_in(s, applies));
        self.cases()
            .iter()
            .filter(move |s| never || self.possible_in(s, applies))
    }

    fn cases_given(&self) -> Vec<Pred> {
        let v = self.variants();
        let apart = self.excluding();
        let mut cases = vec![v.valid()];
        let most = MOST.min(TIMES / self.graph.node_count().max(1));
        for p in apart {
            let next: Vec<Pred> = cases
                .iter()
                .flat_map(|c| [v.and(*c, p), v.without(*c, p)])
                .filter(|c| *c != Pred::FALSE)
                .collect();
            if next.len() <= most {
                cases = next;
            }
        }
        cases
    }

    /// The conditions under which something is done that excludes something else that is done.
    fn excluding(&self) -> Vec<Pred> {
        let v = self.variants();
        let r = self.release();
        let mut seen = BTreeSet::new();
        let mut list: Vec<Pred> = Vec::new();
        let mut add = |p: Pred| {
            if list.len() < CONDITIONS && p != Pred::TRUE && p != Pred::FALSE && seen.insert(p) {
                list.push(p);
            }
        };
        for node in self.order() {
            add(v.applies(node));
            let Node::Stage(s) = node else { continue };
            self.conditions_in(s, &mut add);
        }
        // What is waited for only where nothing nearer applies excludes what is nearer.
        for given in self.order().flat_map(|n| self.handed_on(n)) {
            add(given);
        }
        let ends = r.holds.iter().flat_map(|h| h.enter.iter().chain(&h.exit));
        for step in ends.chain(&r.finally) {
            add(self.done_when(step));
        }
        let excludes = |p: &Pred| {
            list.iter()
                .any(|q| v.and(v.and(*p, *q), v.valid()) == Pred::FALSE)
        };
        list.iter().copied().filter(excludes).collect()
    }

    fn conditions_in(&self, s: StageId, add: &mut dyn FnMut(Pred)) {
        let stage = self.release().stage(s);
        for (gate, _) in &stage.require {
            add(self.judged(*gate));
        }
        for step in stage.forward_steps() {
            add(self.done_when(step));
        }
        for rung in stage.rollout.iter().flat_map(|r| &r.steps) {
            add(self.variants().of(self, &rung.when));
        }
    }
}
