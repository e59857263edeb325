//! What is skipped by itself once the default of a parameter is another: nobody has to say a word for it.
//!
//! Only conditions that hang on that parameter alone are decided here. Called by `mod`.

use super::gates;
use super::out::{Change, Class, Direction, Out, Spot};
use super::pair::Two;
use crate::model::{ApprovalId, Atom, Cond, Param, ParamId, ParamType, StageId, Value};
use crate::plan::show;

pub(super) fn compare(two: &Two<'_>, out: &mut Out) {
    let r = two.new.r;
    for (i, now) in r.params.iter().enumerate() {
        let Some(was) = two
            .old
            .r
            .params
            .iter()
            .find(|p| p.name == now.name && p.ty == now.ty)
        else {
            continue;
        };
        let (Some(a), Some(b)) = (choice(was), choice(now)) else {
            continue;
        };
        if a == b {
            continue;
        }
        let id = ParamId::at(i);
        let direction = |when: &Cond| match (settled(when, id, a), settled(when, id, b)) {
            (Some(true), Some(false)) => Some(Direction::Loosened),
            (Some(false), Some(true)) => Some(Direction::Tightened),
            _ => None,
        };
        let value = now
            .default
            .as_ref()
            .map(|v| show::value(r, v))
            .unwrap_or_default();
        let mut add = |direction, class, name: &str, spots: Vec<Spot>, done: &str| {
            let param = &now.name;
            let (message, run) = match direction {
                Direction::Loosened => (
                    format!(
                        "`{name}` is not {} unless a run says otherwise: the default of `{param}` is `{value}`",
                        done
                    ),
                    format!(
                        "a run starts without a word on `{param}`, and `{name}` is not {}: before, it was",
                        done
                    ),
                ),
                _ => (
                    format!(
                        "`{name}` is {} unless a run says otherwise: the default of `{param}` is `{value}`",
                        done
                    ),
                    String::new(),
                ),
            };
            out.add(
                Change::new(direction, class, "param", name, message)
                    .run(run)
                    .at(spots)
                    .placed(Some(&was.origin), Some(&now.origin)),
            );
        };
        // A condition that is another one too is told by itself.
        for (o, n) in &two.gates.both {
            let (old, gate) = (&two.old.r.gates[*o], &r.gates[*n]);
            let same = two.old.cond(&old.when) == two.new.cond(&gate.when);
            if let Some(direction) = direction(&gate.when).filter(|_| same) {
                let spots = gates::judges(two, *o, *n);
                add(direction, Class::Gate, &gate.name, spots, "judged");
            }
        }
        for (o, n) in &two.approvals.both {
            let (old, approval) = (&two.old.r.approvals[*o], &r.approvals[*n]);
            let same = two.old.cond(&old.when) == two.new.cond(&approval.when);
            if let Some(direction) = direction(&approval.when).filter(|_| same) {
                let guards = |s: &usize| {
                    r.stages[*s]
                        .approved
                        .iter()
                        .any(|(x, _)| *x == ApprovalId::at(*n))
                };
                let guarded = (0..r.stages.len()).filter(guards);
                let spots = guarded.map(|s| two.new_spot(StageId::at(s))).collect();
                add(direction, Class::Guard, &approval.name, spots, "asked for");
            }
        }
    }
}

/// Which of its choices a parameter has when nobody says anything.
fn choice(p: &Param) -> Option<usize> {
    match (&p.ty, p.fixed.as_ref().or(p.default.as_ref())?) {
        (ParamType::Bool, Value::Bool(on)) => Some(usize::from(*on)),
        (ParamType::OneOf(words), Value::Text(t)) => {
            let said = t.known();
            words.iter().position(|w| Some(w.as_str()) == said)
        }
        _ => None,
    }
}

/// Whether a condition holds once a parameter has a choice, where nothing else matters for it.
fn settled(c: &Cond, param: ParamId, choice: usize) -> Option<bool> {
    match c {
        Cond::True => Some(true),
        Cond::False => Some(false),
        Cond::Not(inner) => settled(inner, param, choice).map(|holds| !holds),
        Cond::And(list) => all(list.iter().map(|c| settled(c, param, choice)), false),
        Cond::Or(list) => all(list.iter().map(|c| settled(c, param, choice)), true),
        Cond::Atom(Atom::Param { param: p, choice: c }) if *p == param => Some(*c == choice),
        Cond::Atom(_) => None,
    }
}

/// What several facts come to of which one with this value decides.
fn all(list: impl Iterator<Item = Option<bool>>, decides: bool) -> Option<bool> {
    let mut known = Some(!decides);
    for one in list {
        match one {
            Some(holds) if holds == decides => return Some(decides),
            Some(_) => {}
            None => known = None,
        }
    }
    known
}
