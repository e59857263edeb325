//! `policy/not_understood`: a policy asks for something that no plan has.

use crate::checks::policy::eval::limit_is_known;
use crate::checks::policy::violated::{Found, each};
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};

/// The diagnostic.
pub const CODE: Code = Code("policy/not_understood");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    for policy in &subject.plan.release().policies {
        each(subject.plan, policy, &mut |found| {
            if let Found::Fault(rule, fault) = found {
                let origin = rule.map_or(&policy.origin, |r| &r.origin);
                let mut d = Diagnostic::error(CODE, origin.span, fault.message).here("cannot be answered");
                d = place::through(d, origin);
                if let Some(hint) = fault.hint {
                    d = d.help(hint);
                }
                bag.push(d.help(
                    "a policy asks for the statements of things by their keywords, and for `guards`, `changes`, `eligible`, `undo` and `weight`",
                ));
            }
        });
        for limit in policy.limits.iter().filter(|l| !limit_is_known(l)) {
            bag.push(
                Diagnostic::error(
                    CODE,
                    limit.origin.span,
                    format!("the limit of `{}` is not known", limit.code),
                )
                .here("known at run time only")
                .help("write a plain value: `7d`, `25%` or `3`"),
            );
        }
    }
}
