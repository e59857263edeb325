//! What stands around the work: people, places, permissions, messages, obligations, what was accepted.

use crate::emit::Context;
pub(super) use crate::emit::runbook::rows::*;
use crate::emit::runbook::say;
use crate::emit::runbook::work::action;
use crate::model::{
    ApprovalId, DistinctFrom, DutyRule, Moment, NotifyTarget, OptionOutcome, OptionTestExpr, PersonRef,
    Quorum, Release, RoleOrPerson, Seat, TriggerTest,
};
use crate::plan::Plan;

fn opt(r: &Release, t: Option<&crate::model::Text>) -> String {
    say::maybe(r, t)
}

pub(super) fn places(plan: &Plan) -> Vec<Place> {
    let r = plan.release();
    r.environments
        .iter()
        .map(|e| Place {
            name: e.name.to_string(),
            kind: e.kind.word().to_string(),
            region: opt(r, e.region.as_ref()),
            account: opt(r, e.account.as_ref()),
            iac: opt(r, e.iac.as_ref()),
            url: opt(r, e.url.as_ref()),
            classification: e.classification.map(|c| c.word().to_string()).unwrap_or_default(),
            encryption: opt(r, e.encryption.as_ref()),
            note: e
                .mirrors
                .map(|m| format!("stands for {}", r.env(m).name))
                .unwrap_or_default(),
        })
        .collect()
}

pub(super) fn checklists(plan: &Plan) -> Vec<List> {
    let r = plan.release();
    r.checklists
        .iter()
        .map(|c| List {
            title: say::text(r, &c.title),
            items: c
                .items
                .iter()
                .map(|i| Item {
                    what: say::text(r, &i.what),
                    owner: say::role(r, i.owner.unwrap_or(r.owner)),
                    evidence: opt(r, i.evidence.as_ref()),
                    check: i
                        .check
                        .as_ref()
                        .and_then(|a| a.run.as_ref())
                        .map(|c| c.display.trim().to_string())
                        .unwrap_or_default(),
                    when: say::when(r, &i.when),
                })
                .collect(),
        })
        .collect()
}

pub(super) fn holds(plan: &Plan) -> Vec<HoldCard> {
    let r = plan.release();
    let actions = |steps: &[crate::model::Step]| {
        steps
            .iter()
            .map(|s| {
                let (action, command, ..) = action(r, s);
                Action { action, command }
            })
            .collect()
    };
    r.holds
        .iter()
        .map(|h| HoldCard {
            title: say::text(r, &h.title),
            during: match h.from == h.to {
                true => r.stage(h.from).name.to_string(),
                false => format!("{} to {}", r.stage(h.from).name, r.stage(h.to).name),
            },
            at_most: h.at_most.as_ref().map(|(d, _)| say::dur(*d)).unwrap_or_default(),
            owner: say::role(r, h.owner.unwrap_or(r.owner)),
            enter: actions(&h.enter),
            exit: actions(&h.exit),
        })
        .collect()
}

fn stage_names(r: &Release, stages: &[crate::model::StageId]) -> String {
    let names: Vec<String> = stages.iter().map(|s| r.stage(*s).name.to_string()).collect();
    say::list(&names)
}

pub(super) fn triggers(plan: &Plan) -> Vec<TriggerRow> {
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
            over: t.over.map(say::dur).unwrap_or_default(),
            during: stage_names(r, &t.during),
            then: say::outcome(r, &t.then),
        })
        .collect()
}

fn moments(r: &Release, on: &[Moment]) -> String {
    let words: Vec<String> = on
        .iter()
        .map(|m| {
            let word = m.kind.word().replace('_', " ");
            match (m.stage, m.each) {
                (Some(s), _) => format!("{} {word}", r.stage(s).name),
                (None, true) => format!("each stage {word}"),
                (None, false) => word,
            }
        })
        .collect();
    say::list(&words)
}

fn target(r: &Release, t: NotifyTarget) -> String {
    match t {
        NotifyTarget::Channel(c) => say::text(r, &r.channel(c).title),
        NotifyTarget::Role(role) => say::role(r, role),
    }
}

pub(super) fn messages(plan: &Plan) -> Vec<Message> {
    let r = plan.release();
    r.notifies
        .iter()
        .map(|n| Message {
            to: target(r, n.to),
            moment: moments(r, &n.on),
            lead: n
                .lead
                .as_ref()
                .map(|(d, _)| format!("{} before", say::dur(*d)))
                .unwrap_or_default(),
            message: opt(r, n.message.as_ref()),
            owner: say::role(r, n.owner.unwrap_or(r.owner)),
        })
        .collect()
}

pub(super) fn notices(plan: &Plan) -> Vec<Notice> {
    let r = plan.release();
    let title = say::text(r, &r.title);
    r.notifies
        .iter()
        .flat_map(|n| n.on.iter().map(move |m| (n, m)))
        .map(|(n, m)| Notice {
            to: target(r, n.to),
            moment: moments(r, std::slice::from_ref(m)),
            text: match &n.message {
                Some(t) => say::text(r, t),
                None => match m.stage {
                    Some(s) => format!(
                        "{title}: {} has {}.",
                        r.stage(s).name,
                        m.kind.word().replace('_', " ")
                    ),
                    None => format!("{title}: {}.", m.kind.word().replace('_', " ")),
                },
            },
        })
        .collect()
}

pub(super) fn escalations(plan: &Plan) -> Vec<Escalation> {
    let r = plan.release();
    r.escalates
        .iter()
        .map(|e| Escalation {
            channel: say::text(r, &r.channel(e.channel).title),
            moment: moments(r, &e.on),
            unanswered: e.unanswered.map(say::dur).unwrap_or_default(),
            severity: e.severity.as_ref().map(ToString::to_string).unwrap_or_default(),
            to: e.to.map(|t| say::who(r, t)).unwrap_or_default(),
        })
        .collect()
}

pub(super) fn approvals(plan: &Plan) -> Vec<ApprovalRow> {
    let r = plan.release();
    r.approvals
        .iter()
        .enumerate()
        .map(|(i, a)| {
            let id = ApprovalId::at(i);
            let from: Vec<String> = a.from.iter().map(|(w, _)| pool(r, *w)).collect();
            let distinct: Vec<String> = a
                .distinct_from
                .iter()
                .map(|(d, _)| match d {
                    DistinctFrom::Author => "the author".to_string(),
                    DistinctFrom::Executors => "whoever executes".to_string(),
                    DistinctFrom::Approval(b) => say::text(r, &r.approval(*b).title),
                })
                .collect();
            let guards: Vec<String> = r
                .stages
                .iter()
                .filter(|s| s.approved.iter().any(|(b, _)| *b == id))
                .map(|s| s.name.to_string())
                .collect();
            let after: Vec<crate::model::StageId> = a.after.iter().map(|(s, _)| *s).collect();
            ApprovalRow {
                name: say::text(r, &a.title),
                from: say::list(&from),
                quorum: match a.quorum {
                    Quorum::All => "all".into(),
                    Quorum::Count(n) => n.to_string(),
                },
                distinct: say::list(&distinct),
                asked: if after.is_empty() {
                    "before the start".into()
                } else {
                    format!("after {}", stage_names(r, &after))
                },
                within: a.within.map(say::dur).unwrap_or_default(),
                valid: a.valid.map(say::dur).unwrap_or_default(),
                guards: say::list(&guards),
                otherwise: match &a.otherwise {
                    crate::model::ApprovalOutcome::Rollback => "roll back everything that began".into(),
                    crate::model::ApprovalOutcome::Stop => "stop; what was changed stays changed".into(),
                    crate::model::ApprovalOutcome::Restart(s, n) => {
                        format!("start again from {}, {n} times at most", r.stage(*s).name)
                    }
                },
                evidence: opt(r, a.evidence.as_ref()),
                when: say::when(r, &a.when),
            }
        })
        .collect()
}

/// A role with its people, or a person.
fn pool(r: &Release, w: RoleOrPerson) -> String {
    match w {
        RoleOrPerson::Person(_) => say::who(r, w),
        RoleOrPerson::Role(role) => {
            let people: Vec<String> = crate::emit::people::members(r, role)
                .into_iter()
                .map(|p| say::text(r, &r.person(p).full_name))
                .collect();
            if people.is_empty() {
                say::role(r, role)
            } else {
                format!("{} ({})", say::role(r, role), people.join(", "))
            }
        }
    }
}

pub(super) fn decisions(plan: &Plan) -> Vec<DecisionCard> {
    let r = plan.release();
    r.decisions
        .iter()
        .map(|d| DecisionCard {
            name: d.name.replace('_', " "),
            ask: say::text(r, &d.question.ask),
            by: say::answerers(r, &d.question, Some(r.owner)),
            expect: opt(r, d.question.expect.as_ref()),
            within: d.question.within.map(say::dur).unwrap_or_default(),
            default: d
                .default
                .and_then(|i| d.options.get(i))
                .map(|o| say::text(r, &o.title))
                .unwrap_or_default(),
            options: d
                .options
                .iter()
                .map(|o| OptionRow {
                    name: say::text(r, &o.title),
                    test: match &o.test {
                        Some(OptionTestExpr::Metrics(m)) => say::metrics(r, m),
                        Some(OptionTestExpr::Cond(c)) => say::when(r, c),
                        None => String::new(),
                    },
                    then: match &o.then {
                        OptionOutcome::Proceed => "go on".into(),
                        OptionOutcome::Then(f) => say::outcome(r, f),
                    },
                })
                .collect(),
        })
        .collect()
}

pub(super) fn duties(plan: &Plan) -> Vec<String> {
    let r = plan.release();
    let seat = |s: &Seat| match s {
        Seat::Author => "the author".to_string(),
        Seat::Executor(stage) => format!("whoever executes {}", r.stage(*stage).name),
        Seat::Executors => "whoever executes".to_string(),
        Seat::Approvers => "every approver".to_string(),
        Seat::Approval(a) => say::text(r, &r.approval(*a).title),
        Seat::Decision(d) => format!("whoever decides {}", r.decision(*d).name),
    };
    let mut rules: Vec<String> = r
        .duties
        .iter()
        .map(|rule| {
            let seats: Vec<String> = rule.seats().iter().map(seat).collect();
            let seats = say::list(&seats);
            match rule {
                DutyRule::Distinct(..) => format!("{seats} are different people."),
                DutyRule::Same(..) => format!("{seats} are one person."),
                DutyRule::AtMost(n, ..) => format!("{seats} are {n} people at most."),
                DutyRule::AtLeast(n, ..) => format!("{seats} are {n} people at least."),
            }
        })
        .collect();
    for role in &r.roles {
        for (other, _) in &role.excludes {
            rules.push(format!(
                "{} and {} share nobody.",
                say::text(r, &role.title),
                say::role(r, *other)
            ));
        }
    }
    rules
}

pub(super) fn overrides(plan: &Plan) -> Vec<OverrideRow> {
    let r = plan.release();
    r.overrides
        .iter()
        .map(|o| {
            let mut skips: Vec<String> = o
                .approvals
                .iter()
                .map(|(a, _)| say::text(r, &r.approval(*a).title))
                .collect();
            skips.extend(o.gates.iter().map(|(g, _)| say::text(r, &r.gate(*g).title)));
            let by: Vec<String> = o.by.iter().map(|(w, _)| pool(r, *w)).collect();
            let told: Vec<String> = o.notify.iter().map(|t| target(r, *t)).collect();
            OverrideRow {
                name: o.name.replace('_', " "),
                skips: say::list(&skips),
                by: format!("{} of {}", o.quorum, say::list(&by)),
                told: say::list(&told),
            }
        })
        .collect()
}

pub(super) fn contacts(plan: &Plan) -> Vec<Contact> {
    let r = plan.release();
    r.people
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let id = crate::model::PersonId::at(i);
            let mut roles: Vec<String> = (0..r.roles.len())
                .map(crate::model::RoleId::at)
                .filter(|role| crate::emit::people::members(r, *role).contains(&id))
                .map(|role| say::role(r, role))
                .collect();
            if r.authors.iter().any(|(a, _)| *a == PersonRef::Person(id)) {
                roles.insert(0, "Author".into());
            }
            Contact {
                name: say::text(r, &p.full_name),
                roles: say::list(&roles),
                email: opt(r, p.email.as_ref()),
                slack: opt(r, p.slack.as_ref()),
                phone: opt(r, p.phone.as_ref()),
                github: opt(r, p.github.as_ref()),
            }
        })
        .collect()
}

pub(super) fn artifacts(plan: &Plan) -> Vec<ArtifactRow> {
    let r = plan.release();
    r.artifacts
        .iter()
        .map(|a| ArtifactRow {
            name: a.name.to_string(),
            version: opt(r, a.version.as_ref()),
            digest: opt(r, a.digest.as_ref()),
            store: opt(r, a.store.as_ref()),
            signed_by: opt(r, a.signed_by.as_ref()),
            classification: a.classification.map(|c| c.word().to_string()).unwrap_or_default(),
        })
        .collect()
}

pub(super) fn risks(plan: &Plan) -> Vec<Risk> {
    let r = plan.release();
    let word = |l: Option<crate::model::Level>| l.map(|l| l.word().to_string()).unwrap_or_default();
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

pub(super) fn impacts(plan: &Plan) -> Vec<ImpactRow> {
    let r = plan.release();
    r.impacts
        .iter()
        .map(|i| ImpactRow {
            what: say::text(r, &i.what),
            during: stage_names(r, &i.during),
            at_most: i.at_most.map(say::dur).unwrap_or_default(),
        })
        .collect()
}

pub(super) fn obligations(plan: &Plan) -> Vec<Duty> {
    let r = plan.release();
    r.obligations
        .iter()
        .map(|o| {
            let attendees: Vec<String> = o.attendees.iter().map(|a| say::role(r, *a)).collect();
            Duty {
                what: say::text(r, &o.what),
                owner: say::role(r, o.owner),
                due: format!("within {}", say::dur(o.due)),
                attendees: say::list(&attendees),
                when: say::when(r, &o.when),
            }
        })
        .collect()
}

pub(super) fn policies(plan: &Plan) -> Vec<PolicyRow> {
    let r = plan.release();
    r.policies
        .iter()
        .map(|p| PolicyRow {
            name: p.name.replace('_', " "),
            because: opt(r, p.because.as_ref()),
            rules: match p.rules.len() {
                0 => format!("{} limits", p.limits.len()),
                1 => "one rule, held".into(),
                n => format!("{n} rules, held"),
            },
        })
        .collect()
}

pub(super) fn findings(plan: &Plan, context: &Context<'_>) -> Vec<Finding> {
    let r = plan.release();
    context
        .findings
        .iter()
        .filter(|d| {
            !r.allows
                .iter()
                .any(|a| a.code == d.code.0 && within(a.scope, d.span))
        })
        .map(|d| Finding {
            severity: d.severity.word().to_string(),
            code: d.code.to_string(),
            message: d.message.clone(),
            place: context.sources.place(d.span),
        })
        .collect()
}

fn within(scope: crate::source::Span, span: crate::source::Span) -> bool {
    scope.file == span.file && scope.start <= span.start && span.end <= scope.end
}

pub(super) fn accepted(plan: &Plan, context: &Context<'_>) -> Vec<Accepted> {
    let r = plan.release();
    r.allows
        .iter()
        .map(|a| Accepted {
            code: a.code.to_string(),
            because: opt(r, a.because.as_ref()),
            until: a
                .until
                .map(|d| d.strftime("%-d %B %Y").to_string())
                .unwrap_or_default(),
            place: context.sources.place(a.origin.span),
        })
        .collect()
}

pub(super) fn inputs(plan: &Plan) -> Vec<Input> {
    let r = plan.release();
    r.params
        .iter()
        .filter(|p| p.fixed.is_none())
        .map(|p| Input {
            name: p.name.to_string(),
            kind: crate::types::type_words(&p.ty),
            doc: p.doc.clone().unwrap_or_default(),
            default: p
                .default
                .as_ref()
                .map(|v| crate::plan::show::value(r, v))
                .unwrap_or_default(),
        })
        .collect()
}

/// Who signs: the owner, whoever executes, and every approval.
pub(super) fn sign_off(plan: &Plan) -> Vec<String> {
    let r = plan.release();
    let mut list = vec![say::role(r, r.owner)];
    for s in &r.stages {
        let owner = say::role(r, s.owner);
        if !list.contains(&owner) {
            list.push(owner);
        }
    }
    for a in &r.approvals {
        let title = say::text(r, &a.title);
        if !list.contains(&title) {
            list.push(title);
        }
    }
    list
}
