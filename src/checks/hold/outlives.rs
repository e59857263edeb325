//! `hold/outlives`: on the longest path a hold lasts longer than it may.

use crate::checks::{Check, Subject, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{HoldId, StageId};
use crate::plan::{Node, Pace, Truth, Variant};

/// The diagnostic.
pub const CODE: Code = Code("hold/outlives");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    for (i, hold) in r.holds.iter().enumerate() {
        let Some((at_most, written)) = &hold.at_most else {
            continue;
        };
        let spanned: std::collections::BTreeSet<StageId> =
            plan.hold_stages(HoldId::at(i)).into_iter().collect();
        let worst = plan.worst(Pace::Longest, |schedule, stage| {
            let times = |s| schedule.stage(plan, s);
            spanned
                .contains(&stage)
                .then(|| times(stage).finish - times(hold.from).start - at_most.as_ms())
        });
        let Some(worst) = worst else { continue };
        let lasts = place::span(worst.by.saturating_add(at_most.as_ms()));
        let mut d = Diagnostic::warning(
            CODE,
            written.span,
            format!("`{}` can last {lasts}, and may last {at_most}", hold.name),
        )
        .here(format!("{} too long", place::span(worst.by)));
        let began = worst.schedule.stage(plan, hold.from).start;
        let mut lines = vec![format!("`{}` is entered at {}", hold.name, place::offset(began))];
        let inside: Vec<&Node> = worst
            .path
            .iter()
            .filter(|n| worst.schedule.of(plan, **n).finish > began)
            .collect();
        let skipped = inside.len().saturating_sub(4);
        for node in inside.into_iter().skip(skipped) {
            let t = worst.schedule.of(plan, *node);
            lines.push(format!(
                "`{}` ends at {}",
                plan.node_name(*node),
                place::offset(t.finish)
            ));
            d = d.fact(
                plan.node_origin(*node).span,
                format!("takes up to {}", place::span(t.finish.saturating_sub(t.start))),
            );
        }
        let variant = match plan.variants().find(plan, worst.given) {
            Truth::In(v) => v,
            Truth::Never | Truth::Undecided => Variant::any(),
        };
        bag.push(
            d.note(trace::numbered(&variant, &lines))
                .help("let it span fewer stages, or allow it more time"),
        );
    }
}
