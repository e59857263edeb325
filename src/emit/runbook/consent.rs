//! Who says yes to what: approvals, decisions, the separation of duties, break-glass, signatures.
//!
//! Must not decide whether duties are separated: the checks do, and what they found is said here. Called by `mod`.

use crate::diagnostic::{Diagnostic, Severity};
use crate::emit::Context;
use crate::emit::runbook::around::{opt, stage_names, target, within};
use crate::emit::runbook::rows::{ApprovalRow, DecisionCard, OptionRow, OverrideRow};
use crate::emit::runbook::say;
use crate::model::{
    ApprovalId, ApprovalOutcome, DistinctFrom, DutyRule, OptionOutcome, OptionTestExpr, PersonRef, Quorum,
    Release, RoleOrPerson, Seat,
};
use crate::plan::Plan;

pub(super) fn approvals(plan: &Plan) -> Vec<ApprovalRow> {
    let r = plan.release();
    r.approvals
        .iter()
        .enumerate()
        .map(|(i, a)| {
            let id = ApprovalId::at(i);
            let from: Vec<RoleOrPerson> = a.from.iter().map(|(w, _)| *w).collect();
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
                from: pools(r, &from),
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
                otherwise: refused(r, &a.otherwise),
                evidence: opt(r, a.evidence.as_ref()),
                when: say::when(r, &a.when),
            }
        })
        .collect()
}

/// What a refusal means.
pub(super) fn refused(r: &Release, otherwise: &ApprovalOutcome) -> String {
    match otherwise {
        ApprovalOutcome::Rollback => "roll back everything that began".into(),
        ApprovalOutcome::Stop => "stop; what was changed stays changed".into(),
        ApprovalOutcome::Restart(s, n) => {
            format!("start again from {}, {n} times at most", r.stage(*s).name)
        }
    }
}

/// Everyone somebody is chosen from.
pub(super) fn pools(r: &Release, from: &[RoleOrPerson]) -> String {
    let people = |role| crate::emit::people::members(r, role).into_iter();
    match from {
        [RoleOrPerson::Role(role)] if people(*role).next().is_some() => {
            let names: Vec<String> = people(*role)
                .map(|p| say::text(r, &r.person(p).full_name))
                .collect();
            format!("{}: {}", say::role(r, *role), names.join(", "))
        }
        many => say::list(&many.iter().map(|w| pool(r, *w)).collect::<Vec<_>>()),
    }
}

/// A role with its people, or a person.
pub(super) fn pool(r: &Release, w: RoleOrPerson) -> String {
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

/// What was found of the separation of duties, and by whom what is accepted of it.
pub(super) fn separation(plan: &Plan, context: &Context<'_>) -> Vec<String> {
    let r = plan.release();
    let found: Vec<&Diagnostic> = context
        .findings
        .iter()
        .filter(|d| d.code.0.starts_with("sod/") && d.severity != Severity::Info)
        .collect();
    if found.is_empty() {
        return vec![
            "The compiler has checked over people, not only roles, that these approvals can be given and that nobody approves \
             their own work."
                .to_string(),
        ];
    }
    let mut list = vec![
        "The compiler has checked over people, not only roles, whether these approvals can be given and whether anybody approves \
         their own work. This is what it found:"
            .to_string(),
    ];
    let authors = authors(r);
    for d in found {
        let allow = r
            .allows
            .iter()
            .filter(|a| a.code == d.code.0 && within(a.scope, d.span))
            .min_by_key(|a| a.scope.end - a.scope.start);
        list.push(match allow {
            None => format!("Open: {} ({}).", d.message, d.code),
            Some(a) => {
                let until = a.until.map_or("without an end".to_string(), |d| {
                    format!("until {}", d.strftime("%-d %B %Y"))
                });
                let because = opt(r, a.because.as_ref());
                let because = if because.is_empty() {
                    "no reason is given".to_string()
                } else {
                    because
                };
                format!(
                    "Accepted in the plan by {authors}, {until}: {} ({}). The reason given: {because}",
                    d.message, d.code
                )
            }
        });
    }
    list
}

/// Who wrote the change.
pub(super) fn authors(r: &Release) -> String {
    let authors: Vec<String> = r
        .authors
        .iter()
        .map(|(p, _)| match p {
            PersonRef::Person(p) => say::text(r, &r.person(*p).full_name),
            PersonRef::Param(p) => format!("‹{}›", r.param(*p).name),
        })
        .collect();
    say::list(&authors)
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

/// A line for each yes that is needed.
pub(super) fn seats(plan: &Plan) -> Vec<String> {
    const MOST: u32 = 20;
    let r = plan.release();
    let mut list = Vec::new();
    for a in &r.approvals {
        let title = say::text(r, &a.title);
        match a.quorum {
            Quorum::Count(n) if (2..=MOST).contains(&n) => {
                list.extend((1..=n).map(|k| format!("{title}, {k} of {n}")));
            }
            _ => list.push(title),
        }
    }
    list
}
