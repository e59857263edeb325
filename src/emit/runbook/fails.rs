//! What fails, in words; what fails alike in many stages, together.
//!
//! Must not know what follows. Called by `ways_back`, `deciders`, `chosen` and `exposure`.

use crate::emit::runbook::from_here::{Cause, ORDINARY, Way};
use crate::emit::runbook::say;
use crate::emit::runbook::words::{Spoken, words};
use crate::model::{GateId, StageId};
use crate::plan::Node;

/// So few stages are told by their names.
pub(super) const FEW: usize = 3;

/// The number of each stage, in the order of the plan from 1.
pub(super) fn numbers(plan: Spoken<'_>) -> Vec<usize> {
    let mut numbers = vec![0; plan.plan.release().stages.len()];
    for (i, s) in plan.stage_order().into_iter().enumerate() {
        numbers[s.index()] = i + 1;
    }
    numbers
}

/// What fails, in words.
pub(super) fn fails(plan: Spoken<'_>, cause: &Cause) -> String {
    let name = stage(cause).map_or("", |s| plan.plan.release().stage(s).name.as_str());
    named(plan, cause, name)
}

/// The stage whose own failure a cause is.
fn stage(cause: &Cause) -> Option<StageId> {
    match cause {
        Cause::Step(s) | Cause::LaterStep(s) | Cause::Late(s) => Some(*s),
        Cause::Gates(s, _) | Cause::Entry(s, _) => Some(*s),
        Cause::Hold(..) | Cause::Refused(_) | Cause::Trigger(..) | Cause::Option(..) => None,
    }
}

/// What fails but for the stage that does: what fails alike in several stages is told in the same words.
pub(super) fn alike(plan: Spoken<'_>, cause: &Cause) -> Option<String> {
    let own = stage(cause).is_some() || matches!(cause, Cause::Hold(..));
    own.then(|| named(plan, cause, ""))
}

/// What fails alike in some of the stages, whose numbers are given for all: one by its name, few by their names, many by numbers.
pub(super) fn together(plan: Spoken<'_>, numbers: &[usize], ways: &[&Way]) -> String {
    let r = plan.release();
    let Some(first) = ways.first() else {
        return String::new();
    };
    let mut stages: Vec<StageId> = ways.iter().filter_map(|w| stage(&w.cause)).collect();
    stages.sort_by_key(|s| numbers[s.index()]);
    stages.dedup();
    if stages.len() < 2 {
        return fails(plan, &first.cause);
    }
    let name = |s: &StageId| r.stage(*s).name.to_string();
    if stages.len() <= FEW {
        let either = |a: String, b: String| words!(r, "list.either", a = a, b = b);
        let names = stages.iter().map(name).reduce(either).unwrap_or_default();
        return named(plan, &first.cause, &names);
    }
    let which = words!(r, "fails.one_of", list = by_numbers(plan, numbers, &stages));
    named(plan, &first.cause, &which)
}

/// Stages in the order of their numbers, told by the runs of numbers that follow each other.
pub(super) fn by_numbers(plan: Spoken<'_>, numbers: &[usize], stages: &[StageId]) -> String {
    let r = plan.release();
    let mut runs: Vec<(StageId, StageId)> = Vec::new();
    for s in stages {
        match runs.last_mut() {
            Some((_, to)) if numbers[to.index()] + 1 == numbers[s.index()] => *to = *s,
            _ => runs.push((*s, *s)),
        }
    }
    let one = |s: StageId| words!(r, "fails.number", n = numbers[s.index()], stage = r.stage(s).name);
    let said = runs.into_iter().map(|(from, to)| match from == to {
        true => one(from),
        false => words!(r, "time.range", short = one(from), long = one(to)),
    });
    let said: Vec<String> = said.collect();
    say::list(r, &said)
}

fn named(plan: Spoken<'_>, cause: &Cause, name: &str) -> String {
    let r = plan.release();
    let gates = |gates: &[GateId]| {
        let titles: Vec<String> = gates
            .iter()
            .map(|g| format!("“{}”", say::text(r, &r.gate(*g).title)))
            .collect();
        match titles.as_slice() {
            [one] => words!(r, "fails.gate", gate = one),
            many => words!(r, "fails.gates", gates = say::list(r, many)),
        }
    };
    match cause {
        Cause::Step(s) => match &r.stage(*s).rollout {
            Some(rollout) if rollout.demote.is_some() => {
                let first = rollout.steps.first().map_or("", |s| s.name.as_str());
                words!(r, "fails.at", stage = name, step = first)
            }
            _ => name.to_string(),
        },
        Cause::LaterStep(_) => words!(r, "fails.later", stage = name),
        Cause::Late(s) => {
            let time = say::dur(r, r.stage(*s).timeout.unwrap_or_default());
            words!(r, "fails.late", stage = name, time = time)
        }
        Cause::Gates(_, g) => words!(r, "fails.judged", stage = name, what = gates(g)),
        Cause::Entry(_, g) => words!(r, "fails.entry", stage = name, what = gates(g)),
        Cause::Hold(h, _) => words!(r, "fails.hold_entered", hold = say::text(r, &r.hold(*h).title)),
        Cause::Refused(a) => words!(r, "fails.refused", approval = say::text(r, &r.approval(*a).title)),
        Cause::Trigger(t, node) => {
            let trigger = r.triggers.get(t.index()).map_or("", |t| t.name.as_str());
            let what = match node {
                // One row stands for all the stages it watches.
                Node::Stage(s) if r.stages.len() > ORDINARY => {
                    return words!(
                        r,
                        "fails.trigger_any",
                        trigger = trigger,
                        stage = r.stage(*s).name
                    );
                }
                Node::Stage(s) => {
                    return words!(r, "fails.trigger", trigger = trigger, stage = r.stage(*s).name);
                }
                Node::Approval(a) => {
                    words!(
                        r,
                        "point.approval",
                        approval = say::text(r, &r.approval(*a).title)
                    )
                }
                Node::Decision(d) => words!(r, "row.decision", decision = r.decision(*d).name),
            };
            words!(r, "fails.trigger_waiting", trigger = trigger, what = what)
        }
        Cause::Option(d, i, stage) => {
            let d = r.decision(*d);
            let option = d.options.get(*i).map(|o| say::text(r, &o.title));
            let ask = say::text(r, &d.question.ask);
            let option = option.unwrap_or_default();
            match stage {
                Some(s) => words!(
                    r,
                    "fails.chosen",
                    stage = r.stage(*s).name,
                    ask = ask,
                    option = option
                ),
                None => words!(r, "fails.option", ask = ask, option = option),
            }
        }
    }
}
