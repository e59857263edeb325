//! A set of stages, by their places in the order of the plan.
//!
//! Knows nothing of plans. Used by `reach` and by `ways`.

/// A set of the numbers below a length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bits {
    len: usize,
    words: Vec<u64>,
}

impl Bits {
    /// The empty set.
    pub(super) fn none(len: usize) -> Self {
        Bits {
            len,
            words: vec![0; len.div_ceil(64)],
        }
    }

    /// The numbers for which something is so.
    pub(super) fn of(list: impl ExactSizeIterator<Item = bool>) -> Self {
        let mut set = Bits::none(list.len());
        for (i, is) in list.enumerate() {
            set.set(i, is);
        }
        set
    }

    pub(super) fn has(&self, i: usize) -> bool {
        self.words[i / 64] & (1 << (i % 64)) != 0
    }

    pub(super) fn insert(&mut self, i: usize) {
        self.set(i, true);
    }

    pub(super) fn set(&mut self, i: usize, is: bool) {
        let bit = 1u64 << (i % 64);
        if is {
            self.words[i / 64] |= bit;
        } else {
            self.words[i / 64] &= !bit;
        }
    }

    pub(super) fn clear(&mut self) {
        self.words.fill(0);
    }

    /// With all of another set.
    pub(super) fn unite(&mut self, other: &Bits) {
        for (a, b) in self.words.iter_mut().zip(&other.words) {
            *a |= b;
        }
    }

    /// Only what is in another set too.
    pub(super) fn keep(&mut self, other: &Bits) {
        for (a, b) in self.words.iter_mut().zip(&other.words) {
            *a &= b;
        }
    }

    /// Without what is in another set.
    pub(super) fn drop(&mut self, other: &Bits) {
        for (a, b) in self.words.iter_mut().zip(&other.words) {
            *a &= !b;
        }
    }

    /// What was not in the set.
    pub(super) fn turn(&mut self) {
        for word in &mut self.words {
            *word = !*word;
        }
        let over = self.len % 64;
        if let (true, Some(last)) = (over > 0, self.words.last_mut()) {
            *last &= (1 << over) - 1;
        }
    }

    pub(super) fn meets(&self, other: &Bits) -> bool {
        self.words.iter().zip(&other.words).any(|(a, b)| a & b != 0)
    }

    /// Whether all of it is in another set.
    pub(super) fn within(&self, other: &Bits) -> bool {
        self.words.iter().zip(&other.words).all(|(a, b)| a & !b == 0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|w| *w == 0)
    }

    pub(super) fn count(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// What is in it, the greatest first.
    pub(super) fn back(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().rev().flat_map(|(i, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let top = rest.checked_ilog2()? as usize;
                rest &= !(1 << top);
                Some(i * 64 + top)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn a_set_turns_around_and_comes_back() {
        let mut set = Bits::of((0..130).map(|i| i % 3 == 0));
        assert_eq!(set.back().take(3).collect::<Vec<_>>(), [129, 126, 123]);
        assert_eq!(set.count(), 44);
        let was = set.clone();
        set.turn();
        assert!(!set.meets(&was) && set.count() == 86);
        set.unite(&was);
        assert!(was.within(&set) && !set.within(&was) && set.count() == 130);
        set.drop(&was);
        assert!(!set.has(129) && set.has(128));
        set.keep(&was);
        assert!(set.is_empty());
    }
}
