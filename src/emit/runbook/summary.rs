//! The first screen of every document: what, why, risk, when, how long at worst, who decides what, and red flags.

use crate::diagnostic::Severity;
use crate::emit::Context;
use crate::emit::runbook::from_here::{Cause, Way};
use crate::emit::runbook::say;
use crate::emit::runbook::times::{Times, span};
use crate::model::Rollback;
use crate::plan::{Node, Pace, Plan};
use serde::Serialize;

/// The first screen.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub name: String,
    pub title: String,
    pub doc: String,
    pub about: String,
    pub app_version: String,
    pub replaces: String,
    pub change: String,
    pub change_type: String,
    pub risk: String,
    pub justification: String,
    pub impact: String,
    pub downtime: String,
    pub components: Vec<String>,
    pub ticket: String,
    pub docs: Vec<String>,
    pub authors: String,
    pub owner: String,
    pub environment: String,
    pub start: String,
    pub window: String,
    pub zone: String,
    pub finish: String,
    pub longest: String,
    pub worst_finish: String,
    pub worst_rollback: String,
    pub rehearsal: String,
    pub asked: Vec<String>,
    pub red_flags: Vec<String>,
    pub known_start: bool,
    pub local: bool,
}

pub(super) fn summary(plan: &Plan, context: &Context<'_>, times: &Times, ways: &[Way]) -> Summary {
    let r = plan.release();
    let last = (0..r.stages.len())
        .map(|i| span(plan, crate::model::StageId::at(i)).1)
        .max()
        .unwrap_or(0);
    // At worst what fails does so at its end, and the whole way back from there follows.
    let worst = ways
        .iter()
        .map(|w| failed_by(plan, w).saturating_add(w.safe.as_ms()))
        .max()
        .unwrap_or(last)
        .max(last);
    let longest_undo = ways
        .iter()
        .filter(|w| w.undoes())
        .map(|w| w.safe)
        .max_by_key(|d| d.as_ms());
    let ends = |ms: i64| match times.whole(ms) {
        Some(at) => format!("{} – {at}", say::offset(ms)),
        None => format!(
            "{} after the start",
            say::dur(crate::model::Dur { ms, working_days: 0 })
        ),
    };
    let change = r.change.as_ref();
    Summary {
        name: r.name.to_string(),
        title: say::text(r, &r.title),
        doc: r.doc.clone().unwrap_or_default(),
        about: say::maybe(r, r.summary.as_ref()),
        app_version: say::text(r, &r.version),
        replaces: say::maybe(r, r.replaces.as_ref()),
        change: change.map(|c| say::text(r, &c.id)).unwrap_or_default(),
        change_type: change.map(|c| c.kind.word().to_string()).unwrap_or_default(),
        risk: change.map(|c| c.risk.word().to_string()).unwrap_or_default(),
        justification: change
            .map(|c| say::maybe(r, c.justification.as_ref()))
            .unwrap_or_default(),
        impact: change
            .map(|c| say::maybe(r, c.impact.as_ref()))
            .unwrap_or_default(),
        downtime: change.and_then(|c| c.downtime).map(say::dur).unwrap_or_default(),
        components: change
            .map(|c| c.components.iter().map(|t| say::text(r, t)).collect())
            .unwrap_or_default(),
        ticket: change
            .map(|c| say::maybe(r, c.ticket.as_ref()))
            .unwrap_or_default(),
        docs: r.docs.iter().map(|t| say::text(r, t)).collect(),
        authors: crate::emit::runbook::consent::authors(r),
        owner: say::role(r, r.owner),
        environment: r.env(r.environment).name.to_string(),
        start: times.whole(0).unwrap_or_default(),
        window: window(plan, times),
        zone: if times.local {
            times.clock.zone.iana_name().unwrap_or("").to_string()
        } else {
            String::new()
        },
        finish: ends(last),
        longest: say::dur(crate::model::Dur {
            ms: last,
            working_days: 0,
        }),
        worst_finish: ends(worst),
        worst_rollback: longest_undo.map(say::dur).unwrap_or_default(),
        rehearsal: rehearsal(plan),
        asked: asked(plan),
        red_flags: red_flags(plan, context),
        known_start: times.clock.t.is_some(),
        local: times.local,
    }
}

/// When a failure has come at the latest, in milliseconds from T.
fn failed_by(plan: &Plan, w: &Way) -> i64 {
    let node = match &w.cause {
        Cause::Step(s) | Cause::LaterStep(s) | Cause::Gates(s, _) | Cause::Entry(s, _) => Node::Stage(*s),
        Cause::Refused(a) => Node::Approval(*a),
        Cause::Option(d, _) => Node::Decision(*d),
    };
    plan.schedule(Pace::Longest).of(plan, node).finish
}

fn window(plan: &Plan, times: &Times) -> String {
    let r = plan.release();
    let Some(w) = &r.window else { return String::new() };
    let moment = |c: &crate::model::Civil| {
        let zone = plan.zone().unwrap_or(jiff::tz::TimeZone::UTC);
        let at = crate::plan::read(c, &zone).map(crate::plan::Reading::moment)?;
        let utc = at
            .to_zoned(jiff::tz::TimeZone::UTC)
            .strftime("%H:%M UTC")
            .to_string();
        Some(if times.local {
            format!("{} ({utc})", say::moment(at, &zone))
        } else {
            say::moment(at, &zone)
        })
    };
    match (&w.opens, &w.closes) {
        (Some(o), Some(c)) => match (moment(o), moment(c)) {
            (Some(o), Some(c)) => format!("{o} to {c}"),
            _ => String::new(),
        },
        (Some(o), None) => moment(o).map(|o| format!("from {o}")).unwrap_or_default(),
        (None, Some(c)) => moment(c).map(|c| format!("until {c}")).unwrap_or_default(),
        (None, None) => {
            let days: Vec<String> = w.days.iter().map(|d| d.word().to_string()).collect();
            let days = if days.is_empty() {
                "every day".to_string()
            } else {
                say::list(&days)
            };
            let hours = w
                .hours
                .map(|(a, b)| format!(", {} to {}", a.strftime("%H:%M"), b.strftime("%H:%M")));
            let zone = w.zone.as_ref().map_or("UTC", |z| z.as_str());
            format!("{days}{} ({zone})", hours.unwrap_or_default())
        }
    }
}

fn rehearsal(plan: &Plan) -> String {
    let r = plan.release();
    let Some(t) = &r.tested else { return String::new() };
    let mut parts = Vec::new();
    if let Some(e) = t.environment {
        parts.push(format!("in {}", r.env(e).name));
    }
    if let Some(on) = t.on {
        parts.push(format!("on {}", on.strftime("%-d %B %Y")));
    }
    let evidence = say::maybe(r, t.evidence.as_ref());
    let place = parts.join(" ");
    if evidence.is_empty() {
        place
    } else {
        format!("{place} ({evidence})")
    }
}

/// What each approval and decision asks of whom.
fn asked(plan: &Plan) -> Vec<String> {
    let r = plan.release();
    let approvals = r.approvals.iter().map(|a| {
        let from: Vec<String> = a.from.iter().map(|(w, _)| say::who(r, *w)).collect();
        let many = match a.quorum {
            crate::model::Quorum::All => "all of ".to_string(),
            crate::model::Quorum::Count(1) => "one of ".to_string(),
            crate::model::Quorum::Count(n) => format!("{n} of "),
        };
        let within = a
            .within
            .map(|d| format!(", within {}", say::dur(d)))
            .unwrap_or_default();
        format!("{}: {many}{}{within}", say::text(r, &a.title), say::list(&from))
    });
    let decisions = r.decisions.iter().map(|d| {
        let by = say::answerers(r, &d.question, Some(r.owner));
        format!("{} ({by})", say::text(r, &d.question.ask))
    });
    approvals.chain(decisions).collect()
}

/// What a plan should say and does not, and what was found or accepted.
fn red_flags(plan: &Plan, context: &Context<'_>) -> Vec<String> {
    let r = plan.release();
    let mut flags = Vec::new();
    match &r.change {
        None => flags.push(
            "There is no change request: why the change is made, and how risky it is, is not written down."
                .into(),
        ),
        Some(c) => {
            if c.justification.is_none() {
                flags.push("The change request gives no reason for the change.".into());
            }
            if c.impact.is_none() {
                flags.push("The change request does not say what users will notice.".into());
            }
        }
    }
    if r.tested.is_none() {
        flags.push("Neither the release nor its rollback was rehearsed.".into());
    }
    if r.start.is_none() && r.window.is_none() {
        flags.push("No time is planned: the release starts whenever someone starts it.".into());
    }
    if r.notifies.is_empty() {
        flags.push("Nobody is told when it starts, ends or fails.".into());
    }
    if r.escalates.is_empty() {
        flags.push("Nobody is called when it fails and no one answers.".into());
    }
    for s in &r.stages {
        if let Rollback::Irreversible { why, .. } = &s.rollback {
            flags.push(format!("{} cannot be undone: {}", s.name, say::text(r, why)));
        }
    }
    let accepted = context
        .findings
        .iter()
        .filter(|d| r.allows.iter().any(|a| a.code == d.code.0))
        .count();
    let warnings = context
        .findings
        .iter()
        .filter(|d| d.severity == Severity::Warning)
        .count()
        .saturating_sub(accepted);
    if warnings > 0 {
        flags.push(format!(
            "The compiler warns of {warnings} thing{}; see the findings.",
            if warnings == 1 { "" } else { "s" }
        ));
    }
    if !r.allows.is_empty() {
        let n = r.allows.len();
        flags.push(format!(
            "{n} finding{} accepted with a reason; see the accepted findings.",
            if n == 1 { " was" } else { "s were" }
        ));
    }
    flags
}
