//! `time/notice_too_late`: people are told too short a time before, or so long before a moment that nobody can know.

use crate::checks::{Check, Subject, limit, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Dur, MomentKind};

/// The diagnostic.
pub const CODE: Code = Code("time/notice_too_late");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// How long before a downtime people are told when no policy says otherwise.
const BEFORE_DOWNTIME: Dur = Dur {
    ms: 5 * 86_400_000,
    working_days: 0,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let policy = limit::duration(plan, CODE.0);
    let downtime = r
        .change
        .as_ref()
        .filter(|c| c.downtime.is_some_and(|d| d.as_ms() > 0));
    for notify in &r.notifies {
        let Some((lead, origin)) = &notify.lead else {
            continue;
        };
        let unplanned = notify.on.iter().find(|m| {
            !matches!(
                m.kind,
                MomentKind::Scheduled | MomentKind::Started | MomentKind::Finished
            )
        });
        if let Some(moment) = unplanned {
            let word = moment.kind.word();
            let d = Diagnostic::warning(
                CODE,
                origin.span,
                format!("nobody can be told {lead} before `{word}`: it is not planned"),
            )
            .here("before what?");
            bag.push(
                place::fact(d, &moment.origin, format!("`{word}` is known when it happens"))
                    .help("write the `lead` with `scheduled` or `started`, in a `notify` of its own"),
            );
            continue;
        }
        let least = match (policy, downtime) {
            (Some((d, _)), _) => d,
            (None, Some(_)) => BEFORE_DOWNTIME,
            (None, None) => continue,
        };
        if lead.as_ms() >= least.as_ms() {
            continue;
        }
        let mut d = Diagnostic::warning(
            CODE,
            origin.span,
            format!("people are told {lead} before, and {least} is the least"),
        )
        .here("too late");
        if let Some((_, limit)) = policy {
            d = place::fact(d, &limit.origin, "the policy's limit");
        } else if let Some(change) = downtime {
            d = place::fact(d, &change.origin, "the change has a downtime");
        }
        bag.push(d.help(format!("write `lead {least}` or longer")));
    }
}
