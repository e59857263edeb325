//! `gate/rehearsal_skipped`: a stage tries what a later one does in earnest, and in some variant the later one goes ahead
//! without it.
//!
//! A rehearsal does the same (the same action with an argument in common, the same command of the same program), either
//! changing nothing or outside of production. What is conditional together with what it rehearses is skipped with it, and a
//! variant in which another rehearsal takes place is none. Knows the first words of commands only, never what they do.

use crate::checks::{Check, Subject, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Act, ActSource, StageId};
use crate::plan::{Node, Plan, Pred, Truth, Variant, doing};
use crate::source::Span;
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("gate/rehearsal_skipped");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// The most steps of one kind that are compared with each other.
const COMPARED: usize = 200;
/// The most steps in earnest for which what comes before them is looked up.
const LOOKED_UP: usize = 400;

/// What an act does, whatever it is done to.
#[derive(PartialEq, Eq, Hash)]
enum Kind {
    /// An action of a library.
    Action(Span),
    /// A program and what it is told first.
    Command(Vec<String>),
}

/// A step of a stage, and in which variants it is taken.
struct Done<'a> {
    stage: StageId,
    act: &'a Act,
    when: Pred,
}

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let (r, v) = (plan.release(), plan.variants());
    let order = plan.stage_order();
    let sometimes = |s: &StageId| v.applies(Node::Stage(*s)) != Pred::TRUE;
    if !order.iter().any(sometimes) {
        return;
    }
    let mut kinds: IndexMap<Kind, Vec<Done<'_>>> = IndexMap::new();
    for id in order {
        for step in r.stage(id).forward_steps() {
            let Some(act) = doing(step) else { continue };
            let Some(kind) = kind(plan, id, act) else { continue };
            let when = v.and(v.applies(Node::Stage(id)), v.of(plan, &step.when));
            let list = kinds.entry(kind).or_default();
            if list.len() < COMPARED {
                list.push(Done { stage: id, act, when });
            }
        }
    }
    let mut seen = BTreeSet::new();
    let mut left = LOOKED_UP;
    for list in kinds.values().filter(|l| l.iter().any(|d| sometimes(&d.stage))) {
        for real in list.iter().filter(|d| !d.act.effects.nothing) {
            let mut tries: Vec<&Done<'_>> = list.iter().filter(|t| rehearses(plan, t, real)).collect();
            if left == 0 || !tries.iter().any(|t| sometimes(&t.stage)) {
                continue;
            }
            left -= 1;
            let before = plan.ancestors(Node::Stage(real.stage));
            tries.retain(|t| plan.contains(&before, Node::Stage(t.stage)));
            let Some(first) = tries.iter().find(|t| sometimes(&t.stage)) else {
                continue;
            };
            let tried = tries.iter().fold(Pred::FALSE, |any, t| v.or(any, t.when));
            if let Truth::In(variant) = v.find(plan, v.without(real.when, tried))
                && seen.insert(r.stage(first.stage).origin.span)
            {
                bag.push(report(plan, first, real, &variant));
            }
        }
    }
}

/// Whether one step tries out what another does in earnest, if it comes before.
fn rehearses(plan: &Plan, try_: &Done<'_>, real: &Done<'_>) -> bool {
    let r = plan.release();
    let production = |d: &Done<'_>| r.is_production(r.stage(d.stage).environment);
    let aside = try_.act.effects.nothing || (!production(try_) && production(real));
    aside && try_.stage != real.stage && in_common(try_.act, real.act)
}

/// Whether two acts of one kind have an argument in common, or have none.
fn in_common(a: &Act, b: &Act) -> bool {
    match (&a.source, &b.source) {
        (ActSource::Action { args, .. }, ActSource::Action { args: others, .. }) => {
            args.is_empty() || args.iter().any(|x| others.contains(x))
        }
        _ => true,
    }
}

fn kind(plan: &Plan, id: StageId, act: &Act) -> Option<Kind> {
    if let ActSource::Action { definition, .. } = act.source {
        return Some(Kind::Action(definition));
    }
    let r = plan.release();
    let place = r.env(r.stage(id).environment);
    let text = &act.run.as_ref()?.display;
    if text.contains('\n') {
        return None;
    }
    let words: Vec<String> = text
        .split_whitespace()
        .take_while(|w| w.starts_with(|c: char| c.is_ascii_alphanumeric() || "./_".contains(c)))
        .filter(|w| **w != *place.name && !w.contains(['‹', '=']))
        .map(str::to_string)
        .collect();
    // The name of a program that does many things says nothing.
    let telling = words.len() > 1 || words.first().is_some_and(|w| w.contains('/'));
    telling.then_some(Kind::Command(words))
}

fn report(plan: &Plan, first: &Done<'_>, real: &Done<'_>, variant: &Variant) -> Diagnostic {
    let r = plan.release();
    let (rehearsal, stage) = (r.stage(first.stage), r.stage(real.stage));
    let clause = variant.clause().map_or(String::new(), |c| format!(" {c}"));
    let at = rehearsal.when_origin.as_ref().unwrap_or(&rehearsal.origin);
    let d = Diagnostic::warning(
        CODE,
        at.span,
        format!(
            "`{}` goes ahead without the rehearsal `{}`{clause}",
            stage.name, rehearsal.name
        ),
    )
    .here("skipped then");
    let d = place::fact(d, &first.act.origin, "tried here");
    let d = place::fact(d, &real.act.origin, "done in earnest here");
    let lines = [
        format!("`{}` does not apply", rehearsal.name),
        format!(
            "`{}` does for the first time what it would have tried",
            stage.name
        ),
    ];
    d.note(trace::numbered(variant, &lines))
        .help(format!(
            "rehearse in that case too, or make `{}` conditional as well",
            stage.name
        ))
        .help("or say why it need not be: `allow \"gate/rehearsal_skipped\" { because \"why\" }`")
}
