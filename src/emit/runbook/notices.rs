//! Drafts of what people are told, one for each moment: what a person sends, or puts into their own words.
//!
//! Must not decide who is told: the plan does. Called by `mod`.

use crate::emit::runbook::say;
use crate::emit::runbook::times::{Times, span};
use crate::model::{MomentKind, NotifyTarget, Release, StageId};
use crate::plan::Plan;
use serde::Serialize;

/// A draft.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Notice {
    pub moment: String,
    pub to: String,
    pub text: String,
    /// The author of the plan wrote the text.
    pub written: bool,
}

/// Every draft, in the order of the moments.
pub(super) fn notices(plan: &Plan, times: &Times) -> Vec<Notice> {
    let r = plan.release();
    let mut list: Vec<(MomentKind, Notice)> = Vec::new();
    for n in &r.notifies {
        let to = match n.to {
            NotifyTarget::Channel(c) => say::text(r, &r.channel(c).title),
            NotifyTarget::Role(role) => say::role(r, role),
        };
        for m in &n.on {
            let word = m.kind.word().replace('_', " ");
            let moment = match (m.stage, m.each) {
                (Some(s), _) => format!("{} {word}", r.stage(s).name),
                (None, true) => format!("each stage {word}"),
                (None, false) => word,
            };
            let text = match (&n.message, m.stage, m.each) {
                (Some(t), ..) => say::text(r, t),
                (None, Some(s), _) => of_stage(r, &say::text(r, &r.stage(s).title), m.kind),
                (None, None, true) => of_stage(r, "‹stage›", m.kind),
                (None, None, false) => of_run(plan, times, m.kind),
            };
            let written = n.message.is_some();
            let same = list
                .iter_mut()
                .find(|(_, d)| d.moment == moment && d.text == text);
            match same {
                Some((_, d)) => d.to = format!("{}, {to}", d.to),
                None => list.push((
                    m.kind,
                    Notice {
                        moment,
                        to: to.clone(),
                        text,
                        written,
                    },
                )),
            }
        }
    }
    list.sort_by_key(|(kind, _)| *kind);
    list.into_iter().map(|(_, d)| d).collect()
}

fn of_stage(r: &Release, stage: &str, kind: MomentKind) -> String {
    format!(
        "{}: “{stage}” has {}.",
        say::text(r, &r.title),
        kind.word().replace('_', " ")
    )
}

/// What is said of the whole run, with what a reader outside wants to know: what they notice, and until when.
fn of_run(plan: &Plan, times: &Times, kind: MomentKind) -> String {
    let r = plan.release();
    let title = say::text(r, &r.title);
    let last = (0..r.stages.len())
        .map(|i| span(plan, StageId::at(i)).1)
        .max()
        .unwrap_or(0);
    let change = r.change.as_ref();
    let mut impact = change
        .map(|c| say::maybe(r, c.impact.as_ref()))
        .unwrap_or_default();
    if !impact.is_empty() && !impact.ends_with(['.', '!', '?']) {
        impact.push('.');
    }
    let notice = if impact.is_empty() {
        String::new()
    } else {
        format!(" What you may notice: {impact}")
    };
    let start = times.whole(0);
    let end = times
        .whole(last)
        .map(|at| format!(" It ends by {at} at the latest."))
        .unwrap_or_default();
    let back = r
        .replaces
        .as_ref()
        .map(|t| format!(" Version {} is in use.", say::text(r, t)))
        .unwrap_or_default();
    match kind {
        MomentKind::Scheduled => match start {
            Some(start) => format!("{title} is planned for {start}.{end}{notice}"),
            None => format!("{title} is planned.{notice}"),
        },
        MomentKind::Started => format!("{title} has started.{end}{notice}"),
        MomentKind::Finished => {
            format!("{title} is complete. If something does not work as it did, tell us.")
        }
        MomentKind::Failed => {
            format!("{title} has met a problem. We are looking into it and will report again.{notice}")
        }
        MomentKind::RolledBack => {
            format!("{title} has been taken back.{back} We will say when it is tried again.")
        }
        MomentKind::Paused => {
            format!("{title} is paused while we look at what we see. Nothing changes until we say so.")
        }
        MomentKind::Stopped => {
            format!("{title} has been stopped before its end. What was changed until then stays in use.")
        }
        MomentKind::NeedsHelp => {
            format!("{title} could not be taken back by itself. People are working on it now.")
        }
        MomentKind::Approved => format!("{title} has been approved."),
        MomentKind::Rejected => format!("{title} has not been approved and does not take place as planned."),
    }
}
