//! The order in which the states of a block are gone through, and its loops.
//!
//! Must not know what states do but where they lead and what they set. Used by `flow`.

use crate::proof::stepfunctions::machine::{Assign, Block, Kind, State, Template};
use crate::proof::stepfunctions::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Of each variable that a loop sets, the constants to which it does, where it is only that.
pub type Changed = BTreeMap<Arc<str>, Option<Vec<Value>>>;

/// The order of the states of a block, and its loops.
pub struct Shape {
    /// The states that can be come to, each after all that lead to it but for loops.
    pub order: Vec<usize>,
    /// The place of each state in that order.
    pub place: Vec<usize>,
    /// Of the first state of each loop that only waits and looks, what the loop changes: to which constants, where it is only that.
    pub loops: BTreeMap<usize, Changed>,
}

/// Where a state leads.
fn leads(state: &State) -> Vec<usize> {
    let mut goals: Vec<usize> = match &state.kind {
        Kind::Choice(rules) => rules.iter().map(|(_, _, goal)| *goal).collect(),
        _ => Vec::new(),
    };
    goals.extend(state.next);
    goals.extend(state.catch.iter().map(|(_, goal)| *goal));
    goals
}

/// The order of a block's states; `works` tells which of them do some of the plan's work.
pub fn shape(block: &Block, works: &dyn Fn(usize) -> bool) -> Shape {
    let goals: Vec<Vec<usize>> = block.states.iter().map(leads).collect();
    let mut order = Vec::new();
    let mut back = Vec::new();
    // 0: not seen, 1: on the way, 2: left.
    let mut seen = vec![0_u8; block.states.len()];
    let mut stack = vec![(block.start, 0)];
    seen[block.start] = 1;
    while let Some((state, next)) = stack.pop() {
        match goals[state].get(next) {
            Some(goal) => {
                stack.push((state, next + 1));
                match seen[*goal] {
                    0 => {
                        seen[*goal] = 1;
                        stack.push((*goal, 0));
                    }
                    1 => back.push((state, *goal)),
                    _ => {}
                }
            }
            None => {
                seen[state] = 2;
                order.push(state);
            }
        }
    }
    order.reverse();
    let mut place = vec![0; block.states.len()];
    for (i, state) in order.iter().enumerate() {
        place[*state] = i;
    }
    let mut came: Vec<Vec<usize>> = vec![Vec::new(); block.states.len()];
    for state in &order {
        for goal in &goals[*state] {
            came[*goal].push(*state);
        }
    }
    let mut bodies: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (from, head) in back {
        let mut body = BTreeSet::from([head]);
        let mut open = vec![from];
        while let Some(state) = open.pop() {
            // Nothing before the head is inside.
            if place[state] > place[head] && body.insert(state) {
                open.extend(&came[state]);
            }
        }
        if !body.iter().any(|s| works(*s)) {
            bodies.entry(head).or_default().extend(body);
        }
    }
    let mut loops = BTreeMap::new();
    for (head, body) in bodies {
        let mut changed = Changed::new();
        for state in &body {
            let state = &block.states[*state];
            // What is set on the way out is known there.
            let stays = |goal: &Option<usize>| goal.is_some_and(|g| body.contains(&g));
            let mut sets: Vec<&Assign> = Vec::new();
            if stays(&state.next) {
                sets.push(&state.assign);
            }
            sets.extend(
                state
                    .catch
                    .iter()
                    .filter(|(_, g)| stays(&Some(*g)))
                    .map(|(a, _)| a),
            );
            if let Kind::Choice(rules) = &state.kind {
                sets.extend(
                    rules
                        .iter()
                        .filter(|(_, _, g)| stays(&Some(*g)))
                        .map(|(_, a, _)| a),
                );
            }
            for (name, template) in sets.into_iter().flatten() {
                let values = changed.entry(name.clone()).or_insert_with(|| Some(Vec::new()));
                match (values.as_mut(), template) {
                    (Some(list), Template::Const(value)) if !list.contains(value) => list.push(value.clone()),
                    (_, Template::Const(_)) => {}
                    _ => *values = None,
                }
            }
        }
        loops.insert(head, changed);
    }
    Shape { order, place, loops }
}
