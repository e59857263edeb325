//! How late something is under conditions: parts that exclude each other are never added up.
//!
//! Times by the variants in which they hold. Must not know what a part is. Used by the schedule and by what passes inside a stage.

use crate::plan::Pred;
use crate::plan::variants::Variants;

/// So many are told apart; beyond, the latest stands for all.
const MOST: usize = 24;

/// When something that is done part by part has come so far, in milliseconds from T, and in which variants.
#[derive(Debug, Clone)]
pub(super) struct Paths {
    given: Pred,
    list: Vec<(Pred, i64)>,
}

impl Paths {
    /// Starts at a time in the variants that meet a condition.
    pub(super) fn new(given: Pred, at: i64) -> Self {
        Paths {
            given,
            list: vec![(given, at)],
        }
    }

    /// Starts at several times, each in variants of its own.
    pub(super) fn several(list: Vec<(Pred, i64)>, v: &Variants) -> Self {
        let given = list.iter().fold(Pred::FALSE, |all, (p, _)| v.or(all, *p));
        Paths { given, list }
    }

    /// The latest over all variants.
    pub(super) fn latest(&self) -> i64 {
        self.list.iter().map(|(_, t)| *t).max().unwrap_or(i64::MIN)
    }

    /// The latest in the variants that meet a condition; over all where none is known to.
    pub(super) fn latest_in(&self, v: &Variants, p: Pred) -> i64 {
        if p == Pred::TRUE {
            return self.latest();
        }
        let there = self.list.iter().filter(|(q, _)| v.and(*q, p) != Pred::FALSE);
        there.map(|(_, t)| *t).max().unwrap_or_else(|| self.latest())
    }

    /// A part follows that takes place in the variants that meet a condition: from when it starts to when it has ended.
    pub(super) fn pass(&mut self, v: &Variants, p: Pred, mut ends: impl FnMut(i64) -> i64) {
        if p == Pred::TRUE {
            for (_, t) in &mut self.list {
                *t = ends(*t);
            }
            return;
        }
        let mut next: Vec<(Pred, i64)> = Vec::new();
        for (q, t) in &self.list {
            let there = v.and(*q, p);
            if there == Pred::FALSE {
                keep(&mut next, *q, *t);
                continue;
            }
            let end = ends(*t);
            if end == *t {
                keep(&mut next, *q, *t);
                continue;
            }
            keep(&mut next, there, end);
            let elsewhere = v.without(*q, p);
            if elsewhere != Pred::FALSE {
                keep(&mut next, elsewhere, *t);
            }
        }
        self.list = next;
        if self.list.len() > MOST {
            self.list = vec![(self.given, self.latest())];
        }
    }
}

fn keep(list: &mut Vec<(Pred, i64)>, p: Pred, t: i64) {
    match list.iter_mut().find(|(q, _)| *q == p) {
        Some((_, other)) => *other = t.max(*other),
        None => list.push((p, t)),
    }
}
