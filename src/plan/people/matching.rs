//! Giving seats to different people: maximum matching by Hopcroft and Karp.
//!
//! Exact where every two seats need different people. Called by `solve`.

use crate::plan::people::problem::Budget;
use std::collections::VecDeque;

/// A person for each seat, all different; `None` when there are not enough. `Err` when the budget is spent.
///
/// Cost: O(E √V) in the pools' total size E.
pub(super) fn all_different<P: AsRef<[u32]>>(
    pools: &[P],
    people: usize,
    budget: &mut Budget,
) -> Result<Option<Vec<u32>>, ()> {
    let mut m = Matching {
        pools,
        seat_of: vec![None; people],
        person_of: vec![None; pools.len()],
        depth: vec![u32::MAX; pools.len()],
        next: vec![0; pools.len()],
    };
    let mut matched = 0usize;
    let edges = pools.iter().map(|p| p.as_ref().len()).sum::<usize>() as u64;
    loop {
        if !budget.spend(1 + edges / 64) {
            return Err(());
        }
        if !m.layers() {
            break;
        }
        let found = (0..pools.len())
            .filter(|s| m.person_of[*s].is_none())
            .collect::<Vec<_>>()
            .into_iter()
            .filter(|s| m.augment(*s))
            .count();
        if found == 0 {
            break;
        }
        matched += found;
    }
    Ok(if matched == pools.len() {
        m.person_of.into_iter().collect()
    } else {
        None
    })
}

struct Matching<'a, P> {
    pools: &'a [P],
    seat_of: Vec<Option<u32>>,
    person_of: Vec<Option<u32>>,
    depth: Vec<u32>,
    next: Vec<usize>,
}

impl<P: AsRef<[u32]>> Matching<'_, P> {
    /// Layers the free seats and what alternating paths reach from them; whether any path ends at a free person.
    fn layers(&mut self) -> bool {
        let mut queue = VecDeque::new();
        for s in 0..self.pools.len() {
            self.next[s] = 0;
            self.depth[s] = if self.person_of[s].is_none() {
                queue.push_back(s);
                0
            } else {
                u32::MAX
            };
        }
        let mut free = false;
        while let Some(s) = queue.pop_front() {
            for p in self.pools[s].as_ref() {
                match self.seat_of[*p as usize] {
                    None => free = true,
                    Some(t) if self.depth[t as usize] == u32::MAX => {
                        self.depth[t as usize] = self.depth[s] + 1;
                        queue.push_back(t as usize);
                    }
                    Some(_) => {}
                }
            }
        }
        free
    }

    /// Follows one path of the layers from a free seat, without recursion: paths can be as long as there are seats.
    fn augment(&mut self, start: usize) -> bool {
        let mut path: Vec<(usize, u32)> = Vec::new();
        let mut seat = start;
        loop {
            let Some(person) = self.pools[seat].as_ref().get(self.next[seat]).copied() else {
                self.depth[seat] = u32::MAX;
                let Some((back, _)) = path.pop() else { return false };
                seat = back;
                continue;
            };
            self.next[seat] += 1;
            match self.seat_of[person as usize] {
                None => {
                    path.push((seat, person));
                    for (s, p) in path {
                        self.seat_of[p as usize] = u32::try_from(s).ok();
                        self.person_of[s] = Some(p);
                    }
                    return true;
                }
                Some(t)
                    if self.depth[t as usize] != u32::MAX
                        && self.depth[t as usize] == self.depth[seat].saturating_add(1) =>
                {
                    path.push((seat, person));
                    seat = t as usize;
                }
                Some(_) => {}
            }
        }
    }
}
