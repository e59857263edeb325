//! Whether conditions hold in a run: yes, no, or not known yet.
//!
//! A parameter that nobody gave has its default, else its first choice. A comparison of what nobody knows does not hold. Used
//! by the other parts of the machine.

use super::machine::Machine;
use super::state::{DecisionState, Status};
use crate::model::{Atom, Cond, GateId, Outcome, ParamId, ParamType, Subject, Sym, Value};
use crate::plan::show;

impl Machine<'_> {
    /// Whether a condition holds; `None` while something it names is still open.
    pub(super) fn holds(&self, cond: &Cond) -> Option<bool> {
        match cond {
            Cond::True => Some(true),
            Cond::False => Some(false),
            Cond::And(list) => self.joined(list, false),
            Cond::Or(list) => self.joined(list, true),
            Cond::Not(c) => self.holds(c).map(|b| !b),
            Cond::Atom(atom) => self.atom(atom),
        }
    }

    /// `settles` is the value of one part that settles the whole.
    fn joined(&self, list: &[Cond], settles: bool) -> Option<bool> {
        let mut open = false;
        for c in list {
            match self.holds(c) {
                Some(b) if b == settles => return Some(settles),
                Some(_) => {}
                None => open = true,
            }
        }
        if open { None } else { Some(!settles) }
    }

    /// The same where nothing can be open any more: a decision that nothing asked for took no option.
    pub(super) fn surely(&self, cond: &Cond) -> bool {
        match cond {
            Cond::And(list) => list.iter().all(|c| self.surely(c)),
            Cond::Or(list) => list.iter().any(|c| self.surely(c)),
            Cond::Not(c) => !self.surely(c),
            other => self.holds(other).unwrap_or(false),
        }
    }

    /// Whether an override that was declared removes a gate, or its own condition does.
    pub(super) fn gate_applies(&self, g: GateId) -> bool {
        !self.skips_gate(g) && self.surely(&self.release.gate(g).when)
    }

    /// Whether an override that was declared removes a gate.
    pub(super) fn skips_gate(&self, g: GateId) -> bool {
        let overrides = self.release.overrides.iter().enumerate();
        let mut used = overrides.filter(|(i, _)| self.outcomes.overrides.contains(i));
        used.any(|(_, o)| o.gates.iter().any(|(x, _)| *x == g))
    }

    fn atom(&self, atom: &Atom) -> Option<bool> {
        match atom {
            Atom::Param { param, choice } => Some(self.choice(*param) == *choice),
            Atom::Decision { decision, option } => match self.decisions[decision.index()].state {
                DecisionState::Made(o) => Some(o == *option),
                DecisionState::NotApplicable => Some(false),
                DecisionState::Closed | DecisionState::Open => None,
            },
            Atom::Outcome { subject, outcome } => self.outcome(*subject, *outcome),
            Atom::Equal(a, b) => match (self.known(a), self.known(b)) {
                (Some(a), Some(b)) => Some(a == b),
                _ => Some(false),
            },
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
            Subject::Gate(g) => match self.judged[g.index()] {
                Some(true) => Outcome::Passed,
                Some(false) => Outcome::Failed,
                None => {
                    let over = |s: &crate::model::StageId| {
                        let status = self.stages[s.index()].status;
                        matches!(status, Status::Ended | Status::Continued | Status::NotApplicable)
                    };
                    if !self.plan.judges(g).iter().all(over) {
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
                words.iter().position(|w| Some(w.as_str()) == known).unwrap_or(0)
            }
            (_, Some(Value::Env(e))) => e.index(),
            _ => 0,
        }
    }

    /// A value as text, when the run knows it.
    fn known(&self, value: &Value) -> Option<String> {
        match value {
            Value::Sym(Sym::Capture(c)) => self.outcomes.captures.get(c).cloned(),
            Value::Sym(Sym::Param(p)) => {
                let param = self.release.param(*p);
                if let (ParamType::OneOf(words), Some(choice)) = (&param.ty, self.outcomes.params.get(p)) {
                    return words.get(*choice).map(ToString::to_string);
                }
                let fixed = param.fixed.as_ref().or(param.default.as_ref())?;
                fixed.syms().is_empty().then(|| self.known(fixed))?
            }
            Value::Sym(_) => None,
            Value::Text(t) => t.known().map(str::to_string),
            v if v.syms().is_empty() => Some(show::value(self.release, v)),
            _ => None,
        }
    }
}
