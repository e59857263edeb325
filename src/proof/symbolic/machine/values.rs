//! What a variable of a state machine may hold, over all runs at once.
//!
//! A value that differs from run to run is told apart by when it is which. What calls answer is a value of which nothing is known but
//! that it is one. Must not know states, nor what the plan demands. Used by `reads` and `flow`.

use super::facts::{Bit, Facts};
use crate::proof::stepfunctions::value::Value;
use crate::proof::symbolic::logic::Formula;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// A value over all runs.
#[derive(Debug, Clone)]
pub enum Sym {
    /// The same in all of them.
    Known(Value),
    /// Something from outside, by its number.
    Opaque(u32),
    /// One of these, each where it is.
    Cases(Elements),
    /// A list, each element where it is in it.
    Bag(Elements),
    /// An object.
    Members(Rc<BTreeMap<Arc<str>, Sym>>),
}

/// Values, each with when it is there.
type Elements = Rc<Vec<(Bit, Sym)>>;

/// The most values of one variable that are told apart.
const MOST: usize = 40;

impl PartialEq for Sym {
    fn eq(&self, other: &Sym) -> bool {
        match (self, other) {
            (Sym::Known(a), Sym::Known(b)) => a == b,
            (Sym::Opaque(a), Sym::Opaque(b)) => a == b,
            (Sym::Cases(a), Sym::Cases(b)) | (Sym::Bag(a), Sym::Bag(b)) => Rc::ptr_eq(a, b) || a == b,
            (Sym::Members(a), Sym::Members(b)) => Rc::ptr_eq(a, b) || a == b,
            _ => false,
        }
    }
}

impl Sym {
    /// Nothing at all.
    pub fn nothing() -> Sym {
        Sym::Known(Value::Nothing)
    }

    /// True or false.
    pub fn bit(bit: Bit) -> Sym {
        match bit {
            Formula::Const(b) => Sym::Known(Value::Bool(b)),
            bit => {
                let no = bit.clone().negate();
                let two = [(bit, true), (no, false)].map(|(g, b)| (g, Sym::Known(Value::Bool(b))));
                Sym::Cases(Rc::new(two.to_vec()))
            }
        }
    }

    /// An object.
    pub fn members<'k>(list: impl IntoIterator<Item = (&'k str, Sym)>) -> Sym {
        Sym::Members(Rc::new(list.into_iter().map(|(k, v)| (k.into(), v)).collect()))
    }

    /// A value that is an object or a list becomes one whose parts are looked at one by one.
    pub fn opened(&self) -> Sym {
        let sure = |v: &Value| (Formula::Const(true), Sym::Known(v.clone()));
        match self {
            Sym::Known(Value::List(list)) => Sym::Bag(Rc::new(list.iter().map(sure).collect())),
            Sym::Known(Value::Object(o)) => {
                let members = o.iter().map(|(k, v)| (k.clone(), Sym::Known(v.clone())));
                Sym::Members(Rc::new(members.collect()))
            }
            other => other.clone(),
        }
    }

    fn is_list(&self) -> bool {
        matches!(self, Sym::Bag(_) | Sym::Known(Value::List(_)))
    }

    fn is_object(&self) -> bool {
        matches!(self, Sym::Members(_) | Sym::Known(Value::Object(_)))
    }
}

/// One of several values, each where it is; together they are all that can be.
pub fn merged(facts: &mut Facts, mut all: Vec<(Bit, Sym)>) -> Sym {
    all.retain(|(g, _)| *g != Formula::Const(false));
    let Some((_, first)) = all.first() else {
        return Sym::nothing();
    };
    if all.iter().all(|(_, s)| s == first) {
        return first.clone();
    }
    if all.iter().all(|(_, s)| s.is_object()) {
        return objects(facts, &all);
    }
    if all.iter().all(|(_, s)| s.is_list()) {
        return lists(facts, &all);
    }
    let mut cases: Vec<(Vec<Bit>, Sym)> = Vec::new();
    let mut add = |guard: Bit, value: &Sym| match cases.iter_mut().find(|(_, v)| v == value) {
        Some((guards, _)) => guards.push(guard),
        None => cases.push((vec![guard], value.clone())),
    };
    for (guard, value) in &all {
        match value {
            Sym::Cases(list) => {
                for (inner, value) in list.iter() {
                    let both = facts.both(guard, inner);
                    add(both, value);
                }
            }
            other => add(guard.clone(), other),
        }
    }
    if cases.len() > MOST {
        return Sym::Opaque(facts.opaque());
    }
    let cases = cases.into_iter().map(|(g, v)| (facts.any(&g), v));
    let mut cases: Vec<(Bit, Sym)> = cases.collect();
    cases.retain(|(g, _)| *g != Formula::Const(false));
    match cases.as_slice() {
        [(_, one)] => one.clone(),
        _ => Sym::Cases(Rc::new(cases)),
    }
}

fn objects(facts: &mut Facts, all: &[(Bit, Sym)]) -> Sym {
    let mut members: BTreeMap<Arc<str>, Vec<(Bit, Sym)>> = BTreeMap::new();
    let opened: Vec<(Bit, Sym)> = all.iter().map(|(g, s)| (g.clone(), s.opened())).collect();
    for (_, object) in &opened {
        if let Sym::Members(m) = object {
            for key in m.keys() {
                members.entry(key.clone()).or_default();
            }
        }
    }
    let mut out = BTreeMap::new();
    for (key, mut values) in members {
        for (guard, object) in &opened {
            let value = match object {
                Sym::Members(m) => m.get(&key).cloned(),
                _ => None,
            };
            values.push((guard.clone(), value.unwrap_or_else(Sym::nothing)));
        }
        out.insert(key, merged(facts, values));
    }
    Sym::Members(Rc::new(out))
}

/// The elements of lists, in one: those that all begin with stay one.
fn lists(facts: &mut Facts, all: &[(Bit, Sym)]) -> Sym {
    let opened: Vec<(Bit, Elements)> = all
        .iter()
        .filter_map(|(g, s)| match s.opened() {
            Sym::Bag(list) => Some((g.clone(), list)),
            _ => None,
        })
        .collect();
    let mut out: Vec<(Vec<Bit>, Sym)> = Vec::new();
    for (guard, list) in &opened {
        let mut from = 0;
        for (inner, value) in list.iter() {
            let both = facts.both(guard, inner);
            // The order of what is kept is the order in which it came.
            let found = out.iter().skip(from).position(|(_, v)| v == value);
            match found {
                Some(at) => {
                    from += at + 1;
                    if let Some((guards, _)) = out.get_mut(from - 1) {
                        guards.push(both);
                    }
                }
                None => {
                    out.push((vec![both], value.clone()));
                    from = out.len();
                }
            }
        }
    }
    let whole: Vec<Bit> = opened.iter().map(|(g, _)| g.clone()).collect();
    let whole = facts.any(&whole);
    let elements = out.into_iter().map(|(guards, value)| {
        let own = facts.any(&guards);
        // What is in the list in every run that comes here is in it.
        (if own == whole { Formula::Const(true) } else { own }, value)
    });
    Sym::Bag(Rc::new(elements.collect()))
}

/// Whether a value counts as true.
pub fn truth(facts: &mut Facts, value: &Sym) -> Bit {
    match value {
        Sym::Known(v) => match v.truth() {
            Some(b) => Formula::Const(b),
            None => facts.open(),
        },
        Sym::Opaque(id) => facts.says(*id, "true".into()),
        Sym::Cases(list) | Sym::Bag(list) => {
            let bits: Vec<Bit> = list
                .iter()
                .map(|(g, v)| {
                    let inner = truth(facts, v);
                    facts.both(g, &inner)
                })
                .collect();
            facts.any(&bits)
        }
        Sym::Members(m) => Formula::Const(!m.is_empty()),
    }
}

/// Whether two values are the same.
pub fn same(facts: &mut Facts, a: &Sym, b: &Sym) -> Bit {
    match (a, b) {
        (Sym::Cases(list), other) | (other, Sym::Cases(list)) => {
            let bits: Vec<Bit> = list
                .iter()
                .map(|(g, v)| {
                    let inner = same(facts, v, other);
                    facts.both(g, &inner)
                })
                .collect();
            facts.any(&bits)
        }
        (Sym::Known(Value::Nothing), _) | (_, Sym::Known(Value::Nothing)) => Formula::Const(false),
        (Sym::Known(Value::Open), _) | (_, Sym::Known(Value::Open)) => facts.open(),
        (Sym::Known(x), Sym::Known(y)) => Formula::Const(x == y),
        // Whatever was answered, it is an answer.
        (Sym::Known(Value::Null), _) | (_, Sym::Known(Value::Null)) => Formula::Const(false),
        (Sym::Opaque(id), Sym::Known(v)) | (Sym::Known(v), Sym::Opaque(id)) => {
            facts.says(*id, format!("{v:?}"))
        }
        (Sym::Opaque(x), Sym::Opaque(y)) if x == y => Formula::Const(true),
        _ => facts.open(),
    }
}

/// Whether a value is in a list.
pub fn inside(facts: &mut Facts, value: &Sym, list: &Sym) -> Bit {
    match list.opened() {
        Sym::Bag(list) => {
            let bits: Vec<Bit> = list
                .iter()
                .map(|(g, v)| {
                    let inner = same(facts, value, v);
                    facts.both(g, &inner)
                })
                .collect();
            facts.any(&bits)
        }
        Sym::Cases(list) => {
            let bits: Vec<Bit> = list
                .iter()
                .map(|(g, v)| {
                    let inner = inside(facts, value, v);
                    facts.both(g, &inner)
                })
                .collect();
            facts.any(&bits)
        }
        Sym::Opaque(_) => facts.open(),
        other => same(facts, value, &other),
    }
}

/// A member of a value, or of each element of a list.
pub fn member(facts: &mut Facts, of: &Sym, name: &str) -> Sym {
    match of {
        Sym::Known(Value::Object(o)) => Sym::Known(o.get(name).cloned().unwrap_or(Value::Nothing)),
        Sym::Known(Value::List(_)) => member(facts, &of.opened(), name),
        Sym::Known(Value::Open) => Sym::Opaque(facts.opaque()),
        Sym::Known(_) => Sym::nothing(),
        Sym::Members(m) => m.get(name).cloned().unwrap_or_else(Sym::nothing),
        Sym::Opaque(id) => Sym::Opaque(facts.made(name, *id)),
        Sym::Bag(list) => {
            let mut out = Vec::new();
            for (guard, value) in list.iter() {
                out.push((guard.clone(), member(facts, value, name)));
            }
            Sym::Bag(Rc::new(out))
        }
        Sym::Cases(list) => {
            let mut out = Vec::new();
            for (guard, value) in list.iter() {
                out.push((guard.clone(), member(facts, value, name)));
            }
            merged(facts, out)
        }
    }
}
