//! Which captured and recorded values an act or a condition uses, however deep.
//!
//! Called by the checks of holds.

use crate::model::{Act, Atom, CaptureId, Cond, Key, PriorId, Sym, TextPart, Value};

/// The values used.
#[derive(Debug, Default)]
pub(super) struct Used {
    pub(super) captures: Vec<CaptureId>,
    pub(super) priors: Vec<PriorId>,
    /// Anything else that is known at run time only.
    pub(super) other: bool,
}

/// What an act uses.
pub(super) fn of_act(act: &Act) -> Used {
    let mut used = Used::default();
    for sym in act.syms() {
        used.sym(sym);
    }
    used
}

/// What a condition uses.
pub(super) fn of_cond(cond: &Cond) -> Used {
    let mut used = Used::default();
    used.cond(cond);
    used
}

/// The first part of a key, when it is known.
pub(in crate::checks) fn first_part(key: &Key) -> Option<String> {
    key.segments().into_iter().next().flatten()
}

impl Used {
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
