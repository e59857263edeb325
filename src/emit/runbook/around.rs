//! What stands around the work: people, places, messages, obligations, what was accepted.
//!
//! Must not decide what a document shows: templates do. Called by `mod`.

use crate::diagnostic::Diagnostic;
use crate::emit::Context;
use crate::emit::runbook::acts::beside;
use crate::emit::runbook::follows;
use crate::emit::runbook::region::there;
pub(super) use crate::emit::runbook::rows::*;
use crate::emit::runbook::say;
use crate::emit::runbook::times::{Times, span};
use crate::emit::runbook::words::{Spoken, Told, words};
use crate::model::{
    ChecklistId, Cond, Dur, Moment, MomentKind, Notify, NotifyTarget, ParamType, PersonRef, StageId,
    TriggerTest,
};

pub(super) fn opt(r: Told<'_>, t: Option<&crate::model::Text>) -> String {
    say::maybe(r, t)
}

pub(super) fn places(plan: Spoken<'_>) -> Vec<Place> {
    let r = plan.release();
    r.environments
        .iter()
        .map(|e| Place {
            name: e.name.to_string(),
            kind: say::word(r, "environment", e.kind.word()),
            region: opt(r, e.region.as_ref()),
            account: opt(r, e.account.as_ref()),
            iac: opt(r, e.iac.as_ref()),
            url: opt(r, e.url.as_ref()),
            classification: e
                .classification
                .map(|c| say::word(r, "classification", c.word()))
                .unwrap_or_default(),
            encryption: opt(r, e.encryption.as_ref()),
            note: e
                .mirrors
                .map(|m| words!(r, "environment.stands_for", environment = r.env(m).name))
                .unwrap_or_default(),
        })
        .collect()
}

/// When stages apply that all apply under one condition; empty when they always do, or each under its own.
pub(super) fn when_all(r: Told<'_>, stages: &[StageId]) -> String {
    match stages.split_first() {
        Some((first, rest)) if rest.iter().all(|s| r.stage(*s).when == r.stage(*first).when) => {
            say::when(r, &r.stage(*first).when)
        }
        _ => String::new(),
    }
}

/// Before which stages a checklist is ticked, and when they apply.
fn before(plan: Spoken<'_>, id: ChecklistId) -> String {
    let r = plan.release();
    let wants = |s: &StageId| r.stage(*s).wants(id);
    let stages: Vec<StageId> = plan.stage_order().into_iter().filter(wants).collect();
    if stages.is_empty() {
        return String::new();
    }
    let names = say::stages(r, &stages);
    match when_all(r, &stages).as_str() {
        "" => words!(r, "text.ticked_before", stages = names),
        when => words!(r, "text.ticked_before_when", stages = names, when = when),
    }
}

pub(super) fn checklists(plan: Spoken<'_>) -> Vec<List> {
    let r = plan.release();
    r.checklists
        .iter()
        .enumerate()
        .map(|(i, c)| List {
            title: say::text(r, &c.title),
            before: before(plan, ChecklistId::at(i)),
            items: c
                .items
                .iter()
                .map(|i| {
                    let run = i.check.as_ref().and_then(|a| a.run.as_ref());
                    let (check, command) = say::cell(there(r, r.environment, run));
                    Item {
                        what: say::text(r, &i.what),
                        owner: say::role(r, i.owner.unwrap_or(r.owner)),
                        evidence: opt(r, i.evidence.as_ref()),
                        check,
                        command,
                        when: say::when(r, &i.when),
                    }
                })
                .collect(),
        })
        .collect()
}

pub(super) fn holds(plan: Spoken<'_>) -> Vec<HoldCard> {
    let r = plan.release();
    let actions = |place, steps: &[crate::model::Step], owner| {
        let actions = steps.iter().map(|s| beside(r, place, s, owner));
        actions.collect()
    };
    r.holds
        .iter()
        .map(|h| HoldCard {
            title: say::text(r, &h.title),
            during: match h.from == h.to {
                true => r.stage(h.from).name.to_string(),
                false => words!(
                    r,
                    "time.range",
                    short = r.stage(h.from).name,
                    long = r.stage(h.to).name
                ),
            },
            at_most: h
                .at_most
                .as_ref()
                .map(|(d, _)| say::dur(r, *d))
                .unwrap_or_default(),
            owner: say::role(r, h.owner.unwrap_or(r.owner)),
            enter: actions(r.stage(h.from).environment, &h.enter, h.owner.unwrap_or(r.owner)),
            exit: actions(r.stage(h.from).environment, &h.exit, h.owner.unwrap_or(r.owner)),
        })
        .collect()
}

pub(super) fn stage_names(r: Told<'_>, stages: &[crate::model::StageId]) -> String {
    say::stages(r, stages)
}

pub(super) fn triggers(plan: Spoken<'_>) -> Vec<TriggerRow> {
    let r = plan.release();
    r.triggers
        .iter()
        .map(|t| TriggerRow {
            name: t.name.to_string(),
            test: match &t.test {
                TriggerTest::Metrics(m) => say::metrics(r, m),
                TriggerTest::Ask(q) => format!(
                    "{} ({})",
                    say::text(r, &q.ask),
                    say::answerers(r, q, Some(r.owner))
                ),
            },
            over: t.over.map(|d| say::dur(r, d)).unwrap_or_default(),
            during: stage_names(r, &t.during),
            then: follows::trigger(r, &t.then),
            first: t
                .steps
                .iter()
                .map(|s| beside(r, r.environment, s, r.owner))
                .collect(),
        })
        .collect()
}

fn moments(r: Told<'_>, on: &[Moment]) -> String {
    let words: Vec<String> = on.iter().map(|m| moment(r, m)).collect();
    say::list(r, &words)
}

/// When something is said: `app finished`, `each stage started`.
pub(super) fn moment(r: Told<'_>, m: &Moment) -> String {
    let word = say::word(r, "moment", m.kind.word());
    match (m.stage, m.each) {
        (Some(s), _) => words!(r, "moment.of_stage", stage = r.stage(s).name, moment = word),
        (None, true) => words!(r, "moment.each_stage", moment = word),
        (None, false) => word,
    }
}

pub(super) fn target(r: Told<'_>, t: NotifyTarget) -> String {
    match t {
        NotifyTarget::Channel(c) => say::text(r, &r.channel(c).title),
        NotifyTarget::Role(role) => say::role(r, role),
    }
}

pub(super) fn messages(plan: Spoken<'_>, times: &Times) -> Vec<Message> {
    let r = plan.release();
    let said = r
        .notifies
        .iter()
        .map(|n| message(plan, times, n, &n.on.iter().collect::<Vec<_>>()));
    by_time(said.collect())
}

/// Each message at each of its moments, in the order of time; what may happen at any time, such as a failure, at the end.
pub(super) fn told(plan: Spoken<'_>, times: &Times) -> Vec<Message> {
    let mut list = Vec::new();
    for n in &plan.release().notifies {
        let lead = n.lead.as_ref().map(|(d, _)| *d);
        let known = |m: &&Moment| moment_at(plan, times, m, lead).is_some();
        let (at_a_time, whenever): (Vec<&Moment>, Vec<&Moment>) = n.on.iter().partition(known);
        list.extend(at_a_time.into_iter().map(|m| message(plan, times, n, &[m])));
        if !whenever.is_empty() {
            let (at, mut said) = message(plan, times, n, &whenever);
            let ahead = whenever.iter().all(|m| m.kind == MomentKind::Scheduled);
            said.first = match (ahead, said.lead.as_str()) {
                (true, lead) => lead.to_string(),
                (false, _) => words!(plan, "row.whenever"),
            };
            list.push((at, said));
        }
    }
    by_time(list)
}

fn by_time(mut list: Vec<(i64, Message)>) -> Vec<Message> {
    list.sort_by_key(|(at, _)| *at);
    list.into_iter().map(|(_, m)| m).collect()
}

/// A message at some of its moments, with the first of them that is known.
fn message(plan: Spoken<'_>, times: &Times, n: &Notify, on: &[&Moment]) -> (i64, Message) {
    let r = plan.release();
    let lead = n.lead.as_ref().map(|(d, _)| *d);
    let at = on.iter().filter_map(|m| moment_at(plan, times, m, lead)).min();
    let (utc, local) = at.map(|at| times.at(at)).unwrap_or_default();
    let words: Vec<String> = on.iter().map(|m| moment(r, m)).collect();
    let moments = say::list(r, &words);
    let message = Message {
        to: target(r, n.to),
        first: at.map(say::offset).unwrap_or_default(),
        utc,
        local,
        moment: match n.when {
            Cond::True => moments,
            ref c => words!(r, "row.only_when", what = moments, when = say::when(r, c)),
        },
        lead: lead
            .map(|d| words!(r, "time.before", time = say::dur(r, d)))
            .unwrap_or_default(),
        message: opt(r, n.message.as_ref()),
        owner: say::role(r, n.owner.unwrap_or(r.owner)),
    };
    (at.unwrap_or(i64::MAX), message)
}

/// When a moment comes that is known beforehand, in milliseconds from T.
pub(super) fn moment_at(plan: Spoken<'_>, times: &Times, m: &Moment, lead: Option<Dur>) -> Option<i64> {
    let all = || (0..plan.plan.release().stages.len()).map(StageId::at);
    match (m.kind, m.stage) {
        (MomentKind::Scheduled, _) => plan.earlier(&plan.clock(), 0, lead?),
        // Whoever is told of the start is told when the run is opened, before anybody is asked.
        (MomentKind::Started, None) if !m.each => Some(times.opened),
        (MomentKind::Finished, None) if !m.each => Some(times.ending.over),
        (MomentKind::Started, Some(s)) => Some(plan.passage(s).begun),
        (MomentKind::Finished, Some(s)) => Some(span(plan, s).1),
        (MomentKind::Started, None) => all().map(|s| plan.passage(s).begun).min(),
        (MomentKind::Finished, None) => all().map(|s| span(plan, s).1).min(),
        _ => None,
    }
}

pub(super) fn escalations(plan: Spoken<'_>) -> Vec<Escalation> {
    let r = plan.release();
    r.escalates
        .iter()
        .map(|e| Escalation {
            channel: say::text(r, &r.channel(e.channel).title),
            moment: moments(r, &e.on),
            unanswered: e.unanswered.map(|d| say::dur(r, d)).unwrap_or_default(),
            severity: e.severity.as_ref().map(ToString::to_string).unwrap_or_default(),
            to: e.to.map(|t| say::who(r, t)).unwrap_or_default(),
        })
        .collect()
}

pub(super) fn contacts(plan: Spoken<'_>) -> Vec<Contact> {
    let r = plan.release();
    r.people
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let id = crate::model::PersonId::at(i);
            let mut roles: Vec<String> = (0..r.roles.len())
                .map(crate::model::RoleId::at)
                .filter(|role| crate::emit::people::members(&r, *role).contains(&id))
                .map(|role| say::role(r, role))
                .collect();
            if r.authors.iter().any(|(a, _)| *a == PersonRef::Person(id)) {
                roles.insert(0, words!(r, "label.author"));
            }
            Contact {
                name: say::text(r, &p.full_name),
                roles: say::list(r, &roles),
                email: opt(r, p.email.as_ref()),
                slack: opt(r, p.slack.as_ref()),
                phone: opt(r, p.phone.as_ref()),
                github: opt(r, p.github.as_ref()),
            }
        })
        .collect()
}

pub(super) fn artifacts(plan: Spoken<'_>) -> Vec<ArtifactRow> {
    let r = plan.release();
    r.artifacts
        .iter()
        .map(|a| ArtifactRow {
            name: a.name.to_string(),
            version: opt(r, a.version.as_ref()),
            digest: opt(r, a.digest.as_ref()),
            store: opt(r, a.store.as_ref()),
            signed_by: opt(r, a.signed_by.as_ref()),
            classification: a
                .classification
                .map(|c| say::word(r, "classification", c.word()))
                .unwrap_or_default(),
        })
        .collect()
}

pub(super) fn risks(plan: Spoken<'_>) -> Vec<Risk> {
    let r = plan.release();
    let word =
        |l: Option<crate::model::Level>| l.map(|l| say::word(r, "level", l.word())).unwrap_or_default();
    r.change
        .iter()
        .flat_map(|c| &c.risks)
        .map(|k| Risk {
            what: say::text(r, &k.what),
            likelihood: word(k.likelihood),
            impact: word(k.impact),
            mitigation: opt(r, k.mitigation.as_ref()),
        })
        .collect()
}

pub(super) fn impacts(plan: Spoken<'_>) -> Vec<ImpactRow> {
    let r = plan.release();
    r.impacts
        .iter()
        .map(|i| ImpactRow {
            what: say::text(r, &i.what),
            during: stage_names(r, &i.during),
            at_most: i.at_most.map(|d| say::dur(r, d)).unwrap_or_default(),
        })
        .collect()
}

pub(super) fn obligations(plan: Spoken<'_>) -> Vec<Duty> {
    let r = plan.release();
    r.obligations
        .iter()
        .map(|o| {
            let attendees: Vec<String> = o.attendees.iter().map(|a| say::role(r, *a)).collect();
            Duty {
                what: say::text(r, &o.what),
                owner: say::role(r, o.owner),
                due: owed(r, words!(r, "when.within", time = say::dur(r, o.due)), &o.on),
                attendees: say::list(r, &attendees),
                when: say::when(r, &o.when),
            }
        })
        .collect()
}

/// By when something is owed, and after which moments only.
fn owed(r: Told<'_>, due: String, on: &[Moment]) -> String {
    let either = |a: String, b: String| words!(r, "list.either", a = a, b = b);
    let said = on.iter().map(|m| moment(r, m)).reduce(either);
    let of_stages = on.iter().any(|m| m.stage.is_some() || m.each);
    match said {
        None => due,
        Some(m) if of_stages => words!(r, "owed.after_stage", due = due, moments = m),
        Some(m) => words!(r, "owed.after", due = due, moments = m),
    }
}

pub(super) fn policies(plan: Spoken<'_>) -> Vec<PolicyRow> {
    let r = plan.release();
    r.policies
        .iter()
        .map(|p| PolicyRow {
            name: p.name.replace('_', " "),
            because: opt(r, p.because.as_ref()),
            rules: match p.rules.len() {
                0 => words!(r, "policy.limits", n = p.limits.len()),
                1 => words!(r, "policy.one_rule"),
                n => words!(r, "policy.rules", n = n),
            },
        })
        .collect()
}

/// What was found and not accepted.
pub(super) fn open_findings<'a>(
    plan: Spoken<'a>,
    context: &'a Context<'_>,
) -> impl Iterator<Item = &'a Diagnostic> {
    let r = plan.release();
    context.findings.iter().filter(move |d| {
        let mut allows = r.allows.iter();
        !allows.any(|a| a.code == d.code.0 && within(a.scope, d.span))
    })
}

pub(super) fn findings(plan: Spoken<'_>, context: &Context<'_>) -> Vec<Finding> {
    let r = plan.release();
    open_findings(plan, context)
        .map(|d| Finding {
            severity: say::word(r, "severity", d.severity.word()),
            code: d.code.to_string(),
            message: d.message.clone(),
            place: context.sources.place(d.span),
        })
        .collect()
}

pub(super) fn within(scope: crate::source::Span, span: crate::source::Span) -> bool {
    scope.file == span.file && scope.start <= span.start && span.end <= scope.end
}

pub(super) fn accepted(plan: Spoken<'_>, context: &Context<'_>) -> Vec<Accepted> {
    let r = plan.release();
    r.allows
        .iter()
        .map(|a| Accepted {
            code: a.code.to_string(),
            because: opt(r, a.because.as_ref()),
            until: a.until.map(|d| say::date(r.words, d)).unwrap_or_default(),
            place: context.sources.place(a.origin.span),
        })
        .collect()
}

/// What may be given for an input.
fn kind(r: Told<'_>, ty: &ParamType) -> String {
    match ty {
        ParamType::OneOf(list) => {
            let list: Vec<String> = list.iter().map(|w| format!("\"{w}\"")).collect();
            words!(r, "type.one_of", list = list.join(", "))
        }
        ParamType::List(of) => words!(r, "type.list", what = kind(r, of)),
        ParamType::Bool => words!(r, "type.bool"),
        ty => say::phrase(r.words, "type", &crate::types::type_words(ty)),
    }
}

pub(super) fn inputs(plan: Spoken<'_>) -> Vec<Input> {
    let r = plan.release();
    r.params
        .iter()
        .filter(|p| p.fixed.is_none())
        .map(|p| Input {
            name: p.name.to_string(),
            kind: kind(r, &p.ty),
            doc: p.doc.clone().unwrap_or_default(),
            default: p
                .default
                .as_ref()
                .map(|v| crate::plan::show::value(&r, v))
                .unwrap_or_default(),
        })
        .collect()
}

/// Who is on duty when.
pub(super) fn on_duty(plan: Spoken<'_>) -> Vec<Watch> {
    let r = plan.release();
    let Some(calendar) = r.calendar.map(|c| r.calendar_of(c)) else {
        return Vec::new();
    };
    let zone = calendar.zone.as_ref().map_or("UTC", |z| z.as_str());
    calendar
        .on_duty
        .iter()
        .map(|d| {
            let days: Vec<String> = d.days.iter().map(|d| say::day(r, *d)).collect();
            Watch {
                role: say::role(r, d.role),
                days: if days.is_empty() || days.len() == 7 {
                    words!(r, "day.every")
                } else {
                    say::list(r, &days)
                },
                hours: match d.hours {
                    None => words!(r, "day.whole"),
                    Some((from, to)) if from == to => words!(r, "day.whole"),
                    Some((from, to)) => {
                        let (from, to) = (from.strftime("%H:%M"), to.strftime("%H:%M"));
                        words!(r, "time.range", short = from, long = to)
                    }
                },
                zone: zone.to_string(),
            }
        })
        .collect()
}

/// What is done at the end of every run.
pub(super) fn finally(plan: Spoken<'_>) -> Vec<Action> {
    let r = plan.release();
    r.finally
        .iter()
        .map(|s| beside(r, r.environment, s, r.owner))
        .collect()
}
