//! `time/working_days`: a time is counted in working days, and no calendar says which days those are.

use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Dur, Origin, Release, Rollback, Step, StepKind, WaitTest};

/// The diagnostic.
pub const CODE: Code = Code("time/working_days");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let r = subject.plan.release();
    let calendar = r.calendar.map(|c| r.calendar_of(c));
    if calendar.is_some_and(|c| !c.working.is_empty()) {
        return;
    }
    let mut seen = std::collections::BTreeSet::new();
    for (what, by, origin) in times(r) {
        if by.working_days == 0 || !seen.insert((origin.span, by)) {
            continue;
        }
        let d = Diagnostic::error(
            CODE,
            origin.span,
            format!("{what} is {by}, and no calendar says which days are working days"),
        )
        .here(format!("{by}"));
        let d = match calendar {
            Some(c) => d.fact(c.origin.span, format!("`{}` has no `working` days", c.name)),
            None => d.fact(r.origin.span, "the release has no `calendar`"),
        };
        bag.push(d.help(
            "write a `calendar` with `working mon .. fri` and its holidays, and name it in the release",
        ));
    }
}

/// Every written time with what it is of and a place near it.
fn times(r: &Release) -> Vec<(String, Dur, &Origin)> {
    let mut list: Vec<(String, Dur, &Origin)> = Vec::new();
    for a in &r.approvals {
        let said = [
            (a.within, "the time for"),
            (a.valid, "the validity of"),
            (a.open_for, "the vote of"),
        ];
        list.extend(
            said.into_iter()
                .filter_map(|(d, what)| Some((format!("{what} `{}`", a.name), d?, &a.origin))),
        );
    }
    for d in &r.decisions {
        list.extend(
            d.question
                .within
                .map(|w| (format!("the time for `{}`", d.name), w, &d.origin)),
        );
    }
    for h in &r.holds {
        list.extend(
            h.at_most
                .iter()
                .map(|(d, o)| (format!("the length of `{}`", h.name), *d, o)),
        );
    }
    for n in &r.notifies {
        list.extend(n.lead.iter().map(|(d, o)| ("the lead".to_string(), *d, o)));
    }
    for o in &r.obligations {
        list.push(("what is owed".to_string(), o.due, &o.origin));
    }
    for e in &r.escalates {
        list.extend(
            e.unanswered
                .map(|d| ("the time for an answer".to_string(), d, &e.origin)),
        );
    }
    for s in &r.stages {
        if let Some((low, high, origin)) = &s.takes {
            let longest = if high.working_days == 0 { *low } else { *high };
            list.push((format!("the length of `{}`", s.name), longest, origin));
        }
        if let Rollback::Written(w) = &s.rollback {
            list.extend(
                w.within
                    .map(|d| (format!("the way back of `{}`", s.name), d, &w.origin)),
            );
            w.steps.iter().for_each(|step| list.extend(step_time(step)));
        }
        s.forward_steps()
            .into_iter()
            .for_each(|step| list.extend(step_time(step)));
    }
    list
}

fn step_time(step: &Step) -> Option<(String, Dur, &Origin)> {
    let found = |d: Dur, what: &str| Some((what.to_string(), d, &step.origin));
    match &step.kind {
        StepKind::Wait(d) => found(*d, "the wait"),
        StepKind::Bake(d) => found(*d, "the bake"),
        StepKind::WaitFor(w) => {
            let asked = match &w.test {
                WaitTest::Ask(q) => q.within,
                WaitTest::Run(_) | WaitTest::Job(_) => None,
            };
            found(w.within.or(asked)?, "the wait")
        }
        _ => None,
    }
}
