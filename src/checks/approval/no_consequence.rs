//! `approval/no_consequence`: people are asked, and nothing waits for their answer.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{ApprovalId, DistinctFrom, Rollback};
use crate::plan::{Node, Plan};

/// The diagnostic.
pub const CODE: Code = Code("approval/no_consequence");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    for (i, approval) in r.approvals.iter().enumerate() {
        let id = ApprovalId::at(i);
        if awaited(plan, id) {
            continue;
        }
        let name = &approval.name;
        let mut d = Diagnostic::error(
            CODE,
            approval.origin.span,
            format!("nothing waits for `{name}`: a no changes nothing"),
        )
        .here("asked for, and not awaited");
        for other in &r.approvals {
            for (from, origin) in &other.distinct_from {
                if *from == DistinctFrom::Approval(id) {
                    let text = format!("`{}` only keeps its people apart from it", other.name);
                    d = place::fact(d, origin, text);
                }
            }
        }
        for skipped in &r.overrides {
            for (a, origin) in &skipped.approvals {
                if *a == id {
                    d = place::fact(d, origin, format!("`{}` skips what nothing needs", skipped.name));
                }
            }
        }
        bag.push(
            d.help(format!("write `approved {name}` in the stage that needs it"))
                .help("or remove the approval"),
        );
    }
}

/// Whether a stage, a decision, another approval or a rollback waits for an approval.
pub(in crate::checks) fn awaited(plan: &Plan, id: ApprovalId) -> bool {
    !plan.waited_by(Node::Approval(id)).is_empty() || guards_an_undo(plan, id)
}

/// Whether a rollback waits for an approval.
fn guards_an_undo(plan: &Plan, id: ApprovalId) -> bool {
    plan.release().stages.iter().any(|s| match &s.rollback {
        Rollback::Written(w) => w.approved.iter().any(|(a, _)| *a == id),
        _ => false,
    })
}
