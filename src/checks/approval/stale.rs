//! `approval/stale`: a grant can lapse before the stage it is for starts.

use crate::checks::{Check, Subject, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{ApprovalId, StageId};
use crate::plan::{Node, Schedule, Truth, Variant};
use std::collections::HashMap;

/// The diagnostic.
pub const CODE: Code = Code("approval/stale");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let mut schedules: HashMap<ApprovalId, Schedule> = HashMap::new();
    let mut seen = std::collections::BTreeSet::new();
    for (i, stage) in r.stages.iter().enumerate() {
        let id = StageId::at(i);
        for (a, origin) in &stage.approved {
            let approval = r.approval(*a);
            let Some(valid) = approval.valid else { continue };
            let node = Node::Approval(*a);
            // The grant comes as early as it can, and everything else as late as it can.
            let schedule = schedules.entry(*a).or_insert_with(|| plan.schedule_after(node));
            let asked_before = plan.waits_for(node).is_empty();
            let granted = if asked_before {
                0
            } else {
                schedule.of(plan, node).finish
            };
            let lapses = granted.saturating_add(valid.as_ms());
            let starts = schedule.stage(plan, id).start;
            if starts <= lapses {
                continue;
            }
            let given = plan.path_given(schedule, Node::Stage(id));
            let variant = match plan.variants().find(plan, given) {
                Truth::Never => continue,
                Truth::In(v) => v,
                Truth::Undecided => Variant::any(),
            };
            if !seen.insert((approval.origin.span, stage.origin.span)) {
                continue;
            }
            let d = Diagnostic::warning(
                CODE,
                approval.origin.span,
                format!(
                    "`{}` can lapse {} before `{}` starts",
                    approval.name,
                    place::span(starts.saturating_sub(lapses)),
                    stage.name
                ),
            )
            .here(format!("good for {valid}"));
            let d = place::fact(
                d,
                origin,
                format!("needed at {} at the latest", place::offset(starts)),
            );
            let lines = [
                format!("`{}` is granted at {}", approval.name, place::offset(granted)),
                format!("it lapses at {}", place::offset(lapses)),
                format!(
                    "`{}` would start at {}, and the plan turns back",
                    stage.name,
                    place::offset(starts)
                ),
            ];
            bag.push(
                d.note(trace::numbered(&variant, &lines))
                    .help("ask later, with `after`, or let it be `valid` for longer"),
            );
        }
    }
}
