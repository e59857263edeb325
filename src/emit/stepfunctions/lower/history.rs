//! The most events a run can write: the heaviest way through the machine, loops counted with all their rounds.
//!
//! States that lead to each other count together, each with the rounds it can run; between such groups there are only ways
//! forward, and the heaviest is the bound. Must not know what a state does. Called by `build`.

use crate::emit::stepfunctions::model::{Branch, State};
use std::collections::BTreeMap;

/// The events of one state as often as it can run in one pass, by name.
pub type Weights = BTreeMap<String, u64>;

/// What the events of a machine are written for.
#[derive(Debug, Default)]
pub struct Spent {
    /// The most events of a run.
    pub events: u64,
    /// The events of each state.
    pub weights: Weights,
    /// The part that each state belongs to, where its name does not say it.
    pub parts: BTreeMap<String, String>,
}

/// What a part of a run writes on its longest way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// What it is called.
    pub part: String,
    /// Its events.
    pub events: u64,
    /// What writes most of them in it, and how many.
    pub most: Option<(String, u64)>,
}

impl Spent {
    /// The parts of the longest run, the heaviest first. A state belongs to what its name begins with, up to the first colon.
    pub fn shares(&self, branch: &Branch) -> Vec<Share> {
        let mut parts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        let mut states = Vec::new();
        longest(branch, &self.weights, &mut states);
        for (name, events) in states {
            let plain = unnumbered(name);
            let (first, rest) = plain.split_once(": ").unwrap_or((plain, ""));
            let part = self.parts.get(name).map_or(first, String::as_str);
            let inside = rest.split(": ").next().unwrap_or(rest).trim_end_matches('?');
            let inside = parts
                .entry(part.to_string())
                .or_default()
                .entry(inside.to_string())
                .or_default();
            *inside = inside.saturating_add(events);
        }
        let share = |(part, inside): (String, BTreeMap<String, u64>)| {
            let events = inside.values().copied().fold(0, u64::saturating_add);
            let most = inside.into_iter().filter(|(what, _)| !what.is_empty());
            let most = most.max_by_key(|(_, events)| *events);
            Share { part, events, most }
        };
        let mut list: Vec<Share> = parts.into_iter().map(share).collect();
        list.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.part.cmp(&b.part)));
        list
    }
}

/// A state's name without the number that tells it from others of the same name.
fn unnumbered(name: &str) -> &str {
    match name.rsplit_once(" (") {
        Some((plain, number)) if number.trim_end_matches(')').parse::<u32>().is_ok() => plain,
        _ => name,
    }
}

/// The most events of a branch.
pub fn heaviest(branch: &Branch, weights: &Weights) -> u64 {
    let ways = Ways::of(branch, weights);
    ways.start.and_then(|g| ways.total.get(g)).copied().unwrap_or(0)
}

/// The states of the longest way through a branch, with their events.
fn longest<'b>(branch: &'b Branch, weights: &Weights, out: &mut Vec<(&'b str, u64)>) {
    let ways = Ways::of(branch, weights);
    let mut at = ways.start;
    while let Some(group) = at {
        for member in &ways.groups[group] {
            if let Some((name, state)) = branch.states.get_index(*member) {
                out.push((name, weights.get(name).copied().unwrap_or(0)));
                for inside in state.branches() {
                    longest(inside, weights, out);
                }
            }
        }
        at = ways.next[group];
    }
}

/// The groups of states of a branch that lead to each other.
struct Ways {
    /// Each after every one that it leads to.
    groups: Vec<Vec<usize>>,
    /// The events from each on.
    total: Vec<u64>,
    /// Which of those that it leads to is the heaviest.
    next: Vec<Option<usize>>,
    /// The group of the first state.
    start: Option<usize>,
}

impl Ways {
    fn of(branch: &Branch, weights: &Weights) -> Ways {
        let index: BTreeMap<&str, usize> = branch
            .states
            .keys()
            .enumerate()
            .map(|(i, name)| (name.as_str(), i))
            .collect();
        let ways: Vec<Vec<usize>> = branch
            .states
            .values()
            .map(|s| {
                s.targets()
                    .iter()
                    .filter_map(|t| index.get(t.as_str()).copied())
                    .collect()
            })
            .collect();
        let own: Vec<u64> = branch
            .states
            .iter()
            .map(|(name, state)| own_weight(name, state, weights))
            .collect();
        let groups = knots(&ways);
        // `knots` gives each group after every group it leads to.
        let mut group_of = vec![usize::MAX; ways.len()];
        let mut total: Vec<u64> = Vec::with_capacity(groups.len());
        let mut next = Vec::with_capacity(groups.len());
        for (g, members) in groups.iter().enumerate() {
            let mut weight = 0u64;
            for m in members {
                group_of[*m] = g;
                weight = weight.saturating_add(own[*m]);
            }
            let beyond = members.iter().flat_map(|m| &ways[*m]).map(|t| group_of[*t]);
            let heaviest = beyond.filter(|t| *t != g).max_by_key(|t| total[*t]);
            total.push(weight.saturating_add(heaviest.map_or(0, |t| total[t])));
            next.push(heaviest);
        }
        let start = index.get(branch.start_at.as_str()).map(|i| group_of[*i]);
        Ways {
            groups,
            total,
            next,
            start,
        }
    }
}

fn own_weight(name: &str, state: &State, weights: &Weights) -> u64 {
    let inside: u64 = state
        .branches()
        .iter()
        .map(|b| heaviest(b, weights))
        .fold(0, u64::saturating_add);
    weights.get(name).copied().unwrap_or(0).saturating_add(inside)
}

/// Groups of states that lead to each other, each group after all it leads to.
fn knots(ways: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let n = ways.len();
    let (mut number, mut low, mut on) = (vec![NEW; n], vec![0usize; n], vec![false; n]);
    let (mut count, mut stack, mut groups) = (0usize, Vec::new(), Vec::new());
    for root in 0..n {
        if number[root] != NEW {
            continue;
        }
        let mut calls: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some((v, next)) = calls.pop() {
            if next == 0 {
                number[v] = count;
                low[v] = count;
                count += 1;
                stack.push(v);
                on[v] = true;
            }
            if let Some(w) = ways[v].get(next).copied() {
                calls.push((v, next + 1));
                if number[w] == NEW {
                    calls.push((w, 0));
                } else if on[w] {
                    low[v] = low[v].min(number[w]);
                }
                continue;
            }
            if low[v] == number[v] {
                let mut group = Vec::new();
                while let Some(w) = stack.pop() {
                    on[w] = false;
                    group.push(w);
                    if w == v {
                        break;
                    }
                }
                groups.push(group);
            }
            if let Some((parent, _)) = calls.last() {
                low[*parent] = low[*parent].min(low[v]);
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::{Spent, Weights, heaviest, knots, unnumbered};
    use crate::emit::stepfunctions::expr::Data;
    use crate::emit::stepfunctions::model::{Branch, Choice, Pass, Rule, State};

    #[test]
    fn groups_come_after_what_they_lead_to() {
        // 0 -> 1 <-> 2 -> 3
        let groups = knots(&[vec![1], vec![2], vec![1, 3], vec![]]);
        assert_eq!(groups.len(), 3);
        assert_eq!(groups[0], [3]);
        assert_eq!(groups[1].len(), 2);
    }

    #[test]
    fn the_heavier_way_counts() {
        let pass = |next: Option<&str>| {
            State::Pass(Pass {
                next: next.map(str::to_string),
                end: next.is_none(),
                ..Pass::default()
            })
        };
        let choice = State::Choice(Choice {
            choices: vec![Rule {
                condition: Data::Bool(true),
                assign: Default::default(),
                next: "light".into(),
            }],
            default: "heavy".into(),
            ..Choice::default()
        });
        let states = [
            ("ask".to_string(), choice),
            ("light".to_string(), pass(Some("end"))),
            ("heavy".to_string(), pass(Some("end"))),
            ("end".to_string(), pass(None)),
        ];
        let branch = Branch {
            processor_config: None,
            start_at: "ask".into(),
            states: states.into_iter().collect(),
        };
        let weights: Weights = [("ask", 2), ("light", 3), ("heavy", 100), ("end", 2)]
            .into_iter()
            .map(|(n, w)| (n.to_string(), w))
            .collect();
        assert_eq!(heaviest(&branch, &weights), 104);
        let spent = Spent {
            weights,
            parts: [("ask".to_string(), "around".to_string())].into(),
            ..Spent::default()
        };
        let shares = spent.shares(&branch);
        let shares: Vec<_> = shares.iter().map(|s| (s.part.as_str(), s.events)).collect();
        assert_eq!(shares, [("heavy", 100), ("around", 2), ("end", 2)]);
    }

    #[test]
    fn a_number_tells_states_apart_and_not_parts() {
        assert_eq!(unnumbered("web: bake 2h (3)"), "web: bake 2h");
        assert_eq!(unnumbered("web: bake (soft)"), "web: bake (soft)");
    }
}
