//! `sod/not_resilient`: while one person is away, the plan cannot be approved.

use crate::checks::limit::limit;
use crate::checks::sod::single_point_approver;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic};
use crate::model::{ApprovalId, Release, RoleOrPerson, Value};
use crate::plan::people::{
    Budget, Directory, Resilience, STEPS, Scenario, SeatOf, Seating, Verdict, Which, Who, scenarios, solve,
    words,
};

/// The diagnostic.
pub const CODE: Code = Code("sod/not_resilient");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    if release.approvals.is_empty() {
        return;
    }
    let directory = Directory::new(release);
    let set = limit(subject.plan, CODE.0);
    let away = match set.map(|l| &l.value) {
        Some(Value::Int(n)) => u32::try_from(*n).unwrap_or(0).min(8),
        _ => 1,
    };
    let mut budget = Budget::steps(STEPS);
    let fullest = scenarios(subject.plan, &directory, Which::Fullest, |_| true);
    if let Some(cases) = &fullest {
        let mut own = budget.clone();
        let holds =
            |one: &Scenario| Seating::resilience(&directory, one, away, &mut own).1 == Resilience::Holds;
        if cases.iter().all(holds) {
            return;
        }
    }
    let Some(cases) = scenarios(subject.plan, &directory, Which::All, |_| true) else {
        bag.push(undecided(release));
        return;
    };
    for one in &cases {
        let (seating, found) = Seating::resilience(&directory, one, away, &mut budget);
        match found {
            Resilience::Holds => {}
            // That nobody can sit at all is another finding.
            Resilience::Blocked(people) if people.is_empty() => {}
            Resilience::Blocked(people) if told_already(&directory, &seating, &people) => {}
            Resilience::Blocked(people) => {
                let mut d = finding(&directory, one, &seating, &people, &mut budget);
                if let Some(limit) = set {
                    d = d.fact(
                        limit.origin.span,
                        format!("{away} may be away at once, says the policy"),
                    );
                }
                bag.push(d);
                return;
            }
            Resilience::Undecided => {
                bag.push(undecided(release));
                return;
            }
        }
    }
}

fn undecided(release: &Release) -> Diagnostic {
    Diagnostic::info(
        CODE,
        release.origin.span,
        format!(
            "undecided: whether `{}` can be approved while somebody is away",
            release.name
        ),
    )
    .here("too many cases or too many rules")
    .help("say the same with fewer rules or fewer conditions")
}

/// The one person whom an approval cannot do without is found there.
fn told_already(directory: &Directory<'_>, seating: &Seating, people: &[u32]) -> bool {
    let [only] = people else { return false };
    match seating.people.get(*only as usize) {
        Some(Who::Person(p)) => single_point_approver::alone(directory)
            .iter()
            .any(|(_, q)| q == p),
        _ => false,
    }
}

/// The approvals that cannot be granted while these people are away.
fn stuck(seating: &Seating, people: &[u32], budget: &mut Budget) -> Vec<ApprovalId> {
    let problem = seating.problem.without(people);
    let mut ids: Vec<ApprovalId> = seating
        .seats
        .iter()
        .filter_map(|s| {
            if let SeatOf::Approval(a, _) = s {
                Some(*a)
            } else {
                None
            }
        })
        .collect();
    ids.dedup();
    ids.retain(|a| {
        // Without this approval the rest could be filled: it is one that is stuck.
        let quorum = seating
            .facts
            .iter()
            .position(|f| *f == crate::plan::people::FactOf::Quorum(*a));
        let mut facts = problem.facts();
        if let Some(q) = quorum.and_then(|q| u32::try_from(q).ok()) {
            facts.remove(&q);
        }
        matches!(solve(&problem.on(&facts), budget), Verdict::Sat(_))
    });
    ids
}

fn finding(
    directory: &Directory<'_>,
    one: &Scenario,
    seating: &Seating,
    people: &[u32],
    budget: &mut Budget,
) -> Diagnostic {
    let release = directory.release();
    let names: Vec<String> = people
        .iter()
        .filter_map(|p| seating.people.get(*p as usize))
        .map(|w| words::person(release, *w))
        .collect();
    let who = match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    };
    let are = if people.len() == 1 { "is" } else { "are" };
    let stuck = stuck(seating, people, budget);
    let name = |a: &ApprovalId| release.approval(*a).name.as_str();
    let (span, what) = match stuck.as_slice() {
        [] => (
            release.origin.span,
            format!("`{}` cannot be approved", release.name),
        ),
        [a] => (
            release.approval(*a).origin.span,
            format!("`{}` cannot be granted", name(a)),
        ),
        [a, ..] => (
            release.approval(*a).origin.span,
            format!(
                "{} cannot all be granted",
                place::names(stuck.iter().map(name), 4)
            ),
        ),
    };
    let clause = one.clause.as_ref().map_or(String::new(), |c| format!(", {c}"));
    let mut d = Diagnostic::warning(CODE, span, format!("while {who} {are} away, {what}{clause}"))
        .here("nobody else could sit");
    for a in &stuck {
        for (from, origin) in &release.approval(*a).from {
            let pool = directory.who(*from);
            let name = match from {
                RoleOrPerson::Role(r) => &release.role(*r).name,
                RoleOrPerson::Person(p) => &release.person(*p).name,
            };
            let text = match directory.size(&pool) {
                1 => format!("`{name}`: 1 person"),
                n => format!("`{name}`: {n} people"),
            };
            d = place::fact(d, origin, text);
        }
    }
    d.help("let one more person approve who does nothing else here")
        .help("or name a deputy in the role")
}
