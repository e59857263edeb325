//! `gate/unstated_consequence`: nothing says what follows when a gate fails, so that the default does: everything is undone.
//!
//! One line of the release mends them all, so all are one finding.

use crate::checks::{Check, Subject, allow, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Gate, GateId, Stage};
use crate::source::Span;
use indexmap::IndexMap;

/// The diagnostic.
pub const CODE: Code = Code("gate/unstated_consequence");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let mut silent: Vec<(&Gate, &Stage)> = Vec::new();
    for (i, gate) in release.gates.iter().enumerate() {
        if gate.otherwise.is_some() {
            continue;
        }
        let judges = subject.plan.judges(GateId::at(i));
        let Some(stage) = judges
            .iter()
            .map(|s| release.stage(*s))
            .find(|s| s.on_failure.is_none())
        else {
            continue;
        };
        silent.push((gate, stage));
    }
    // What one gate's `allow` accepts is not accepted for the others.
    let (own, others): (Vec<_>, Vec<_>) = silent
        .into_iter()
        .partition(|(g, _)| allow::accepted(release, CODE, g.origin.span));
    own.iter()
        .for_each(|one| bag.push(report(std::slice::from_ref(one))));
    if !others.is_empty() {
        bag.push(report(&others));
    }
}

fn report(gates: &[(&Gate, &Stage)]) -> Diagnostic {
    let mut places: IndexMap<Span, &str> = IndexMap::new();
    for (gate, _) in gates {
        places.entry(gate.origin.span).or_insert(gate.name.as_str());
    }
    let names = place::names(places.values().copied(), 3);
    let (gate, stage) = gates[0];
    let verb = if places.len() == 1 { "fails" } else { "fail" };
    let mut d = Diagnostic::info(
        CODE,
        gate.origin.span,
        format!("nothing says what follows when {names} {verb}"),
    )
    .here("the default is to undo everything")
    .fact(stage.origin.span, "judged here, with no `on_failure` around");
    for at in places.keys().skip(1).take(2) {
        d = d.fact(*at, "the same here");
    }
    d = d.help("write it: `otherwise rollback`, `pause`, `stop` or `continue { because \"…\" }`");
    if places.len() == 1 {
        d
    } else {
        d.help("or for all of them, in the release: `on_failure { then rollback }`")
    }
}
