//! Relations between numbered elements, as rows of bits.
//!
//! An order of ten thousand stages is a hundred million pairs: kept as bits, and gone through by words. Must not know what the
//! elements are. Used by `order` and `facts`.

/// Bits of a word.
const WORD: usize = 64;

/// A relation: which elements each element is related to.
#[derive(Debug, Clone)]
pub struct Rows {
    len: usize,
    words: usize,
    bits: Vec<u64>,
}

impl Rows {
    /// No two of so many elements are related.
    pub fn new(len: usize) -> Self {
        let words = len.div_ceil(WORD);
        Rows {
            len,
            words,
            bits: vec![0; len * words],
        }
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Relates one element to another.
    pub fn set(&mut self, row: usize, other: usize) {
        self.bits[row * self.words + other / WORD] |= 1 << (other % WORD);
    }

    /// Whether one element is related to another.
    pub fn has(&self, row: usize, other: usize) -> bool {
        self.bits[row * self.words + other / WORD] & (1 << (other % WORD)) != 0
    }

    /// What an element is related to.
    pub fn row(&self, row: usize) -> &[u64] {
        &self.bits[row * self.words..(row + 1) * self.words]
    }

    /// The relation read in both directions.
    pub fn either_way(&self) -> Rows {
        let mut both = self.clone();
        for row in 0..self.len {
            for (at, word) in self.row(row).iter().enumerate() {
                ones(*word, at, |other| both.set(other, row));
            }
        }
        both
    }

    /// The relation read backwards.
    pub fn backwards(&self) -> Rows {
        let mut back = Rows::new(self.len);
        for row in 0..self.len {
            for (at, word) in self.row(row).iter().enumerate() {
                ones(*word, at, |other| back.set(other, row));
            }
        }
        back
    }
}

/// Some elements, kept from the first word that holds one.
#[derive(Debug)]
pub struct Bits {
    from: usize,
    bits: Vec<u64>,
}

impl Bits {
    /// These elements, in rising order.
    pub fn of(nodes: &[usize]) -> Self {
        let from = nodes.first().map_or(0, |n| n / WORD);
        let end = nodes.last().map_or(0, |n| n / WORD + 1);
        let mut bits = vec![0; end.saturating_sub(from)];
        for n in nodes {
            bits[n / WORD - from] |= 1 << (n % WORD);
        }
        Bits { from, bits }
    }

    /// Takes an element out; whether it was there.
    pub fn take(&mut self, n: usize) -> bool {
        let Some(word) = (n / WORD)
            .checked_sub(self.from)
            .and_then(|at| self.bits.get_mut(at))
        else {
            return false;
        };
        let bit = 1 << (n % WORD);
        let there = *word & bit != 0;
        *word &= !bit;
        there
    }

    /// How many of these are in a row.
    pub fn common(&self, row: &[u64]) -> usize {
        let pairs = self.bits.iter().zip(&row[self.from..]);
        pairs.map(|(a, b)| (a & b).count_ones() as usize).sum()
    }

    /// Moves what is in a row, or what is not, to a list.
    pub fn move_to(&mut self, row: &[u64], inside: bool, list: &mut Vec<usize>) {
        let flip = if inside { 0 } else { u64::MAX };
        for (at, (word, other)) in self.bits.iter_mut().zip(&row[self.from..]).enumerate() {
            let moved = *word & (other ^ flip);
            *word &= !moved;
            ones(moved, self.from + at, |n| list.push(n));
        }
    }
}

/// Whether two rows have an element in common.
pub fn meet(a: &[u64], b: &[u64]) -> bool {
    a.iter().zip(b).any(|(a, b)| a & b != 0)
}

/// The elements of a word, in rising order.
fn ones(word: u64, at: usize, mut see: impl FnMut(usize)) {
    let mut rest = word;
    while rest != 0 {
        see(at * WORD + rest.trailing_zeros() as usize);
        rest &= rest - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{Bits, Rows, meet};

    #[test]
    fn rows_are_read_in_both_directions() {
        let mut rows = Rows::new(200);
        rows.set(150, 3);
        rows.set(150, 149);
        let (both, back) = (rows.either_way(), rows.backwards());
        assert!(both.has(3, 150) && both.has(150, 3) && back.has(149, 150) && !back.has(150, 149));
        assert!(meet(both.row(150), rows.row(150)) && !meet(both.row(3), rows.row(150)));
    }

    #[test]
    fn elements_are_moved_once() {
        let mut rows = Rows::new(200);
        rows.set(0, 130);
        rows.set(0, 70);
        let mut bits = Bits::of(&[70, 71, 130]);
        assert_eq!(bits.common(rows.row(0)), 2);
        assert!(!bits.take(3) && !bits.take(199) && bits.take(130) && !bits.take(130));
        let mut list = Vec::new();
        bits.move_to(rows.row(0), true, &mut list);
        bits.move_to(rows.row(0), false, &mut list);
        assert_eq!(list, [70, 71]);
    }
}
