//! `comms/no_escalation`: a plan changes production, and nobody is called when it fails.

use crate::checks::comms::no_audience::first_change;
use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{FailureOutcome, MomentKind};

/// The diagnostic.
pub const CODE: Code = Code("comms/no_escalation");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let Some(stage) = first_change(subject.plan) else {
        return;
    };
    let bad = |k: MomentKind| {
        matches!(
            k,
            MomentKind::Failed | MomentKind::NeedsHelp | MomentKind::RolledBack
        )
    };
    let called = release.escalates.iter().any(|e| e.on.iter().any(|m| bad(m.kind)));
    let by_trigger = release
        .triggers
        .iter()
        .any(|t| matches!(t.then, FailureOutcome::Escalate(_)));
    if called || by_trigger {
        return;
    }
    let mut d = Diagnostic::warning(
        CODE,
        release.origin.span,
        format!("nobody is called when `{}` fails", release.name),
    )
    .here("no `escalate` on failure")
    .fact(release.stage(stage).origin.span, "changes production");
    if let Some(other) = release.escalates.first() {
        d = d.fact(other.origin.span, "called at other moments only");
    }
    bag.push(d.help("call somebody: `escalate CHANNEL { on failed, needs_help; unanswered 10m }`"));
}
