//! `time/shared_window`: a `for` sends every place of production into one window at once.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::StageId;
use crate::plan::{Node, Standing};
use indexmap::IndexMap;

/// The diagnostic.
pub const CODE: Code = Code("time/shared_window");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let Some(window) = &r.window else { return };
    let mut groups: IndexMap<&str, Vec<StageId>> = IndexMap::new();
    for id in plan.stage_order() {
        let stage = r.stage(id);
        if let Some((group, _)) = &stage.group
            && r.is_production(stage.environment)
            && plan.covered(id)
            && plan.changes_something(id)
        {
            groups.entry(group).or_default().push(id);
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut told = std::collections::BTreeSet::new();
    for (group, stages) in groups {
        let pairs: Vec<(StageId, StageId)> = stages.windows(2).map(|w| (w[0], w[1])).collect();
        let v = plan.variants();
        let beside = plan
            .standing(&pairs)
            .into_iter()
            .zip(&pairs)
            .find(|(s, (a, b))| match s {
                Standing::Ordered => false,
                Standing::Beside(when) => {
                    let both = v.and(v.applies(Node::Stage(*a)), v.applies(Node::Stage(*b)));
                    v.possible(v.and(*when, both))
                }
            });
        let Some((_, (a, b))) = beside else { continue };
        let place = r.stage(*a).origin.span;
        if !seen.insert(place) {
            continue;
        }
        told.extend(stages.iter().copied());
        // What follows place by place what is told of already shares its window for the same reason.
        let follows = |s: StageId| {
            r.stage(s)
                .after
                .iter()
                .any(|x| x.stage != s && told.contains(&x.stage))
        };
        if stages.iter().all(|s| follows(*s)) {
            continue;
        }
        let (x, y) = (&r.stage(*a).name, &r.stage(*b).name);
        let count = stages.len();
        bag.push(
            Diagnostic::warning(
                CODE,
                place,
                format!("`{group}` changes production in {count} places in one window, at the same time"),
            )
            .here(format!(
                "{} do not wait for each other",
                place::names([x.as_str(), y.as_str()], 2)
            ))
            .fact(window.origin.span, "the window they share")
            .help("write `serial` in the `for`, so that the first place shows what the others would meet"),
        );
    }
}
