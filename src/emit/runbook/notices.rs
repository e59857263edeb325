//! Drafts of what people are told, one for each moment: what a person sends, or puts into their own words.
//!
//! Must not decide who is told: the plan does. Called by `mod`.

use crate::emit::runbook::around::moment;
use crate::emit::runbook::say;
use crate::emit::runbook::times::Times;
use crate::emit::runbook::unsaid::Unsaid;
use crate::emit::runbook::words::{Spoken, Told, words};
use crate::model::{MomentKind, NotifyTarget};
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
pub(super) fn notices(plan: Spoken<'_>, times: &Times) -> Vec<Notice> {
    let r = plan.release();
    let mut list: Vec<(MomentKind, Notice)> = Vec::new();
    for n in &r.notifies {
        let to = match n.to {
            NotifyTarget::Channel(c) => say::text(r, &r.channel(c).title),
            NotifyTarget::Role(role) => say::role(r, role),
        };
        for m in &n.on {
            let moment = moment(r, m);
            let text = match (&n.message, m.stage, m.each) {
                (Some(t), ..) => say::text(r, t),
                (None, Some(s), _) => of_stage(r, &say::text(r, &r.stage(s).title), m.kind),
                (None, None, true) => of_stage(r, &words!(r, "notice.any_stage"), m.kind),
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

fn of_stage(r: Told<'_>, stage: &str, kind: MomentKind) -> String {
    let stage = words!(r, "notice.stage", stage = stage);
    let happened = r
        .words
        .fill(&format!("notice.{}", kind.word()), &[("what", stage)]);
    words!(
        r,
        "notice.of_stage",
        title = say::text(r, &r.title),
        what = happened
    )
}

/// What is said of the whole run, with what a reader outside wants to know: what they notice, and until when.
fn of_run(plan: Spoken<'_>, times: &Times, kind: MomentKind) -> String {
    let r = plan.release();
    let title = say::text(r, &r.title);
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
        format!(" {}", words!(r, "notice.impact", impact = impact))
    };
    let start = times.whole(0);
    let end = times
        .whole(times.ending.over)
        .map(|at| {
            let text = if Unsaid::of(plan).any() {
                words!(r, "notice.should_end_by", time = at)
            } else {
                words!(r, "notice.ends_by", time = at)
            };
            format!(" {text}")
        })
        .unwrap_or_default();
    let back = r
        .replaces
        .as_ref()
        .map(|t| {
            format!(
                " {}",
                words!(r, "notice.version_in_use", version = say::text(r, t))
            )
        })
        .unwrap_or_default();
    match kind {
        MomentKind::Scheduled => match start {
            Some(start) => words!(r, "notice.is_planned_for", title = title, time = start) + &end + &notice,
            None => words!(r, "notice.is_planned", title = title) + &notice,
        },
        MomentKind::Started => words!(r, "notice.has_started", title = title) + &end + &notice,
        MomentKind::Finished => {
            words!(r, "notice.is_complete", title = title)
        }
        MomentKind::Failed => words!(r, "notice.has_a_problem", title = title) + &notice,
        MomentKind::RolledBack => {
            words!(r, "notice.taken_back", title = title, version = back)
        }
        MomentKind::Paused => {
            words!(r, "notice.is_paused", title = title)
        }
        MomentKind::Stopped => {
            words!(r, "notice.is_stopped", title = title)
        }
        MomentKind::NeedsHelp => {
            words!(r, "notice.help_is_needed", title = title)
        }
        MomentKind::Approved => words!(r, "notice.is_approved", title = title),
        MomentKind::Rejected => words!(r, "notice.is_rejected", title = title),
    }
}
