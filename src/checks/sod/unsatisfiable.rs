//! `sod/unsatisfiable`: no people can fill all seats without breaking a rule.
//!
//! Decided exactly, in every variant, with a smallest set of facts that already rules everybody out.

use crate::checks::sod::case;
use crate::checks::{Check, Subject};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{Quorum, Release, RoleOrPerson};
use crate::plan::people::{
    Budget, Directory, FactOf, Repair, STEPS, Scenario, Seating, Verdict, Which, core, repairs, scenarios,
};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("sod/unsatisfiable");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

/// The most contradictions shown.
const SHOWN: usize = 8;

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    if release.approvals.is_empty() && release.duties.is_empty() && release.overrides.is_empty() {
        return;
    }
    let directory = Directory::new(release);
    let fullest = scenarios(subject.plan, &directory, Which::Fullest, |_| true);
    if let Some(cases) = &fullest {
        let mut own = Budget::steps(STEPS);
        let fits = |one: &Scenario| matches!(Seating::decide(&directory, one, &mut own).1, Verdict::Sat(_));
        if cases.iter().all(fits) {
            overrides(&directory, cases, bag);
            return;
        }
    }
    let Some(cases) = scenarios(subject.plan, &directory, Which::All, |_| true) else {
        bag.push(undecided(release, "there are more than 4,096 cases"));
        return;
    };
    let mut budget = Budget::steps(STEPS);
    let mut known: BTreeSet<Vec<FactOf>> = BTreeSet::new();
    for one in &cases {
        let (seating, verdict) = Seating::decide(&directory, one, &mut budget);
        match verdict {
            Verdict::Sat(_) => {}
            Verdict::Undecided => {
                bag.push(undecided(
                    release,
                    "the rules are too tangled to decide in the steps allowed",
                ));
                return;
            }
            Verdict::Unsat => contradictions(&directory, one, seating, &mut known, &mut budget, bag),
        }
    }
}

/// Overrides that nobody could use, in a plan that finds its people without them.
fn overrides(directory: &Directory<'_>, cases: &[Scenario], bag: &mut Bag) {
    let mut budget = Budget::steps(STEPS);
    for (i, way) in directory.release().overrides.iter().enumerate() {
        let mut known = BTreeSet::new();
        for case in cases {
            let mut one = case.clone();
            one.through = Some(i);
            one.approvals
                .retain(|a| way.approvals.iter().all(|(b, _)| a != b));
            let (seating, verdict) = Seating::decide(directory, &one, &mut budget);
            if matches!(verdict, Verdict::Unsat) {
                contradictions(directory, &one, seating, &mut known, &mut budget, bag);
                break;
            }
        }
    }
}

fn undecided(release: &Release, why: &str) -> Diagnostic {
    Diagnostic::info(
        CODE,
        release.origin.span,
        format!(
            "undecided: whether people can be found for every seat of `{}`",
            release.name
        ),
    )
    .here(why)
    .help("say the same with fewer rules or fewer conditions")
}

/// Every contradiction of a case that is not known yet: after each, its first approval is left out.
fn contradictions(
    directory: &Directory<'_>,
    one: &Scenario,
    mut seating: Seating,
    known: &mut BTreeSet<Vec<FactOf>>,
    budget: &mut Budget,
    bag: &mut Bag,
) {
    for _ in 0..SHOWN {
        let Some(found) = core(&seating.problem, &seating.blame_last(), budget) else {
            return;
        };
        let mut facts: Vec<FactOf> = found
            .facts
            .iter()
            .filter_map(|f| seating.facts.get(*f as usize).copied())
            .collect();
        facts.sort();
        if known.len() < SHOWN && known.insert(facts) {
            bag.push(finding(
                directory,
                one,
                &seating,
                &found.facts,
                found.minimal,
                budget,
            ));
        }
        let mut rest = seating.problem.facts();
        let approval = found
            .facts
            .iter()
            .find(|f| matches!(seating.facts.get(**f as usize), Some(FactOf::Quorum(_))));
        let Some(out) = approval.or(found.facts.first()) else {
            return;
        };
        rest.remove(out);
        seating.problem = seating.problem.on(&rest);
    }
}

fn finding(
    directory: &Directory<'_>,
    one: &Scenario,
    seating: &Seating,
    facts: &[u32],
    minimal: bool,
    budget: &mut Budget,
) -> Diagnostic {
    let release = directory.release();
    let named: Vec<FactOf> = facts
        .iter()
        .filter_map(|f| seating.facts.get(*f as usize).copied())
        .collect();
    let approval = named.iter().find_map(|f| match f {
        FactOf::Quorum(a) => Some(*a),
        _ => None,
    });
    let duty = named.iter().find_map(|f| match f {
        FactOf::Duty(i) => Some(*i),
        _ => None,
    });
    let clause = one.clause.as_ref().map_or(String::new(), |c| format!(" {c}"));
    let uses = named.iter().find_map(|f| match f {
        FactOf::Uses(i) => Some(*i),
        _ => None,
    });
    let (span, what) = match (uses, approval, duty) {
        (Some(i), ..) => {
            let way = &release.overrides[i];
            (way.origin.span, format!("nobody can use `{}`{clause}", way.name))
        }
        (None, Some(a), _) => {
            let approval = release.approval(a);
            (
                approval.origin.span,
                format!("nobody can approve `{}`{clause}", approval.name),
            )
        }
        (None, None, Some(i)) => (
            release.duties[i].origin().span,
            format!("no people can keep this rule{clause}"),
        ),
        (None, None, None) => (
            release.origin.span,
            format!("no people can fill all seats of `{}`{clause}", release.name),
        ),
    };
    let message = match (uses, approval) {
        (None, None) => what,
        _ => format!("{what}: the rules leave no people for all seats"),
    };
    let mut d = Diagnostic::error(CODE, span, message).here(match facts.len() {
        n if minimal => format!("{n} facts together; without any one of them it could be done"),
        n => format!("{n} facts together; perhaps fewer would do"),
    });
    d = case::facts(d, directory, seating, facts);
    for fact in &named {
        let FactOf::From(a) = fact else { continue };
        for (who, _) in &release.approval(*a).from {
            if let RoleOrPerson::Role(role) = who
                && directory.role(*role).is_empty()
            {
                let role = release.role(*role);
                d = d.fact(role.origin.span, format!("nobody is in `{}`", role.name));
            }
        }
    }
    let ways = mended(directory, seating, facts, budget);
    for (i, way) in ways.iter().enumerate() {
        d = d.help(if i == 0 { way.clone() } else { format!("or {way}") });
    }
    if let (Some(i), true) = (uses, ways.is_empty()) {
        let name = &release.overrides[i].name;
        d = d.help(format!(
            "let people use `{name}` who neither wrote the change nor execute it"
        ));
    }
    let rule = |f: &FactOf| matches!(f, FactOf::Distinct(..) | FactOf::Duty(_) | FactOf::Excludes(..));
    match (named.iter().any(rule), minimal) {
        (true, true) if ways.is_empty() => d.help("leave out one of the rules shown: any one will do"),
        (true, true) => d.help("or leave out one of the rules shown: any one will do"),
        (true, false) => d.help("leave out rules, or let more people in"),
        (false, _) => d,
    }
}

/// The smallest repairs in words, each tried.
fn mended(directory: &Directory<'_>, seating: &Seating, facts: &[u32], budget: &mut Budget) -> Vec<String> {
    let r = directory.release();
    let mut list = Vec::new();
    for repair in repairs(&seating.problem, facts, budget) {
        let fact = |f: u32| seating.facts.get(f as usize).copied();
        list.extend(match repair {
            Repair::People(f, n) => match fact(f) {
                Some(FactOf::From(a)) => {
                    let name = &r.approval(a).name;
                    Some(match n {
                        1 => format!("let one more person approve in `{name}`, who does nothing else here"),
                        n => format!("let {n} more people approve in `{name}`, who do nothing else here"),
                    })
                }
                _ => None,
            },
            Repair::Seats(f, n) => match fact(f) {
                Some(FactOf::Quorum(a)) if matches!(r.approval(a).quorum, Quorum::Count(_)) => {
                    Some(format!("ask fewer in `{}`: `quorum {n}`", r.approval(a).name))
                }
                _ => None,
            },
        });
    }
    // Fewer people asked is the weaker plan.
    list.sort_by_key(|way| way.starts_with("ask"));
    list
}
