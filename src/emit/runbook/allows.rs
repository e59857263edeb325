//! What may begin once an approval is given: what it guards, and which others are needed for it too.
//!
//! Must not decide what is guarded: the plan does. Called by `summary`.

use crate::emit::runbook::consent::guards;
use crate::emit::runbook::say;
use crate::emit::runbook::words::{Spoken, words};
use crate::model::{ApprovalId, Cond};

/// So many other approvals are named.
const NAMED: usize = 3;

/// What may begin, in words: what needs the same other approvals stands together.
pub(super) fn allows(plan: Spoken<'_>, id: ApprovalId) -> String {
    let r = plan.release();
    let mut groups: Vec<(Vec<ApprovalId>, Vec<String>)> = Vec::new();
    for (what, needed) in guards(plan, id) {
        let others: Vec<ApprovalId> = needed.into_iter().filter(|a| *a != id).collect();
        match groups.iter_mut().find(|(o, _)| *o == others) {
            Some((_, list)) => list.push(what),
            None => groups.push((others, vec![what])),
        }
    }
    let said = groups.into_iter().map(|(others, list)| {
        let then = match list.as_slice() {
            [one] => words!(r, "decide.may_start", stages = one),
            many if many.len() > 5 => words!(r, "decide.many_may_start", n = many.len(), first = many[0]),
            many => words!(r, "decide.may_start", stages = say::list(r, many)),
        };
        if others.is_empty() {
            return then;
        }
        if others.len() > NAMED {
            return words!(r, "decide.with_many", then = then, n = others.len());
        }
        let titles: Vec<String> = others
            .iter()
            .map(|a| {
                let a = r.approval(*a);
                let title = words!(r, "decide.option", option = say::text(r, &a.title));
                match &a.when {
                    Cond::True => title,
                    when => words!(r, "row.only_when", what = title, when = say::when(r, when)),
                }
            })
            .collect();
        let others = say::list(r, &titles);
        match titles.len() {
            1 => words!(r, "decide.with_other", then = then, other = others),
            _ => words!(r, "decide.with_others", then = then, others = others),
        }
    });
    said.collect::<Vec<_>>().join("; ")
}
