//! `hold/unpaired`: something is switched off, locked or frozen in a step, and not brought back on every way out.
//!
//! The ways out are the end, a rollback, and a stop where the plan says that it stops. `finally` runs on all of them; a
//! later step or stage on the first; an undo or a written rollback on the second. A `hold` does all of it by itself.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{
    Act, ActSource, ApprovalOutcome, Failure, FailureOutcome, GateOutcome, OptionOutcome, Origin, Rollback,
    StageId, Step, StepKind, Undo,
};
use crate::plan::{Node, Plan, Pred};

/// The diagnostic.
pub const CODE: Code = Code("hold/unpaired");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let mut seen = std::collections::BTreeSet::new();
    for (i, stage) in r.stages.iter().enumerate() {
        let id = StageId::at(i);
        for (k, step) in stage.forward_steps().into_iter().enumerate() {
            let Some(act) = step.act() else { continue };
            let Some(pair) = &act.paired_with else { continue };
            if r.finally.iter().any(|s| s.act().is_some_and(|a| same(a, pair))) {
                continue;
            }
            let open = ways_open(plan, id, k, act, pair);
            if open.is_empty() || !seen.insert((act.origin.span, i)) {
                continue;
            }
            bag.push(report(plan, id, act, pair, &open));
        }
    }
}

/// A way out on which the counterpart does not run.
enum WayOut {
    End,
    Rollback,
    Stop(Origin),
}

fn ways_open(plan: &Plan, id: StageId, at: usize, act: &Act, pair: &Act) -> Vec<WayOut> {
    let mut open = Vec::new();
    if !brought_back_later(plan, id, at, pair) {
        open.push(WayOut::End);
    }
    let undone = match (&plan.release().stage(id).rollback, &act.undo) {
        (Rollback::Written(w), _) => has(w.steps.iter(), pair),
        (Rollback::Derived, Undo::By { act, .. }) => same(act, pair),
        _ => false,
    };
    if !undone {
        open.push(WayOut::Rollback);
    }
    if let Some(origin) = first_stop(plan, id) {
        open.push(WayOut::Stop(origin));
    }
    open
}

/// Whether the counterpart surely runs going forward: later in the stage, or in a stage that waits for it.
fn brought_back_later(plan: &Plan, id: StageId, at: usize, pair: &Act) -> bool {
    let r = plan.release();
    let v = plan.variants();
    let here = v.applies(Node::Stage(id));
    let mut back = Pred::FALSE;
    let steps = r.stage(id).forward_steps();
    for step in steps.iter().skip(at + 1).filter(|s| is(s, pair)) {
        back = v.or(back, v.of(plan, &step.when));
    }
    let after = plan.descendants(Node::Stage(id));
    for (i, stage) in r.stages.iter().enumerate() {
        let node = Node::Stage(StageId::at(i));
        if !plan.contains(&after, node) {
            continue;
        }
        for step in stage.forward_steps().into_iter().filter(|s| is(s, pair)) {
            let when = v.and(v.applies(node), v.of(plan, &step.when));
            back = v.or(back, when);
        }
    }
    v.implies(here, back)
}

/// The first place after a stage began where the plan says that it stops, with everything left as it is.
fn first_stop(plan: &Plan, id: StageId) -> Option<Origin> {
    let r = plan.release();
    let before = plan.ancestors(Node::Stage(id));
    let later = |n: Node| !plan.contains(&before, n);
    let stages = r
        .stages
        .iter()
        .enumerate()
        .filter(|(i, _)| later(Node::Stage(StageId::at(*i))));
    let mut stops: Vec<Origin> = Vec::new();
    for (_, stage) in stages {
        if let Some(f) = &stage.on_failure
            && f.then == Failure::Then(FailureOutcome::Stop)
        {
            stops.push(f.origin.clone());
        }
        let judged = stage.forward_steps().into_iter().filter_map(|s| match &s.kind {
            StepKind::VerifyGate(g) => Some(*g),
            _ => None,
        });
        for gate in judged.chain(stage.require.iter().map(|(g, _)| *g)) {
            if let Some((GateOutcome::Then(FailureOutcome::Stop), origin)) = &r.gate(gate).otherwise {
                stops.push(origin.clone());
            }
        }
    }
    for (i, approval) in r.approvals.iter().enumerate() {
        let asked_late = !approval.after.is_empty() || !approval.after_decisions.is_empty();
        if approval.otherwise == ApprovalOutcome::Stop
            && asked_late
            && later(Node::Approval(crate::model::ApprovalId::at(i)))
        {
            stops.push(
                approval
                    .otherwise_origin
                    .clone()
                    .unwrap_or(approval.origin.clone()),
            );
        }
    }
    for (i, decision) in r.decisions.iter().enumerate() {
        if later(Node::Decision(crate::model::DecisionId::at(i))) {
            let stopping =
                |o: &&crate::model::DecisionOption| o.then == OptionOutcome::Then(FailureOutcome::Stop);
            stops.extend(decision.options.iter().filter(stopping).map(|o| o.origin.clone()));
        }
    }
    stops.into_iter().min_by_key(|o| o.span)
}

fn report(plan: &Plan, id: StageId, act: &Act, pair: &Act, open: &[WayOut]) -> Diagnostic {
    let stage = &plan.release().stage(id).name;
    let (name, back) = (called(act), called(pair));
    let ways: Vec<&str> = open
        .iter()
        .map(|w| match w {
            WayOut::End => "when the plan ends well",
            WayOut::Rollback => "when it is rolled back",
            WayOut::Stop(_) => "when it stops",
        })
        .collect();
    let mut d = Diagnostic::error(
        CODE,
        act.origin.span,
        format!("{back} does not follow {name} {}", ways.join(", nor ")),
    )
    .here(format!("begun in `{stage}`, and left so"));
    if let Some(via) = act.origin.via.as_deref() {
        d = d.fact(via.span, "how it is declared");
    }
    for way in open {
        if let WayOut::Stop(origin) = way {
            d = place::fact(d, origin, "the run can stop here");
        }
    }
    let around = match &act.source {
        ActSource::Action { name, .. } => format!("`hold NAME {{ around {name}(…); during FIRST .. LAST }}`"),
        _ => "a `hold`".to_string(),
    };
    d.help(format!("write {around}: it is left on every way out"))
        .help(format!("or let `finally` do {back}"))
}

fn called(act: &Act) -> String {
    match &act.source {
        ActSource::Action { name, .. } => format!("`{name}`"),
        ActSource::Run => "the command".to_string(),
        ActSource::Manual => "the manual step".to_string(),
    }
}

fn is(step: &Step, pair: &Act) -> bool {
    step.act().is_some_and(|a| same(a, pair))
}

fn has<'a>(mut steps: impl Iterator<Item = &'a Step>, pair: &Act) -> bool {
    steps.any(|s| is(s, pair))
}

/// Whether two acts do the same: one action with the same arguments, whatever it is called where it is used.
fn same(a: &Act, b: &Act) -> bool {
    match (&a.source, &b.source) {
        (
            ActSource::Action { definition, args, .. },
            ActSource::Action {
                definition: other,
                args: others,
                ..
            },
        ) => definition == other && args == others,
        _ => match (&a.run, &b.run) {
            (Some(x), Some(y)) => x.script == y.script,
            _ => false,
        },
    }
}
