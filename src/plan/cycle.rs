//! The shortest circle of a graph that has no order.
//!
//! Called while a plan is built.

use crate::plan::{Edge, Node};
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::VecDeque;

/// The edges of a cycle, in order: each node waits for the one before it, the first for the last.
#[derive(Debug, Clone)]
pub struct Cycle {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The edge into each of them, from the node before.
    pub edges: Vec<Edge>,
}

/// How many nodes of a knot are tried as the start of a circle.
const TRIED: usize = 256;
/// How many nodes the search may look at.
const VISITED: usize = 4_000_000;

/// The shortest circle through any of the first nodes of each knot; there is one when the graph has no order.
pub(super) fn shortest(graph: &DiGraph<Node, Edge>) -> Cycle {
    let knots = petgraph::algo::kosaraju_scc(graph);
    // The knot of each node: a circle never leaves the knot it starts in.
    let mut knot_of = vec![0usize; graph.node_count()];
    for (k, knot) in knots.iter().enumerate() {
        for i in knot {
            knot_of[i.index()] = k;
        }
    }
    let mut best: Option<Vec<NodeIndex>> = None;
    let mut from: Vec<Option<NodeIndex>> = vec![None; graph.node_count()];
    let mut visited = 0;
    let mut firsts: Vec<NodeIndex> = Vec::new();
    for mut knot in knots {
        if knot.len() == 1 && graph.find_edge(knot[0], knot[0]).is_none() {
            continue;
        }
        knot.sort();
        firsts.extend(knot.into_iter().take(TRIED));
    }
    firsts.sort();
    for start in firsts {
        // One circle is enough to print: past the budget it is the best so far.
        if visited > VISITED && best.is_some() {
            break;
        }
        if let Some(path) = path_back(graph, start, &knot_of, &mut from, &mut visited)
            && best.as_ref().is_none_or(|b| path.len() < b.len())
        {
            best = Some(path);
        }
    }
    let path = best.unwrap_or_default();
    let nodes = path.iter().map(|i| graph[*i]).collect();
    let edges = (0..path.len())
        .filter_map(|k| {
            let before = path[if k == 0 { path.len() - 1 } else { k - 1 }];
            let mut edges: Vec<&Edge> = graph
                .edges_connecting(before, path[k])
                .map(|e| e.weight())
                .collect();
            edges.sort_by_key(|e| e.origin.span);
            edges.first().map(|e| (*e).clone())
        })
        .collect();
    Cycle { nodes, edges }
}

/// The shortest way from a node back to itself.
fn path_back(
    graph: &DiGraph<Node, Edge>,
    start: NodeIndex,
    knot_of: &[usize],
    from: &mut [Option<NodeIndex>],
    visited: &mut usize,
) -> Option<Vec<NodeIndex>> {
    let mut touched = vec![start];
    let mut queue = VecDeque::from([start]);
    let mut found = None;
    'search: while let Some(i) = queue.pop_front() {
        for next in graph.neighbors(i) {
            if next == start {
                let mut path = vec![i];
                while path[path.len() - 1] != start
                    && let Some(before) = from[path[path.len() - 1].index()]
                {
                    path.push(before);
                }
                path.reverse();
                found = Some(path);
                break 'search;
            }
            if knot_of[next.index()] == knot_of[start.index()] && from[next.index()].is_none() {
                from[next.index()] = Some(i);
                touched.push(next);
                queue.push_back(next);
            }
        }
    }
    *visited += touched.len();
    for i in touched {
        from[i.index()] = None;
    }
    found
}
