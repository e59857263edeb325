//! Which captured and recorded values an act or a condition uses, however deep, and which of them a hold that could not be entered lacks.
//!
//! Called by the checks of holds, the reference and the targets.

use crate::model::{
    Act, Atom, CaptureId, CaptureSource, Cond, Failure, FailureOutcome, Hold, PriorId, Release, Step, Sym,
    TextPart, Value,
};

/// The values used.
#[derive(Debug, Clone, Default)]
pub struct Used {
    /// Captured values.
    pub captures: Vec<CaptureId>,
    /// Recorded prior states.
    pub priors: Vec<PriorId>,
    /// Anything else that is known at run time only.
    pub other: bool,
}

impl Used {
    /// What an act uses.
    pub fn of_act(act: &Act) -> Used {
        let mut used = Used::default();
        for sym in act.syms() {
            used.sym(sym);
        }
        used
    }

    /// What a condition uses.
    pub fn of_cond(cond: &Cond) -> Used {
        let mut used = Used::default();
        used.cond(cond);
        used
    }

    fn sym(&mut self, sym: &Sym) {
        match sym {
            Sym::Capture(c) => self.captures.push(*c),
            Sym::Prior(p) => self.priors.push(*p),
            Sym::Param(_) | Sym::Attempt => self.other = true,
            Sym::Call(_, list) => list.iter().for_each(|v| self.value(v)),
            Sym::If(cond, a, b) => {
                self.cond(cond);
                self.value(a);
                self.value(b);
            }
            Sym::Op(_, a, b) => {
                self.value(a);
                self.value(b);
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Sym(s) => self.sym(s),
            Value::Text(t) => t.parts.iter().for_each(|p| {
                if let TextPart::Sym(s) = p {
                    self.sym(s);
                }
            }),
            Value::List(l) => l.iter().for_each(|v| self.value(v)),
            Value::Object(o) => o.iter().for_each(|(k, v)| {
                k.syms().for_each(|s| self.sym(s));
                self.value(v);
            }),
            _ => {}
        }
    }

    fn cond(&mut self, cond: &Cond) {
        for atom in cond.atoms() {
            if let Atom::Equal(a, b) | Atom::Compare(_, a, b) = atom {
                self.value(a);
                self.value(b);
            }
        }
    }
}

impl Release {
    /// Whether a run can go on past the step that records a value, so that it is not known where it is used: whoever is asked about a
    /// failure says `proceed`.
    pub fn may_lack(&self, id: CaptureId) -> bool {
        let CaptureSource::Stage(s) = self.capture(id).source else {
            return false;
        };
        let asks = |f: &Failure| match f {
            Failure::Then(outcome) => outcome.asks(),
            Failure::Decision(_) => true,
        };
        self.stage(s).on_failure.as_ref().is_some_and(|f| asks(&f.then))
            || self
                .triggers
                .iter()
                .any(|t| t.then == FailureOutcome::Pause && t.during.contains(&s))
    }

    /// The values that what a step does needs, and that a run may have gone past. A person sees that something is missing.
    pub fn may_lack_of(&self, act: &Act) -> Vec<CaptureId> {
        if act.manual.is_some() {
            return Vec::new();
        }
        let mut list = Used::of_act(act).captures;
        list.retain(|c| self.may_lack(*c));
        list
    }
}

impl Hold {
    /// The name of a value that `exit` needs and nobody has when step `index` of `enter` began and failed: what that step captures, and
    /// whatever comes from the steps after it. A prior state is recorded before its step begins.
    pub fn lacks_after(&self, index: usize) -> Option<Lacking> {
        let mut used = Used::default();
        for act in self.exit.iter().filter_map(Step::act) {
            let more = Used::of_act(act);
            used.captures.extend(more.captures);
            used.priors.extend(more.priors);
        }
        for (i, step) in self.enter.iter().enumerate().skip(index) {
            if let Some(c) = step.captures.iter().find(|c| used.captures.contains(c)) {
                return Some(Lacking::Capture(*c));
            }
            let mut priors = step.act().into_iter().flat_map(|a| &a.priors);
            if let Some(p) = priors.find(|p| i > index && used.priors.contains(p)) {
                return Some(Lacking::Prior(*p));
            }
        }
        None
    }
}

/// A value that was never kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// A captured one.
    Capture(CaptureId),
    /// A prior state.
    Prior(PriorId),
}
