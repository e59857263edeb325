//! `rollback/past_the_pivot`: something that can still fail comes after or beside what cannot be undone.
//!
//! Once an irreversible stage has begun, a failure elsewhere can only be mended by going on: by trying again to the end
//! (`idempotent` with `retry`), or by asking the owner (`on_failure { then pause }`). What rolls back then would need the
//! undo of what has none. A rollback of a stage that leaves the irreversible one alone asks for no such undo.

mod hazard;

use crate::checks::{Check, Subject, allow, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::StageId;
use crate::plan::{Node, Plan, StageUndo, Truth, Variant};
use hazard::{Hazard, Where};
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

/// The diagnostic.
pub const CODE: Code = Code("rollback/past_the_pivot");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// How many irreversible stages are tried when the first excludes what can fail.
const TRIED: usize = 256;

/// How many stages are walked over to find where an order is lost.
const WALKED: usize = 1_000_000;

/// What can fail, with the irreversible stage it meets, when, and how.
type Found = (StageId, (StageId, Variant, Hazard));

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let order = plan.stage_order();
    let pivots: Vec<StageId> = order
        .iter()
        .copied()
        .filter(|s| matches!(plan.undo(*s), StageUndo::Irreversible(..)))
        .collect();
    if pivots.is_empty() {
        return;
    }
    let beside = plan.not_leading_to(&pivots);
    let lost = lost(plan, &pivots);
    let mut found: Vec<Found> = Vec::new();
    for w in order {
        let met = beside[w.index()].and_then(|first| meeting(plan, w, first, &pivots));
        let Some((pivot, variant)) = met.or_else(|| lost.get(&w).cloned()) else {
            continue;
        };
        if let Some(hazard) = hazard::of_stage(plan, w, pivot) {
            found.push((w, (pivot, variant, hazard)));
        }
    }
    let mut groups: IndexMap<_, Vec<Found>> = IndexMap::new();
    for one in found {
        let (stage, (pivot, ..)) = &one;
        let r = plan.release();
        let (at, pivot_at) = (r.stage(*stage).origin.span, r.stage(*pivot).origin.span);
        // What the `allow` of one stage accepts is not accepted for the others.
        let own = allow::accepted(r, CODE, at).then_some(at);
        groups.entry((pivot_at, own)).or_default().push(one);
    }
    for list in groups.values() {
        let (stage, (pivot, variant, hazard)) = &list[0];
        let names = place::stages(plan, list);
        let after = |(s, (p, ..)): &&Found| plan.precedes(Node::Stage(*p), Node::Stage(*s));
        let how = match list.iter().filter(after).count() {
            0 => "beside",
            n if n == list.len() => "after",
            _ => "after or beside",
        };
        let mut d = report(plan, &names, Some(*stage), how, *pivot, variant, hazard);
        let others = place::by_place(plan, list.iter().map(|(s, (_, _, h))| (*s, h)));
        for other in others.values().skip(1).take(3) {
            let (s, h) = &other[0];
            d = d.fact(
                plan.release().stage(*s).origin.span,
                format!("{} too: {}", place::stages(plan, other), h.text),
            );
        }
        bag.push(d);
    }
    // Many stages of a `for` are one place.
    let mut said = BTreeSet::new();
    for pivot in &pivots {
        if let Some(hazard) = hazard::of_itself(plan, *pivot)
            && said.insert(hazard.origin.span)
            && let Truth::In(variant) = plan.variants().find(plan, plan.starts(*pivot))
        {
            let names = format!("`{}`", hazard.name);
            bag.push(report(plan, &names, None, "after", *pivot, &variant, &hazard));
        }
    }
    for (hazard, pivot, variant) in hazard::of_the_rest(plan, &pivots) {
        bag.push(report(
            plan,
            &format!("`{}`", hazard.name),
            None,
            "beside",
            pivot,
            &variant,
            &hazard,
        ));
    }
}

/// The first irreversible stage that does not wait for `w` and can run together with it.
fn meeting(plan: &Plan, w: StageId, first: StageId, pivots: &[StageId]) -> Option<(StageId, Variant)> {
    let both = |p: StageId| {
        let v = plan.variants();
        match v.find(plan, v.and(plan.starts(w), plan.starts(p))) {
            Truth::In(variant) => Some((p, variant)),
            Truth::Never | Truth::Undecided => None,
        }
    };
    both(first).or_else(|| {
        pivots
            .iter()
            .take(TRIED)
            .filter(|p| **p != w && **p != first && !plan.precedes(Node::Stage(w), Node::Stage(**p)))
            .find_map(|p| both(*p))
    })
}

/// For stages that an irreversible one waits for in some variants only, the first such and a variant in which it does not.
fn lost(plan: &Plan, pivots: &[StageId]) -> BTreeMap<StageId, (StageId, Variant)> {
    let v = plan.variants();
    let mut found = BTreeMap::new();
    // Each costs a walk over the plan.
    let tried = (WALKED / plan.release().stages.len().max(1)).clamp(1, TRIED);
    for pivot in pivots.iter().take(tried) {
        for (node, when) in plan.order_lost(*pivot) {
            let Node::Stage(w) = node else { continue };
            if found.contains_key(&w) {
                continue;
            }
            let both = v.and(v.and(plan.starts(w), plan.starts(*pivot)), when);
            if let Truth::In(variant) = v.find(plan, both) {
                found.insert(w, (*pivot, variant));
            }
        }
    }
    found
}

fn report(
    plan: &Plan,
    names: &str,
    stage: Option<StageId>,
    how: &str,
    pivot: StageId,
    variant: &Variant,
    hazard: &Hazard,
) -> Diagnostic {
    let r = plan.release();
    let irreversible = &r.stage(pivot).name;
    let after = stage.is_some_and(|s| plan.precedes(Node::Stage(pivot), Node::Stage(s)));
    let message = match hazard.at {
        Where::Stage => format!("{names} can fail {how} `{irreversible}`, which cannot be undone"),
        Where::Approval => format!("{names} can be refused after `{irreversible}`, which cannot be undone"),
        Where::Decision => {
            format!("{names} can stay unanswered after `{irreversible}`, which cannot be undone")
        }
        Where::Trigger => format!("{names} can roll back after `{irreversible}`, which cannot be undone"),
        Where::Gate if hazard.stops => {
            format!("{names} stops the run in `{irreversible}`, which cannot be undone by then")
        }
        Where::Gate => format!("{names} is to roll back `{irreversible}`, which cannot be undone by then"),
    };
    let mut d = Diagnostic::error(CODE, hazard.origin.span, message).here(hazard.text.clone());
    if let Some(s) = stage
        && r.stage(s).origin.span != hazard.origin.span
    {
        // The finding is about the stage; the step is a fact.
        d.span = r.stage(s).origin.span;
        d.label = match after {
            true => format!("comes after `{irreversible}`"),
            false => format!("does not end before `{irreversible}` starts"),
        };
        d = place::fact(d, &hazard.origin, hazard.text.clone());
    }
    if let StageUndo::Irreversible(_, said) = plan.undo(pivot) {
        d = place::fact(d, said, format!("`{irreversible}` cannot be undone"));
    }
    if let Some(then) = &hazard.then {
        d = place::fact(d, then, "what a failure leads to");
    }
    let mut before = plan.stages_leading_to(Node::Stage(pivot));
    if let Some(s) = stage {
        before.extend(plan.stages_leading_to(Node::Stage(s)));
        // What comes after it comes after its end.
        before.retain(|x| (after || *x != pivot) && *x != s);
        before.extend(after.then_some(pivot));
        let order = plan.stage_order();
        let wanted: std::collections::BTreeSet<StageId> = before.into_iter().collect();
        before = order.into_iter().filter(|x| wanted.contains(x)).collect();
    }
    before.retain(|s| {
        plan.variants()
            .implies(variant.at, plan.variants().applies(Node::Stage(*s)))
    });
    let mut then = Vec::new();
    if !after {
        then.push(format!("`{irreversible}` begins"));
    }
    then.push(hazard.happens.clone());
    then.push(match hazard.stops {
        true => "the run stops there: nothing is undone, and nothing goes on".to_string(),
        false => format!("the way back asks for the undo of `{irreversible}`, which has none"),
    });
    d = d.note(trace::run(plan, variant, &before, &then));
    match hazard.at {
        Where::Stage => {
            let first = if after {
                format!("let `{irreversible}` come last")
            } else {
                format!("let `{irreversible}` wait for it")
            };
            d.help(first)
                .help("or go on whatever happens: `on_failure { then pause }`, or `idempotent` with `retry`")
        }
        Where::Approval => d
            .help(format!("ask before: let `{irreversible}` wait for it"))
            .help("or write what else a no means: `otherwise stop`"),
        Where::Decision => d.help("say what no answer means: `default OPTION`"),
        Where::Gate => d
            .help(format!(
                "judge it in a stage before, so that `{irreversible}` starts only when it passes"
            ))
            .help("or say what follows when it fails: `otherwise pause`"),
        Where::Trigger => d.help(format!(
            "let it end before `{irreversible}`, or write `then pause`"
        )),
    }
}
