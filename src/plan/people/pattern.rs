//! Pattern backtracking: decides which seats share a person before it decides who that is.
//!
//! A pattern is a partition of the seats. It is grown seat by seat, and given up as soon as a rule is broken or its blocks
//! cannot be matched to different people. Best up to about thirty seats, however many people there are. Called by `solve`.

use crate::plan::people::part::Part;
use crate::plan::people::problem::{Budget, Verdict};

/// The most seats a pattern can hold: a set of seats is one machine word.
pub(super) const MOST_SEATS: usize = 64;

/// Decides a part; the verdict's people are indices into the part's.
pub(super) fn solve(part: &Part, budget: &mut Budget) -> Verdict {
    if part.seats.len() > MOST_SEATS {
        return Verdict::Undecided;
    }
    let words = part.people.len().div_ceil(64);
    let mut search = Search {
        part,
        order: order(part),
        differ: part.differ.iter().map(|d| mask(d)).collect(),
        at_most: part.at_most.iter().map(|(n, s)| (*n, mask(s))).collect(),
        at_least: part.at_least.iter().map(|(n, s)| (*n, mask(s))).collect(),
        pools: part
            .pools
            .iter()
            .map(|pool| {
                let mut bits = vec![0u64; words];
                for p in pool {
                    bits[*p as usize / 64] |= 1 << (p % 64);
                }
                bits
            })
            .collect(),
        blocks: Vec::new(),
        owner: vec![None; part.people.len()],
        budget,
    };
    match search.seat(0) {
        Some(true) => {
            let mut seated = vec![0; part.seats.len()];
            for block in &search.blocks {
                for (s, seat) in seated.iter_mut().enumerate() {
                    if block.seats & (1 << s) != 0 {
                        *seat = block.person;
                    }
                }
            }
            Verdict::Sat(seated)
        }
        Some(false) => Verdict::Unsat,
        None => Verdict::Undecided,
    }
}

/// The seats that leave the least choice first: few people, then many opposites.
fn order(part: &Part) -> Vec<usize> {
    let mut order: Vec<usize> = (0..part.seats.len()).collect();
    order.sort_by_key(|s| (part.pools[*s].len(), std::cmp::Reverse(part.differ[*s].len()), *s));
    order
}

fn mask(seats: &[u32]) -> u64 {
    seats.iter().fold(0, |m, s| m | 1 << s)
}

/// Seats that share a person.
#[derive(Clone)]
struct Block {
    seats: u64,
    pool: Vec<u64>,
    person: u32,
}

struct Search<'a> {
    part: &'a Part,
    order: Vec<usize>,
    differ: Vec<u64>,
    at_most: Vec<(u32, u64)>,
    at_least: Vec<(u32, u64)>,
    pools: Vec<Vec<u64>>,
    blocks: Vec<Block>,
    owner: Vec<Option<u8>>,
    budget: &'a mut Budget,
}

impl Search<'_> {
    /// Places the seats from the `at`-th on; `None` when the budget is spent. Recursion is as deep as there are seats.
    fn seat(&mut self, at: usize) -> Option<bool> {
        let Some(s) = self.order.get(at).copied() else {
            return Some(true);
        };
        let few = !self.at_most.is_empty();
        let n = self.blocks.len();
        let choices: Vec<Option<usize>> = if few {
            (0..n).map(Some).chain([None]).collect()
        } else {
            std::iter::once(None).chain((0..n).map(Some)).collect()
        };
        for choice in choices {
            if !self.budget.spend(1) {
                return None;
            }
            let people: Vec<u32> = self.blocks.iter().map(|b| b.person).collect();
            let before = match choice {
                Some(b) => {
                    if self.blocks[b].seats & self.differ[s] != 0 {
                        continue;
                    }
                    let old = self.blocks[b].clone();
                    let block = &mut self.blocks[b];
                    block.seats |= 1 << s;
                    block
                        .pool
                        .iter_mut()
                        .zip(&self.pools[s])
                        .for_each(|(a, b)| *a &= b);
                    Some((b, old))
                }
                None => {
                    self.blocks.push(Block {
                        seats: 1 << s,
                        pool: self.pools[s].clone(),
                        person: u32::MAX,
                    });
                    None
                }
            };
            let index = before.as_ref().map_or(n, |(b, _)| *b);
            if self.rules_hold(at + 1) && self.place(index)? && self.seat(at + 1)? {
                return Some(true);
            }
            match before {
                Some((b, old)) => self.blocks[b] = old,
                None => {
                    self.blocks.pop();
                }
            }
            self.restore(&people);
        }
        Some(false)
    }

    /// Whether what is placed can still grow into a pattern that obeys the counting rules.
    fn rules_hold(&self, placed: usize) -> bool {
        let used = |seats: u64| self.blocks.iter().filter(|b| b.seats & seats != 0).count();
        let open = self.order[placed..].iter().fold(0u64, |m, s| m | 1 << s);
        self.at_most.iter().all(|(n, s)| used(*s) <= *n as usize)
            && self
                .at_least
                .iter()
                .all(|(n, s)| used(*s) + (s & open).count_ones() as usize >= *n as usize)
    }

    /// Gives a block a person, moving other blocks to other people where it must.
    fn place(&mut self, block: usize) -> Option<bool> {
        let person = self.blocks[block].person;
        if person != u32::MAX {
            if self.blocks[block].pool[person as usize / 64] & (1 << (person % 64)) != 0 {
                return Some(true);
            }
            self.owner[person as usize] = None;
            self.blocks[block].person = u32::MAX;
        }
        let mut seen = vec![0u64; self.part.people.len().div_ceil(64)];
        self.augment(block, &mut seen)
    }

    fn augment(&mut self, block: usize, seen: &mut [u64]) -> Option<bool> {
        for word in 0..seen.len() {
            loop {
                let open = self.blocks[block].pool[word] & !seen[word];
                if open == 0 {
                    break;
                }
                let bit = open.trailing_zeros();
                seen[word] |= 1 << bit;
                if !self.budget.spend(1) {
                    return None;
                }
                let person = word * 64 + bit as usize;
                let free = match self.owner[person] {
                    None => true,
                    Some(other) => self.augment(other as usize, seen)?,
                };
                if free {
                    self.owner[person] = u8::try_from(block).ok();
                    self.blocks[block].person = u32::try_from(person).unwrap_or(u32::MAX);
                    return Some(true);
                }
            }
        }
        Some(false)
    }

    /// Gives every block the person it had.
    fn restore(&mut self, people: &[u32]) {
        for owner in &mut self.owner {
            *owner = None;
        }
        for (b, person) in people.iter().enumerate() {
            self.blocks[b].person = *person;
            if let (Some(slot), Ok(b)) = (self.owner.get_mut(*person as usize), u8::try_from(b)) {
                *slot = Some(b);
            }
        }
    }
}
