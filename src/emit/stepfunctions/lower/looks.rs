//! How often a machine looks whether a question is answered, or something beside it has failed.
//!
//! A look costs events, of which a run may write so many; so the closest looks are taken whose longest run still fits. Must not
//! know a plan. Used by `ask` and `lock`, and chosen by the translation.

use crate::emit::stepfunctions::expr::Expr;

/// How far apart two looks are: short at first, then a share of what was waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    /// One part in so many of what was waited.
    share: i64,
    /// Seconds at most.
    most: i64,
}

/// Seconds before the first look.
const FIRST: i64 = 15;
/// Seconds between two looks of what is held, at least.
const HELD: i64 = 900;

/// The looks that can be chosen, the closest first.
pub const LOOKS: [Looks; 7] = [
    looks(10, 60),
    looks(10, 300),
    looks(10, 600),
    looks(10, 1_200),
    looks(10, 3_600),
    looks(5, 3_600),
    looks(3, 3_600),
];

const fn looks(share: i64, most: i64) -> Looks {
    Looks { share, most }
}

impl Looks {
    /// Seconds until the next look.
    pub fn next_wait(self, waited: &Expr, seconds: i64) -> Expr {
        let grown = Expr::op(waited.clone(), "/", Expr::int(self.share));
        let grown = Expr::Call("floor", vec![grown]);
        let grown = Expr::Call("max", vec![Expr::List(vec![Expr::int(FIRST), grown])]);
        let left = Expr::op(Expr::int(seconds), "-", waited.clone());
        let left = Expr::Call("max", vec![Expr::List(vec![Expr::int(1), left])]);
        Expr::Call("min", vec![Expr::List(vec![Expr::int(self.most), grown, left])])
    }

    /// How often it is looked at most in so many seconds.
    pub fn polls(self, seconds: i64) -> u64 {
        let mut waited = 0i64;
        let mut count = 1u64;
        while waited < seconds {
            // From here on they are all equally far apart.
            if waited / self.share >= self.most {
                let left = (seconds - waited + self.most - 1) / self.most;
                return count.saturating_add(u64::try_from(left).unwrap_or(0));
            }
            let left = (seconds - waited).max(1);
            waited += (waited / self.share).clamp(FIRST, self.most).min(left);
            count += 1;
        }
        count
    }

    /// Seconds between two looks of what is held while somebody is asked how to go on.
    pub fn held(self) -> i64 {
        self.most.max(HELD)
    }

    /// Seconds between two looks at most, of a question that is open for so many.
    pub fn apart(self, seconds: i64) -> i64 {
        (seconds / self.share).clamp(FIRST, self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::LOOKS;

    #[test]
    fn looks_further_apart_are_fewer() {
        for seconds in [1, 10, 600, 86_400, 30 * 86_400] {
            let counts = LOOKS.map(|l| l.polls(seconds));
            assert!(counts.is_sorted_by(|a, b| a >= b), "{counts:?}");
            assert!(LOOKS.map(|l| l.apart(seconds)).is_sorted());
        }
    }

    #[test]
    fn an_answer_within_seconds_is_looked_for_twice() {
        assert_eq!(LOOKS.map(|l| l.polls(10)), [2; 7]);
    }

    #[test]
    fn three_days_can_be_seventy_looks_or_one_each_minute() {
        let counts = LOOKS.map(|l| l.polls(72 * 3_600));
        assert!(counts[0] > 4_000 && counts[6] < 100, "{counts:?}");
    }
}
