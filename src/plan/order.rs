//! Who surely comes before whom, without an all-pairs closure.
//!
//! Questions are answered in batches: sources go through the order sixty-four at a time, as bits. Used by the checks that
//! compare pairs of stages. Must not report findings.

use crate::model::StageId;
use crate::plan::flow::{Flow, surely};
use crate::plan::{EdgeKind, Node, Plan, Pred};
use petgraph::Direction;
use petgraph::visit::EdgeRef;
use std::collections::BTreeMap;

/// The most pairs that are looked at variant by variant.
const EXACT: usize = 2_000;

/// How two stages stand to each other, given that both apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// One has surely ended before the other starts.
    Ordered,
    /// Nothing orders them in these variants.
    Beside(Pred),
}

impl Plan {
    /// Whether one node waits, however far back, for another: in the graph, whatever applies.
    pub fn precedes(&self, before: Node, after: Node) -> bool {
        let (from, to) = (self.index(before), self.index(after));
        let last = self.position[to.index()];
        if self.position[from.index()] >= last {
            return false;
        }
        let mut seen = std::collections::HashSet::new();
        let mut stack = vec![from];
        while let Some(i) = stack.pop() {
            for next in self.graph.neighbors(i) {
                if next == to {
                    return true;
                }
                if self.position[next.index()] < last && seen.insert(next) {
                    stack.push(next);
                }
            }
        }
        false
    }

    /// The stages that must have ended before a node, however far back, in order.
    pub fn stages_leading_to(&self, node: Node) -> Vec<StageId> {
        let set = self.ancestors(node);
        self.order()
            .filter_map(|n| match n {
                Node::Stage(s) if self.contains(&set, n) => Some(s),
                _ => None,
            })
            .collect()
    }

    /// For each pair, how its stages stand to each other.
    pub fn standing(&self, pairs: &[(StageId, StageId)]) -> Vec<Standing> {
        let in_order = |(a, b): &(StageId, StageId)| {
            if self.place(*a) <= self.place(*b) {
                (*a, *b)
            } else {
                (*b, *a)
            }
        };
        let pairs: Vec<(StageId, StageId)> = pairs.iter().map(in_order).collect();
        let mut by_source: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (k, (a, _)) in pairs.iter().enumerate() {
            by_source.entry(self.place(*a)).or_default().push(k);
        }
        let sources: Vec<(u32, Vec<usize>)> = by_source.into_iter().collect();
        let mut result = vec![Standing::Ordered; pairs.len()];
        let mut doubtful: Vec<usize> = Vec::new();
        for chunk in sources.chunks(64) {
            let first = chunk[0].0;
            let targets = chunk
                .iter()
                .flat_map(|(_, ks)| ks)
                .map(|k| self.place(pairs[*k].1));
            let last = targets.max().unwrap_or(first);
            let reach = self.bits(chunk, first, last);
            for (bit, (_, ks)) in chunk.iter().enumerate() {
                for k in ks {
                    let Some(to) = self.place(pairs[*k].1).checked_sub(first) else {
                        continue;
                    };
                    let (linked, sure) = reach[to as usize];
                    if sure & (1 << bit) != 0 {
                        continue;
                    }
                    let (a, b) = (Node::Stage(pairs[*k].0), Node::Stage(pairs[*k].1));
                    let variants = self.variants();
                    result[*k] = Standing::Beside(variants.and(variants.applies(a), variants.applies(b)));
                    if linked & (1 << bit) != 0 {
                        doubtful.push(*k);
                    }
                }
            }
        }
        doubtful.sort_unstable();
        for (n, k) in doubtful.into_iter().enumerate() {
            let Standing::Beside(both) = result[k] else {
                continue;
            };
            let beside = if n < EXACT {
                let sure = self.surely_before(pairs[k].0, pairs[k].1);
                self.variants().without(both, sure)
            } else {
                self.variants().and(both, Pred::UNDECIDED)
            };
            result[k] = match beside {
                Pred::FALSE => Standing::Ordered,
                p => Standing::Beside(p),
            };
        }
        result
    }

    /// In which variants a stage has surely ended before another starts, given that both apply.
    pub fn surely_before(&self, before: StageId, after: StageId) -> Pred {
        let (first, last) = (self.place(before), self.place(after));
        if first >= last {
            return Pred::FALSE;
        }
        let flow: Flow<Pred> = surely(self, first, last, |_, node| {
            if node == Node::Stage(before) {
                Pred::TRUE
            } else {
                Pred::FALSE
            }
        });
        flow.start(self, Node::Stage(after))
    }

    /// The place of a stage in the order.
    pub(super) fn place(&self, stage: StageId) -> u32 {
        self.position[self.index(Node::Stage(stage)).index()]
    }

    /// For each place from `first` to `last`: which sources lead there at all, and which do whatever applies.
    fn bits(&self, sources: &[(u32, Vec<usize>)], first: u32, last: u32) -> Vec<(u64, u64)> {
        let mut own = BTreeMap::new();
        for (bit, (place, _)) in sources.iter().enumerate() {
            own.insert(*place, 1u64 << bit);
        }
        let variants = self.variants();
        let places = (last - first) as usize + 1;
        let mut starts = vec![(0u64, 0u64); places];
        let mut ends = vec![(0u64, 0u64); places];
        for place in first..=last {
            let index = self.order[place as usize];
            let (mut start, mut during) = ((0, 0), (0, 0));
            for edge in self.graph.edges_directed(index, Direction::Incoming) {
                let before = edge.source();
                let at = self.position[before.index()];
                let Some(i) = at.checked_sub(first) else { continue };
                let me = own.get(&at).copied().unwrap_or(0);
                let (linked, sure) = ends[i as usize];
                // An approval of a step of the rollout is waited for after the start.
                let into = if edge.weight().kind == EdgeKind::ApprovedStep {
                    &mut during
                } else {
                    &mut start
                };
                into.0 |= linked | me;
                // A source is taken to apply, so its own edges always hold.
                into.1 |= me;
                if variants.applies(self.graph[before]) == Pred::TRUE {
                    into.1 |= sure;
                }
            }
            let here = (place - first) as usize;
            starts[here] = start;
            ends[here] = (start.0 | during.0, start.1 | during.1);
        }
        starts
    }

    /// For each stage, the first of `targets` that it does not lead to; a stage is not asked about itself.
    pub fn not_leading_to(&self, targets: &[StageId]) -> Vec<Option<StageId>> {
        let mut first: Vec<Option<StageId>> = vec![None; self.release().stages.len()];
        let mut leads = vec![0u64; self.order.len()];
        for chunk in targets.chunks(64) {
            let mut own = vec![0u64; self.order.len()];
            for (bit, target) in chunk.iter().enumerate() {
                own[self.place(*target) as usize] |= 1 << bit;
            }
            let all = if chunk.len() == 64 {
                u64::MAX
            } else {
                (1 << chunk.len()) - 1
            };
            for place in (0..self.order.len()).rev() {
                let index = self.order[place];
                let mut here = 0;
                for edge in self.graph.edges_directed(index, Direction::Outgoing) {
                    if edge.weight().kind != EdgeKind::ApprovedStep {
                        let to = self.position[edge.target().index()] as usize;
                        here |= leads[to] | own[to];
                    }
                }
                leads[place] = here;
                if let Node::Stage(s) = self.graph[index]
                    && first[s.index()].is_none()
                {
                    let missing = all & !here & !own[place];
                    if missing != 0 {
                        first[s.index()] = Some(chunk[missing.trailing_zeros() as usize]);
                    }
                }
            }
        }
        first
    }
}
