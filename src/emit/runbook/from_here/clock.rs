//! How long a way back takes: undos each after all that depends on it, holds entered again before and left behind them.
//!
//! Must not know what fails, nor who is asked. Called by `ways`.

use super::Around;
use crate::model::{HoldId, StageId};

/// What is to be done on a way back.
pub(super) struct Work<'a> {
    /// The stages to undo.
    pub undone: &'a [StageId],
    /// The holds to leave, the last entered first.
    pub holds: &'a [HoldId],
    /// Those of them that are entered again before what is inside is undone.
    pub again: &'a [HoldId],
}

/// How many milliseconds pass from the start of a way back until everything is undone and every hold is left.
pub(super) fn time(around: &Around<'_>, work: &Work<'_>) -> i64 {
    let stages = around.order.len();
    let mut inside = vec![false; stages];
    for s in work.undone {
        inside[s.index()] = true;
    }
    // The last entered is outermost in this list's order; a stage enters its holds from the first to the last.
    let mut again: Vec<Vec<usize>> = vec![Vec::new(); if work.again.is_empty() { 0 } else { stages }];
    for (k, h) in work.again.iter().enumerate().rev() {
        for s in &around.holds[h.index()] {
            again[s.index()].push(k);
        }
    }
    let mut entered: Vec<Option<i64>> = vec![None; work.again.len()];
    let mut done = vec![0i64; stages];
    let mut last = 0i64;
    let mut waiting: Vec<(i64, usize)> = Vec::new();
    let undo = |s: StageId, ready: i64, entered: &mut Vec<Option<i64>>| {
        let mut start = ready;
        for k in again.get(s.index()).into_iter().flatten() {
            let enter = around.time(&around.plan.release().hold(work.again[*k]).enter);
            let at = *entered[*k].get_or_insert(start.saturating_add(enter.as_ms()));
            start = start.max(at);
        }
        start.saturating_add(around.time[s.index()])
    };
    if work.again.is_empty() {
        for s in around.order.iter().rev() {
            let ready = around.after[s.index()].iter().map(|l| done[l.index()]).max();
            let ready = ready.unwrap_or(0);
            done[s.index()] = if inside[s.index()] {
                undo(*s, ready, &mut entered)
            } else {
                ready
            };
        }
    } else {
        // Whoever is ready first enters a hold for all.
        let mut open: Vec<usize> = around.after.iter().map(Vec::len).collect();
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); stages];
        for (s, list) in around.after.iter().enumerate() {
            for later in list {
                before[later.index()].push(s);
            }
        }
        let mut queue: std::collections::BTreeSet<(i64, usize)> =
            (0..stages).filter(|s| open[*s] == 0).map(|s| (0, s)).collect();
        while let Some((ready, s)) = queue.pop_first() {
            done[s] = if inside[s] {
                undo(StageId::at(s), ready, &mut entered)
            } else {
                ready
            };
            for b in &before[s] {
                open[*b] = open[*b].saturating_sub(1);
                if open[*b] == 0 {
                    let ready = around.after[*b].iter().map(|l| done[l.index()]).max();
                    queue.insert((ready.unwrap_or(0), *b));
                }
            }
        }
    }
    for s in work.undone {
        last = last.max(done[s.index()]);
    }
    for (k, h) in work.holds.iter().enumerate() {
        let list = around.holds[h.index()].iter();
        let free = list.filter(|s| inside[s.index()]).map(|s| done[s.index()]).max();
        waiting.push((free.unwrap_or(0), k));
    }
    waiting.sort_unstable();
    // They are left in the reverse of the order in which they were entered, as far as they are free.
    let mut left: Vec<(usize, i64, i64)> = Vec::new();
    for (free, k) in waiting {
        let mut start = free;
        while let Some(end) = left
            .iter()
            .filter(|(j, from, to)| *j < k && *from <= start && start < *to)
            .map(|(_, _, to)| *to)
            .max()
        {
            start = end;
        }
        let exit = around.time(&around.plan.release().hold(work.holds[k]).exit);
        let end = start.saturating_add(exit.as_ms());
        left.push((k, start, end));
        last = last.max(end);
    }
    last
}
