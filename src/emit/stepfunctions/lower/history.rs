//! The most events a run can write: the heaviest way through the machine, loops counted with all their rounds.
//!
//! States that lead to each other count together, each with the rounds it can run; between such groups there are only ways
//! forward, and the heaviest is the bound. Must not know what a state does. Called by `build`.

use crate::emit::stepfunctions::model::{Branch, State};
use std::collections::BTreeMap;

/// The events of one state as often as it can run in one pass, by name.
pub type Weights = BTreeMap<String, u64>;

/// The most events of a branch.
pub fn heaviest(branch: &Branch, weights: &Weights) -> u64 {
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
    let mut group_of = vec![0usize; ways.len()];
    let mut total: Vec<u64> = Vec::with_capacity(groups.len());
    for (g, members) in groups.iter().enumerate() {
        let mut weight = 0u64;
        let mut beyond = 0u64;
        for m in members {
            group_of[*m] = g;
            weight = weight.saturating_add(own[*m]);
        }
        for t in members.iter().flat_map(|m| &ways[*m]) {
            if group_of[*t] != g || !members.contains(t) {
                beyond = beyond.max(total.get(group_of[*t]).copied().unwrap_or(0));
            }
        }
        total.push(weight.saturating_add(beyond));
    }
    index
        .get(branch.start_at.as_str())
        .and_then(|i| total.get(group_of[*i]))
        .copied()
        .unwrap_or(0)
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
    use super::{Weights, heaviest, knots};
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
    }
}
