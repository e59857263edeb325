//! `hold/not_released`: on some way out the `exit` of a hold does not bring back what its `enter` took away.
//!
//! Because in some variant, or for some key, it writes nothing, or because it needs a value that is not surely set by then:
//! only what the hold itself captured or recorded when it was entered is.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{CaptureSource, Hold, HoldId, KeyUse, Origin, Step, Used};
use crate::plan::{Plan, Pred, Truth, Variant, doing, show};

/// The diagnostic.
pub const CODE: Code = Code("hold/not_released");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    for (i, hold) in plan.release().holds.iter().enumerate() {
        if let Some(found) = not_restored(plan, hold) {
            bag.push(found);
        } else if let Some(found) = unset_value(plan, HoldId::at(i), hold) {
            bag.push(found);
        }
    }
}

/// A key that `enter` changes and, in some variant, `exit` does not.
fn not_restored(plan: &Plan, hold: &Hold) -> Option<Diagnostic> {
    let v = plan.variants();
    for step in &hold.enter {
        let Some(act) = doing(step).filter(|a| !a.effects.assumed) else {
            continue;
        };
        for key in act
            .effects
            .changes
            .iter()
            .chain(&act.effects.removes)
            .chain(&act.effects.raises)
        {
            let bad = v.without(v.of(plan, &step.when), restored(plan, hold, key));
            if let Truth::In(variant) = v.find(plan, bad) {
                return Some(report(plan, hold, key, &variant));
            }
        }
    }
    None
}

fn restored(plan: &Plan, hold: &Hold, key: &KeyUse) -> Pred {
    let v = plan.variants();
    let mut when = Pred::FALSE;
    for step in &hold.exit {
        let Some(act) = doing(step) else { continue };
        let writes = act
            .effects
            .changes
            .iter()
            .chain(&act.effects.removes)
            .chain(&act.effects.raises);
        if act.effects.assumed || writes.clone().any(|k| k.key.covers(&key.key)) {
            when = v.or(when, v.of(plan, &step.when));
        }
    }
    when
}

fn report(plan: &Plan, hold: &Hold, key: &KeyUse, variant: &Variant) -> Diagnostic {
    let r = plan.release();
    let shown = show::key(r, &key.key);
    let mut d = Diagnostic::error(
        CODE,
        hold.origin.span,
        format!("leaving `{}` does not bring `{shown}` back", hold.name),
    )
    .here("entered, and not left as it was");
    d = place::fact(d, &key.origin, format!("entering changes `{shown}`"));
    let others = hold
        .exit
        .iter()
        .filter_map(doing)
        .flat_map(|a| &a.effects.changes);
    if let Some(other) = others.into_iter().next() {
        let text = format!("leaving changes `{}`", show::key(r, &other.key));
        d = place::fact(d, &other.origin, text);
    }
    if let Some(clause) = variant.clause() {
        d = d.note(clause);
    }
    d.help(format!(
        "let `exit` restore `{shown}` whenever `enter` changed it"
    ))
}

/// A value that `exit` uses and that is not surely set on every way out.
fn unset_value(plan: &Plan, id: HoldId, hold: &Hold) -> Option<Diagnostic> {
    let r = plan.release();
    for step in &hold.exit {
        let used = uses(step);
        for c in used.captures.iter().filter(|c| c.index() < r.captures.len()) {
            let capture = r.capture(*c);
            let by = match capture.source {
                CaptureSource::Hold(h) if h == id => continue,
                CaptureSource::Stage(s) => &r.stage(s).name,
                CaptureSource::Hold(h) => &r.hold(h).name,
                CaptureSource::Decision(d) => &r.decision(d).name,
                CaptureSource::Gate(g) => &r.gate(g).name,
            };
            return Some(not_set(hold, step, &capture.name, by, &capture.origin));
        }
        for p in &used.priors {
            let prior = r.prior(*p);
            if prior.hold == Some(id) {
                continue;
            }
            if let Some(s) = prior.stage {
                return Some(not_set(hold, step, &prior.name, &r.stage(s).name, &prior.origin));
            }
        }
    }
    None
}

fn uses(step: &Step) -> Used {
    let mut used = doing(step).map(Used::of_act).unwrap_or_default();
    let when = Used::of_cond(&step.when);
    used.captures.extend(when.captures);
    used.priors.extend(when.priors);
    used
}

fn not_set(hold: &Hold, step: &Step, value: &str, by: &str, set: &Origin) -> Diagnostic {
    let d = Diagnostic::error(
        CODE,
        step.origin.span,
        format!(
            "leaving `{}` needs `{by}.{value}`, which is not set on every way out",
            hold.name
        ),
    )
    .here(format!("cannot run before `{by}` has set it"));
    let d = place::fact(d, set, format!("set here, when `{by}` gets that far"));
    d.fact(hold.origin.span, "left on every way out")
        .help("capture the value in `enter`, or restore what was there without it")
}
