//! Conditions over variables of a few choices each, as decision diagrams: equal conditions are equal numbers.
//!
//! Exact up to a budget; past it a condition is *undecided*, and stays so through `and`, `or` and `not` unless the other
//! side settles it. Knows nothing of plans. Used by the variants.

use crate::source::hash::Map;

/// A condition: a node of the diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pred(u32);

impl Pred {
    /// Never.
    pub const FALSE: Pred = Pred(0);
    /// Always.
    pub const TRUE: Pred = Pred(1);
    /// Too large to decide.
    pub const UNDECIDED: Pred = Pred(2);
}

/// The most nodes of a diagram.
const NODES: usize = 1 << 18;
/// The most steps of all operations together.
const STEPS: usize = 1 << 21;
/// The most variables: how deep an operation may recurse.
const VARIABLES: usize = 2048;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Op {
    And,
    Or,
}

/// The diagrams of one plan.
#[derive(Debug, Clone, Default)]
pub(crate) struct Diagram {
    arity: Vec<usize>,
    nodes: Vec<(u32, Box<[Pred]>)>,
    unique: Map<(u32, Box<[Pred]>), Pred>,
    done: Map<(Op, Pred, Pred), Pred>,
    negated: Map<Pred, Pred>,
}

impl Diagram {
    /// A new variable with so many choices; `None` when there are too many variables.
    pub(crate) fn variable(&mut self, choices: usize) -> Option<u32> {
        if self.arity.len() >= VARIABLES {
            return None;
        }
        self.arity.push(choices);
        u32::try_from(self.arity.len() - 1).ok()
    }

    /// How many nodes there are, and operations that were carried out and not looked up.
    pub(crate) fn work(&self) -> usize {
        self.nodes.len() + self.done.len() + self.negated.len()
    }

    /// The variable has this choice.
    pub(crate) fn is(&mut self, variable: u32, choice: usize) -> Pred {
        let kids = (0..self.arity[variable as usize])
            .map(|i| if i == choice { Pred::TRUE } else { Pred::FALSE })
            .collect();
        self.node(variable, kids)
    }

    pub(crate) fn and(&mut self, a: Pred, b: Pred) -> Pred {
        self.apply(Op::And, a, b)
    }

    pub(crate) fn or(&mut self, a: Pred, b: Pred) -> Pred {
        self.apply(Op::Or, a, b)
    }

    pub(crate) fn not(&mut self, a: Pred) -> Pred {
        match a {
            Pred::FALSE => return Pred::TRUE,
            Pred::TRUE => return Pred::FALSE,
            Pred::UNDECIDED => return a,
            _ => {}
        }
        if let Some(done) = self.negated.get(&a) {
            return *done;
        }
        let (variable, kids) = self.parts(a);
        let kids = kids.iter().map(|k| self.not(*k)).collect();
        let result = self.node(variable, kids);
        self.negated.insert(a, result);
        result
    }

    /// The fewest choices that make a condition true, by variable; `None` when nothing surely does.
    pub(crate) fn witness(&self, a: Pred) -> Option<Vec<(u32, usize)>> {
        let mut best: Map<Pred, Option<(usize, usize)>> = Map::default();
        self.shortest(a, &mut best)?;
        let mut choices = Vec::new();
        let mut at = a;
        while at != Pred::TRUE {
            let (_, choice) = best.get(&at).copied().flatten()?;
            let (variable, kids) = &self.nodes[at.0 as usize - 3];
            choices.push((*variable, choice));
            at = kids[choice];
        }
        Some(choices)
    }

    /// The variables that a condition depends on, in order; `None` when some choices leave it undecided.
    pub(crate) fn variables(&self, a: Pred) -> Option<Vec<u32>> {
        let mut found = std::collections::BTreeSet::new();
        let mut seen = std::collections::HashSet::new();
        let mut stack = vec![a];
        while let Some(p) = stack.pop() {
            match p {
                Pred::UNDECIDED => return None,
                Pred::TRUE | Pred::FALSE => {}
                p if seen.insert(p) => {
                    let (variable, kids) = &self.nodes[p.0 as usize - 3];
                    found.insert(*variable);
                    stack.extend(kids.iter());
                }
                _ => {}
            }
        }
        Some(found.into_iter().collect())
    }

    /// Whether a condition holds for these choices, one for each variable it depends on.
    pub(crate) fn holds(&self, a: Pred, choices: &[(u32, usize)]) -> bool {
        let mut at = a;
        while at.0 > 2 {
            let (variable, kids) = &self.nodes[at.0 as usize - 3];
            let Some((_, choice)) = choices.iter().find(|(v, _)| v == variable) else {
                return false;
            };
            at = kids[*choice];
        }
        at == Pred::TRUE
    }

    /// Whether some choices leave the condition undecided.
    #[cfg(test)]
    pub(crate) fn doubtful(&self, a: Pred) -> bool {
        let mut seen = std::collections::HashSet::new();
        let mut stack = vec![a];
        while let Some(p) = stack.pop() {
            if p == Pred::UNDECIDED {
                return true;
            }
            if p.0 > 2 && seen.insert(p) {
                stack.extend(self.nodes[p.0 as usize - 3].1.iter());
            }
        }
        false
    }

    /// How many choices a variable has.
    pub(crate) fn choices(&self, variable: u32) -> usize {
        self.arity[variable as usize]
    }

    /// Length and first choice of the shortest way to true.
    fn shortest(&self, a: Pred, best: &mut Map<Pred, Option<(usize, usize)>>) -> Option<(usize, usize)> {
        match a {
            Pred::TRUE => return Some((0, 0)),
            Pred::FALSE | Pred::UNDECIDED => return None,
            _ => {}
        }
        if let Some(done) = best.get(&a) {
            return *done;
        }
        let kids = &self.nodes[a.0 as usize - 3].1;
        let mut found: Option<(usize, usize)> = None;
        for (choice, kid) in kids.iter().enumerate() {
            if let Some((length, _)) = self.shortest(*kid, best)
                && found.is_none_or(|(shortest, _)| length + 1 < shortest)
            {
                found = Some((length + 1, choice));
            }
        }
        best.insert(a, found);
        found
    }

    fn apply(&mut self, op: Op, a: Pred, b: Pred) -> Pred {
        let (weak, strong) = match op {
            Op::And => (Pred::TRUE, Pred::FALSE),
            Op::Or => (Pred::FALSE, Pred::TRUE),
        };
        if a == b || b == weak || a == strong {
            return a;
        }
        if a == weak || b == strong {
            return b;
        }
        let key = (op, a.min(b), a.max(b));
        if let Some(done) = self.done.get(&key) {
            return *done;
        }
        if self.done.len() >= STEPS {
            return Pred::UNDECIDED;
        }
        let (left, right) = (self.top(a), self.top(b));
        let variable = left.min(right);
        let count = self.arity[variable as usize];
        let mut kids = Vec::with_capacity(count);
        for i in 0..count {
            let x = self.kid(a, variable, i);
            let y = self.kid(b, variable, i);
            kids.push(self.apply(op, x, y));
        }
        let result = self.node(variable, kids.into_boxed_slice());
        self.done.insert(key, result);
        result
    }

    /// The variable a condition asks first; past all variables when it asks none.
    fn top(&self, a: Pred) -> u32 {
        match a.0 {
            0..=2 => u32::MAX,
            i => self.nodes[i as usize - 3].0,
        }
    }

    fn kid(&self, a: Pred, variable: u32, choice: usize) -> Pred {
        if self.top(a) == variable {
            self.nodes[a.0 as usize - 3].1[choice]
        } else {
            a
        }
    }

    fn parts(&self, a: Pred) -> (u32, Box<[Pred]>) {
        self.nodes[a.0 as usize - 3].clone()
    }

    fn node(&mut self, variable: u32, kids: Box<[Pred]>) -> Pred {
        if let Some(first) = kids.first()
            && kids.iter().all(|k| k == first)
        {
            return *first;
        }
        let key = (variable, kids);
        if let Some(known) = self.unique.get(&key) {
            return *known;
        }
        if self.nodes.len() >= NODES {
            return Pred::UNDECIDED;
        }
        let id = Pred(u32::try_from(self.nodes.len() + 3).unwrap_or(2));
        self.nodes.push(key.clone());
        self.unique.insert(key, id);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::{Diagram, Pred};
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum E {
        Is(u32, usize),
        Not(Box<E>),
        And(Box<E>, Box<E>),
        Or(Box<E>, Box<E>),
    }

    const ARITY: [usize; 4] = [2, 3, 2, 4];

    fn expr() -> impl Strategy<Value = E> {
        let leaf = (0u32..4).prop_flat_map(|v| (0..ARITY[v as usize]).prop_map(move |c| E::Is(v, c)));
        leaf.prop_recursive(5, 40, 2, |inner| {
            prop_oneof![
                inner.clone().prop_map(|a| E::Not(Box::new(a))),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| E::And(Box::new(a), Box::new(b))),
                (inner.clone(), inner).prop_map(|(a, b)| E::Or(Box::new(a), Box::new(b))),
            ]
        })
    }

    fn build(d: &mut Diagram, e: &E) -> Pred {
        match e {
            E::Is(v, c) => d.is(*v, *c),
            E::Not(a) => {
                let a = build(d, a);
                d.not(a)
            }
            E::And(a, b) => {
                let (a, b) = (build(d, a), build(d, b));
                d.and(a, b)
            }
            E::Or(a, b) => {
                let (a, b) = (build(d, a), build(d, b));
                d.or(a, b)
            }
        }
    }

    fn holds(e: &E, at: &[usize; 4]) -> bool {
        match e {
            E::Is(v, c) => at[*v as usize] == *c,
            E::Not(a) => !holds(a, at),
            E::And(a, b) => holds(a, at) && holds(b, at),
            E::Or(a, b) => holds(a, at) || holds(b, at),
        }
    }

    fn points() -> impl Iterator<Item = [usize; 4]> {
        (0..48).map(|i| [i % 2, i / 2 % 3, i / 6 % 2, i / 12])
    }

    fn diagram() -> Diagram {
        let mut d = Diagram::default();
        for a in ARITY {
            d.variable(a);
        }
        d
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_condition_is_false_exactly_when_it_holds_nowhere(e in expr()) {
            let mut d = diagram();
            let p = build(&mut d, &e);
            prop_assert_eq!(p == Pred::FALSE, points().all(|at| !holds(&e, &at)));
            prop_assert_eq!(p == Pred::TRUE, points().all(|at| holds(&e, &at)));
        }

        #[test]
        fn a_witness_makes_its_condition_true(e in expr()) {
            let mut d = diagram();
            let p = build(&mut d, &e);
            if let Some(choices) = d.witness(p) {
                let agrees = |at: &[usize; 4]| choices.iter().all(|(v, c)| at[*v as usize] == *c);
                prop_assert!(points().filter(agrees).all(|at| holds(&e, &at)));
            } else {
                prop_assert_eq!(p, Pred::FALSE);
            }
        }

        #[test]
        fn equal_conditions_are_equal(a in expr(), b in expr()) {
            let mut d = diagram();
            let (x, y) = (build(&mut d, &a), build(&mut d, &b));
            prop_assert_eq!(x == y, points().all(|at| holds(&a, &at) == holds(&b, &at)));
        }
    }

    #[test]
    fn past_the_budget_a_condition_is_undecided_and_nothing_hangs() {
        let mut d = Diagram::default();
        let variables: Vec<u32> = (0..3000).filter_map(|_| d.variable(2)).collect();
        assert_eq!(variables.len(), super::VARIABLES);
        // The textbook bad order: pairs far apart.
        let mut all = Pred::FALSE;
        for i in 0..40 {
            let (x, y) = (d.is(variables[i], 1), d.is(variables[i + 100], 1));
            let both = d.and(x, y);
            all = d.or(all, both);
        }
        assert!(d.doubtful(all));
        assert_eq!(d.and(all, Pred::FALSE), Pred::FALSE);
    }
}
