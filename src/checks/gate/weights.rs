//! `gate/weights`: the weights of a rollout do not rise, step by step, to 100 %.

use crate::checks::gate::ungated_step::share;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Cond, Origin, Rollout, RolloutStep, StageId};
use crate::source::Rational;
use indexmap::IndexMap;

/// The diagnostic.
pub const CODE: Code = Code("gate/weights");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    // A procedure writes the same rollout many times.
    let mut groups: IndexMap<_, Vec<(StageId, &Rollout)>> = IndexMap::new();
    for (i, stage) in plan.release().stages.iter().enumerate() {
        if let Some(rollout) = &stage.rollout {
            let weights: Vec<_> = rollout.steps.iter().map(|s| (s.origin.span, s.weight)).collect();
            let group = groups.entry((stage.origin.span, weights)).or_default();
            group.push((StageId::at(i), rollout));
        }
    }
    for list in groups.values() {
        look(&place::stages(plan, list), list[0].1, bag);
    }
}

fn look(names: &str, rollout: &Rollout, bag: &mut Bag) {
    // A named step says nothing about its share.
    let weighted: Vec<(&RolloutStep, Rational)> = rollout
        .steps
        .iter()
        .filter(|s| s.when != Cond::False)
        .filter_map(|s| Some((s, s.weight?)))
        .collect();
    for (step, weight) in &weighted {
        if *weight > Rational::ONE || weight.is_negative() {
            let message = format!("`{}` is no share of the traffic", share(*weight));
            bag.push(finding(&step.origin, message, "shares lie in 0% to 100%"));
            return;
        }
    }
    for pair in weighted.windows(2) {
        let [(before, less), (step, more)] = pair else {
            continue;
        };
        if more <= less {
            let message = format!(
                "the rollout of {} goes from {} to {}",
                names,
                share(*less),
                share(*more)
            );
            bag.push(
                finding(&step.origin, message, "does not rise")
                    .fact(before.origin.span, format!("{} already", share(*less)))
                    .help("write the steps in the order of their weights, each once"),
            );
            return;
        }
    }
    if let Some((step, weight)) = weighted.last()
        && *weight != Rational::ONE
    {
        let message = format!("the rollout of {} ends at {}", names, share(*weight));
        bag.push(
            finding(&step.origin, message, "the last step")
                .fact(rollout.origin.span, "never reaches everyone")
                .help("add a step for everyone: `step 100% { bake 15m; verify GATE }`"),
        );
    }
}

fn finding(origin: &Origin, message: String, here: &str) -> Diagnostic {
    place::through(Diagnostic::error(CODE, origin.span, message).here(here), origin)
}
