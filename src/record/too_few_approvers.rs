//! `record/too_few_approvers`: fewer people said yes than the plan asks for.

use super::Run;
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::Quorum;
use crate::plan::Plan;
use crate::plan::people::Directory;

/// The diagnostic.
pub const CODE: Code = Code("record/too_few_approvers");

/// Counts who said yes to each approval that was granted.
pub(super) fn check(plan: &Plan, run: &Run, bag: &mut Bag) {
    let r = plan.release();
    let directory = Directory::new(r);
    for (id, answer) in run.approvals.iter().filter(|(_, a)| a.granted) {
        let approval = r.approval(*id);
        let wanted = match approval.quorum {
            Quorum::Count(n) => n as usize,
            Quorum::All => directory.all(approval.from.iter().map(|(w, _)| *w)).people.len(),
        };
        if answer.by.len() >= wanted {
            continue;
        }
        let names: Vec<String> = answer.by.iter().map(|w| w.shown(r)).collect();
        let who = match names.as_slice() {
            [] => "nobody is on record as having said yes".to_string(),
            names => format!("said yes: {}", names.join(", ")),
        };
        let quorum = approval.quorum_origin.as_ref().unwrap_or(&approval.origin);
        let people = if wanted == 1 { "person" } else { "people" };
        bag.push(
            Diagnostic::error(
                CODE,
                quorum.span,
                format!(
                    "`{}` was granted by {} of {wanted} {people}",
                    approval.name,
                    answer.by.len()
                ),
            )
            .here(format!("{wanted} must say yes"))
            .note(who)
            .help("treat the change as not approved: have the others look at it now, or take it back"),
        );
    }
}
