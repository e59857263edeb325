//! `comms/silent_failure`: whoever is told that a release starts is not told that it failed or was rolled back.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{MomentKind, Notify, NotifyTarget, Origin, Release};
use crate::plan::Truth;
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
    let sent = sent(subject);
    let mut seen: Vec<NotifyTarget> = Vec::new();
    for notify in &sent {
        if seen.contains(&notify.to) {
            continue;
        }
        seen.push(notify.to);
        let Some(start) = starts(&sent, notify.to) else {
            continue;
        };
        let told = told(release, &sent, notify.to);
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

/// The messages that some run sends; of the others `dag/dead_condition` tells.
fn sent<'a>(subject: &Subject<'a>) -> Vec<&'a Notify> {
    let plan = subject.plan;
    let variants = plan.variants();
    let sent = |n: &&Notify| variants.find(plan, variants.of(plan, &n.when)) != Truth::Never;
    plan.release().notifies.iter().filter(sent).collect()
}

/// Where somebody is told that the run starts.
fn starts<'a>(sent: &[&'a Notify], to: NotifyTarget) -> Option<&'a Origin> {
    let moments = sent.iter().filter(|n| n.to == to).flat_map(|n| &n.on);
    moments
        .filter(|m| m.kind == MomentKind::Started && m.stage.is_none() && !m.each)
        .map(|m| &m.origin)
        .next()
}

/// Everything somebody is told of the run as a whole, calls for help included.
fn told(release: &Release, sent: &[&Notify], to: NotifyTarget) -> BTreeSet<MomentKind> {
    let notified = sent.iter().filter(|n| n.to == to).flat_map(|n| &n.on);
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
