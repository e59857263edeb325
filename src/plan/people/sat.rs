//! The fallback: the same question as clauses over who sits where, for parts with too many seats for patterns.
//!
//! This file and `shared` are the only ones that know `batsat`. Called by `solve`.

use crate::plan::people::part::Part;
use crate::plan::people::problem::{Budget, Verdict};
use batsat::{Callbacks, Lit, Solver, SolverInterface, lbool};
use std::cell::Cell;
use std::collections::BTreeMap;

/// Counts the solver's steps and stops it when they are used up.
pub(super) struct Steps {
    left: Cell<u64>,
    /// What a decision costs.
    decision: u64,
}

/// What it costs to learn from a contradiction.
const LESSON: u64 = 64;

impl Steps {
    /// So many steps, of which a decision takes some.
    pub(super) fn new(n: u64, decision: u64) -> Self {
        Steps {
            left: Cell::new(n),
            decision,
        }
    }

    /// The steps left.
    pub(super) fn left(&self) -> u64 {
        self.left.get()
    }

    /// Takes steps off; `false` when there are not so many left.
    pub(super) fn take(&self, n: u64) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(n));
        left >= n
    }
}

impl Callbacks for Steps {
    fn stop(&self) -> bool {
        !self.take(self.decision)
    }

    fn on_new_clause(&mut self, _: &[Lit], _: batsat::clause::Kind) {
        self.take(LESSON);
    }
}

/// What a decision costs here, beside one step of the other methods: many people follow from it.
const DECISION: u64 = 16;

/// Decides a part; the verdict's people are indices into the part's.
pub(super) fn solve(part: &Part, budget: &mut Budget) -> Verdict {
    if !budget.spend(size(part)) {
        return Verdict::Undecided;
    }
    let steps = Steps::new(budget.left(), DECISION);
    let mut clauses = Clauses {
        solver: Solver::new(batsat::SolverOpts::default(), steps),
        sits: Vec::new(),
        consistent: true,
    };
    clauses.seats(part);
    clauses.differ(part);
    for (n, seats) in &part.at_most {
        clauses.at_most(part, *n, seats);
    }
    for (n, seats) in &part.at_least {
        clauses.at_least(part, *n, seats);
    }
    if !clauses.consistent {
        return Verdict::Unsat;
    }
    let answer = clauses.solver.solve_limited(&[]);
    budget.spend(budget.left().saturating_sub(clauses.solver.cb().left()));
    if answer == lbool::FALSE {
        Verdict::Unsat
    } else if answer == lbool::TRUE {
        let chosen = |seat: &Vec<(u32, Lit)>| {
            seat.iter()
                .find(|(_, l)| clauses.solver.value_lit(*l) == lbool::TRUE)
                .map(|(p, _)| *p)
        };
        let seated: Option<Vec<u32>> = clauses.sits.iter().map(chosen).collect();
        seated.map_or(Verdict::Undecided, Verdict::Sat)
    } else {
        Verdict::Undecided
    }
}

/// A measure of how many clauses the part needs.
fn size(part: &Part) -> u64 {
    let seats: u64 = part.pools.iter().map(|p| p.len() as u64).sum();
    let differ: u64 = part
        .differ
        .iter()
        .zip(&part.pools)
        .map(|(d, p)| (d.len() as u64).saturating_mul(p.len() as u64))
        .fold(0, u64::saturating_add);
    let people = part.people.len() as u64;
    let counts = part.at_most.iter().chain(&part.at_least);
    let counts = counts.map(|(n, s)| people.saturating_mul(u64::from(*n) + s.len() as u64));
    counts.fold(seats.saturating_add(differ), u64::saturating_add)
}

struct Clauses {
    solver: Solver<Steps>,
    /// For each seat, who may sit and the variable that says so.
    sits: Vec<Vec<(u32, Lit)>>,
    consistent: bool,
}

impl Clauses {
    fn lit(&mut self) -> Lit {
        Lit::new(self.solver.new_var_default(), true)
    }

    fn add(&mut self, clause: &[Lit]) {
        self.consistent &= self.solver.add_clause_reuse(&mut clause.to_vec());
    }

    fn seats(&mut self, part: &Part) {
        for pool in &part.pools {
            let seat: Vec<_> = pool.iter().map(|p| (*p, self.lit())).collect();
            let somebody: Vec<_> = seat.iter().map(|(_, l)| *l).collect();
            self.add(&somebody);
            self.sits.push(seat);
        }
    }

    fn differ(&mut self, part: &Part) {
        for (s, others) in part.differ.iter().enumerate() {
            let mine: BTreeMap<u32, Lit> = self.sits[s].iter().copied().collect();
            for t in others.iter().map(|t| *t as usize).filter(|t| *t > s) {
                let both: Vec<_> = self.sits[t]
                    .iter()
                    .filter_map(|(p, l)| mine.get(p).map(|m| [!*m, !*l]))
                    .collect();
                both.iter().for_each(|c| self.add(c));
            }
        }
    }

    /// Who may sit on any of the seats, with the variables that say so.
    fn takers(&self, seats: &[u32]) -> BTreeMap<u32, Vec<Lit>> {
        let mut takers: BTreeMap<u32, Vec<Lit>> = BTreeMap::new();
        for s in seats {
            for (p, l) in &self.sits[*s as usize] {
                takers.entry(*p).or_default().push(*l);
            }
        }
        takers
    }

    /// `used[p]` follows from any seat of `p`; of those at most `n`, by a sequential counter.
    fn at_most(&mut self, part: &Part, n: u32, seats: &[u32]) {
        let n = (n as usize).min(part.seats.len());
        let mut before: Vec<Lit> = Vec::new();
        for (_, lits) in self.takers(seats) {
            let used = self.lit();
            lits.iter().for_each(|l| self.add(&[!*l, used]));
            let now: Vec<Lit> = (0..n).map(|_| self.lit()).collect();
            if let Some(first) = now.first() {
                self.add(&[!used, *first]);
            }
            for (j, old) in before.iter().enumerate() {
                self.add(&[!*old, now[j]]);
                match now.get(j + 1) {
                    Some(next) => self.add(&[!used, !*old, *next]),
                    None => self.add(&[!used, !*old]),
                }
            }
            before = now;
        }
    }

    /// `used[p]` needs a seat of `p`, no seat has two people, and at least `n` are used, by a sequential counter.
    fn at_least(&mut self, part: &Part, n: u32, seats: &[u32]) {
        for s in seats {
            self.only_one(*s as usize);
        }
        let n = (n as usize).min(part.people.len() + 1);
        // `before[j]`: more than `j` of the people so far are used.
        let mut before: Vec<Option<Lit>> = vec![None; n];
        for (_, lits) in self.takers(seats) {
            let used = self.lit();
            let mut clause = lits.clone();
            clause.push(!used);
            self.add(&clause);
            let mut now = Vec::with_capacity(n);
            for j in 0..n {
                let more = self.lit();
                let kept = before[j];
                let step: Vec<Lit> = [!more, used].into_iter().chain(kept).collect();
                self.add(&step);
                if j > 0 {
                    let step: Vec<Lit> = std::iter::once(!more).chain(kept).chain(before[j - 1]).collect();
                    self.add(&step);
                }
                now.push(Some(more));
            }
            before = now;
        }
        match before.last() {
            Some(Some(enough)) => self.add(&[*enough]),
            _ => self.consistent = false,
        }
    }

    /// At most one person on a seat, by a chain.
    fn only_one(&mut self, seat: usize) {
        let mut before: Option<Lit> = None;
        for (_, l) in self.sits[seat].clone() {
            let taken = self.lit();
            self.add(&[!l, taken]);
            if let Some(b) = before {
                self.add(&[!b, taken]);
                self.add(&[!b, !l]);
            }
            before = Some(taken);
        }
    }
}
