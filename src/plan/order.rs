//! Who surely comes before whom, without an all-pairs closure.
//!
//! Questions are answered in batches: sources go through the order sixty-four at a time, as bits. Used by the checks that
//! compare pairs of stages. Must not report findings.

use crate::model::StageId;
use crate::plan::flow::{Flow, surely, surely_leading};
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

/// Which sources lead to a node, as bits.
#[derive(Debug, Clone, Copy, Default)]
struct Bits {
    /// Before its start, whatever applies or not.
    start: u64,
    /// Before its start, surely.
    sure: u64,
    /// Before its end, whatever applies or not.
    end: u64,
    /// Before its end, surely.
    sure_end: u64,
    /// Surely, and handed on by its `after`s when it does not apply.
    after: u64,
}

impl Plan {
    /// Whether one node waits, however far back, for another: in the graph, whatever applies.
    pub fn precedes(&self, before: Node, after: Node) -> bool {
        let (from, to) = (self.index(before), self.index(after));
        let last = self.position[to.index()];
        if self.position[from.index()] >= last {
            return false;
        }
        let mut seen = crate::source::hash::Set::default();
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

    /// What leads to a stage in the graph and may yet be running when it starts, with when: the order is lost where what
    /// carries it does not apply.
    pub fn order_lost(&self, target: StageId) -> Vec<(Node, Pred)> {
        let variants = self.variants();
        let leading = self.ancestors(Node::Stage(target));
        let conditional = |n: Node| variants.applies(n) != Pred::TRUE;
        // Where everything applies, the graph has said it all.
        if !self.members(&leading).any(conditional) {
            return Vec::new();
        }
        let sure = surely_leading(self, Node::Stage(target));
        let applies = variants.applies(Node::Stage(target));
        let mut lost = Vec::new();
        for (node, sure) in self.order().zip(sure) {
            if !self.contains(&leading, node) || sure == Pred::TRUE {
                continue;
            }
            let both = variants.and(variants.applies(node), applies);
            let beside = variants.without(both, sure);
            if beside != Pred::FALSE {
                lost.push((node, beside));
            }
        }
        lost
    }

    /// The place of a stage in the order.
    pub(super) fn place(&self, stage: StageId) -> u32 {
        self.position[self.index(Node::Stage(stage)).index()]
    }

    /// For each place from `first` to `last`: which sources lead there at all, and which do whatever applies. The second is
    /// on the careful side: what it leaves open is looked at variant by variant.
    fn bits(&self, sources: &[(u32, Vec<usize>)], first: u32, last: u32) -> Vec<(u64, u64)> {
        let mut own = BTreeMap::new();
        for (bit, (place, _)) in sources.iter().enumerate() {
            own.insert(*place, 1u64 << bit);
        }
        let variants = self.variants();
        let mut nodes: Vec<Bits> = vec![Bits::default(); (last - first) as usize + 1];
        for place in first..=last {
            let index = self.order[place as usize];
            let here = variants.applies(self.graph[index]);
            let mut bits = Bits::default();
            let (mut during, mut sure_during) = (0, 0);
            // What is handed on by `after`s, when none of them surely applies: what every one of them would hand on.
            let (mut handed, mut some_applies, mut one_always) = (u64::MAX, false, false);
            let mut afters = 0;
            for edge in self.graph.edges_directed(index, Direction::Incoming) {
                let before = edge.source();
                let at = self.position[before.index()];
                let me = own.get(&at).copied().unwrap_or(0);
                let from = at
                    .checked_sub(first)
                    .map_or(Bits::default(), |i| nodes[i as usize]);
                let when = variants.applies(self.graph[before]);
                let applies = when == Pred::TRUE || when == here;
                // An approval of a step of the rollout is waited for after the start.
                if edge.weight().kind == EdgeKind::ApprovedStep {
                    during |= from.end;
                    sure_during |= if applies { from.sure_end } else { 0 };
                    continue;
                }
                // A source is taken to apply, so its own edges always hold.
                bits.start |= from.end | me;
                bits.sure |= me | if applies { from.sure_end } else { 0 };
                // A decision among the `after`s may apply, and then nothing is handed on.
                let decision = edge.weight().kind == EdgeKind::Decision;
                some_applies |= decision;
                one_always |= decision;
                if edge.weight().kind == EdgeKind::After {
                    afters += 1;
                    handed &= from.after & from.sure_end;
                    some_applies |= applies;
                    // Handed on when this node does not apply: that it would apply says nothing then.
                    one_always |= when == Pred::TRUE;
                    bits.after |= me | if when == Pred::TRUE { from.sure_end } else { 0 };
                }
            }
            if afters > 0 && !some_applies {
                bits.sure |= handed;
            }
            if afters > 0 && !one_always {
                bits.after |= handed;
            }
            bits.end = bits.start | during;
            bits.sure_end = bits.sure | sure_during;
            nodes[(place - first) as usize] = bits;
        }
        nodes.into_iter().map(|b| (b.start, b.sure)).collect()
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
