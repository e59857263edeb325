//! The order of undos, and what something irreversible keeps from being undone.
//!
//! Must not know what fails. Called by `ways`.

use super::bits::Bits;
use super::{Around, Kind};
use crate::model::StageId;

impl Around<'_> {
    /// For each stage that something irreversible keeps from being undone: what keeps it. Nothing where nothing such has begun.
    pub(super) fn pivots(&self, began: &Bits) -> Option<Vec<Option<StageId>>> {
        if !began.meets(&self.irreversible) {
            return None;
        }
        let mut keeps: Vec<Option<StageId>> = vec![None; self.order.len()];
        for p in began.back() {
            let s = self.order[p];
            if self.kind[s.index()] == Kind::Irreversible {
                keeps[s.index()] = Some(s);
            }
            for later in &self.after[s.index()] {
                if began.has(self.place[later.index()]) && keeps[s.index()].is_none() {
                    keeps[s.index()] = keeps[later.index()];
                }
            }
        }
        Some(keeps)
    }

    /// Stages to undo, in order, grouped: each group may be undone together once those before it are.
    pub(super) fn together(&self, back: &[StageId]) -> Vec<Vec<StageId>> {
        let depth = self.depths(back);
        let mut groups: Vec<Vec<StageId>> = Vec::new();
        for s in back {
            let level = usize::try_from(depth[s.index()] - 1).unwrap_or(0);
            while groups.len() <= level {
                groups.push(Vec::new());
            }
            groups[level].push(*s);
        }
        groups
    }

    /// For each of some stages: how many undos the longest chain has that ends with its own.
    fn depths(&self, of: &[StageId]) -> Vec<i64> {
        let mut inside = vec![false; self.order.len()];
        for s in of {
            inside[s.index()] = true;
        }
        let mut depth = vec![0i64; self.order.len()];
        for s in self.order.iter().rev() {
            // What is not undone hands on what it waits for.
            let before = self.after[s.index()].iter().map(|l| depth[l.index()]).max();
            let own = i64::from(inside[s.index()]);
            depth[s.index()] = before.unwrap_or(0).saturating_add(own);
        }
        for (d, inside) in depth.iter_mut().zip(inside) {
            if !inside {
                *d = 0;
            }
        }
        depth
    }
}
