//! `record/left_out`: a stage that belongs to every run was not done, and the run succeeded or went on to what comes after it.

use super::{End, Run, moment};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::StageId;
use crate::plan::{Node, Plan};

/// The diagnostic.
pub const CODE: Code = Code("record/left_out");

/// Looks for each stage without a condition that does anything.
pub(super) fn check(plan: &Plan, run: &Run, bag: &mut Bag) {
    // What went on with an earlier run may have been done there.
    if run.goes_on {
        return;
    }
    let r = plan.release();
    let began = |s: StageId| run.stages.get(&s).and_then(|done| done.began);
    for (i, stage) in r.stages.iter().enumerate() {
        let id = StageId::at(i);
        let works = !stage.forward_steps().is_empty();
        let v = plan.variants();
        if !works || began(id).is_some() || !v.always(v.applies(Node::Stage(id))) {
            continue;
        }
        let after = plan.descendants(Node::Stage(id));
        let later = run
            .stages
            .keys()
            .filter(|s| plan.contains(&after, Node::Stage(**s)));
        let later = later.filter_map(|s| Some((began(*s)?, *s))).min();
        let name = &stage.name;
        let d = match later {
            Some((at, s)) => {
                let later = r.stage(s);
                Diagnostic::error(
                    CODE,
                    stage.origin.span,
                    format!("`{name}` was left out, and `{}` began", later.name),
                )
                .fact(
                    later.origin.span,
                    format!("comes after it, and began at {}", moment(at)),
                )
            }
            None if run.end == End::Succeeded => Diagnostic::error(
                CODE,
                stage.origin.span,
                format!("`{name}` was left out, and the run succeeded"),
            ),
            None => continue,
        };
        bag.push(
            d.here("every run does this, and the history tells of no beginning")
                .help("see that the history is whole; of many jobs GitHub returns one page at a time")
                .help("do now what was left out, or take back what came after it"),
        );
    }
}
