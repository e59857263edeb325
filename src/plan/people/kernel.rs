//! Which people matter: of those who may take exactly the same seats, no more than there are seats.
//!
//! Exact, because rules never name people. Knows pools only. Called by `part` and `block`.

/// Cuts pools down. Kept between cuts, so that a cut costs no more than the pools it is given.
pub(super) struct Kernel {
    /// For each person, the place in the list of those found in this cut.
    place: Vec<u32>,
}

/// Not found yet.
const NONE: u32 = u32::MAX;

impl Kernel {
    /// For people who occur in these pools, which are in ascending order.
    pub(super) fn of<P: AsRef<[u32]>>(pools: &[P]) -> Self {
        let last = pools.iter().filter_map(|p| p.as_ref().last()).max();
        Kernel {
            place: vec![NONE; last.map_or(0, |p| *p as usize + 1)],
        }
    }

    /// The people who matter, in ascending order, and the pools by index into them, when `keep` of each kind are enough.
    ///
    /// Kinds are told apart by refining: each seat splits every kind into those who may take it and those who may not.
    pub(super) fn cut(&mut self, pools: &[&[u32]], keep: usize) -> (Vec<u32>, Vec<Vec<u32>>) {
        let mut found: Vec<u32> = Vec::new();
        let mut kind: Vec<u32> = Vec::new();
        // For each kind, the last seat that split it and the kind of those who may take that seat.
        let mut split: Vec<(u32, u32)> = vec![(NONE, 0)];
        for (s, pool) in (0u32..).zip(pools) {
            for p in *pool {
                let place = &mut self.place[*p as usize];
                if *place == NONE {
                    *place = u32::try_from(found.len()).unwrap_or(NONE);
                    found.push(*p);
                    kind.push(0);
                }
                let mine = &mut kind[*place as usize];
                let (by, into) = split[*mine as usize];
                if by == s {
                    *mine = into;
                } else {
                    let fresh = u32::try_from(split.len()).unwrap_or(NONE);
                    split[*mine as usize] = (s, fresh);
                    split.push((NONE, 0));
                    *mine = fresh;
                }
            }
        }
        let mut order: Vec<u32> = (0..u32::try_from(found.len()).unwrap_or(NONE)).collect();
        order.sort_unstable_by_key(|i| found[*i as usize]);
        let mut kept = vec![0usize; split.len()];
        let mut new = vec![NONE; found.len()];
        let mut people = Vec::new();
        for i in order {
            let n = &mut kept[kind[i as usize] as usize];
            if *n < keep {
                *n += 1;
                new[i as usize] = u32::try_from(people.len()).unwrap_or(NONE);
                people.push(found[i as usize]);
            }
        }
        let small = pools.iter().map(|pool| {
            let ids = pool.iter().map(|p| new[self.place[*p as usize] as usize]);
            ids.filter(|id| *id != NONE).collect()
        });
        let small = small.collect();
        for p in found {
            self.place[p as usize] = NONE;
        }
        (people, small)
    }
}

/// Disjoint sets.
pub(super) struct Merge {
    parent: Vec<u32>,
}

impl Merge {
    pub(super) fn new(n: usize) -> Self {
        Merge {
            parent: (0..u32::try_from(n).unwrap_or(u32::MAX)).collect(),
        }
    }

    pub(super) fn root(&mut self, mut x: u32) -> u32 {
        while self.parent[x as usize] != x {
            let up = self.parent[self.parent[x as usize] as usize];
            self.parent[x as usize] = up;
            x = up;
        }
        x
    }

    /// The smaller root stays, so that the result does not depend on the order of the rules.
    pub(super) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b) as usize] = a.min(b);
    }
}
