//! Formulas, and the question whether one can be true.
//!
//! The one file of the proof that knows `batsat`. Must not know what a variable stands for. Used by `world` and `claims`.

use batsat::{BasicSolver, Lit, SolverInterface, lbool};
use std::collections::HashMap;

/// A formula over the variables of a [`Logic`].
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    /// Always or never so.
    Const(bool),
    /// A variable, or its contrary.
    Is(Lit),
    /// All of them.
    And(Vec<Formula>),
    /// One of them at least.
    Or(Vec<Formula>),
}

impl Formula {
    /// All of them.
    pub fn all(list: impl IntoIterator<Item = Formula>) -> Formula {
        Formula::join(list, true)
    }

    /// One of them at least.
    pub fn any(list: impl IntoIterator<Item = Formula>) -> Formula {
        Formula::join(list, false)
    }

    fn join(list: impl IntoIterator<Item = Formula>, all: bool) -> Formula {
        let mut kept = Vec::new();
        for f in list {
            match f {
                Formula::Const(b) if b == all => {}
                Formula::Const(b) => return Formula::Const(b),
                other => kept.push(other),
            }
        }
        match (kept.len(), all) {
            (0, _) => Formula::Const(all),
            (1, _) => kept.swap_remove(0),
            (_, true) => Formula::And(kept),
            (_, false) => Formula::Or(kept),
        }
    }

    /// The contrary.
    #[must_use]
    pub fn negate(self) -> Formula {
        match self {
            Formula::Const(b) => Formula::Const(!b),
            Formula::Is(l) => Formula::Is(!l),
            Formula::And(l) => Formula::Or(l.into_iter().map(Formula::negate).collect()),
            Formula::Or(l) => Formula::And(l.into_iter().map(Formula::negate).collect()),
        }
    }

    /// If this is so, so is the other.
    pub fn implies(self, other: Formula) -> Formula {
        Formula::any([self.negate(), other])
    }
}

/// Variables and what is known of them.
pub struct Logic {
    solver: BasicSolver,
    consistent: bool,
    truth: Lit,
    /// What is true when all of these literals are, so that what is said twice is one literal.
    known: HashMap<Vec<Lit>, Lit>,
}

impl Logic {
    /// Nothing is known yet.
    pub fn new() -> Logic {
        let mut solver = BasicSolver::default();
        let truth = Lit::new(solver.new_var_default(), true);
        let consistent = solver.add_clause_reuse(&mut vec![truth]);
        Logic {
            solver,
            consistent,
            truth,
            known: HashMap::new(),
        }
    }

    /// A new variable.
    pub fn variable(&mut self) -> Lit {
        Lit::new(self.solver.new_var_default(), true)
    }

    /// A literal that is true exactly when a formula is.
    pub fn literal(&mut self, formula: &Formula) -> Lit {
        match formula {
            Formula::Const(b) if *b => self.truth,
            Formula::Const(_) => !self.truth,
            Formula::Is(l) => *l,
            Formula::And(list) => self.gate(list, true),
            Formula::Or(list) => self.gate(list, false),
        }
    }

    fn gate(&mut self, list: &[Formula], all: bool) -> Lit {
        let parts = list.iter().map(|f| self.literal(f));
        // One of them is so unless the contraries of all are.
        let sign = |l: Lit| if all { l } else { !l };
        let mut parts: Vec<Lit> = parts.map(sign).collect();
        parts.sort_unstable();
        parts.dedup();
        if let Some(own) = self.known.get(&parts) {
            return sign(*own);
        }
        let own = self.variable();
        // It gives each of them, and all of them together give it.
        let mut long = vec![own];
        for part in &parts {
            self.clause(vec![!own, *part]);
            long.push(!*part);
        }
        self.clause(long);
        self.known.insert(parts, own);
        sign(own)
    }

    fn clause(&mut self, mut literals: Vec<Lit>) {
        self.consistent &= self.solver.add_clause_reuse(&mut literals);
    }

    /// From now on this is so.
    pub fn assume(&mut self, formula: &Formula) {
        match formula {
            Formula::Const(true) => {}
            Formula::And(list) => list.iter().for_each(|f| self.assume(f)),
            Formula::Or(list) => {
                let clause = list.iter().map(|f| self.literal(f)).collect();
                self.clause(clause);
            }
            other => {
                let literal = self.literal(other);
                self.clause(vec![literal]);
            }
        }
    }

    /// Whether all of these can be so at once; then [`Logic::held`] tells how.
    pub fn possible(&mut self, given: &[Lit]) -> bool {
        self.consistent && self.solver.solve_limited(given) == lbool::TRUE
    }

    /// Whether a literal was true in what was found possible last.
    pub fn held(&self, literal: Lit) -> bool {
        self.solver.value_lit(literal) == lbool::TRUE
    }
}

#[cfg(test)]
mod tests {
    use super::{Formula, Logic};

    #[test]
    fn a_formula_and_its_contrary_exclude_each_other() {
        let mut logic = Logic::new();
        let [a, b, c] = [0; 3].map(|_| Formula::Is(logic.variable()));
        let formula = Formula::any([Formula::all([a.clone(), b.clone().negate()]), c.clone()]);
        let (yes, no) = (logic.literal(&formula), logic.literal(&formula.clone().negate()));
        assert!(logic.possible(&[yes]) && logic.possible(&[no]));
        assert!(!logic.possible(&[yes, no]));
        let differ = logic.literal(&Formula::any([
            formula.clone().implies(formula.clone()).negate(),
            Formula::all([formula.clone(), formula.negate()]),
        ]));
        assert!(!logic.possible(&[differ]));
        logic.assume(&Formula::all([a.implies(c.clone()), c.negate()]));
        assert!(!logic.possible(&[yes]));
    }
}
