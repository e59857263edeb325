//! A partial order as series and parallel parts: what `Parallel` states can say.
//!
//! Parts that are series-parallel keep their order exactly. Where they are not, the split that adds the fewest waits is
//! taken: exactly for small knots, the best of the natural cuts for big ones. Must not know a plan or a target.

use super::bits::{Bits, Rows};
use std::collections::BTreeMap;

/// Knots of up to so many nodes are split in the best of all ways.
const EXACT: usize = 10;
/// Knots of more nodes than this are split between levels only, and at no more places than `LEVELS`.
const NATURAL: usize = 1_000;
/// The most levels that are tried in such a knot.
const LEVELS: usize = 64;

/// A partial order put together from parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree {
    /// One element.
    Leaf(usize),
    /// One part after the other.
    Series(Vec<Tree>),
    /// Parts side by side.
    Parallel(Vec<Tree>),
}

/// A wait that the order did not ask for: the first element now ends before the second starts.
pub type Extra = (usize, usize);

/// An order: what comes before each element, and what comes before or after it.
struct Order<'a> {
    before: &'a Rows,
    related: Rows,
}

/// The tree of an order, with the waits added. Row `i` of `before` holds everything that comes before `i`, however far back;
/// elements are numbered in an order that respects it.
pub fn decompose(before: &Rows) -> (Tree, Vec<Extra>) {
    let all: Vec<usize> = (0..before.len()).collect();
    let mut extra = Vec::new();
    let order = Order {
        before,
        related: before.either_way(),
    };
    let tree = split(&all, &order, &mut extra);
    (tree, extra)
}

fn split(nodes: &[usize], order: &Order<'_>, extra: &mut Vec<Extra>) -> Tree {
    if let [only] = nodes {
        return Tree::Leaf(*only);
    }
    let side = parts(nodes, order, true);
    if side.len() > 1 {
        return Tree::Parallel(side.iter().map(|part| split(part, order, extra)).collect());
    }
    let mut row = parts(nodes, order, false);
    let before = order.before;
    if row.len() > 1 {
        // Every element of one part is related to every element of another: the parts stand in a row.
        let all = Bits::of(nodes);
        row.sort_by_cached_key(|part| all.common(before.row(part[0])));
        return Tree::Series(row.iter().map(|part| split(part, order, extra)).collect());
    }
    let (first, second) = cut(nodes, before);
    for a in &first {
        for b in &second {
            if !before.has(*b, *a) {
                extra.push((*a, *b));
            }
        }
    }
    let mut halves = Vec::new();
    for part in [first, second] {
        match split(&part, order, extra) {
            Tree::Series(list) => halves.extend(list),
            tree => halves.push(tree),
        }
    }
    Tree::Series(halves)
}

/// The parts of elements that hang together, by being related or by not being so.
fn parts(nodes: &[usize], order: &Order<'_>, related: bool) -> Vec<Vec<usize>> {
    let mut open = Bits::of(nodes);
    let mut parts = Vec::new();
    for start in nodes {
        if !open.take(*start) {
            continue;
        }
        let mut part = vec![*start];
        let mut next = 0;
        while let Some(n) = part.get(next).copied() {
            open.move_to(order.related.row(n), related, &mut part);
            next += 1;
        }
        part.sort_unstable();
        parts.push(part);
    }
    parts
}

fn components(nodes: &[usize], joined: &dyn Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut open: std::collections::BTreeSet<usize> = nodes.iter().copied().collect();
    let mut parts = Vec::new();
    while let Some(start) = open.pop_first() {
        let mut part = vec![start];
        let mut queue = vec![start];
        while let Some(n) = queue.pop() {
            let near: Vec<usize> = open.iter().copied().filter(|m| joined(n, *m)).collect();
            for m in near {
                open.remove(&m);
                part.push(m);
                queue.push(m);
            }
        }
        part.sort_unstable();
        parts.push(part);
    }
    parts
}

/// How many waits it adds when everything in `first` ends before anything in `second` starts; nothing as soon as it is known to be
/// no fewer than `least`.
fn added(first: &[usize], second: &[usize], before: &Rows, least: usize) -> Option<usize> {
    let all = Bits::of(first);
    let mut sum = 0;
    for b in second {
        sum += first.len() - all.common(before.row(*b));
        if sum >= least {
            return None;
        }
    }
    Some(sum)
}

/// Two halves.
type Cut = (Vec<usize>, Vec<usize>);

/// Two halves of a knot, the first closed under "before".
fn cut(nodes: &[usize], before: &Rows) -> Cut {
    if nodes.len() <= EXACT {
        let mut known = BTreeMap::new();
        let mask = (1u32 << nodes.len()) - 1;
        if let (_, Some(half)) = best(mask, nodes, before, &mut known) {
            return halves(nodes, |i| half & (1 << i) != 0);
        }
    }
    let mut best: Option<(usize, Cut)> = None;
    let mut weigh = |(a, b): Cut| {
        if a.is_empty() || b.is_empty() {
            return;
        }
        let least = best.as_ref().map_or(usize::MAX, |(least, _)| *least);
        if let Some(cost) = added(&a, &b, before, least) {
            best = Some((cost, (a, b)));
        }
    };
    if nodes.len() <= NATURAL {
        for n in nodes {
            weigh(halves(nodes, |i| before.has(*n, nodes[i])));
            weigh(halves(nodes, |i| nodes[i] == *n || before.has(*n, nodes[i])));
            weigh(halves(nodes, |i| nodes[i] != *n && !before.has(nodes[i], *n)));
        }
    }
    // Levels: everything whose longest chain back is shorter than so many.
    let mut depth: Vec<usize> = Vec::with_capacity(nodes.len());
    for (at, n) in nodes.iter().enumerate() {
        let inside = (0..at).filter(|m| before.has(*n, nodes[*m]));
        depth.push(inside.map(|m| depth[m] + 1).max().unwrap_or(0));
    }
    let deepest = depth.iter().copied().max().unwrap_or(0);
    let step = if nodes.len() <= NATURAL {
        1
    } else {
        deepest.div_ceil(LEVELS).max(1)
    };
    for level in (1..=deepest).step_by(step) {
        weigh(halves(nodes, |i| depth[i] < level));
    }
    best.map_or_else(|| halves(nodes, |i| i == 0), |(_, cut)| cut)
}

fn halves(nodes: &[usize], first: impl Fn(usize) -> bool) -> Cut {
    let (a, b): (Vec<usize>, Vec<usize>) = (0..nodes.len()).partition(|i| first(*i));
    (
        a.into_iter().map(|i| nodes[i]).collect(),
        b.into_iter().map(|i| nodes[i]).collect(),
    )
}

/// The fewest waits that make the elements of `mask` series-parallel, and the first half of the cut at the top, if one is needed.
fn best(
    mask: u32,
    nodes: &[usize],
    before: &Rows,
    known: &mut BTreeMap<u32, (usize, Option<u32>)>,
) -> (usize, Option<u32>) {
    if mask.count_ones() <= 1 {
        return (0, None);
    }
    if let Some(result) = known.get(&mask) {
        return *result;
    }
    let members: Vec<usize> = (0..nodes.len()).filter(|i| mask & (1 << i) != 0).collect();
    let related = |a: usize, b: usize| before.has(nodes[a], nodes[b]) || before.has(nodes[b], nodes[a]);
    let bits = |part: &[usize]| part.iter().fold(0u32, |m, i| m | (1 << i));
    let side = components(&members, &related);
    let row = components(&members, &|a, b| a != b && !related(a, b));
    let parts = if side.len() > 1 { side } else { row };
    let result = if parts.len() > 1 {
        let cost = parts.iter().map(|p| best(bits(p), nodes, before, known).0).sum();
        (cost, None)
    } else {
        let mut found: (usize, Option<u32>) = (usize::MAX, None);
        let mut half = (mask - 1) & mask;
        while half > 0 {
            let closed = members.iter().all(|i| {
                half & (1 << i) == 0
                    || members
                        .iter()
                        .all(|j| half & (1 << j) != 0 || !before.has(nodes[*i], nodes[*j]))
            });
            if closed {
                let list = |m: u32| -> Vec<usize> {
                    members
                        .iter()
                        .filter(|i| m & (1 << **i) != 0)
                        .map(|i| nodes[*i])
                        .collect()
                };
                let rest = mask & !half;
                if let Some(own) = added(&list(half), &list(rest), before, found.0) {
                    let total = own + best(half, nodes, before, known).0 + best(rest, nodes, before, known).0;
                    if total < found.0 {
                        found = (total, Some(half));
                    }
                }
            }
            half = (half - 1) & mask;
        }
        found
    };
    known.insert(mask, result);
    result
}

#[cfg(test)]
mod tests {
    use super::{Tree, decompose};
    use crate::emit::stepfunctions::lower::bits::Rows;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Everything before each element, from direct edges `(a, b)` with `a < b`.
    fn closure(n: usize, edges: &[(usize, usize)]) -> Rows {
        let mut before = vec![BTreeSet::new(); n];
        for b in 0..n {
            for (a, _) in edges.iter().filter(|(a, e)| *e == b && a < e) {
                let far = before[*a].clone();
                before[b].extend(far);
                before[b].insert(*a);
            }
        }
        let mut rows = Rows::new(n);
        for (b, list) in before.iter().enumerate() {
            list.iter().for_each(|a| rows.set(b, *a));
        }
        rows
    }

    fn order(tree: &Tree, pairs: &mut BTreeSet<(usize, usize)>) -> Vec<usize> {
        match tree {
            Tree::Leaf(n) => vec![*n],
            Tree::Parallel(parts) => parts.iter().flat_map(|p| order(p, pairs)).collect(),
            Tree::Series(parts) => {
                let mut done: Vec<usize> = Vec::new();
                for part in parts {
                    let now = order(part, pairs);
                    pairs.extend(done.iter().flat_map(|a| now.iter().map(|b| (*a, *b))));
                    done.extend(now);
                }
                done
            }
        }
    }

    #[test]
    fn series_and_parallel_parts_add_nothing() {
        let before = closure(5, &[(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)]);
        let (tree, extra) = decompose(&before);
        assert!(extra.is_empty());
        let sides = Tree::Parallel(vec![Tree::Leaf(1), Tree::Leaf(2)]);
        assert_eq!(
            tree,
            Tree::Series(vec![Tree::Leaf(0), sides, Tree::Leaf(3), Tree::Leaf(4)])
        );
    }

    #[test]
    fn an_n_costs_one_wait() {
        // 0 before 2 and 3, 1 before 3 only.
        let (_, extra) = decompose(&closure(4, &[(0, 2), (0, 3), (1, 3)]));
        assert_eq!(extra.len(), 1);
    }

    proptest! {
        #[test]
        fn the_tree_orders_no_less_and_says_what_it_adds(
            n in 1usize..16,
            edges in proptest::collection::vec((0usize..16, 0usize..16), 0..30),
        ) {
            let edges: Vec<_> = edges.into_iter().filter(|(a, b)| a < b && *b < n).collect();
            let before = closure(n, &edges);
            let (tree, extra) = decompose(&before);
            let mut pairs = BTreeSet::new();
            let mut all = order(&tree, &mut pairs);
            all.sort_unstable();
            prop_assert_eq!(all, (0..n).collect::<Vec<_>>());
            let mut wanted: BTreeSet<(usize, usize)> = extra.into_iter().collect();
            for b in 0..n {
                wanted.extend((0..n).filter(|a| before.has(b, *a)).map(|a| (a, b)));
            }
            prop_assert!(wanted.is_subset(&pairs));
            prop_assert_eq!(pairs, wanted);
        }
    }
}
