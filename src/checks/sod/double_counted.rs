//! `sod/double_counted`: one person may fill two seats that the plan counts as two.
//!
//! Two approvals that the same stage in production names at once are two people's word; approvals one after the other
//! may well be the same people's.

use crate::checks::sod::words;
use crate::checks::{Check, Subject, place};
use crate::diagnostic::{Bag, Code, Diagnostic, Edit, Safety};
use crate::model::{Approval, ApprovalId, Origin, Release, Rollback, Seat, Stage};
use crate::plan::Node;
use crate::plan::people::{Directory, Pool, Shared, from_origin, keeps_apart};
use std::collections::BTreeSet;

/// The diagnostic.
pub const CODE: Code = Code("sod/double_counted");
pub(in crate::checks) const CHECK: Check = Check {
    code: CODE,
    run: check,
};

fn check(subject: &Subject<'_>, bag: &mut Bag) {
    let release = subject.plan.release();
    let directory = Directory::new(release);
    let pools: Vec<Pool> = release
        .approvals
        .iter()
        .map(|a| directory.all(a.from.iter().map(|(who, _)| *who)))
        .collect();
    let mut done = BTreeSet::new();
    let production = release
        .stages
        .iter()
        .filter(|s| release.is_production(s.environment));
    for stage in production {
        for together in counted_together(stage) {
            for (i, (b, second)) in together.iter().enumerate() {
                for (a, first) in &together[..i] {
                    if a == b || !done.insert((*a.min(b), *a.max(b))) {
                        continue;
                    }
                    if keeps_apart(release, Seat::Approval(*a), Seat::Approval(*b)).is_some() {
                        continue;
                    }
                    // Two of which only ever one applies are nobody's two words.
                    let v = subject.plan.variants();
                    let applies = |id: ApprovalId| v.applies(Node::Approval(id));
                    if v.implies(applies(*a), v.not(applies(*b))) {
                        continue;
                    }
                    if let Some(shared) = directory.shared_in(&pools[a.index()], &pools[b.index()], &[*a, *b])
                    {
                        bag.push(finding(&directory, stage, (*a, first), (*b, second), shared));
                    }
                }
            }
        }
    }
}

/// The lists of approvals that a stage asks for at once.
fn counted_together(stage: &Stage) -> Vec<&[(ApprovalId, Origin)]> {
    let mut lists = vec![stage.approved.as_slice()];
    lists.extend(
        stage
            .rollout
            .iter()
            .flat_map(|r| &r.steps)
            .map(|s| s.approved.as_slice()),
    );
    if let Rollback::Written(w) = &stage.rollback {
        lists.push(&w.approved);
    }
    lists
}

fn finding(
    directory: &Directory<'_>,
    stage: &Stage,
    (a, first): (ApprovalId, &Origin),
    (b, second): (ApprovalId, &Origin),
    shared: Shared,
) -> Diagnostic {
    let release: &Release = directory.release();
    // The one written later is the one to say that it differs.
    let (earlier, later) = if release.approval(a).origin.span <= release.approval(b).origin.span {
        (a, b)
    } else {
        (b, a)
    };
    let (one, other) = (release.approval(earlier), release.approval(later));
    let who = words::shared(release, shared);
    let mut d = Diagnostic::error(
        CODE,
        other.origin.span,
        format!(
            "{who} may say yes in both `{}` and `{}`, which `{}` counts as two",
            one.name, other.name, stage.name
        ),
    )
    .here(format!("does not differ from `{}`", one.name))
    .fact(one.origin.span, "the other approval");
    d = words::sits_in(d, directory, earlier, shared);
    d = words::sits_in(d, directory, later, shared);
    d = place::fact(d, first, format!("`{}` asks for both", stage.name));
    if second.span != first.span {
        d = d.fact(second.span, "and here");
    }
    d = d
        .help(format!("write `distinct_from {}` in `{}`", one.name, other.name))
        .help("or let two roles approve that share nobody");
    fix(d, one, other)
}

fn fix(d: Diagnostic, one: &Approval, other: &Approval) -> Diagnostic {
    if other.origin.via.is_some() || one.origin.via.is_some() {
        return d;
    }
    let (at, text) = match other.distinct_from.last() {
        Some((_, origin)) => (origin, format!(", {}", one.name)),
        None => (
            other.from.last().map_or_else(|| from_origin(other), |(_, o)| o),
            format!("; distinct_from {}", one.name),
        ),
    };
    d.fix(
        format!("let `{}` differ from `{}`", other.name, one.name),
        Safety::Unsafe,
        vec![Edit {
            span: at.span.end_point(),
            replacement: text,
        }],
    )
}
