//! Who says yes to what: approvals, decisions, the separation of duties, break-glass, signatures.
//!
//! Must not decide whether duties are separated: the checks do, and what they found is said here. Called by `mod`.

use crate::diagnostic::{Diagnostic, Severity};
use crate::emit::Context;
use crate::emit::runbook::around::{opt, stage_names, target, within};
use crate::emit::runbook::follows;
use crate::emit::runbook::from_here::opens;
use crate::emit::runbook::rows::{ApprovalRow, DecisionCard, OptionRow, OverrideRow};
use crate::emit::runbook::say;
use crate::emit::runbook::words::{Spoken, Told, words};
use crate::model::{
    Approval, ApprovalId, ApprovalOutcome, Decision, DistinctFrom, DutyRule, FailureOutcome, OptionOutcome,
    OptionTestExpr, Origin, Passes, PersonId, PersonRef, Quorum, RoleOrPerson, Rollback, Seat, StageId,
};

pub(super) fn approvals(plan: Spoken<'_>) -> Vec<ApprovalRow> {
    let r = plan.release();
    r.approvals
        .iter()
        .enumerate()
        .map(|(i, a)| {
            let id = ApprovalId::at(i);
            let distinct: Vec<String> = a
                .distinct_from
                .iter()
                .map(|(d, _)| match d {
                    DistinctFrom::Author => words!(r, "seat.author"),
                    DistinctFrom::Executors => words!(r, "seat.executors"),
                    DistinctFrom::Approval(b) => {
                        words!(r, "seat.approver", approval = say::text(r, &r.approval(*b).title))
                    }
                })
                .collect();
            let after: Vec<crate::model::StageId> = a.after.iter().map(|(s, _)| *s).collect();
            ApprovalRow {
                name: say::text(r, &a.title),
                from: may_say_yes(r, a),
                quorum: needed(r, a),
                distinct: say::list(r, &distinct),
                asked: if after.is_empty() {
                    words!(r, "when.before_the_start")
                } else {
                    words!(r, "when.after", stages = stage_names(r, &after))
                },
                within: a.within.map(|d| say::dur(r, d)).unwrap_or_default(),
                valid: a.valid.map(|d| say::dur(r, d)).unwrap_or_default(),
                guards: guarded(plan, id),
                otherwise: refused(plan, id),
                evidence: opt(r, a.evidence.as_ref()),
                when: say::when(r, &a.when),
            }
        })
        .collect()
}

/// How many must say yes, and against how many who say no.
fn needed(r: Told<'_>, a: &Approval) -> String {
    let quorum = match a.quorum {
        Quorum::All => words!(r, "quorum.everybody"),
        Quorum::Count(n) => n.to_string(),
    };
    let quorum = match a.passes {
        Passes::Unanimous => quorum,
        Passes::Majority => words!(r, "quorum.majority", quorum = quorum),
    };
    match a.open_for {
        None => quorum,
        Some(d) => words!(r, "quorum.open_for", quorum = quorum, time = say::dur(r, d)),
    }
}

/// What an approval guards, stages, steps of rollouts, and undos, each with all the approvals that it needs.
pub(super) fn guards(plan: Spoken<'_>, id: ApprovalId) -> Vec<(String, Vec<ApprovalId>)> {
    let r = plan.release();
    let mut list: Vec<(String, Vec<ApprovalId>)> = Vec::new();
    let mut add = |by: &[(ApprovalId, Origin)], name: &dyn Fn() -> String| {
        if by.iter().any(|(a, _)| *a == id) {
            list.push((name(), by.iter().map(|(a, _)| *a).collect()));
        }
    };
    for s in &r.stages {
        add(&s.approved, &|| s.name.to_string());
    }
    for s in &r.stages {
        for step in s.rollout.iter().flat_map(|r| &r.steps) {
            let at = || words!(r, "point.at", stage = s.name, exposure = step.name);
            add(&step.approved, &at);
        }
    }
    for s in &r.stages {
        if let Rollback::Written(w) = &s.rollback {
            add(&w.approved, &|| words!(r, "guards.undo", stage = s.name));
        }
    }
    list
}

/// The same in the cell of a table.
fn guarded(plan: Spoken<'_>, id: ApprovalId) -> String {
    let r = plan.release();
    let list: Vec<String> = guards(plan, id).into_iter().map(|(name, _)| name).collect();
    let whole = r.stages.iter().all(|s| s.approved.iter().any(|(a, _)| *a == id));
    if whole && list.len() == r.stages.len() {
        let all: Vec<StageId> = (0..r.stages.len()).map(StageId::at).collect();
        return say::stages(r, &all);
    }
    say::list(r, &say::shown(r, list))
}

/// What a refusal means.
pub(super) fn refused(plan: Spoken<'_>, id: ApprovalId) -> String {
    let r = plan.release();
    let outcome = match &r.approval(id).otherwise {
        ApprovalOutcome::Restart(s, n) => FailureOutcome::Restart(*s, *n),
        _ if opens(&plan, id) => return words!(r, "then.does_not_start"),
        ApprovalOutcome::Rollback => FailureOutcome::Rollback,
        ApprovalOutcome::Stop => FailureOutcome::Stop,
    };
    follows::outcome(r, &outcome, r.owner)
}

/// How many of whom: `2 of Leads`.
pub(super) fn quorum(r: Told<'_>, quorum: Quorum, who: &str) -> String {
    match quorum {
        Quorum::All => words!(r, "quorum.all", who = who),
        Quorum::Count(n) => words!(r, "quorum.some", n = n, who = who),
    }
}

/// Everyone who may say yes: without the authors, where they may not.
pub(super) fn may_say_yes(r: Told<'_>, a: &Approval) -> String {
    let from: Vec<RoleOrPerson> = a.from.iter().map(|(w, _)| *w).collect();
    let apart = a.distinct_from.iter().any(|(d, _)| *d == DistinctFrom::Author);
    let authors = r.authors.iter().filter(|_| apart);
    let barred: Vec<PersonId> = authors
        .filter_map(|(p, _)| match p {
            PersonRef::Person(p) => Some(*p),
            PersonRef::Param(_) => None,
        })
        .collect();
    let people = |role| {
        let members = crate::emit::people::members(&r, role).into_iter();
        members.filter(|p| !barred.contains(p))
    };
    match from.as_slice() {
        [RoleOrPerson::Role(role)] if people(*role).next().is_some() => {
            let names: Vec<String> = people(*role)
                .map(|p| say::text(r, &r.person(p).full_name))
                .collect();
            format!("{}: {}", say::role(r, *role), names.join(", "))
        }
        many => say::list(r, &many.iter().map(|w| pool(r, *w, &barred)).collect::<Vec<_>>()),
    }
}

/// A role with its people but for some, or a person.
fn pool(r: Told<'_>, w: RoleOrPerson, barred: &[PersonId]) -> String {
    match w {
        RoleOrPerson::Person(_) => say::who(r, w),
        RoleOrPerson::Role(role) => {
            let people: Vec<String> = crate::emit::people::members(&r, role)
                .into_iter()
                .filter(|p| !barred.contains(p))
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

/// What follows when nobody answers a question in time; empty where it has all the time there is.
pub(super) fn unanswered(r: Told<'_>, d: &Decision) -> String {
    match d.default.and_then(|i| d.options.get(i)) {
        Some(option) => words!(r, "decide.option", option = say::text(r, &option.title)),
        None if d.question.within.is_some() => words!(r, "then.rollback"),
        None => String::new(),
    }
}

pub(super) fn decisions(plan: Spoken<'_>) -> Vec<DecisionCard> {
    let r = plan.release();
    r.decisions
        .iter()
        .map(|d| DecisionCard {
            name: d.name.replace('_', " "),
            ask: say::text(r, &d.question.ask),
            by: say::answerers(r, &d.question, Some(r.owner)),
            expect: opt(r, d.question.expect.as_ref()),
            within: d.question.within.map(|d| say::dur(r, d)).unwrap_or_default(),
            default: unanswered(r, d),
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
                        OptionOutcome::Proceed => words!(r, "then.go_on"),
                        OptionOutcome::Then(f) => follows::outcome(r, f, r.owner),
                    },
                })
                .collect(),
        })
        .collect()
}

pub(super) fn duties(plan: Spoken<'_>) -> Vec<String> {
    let r = plan.release();
    let seat = |s: &Seat| match s {
        Seat::Author => words!(r, "seat.author"),
        Seat::Executor(stage) => words!(r, "seat.executor", stage = r.stage(*stage).name),
        Seat::Executors => words!(r, "seat.executors"),
        Seat::Approvers => words!(r, "seat.approvers"),
        Seat::Approval(a) => words!(r, "seat.approver", approval = say::text(r, &r.approval(*a).title)),
        Seat::Decision(d) => words!(r, "seat.decision", decision = r.decision(*d).name),
    };
    let mut rules: Vec<String> = r
        .duties
        .iter()
        .map(|rule| {
            let seats: Vec<String> = rule.seats().iter().map(seat).collect();
            let seats = say::list(r, &seats);
            match rule {
                DutyRule::Distinct(..) => words!(r, "duty.distinct", seats = seats),
                DutyRule::Same(..) => words!(r, "duty.same", seats = seats),
                DutyRule::AtMost(n, ..) => words!(r, "duty.at_most", seats = seats, n = n),
                DutyRule::AtLeast(n, ..) => words!(r, "duty.at_least", seats = seats, n = n),
            }
        })
        .collect();
    for role in &r.roles {
        for (other, _) in &role.excludes {
            rules.push(words!(
                r,
                "duty.excludes",
                role = say::text(r, &role.title),
                other = say::role(r, *other)
            ));
        }
    }
    rules
}

/// What was found of the separation of duties, and by whom what is accepted of it.
pub(super) fn separation(plan: Spoken<'_>, context: &Context<'_>) -> Vec<String> {
    let r = plan.release();
    let found: Vec<&Diagnostic> = context
        .findings
        .iter()
        .filter(|d| d.code.0.starts_with("sod/") && d.severity != Severity::Info)
        .collect();
    let named = r.roles.iter().any(|role| !role.members.is_empty());
    if found.is_empty() {
        return vec![match named {
            true => words!(r, "separation.holds"),
            false => words!(r, "separation.holds_unnamed"),
        }];
    }
    let mut list = vec![match named {
        true => words!(r, "separation.found"),
        false => words!(r, "separation.found_unnamed"),
    }];
    let authors = authors(r);
    for d in found {
        let allow = r
            .allows
            .iter()
            .filter(|a| a.code == d.code.0 && within(a.scope, d.span))
            .min_by_key(|a| a.scope.end - a.scope.start);
        list.push(match allow {
            None => words!(r, "separation.open", finding = d.message, code = d.code),
            Some(a) => {
                let until = match a.until {
                    None => words!(r, "text.without_an_end"),
                    Some(d) => words!(r, "separation.until", date = say::date(r.words, d)),
                };
                let because = opt(r, a.because.as_ref());
                let because = if because.is_empty() {
                    words!(r, "separation.no_reason")
                } else {
                    because
                };
                words!(
                    r,
                    "separation.accepted",
                    authors = authors,
                    until = until,
                    finding = d.message,
                    code = d.code,
                    because = because,
                )
            }
        });
    }
    list
}

/// Who wrote the change.
pub(super) fn authors(r: Told<'_>) -> String {
    let authors: Vec<String> = r
        .authors
        .iter()
        .map(|(p, _)| match p {
            PersonRef::Person(p) => say::text(r, &r.person(*p).full_name),
            PersonRef::Param(p) => format!("‹{}›", r.param(*p).name),
        })
        .collect();
    say::list(r, &authors)
}

pub(super) fn overrides(plan: Spoken<'_>) -> Vec<OverrideRow> {
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
            let by: Vec<String> = o.by.iter().map(|(w, _)| pool(r, *w, &[])).collect();
            let told: Vec<String> = o.notify.iter().map(|t| target(r, *t)).collect();
            OverrideRow {
                name: o.name.replace('_', " "),
                skips: say::list(r, &skips),
                by: words!(r, "quorum.some", n = o.quorum, who = say::list(r, &by)),
                told: say::list(r, &told),
                reason: if o.because_required {
                    words!(r, "override.reason_required")
                } else {
                    words!(r, "override.reason_optional")
                },
            }
        })
        .collect()
}

/// Who signs: the owner, whoever executes, and every approval.
pub(super) fn sign_off(plan: Spoken<'_>) -> Vec<String> {
    let r = plan.release();
    let mut list = vec![say::role(r, r.owner)];
    for s in &r.stages {
        let owner = say::role(r, s.owner);
        if !list.contains(&owner) {
            list.push(owner);
        }
    }
    for a in &r.approvals {
        let approval = words!(r, "point.approval", approval = say::text(r, &a.title));
        if !list.contains(&approval) {
            list.push(approval);
        }
    }
    list
}

/// A line for each yes that is needed.
pub(super) fn seats(plan: Spoken<'_>) -> Vec<String> {
    const MOST: u32 = 20;
    let r = plan.release();
    let mut list = Vec::new();
    for a in &r.approvals {
        let title = say::text(r, &a.title);
        match a.quorum {
            Quorum::Count(n) if (2..=MOST).contains(&n) => {
                list.extend((1..=n).map(|k| words!(r, "seat.of", approval = title, k = k, n = n)));
            }
            _ => list.push(title),
        }
    }
    list
}
