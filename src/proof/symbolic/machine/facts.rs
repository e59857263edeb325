//! What the runs of a state machine hang on: outcomes of calls, answers, conditions of the plan, as variables of a formula.
//!
//! Must not know states, nor what the plan demands. Used by `values`, `flow` and `demands`.

use crate::emit::parts::Test;
use crate::model::{Atom, ParamId, ParamType, Release};
use crate::proof::symbolic::logic::{Formula, Logic};
use batsat::Lit;
use std::collections::HashMap;

/// A constant, or a literal: never a formula with parts.
pub type Bit = Formula;

/// A state, by its block and its number there.
pub type Place = (usize, usize);

/// What can be one way or another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Fact {
    /// The call of a state works.
    Works(Place),
    /// A condition of the plan holds.
    Plan(Atom),
    /// Something that is fixed for the whole run.
    Fixed(Test),
    /// A condition over what is measured holds where it is looked at.
    Measured(Place, usize),
    /// A value that comes from outside is this one.
    Says(u32, String),
    /// So many people at least gave an answer.
    Many(u32, u32),
    /// Something that is not looked into.
    Open(u32),
}

/// The variables.
pub struct Facts {
    /// What is known of them.
    pub logic: Logic,
    names: HashMap<Fact, Lit>,
    next: u32,
    said: HashMap<u32, Vec<(String, Lit)>>,
    /// What each value was made of, where that is one other.
    made_of: HashMap<u32, u32>,
    counts: HashMap<u32, Vec<(u32, Lit)>>,
    alike: HashMap<String, u32>,
    /// Of what is true when two are, the two.
    pairs: HashMap<Lit, (Lit, Lit)>,
}

impl Facts {
    /// Nothing is known yet.
    pub fn new() -> Facts {
        Facts {
            logic: Logic::new(),
            names: HashMap::new(),
            next: 0,
            said: HashMap::new(),
            made_of: HashMap::new(),
            counts: HashMap::new(),
            alike: HashMap::new(),
            pairs: HashMap::new(),
        }
    }

    /// Whether something is so.
    pub fn is(&mut self, fact: Fact) -> Bit {
        if let Some(lit) = self.names.get(&fact) {
            return Formula::Is(*lit);
        }
        let lit = self.logic.variable();
        self.names.insert(fact, lit);
        Formula::Is(lit)
    }

    /// Something of which nothing is known.
    pub fn open(&mut self) -> Bit {
        let id = self.opaque();
        self.is(Fact::Open(id))
    }

    /// A value of which nothing is known.
    pub fn opaque(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// A value of which nothing is known but that it is the same wherever it is made of the same.
    pub fn alike(&mut self, of: String) -> u32 {
        if let Some(id) = self.alike.get(&of) {
            return *id;
        }
        let id = self.opaque();
        self.alike.insert(of, id);
        id
    }

    /// The same of a value that is made of one other and of nothing else that differs.
    pub fn made(&mut self, how: &str, of: u32) -> u32 {
        let id = self.alike(format!("{how} {of}"));
        let first = self.made_of.get(&of).copied().unwrap_or(of);
        self.made_of.insert(id, first);
        id
    }

    /// Whether so many people at least are named in a value: whoever is more is also fewer.
    pub fn many(&mut self, of: u32, count: u32) -> Bit {
        let of = self.made_of.get(&of).copied().unwrap_or(of);
        if count == 0 {
            return Formula::Const(true);
        }
        let fact = Fact::Many(of, count);
        let known = self.names.contains_key(&fact);
        let bit = self.is(fact);
        if let (false, Formula::Is(own)) = (known, &bit) {
            let others = self.counts.entry(of).or_default();
            for (other, lit) in others.iter() {
                let (more, fewer) = if *other > count {
                    (*lit, *own)
                } else {
                    (*own, *lit)
                };
                self.logic
                    .assume(&Formula::Or(vec![Formula::Is(!more), Formula::Is(fewer)]));
            }
            others.push((count, *own));
        }
        bit
    }

    /// Whether a value from outside is this one: it is one at most.
    pub fn says(&mut self, id: u32, text: String) -> Bit {
        let fact = Fact::Says(id, text.clone());
        let known = self.names.contains_key(&fact);
        let bit = self.is(fact);
        if let (false, Formula::Is(own)) = (known, &bit) {
            let others = self.said.entry(id).or_default();
            for (_, other) in others.iter() {
                let never = [Formula::Is(!*own), Formula::Is(!*other)];
                self.logic.assume(&Formula::Or(never.to_vec()));
            }
            others.push((text, *own));
        }
        bit
    }

    /// Whether an input is this one of its choices.
    pub fn param(&mut self, release: &Release, param: ParamId, choice: usize) -> Bit {
        let atom = |choice| Fact::Plan(Atom::Param { param, choice });
        let count = match &release.param(param).ty {
            ParamType::Bool => {
                let yes = self.is(atom(1));
                return if choice == 1 { yes } else { yes.negate() };
            }
            ParamType::OneOf(words) => words.len(),
            ParamType::Environment => release.environments.len(),
            _ => return self.is(atom(choice)),
        };
        if !self.names.contains_key(&atom(0)) {
            let bits: Vec<Bit> = (0..count).map(|c| self.is(atom(c))).collect();
            self.logic.assume(&Formula::any(bits.clone()));
            for (i, one) in bits.iter().enumerate() {
                for other in &bits[i + 1..] {
                    let never = [one.clone().negate(), other.clone().negate()];
                    self.logic.assume(&Formula::any(never));
                }
            }
        }
        self.is(atom(choice))
    }

    /// Both.
    pub fn both(&mut self, a: &Bit, b: &Bit) -> Bit {
        match (a, b) {
            (Formula::Const(false), _) | (_, Formula::Const(false)) => Formula::Const(false),
            (Formula::Const(true), other) | (other, Formula::Const(true)) => other.clone(),
            (Formula::Is(x), Formula::Is(y)) if x == y => a.clone(),
            (Formula::Is(x), Formula::Is(y)) if *x == !*y => Formula::Const(false),
            (Formula::Is(x), Formula::Is(y)) => {
                // What was narrowed by one of them already is not narrowed again.
                if let Some((_, narrowed)) = self.pairs.get(x) {
                    if narrowed == y {
                        return a.clone();
                    }
                    if *narrowed == !*y {
                        return Formula::Const(false);
                    }
                }
                let own = self.logic.literal(&Formula::And(vec![a.clone(), b.clone()]));
                self.pairs.entry(own).or_insert((*x, *y));
                Formula::Is(own)
            }
            _ => Formula::Is(self.logic.literal(&Formula::And(vec![a.clone(), b.clone()]))),
        }
    }

    /// All of them.
    pub fn all<'b>(&mut self, bits: impl IntoIterator<Item = &'b Bit>) -> Bit {
        bits.into_iter()
            .fold(Formula::Const(true), |so_far, b| self.both(&so_far, b))
    }

    /// One of them at least. What was told apart by a condition and its contrary becomes one again.
    pub fn any<'b>(&mut self, bits: impl IntoIterator<Item = &'b Bit>) -> Bit {
        let mut open: Vec<Lit> = Vec::new();
        for bit in bits {
            match bit {
                Formula::Const(true) => return Formula::Const(true),
                Formula::Is(lit) => {
                    if open.contains(&!*lit) {
                        return Formula::Const(true);
                    }
                    if !open.contains(lit) {
                        open.push(*lit);
                    }
                }
                _ => {}
            }
        }
        while let Some((i, j, whole)) = self.whole(&open) {
            open.swap_remove(i.max(j));
            open.swap_remove(i.min(j));
            if !open.contains(&whole) {
                open.push(whole);
            }
        }
        match open.as_slice() {
            [] => Formula::Const(false),
            [one] => Formula::Is(*one),
            _ => {
                let list = open.into_iter().map(Formula::Is).collect();
                Formula::Is(self.logic.literal(&Formula::Or(list)))
            }
        }
    }

    /// Two that are one thing narrowed by a condition and by its contrary, and that thing.
    fn whole(&self, open: &[Lit]) -> Option<(usize, usize, Lit)> {
        let mut seen: HashMap<(Lit, Lit), usize> = HashMap::new();
        for (i, lit) in open.iter().enumerate() {
            let Some((of, by)) = self.pairs.get(lit) else {
                continue;
            };
            if let Some(j) = seen.get(&(*of, !*by)) {
                return Some((i, *j, *of));
            }
            seen.insert((*of, *by), i);
        }
        None
    }

    /// The variable of something, where it came up.
    pub fn known(&self, fact: &Fact) -> Option<Lit> {
        self.names.get(fact).copied()
    }
}
