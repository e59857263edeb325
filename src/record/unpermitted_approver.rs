//! `record/unpermitted_approver`: somebody said yes whom the plan does not let say it.

use super::{Run, Who};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Approval, ApprovalId, PersonRef, Release, Seat, StageId};
use crate::plan::Plan;
use crate::plan::people::{self as duty, Directory};
use crate::source::Span;

/// The diagnostic.
pub const CODE: Code = Code("record/unpermitted_approver");

/// Looks at everybody who said yes.
pub(super) fn check(plan: &Plan, run: &Run, bag: &mut Bag) {
    let r = plan.release();
    let directory = Directory::new(r);
    for (id, answer) in run.approvals.iter().filter(|(_, a)| a.granted) {
        let approval = r.approval(*id);
        let pool = directory.all(approval.from.iter().map(|(who, _)| *who));
        for who in &answer.by {
            let shown = who.shown(r);
            let member = match who.person {
                Some(p) => {
                    pool.people.contains(&p) || pool.open.iter().any(|open| directory.may_be_in(p, *open))
                }
                None => match who.role {
                    Some(role) => pool.open.contains(&role),
                    None => !pool.open.is_empty(),
                },
            };
            let d = Diagnostic::error(
                CODE,
                approval.origin.span,
                format!("{shown} granted `{}` and may not", approval.name),
            );
            let d = if member {
                let Some((written, why)) = barred(r, run, *id, who) else {
                    continue;
                };
                d.here("granted by somebody who takes part in the change")
                    .fact(written, why)
            } else {
                let from = duty::from_origin(approval).span;
                d.here("granted by somebody else").fact(from, said(approval, who))
            };
            bag.push(
                d.help("treat the change as not approved: have it approved now, or take it back")
                    .help(
                        "find out how it could be granted: the rules of the target are weaker than the plan",
                    ),
            );
        }
    }
}

fn said(approval: &Approval, who: &Who) -> String {
    match who.person {
        Some(_) => "is not among those the plan lets approve".to_string(),
        None if approval.from.is_empty() => "nobody is let approve".to_string(),
        None => "is nobody the plan knows".to_string(),
    }
}

/// What keeps somebody of the right role out of an approval: they wrote the change, or they executed it.
fn barred(r: &Release, run: &Run, id: ApprovalId, who: &Who) -> Option<(Span, String)> {
    let seat = Seat::Approval(id);
    let wrote = |p: &PersonRef| matches!(p, PersonRef::Person(p) if Some(*p) == who.person);
    if let Some(apart) = duty::keeps_apart(r, seat, Seat::Author)
        && r.authors.iter().any(|(p, _)| wrote(p))
    {
        return Some((
            apart.span,
            "wrote the change, and the plan wants somebody else".to_string(),
        ));
    }
    let starter = run.starter.as_ref().filter(|s| s.same(who))?;
    let stages = (0..r.stages.len()).map(StageId::at);
    let apart = stages
        .filter(|s| duty::named_by(r.stage(*s)).iter().any(|(a, _)| *a == id))
        .find_map(|s| duty::keeps_apart(r, seat, Seat::Executor(s)))?;
    let why = format!(
        "{} started the run, and the plan wants somebody else",
        starter.shown(r)
    );
    Some((apart.span, why))
}
