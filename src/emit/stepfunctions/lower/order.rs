//! A partial order as series and parallel parts: what `Parallel` states can say.
//!
//! Parts that are series-parallel keep their order exactly. Where they are not, the split that adds the fewest waits is
//! taken: exactly for small knots, the best of the natural cuts for big ones. Must not know a plan or a target.

use std::collections::{BTreeMap, BTreeSet};

/// Knots of up to so many nodes are split in the best of all ways.
const EXACT: usize = 10;

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

/// The tree of an order, with the waits added. `before[i]` holds everything that comes before `i`, however far back;
/// elements are numbered in an order that respects it.
pub fn decompose(before: &[BTreeSet<usize>]) -> (Tree, Vec<Extra>) {
    let all: Vec<usize> = (0..before.len()).collect();
    let mut extra = Vec::new();
    let tree = split(&all, before, &mut extra);
    (tree, extra)
}

fn split(nodes: &[usize], before: &[BTreeSet<usize>], extra: &mut Vec<Extra>) -> Tree {
    if let [only] = nodes {
        return Tree::Leaf(*only);
    }
    let related = |a: usize, b: usize| before[a].contains(&b) || before[b].contains(&a);
    let side = components(nodes, &related);
    if side.len() > 1 {
        return Tree::Parallel(side.iter().map(|part| split(part, before, extra)).collect());
    }
    let unrelated = |a: usize, b: usize| a != b && !related(a, b);
    let mut row = components(nodes, &unrelated);
    if row.len() > 1 {
        // Every element of one part is related to every element of another: the parts stand in a row.
        row.sort_by_key(|part| nodes.iter().filter(|n| before[part[0]].contains(n)).count());
        return Tree::Series(row.iter().map(|part| split(part, before, extra)).collect());
    }
    let (first, second) = cut(nodes, before);
    for a in &first {
        for b in &second {
            if !before[*b].contains(a) {
                extra.push((*a, *b));
            }
        }
    }
    let mut parts = Vec::new();
    for part in [first, second] {
        match split(&part, before, extra) {
            Tree::Series(list) => parts.extend(list),
            tree => parts.push(tree),
        }
    }
    Tree::Series(parts)
}

fn components(nodes: &[usize], joined: &dyn Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut open: BTreeSet<usize> = nodes.iter().copied().collect();
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

/// How many waits it adds when everything in `first` ends before anything in `second` starts.
fn added(first: &[usize], second: &[usize], before: &[BTreeSet<usize>]) -> usize {
    second
        .iter()
        .map(|b| first.iter().filter(|a| !before[*b].contains(a)).count())
        .sum()
}

/// Two halves of a knot, the first closed under "before".
fn cut(nodes: &[usize], before: &[BTreeSet<usize>]) -> (Vec<usize>, Vec<usize>) {
    if nodes.len() <= EXACT {
        let mut known = BTreeMap::new();
        let mask = (1u32 << nodes.len()) - 1;
        if let (_, Some(half)) = best(mask, nodes, before, &mut known) {
            return halves(nodes, |i| half & (1 << i) != 0);
        }
    }
    let inside = |n: usize| nodes.iter().filter(move |m| before[n].contains(m));
    let mut cuts: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    for n in nodes {
        let down: BTreeSet<usize> = inside(*n).copied().collect();
        let with: BTreeSet<usize> = down.iter().copied().chain([*n]).collect();
        let up: BTreeSet<usize> = nodes
            .iter()
            .copied()
            .filter(|m| m == n || before[*m].contains(n))
            .collect();
        cuts.push(halves(nodes, |i| down.contains(&nodes[i])));
        cuts.push(halves(nodes, |i| with.contains(&nodes[i])));
        cuts.push(halves(nodes, |i| !up.contains(&nodes[i])));
    }
    // Levels: everything whose longest chain back is shorter than so many.
    let mut depth: BTreeMap<usize, usize> = BTreeMap::new();
    for n in nodes {
        let d = inside(*n)
            .filter_map(|m| depth.get(m))
            .map(|d| d + 1)
            .max()
            .unwrap_or(0);
        depth.insert(*n, d);
    }
    let deepest = depth.values().copied().max().unwrap_or(0);
    for level in 1..=deepest {
        cuts.push(halves(nodes, |i| depth[&nodes[i]] < level));
    }
    cuts.into_iter()
        .filter(|(a, b)| !a.is_empty() && !b.is_empty())
        .min_by_key(|(a, b)| added(a, b, before))
        .unwrap_or_else(|| halves(nodes, |i| i == 0))
}

fn halves(nodes: &[usize], first: impl Fn(usize) -> bool) -> (Vec<usize>, Vec<usize>) {
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
    before: &[BTreeSet<usize>],
    known: &mut BTreeMap<u32, (usize, Option<u32>)>,
) -> (usize, Option<u32>) {
    if mask.count_ones() <= 1 {
        return (0, None);
    }
    if let Some(result) = known.get(&mask) {
        return *result;
    }
    let members: Vec<usize> = (0..nodes.len()).filter(|i| mask & (1 << i) != 0).collect();
    let related =
        |a: usize, b: usize| before[nodes[a]].contains(&nodes[b]) || before[nodes[b]].contains(&nodes[a]);
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
                        .all(|j| half & (1 << j) != 0 || !before[nodes[*i]].contains(&nodes[*j]))
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
                let own = added(&list(half), &list(rest), before);
                if own < found.0 {
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
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Everything before each element, from direct edges `(a, b)` with `a < b`.
    fn closure(n: usize, edges: &[(usize, usize)]) -> Vec<BTreeSet<usize>> {
        let mut before = vec![BTreeSet::new(); n];
        for b in 0..n {
            for (a, _) in edges.iter().filter(|(a, e)| *e == b && a < e) {
                let far = before[*a].clone();
                before[b].extend(far);
                before[b].insert(*a);
            }
        }
        before
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
            for (b, list) in before.iter().enumerate() {
                wanted.extend(list.iter().map(|a| (*a, b)));
            }
            prop_assert!(wanted.is_subset(&pairs));
            prop_assert_eq!(pairs, wanted);
        }
    }
}
