//! `record/out_of_order`: a stage began before another that it comes after had ended.

use super::{Run, moment};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::plan::Plan;

/// The diagnostic.
pub const CODE: Code = Code("record/out_of_order");

/// Compares the beginning of each stage with the ends of those it comes after.
pub(super) fn check(plan: &Plan, run: &Run, bag: &mut Bag) {
    let r = plan.release();
    for (id, stage) in &run.stages {
        let Some(began) = stage.began else { continue };
        let written = r.stage(*id);
        for after in &written.after {
            // A stage that did not apply is waited for by nobody.
            let Some(before) = run.stages.get(&after.stage).filter(|s| s.began.is_some()) else {
                continue;
            };
            let what = match before.ended {
                Some(ended) if ended <= began => continue,
                Some(ended) => format!("it ended at {}", moment(ended)),
                None => "it had not ended".to_string(),
            };
            let name = &r.stage(after.stage).name;
            bag.push(
                Diagnostic::error(
                    CODE,
                    after.origin.span,
                    format!("`{}` began before `{name}` had ended", written.name),
                )
                .here(format!("comes after `{name}`"))
                .fact(r.stage(after.stage).origin.span, what)
                .note(format!("`{}` began at {}", written.name, moment(began)))
                .help(
                    "build the artifacts again from the plan and compare: what ran is not what was compiled",
                ),
            );
        }
    }
}
