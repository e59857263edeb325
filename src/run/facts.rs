//! Whether conditions hold in a run: yes, no, or not known yet.
//!
//! A parameter that nobody gave has its default, else its first choice. What a capture holds is not known to a simulation: a
//! comparison of one does not hold. Used by the machine.

use super::machine::{DecisionState, Machine, Status};
use crate::model::{Atom, Cond, Outcome, ParamId, ParamType, StageId, Subject, Sym, Value};

impl Machine<'_> {
    /// Whether a condition holds; `None` while something it names is still open.
    pub(super) fn holds(&self, cond: &Cond) -> Option<bool> {
        match cond {
            Cond::True => Some(true),
            Cond::False => Some(false),
            Cond::And(list) => {
                let all: Vec<_> = list.iter().map(|c| self.holds(c)).collect();
                if all.contains(&Some(false)) {
                    Some(false)
                } else if all.contains(&None) {
                    None
                } else {
                    Some(true)
                }
            }
            Cond::Or(list) => {
                let any: Vec<_> = list.iter().map(|c| self.holds(c)).collect();
                if any.contains(&Some(true)) {
                    Some(true)
                } else if any.contains(&None) {
                    None
                } else {
                    Some(false)
                }
            }
            Cond::Not(c) => self.holds(c).map(|b| !b),
            Cond::Atom(atom) => self.atom(atom),
        }
    }

    /// The same where nothing can be open any more.
    pub(super) fn surely(&self, cond: &Cond) -> bool {
        self.holds(cond).unwrap_or(false)
    }

    fn atom(&self, atom: &Atom) -> Option<bool> {
        match atom {
            Atom::Param { param, choice } => Some(self.choice(*param) == *choice),
            Atom::Decision { decision, option } => match self.decisions[decision.index()].state {
                DecisionState::Made(o) => Some(o == *option),
                DecisionState::NotApplicable => Some(false),
                _ => None,
            },
            Atom::Outcome { subject, outcome } => self.outcome(*subject, *outcome),
            Atom::Equal(a, b) => Some(self.value(a).is_some_and(|a| self.value(b).is_some_and(|b| a == b))),
            Atom::Compare(..) => Some(false),
        }
    }

    fn outcome(&self, subject: Subject, outcome: Outcome) -> Option<bool> {
        let is = match subject {
            Subject::Stage(s) => match self.stages[s.index()].status {
                Status::Ended => Outcome::Passed,
                Status::Continued => Outcome::Failed,
                Status::NotApplicable => Outcome::NotApplicable,
                _ => return None,
            },
            Subject::Gate(g) => match self.judged.get(&g) {
                Some(true) => Outcome::Passed,
                Some(false) => Outcome::Failed,
                None => {
                    let judges = self.plan.judges(g);
                    let over = |s: &StageId| self.stages[s.index()].status.settled();
                    if !judges.iter().all(over) {
                        return None;
                    }
                    Outcome::NotApplicable
                }
            },
        };
        Some(is == outcome)
    }

    /// The choice of a parameter: as given, its default, else the first.
    fn choice(&self, param: ParamId) -> usize {
        if let Some(choice) = self.outcomes.params.get(&param) {
            return *choice;
        }
        let p = self.release.param(param);
        match (&p.ty, p.fixed.as_ref().or(p.default.as_ref())) {
            (_, Some(Value::Bool(b))) => usize::from(*b),
            (ParamType::OneOf(words), Some(Value::Text(t))) => {
                let known = t.known();
                let at = words.iter().position(|w| Some(w.as_str()) == known);
                at.unwrap_or(0)
            }
            (_, Some(Value::Env(e))) => e.index(),
            _ => 0,
        }
    }

    /// A value that a simulation knows.
    fn value<'v>(&'v self, value: &'v Value) -> Option<&'v Value> {
        match value {
            Value::Sym(Sym::Param(p)) => {
                let p = self.release.param(*p);
                p.fixed.as_ref().or(p.default.as_ref())
            }
            Value::Sym(_) => None,
            v => Some(v),
        }
    }
}
