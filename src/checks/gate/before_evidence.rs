//! `gate/before_evidence`: a gate is judged before what it judges is made.

use crate::checks::gate::made::Made;
use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{GateId, StageId};
use crate::plan::Node;

/// The diagnostic.
pub const CODE: Code = Code("gate/before_evidence");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release) = (subject.plan, subject.plan.release());
    let made = Made::new(plan);
    for (i, gate) in release.gates.iter().enumerate() {
        let judges = plan.judges(GateId::at(i));
        let makers = made.by(gate);
        let (Some(judge), false) = (judges.first(), makers.is_empty()) else {
            continue;
        };
        // Before a stage that makes it, a gate judges the state that is left; inside it, what was made.
        let seen = |judge: &StageId| {
            makers.contains(judge) || {
                let before = plan.ancestors(Node::Stage(*judge));
                makers.iter().any(|m| plan.contains(&before, Node::Stage(*m)))
            }
        };
        if judges.iter().any(seen) {
            continue;
        }
        let after = plan.descendants(Node::Stage(*judge));
        let Some(maker) = makers.iter().find(|m| plan.contains(&after, Node::Stage(**m))) else {
            continue;
        };
        bag.push(
            Diagnostic::warning(
                CODE,
                gate.origin.span,
                format!("`{}` is judged before what it judges is made", gate.name),
            )
            .here(format!("judged in `{}`", release.stage(*judge).name))
            .fact(release.stage(*judge).origin.span, "judged here")
            .fact(release.stage(*maker).origin.span, "made here, later")
            .help(format!(
                "judge it in `{}`, or after it",
                release.stage(*maker).name
            )),
        );
    }
}
