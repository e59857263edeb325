//! `sod/collusion`: fewer people than the policy asks for can take a change to production together.
//!
//! Counted exactly over author, executors of production and the approvals before it, in every variant and through every
//! override.

use crate::checks::limit::limit;
use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::Value;
use crate::plan::people::{
    self, Budget, Directory, Fewest, STEPS, Scenario, Seating, Ship, Which, Who, before_production, words,
};
use std::collections::BTreeMap;

/// The diagnostic.
pub const CODE: Code = Code("sod/collusion");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// The number when no policy sets one.
const DEFAULT: u32 = 2;

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let (plan, release) = (subject.plan, subject.plan.release());
    let directory = Directory::new(release);
    let set = limit(plan, CODE.0);
    let needed = match set.map(|l| &l.value) {
        Some(Value::Int(n)) => u32::try_from(*n).unwrap_or(0).min(32),
        _ => DEFAULT,
    };
    let before = before_production(plan);
    // A stage that nobody approves is found as such.
    if needed < 2 || before.is_empty() || before.iter().any(|(_, a)| a.iter().next().is_none()) {
        return;
    }
    // What starts without an approval is found as such, and the cases with more seats are looked at then.
    let approved = |list: &Vec<Scenario>| {
        list.iter()
            .all(|w| !w.approvals.is_empty() || w.through.is_some())
    };
    let ways = people::ways(plan, &directory, Which::Emptiest)
        .filter(approved)
        .or_else(|| people::ways(plan, &directory, Which::All));
    let Some(ways) = ways else {
        bag.push(undecided(subject, "too many cases or too many rules"));
        return;
    };
    let mut budget = Budget::steps(STEPS);
    for one in ways
        .iter()
        .filter(|w| !w.approvals.is_empty() || w.through.is_some())
    {
        let ship = Ship::count(&directory, one, needed - 1, &mut budget);
        match ship.fewest {
            Fewest::People(n, seated) => {
                let mut d = finding(subject, one, &ship.seating, n, needed, &seated);
                if let Some(limit) = set {
                    d = d.fact(limit.origin.span, format!("the policy asks for {needed}"));
                }
                bag.push(d);
                return;
            }
            Fewest::Undecided { .. } => {
                bag.push(undecided(subject, "too many cases or too many rules"));
                return;
            }
            Fewest::More if !ship.exact => {
                let why = "some approve beside people of roles that list nobody: they may be the same";
                bag.push(undecided(subject, why));
                return;
            }
            Fewest::More | Fewest::Nobody => {}
        }
    }
}

fn undecided(subject: &Subject<'_>, why: &str) -> Diagnostic {
    let release = subject.plan.release();
    Diagnostic::info(
        CODE,
        release.origin.span,
        format!(
            "undecided: how few people can take `{}` to production",
            release.name
        ),
    )
    .here(why)
    .help("say the same with fewer rules or fewer conditions")
}

fn finding(
    subject: &Subject<'_>,
    one: &Scenario,
    seating: &Seating,
    n: u32,
    needed: u32,
    seated: &[u32],
) -> Diagnostic {
    let release = subject.plan.release();
    let people = if n == 1 {
        "one person".to_string()
    } else {
        format!("{n} people")
    };
    let clause = one.clause.as_ref().map_or(String::new(), |c| format!(" {c}"));
    let mut d = Diagnostic::warning(
        CODE,
        release.origin.span,
        format!(
            "{people} can take `{}` to production{clause}, and {needed} are asked for",
            release.name
        ),
    )
    .here("by filling all seats between them");
    for approval in &one.approvals {
        d = d.fact(release.approval(*approval).origin.span, "is one of the seats");
    }
    let mut by: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for (seat, person) in seating.seats.iter().zip(seated) {
        let words = words::duty(release, *seat);
        let list = by.entry(*person).or_default();
        if !list.contains(&words) {
            list.push(words);
        }
    }
    for (person, seats) in by {
        let who = seating
            .people
            .get(person as usize)
            .map_or(String::new(), |w: &Who| words::person(release, *w));
        d = d.note(format!("{who} {}", seats.join(" and ")));
    }
    d.help("ask for one more approval, or a larger quorum")
        .help("or keep seats apart: `distinct_from author, executors`")
}
