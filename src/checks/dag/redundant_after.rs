//! `dag/redundant_after`: an `after` that the other `after`s of the stage imply.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::StageId;
use crate::plan::{Node, Plan, Standing};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// The diagnostic.
pub const CODE: Code = Code("dag/redundant_after");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// The most pairs of `after`s that are compared.
const PAIRS: usize = 500_000;

/// An `after` of a stage, and one beside it that may imply it; by their places in the stage's list.
struct Asked {
    stage: StageId,
    this: usize,
    other: usize,
}

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let (mut pairs, mut asked) = (Vec::new(), Vec::new());
    for (s, stage) in r.stages.iter().enumerate() {
        for (i, a) in stage.after.iter().enumerate() {
            for (j, b) in stage.after.iter().enumerate() {
                // One `after` of a phase names many stages: they do not speak against each other.
                let own = a.origin.span == b.origin.span || a.stage == b.stage;
                if !own && pairs.len() < PAIRS {
                    pairs.push((a.stage, b.stage));
                    asked.push(Asked {
                        stage: StageId::at(s),
                        this: i,
                        other: j,
                    });
                }
            }
        }
    }
    let mut implied: BTreeMap<(StageId, usize), StageId> = BTreeMap::new();
    for (standing, ((a, b), asked)) in plan.standing(&pairs).into_iter().zip(pairs.iter().zip(&asked)) {
        let first = standing == Standing::Ordered && plan.precedes(Node::Stage(*a), Node::Stage(*b));
        if first && !implied.contains_key(&(asked.stage, asked.this)) && says_it(plan, asked.stage, *a, *b) {
            let other = r.stage(asked.stage).after[asked.other].stage;
            implied.insert((asked.stage, asked.this), other);
        }
    }
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    for (s, stage) in r.stages.iter().enumerate() {
        let id = StageId::at(s);
        let mut places: BTreeMap<Span, Vec<usize>> = BTreeMap::new();
        for (i, a) in stage.after.iter().enumerate() {
            places.entry(a.origin.span).or_default().push(i);
        }
        for (span, list) in places {
            let by: Option<Vec<StageId>> = list.iter().map(|i| implied.get(&(id, *i)).copied()).collect();
            let Some(other) = by.and_then(|b| b.first().copied()) else {
                continue;
            };
            if !seen.insert(span) {
                continue;
            }
            let (name, other) = (&r.stage(stage.after[list[0]].stage).name, r.stage(other));
            bag.push(
                Diagnostic::info(
                    CODE,
                    span,
                    format!(
                        "`{}` waits for `{}`, which waits for `{name}`",
                        stage.name, other.name
                    ),
                )
                .here("says nothing new")
                .fact(other.origin.span, format!("`{}` ends after it", other.name))
                .help(format!("remove `{name}` from the `after` of `{}`", stage.name)),
            );
        }
    }
}

/// Whether the other applies wherever the stage and the first do, so that the order stays without the first.
fn says_it(plan: &Plan, stage: StageId, first: StageId, other: StageId) -> bool {
    let v = plan.variants();
    let applies = |s| v.applies(Node::Stage(s));
    v.implies(v.and(applies(stage), applies(first)), applies(other))
}
