//! Seats, the people who may take them and the rules between them, as plain numbers.
//!
//! Knows nothing of releases: `seats` builds a [`Problem`] from one, `solve` decides it.

use std::collections::BTreeSet;

/// A seat: one place that one person fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Who may sit, in ascending order, each once.
    pub pool: Vec<u32>,
    /// The fact because of which the seat exists.
    pub exists: u32,
    /// The fact because of which only `pool` may sit.
    pub limited: u32,
    /// The person in it cannot be replaced: the author has done the work already.
    pub fixed: bool,
}

impl Slot {
    /// Who may sit while some are away. Who sits in a fixed seat has been there already.
    pub(super) fn present(&self, away: &[u32]) -> Vec<u32> {
        if self.fixed {
            return self.pool.clone();
        }
        self.pool.iter().filter(|p| !away.contains(p)).copied().collect()
    }
}

/// A rule between seats. Rules speak of who sits together, never of particular people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Seats of different groups are taken by different people.
    Differ(Vec<Vec<u32>>),
    /// One person takes all of them.
    Same(Vec<u32>),
    /// So many people at most take them.
    AtMost(u32, Vec<u32>),
    /// So many people at least take them.
    AtLeast(u32, Vec<u32>),
}

impl Rule {
    /// The seats it speaks of.
    pub fn seats(&self) -> Vec<u32> {
        match self {
            Rule::Differ(groups) => groups.iter().flatten().copied().collect(),
            Rule::Same(s) | Rule::AtMost(_, s) | Rule::AtLeast(_, s) => s.clone(),
        }
    }

    fn holds(&self, seated: &[u32]) -> bool {
        let people = |seats: &[u32]| seats.iter().map(|s| seated[*s as usize]).collect::<BTreeSet<_>>();
        match self {
            Rule::Differ(groups) => {
                let sets: Vec<_> = groups.iter().map(|g| people(g)).collect();
                (0..sets.len()).all(|i| (0..i).all(|j| sets[i].is_disjoint(&sets[j])))
            }
            Rule::Same(s) => people(s).len() <= 1,
            Rule::AtMost(n, s) => people(s).len() <= *n as usize,
            Rule::AtLeast(n, s) => people(s).len() >= *n as usize,
        }
    }

    /// Whether it holds when everybody sits on one seat only.
    pub(super) fn holds_apart(&self) -> bool {
        let count = |seats: &[u32]| seats.iter().collect::<BTreeSet<_>>().len();
        match self {
            Rule::Differ(groups) => {
                let mut seen = BTreeSet::new();
                groups.iter().all(|g| {
                    let own: BTreeSet<u32> = g.iter().copied().collect();
                    own.into_iter().all(|s| seen.insert(s))
                })
            }
            Rule::Same(s) => count(s) <= 1,
            Rule::AtMost(n, s) => count(s) <= *n as usize,
            Rule::AtLeast(n, s) => count(s) >= *n as usize,
        }
    }

    /// The rule with every seat under its new number.
    pub(super) fn moved(&self, new: &[u32]) -> Rule {
        let map = |s: &[u32]| s.iter().map(|s| new[*s as usize]).collect::<Vec<_>>();
        match self {
            Rule::Differ(groups) => Rule::Differ(groups.iter().map(|g| map(g)).collect()),
            Rule::Same(s) => Rule::Same(map(s)),
            Rule::AtMost(n, s) => Rule::AtMost(*n, map(s)),
            Rule::AtLeast(n, s) => Rule::AtLeast(*n, map(s)),
        }
    }

    /// The rule with its seats renumbered; seats that are gone are left out.
    fn renumbered(&self, new: &[Option<u32>]) -> Rule {
        let map = |s: &[u32]| s.iter().filter_map(|s| new[*s as usize]).collect::<Vec<_>>();
        match self {
            Rule::Differ(groups) => {
                Rule::Differ(groups.iter().map(|g| map(g)).filter(|g| !g.is_empty()).collect())
            }
            Rule::Same(s) => Rule::Same(map(s)),
            Rule::AtMost(n, s) => Rule::AtMost(*n, map(s)),
            Rule::AtLeast(n, s) => {
                // A seat that is gone might have held one of them.
                let left = map(s);
                let gone = u32::try_from(s.len() - left.len()).unwrap_or(u32::MAX);
                Rule::AtLeast(n.saturating_sub(gone), left)
            }
        }
    }
}

/// A rule and the fact because of which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The rule.
    pub rule: Rule,
    /// The fact.
    pub fact: u32,
}

/// A workflow satisfiability problem: give every seat a person of its pool so that every rule holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problem {
    /// People are numbered from 0.
    pub people: u32,
    /// The seats.
    pub seats: Vec<Slot>,
    /// The rules.
    pub rules: Vec<Bound>,
}

impl Problem {
    /// Whether an assignment, one person per seat, obeys every pool and every rule.
    pub fn accepts(&self, seated: &[u32]) -> bool {
        seated.len() == self.seats.len()
            && self
                .seats
                .iter()
                .zip(seated)
                .all(|(s, p)| s.pool.binary_search(p).is_ok())
            && self.rules.iter().all(|b| b.rule.holds(seated))
    }

    /// Every fact it stands on, in ascending order.
    pub fn facts(&self) -> BTreeSet<u32> {
        let seats = self.seats.iter().flat_map(|s| [s.exists, s.limited]);
        seats.chain(self.rules.iter().map(|b| b.fact)).collect()
    }

    /// The same problem standing on these facts only: seats that no longer exist are gone, pools that are no longer
    /// limited hold everyone and as many strangers as there are seats.
    #[must_use]
    pub fn on(&self, facts: &BTreeSet<u32>) -> Problem {
        let mut new = vec![None; self.seats.len()];
        let mut seats = Vec::new();
        let strangers = u32::try_from(self.seats.len()).unwrap_or(u32::MAX);
        let people = self.people.saturating_add(strangers);
        for (i, seat) in self.seats.iter().enumerate() {
            if !facts.contains(&seat.exists) {
                continue;
            }
            new[i] = u32::try_from(seats.len()).ok();
            let mut seat = seat.clone();
            if !facts.contains(&seat.limited) {
                seat.pool = (0..people).collect();
            }
            seats.push(seat);
        }
        let rules = self.rules.iter().filter(|b| facts.contains(&b.fact));
        Problem {
            people,
            seats,
            rules: rules
                .map(|b| Bound {
                    rule: b.rule.renumbered(&new),
                    fact: b.fact,
                })
                .collect(),
        }
    }

    /// The same problem while some people are away. Who sits in a fixed seat has been there already.
    #[must_use]
    pub fn without(&self, away: &[u32]) -> Problem {
        let mut left = self.clone();
        for seat in &mut left.seats {
            seat.pool = seat.present(away);
        }
        left
    }

    /// The same problem with one more rule.
    #[must_use]
    pub fn and(&self, rule: Rule) -> Problem {
        let mut more = self.clone();
        more.rules.push(Bound { rule, fact: u32::MAX });
        more
    }
}

/// How much work may still be done. Counted in steps, so that the same plan gets the same answer on every machine.
#[derive(Debug, Clone)]
pub struct Budget {
    left: u64,
}

impl Budget {
    /// So many steps.
    pub fn steps(n: u64) -> Self {
        Budget { left: n }
    }

    /// Takes steps off; `false` when there are not so many left.
    pub fn spend(&mut self, n: u64) -> bool {
        let enough = self.left >= n;
        self.left = self.left.saturating_sub(n);
        enough
    }

    /// The steps left.
    pub fn left(&self) -> u64 {
        self.left
    }
}

/// What is known about a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It can be solved: the person of each seat.
    Sat(Vec<u32>),
    /// It cannot be solved.
    Unsat,
    /// The budget did not suffice.
    Undecided,
}
