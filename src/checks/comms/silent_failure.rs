//! `comms/silent_failure`: whoever is told that a release starts is not told that it failed or was rolled back.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{MomentKind, NotifyTarget, Origin, Release};
use crate::plan::show::prose;
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("comms/silent_failure");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let mut seen: Vec<NotifyTarget> = Vec::new();
    for notify in &release.notifies {
        if seen.contains(&notify.to) {
            continue;
        }
        seen.push(notify.to);
        let Some(start) = starts(release, notify.to) else {
            continue;
        };
        let told = told(release, notify.to);
        let missing: Vec<&str> = [MomentKind::Failed, MomentKind::RolledBack]
            .iter()
            .filter(|k| !told.contains(k))
            .map(|k| k.word())
            .collect();
        if missing.is_empty() {
            continue;
        }
        let who = match notify.to {
            NotifyTarget::Channel(c) => prose(release, &release.channel(c).title),
            NotifyTarget::Role(r) => release.role(r).name.to_string(),
        };
        let d = Diagnostic::warning(
            CODE,
            notify.origin.span,
            format!(
                "`{who}` is told that the release starts, and not when it is {}",
                place::names(missing.iter().copied(), 2)
            ),
        )
        .here("they would wait for the end");
        let d = if start.span == notify.origin.span {
            d
        } else {
            place::fact(d, start, "told here")
        };
        bag.push(d.help(format!("tell them too: `on …, {}`", missing.join(", "))));
    }
}

/// Where somebody is told that the run starts.
fn starts(release: &Release, to: NotifyTarget) -> Option<&Origin> {
    let moments = release.notifies.iter().filter(|n| n.to == to).flat_map(|n| &n.on);
    moments
        .filter(|m| m.kind == MomentKind::Started && m.stage.is_none() && !m.each)
        .map(|m| &m.origin)
        .next()
}

/// Everything somebody is told of the run as a whole, calls for help included.
fn told(release: &Release, to: NotifyTarget) -> BTreeSet<MomentKind> {
    let notified = release.notifies.iter().filter(|n| n.to == to).flat_map(|n| &n.on);
    let called = release
        .escalates
        .iter()
        .filter(|e| NotifyTarget::Channel(e.channel) == to)
        .flat_map(|e| &e.on);
    notified
        .chain(called)
        .filter(|m| m.stage.is_none())
        .map(|m| m.kind)
        .collect()
}
