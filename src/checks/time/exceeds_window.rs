//! `time/exceeds_window`: on the longest path a stage that the window covers ends after the window closes.

use crate::checks::{Check, Subject, place, trace};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::plan::{Cause, Node, Pace, Truth, Variant};

/// The diagnostic.
pub const CODE: Code = Code("time/exceeds_window");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// How many nodes of the path are shown.
const SHOWN: usize = 5;

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let plan = subject.plan;
    let r = plan.release();
    let Some(window) = &r.window else { return };
    let clock = plan.clock();
    let worst = plan.worst(Pace::Longest, |schedule, stage| {
        if !plan.covered(stage) {
            return None;
        }
        let t = schedule.stage(plan, stage);
        let closes = plan.opening(&clock, t.start)?.closes?;
        Some(t.finish.saturating_sub(closes))
    });
    let Some(worst) = worst else { return };
    let last = &r.stage(worst.stage).name;
    let t = worst.schedule.stage(plan, worst.stage);
    let closes = t.finish.saturating_sub(worst.by);
    let mut d = Diagnostic::error(
        CODE,
        window.origin.span,
        format!(
            "`{last}` can end {} after the window closes",
            place::span(worst.by)
        ),
    )
    .here(format!("closes at {}", place::offset(closes)));
    let skipped = worst.path.len().saturating_sub(SHOWN);
    let mut lines = Vec::new();
    for (i, node) in worst.path.iter().enumerate().skip(skipped) {
        let t = worst.schedule.of(plan, *node);
        let name = plan.node_name(*node);
        let why = match t.cause {
            Cause::At => " (its `at`)",
            Cause::Window => " (the window opens)",
            Cause::Start | Cause::Node(_) => "",
        };
        let left_out = if i == skipped && skipped > 0 {
            format!(", after {skipped} more")
        } else {
            String::new()
        };
        lines.push(match node {
            Node::Stage(_) => format!(
                "`{name}` starts at {}{why}{left_out} and ends at {}",
                place::offset(t.start),
                place::offset(t.finish)
            ),
            Node::Approval(_) => format!("`{name}` is granted at {}", place::offset(t.finish)),
            Node::Decision(_) => format!("`{name}` is decided at {}", place::offset(t.finish)),
        });
        let takes = t.finish.saturating_sub(t.start);
        if takes > 0 {
            let origin = plan.node_origin(*node);
            d = d.fact(
                origin.span,
                format!("`{name}` takes up to {}", place::span(takes)),
            );
        }
    }
    let variant = match plan.variants().find(plan, worst.given) {
        Truth::In(v) => v,
        Truth::Never | Truth::Undecided => Variant::any(),
    };
    bag.push(
        d.note(trace::numbered(&variant, &lines).replacen("the run", "the longest path", 1))
            .help(format!(
                "let the window close at {} or later, or start earlier",
                place::offset(t.finish)
            ))
            .help("or let stages that do not wait for each other run beside each other"),
    );
}
