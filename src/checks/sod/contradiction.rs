//! `sod/contradiction`: the same seats must be one person and different people.

use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{DutyRule, Origin, Quorum, Release, Seat};
use crate::plan::people::keeps_apart;
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("sod/contradiction");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    for (i, duty) in release.duties.iter().enumerate() {
        match duty {
            DutyRule::Same(seats, origin) | DutyRule::AtMost(1, seats, origin) => {
                same(release, seats, origin, bag)
            }
            DutyRule::AtMost(most, seats, origin) => {
                let mine: BTreeSet<&Seat> = seats.iter().collect();
                for other in release
                    .duties
                    .iter()
                    .enumerate()
                    .filter(|(j, _)| *j != i)
                    .map(|(_, d)| d)
                {
                    if let DutyRule::AtLeast(least, theirs, said) = other
                        && least > most
                        && theirs.iter().all(|s| mine.contains(s))
                    {
                        let message = format!("these seats take at most {most} people and at least {least}");
                        bag.push(finding(origin, message, "at most", said, "at least"));
                    }
                }
            }
            DutyRule::Distinct(..) | DutyRule::AtLeast(..) => {}
        }
    }
}

/// Everything one person must take: what other rules bind to the same seats included.
fn bound(release: &Release, seats: &[Seat]) -> Vec<Seat> {
    let mut all: Vec<Seat> = seats.to_vec();
    loop {
        let more = release.duties.iter().find_map(|d| match d {
            DutyRule::Same(s, _) | DutyRule::AtMost(1, s, _)
                if s.iter().any(|x| all.contains(x)) && s.iter().any(|x| !all.contains(x)) =>
            {
                Some(s.clone())
            }
            _ => None,
        });
        let Some(more) = more else { return all };
        for s in more {
            if !all.contains(&s) {
                all.push(s);
            }
        }
    }
}

fn same(release: &Release, seats: &[Seat], origin: &Origin, bag: &mut Bag) {
    let all = bound(release, seats);
    for (i, x) in all.iter().enumerate() {
        if let Seat::Approval(a) = x
            && seats.contains(x)
            && let Quorum::Count(n) = release.approval(*a).quorum
            && n > 1
        {
            let approval = release.approval(*a);
            let said = approval.quorum_origin.as_ref().unwrap_or(&approval.origin);
            let message = format!(
                "one person must take all seats of `{}`, which has {n}",
                approval.name
            );
            bag.push(finding(origin, message, "one person", said, "several people"));
        }
        for y in &all[..i] {
            // Told at the rule that names one of the two.
            if !seats.contains(x) && !seats.contains(y) {
                continue;
            }
            if let Some(said) = keeps_apart(release, *x, *y) {
                let message = format!(
                    "{} and {} must be the same person, and must not be",
                    name(release, *y),
                    name(release, *x)
                );
                bag.push(finding(origin, message, "one person", said, "two people"));
                return;
            }
        }
    }
}

fn name(release: &Release, seat: Seat) -> String {
    match seat {
        Seat::Author => "the author".to_string(),
        Seat::Executor(s) => format!("the executor of `{}`", release.stage(s).name),
        Seat::Executors => "the executors".to_string(),
        Seat::Approvers => "the approvers".to_string(),
        Seat::Approval(a) => format!("`{}`", release.approval(a).name),
        Seat::Decision(d) => format!("`{}`", release.decision(d).name),
    }
}

fn finding(origin: &Origin, message: String, here: &str, said: &Origin, there: &str) -> Diagnostic {
    let d = place::through(Diagnostic::error(CODE, origin.span, message).here(here), origin);
    place::fact(d, said, there).help("remove one of the two rules")
}
