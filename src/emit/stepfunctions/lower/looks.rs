//! How often a machine looks whether a question is answered, or something beside it has failed.
//!
//! A look costs events, of which a run may write so many; so the closest looks are taken whose longest run still fits. Must not
//! know a plan. Used by `ask`, `lock` and `watch`, and chosen by the translation.

use crate::emit::stepfunctions::expr::Expr;

/// How far apart two looks are: short at first, then a share of what was waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    /// One part in so many of what was waited.
    share: i64,
    /// Seconds at most.
    most: i64,
    /// Seconds at most, of a branch that is held while somebody is asked how to go on.
    held: i64,
}

/// Seconds before the first look.
const FIRST: i64 = 15;
/// Seconds between two looks of what is held, at least.
const HELD: i64 = 900;
const HOUR: i64 = 3_600;

/// The looks that can be chosen, the closest first.
pub const LOOKS: [Looks; 7] = [
    looks(10, 60, HELD),
    looks(10, 300, HELD),
    looks(10, 600, HOUR / 2),
    looks(10, 1_200, HOUR),
    looks(10, HOUR, 2 * HOUR),
    looks(5, HOUR, 4 * HOUR),
    looks(3, HOUR, 12 * HOUR),
];

const fn looks(share: i64, most: i64, held: i64) -> Looks {
    Looks { share, most, held }
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
        count(seconds, self.share, FIRST, self.most)
    }

    /// Seconds until a branch that is held looks again, by how long it was held in the whole run: so all that holds it costs
    /// little more than one wait of the same length.
    pub fn held_wait(self, held: &Expr) -> Expr {
        let share = Expr::Call("floor", vec![Expr::op(held.clone(), "/", Expr::int(self.share))]);
        let least = Expr::Call("max", vec![Expr::List(vec![Expr::int(HELD), share])]);
        Expr::Call("min", vec![Expr::List(vec![Expr::int(self.held), least])])
    }

    /// How often a branch looks at most that is held for so many seconds in all.
    pub fn held_polls(self, seconds: i64) -> u64 {
        count(seconds, self.share, HELD, self.held)
    }

    /// Seconds between two looks at most of a branch that is held for so many seconds in all.
    pub fn held_apart(self, seconds: i64) -> i64 {
        (seconds / self.share).clamp(HELD, self.held)
    }

    /// Seconds between two looks at most, of a question that is open for so many.
    pub fn apart(self, seconds: i64) -> i64 {
        (seconds / self.share).clamp(FIRST, self.most)
    }
}

/// How many looks so many seconds take that are a share of what was waited apart, within two bounds.
fn count(seconds: i64, share: i64, least: i64, most: i64) -> u64 {
    let mut waited = 0i64;
    let mut count = 1u64;
    while waited < seconds {
        // From here on they are all equally far apart.
        if waited / share >= most {
            let left = (seconds - waited + most - 1) / most;
            return count.saturating_add(u64::try_from(left).unwrap_or(0));
        }
        let left = (seconds - waited).max(1);
        waited += (waited / share).clamp(least, most).min(left);
        count += 1;
    }
    count
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
            let held = LOOKS.map(|l| l.held_polls(seconds));
            assert!(held.is_sorted_by(|a, b| a >= b), "{held:?}");
            assert!(LOOKS.map(|l| l.held_apart(seconds)).is_sorted());
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
